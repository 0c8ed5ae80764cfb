from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..metrics import query


class PartnerScorecardEvidence(models.Model):
    """A record behind a line of a closed scorecard, with what it added then.

    The record itself may change or go; what it was is here.
    """

    _name = "partner.scorecard.evidence"
    _description = "Scorecard Evidence"
    _order = "line_id, id"
    _rec_name = "res_id"
    _log_access = False

    line_id = fields.Many2one(
        "partner.scorecard.line",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    scorecard_id = fields.Many2one(
        "partner.scorecard", readonly=True, index=True, ondelete="cascade"
    )
    metric_id = fields.Many2one("partner.metric", readonly=True, index=True)
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    partner_id = fields.Many2one("res.partner", readonly=True, index=True)
    res_model = fields.Char(string="Model", readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", readonly=True, aggregator=None
    )
    name = fields.Char(compute="_compute_name", string="Record's name")
    numerator = fields.Float(digits=(16, 4), readonly=True)
    denominator = fields.Float(digits=(16, 4), readonly=True)

    def _compute_name(self):
        """Names of the records that are still there and that the user may read."""
        for model, rows in self.grouped("res_model").items():
            names = {}
            if model in self.env:
                records = self.env[model].browse(rows.mapped("res_id")).exists()
                if records.has_access("read"):
                    names = {record.id: record.display_name for record in records}
            for row in rows:
                row.name = names.get(row.res_id) or f"{model},{row.res_id}"

    @api.model
    def _read_rows(self, metric, company, day, partner_ids=None):
        """``(partner id, record id, numerator, denominator)`` of present records."""
        if metric.kind == "formula":
            return []
        rows = metric.sudo()._get_rows(company, day)
        return self.env.execute_query(query.evidence(rows, partner_ids))

    @api.model
    def _fill(self, cards):
        """Keep the records behind the lines of running scorecards: one insert each."""
        for (company, day), group in cards.grouped(
            lambda card: (card.company_id, card.as_of)
        ).items():
            for metric in group.line_ids.metric_id:
                if metric.kind == "formula":
                    continue
                self.env.cr.execute(
                    SQL(
                        """
                        INSERT INTO partner_scorecard_evidence (
                            line_id, scorecard_id, metric_id, company_id, partner_id,
                            res_model, res_id, numerator, denominator)
                        SELECT line.id, line.scorecard_id, line.metric_id,
                               line.company_id, line.partner_id, %(model)s,
                               record.record_id, record.numerator, record.denominator
                          FROM (%(rows)s) AS record
                          JOIN partner_scorecard_line AS line
                            ON line.partner_id = record.partner_id
                           AND line.metric_id = %(metric)s
                         WHERE line.scorecard_id = ANY(%(cards)s)
                        """,
                        model=metric._get_record_model(),
                        rows=query.evidence(metric.sudo()._get_rows(company, day)),
                        metric=metric.id,
                        cards=group.ids,
                    )
                )
        self.env.invalidate_all()

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("Evidence of a closed scorecard stays as it is."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Evidence of a closed scorecard is kept."))

    def action_open(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }
