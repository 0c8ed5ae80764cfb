from odoo import api, fields, models


class PartnerTierLevel(models.Model):
    """A row of the requirement matrix: what a tier asks for."""

    _name = "partner.tier.level"
    _description = "Tier Level"
    _order = "policy_id, sequence, id"
    _rec_name = "grade_id"

    policy_id = fields.Many2one(
        "partner.tier.policy", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10, help="The lowest tier first.")
    grade_id = fields.Many2one(
        "res.partner.grade",
        string="Tier",
        required=True,
        index=True,
        ondelete="restrict",
    )
    minimum_score = fields.Float(string="Score from", digits=(16, 2))
    every_part = fields.Boolean(
        string="Every part above zero",
        help="Every metric with a verdict must have points.",
    )
    requirement_ids = fields.One2many(
        "partner.tier.requirement", "level_id", string="Requirements", copy=True
    )

    _score_range = models.Constraint(
        "CHECK (minimum_score >= 0 AND minimum_score <= 100)",
        "A score is 0 to 100.",
    )
    _tier_once = models.UniqueIndex(
        "(policy_id, grade_id)", "The tier is part of the policy already."
    )

    @api.model_create_multi
    def create(self, vals_list):
        levels = super().create(vals_list)
        levels.policy_id._check_can_write({"level_ids": []})
        return levels

    def write(self, vals):
        self.policy_id._check_can_write({"level_ids": []})
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self.policy_id._check_can_write({"level_ids": []})
