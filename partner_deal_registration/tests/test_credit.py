from datetime import date

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import DealCommon


@tagged("post_install", "-at_install")
class TestDealCredit(DealCommon):
    def _pay(self, invoice, amount=None, day=None):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create(
            {
                "amount": amount or invoice.amount_total,
                "payment_date": day or fields.Date.today(),
            }
        )._create_payments()

    def _offer(self, measure, kind="percent", rate=5, **values):
        year = fields.Date.today().year
        return self._create_offer(
            measure=measure,
            rate_kind=kind,
            brackets=[(0, rate)],
            date_from=date(year, 1, 1),
            date_to=date(year, 12, 31),
            **values,
        )

    def test_credit_flows_to_invoice(self):
        deal = self._approved()
        order = self._order(deal)
        order.action_confirm()
        invoice = order._create_invoices()
        self.assertEqual(invoice.incentive_attribution_ids.partner_id, self.partner_1)
        self.assertEqual(deal.state, "converted")
        self.assertTrue(deal.sudo().lead_id)

    def test_linked_after_the_invoice(self):
        customer = self.env["res.partner"].create(
            {"name": "Müller Maschinenbau GmbH", "is_company": True, "city": "Köln"}
        )
        order = self._order(partner_id=customer.id)
        order.action_confirm()
        invoice = order._create_invoices()
        deal = self._approved()
        self.assertEqual(deal.sudo().customer_id, customer)
        order.deal_registration_id = deal
        self.assertEqual(order.incentive_attribution_ids.partner_id, self.partner_1)
        self.assertEqual(invoice.incentive_attribution_ids.partner_id, self.partner_1)

    def test_only_approved_deals_are_linked(self):
        order = self._order()
        with self.assertRaises(ValidationError):
            order.deal_registration_id = self._deal(submit=True)

    def test_opportunity_brings_the_deal(self):
        deal = self._approved()
        lead = deal.sudo().lead_id
        order = self._order(partner_id=lead.partner_id.id, opportunity_id=lead.id)
        self.assertEqual(order.deal_registration_id, deal)
        self.assertEqual(order.incentive_attribution_ids.partner_id, self.partner_1)

    def test_in_step_with_the_opportunity(self):
        deal = self._approved()
        lead = deal.sudo().lead_id
        self.assertEqual(lead.expected_revenue, 20000)
        lead.write({"expected_revenue": 31000, "date_deadline": "2031-01-31"})
        self.assertEqual(deal.expected_value, 31000)
        self.assertEqual(str(deal.expected_close_date), "2031-01-31")
        deal.with_user(self.portal_1).action_report_progress(
            "proposal", "Offer sent", "2031-03-31"
        )
        self.assertEqual(str(lead.date_deadline), "2031-03-31")
        lead.action_set_lost()
        self.assertEqual(deal.state, "lost")
        other = self._approved(customer_name="Other customer")
        other.action_lose("Gone")
        self.assertFalse(other.sudo().lead_id.active)

    def test_warning_around_a_protected_deal(self):
        deal = self._approved()
        customer = deal.sudo().customer_id
        order = self._order(partner_id=customer.id)
        order = order.with_user(self.seller)
        self.assertIn("Reseller One", order.deal_warning)
        self.assertIn("Reseller One", customer.with_user(self.seller).deal_protection)
        self.assertIn(
            "Reseller One", deal.sudo().lead_id.with_user(self.seller).deal_protection
        )

    def test_partial_conversion(self):
        deal = self._approved()
        order = self._order(deal, price=500)
        order.action_confirm()
        self.assertEqual(deal.sudo().conversion, "partial")
        self.assertEqual(deal.state, "approved")
        rest = self._order(deal, price=1500)
        rest.action_confirm()
        self.assertEqual(deal.state, "converted")
        (order | rest)._action_cancel()
        self.assertEqual(deal.state, "approved")
        with self.assertRaises(UserError):
            deal.with_user(self.manager).action_convert()

    def test_partial_conversion_at_expiry(self):
        deal = self._approved()
        self._order(deal, price=500).action_confirm()
        deal.sudo()._change_state("expired")
        self.assertEqual(deal.state, "converted")

    # ---------------------------------------------------------------------- measures

    def test_fee_per_approved_deal(self):
        """A SPIF of 100 per deal: two approved, one waits, one is withdrawn."""
        offer = self._offer("deals_approved", "per_unit", 100)
        self._approved(customer_name="Alpha")
        self._approved(customer_name="Brandt Logistik")
        self._deal(submit=True, customer_name="Waiting")
        self._approved(customer_name="Zeppelin").action_withdraw()
        today = fields.Date.today()
        self.assertEqual(self._entitled(offer, self.partner_1, today), 200)

    def test_sourced_cash(self):
        """5 percent of what came in, in the partner's share, whatever the role."""
        offer = self._offer("sourced_cash")
        deal = self._approved()
        order = self._order(deal)
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.action_post()
        today = fields.Date.today()
        self.assertEqual(self._entitled(offer, self.partner_1, today), 0)
        self._pay(invoice, 10000)
        self.assertEqual(self._entitled(offer, self.partner_1, today), 500)
        self._pay(invoice, 15000)
        self.assertEqual(self._entitled(offer, self.partner_1, today), 1250)
        self.assertEqual(self._entitled(offer, self.partner_2, today), 0)
        self._accrue(today, offer)
        self.assertLedgerAgrees()

    def test_role_of_the_offer_does_not_matter(self):
        offer = self._offer("sourced_bookings", credit_role="sourced")
        self._order(self._approved()).action_confirm()
        today = fields.Date.today()
        self.assertEqual(self._entitled(offer, self.partner_1, today), 1250)

    def test_split_counts_by_share(self):
        bookings = self._offer("sourced_bookings")
        deals = self._offer("deals_converted", "per_unit", 100)
        deal = self._deal(submit=True)
        deal.with_user(self.manager).action_split(
            {self.partner_1.id: 75, self.partner_2.id: 25}
        )
        deal.with_user(self.manager).action_approve()
        self._order(deal).action_confirm()
        today = fields.Date.today()
        self.assertEqual(self._entitled(bookings, self.partner_1, today), 937.5)
        self.assertEqual(self._entitled(bookings, self.partner_2, today), 312.5)
        self.assertEqual(self._entitled(deals, self.partner_1, today), 75)
        self.assertEqual(self._entitled(deals, self.partner_2, today), 25)

    def test_new_customers(self):
        offer = self._offer("deals_new_customers", "per_unit", 100)
        self._order(self._approved(customer_name="Brand New")).action_confirm()
        old = self.env["res.partner"].create(
            {"name": "Altkunde Werke AG", "is_company": True, "city": "Köln"}
        )
        self._order(
            partner_id=old.id, date_order="2020-01-01 10:00:00"
        ).action_confirm()
        self.env["sale.order"].search([("partner_id", "=", old.id)]).write(
            {"date_order": "2020-01-01 10:00:00"}
        )
        deal = self._approved(customer_name="Altkunde Werke AG")
        self.assertEqual(deal.sudo().customer_id, old)
        self._order(deal).action_confirm()
        self.assertEqual(
            self._entitled(offer, self.partner_1, fields.Date.today()), 100
        )
