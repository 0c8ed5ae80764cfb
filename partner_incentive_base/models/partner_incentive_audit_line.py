from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class PartnerIncentiveAuditLine(models.Model):
    """One claim of a sample, and what the auditor found."""

    _name = "partner.incentive.audit.line"
    _description = "Incentive Audited Claim"
    _inherit = ["partner.incentive.process.mixin"]
    _order = "audit_id, id"

    audit_id = fields.Many2one(
        "partner.incentive.audit", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="audit_id.company_id", store=True, index=True, precompute=True
    )
    audit_state = fields.Selection(related="audit_id.state", string="Audit is")
    claim_id = fields.Many2one(
        "partner.incentive.claim", required=True, ondelete="restrict", index=True
    )
    partner_id = fields.Many2one(related="claim_id.partner_id", store=True)
    offer_id = fields.Many2one(related="claim_id.offer_id", store=True)
    currency_id = fields.Many2one(related="claim_id.currency_id")
    amount = fields.Monetary(related="claim_id.amount")
    result = fields.Selection([("passed", "Passed"), ("failed", "Failed")])
    finding = fields.Text(help="What was found; the partner reads it if it failed.")
    clawback_id = fields.Many2one(
        "partner.incentive.clawback", readonly=True, ondelete="set null"
    )

    @api.model_create_multi
    def create(self, vals_list):
        if not self._is_in_process():
            raise AccessError(
                self.env._("Claims are drawn by chance, not chosen. Draw the sample.")
            )
        return super().create(vals_list)

    def write(self, vals):
        if not self._is_in_process():
            if set(vals) - {"result", "finding"}:
                raise AccessError(
                    self.env._("Only the result and the finding can be entered.")
                )
            if any(line.audit_id.state != "running" for line in self):
                raise UserError(self.env._("The audit is closed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A claim that was drawn stays in the sample."))

    def _propose_clawbacks(self):
        """Submit a clawback of each claim that failed; finance confirms it."""
        for line in self.filtered(lambda each: each.result == "failed"):
            if not line.finding:
                raise UserError(
                    self.env._("Say what was found with %s.", line.claim_id.name)
                )
            offer = line.offer_id
            clawback = self.env["partner.incentive.clawback"].create(
                {
                    "company_id": line.company_id.id,
                    "offer_id": offer.id,
                    "partner_id": line.partner_id.id,
                    "reason": "audit",
                    "description": line.finding,
                    "claim_id": line.claim_id.id,
                }
            )
            clawback.action_submit()
            line._in_process().clawback_id = clawback
