from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

#: What can be written on a line of a posted document without writing the document,
#: and decides what it counts for, or what part of a payment is money.
COUNTED = {
    "account_id",
    "amount_currency",
    "balance",
    "discount",
    "display_type",
    "price_subtotal",
    "price_total",
    "product_id",
    "product_uom_id",
    "quantity",
}
#: What says to which offer an item belongs, as what, and for whom.
MARKS = {"incentive_offer_id", "incentive_role", "incentive_earner_id"}


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    incentive_offer_id = fields.Many2one(
        "partner.incentive.offer",
        string="Incentive offer",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    incentive_role = fields.Selection(
        [("accrued", "Accrued"), ("holdback", "Held back"), ("cost", "Cost")],
        copy=False,
        readonly=True,
    )

    incentive_earner_id = fields.Many2one(
        "res.partner",
        string="Earned by",
        copy=False,
        readonly=True,
        groups="base.group_user",
        help="The partner that earned it, where another one is paid.",
    )

    incentive_exclusion = fields.Char(
        string="Excluded from incentives",
        copy=False,
        readonly=True,
        groups="partner_incentive_base.group_incentive_finance",
        help="Why this line of an invoice does not count for partner incentives.",
    )

    @api.model
    def _check_field_access(self, field, operation):
        """Items are the suite's to mark, and to exclude with a reason.

        Asked once per field that somebody writes or creates with, and of defaults from
        the context; so it costs items without a mark nothing.
        """
        if operation == "write":
            if field.name in MARKS and not self.env["account.move"]._may_mark():
                raise AccessError(
                    self.env._(
                        "Only partner incentives can say to which offer a journal item "
                        "belongs, and who earned it."
                    )
                )
            if field.name == "incentive_exclusion" and not self.env.su:
                raise AccessError(
                    self.env._(
                        "Use Exclude this Line, which is behind the question mark of a "
                        "posted invoice's line, and give a reason."
                    )
                )
        return super()._check_field_access(field, operation)

    def write(self, vals):
        if COUNTED & set(vals):
            posted = self.filtered(lambda line: line.parent_state == "posted")
            if posted:
                self.env["partner.incentive.lock"].sudo()._forget(posted.company_id)
        result = super().write(vals)
        if "incentive_exclusion" in vals:
            self._on_exclusion()
        return result

    def _on_exclusion(self):
        """Say it on the documents, and let the next runs look at everybody."""
        for line_sudo in self.sudo():
            name = line_sudo.name or line_sudo.product_id.display_name
            line_sudo.move_id.message_post(
                body=self.env._(
                    "%(line)s does not count for partner incentives: %(reason)s",
                    line=name,
                    reason=line_sudo.incentive_exclusion,
                )
                if line_sudo.incentive_exclusion
                else self.env._("%s counts for partner incentives again.", name)
            )
        self.env["partner.incentive.lock"].sudo()._forget(self.company_id)

    def _check_can_exclude(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(
            "partner_incentive_base.group_incentive_finance"
        ):
            raise AccessError(
                self.env._("Only finance decides which lines of an invoice count.")
            )

    def action_exclude_from_incentives(self, reason=None):
        """Let lines of invoices earn nothing; the next run books the difference.

        :param reason: asked for where none is given
        """
        self._check_can_exclude()
        if not reason:
            return self.env["partner.incentive.reason"]._open(self, "line_exclude")
        for line in self:
            if line.display_type != "product" or line.move_id.move_type not in (
                "out_invoice",
                "out_refund",
            ):
                raise UserError(
                    self.env._(
                        "Only product lines of customer invoices and credit notes "
                        "count, so only those can be excluded."
                    )
                )
        # Invoices are not finance's to change: only this mark is.
        self.sudo().write({"incentive_exclusion": reason})
        return True

    def action_include_in_incentives(self):
        """Let excluded lines count again."""
        self._check_can_exclude()
        self.sudo().write({"incentive_exclusion": False})
        return True

    def _get_incentive_partner(self):
        """Whose ledger a journal item on an incentive account belongs to."""
        return self.incentive_earner_id or self.partner_id.commercial_partner_id

    def _copy_data_extend_business_fields(self, values):
        """A reversal keeps the offer; another copy is no movement of the ledger."""
        result = super()._copy_data_extend_business_fields(values)
        if self.incentive_offer_id and self.move_id._may_mark():
            values.update(
                incentive_offer_id=self.incentive_offer_id.id,
                incentive_role=self.incentive_role,
                incentive_earner_id=self.sudo().incentive_earner_id.id,
            )
        return result

    def _prepare_exchange_difference_move_vals(
        self, amounts_list, company=None, exchange_date=None, **kwargs
    ):
        """Let the exchange difference of an incentive account keep its offer."""
        result = super()._prepare_exchange_difference_move_vals(
            amounts_list, company=company, exchange_date=exchange_date, **kwargs
        )
        if not result or not any(line.incentive_role for line in self):
            return result
        commands = result["move_values"]["line_ids"]
        for line, sequence in result["to_reconcile"]:
            if line.incentive_role in ("accrued", "holdback"):
                commands[sequence][2].update(
                    incentive_offer_id=line.incentive_offer_id.id,
                    incentive_role=line.incentive_role,
                    incentive_earner_id=line.sudo().incentive_earner_id.id,
                )
                result["move_values"]["incentive_document"] = "exchange"
        return result

    @api.model
    def _create_exchange_difference_moves(self, exchange_diff_values_list):
        """Whoever reconciles an incentive account makes the suite's own document."""
        marked = any(
            values["move_values"].get("incentive_document")
            for values in exchange_diff_values_list
        )
        lines = self.sudo() if marked else self
        moves = super(AccountMoveLine, lines)._create_exchange_difference_moves(
            exchange_diff_values_list
        )
        return moves.sudo(self.env.su)

    def action_explain_incentives(self):
        """Show under which offers this line earned, and why it did or did not."""
        self.ensure_one()
        return self.env["partner.incentive.explanation"]._open_for_line(self)
