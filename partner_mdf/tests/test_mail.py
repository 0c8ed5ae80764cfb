from datetime import date

from freezegun import freeze_time

from odoo.tests import new_test_user, tagged

from .common import MdfCommon


@tagged("post_install", "-at_install")
class TestMdfMail(MdfCommon):
    """What partners are told of their requests, and when."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = []
        for number, partner in ((1, cls.partner_1), (2, cls.partner_2)):
            user = new_test_user(
                cls.env, login=f"fund_portal_{number}", groups="base.group_portal"
            )
            user.partner_id.parent_id = partner
            cls.people.append(user.partner_id)

    def _get_mails(self, record):
        return (
            self.env["mail.mail"]
            .sudo()
            .search([("model", "=", record._name), ("res_id", "in", record.ids)])
            .filtered(lambda mail: mail.message_type == "email_outgoing")
        )

    def test_approved_and_proof_due(self):
        fund = self._create_fund(claim_days=30)
        self._allocate(fund, 5000)
        with freeze_time("2026-03-01"):
            activity = self._activity(fund, 1000)
        mail = self._get_mails(activity)
        self.assertEqual(mail.recipient_ids, self.people[0])
        self.assertIn("500.00", mail.body_html)
        self.assertIn(
            f"/my/incentives/requests/{activity.request_id.id}", mail.body_html
        )
        Activity = self.env["partner.mdf.activity"]
        days = [activity.claim_until.toordinal() - left for left in (15, 14, 3)]
        told = []
        for day in map(date.fromordinal, days):
            with freeze_time(day):
                Activity._cron_remind_of_proof()
            told.append(len(self._get_mails(activity)) - 1)
        self.assertEqual(told, [0, 1, 1], "a fortnight before, and once")
        reminder = self._get_mails(activity) - mail
        self.assertEqual(reminder.recipient_ids, self.people[0])
        self.assertIn(activity.name, reminder.subject)

    def test_nobody_is_reminded_of_what_is_claimed(self):
        fund = self._create_fund(claim_days=30)
        self._allocate(fund, 5000)
        with freeze_time("2026-03-01"):
            activity = self._activity(fund, 1000)
            self._claim(activity, 1000)
        before = self._get_mails(activity)
        with freeze_time(activity.claim_until):
            self.env["partner.mdf.activity"]._cron_remind_of_proof()
        self.assertEqual(self._get_mails(activity), before)

    def test_returned_and_rejected(self):
        fund = self._create_fund()
        self._allocate(fund, 5000)
        request = self._request(fund, self._plan(1000))
        manager = request.with_user(self.users["manager"])
        manager.action_request_info("Which hall?")
        mail = self._get_mails(request)
        self.assertEqual(mail.recipient_ids, self.people[0])
        self.assertIn("Which hall?", mail.body_html)
        request.with_user(self.users["user"]).action_submit()
        activity = request.mdf_activity_ids
        activity.with_user(self.users["manager"]).decision_note = "Not this year"
        activity.with_user(self.users["manager"]).action_reject()
        mail = self._get_mails(activity)
        self.assertEqual(mail.recipient_ids, self.people[0])
        self.assertIn("Not this year", mail.body_html)

    def test_a_claim_leads_to_its_page(self):
        fund = self._create_fund()
        self._allocate(fund, 5000)
        claim = self._claim(self._activity(fund, 1000), 1000)
        claim.with_user(self.users["compliance"]).action_request_info("A photo")
        self.assertIn(
            f"/my/incentives/claims/{claim.id}", self._get_mails(claim).body_html
        )
