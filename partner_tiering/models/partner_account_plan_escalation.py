from datetime import timedelta

from odoo import api, fields, models


class PartnerAccountPlanEscalation(models.Model):
    """A step of the escalation path: who answers within how many days.

    While it is open it has a deadline; past it, the next step opens.
    """

    _name = "partner.account.plan.escalation"
    _description = "Escalation Step"
    _order = "plan_id, sequence, id"

    plan_id = fields.Many2one(
        "partner.account.plan", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(string="Step", required=True)
    user_id = fields.Many2one(
        "res.users", string="Answers", domain="[('share', '=', False)]"
    )
    partner_contact_id = fields.Many2one("res.partner", string="Partner's person")
    days = fields.Integer(string="Within (days)", default=5)
    topic = fields.Char()
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("open", "Open"),
            ("solved", "Solved"),
            ("passed", "Passed on"),
        ],
        default="waiting",
        required=True,
    )
    date_deadline = fields.Date(string="Deadline", readonly=True)

    _days_positive = models.Constraint("CHECK (days > 0)", "One day at least.")

    def action_open(self):
        for step in self:
            step.write(
                {
                    "state": "open",
                    "date_deadline": fields.Date.context_today(step)
                    + timedelta(days=step.days),
                }
            )
            user = step.user_id or step.plan_id.user_id
            step.plan_id.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=step.date_deadline,
                user_id=user.id,
                summary=self.env._("Escalation: %s", step.topic or step.name),
            )

    def action_solve(self):
        self.write({"state": "solved"})

    @api.model
    def _get_next(self, step):
        return step.plan_id.escalation_ids.sorted().filtered(
            lambda other: (
                other.state == "waiting"
                and (other.sequence, other.id) > (step.sequence, step.id)
            )
        )[:1]

    def _escalate(self):
        """Pass on to the next step of the path."""
        for step in self:
            following = self._get_next(step)
            if not following:
                continue
            step.state = "passed"
            following.topic = following.topic or step.topic
            following.action_open()
