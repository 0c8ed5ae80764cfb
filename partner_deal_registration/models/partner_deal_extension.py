from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from .partner_deal_registration import MANAGER


class PartnerDealExtension(models.Model):
    """A partner asks for more days of protection; a manager decides."""

    _name = "partner.deal.extension"
    _description = "Extension of a Protection"
    _order = "id desc"
    _rec_name = "registration_id"

    registration_id = fields.Many2one(
        "partner.deal.registration", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="registration_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(
        related="registration_id.partner_id", store=True, index=True, precompute=True
    )
    days = fields.Integer(required=True, readonly=True)
    reason = fields.Text(required=True, readonly=True)
    requested_by = fields.Many2one("res.users", readonly=True)
    state = fields.Selection(
        [("requested", "Requested"), ("granted", "Granted"), ("refused", "Refused")],
        default="requested",
        required=True,
        readonly=True,
        index=True,
    )
    decided_by = fields.Many2one("res.users", readonly=True)

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("Use Grant or Refuse."))
        return super().write(vals)

    def _check_can_decide(self):
        for extension in self:
            if not self.env.su:
                extension.check_access("read")
                if not self.env.user.has_group(MANAGER):
                    raise AccessError(
                        self.env._("Only an incentive manager decides on extensions.")
                    )
                if extension.sudo().requested_by == self.env.user:
                    raise AccessError(
                        self.env._("Somebody else has to decide on your request.")
                    )
            if extension.state != "requested":
                raise UserError(self.env._("The request is decided already."))

    def action_grant(self):
        self._check_can_decide()
        for extension in self.sudo():
            registration = extension.registration_id
            if registration.state != "approved":
                raise UserError(self.env._("The deal is not approved any more."))
            extension.write({"state": "granted", "decided_by": self.env.uid})
            registration._write_process(
                {
                    "protected_until": fields.Date.add(
                        registration.protected_until, days=extension.days
                    ),
                    "expiry_reminder": 0,
                }
            )
            registration.activity_unlink(["mail.mail_activity_data_todo"])
            registration._tell_partner("extended", "approved")

    def action_refuse(self):
        self._check_can_decide()
        for extension in self.sudo():
            extension.write({"state": "refused", "decided_by": self.env.uid})
            extension.registration_id.activity_unlink(["mail.mail_activity_data_todo"])
            extension.registration_id._tell_partner("not_extended", "returned")
