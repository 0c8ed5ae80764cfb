from ast import literal_eval

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..metrics.source import Window
from ..scoring.drift import Rule
from ..scoring.formula import Formula, FormulaError

UNITS = [
    ("percent", "Percent"),
    ("days", "Days"),
    ("rating", "Rating, 1 to 5"),
    ("number", "Number"),
    ("amount", "Amount"),
]
AGGREGATIONS = [
    ("sum", "Sum"),
    ("average", "Average"),
    ("percent", "Share in percent"),
    ("growth", "Growth in percent"),
]
#: What a metric measures; changing it would tell another story under the same name.
DEFINITION = {
    "kind",
    "source",
    "formula",
    "model_id",
    "record_domain",
    "partner_field_id",
    "date_field_id",
    "value_field_id",
    "window_months",
    "aggregation",
    "higher_is_better",
}


class PartnerMetric(models.Model):
    """One figure about a partner: where it comes from, and how far it is trusted.

    A metric reads a source of the registry, records of any model by a domain, or
    other metrics by a formula. Its definition stays once scorecards with it are
    closed; retire it and make another one instead.
    """

    _name = "partner.metric"
    _description = "Performance Metric"
    _inherit = ["mail.thread"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    code = fields.Char(
        required=True,
        copy=False,
        help="Name of the metric in formulas: letters, digits, underscores.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)
    description = fields.Text(translate=True, help="Partners read it.")
    kind = fields.Selection(
        [
            ("source", "Ready-made"),
            ("domain", "Records by a filter"),
            ("formula", "Formula over metrics"),
        ],
        required=True,
        default="source",
        tracking=True,
    )
    source = fields.Selection(selection="_get_source_selection", tracking=True)
    model_id = fields.Many2one(
        "ir.model",
        string="Records",
        ondelete="cascade",
        domain="[('transient', '=', False), ('abstract', '=', False)]",
    )
    model_name = fields.Char(related="model_id.model")
    record_domain = fields.Char(string="Filter", default="[]", tracking=True)
    partner_field_id = fields.Many2one(
        "ir.model.fields",
        string="Partner is in",
        ondelete="cascade",
        domain="[('model_id', '=', model_id), ('relation', '=', 'res.partner'),"
        " ('ttype', '=', 'many2one'), ('store', '=', True)]",
    )
    date_field_id = fields.Many2one(
        "ir.model.fields",
        string="Dated by",
        ondelete="cascade",
        domain="[('model_id', '=', model_id), ('ttype', 'in', ('date', 'datetime')),"
        " ('store', '=', True)]",
    )
    value_field_id = fields.Many2one(
        "ir.model.fields",
        string="Value",
        ondelete="cascade",
        domain="[('model_id', '=', model_id), ('store', '=', True),"
        " ('ttype', 'in', ('integer', 'float', 'monetary'))]",
        help="Empty: records are counted.",
    )
    formula = fields.Char(
        tracking=True,
        help="Over codes of other metrics, such as (renewal_rate + adherence) / 2. "
        "Allowed: + - * / ( ) min max and numbers.",
    )
    aggregation = fields.Selection(
        AGGREGATIONS,
        compute="_compute_from_source",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    unit = fields.Selection(
        UNITS,
        compute="_compute_from_source",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    higher_is_better = fields.Boolean(
        compute="_compute_from_source", store=True, readonly=False, precompute=True
    )
    window_months = fields.Integer(
        string="Window (months)", default=12, required=True, tracking=True
    )
    minimum_cases = fields.Integer(
        string="Minimum evidence",
        default=3,
        required=True,
        help="Fewer records than that give no verdict, neither for nor against.",
    )
    # ------------------------------------------------------------------------ audit
    coverage = fields.Float(
        string="Coverage (%)",
        compute="_compute_audit",
        help="Partners of the latest scorecards for which the metric has a verdict.",
    )
    freshness = fields.Date(
        compute="_compute_audit", help="Day up to which it was measured last."
    )
    review_months = fields.Integer(string="Review every (months)", default=12)
    last_review = fields.Date(readonly=True, copy=False, tracking=True)
    reviewed_by = fields.Many2one("res.users", readonly=True, copy=False)
    review_note = fields.Text(tracking=True, copy=False)
    review_due = fields.Boolean(
        string="Review due", compute="_compute_review_due", search="_search_review_due"
    )
    retired_on = fields.Date(readonly=True, copy=False, tracking=True)
    retire_reason = fields.Text(copy=False, tracking=True)
    # ------------------------------------------------------------------------ drift
    watched = fields.Boolean(
        string="Watch for drift", default=True, help="Unusual values raise an alert."
    )
    own_distance = fields.Float(
        string="From its own past",
        default=3.0,
        help="Robust standard deviations from the partner's own median.",
    )
    peer_distance = fields.Float(
        string="From its peers",
        default=2.0,
        help="Robust standard deviations from what peers changed in the same period.",
    )
    minimum_history = fields.Integer(string="Earlier periods needed", default=3)
    minimum_peers = fields.Integer(string="Peers needed", default=5)
    least_spread = fields.Float(
        string="Smallest spread",
        default=2.0,
        help="In the metric's unit; steady figures are taken to vary by so much.",
    )
    both_sides = fields.Boolean(
        string="Improbable rises, too", help="As where volume is gamed."
    )
    judged_count = fields.Integer(string="Values judged", readonly=True, copy=False)
    alarm_count = fields.Integer(string="Alarms", readonly=True, copy=False)
    false_alarm_count = fields.Integer(string="False alarms", readonly=True, copy=False)
    false_alarm_rate = fields.Float(
        string="False alarms (%)",
        compute="_compute_false_alarm_rate",
        help="Values judged in the past that would have been reported although the "
        "next one was back to normal, in percent of the values judged.",
    )
    backtest_date = fields.Date(readonly=True, copy=False)
    line_ids = fields.One2many("partner.scorecard.line", "metric_id")

    _code_unique = models.Constraint(
        "UNIQUE (code)", "Another metric has this code already."
    )
    _window_positive = models.Constraint(
        "CHECK (window_months > 0)", "The window is one month at least."
    )
    _spread_positive = models.Constraint(
        "CHECK (least_spread > 0 AND own_distance > 0 AND peer_distance >= 0)",
        "Distances and the smallest spread are more than 0.",
    )

    @api.model
    def _get_source_selection(self):
        sources = self.env["partner.metric.source"]._get_sources()
        return [(code, source.label) for code, source in sources.items()]

    def _get_source(self):
        self.ensure_one()
        return self.env["partner.metric.source"]._get_sources().get(self.source)

    @api.depends("kind", "source", "value_field_id")
    def _compute_from_source(self):
        sources = self.env["partner.metric.source"]._get_sources()
        for metric in self:
            source = sources.get(metric.source) if metric.kind == "source" else None
            if source:
                metric.aggregation = source.aggregation
                metric.unit = source.unit
                metric.higher_is_better = source.higher_is_better
            else:
                metric.aggregation = metric.aggregation or "sum"
                metric.unit = metric.unit or "number"
                metric.higher_is_better = (
                    metric.higher_is_better if metric._origin else True
                )

    def _compute_audit(self):
        Line = self.env["partner.scorecard.line"]
        latest = {
            metric.id: day
            for metric, day in Line._read_group(
                [("metric_id", "in", self.ids)], ["metric_id"], ["date_to:max"]
            )
        }
        for metric in self:
            day = latest.get(metric._origin.id)
            metric.freshness = False
            metric.coverage = 0
            if not day:
                continue
            domain = [("metric_id", "=", metric.id), ("date_to", "=", day)]
            total = Line.search_count(domain)
            known = Line.search_count([*domain, ("verdict", "=", "scored")])
            metric.coverage = 100 * known / total if total else 0
            metric.freshness = max(
                Line.search(domain, limit=1).scorecard_id.mapped("as_of")
            )

    def _compute_review_due(self):
        today = fields.Date.context_today(self)
        for metric in self:
            metric.review_due = bool(metric.review_months) and (
                not metric.last_review
                or metric.last_review + relativedelta(months=metric.review_months)
                <= today
            )

    def _search_review_due(self, operator, value):
        if operator != "in":
            return NotImplemented
        reviewed = self.search([("review_months", ">", 0)])
        ids = reviewed.filtered("review_due").ids
        return [("id", "in" if True in value else "not in", ids)]

    @api.depends("judged_count", "false_alarm_count")
    def _compute_false_alarm_rate(self):
        for metric in self:
            metric.false_alarm_rate = (
                100 * metric.false_alarm_count / metric.judged_count
                if metric.judged_count
                else 0
            )

    # ----------------------------------------------------------------------- checks

    @api.constrains("code")
    def _check_code(self):
        for metric in self:
            if not metric.code.isidentifier() or metric.code in ("min", "max"):
                raise ValidationError(
                    self.env._(
                        "%s is no code: use letters, digits and underscores, and no "
                        "digit first.",
                        metric.code,
                    )
                )

    @api.constrains(
        "kind",
        "source",
        "formula",
        "model_id",
        "record_domain",
        "partner_field_id",
        "date_field_id",
        "value_field_id",
        "aggregation",
    )
    def _check_definition(self):
        for metric in self:
            if metric.kind == "source" and not metric._get_source():
                raise ValidationError(
                    self.env._("Choose what %s measures.", metric.name)
                )
            if metric.kind == "domain":
                metric._check_records()
            if metric.kind == "formula":
                metric._check_formula()

    def _check_records(self):
        """Fields must be of the model; the query is tried on the database."""
        named = self.partner_field_id | self.date_field_id | self.value_field_id
        if not (self.model_id and self.partner_field_id and self.date_field_id):
            raise ValidationError(
                self.env._(
                    "Choose records, the field with their partner, and the one with "
                    "their date for %s.",
                    self.name,
                )
            )
        if named.model_id != self.model_id or not all(named.mapped("store")):
            raise ValidationError(
                self.env._("The fields of %s are not of its records.", self.name)
            )
        if self.aggregation not in ("sum", "average"):
            raise ValidationError(
                self.env._("Records by a filter are summed or averaged.")
            )
        try:
            with self.env.cr.savepoint():
                day = fields.Date.context_today(self)
                rows = self._get_rows(self.env.company, day)
                self.env.execute_query(SQL("SELECT * FROM (%s) AS row LIMIT 1", rows))
        except Exception as error:
            raise ValidationError(
                self.env._(
                    "The filter of %(metric)s cannot be read: %(error)s. Set it with "
                    "the filter editor.",
                    metric=self.name,
                    error=error,
                )
            ) from error

    def _check_formula(self):
        try:
            formula = Formula(self.formula or "")
        except FormulaError as error:
            raise ValidationError(
                self.env._(
                    "The formula of %(metric)s cannot be read: %(error)s.",
                    metric=self.name,
                    error=error,
                )
            ) from error
        operands = self._get_operands()
        unknown = formula.names - set(operands.mapped("code"))
        if unknown:
            raise ValidationError(
                self.env._(
                    "The formula of %(metric)s names %(codes)s, which is no metric.",
                    metric=self.name,
                    codes=", ".join(sorted(unknown)),
                )
            )
        seen, todo = self.browse(), operands
        while todo:
            if self in todo:
                raise ValidationError(
                    self.env._("The formula of %s leads back to itself.", self.name)
                )
            seen |= todo
            formulas = todo.filtered(lambda metric: metric.kind == "formula")
            todo = self.browse().union(*(each._get_operands() for each in formulas))
            todo -= seen

    def _get_operands(self):
        """Metrics that a formula names."""
        self.ensure_one()
        names = Formula(self.formula).names
        return self.with_context(active_test=False).search([("code", "in", [*names])])

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals.pop("retired_on", None)
        return super().create(vals_list)

    def write(self, vals):
        changed = DEFINITION & set(vals)
        if changed and not self.env.context.get("module"):
            for metric in self:
                if any(
                    metric._fields[name].convert_to_write(metric[name], metric)
                    != vals[name]
                    for name in changed
                ):
                    metric._check_unused()
        if "higher_is_better" in vals:
            # published policies are kept in memory with it
            self.env.registry.clear_cache()
        return super().write(vals)

    def _check_unused(self):
        self.ensure_one()
        closed = (
            self.env["partner.scorecard.line"]
            .sudo()
            .search_count(
                [
                    ("metric_id", "=", self.id),
                    ("scorecard_id.state", "=", "closed"),
                ],
                limit=1,
            )
        )
        if closed:
            raise UserError(
                self.env._(
                    "Closed scorecards tell what %s was. Retire it, and make another "
                    "metric for the new definition.",
                    self.name,
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for metric in self:
            metric._check_unused()

    # ---------------------------------------------------------------------- queries

    def _get_rows(self, company, day):
        """SQL with ``metrics.source.COLUMNS`` of the window that ends with ``day``."""
        self.ensure_one()
        window = Window.until(day, self.window_months)
        if self.kind == "source":
            return self._get_source().query(company, window)
        return self._get_record_rows(company, window)

    def _get_record_rows(self, company, window):
        Model = self.env[self.model_id.sudo().model].sudo()
        Model = Model.with_company(company).with_context(active_test=False)
        date_field = Model._fields[self.date_field_id.sudo().name]
        partner_name = self.partner_field_id.sudo().name
        domain = Domain(literal_eval(self.record_domain or "[]"))
        domain &= Domain(date_field.name, ">=", window.start)
        if date_field.type == "date":
            domain &= Domain(date_field.name, "<=", window.end)
        else:
            domain &= Domain(date_field.name, "<", window.end + relativedelta(days=1))
        if "company_id" in Model._fields and Model._fields["company_id"].store:
            domain &= Domain("company_id", "in", (company.id, False))
        Model.flush_model()
        query = Model._search(domain, bypass_access=True)
        value = SQL("1")
        if self.value_field_id:
            value = SQL(
                "COALESCE(%s, 0)::numeric",
                Model._field_to_sql(
                    query.table, self.value_field_id.sudo().name, query
                ),
            )
        partner = Model._field_to_sql(query.table, partner_name, query)
        return SQL(
            """
            SELECT record.record_id, partner.commercial_partner_id AS partner_id,
                   record.numerator, record.denominator
              FROM (%s) AS record
              JOIN res_partner AS partner ON partner.id = record.partner_id
            """,
            query.select(
                SQL("%s AS record_id", SQL.identifier(query.table, "id")),
                SQL("%s AS partner_id", partner),
                SQL("%s AS numerator", value),
                SQL("1 AS denominator"),
            ),
        )

    def _get_record_model(self):
        """Name of the model of the records behind the figure, or None."""
        self.ensure_one()
        if self.kind == "source":
            return self._get_source().record_model
        if self.kind == "domain":
            return self.model_id.sudo().model
        return None

    def _get_public_description(self):
        """What the source says of itself, where nobody described the metric."""
        self.ensure_one()
        return self._get_source().description if self.kind == "source" else ""

    def _get_drift_rule(self):
        self.ensure_one()
        return Rule(
            own_distance=self.own_distance,
            peer_distance=self.peer_distance,
            minimum_history=self.minimum_history,
            minimum_peers=self.minimum_peers,
            minimum_cases=self.minimum_cases,
            least_spread=self.least_spread,
            higher_is_better=self.higher_is_better,
            both_sides=self.both_sides,
        )

    def _format(self, value, currency=None):
        """The value as people read it."""
        self.ensure_one()
        if value is None or value is False:
            return self.env._("no verdict")
        if self.unit == "amount" and currency:
            return currency.format(value)
        number = f"{value:,.1f}".removesuffix(".0")
        return {
            "percent": self.env._("%s %%", number),
            "days": self.env._("1 day")
            if number == "1"
            else self.env._("%s days", number),
        }.get(self.unit, number)

    # ---------------------------------------------------------------------- actions

    def action_review(self):
        """Somebody looked at the metric and stands for it."""
        self.write(
            {
                "last_review": fields.Date.context_today(self),
                "reviewed_by": self.env.uid,
            }
        )

    def action_retire(self):
        """Not measured any more; what closed scorecards say of it stays."""
        for metric in self:
            if not metric.retire_reason:
                raise UserError(self.env._("Enter why %s is retired.", metric.name))
            used = self.env["partner.tier.policy.line"].search(
                [
                    ("metric_id", "=", metric.id),
                    ("policy_id.state", "=", "published"),
                ]
            )
            if used:
                raise UserError(
                    self.env._(
                        "%(metric)s is part of %(policies)s. Publish a version without "
                        "it first.",
                        metric=metric.name,
                        policies=", ".join(used.policy_id.mapped("name")),
                    )
                )
        self.write({"active": False, "retired_on": fields.Date.context_today(self)})

    def action_view_lines(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "partner.scorecard.line",
            "view_mode": "list,graph,pivot",
            "domain": [("metric_id", "=", self.id)],
        }
