from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

MARKS = {"incentive_document", "incentive_settlement_id"}
#: What the context of a reversal holds. Nobody can send it, since it is no value.
REVERSAL = object()


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "partner.incentive.notified.mixin"]

    incentive_document = fields.Selection(
        [
            ("opening", "Opening balance"),
            ("accrual", "Accrual"),
            ("holdback", "Holdback"),
            ("netting", "Netting"),
            ("write_off", "Write-off"),
            ("adjustment", "Adjustment"),
            ("settlement", "Settlement"),
            ("debit_note", "Debit note"),
            ("exchange", "Exchange difference"),
        ],
        string="Incentive document",
        copy=False,
        readonly=True,
        help="Documents of partner incentives never count as volume or payment.",
    )
    incentive_settlement_id = fields.Many2one(
        "partner.incentive.settlement",
        string="Incentive settlement",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )

    @api.model
    def _check_field_access(self, field, operation):
        """The mark decides what reaches the ledger: only the suite sets it.

        Asked once per field that somebody writes or creates with, and of defaults from
        the context, so that it costs documents without a mark nothing.
        """
        if operation == "write" and field.name in MARKS and not self._may_mark():
            raise AccessError(
                self.env._("Only partner incentives can mark a document as theirs.")
            )
        return super()._check_field_access(field, operation)

    @api.model
    def _may_mark(self):
        """Whether the suite writes, or copies what it wrote into a reversal."""
        return self.env.su or self.env.context.get("incentive_reversal") is REVERSAL

    def write(self, vals):
        if "partner_id" in vals:
            # Whoever loses the document would not be looked at.
            self._forget_deleted_volume()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _forget_deleted_volume(self):
        """What counted once and is deleted leaves no row that tells of it."""
        counted = self.filtered(
            lambda move: (
                move.posted_before and move.move_type in ("out_invoice", "out_refund")
            )
        )
        if counted:
            self.env["partner.incentive.lock"].sudo()._forget(counted.company_id)

    def _post(self, soft=True):
        marked = self.filtered("incentive_document")
        own = self.env.su and self.env.context.get("incentive_posting")
        if marked and not own:
            posting = self.env["partner.incentive.posting"]
            posting._check_repost(marked.filtered("posted_before"))
        posted = super()._post(soft=soft)
        posted._accrue_soon()
        if marked and not own:
            posting._record_documents((posted & marked).sudo())
        return posted

    def _invoice_paid_hook(self):
        """Tell payees that the bill of their incentives was paid.

        A credit note needs no payment: the settlement itself told of it.
        """
        result = super()._invoice_paid_hook()
        self.filtered(
            lambda move: (
                move.incentive_document == "settlement"
                and move.move_type == "in_invoice"
                and move.payment_state == "paid"
            )
        )._notify_partner("partner_incentive_base.mail_template_payout_paid", "payable")
        return result

    def _get_notified_areas(self):
        return ("money",)

    def _get_partner_path(self):
        return "/my/incentives/payouts"

    def _accrue_soon(self):
        """Where a company wants it, book what these invoices earn within minutes.

        Not in the posting itself: whoever posts would wait for it, and for whoever
        books the same offer at the time.
        """
        if any(
            move.company_id.incentive_accrue_on_posting
            and move.move_type in ("out_invoice", "out_refund")
            and not move.incentive_document
            for move in self
        ):
            self.env.ref("partner_incentive_base.ir_cron_accrue").sudo()._trigger()

    def button_draft(self):
        marked = self.filtered(
            lambda move: move.incentive_document and move.state == "posted"
        )
        for move in marked:
            if move.move_type == "entry":
                raise UserError(
                    self.env._(
                        "%s was booked by partner incentives and cannot be reset to "
                        "draft. Reverse it instead; the next run books what is "
                        "still owed.",
                        move.name,
                    )
                )
        result = super().button_draft()
        if marked:
            self.env["partner.incentive.posting"]._release_documents(marked.sudo())
        return result

    def _reverse_moves(self, default_values_list=None, cancel=False):
        """A reversal of what the suite made is so, too, whoever reverses it."""
        marked = self.filtered("incentive_document")
        if not marked:
            return super()._reverse_moves(default_values_list, cancel)
        default_values_list = default_values_list or [{} for _move in self]
        for move, values in zip(self, default_values_list, strict=True):
            if move in marked:
                values.update(
                    incentive_document=move.incentive_document,
                    incentive_settlement_id=move.incentive_settlement_id.id,
                )
        moves = self.with_context(incentive_reversal=REVERSAL)
        reversals = super(AccountMove, moves)._reverse_moves(
            default_values_list, cancel
        )
        return reversals.with_env(self.env)
