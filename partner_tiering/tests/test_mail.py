from datetime import date

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import TieringCommon


@tagged("post_install", "-at_install")
class TestTierMail(TieringCommon):
    """Partners are told of a change of their tier, and of what waits for them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls.env["res.partner"]
        for number, partner in ((1, cls.partner_1), (2, cls.partner_2)):
            user = new_test_user(
                cls.env, login=f"tier_portal_{number}", groups="base.group_portal"
            )
            user.partner_id.parent_id = partner
            cls.people |= user.partner_id

    def test_change(self):
        self._create_policy()
        change = (
            self.env["partner.tier.change"]
            .with_user(self.users["user"])
            .create(
                {
                    "partner_id": self.partner_1.id,
                    "company_id": self.company.id,
                    "to_grade_id": self.gold.id,
                    "reason": "They won the market",
                }
            )
        )
        self.assertFalse(self._get_mails(change))
        change.with_user(self.users["manager"]).action_approve()
        mail = self._get_mails(change)
        self.assertEqual(mail.recipient_ids, self.people[0])
        self.assertEqual(mail.state, "outgoing")
        self.assertIn("Gold", mail.body_html)
        self.assertIn("They won the market", mail.body_html)
        self.assertIn("/my/incentives/performance", mail.body_html)

    def test_a_plan_that_is_proposed(self):
        plan = (
            self.env["partner.account.plan"]
            .with_user(self.users["user"])
            .create(
                {
                    "name": "North",
                    "partner_id": self.partner_1.id,
                    "customer_id": self.customer.id,
                    "date_from": date(2026, 1, 1),
                    "date_to": date(2026, 12, 31),
                    "objective_ids": [
                        Command.create(
                            {"name": "Ten sites", "date_due": date(2026, 12, 31)}
                        )
                    ],
                    "right_ids": [Command.create({"name": "Prices"})],
                }
            )
        )
        self.assertFalse(self._get_mails(plan))
        plan.action_propose()
        mail = self._get_mails(plan)
        self.assertEqual(mail.recipient_ids, self.people[0])
        for words in ("North", "Ten sites", f"/my/incentives/account-plans/{plan.id}"):
            self.assertIn(words, mail.body_html)
        plan.with_user(self.users["manager"]).action_agree()
        plan.sudo()._agree("partner")
        self.assertEqual(self._get_mails(plan), mail)

    def test_minutes_to_sign(self):
        user = self.users["user"]
        review = (
            self.env["partner.business.review"]
            .with_user(user)
            .create(
                {
                    "name": "First quarter",
                    "partner_id": self.partner_1.id,
                    "user_id": user.id,
                    "date": "2026-04-10 09:00:00",
                }
            )
        )
        self.assertFalse(self._get_mails(review))
        review.action_hold()
        mail = self._get_mails(review)
        self.assertEqual(mail.recipient_ids, self.people[0])
        self.assertIn("First quarter", mail.body_html)
        self.assertIn(f"/my/incentives/reviews/{review.id}", mail.body_html)

    def _announce(self, **values):
        announcement = (
            self.env["partner.announcement"]
            .with_user(self.users["manager"])
            .create(
                {
                    "name": "Deployments weigh more",
                    "reason": "Customers stay.",
                    "body": "<p>Thirty percent of the score.</p>",
                    "company_id": self.company.id,
                    **values,
                }
            )
        )
        announcement.action_publish()
        return announcement

    def _get_announcement_mails(self, announcement):
        return (
            self.env["mail.mail"]
            .sudo()
            .search([("subject", "=", announcement.name)])
            .filtered(lambda mail: mail.message_type == "email_outgoing")
        )

    def test_announcement_for_everybody(self):
        announcement = self._announce()
        mails = self._get_announcement_mails(announcement)
        self.assertEqual(len(mails), 2)
        self.assertEqual(mails.recipient_ids, self.people)
        for mail in mails:
            self.assertEqual(len(mail.recipient_ids), 1)
            for words in (
                "Customers stay.",
                "Thirty percent",
                f"/my/incentives/announcements/{announcement.id}",
            ):
                self.assertIn(words, mail.body_html)
        announcement.action_withdraw()
        self.assertEqual(self._get_announcement_mails(announcement), mails)

    def test_announcement_for_some(self):
        self._give_tier(self.partner_1, self.gold, date(2026, 1, 1))
        self._give_tier(self.partner_2, self.silver, date(2026, 1, 1))
        gold = self._announce(name="For gold", grade_ids=self.gold.ids)
        self.assertEqual(
            self._get_announcement_mails(gold).recipient_ids, self.people[0]
        )
        named = self._announce(name="For you", partner_ids=self.partner_2.ids)
        self.assertEqual(
            self._get_announcement_mails(named).recipient_ids, self.people[1]
        )
        # whose program is over, is told nothing
        self.enrollment_2.action_end()
        late = self._announce(name="Late", partner_ids=self.partner_2.ids)
        self.assertFalse(self._get_announcement_mails(late))

    def test_a_changed_offer_is_told_once(self):
        """Its people have been written to already; the portal only shows it."""
        offer = self._create_offer(publish=False)
        offer.with_user(self.users["manager"])._announce(
            "It changes", "<p>Less.</p>", "Cost", self.people
        )
        announcement = self.env["partner.announcement"].search(
            [("name", "=", "It changes")]
        )
        self.assertEqual(announcement.state, "published")
        self.assertFalse(self._get_announcement_mails(announcement))

    def _get_mails(self, change):
        return (
            self.env["mail.mail"]
            .sudo()
            .search([("model", "=", change._name), ("res_id", "=", change.id)])
            .filtered(lambda mail: mail.message_type == "email_outgoing")
        )
