from datetime import date

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.partner_rebate.tests.common import RebateCommon


@tagged("post_install", "-at_install")
class TestMargin(RebateCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product.write({"standard_price": 60, "invoice_policy": "order"})
        cls.day = date(2026, 12, 31)

    def _order(self, quantity, product=None, **line):
        return (
            self.env["sale.order"]
            .sudo()
            .create(
                {
                    "partner_id": self.partner_1.id,
                    "date_order": "2026-02-10 12:00:00",
                    "order_line": [
                        Command.create(
                            {
                                "product_id": (product or self.product).id,
                                "product_uom_qty": quantity,
                                "price_unit": 100,
                                "tax_ids": [Command.clear()],
                                **line,
                            }
                        )
                    ],
                }
            )
        )

    def _invoice_order(self, order, day=date(2026, 2, 15)):
        order.action_confirm()
        move = order._create_invoices()
        move.invoice_date = day
        move.action_post()
        return move

    def test_margin_of_invoices_by_the_cost_of_their_order(self):
        """10 at 100 less 10 at 60 is a margin of 400; 20 % of it are 80."""
        offer = self._create_offer(measure="invoiced_margin", brackets=[(0, 20)])
        move = self._invoice_order(self._order(10))
        self.assertEqual(self._entitled(offer, self.partner_1, self.day), 80)
        # what the product costs later does not matter
        self.product.standard_price = 99
        self.assertEqual(self._entitled(offer, self.partner_1, self.day), 80)
        refund = move._reverse_moves([{"date": date(2026, 3, 1)}])
        refund.invoice_date = date(2026, 3, 1)
        refund.invoice_line_ids.quantity = 4
        refund.action_post()
        self.assertEqual(self._entitled(offer, self.partner_1, self.day), 48)

    def test_without_cost_no_margin(self):
        offer = self._create_offer(measure="invoiced_margin", brackets=[(0, 20)])
        free = self.env["product.product"].create(
            {"name": "No cost", "taxes_id": False, "invoice_policy": "order"}
        )
        self._invoice_order(self._order(10, free))
        self._invoice(self.partner_1, date(2026, 2, 1), 5000)
        self.assertEqual(self._entitled(offer, self.partner_1, self.day), 0)

    def test_dozens(self):
        """2 dozen at 1,000 and a cost of 60 apiece: 2,000 less 1,440."""
        dozen = self.env.ref("uom.product_uom_dozen")
        offer = self._create_offer(measure="invoiced_margin", brackets=[(0, 100)])
        order = self._order(2, product_uom_id=dozen.id, price_unit=1000)
        self._invoice_order(order)
        self.assertEqual(self._entitled(offer, self.partner_1, self.day), 560)

    def test_margin_of_a_quotation_after_incentives(self):
        """400 less 5 % of 1,000."""
        self._create_offer(brackets=[(0, 5)])
        order = self._order(10)
        self.assertEqual(order.margin, 400)
        self.assertEqual(order.margin_after_incentives, 350)

    def test_an_order_tells_nothing_of_whose_margin_it_changes(self):
        offer = self._create_offer(measure="invoiced_margin", brackets=[(0, 20)])
        runs = self.env["partner.incentive.run"]
        self.assertFalse(runs._can_look_at_changes(offer))
