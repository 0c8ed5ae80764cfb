from odoo import api, fields, models

from ..models.partner_deal_registration_decision import REJECT_CODES


class PartnerDealDecision(models.TransientModel):
    """Asks for the words of a decision, then takes it with the user's rights."""

    _name = "partner.deal.decision"
    _description = "Decision on a Deal"

    registration_ids = fields.Many2many("partner.deal.registration", readonly=True)
    decision = fields.Selection(
        [
            ("reject", "Reject"),
            ("request_info", "Ask the partner"),
            ("withdraw", "Withdraw"),
            ("lose", "Lost"),
        ],
        required=True,
        readonly=True,
    )
    code = fields.Selection(
        REJECT_CODES,
        string="Because",
        default=lambda self: self.env.context.get("default_code") or "other",
    )
    reason = fields.Text(help="The partner reads it.")
    internal_reason = fields.Text(
        string="Internal note", help="The partner never reads it."
    )
    lost_reason_id = fields.Many2one("crm.lost.reason")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if self.env.context.get("active_model") == "partner.deal.registration":
            values["registration_ids"] = [
                (6, 0, self.env.context.get("active_ids") or [])
            ]
        return values

    def action_confirm(self):
        self.ensure_one()
        deals = self.registration_ids
        if self.decision == "reject":
            deals.action_reject(self.code, self.reason, self.internal_reason)
        elif self.decision == "request_info":
            deals.action_request_info(self.reason)
        elif self.decision == "withdraw":
            deals.action_withdraw(self.reason)
        else:
            deals.action_lose(self.reason, self.lost_reason_id.id)
        return {"type": "ir.actions.act_window_close"}
