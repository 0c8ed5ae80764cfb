from odoo import api, models
from odoo.tools import SQL

from odoo.addons.partner_tiering.metrics.source import MetricSource


class PartnerMetricSource(models.AbstractModel):
    _inherit = "partner.metric.source"

    @api.model
    def _get_sources(self):
        source = MetricSource(
            "registration_quality",
            self.env._("Registration quality"),
            self.env._("Average quality of the deals that were submitted."),
            "average",
            "percent",
            "partner.deal.registration",
            self._registration_quality,
        )
        return {**super()._get_sources(), source.code: source}

    @api.model
    def _registration_quality(self, company, window):
        self._flush("partner.deal.registration")
        return SQL(
            """
            SELECT id AS record_id, partner_id, quality::numeric AS numerator,
                   1 AS denominator
              FROM partner_deal_registration
             WHERE company_id = %(company)s
               AND submitted_on::date BETWEEN %(start)s AND %(end)s
            """,
            company=company.id,
            start=window.start,
            end=window.end,
        )
