from decimal import Decimal
from statistics import median

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..scoring.score import Goal


class PartnerTierPolicyLine(models.Model):
    """What a policy asks of one metric, and how much it weighs."""

    _name = "partner.tier.policy.line"
    _description = "Tier Policy Metric"
    _order = "policy_id, sequence, id"
    _rec_name = "metric_id"

    policy_id = fields.Many2one(
        "partner.tier.policy", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="policy_id.company_id")
    sequence = fields.Integer(default=10)
    metric_id = fields.Many2one(
        "partner.metric", required=True, index=True, ondelete="restrict"
    )
    unit = fields.Selection(related="metric_id.unit")
    higher_is_better = fields.Boolean(related="metric_id.higher_is_better")
    weight = fields.Float(required=True, default=10.0, digits=(16, 2))
    floor = fields.Float(digits=(16, 4), help="Up to here there are no points for it.")
    target = fields.Float(
        required=True, digits=(16, 4), help="From here on there are all points."
    )
    target_basis = fields.Selection(
        [("value", "A value"), ("baseline", "In % of the baseline")],
        string="Floor and target are",
        default="value",
        required=True,
    )
    baseline = fields.Float(
        digits=(16, 4), help="Median of the partners before the policy."
    )
    partial = fields.Boolean(
        string="Partial points", default=True, help="Else all or nothing."
    )
    minimum_cases = fields.Integer(
        string="Minimum evidence",
        compute="_compute_minimum_cases",
        store=True,
        readonly=False,
        precompute=True,
    )
    goal_ids = fields.One2many(
        "partner.tier.policy.goal", "line_id", string="Per tier", copy=True
    )

    _weight_positive = models.Constraint(
        "CHECK (weight >= 0)", "A weight cannot be negative."
    )
    _metric_once = models.UniqueIndex(
        "(policy_id, metric_id)", "The metric is part of the policy already."
    )

    @api.depends("metric_id")
    def _compute_minimum_cases(self):
        for line in self:
            line.minimum_cases = line.metric_id.minimum_cases

    @api.constrains("floor", "target", "target_basis", "baseline", "metric_id")
    def _check_target(self):
        for line in self:
            line._check_order(line.floor, line.target)
            if line.target_basis == "baseline" and not line.baseline:
                raise ValidationError(
                    self.env._(
                        "Compute the baseline of %s first, or enter one.",
                        line.metric_id.name,
                    )
                )

    def _check_order(self, floor, target):
        self.ensure_one()
        better = target > floor if self.higher_is_better else target < floor
        if not better:
            raise ValidationError(
                self.env._(
                    "The target of %(metric)s must be better than its floor: "
                    "%(direction)s is better.",
                    metric=self.metric_id.name,
                    direction=self.env._("more")
                    if self.higher_is_better
                    else self.env._("less"),
                )
            )

    def _get_goal(self, special, grade_id, potential):
        """:class:`Goal` of a tier and a potential.

        :param special: ``{(tier id, potential): record of an own goal}``
        """
        own = (
            special.get((grade_id, potential))
            or special.get((grade_id, False))
            or special.get((False, potential))
        )
        floor = Decimal(str(own.floor if own else self.floor))
        target = Decimal(str(own.target if own else self.target))
        if self.target_basis == "baseline":
            factor = Decimal(str(self.baseline)) / 100
            floor, target = floor * factor, target * factor
        return Goal(
            weight=Decimal(str(self.weight)),
            floor=floor,
            target=target,
            higher_is_better=self.higher_is_better,
            partial=self.partial,
            minimum_cases=self.minimum_cases,
        )

    def _compute_baselines(self):
        for line in self:
            policy = line.policy_id
            day = policy.date_from - relativedelta(days=1)
            figures = self.env["partner.scorecard.calculation"]._measure(
                line.metric_id, policy.company_id, day
            )[line.metric_id.id]
            values = [
                figure.value
                for figure in figures.values()
                if figure.value is not None and figure.cases >= line.minimum_cases
            ]
            line.baseline = float(median(values)) if values else 0

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.policy_id._check_can_write({"line_ids": []})
        return lines

    def write(self, vals):
        self.policy_id._check_can_write({"line_ids": []})
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self.policy_id._check_can_write({"line_ids": []})
