from odoo import api, fields, models
from odoo.exceptions import AccessError


class PartnerIncentivePolicyAcceptance(models.Model):
    """That a partner accepted a version of a policy, when, and by whom.

    Rows are added by :meth:`partner.incentive.policy._accept` and never change: they
    are the proof.
    """

    _name = "partner.incentive.policy.acceptance"
    _description = "Accepted Policy"
    _order = "date desc, id desc"
    _rec_name = "policy_id"

    policy_id = fields.Many2one(
        "partner.incentive.policy", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="policy_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="restrict"
    )
    user_id = fields.Many2one("res.users", string="Accepted by", required=True)
    date = fields.Datetime(
        required=True, default=lambda self: fields.Datetime.now(), readonly=True
    )

    _once = models.UniqueIndex(
        "(policy_id, partner_id)", "The partner has accepted this version already."
    )

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("What a partner accepted does not change."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_superuser(self):
        if not self.env.su:
            raise AccessError(self.env._("What a partner accepted does not change."))
