from datetime import timedelta

from pytz import UTC

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import clean_context

USER = "partner_incentive_base.group_incentive_user"
MANAGER = "partner_incentive_base.group_incentive_manager"
FINANCE = "partner_incentive_base.group_incentive_finance"
COMPLIANCE = "partner_incentive_base.group_incentive_compliance"
ACTIVITY = "mail.mail_activity_data_todo"

STATES = [
    ("open", "Open"),
    ("info", "Waiting for the partner"),
    ("booking", "To book"),
    ("closed", "Closed"),
    ("withdrawn", "Withdrawn"),
]
OUTCOMES = [
    ("adjusted", "Upheld: an amount is booked"),
    ("reopened", "Upheld: the document goes back into review"),
    ("refused", "Refused"),
]
#: state: states it is reached from
TRANSITIONS = {
    "open": ("info", "booking"),
    "info": ("open",),
    "booking": ("open",),
    "closed": ("open", "booking"),
    "withdrawn": ("open", "info"),
}
#: What may be written by hand, and only while the dispute is open.
OPEN_FIELDS = {"owner_id", "category", "expected_amount", "attachment_ids"}
LIVE_STATES = ("open", "info", "booking")


class PartnerIncentiveDispute(models.Model):
    """A partner contests an amount or a decision, and gets an answer in time.

    ======== ========================= =========== ================================
    Action   Who                       From        Restriction
    ======== ========================= =========== ================================
    raise    the partner, User         -           until the cut-off date; one live
                                                   dispute for a document
    ask      Compliance, Manager       open        with a question; the clock stops
    answer   the partner, User         info
    decide   Compliance, Manager       open        neither raised it nor took the
                                                   disputed decision; with a reason
    book     Finance                   booking     did not decide it
    return   Finance                   booking     with a reason
    withdraw the partner, User         open, info
    ======== ========================= =========== ================================

    Nobody writes the state; each action is a method with its own guard. What the
    partner does on the portal comes through the same methods, called as superuser
    after the page has made sure that the dispute is the partner's.

    An amount that was agreed becomes an adjustment, submitted by whoever decided: no
    later run takes it back, and the next settlement of its offer pays it.
    """

    _name = "partner.incentive.dispute"
    _description = "Incentive Dispute"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.process.mixin",
        "partner.incentive.numbered.mixin",
    ]
    _order = "deadline, id desc"
    _check_company_auto = True

    name = fields.Char(default="/", readonly=True, copy=False, index="trigram")
    res_model = fields.Selection(
        selection=[
            ("partner.incentive.entry", "Statement line"),
            ("partner.incentive.claim", "Claim"),
            ("partner.incentive.settlement.line", "Settlement"),
        ],
        string="About",
        required=True,
        readonly=True,
    )
    res_id = fields.Many2oneReference(
        string="Document",
        model_field="res_model",
        required=True,
        readonly=True,
        index=True,
    )
    record_name = fields.Char(
        string="Disputed", compute="_compute_subject", store=True, precompute=True
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_subject",
        store=True,
        index=True,
        precompute=True,
    )
    program_id = fields.Many2one(
        "partner.incentive.program",
        compute="_compute_subject",
        store=True,
        index="btree_not_null",
        precompute=True,
    )
    partner_id = fields.Many2one(
        "res.partner",
        compute="_compute_subject",
        store=True,
        index=True,
        precompute=True,
        ondelete="restrict",
    )
    offer_id = fields.Many2one(
        "partner.incentive.offer",
        compute="_compute_subject",
        store=True,
        index="btree_not_null",
        precompute=True,
        ondelete="restrict",
    )
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", store=True, precompute=True
    )
    category = fields.Selection(
        [
            ("missing", "Sales are missing"),
            ("rate", "Wrong rate or tier"),
            ("amount", "Wrong amount"),
            ("payment", "Payment is missing"),
            ("decision", "Decision"),
            ("other", "Other"),
        ],
        default="other",
        required=True,
        tracking=True,
    )
    reason = fields.Text(required=True, readonly=True)
    expected_amount = fields.Monetary(
        string="Amount in question",
        tracking=True,
        help="What the partner thinks is missing.",
    )
    attachment_ids = fields.Many2many(
        "ir.attachment",
        "partner_incentive_dispute_attachment_rel",
        string="Evidence",
        ondelete="restrict",
        copy=False,
    )
    state = fields.Selection(
        STATES,
        default="open",
        required=True,
        readonly=True,
        index=True,
        copy=False,
        tracking=True,
        group_expand="_expand_states",
    )
    outcome = fields.Selection(OUTCOMES, readonly=True, copy=False, tracking=True)
    adjustment = fields.Monetary(
        string="Agreed amount",
        readonly=True,
        copy=False,
        tracking=True,
        help="What is owed more, or less when negative.",
    )
    question = fields.Text(readonly=True, copy=False)
    answer = fields.Text(
        readonly=True, copy=False, help="Why it was decided so. The partner reads it."
    )
    raised_by = fields.Many2one("res.users", readonly=True, copy=False)
    raised_on = fields.Datetime(readonly=True, copy=False)
    owner_id = fields.Many2one(
        "res.users", domain="[('share', '=', False)]", tracking=True, copy=False
    )
    deadline = fields.Datetime(
        string="Answer by", readonly=True, copy=False, index=True
    )
    paused_on = fields.Datetime(readonly=True, copy=False)
    escalated = fields.Boolean(readonly=True, copy=False)
    decided_by = fields.Many2one("res.users", readonly=True, copy=False)
    decided_on = fields.Datetime(readonly=True, copy=False)
    in_time = fields.Boolean(
        string="Decided in time", readonly=True, copy=False, aggregator=None
    )
    adjustment_id = fields.Many2one(
        "partner.incentive.adjustment",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    is_late = fields.Boolean(string="Late", compute="_compute_is_late")
    can_reopen = fields.Boolean(compute="_compute_can_reopen")

    _one_live = models.UniqueIndex(
        "(res_model, res_id) WHERE state IN ('open', 'info', 'booking')",
        "This is disputed already. Add to that dispute instead.",
    )

    # -------------------------------------------------------------------- computed

    @api.model
    def _expand_states(self, states, domain):
        return [state for state, _label in STATES if state != "withdrawn"]

    def _get_subject(self):
        """The disputed document, read as superuser."""
        self.ensure_one()
        if self.res_model not in self.env or not self.res_id:
            return None
        return self.env[self.res_model].sudo().browse(self.res_id).exists() or None

    @api.depends("res_model", "res_id")
    def _compute_subject(self):
        for dispute in self:
            subject = dispute._get_subject()
            if subject is None:
                continue
            dispute.record_name = subject.display_name
            dispute.company_id = subject.company_id
            dispute.partner_id = subject.partner_id
            dispute.program_id = subject._get_dispute_program()
            dispute.offer_id = subject._get_dispute_offer()

    @api.depends("offer_id", "company_id")
    def _compute_currency_id(self):
        for dispute in self:
            dispute.currency_id = (
                dispute.offer_id.sudo().currency_id
                or dispute.company_id.currency_id
                or self.env.company.currency_id
            )

    @api.depends("deadline", "state")
    def _compute_is_late(self):
        now = fields.Datetime.now()
        for dispute in self:
            dispute.is_late = bool(
                dispute.state == "open" and dispute.deadline and dispute.deadline < now
            )

    @api.depends("res_model", "res_id", "state")
    def _compute_can_reopen(self):
        for dispute in self:
            subject = dispute._get_subject()
            dispute.can_reopen = bool(subject and subject._can_reopen_disputed())

    # ----------------------------------------------------------------------- raise

    @api.model_create_multi
    def create(self, vals_list):
        """Raise disputes; for staff on behalf of a partner, and for the portal."""
        self._check_group(USER)
        context = self.env.context
        drafts = []
        for vals in vals_list:
            # The document comes with the action; its name must not reach messages.
            vals = {
                "res_model": context.get("default_res_model"),
                "res_id": context.get("default_res_id"),
                **vals,
            }
            allowed = OPEN_FIELDS | {"res_model", "res_id", "reason", "raised_by"}
            vals = {name: vals[name] for name in allowed & set(vals)}
            if not self.env.su or not vals.get("raised_by"):
                vals["raised_by"] = self.env.uid
            vals["raised_on"] = fields.Datetime.now()
            drafts.append(vals)
        cleaned = self.with_context(clean_context(context))  # pylint: disable=context-overridden
        for vals in drafts:
            cleaned.new(vals)._check_can_raise()
        disputes = super(PartnerIncentiveDispute, cleaned).create(drafts)
        for dispute in disputes:
            dispute._start()
        return disputes

    def _check_can_raise(self):
        """A document that the user may see, of that partner, within its time."""
        subject = self._get_subject()
        if subject is None:
            raise UserError(self.env._("There is nothing there that can be disputed."))
        if not self.env.su:
            subject.with_env(self.env).check_access("read")
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say what is wrong, and why."))
        day = subject._get_dispute_day()
        if not day:
            raise UserError(
                self.env._(
                    "%s is not decided yet, so there is nothing to dispute.",
                    self.record_name,
                )
            )
        disputes = self._get_about(subject)
        if disputes._get_live():
            raise UserError(
                self.env._("This is disputed already. Add to that dispute instead.")
            )
        if disputes._is_answered(day):
            raise UserError(
                self.env._("This was disputed and answered already; that is final.")
            )
        cutoff = self._get_cutoff(subject)
        if fields.Date.context_today(self) > cutoff:
            raise UserError(
                self.env._(
                    "%(document)s could be disputed until %(date)s.",
                    document=self.record_name,
                    date=fields.Date.to_string(cutoff),
                )
            )

    @api.model
    def _get_about(self, subject):
        """All disputes about a document, as superuser."""
        return self.sudo().search_fetch(
            [("res_model", "=", subject._name), ("res_id", "=", subject.id)]
        )

    def _get_live(self):
        """The one of these that is not closed yet, or none."""
        return self.filtered(lambda dispute: dispute.state in LIVE_STATES)[:1]

    def _is_answered(self, day):
        """Whether one of these answered for good what happened on ``day``."""
        return any(
            dispute.state == "closed"
            and dispute.outcome != "reopened"
            and dispute.raised_on
            and dispute.raised_on >= fields.Datetime.to_datetime(day)
            for dispute in self
        )

    @api.model
    def _get_cutoff(self, subject):
        """Last day on which a document can be disputed."""
        days = (
            subject._get_dispute_program().dispute_days
            or subject.company_id.incentive_dispute_days
        )
        return subject._get_dispute_day() + timedelta(days=days)

    def _is_open_to_disputes(self, subject):
        """Whether the partner could raise a dispute about a document today.

        To be asked of all disputes about it.
        """
        day = subject._get_dispute_day()
        return bool(
            day
            and fields.Date.context_today(self) <= self._get_cutoff(subject)
            and not self._is_answered(day)
            and not self._get_live()
        )

    def _start(self):
        self.ensure_one()
        self._own_attachments()
        subject = self._get_subject()
        barred = subject._get_dispute_deciders() | self.raised_by
        owner = self.owner_id or next(
            (
                user
                for user in (
                    self.company_id.incentive_dispute_owner_id,
                    self.offer_id.sudo().user_id,
                    self.program_id.sudo().user_id,
                    *self._get_people(COMPLIANCE),
                )
                if user and user not in barred
            ),
            self.env["res.users"],
        )
        self._write_process({"owner_id": owner.id, "deadline": self._plan_deadline()})
        self._remind_owner(self.env._("Answer the dispute"))
        self._tell_partner(self.env._("The dispute was received."))

    def _plan_deadline(self):
        """So many working days from now, by the company's calendar."""
        days = self.company_id.incentive_dispute_answer_days
        now = fields.Datetime.now()
        calendar = self.company_id.resource_calendar_id
        planned = calendar and calendar.plan_days(
            days + 1, now.replace(tzinfo=UTC), compute_leaves=True
        )
        if not planned:
            return now + timedelta(days=days)
        return planned.astimezone(UTC).replace(tzinfo=None)

    def _own_attachments(self):
        for dispute in self:
            loose = dispute.attachment_ids.sudo().filtered(
                lambda file: not file.res_id and file.res_model in (False, self._name)
            )
            loose.write({"res_model": self._name, "res_id": dispute.id})

    # ----------------------------------------------------------------------- write

    def write(self, vals):
        if set(vals) - OPEN_FIELDS and not self.env.su:
            raise AccessError(
                self.env._("Use the buttons of the dispute to move it along.")
            )
        if OPEN_FIELDS & set(vals) and not self.env.su:
            self._check_group(USER)
            for dispute in self:
                if dispute.state not in ("open", "info"):
                    raise UserError(
                        self.env._(
                            "%s is decided and does not change any more.", dispute.name
                        )
                    )
        result = super().write(vals)
        if "attachment_ids" in vals:
            self._own_attachments()
        return result

    def _write_process(self, vals):
        """Write what belongs to the process, past the guards of :meth:`write`."""
        return super(PartnerIncentiveDispute, self.sudo()).write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(
            self.env._("A dispute is kept. Withdraw it if it is not needed any more.")
        )

    def _check_from(self, state):
        for dispute in self:
            if dispute.state not in TRANSITIONS[state]:
                raise UserError(
                    self.env._(
                        "%(name)s is %(old)s and cannot become %(new)s.",
                        name=dispute.name,
                        old=dispute._get_state_label().lower(),
                        new=dispute._get_state_label(state).lower(),
                    )
                )

    def _check_reason(self, reason):
        if not (reason or "").strip():
            raise UserError(self.env._("Enter a reason. The partner will see it."))

    # ----------------------------------------------------------------- information

    def action_request_info(self, reason=None):
        """Ask the partner; the clock stops until the answer."""
        self._check_group(COMPLIANCE, MANAGER)
        self.check_access("write")
        if not reason:
            return self.env["partner.incentive.reason"]._open(self, "dispute_info")
        self._check_from("info")
        for dispute in self:
            dispute._write_process(
                {
                    "state": "info",
                    "question": reason,
                    "paused_on": fields.Datetime.now(),
                }
            )
            dispute._close_activities()
            dispute._tell_partner(dispute._translated().env._("A question: %s", reason))
        return True

    def action_answer(self, text=None):
        """The partner's answer, or the staff's on its behalf; the clock runs on."""
        self._check_group(USER)
        self.check_access("write")
        self._check_from("open")
        self._check_reason(text)
        for dispute in self:
            if dispute.state != "info":
                raise UserError(self.env._("%s is with finance.", dispute.name))
            waited = fields.Datetime.now() - dispute.paused_on
            dispute._write_process(
                {
                    "state": "open",
                    "paused_on": False,
                    "deadline": dispute.deadline + waited,
                }
            )
            dispute._say(text)
            dispute._remind_owner(self.env._("The partner answered"))
        return True

    # -------------------------------------------------------------------- decision

    def action_decide(self, outcome=None, answer=None, amount=0.0, offer_id=None):
        """Decide with a reason.

        :param outcome: one of :data:`OUTCOMES`
        :param amount: what is owed more, in the offer's currency, where *adjusted*
        :param offer_id: offer to book it under, where the document names none
        """
        self.ensure_one()
        self._check_can_decide(outcome, answer, amount, offer_id)
        now = fields.Datetime.now()
        vals = {
            "state": "booking" if outcome == "adjusted" else "closed",
            "outcome": outcome,
            "answer": answer,
            "adjustment": amount if outcome == "adjusted" else 0.0,
            "decided_by": self.env.uid,
            "decided_on": now,
            "in_time": not self.deadline or now <= self.deadline,
        }
        if offer_id and not self.offer_id:
            vals["offer_id"] = offer_id
        self._write_process(vals)
        self._close_activities()
        if outcome == "adjusted":
            self._submit_adjustment()
            self._notify_finance()
            return True
        if outcome == "reopened":
            self._get_subject()._reopen_disputed(self.sudo())
        self._tell_decision()
        return True

    def _check_can_decide(self, outcome, answer, amount, offer_id):
        self._check_group(COMPLIANCE, MANAGER)
        self.check_access("write")
        if outcome not in dict(OUTCOMES):
            raise UserError(self.env._("Choose an outcome from the list."))
        self._check_from("booking")
        self._check_reason(answer)
        subject = self._get_subject()
        if subject is None:
            raise UserError(
                self.env._("The disputed document does not exist any more.")
            )
        barred = subject._get_dispute_deciders() | self.raised_by
        if not self.env.su and self.env.user in barred:
            raise AccessError(
                self.env._(
                    "You raised %s, or took the decision that it is about. Somebody "
                    "else has to decide on it.",
                    self.name,
                )
            )
        if outcome == "reopened" and not subject._can_reopen_disputed():
            raise UserError(
                self.env._(
                    "%s does not go back into review. Correct it by an amount instead.",
                    self.record_name,
                )
            )
        if outcome == "adjusted":
            self._check_adjustment(
                amount,
                self.offer_id
                or self.env["partner.incentive.offer"].browse(offer_id or []),
            )

    def _check_adjustment(self, amount, offer):
        if not offer or not offer.exists():
            raise UserError(self.env._("Name the offer that the amount belongs to."))
        if not self.env.su:
            offer.check_access("read")
        offer_sudo = offer.sudo()
        if offer_sudo.company_id != self.company_id or not offer_sudo._books():
            raise UserError(
                self.env._("Nothing can be booked under %s.", offer_sudo.name)
            )
        if offer_sudo.state not in ("published", "suspended", "retired"):
            raise UserError(self.env._("%s is not published.", offer_sudo.name))
        if offer_sudo.currency_id.is_zero(amount or 0.0):
            raise UserError(self.env._("Enter the amount that was agreed."))

    def action_open_decision(self):
        self.ensure_one()
        self._check_group(COMPLIANCE, MANAGER)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Decide"),
            "res_model": "partner.incentive.dispute.decision",
            "view_mode": "form",
            "target": "new",
            "context": {"default_dispute_id": self.id},
        }

    def _submit_adjustment(self):
        """Ask finance for what was agreed, in the name of whoever decided."""
        self.ensure_one()
        subject = self._get_subject()
        is_entry = subject._name == "partner.incentive.entry"
        adjustment_sudo = (
            self.env["partner.incentive.adjustment"]
            .sudo()
            .create(
                [
                    {
                        "company_id": self.company_id.id,
                        "offer_id": self.offer_id.id,
                        "partner_id": self.partner_id.id,
                        "amount": self.adjustment,
                        "reason": f"{self.name}: {self.answer}",
                        "corrected_entry_id": is_entry and subject.id,
                        "dispute_id": self.id,
                    }
                ]
            )
        )
        adjustment_sudo.action_submit()
        self._write_process({"adjustment_id": adjustment_sudo.id})

    def action_book(self):
        """Approve the adjustment that was agreed: the second pair of eyes."""
        self._check_booking()
        for dispute in self:
            dispute.adjustment_id.with_env(self.env).action_approve()
        return True

    def action_return(self, reason=None):
        """Finance sends the decision back: the amount cannot be booked like this."""
        self._check_booking()
        if not reason:
            return self.env["partner.incentive.reason"]._open(self, "dispute_return")
        for dispute in self:
            dispute.adjustment_id.with_env(self.env).action_refuse(reason)
        return True

    def _check_booking(self):
        self._check_group(FINANCE)
        self.check_access("write")
        for dispute in self:
            if dispute.state != "booking":
                raise UserError(
                    self.env._("%s has no amount to be booked.", dispute.name)
                )

    def _after_booking(self):
        """Its adjustment was booked: the partner is told."""
        for dispute in self.filtered(lambda each: each.state == "booking"):
            dispute._write_process({"state": "closed"})
            dispute._close_activities()
            dispute._tell_decision()

    def _after_refusal(self, reason):
        """Finance refused the adjustment: decide anew."""
        for dispute in self.filtered(lambda each: each.state == "booking"):
            dispute._write_process(
                {
                    "state": "open",
                    "outcome": False,
                    "answer": False,
                    "adjustment": 0.0,
                    "adjustment_id": False,
                    "decided_by": False,
                    "decided_on": False,
                    "in_time": False,
                }
            )
            dispute.sudo().message_post(
                body=self.env._("Returned by finance: %s", reason),
                subtype_xmlid="mail.mt_note",
            )
            dispute._close_activities()
            dispute._remind_owner(self.env._("Decide anew: finance returned it"))

    def action_withdraw(self):
        self._check_group(USER)
        self.check_access("write")
        self._check_from("withdrawn")
        for dispute in self:
            dispute._write_process({"state": "withdrawn", "paused_on": False})
            dispute._close_activities()
            dispute._tell_partner(
                dispute._translated().env._("The dispute was withdrawn.")
            )
        return True

    # ------------------------------------------------------- messages, activities

    def _say(self, text):
        """Post what the user said, in the words and the name of the user."""
        self.ensure_one()
        self.sudo().message_post(
            body=text,
            author_id=self.env.user.partner_id.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """Mails to people of the partner have a button that opens its page."""
        groups = super()._notify_get_recipients_groups(
            message, model_description, msg_vals=msg_vals
        )
        if not self:
            return groups
        people = self._get_people_of_partner().ids
        own = {
            "active": True,
            "has_button_access": True,
            "button_access": {
                "title": self.env._("Open on the portal"),
                "url": f"{self.get_base_url()}/my/incentives/disputes/{self.id}",
            },
        }
        return [("incentive_partner", lambda one: one["id"] in people, own), *groups]

    def _get_person(self):
        """Who of the partner raised it; nobody where the staff did on its behalf."""
        self.ensure_one()
        return self.raised_by.sudo().partner_id.filtered(
            lambda person: person.commercial_partner_id == self.partner_id
        )

    def _get_people_of_partner(self):
        """Who raised it, or whoever may read on the portal what the staff raised."""
        self.ensure_one()
        person = self._get_person()
        if person or not self.partner_id:
            return person
        areas = self.env[self.res_model]._get_dispute_areas()
        return self.partner_id._get_incentive_contacts("dispute", areas)[
            self.partner_id
        ]

    def _translated(self):
        """This dispute in the language of whoever reads what is said to the partner."""
        reader = self._get_person() or self.partner_id
        return self.with_context(lang=reader.lang or self.env.lang)

    def _tell_partner(self, body):
        self.ensure_one()
        self.sudo().message_post(
            body=body,
            partner_ids=self._get_people_of_partner().ids,
            author_id=self.company_id.partner_id.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def _tell_decision(self):
        env = self._translated().env
        labels = dict(self._fields["outcome"]._description_selection(env))
        self._tell_partner(
            env._(
                "%(outcome)s. %(answer)s",
                outcome=labels[self.outcome],
                answer=self.answer,
            )
        )

    def _remind_owner(self, summary):
        self.ensure_one()
        if self.owner_id:
            self.sudo().activity_schedule(
                ACTIVITY,
                date_deadline=(self.deadline or fields.Datetime.now()).date(),
                summary=summary,
                user_id=self.owner_id.id,
            )

    def _get_people(self, group):
        """Users of a right who work for the dispute's company."""
        return (
            self.env.ref(group)
            .sudo()
            .all_user_ids.filtered(
                lambda user: not user.share and self.company_id in user.company_ids
            )
            .sorted("id")
        )

    def _notify_finance(self):
        """Somebody of finance, but not who decided, has to book it."""
        user = (self._get_people(FINANCE) - self.decided_by)[:1]
        if user:
            self.sudo().activity_schedule(
                ACTIVITY,
                summary=self.env._("Book the agreed amount"),
                user_id=user.id,
            )

    def _close_activities(self):
        self.sudo().activity_unlink([ACTIVITY])

    @api.model
    def _cron_escalate(self, limit=500):
        """Tell the program's owner once that a dispute was not answered in time."""
        late = self.search(
            [
                ("state", "=", "open"),
                ("deadline", "<", fields.Datetime.now()),
                ("escalated", "=", False),
            ],
            limit=limit,
        )
        for dispute in late:
            dispute._write_process({"escalated": True})
            chief = dispute.program_id.user_id - dispute.owner_id
            dispute.activity_schedule(
                ACTIVITY,
                summary=self.env._("Late: the partner waits for an answer"),
                user_id=(chief or dispute.owner_id or self.env.user).id,
            )

    def action_open_subject(self):
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }
