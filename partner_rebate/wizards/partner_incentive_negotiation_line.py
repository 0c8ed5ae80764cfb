from odoo import fields, models


class PartnerIncentiveNegotiationLine(models.TransientModel):
    _name = "partner.incentive.negotiation.line"
    _description = "Negotiated Rate"
    _order = "lower, id"

    wizard_id = fields.Many2one(
        "partner.incentive.negotiation", ondelete="cascade", index=True
    )
    lower = fields.Float(string="From", digits=(16, 2))
    rate = fields.Float(digits=(16, 4))
