from odoo import fields, models


class PartnerIncentiveLaunchCost(models.TransientModel):
    """What one offer would have cost for one partner."""

    _name = "partner.incentive.launch.cost"
    _description = "Incentive Launch Cost"
    _order = "cost desc, id"
    _transient_max_hours = 24 * 7

    launch_id = fields.Many2one(
        "partner.incentive.launch", required=True, ondelete="cascade", index=True
    )
    line_id = fields.Many2one(
        "partner.incentive.launch.line",
        string="Offer",
        required=True,
        ondelete="cascade",
        index=True,
    )
    currency_id = fields.Many2one(related="launch_id.currency_id")
    partner_id = fields.Many2one("res.partner", readonly=True)
    grade_id = fields.Many2one(related="partner_id.grade_id", string="Tier")
    amount = fields.Monetary(string="Earning volume", readonly=True)
    cost = fields.Monetary(string="Would have cost", readonly=True)
