from odoo import api, models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    @api.depends("order_id.deal_registration_id")
    def _compute_discount(self):
        result = super()._compute_discount()
        for line in self:
            line._apply_deal_discount()
        return result

    def _apply_deal_discount(self):
        """The discount of a registered deal, where it is better than the line's.

        Orders that are confirmed keep what was agreed. What an expired deal gave goes.
        """
        self.ensure_one()
        order = self.order_id
        deal = order.sudo().deal_registration_id
        if not deal or order.state not in ("draft", "sent") or self.display_type:
            return
        granted = deal.discount
        if order._get_deal_in_force() and self._is_registered(deal):
            self.discount = max(self.discount, granted)
        elif granted and self.discount == granted:
            self.discount = 0.0

    def _is_registered(self, deal):
        """Whether the deal names this product, or its category, or nothing."""
        lines = deal.line_ids
        category = self.product_id.categ_id
        return (
            not lines
            or self.product_id in lines.product_id
            or any(
                category.parent_path.startswith(wide.parent_path)
                for wide in lines.category_id
            )
        )
