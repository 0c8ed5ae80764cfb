from datetime import date

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from .common import MdfCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-02-01")
class TestResults(MdfCommon):
    """What activities brought; each document counts once."""

    def _lead(self, **values):
        return (
            self.env["crm.lead"]
            .sudo()
            .create(
                {"name": "Lead", "type": "opportunity", "company_id": False, **values}
            )
        )

    def _result(self, activity):
        self.env.flush_all()
        result = self.env["partner.mdf.result"].browse(activity.id)
        result.invalidate_recordset()
        return result

    def test_leads_orders_cash(self):
        fund = self._create_fund(participation_rate=100)
        self._allocate(fund, 5000)
        activity = self._activity(fund, 1000, expected_leads=5, expected_pipeline=9000)
        other = self._activity(fund, 1000)
        self._approve_claim(self._claim(activity, 800))
        campaign = activity.campaign_id
        first = self._lead(campaign_id=campaign.id, expected_revenue=3000)
        self.assertEqual(first.mdf_activity_id, activity)
        # a registered deal names the activity, without any campaign
        self._lead(mdf_activity_id=activity.id, expected_revenue=1000)
        self._lead(campaign_id=campaign.id, type="lead", expected_revenue=500)
        self._lead(expected_revenue=7000)
        first.action_set_won()
        order = (
            self.env["sale.order"]
            .sudo()
            .create(
                {
                    "partner_id": self.partner_2.id,
                    "opportunity_id": first.id,
                    # the campaign of the order is another one: the opportunity decides
                    "campaign_id": other.campaign_id.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.product.id,
                                "product_uom_qty": 2,
                                "price_unit": 600,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                }
            )
        )
        order.action_confirm()
        order.order_line.qty_delivered = 2
        invoice = order._create_invoices()
        invoice.invoice_date = date(2026, 2, 1)
        invoice.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"payment_date": date(2026, 2, 1), "amount": 300})._create_payments()
        result = self._result(activity)
        self.assertEqual((result.leads, result.opportunities, result.won), (3, 2, 1))
        self.assertEqual((result.expected_leads, result.expected_pipeline), (5, 9000))
        self.assertEqual(result.pipeline, 4000)
        self.assertEqual((result.approved, result.spent), (1000, 800))
        self.assertEqual(
            (result.ordered, result.invoiced, result.cash), (1200, 1200, 300)
        )
        self.assertAlmostEqual(result.cost_per_lead, 266.67, 2)
        self.assertEqual(result.pipeline_per_unit, 5)
        self.assertAlmostEqual(result.cash_per_unit, 0.375)
        empty = self._result(other)
        self.assertEqual((empty.leads, empty.ordered, empty.cash), (0, 0, 0))

    def test_direct_invoice_and_credit_note(self):
        fund = self._create_fund()
        self._allocate(fund, 5000)
        activity = self._activity(fund, 1000)
        day = date(2026, 2, 1)
        campaign = {"campaign_id": activity.campaign_id.id}
        self._invoice(self.partner_1, day, 500, **campaign)
        self._invoice(self.partner_1, day, 200, move_type="out_refund", **campaign)
        self._invoice(self.partner_1, day, 900)
        self.assertEqual(self._result(activity).invoiced, 300)

    def test_currency(self):
        euro = self.setup_other_currency("EUR", rates=[("2000-01-01", 2.0)])
        fund = self._create_fund(currency_id=euro.id, participation_rate=100)
        self._allocate(fund, 5000)
        activity = self._activity(fund, 1000, expected_pipeline=400)
        result = self._result(activity)
        self.assertEqual((result.approved, result.expected_pipeline), (500, 200))

    def test_history_beside_the_request(self):
        fund = self._create_fund(participation_rate=100)
        self._allocate(fund, 5000)
        self._approve_claim(self._claim(self._activity(fund, 1000), 800))
        request = self._as(self._request(fund, self._plan(100)), "manager")
        self.assertIn("800.00", request.history)
        self.assertIn(self.partner_1.name, request.history)
        self.assertIn(self.free.name, request.history)
        self.assertEqual(request.balance, 4000)

    def test_grouped_report(self):
        """By type, partner, tier and region, in one query each."""
        fund = self._create_fund()
        self._allocate(fund, 5000)
        self._activity(fund, 1000)
        self._activity(fund, 600, partner=self.partner_2)
        self.env.flush_all()
        Result = self.env["partner.mdf.result"]
        domain = [("fund_id", "=", fund.id)]
        by_partner = dict(Result._read_group(domain, ["partner_id"], ["approved:sum"]))
        self.assertEqual(by_partner, {self.partner_1: 500, self.partner_2: 300})
        for name in ("type_id", "grade_id", "region_id"):
            with self.subTest(name), self.assertQueryCount(1):
                Result._read_group(domain, [name], ["approved:sum"])
