from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.partner_incentive_base.models.partner_incentive_attribution import (
    ROLES,
)


class PartnerDealCredit(models.Model):
    """Who is credited for a deal, in which role, with which share."""

    _name = "partner.deal.credit"
    _description = "Credit for a Deal"
    _order = "registration_id, role, share desc, id"
    _rec_name = "partner_id"

    registration_id = fields.Many2one(
        "partner.deal.registration", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="registration_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="restrict"
    )
    role = fields.Selection(ROLES, required=True, default="sourced")
    share = fields.Float(
        string="Share (%)", default=100.0, required=True, digits=(16, 6)
    )

    _share_range = models.Constraint(
        "CHECK (share > 0 AND share <= 100)",
        "A share is more than 0 % and 100 % at most.",
    )
    _once = models.UniqueIndex(
        "(registration_id, partner_id, role)",
        "The partner is credited in this role already.",
    )

    @api.constrains("share", "role", "registration_id")
    def _check_shares(self):
        groups = self.sudo()._read_group(
            [("registration_id", "in", self.registration_id.ids)],
            ["registration_id", "role"],
            ["share:sum"],
            [("share:sum", ">", 100.0000001)],
        )
        for registration, _role, share in groups:
            raise ValidationError(
                self.env._(
                    "The shares of %(name)s sum to %(share)s %%. Lower them to 100 %% "
                    "at most.",
                    name=registration.name,
                    share=f"{share:g}",
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("partner_id"):
                contact = self.env["res.partner"].browse(vals["partner_id"])
                vals["partner_id"] = contact.commercial_partner_id.id
        credits_ = super().create(vals_list)
        credits_._check_manager()
        return credits_

    def write(self, vals):
        self._check_manager()
        result = super().write(vals)
        self._check_manager()
        self.registration_id.sudo()._credit_documents()
        return result

    def unlink(self):
        self._check_manager()
        return super().unlink()

    def _check_manager(self):
        """Whoever splits credit decides on money."""
        self.registration_id._check_manager()
