from odoo import fields, models


class DigestDigest(models.Model):
    _inherit = "digest.digest"

    kpi_deal_registered = fields.Boolean("Deals Registered")
    kpi_deal_registered_value = fields.Integer(
        compute="_compute_kpi_deal_registered_value"
    )

    def _compute_kpi_deal_registered_value(self):
        """Registrations by the day on which they were submitted first."""
        self._check_incentive_reader()
        self._calculate_company_based_kpi(
            "partner.deal.registration",
            "kpi_deal_registered_value",
            date_field="submitted_on",
        )

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("partner_incentive_base.menu_incentive_root").id
        action = "partner_deal_registration.partner_deal_registration_action"
        actions["kpi_deal_registered"] = f"{action}?menu_id={menu}"
        return actions
