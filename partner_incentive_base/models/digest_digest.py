from odoo import fields, models
from odoo.exceptions import AccessError

READERS = (
    "partner_incentive_base.group_incentive_user",
    "partner_incentive_base.group_incentive_auditor",
)


class DigestDigest(models.Model):
    """Figures for the mail that people get on how the business does."""

    _inherit = "digest.digest"

    kpi_incentive_accrued = fields.Boolean("Incentives Accrued")
    kpi_incentive_accrued_value = fields.Monetary(
        compute="_compute_kpi_incentive_accrued_value"
    )
    kpi_incentive_claims = fields.Boolean("Incentive Claims Decided")
    kpi_incentive_claims_value = fields.Integer(
        compute="_compute_kpi_incentive_claims_value"
    )

    def _check_incentive_reader(self):
        if not any(self.env.user.has_group(group) for group in READERS):
            raise AccessError(
                self.env._("Do not have access, skip this data for user's digest email")
            )

    def _compute_kpi_incentive_accrued_value(self):
        """What partners earned by the ledger, reversals taken off."""
        self._check_incentive_reader()
        self._calculate_company_based_kpi(
            "partner.incentive.entry",
            "kpi_incentive_accrued_value",
            date_field="date",
            sum_field="earned_balance",
        )

    def _compute_kpi_incentive_claims_value(self):
        self._check_incentive_reader()
        self._calculate_company_based_kpi(
            "partner.incentive.claim",
            "kpi_incentive_claims_value",
            date_field="decided_on",
        )

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("partner_incentive_base.menu_incentive_root").id
        for name, action in (
            ("kpi_incentive_accrued", "partner_incentive_entry_action"),
            ("kpi_incentive_claims", "partner_incentive_claim_action"),
        ):
            actions[name] = f"partner_incentive_base.{action}?menu_id={menu}"
        return actions
