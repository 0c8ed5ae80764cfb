from odoo import api, fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    margin_after_incentives = fields.Monetary(
        compute="_compute_margin_after_incentives",
        groups="base.group_user",
        help="The margin, less what partners would earn more by this order.",
    )

    @api.depends("margin", "incentive_estimate")
    def _compute_margin_after_incentives(self):
        for order in self:
            order.margin_after_incentives = order.margin - order.incentive_estimate
