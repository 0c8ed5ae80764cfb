from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..scoring import drift

#: Periods of history that a rule looks at.
HISTORY = 12


class PartnerPerformanceAlert(models.Model):
    """A metric of a partner that is far from its own past and from its peers.

    ======= ======= ===== ======================================================
    Action  Who     From  Restriction
    ======= ======= ===== ======================================================
    plan    User    open  opens a remediation plan
    dismiss User    open  with a reason, which tunes the rule
    close   User    plan
    ======= ======= ===== ======================================================
    """

    _name = "partner.performance.alert"
    _description = "Performance Alert"
    _inherit = ["partner.tiering.workflow", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _rec_name = "metric_id"
    _transitions = {
        ("open", "plan"): "user",
        ("open", "dismissed"): "user",
        ("plan", "closed"): "user",
        ("dismissed", "open"): "user",
    }
    _process_fields = (
        "scorecard_id",
        "metric_id",
        "kind",
        "value",
        "own_median",
        "own_distance",
        "peer_median",
        "peer_distance",
        "plan_id",
    )

    partner_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    scorecard_id = fields.Many2one(
        "partner.scorecard", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    metric_id = fields.Many2one(
        "partner.metric", required=True, readonly=True, index=True
    )
    date = fields.Date(required=True, readonly=True)
    kind = fields.Selection(
        [
            ("drift", "Drift: worse than before"),
            ("anomaly", "Anomaly: improbably much"),
        ],
        required=True,
        readonly=True,
    )
    value = fields.Float(digits=(16, 4), readonly=True, aggregator=None)
    own_median = fields.Float(
        string="Median of its own past", digits=(16, 4), readonly=True, aggregator=None
    )
    own_distance = fields.Float(
        string="Distance from its own past",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
    )
    peer_median = fields.Float(
        string="Median of its peers", digits=(16, 4), readonly=True, aggregator=None
    )
    peer_distance = fields.Float(
        string="Distance from its peers", digits=(16, 2), readonly=True, aggregator=None
    )
    explanation = fields.Char(compute="_compute_explanation")
    state = fields.Selection(
        [
            ("open", "Open"),
            ("plan", "Plan"),
            ("dismissed", "Dismissed"),
            ("closed", "Closed"),
        ],
        default="open",
        required=True,
        index=True,
        tracking=True,
        group_expand=True,
    )
    dismiss_reason = fields.Char(tracking=True)
    plan_id = fields.Many2one(
        "partner.remediation.plan", readonly=True, index="btree_not_null"
    )
    grade_id = fields.Many2one(related="partner_id.grade_id", string="Tier")

    _once = models.UniqueIndex(
        "(scorecard_id, metric_id)", "The scorecard has an alert for it already."
    )

    @api.depends("value", "own_median", "own_distance", "peer_median")
    def _compute_explanation(self):
        for alert in self:
            metric, currency = alert.metric_id, alert.company_id.currency_id
            change = metric._format(alert.peer_median, currency)
            alert.explanation = self.env._(
                "%(value)s against %(own)s before: %(distance)s deviations from its "
                "own past, %(peer_distance)s from the peers, who moved by %(change)s.",
                value=metric._format(alert.value, currency),
                own=metric._format(alert.own_median, currency),
                distance=f"{abs(alert.own_distance):.1f}",
                peer_distance=f"{abs(alert.peer_distance):.1f}",
                change=change,
            )

    def _check_requirements(self, old, new):
        if new == "dismissed" and not self.dismiss_reason:
            raise UserError(self.env._("Enter why the alert is dismissed."))

    def action_plan(self):
        """Open one plan for all open alerts of the partner among these."""
        self.check_access("write")
        plans = self.env["partner.remediation.plan"]
        for partner, alerts in (
            self.filtered(lambda alert: alert.state == "open")
            .grouped("partner_id")
            .items()
        ):
            card = alerts[:1].scorecard_id
            plan = plans._create_for_scorecard(
                card,
                self.env._("Back on track: %s", partner.name),
                None,
                card.grade_id,
            )
            alerts.sudo().plan_id = plan
            alerts.write({"state": "plan"})
            plans |= plan
        if len(plans) == 1:
            return {
                "type": "ir.actions.act_window",
                "res_model": plans._name,
                "res_id": plans.id,
                "view_mode": "form",
            }
        return True

    def action_dismiss(self):
        return self.write({"state": "dismissed"})

    def action_close(self):
        return self.write({"state": "closed"})

    def action_reopen(self):
        return self.write({"state": "open"})

    # ------------------------------------------------------------------------- rule

    @api.model
    def _read_series(self, metrics, company, until):
        """``{metric id: {partner id: [(value or None, cases), ...]}}``, oldest first.

        A value per closed period up to ``until``, all of one length.
        """
        for model in ("partner.scorecard", "partner.scorecard.line"):
            self.env[model].flush_model()
        periods = [
            day
            for (day,) in self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT date_to FROM partner_scorecard
                     WHERE company_id = %s AND date_to <= %s AND state = 'closed'
                     ORDER BY date_to DESC LIMIT %s
                    """,
                    company.id,
                    until,
                    HISTORY + 1,
                )
            )
        ]
        places = {day: place for place, day in enumerate(reversed(periods))}
        series = {metric.id: {} for metric in metrics}
        for metric_id, partner_id, day, value, verdict, cases in self.env.execute_query(
            SQL(
                """
                SELECT line.metric_id, line.partner_id, line.date_to, line.value,
                       line.verdict, line.cases
                  FROM partner_scorecard_line AS line
                  JOIN partner_scorecard AS card ON card.id = line.scorecard_id
                 WHERE line.company_id = %s AND line.metric_id = ANY(%s)
                   AND line.date_to = ANY(%s) AND card.state = 'closed'
                """,
                company.id,
                metrics.ids,
                periods,
            )
        ):
            values = series[metric_id].setdefault(
                partner_id, [(None, 0)] * len(periods)
            )
            if verdict == "scored":
                values[places[day]] = (value, cases)
        return series

    @api.model
    def _check(self, cards):
        """Raise alerts for closed scorecards of one period."""
        if not cards:
            return self
        company, day = cards.company_id.ensure_one(), max(cards.mapped("date_to"))
        metrics = cards.policy_id.line_ids.metric_id.filtered("watched")
        by_partner = {card.partner_id.id: card for card in cards}
        vals_list = []
        for metric_id, series in self._read_series(metrics, company, day).items():
            rule = metrics.browse(metric_id)._get_drift_rule()
            for partner_id, alarm in drift.alarms(rule, series).items():
                if partner_id in by_partner:
                    vals_list.append(
                        {
                            "partner_id": partner_id,
                            "company_id": company.id,
                            "scorecard_id": by_partner[partner_id].id,
                            "metric_id": metric_id,
                            "date": day,
                            **alarm._asdict(),
                        }
                    )
        return self.sudo().create(vals_list)

    @api.model
    def _backtest(self, company):
        """Measure each rule on the closed scorecards, and keep the result."""
        today = fields.Date.context_today(self)
        metrics = self.env["partner.metric"].search([("watched", "=", True)])
        for metric_id, series in self._read_series(metrics, company, today).items():
            metric = metrics.browse(metric_id)
            judged, alarms, false = drift.backtest(metric._get_drift_rule(), series)
            metric.sudo().write(
                {
                    "judged_count": judged,
                    "alarm_count": alarms,
                    "false_alarm_count": false,
                    "backtest_date": today,
                }
            )
