from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import format_date

from odoo.addons.partner_incentive_base.models.partner_incentive_claim import (
    COMPLIANCE,
    MANAGER,
    USER,
)

#: Of a claim for an activity; open to change while the claim is with its author.
CLAIMED_FIELDS = {"mdf_activity_id", "cost_amount", "cost_currency_id"}
#: What whoever checks the claim enters, until it is approved.
DECIDED_FIELDS = {"accepted_cost", "distinct_service", "fair_value", "treatment_reason"}


class PartnerIncentiveClaim(models.Model):
    """A claim for an activity of a fund.

    The partner claims its cost, in the currency of the invoice. What is reimbursed is
    the accepted cost at the rate of the invoice's date, times the vendor's share, at
    most what is still approved; the fund's rule for late claims comes last.
    """

    _inherit = "partner.incentive.claim"

    mdf_activity_id = fields.Many2one(
        "partner.mdf.activity",
        string="Marketing activity",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        domain="[('state', '=', 'approved')]",
    )
    mdf_request_id = fields.Many2one(
        related="mdf_activity_id.request_id", string="Fund request"
    )
    mdf_fund_id = fields.Many2one(
        related="mdf_activity_id.fund_id", string="Fund", store=True, index=True
    )
    offer_id = fields.Many2one(
        compute="_compute_offer_id", store=True, readonly=False, precompute=True
    )
    partner_id = fields.Many2one(
        compute="_compute_partner_id", store=True, readonly=False, precompute=True
    )
    amount = fields.Monetary(
        compute="_compute_amount", store=True, readonly=False, precompute=True
    )
    cost_amount = fields.Monetary(
        string="Cost claimed",
        currency_field="cost_currency_id",
        help="Untaxed, as invoiced to the partner.",
    )
    cost_currency_id = fields.Many2one(
        "res.currency",
        string="Currency of the cost",
        compute="_compute_cost_currency_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    accepted_cost = fields.Monetary(
        currency_field="cost_currency_id",
        compute="_compute_accepted_cost",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        groups="base.group_user",
        help="What of the cost is proven and belongs to the activity.",
    )
    is_late_claim = fields.Boolean(
        string="After the deadline", compute="_compute_is_late_claim"
    )
    distinct_service = fields.Boolean(
        compute="_compute_distinct_service",
        store=True,
        readonly=False,
        groups="base.group_user",
        help="The company got a service that it could have bought elsewhere.",
    )
    fair_value = fields.Monetary(
        compute="_compute_fair_value",
        store=True,
        readonly=False,
        groups="base.group_user",
        help="What that service is worth. What is paid beyond it reduces revenue.",
    )
    treatment_reason = fields.Text(
        string="Reason of the treatment", copy=False, groups="base.group_user"
    )
    expense_amount = fields.Monetary(
        string="Marketing expense",
        compute="_compute_split",
        groups="base.group_user",
    )
    contra_amount = fields.Monetary(
        string="Reduction of revenue",
        compute="_compute_split",
        groups="base.group_user",
    )
    reclassification_ids = fields.Many2many(
        "account.move",
        "partner_mdf_claim_reclassification_rel",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    settlement_move_id = fields.Many2one(
        "account.move",
        string="Paid by",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
    )

    # ------------------------------------------------------------------------ fields

    @api.depends("mdf_activity_id")
    def _compute_offer_id(self):
        for claim in self:
            activity = claim.mdf_activity_id
            claim.offer_id = activity.fund_id.sudo().offer_id or claim.offer_id

    @api.depends("mdf_activity_id")
    def _compute_partner_id(self):
        for claim in self:
            claim.partner_id = claim.mdf_activity_id.partner_id or claim.partner_id

    @api.depends("mdf_activity_id", "currency_id")
    def _compute_cost_currency_id(self):
        for claim in self:
            claim.cost_currency_id = (
                claim.cost_currency_id
                or claim.mdf_activity_id.currency_id
                or claim.currency_id
            )

    @api.depends("cost_amount")
    def _compute_accepted_cost(self):
        for claim in self:
            claim.accepted_cost = claim.cost_amount

    @api.depends(
        "mdf_activity_id", "accepted_cost", "cost_currency_id", "date", "submitted_on"
    )
    def _compute_amount(self):
        for claim in self:
            if claim.mdf_activity_id:
                claim.amount = claim._get_reimbursement()
            else:
                claim.amount = claim.amount or 0.0

    @api.depends("mdf_activity_id.claim_until", "submitted_on")
    def _compute_is_late_claim(self):
        for claim in self:
            claim.is_late_claim = claim._is_after_deadline()

    @api.depends("mdf_activity_id")
    def _compute_distinct_service(self):
        for claim in self:
            claim.distinct_service = claim.mdf_activity_id.type_id.distinct_service

    @api.depends("amount", "distinct_service")
    def _compute_fair_value(self):
        for claim in self:
            claim.fair_value = claim.amount if claim.distinct_service else 0.0

    @api.depends("amount", "distinct_service", "fair_value")
    def _compute_split(self):
        for claim in self:
            expense = 0.0
            if claim.sudo().distinct_service:
                expense = min(claim.amount, max(claim.sudo().fair_value, 0.0))
            claim.expense_amount = expense
            claim.contra_amount = claim.amount - expense

    @api.constrains("mdf_activity_id", "offer_id", "partner_id")
    def _check_activity(self):
        for claim in self.filtered("mdf_activity_id"):
            activity = claim.mdf_activity_id
            if (
                claim.partner_id != activity.partner_id
                or claim.offer_id != activity.fund_id.sudo().offer_id
            ):
                raise ValidationError(
                    self.env._(
                        "%(activity)s belongs to %(partner)s; the claim must be its "
                        "own.",
                        activity=activity.name,
                        partner=activity.partner_id.name,
                    )
                )

    @api.constrains("cost_amount")
    def _check_cost(self):
        if any(claim.cost_amount < 0 for claim in self):
            raise ValidationError(self.env._("A cost cannot be negative."))

    @api.constrains("accepted_cost", "cost_amount", "fair_value")
    def _check_accepted(self):
        for claim in self:
            currency = claim.cost_currency_id
            if not claim.mdf_activity_id or not currency:
                continue
            if (
                claim.accepted_cost < 0
                or currency.compare_amounts(claim.accepted_cost, claim.cost_amount) > 0
            ):
                raise ValidationError(
                    self.env._("Accept at most the cost that is claimed.")
                )
            if claim.fair_value < 0:
                raise ValidationError(self.env._("A fair value cannot be negative."))

    def _is_after_deadline(self):
        self.ensure_one()
        until = self.mdf_activity_id.claim_until
        day = (
            self.submitted_on.date()
            if self.submitted_on
            else fields.Date.context_today(self)
        )
        return bool(until and day > until)

    def _get_reimbursement(self):
        """What is paid for the accepted cost, in the fund's currency."""
        self.ensure_one()
        activity = self.mdf_activity_id
        fund = activity.fund_id
        currency = fund.currency_id
        cost = (self.cost_currency_id or currency)._convert(
            self.sudo().accepted_cost,
            currency,
            self.company_id or fund.company_id,
            self.date or fields.Date.context_today(self),
            round=False,
        )
        amount = min(cost * activity.rate / 100, activity.committed)
        if self._is_after_deadline() and fund.late_rule == "reduce":
            amount *= 1 - fund.late_percent / 100
        return currency.round(max(amount, 0.0))

    # ---------------------------------------------------------------------- evidence

    def _get_evidence_rules(self):
        rules = super()._get_evidence_rules()
        return rules | self.mdf_activity_id.sudo().type_id.evidence_rule_ids

    def _get_evidence_dates(self):
        activity = self.mdf_activity_id
        if activity:
            # what belongs to an activity is often bought before it begins
            return activity.approved_on and min(
                activity.approved_on, activity.date_from
            ), activity.date_to
        return super()._get_evidence_dates()

    def _get_evidence_currency(self):
        return self.cost_currency_id or super()._get_evidence_currency()

    def _get_evidence_target(self):
        if self.mdf_activity_id:
            return self.cost_amount, self.cost_currency_id
        return super()._get_evidence_target()

    def _get_document_amount(self):
        if self.mdf_activity_id:
            return self.cost_amount, self.cost_currency_id
        return super()._get_document_amount()

    def _get_evidence_problems(self):
        problems = super()._get_evidence_problems()
        if self.mdf_activity_id and not self.attachment_ids:
            problems.append(self.env._("Add at least one file that proves it."))
        return problems

    def _get_fingerprint_fields(self):
        fingerprint = super()._get_fingerprint_fields()
        # what is reimbursed changes with what others claim; the cost does not
        return (fingerprint - {"amount"}) | CLAIMED_FIELDS

    # ------------------------------------------------------------------ create, write

    def _check_can_write(self, vals):
        if DECIDED_FIELDS & set(vals) and not self.env.su:
            self._check_group(COMPLIANCE, MANAGER)
        for claim in self.filtered("mdf_activity_id"):
            if CLAIMED_FIELDS & set(vals) and claim.state not in ("draft", "info"):
                raise UserError(
                    self.env._(
                        "%s has been submitted: what is claimed does not change any "
                        "more. Ask for more information to open it again.",
                        claim.name,
                    )
                )
            if DECIDED_FIELDS & set(vals):
                if claim.state in ("approved", "scheduled", "paid"):
                    raise UserError(
                        self.env._("%s has been approved already.", claim.name)
                    )
                if not self.env.su:
                    claim._check_not_author()
            if "amount" in vals and not self.env.su:
                raise UserError(
                    self.env._(
                        "What is reimbursed follows from the cost. Change the accepted "
                        "cost instead."
                    )
                )
        return super()._check_can_write(vals)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [
                {
                    name: value
                    for name, value in vals.items()
                    if name not in DECIDED_FIELDS
                    and name not in ("reclassification_ids", "settlement_move_id")
                }
                for vals in vals_list
            ]
        return super().create(vals_list)

    # ------------------------------------------------------------------------ process

    def _check_can_submit(self):
        if self.mdf_activity_id:
            if not self.env.user._is_portal():
                self._check_group(USER)
            self._check_activity_open()
            self._recompute_amount()
        if self.env.user._is_portal() and not self.mdf_activity_id:
            self._check_group(USER)
        return super()._check_can_submit()

    def _check_activity_open(self):
        activity = self.mdf_activity_id
        activity._check_is("approved")
        if not self.cost_amount:
            raise UserError(self.env._("Enter the cost that %s claims.", self.name))
        if activity.fund_kind == "innovation" and not activity.accepted_on:
            raise UserError(
                self.env._(
                    "%s has not been accepted yet. A milestone is paid once its result "
                    "is accepted.",
                    activity.name,
                )
            )
        if self._is_after_deadline() and activity.fund_id.late_rule == "refuse":
            raise UserError(
                self.env._(
                    "%(activity)s could be claimed until %(date)s. Ask for an "
                    "extension if there is a reason.",
                    activity=activity.name,
                    date=format_date(self.env, activity.claim_until),
                )
            )
        if activity.currency_id.is_zero(activity.committed):
            raise UserError(
                self.env._(
                    "All that was approved for %s has been claimed.", activity.name
                )
            )

    def _check_offer(self):
        """The activity was approved within the terms; the claim follows it."""
        if not self.mdf_activity_id:
            return super()._check_offer()
        return None

    def _check_budget(self):
        """What the activity committed has been checked."""
        if not self.mdf_activity_id:
            return super()._check_budget()
        return None

    def _recompute_amount(self):
        """Look again at what is left: other claims may have been approved since."""
        for claim in self:
            claim.mdf_activity_id.invalidate_recordset(["committed", "spent"])
            amount = claim._get_reimbursement()
            if claim.currency_id.compare_amounts(amount, claim.amount):
                full = claim.currency_id.compare_amounts(
                    claim.sudo().fair_value, claim.amount
                )
                claim.sudo()._write_process({"amount": amount})
                if not full and claim.sudo().distinct_service:
                    claim.sudo()._write_process({"fair_value": amount})

    def _check_can_approve(self):
        if self.mdf_activity_id:
            self.mdf_activity_id.fund_id._lock_checkbook()
            self._recompute_amount()
            self._check_group(MANAGER)
            self._check_treatment()
            if self.currency_id.is_zero(self.amount):
                raise UserError(
                    self.env._(
                        "Nothing is left to reimburse for %s. Reject it instead.",
                        self.name,
                    )
                )
        return super()._check_can_approve()

    def _check_treatment(self):
        """Expense needs a distinct service at fair value; anything else a reason."""
        claim = self.sudo()
        kind = claim.mdf_activity_id.type_id
        usual = (
            claim.distinct_service == kind.distinct_service
            and self.currency_id.compare_amounts(claim.contra_amount, 0) == 0
        ) or (not claim.distinct_service and not kind.distinct_service)
        if not usual and not (claim.treatment_reason or "").strip():
            raise UserError(
                self.env._(
                    "Enter why %(claim)s is booked with %(expense)s as expense and "
                    "%(contra)s as a reduction of revenue.",
                    claim=self.name,
                    expense=self.currency_id.format(claim.expense_amount),
                    contra=self.currency_id.format(claim.contra_amount),
                )
            )

    def _do_approve(self, moment=None):
        result = super()._do_approve(moment)
        if self.mdf_activity_id:
            self._take_from_fund()
        return result

    def _take_from_fund(self):
        activity = self.mdf_activity_id
        fund = activity.fund_id
        day = self._get_decision_day()
        fund._spend_amount(activity, self.amount)
        activity._book_obligation(day, "accrual")
        self.sudo()._write_process({"accrued": True})
        self._reclassify(1, day)

    def _get_decision_day(self):
        """The day of the decision where the approver is; its entry is dated so."""
        self.ensure_one()
        return fields.Datetime.context_timestamp(self, self.decided_on).date()

    def _reclassify(self, sign, day):
        """Book the part that is not what was provided for on the other account.

        :param sign: 1 for an approval, -1 takes it back
        """
        claim = self.sudo()
        fund = claim.mdf_activity_id.fund_id
        kind = "contra_revenue" if fund.cost_kind == "expense" else "expense"
        part = claim.contra_amount if kind == "contra_revenue" else claim.expense_amount
        move_sudo = fund._reclassify(claim.partner_id, sign * part, kind, day)
        if move_sudo:
            claim._write_process({"reclassification_ids": [Command.link(move_sudo.id)]})

    def _check_can_cancel(self):
        if self.mdf_activity_id and self.state == "approved":
            self.mdf_activity_id.fund_id._lock_checkbook()
        return super()._check_can_cancel()

    def _do_cancel(self):
        approved = self.state == "approved" and self.mdf_activity_id
        result = super()._do_cancel()
        if approved:
            activity = self.mdf_activity_id
            today = fields.Date.context_today(self)
            activity.fund_id._unspend_amount(activity, self.amount)
            if activity.state != "approved":
                # nobody can claim it any more
                activity.fund_id._release_amount(activity, self.amount)
            activity._book_obligation(today, "adjustment")
            self._reclassify(-1, today)
        return result

    def _get_notified_areas(self):
        if self.mdf_activity_id:
            return ("funds",)
        return super()._get_notified_areas()

    def _get_partner_path(self):
        if self.mdf_activity_id:
            return f"/my/incentives/claims/{self.id}"
        return super()._get_partner_path()

    # ----------------------------------------------------------------------- payment

    def _get_document_label(self):
        """What a line of the bill says about the claim."""
        self.ensure_one()
        parts = [self.name, self.mdf_activity_id.name, self.document_number]
        return ", ".join(filter(None, parts))

    def _set_paid_by(self, move_sudo):
        """The claims are on a posted document: scheduled, and paid once it is."""
        self.sudo()._write_process(
            {"state": "scheduled", "settlement_move_id": move_sudo.id}
        )
        # a credit note is the partner's at once, and what was netted needs no document
        if not move_sudo or move_sudo.move_type == "out_refund":
            self._set_paid()

    def _set_paid(self):
        for claim in self.filtered(lambda c: c.state in ("approved", "scheduled")):
            claim.sudo()._write_process({"state": "paid"})
            claim.sudo().message_post(
                body=self.env._(
                    "Paid with %s.", claim.sudo().settlement_move_id.display_name
                )
                if claim.sudo().settlement_move_id
                else self.env._("Netted against what the partner owed.")
            )

    def _set_bounced(self):
        """The payment of the document came back; the document stands."""
        for claim in self.filtered(lambda c: c.state == "paid"):
            move_sudo = claim.sudo().settlement_move_id
            if move_sudo.move_type == "in_invoice" and move_sudo.payment_state in (
                "not_paid",
                "partial",
            ):
                claim.sudo()._write_process({"state": "scheduled"})
                claim.sudo().message_post(
                    body=self.env._("The payment of %s came back.", move_sudo.name)
                )

    def _set_unpaid(self):
        """The document was taken back: the claims are due again."""
        self.sudo()._write_process({"state": "approved", "settlement_move_id": False})

    def action_settle(self):
        """Propose a settlement of what the fund owes this partner."""
        self._check_group("partner_incentive_base.group_incentive_finance")
        settlement = self.env["partner.incentive.settlement"]
        batch = settlement.browse(
            settlement.settle(
                offer_ids=self.offer_id.ids, partner_ids=self.partner_id.ids
            )
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": batch._name,
            "res_id": batch.id,
            "view_mode": "form",
        }
