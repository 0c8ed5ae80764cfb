from odoo import api, models
from odoo.tools import SQL

from odoo.addons.partner_incentive_base.measures.measure import Measure


class PartnerIncentiveMeasure(models.AbstractModel):
    _inherit = "partner.incentive.measure"

    @api.model
    def _get_measures(self):
        measures = super()._get_measures()
        milestone = {
            "source": self._milestone_source,
            "line_model": "partner.milestone",
            "document_model": "partner.milestone",
        }
        for measure in (
            Measure(
                code="milestone_count",
                label=self.env._("Milestones reached, number"),
                unit="quantity",
                **milestone,
            ),
            Measure(
                code="milestone_amount",
                label=self.env._("Milestones reached, agreed bonus"),
                unit="amount",
                **milestone,
            ),
            Measure(
                code="certification_count",
                label=self.env._("Certifications passed, number"),
                unit="quantity",
                source=self._certification_source,
                line_model="partner.certification",
                document_model="partner.certification",
            ),
        ):
            measures[measure.code] = measure
        return measures

    @api.model
    def _milestone_source(self, company, until):
        """Reached milestones by their date, one each."""
        self.env["partner.milestone"].flush_model()
        return SQL(
            """
            SELECT id AS line_id, id AS document_id, id AS origin_id, partner_id,
                   NULL::int AS product_id, date, amount,
                   %s AS currency_id, amount AS amount_currency, 1 AS quantity,
                   NULL::jsonb AS analytic_distribution, NULL::int[] AS tax_ids
              FROM partner_milestone
             WHERE company_id = %s AND state = 'reached' AND date <= %s
            """,
            company.currency_id.id,
            company.id,
            until,
        )

    @api.model
    def _certification_source(self, company, until):
        """Certifications by the day they were passed; a revoked one never was."""
        self.env["partner.certification"].flush_model()
        return SQL(
            """
            SELECT id AS line_id, id AS document_id, id AS origin_id, partner_id,
                   NULL::int AS product_id, date_issue AS date, 0::numeric AS amount,
                   %s AS currency_id, 0::numeric AS amount_currency, 1 AS quantity,
                   NULL::jsonb AS analytic_distribution, NULL::int[] AS tax_ids
              FROM partner_certification
             WHERE (company_id IS NULL OR company_id = %s)
               AND state = 'passed' AND date_issue <= %s
            """,
            company.currency_id.id,
            company.id,
            until,
        )
