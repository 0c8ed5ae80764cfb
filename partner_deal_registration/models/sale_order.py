from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SaleOrder(models.Model):
    _inherit = "sale.order"

    deal_registration_id = fields.Many2one(
        "partner.deal.registration",
        string="Registered deal",
        compute="_compute_deal_registration_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        copy=False,
        check_company=True,
        ondelete="restrict",
        domain="[('state', '=', 'approved'), ('company_id', '=', company_id)]",
        groups="partner_incentive_base.group_incentive_user,"
        "partner_incentive_base.group_incentive_auditor",
    )
    deal_warning = fields.Char(
        compute="_compute_deal_warning", compute_sudo=True, groups="base.group_user"
    )
    deal_note = fields.Char(
        string="Deal protection",
        compute="_compute_deal_warning",
        compute_sudo=True,
        groups="base.group_user",
    )

    @api.depends("opportunity_id")
    def _compute_deal_registration_id(self):
        """The approved deal of the opportunity; what was chosen by hand stays."""
        for order in self:
            deal = order.opportunity_id.sudo().deal_registration_ids.filtered(
                lambda deal, company=order.company_id: (
                    deal.state == "approved" and deal.company_id == company
                )
            )[:1]
            order.deal_registration_id = order.deal_registration_id or deal

    @api.depends("deal_registration_id.state", "partner_id", "state")
    def _compute_deal_warning(self):
        """Tell who has the deal, and warn where an order goes around it."""
        Registration = self.env["partner.deal.registration"]
        protecting = Registration._get_protecting(self.partner_id.commercial_partner_id)
        for order in self:
            deal = order.deal_registration_id
            other = protecting.get(order.partner_id.commercial_partner_id.id)
            order.deal_note = deal and Registration._describe_protection(
                deal if deal.protected_until else None
            )
            order.deal_warning = False
            if other and other != deal and order.state in ("draft", "sent", "sale"):
                order.deal_warning = self.env._(
                    "This customer's deal is protected. %s. Link the quotation to the "
                    "deal, or talk to the channel manager before you send it.",
                    Registration._describe_protection(other),
                )

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        orders.sudo().deal_registration_id._credit_documents()
        return orders

    def write(self, vals):
        before = {order: order.sudo().deal_registration_id for order in self}
        result = super().write(vals)
        if {"deal_registration_id", "opportunity_id"} & set(vals):
            for order, deal in before.items():
                order._change_deal(deal)
        if "state" in vals:
            self.sudo().deal_registration_id._update_conversion()
        return result

    @api.constrains("deal_registration_id")
    def _check_deal(self):
        for order in self.sudo():
            deal = order.deal_registration_id
            if deal and deal.state not in ("approved", "converted"):
                raise ValidationError(
                    self.env._("Only an approved deal can be linked to an order.")
                )

    def _change_deal(self, before):
        """Move credit and price from the deal before to the present one."""
        self.ensure_one()
        order = self.sudo()
        deal = order.deal_registration_id
        if deal == before:
            return
        if before:
            order.incentive_attribution_ids.filtered(
                lambda row: row.deal_registration_id == before
            ).unlink()
        deal._credit_documents()
        order._apply_deal_price()
        (deal | before)._update_conversion()

    def _get_deal_in_force(self):
        """The deal whose price applies to this order today."""
        self.ensure_one()
        deal = self.sudo().deal_registration_id
        return deal if deal and deal._is_protected() else deal.browse()

    def _apply_deal_price(self):
        """Give open quotations the price list and discount of their deal, or not."""
        for order in self.sudo().filtered(lambda o: o.state in ("draft", "sent")):
            pricelist = order._get_deal_in_force().pricelist_id
            deal_pricelists = order.deal_registration_id.pricelist_id
            if pricelist and order.pricelist_id != pricelist:
                order.pricelist_id = pricelist
                order._recompute_prices()
            elif (
                not pricelist
                and deal_pricelists
                and (order.pricelist_id == deal_pricelists)
            ):
                order.pricelist_id = order.partner_id.property_product_pricelist
                order._recompute_prices()
            order.order_line._compute_discount()
