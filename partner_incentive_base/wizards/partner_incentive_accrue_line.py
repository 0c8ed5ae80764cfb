from odoo import fields, models


class PartnerIncentiveAccrueLine(models.TransientModel):
    """What a run would do for one offer, partner and window."""

    _name = "partner.incentive.accrue.line"
    _description = "Accrual Preview Line"
    _order = "offer_id, entitlement desc"

    wizard_id = fields.Many2one("partner.incentive.accrue", ondelete="cascade")
    offer_id = fields.Many2one("partner.incentive.offer", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    currency_id = fields.Many2one(related="offer_id.currency_id")
    window_from = fields.Date(readonly=True)
    window_to = fields.Date(readonly=True)
    qualifying = fields.Float(string="Qualifying volume", digits=(16, 2), readonly=True)
    earning = fields.Float(string="Earning volume", digits=(16, 2), readonly=True)
    entitlement = fields.Monetary(readonly=True)
    change = fields.Monetary(
        string="To book", readonly=True, help="Entitlement less what is booked."
    )
