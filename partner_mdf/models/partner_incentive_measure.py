from odoo import api, models

from odoo.addons.partner_incentive_base.measures.measure import Measure


class PartnerIncentiveMeasure(models.AbstractModel):
    _inherit = "partner.incentive.measure"

    @api.model
    def _get_measures(self):
        return super()._get_measures() | {
            "mdf_purchases": Measure(
                code="mdf_purchases",
                label=self.env._("Purchases that earn co-op money"),
                unit="amount",
                source=self._invoice_source,
                line_model="account.move.line",
                document_model="account.move",
                reach="document",
            )
        }
