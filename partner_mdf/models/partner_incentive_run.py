from odoo import models


class PartnerIncentiveRun(models.Model):
    _inherit = "partner.incentive.run"

    def _accrue_company(self, company, offers, day, partners=None, keep_empty=True):
        """What a run books for co-op money is in the checkbook at once."""
        run = super()._accrue_company(company, offers, day, partners, keep_empty)
        offers.sudo().mdf_fund_ids._sync_earned()
        return run
