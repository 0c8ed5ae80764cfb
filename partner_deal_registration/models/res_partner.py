from odoo import api, fields, models
from odoo.tools import SQL

from ..matching.evidence import Party


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "partner.deal.identity.mixin"]

    deal_registration_ids = fields.One2many(
        "partner.deal.registration",
        "customer_id",
        string="Registered deals",
        groups="partner_incentive_base.group_incentive_user,"
        "partner_incentive_base.group_incentive_auditor",
    )
    deal_protection = fields.Char(
        compute="_compute_deal_protection",
        compute_sudo=True,
        groups="base.group_user",
        help="Partner for whom a deal with this customer is protected, and until when.",
    )

    def _compute_deal_protection(self):
        Registration = self.env["partner.deal.registration"]
        protected = Registration._get_protecting(self.commercial_partner_id)
        for partner in self:
            partner.deal_protection = Registration._describe_protection(
                protected.get(partner.commercial_partner_id.id)
            )

    @api.model
    def _get_identity_fields(self):
        return {
            "name",
            "vat",
            "phone",
            "website",
            "email",
            "street",
            "zip",
            "city",
            "is_company",
            "parent_id",
            "company_id",
        }

    @api.model
    def _get_identity_condition(self):
        return SQL("(source.parent_id IS NULL OR source.is_company)")

    def _get_identity(self):
        self.ensure_one()
        if self.parent_id and not self.is_company:
            return 0, None
        return self.company_id.id or 0, Party(
            name=self.name or "",
            vat=self.vat or "",
            phone=self.phone or "",
            website=self.website or "",
            email=self.email or "",
            street=self.street or "",
            postcode=self.zip or "",
            city=self.city or "",
        )

    def action_view_deal_registrations(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_deal_registration.partner_deal_registration_action"
        )
        partner = self.commercial_partner_id
        action["domain"] = [
            "|",
            ("customer_id", "=", partner.id),
            ("partner_id", "=", partner.id),
        ]
        action["context"] = {"default_partner_id": partner.id}
        return action
