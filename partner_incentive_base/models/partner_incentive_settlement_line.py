from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class PartnerIncentiveSettlementLine(models.Model):
    """What one offer pays one partner in a settlement, and why that much."""

    _name = "partner.incentive.settlement.line"
    _description = "Incentive Settlement Line"
    _order = "partner_id, offer_id"

    settlement_id = fields.Many2one(
        "partner.incentive.settlement", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="settlement_id.company_id", store=True, index=True
    )
    state = fields.Selection(related="settlement_id.state")
    offer_id = fields.Many2one(
        "partner.incentive.offer", required=True, ondelete="restrict", index=True
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, ondelete="restrict", index=True
    )
    currency_id = fields.Many2one(related="offer_id.currency_id")
    cutoff = fields.Date(string="Volume up to", readonly=True)
    entitled = fields.Monetary(readonly=True)
    held = fields.Monetary(string="Held back", readonly=True)
    settled = fields.Monetary(string="Settled before", readonly=True)
    due = fields.Monetary(readonly=True, help="Entitled - held back - settled before.")
    amount = fields.Monetary(
        string="To pay",
        help="Negative: netted against what other offers owe the partner.",
    )
    move_id = fields.Many2one("account.move", string="Document", readonly=True)

    _once = models.UniqueIndex(
        "(settlement_id, offer_id, partner_id)",
        "A settlement pays each offer and partner once.",
    )

    @api.depends("offer_id.name", "partner_id.name")
    def _compute_display_name(self):
        for line in self:
            line.display_name = f"{line.partner_id.name}, {line.offer_id.name}"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_open()
        return lines

    def write(self, vals):
        if not (self.env.su and self.env.context.get("incentive_transition")):
            self._check_open()
            readonly = set(vals) - {"amount"}
            if readonly and not self.env.su:
                raise AccessError(
                    self.env._("Only the amount to pay can be changed by hand.")
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_open(self):
        self._check_open()

    def _check_open(self):
        for line in self:
            if line.settlement_id.state != "draft":
                raise UserError(
                    self.env._(
                        "%s is not a proposal any more and cannot be changed.",
                        line.settlement_id.name,
                    )
                )

    def _get_document_label(self):
        """Text of the line on the document that the partner receives."""
        return self.env._(
            "%(offer)s (%(code)s), up to %(date)s",
            offer=self.offer_id.name,
            code=self.offer_id.code,
            date=self.cutoff or self.settlement_id.date,
        )
