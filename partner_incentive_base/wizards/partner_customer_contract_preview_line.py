from odoo import fields, models

from ..models.partner_incentive_attribution import ROLES


class PartnerCustomerContractPreviewLine(models.TransientModel):
    """A contract that could be made."""

    _name = "partner.customer.contract.preview.line"
    _description = "Proposed Customer Contract"

    wizard_id = fields.Many2one(
        "partner.customer.contract.preview",
        required=True,
        ondelete="cascade",
        index=True,
    )
    selected = fields.Boolean(default=True)
    customer_id = fields.Many2one("res.partner", required=True)
    partner_id = fields.Many2one("res.partner", string="Credited partner")
    role = fields.Selection(ROLES, string="Credited as", default="sourced")
    product_id = fields.Many2one("product.product", required=True)
    date_start = fields.Date(string="Starts on", required=True)
    date_end = fields.Date(string="Ends on", required=True)
    currency_id = fields.Many2one("res.currency", required=True)
    recurring_amount = fields.Monetary(string="Amount per year")
    order_id = fields.Many2one("sale.order", readonly=True)
    move_id = fields.Many2one("account.move", readonly=True)
    renewal_of_id = fields.Many2one(
        "partner.customer.contract", string="Renews", readonly=True
    )
    source = fields.Char(string="Found in", readonly=True)

    def _prepare_contract_vals(self):
        self.ensure_one()
        return {
            "company_id": self.wizard_id.company_id.id,
            "customer_id": self.customer_id.id,
            "partner_id": self.partner_id.id,
            "role": self.role,
            "product_id": self.product_id.id,
            "date_start": self.date_start,
            "date_end": self.date_end,
            "recurring_amount": self.recurring_amount,
            "currency_id": self.currency_id.id,
            "order_id": self.order_id.id,
            "move_id": self.move_id.id,
        }
