from odoo import fields, models


class PartnerIncentiveOutlookLine(models.TransientModel):
    """One partner under one offer, in the window that runs."""

    _name = "partner.incentive.outlook.line"
    _description = "Incentive Outlook Line"
    _order = "offer_id, likely desc"

    wizard_id = fields.Many2one(
        "partner.incentive.outlook.view", ondelete="cascade", index=True
    )
    offer_id = fields.Many2one("partner.incentive.offer", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    grade_id = fields.Many2one(related="partner_id.grade_id", string="Tier")
    currency_id = fields.Many2one(related="offer_id.currency_id")
    window_from = fields.Date(readonly=True)
    window_to = fields.Date(readonly=True)
    volume = fields.Float(string="Volume so far", digits=(16, 2), readonly=True)
    expected_volume = fields.Float(
        string="Likely volume", digits=(16, 2), readonly=True
    )
    earned = fields.Monetary(string="Earned so far", readonly=True)
    likely = fields.Monetary(string="Likely at the end", readonly=True)
    missing = fields.Float(
        string="Missing to next bracket",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
    )
    missing_percent = fields.Float(
        string="Missing (%)", digits=(16, 1), readonly=True, aggregator=None
    )
    next_brings = fields.Monetary(
        string="Next bracket would add", readonly=True, aggregator=None
    )
    with_extra = fields.Monetary(string="With the extra volume", readonly=True)
