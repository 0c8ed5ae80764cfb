from odoo import api, models


class PartnerIncentiveBudget(models.Model):
    _inherit = "partner.incentive.budget"

    @api.model
    def _is_discretionary(self, offer):
        """Fund money is at somebody's discretion unless purchases earned it."""
        fund = offer._get_fund()
        return fund.kind != "coop" if fund else super()._is_discretionary(offer)
