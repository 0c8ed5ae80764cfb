from odoo import fields, models
from odoo.tools import SQL

from .rates import in_company_currency

KINDS = [
    ("invoice", "Invoice"),
    ("quotation", "Quotation"),
    ("contract", "Customer contract"),
]
#: Roles in which somebody brings business; who resells or fulfils it takes it over.
ROLES = ("sourced", "influenced")


class PartnerIncentiveAttributionReport(models.Model):
    """What partners sourced and influenced: revenue, pipeline, recurring revenue.

    One row per document, partner and role, and within it per program that the partner
    was enrolled in on the day, and objective that the program or its offers serve. What
    has several programs or objectives counts for each by equal parts, so that the sums
    are those of the documents.

    A sale that one partner sourced and another influenced is in both columns; the two
    are no parts of one whole.

    Extension point: :meth:`_get_sources`.
    """

    _name = "partner.incentive.attribution.report"
    _description = "Attribution Analysis"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "partner_id"
    _depends = {
        "account.move": [
            "amount_untaxed_signed",
            "commercial_partner_id",
            "incentive_document",
            "invoice_date",
            "move_type",
            "reversed_entry_id",
            "state",
        ],
        "partner.customer.contract": [
            "company_id",
            "currency_id",
            "customer_id",
            "date_start",
            "partner_id",
            "recurring_amount",
            "renewed_by_id",
            "role",
        ],
        "partner.incentive.attribution": [
            "move_id",
            "order_id",
            "partner_id",
            "role",
            "share",
        ],
        "partner.incentive.enrollment": [
            "date_from",
            "date_to",
            "partner_id",
            "program_id",
            "state",
        ],
        "partner.incentive.grade.history": ["date", "grade_id", "partner_id"],
        "partner.incentive.offer": ["objective_ids", "program_id", "state"],
        "partner.incentive.program": ["date_to", "objective_ids"],
        "res.partner": ["country_id", "incentive_region_id"],
        "sale.order": [
            "amount_untaxed",
            "company_id",
            "currency_rate",
            "date_order",
            "partner_id",
            "state",
        ],
    }

    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    kind = fields.Selection(KINDS, string="Document", readonly=True)
    res_id = fields.Integer(string="ID of the document", readonly=True, aggregator=None)
    res_model = fields.Char(string="Model", readonly=True)
    date = fields.Date(readonly=True)
    role = fields.Selection(
        [("sourced", "Sourced"), ("influenced", "Influenced")], readonly=True
    )
    partner_id = fields.Many2one("res.partner", readonly=True)
    customer_id = fields.Many2one("res.partner", readonly=True)
    program_id = fields.Many2one("partner.incentive.program", readonly=True)
    objective_id = fields.Many2one("partner.incentive.objective", readonly=True)
    grade_id = fields.Many2one(
        "res.partner.grade",
        string="Tier",
        readonly=True,
        help="The partner's tier on the date.",
    )
    region_id = fields.Many2one("partner.incentive.region", readonly=True)
    country_id = fields.Many2one("res.country", readonly=True)
    sourced_revenue = fields.Monetary(
        string="Sourced revenue",
        currency_field="company_currency_id",
        readonly=True,
        help="Invoiced without taxes, less credit notes, by the partner's share.",
    )
    influenced_revenue = fields.Monetary(
        string="Influenced revenue",
        currency_field="company_currency_id",
        readonly=True,
        help="Invoiced without taxes, less credit notes, by the partner's share.",
    )
    revenue = fields.Monetary(
        string="Revenue, both",
        currency_field="company_currency_id",
        readonly=True,
        help="Sourced and influenced. A sale that has both counts for each.",
    )
    sourced_pipeline = fields.Monetary(
        string="Sourced pipeline",
        currency_field="company_currency_id",
        readonly=True,
        help="Quotations and approved deals that wait for the customer's decision.",
    )
    influenced_pipeline = fields.Monetary(
        string="Influenced pipeline",
        currency_field="company_currency_id",
        readonly=True,
        help="Quotations and approved deals that wait for the customer's decision.",
    )
    pipeline = fields.Monetary(
        string="Pipeline, both",
        currency_field="company_currency_id",
        readonly=True,
        help="Sourced and influenced. A sale that has both counts for each.",
    )
    sourced_arr = fields.Monetary(
        string="Sourced ARR",
        currency_field="company_currency_id",
        readonly=True,
        help="Amount per year of new customer contracts, on the day they start.",
    )
    influenced_arr = fields.Monetary(
        string="Influenced ARR",
        currency_field="company_currency_id",
        readonly=True,
        help="Amount per year of new customer contracts, on the day they start.",
    )
    won = fields.Float(string="Deals won", digits=(16, 2), readonly=True)
    closed = fields.Float(string="Deals won or lost", digits=(16, 2), readonly=True)
    win_rate = fields.Float(
        string="Won (%)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="Of the deals that were ordered, lost or expired, those ordered.",
    )

    @property
    def _table_query(self):
        values = {"companies": tuple(self.env.companies.ids), "roles": ROLES}
        return SQL(
            """
            WITH served AS (
                SELECT program_id, objective_id,
                       1.0 / COUNT(*) OVER (PARTITION BY program_id) AS part
                  FROM (
                    SELECT link.partner_incentive_program_id AS program_id,
                           link.partner_incentive_objective_id AS objective_id
                      FROM partner_incentive_program_objective_rel AS link
                     UNION
                    SELECT offer.program_id, link.partner_incentive_objective_id
                      FROM partner_incentive_offer AS offer
                      JOIN partner_incentive_offer_objective_rel AS link
                        ON link.partner_incentive_offer_id = offer.id
                     WHERE offer.state NOT IN ('draft', 'review')
                       ) AS link
            ),
            source AS (%(sources)s),
            placed AS (
                SELECT source.*,
                       COALESCE(source.own_program_id, enrollment.program_id)
                       AS program_id,
                       1.0 / COUNT(*) OVER (PARTITION BY source.kind, source.res_id,
                                            source.partner_id, source.role) AS part
                  FROM source
             LEFT JOIN LATERAL (
                    SELECT DISTINCT enrollment.program_id
                      FROM partner_incentive_enrollment AS enrollment
                      JOIN partner_incentive_program AS program
                        ON program.id = enrollment.program_id
                     WHERE source.own_program_id IS NULL
                       AND enrollment.partner_id = source.partner_id
                       AND enrollment.company_id = source.company_id
                       AND enrollment.state IN ('active', 'ended')
                       AND enrollment.date_from <= source.date
                       AND LEAST(enrollment.date_to, program.date_to) >= source.date
                       ) AS enrollment ON TRUE
            )
            SELECT row_number() OVER (
                       ORDER BY placed.kind, placed.res_id, placed.partner_id,
                                placed.role, placed.program_id, served.objective_id
                       ) AS id,
                   placed.company_id, placed.kind, placed.res_model, placed.res_id,
                   placed.date, placed.role, placed.partner_id, placed.customer_id,
                   placed.program_id, served.objective_id, history.grade_id,
                   partner.incentive_region_id AS region_id, partner.country_id,
                   %(figures)s,
                   placed.won * weight.part AS won, placed.closed * weight.part
                   AS closed,
                   CASE WHEN placed.closed > 0
                        THEN 100.0 * placed.won / placed.closed END::float AS win_rate
              FROM placed
              JOIN res_partner AS partner ON partner.id = placed.partner_id
         LEFT JOIN served ON served.program_id = placed.program_id
        CROSS JOIN LATERAL (SELECT placed.part * COALESCE(served.part, 1) AS part)
                   AS weight
         LEFT JOIN (%(grades)s) AS history
                ON history.partner_id = placed.partner_id
               AND history.valid @> placed.date
            """,
            sources=SQL(" UNION ALL ").join(self._get_sources(values)),
            figures=SQL(", ").join(
                SQL("placed.%s * weight.part AS %s", SQL.identifier(name), column)
                if role is None
                else SQL(
                    "CASE WHEN placed.role = %s THEN placed.%s * weight.part ELSE 0"
                    " END AS %s",
                    role,
                    SQL.identifier(name),
                    column,
                )
                for name in ("revenue", "pipeline", "arr")
                for role in (*ROLES, None)
                if (name, role) != ("arr", None)
                for column in [SQL.identifier(f"{role}_{name}" if role else name)]
            ),
            grades=self.env["partner.incentive.grade.history"]._get_interval_query(),
        )

    def _get_sources(self, values):
        """Statements of what is credited, one per kind of document.

        :param values: ``companies`` and ``roles`` to choose from, for the statements
        :return: list of SQL with the columns kind, res_model, res_id, company_id,
            partner_id, customer_id, own_program_id (of the document itself, or null),
            role, date, and in company currency revenue, pipeline and arr; won (1 or 0)
            and closed (1 or 0) of a deal
        """
        self.env["res.currency.rate"].flush_model()
        return [
            self._get_invoices(values),
            self._get_quotations(values),
            self._get_contracts(values),
        ]

    def _get_invoices(self, values):
        return SQL(
            """
            SELECT 'invoice' AS kind, 'account.move' AS res_model, move.id AS res_id,
                   move.company_id, attribution.partner_id,
                   move.commercial_partner_id AS customer_id,
                   NULL::int AS own_program_id, attribution.role,
                   move.invoice_date AS date,
                   SUM(move.amount_untaxed_signed * attribution.share / 100) AS revenue,
                   0::numeric AS pipeline, 0::numeric AS arr, 0 AS won, 0 AS closed
              FROM account_move AS move
              JOIN partner_incentive_attribution AS attribution
                ON attribution.move_id = COALESCE(move.reversed_entry_id, move.id)
             WHERE move.state = 'posted'
               AND move.move_type IN ('out_invoice', 'out_refund')
               AND move.incentive_document IS NULL
               AND move.company_id IN %(companies)s
               AND attribution.role IN %(roles)s
             GROUP BY move.id, attribution.partner_id, attribution.role
            """,
            **values,
        )

    def _get_quotations(self, values):
        """Quotations that wait for the customer, at the rate of their date."""
        return SQL(
            """
            SELECT 'quotation', 'sale.order', sale.id, sale.company_id,
                   attribution.partner_id, buyer.commercial_partner_id, NULL::int,
                   attribution.role, sale.date_order::date, 0,
                   SUM(sale.amount_untaxed / COALESCE(NULLIF(sale.currency_rate, 0), 1)
                       * attribution.share / 100), 0, 0, 0
              FROM sale_order AS sale
              JOIN res_partner AS buyer ON buyer.id = sale.partner_id
              JOIN partner_incentive_attribution AS attribution
                ON attribution.order_id = sale.id
             WHERE sale.state IN ('draft', 'sent')
               AND sale.company_id IN %(companies)s
               AND attribution.role IN %(roles)s
             GROUP BY sale.id, attribution.partner_id, attribution.role,
                      buyer.commercial_partner_id
            """,
            **values,
        )

    def _get_contracts(self, values):
        """Customer contracts that renew no other, on the day they start."""
        return SQL(
            """
            SELECT 'contract', 'partner.customer.contract', contract.id,
                   contract.company_id, contract.partner_id, contract.customer_id,
                   NULL::int, contract.role, contract.date_start, 0, 0,
                   %(amount)s::numeric, 0, 0
              FROM partner_customer_contract AS contract
              JOIN res_company AS company ON company.id = contract.company_id
             WHERE contract.partner_id IS NOT NULL
               AND contract.role IN %(roles)s
               AND contract.company_id IN %(companies)s
               AND NOT EXISTS (SELECT FROM partner_customer_contract AS previous
                                WHERE previous.renewed_by_id = contract.id)
            """,
            **values,
            amount=in_company_currency(
                SQL("contract.recurring_amount"),
                SQL("contract.currency_id"),
                SQL("contract.date_start"),
            ),
        )

    def _read_group_select(self, aggregate_spec, query):
        if aggregate_spec != "win_rate:avg":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "100.0 * SUM(%s) / NULLIF(SUM(%s), 0)",
            self._field_to_sql(self._table, "won", query),
            self._field_to_sql(self._table, "closed", query),
        )

    def action_open_document(self):
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id).get_formview_action()
