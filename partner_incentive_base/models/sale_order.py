from collections import defaultdict
from decimal import ROUND_DOWN, Decimal

from odoo import api, fields, models

from .res_partner import INSIDERS

#: Shares are kept to so many decimals; rounding down keeps their sum within 100 %.
SHARE_UNIT = Decimal("0.000001")


class SaleOrder(models.Model):
    _inherit = "sale.order"

    incentive_attribution_ids = fields.One2many(
        "partner.incentive.attribution",
        "order_id",
        string="Credited partners",
        copy=False,
        groups=INSIDERS,
    )

    def write(self, vals):
        if "partner_id" in vals:
            # Whoever loses the order would not be looked at.
            self._forget_deleted_volume()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _forget_deleted_volume(self):
        """What counted once and is deleted leaves no row that tells of it."""
        counted = self.filtered(lambda order: order.state in ("sale", "cancel"))
        if counted:
            self.env["partner.incentive.lock"].sudo()._forget(counted.company_id)

    def _create_invoices(self, grouped=False, final=False, date=None):
        moves = super()._create_invoices(grouped=grouped, final=final, date=date)
        self._copy_attributions(moves)
        return moves

    def action_copy_attributions(self):
        """Credit the invoices that were made before the order was credited."""
        moves = self.invoice_ids.filtered(
            lambda move: move.state != "cancel" and not move.incentive_attribution_ids
        )
        self._copy_attributions(moves)

    def _copy_attributions(self, moves):
        """Credit invoices made from these orders to the orders' partners.

        An invoice of several orders is credited by each order's part of its untaxed
        amount. Orders that are not credited to anybody cost one query.
        """
        attributions = self.sudo().incentive_attribution_ids
        if not attributions or not moves:
            return
        vals_list = []
        for move in moves.sudo():
            # a credit note follows the rows of the invoice that it reverses
            if move.move_type not in ("out_invoice", "out_refund") or (
                move.reversed_entry_id
            ):
                continue
            vals_list += self._prepare_invoice_attributions(move, attributions)
        self.env["partner.incentive.attribution"].sudo().create(vals_list)

    def _prepare_invoice_attributions(self, move, attributions):
        weights = self._get_order_weights(move)
        rows = defaultdict(lambda: [Decimal(0), self.env["sale.order"], False])
        for attribution in attributions:
            weight = weights.get(attribution.order_id)
            if not weight:
                continue
            row = rows[attribution.partner_id, attribution.role]
            row[0] += Decimal(str(attribution.share)) * weight
            row[1] |= attribution.order_id
            row[2] = row[2] or attribution.reason
        total = sum(weights.values())
        vals_list = []
        for (partner, role), (weighted, orders, reason) in rows.items():
            share = (weighted / total).quantize(SHARE_UNIT, rounding=ROUND_DOWN)
            if share:
                vals_list.append(
                    {
                        "move_id": move.id,
                        "partner_id": partner.id,
                        "role": role,
                        "share": float(share),
                        "reason": reason,
                        "source": ", ".join(orders.mapped("name")),
                    }
                )
        return vals_list

    def _get_order_weights(self, move):
        """``{order: untaxed amount}`` of the lines of ``move``.

        Lines of no order weigh under an empty order. Where lines of different signs
        meet, as a sale and a return do, their size counts: shares stay within 100 %.
        """
        weights = defaultdict(Decimal)
        for line in move.invoice_line_ids:
            if line.display_type == "product":
                order = line.sale_line_ids.order_id[:1]
                weights[order] += Decimal(str(line.price_subtotal))
        if len({weight > 0 for weight in weights.values() if weight}) > 1:
            return {order: abs(weight) for order, weight in weights.items()}
        if not any(weights.values()):
            return {order: Decimal(1) for order in weights}
        return dict(weights)
