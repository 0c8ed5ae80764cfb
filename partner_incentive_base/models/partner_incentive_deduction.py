from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command

FINANCE = "partner_incentive_base.group_incentive_finance"
ZERO = Decimal(0)


class PartnerIncentiveDeduction(models.Model):
    """A partner paid an invoice short and names an incentive as the reason.

    The amount is divided into parts: matched with what an offer owes the partner,
    denied, or written off. A matched part is settled there and then and clears the
    invoice; what is denied stays open on it.

    ======= ======= ============ =================================================
    Action  Who     From         Restriction
    ======= ======= ============ =================================================
    suggest Finance open         parts from what is due, the named offer first
    approve Finance open         writes off more than the company's threshold
    resolve Finance open, appr.  the parts add up to the amount; above the
                                 threshold: approved, and not by the one who
                                 resolves
    reopen  Finance done, appr.  only where every part was denied
    ======= ======= ============ =================================================
    """

    _name = "partner.incentive.deduction"
    _description = "Incentive Deduction"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.process.mixin",
        "partner.incentive.numbered.mixin",
    ]
    _process_fields = frozenset({"state", "approved_by"})
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char(string="Number", default="/", readonly=True, copy=False)
    company_id = fields.Many2one(
        related="move_id.company_id", store=True, index=True, precompute=True
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice paid short",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('move_type', '=', 'out_invoice'), ('state', '=', 'posted'), "
        "('payment_state', 'in', ('not_paid', 'partial')), "
        "('incentive_document', '=', False)]",
    )
    partner_id = fields.Many2one(
        related="move_id.commercial_partner_id",
        string="Partner",
        store=True,
        index=True,
        precompute=True,
    )
    currency_id = fields.Many2one(related="move_id.currency_id")
    residual = fields.Monetary(related="move_id.amount_residual", string="Still open")
    date = fields.Date(
        required=True,
        default=lambda self: fields.Date.context_today(self),
        tracking=True,
    )
    amount = fields.Monetary(
        string="Deducted",
        required=True,
        tracking=True,
        compute="_compute_amount",
        store=True,
        readonly=False,
        precompute=True,
    )
    external_number = fields.Char(
        string="Partner's number", help="Number of the partner's own document."
    )
    reason = fields.Text(
        string="Partner's reason", help="Which incentive the partner names."
    )
    offer_id = fields.Many2one(
        "partner.incentive.offer",
        string="Named offer",
        check_company=True,
        ondelete="restrict",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        tracking=True,
    )
    state = fields.Selection(
        [("open", "Open"), ("approved", "Approved"), ("done", "Resolved")],
        default="open",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    part_ids = fields.One2many(
        "partner.incentive.deduction.part", "deduction_id", string="Parts", copy=False
    )
    unresolved = fields.Monetary(compute="_compute_unresolved")
    approved_by = fields.Many2one("res.users", readonly=True, copy=False, tracking=True)
    needs_approval = fields.Boolean(
        compute="_compute_needs_approval", compute_sudo=True
    )

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "The deducted amount must be positive."
    )

    @api.depends("move_id")
    def _compute_amount(self):
        for deduction in self:
            deduction.amount = deduction.amount or deduction.move_id.amount_residual

    @api.depends("amount", "part_ids.amount")
    def _compute_unresolved(self):
        for deduction in self:
            deduction.unresolved = deduction.amount - sum(
                deduction.part_ids.mapped("amount")
            )

    @api.depends(
        "part_ids.kind",
        "part_ids.amount",
        "move_id",
        "date",
        "company_id.incentive_approval_threshold",
    )
    def _compute_needs_approval(self):
        for deduction in self:
            company = deduction.company_id
            amount = deduction._get_written_off()
            if amount:
                amount = deduction.currency_id._convert(
                    amount, company.currency_id, company, deduction.date
                )
            deduction.needs_approval = amount > company.incentive_approval_threshold

    def _get_written_off(self):
        """What is written off of the invoice with this deduction and those before it.

        Otherwise several deductions would write off what one may not.
        """
        self.ensure_one()
        parts = self.part_ids.filtered(lambda part: part.kind == "write_off")
        if not parts or not self.move_id:
            return 0.0
        before = self.env["partner.incentive.deduction.part"].search(
            [
                ("deduction_id", "!=", self._origin.id),
                ("deduction_id.move_id", "=", self.move_id._origin.id),
                ("kind", "=", "write_off"),
                ("move_id.state", "=", "posted"),
            ]
        )
        return sum((parts | before).mapped("amount"))

    @api.constrains("amount", "move_id")
    def _check_open_amount(self):
        for deduction in self.filtered(lambda each: each.state == "open"):
            residual = deduction.move_id.amount_residual
            if deduction.currency_id.compare_amounts(deduction.amount, residual) > 0:
                raise ValidationError(
                    self.env._(
                        "%(invoice)s is open with %(residual)s only; no more than that "
                        "can have been deducted.",
                        invoice=deduction.move_id.name,
                        residual=deduction.currency_id.format(residual),
                    )
                )

    def write(self, vals):
        if not self._is_in_process():
            if self._process_fields & set(vals):
                raise AccessError(
                    self.env._("Use the buttons of the deduction to change its state.")
                )
            if {"move_id", "amount", "date", "part_ids"} & set(vals):
                self._check_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        self._check_open()

    def _check_open(self):
        for deduction in self:
            if deduction.state == "approved":
                raise UserError(
                    self.env._(
                        "%s is approved as it is. Reopen it to change it.",
                        deduction.name,
                    )
                )
            if deduction.state != "open":
                raise UserError(
                    self.env._(
                        "%s is resolved and cannot be changed any more.", deduction.name
                    )
                )

    def _check_finance(self):
        self._check_group(
            FINANCE, message=self.env._("Only finance resolves deductions.")
        )

    # ------------------------------------------------------------------- suggestion

    def action_suggest(self):
        """Fill the parts from what is due; the rest is denied."""
        self._check_finance()
        self._check_open()
        for deduction in self:
            rest = deduction.amount
            deduction.part_ids.unlink()
            parts = []
            for offer, due in deduction._get_dues():
                amount = min(rest, due)
                if deduction.currency_id.compare_amounts(amount, 0) > 0:
                    parts.append(
                        {"kind": "match", "offer_id": offer.id, "amount": amount}
                    )
                    rest -= amount
            if deduction.currency_id.compare_amounts(rest, 0) > 0:
                parts.append(
                    {
                        "kind": "deny",
                        "amount": rest,
                        "note": deduction._get_denial(),
                    }
                )
            deduction.part_ids = [Command.create(vals) for vals in parts]

    def _get_dues(self):
        """``[(offer, due)]`` in the invoice's currency, the named offer first."""
        self.ensure_one()
        batch = self.env["partner.incentive.settlement"].new(
            {
                "company_id": self.company_id.id,
                "date": self.date,
                "partner_ids": [Command.set(self.partner_id.ids)],
            }
        )
        offers = batch._get_offers().filtered(self._may_match)
        payees = self._get_other_payees(offers)
        offers = offers.filtered(lambda offer: offer.program_id.id not in payees)
        dues = batch._get_dues(offers)
        owed = [
            (self.env["partner.incentive.offer"].browse(offer_id), vals["due"])
            for (offer_id, partner_id), vals in dues.items()
            if partner_id == self.partner_id.id and vals["due"] > 0
        ]
        return sorted(
            owed, key=lambda each: (each[0] != self.offer_id, each[0].sequence)
        )

    def _get_other_payees(self, offers):
        """``{program id: payee}`` of offers whose documents go to another company.

        Those are no debt to the partner any more, so they clear no invoice of it.
        """
        self.ensure_one()
        payees = self.env["partner.incentive.settlement"]._get_payees(
            offers, self.partner_id.ids
        )
        return {
            program_id: payee
            for (program_id, _partner_id), payee in payees.items()
            if payee.commercial_partner_id != self.partner_id
        }

    def _get_denial(self):
        """Why the rest of the deduction is not matched."""
        self.ensure_one()
        offers = self.env["partner.incentive.offer"].search(
            [("company_id", "=", self.company_id.id)]
        )
        names = {payee.name for payee in self._get_other_payees(offers).values()}
        if names:
            return self.env._(
                "More than is due; under some offers %s is paid instead",
                ", ".join(sorted(names)),
            )
        return self.env._("More than is due")

    def _may_match(self, offer):
        """Whether what an offer owes can clear the invoice."""
        self.ensure_one()
        payout = offer._get_terms_in_force().payout
        return offer.currency_id == self.currency_id and payout in (
            "credit_note",
            "offset",
        )

    # ------------------------------------------------------------------- resolution

    def action_approve(self):
        """Let somebody else write off more than the company's threshold."""
        self._check_finance()
        self._check_open()
        for deduction in self:
            if not deduction.needs_approval:
                raise UserError(
                    self.env._(
                        "%(name)s writes off no more than %(threshold)s, so there is "
                        "nothing to approve. Resolve it.",
                        name=deduction.name,
                        threshold=deduction._format_threshold(),
                    )
                )
            deduction._check_parts()
        self._transition("approved", approved_by=self.env.uid)

    def action_resolve(self):
        """Settle what is matched, write off, and leave open what is denied."""
        self._check_finance()
        self._check_state(("open", "approved"), self.env._("resolved"))
        for deduction in self:
            deduction._check_parts()
            deduction._check_approved()
            deduction._match()
            deduction._write_off()
            deduction._deny()
            deduction._transition("done")

    def _check_parts(self):
        """What is divided has to be all that was deducted, and possible."""
        self.ensure_one()
        if not self.currency_id.is_zero(self.unresolved):
            raise UserError(
                self.env._(
                    "The parts of %(name)s differ from what was deducted by %(rest)s.",
                    name=self.name,
                    rest=self.currency_id.format(self.unresolved),
                )
            )
        self.part_ids._check_complete()
        self._check_still_open()

    def _check_approved(self):
        """Two people write off more than the threshold, as two pay more than it."""
        self.ensure_one()
        if not self.needs_approval or self.env.su:
            return
        if self.state != "approved":
            raise UserError(
                self.env._(
                    "%(name)s writes off more than %(threshold)s and needs approval "
                    "first; whoever approves it does not resolve it.",
                    name=self.name,
                    threshold=self._format_threshold(),
                )
            )
        if self.approved_by == self.env.user:
            raise UserError(
                self.env._(
                    "You approved %s yourself. Somebody else has to resolve it.",
                    self.name,
                )
            )

    def _format_threshold(self):
        company = self.company_id
        return company.currency_id.format(company.incentive_approval_threshold)

    def _check_still_open(self):
        """The invoice may have been paid since it was entered what is missing."""
        self.ensure_one()
        cleared = sum(part.amount for part in self.part_ids if part.kind != "deny")
        residual = self.move_id.sudo().amount_residual
        if self.currency_id.compare_amounts(cleared, residual) > 0:
            raise UserError(
                self.env._(
                    "%(residual)s of %(invoice)s is open, less than %(cleared)s. "
                    "Lower the parts of %(name)s.",
                    residual=self.currency_id.format(residual),
                    invoice=self.move_id.sudo().name,
                    cleared=self.currency_id.format(cleared),
                    name=self.name,
                )
            )

    def _match(self):
        """Settle the matched parts with one settlement; it clears the invoice.

        A settlement that needs approval, or a look since it deviates from the last
        ones, waits for it, like any other.
        """
        matched = self.part_ids.filtered(lambda part: part.kind == "match")
        if not matched:
            return
        batch = self.env["partner.incentive.settlement"].create(
            {
                "company_id": self.company_id.id,
                "date": self.date,
                "offer_ids": [Command.set(matched.offer_id.ids)],
                "partner_ids": [Command.set(self.partner_id.ids)],
                "user_id": self.user_id.id,
            }
        )
        overrides = {}
        for part in matched:
            key = (part.offer_id.id, self.partner_id.id)
            overrides[key] = overrides.get(key, ZERO) + Decimal(str(part.amount))
        batch._propose(overrides)
        for line in batch.line_ids:
            amount = overrides.get((line.offer_id.id, line.partner_id.id))
            if amount is not None and line.due < float(amount):
                raise UserError(
                    self.env._(
                        "%(partner)s is due %(due)s under %(offer)s, less than the "
                        "matched part.",
                        partner=line.partner_id.name,
                        due=line.currency_id.format(line.due),
                        offer=line.offer_id.name,
                    )
                )
            if amount is not None and line.hold_reason:
                raise UserError(
                    self.env._(
                        "%(partner)s cannot be paid under %(offer)s: %(reason)s. "
                        "Mend that first.",
                        partner=line.partner_id.name,
                        offer=line.offer_id.name,
                        reason=line.hold_reason,
                    )
                )
        matched._in_process().write({"settlement_id": batch.id})
        if batch.review_count and not batch.needs_approval:
            batch.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Review what was deducted in %s", self.name),
                user_id=batch.user_id.id or self.env.uid,
            )
        elif batch.needs_approval:
            batch.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Approve what was deducted in %s", self.name),
                user_id=batch.user_id.id or self.env.uid,
            )
        else:
            batch.action_post()

    def _write_off(self):
        """A credit note without any offer: cost that nobody earned."""
        parts = self.part_ids.filtered(lambda part: part.kind == "write_off")
        if not parts:
            return
        company = self.company_id
        posting = self.env["partner.incentive.posting"].with_company(company)
        journal = company._get_incentive_document_journal("out_refund")
        day = posting._get_accounting_date(company, self.date, journal, has_tax=True)
        move_sudo = posting._create_documents(
            [
                {
                    "move_type": "out_refund",
                    "company_id": company.id,
                    "journal_id": journal.id,
                    "partner_id": self.move_id.partner_id.id,
                    "currency_id": self.currency_id.id,
                    "invoice_date": day,
                    "date": day,
                    "invoice_date_due": day,
                    "invoice_origin": self.name,
                    "ref": self.external_number or self.name,
                    "incentive_document": "write_off",
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": part.note or self.env._("Written off"),
                                "product_id": company._get_incentive_product().id,
                                "account_id": company._get_incentive_accounts()[
                                    "expense"
                                ].id,
                                "quantity": 1.0,
                                "price_unit": part.amount,
                                "tax_ids": [Command.clear()],
                            }
                        )
                        for part in parts
                    ],
                }
            ]
        )
        parts._in_process().write({"move_id": move_sudo.id})
        self.sudo()._clear_invoice(move_sudo)

    def _clear_invoice(self, moves_sudo):
        """Reconcile credit notes with the invoice that was paid short."""
        lines = (moves_sudo | self.move_id).line_ids.filtered(
            lambda line: (
                line.account_id.account_type == "asset_receivable"
                and not line.reconciled
            )
        )
        for account in lines.account_id:
            group = lines.filtered(lambda line, a=account: line.account_id == a)
            if group & self.move_id.line_ids and group & moves_sudo.line_ids:
                group.reconcile()

    def _deny(self):
        """Say so on the invoice, and ask somebody to collect it."""
        for part in self.part_ids.filtered(lambda each: each.kind == "deny"):
            self.message_post(
                body=self.env._(
                    "%(amount)s denied: %(note)s",
                    amount=self.currency_id.format(part.amount),
                    note=part.note,
                )
            )
            self.move_id.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._(
                    "Collect %s, deducted and denied",
                    self.currency_id.format(part.amount),
                ),
                note=part.note,
                user_id=self.user_id.id or self.env.uid,
            )

    def action_reopen(self):
        self._check_finance()
        for deduction in self:
            if deduction.state == "done" and any(
                part._is_booked() for part in deduction.part_ids
            ):
                raise UserError(
                    self.env._(
                        "%s was settled or written off. Reset those documents instead.",
                        deduction.name,
                    )
                )
        self._transition("open", approved_by=False)
