from odoo import fields, models


class PartnerTierSimulationLine(models.TransientModel):
    _name = "partner.tier.simulation.line"
    _description = "Tier Simulation Line"
    _order = "move desc, cost desc, id"

    simulation_id = fields.Many2one(
        "partner.tier.simulation", required=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="simulation_id.currency_id")
    partner_id = fields.Many2one("res.partner", readonly=True)
    grade_id = fields.Many2one("res.partner.grade", string="Today", readonly=True)
    before_grade_id = fields.Many2one(
        "res.partner.grade", string="Present rules", readonly=True
    )
    after_grade_id = fields.Many2one(
        "res.partner.grade", string="New rules", readonly=True
    )
    before_score = fields.Float(string="Score now", digits=(16, 2), readonly=True)
    after_score = fields.Float(string="Score then", digits=(16, 2), readonly=True)
    move = fields.Selection(
        [("down", "Down"), ("same", "Same"), ("up", "Up")], readonly=True
    )
    cost = fields.Monetary(readonly=True)
