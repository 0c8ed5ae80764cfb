from odoo import api, models
from odoo.tools import SQL

from odoo.addons.partner_incentive_base.measures.measure import Measure


class PartnerIncentiveMeasure(models.AbstractModel):
    """Measures that count events instead of sales: claims, days, milestones, reports
    of what was sold through.
    """

    _inherit = "partner.incentive.measure"

    @api.model
    def _get_measures(self):
        measures = super()._get_measures()
        claim = {
            "unit": "quantity",
            "line_model": "partner.incentive.claim",
            "document_model": "partner.incentive.claim",
        }
        sell_through = {
            "source": self._sell_through_source,
            "line_model": "partner.sell.through.line",
            "document_model": "partner.sell.through.file",
        }
        for measure in (
            Measure(
                code="claimed_quantity",
                label=self.env._("Approved claims, quantity"),
                source=self._claim_source,
                **claim,
            ),
            Measure(
                code="claimed_count",
                label=self.env._("Approved claims, number"),
                source=self._claim_event_source,
                **claim,
            ),
            Measure(
                code="elapsed_days",
                label=self.env._("Time of participation"),
                unit="quantity",
                source=self._elapsed_source,
                line_model="partner.incentive.enrollment",
                document_model="partner.incentive.enrollment",
                elapsed=True,
            ),
            Measure(
                code="milestone_bonus",
                label=self.env._("Milestones reached"),
                unit="amount",
                source=self._milestone_bonus_source,
                line_model="partner.incentive.milestone",
                document_model="partner.incentive.milestone",
            ),
            Measure(
                code="sell_through_amount",
                label=self.env._("Sold through, amount"),
                unit="amount",
                **sell_through,
            ),
            Measure(
                code="sell_through_quantity",
                label=self.env._("Sold through, quantity"),
                unit="quantity",
                **sell_through,
            ),
        ):
            measures[measure.code] = measure
        return measures

    @api.model
    def _claim_event_source(self, company, until):
        """Approved claims, each of which is one event."""
        return SQL(
            """
            SELECT claim.line_id, claim.document_id, claim.origin_id, claim.partner_id,
                   claim.product_id, claim.date, claim.amount, claim.currency_id,
                   claim.amount_currency, 1::numeric AS quantity,
                   claim.analytic_distribution, claim.tax_ids
              FROM (%s) AS claim
            """,
            self._claim_source(company, until),
        )

    @api.model
    def _elapsed_source(self, company, until):
        """A row for each day from a partner's first enrollment on.

        On which of them it takes part in an offer is the offer's scope, as with sales.
        """
        self.env["partner.incentive.enrollment"].flush_model()
        return SQL(
            """
            SELECT first.line_id, first.line_id AS document_id,
                   first.line_id AS origin_id, first.partner_id,
                   NULL::int AS product_id, day::date AS date, 0::numeric AS amount,
                   %(currency)s AS currency_id, 0::numeric AS amount_currency,
                   1::numeric AS quantity, NULL::jsonb AS analytic_distribution,
                   NULL::int[] AS tax_ids
              FROM (
                SELECT MIN(enrollment.id) AS line_id, enrollment.partner_id,
                       MIN(enrollment.date_from) AS start
                  FROM partner_incentive_enrollment AS enrollment
                 WHERE enrollment.company_id = %(company)s
                   AND enrollment.state IN ('active', 'ended')
                 GROUP BY enrollment.partner_id
                   ) AS first
        CROSS JOIN LATERAL generate_series(
                       first.start::timestamp, %(until)s::date, '1 day') AS day
            """,
            company=company.id,
            currency=company.currency_id.id,
            until=until,
        )

    @api.model
    def _milestone_bonus_source(self, company, until):
        """Milestones by the day on which each partner reached them."""
        for model in (
            "partner.incentive.milestone",
            "partner.incentive.achievement",
            "partner.incentive.enrollment",
            "partner.incentive.offer",
            "partner.customer.contract",
            "partner.incentive.attribution",
            "account.move",
            "res.currency.rate",
        ):
            self.env[model].flush_model()
        return SQL(
            """
            SELECT milestone.id AS line_id, milestone.id AS document_id,
                   milestone.id AS origin_id, event.partner_id,
                   NULL::int AS product_id, event.date, %(amount)s AS amount,
                   offer.currency_id, milestone.amount AS amount_currency,
                   1::numeric AS quantity, NULL::jsonb AS analytic_distribution,
                   NULL::int[] AS tax_ids
              FROM partner_incentive_milestone AS milestone
              JOIN partner_incentive_offer_version AS version
                ON version.id = milestone.version_id
              JOIN partner_incentive_offer AS offer ON offer.id = version.offer_id
              JOIN (%(events)s) AS event
                ON event.trigger = milestone.trigger
               AND (event.milestone_id IS NULL OR event.milestone_id = milestone.id)
               AND (event.program_id IS NULL OR event.program_id = offer.program_id)
             WHERE offer.company_id = %(company)s
               AND event.date <= %(until)s
            """,
            amount=self._get_company_amount(
                company,
                SQL("milestone.amount"),
                SQL("offer.currency_id"),
                SQL("event.date"),
            ),
            events=self._get_milestone_events(company, until),
            company=company.id,
            until=until,
        )

    def _get_milestone_events(self, company, until):
        """SQL of ``(trigger, milestone_id, program_id, partner_id, date)``."""
        return SQL(
            """
            SELECT 'enrolled' AS trigger, NULL::int AS milestone_id, program_id,
                   partner_id, MIN(date_from) AS date
              FROM partner_incentive_enrollment
             WHERE company_id = %(company)s AND state IN ('active', 'ended')
             GROUP BY program_id, partner_id
             UNION ALL
            SELECT 'first_purchase', NULL, NULL, commercial_partner_id,
                   MIN(invoice_date)
              FROM account_move
             WHERE company_id = %(company)s AND state = 'posted'
               AND move_type = 'out_invoice' AND incentive_document IS NULL
               AND invoice_date <= %(until)s
             GROUP BY commercial_partner_id
             UNION ALL
            SELECT 'first_deal', NULL, NULL, attribution.partner_id,
                   MIN(move.invoice_date)
              FROM partner_incentive_attribution AS attribution
              JOIN account_move AS move ON move.id = attribution.move_id
             WHERE move.company_id = %(company)s AND move.state = 'posted'
               AND move.move_type = 'out_invoice' AND move.incentive_document IS NULL
               AND attribution.role = 'sourced' AND move.invoice_date <= %(until)s
             GROUP BY attribution.partner_id
             UNION ALL
            SELECT 'first_renewal', NULL, NULL, renewal.partner_id,
                   MIN(renewal.date_start)
              FROM partner_customer_contract AS renewal
              JOIN partner_customer_contract AS previous
                ON previous.renewed_by_id = renewal.id
             WHERE renewal.company_id = %(company)s AND renewal.partner_id IS NOT NULL
             GROUP BY renewal.partner_id
             UNION ALL
            SELECT 'confirmed', milestone_id, NULL, partner_id, MIN(date)
              FROM partner_incentive_achievement
             WHERE state = 'confirmed'
             GROUP BY milestone_id, partner_id
            """,
            company=company.id,
            until=until,
        )

    @api.model
    def _sell_through_source(self, company, until):
        """Accepted lines of sell-through files, by the date of the partner's sale."""
        self.env["partner.sell.through.file"].flush_model()
        self.env["partner.sell.through.line"].flush_model()
        self.env["res.currency.rate"].flush_model()
        return SQL(
            """
            SELECT line.id AS line_id, file.id AS document_id, file.id AS origin_id,
                   file.partner_id, line.product_id, line.date, %(amount)s AS amount,
                   line.currency_id, line.amount AS amount_currency, line.quantity,
                   NULL::jsonb AS analytic_distribution, NULL::int[] AS tax_ids
              FROM partner_sell_through_line AS line
              JOIN partner_sell_through_file AS file ON file.id = line.file_id
             WHERE file.company_id = %(company)s
               AND file.state = 'accepted'
               AND line.state = 'valid'
               AND line.date <= %(until)s
            """,
            amount=self._get_company_amount(
                company, SQL("line.amount"), SQL("line.currency_id"), SQL("line.date")
            ),
            company=company.id,
            until=until,
        )
