from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

MANAGER = "partner_incentive_base.group_incentive_manager"
COMPLIANCE = "partner_incentive_base.group_incentive_compliance"
#: What the partner plans; open to change while the request is with its author.
PLAN_FIELDS = {
    "name",
    "type_id",
    "date_from",
    "date_to",
    "place",
    "audience",
    "description",
    "planned_cost",
    "cost_line_ids",
    "quote_ids",
    "expected_leads",
    "expected_pipeline",
    "expected_revenue",
    "deliverable",
    "acceptance_criteria",
    "ownership",
}
#: What a manager enters while deciding.
DECISION_FIELDS = {"approve_amount", "conditions", "decision_note"}
#: Days before the end of the time to claim on which the partner is reminded.
PROOF_REMINDER_DAYS = 14


class PartnerMdfActivity(models.Model):
    """One activity of a request, or one milestone of a co-innovation project.

    ======== =================== =========== ======================================
    Action   Who                 From        Restriction
    ======== =================== =========== ======================================
    approve  Manager             submitted   not who asked; the checkbook covers it
    reject   Manager             submitted   not who asked; with a note
    accept   Manager, Compliance approved    milestones: the result is there
    close    Manager             approved    no open claim; the rest is released
    cancel   Manager             approved    nothing claimed; all of it is released
    reopen   Manager             rejected    while the request is open
    ======== =================== =========== ======================================
    """

    _name = "partner.mdf.activity"
    _description = "Marketing Activity"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.notified.mixin",
        "partner.incentive.process.mixin",
    ]
    _process_fields = frozenset(
        {
            "state",
            "rate",
            "approved_amount",
            "approved_by",
            "approved_on",
            "claim_until",
            "proof_reminded",
            "closed_on",
            "campaign_id",
            "source_id",
            "accepted_by",
            "accepted_on",
            "taken_over",
        }
    )
    _order = "date_from, id"

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    color = fields.Integer(related="type_id.color")
    request_id = fields.Many2one(
        "partner.mdf.request", required=True, index=True, ondelete="cascade"
    )
    fund_id = fields.Many2one(
        related="request_id.fund_id", store=True, index=True, precompute=True
    )
    fund_kind = fields.Selection(related="fund_id.kind", string="Kind of fund")
    company_id = fields.Many2one(
        related="request_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(
        related="request_id.partner_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="request_id.currency_id", store=True, precompute=True
    )
    user_id = fields.Many2one(related="request_id.user_id", string="Responsible")
    type_id = fields.Many2one(
        "partner.mdf.activity.type",
        required=True,
        index=True,
        ondelete="restrict",
    )
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(
        string="To",
        required=True,
        compute="_compute_date_to",
        store=True,
        readonly=False,
        precompute=True,
    )
    place = fields.Char()
    audience = fields.Char()
    description = fields.Text()
    cost_line_ids = fields.One2many(
        "partner.mdf.activity.cost", "activity_id", string="Budget", copy=True
    )
    planned_cost = fields.Monetary(
        string="Planned cost",
        compute="_compute_planned_cost",
        store=True,
        readonly=False,
        precompute=True,
    )
    quote_ids = fields.Many2many(
        "ir.attachment", "partner_mdf_activity_quote_rel", string="Quotes", copy=False
    )
    expected_leads = fields.Integer()
    expected_pipeline = fields.Monetary()
    expected_revenue = fields.Monetary()
    rate = fields.Float(
        string="We pay (%)",
        digits=(16, 2),
        compute="_compute_rate",
        store=True,
        precompute=True,
        help="The vendor's share, by type of activity and tier.",
    )
    requested_amount = fields.Monetary(
        string="Requested", compute="_compute_requested_amount", store=True
    )
    own_share = fields.Monetary(
        string="Partner's share", compute="_compute_requested_amount", store=True
    )
    approve_amount = fields.Monetary(
        string="To approve",
        compute="_compute_approve_amount",
        store=True,
        readonly=False,
        copy=False,
        groups="base.group_user",
        help="As much as requested, or less.",
    )
    approved_amount = fields.Monetary(string="Approved", readonly=True, copy=False)
    is_partial = fields.Boolean(compute="_compute_is_partial", string="Partly approved")
    conditions = fields.Text(copy=False, help="What the approval depends on.")
    decision_note = fields.Text(string="Comment", copy=False)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Requested"),
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
    approved_by = fields.Many2one("res.users", readonly=True, copy=False)
    approved_on = fields.Date(readonly=True, copy=False)
    claim_until = fields.Date(
        readonly=True, copy=False, index=True, help="Last day to claim."
    )
    proof_reminded = fields.Boolean(
        readonly=True, copy=False, help="The partner was told that time runs out."
    )
    closed_on = fields.Date(readonly=True, copy=False)
    taken_over = fields.Boolean(
        readonly=True, copy=False, help="Was approved before the suite was in use."
    )
    draw_ids = fields.One2many("partner.mdf.draw", "activity_id", readonly=True)
    claim_ids = fields.One2many("partner.incentive.claim", "mdf_activity_id")
    change_ids = fields.One2many("partner.mdf.change", "activity_id")
    entry_ids = fields.One2many("partner.incentive.entry", "mdf_activity_id")
    committed = fields.Monetary(
        compute="_compute_figures", help="Approved, and not claimed yet."
    )
    spent = fields.Monetary(compute="_compute_figures", string="Reimbursed")
    claim_count = fields.Integer(string="Claims", compute="_compute_claim_count")

    # Co-innovation
    deliverable = fields.Text(help="What the milestone delivers.")
    acceptance_criteria = fields.Text(help="When it is accepted.")
    ownership = fields.Selection(
        [
            ("vendor", "Ours"),
            ("partner", "The partner's"),
            ("joint", "Both"),
        ],
        string="Result belongs to",
    )
    accepted_by = fields.Many2one("res.users", readonly=True, copy=False)
    accepted_on = fields.Date(readonly=True, copy=False)

    # Where leads and orders come from
    campaign_id = fields.Many2one(
        "utm.campaign",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    source_id = fields.Many2one(
        "utm.source", readonly=True, copy=False, ondelete="set null"
    )
    medium_id = fields.Many2one(related="type_id.medium_id")

    _dates_order = models.Constraint(
        "CHECK (date_to >= date_from)",
        "An activity cannot end before it starts. Correct one of the two dates.",
    )
    _amounts = models.Constraint(
        "CHECK (planned_cost >= 0 AND expected_leads >= 0 AND expected_pipeline >= 0 "
        "AND expected_revenue >= 0)",
        "What is planned cannot be negative.",
    )

    # ------------------------------------------------------------------------ fields

    @api.depends("date_from")
    def _compute_date_to(self):
        for activity in self:
            activity.date_to = max(
                filter(None, (activity.date_to, activity.date_from)), default=False
            )

    @api.depends("cost_line_ids.amount")
    def _compute_planned_cost(self):
        for activity in self:
            if activity.cost_line_ids:
                activity.planned_cost = sum(activity.cost_line_ids.mapped("amount"))
            else:
                activity.planned_cost = activity.planned_cost or 0.0

    @api.depends("type_id", "fund_id", "partner_id")
    def _compute_rate(self):
        for activity in self:
            # what was decided stays, whatever becomes of tiers and rates
            if activity.state not in ("draft", "submitted") or not activity.fund_id:
                activity.rate = activity.rate
                continue
            activity.rate = activity.fund_id._get_participation(
                activity.type_id, activity.partner_id
            )

    @api.depends("planned_cost", "rate", "currency_id")
    def _compute_requested_amount(self):
        for activity in self:
            cost = activity.planned_cost
            requested = cost * activity.rate / 100
            if activity.currency_id:
                requested = activity.currency_id.round(requested)
            activity.requested_amount = requested
            activity.own_share = cost - requested

    @api.depends("requested_amount")
    def _compute_approve_amount(self):
        for activity in self:
            activity.approve_amount = activity.requested_amount

    @api.depends("approved_amount", "requested_amount")
    def _compute_is_partial(self):
        for activity in self:
            activity.is_partial = (
                0 < activity.approved_amount < activity.requested_amount
            )

    @api.depends("draw_ids.committed", "draw_ids.spent")
    def _compute_figures(self):
        totals = {
            activity.id: (committed, spent)
            for activity, committed, spent in self.env["partner.mdf.draw"]
            .sudo()
            ._read_group(
                [("activity_id", "in", self._origin.ids)],
                ["activity_id"],
                ["committed:sum", "spent:sum"],
            )
        }
        for activity in self:
            activity.committed, activity.spent = totals.get(
                activity._origin.id, (0.0, 0.0)
            )

    @api.depends("claim_ids")
    def _compute_claim_count(self):
        for activity in self:
            activity.claim_count = len(activity.claim_ids)

    @api.depends("name", "request_id.name")
    def _compute_display_name(self):
        for activity in self:
            activity.display_name = (
                f"{activity.request_id.name or ''} {activity.name or ''}".strip()
            )

    @api.constrains("type_id", "fund_id")
    def _check_type(self):
        for activity in self:
            allowed = activity.fund_id.activity_type_ids
            if allowed and activity.type_id not in allowed:
                raise ValidationError(
                    self.env._(
                        "%(fund)s does not pay for %(type)s. It pays for: %(allowed)s.",
                        fund=activity.fund_id.name,
                        type=activity.type_id.name,
                        allowed=", ".join(allowed.mapped("name")),
                    )
                )

    # ------------------------------------------------------------------ create, write

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [
                {
                    name: value
                    for name, value in vals.items()
                    if name not in DECISION_FIELDS
                }
                for vals in vals_list
            ]
        activities = super().create(vals_list)
        for activity in activities:
            activity.request_id._check_plan_open()
        activities._own_quotes()
        return activities

    def write(self, vals):
        self.check_access("write")
        if vals.get("state") and not self._is_in_process():
            raise AccessError(
                self.env._("Use the buttons of the activity to decide on it.")
            )
        self._check_can_write(vals)
        result = super().write(vals)
        if "quote_ids" in vals:
            self._own_quotes()
        return result

    def _check_can_write(self, vals):
        kept = self._process_fields | {"request_id"}
        if kept & set(vals) and not self._is_in_process():
            raise AccessError(
                self.env._("Use the buttons of the activity to decide on it.")
            )
        if DECISION_FIELDS & set(vals) and not self.env.su:
            self.request_id.fund_id._check_group(MANAGER)
        for activity in self:
            if DECISION_FIELDS & set(vals) and activity.state not in (
                "submitted",
                "draft",
            ):
                raise UserError(
                    self.env._("%s has been decided on already.", activity.name)
                )
            if PLAN_FIELDS & set(vals):
                activity.request_id._check_plan_open()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_planned(self):
        for activity in self:
            activity.request_id._check_plan_open()

    def _own_quotes(self):
        upload = self.env["partner.incentive.upload"]
        for activity in self:
            files = activity.quote_ids.sudo()
            for file in files.filtered(lambda f: not upload._is_guarded(f.res_model)):
                upload._check_content(file.raw, file.name)
            loose = files.filtered(
                lambda file: not file.res_id and file.res_model in (False, self._name)
            )
            loose.write({"res_model": self._name, "res_id": activity.id})

    def _write_process(self, vals):
        return self._in_process().write(vals)

    # ----------------------------------------------------------------------- decisions

    def _check_decider(self, *groups):
        """Who may decide, and did not ask."""
        fund = self.fund_id
        fund._check_group(*(groups or (MANAGER,)))
        for request in self.request_id:
            request._check_not_author()

    def _check_is(self, *states):
        for activity in self:
            if activity.state not in states:
                raise UserError(
                    self.env._(
                        "%(activity)s is %(state)s; this cannot be done now.",
                        activity=activity.name,
                        state=activity._get_state_label().lower(),
                    )
                )

    def action_approve(self):
        """Approve as much as is entered, and commit it at once."""
        for activity in self:
            activity._check_decider()
            activity._check_is("submitted")
            activity._do_approve(activity.approve_amount)
        return True

    def _do_approve(self, amount, kind="accrual", day=None):
        """Commit the amount, and book it where it is provided for at once.

        :param day: of the decision, and of its journal entry; today by default
        """
        self.ensure_one()
        day = day or fields.Date.context_today(self)
        fund = self.fund_id
        fund._lock_checkbook()
        self._check_ceilings(amount)
        if fund.kind != "coop":
            self.env["partner.incentive.budget"]._check_available(
                amount,
                fund.program_id,
                fund.sudo().offer_id,
                self.partner_id,
                fund.currency_id,
                day,
            )
        fund._commit_amount(self, amount)
        self._write_process(
            {
                "state": "approved",
                "approved_amount": amount,
                "approved_by": self.env.uid,
                "approved_on": day,
                "claim_until": max(self.date_to, day) + timedelta(days=fund.claim_days),
            }
        )
        self._create_tracking()
        self._book_obligation(day, kind)
        self.request_id._on_decision(self)

    def _check_ceilings(self, amount):
        fund = self.fund_id
        currency = fund.currency_id
        if currency.compare_amounts(amount, 0) <= 0:
            raise UserError(
                self.env._("Enter how much of %s is approved, or reject it.", self.name)
            )
        request_total = sum(
            (self.request_id.mdf_activity_ids - self).mapped("approved_amount")
        )
        partner_total = 0.0
        if fund.partner_ceiling:
            partner_total = sum(
                self.env["partner.mdf.draw"]
                .sudo()
                ._read_group(
                    [
                        ("activity_id.fund_id", "=", fund.id),
                        ("partner_id", "=", self.partner_id.id),
                        ("activity_id", "!=", self.id),
                    ],
                    aggregates=["committed:sum", "spent:sum"],
                )[0]
            )
        checks = [
            (self.requested_amount, 0.0, self.env._("what was requested for it")),
            (fund.activity_ceiling, 0.0, self.env._("the ceiling of one activity")),
            (
                fund.request_ceiling,
                request_total,
                self.env._("the ceiling of one request"),
            ),
            (
                fund.partner_ceiling,
                partner_total,
                self.env._("the ceiling of one partner"),
            ),
        ]
        for number, (ceiling, before, label) in enumerate(checks):
            if number and not ceiling:
                continue
            if currency.compare_amounts(before + amount, ceiling) > 0:
                raise UserError(
                    self.env._(
                        "%(amount)s for %(activity)s come to %(total)s, more than "
                        "%(label)s: %(ceiling)s.",
                        amount=currency.format(amount),
                        activity=self.name,
                        total=currency.format(before + amount),
                        label=label,
                        ceiling=currency.format(ceiling),
                    )
                )

    def _create_tracking(self):
        """A campaign and a source, by which what the activity brings is known."""
        for activity in self.filtered(lambda a: not a.campaign_id):
            campaign = (
                self.env["utm.campaign"]
                .sudo()
                .create(
                    {
                        "title": activity.display_name,
                        "is_auto_campaign": True,
                        "user_id": activity.user_id.id or self.env.uid,
                    }
                )
            )
            source = (
                self.env["utm.mixin"]
                .sudo()
                ._find_or_create_record("utm.source", activity.partner_id.name)
            )
            activity._write_process(
                {"campaign_id": campaign.id, "source_id": source.id}
            )

    def action_reject(self):
        for activity in self:
            activity._check_decider()
            activity._check_is("submitted")
            if not (activity.decision_note or "").strip():
                raise UserError(
                    self.env._(
                        "Enter a comment that says why %s is rejected. The partner "
                        "will see it.",
                        activity.name,
                    )
                )
            activity._write_process({"state": "rejected"})
            activity.request_id._on_decision(activity)
        return True

    def action_reopen(self):
        """Decide anew on what was rejected."""
        for activity in self:
            activity._check_decider()
            activity._check_is("rejected")
            activity._write_process({"state": "submitted"})
            activity.request_id._on_reopen()
        return True

    def action_accept(self):
        """The milestone was delivered as agreed."""
        for activity in self:
            activity._check_decider(MANAGER, COMPLIANCE)
            activity._check_is("approved")
            activity._write_process(
                {
                    "accepted_by": self.env.uid,
                    "accepted_on": fields.Date.context_today(self),
                }
            )
            activity.request_id._tell_partner(
                self.env._("%s is accepted; it can be claimed now.", activity.name)
            )
        return True

    def action_close(self):
        """No more claims: what is left of the commitment is released."""
        for activity in self:
            activity.fund_id._check_group(MANAGER)
            activity._check_is("approved")
            activity._check_no_open_claim()
            activity._do_close(fields.Date.context_today(self), "adjustment")
        return True

    def action_cancel(self):
        """The activity does not take place: all of the commitment is released."""
        for activity in self:
            activity.fund_id._check_group(MANAGER)
            activity._check_is("approved")
            activity._check_no_open_claim()
            if not activity.currency_id.is_zero(activity.spent):
                raise UserError(
                    self.env._(
                        "%s has been claimed already. Close it instead.", activity.name
                    )
                )
            activity._do_close(
                fields.Date.context_today(self), "adjustment", "cancelled"
            )
        return True

    def _get_open_claims(self):
        return self.claim_ids.filtered(
            lambda claim: claim.state in ("submitted", "info", "validated")
        )

    def _check_no_open_claim(self):
        claims = self._get_open_claims()
        if claims:
            raise UserError(
                self.env._(
                    "Decide on %(claims)s first; it claims for %(activity)s.",
                    claims=", ".join(claims.mapped("name")),
                    activity=self.name,
                )
            )

    def _do_close(self, day, kind, state="closed"):
        """Release the rest, and take it out of what is owed.

        :param kind: of the ledger entry: ``expiry`` where time ran out
        """
        self.ensure_one()
        self.fund_id._lock_checkbook()
        self.fund_id._release_amount(self, self.committed)
        self._write_process({"state": state, "closed_on": day})
        self._book_obligation(day, kind)
        self.request_id._on_end()

    def _close_unclaimed(self, day):
        """Close what can be claimed no more; an undecided claim keeps it open."""
        unclaimed = self.filtered(lambda a: not a._get_open_claims())
        for activity in unclaimed:
            activity._do_close(day, "expiry")
        unclaimed._notify_partner(
            "partner_mdf.mail_template_activity_expired", "expiring"
        )

    def _get_notified_areas(self):
        return ("funds",)

    def _get_partner_path(self):
        self.ensure_one()
        return f"/my/incentives/requests/{self.request_id.id}"

    @api.model
    def _cron_remind_of_proof(self):
        """Tell partners once that the time to claim ends soon."""
        today = fields.Date.context_today(self)
        ending = self.search(
            [
                ("state", "=", "approved"),
                ("proof_reminded", "=", False),
                ("claim_until", ">=", today),
                ("claim_until", "<=", today + timedelta(days=PROOF_REMINDER_DAYS)),
            ]
        ).filtered(lambda activity: not activity._get_open_claims())
        ending = ending.filtered(lambda activity: activity.committed > 0)
        if ending:
            ending._write_process({"proof_reminded": True})
            ending._notify_partner("partner_mdf.mail_template_proof_due", "expiring")

    # -------------------------------------------------------------------------- ledger

    def _get_obligation(self):
        """What the fund owes for the activity, claimed or not."""
        self.ensure_one()
        if self.fund_id.provision_at == "claim":
            return self.spent
        return self.committed + self.spent

    def _book_obligation(self, day, kind):
        """Book what is owed less what is booked; co-op money is booked by runs."""
        for activity in self:
            fund = activity.fund_id
            if fund.kind == "coop":
                continue
            booked = (
                self.env["partner.incentive.entry"]
                .sudo()
                ._read_group(
                    [("mdf_activity_id", "=", activity.id)], aggregates=["earned:sum"]
                )[0][0]
                or 0.0
            )
            fund._book(
                activity.partner_id,
                activity._get_obligation() - booked,
                kind,
                day,
                reason=activity.display_name,
                mdf_activity_id=activity.id,
            )

    # ------------------------------------------------------------------------- history

    def _get_timeline(self):
        """What happened to the money: ``[{"date", "text", "amount"}]``, in order."""
        self.ensure_one()
        events = []
        if self.approved_on:
            events.append(
                {
                    "date": self.approved_on,
                    "text": self.env._("Approved"),
                    "amount": self.approved_amount,
                }
            )
        for claim in self.claim_ids.filtered("submitted_on").sorted("submitted_on"):
            labels = dict(claim._fields["state"]._description_selection(self.env))
            events.append(
                {
                    "date": claim.submitted_on.date(),
                    "text": self.env._(
                        "Claim %(name)s: %(state)s",
                        name=claim.name,
                        state=labels[claim.state].lower(),
                    ),
                    "amount": claim.amount,
                }
            )
        if self.closed_on:
            rest = self.approved_amount - self.spent
            events.append(
                {
                    "date": self.closed_on,
                    "text": self.env._("Closed; the rest is released"),
                    "amount": rest,
                }
            )
        return sorted(events, key=lambda event: event["date"])

    def action_view_claims(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.incentive.claim",
            "view_mode": "list,form",
            "domain": [("mdf_activity_id", "=", self.id)],
            "name": self.env._("Claims"),
            "context": {
                "default_mdf_activity_id": self.id,
                "default_offer_id": self.fund_id.offer_id.id,
                "default_partner_id": self.partner_id.id,
            },
        }
