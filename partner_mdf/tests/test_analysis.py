from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import MdfCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-02-01")
class TestAnalysis(MdfCommon):
    """Funds in the analysis, and in the budget's checkbook beside everything else."""

    def _sum(self, fund, *names, groups=()):
        self.env.flush_all()
        rows = self.env["partner.mdf.analysis"]
        rows.invalidate_model()
        return rows._read_group(
            [("fund_id", "=", fund.id)], groups, [f"{name}:sum" for name in names]
        )

    def test_sums_are_the_funds_checkbook(self):
        fund = self._create_fund(participation_rate=50)
        self._allocate(fund, 3000, self.partner_1)
        self._allocate(fund, 1000, self.partner_2, date_to=date(2026, 3, 31))
        self._allocate(fund, 500)
        first = self._activity(fund, 2000)
        self._activity(fund, 600, partner=self.partner_2, type_id=self.event.id)
        self._approve_claim(self._claim(first, 1500))
        self._request(fund, self._plan(400))
        with freeze_time("2026-05-01"):
            fund.sudo()._close_periods(date(2026, 5, 1))
        self.assertCheckbook(
            fund, allocated=4500, committed=0, spent=750, expired=1000, available=2750
        )
        figures = fund._get_figures()[fund.id]
        names = ("allocated", "carried", "committed", "spent", "expired", "available")
        [got] = self._sum(fund, *names)
        self.assertEqual(got, tuple(figures[name] for name in names))
        self.assertEqual(self._sum(fund, "requested"), [(200,)])
        by_partner = {
            partner: values
            for partner, *values in self._sum(
                fund, "spent", "available", groups=["partner_id"]
            )
        }
        self.assertEqual(by_partner[self.partner_1], [750, 2250])
        self.assertEqual(by_partner[self.partner_2], [0, 0])
        # shared money belongs to nobody until it is drawn
        self.assertEqual(by_partner[self.env["res.partner"]], [0, 500])
        by_type = dict(self._sum(fund, "spent", groups=["type_id"]))
        self.assertEqual(by_type[self.free], 750)

    def test_other_currency_is_taken_at_the_rate_of_the_date(self):
        euro = self.setup_other_currency("EUR", rates=[("2026-01-01", 2.0)])
        fund = self._create_fund(participation_rate=100, currency_id=euro.id)
        self._allocate(fund, 3000, self.partner_1)
        self._activity(fund, 500)
        # two euro are one unit of the company's currency
        self.assertEqual(
            self._sum(fund, "allocated", "committed", "available"), [(1500, 250, 1250)]
        )

    def _budget(self, **values):
        return self.env["partner.incentive.budget"].create(
            {"program_id": self.program.id, "planned": 10000, **values}
        )

    def assertBudget(self, budget, **expected):
        """The budget's figures, and that its checkbook comes to the same."""
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual({name: budget[name] for name in expected}, expected)
        rows = self.env["partner.incentive.checkbook"].search(
            [("budget_id", "=", budget.id)]
        )
        for name in ("planned", "allocated", "committed", "accrued", "settled"):
            self.assertAlmostEqual(sum(rows.mapped(name)), budget[name], 2, name)
        self.assertAlmostEqual(rows[-1].available, budget.available)

    def test_funds_in_the_budgets_checkbook(self):
        booked = self._create_fund(name="Booked on approval")
        waiting = self._create_fund(name="Booked on claims", provision_at="claim")
        budget = self._budget()
        self._allocate(booked, 5000)
        self._allocate(waiting, 2000)
        self.assertBudget(
            budget, allocated=7000, committed=0, accrued=0, available=10000
        )
        self._activity(booked, 1000)
        activity = self._activity(waiting, 800)
        self.assertBudget(budget, committed=400, accrued=500, settled=0, available=9100)
        self.assertEqual(budget.discretionary, 900)
        self._approve_claim(self._claim(activity, 600))
        self.assertBudget(budget, committed=100, accrued=800, available=9100)
        self._as(activity, "manager").action_close()
        self.assertBudget(budget, committed=0, accrued=800, available=9200)

    def test_budget_in_another_currency(self):
        euro = self.setup_other_currency("EUR", rates=[("2026-01-01", 2.0)])
        fund = self._create_fund(participation_rate=100, provision_at="claim")
        budget = self._budget(currency_id=euro.id, offer_id=fund.offer_id.id)
        self._allocate(fund, 900)
        self._activity(fund, 400)
        self.assertBudget(budget, allocated=1800, committed=800, available=9200)

    def test_a_hard_stop_counts_what_is_committed(self):
        fund = self._create_fund(participation_rate=100, provision_at="claim")
        self._budget(offer_id=fund.offer_id.id, planned=500, hard_stop=True)
        self._allocate(fund, 5000)
        self._activity(fund, 400)
        with self.assertRaisesRegex(UserError, "of the budget"):
            self._activity(fund, 200)
        self._activity(fund, 100)
