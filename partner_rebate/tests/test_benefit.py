from datetime import date

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import RebateCommon

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


@tagged("post_install", "-at_install")
class TestBenefit(RebateCommon):
    """What a tier brings touches an offer only where its terms say so."""

    def test_the_tier_on_the_last_day_multiplies_what_a_window_earns(self):
        offer = self._create_offer(
            period="month", brackets=[(0, 10)], tier_multiplier=True
        )
        plain = self._create_offer(period="month", brackets=[(0, 10)])
        for partner in (self.partner_1, self.partner_2):
            for month in (1, 2, 3):
                self._invoice(partner, date(2026, month, 10), 1000)
        self._bring(
            "rate_multiplier",
            (self.partner_1, date(2026, 1, 20), date(2026, 2, 28), 1.5),
        )
        march = date(2026, 3, 31)
        # January and February end with the benefit, March after it
        self.assertEqual(self._entitled(offer, self.partner_1, march), 150 + 150 + 100)
        self.assertEqual(self._entitled(offer, self.partner_2, march), 300)
        self.assertEqual(self._entitled(plain, self.partner_1, march), 300)
        # before it began nothing is known of it
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 1, 19)), 100)

    def test_runs_in_any_order_book_the_same(self):
        offer = self._create_offer(
            period="month", brackets=[(0, 10)], tier_multiplier=True
        )
        self._bring("rate_multiplier", (self.partner_1, *YEAR, 1.25))
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 15), offer)
        self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(self._balance("accrued"), -125)
        self._bring(
            "rate_multiplier", (self.partner_1, YEAR[0], date(2026, 1, 30), 1.25)
        )
        # nothing but the library changed: a run that looks at changes sees it, too
        self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(self._balance("accrued"), -100)
        self.assertFalse(self._accrue(date(2026, 1, 31), offer).entry_ids)
        self.assertTrue(offer.version_id._changes_with_time())
        self.assertLedgerAgrees()

    def test_a_multiplied_amount_explains_itself_and_meets_the_cap(self):
        offer = self._create_offer(
            period="month", brackets=[(0, 10)], tier_multiplier=True, cap=120
        )
        self._bring("rate_multiplier", (self.partner_1, *YEAR, 1.5))
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._invoice(self.partner_2, date(2026, 1, 10), 1000)
        day = date(2026, 1, 31)
        self.assertEqual(self._entitled(offer, self.partner_1, day), 120)
        steps = self.env["partner.incentive.explanation"]._get_window_steps(
            offer, self.partner_1, date(2026, 1, 1), day
        )
        notes = {step["name"]: (step.get("value"), step.get("note")) for step in steps}
        value, note = notes["Multiplied for the tier"]
        self.assertIn("150.00", value)
        self.assertIn("1.5", note)
        self.assertIn("01/31/2026", note)
        self.assertNotIn("Accelerated", notes)
        steps = self.env["partner.incentive.explanation"]._get_window_steps(
            offer, self.partner_2, date(2026, 1, 1), day
        )
        self.assertNotIn("Multiplied for the tier", [each["name"] for each in steps])

    def test_pools_have_no_tier_and_published_terms_stay(self):
        with self.assertRaises(ValidationError):
            self._create_offer(pooled=True, tier_multiplier=True)
        offer = self._create_offer()
        with self.assertRaises(UserError):
            offer.with_user(self.users["manager"]).tier_multiplier = True

    def _hold(self, **values):
        return self._create_offer(
            brackets=[(0, 10)],
            holdback_percent=20,
            holdback_until=date(2026, 12, 1),
            settlement_period="month",
            **values,
        )

    def _held(self, partner):
        entries = self.env["partner.incentive.entry"].search(
            [("partner_id", "=", partner.id), ("kind", "=", "holdback")]
        )
        return sum(entries.filtered(lambda e: e.role == "holdback").mapped("amount"))

    def test_a_tier_brings_its_own_holdback(self):
        offer = self._hold(holdback_by_tier=True)
        for partner in (self.partner_1, self.partner_2):
            self._invoice(partner, date(2026, 1, 10), 10000)
        self._bring(
            "holdback_percent",
            (self.partner_1, date(2026, 1, 1), date(2026, 2, 27), 5.0),
        )
        self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(self._balance("holdback"), -(50 + 200))
        # the benefit has ended, so the offer's own percentage holds
        self._accrue(date(2026, 2, 28), offer)
        self.assertEqual(self._balance("holdback"), -(200 + 200))
        batch = self._settle(date(2026, 2, 28), offer)
        self.assertEqual(batch.line_ids.mapped("amount"), [800, 800])
        self._accrue(date(2026, 12, 1), offer)
        self.assertEqual(self._balance("holdback"), 0)
        self.assertLedgerAgrees()

    def test_a_holdback_stays_where_the_terms_do_not_name_the_tier(self):
        offer = self._hold()
        self._invoice(self.partner_1, date(2026, 1, 10), 10000)
        self._bring("holdback_percent", (self.partner_1, *YEAR, 5.0))
        self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(self._balance("holdback"), -200)

    def test_what_waits_for_renewals_is_the_tiers_percentage(self):
        offer = self._hold(holdback_by_tier=True, holdback_release="renewal")
        self._invoice(self.partner_1, date(2026, 1, 10), 10000)
        self._bring("holdback_percent", (self.partner_1, *YEAR, 10.0))
        self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(self._balance("holdback"), -100)
