from odoo import api, fields, models
from odoo.exceptions import UserError


class PartnerIncentiveDeductionPart(models.Model):
    """What becomes of a part of a deduction."""

    _name = "partner.incentive.deduction.part"
    _description = "Incentive Deduction Part"

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
