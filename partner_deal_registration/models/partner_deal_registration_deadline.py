from datetime import timedelta

from pytz import UTC

from odoo import api, fields, models

from .partner_deal_registration import INTERNAL


class PartnerDealRegistration(models.Model):
    """The time to decide: working hours, without the time that the partner takes."""

    _inherit = "partner.deal.registration"

    route_id = fields.Many2one(
        "partner.deal.route",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        groups=INTERNAL,
    )
    clock_state = fields.Selection(
        [
            ("idle", "Not started"),
            ("running", "Running"),
            ("paused", "Waiting for the partner"),
            ("stopped", "Decided"),
        ],
        string="Clock",
        default="idle",
        readonly=True,
        copy=False,
        groups=INTERNAL,
    )
    clock_hours = fields.Float(
        string="Hours to decide", readonly=True, copy=False, groups=INTERNAL
    )
    clock_used = fields.Float(
        string="Hours used",
        readonly=True,
        copy=False,
        aggregator="avg",
        groups=INTERNAL,
        help="Working hours from the submission to the decision, so far or in the end.",
    )
    clock_started_on = fields.Datetime(readonly=True, copy=False, groups=INTERNAL)
    clock_deadline = fields.Datetime(
        string="Decide by", readonly=True, copy=False, index=True, groups=INTERNAL
    )
    clock_hit = fields.Boolean(
        string="Decided in time", readonly=True, copy=False, groups=INTERNAL
    )
    clock_status = fields.Selection(
        [
            ("none", "No clock"),
            ("good", "In time"),
            ("near", "Due soon"),
            ("late", "Late"),
            ("paused", "Waiting for the partner"),
        ],
        compute="_compute_clock_status",
        groups=INTERNAL,
    )
    kanban_color = fields.Integer(compute="_compute_clock_status", groups=INTERNAL)
    escalation_level = fields.Integer(readonly=True, copy=False, groups=INTERNAL)
    reminded_on = fields.Datetime(readonly=True, copy=False, groups=INTERNAL)

    @api.depends("clock_state", "clock_deadline", "reminded_on")
    def _compute_clock_status(self):
        now = fields.Datetime.now()
        for registration in self:
            status = "none"
            if registration.clock_state == "paused":
                status = "paused"
            elif registration.clock_state == "running" and registration.clock_deadline:
                status = "late" if registration.clock_deadline < now else "good"
                if status == "good" and registration.reminded_on:
                    status = "near"
            registration.clock_status = status
            registration.kanban_color = {"late": 1, "near": 3, "good": 10}.get(
                status, 0
            )

    # ---------------------------------------------------------------------- routing

    def _route(self):
        """Give it to the reviewer of the first route whose conditions hold."""
        self.ensure_one()
        policy = self._get_policy()
        for route in policy.route_ids:
            if route._matches(self):
                break
        else:
            route = self.env["partner.deal.route"]
        reviewer = route._get_reviewer(self) if route else self.env["res.users"]
        # Nobody decides on what he registered himself.
        if reviewer in self.registered_by | self.submitted_by:
            reviewer = self.env["res.users"]
        reviewer = (
            reviewer
            or (policy.escalation_user_ids - self.registered_by - self.submitted_by)[:1]
            or self.program_id.user_id
        )
        self._write_process(
            {
                "route_id": route.id,
                "user_id": reviewer.id,
                "clock_hours": route.decide_hours or policy.decide_hours,
                "clock_used": 0,
                "escalation_level": 0,
                "reminded_on": False,
            }
        )

    def _notify_reviewer(self, summary=None):
        for registration in self.filtered("user_id"):
            registration.activity_unlink(["mail.mail_activity_data_todo"])
            registration.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=(
                    registration.clock_deadline or fields.Datetime.now()
                ).date(),
                summary=summary or self.env._("Decide on the deal registration"),
                user_id=registration.user_id.id,
            )

    # ------------------------------------------------------------------------ clock

    def _start_clock(self):
        self.ensure_one()
        now = fields.Datetime.now()
        hours = self.clock_hours or self._get_policy().decide_hours
        rest = max(hours - self.clock_used, 0.25)
        self._write_process(
            {
                "clock_state": "running",
                "clock_hours": hours,
                "clock_started_on": now,
                "clock_deadline": self._plan_hours(rest, now),
            }
        )

    def _pause_clock(self):
        self.ensure_one()
        self._write_process({"clock_state": "paused", **self._take_time()})

    def _stop_clock(self):
        self.ensure_one()
        vals = {"clock_state": "stopped", **self._take_time()}
        hours = self.clock_hours or self._get_policy().decide_hours
        vals["clock_hit"] = vals["clock_used"] <= hours + 0.001
        self._write_process(vals)
        self.activity_unlink(["mail.mail_activity_data_todo"])

    def _take_time(self):
        """Working hours used so far, those of the present run included."""
        used = self.clock_used
        if self.clock_state == "running" and self.clock_started_on:
            used += self._count_hours(self.clock_started_on, fields.Datetime.now())
        return {"clock_used": used, "clock_started_on": False, "clock_deadline": False}

    def _count_hours(self, start, end):
        """Working hours between two moments, by the policy's calendar."""
        calendar = self._get_policy()._get_calendar()
        if not calendar:
            return (end - start).total_seconds() / 3600
        return calendar.get_work_hours_count(
            start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)
        )

    def _plan_hours(self, hours, start):
        """The moment after so many working hours."""
        calendar = self._get_policy()._get_calendar()
        planned = calendar and calendar.plan_hours(
            hours, start.replace(tzinfo=UTC), compute_leaves=True
        )
        if not planned:
            return start + timedelta(hours=hours)
        return planned.astimezone(UTC).replace(tzinfo=None)

    @api.model
    def _cron_watch_clock(self, limit=200):
        """Remind reviewers, escalate what is late, approve what may be approved."""
        now = fields.Datetime.now()
        running = self.search(
            [
                ("state", "in", ("submitted", "conflict")),
                ("clock_state", "=", "running"),
            ],
            order="clock_deadline",
            limit=limit,
        )
        for registration in running:
            if registration.clock_deadline <= now:
                registration._pass_limit()
            elif not registration.reminded_on and registration._is_due_soon(now):
                registration._remind_reviewer(now)

    def _is_due_soon(self, now):
        used = self.clock_used + self._count_hours(self.clock_started_on, now)
        return used >= self.clock_hours * self._get_policy().remind_percent / 100

    def _remind_reviewer(self, now):
        self.ensure_one()
        self._write_process({"reminded_on": now})
        self._notify_reviewer(self.env._("Decide soon: the time is nearly up"))

    def _pass_limit(self):
        """The time is up: approve what is of low risk, else the next one decides."""
        self.ensure_one()
        if self._is_low_risk():
            self._approve_automatically()
            return
        people = self._get_policy().escalation_user_ids
        level = self.escalation_level + 1
        following = people[level - 1 : level]
        vals = {
            "escalation_level": level,
            "reminded_on": fields.Datetime.now(),
            # Once escalated, the clock of the next level runs; that the first limit
            # was missed shows in the hours used.
            "clock_deadline": self._plan_hours(self.clock_hours, fields.Datetime.now()),
        }
        if following:
            vals["user_id"] = following.id
        self._write_process(vals)
        self._notify_reviewer(
            self.env._("Escalated, level %s: the time to decide is over", level)
        )
        self.message_post(
            body=self.env._("Escalated to level %s.", level),
            subtype_xmlid="mail.mt_note",
        )

    def _is_low_risk(self):
        """Complete, of small value, without any sign of a conflict."""
        self.ensure_one()
        policy = self._get_policy()
        self._find_duplicates()
        return (
            policy.auto_approve
            and self.state == "submitted"
            and not self.missing
            and not self.late
            and self.company_value <= policy.auto_approve_value
            and self.conflict_level == "none"
        )

    def _approve_automatically(self):
        self.ensure_one()
        self._check_no_rival()
        self._do_approve(automatic=True)
        self.message_post(
            body=self.env._("Approved at the limit: a deal of low risk."),
            subtype_xmlid="mail.mt_note",
        )
