from decimal import Decimal

from odoo import api, fields, models

ZERO = Decimal(0)


class SaleOrder(models.Model):
    """What a quotation would cost in incentives; for the company's own people only."""

    _inherit = "sale.order"

    incentive_estimate = fields.Monetary(
        string="Estimated incentives",
        compute="_compute_incentive_estimate",
        groups="base.group_user",
        help="What partners would earn more by this order, under the published offers "
        "and from where they stood after the last run.",
    )
    incentive_estimate_note = fields.Char(
        compute="_compute_incentive_estimate", groups="base.group_user"
    )

    @api.depends(
        "order_line.price_subtotal",
        "order_line.product_id",
        "order_line.product_uom_qty",
        "partner_id",
        "date_order",
        "state",
        "company_id",
        "currency_id",
    )
    def _compute_incentive_estimate(self):
        for order in self:
            estimates = order._get_incentive_estimates()
            order.incentive_estimate = sum(each["amount"] for each in estimates)
            order.incentive_estimate_note = ", ".join(
                f"{each['offer'].name}: {order.currency_id.format(each['amount'])}"
                for each in estimates
            )

    def _get_incentive_estimates(self):
        """``[{offer, partner_id, amount}]`` in the order's currency.

        A confirmed order counts already, or will once it is invoiced.
        """
        self.ensure_one()
        if self.state not in ("draft", "sent") or not self.partner_id:
            return []
        company, day = self.company_id, fields.Date.to_date(self.date_order)
        day = day or fields.Date.context_today(self)
        lines = [
            (
                line.product_id,
                line.product_uom_id._compute_quantity(
                    line.product_uom_qty, line.product_id.uom_id
                ),
                self.currency_id._convert(
                    line.price_subtotal, company.currency_id, company, day, round=False
                ),
            )
            for line in self.order_line
            if line.product_id and not line.display_type and not line.is_downpayment
        ]
        if not any(amount or quantity for _product, quantity, amount in lines):
            return []
        # Sales people see what their quotation costs, not the offers themselves.
        outlook_sudo = self.env["partner.incentive.outlook"].sudo()
        estimates = outlook_sudo.with_company(company)._estimate(
            company,
            self.partner_id.commercial_partner_id,
            day,
            lines,
            [
                (row.partner_id, row.role, row.share / 100)
                for row in self.sudo().incentive_attribution_ids
            ],
        )
        return [
            {
                **each,
                "amount": each["offer"].currency_id._convert(
                    float(each["amount"]), self.currency_id, company, day
                ),
            }
            for each in estimates
        ]
