from odoo import fields, models

from ..models.partner_incentive_dispute import OUTCOMES


class PartnerIncentiveDisputeDecision(models.TransientModel):
    """Outcome of a dispute, the amount that was agreed, and the answer."""

    _name = "partner.incentive.dispute.decision"
    _description = "Decision on a Dispute"

    dispute_id = fields.Many2one(
        "partner.incentive.dispute", required=True, ondelete="cascade"
    )
    can_reopen = fields.Boolean(related="dispute_id.can_reopen")
    dispute_offer_id = fields.Many2one(
        related="dispute_id.offer_id", string="Disputed offer"
    )
    company_id = fields.Many2one(related="dispute_id.company_id")
    outcome = fields.Selection(OUTCOMES, required=True, default="refused")
    offer_id = fields.Many2one(
        "partner.incentive.offer",
        domain="[('company_id', '=', company_id),"
        " ('state', 'in', ('published', 'suspended', 'retired'))]",
        help="The amount is booked under this offer.",
    )
    currency_id = fields.Many2one(related="dispute_id.currency_id")
    amount = fields.Monetary(
        string="Agreed amount", help="Owed more; negative when it was too much."
    )
    answer = fields.Text(help="The partner reads it.")

    def action_confirm(self):
        """Decide with the user's rights and the guards of the dispute."""
        self.ensure_one()
        self.dispute_id.action_decide(
            self.outcome, self.answer, self.amount, self.offer_id.id
        )
        return {"type": "ir.actions.act_window_close"}
