from odoo import models


class SaleAdvancePaymentInv(models.TransientModel):
    _inherit = "sale.advance.payment.inv"

    def _create_invoices(self, sale_orders):
        """A down payment is invoiced without the order's own method."""
        moves = super()._create_invoices(sale_orders)
        if self.advance_payment_method != "delivered":
            sale_orders._copy_attributions(moves)
        return moves
