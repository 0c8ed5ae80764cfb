from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError


class PartnerScorecardLine(models.Model):
    """One metric on a scorecard: value, points, and what they were measured against."""

    _name = "partner.scorecard.line"
    _description = "Scorecard Line"
    _order = "date_to desc, scorecard_id, sequence, id"
    _rec_name = "metric_id"
    _log_access = False

    scorecard_id = fields.Many2one(
        "partner.scorecard",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one("res.partner", readonly=True, index=True)
    date_to = fields.Date(string="Period until", readonly=True, index=True)
    metric_id = fields.Many2one(
        "partner.metric",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    unit = fields.Selection(related="metric_id.unit")
    sequence = fields.Integer(readonly=True)
    weight = fields.Float(digits=(16, 2), readonly=True)
    floor = fields.Float(digits=(16, 4), readonly=True, aggregator=None)
    target = fields.Float(digits=(16, 4), readonly=True, aggregator=None)
    higher_is_better = fields.Boolean(readonly=True)
    partial = fields.Boolean(readonly=True)
    minimum_cases = fields.Integer(readonly=True, aggregator=None)
    cases = fields.Integer(string="Records", readonly=True)
    numerator = fields.Float(digits=(16, 4), readonly=True)
    denominator = fields.Float(digits=(16, 4), readonly=True)
    value = fields.Float(digits=(16, 4), readonly=True, aggregator="avg")
    value_text = fields.Char(string="Reads", compute="_compute_value_text")
    points = fields.Float(digits=(16, 4), readonly=True)
    percentile = fields.Float(digits=(16, 2), readonly=True, aggregator="avg")
    has_percentile = fields.Boolean(readonly=True)
    verdict = fields.Selection(
        [
            ("scored", "Scored"),
            ("few", "Too few records"),
            ("none", "No records"),
        ],
        readonly=True,
    )
    explanation = fields.Char(compute="_compute_explanation")
    evidence_ids = fields.One2many("partner.scorecard.evidence", "line_id")

    _once = models.UniqueIndex("(scorecard_id, metric_id)")

    def _get_value(self):
        """The stored value as a Decimal, None without one."""
        self.ensure_one()
        if self.verdict == "none":
            return None
        return Decimal(str(self.value))

    @api.depends("value", "verdict", "metric_id")
    def _compute_value_text(self):
        for line in self:
            line.value_text = line.metric_id._format(
                line.value if line.verdict != "none" else None, line.currency_id
            )

    @api.depends("value", "verdict", "points", "weight", "floor", "target")
    def _compute_explanation(self):
        for line in self:
            metric, currency = line.metric_id, line.currency_id
            if line.verdict == "scored":
                line.explanation = self.env._(
                    "%(value)s, records: %(cases)s; no points up to %(floor)s, all "
                    "%(weight)s from %(target)s on. Points: %(points)s.",
                    value=line.value_text,
                    cases=line.cases,
                    floor=metric._format(line.floor, currency),
                    target=metric._format(line.target, currency),
                    weight=f"{line.weight:g}",
                    points=f"{line.points:.2f}",
                )
            else:
                line.explanation = self.env._(
                    "Records: %(cases)s, needed: %(needed)s. No verdict, and its "
                    "weight is left out.",
                    cases=line.cases,
                    needed=max(line.minimum_cases, 1),
                )

    def write(self, vals):
        self._check_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_closed(self):
        self._check_open()

    def _check_open(self):
        for card in self.scorecard_id:
            if card.state == "closed":
                raise UserError(
                    self.env._("%s is closed and stays as it is.", card.display_name)
                )

    def action_view_records(self):
        """The records behind the line: kept ones, or present ones while it runs."""
        self.ensure_one()
        card = self.scorecard_id
        if card.state == "closed":
            return {
                **card.action_view_evidence(),
                "domain": [("line_id", "=", self.id)],
                "context": {},
            }
        model = self.metric_id._get_record_model()
        if not model:
            raise UserError(
                self.env._("%s is a formula; look at its parts.", self.metric_id.name)
            )
        ids = [
            row[1]
            for row in self.env["partner.scorecard.evidence"]._read_rows(
                self.metric_id, card.company_id, card.as_of, self.partner_id.ids
            )
        ]
        return {
            "type": "ir.actions.act_window",
            "name": self.metric_id.name,
            "res_model": model,
            "view_mode": "list,form",
            "domain": [("id", "in", ids)],
        }
