from odoo import api, fields, models


class PartnerTierPolicyGoal(models.Model):
    """Floor and target of a metric for a tier, or for a potential, or both."""

    _name = "partner.tier.policy.goal"
    _description = "Tier Policy Target"
    _order = "line_id, id"
    _rec_name = "grade_id"

    line_id = fields.Many2one(
        "partner.tier.policy.line", required=True, index=True, ondelete="cascade"
    )
    grade_id = fields.Many2one(
        "res.partner.grade", string="Tier", index="btree_not_null"
    )
    potential = fields.Selection(
        [("low", "Low"), ("medium", "Medium"), ("high", "High")],
        help="Steeper targets for partners that could grow more.",
    )
    floor = fields.Float(digits=(16, 4))
    target = fields.Float(required=True, digits=(16, 4))

    _one_per_tier = models.UniqueIndex(
        "(line_id, COALESCE(grade_id, 0), COALESCE(potential, ''))",
        "The metric has a target for that tier and potential already.",
    )
    _for_somebody = models.Constraint(
        "CHECK (grade_id IS NOT NULL OR potential IS NOT NULL)",
        "Choose a tier or a potential that the target is for.",
    )

    @api.constrains("floor", "target", "line_id")
    def _check_target(self):
        for goal in self:
            goal.line_id._check_order(goal.floor, goal.target)

    @api.model_create_multi
    def create(self, vals_list):
        goals = super().create(vals_list)
        goals.line_id.policy_id._check_can_write({"line_ids": []})
        return goals

    def write(self, vals):
        self.line_id.policy_id._check_can_write({"line_ids": []})
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self.line_id.policy_id._check_can_write({"line_ids": []})
