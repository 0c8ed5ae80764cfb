import hashlib
import re
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import float_repr, format_date

USER = "partner_incentive_base.group_incentive_user"
MANAGER = "partner_incentive_base.group_incentive_manager"
FINANCE = "partner_incentive_base.group_incentive_finance"
COMPLIANCE = "partner_incentive_base.group_incentive_compliance"

STATES = [
    ("draft", "Draft"),
    ("submitted", "Submitted"),
    ("info", "More information"),
    ("validated", "Validated"),
    ("approved", "Approved"),
    ("scheduled", "Scheduled"),
    ("paid", "Paid"),
    ("rejected", "Rejected"),
    ("cancelled", "Cancelled"),
]
#: state: (states it is reached from, the verb of its methods)
TRANSITIONS = {
    "draft": (("cancelled",), "reset"),
    "submitted": (("draft", "info"), "submit"),
    "info": (("submitted", "validated"), "request_info"),
    "validated": (("submitted",), "validate"),
    "approved": (("validated",), "approve"),
    "scheduled": (("approved",), "schedule"),
    "paid": (("approved", "scheduled"), "pay"),
    "rejected": (("submitted", "info", "validated"), "reject"),
    "cancelled": (("draft", "submitted", "info", "validated", "approved"), "cancel"),
}
#: What is claimed; open to change while the claim is with its author.
CONTENT_FIELDS = {
    "company_id",
    "offer_id",
    "partner_id",
    "date",
    "amount",
    "currency_id",
    "quantity",
    "product_id",
    "document_number",
}
EVIDENCE_FIELDS = {"attachment_ids", "evidence_ids", "description"}


class PartnerIncentiveClaim(models.Model):
    """Request for money with evidence.

    ============ ==================== ====================== =======================
    Action       Who                  From                   Restriction
    ============ ==================== ====================== =======================
    submit       User, the partner    draft, information     complete, no duplicate
    request info Compliance, Manager  submitted, validated   with a reason
    validate     Compliance, Manager  submitted              not who submitted it
    approve      Manager              validated              not who submitted it;
                                                             evidence is there; the
                                                             budget covers it
    schedule     Finance              approved
    pay          Finance              approved, scheduled
    reject       Compliance, Manager  submitted to validated with a reason
    cancel       User                 draft to information
                 Manager              validated, approved
    reset        User                 cancelled
    delete       User                 draft, cancelled
    ============ ==================== ====================== =======================

    Each action is ``action_x``, guarded by ``_check_can_x``, done by ``_do_x``. A bare
    write of the state takes the same way. The superuser stands for nobody, so rights
    and the separation of duties do not bind it; evidence and budgets do.

    An approved claim counts by the measure *Approved claims*; the run that books it
    marks it as accrued, and from then on it is no commitment of a budget any more.
    """

    _name = "partner.incentive.claim"
    _description = "Incentive Claim"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.disputed.mixin",
        "partner.incentive.notified.mixin",
        "partner.incentive.process.mixin",
        "partner.incentive.numbered.mixin",
    ]
    _order = "date desc, id desc"
    _check_company_auto = True
    _process_fields = frozenset(
        {
            "state",
            "submitted_by",
            "submitter_ids",
            "submitted_on",
            "validated_by",
            "approved_by",
            "rejected_by",
            "decided_on",
            "reason",
            "accrued",
            "duplicate_key",
            "fingerprint",
            "due_on",
            "escalated",
        }
    )

    name = fields.Char(default="/", readonly=True, copy=False, index="trigram")
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        index=True,
        precompute=True,
        readonly=True,
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    offer_id = fields.Many2one(
        "partner.incentive.offer",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        domain="[('state', 'in', ('published', 'retired'))]",
    )
    program_id = fields.Many2one(
        related="offer_id.program_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        domain="[('commercial_partner_id', '=', id)]",
    )
    grade_id = fields.Many2one(related="partner_id.grade_id", string="Tier")
    enrollment_id = fields.Many2one(
        "partner.incentive.enrollment",
        compute="_compute_enrollment_id",
        store=True,
        index="btree_not_null",
    )
    date = fields.Date(
        required=True,
        default=lambda self: fields.Date.context_today(self),
        tracking=True,
        help="Date of what is claimed for. It decides the period the claim counts in.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    amount = fields.Monetary(required=True, tracking=True)
    company_amount = fields.Monetary(
        string="Amount in company currency",
        currency_field="company_currency_id",
        compute="_compute_company_amount",
        store=True,
        help="Converted at the rate of the date of the claim.",
    )
    quantity = fields.Float(digits="Product Unit")
    product_id = fields.Many2one("product.product", check_company=True)
    document_number = fields.Char(
        string="Document number",
        index="trigram",
        help="Number of the invoice or other document that the claim is based on.",
    )
    description = fields.Text()
    attachment_ids = fields.Many2many(
        "ir.attachment",
        "partner_incentive_claim_attachment_rel",
        string="Evidence",
        # what a decision rests on is not deleted
        ondelete="restrict",
        copy=False,
    )
    evidence_ids = fields.One2many(
        "partner.incentive.evidence",
        "claim_id",
        string="Proof",
        groups="base.group_user",
    )
    checklist = fields.Html(
        compute="_compute_checklist",
        sanitize=False,
        groups="base.group_user",
        help="What the claim needs, and what is there.",
    )
    state = fields.Selection(
        STATES,
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    submitted_by = fields.Many2one(
        "res.users", string="Submitted by", readonly=True, copy=False
    )
    submitter_ids = fields.Many2many(
        "res.users",
        "partner_incentive_claim_submitter_rel",
        readonly=True,
        copy=False,
        help="All who ever submitted the claim. None of them approves it.",
    )
    submitted_on = fields.Datetime(string="Submitted on", readonly=True, copy=False)
    validated_by = fields.Many2one(
        "res.users", string="Validated by", readonly=True, copy=False
    )
    approved_by = fields.Many2one(
        "res.users", string="Approved by", readonly=True, copy=False
    )
    rejected_by = fields.Many2one(
        "res.users", string="Rejected by", readonly=True, copy=False
    )
    decided_on = fields.Datetime(string="Decided on", readonly=True, copy=False)
    cycle_days = fields.Float(
        string="Days to decision",
        compute="_compute_cycle_days",
        store=True,
        # an average would count undecided claims as decided within no time
        aggregator=None,
        digits=(16, 1),
    )
    reason = fields.Text(readonly=True, copy=False, tracking=True)
    accrued = fields.Boolean(
        readonly=True, copy=False, help="A run has counted the approved claim."
    )
    duplicate_key = fields.Char(readonly=True, copy=False, groups="base.group_user")
    fingerprint = fields.Char(
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups="base.group_user",
        help="Of what was last submitted; the same is not submitted again.",
    )
    due_on = fields.Datetime(string="Decide by", readonly=True, copy=False)
    is_late = fields.Boolean(
        string="Late", compute="_compute_is_late", search="_search_is_late"
    )
    escalated = fields.Boolean(readonly=True, copy=False, groups="base.group_user")
    evidence_warning = fields.Char(
        compute="_compute_evidence_warning", groups="base.group_user"
    )
    evidence_required = fields.Boolean(compute="_compute_evidence_required")
    can_edit = fields.Boolean(compute="_compute_can_edit")

    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)", "A claim cannot be negative."
    )
    _live_duplicate = models.UniqueIndex(
        "(duplicate_key) WHERE duplicate_key IS NOT NULL",
        "The same document has been claimed with the same amount already.",
    )

    @api.depends("offer_id")
    def _compute_company_id(self):
        for claim in self:
            claim.company_id = claim.offer_id.company_id or self.env.company

    @api.depends("offer_id")
    def _compute_currency_id(self):
        for claim in self:
            claim.currency_id = (
                claim.currency_id
                or claim.offer_id.currency_id
                or self.env.company.currency_id
            )

    @api.depends("amount", "currency_id", "date", "company_id")
    def _compute_company_amount(self):
        for claim in self:
            if not claim.currency_id or not claim.company_id:
                claim.company_amount = claim.amount
                continue
            claim.company_amount = claim.currency_id._convert(
                claim.amount,
                claim.company_id.currency_id,
                claim.company_id,
                claim.date or fields.Date.context_today(claim),
            )

    @api.depends("partner_id", "program_id", "date")
    def _compute_enrollment_id(self):
        for claim in self:
            claim.enrollment_id = claim._find_enrollment()

    @api.depends("submitted_on", "decided_on")
    def _compute_cycle_days(self):
        for claim in self:
            claim.cycle_days = (
                (claim.decided_on - claim.submitted_on).total_seconds() / 86400
                if claim.submitted_on and claim.decided_on
                else 0
            )

    @api.depends("attachment_ids", "document_number", "amount")
    def _compute_evidence_warning(self):
        for claim in self:
            warnings = []
            others = claim._get_claims_with_same_evidence()
            if others:
                warnings.append(
                    self.env._(
                        "The same file is evidence of %s, too.",
                        ", ".join(others.mapped("name")),
                    )
                )
            others = claim._get_claims_with_same_document()
            if others:
                warnings.append(
                    self.env._(
                        "Document and amount are those of %s, too.",
                        ", ".join(
                            f"{other.name} ({other.partner_id.name})"
                            for other in others
                        ),
                    )
                )
            claim.evidence_warning = " ".join(warnings) or False

    @api.depends("evidence_ids", "offer_id", "date")
    def _compute_checklist(self):
        for claim in self:
            claim.checklist = Markup("").join(
                Markup(
                    '<div class="{color}"><i class="fa {icon}" aria-hidden="true"></i> '
                    "{text}</div>"
                ).format(
                    color="text-success" if item["done"] else "text-danger",
                    icon="fa-check-square-o" if item["done"] else "fa-square-o",
                    text=item["text"],
                )
                for item in claim._get_checklist()
            )

    @api.depends("due_on", "state")
    def _compute_is_late(self):
        now = fields.Datetime.now()
        for claim in self:
            claim.is_late = bool(
                claim.due_on
                and claim.due_on < now
                and claim.state in ("submitted", "validated")
            )

    @api.model
    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = Domain("due_on", "<", fields.Datetime.now()) & Domain(
            "state", "in", ("submitted", "validated")
        )
        return late if True in value else ~late

    @api.depends("offer_id", "date")
    def _compute_evidence_required(self):
        for claim in self:
            version = claim._get_version()
            claim.evidence_required = version.evidence_rule == "claim"

    @api.depends("state")
    def _compute_can_edit(self):
        for claim in self:
            claim.can_edit = claim.state in ("draft", "info")

    def _find_enrollment(self):
        self.ensure_one()
        if not (self.partner_id and self.program_id and self.date):
            return self.env["partner.incentive.enrollment"]
        return (
            self.env["partner.incentive.enrollment"]
            .sudo()
            .search(
                [
                    (
                        "partner_id",
                        "=",
                        self.partner_id._origin.id or self.partner_id.id,
                    ),
                    ("program_id", "=", self.program_id.id),
                    ("state", "in", ("active", "ended")),
                    "|",
                    ("date_to", "=", False),
                    ("date_to", ">=", self.date),
                ],
                order="date_from",
                limit=1,
            )
        )

    def _get_version(self):
        """Version of the offer that governs the date of the claim."""
        self.ensure_one()
        versions = self.offer_id.sudo()._get_published_versions()
        governing = versions.filtered(
            lambda version: (
                version.effective_date <= (self.date or version.effective_date)
            )
        )[-1:]
        return governing or versions[:1] or self.offer_id.sudo().version_id

    def _get_claims_with_same_evidence(self):
        self.ensure_one()
        checksums = [
            checksum for checksum in self.attachment_ids.mapped("checksum") if checksum
        ]
        if not checksums:
            return self.browse()
        files = (
            self.env["ir.attachment"].sudo()._search([("checksum", "in", checksums)])
        )
        return self.search(
            [("attachment_ids", "in", files), ("id", "not in", self._origin.ids)]
        )

    def _get_claims_with_same_document(self):
        """Live claims of other partners for the same number and amount."""
        self.ensure_one()
        key = self.sudo()._get_duplicate_key()
        if not key or not self.partner_id:
            return self.browse()
        company, _partner, *rest = key.split("|", 2)
        pattern = re.sub(r"([\\%_])", r"\\\1", rest[0])
        return self.search(
            [
                ("duplicate_key", "=like", f"{company}|%|{pattern}"),
                ("partner_id", "!=", self.partner_id._origin.id),
            ]
        )

    # ---------------------------------------------------------------------- evidence

    def _get_evidence_rules(self):
        """Rules of proof that apply; extend where more than the offer decides."""
        self.ensure_one()
        return self._get_version().evidence_rule_ids

    def _get_evidence_dates(self):
        """``(first, last)`` day of what is claimed for, or ``(None, None)``."""
        return None, None

    def _get_evidence_currency(self):
        """Currency that the amounts of documents are in by default."""
        return self.currency_id

    def _get_evidence_target(self):
        """``(amount, currency)`` that the amounts of documents must cover, or None."""
        return (self.amount, self.currency_id) if self.amount else None

    def _get_checklist(self):
        """What the rules ask for: list of ``{"rule", "done", "text", "note"}``."""
        self.ensure_one()
        evidences = self.sudo().evidence_ids
        items = []
        for rule in self._get_evidence_rules():
            kind = rule.evidence_type_id
            count = len(evidences.filtered(lambda e, k=kind: e.evidence_type_id == k))
            text = self.env._(
                "%(kind)s: %(count)s of %(minimum)s",
                kind=kind.name,
                count=count,
                minimum=rule.minimum,
            )
            items.append(
                {
                    "rule": rule,
                    "done": count >= rule.minimum,
                    "text": text,
                    "note": kind.note or "",
                }
            )
        return items

    def _get_evidence_problems(self):
        """What keeps the claim from being submitted, in words; empty if nothing."""
        self.ensure_one()
        problems = []
        evidences = self.sudo().evidence_ids
        for item in self._get_checklist():
            if not item["done"]:
                problems.append(
                    self.env._("%s is missing", item["rule"].evidence_type_id.name)
                    + f" ({item['text']})."
                )
        problems += filter(None, (each._get_field_problem() for each in evidences))
        priced = evidences.filtered("evidence_type_id.needs_amount")
        target = self._get_evidence_target()
        if target and priced:
            amount, currency = target
            proven = sum(
                each.currency_id._convert(
                    each.amount,
                    currency,
                    self.company_id,
                    each.document_date or self.date,
                )
                for each in priced
            )
            if currency.compare_amounts(proven, amount) < 0:
                problems.append(
                    self.env._(
                        "The documents come to %(proven)s, less than the %(amount)s "
                        "that the claim is for.",
                        proven=currency.format(proven),
                        amount=currency.format(amount),
                    )
                )
        return problems

    def _check_evidence_open(self):
        """Evidence changes until it has been checked."""
        self._check_can_write({"evidence_ids": []})

    def _check_evidence_complete(self):
        problems = self._get_evidence_problems()
        if problems:
            raise UserError(
                self.env._("%s is not complete:", self.name)
                + "".join(f"\n- {problem}" for problem in problems)
            )

    def _check_same_proof(self):
        """One document with an amount on it proves one claim only, whoever files it."""
        priced = self.sudo().evidence_ids.filtered("evidence_type_id.needs_amount")
        checksums = [each for each in priced.attachment_id.mapped("checksum") if each]
        if not checksums:
            return
        other = (
            self.env["partner.incentive.evidence"]
            .sudo()
            .search(
                [
                    ("attachment_id.checksum", "in", checksums),
                    ("claim_id", "!=", self.id),
                    ("evidence_type_id.needs_amount", "=", True),
                    ("claim_id.state", "not in", ("draft", "rejected", "cancelled")),
                ],
                limit=1,
            )
        )
        if not other:
            return
        own = priced.filtered(
            lambda each: each.attachment_id.checksum == other.attachment_id.checksum
        )[:1]
        if other.partner_id == self.partner_id:
            raise UserError(
                self.env._(
                    "%(file)s proves %(claim)s already. A document can be claimed "
                    "once.",
                    file=own.attachment_id.name,
                    claim=other.claim_id.name,
                )
            )
        # whose claim that is stays with us
        raise UserError(
            self.env._(
                "%s has been claimed already. A document can be claimed once; contact "
                "us if you think this is wrong.",
                own.attachment_id.name,
            )
        )

    def _get_fingerprint(self):
        """A hash of what is claimed and of the proof."""
        self.ensure_one()
        claim = self.sudo()
        parts = [
            str(claim[name].id if self._fields[name].relational else claim[name])
            for name in sorted(self._get_fingerprint_fields())
        ]
        parts += sorted(claim.attachment_ids.mapped(lambda file: file.checksum or ""))
        for evidence in claim.evidence_ids.sorted("id"):
            parts += [
                str(evidence.evidence_type_id.id),
                evidence.document_number or "",
                str(evidence.document_date),
                str(evidence.amount),
            ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _get_fingerprint_fields(self):
        return CONTENT_FIELDS | {"description"}

    def _check_changed(self):
        """What was sent back or rejected is not submitted again as it was."""
        fingerprint = self._get_fingerprint()
        if self.state == "info" and self.sudo().fingerprint == fingerprint:
            raise UserError(
                self.env._(
                    "Nothing has changed since %s was sent back. Add what was asked "
                    "for, then submit it again.",
                    self.name,
                )
            )
        if not (self.document_number or self.attachment_ids):
            return
        rejected = self.sudo().search(
            [
                ("fingerprint", "=", fingerprint),
                ("state", "=", "rejected"),
                ("partner_id", "=", self.partner_id.id),
                ("id", "!=", self.id),
            ],
            limit=1,
        )
        if rejected:
            raise UserError(
                self.env._(
                    "The same was rejected as %(claim)s: %(reason)s. Change what the "
                    "reason names before you submit it again.",
                    claim=rejected.name,
                    reason=rejected.reason,
                )
            )

    # ------------------------------------------------------------------ create, write

    @api.model_create_multi
    def create(self, vals_list):
        drafts = [dict(vals) for vals in vals_list]
        for vals in drafts:
            if vals.get("partner_id"):
                contact = self.env["res.partner"].browse(vals["partner_id"])
                vals["partner_id"] = contact.commercial_partner_id.id
        claims = super().create(drafts)
        claims._check_loose_files()
        claims._own_attachments()
        for claim, vals in zip(claims, vals_list, strict=True):
            if vals.get("state", claim.state) != claim.state:
                claim.write({"state": vals["state"], "reason": vals.get("reason")})
        return claims

    def write(self, vals):
        self.check_access("write")
        state = vals.get("state")
        reason = vals.get("reason")
        content = {
            name: value
            for name, value in vals.items()
            if name != "state" and not (state and name == "reason")
        }
        self._check_can_write(content)
        result = super().write(content) if content else True
        if "attachment_ids" in content:
            self._check_loose_files()
            self._own_attachments()
        if state:
            # one by one, so that each sees what the one before took of a budget
            for claim in self:
                claim._change_state(state, reason)
        return result

    def _check_can_write(self, vals):
        if self._process_fields & set(vals) and not self.env.su:
            raise AccessError(
                self.env._("Use the buttons of the claim to move it along.")
            )
        for claim in self:
            if CONTENT_FIELDS & set(vals) and claim.state not in ("draft", "info"):
                raise UserError(
                    self.env._(
                        "%(claim)s is %(state)s: what is claimed does not change any "
                        "more. Ask for more information to open it again.",
                        claim=claim.name,
                        state=claim._get_state_label().lower(),
                    )
                )
            if EVIDENCE_FIELDS & set(vals) and claim.state not in (
                "draft",
                "info",
                "submitted",
            ):
                raise UserError(
                    self.env._(
                        "The evidence of %(claim)s has been checked and does not "
                        "change any more.",
                        claim=claim.name,
                    )
                )

    def _check_loose_files(self):
        """Files of other records may prove a claim, if they pass the gate."""
        upload = self.env["partner.incentive.upload"]
        for file in self.attachment_ids.sudo():
            if not upload._is_guarded(file.res_model) and file.type == "binary":
                upload._check_content(file.raw, file.name)

    def _own_attachments(self):
        """Files uploaded before the claim was saved belong to it from now on."""
        for claim in self:
            loose = claim.attachment_ids.sudo().filtered(
                lambda file: not file.res_id and file.res_model in (False, self._name)
            )
            loose.write({"res_model": self._name, "res_id": claim.id})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_process(self):
        for claim in self:
            if claim.state not in ("draft", "cancelled"):
                raise UserError(
                    self.env._(
                        "%(claim)s is %(state)s and cannot be deleted. Cancel it "
                        "instead.",
                        claim=claim.name,
                        state=claim._get_state_label().lower(),
                    )
                )

    # -------------------------------------------------------------------- transitions

    def _change_state(self, state, reason=None):
        """Bring one claim to ``state``, as far as process and rights allow."""
        self.ensure_one()
        if state == self.state:
            return
        origins, verb = TRANSITIONS.get(state, ((), None))
        if self.state not in origins:
            raise UserError(
                self.env._(
                    "%(claim)s is %(old)s and cannot become %(new)s.",
                    claim=self.name,
                    old=self._get_state_label().lower(),
                    new=(self._get_state_label(state) or "").lower(),
                )
            )
        if verb in ("request_info", "reject"):
            getattr(self, f"_check_can_{verb}")(reason)
            getattr(self, f"_do_{verb}")(reason)
        else:
            getattr(self, f"_check_can_{verb}")()
            getattr(self, f"_do_{verb}")()

    def _write_process(self, vals):
        """Write what belongs to the process, past the guards of :meth:`write`."""
        return super().write(vals)  # pylint: disable=super-method-mismatch

    def action_submit(self):
        self.write({"state": "submitted"})

    def action_validate(self):
        self.write({"state": "validated"})

    def action_approve(self):
        self.write({"state": "approved"})

    def action_schedule(self):
        self.write({"state": "scheduled"})

    def action_pay(self):
        self.write({"state": "paid"})

    def action_cancel(self):
        self.write({"state": "cancelled"})

    def action_reset(self):
        self.write({"state": "draft"})

    def action_request_info(self, reason=None):
        """Return the claim to its author, who is told the reason."""
        return self._with_reason("info", reason)

    def action_reject(self, reason=None):
        return self._with_reason("rejected", reason)

    def _with_reason(self, state, reason):
        if not reason:
            return self.env["partner.incentive.reason"]._open(
                self, "claim_info" if state == "info" else "claim_reject"
            )
        return self.write({"state": state, "reason": reason})

    # ------------------------------------------------------------------------- guards

    def _check_not_author(self):
        """Whoever asks never approves."""
        if not self.env.su and self.env.user in (self.submitter_ids | self.create_uid):
            raise UserError(
                self.env._(
                    "You entered or submitted %s yourself. Somebody else has to "
                    "decide on it.",
                    self.name,
                )
            )

    def _check_reason(self, reason):
        if not (reason or "").strip():
            raise UserError(self.env._("Enter a reason. The partner will see it."))

    def _check_can_submit(self):
        self._check_group(USER)
        if not self.amount and not self.quantity:
            raise UserError(
                self.env._("Enter what %s claims: an amount, or a quantity.", self.name)
            )
        self._check_currency()
        self._check_offer()
        self._check_evidence_complete()
        self._check_changed()
        self._check_duplicate()
        self._check_same_proof()

    def _check_currency(self):
        company = self.company_id
        if self.currency_id == company.currency_id:
            return
        rates = self.currency_id.sudo().rate_ids
        if not rates.filtered(
            lambda r: r.company_id in (company.root_id, r.env["res.company"])
        ):
            raise UserError(
                self.env._(
                    "There is no exchange rate for %(currency)s, so the claim cannot "
                    "be converted. Enter one under Accounting > Configuration > "
                    "Currencies.",
                    currency=self.currency_id.name,
                )
            )

    def _check_offer(self):
        """The offer is open on the date, and the partner takes part in it."""
        offer = self.offer_id.sudo()
        if offer.state not in ("published", "retired"):
            raise UserError(
                self.env._(
                    "%s is not published, so nothing can be claimed under it.",
                    offer.name,
                )
            )
        end = offer._get_end_date()
        if self.date < offer.date_from or (end and self.date > end):
            raise UserError(
                self.env._(
                    "%(date)s is outside the term of %(offer)s, %(start)s to %(end)s.",
                    date=format_date(self.env, self.date),
                    offer=offer.name,
                    start=format_date(self.env, offer.date_from),
                    end=format_date(self.env, end) or self.env._("open"),
                )
            )
        enrollment = self._find_enrollment()
        early = enrollment and enrollment.date_from > self.date
        if not enrollment or (
            early and not self._get_version().count_before_enrollment
        ):
            raise UserError(
                self.env._(
                    "%(partner)s was not enrolled in %(program)s on %(date)s.",
                    partner=self.partner_id.name,
                    program=self.program_id.sudo().name,
                    date=format_date(self.env, self.date),
                )
            )

    def _check_duplicate(self):
        key = self._get_duplicate_key()
        other = key and self.sudo().search(
            [("duplicate_key", "=", key), ("id", "!=", self.id)], limit=1
        )
        if other:
            raise UserError(
                self.env._(
                    "%(partner)s has claimed document %(number)s with the same amount "
                    "already, in %(claim)s (%(state)s).",
                    partner=self.partner_id.name,
                    number=self.document_number,
                    claim=other.name,
                    state=other._get_state_label().lower(),
                )
            )

    def _get_duplicate_key(self):
        """What two claims for the same have in common; None without a document."""
        number = "".join((self.document_number or "").split()).casefold()
        if not number:
            return None
        amount, currency = self._get_document_amount()
        amount = float_repr(amount, currency.decimal_places)
        parts = (self.company_id.id, self.partner_id.id, currency.id)
        return "|".join([*map(str, parts), amount, number])

    def _get_document_amount(self):
        """``(amount, currency)`` on the document that the claim is based on."""
        return self.amount, self.currency_id

    def _check_can_request_info(self, reason):
        self._check_group(COMPLIANCE, MANAGER)
        self._check_reason(reason)

    def _check_can_validate(self):
        self._check_group(COMPLIANCE, MANAGER)
        self._check_not_author()

    def _check_can_approve(self):
        self._check_group(MANAGER)
        self._check_not_author()
        self._check_evidence()
        self._check_budget()

    def _check_budget(self):
        """The budgets with a hard stop cover it; extend where that is known before."""
        self.env["partner.incentive.budget"]._check_available(
            self.amount,
            self.program_id,
            self.offer_id,
            self.partner_id,
            self.currency_id,
            self.date,
        )

    def _check_evidence(self):
        self._check_evidence_complete()
        if self._get_version().evidence_rule == "claim" and not self.attachment_ids:
            raise UserError(
                self.env._(
                    "%(offer)s asks for proof, and %(claim)s has none. Attach it, or "
                    "ask the partner for it.",
                    offer=self.offer_id.name,
                    claim=self.name,
                )
            )

    def _check_can_schedule(self):
        self._check_group(FINANCE)

    def _check_can_pay(self):
        self._check_group(FINANCE)

    def _check_can_reject(self, reason):
        self._check_group(COMPLIANCE, MANAGER)
        self._check_reason(reason)

    def _check_can_cancel(self):
        decided = self.state in ("validated", "approved")
        self._check_group(MANAGER if decided else USER)

    def _check_can_reset(self):
        self._check_group(USER)

    # -------------------------------------------------------------------------- doing

    def _do_submit(self):
        self._write_process(
            {
                "state": "submitted",
                "submitted_by": self.env.uid,
                "submitter_ids": [Command.link(self.env.uid)],
                "submitted_on": self.submitted_on or fields.Datetime.now(),
                "duplicate_key": self._get_duplicate_key(),
                "fingerprint": self._get_fingerprint(),
                "due_on": fields.Datetime.now()
                + timedelta(days=self.company_id.sudo().incentive_claim_days),
                "escalated": False,
                "reason": False,
            }
        )
        if self._can_validate_itself():
            self._write_process({"state": "validated", "validated_by": False})
            self.sudo().message_post(
                body=self.env._("The proof is complete; validated automatically.")
            )
        owner = self.offer_id.sudo().user_id or self.program_id.sudo().user_id
        activity_type = self.env.ref("partner_incentive_base.mail_activity_claim")
        self.sudo().activity_schedule(
            "partner_incentive_base.mail_activity_claim",
            date_deadline=activity_type.sudo()._get_date_deadline(),
            user_id=(owner or self.env.user).id,
        )

    def _can_validate_itself(self):
        """Whether a small claim with complete and undoubted proof skips validation."""
        company = self.company_id.sudo()
        limit = company.incentive_auto_validate_limit
        return bool(
            limit
            and company.currency_id.compare_amounts(self.company_amount, limit) <= 0
            and self._get_evidence_rules()
            and not self.sudo().evidence_warning
        )

    @api.model
    def _cron_escalate(self):
        """Tell the owner of the program about claims that wait too long."""
        for claim in self.search(
            Domain("is_late", "=", True) & Domain("escalated", "=", False)
        ):
            owner = claim.program_id.user_id or claim.offer_id.user_id
            if owner:
                claim.activity_schedule(
                    "mail.mail_activity_data_warning",
                    summary=self.env._("Claim is late"),
                    note=self.env._(
                        "%(claim)s of %(partner)s should have been decided by "
                        "%(date)s.",
                        claim=claim.name,
                        partner=claim.partner_id.name,
                        date=fields.Date.to_string(claim.due_on),
                    ),
                    user_id=owner.id,
                )
            claim._write_process({"escalated": True})

    def _get_notified_areas(self):
        return ("funds", "money")

    @api.model
    def _get_dispute_areas(self):
        return ("funds", "money")

    def _do_request_info(self, reason):
        self._write_process({"state": "info", "reason": reason})
        self._close_activities()
        self._notify_partner(
            "partner_incentive_base.mail_template_claim_info", "returned"
        )

    def _do_validate(self):
        self._write_process({"state": "validated", "validated_by": self.env.uid})

    def _do_approve(self, moment=None):
        """:param moment: of the decision, in UTC; now by default"""
        self._write_process(
            {
                "state": "approved",
                "approved_by": self.env.uid,
                "decided_on": moment or fields.Datetime.now(),
            }
        )
        self._close_activities()
        self._notify_partner(
            "partner_incentive_base.mail_template_claim_approved", "approved"
        )

    def _do_schedule(self):
        self._write_process({"state": "scheduled"})

    def _do_pay(self):
        self._write_process({"state": "paid"})

    def _do_reject(self, reason):
        self._write_process(
            {
                "state": "rejected",
                "reason": reason,
                "rejected_by": self.env.uid,
                "decided_on": fields.Datetime.now(),
                "duplicate_key": False,
            }
        )
        self._close_activities()
        self._notify_partner(
            "partner_incentive_base.mail_template_claim_rejected", "returned"
        )

    def _do_cancel(self):
        self._write_process(
            {"state": "cancelled", "duplicate_key": False, "accrued": False}
        )
        self._close_activities()

    def _do_reset(self):
        self._write_process(
            {"state": "draft", "decided_on": False, "approved_by": False}
        )

    def _close_activities(self):
        self.sudo().activity_unlink(["partner_incentive_base.mail_activity_claim"])

    def _tell_author(self, body):
        self.message_post(
            body=body,
            partner_ids=self.submitted_by.partner_id.ids,
            subtype_xmlid="mail.mt_comment",
        )

    # ----------------------------------------------------------------------- disputes

    def _get_dispute_day(self):
        """A claim can be disputed once it is decided."""
        self.ensure_one()
        if self.state not in ("approved", "scheduled", "paid", "rejected"):
            return None
        return (self.decided_on or self.write_date).date()

    def _get_dispute_deciders(self):
        """Whoever validated, approved or rejected it."""
        self.ensure_one()
        return self.approved_by | self.validated_by | self.rejected_by

    def _can_reopen_disputed(self):
        self.ensure_one()
        return self.state == "rejected"

    def _reopen_disputed(self, dispute):
        """A rejection is contested with success: validate the claim anew."""
        self.ensure_one()
        self._check_duplicate()
        self._write_process(
            {
                "state": "submitted",
                "decided_on": False,
                "rejected_by": False,
                "reason": False,
                "duplicate_key": self._get_duplicate_key(),
            }
        )
        self._tell_author(
            self.env._("The claim is back in validation, by %s.", dispute.name)
        )

    @api.model
    def _mark_accrued(self, offers):
        """Approved claims that the latest run of ``offers`` counted, are accrued."""
        waiting = self.sudo().search(
            [
                ("offer_id", "in", offers.ids),
                ("state", "in", ("approved", "scheduled", "paid")),
                ("accrued", "=", False),
            ]
        )
        for offer, claims in waiting.grouped("offer_id").items():
            run = (
                self.env["partner.incentive.run"]
                .sudo()
                .search([("offer_ids", "in", offer.ids)], order="id desc", limit=1)
            )
            claims.filtered(
                lambda claim, last=run.date: last and claim.date <= last
            )._write_process({"accrued": True})
