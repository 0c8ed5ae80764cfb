from odoo.tests import tagged

from .common import DealCommon


@tagged("post_install", "-at_install")
class TestDealReport(DealCommon):
    def test_rates(self):
        """Of four complete deals: one ordered, one lost, one rejected, one open."""
        won = self._approved(customer_name="Won AG", expected_value=1000.0)
        order = self._order(won, price=100.0)
        order.action_confirm()
        lost = self._approved(customer_name="Verloren AG")
        lost.with_user(self.manager).action_lose("Too dear")
        refused = self._deal(submit=True, customer_name="Zu vage AG")
        refused.with_user(self.manager).action_reject("other", "Too vague")
        self._approved(customer_name="Offen AG", expected_value=7000.0)
        self._deal(customer_name="Entwurf AG")
        self.env.flush_all()
        [row] = self.env["partner.deal.report"].formatted_read_group(
            [("company_id", "=", self.company.id)],
            [],
            [
                "__count",
                "pipeline:sum",
                "win_rate:avg",
                "approval_rate:avg",
                "conversion_rate:avg",
                "clock_rate:avg",
            ],
        )
        self.assertEqual(row["__count"], 4)
        self.assertEqual(row["pipeline:sum"], 7000)
        self.assertEqual(row["win_rate:avg"], 50)
        self.assertEqual(row["approval_rate:avg"], 75)
        self.assertAlmostEqual(row["conversion_rate:avg"], 100 / 3)
        self.assertEqual(row["clock_rate:avg"], 100)

    def test_attribution_has_deals_until_their_quotation_takes_over(self):
        """Pipeline by deal or by quotation, never both; won against won and lost."""
        won = self._approved(customer_name="Won AG", expected_value=1000.0)
        self._order(won, price=100.0).action_confirm()
        lost = self._approved(customer_name="Verloren AG")
        lost.with_user(self.manager).action_lose("Too dear")
        self._approved(customer_name="Offen AG", expected_value=7000.0)
        quoted = self._approved(customer_name="Angebot AG", expected_value=5000.0)
        order = self._order(quoted, price=300.0)
        self.env.flush_all()
        rows = self.env["partner.incentive.attribution.report"]
        own = [("company_id", "=", self.company.id)]
        [(pipeline, rate, closed)] = rows._read_group(
            own, [], ["sourced_pipeline:sum", "win_rate:avg", "closed:sum"]
        )
        self.assertAlmostEqual(closed, 2, 4)
        self.assertAlmostEqual(rate, 50, 4)
        self.assertAlmostEqual(pipeline, 7000 + order.amount_untaxed, 2)
        by_kind = dict(rows._read_group(own, ["kind"], ["sourced_pipeline:sum"]))
        self.assertAlmostEqual(by_kind["deal"], 7000, 2)
        self.assertAlmostEqual(by_kind["quotation"], order.amount_untaxed, 2)
        deal_row = rows.search([*own, ("kind", "=", "deal")], limit=1)
        action = deal_row.action_open_document()
        self.assertEqual(action["res_model"], "partner.deal.registration")
