from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class PartnerIncentiveDeductionPart(models.Model):
    """What becomes of a part of a deduction."""

    _name = "partner.incentive.deduction.part"
    _inherit = ["partner.incentive.process.mixin"]
    _description = "Incentive Deduction Part"
    _process_fields = frozenset({"settlement_id", "move_id"})

    deduction_id = fields.Many2one(
        "partner.incentive.deduction", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="deduction_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="deduction_id.currency_id")
    kind = fields.Selection(
        [("match", "Match"), ("deny", "Deny"), ("write_off", "Write off")],
        required=True,
        default="match",
    )
    offer_id = fields.Many2one(
        "partner.incentive.offer",
        ondelete="restrict",
        domain="[('company_id', '=', company_id), "
        "('state', 'in', ('published', 'retired'))]",
    )
    amount = fields.Monetary(required=True)
    note = fields.Char(string="Reason")
    settlement_id = fields.Many2one(
        "partner.incentive.settlement", readonly=True, index="btree_not_null"
    )
    move_id = fields.Many2one("account.move", string="Credit note", readonly=True)

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "Each part needs a positive amount."
    )

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts.deduction_id._check_open()
        return parts

    def write(self, vals):
        if not self._is_in_process():
            if self._process_fields & set(vals):
                raise AccessError(
                    self.env._(
                        "What a part is settled or written off with follows from its "
                        "deduction. Resolve the deduction."
                    )
                )
            self.deduction_id._check_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_open(self):
        self.deduction_id._check_open()

    def _is_booked(self):
        """Whether a document stands, or is going to, for the part."""
        self.ensure_one()
        batch = self.settlement_id
        return bool(self.move_id or (batch and batch.state != "cancelled"))

    def _check_complete(self):
        for part in self:
            if part.kind == "match" and not part.offer_id:
                raise UserError(self.env._("Say which offer each matched part is for."))
            if part.kind == "match":
                part._check_payee()
            if part.kind == "match" and not part.deduction_id._may_match(part.offer_id):
                raise UserError(
                    self.env._(
                        "%(offer)s does not pay by credit note in %(currency)s, so "
                        "it cannot clear %(invoice)s.",
                        offer=part.offer_id.name,
                        currency=part.deduction_id.currency_id.name,
                        invoice=part.deduction_id.move_id.sudo().name,
                    )
                )
            if part.kind != "match" and not part.note:
                raise UserError(
                    self.env._("Give a reason for what is denied or written off.")
                )

    def _check_payee(self):
        """A credit note to somebody else would not clear the partner's invoice."""
        self.ensure_one()
        deduction = self.deduction_id
        payees = deduction._get_other_payees(self.offer_id)
        for payee in payees.values():
            raise UserError(
                self.env._(
                    "%(offer)s pays %(payee)s instead of %(partner)s, so it cannot "
                    "clear %(invoice)s. Deny the part or write it off; or empty Paid "
                    "to on the enrollment of %(partner)s, if it is owed the money "
                    "itself.",
                    offer=self.offer_id.name,
                    payee=payee.name,
                    partner=deduction.partner_id.name,
                    invoice=deduction.move_id.sudo().name,
                )
            )
