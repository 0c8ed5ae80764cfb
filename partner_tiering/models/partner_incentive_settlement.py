from datetime import timedelta

from odoo import models


class PartnerIncentiveSettlement(models.Model):
    _inherit = "partner.incentive.settlement"

    def _prepare_document(self, partner, currency, payout, lines, sources):
        """A tier may bring faster payouts: bills are due so many days after."""
        vals = super()._prepare_document(partner, currency, payout, lines, sources)
        days = self.env["partner.incentive.benefit"]._get_value(
            "payout_days", partner, self.date, self.company_id
        )
        if payout == "vendor_bill" and days is not None:
            date = vals.get("invoice_date") or vals.get("date") or self.date
            vals["invoice_payment_term_id"] = False
            vals["invoice_date_due"] = date + timedelta(days=int(days))
        return vals
