from functools import partial

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.partner_incentive_base.measures.measure import (
    SOURCE_COLUMNS,
    Measure,
)


class PartnerIncentiveMeasure(models.AbstractModel):
    """Measures that tell sales apart by what the customer bought before.

    The customer is who is invoiced; who earns is the customer itself, or whom the sale
    is attributed to. A sale belongs to one of these, by the customer's own history:

    ============= =================================================================
    new customer  all of the first day on which the customer ever bought
    cross-sell    the first purchase in a product category, by a known customer
    upsell        the first purchase of a product in a category it knows
    expansion     more of a product it has, beyond what it bought the fiscal year before
    repeat        the rest
    ============= =================================================================

    An invoice that was credited altogether is no history. A credit note is of the kind
    of the invoice that it reverses.
    """

    _inherit = "partner.incentive.measure"

    @api.model
    def _get_measures(self):
        measures = super()._get_measures()
        labels = {
            "new_customer_amount": self.env._("New customers, amount"),
            "new_customer_count": self.env._("New customers, number"),
            "new_product_amount": self.env._("First purchases of a product, amount"),
            "new_product_count": self.env._("First purchases of a product, number"),
            "cross_sell_amount": self.env._("Cross-sell, amount"),
            "upsell_amount": self.env._("Upsell, amount"),
            "expansion_amount": self.env._("Expansion, amount"),
        }
        for code, label in labels.items():
            measures[code] = Measure(
                code=code,
                label=label,
                unit="quantity" if code.endswith("_count") else "amount",
                source=partial(self._history_source, code),
                line_model="account.move.line",
                document_model="account.move",
                sorts=True,
                reach="customer",
            )
        return measures

    @api.model
    def _history_source(self, code, company, until):
        """Invoice lines of one kind; see the class."""
        condition = {
            "new_customer_amount": SQL("line.sold = customer.first_day"),
            "new_customer_count": SQL("line.sold = customer.first_day"),
            "new_product_amount": SQL("line.sold = product.first_day"),
            "new_product_count": SQL("line.sold = product.first_day"),
            "cross_sell_amount": SQL(
                "line.sold = category.first_day AND customer.first_day < line.sold"
            ),
            "upsell_amount": SQL(
                "line.sold = product.first_day AND category.first_day < line.sold"
            ),
            "expansion_amount": SQL("product.first_day < line.sold"),
        }[code]
        counted = SQL(
            """
            SELECT line.*, %(taxes)s AS tax_ids
              FROM line
              JOIN customer ON customer.partner_id = line.partner_id
         LEFT JOIN category ON category.partner_id = line.partner_id
                           AND category.categ_id = line.categ_id
         LEFT JOIN product ON product.partner_id = line.partner_id
                          AND product.product_id = line.product_id
             WHERE %(condition)s
            """,
            condition=condition,
            taxes=self._get_line_taxes(SQL("line.line_id")),
        )
        select = {
            "new_customer_count": self._select_first,
            "new_product_count": self._select_first,
            "expansion_amount": self._select_expansion,
        }.get(code, self._select_all)(code, company, counted)
        return SQL(
            "WITH %(tables)s %(select)s",
            tables=self._get_history_tables(company, until),
            select=select,
        )

    def _get_history_tables(self, company, until):
        """``line``, and the first days of customers, with categories and products.

        The table is kept as it is read several times, so it is without taxes: these
        would be looked up for every line, asked for or not.
        """
        first_days = SQL(", ").join(
            SQL(
                """%(name)s AS (
                    SELECT %(keys)s, MIN(sold) AS first_day
                      FROM line WHERE %(net)s > 0 GROUP BY %(keys)s)""",
                name=SQL.identifier(name),
                keys=SQL(keys),
                net=SQL.identifier(net),
            )
            for name, keys, net in (
                ("customer", "partner_id", "document_net"),
                ("category", "partner_id, categ_id", "product_net"),
                ("product", "partner_id, product_id", "product_net"),
            )
        )
        return SQL(
            """
            line AS MATERIALIZED (
                SELECT %(columns)s, origin.invoice_date AS sold, template.categ_id,
                       SUM(source.amount) OVER (
                           PARTITION BY source.origin_id) AS document_net,
                       SUM(source.amount) OVER (
                           PARTITION BY source.origin_id, source.product_id
                           ) AS product_net
                  FROM (%(source)s) AS source
                  JOIN account_move AS origin ON origin.id = source.origin_id
             LEFT JOIN product_product AS variant ON variant.id = source.product_id
             LEFT JOIN product_template AS template
                    ON template.id = variant.product_tmpl_id
            ),
            %(first_days)s
            """,
            columns=SQL(", ").join(
                SQL.identifier("source", name)
                for name in SOURCE_COLUMNS
                if name != "tax_ids"
            ),
            source=self._invoice_source(company, until),
            first_days=first_days,
        )

    def _select_all(self, code, company, counted):
        """Every line as it is."""
        return SQL("%s", counted)

    def _select_first(self, code, company, counted):
        """One line each that stands for the new customer, or its new product."""
        keys = SQL(
            "partner_id" if code == "new_customer_count" else "partner_id, product_id"
        )
        return SQL(
            """
            SELECT DISTINCT ON (%(keys)s)
                   line_id, document_id, origin_id, partner_id, product_id, date,
                   amount, currency_id, amount_currency, 1::numeric AS quantity,
                   analytic_distribution, tax_ids
              FROM (%(counted)s) AS counted
             WHERE document_id = origin_id AND product_net > 0
             ORDER BY %(keys)s, line_id
            """,
            keys=keys,
            counted=counted,
        )

    def _select_expansion(self, code, company, counted):
        """The part of each line by which a product's year rises above the last one.

        The parts of a customer, product and fiscal year sum to what it bought beyond
        the year before, whatever the order of invoices and credit notes.
        """
        months = company._get_fiscal_first_month() - 1
        year = SQL("EXTRACT(YEAR FROM date - make_interval(months => %s))::int", months)
        return SQL(
            """
            SELECT grown.line_id, grown.document_id, grown.origin_id, grown.partner_id,
                   grown.product_id, grown.date, grown.part AS amount,
                   grown.currency_id,
                   grown.amount_currency * grown.part / NULLIF(grown.amount, 0)
                   AS amount_currency,
                   grown.quantity * grown.part / NULLIF(grown.amount, 0) AS quantity,
                   grown.analytic_distribution, grown.tax_ids
              FROM (
                SELECT run.*,
                       GREATEST(run.total - run.base, 0)
                       - GREATEST(run.total - run.amount - run.base, 0) AS part
                  FROM (
                    SELECT counted.*,
                           GREATEST(COALESCE(before.amount, 0), 0) AS base,
                           SUM(counted.amount) OVER (
                               PARTITION BY counted.partner_id, counted.product_id,
                                            counted.year
                               ORDER BY counted.date, counted.line_id) AS total
                      FROM (SELECT known.*, %(year)s AS year
                              FROM (%(counted)s) AS known) AS counted
                 LEFT JOIN (
                        SELECT partner_id, product_id, %(year)s AS year,
                               SUM(amount) AS amount
                          FROM line GROUP BY 1, 2, 3
                           ) AS before
                        ON before.partner_id = counted.partner_id
                       AND before.product_id = counted.product_id
                       AND before.year = counted.year - 1
                       ) AS run
                   ) AS grown
             WHERE grown.part != 0
            """,
            year=year,
            counted=counted,
        )
