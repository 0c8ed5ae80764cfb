from odoo import fields, models
from odoo.exceptions import UserError


class PartnerIncentiveReview(models.Model):
    _inherit = "partner.incentive.review"

    revise_tiers = fields.Boolean(
        string="Revise the tier policy",
        copy=False,
        help="When the review is decided, a draft of the next version of the tier "
        "policy in force is made.",
    )
    tiers_note = fields.Text(string="What is to change, and why", copy=False)
    tier_policy_id = fields.Many2one(
        "partner.tier.policy",
        string="Draft tier policy",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )

    def _get_kept_fields(self):
        return super()._get_kept_fields() | {"revise_tiers", "tiers_note"}

    def _get_process_fields(self):
        return super()._get_process_fields() | {"tier_policy_id"}

    def _apply_further(self):
        """Draft the next version of the tier policy, with the rights of the user."""
        result = super()._apply_further()
        if self.revise_tiers:
            policies = self.env["partner.tier.policy"]
            policy = policies._get_in_force(
                self.company_id, fields.Date.context_today(self)
            ).sudo(self.env.su)
            if not policy:
                raise UserError(
                    self.env._(
                        "There is no tier policy in force to revise. Publish one "
                        "first, or leave the tiers out of this review."
                    )
                )
            if not (self.tiers_note or "").strip():
                raise UserError(
                    self.env._("Say what is to change about the tiers, and why.")
                )
            action = policy.action_revise()
            revision = policies.browse(action["res_id"])
            revision.change_reason = self.tiers_note
            self._in_process().write({"tier_policy_id": revision.id})
        return result

    def action_view_tier_policy(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.tier.policy",
            "res_id": self.tier_policy_id.id,
            "view_mode": "form",
        }
