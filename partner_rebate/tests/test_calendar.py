"""Offers by a calendar of weeks: growth, what-if of a draft, what partners are told."""

from datetime import date

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestCalendar(RebateCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar = cls.env["partner.incentive.calendar"].create(
            {"name": "Weeks", "company_id": cls.company.id, "long_years": "nearest"}
        )
        cls._generate(date_from=date(2026, 1, 4))

    @classmethod
    def _generate(cls, **values):
        cls.env["partner.incentive.calendar.years"].create(
            {"calendar_id": cls.calendar.id, **values}
        ).action_generate()

    def _create_weekly(self, **values):
        return self._create_offer(
            **{
                "calendar_id": self.calendar.id,
                "date_from": date(2026, 1, 4),
                "date_to": date(2027, 1, 2),
                "period": "quarter",
                **values,
            }
        )

    def test_growth_needs_the_year_before(self):
        """Refused, and told what to do; then compared with the year's own weeks."""
        offer = self._create_weekly(publish=False, measure="growth_amount")
        offer.action_submit()
        with self.assertRaisesRegex(UserError, "Add the year before"):
            offer.sudo().action_publish()
        self._generate(before=True)
        offer.sudo().action_publish()
        # In the weeks of the first quarter of 2025 the one, after them the other.
        self._invoice(self.partner_1, date(2025, 3, 29), 300)
        self._invoice(self.partner_1, date(2025, 3, 30), 500)
        self._invoice(self.partner_1, date(2026, 4, 4), 800)
        entitled = self._entitled(offer, self.partner_1, date(2026, 4, 30))
        self.assertEqual(entitled, 50)
        # What it is compared with does not change either.
        self.assertTrue(all(self.calendar.period_ids.mapped("used")))

    def test_brackets_of_the_year_before(self):
        offer = self._create_weekly(publish=False, bracket_reference="previous")
        offer.action_submit()
        with self.assertRaisesRegex(UserError, "Add the year before"):
            offer.sudo().action_publish()

    def test_simulation_of_days_outside(self):
        offer = self._create_weekly(publish=False)
        simulation = self.env["partner.incentive.simulation"].create(
            {
                "offer_id": offer.id,
                "date_from": date(2025, 1, 1),
                "date_to": date(2025, 12, 31),
            }
        )
        with self.assertRaisesRegex(UserError, "Add periods"):
            simulation.action_simulate()
        self.assertTrue(offer.exists())

    def test_full_run_is_incremental(self):
        """Runs within a window and after it book the same as one at the end."""
        offer = self._create_weekly(brackets=[(0, 5), (1000, 10)])
        self._invoice(self.partner_1, date(2026, 1, 31), 600)
        self._accrue(date(2026, 1, 31), offer)
        self._invoice(self.partner_1, date(2026, 4, 2), 600)
        self._accrue(date(2026, 4, 2), offer)
        self._invoice(self.partner_1, date(2026, 4, 5), 100)
        self._accrue(date(2026, 4, 5), offer)
        self.assertEqual(self._balance("accrued", offer), -125)
        self.assertFalse(self._accrue(date(2026, 4, 5), offer).entry_ids)
        self.assertLedgerAgrees()
