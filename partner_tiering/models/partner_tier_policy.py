from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import ormcache

from ..scoring.ladder import Level, Requirement

PERIODS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


def exact(number):
    return Decimal(str(number or 0))


class Scoring(NamedTuple):
    """What a policy asks for, in plain values.

    :param level_ids: of the levels, ascending; ``levels`` are the same in scoring's
        terms
    :param goals: see ``_get_goals``, each with an entry per metric of ``metric_ids``
    :param coverage: the least part of the weight that must be known
    """

    level_ids: tuple
    levels: tuple
    goals: dict
    metric_ids: tuple
    coverage: Decimal

    @property
    def required_ids(self):
        """Ids of the metrics that levels require something of."""
        return {each.key for level in self.levels for each in level.requirements}


class PartnerTierPolicy(models.Model):
    """The rules by which partners are scored and tiers given; versioned.

    ======= ======= ========= ===================================================
    Action  Who     From      Restriction
    ======= ======= ========= ===================================================
    submit  User    draft     weights, levels and requirements must make sense
    publish Manager in review somebody else than who submitted it
    retire  Manager published
    ======= ======= ========= ===================================================

    A published version never changes; *Revise* makes the next one, in force from the
    first day of a period. Only its public text can be corrected.
    """

    _name = "partner.tier.policy"
    _description = "Tier Policy"
    _inherit = ["partner.tiering.workflow", "mail.thread", "mail.activity.mixin"]
    _order = "company_id, date_from desc, id desc"
    _check_company_auto = True
    _transitions = {
        ("draft", "review"): "user",
        ("review", "draft"): "user",
        ("review", "published"): "manager",
        ("published", "retired"): "manager",
    }
    _process_fields = ("number", "submitted_by", "published_by", "published_on")
    _frozen_states = ("review", "published", "retired")
    _frozen_fields = (
        "company_id",
        "period",
        "date_from",
        "qualification",
        "qualification_months",
        "minimum_coverage",
        "peer_group",
        "minimum_peers",
        "promotion_days",
        "notice_days",
        "grace_days",
        "enrolment_months",
        "largest_fall",
        "small_amount",
        "small_metric_id",
        "small_fall",
        "earning_floor",
        "earning_offer_ids",
        "line_ids",
        "level_ids",
        "previous_id",
    )

    name = fields.Char(required=True, translate=True, tracking=True)
    number = fields.Integer(string="Version", default=1, readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("review", "In review"),
            ("published", "Published"),
            ("retired", "Retired"),
        ],
        default="draft",
        required=True,
        index=True,
        copy=False,
        tracking=True,
    )
    previous_id = fields.Many2one(
        "partner.tier.policy",
        string="Follows",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    period = fields.Selection(
        [
            ("month", "Month"),
            ("quarter", "Quarter"),
            ("half", "Half-year"),
            ("year", "Year"),
        ],
        default="quarter",
        required=True,
        help="A scorecard is closed for each.",
    )
    date_from = fields.Date(
        string="In force from",
        required=True,
        default=lambda self: fields.Date.start_of(
            fields.Date.context_today(self), "quarter"
        ),
        tracking=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
    )
    submitted_by = fields.Many2one("res.users", readonly=True, copy=False)
    published_by = fields.Many2one("res.users", readonly=True, copy=False)
    published_on = fields.Date(readonly=True, copy=False)
    change_reason = fields.Text(
        string="What changes, and why", copy=False, help="Partners read it."
    )
    public_rules = fields.Html(
        string="Introduction", translate=True, help="On the public page of the rules."
    )
    is_public = fields.Boolean(
        string="Public page", default=True, help="Anybody can read the rules."
    )
    # ---------------------------------------------------------------- qualification
    qualification = fields.Selection(
        [
            ("closing", "On the last day of the period"),
            ("any_day", "On any day of the qualification window"),
        ],
        string="Qualifies",
        default="closing",
        required=True,
    )
    qualification_months = fields.Integer(
        string="Qualification window (months)", default=12
    )
    minimum_coverage = fields.Float(
        string="Least known weight (%)",
        default=50.0,
        help="With verdicts for less than that there is no score.",
    )
    peer_group = fields.Selection(
        [("all", "All partners"), ("grade", "Same tier"), ("region", "Same region")],
        default="all",
        required=True,
    )
    minimum_peers = fields.Integer(default=5)
    # ----------------------------------------------------------------------- fairness
    promotion_days = fields.Integer(
        string="Promotion after (days)", default=0, help="From its approval on."
    )
    notice_days = fields.Integer(
        string="Notice of a downgrade (days)", default=30, help="From its approval on."
    )
    grace_days = fields.Integer(
        string="Grace before a downgrade (days)",
        default=90,
        help="In which a plan is to keep the tier.",
    )
    enrolment_months = fields.Integer(
        string="Enrolment period (months)",
        default=12,
        help="From the first enrollment; no tier is lost in it.",
    )
    largest_fall = fields.Integer(
        string="Largest fall (tiers)",
        default=1,
        help="How many tiers a partner can lose at once. 0: no limit.",
    )
    small_metric_id = fields.Many2one(
        "partner.metric", string="Small partners by", index="btree_not_null"
    )
    small_amount = fields.Float(
        string="Small below",
        help="Partners with less than that are small, and the safety net holds.",
    )
    small_fall = fields.Integer(
        string="Largest fall of small partners (tiers)",
        default=0,
        help="In one period. 0: a small partner loses no tier by its score.",
    )
    earning_floor = fields.Float(
        string="Earnings of small partners are safe by (%)",
        digits=(16, 2),
        help="What an offer pays them in a window is at least this part of what they "
        "had in the window before; finance approves what is missing. 0: no limit.",
    )
    earning_offer_ids = fields.Many2many(
        "partner.incentive.offer",
        string="Offers under the safety net",
        domain="[('company_id', '=', company_id), "
        "('state', 'in', ('published', 'suspended', 'retired'))]",
    )
    line_ids = fields.One2many(
        "partner.tier.policy.line", "policy_id", string="Metrics", copy=True
    )
    level_ids = fields.One2many(
        "partner.tier.level", "policy_id", string="Levels", copy=True
    )
    scorecard_count = fields.Integer(
        string="Scorecards", compute="_compute_scorecard_count"
    )
    total_weight = fields.Float(compute="_compute_total_weight")

    _days_positive = models.Constraint(
        "CHECK (promotion_days >= 0 AND notice_days >= 0 AND grace_days >= 0 "
        "AND enrolment_months >= 0 AND qualification_months > 0 "
        "AND largest_fall >= 0 AND small_fall >= 0 AND small_amount >= 0)",
        "Days, months and limits cannot be negative.",
    )
    _coverage_range = models.Constraint(
        "CHECK (minimum_coverage >= 0 AND minimum_coverage <= 100)",
        "The least known weight is a percentage.",
    )
    _earning_range = models.Constraint(
        "CHECK (earning_floor >= 0 AND earning_floor <= 100)",
        "The part of the earnings that is safe is a percentage.",
    )
    _one_per_day = models.UniqueIndex(
        "(company_id, date_from) WHERE state = 'published'",
        "A version is in force from that day already.",
    )

    @api.depends("name", "number")
    def _compute_display_name(self):
        for policy in self:
            policy.display_name = self.env._(
                "%(name)s, version %(number)s",
                name=policy.name or "",
                number=policy.number,
            )

    def _compute_scorecard_count(self):
        counts = dict(
            self.env["partner.scorecard"]._read_group(
                [("policy_id", "in", self.ids)], ["policy_id"], ["__count"]
            )
        )
        for policy in self:
            policy.scorecard_count = counts.get(policy, 0)

    @api.depends("line_ids.weight")
    def _compute_total_weight(self):
        for policy in self:
            policy.total_weight = sum(policy.line_ids.mapped("weight"))

    @api.constrains("date_from", "period")
    def _check_date_from(self):
        for policy in self:
            start, _end = policy._get_period(policy.date_from)
            if start != policy.date_from:
                raise ValidationError(
                    self.env._(
                        "Rules change with a period: choose the first day of one, such "
                        "as %s.",
                        fields.Date.to_string(start),
                    )
                )

    # -------------------------------------------------------------------- transitions

    def _check_requirements(self, old, new):
        if new == "review":
            self._check_complete()
        if new == "published":
            if self.submitted_by == self.env.user and not self.env.su:
                raise UserError(
                    self.env._(
                        "You submitted %s; somebody else publishes it.", self.name
                    )
                )
            self._check_complete()

    def _check_complete(self):
        self.ensure_one()
        if not self.line_ids or not self.total_weight:
            raise UserError(self.env._("Add metrics with their weights."))
        if len(self.level_ids) < 2:
            raise UserError(
                self.env._("Add the tiers, the lowest first: two of them at least.")
            )
        if self.earning_floor and not (self.earning_offer_ids and self.small_metric_id):
            raise UserError(
                self.env._(
                    "Say which partners are small, and choose the offers under the "
                    "safety net."
                )
            )
        lowest = self.level_ids.sorted()[0]
        if lowest.minimum_score or lowest.every_part or lowest.requirement_ids:
            raise UserError(
                self.env._(
                    "%s is the baseline for everybody and asks for nothing.",
                    lowest.grade_id.name,
                )
            )
        retired = self.line_ids.metric_id.filtered(lambda metric: not metric.active)
        if retired:
            raise UserError(
                self.env._("%s is retired.", ", ".join(retired.mapped("name")))
            )

    def _on_move(self, old, new):
        # see _read_published_scoring
        self.env.registry.clear_cache()
        if new == "review":
            self.sudo().submitted_by = self.env.user
        elif new == "published":
            self.sudo().write(
                {
                    "published_by": self.env.uid,
                    "published_on": fields.Date.context_today(self),
                }
            )

    def action_submit(self):
        return self.write({"state": "review"})

    def action_back(self):
        return self.write({"state": "draft"})

    def action_publish(self):
        return self.write({"state": "published"})

    def action_retire(self):
        return self.write({"state": "retired"})

    def action_revise(self):
        """The next version, in force from the next period on."""
        self.ensure_one()
        _start, end = self._get_period(fields.Date.context_today(self))
        revision = self.copy(
            {"date_from": end + relativedelta(days=1), "name": self.name}
        )
        revision.sudo().write({"previous_id": self.id, "number": self.number + 1})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": revision.id,
            "view_mode": "form",
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for policy in self:
            if policy.state != "draft":
                raise UserError(
                    self.env._("%s has been submitted and is kept.", policy.name)
                )

    # ------------------------------------------------------------------------- lookup

    def _get_period(self, day):
        """First and last day of the period that ``day`` is in."""
        self.ensure_one()
        months = PERIODS[self.period or "quarter"]
        first = day.replace(day=1) - relativedelta(months=(day.month - 1) % months)
        return first, first + relativedelta(months=months, days=-1)

    @api.model
    def _get_in_force(self, company, day):
        """The version of ``company`` that governs ``day``, or none."""
        return (
            self.sudo()
            .search(
                [
                    ("company_id", "=", company.id),
                    ("state", "in", ("published", "retired")),
                    ("date_from", "<=", day),
                ],
                order="date_from desc",
                limit=1,
            )
            .filtered(lambda policy: policy.state == "published")
        )

    def _get_levels(self):
        """:class:`~..scoring.ladder.Level` of each level, ascending; keys are tiers."""
        self.ensure_one()
        return [
            Level(
                key=level.grade_id.id,
                minimum_score=exact(level.minimum_score),
                every_part=level.every_part,
                requirements=tuple(
                    Requirement(
                        requirement.metric_id.id,
                        exact(requirement.bound),
                        requirement.metric_id.higher_is_better,
                    )
                    for requirement in level.requirement_ids
                ),
            )
            for level in self.level_ids.sorted()
        ]

    def _get_goals(self):
        """``{(tier id, potential): goals per line}``; see :meth:`_find_goals`.

        Both parts of a key can be False: what holds for all.
        """
        self.ensure_one()
        keys = {(False, False)}
        special = defaultdict(dict)
        for line in self.line_ids:
            for goal in line.goal_ids:
                key = (goal.grade_id.id, goal.potential or False)
                keys.add(key)
                special[line][key] = goal
        # a tier and a potential, each with goals of its own, meet in one partner
        keys |= {(grade, potential) for grade, _p in keys for _g, potential in [*keys]}
        return {
            key: tuple(line._get_goal(special[line], *key) for line in self.line_ids)
            for key in keys
        }

    def _get_scoring(self):
        """:class:`Scoring` of this policy."""
        self.ensure_one()
        return self._read_published_scoring() or self._read_scoring()

    @ormcache("self.id")
    def _read_published_scoring(self):
        """That of a published policy, or None.

        Kept in memory, since portal pages ask for it. Such a policy does not change
        any more; what else it comes from clears it.
        """
        return self._read_scoring() if self.state in ("published", "retired") else None

    def _read_scoring(self):
        return Scoring(
            tuple(self.level_ids.sorted().ids),
            tuple(self._get_levels()),
            self._get_goals(),
            tuple(line.metric_id.id for line in self.line_ids),
            exact(self.minimum_coverage),
        )

    @api.model
    def _find_goals(self, goals, grade_id, potential):
        """Goals of a tier and a potential, the most specific that there are."""
        for key in (
            (grade_id, potential),
            (grade_id, False),
            (False, potential),
            (False, False),
        ):
            if key in goals:
                return goals[key]
        raise KeyError(grade_id, potential)

    def _get_public_rules(self, day):
        """What the public page shows: the matrix, the metrics, the benefits."""
        self.ensure_one()
        benefits = (
            self.env["partner.tier.benefit"].sudo().search([("is_public", "=", True)])
        )
        values = self.env["partner.tier.benefit.value"]._get_by_grade(
            benefits, day, self.company_id
        )
        levels = self.level_ids.sorted()
        metrics = levels.requirement_ids.metric_id
        bounds = {
            (each.level_id, each.metric_id): each.metric_id._format(
                each.bound, self.currency_id
            )
            for each in levels.requirement_ids
        }
        total = self.total_weight or 1
        return {
            "levels": levels,
            "requirements": [
                (metric, [bounds.get((level, metric), "") for level in levels])
                for metric in metrics
            ],
            "metrics": [
                {
                    "metric": line.metric_id,
                    "weight": 100 * line.weight / total,
                    "floor": line.metric_id._format(line.floor, self.currency_id),
                    "target": line.metric_id._format(line.target, self.currency_id),
                    "in_percent": line.target_basis == "baseline",
                    "goals": [
                        (
                            goal.grade_id.name or goal.potential,
                            line.metric_id._format(goal.target, self.currency_id),
                        )
                        # what we think of a partner's potential is not public
                        for goal in line.goal_ids
                        if not goal.potential
                    ],
                }
                for line in self.line_ids
            ],
            "benefits": [
                (
                    benefit,
                    [
                        values[benefit, level.grade_id].display_value
                        if (benefit, level.grade_id) in values
                        else ""
                        for level in levels
                    ],
                )
                for benefit in benefits
                if any((benefit, level.grade_id) in values for level in levels)
            ],
        }

    def action_view_scorecards(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_tiering.partner_scorecard_action"
        )
        action["domain"] = [("policy_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_compute_baselines(self):
        """Median of the partners' values a year ago, as the base of targets."""
        for policy in self:
            policy._check_can_write({"line_ids": []})
            policy.line_ids._compute_baselines()
        return True

    def action_refresh_scorecards(self):
        self.check_access("read")
        today = fields.Date.context_today(self)
        for policy in self:
            if policy.state != "published":
                raise UserError(
                    self.env._("%s is not published yet.", policy.display_name)
                )
            self.env["partner.scorecard"]._refresh(policy, today)
        return self.action_view_scorecards() if len(self) == 1 else True
