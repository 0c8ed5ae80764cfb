from odoo import api, fields, models


class PartnerIncentiveSimulationLine(models.TransientModel):
    """What the offer would have come to for one partner."""

    _name = "partner.incentive.simulation.line"
    _description = "Incentive Simulation Line"
    _order = "cost desc, id"

    wizard_id = fields.Many2one(
        "partner.incentive.simulation", ondelete="cascade", index=True
    )
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    partner_id = fields.Many2one("res.partner", readonly=True)
    grade_id = fields.Many2one(related="partner_id.grade_id", string="Tier")
    segment_id = fields.Many2one(
        "partner.incentive.segment", string="Rates of", readonly=True
    )
    amount = fields.Monetary(string="Earning volume", readonly=True)
    cost = fields.Monetary(readonly=True)
    paid = fields.Monetary(
        readonly=True, help="What would have been paid by the last day."
    )
    cost_percent = fields.Float(
        string="Cost in %",
        compute="_compute_cost_percent",
        digits=(16, 2),
        aggregator=None,
    )

    @api.depends("amount", "cost")
    def _compute_cost_percent(self):
        for line in self:
            line.cost_percent = 100 * line.cost / line.amount if line.amount else 0
