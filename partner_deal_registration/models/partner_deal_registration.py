from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.partner_incentive_base.models.partner_incentive_attribution import (
    ROLES,
)

from ..matching.evidence import Party

USER = "partner_incentive_base.group_incentive_user"
MANAGER = "partner_incentive_base.group_incentive_manager"
INTERNAL = f"{USER},partner_incentive_base.group_incentive_auditor"

STATES = [
    ("draft", "Draft"),
    ("submitted", "In review"),
    ("info", "More information"),
    ("conflict", "Conflict review"),
    ("approved", "Approved"),
    ("converted", "Converted"),
    ("rejected", "Rejected"),
    ("expired", "Expired"),
    ("withdrawn", "Withdrawn"),
    ("lost", "Lost"),
]
OPEN_STATES = ("submitted", "info", "conflict")
FINAL_STATES = ("rejected", "expired", "withdrawn", "lost")
#: state: (states it is reached from, the verb of its methods)
TRANSITIONS = {
    "draft": (("rejected", "withdrawn", "expired", "lost"), "reset"),
    "submitted": (("draft", "info"), "submit"),
    "info": (("submitted", "conflict"), "request_info"),
    "conflict": (("submitted",), "flag_conflict"),
    "approved": (("submitted", "conflict"), "approve"),
    "converted": (("approved",), "convert"),
    "rejected": (("submitted", "info", "conflict"), "reject"),
    "expired": (("approved",), "expire"),
    "withdrawn": (("draft", "submitted", "info", "conflict", "approved"), "withdraw"),
    "lost": (("approved",), "lose"),
}
#: Who the customer is. A change of these is another registration in all but name.
CUSTOMER_FIELDS = {
    "customer_name",
    "customer_vat",
    "customer_website",
    "customer_email",
    "customer_phone",
    "customer_street",
    "customer_zip",
    "customer_city",
    "customer_country_id",
}
#: What a partner fills in, on the portal, in a file or over the API.
PARTNER_FIELDS = CUSTOMER_FIELDS | {
    "customer_contact",
    "role",
    "expected_value",
    "currency_id",
    "expected_close_date",
    "competition",
    "engagement",
    "co_partners",
    "is_renewal",
    "note",
}
#: What is registered. It changes freely while it is with the partner, is checked anew
#: once it has been submitted, and stays as it was when all is over.
CONTENT_FIELDS = PARTNER_FIELDS | {
    "partner_id",
    "program_id",
    "company_id",
    "line_ids",
    "attachment_ids",
}
COMPLETENESS_FIELDS = (
    *sorted(CUSTOMER_FIELDS),
    "program_id",
    "partner_id",
    "line_ids.product_id",
    "line_ids.category_id",
    "attachment_ids",
    "customer_contact",
    "expected_value",
    "expected_close_date",
    "competition",
    "engagement",
    "note",
)


class PartnerDealRegistration(models.Model):
    """A deal that a partner found and asks to have protected and credited.

    =========== ====================== ==================== =========================
    Action      Who                    From                 Restriction
    =========== ====================== ==================== =========================
    submit      User, the partner      draft, information   complete
    information Manager                in review, conflict  with a question
    conflict    Manager                in review
    approve     Manager                in review, conflict  did not register it; no
                                                            protected or earlier
                                                            complete rival
    reject      Manager                in review to         with a reason
                                       conflict
    withdraw    User, the partner      draft to approved
    extend      Manager                approved             asked for by the partner,
                                                            within the tier's limits
    convert     Manager, the order     approved             an order is confirmed
    lose        User, the partner,     approved             with a reason
                the opportunity
    expire      the system             approved             protection is over
    reset       User                   rejected, expired,   completed anew
                                       withdrawn, lost
    delete      User, the partner      draft
    =========== ====================== ==================== =========================

    Each action is ``action_x``, guarded by ``_check_can_x``, done by ``_do_x``; a bare
    write of the state takes the same way. Portal users act through the same methods:
    they may read the registrations of their company, and the guards lift them over
    the missing right to write for exactly what the table names. The superuser stands
    for nobody: rights do not bind it, rivals and completeness do.

    The first complete registration of a customer wins. ``completion_number`` comes
    from one database sequence when a registration is first found complete, so there
    is no tie and no way to date it back; another customer means another number.
    """

    _name = "partner.deal.registration"
    _description = "Deal Registration"
    _inherit = [
        "portal.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.disputed.mixin",
        "partner.incentive.notified.mixin",
        "partner.deal.identity.mixin",
        "partner.incentive.process.mixin",
        "partner.incentive.numbered.mixin",
    ]
    _process_fields = frozenset(
        {
            "state",
            "name",
            "registered_by",
            "submitted_by",
            "submitted_on",
            "completed_on",
            "completion_number",
            "approved_on",
            "approved_by",
            "decided_on",
            "decided_by",
            "converted_on",
            "closed_on",
            "protected_until",
            "protected_from",
            "discount",
            "pricelist_id",
            "reject_code",
            "reason",
            "internal_reason",
            "info_request",
            "taken_over",
            "lost_reason_id",
            "finding_ids",
            "conflict_level",
            "extension_ids",
            "clock_started_on",
            "clock_used",
            "clock_deadline",
            "clock_hours",
            "clock_state",
            "clock_hit",
            "escalation_level",
            "reminded_on",
            "expiry_reminder",
            "late",
            "lead_id",
            "auto_approved",
            "customer_id",
            "last_progress_on",
        }
    )
    _order = "id desc"
    _check_company_auto = True
    _mail_post_access = "read"

    name = fields.Char(default="/", readonly=True, copy=False, index="trigram")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    program_id = fields.Many2one(
        "partner.incentive.program",
        index="btree_not_null",
        check_company=True,
        tracking=True,
        compute="_compute_program_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    policy_id = fields.Many2one(
        "partner.deal.policy", compute="_compute_policy_id", groups=INTERNAL
    )
    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        domain="[('commercial_partner_id', '=', id)]",
        help="Company that registers the deal.",
    )
    grade_id = fields.Many2one(related="partner_id.grade_id", string="Tier")
    role = fields.Selection(ROLES, required=True, default="sourced", tracking=True)
    is_renewal = fields.Boolean(
        string="Renewal", help="The partner's own customer renews what it has."
    )
    co_partners = fields.Char(
        string="Other partners involved",
        help="Named by the registering partner; the reviewer decides on shares.",
    )
    credit_ids = fields.One2many(
        "partner.deal.credit", "registration_id", groups=INTERNAL
    )

    customer_name = fields.Char(required=True, tracking=True, index="trigram")
    customer_vat = fields.Char(string="Tax ID")
    customer_website = fields.Char(string="Web address")
    customer_email = fields.Char(string="Contact's email")
    customer_phone = fields.Char(string="Phone")
    customer_street = fields.Char(string="Street")
    customer_zip = fields.Char(string="Postcode")
    customer_city = fields.Char(string="City")
    customer_country_id = fields.Many2one("res.country", string="Country")
    customer_contact = fields.Char(string="Contact person")
    customer_id = fields.Many2one(
        "res.partner",
        string="Known customer",
        index="btree_not_null",
        readonly=True,
        copy=False,
        groups=INTERNAL,
        help="Customer of ours that the deal is with, once it is approved.",
    )

    line_ids = fields.One2many(
        "partner.deal.registration.line",
        "registration_id",
        string="Products",
        copy=True,
    )
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self._default_currency()
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    expected_value = fields.Monetary(tracking=True)
    company_value = fields.Monetary(
        string="Expected value in company currency",
        currency_field="company_currency_id",
        compute="_compute_company_value",
        store=True,
    )
    expected_close_date = fields.Date(string="Expected close", tracking=True)
    competition = fields.Char()
    engagement = fields.Text(
        string="Evidence of engagement",
        help="What the partner did with the customer: visits, workshops, quotes.",
    )
    attachment_ids = fields.Many2many(
        "ir.attachment",
        "partner_deal_registration_attachment_rel",
        string="Documents",
        copy=False,
    )
    note = fields.Text(string="Notes")

    state = fields.Selection(
        STATES,
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        group_expand="_expand_states",
    )
    registered_by = fields.Many2one(
        "res.users", readonly=True, copy=False, default=lambda self: self.env.user
    )
    submitted_by = fields.Many2one("res.users", readonly=True, copy=False)
    submitted_on = fields.Datetime(readonly=True, copy=False)
    completed_on = fields.Datetime(
        string="Complete since", readonly=True, copy=False, tracking=True
    )
    completion_number = fields.Integer(
        readonly=True,
        copy=False,
        index=True,
        groups=INTERNAL,
        help="Order in which registrations became complete. The lowest wins.",
    )
    taken_over = fields.Boolean(
        readonly=True, copy=False, help="Was in force in another system before."
    )
    completeness = fields.Integer(
        string="Complete (%)",
        compute="_compute_completeness",
        compute_sudo=True,
        store=True,
    )
    missing = fields.Char(
        string="Still missing", compute="_compute_missing", compute_sudo=True
    )
    quality = fields.Integer(
        compute="_compute_quality",
        compute_sudo=True,
        store=True,
        aggregator="avg",
        help="0 to 100: how much of what helps to close and check the deal is there.",
    )
    quality_hint = fields.Char(
        string="Would help", compute="_compute_quality_hint", compute_sudo=True
    )
    user_id = fields.Many2one(
        "res.users",
        string="Reviewer",
        index="btree_not_null",
        copy=False,
        tracking=True,
        domain="[('share', '=', False)]",
        groups=INTERNAL,
    )
    can_edit = fields.Boolean(compute="_compute_can_edit")

    _value_positive = models.Constraint(
        "CHECK (expected_value >= 0)", "The expected value cannot be negative."
    )
    _completion_unique = models.UniqueIndex(
        "(completion_number) WHERE completion_number > 0",
        "Two registrations cannot become complete at the same time.",
    )

    # --------------------------------------------------------------------- computed

    @api.model
    def _default_currency(self):
        return self.env.company.currency_id

    @api.model
    def _expand_states(self, states, domain):
        return [state for state, _label in STATES[:6]]

    @api.depends("company_id", "partner_id")
    def _compute_program_id(self):
        """The program that the partner is enrolled in, the default one first."""
        for registration in self:
            if registration.program_id.company_id == registration.company_id:
                continue
            programs = (
                registration.partner_id.sudo()
                .enrollment_ids.filtered(
                    lambda enrollment, company=registration.company_id: (
                        enrollment.state == "active"
                        and enrollment.company_id == company
                    )
                )
                .program_id
            )
            registration.program_id = programs.sorted(
                lambda program: (not program.is_default, program.id)
            )[:1]

    @api.depends("company_id", "program_id")
    def _compute_policy_id(self):
        for registration in self:
            registration.policy_id = registration._get_policy()

    @api.depends("expected_value", "currency_id", "company_id")
    def _compute_company_value(self):
        for registration in self:
            company = registration.company_id
            registration.company_value = registration.currency_id._convert(
                registration.expected_value,
                company.currency_id,
                company,
                fields.Date.context_today(registration),
            )

    @api.depends(*COMPLETENESS_FIELDS)
    def _compute_completeness(self):
        for registration in self:
            needed = registration._get_required_fields()
            missing = registration._get_missing_fields()
            registration.completeness = 100 - 100 * len(missing) // len(needed)

    @api.depends(*COMPLETENESS_FIELDS)
    def _compute_missing(self):
        for registration in self:
            registration.missing = ", ".join(
                registration._get_labels(registration._get_missing_fields())
            )

    @api.depends("completeness", *COMPLETENESS_FIELDS, "line_ids.quantity")
    def _compute_quality(self):
        """Completeness is half of it; the rest is what lets others check the deal."""
        for registration in self:
            signs = registration._get_quality_signs()
            found = sum(weight for _label, weight, good in signs if good)
            registration.quality = round(registration.completeness / 2) + found

    @api.depends(*COMPLETENESS_FIELDS, "line_ids.quantity")
    def _compute_quality_hint(self):
        for registration in self:
            registration.quality_hint = ", ".join(
                label
                for label, _weight, good in registration._get_quality_signs()
                if not good
            )

    def _get_quality_signs(self):
        """``(label, weight, whether it is there)``; the weights sum to 50."""
        self.ensure_one()
        return [
            (self.env._("a tax ID"), 10, bool(self.customer_vat)),
            (self.env._("a web address"), 8, bool(self.customer_website)),
            (
                self.env._("a contact with email or phone"),
                8,
                bool(self.customer_email or self.customer_phone),
            ),
            (self.env._("the competition"), 4, bool(self.competition)),
            (
                self.env._("a fuller account of the engagement"),
                10,
                len(self.engagement or "") >= 80,
            ),
            (self.env._("a document as evidence"), 5, bool(self.attachment_ids)),
            (
                self.env._("products with quantities"),
                5,
                any(line.product_id and line.quantity for line in self.line_ids),
            ),
        ]

    @api.depends("state")
    def _compute_can_edit(self):
        for registration in self:
            registration.can_edit = registration.state in ("draft", "info")

    @api.depends("name", "customer_name")
    def _compute_display_name(self):
        for registration in self:
            registration.display_name = (
                f"{registration.name} · {registration.customer_name}"
                if registration.customer_name
                else registration.name
            )

    def _compute_access_url(self):
        for registration in self:
            registration.access_url = f"/my/incentives/deals/{registration.id}"

    def _get_policy(self):
        self.ensure_one()
        company = self.company_id or self.env.company
        return self.env["partner.deal.policy"]._get_for(company, self.program_id)

    def _get_required_fields(self):
        policy = self._get_policy()
        names = policy.required_field_ids.mapped("name")
        return ["partner_id", "customer_name", *(n for n in names if n in self._fields)]

    def _get_missing_fields(self):
        return [name for name in self._get_required_fields() if not self[name]]

    def _get_labels(self, names):
        fields_info = self.fields_get(names, ["string"])
        return [fields_info.get(name, {}).get("string", name) for name in names]

    # --------------------------------------------------------------------- identity

    @api.model
    def _get_identity_fields(self):
        return CUSTOMER_FIELDS | {"company_id"}

    @api.model
    def _get_identity_condition(self):
        return SQL("TRUE")

    def _get_identity(self):
        self.ensure_one()
        return self.company_id.id, self._get_party()

    def _get_party(self):
        self.ensure_one()
        return Party(
            name=self.customer_name or "",
            vat=self.customer_vat or "",
            phone=self.customer_phone or "",
            website=self.customer_website or "",
            email=self.customer_email or "",
            street=self.customer_street or "",
            postcode=self.customer_zip or "",
            city=self.customer_city or "",
        )

    # ---------------------------------------------------------------- create, write

    @api.model_create_multi
    def create(self, vals_list):
        drafts = [dict(vals) for vals in vals_list]
        for vals in drafts:
            if vals.get("partner_id"):
                contact = self.env["res.partner"].browse(vals["partner_id"])
                vals["partner_id"] = contact.commercial_partner_id.id
        registrations = super().create(drafts)
        registrations._own_attachments()
        registrations._check_partner()
        for registration, vals in zip(registrations, vals_list, strict=True):
            if not self.env.su and vals.get("state", "draft") != "draft":
                registration.write({"state": vals["state"]})
        return registrations

    def write(self, vals):
        state = vals.get("state")
        content = {name: value for name, value in vals.items() if name != "state"}
        self._check_can_write(content)
        if content:
            before = self._get_rival_basis() if CONTENT_FIELDS & set(content) else {}
            super().write(content)
            if "attachment_ids" in content:
                self._own_attachments()
            if before:
                self._after_amendment(before)
        if state:
            for registration in self:
                registration._change_state(state)
        return True

    def _check_can_write(self, vals):
        if self.env.su:
            return
        if self._process_fields & set(vals):
            raise AccessError(
                self.env._("Use the buttons of the registration to move it along.")
            )
        for registration in self:
            if CONTENT_FIELDS & set(vals) and registration.state in (
                *FINAL_STATES,
                "converted",
            ):
                raise UserError(
                    self.env._(
                        "%(name)s is %(state)s and does not change any more.",
                        name=registration.name,
                        state=registration._get_state_label().lower(),
                    )
                )
            if "partner_id" in vals and registration.state != "draft":
                raise UserError(
                    self.env._("A registration stays with the partner that made it.")
                )

    def _write_process(self, vals):
        """Write what belongs to the process, past the guards of :meth:`write`."""
        return super().write(vals)  # pylint: disable=super-method-mismatch

    def _get_rival_basis(self):
        """What decides whether an amendment makes it another deal."""
        return {
            registration.id: (
                registration._get_party(),
                registration.line_ids._get_scope(),
            )
            for registration in self
        }

    def _own_attachments(self):
        """Files uploaded before the registration was saved belong to it now."""
        for registration in self:
            loose = registration.attachment_ids.sudo().filtered(
                lambda file: not file.res_id and file.res_model in (False, self._name)
            )
            loose.write({"res_model": self._name, "res_id": registration.id})

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for vals in vals_list:
            vals["registered_by"] = self.env.uid
        return vals_list

    @api.constrains("partner_id")
    def _check_partner(self):
        for registration in self.sudo():
            partner = registration.partner_id
            if partner.commercial_partner_id != partner:
                raise ValidationError(
                    self.env._(
                        "%(contact)s is a contact of %(company)s. Register the deal "
                        "for the company.",
                        contact=partner.name,
                        company=partner.commercial_partner_id.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_process(self):
        for registration in self:
            if registration.state != "draft" or registration.completed_on:
                raise UserError(
                    self.env._(
                        "%(name)s has been submitted and is kept. Withdraw it instead.",
                        name=registration.name,
                    )
                )

    # ------------------------------------------------------------------ transitions

    def _change_state(self, state, *arguments, **options):
        """Bring one registration to ``state`` as far as process and rights allow."""
        self.ensure_one()
        origins, verb = TRANSITIONS.get(state, ((), None))
        if self.state not in origins:
            raise UserError(
                self.env._(
                    "%(name)s is %(old)s and cannot become %(new)s.",
                    name=self.name,
                    old=self._get_state_label().lower(),
                    new=(self._get_state_label(state) or "").lower(),
                )
            )
        getattr(self, f"_check_can_{verb}")(*arguments, **options)
        # What the guard allowed is done whatever the rights on single records are;
        # who did it stays known.
        getattr(self.sudo(), f"_do_{verb}")(*arguments, **options)

    def _is_party(self):
        """Whether the user may act for the company that registered the deal."""
        self.ensure_one()
        contact = self.env.user.partner_id
        return (
            contact.commercial_partner_id == self.sudo().partner_id
            and contact._may_use_incentives("deals")
        )

    def _check_actor(self, portal=False):
        """An incentive user, or where ``portal`` says so somebody of the partner."""
        if self.env.su:
            return
        if portal and self.env.user._is_portal() and all(d._is_party() for d in self):
            return
        self.check_access("write")
        if not self.env.user.has_group(USER):
            raise AccessError(self.env._("You may not change this registration."))

    def _check_manager(self):
        if self.env.su:
            return
        self.check_access("write")
        if not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._("Only an incentive manager decides on registrations.")
            )

    def _check_reason(self, reason):
        if not (reason or "").strip():
            raise UserError(self.env._("Give a reason, so that the partner knows."))

    # ----------------------------------------------------------------------- submit

    def action_submit(self):
        for registration in self:
            registration._change_state("submitted")
        return True

    def _check_can_submit(self):
        self._check_actor(portal=True)
        for registration in self.sudo():
            if registration.missing:
                raise UserError(
                    self.env._(
                        "%(name)s is not complete. Still missing: %(missing)s.",
                        name=registration.name,
                        missing=registration.missing,
                    )
                )
            registration._check_not_too_late()

    def _do_submit(self):
        """Complete registrations get their numbers one after the other.

        The lock row makes the second of two at once start over, so that it sees the
        first, as does the reviewer of the first.
        """
        self.ensure_one()
        self.env["partner.deal.lock"]._touch(self.company_id)
        answered = self.state == "info"
        vals = {
            "state": "submitted",
            "submitted_by": self.env.uid,
            "submitted_on": fields.Datetime.now(),
            "info_request": False,
            "late": self._has_sent_quotation(),
        }
        if not self.completion_number:
            vals.update(self._prepare_completion())
        self._write_process(vals)
        self._find_duplicates()
        self._tell_rivals()
        if not answered or not self.user_id:
            self._route()
        self._start_clock()
        self._message_partner(
            self.env._("The registration was submitted and is in review.")
        )
        self._notify_reviewer()

    @api.model
    def _prepare_completion(self):
        """Server time and the next number of one database sequence: no ties."""
        return {
            "completed_on": fields.Datetime.now(),
            "completion_number": int(
                self.env["ir.sequence"]
                .sudo()
                .next_by_code("partner.deal.registration.completion")
            ),
        }

    def _tell_partner(self, template, event):
        """Mail to the partner's people; who registered it follows its conversation.

        :param template: what stands behind ``mail_template_deal_``
        """
        for registration in self:
            registration.message_subscribe(registration._get_authors().ids)
        self._notify_partner(
            f"partner_deal_registration.mail_template_deal_{template}", event
        )

    def _get_notified_areas(self):
        return ("deals",)

    @api.model
    def _get_dispute_areas(self):
        return ("deals",)

    def _get_partner_path(self):
        self.ensure_one()
        return self.access_url

    def _get_authors(self):
        """The partner's people who registered or submitted it."""
        self.ensure_one()
        return (self.registered_by | self.submitted_by).partner_id.filtered(
            lambda person: person.commercial_partner_id == self.partner_id
        )

    def _message_partner(self, body):
        """Note for the partner what it did itself; whoever registered it follows."""
        self.ensure_one()
        people = self._get_authors()
        self.message_subscribe(people.ids)
        self.message_post(
            body=body,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            author_id=self.company_id.partner_id.id,
            partner_ids=people.ids,
        )

    # -------------------------------------------------------------------------- API

    @api.model
    def register(self, values, submit=True):
        """Register a deal over the API, as a partner or as an incentive user.

        Portal users register for their own company; incentive users name the partner.
        Only what :data:`PARTNER_FIELDS` lists is taken, plus ``lines``: a list of
        ``{"product_id": id, "quantity": number}``. Without ``submit`` it stays a draft.

        :return: ``{"id": id, "name": number, "state": state, "missing": text}``
        """
        user = self.env.user
        if not isinstance(values, dict):
            raise UserError(self.env._("Give the fields of one deal by their names."))
        vals = {name: values[name] for name in PARTNER_FIELDS & set(values)}
        if user._is_portal():
            user.partner_id._check_incentive_area("deals")
            vals["partner_id"] = user.partner_id.commercial_partner_id.id
            self._check_may_register(user.partner_id.commercial_partner_id)
            Registration = self.sudo()
        else:
            self.check_access("create")
            vals["partner_id"] = values.get("partner_id")
            Registration = self
        vals["line_ids"] = [
            (0, 0, self.env["partner.deal.registration.line"]._clean_vals(line))
            for line in values.get("lines") or []
        ]
        registration = Registration.create([vals]).with_env(self.env)
        if submit and not registration.sudo().missing:
            registration.action_submit()
        registration_sudo = registration.sudo()
        return {
            "id": registration.id,
            "name": registration_sudo.name,
            "state": registration_sudo.state,
            "missing": registration_sudo.missing or "",
        }

    @api.model
    def _check_may_register(self, partner):
        """Partners that are enrolled, or have a tier, register deals."""
        partner_sudo = partner.sudo()
        active = partner_sudo.enrollment_ids.filtered(lambda e: e.state == "active")
        if not active and not partner_sudo.grade_id:
            raise AccessError(
                self.env._(
                    "Your company is not enrolled in a partner program yet. Ask your "
                    "contact to enroll it before you register deals."
                )
            )
