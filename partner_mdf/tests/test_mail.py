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

    def _run_expiry_cron(self, *days):
        for day in days:
            with freeze_time(day):
                self.env["partner.mdf.allocation"]._cron_remind_of_expiry()

    def test_money_about_to_expire(self):
        fund = self._create_fund(reminder_days=30)
        own = self._allocate(fund, 5000, self.partner_1, date_to=date(2026, 6, 30))
        with freeze_time("2026-03-01"):
            self._activity(fund, 1000)
        self._run_expiry_cron("2026-05-30")
        self.assertFalse(self._get_mails(own))
        self._run_expiry_cron("2026-05-31")
        mail = self._get_mails(own)
        self.assertEqual(mail.recipient_ids, self.people[0])
        self.assertIn("4,500.00", mail.body_html)
        self.assertIn("06/30/2026", mail.body_html)
        self.assertIn("/my/incentives/funds", mail.body_html)
        self._run_expiry_cron("2026-06-01", "2026-06-30", "2026-07-01")
        self.assertEqual(self._get_mails(own), mail, "once")

    def test_a_moved_deadline_is_told_when_it_comes(self):
        fund = self._create_fund()
        own = self._allocate(fund, 5000, self.partner_1, date_to=date(2026, 6, 30))
        self._run_expiry_cron("2026-06-20")
        self.assertEqual(len(self._get_mails(own)), 1)
        with freeze_time("2026-06-21"):
            self._as(self.env["partner.mdf.extend"], "manager").create(
                {
                    "allocation_ids": own.ids,
                    "date": date(2026, 9, 30),
                    "reason": "The fair was moved.",
                }
            ).action_extend()
        self._run_expiry_cron("2026-06-22", "2026-08-30")
        self.assertEqual(len(self._get_mails(own)), 1)
        self._run_expiry_cron("2026-08-31", "2026-09-01")
        self.assertEqual(len(self._get_mails(own)), 2)

    def test_the_last_day_to_ask_comes_first(self):
        """Money that nobody can ask for any more is as good as expired."""
        fund = self._create_fund(request_to=date(2026, 10, 31))
        own = self._allocate(fund, 5000, self.partner_1)
        self._run_expiry_cron("2026-09-30")
        self.assertFalse(self._get_mails(own))
        self._run_expiry_cron("2026-10-10")
        self.assertIn("10/31/2026", self._get_mails(own).body_html)
        late = self._allocate(fund, 100, self.partner_1)
        self._run_expiry_cron("2026-11-01", "2026-12-20")
        self.assertEqual(len(self._get_mails(own | late)), 1)

    def test_only_what_expires_is_told(self):
        part = self._create_fund(unused="carry", carry_percent=40)
        own = self._allocate(part, 1000, self.partner_1)
        carried = self._create_fund(unused="carry")
        nothing = self._allocate(carried, 1000, self.partner_1)
        self._run_expiry_cron("2026-12-20")
        self.assertIn("600.00", self._get_mails(own).body_html)
        self.assertFalse(self._get_mails(nothing))
        # what was carried over once expires at its next end
        with freeze_time("2027-01-01"):
            nothing._end(date(2027, 1, 1))
        again = carried.allocation_ids - nothing
        carried.request_to = date(2028, 12, 31)
        self._run_expiry_cron("2027-12-20")
        self.assertIn("1,000.00", self._get_mails(again).body_html)

    def test_nobody_is_told_of_money_that_cannot_be_used(self):
        """Of others too, used, of a closed or silent fund, not enrolled any more."""
        gold = self.env["res.partner.grade"].create({"name": "Test Gold"})
        self.partner_1.grade_id = gold
        segment = self.env["partner.incentive.segment"].create(
            {"name": "Gold", "grade_ids": gold.ids}
        )
        fund = self._create_fund(participation_rate=100)
        self._allocate(fund, 1000, self.partner_1)
        with freeze_time("2026-03-01"):
            self._activity(fund, 1000)
        self._allocate(fund, 300)
        self._allocate(fund, 300, segment_id=segment.id)
        told = self._allocate(fund, 500, self.partner_2)
        self._allocate(self._create_fund(reminder_days=0), 1000, self.partner_1)
        closed = self._create_fund()
        self._allocate(closed, 1000, self.partner_1)
        self._as(closed, "manager").action_close()
        only_gold = self._create_fund(segment_ids=segment.ids)
        self._allocate(only_gold, 1000, self.partner_2)
        allocations = self.env["partner.mdf.allocation"].search([])
        self._run_expiry_cron("2026-12-20")
        self.assertEqual(self._get_mails(allocations), self._get_mails(told))
        self.assertEqual(len(self._get_mails(told)), 1)
        self.enrollment_2.action_end()
        later = self._allocate(fund, 700, self.partner_2)
        self._run_expiry_cron("2026-12-21")
        self.assertFalse(self._get_mails(later))

    def test_reminders_take_as_many_statements_for_many(self):
        fund = self._create_fund()
        counts = []
        for number in (1, 10):
            for _turn in range(number):
                self._allocate(fund, 100, self.partner_1)
                self._allocate(fund, 100, self.partner_2)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._run_expiry_cron("2026-12-20")
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLess(counts[1], counts[0] + 60)

    def test_a_claim_leads_to_its_page(self):
        fund = self._create_fund()
        self._allocate(fund, 5000)
        claim = self._claim(self._activity(fund, 1000), 1000)
        claim.with_user(self.users["compliance"]).action_request_info("A photo")
        self.assertIn(
            f"/my/incentives/claims/{claim.id}", self._get_mails(claim).body_html
        )
