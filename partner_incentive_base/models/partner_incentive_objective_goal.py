from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PartnerIncentiveObjectiveGoal(models.Model):
    """What one partner should reach in a fiscal year, by tier."""

    _name = "partner.incentive.objective.goal"
    _description = "Incentive Objective Goal"
    _order = "objective_id, grade_id, id"
    _rec_name = "grade_id"

    objective_id = fields.Many2one(
        "partner.incentive.objective", required=True, ondelete="cascade", index=True
    )
    grade_id = fields.Many2one(
        "res.partner.grade",
        string="Tier",
        ondelete="restrict",
        help="Empty: every tier without a goal of its own.",
    )
    amount = fields.Monetary(required=True, string="Per partner and year")
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "A goal must be above zero."
    )
    _grade_unique = models.UniqueIndex(
        "(objective_id, COALESCE(grade_id, 0))",
        "Each tier has one goal per objective.",
    )

    @api.depends("objective_id")
    def _compute_currency_id(self):
        for goal in self:
            goal.currency_id = (
                goal.currency_id
                or goal.objective_id.currency_id
                or self.env.company.currency_id
            )

    @api.constrains("grade_id")
    def _check_grade(self):
        for goal in self:
            company = goal.objective_id.company_id
            if company and goal.grade_id.company_id not in (
                company,
                self.env["res.company"],
            ):
                raise ValidationError(
                    self.env._(
                        "The tier %(tier)s belongs to another company than the "
                        "objective %(objective)s.",
                        tier=goal.grade_id.name,
                        objective=goal.objective_id.name,
                    )
                )
