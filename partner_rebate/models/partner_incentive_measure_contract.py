from odoo import api, models
from odoo.tools import SQL

from odoo.addons.partner_incentive_base.measures.measure import Measure


class PartnerIncentiveMeasure(models.AbstractModel):
    """Measures over customer contracts, counted for the partner they are credited to.

    ============== ======================================== ====================
    renewed_amount ARR of contracts that renew others       start of the renewal
    renewal_rate   ARR of ended contracts that were         end of the contract
                   renewed, against that of all that ended
    sourced_arr    ARR of new contracts that the partner     start of the contract
                   sourced
    ============== ======================================== ====================
    """

    _inherit = "partner.incentive.measure"

    @api.model
    def _get_measures(self):
        measures = super()._get_measures()
        contract = {
            "unit": "amount",
            "line_model": "partner.customer.contract",
            "document_model": "partner.customer.contract",
        }
        for measure in (
            Measure(
                code="renewed_amount",
                label=self.env._("Renewed contracts, amount per year"),
                source=self._renewed_source,
                **contract,
            ),
            Measure(
                code="renewal_rate",
                label=self.env._("Renewal rate (brackets in percent)"),
                source=self._renewal_source,
                reference=self._due_source,
                **contract,
            ),
            Measure(
                code="sourced_arr",
                label=self.env._("Sourced contracts, amount per year"),
                source=self._sourced_contract_source,
                **contract,
            ),
        ):
            measures[measure.code] = measure
        return measures

    @api.model
    def _renewed_source(self, company, until):
        return self._get_contract_query(
            company,
            until,
            SQL("contract.date_start"),
            SQL(
                """EXISTS (SELECT FROM partner_customer_contract AS previous
                            WHERE previous.renewed_by_id = contract.id)"""
            ),
        )

    @api.model
    def _renewal_source(self, company, until):
        return self._get_contract_query(
            company, until, SQL("contract.date_end"), SQL("contract.state = 'renewed'")
        )

    @api.model
    def _due_source(self, company, until):
        return self._get_contract_query(
            company, until, SQL("contract.date_end"), SQL("TRUE")
        )

    @api.model
    def _sourced_contract_source(self, company, until):
        return self._get_contract_query(
            company,
            until,
            SQL("contract.date_start"),
            SQL(
                """contract.role = 'sourced' AND NOT EXISTS (
                       SELECT FROM partner_customer_contract AS previous
                        WHERE previous.renewed_by_id = contract.id)"""
            ),
        )

    def _get_contract_query(self, company, until, date, condition):
        """Contracts by ``date``, their amount per year converted on that date."""
        self.env["partner.customer.contract"].flush_model()
        self.env["res.currency.rate"].flush_model()
        return SQL(
            """
            SELECT contract.id AS line_id, contract.id AS document_id,
                   contract.id AS origin_id, contract.partner_id, contract.product_id,
                   %(date)s AS date, %(amount)s AS amount, contract.currency_id,
                   contract.recurring_amount AS amount_currency,
                   1::numeric AS quantity, NULL::jsonb AS analytic_distribution,
                   NULL::int[] AS tax_ids
              FROM partner_customer_contract AS contract
             WHERE contract.company_id = %(company)s
               AND contract.partner_id IS NOT NULL
               AND %(date)s <= %(until)s
               AND %(condition)s
            """,
            date=date,
            amount=self._get_company_amount(
                company,
                SQL("contract.recurring_amount"),
                SQL("contract.currency_id"),
                date,
            ),
            company=company.id,
            until=until,
            condition=condition,
        )

    def _get_company_amount(self, company, amount, currency, date):
        """SQL of an amount in company currency, at the rate of a date.

        The last rate on or before it, else the first one, as ``res.currency`` has it.
        """

        def rate(of_currency):
            return SQL(
                """COALESCE((
                    SELECT rate.rate FROM res_currency_rate AS rate
                     WHERE rate.currency_id = %(currency)s
                       AND (rate.company_id IS NULL OR rate.company_id = %(company)s)
                     ORDER BY rate.company_id NULLS LAST, rate.name > %(date)s,
                              CASE WHEN rate.name <= %(date)s THEN rate.name END DESC,
                              rate.name
                     LIMIT 1), 1.0)""",
                currency=of_currency,
                company=company.root_id.id,
                date=date,
            )

        own = SQL("%s::int", company.currency_id.id)
        return SQL(
            "CASE WHEN %(currency)s = %(own)s THEN %(amount)s"
            " ELSE %(amount)s * %(own_rate)s / %(rate)s END",
            currency=currency,
            own=own,
            amount=amount,
            own_rate=rate(own),
            rate=rate(currency),
        )
