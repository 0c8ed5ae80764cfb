from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError


class PartnerRemediationPlan(models.Model):
    """What both sides do so that a partner is back where it was.

    Partners tick their own tasks on the portal; the owner follows up and closes.
    """

    _name = "partner.remediation.plan"
    _description = "Remediation Plan"
    _inherit = ["partner.tiering.workflow", "mail.thread", "mail.activity.mixin"]
    _order = "date_due, id desc"
    _transitions = {
        ("open", "done"): "user",
        ("open", "failed"): "manager",
        ("open", "cancelled"): "manager",
        ("done", "open"): "manager",
    }

    name = fields.Char(required=True, tracking=True)
    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('commercial_partner_id', '=', id)]",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        tracking=True,
    )
    scorecard_id = fields.Many2one("partner.scorecard", index="btree_not_null")
    alert_ids = fields.One2many("partner.performance.alert", "plan_id")
    date_due = fields.Date(string="Until", required=True, tracking=True)
    date_follow_up = fields.Date(string="Follow-up on", tracking=True)
    goal = fields.Text(help="The partner can read it.")
    state = fields.Selection(
        [
            ("open", "Open"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        default="open",
        required=True,
        index=True,
        copy=False,
        tracking=True,
    )
    task_ids = fields.One2many("partner.remediation.task", "plan_id", copy=True)
    progress = fields.Float(compute="_compute_progress")
    is_late = fields.Boolean(string="Late", compute="_compute_progress")

    @api.depends("task_ids.done", "task_ids.date_due", "date_due", "state")
    def _compute_progress(self):
        today = fields.Date.context_today(self)
        for plan in self:
            tasks = plan.task_ids
            plan.progress = (
                100 * len(tasks.filtered("done")) / len(tasks) if tasks else 0
            )
            plan.is_late = plan.state == "open" and (
                bool(plan.date_due and plan.date_due < today)
                or any(
                    task.date_due and task.date_due < today and not task.done
                    for task in tasks
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        plans = super().create(vals_list)
        for plan in plans:
            plan._plan_follow_up()
        return plans

    def write(self, vals):
        result = super().write(vals)
        if "date_follow_up" in vals or "user_id" in vals:
            for plan in self:
                plan.activity_unlink(["mail.mail_activity_data_todo"])
                plan._plan_follow_up()
        return result

    def _plan_follow_up(self):
        self.ensure_one()
        if self.date_follow_up and self.user_id and self.state == "open":
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=self.date_follow_up,
                user_id=self.user_id.id,
                summary=self.env._("Follow up on %s", self.name),
            )

    @api.model
    def _create_for_scorecard(self, card, name, until, grade):
        """A plan with a task, on both sides, per requirement of a tier that misses."""
        row = next((row for row in card._get_ladder() if row["grade"] == grade), None)
        metrics = self.env["partner.metric"].browse(
            [gap.key for gap in row["gaps"] if gap.kind == "metric"] if row else []
        )
        # the parts that miss the most points come next
        lines = card.line_ids.filtered(lambda line: line.verdict == "scored").sorted(
            lambda line: line.points - line.weight
        )
        metrics |= lines.filtered(lambda line: line.points < line.weight)[:3].metric_id
        until = until or card.date_to + relativedelta(days=90)
        values = {line.metric_id: line for line in card.line_ids}
        tasks = []
        for metric in metrics:
            line = values.get(metric)
            goal = (
                self.env._(
                    "%(metric)s from %(value)s to %(target)s",
                    metric=metric.name,
                    value=line.value_text,
                    target=metric._format(line.target, card.currency_id),
                )
                if line
                else metric.name
            )
            tasks += [
                fields.Command.create(
                    {"name": goal, "side": "partner", "date_due": until}
                ),
                fields.Command.create(
                    {
                        "name": self.env._("Help with %s", metric.name),
                        "side": "vendor",
                        "date_due": until,
                    }
                ),
            ]
        return self.sudo().create(
            {
                "name": name,
                "partner_id": card.partner_id.id,
                "company_id": card.company_id.id,
                "user_id": (card.partner_id.user_id or card.policy_id.user_id).id,
                "scorecard_id": card.id,
                "date_due": until,
                "date_follow_up": card.date_to + relativedelta(days=30),
                "task_ids": tasks,
            }
        )

    def _check_requirements(self, old, new):
        if new == "done" and not self.env.su:
            missing = self.task_ids.filtered(lambda task: not task.done)
            if missing:
                raise UserError(
                    self.env._(
                        "%s is not done yet.", ", ".join(missing[:3].mapped("name"))
                    )
                )

    def _on_move(self, old, new):
        if new in ("done", "cancelled"):
            alerts = self.alert_ids.sudo().filtered(lambda alert: alert.state == "plan")
            alerts.write({"state": "closed"})
        if new != "open":
            self.activity_unlink(["mail.mail_activity_data_todo"])

    def action_done(self):
        return self.write({"state": "done"})

    def action_failed(self):
        return self.write({"state": "failed"})

    def action_cancel(self):
        return self.write({"state": "cancelled"})

    def action_reopen(self):
        return self.write({"state": "open"})
