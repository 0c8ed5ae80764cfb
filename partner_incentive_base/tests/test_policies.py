"""Policies: versions, regions, reviews, and who accepted them."""

from datetime import date, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .portal_common import PortalCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-06-15")
class TestPolicies(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Region = cls.env["partner.incentive.region"]
        cls.europe = Region.create({"name": "Europe"})
        cls.alps = Region.create({"name": "Alps", "parent_id": cls.europe.id})
        cls.asia = Region.create({"name": "Asia"})
        cls.partner_1.incentive_region_id = cls.alps

    @classmethod
    def _publish_policy(cls, name, day=date(2026, 1, 1), **values):
        return cls.env["partner.incentive.policy"].create(
            {
                "name": name,
                "kind": "ethics",
                "company_id": cls.company.id,
                "body": f"<p>Text of {name}</p>",
                "effective_date": day,
                "state": "published",
                **values,
            }
        )

    def _get_names(self, partner, day=date(2026, 6, 15)):
        published = self.env["partner.incentive.policy"]._get_published(
            partner, self.company
        )
        return set(published._get_in_force(day).mapped("name"))

    # --------------------------------------------------------------------- versions

    def test_versions_count_by_company_kind_and_region(self):
        first = self._publish_policy("World")
        self.assertEqual(first.number, 1)
        self.assertEqual(
            self._publish_policy("Europe", region_id=self.europe.id).number, 1
        )
        draft = first.copy()
        self.assertEqual((draft.number, draft.state), (2, "draft"))

    def test_published_text_does_not_change(self):
        policy = self._publish_policy("World")
        for vals in (
            {"body": "<p>Other</p>"},
            {"requires_acceptance": False},
            {"effective_date": date(2026, 2, 1)},
            {"region_id": self.asia.id},
            {"state": "draft"},
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                policy.write(vals)
        with self.assertRaises(UserError):
            policy.unlink()

    def test_a_new_version_needs_the_promised_notice(self):
        policy = self._publish_policy("World", notice_days=30)
        action = policy.action_new_version()
        draft = self.env["partner.incentive.policy"].browse(action["res_id"])
        self.assertEqual(draft.effective_date, date(2026, 7, 15))
        draft.effective_date = date(2026, 7, 14)
        with self.assertRaisesRegex(UserError, "30 days of notice"):
            draft.action_publish()
        draft.effective_date = date(2026, 7, 15)
        draft.action_publish()
        self.assertEqual(draft.state, "published")

    def test_only_managers_publish_and_review(self):
        policy = self._publish_policy("World")
        user = new_test_user(
            self.env,
            login="policy_user",
            groups="partner_incentive_base.group_incentive_user",
            company_id=self.company.id,
        )
        with self.assertRaises(AccessError):
            policy.with_user(user).action_reviewed()
        with self.assertRaises(AccessError):
            policy.with_user(user).write({"review_date": date(2030, 1, 1)})
        with self.assertRaises(AccessError):
            policy.with_user(user).copy()

    # ---------------------------------------------------------------------- regions

    def test_the_nearest_region_counts(self):
        self._publish_policy("World")
        self._publish_policy("Asia", region_id=self.asia.id)
        self.assertEqual(self._get_names(self.partner_1), {"World"})
        self._publish_policy("Europe", region_id=self.europe.id)
        self.assertEqual(self._get_names(self.partner_1), {"Europe"})
        self._publish_policy("Alps", region_id=self.alps.id)
        self.assertEqual(self._get_names(self.partner_1), {"Alps"})
        self.assertEqual(self._get_names(self.partner_2), {"World"})
        self._publish_policy("Privacy", kind="privacy")
        self.assertEqual(self._get_names(self.partner_1), {"Alps", "Privacy"})

    def test_a_regions_policy_replaces_the_other_when_it_takes_effect(self):
        self._publish_policy("World")
        self._publish_policy("Alps", date(2026, 7, 1), region_id=self.alps.id)
        self.assertEqual(self._get_names(self.partner_1), {"World"})
        with freeze_time("2026-07-01"):
            self.assertEqual(
                self._get_names(self.partner_1, date(2026, 7, 1)), {"Alps"}
            )

    # ------------------------------------------------------------------------- mail

    def _run_job(self):
        with self.enter_registry_test_mode():
            self.env.ref(
                "partner_incentive_base.ir_cron_tell_policies"
            ).method_direct_trigger()

    def _get_told(self, policy):
        """``{recipients: mail}`` of what the job sends about a policy."""
        Mail = self.env["mail.mail"].sudo()
        before = Mail.search([])
        self._run_job()
        self.assertTrue(policy.told_on)
        return {mail.recipient_ids: mail for mail in Mail.search([]) - before}

    def test_partners_are_told_once_of_what_applies_to_them(self):
        cron = self.env.ref("partner_incentive_base.ir_cron_tell_policies")
        triggers = self.env["ir.cron.trigger"].search_count
        before = triggers([("cron_id", "=", cron.id)])
        world = self._publish_policy("World", date(2026, 7, 1), change_reason="Gifts")
        self.assertEqual(triggers([("cron_id", "=", cron.id)]), before + 1)
        people_1, people_2 = self.portal_1.partner_id, self.portal_2.partner_id
        told = self._get_told(world)
        self.assertEqual(set(told), {people_1, people_2})
        mail = told[people_1]
        self.assertEqual(mail.subject, "New policy: World")
        for text in ("World, version 1", "Gifts", "consent", "07/01/2026"):
            self.assertIn(text, mail.body_html)
        self.assertIn(f"/my/incentives/policies/{world.id}", mail.body_html)
        self.assertFalse(self._get_told(world), "once")
        alps = self._publish_policy("Alps", region_id=self.alps.id)
        self.assertEqual(set(self._get_told(alps)), {people_1})
        asia = self._publish_policy("Asia", region_id=self.asia.id)
        self.assertFalse(self._get_told(asia))

    def test_drafts_and_those_who_left_are_told_nothing(self):
        draft = self._publish_policy("World", state="draft")
        self.enrollment_1.sudo().state = "ended"
        self._run_job()
        self.assertFalse(draft.told_on)
        draft.action_publish()
        self.assertEqual(set(self._get_told(draft)), {self.portal_2.partner_id})

    # --------------------------------------------------------------------- reviews

    def test_owner_gets_one_activity_in_time(self):
        policy = self._publish_policy("World", review_months=6)
        self.assertEqual(policy.review_date, date(2026, 7, 1))
        Policy = self.env["partner.incentive.policy"]
        Policy._cron_review()
        Policy._cron_review()
        self.assertEqual(len(policy.activity_ids), 1)
        self.assertEqual(policy.activity_ids.user_id, policy.user_id)
        self.assertEqual(policy.activity_ids.date_deadline, policy.review_date)
        policy.action_reviewed()
        self.assertFalse(policy.activity_ids)
        self.assertEqual(policy.review_date, date(2026, 12, 15))

    def test_a_policy_that_was_replaced_is_not_reviewed(self):
        old = self._publish_policy("World", review_months=6, notice_days=0)
        new = self._publish_policy("World", date(2026, 6, 15), review_months=24)
        self.env["partner.incentive.policy"]._cron_review()
        self.assertFalse((old | new).activity_ids)

    # ------------------------------------------------------------------- acceptance

    def test_each_version_is_accepted_once(self):
        policy = self._publish_policy("World", notice_days=0)
        home = self._get("/my/incentives", self.portal_1)
        self.assertIn("Read and accept a policy", home)
        path = f"/my/incentives/policies/{policy.id}"
        self.assertIn("Text of World", self._get(path))
        self.assertIn("Tick the box", self._post(f"{path}/accept"))
        self.assertIn("is recorded", self._post(f"{path}/accept", confirmed="1"))
        self.assertIn("already", self._post(f"{path}/accept", confirmed="1"))
        acceptance = policy.acceptance_ids
        self.assertEqual(acceptance.partner_id, self.partner_1)
        self.assertEqual(acceptance.user_id, self.portal_1)
        self.assertEqual(acceptance.date, fields.Datetime.now())
        self.assertNotIn("accept a policy", self._get("/my/incentives"))
        page = self._get("/my/incentives/policies")
        self.assertIn("World, version 1", page)
        self.assertIn(self.portal_1.name, page)
        newer = self._publish_policy("World", date(2026, 6, 15))
        self.assertIn(f"policies/{newer.id}", self._get("/my/incentives"))
        self.assertIn("earlier version", self._get(path))
        with self.assertRaises(AccessError):
            acceptance.with_user(self.env.ref("base.user_admin")).write(
                {"user_id": self.portal_2.id}
            )

    def test_upcoming_version_is_announced_and_not_accepted_yet(self):
        self._publish_policy("World", notice_days=0)
        day = date(2026, 6, 15) + timedelta(days=10)
        newer = self._publish_policy("World", day)
        self.assertIn(
            "takes effect on", self._get("/my/incentives/policies", self.portal_1)
        )
        path = f"/my/incentives/policies/{newer.id}"
        self.assertNotIn("<form", self._get(path))
        self._post(f"{path}/accept", confirmed="1")
        self.assertFalse(newer.acceptance_ids)

    def test_policies_are_accepted_on_enrollment(self):
        policy = self._publish_policy("World")
        agreement = self._publish_agreement()
        path = f"/my/incentives/enrollments/{self.enrollment_1.id}"
        self.assertIn("Text of World", self._get(path, self.portal_1))
        values = {"agreement_id": agreement.id, "confirmed": "1"}
        self.assertIn("policies have changed", self._post(path, **values))
        self.assertFalse(self.enrollment_1.accepted_on)
        self._post(path, policies=str(policy.id), **values)
        self.assertTrue(self.enrollment_1.accepted_on)
        self.assertEqual(policy.acceptance_ids.partner_id, self.partner_1)

    def test_informative_policies_are_not_accepted(self):
        policy = self._publish_policy("World", requires_acceptance=False)
        self.assertNotIn("accept a policy", self._get("/my/incentives", self.portal_1))
        self._post(f"/my/incentives/policies/{policy.id}/accept", confirmed="1")
        self.assertFalse(policy.acceptance_ids)

    @mute_logger("odoo.http")
    def test_others_policies_and_roles(self):
        asia = self._publish_policy("Asia", region_id=self.asia.id)
        draft = self._publish_policy("Draft", kind="privacy", state="draft")
        world = self._publish_policy("World")
        self._login(self.portal_1)
        for policy in (asia, draft):
            path = f"/my/incentives/policies/{policy.id}"
            self._get(path, status=404)
            self._post(f"{path}/accept", confirmed="1", status=404)
        self._get("/my/incentives/policies/99999999999", status=404)
        self.portal_1.partner_id.incentive_portal_role = "sales"
        path = f"/my/incentives/policies/{world.id}"
        self.assertNotIn("<form", self._get(path))
        self._post(f"{path}/accept", confirmed="1", status=403)
        for model in (
            "partner.incentive.policy",
            "partner.incentive.policy.acceptance",
        ):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.portal_1).search([])
