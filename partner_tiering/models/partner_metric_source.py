from odoo import api, models
from odoo.tools import SQL

from ..metrics.source import MetricSource

#: A contract whose end is so long past without anybody saying that it was renewed
#: counts as lost: silence must not improve a rate.
UNDECIDED_DAYS = 60


class PartnerMetricSource(models.AbstractModel):
    """Registry of what scorecards can measure.

    Extension point: a module adds its sources by extending :meth:`_get_sources`. Each
    query reads present records by their own dates, so that scoring a past day again
    gives the same figures unless the records themselves have changed.
    """

    _name = "partner.metric.source"
    _description = "Source of a Metric"

    @api.model
    def _get_sources(self):
        """``{code: MetricSource}`` of all installed modules."""
        _t = self.env._
        contract, deployment = "partner.customer.contract", "partner.deployment"
        invoice, order = "account.move", "sale.order"
        sources = [
            MetricSource(
                "renewal_rate",
                _t("Renewal rate, contracts"),
                _t("Contracts that ended in the window and were renewed."),
                "percent",
                "percent",
                contract,
                self._renewal_count,
            ),
            MetricSource(
                "renewal_value",
                _t("Renewal rate, value"),
                _t("Yearly amount that was due for renewal and was renewed."),
                "percent",
                "percent",
                contract,
                self._renewal_value,
            ),
            MetricSource(
                "net_retention",
                _t("Net revenue retention"),
                _t(
                    "Yearly amount of the customers at the start of the window that "
                    "is there at its end, with what they bought in addition."
                ),
                "percent",
                "percent",
                contract,
                self._net_retention,
            ),
            MetricSource(
                "time_to_value",
                _t("Time to value"),
                _t("Days from the start of a deployment to its first value."),
                "average",
                "days",
                deployment,
                self._time_to_value,
                higher_is_better=False,
            ),
            MetricSource(
                "adherence",
                _t("Playbook adherence"),
                _t("Weight of the checklists' items that are done."),
                "percent",
                "percent",
                deployment,
                self._adherence,
            ),
            MetricSource(
                "deployment_quality",
                _t("Deployment quality index"),
                _t("Average quality index of what went live."),
                "average",
                "number",
                deployment,
                self._deployment_quality,
            ),
            MetricSource(
                "satisfaction",
                _t("Customer satisfaction"),
                _t("Average rating, 1 to 5, that customers gave by their link."),
                "average",
                "rating",
                "rating.rating",
                self._satisfaction,
            ),
            MetricSource(
                "revenue",
                _t("Joint revenue"),
                _t(
                    "Invoiced and credited to the partner, or bought by it, less "
                    "credit notes."
                ),
                "sum",
                "amount",
                invoice,
                self._revenue,
            ),
            MetricSource(
                "revenue_growth",
                _t("Joint revenue growth"),
                _t("Credited revenue against the window before."),
                "growth",
                "percent",
                invoice,
                self._revenue_growth,
            ),
            MetricSource(
                "expansion",
                _t("Expansion of customers"),
                _t(
                    "Yearly amount that customers added by cross-sell, upsell and "
                    "expansion."
                ),
                "sum",
                "amount",
                "partner.joint.revenue",
                self._expansion,
            ),
            MetricSource(
                "attach_rate",
                _t("Attach rate"),
                _t("Customers with contracts for two products or more."),
                "percent",
                "percent",
                contract,
                self._attach_rate,
            ),
            MetricSource(
                "sourced_pipeline",
                _t("Sourced pipeline"),
                _t("Quotations and orders of the window that the partner sourced."),
                "sum",
                "amount",
                order,
                self._sourced_pipeline,
            ),
            MetricSource(
                "certifications",
                _t("Certifications held"),
                _t("Certifications that people of the partner hold on the day."),
                "sum",
                "number",
                "partner.certification",
                self._certifications,
            ),
            MetricSource(
                "claim_quality",
                _t("Claim quality"),
                _t("Claims decided in the window that were accepted."),
                "percent",
                "percent",
                "partner.incentive.claim",
                self._claim_quality,
            ),
            MetricSource(
                "claim_volume",
                _t("Claim volume"),
                _t("Amount of the claims that were submitted in the window."),
                "sum",
                "amount",
                "partner.incentive.claim",
                self._claim_volume,
                higher_is_better=False,
            ),
            MetricSource(
                "success_stories",
                _t("Success stories"),
                _t("Success stories published in the window."),
                "sum",
                "number",
                deployment,
                self._success_stories,
            ),
            MetricSource(
                "engagement",
                _t("Engagement health"),
                _t(
                    "Months of the window with a session attended, a deployment, a "
                    "certification or a claim."
                ),
                "sum",
                "number",
                "res.partner",
                self._engagement,
            ),
            MetricSource(
                "field_rating",
                _t("Rating by the field team"),
                _t("Average of the signed assessments by the vendor's field team."),
                "average",
                "rating",
                "partner.assessment",
                self._field_rating,
            ),
            MetricSource(
                "strategic_fit",
                _t("Strategic fit"),
                _t("Average of the signed assessments of strategic fit."),
                "average",
                "rating",
                "partner.assessment",
                self._strategic_fit,
            ),
            MetricSource(
                "deployments",
                _t("Deployments"),
                _t("Deployments that went live in the window."),
                "sum",
                "number",
                deployment,
                self._deployments,
            ),
        ]
        return {source.code: source for source in sources}

    @api.model
    def _flush(self, *models_):
        for model in models_:
            self.env[model].flush_model()

    @api.model
    def _in_company_currency(self, company, amount, currency, day):
        """SQL of an amount in company currency at the rate of a day."""
        own = company.currency_id
        return SQL(
            """
            CASE WHEN %(currency)s = %(own)s THEN %(amount)s ELSE %(amount)s * COALESCE(
                (SELECT rate.rate FROM res_currency_rate AS rate
                  WHERE rate.currency_id = %(own)s AND rate.name <= %(day)s
                    AND (rate.company_id IS NULL OR rate.company_id = %(company)s)
                  ORDER BY rate.company_id, rate.name DESC LIMIT 1), 1)
              / COALESCE(
                (SELECT rate.rate FROM res_currency_rate AS rate
                  WHERE rate.currency_id = %(currency)s AND rate.name <= %(day)s
                    AND (rate.company_id IS NULL OR rate.company_id = %(company)s)
                  ORDER BY rate.company_id, rate.name DESC LIMIT 1), 1) END
            """,
            own=own.id,
            amount=amount,
            currency=currency,
            day=day,
            company=company.root_id.id,
        )

    # -------------------------------------------------------------------- contracts

    @api.model
    def _due_contracts(self, company, window, numerator, denominator):
        """Contracts whose end is in the window and about which a verdict is known."""
        self._flush("partner.customer.contract")
        return SQL(
            """
            SELECT contract.id AS record_id, contract.partner_id,
                   CASE WHEN contract.state = 'renewed' THEN %(numerator)s ELSE 0 END
                   AS numerator,
                   %(denominator)s AS denominator
              FROM partner_customer_contract AS contract
         LEFT JOIN partner_customer_contract AS renewal
                ON renewal.id = contract.renewed_by_id
             WHERE contract.company_id = %(company)s
               AND contract.date_end BETWEEN %(start)s AND %(end)s
               AND (contract.state != 'active'
                    OR contract.date_end < %(end)s::date - %(undecided)s)
            """,
            numerator=numerator,
            denominator=denominator,
            company=company.id,
            start=window.start,
            end=window.end,
            undecided=UNDECIDED_DAYS,
        )

    @api.model
    def _renewal_count(self, company, window):
        return self._due_contracts(company, window, SQL("1"), SQL("1"))

    @api.model
    def _renewal_value(self, company, window):
        """What is renewed above the old amount is growth, not renewal."""

        def amount(alias):
            return self._in_company_currency(
                company,
                SQL("%s.recurring_amount", SQL.identifier(alias)),
                SQL("%s.currency_id", SQL.identifier(alias)),
                SQL("contract.date_end"),
            )

        return self._due_contracts(
            company,
            window,
            SQL("LEAST(%s, %s)", amount("renewal"), amount("contract")),
            amount("contract"),
        )

    @api.model
    def _net_retention(self, company, window):
        """In force on the last day, of customers in force on the day before the first.

        A churned contract runs to its end; customers who came later do not count.
        """
        self._flush("partner.customer.contract")
        return SQL(
            """
            WITH force AS (
                SELECT contract.id, contract.partner_id, contract.customer_id,
                       contract.date_start, contract.date_end,
                       %(amount)s AS amount
                  FROM partner_customer_contract AS contract
                 WHERE contract.company_id = %(company)s
                   AND contract.partner_id IS NOT NULL
                   AND contract.date_start <= %(end)s
                   AND contract.date_end >= %(before)s
            ),
            first AS (
                SELECT DISTINCT partner_id, customer_id FROM force
                 WHERE date_start <= %(before)s
            )
            SELECT force.id AS record_id, force.partner_id,
                   CASE WHEN date_end >= %(end)s THEN amount ELSE 0 END AS numerator,
                   CASE WHEN date_start <= %(before)s THEN amount ELSE 0 END
                   AS denominator
              FROM force
              JOIN first USING (partner_id, customer_id)
             WHERE date_end >= %(end)s OR date_start <= %(before)s
            """,
            amount=self._in_company_currency(
                company,
                SQL("contract.recurring_amount"),
                SQL("contract.currency_id"),
                SQL("contract.date_start"),
            ),
            company=company.id,
            end=window.end,
            before=window.previous_end,
        )

    @api.model
    def _attach_rate(self, company, window):
        self._flush("partner.customer.contract")
        return SQL(
            """
            SELECT MIN(contract.id) AS record_id, contract.partner_id,
                   CASE WHEN COUNT(DISTINCT contract.product_id) > 1 THEN 1 ELSE 0 END
                   AS numerator,
                   1 AS denominator
              FROM partner_customer_contract AS contract
             WHERE contract.company_id = %(company)s
               AND contract.partner_id IS NOT NULL
               AND contract.date_start <= %(end)s AND contract.date_end >= %(end)s
             GROUP BY contract.partner_id, contract.customer_id
            """,
            company=company.id,
            end=window.end,
        )

    @api.model
    def _expansion(self, company, window):
        return SQL(
            """
            SELECT joint.id AS record_id, joint.partner_id, joint.amount AS numerator,
                   NULL::numeric AS denominator
              FROM (%(rows)s) AS joint
             WHERE joint.company_id = %(company)s
               AND joint.kind IN ('cross_sell', 'upsell', 'expansion')
               AND joint.date BETWEEN %(start)s AND %(end)s
            """,
            rows=self.env["partner.joint.revenue"]._table_query,
            company=company.id,
            start=window.start,
            end=window.end,
        )

    # ------------------------------------------------------------------ deployments

    @api.model
    def _live_deployments(self, company, window, numerator, denominator, condition):
        self._flush("partner.deployment", "partner.deployment.check")
        return SQL(
            """
            SELECT deployment.id AS record_id, deployment.partner_id,
                   %(numerator)s AS numerator, %(denominator)s AS denominator
              FROM partner_deployment AS deployment
             WHERE deployment.company_id = %(company)s
               AND deployment.state IN ('live', 'validated')
               AND deployment.date_live BETWEEN %(start)s AND %(end)s
               AND %(condition)s
            """,
            numerator=numerator,
            denominator=denominator,
            company=company.id,
            start=window.start,
            end=window.end,
            condition=condition,
        )

    @api.model
    def _deployments(self, company, window):
        return self._live_deployments(
            company, window, SQL("1"), SQL("NULL::numeric"), SQL("TRUE")
        )

    @api.model
    def _time_to_value(self, company, window):
        return self._live_deployments(
            company,
            window,
            SQL("deployment.time_to_value"),
            SQL("1"),
            SQL("deployment.date_start IS NOT NULL"),
        )

    @api.model
    def _adherence(self, company, window):
        return self._live_deployments(
            company,
            window,
            SQL("deployment.adherence / 100"),
            SQL("1"),
            SQL("deployment.playbook_id IS NOT NULL"),
        )

    @api.model
    def _deployment_quality(self, company, window):
        return self._live_deployments(
            company, window, SQL("deployment.quality"), SQL("1"), SQL("TRUE")
        )

    @api.model
    def _success_stories(self, company, window):
        self._flush("partner.deployment")
        return SQL(
            """
            SELECT id AS record_id, partner_id, 1 AS numerator,
                   NULL::numeric AS denominator
              FROM partner_deployment
             WHERE company_id = %(company)s AND state IN ('live', 'validated')
               AND story_date BETWEEN %(start)s AND %(end)s
            """,
            company=company.id,
            start=window.start,
            end=window.end,
        )

    @api.model
    def _satisfaction(self, company, window):
        self._flush("rating.rating", "partner.deployment")
        return SQL(
            """
            SELECT rating.id AS record_id, deployment.partner_id,
                   rating.rating::numeric AS numerator, 1 AS denominator
              FROM rating_rating AS rating
              JOIN partner_deployment AS deployment
                ON deployment.id = rating.res_id
             WHERE rating.res_model = 'partner.deployment'
               AND rating.consumed AND rating.rating >= 1
               AND deployment.company_id = %(company)s
               AND rating.write_date::date BETWEEN %(start)s AND %(end)s
            """,
            company=company.id,
            start=window.start,
            end=window.end,
        )

    # ---------------------------------------------------------------------- revenue

    @api.model
    def _credited_invoices(self, company, start, end):
        """Posted invoices less credit notes by what is credited to a partner.

        A partner credited in several roles is counted once, by its largest share. What
        it buys itself and nobody credits to it is its own in full.
        """
        self._flush("account.move", "partner.incentive.attribution")
        return SQL(
            """
            WITH credit AS (
                SELECT move_id, partner_id, MAX(share) AS share
                  FROM partner_incentive_attribution
                 WHERE move_id IS NOT NULL AND company_id = %(company)s
                 GROUP BY move_id, partner_id
            ),
            move AS (
                SELECT id, COALESCE(reversed_entry_id, id) AS origin_id, invoice_date,
                       amount_untaxed_signed, commercial_partner_id
                  FROM account_move
                 WHERE company_id = %(company)s
                   AND state = 'posted'
                   AND move_type IN ('out_invoice', 'out_refund')
                   AND incentive_document IS NULL
                   AND invoice_date BETWEEN %(start)s AND %(end)s
            )
            SELECT move.id AS record_id, credit.partner_id, move.invoice_date AS date,
                   move.amount_untaxed_signed * credit.share / 100 AS amount
              FROM move
              JOIN credit ON credit.move_id = move.origin_id
             UNION ALL
            SELECT move.id, move.commercial_partner_id, move.invoice_date,
                   move.amount_untaxed_signed
              FROM move
         LEFT JOIN credit ON credit.move_id = move.origin_id
               AND credit.partner_id = move.commercial_partner_id
             WHERE credit.move_id IS NULL
            """,
            company=company.id,
            start=start,
            end=end,
        )

    @api.model
    def _revenue(self, company, window):
        return SQL(
            "SELECT record_id, partner_id, amount AS numerator, "
            "NULL::numeric AS denominator FROM (%s) AS credited",
            self._credited_invoices(company, window.start, window.end),
        )

    @api.model
    def _revenue_growth(self, company, window):
        return SQL(
            """
            SELECT record_id, partner_id,
                   CASE WHEN date >= %(start)s THEN amount ELSE 0 END AS numerator,
                   CASE WHEN date < %(start)s THEN amount ELSE 0 END AS denominator
              FROM (%(rows)s) AS credited
            """,
            start=window.start,
            rows=self._credited_invoices(company, window.previous_start, window.end),
        )

    @api.model
    def _sourced_pipeline(self, company, window):
        self._flush("sale.order", "partner.incentive.attribution")
        return SQL(
            """
            SELECT sale.id AS record_id, credit.partner_id,
                   sale.amount_untaxed / COALESCE(NULLIF(sale.currency_rate, 0), 1)
                   * credit.share / 100 AS numerator,
                   NULL::numeric AS denominator
              FROM partner_incentive_attribution AS credit
              JOIN sale_order AS sale ON sale.id = credit.order_id
             WHERE sale.company_id = %(company)s
               AND credit.role = 'sourced'
               AND sale.state IN ('draft', 'sent', 'sale')
               AND sale.date_order::date BETWEEN %(start)s AND %(end)s
            """,
            company=company.id,
            start=window.start,
            end=window.end,
        )

    # --------------------------------------------------------- people, claims, words

    @api.model
    def _certifications(self, company, window):
        """A person counts once per program, however often it was renewed."""
        self._flush("partner.certification")
        return SQL(
            """
            SELECT MAX(id) AS record_id, partner_id, 1 AS numerator,
                   NULL::numeric AS denominator
              FROM partner_certification
             WHERE state = 'passed'
               AND (company_id IS NULL OR company_id = %(company)s)
               AND date_issue <= %(end)s
               AND (date_expiry IS NULL OR date_expiry >= %(end)s)
             GROUP BY partner_id, person_id, program_id
            """,
            company=company.id,
            end=window.end,
        )

    @api.model
    def _claim_quality(self, company, window):
        self._flush("partner.incentive.claim")
        return SQL(
            """
            SELECT id AS record_id, partner_id,
                   CASE WHEN state = 'rejected' THEN 0 ELSE 1 END AS numerator,
                   1 AS denominator
              FROM partner_incentive_claim
             WHERE company_id = %(company)s
               AND state IN ('approved', 'scheduled', 'paid', 'rejected')
               AND decided_on::date BETWEEN %(start)s AND %(end)s
            """,
            company=company.id,
            start=window.start,
            end=window.end,
        )

    @api.model
    def _claim_volume(self, company, window):
        self._flush("partner.incentive.claim")
        return SQL(
            """
            SELECT id AS record_id, partner_id, company_amount AS numerator,
                   NULL::numeric AS denominator
              FROM partner_incentive_claim
             WHERE company_id = %(company)s
               AND submitted_on::date BETWEEN %(start)s AND %(end)s
            """,
            company=company.id,
            start=window.start,
            end=window.end,
        )

    @api.model
    def _engagement(self, company, window):
        """A row per partner and month; the record is the partner itself."""
        self._flush(
            "partner.enablement.attendance",
            "partner.deployment",
            "partner.certification",
            "partner.incentive.claim",
        )
        return SQL(
            """
            SELECT DISTINCT partner_id AS record_id, partner_id,
                   COUNT(*) OVER (PARTITION BY partner_id) AS numerator,
                   NULL::numeric AS denominator
              FROM (
                SELECT DISTINCT partner_id, date_trunc('month', day) AS month
                  FROM (
                    SELECT partner_id, date::date AS day
                      FROM partner_enablement_attendance
                     WHERE company_id = %(company)s AND state = 'attended'
                     UNION ALL
                    SELECT partner_id, date_live FROM partner_deployment
                     WHERE company_id = %(company)s AND state IN ('live', 'validated')
                     UNION ALL
                    SELECT partner_id, date_issue FROM partner_certification
                     WHERE state = 'passed'
                       AND (company_id IS NULL OR company_id = %(company)s)
                     UNION ALL
                    SELECT partner_id, date FROM partner_incentive_claim
                     WHERE company_id = %(company)s
                       AND state IN ('approved', 'scheduled', 'paid')
                  ) AS event
                 WHERE day BETWEEN %(start)s AND %(end)s
              ) AS active
            """,
            company=company.id,
            start=window.start,
            end=window.end,
        )

    @api.model
    def _assessments(self, company, window, kind):
        self._flush("partner.assessment")
        return SQL(
            """
            SELECT id AS record_id, partner_id, rating::numeric AS numerator,
                   1 AS denominator
              FROM partner_assessment
             WHERE company_id = %(company)s AND state = 'signed' AND kind = %(kind)s
               AND date_signed BETWEEN %(start)s AND %(end)s
            """,
            company=company.id,
            kind=kind,
            start=window.start,
            end=window.end,
        )

    @api.model
    def _field_rating(self, company, window):
        return self._assessments(company, window, "field")

    @api.model
    def _strategic_fit(self, company, window):
        return self._assessments(company, window, "strategic")
