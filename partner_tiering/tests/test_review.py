"""Reviews of offers that revise the tiers, and changes announced on the portal."""

from datetime import date

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.partner_incentive_base.tests.portal_common import PortalCommon

from .common import TieringCommon


@tagged("post_install", "-at_install")
class TestReview(TieringCommon, PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offer = cls._create_offer(partner_ids=[Command.set(cls.partner_1.ids)])
        cls.portal_1.partner_id.email = "one@example.com"
        cls.review = (
            cls.env["partner.incentive.review"]
            .with_user(cls.users["user"])
            .create({"program_id": cls.program.id, "date_from": date(2026, 4, 1)})
        )

    def _decide(self, **values):
        self.review.write(values)
        self.review.action_start()
        manager = self.users["manager"]
        self.review.line_ids.with_user(manager).write({"decision": "keep"})
        self.review.with_user(manager).action_decide()

    def test_tiers_stay_unless_asked_for(self):
        policy = self._create_policy()
        self._decide()
        self.assertFalse(self.review.tier_policy_id)
        self.assertEqual(
            self.env["partner.tier.policy"].search(
                [("company_id", "=", self.company.id)]
            ),
            policy,
        )

    def test_a_review_drafts_the_next_tier_policy(self):
        policy = self._create_policy()
        self._decide(revise_tiers=True, tiers_note="Deployments slipped")
        draft = self.review.tier_policy_id
        self.assertEqual(draft.state, "draft")
        self.assertEqual(draft.previous_id, policy)
        self.assertEqual(draft.number, policy.number + 1)
        self.assertEqual(draft.change_reason, "Deployments slipped")
        self.assertEqual(policy.state, "published")
        for role in ("manager", "admin"):
            for values in ({"tiers_note": "Other"}, {"tier_policy_id": policy.id}):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    self.review.with_user(self.users[role]).write(values)

    def test_tiers_need_a_policy_and_a_reason(self):
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._decide(revise_tiers=True, tiers_note="Why not")
        self._create_policy()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._decide(revise_tiers=True)
        self.assertNotEqual(self.review.state, "decided")

    def test_an_announced_change_is_on_the_portal_of_whom_it_concerns(self):
        self.offer.with_user(self.users["manager"]).action_retire()
        action = self.offer.with_user(self.users["manager"]).action_announce()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.users["manager"])
            .browse(action["res_id"])
        )
        self.assertFalse(self.env["partner.announcement"].search([]))
        wizard.reason = "It brought too little"
        wizard.action_send()
        announcement = self.env["partner.announcement"].search([])
        self.assertEqual(announcement.state, "published")
        self.assertEqual(announcement.reason, "It brought too little")
        self.assertEqual(announcement.partner_ids, self.partner_1)
        path = f"/my/incentives/announcements/{announcement.id}"
        self.assertIn("It brought too little", self._get(path, self.portal_1))
        self.assertEqual(announcement.receipt_ids.user_id, self.portal_1)
        self._get(path, self.portal_2, 404)
        self.assertNotIn(
            announcement.name, self._get("/my/incentives/enablement", self.portal_2)
        )
        self.assertEqual(announcement.receipt_ids.user_id, self.portal_1)
