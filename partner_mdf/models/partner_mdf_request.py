from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import format_date

USER = "partner_incentive_base.group_incentive_user"
MANAGER = "partner_incentive_base.group_incentive_manager"
#: state: (states it is reached from, the verb of its methods)
TRANSITIONS = {
    "submitted": (("draft", "info"), "submit"),
    "info": (("submitted",), "request_info"),
    "draft": (("cancelled",), "reset"),
    "cancelled": (("draft", "info", "submitted"), "cancel"),
}
CONTENT_FIELDS = {"fund_id", "partner_id", "title"}


class PartnerMdfRequest(models.Model):
    """Asks for money of a fund for one or several activities.

    ============ ============== ================== ==================================
    Action       Who            From               Restriction
    ============ ============== ================== ==================================
    submit       User, partner  draft, information complete; the fund takes requests
    request info Manager        submitted          with a reason
    decide       Manager        submitted          per activity, see there
    cancel       User, partner  draft, submitted   approved activities: see there
    reset        User           cancelled
    ============ ============== ================== ==================================

    Once every activity is decided on, the request is approved or rejected; when all
    have ended, it is closed.
    """

    _name = "partner.mdf.request"
    _description = "Fund Request"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.notified.mixin",
        "partner.incentive.process.mixin",
        "partner.incentive.numbered.mixin",
    ]
    _process_fields = frozenset(
        {
            "state",
            "submitted_by",
            "submitter_ids",
            "submitted_on",
            "decided_on",
            "reason",
        }
    )
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(default="/", readonly=True, copy=False, index="trigram")
    title = fields.Char(required=True)
    fund_id = fields.Many2one(
        "partner.mdf.fund",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('state', '=', 'open')]",
        tracking=True,
    )
    fund_kind = fields.Selection(related="fund_id.kind", string="Kind of fund")
    company_id = fields.Many2one(
        related="fund_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="fund_id.currency_id", store=True, precompute=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('commercial_partner_id', '=', id)]",
        tracking=True,
    )
    grade_id = fields.Many2one(related="partner_id.grade_id", string="Tier")
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('share', '=', False)]",
    )
    activity_ids_count = fields.Integer(
        string="Number of activities", compute="_compute_totals", store=True
    )
    mdf_activity_ids = fields.One2many(
        "partner.mdf.activity", "request_id", string="Planned activities", copy=True
    )
    note = fields.Text()
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Requested"),
            ("info", "More information"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("closed", "Closed"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        group_expand=True,
    )
    submitted_by = fields.Many2one("res.users", readonly=True, copy=False)
    submitter_ids = fields.Many2many(
        "res.users",
        "partner_mdf_request_submitter_rel",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="All who ever submitted the request. None of them decides on it.",
    )
    submitted_on = fields.Datetime(readonly=True, copy=False)
    decided_on = fields.Datetime(readonly=True, copy=False)
    decision_days = fields.Float(
        string="Days to decision",
        compute="_compute_decision_days",
        store=True,
        aggregator=None,
        digits=(16, 1),
    )
    reason = fields.Text(readonly=True, copy=False, tracking=True)
    planned_cost = fields.Monetary(compute="_compute_totals", store=True)
    requested_amount = fields.Monetary(
        string="Requested", compute="_compute_totals", store=True
    )
    own_share = fields.Monetary(
        string="Partner's share", compute="_compute_totals", store=True
    )
    approved_amount = fields.Monetary(
        string="Approved", compute="_compute_totals", store=True
    )
    expected_leads = fields.Integer(compute="_compute_totals", store=True)
    expected_pipeline = fields.Monetary(compute="_compute_totals", store=True)
    spent = fields.Monetary(string="Reimbursed", compute="_compute_spent")
    date_from = fields.Date(compute="_compute_totals", store=True)
    balance = fields.Monetary(
        string="Budget balance",
        compute="_compute_balance",
        groups="base.group_user",
        help="What the fund has left for this partner at the time of the activities.",
    )
    history = fields.Html(
        compute="_compute_history",
        sanitize=False,
        groups="base.group_user",
        help="What the partner made of earlier money.",
    )
    can_edit = fields.Boolean(compute="_compute_can_edit")

    # ------------------------------------------------------------------------ fields

    @api.depends("fund_id")
    def _compute_user_id(self):
        for request in self:
            request.user_id = request.user_id or request.fund_id.sudo().user_id

    @api.depends(
        "mdf_activity_ids.planned_cost",
        "mdf_activity_ids.requested_amount",
        "mdf_activity_ids.own_share",
        "mdf_activity_ids.approved_amount",
        "mdf_activity_ids.expected_leads",
        "mdf_activity_ids.expected_pipeline",
        "mdf_activity_ids.date_from",
    )
    def _compute_totals(self):
        names = (
            "planned_cost",
            "requested_amount",
            "own_share",
            "approved_amount",
            "expected_leads",
            "expected_pipeline",
        )
        for request in self:
            activities = request.mdf_activity_ids
            for name in names:
                request[name] = sum(activities.mapped(name))
            request.date_from = min(
                filter(None, activities.mapped("date_from")), default=False
            )
            request.activity_ids_count = len(activities)

    @api.depends("mdf_activity_ids")
    def _compute_spent(self):
        for request in self:
            request.spent = sum(request.mdf_activity_ids.mapped("spent"))

    @api.depends("submitted_on", "decided_on")
    def _compute_decision_days(self):
        for request in self:
            request.decision_days = (
                (request.decided_on - request.submitted_on).total_seconds() / 86400
                if request.submitted_on and request.decided_on
                else 0
            )

    @api.depends("fund_id", "partner_id", "date_from")
    def _compute_balance(self):
        for request in self:
            if request.fund_id and request.partner_id:
                request.balance = request.fund_id._get_balance(
                    request.partner_id._origin, request.date_from
                )
            else:
                request.balance = 0.0

    @api.depends("partner_id", "fund_id")
    def _compute_history(self):
        Result = self.env["partner.mdf.result"]
        for request in self:
            request.history = Result._render_history(
                request.partner_id._origin, request.mdf_activity_ids.type_id
            )

    @api.depends("state")
    def _compute_can_edit(self):
        for request in self:
            request.can_edit = request.state in ("draft", "info")

    @api.constrains("partner_id")
    def _check_partner(self):
        for request in self:
            if request.partner_id.commercial_partner_id != request.partner_id:
                raise ValidationError(
                    self.env._("A request belongs to a company, not to a contact.")
                )

    # ------------------------------------------------------------------ create, write

    def write(self, vals):
        vals = dict(vals)
        self.check_access("write")
        state = vals.pop("state", None)
        reason = vals.pop("reason", None) if state else None
        if self._process_fields & set(vals) and not self._is_in_process():
            raise AccessError(
                self.env._("Use the buttons of the request to move it along.")
            )
        if (CONTENT_FIELDS | {"name"}) & set(vals):
            self._check_plan_open()
        result = super().write(vals) if vals else True
        if state:
            for request in self:
                request._change_state(state, reason)
        return result

    def _check_plan_open(self):
        """What is planned changes while the request is with its author."""
        for request in self:
            if request.state not in ("draft", "info") and not self._is_in_process():
                raise UserError(
                    self.env._(
                        "%(request)s is %(state)s: what is planned does not change any "
                        "more. Ask for a change of the activity instead.",
                        request=request.name,
                        state=request._get_state_label().lower(),
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_process(self):
        for request in self:
            if request.state not in ("draft", "cancelled"):
                raise UserError(
                    self.env._(
                        "%(request)s is %(state)s and cannot be deleted. Cancel it "
                        "instead.",
                        request=request.name,
                        state=request._get_state_label().lower(),
                    )
                )

    # -------------------------------------------------------------------- transitions

    def _change_state(self, state, reason=None):
        self.ensure_one()
        if state == self.state:
            return
        origins, verb = TRANSITIONS.get(state, ((), None))
        if self.state not in origins:
            raise UserError(
                self.env._(
                    "%(request)s is %(state)s; this cannot be done now.",
                    request=self.name,
                    state=self._get_state_label().lower(),
                )
            )
        if verb == "request_info":
            self._check_can_request_info(reason)
            self._do_request_info(reason)
        else:
            getattr(self, f"_check_can_{verb}")()
            getattr(self, f"_do_{verb}")()

    def _write_process(self, vals):
        return super().write(vals)  # pylint: disable=super-method-mismatch

    def action_submit(self):
        self.write({"state": "submitted"})

    def action_cancel(self):
        self.write({"state": "cancelled"})

    def action_reset(self):
        self.write({"state": "draft"})

    def action_request_info(self, reason=None):
        """Return the request to the partner, who is told the reason."""
        if not reason:
            return self.env["partner.incentive.reason"]._open(self, "mdf_request_info")
        return self.write({"state": "info", "reason": reason})

    def action_approve_all(self):
        """Approve what is entered for every activity that waits."""
        for request in self:
            request.mdf_activity_ids.filtered(
                lambda a: a.state == "submitted"
            ).action_approve()
        return True

    def _check_not_author(self):
        """Whoever asks never approves."""
        if not self.env.su and self.env.user in (
            self.sudo().submitter_ids | self.create_uid
        ):
            raise UserError(
                self.env._(
                    "You entered or submitted %s yourself. Somebody else has to "
                    "decide on it.",
                    self.name,
                )
            )

    def _check_can_submit(self):
        fund = self.fund_id
        if not self.env.user._is_portal():
            fund._check_group(USER)
        today = fields.Date.context_today(self)
        if not fund._is_open_for_requests(today):
            raise UserError(
                self.env._(
                    "%(fund)s takes no requests on %(date)s.",
                    fund=fund.name,
                    date=format_date(self.env, today),
                )
            )
        if not fund._is_eligible(self.partner_id, today):
            raise UserError(
                self.env._(
                    "%(fund)s is not open to %(partner)s. The partner must be enrolled "
                    "in its program and belong to those whom it is for.",
                    fund=fund.name,
                    partner=self.partner_id.name,
                )
            )
        problems = self._get_problems()
        if problems:
            raise UserError(
                self.env._("%s is not complete:", self.title)
                + "".join(f"\n- {problem}" for problem in problems)
            )

    def _get_problems(self):
        """What is missing before the request can be submitted, in words."""
        self.ensure_one()
        activities = self.mdf_activity_ids
        if not activities:
            return [self.env._("Add at least one activity.")]
        problems = []
        for activity in activities:
            if not activity.planned_cost:
                problems.append(self.env._("%s: enter what it costs.", activity.name))
            if self.fund_kind == "innovation" and not (
                activity.deliverable and activity.acceptance_criteria
            ):
                problems.append(
                    self.env._(
                        "%s: say what it delivers, and when that is accepted.",
                        activity.name,
                    )
                )
            last = self.fund_id._get_last_day()
            if not self.fund_id.date_from <= activity.date_from <= last:
                problems.append(
                    self.env._(
                        "%(activity)s: begin between %(start)s and %(end)s.",
                        activity=activity.name,
                        start=format_date(self.env, self.fund_id.date_from),
                        end=format_date(self.env, last),
                    )
                )
        ceiling = self.fund_id.request_ceiling
        if (
            ceiling
            and self.currency_id.compare_amounts(self.requested_amount, ceiling) > 0
        ):
            problems.append(
                self.env._(
                    "Together they ask for %(amount)s; one request gets %(ceiling)s at "
                    "most.",
                    amount=self.currency_id.format(self.requested_amount),
                    ceiling=self.currency_id.format(ceiling),
                )
            )
        return problems

    def _check_can_request_info(self, reason):
        self.fund_id._check_group(MANAGER)
        self._check_undecided()
        if not (reason or "").strip():
            raise UserError(self.env._("Enter a reason. The partner will see it."))

    def _check_undecided(self):
        decided = self.mdf_activity_ids.filtered(
            lambda a: a.state not in ("draft", "submitted")
        )
        if decided:
            raise UserError(
                self.env._(
                    "%s has been decided on already. Cancel or close its activities "
                    "one by one.",
                    ", ".join(decided.mapped("name")),
                )
            )

    def _check_can_cancel(self):
        if not self.env.user._is_portal():
            self.fund_id._check_group(USER)
        self._check_undecided()

    def _check_can_reset(self):
        self.fund_id._check_group(USER)

    def _do_submit(self):
        # the share by the tier of today, whenever the draft was made
        self.mdf_activity_ids.modified(["fund_id"])
        self._write_process(
            {
                "state": "submitted",
                "submitted_by": self.env.uid,
                "submitted_on": self.submitted_on or fields.Datetime.now(),
                "reason": False,
            }
        )
        self.sudo()._write_process({"submitter_ids": [Command.link(self.env.uid)]})
        self.mdf_activity_ids._write_process({"state": "submitted"})
        owner = self.user_id or self.fund_id.sudo().user_id
        if owner:
            self.sudo().activity_schedule(
                "partner_mdf.mail_activity_request", user_id=owner.id
            )

    def _do_request_info(self, reason):
        self._write_process({"state": "info", "reason": reason})
        self.mdf_activity_ids._write_process({"state": "draft"})
        self._close_activities()
        self._notify_partner("partner_mdf.mail_template_request_info", "returned")

    def _get_notified_areas(self):
        return ("funds",)

    def _get_partner_path(self):
        self.ensure_one()
        return f"/my/incentives/requests/{self.id}"

    def _do_cancel(self):
        self._write_process({"state": "cancelled"})
        self.mdf_activity_ids._write_process({"state": "cancelled"})
        self._close_activities()

    def _do_reset(self):
        self._write_process({"state": "draft"})
        self.mdf_activity_ids._write_process({"state": "draft"})

    # ---------------------------------------------------- what activities make of it

    def _on_decision(self, activity):
        """An activity was decided on; with the last one the request is, too."""
        self.ensure_one()
        states = set(self.mdf_activity_ids.mapped("state"))
        if activity.state == "approved":
            activity._notify_partner(
                "partner_mdf.mail_template_activity_approved", "approved"
            )
        else:
            activity._notify_partner(
                "partner_mdf.mail_template_activity_rejected", "returned"
            )
        if "submitted" not in states:
            self.sudo()._write_process(
                {
                    "state": "approved" if "approved" in states else "rejected",
                    "decided_on": fields.Datetime.now(),
                }
            )
            self._close_activities()

    def _on_reopen(self):
        self.sudo()._write_process({"state": "submitted"})

    def _on_end(self):
        """An activity has ended; with the last one the request has, too."""
        for request in self:
            states = set(request.mdf_activity_ids.mapped("state"))
            if not states & {"draft", "submitted", "approved"}:
                request.sudo()._write_process({"state": "closed"})

    def _close_activities(self):
        self.sudo().activity_unlink(["partner_mdf.mail_activity_request"])

    def _tell_partner(self, text):
        self.sudo().message_post(
            body=text,
            partner_ids=self.submitted_by.partner_id.ids,
            subtype_xmlid="mail.mt_comment",
            author_id=self.env.user.partner_id.id,
        )

    def action_view_activities(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.mdf.activity",
            "view_mode": "list,kanban,calendar,form",
            "domain": [("request_id", "=", self.id)],
            "name": self.env._("Activities"),
            "context": {"create": False},
        }
