from odoo import api, fields, models

#: action: (model, method that takes the reason)
ACTIONS = {
    "claim_info": ("partner.incentive.claim", "action_request_info"),
    "claim_reject": ("partner.incentive.claim", "action_reject"),
    "adjustment_refuse": ("partner.incentive.adjustment", "action_refuse"),
    "run_reverse": ("partner.incentive.run", "action_reverse"),
    "clawback_lift": ("partner.incentive.clawback", "action_lift"),
    "dispute_info": ("partner.incentive.dispute", "action_request_info"),
    "dispute_return": ("partner.incentive.dispute", "action_return"),
    "line_exclude": ("account.move.line", "action_exclude_from_incentives"),
    "contract_churn": ("partner.customer.contract", "action_churn"),
}


class PartnerIncentiveReason(models.TransientModel):
    """Asks for the reason of a decision, then takes the decision."""

    _name = "partner.incentive.reason"
    _description = "Reason of a Decision"

    action = fields.Selection(
        [
            ("claim_info", "Ask for more information"),
            ("claim_reject", "Reject the claim"),
            ("adjustment_refuse", "Refuse the adjustment"),
            ("run_reverse", "Reverse the run"),
            ("clawback_lift", "Lift the clawback"),
            ("dispute_info", "Ask the partner"),
            ("dispute_return", "Return the decision"),
            ("line_exclude", "Exclude the line from incentives"),
            ("contract_churn", "End the contract as churned"),
        ],
        required=True,
        readonly=True,
    )
    record_ids = fields.Json(required=True, readonly=True)
    reason = fields.Text(help="The partner can read it.")

    @api.model
    def _open(self, records, action):
        """Action that opens the wizard for ``records``."""
        wizard = self.create({"action": action, "record_ids": records.ids})
        labels = dict(self._fields["action"]._description_selection(self.env))
        return {
            "type": "ir.actions.act_window",
            "name": labels[action],
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_confirm(self):
        """Take the decision, with the user's rights and the guards of the model."""
        self.ensure_one()
        model, method = self._get_decision()
        getattr(self.env[model].browse(self.record_ids), method)(self.reason)
        return {"type": "ir.actions.act_window_close"}

    def _get_decision(self):
        """``(model, method that takes the reason)``; extend with an action."""
        return ACTIONS[self.action]
