from odoo import api, models
from odoo.tools import SQL

from odoo.addons.partner_incentive_base.measures.measure import Measure


class PartnerIncentiveMeasure(models.AbstractModel):
    _inherit = "partner.incentive.measure"

    @api.model
    def _get_measures(self):
        measures = super()._get_measures()
        measures["demonstrations"] = Measure(
            code="demonstrations",
            label=self.env._("Demonstrations, number"),
            unit="quantity",
            source=self._demonstration_source,
            line_model="partner.demonstration",
            document_model="partner.demonstration",
        )
        return measures

    @api.model
    def _demonstration_source(self, company, until):
        """Confirmed demonstrations by their date, one each."""
        self.env["partner.demonstration"].flush_model()
        return SQL(
            """
            SELECT id AS line_id, id AS document_id, id AS origin_id, partner_id,
                   product_id, date, 0::numeric AS amount,
                   %s AS currency_id, 0::numeric AS amount_currency, 1 AS quantity,
                   NULL::jsonb AS analytic_distribution, NULL::int[] AS tax_ids
              FROM partner_demonstration
             WHERE company_id = %s AND state = 'confirmed' AND date <= %s
            """,
            company.currency_id.id,
            company.id,
            until,
        )
