from odoo import api, fields, models
from odoo.exceptions import AccessError


class PartnerIncentiveAcceptance(models.Model):
    """That a partner accepted an opt-in offer, in which version, when, and by whom.

    Rows are added by :meth:`partner.incentive.enrollment._accept_offer` and never
    change: they are the proof.
    """

    _name = "partner.incentive.acceptance"
    _description = "Accepted Offer"
    _order = "date desc, id desc"
    _rec_name = "version_id"

    enrollment_id = fields.Many2one(
        "partner.incentive.enrollment", required=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        related="enrollment_id.partner_id", store=True, index=True
    )
    company_id = fields.Many2one(
        related="enrollment_id.company_id", store=True, index=True
    )
    version_id = fields.Many2one(
        "partner.incentive.offer.version",
        required=True,
        index=True,
        ondelete="restrict",
    )
    offer_id = fields.Many2one(related="version_id.offer_id", store=True, index=True)
    user_id = fields.Many2one(
        "res.users",
        string="Accepted by",
        required=True,
        default=lambda self: self.env.user,
    )
    date = fields.Date(
        required=True, default=lambda self: fields.Date.context_today(self)
    )

    _once = models.UniqueIndex(
        "(enrollment_id, version_id)",
        "The partner has accepted this version of the offer already.",
    )

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("What a partner accepted does not change."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_superuser(self):
        if not self.env.su:
            raise AccessError(self.env._("What a partner accepted does not change."))
