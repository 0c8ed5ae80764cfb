from odoo import fields, models


class PartnerMdfAllocateLine(models.TransientModel):
    """One allocation that the wizard proposes, or what is wrong with a line."""

    _name = "partner.mdf.allocate.line"
    _description = "Proposed Allocation"
    _order = "id"

    wizard_id = fields.Many2one(
        "partner.mdf.allocate", required=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    number = fields.Integer(string="Line", readonly=True)
    content = fields.Char(readonly=True)
    partner_id = fields.Many2one(
        "res.partner", domain="[('commercial_partner_id', '=', id)]"
    )
    basis = fields.Float(
        readonly=True, digits=(16, 2), help="Sales, weight or 1, by the formula."
    )
    amount = fields.Monetary()
    error = fields.Char(readonly=True)
