from datetime import timedelta
from decimal import Decimal

from odoo import fields, models


class PartnerIncentiveOffer(models.Model):
    _inherit = "partner.incentive.offer"

    mdf_fund_ids = fields.One2many("partner.mdf.fund", "offer_id", string="Fund")

    def _get_fund(self):
        """The fund whose money is booked under the offer, or none."""
        self.ensure_one()
        return self.sudo().mdf_fund_ids[:1]

    def _is_calculated(self):
        """Only what is earned by purchases comes from runs."""
        fund = self._get_fund()
        return super()._is_calculated() and (not fund or fund.kind == "coop")

    def _writes_off(self):
        """Money that waits for a claim expires in its time, and not before."""
        return super()._writes_off() and not self._get_fund()

    def _get_settlement_cutoff(self, day, sooner=0):
        """Approved claims are due at once; a proposal for them is made each month."""
        fund = self._get_fund()
        if fund and not fund.currency_id.is_zero(fund._get_unpaid()):
            return day.replace(day=1) - timedelta(days=1)
        return super()._get_settlement_cutoff(day, sooner)

    def _to_decimal(self, amount):
        """An amount in the offer's currency, exact."""
        self.ensure_one()
        return Decimal(str(self.currency_id.round(amount or 0.0)))
