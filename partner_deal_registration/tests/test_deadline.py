from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Date
from odoo.tests import tagged

from .common import DealCommon


@tagged("post_install", "-at_install")
class TestDealDeadline(DealCommon):
    def _cron(self, moment):
        with freeze_time(moment):
            self.env["partner.deal.registration"].sudo()._cron_watch_clock()

    def test_clock_runs_in_working_hours(self):
        # Friday noon: 4 hours on Friday, 8 on Monday, 4 on Tuesday.
        with freeze_time("2026-03-06 12:00:00"):
            deal = self._deal(submit=True).sudo()
        self.assertEqual(deal.clock_deadline, datetime(2026, 3, 10, 12))
        with freeze_time("2026-03-10 10:00:00"):
            deal.with_user(self.manager).action_approve()
        self.assertAlmostEqual(deal.clock_used, 14, 2)
        self.assertTrue(deal.clock_hit)

    def test_clock_stops_while_the_partner_is_asked(self):
        with freeze_time("2026-03-02 08:00:00"):
            deal = self._deal(submit=True).sudo()
        with freeze_time("2026-03-02 12:00:00"):
            deal.with_user(self.manager).action_request_info("Where?")
            self.assertEqual(deal.clock_status, "paused")
        self._cron("2026-03-20 12:00:00")
        self.assertEqual(deal.escalation_level, 0)
        with freeze_time("2026-03-23 08:00:00"):
            deal.with_user(self.users["user"]).action_submit()
        # 12 hours are left: all of Monday and 4 hours of Tuesday.
        self.assertEqual(deal.clock_deadline, datetime(2026, 3, 24, 12))

    def test_reminder_and_escalation(self):
        boss = self.users["admin"]
        self.policy.escalation_user_ids = boss
        self.policy.route_ids = [
            Command.create({"name": "All", "user_id": self.manager.id})
        ]
        with freeze_time("2026-03-02 08:00:00"):
            deal = self._deal(submit=True).sudo()
        self.assertEqual(deal.user_id, self.manager)
        self._cron("2026-03-02 10:00:00")
        self.assertFalse(deal.reminded_on)
        self._cron("2026-03-03 13:00:00")
        self.assertTrue(deal.reminded_on)
        self._cron("2026-03-04 09:00:00")
        self.assertEqual(deal.escalation_level, 1)
        self.assertEqual(deal.user_id, boss)
        self.assertEqual(deal.activity_ids.user_id, boss)
        with freeze_time("2026-03-04 10:00:00"):
            deal.with_user(self.manager).action_approve()
        self.assertFalse(deal.clock_hit)

    def test_approval_at_the_limit(self):
        self.policy.write({"auto_approve": True, "auto_approve_value": 25000})
        with freeze_time("2026-03-02 08:00:00"):
            small = self._deal(submit=True, customer_name="Small Fish")
            big = self._deal(
                submit=True, customer_name="Big Whale", expected_value=30000
            )
            rival = self._deal(
                self.partner_2, submit=True, customer_name="Small Fish Ltd"
            )
            rival.action_withdraw()
        self._cron("2026-03-06 09:00:00")
        self.assertEqual(small.state, "approved")
        self.assertTrue(small.sudo().auto_approved)
        self.assertEqual(big.state, "submitted")

    def test_conflict_is_never_approved_at_the_limit(self):
        self.policy.auto_approve = True
        with freeze_time("2026-03-02 08:00:00"):
            first = self._deal(submit=True)
            second = self._deal(self.partner_2, submit=True)
        self._cron("2026-03-06 09:00:00")
        self.assertEqual(first.state, "submitted")
        self.assertEqual(second.state, "submitted")

    def test_routes(self):
        self.partner_1.grade_id = self.gold
        boss = self.users["admin"]
        self.policy.route_ids = [
            Command.create(
                {"name": "Big", "value_from": 50000, "user_id": boss.id, "sequence": 1}
            ),
            Command.create(
                {
                    "name": "Gold",
                    "grade_ids": [Command.set(self.gold.ids)],
                    "user_id": self.manager.id,
                    "decide_hours": 4,
                    "sequence": 2,
                }
            ),
        ]
        big = self._deal(submit=True, expected_value=60000, customer_name="Big").sudo()
        gold = self._deal(submit=True, customer_name="Gold").sudo()
        self.assertEqual(big.user_id, boss)
        self.assertEqual(gold.user_id, self.manager)
        self.assertEqual(gold.clock_hours, 4)

    # --------------------------------------------------------------------- protection

    def test_protection_by_tier(self):
        with freeze_time("2026-03-02 08:00:00"):
            basic = self._approved(customer_name="Basic")
            self.partner_1.grade_id = self.gold
            gold = self._approved(customer_name="Gold")
            claimed = self._approved(customer_name="Claimed Shipyard", is_renewal=True)
            contract = self._contract("Renewing Brewery", "2026-05-01")
            renewal = self._approved(
                customer_name=contract.customer_id.name, is_renewal=True
            )
        start = Date.to_date("2026-03-02")
        self.assertEqual((basic.protected_until - start).days, 90)
        self.assertEqual((gold.protected_until - start).days, 120)
        self.assertEqual((claimed.protected_until - start).days, 120)
        self.assertEqual((renewal.protected_until - start).days, 200)
        self.assertEqual(gold.discount, 12)

    def test_protection_that_a_tier_brings(self):
        """It stands in for the terms of every tier, not for the tier's own terms."""
        spring = Date.to_date("2026-03-01"), Date.to_date("2026-04-30")
        self._bring(
            "protection_days",
            (self.partner_1, *spring, 45),
            (self.partner_2, *spring, 45),
        )
        self.partner_2.grade_id = self.gold
        with freeze_time("2026-03-02 08:00:00"):
            deal = self._approved(customer_name="Basic")
            gold = self._approved(customer_name="Gold", partner=self.partner_2)
        start = Date.to_date("2026-03-02")
        self.assertEqual((deal.protected_until - start).days, 45)
        self.assertEqual((gold.protected_until - start).days, 120)
        with freeze_time("2026-05-04 08:00:00"):
            late = self._approved(customer_name="After the benefit ended")
        start = Date.to_date("2026-05-04")
        self.assertEqual((late.protected_until - start).days, 90)

    def test_renewal_protection_that_a_tier_brings(self):
        always = (Date.to_date("2026-01-01"), Date.to_date("2026-12-31"))
        policy = self.policy
        contract = self._contract("Renewing Brewery", "2026-12-31")
        with freeze_time("2026-03-02 08:00:00"):
            rival = self._deal(self.partner_2, customer_name="Renewing Brewery GmbH")
            self.assertFalse(rival._is_renewal_protected(contract))
            self._bring("renewal_protection", (self.partner_1, *always, 310))
            self.assertTrue(rival._is_renewal_protected(contract))
            today = Date.to_date("2026-03-02")
            days = policy._get_days("renewal_protection", self.partner_1, today)
            self.assertEqual(days, 310)
            self.partner_1.grade_id = self.gold
            days = policy._get_days("renewal_protection", self.partner_1, today)
            self.assertEqual(days, 200)

    def _contract(self, name, end, partner=None):
        """A contract of a customer that the first partner is credited with."""
        self.product.incentive_recurring = True
        return self.env["partner.customer.contract"].create(
            {
                "customer_id": self.env["res.partner"]
                .create({"name": name, "is_company": True, "city": "Köln"})
                .id,
                "partner_id": (partner or self.partner_1).id,
                "product_id": self.product.id,
                "date_start": "2025-05-02",
                "date_end": end,
                "recurring_amount": 1200.0,
            }
        )

    def test_renewal_of_the_incumbent(self):
        """Its tier's days before the end of the contract, nobody else gets it."""
        self.partner_1.grade_id = self.gold
        contract = self._contract("Renewing Brewery", "2026-12-31")
        with freeze_time("2026-06-01 08:00:00"):
            early = self._deal(
                self.partner_2, submit=True, customer_name="Renewing Brewery GmbH"
            )
            found = early.sudo().finding_ids.filtered(lambda f: f.kind == "contract")
            self.assertEqual((found.level, found.res_id), ("notice", contract.id))
            early.with_user(self.manager).action_reject("other", "Too early")
        with freeze_time("2026-06-15 08:00:00"):
            late = self._deal(
                self.partner_2, submit=True, customer_name="Renewing Brewery GmbH"
            )
            found = late.sudo().finding_ids.filtered(lambda f: f.kind == "contract")
            self.assertEqual(found.level, "conflict")
            self.assertIn("Renewing Brewery", str(found.comparison))
            with self.assertRaisesRegex(UserError, "protected for Reseller One"):
                late.with_user(self.manager).action_approve()
            other = self._deal(
                self.partner_2,
                submit=True,
                customer_name="Renewing Brewery GmbH",
                product=self.product_2,
            )
            other.with_user(self.manager).action_approve()
            late.with_user(self.manager).action_split(
                {self.partner_1.id: 50, self.partner_2.id: 50}
            )
            late.with_user(self.manager).action_approve()
        self.assertEqual((late.state, other.state), ("approved", "approved"))

    def test_expiry_and_reminders(self):
        Deal = self.env["partner.deal.registration"].sudo()
        with freeze_time("2026-03-02 08:00:00"):
            deal = self._approved()
        until = deal.protected_until
        told = []
        for days in (40, 30, 29, 14, 13, 3, 2, 0):
            before = len(deal.message_ids)
            with freeze_time(
                datetime.combine(until, datetime.min.time()) - timedelta(days)
            ):
                Deal._cron_expire()
                Deal._cron_expire()
            if len(deal.message_ids) > before:
                self.assertEqual(len(deal.message_ids), before + 1)
                told.append(days)
        self.assertEqual(told, [30, 14, 3])
        self.assertEqual(deal.state, "approved")
        with freeze_time(datetime.combine(until, datetime.min.time()) + timedelta(1)):
            Deal._cron_expire()
        self.assertEqual(deal.state, "expired")

    def test_extension(self):
        self.partner_1.grade_id = self.gold
        deal = self._approved()
        until = deal.protected_until
        portal = deal.with_user(self.portal_1)
        with self.assertRaisesRegex(UserError, "between 1 and 30"):
            portal.action_request_extension(60, "Long")
        with self.assertRaises(AccessError):
            deal.with_user(self.portal_2).action_request_extension(10, "Mine")
        portal.action_request_extension(20, "Budget comes in July")
        with self.assertRaisesRegex(UserError, "all the extensions"):
            portal.action_request_extension(10, "More")
        extension = deal.sudo().extension_ids
        with self.assertRaises(AccessError):
            extension.with_user(self.users["user"]).action_grant()
        extension.with_user(self.manager).action_grant()
        self.assertEqual(deal.protected_until, until + timedelta(20))
        with self.assertRaises(UserError):
            extension.with_user(self.manager).action_grant()

    def test_expiry_takes_price_and_credit(self):
        self.partner_1.grade_id = self.gold
        with freeze_time("2026-03-02 08:00:00"):
            deal = self._approved()
            order = self._order(deal)
            self.assertEqual(order.order_line.discount, 12)
            self.assertEqual(order.incentive_attribution_ids.partner_id, self.partner_1)
            self.assertIn("Reseller One", order.deal_note)
        with freeze_time("2026-12-02 08:00:00"):
            self.env["partner.deal.registration"].sudo()._cron_expire()
            self.assertEqual(deal.state, "expired")
            self.assertEqual(order.order_line.discount, 0)
            self.assertFalse(order.incentive_attribution_ids)

    def test_passed_lead(self):
        lead = self.env["crm.lead"].create(
            {
                "name": "Inquiry",
                "partner_name": "Frische Kunden AG",
                "passed_partner_id": self.partner_1.id,
                "company_id": self.company.id,
                "user_id": self.seller.id,
            }
        )
        with freeze_time("2026-03-02 08:00:00"):
            lead.with_user(self.seller).action_pass_to_partner()
            self.assertEqual(lead.passed_deadline, datetime(2026, 3, 3, 16))
            with self.assertRaises(AccessError):
                lead.with_user(self.portal_2).action_accept_lead()
            deal = self.env["partner.deal.registration"].browse(
                lead.with_user(self.portal_1).action_accept_lead()
            )
        self.assertEqual(deal.partner_id, self.partner_1)
        self.assertEqual(deal.sudo().lead_id, lead)
        other = lead.copy({"passed_partner_id": self.partner_1.id})
        with freeze_time("2026-03-02 08:00:00"):
            other.action_pass_to_partner()
        with freeze_time("2026-03-09 08:00:00"):
            with self.assertRaises(UserError):
                other.with_user(self.portal_1).action_accept_lead()
            self.env["crm.lead"].sudo()._cron_expire_passed_leads()
        self.assertEqual(other.passed_state, "expired")
