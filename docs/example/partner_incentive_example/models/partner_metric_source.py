from odoo import api, models
from odoo.tools import SQL

from odoo.addons.partner_tiering.metrics.source import MetricSource


class PartnerMetricSource(models.AbstractModel):
    _inherit = "partner.metric.source"

    @api.model
    def _get_sources(self):
        sources = super()._get_sources()
        sources["demonstrations"] = MetricSource(
            "demonstrations",
            self.env._("Demonstrations"),
            self.env._("Demonstrations given in the window and confirmed."),
            "sum",
            "number",
            "partner.demonstration",
            self._demonstrations,
        )
        return sources

    @api.model
    def _demonstrations(self, company, window):
        self.env["partner.demonstration"].flush_model()
        return SQL(
            """
            SELECT id AS record_id, partner_id, 1 AS numerator,
                   NULL::numeric AS denominator
              FROM partner_demonstration
             WHERE company_id = %s AND state = 'confirmed' AND date BETWEEN %s AND %s
            """,
            company.id,
            window.start,
            window.end,
        )
