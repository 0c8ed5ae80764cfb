from odoo import api, models
from odoo.tools import SQL

from odoo.addons.partner_incentive_base.measures.measure import Measure


class PartnerIncentiveMeasure(models.AbstractModel):
    _inherit = "partner.incentive.measure"

    @api.model
    def _get_measures(self):
        measures = super()._get_measures()
        invoiced = {
            "source": self._invoice_source,
            "line_model": "account.move.line",
            "document_model": "account.move",
            "reach": "document",
        }
        for measure in (
            Measure(
                code="invoiced_amount",
                label=self.env._("Invoiced, amount"),
                unit="amount",
                **invoiced,
            ),
            Measure(
                code="invoiced_list_amount",
                label=self.env._("Invoiced before line discounts, amount"),
                unit="amount",
                **invoiced | {"source": self._undiscounted_source},
            ),
            Measure(
                code="invoiced_taxed_amount",
                label=self.env._("Invoiced with taxes, amount"),
                unit="amount",
                **invoiced | {"source": self._taxed_source},
            ),
            Measure(
                code="invoiced_quantity",
                label=self.env._("Invoiced, quantity"),
                unit="quantity",
                **invoiced,
            ),
            Measure(
                code="growth_amount",
                label=self.env._("Invoiced, growth over the year before"),
                unit="amount",
                growth=True,
                **invoiced,
            ),
            Measure(
                code="paid_amount",
                label=self.env._("Paid, amount"),
                unit="amount",
                source=self._payment_source,
                line_model="account.move.line",
                document_model="account.move",
                reach="payments",
            ),
            Measure(
                code="ordered_amount",
                label=self.env._("Ordered, amount"),
                unit="amount",
                source=self._order_source,
                line_model="sale.order.line",
                document_model="sale.order",
                reach="document",
            ),
        ):
            measures[measure.code] = measure
        return measures

    @api.model
    def _get_sales_documents(self):
        return super()._get_sales_documents() | {
            "partner.customer.contract",
            "partner.sell.through.file",
        }

    @api.model
    def _undiscounted_source(self, company, until):
        """Invoice lines at their price before the line's discount.

        A line that is given away, at 100 percent off, has no amount to divide.
        """
        return self._invoice_source(
            company,
            until,
            SQL(
                """/ CASE WHEN line.discount >= 100 THEN 1
                          ELSE 1 - COALESCE(line.discount, 0)::numeric / 100 END"""
            ),
        )

    @api.model
    def _taxed_source(self, company, until):
        """Invoice lines with the taxes that stand on the document for them."""
        return self._invoice_source(
            company,
            until,
            SQL(
                """* line.price_total / CASE WHEN line.price_subtotal = 0 THEN 1
                                             ELSE line.price_subtotal END"""
            ),
        )

    @api.model
    def _payment_source(self, company, until):
        """Invoice lines by the share of their invoice that was settled in cash.

        Each matching of an invoice's receivable item with an item of a payment or bank
        transaction counts on that move's date, for the part of it that reached a
        liquidity account: early-payment discounts and write-offs booked with the
        payment do not count, nor do credit notes and documents of the suite.
        """
        return SQL(
            """
            SELECT invoiced.line_id, invoiced.document_id, invoiced.origin_id,
                   invoiced.partner_id, invoiced.product_id, paid.date,
                   invoiced.amount * paid.share AS amount, invoiced.currency_id,
                   invoiced.amount_currency * paid.share AS amount_currency,
                   invoiced.quantity * paid.share AS quantity,
                   invoiced.analytic_distribution, invoiced.tax_ids
              FROM (%(invoices)s) AS invoiced
              JOIN (%(payments)s) AS paid ON paid.move_id = invoiced.document_id
             WHERE paid.date <= %(until)s
            """,
            invoices=self._invoice_source(company, until),
            payments=self._get_payment_query(company),
            until=until,
        )

    @api.model
    def _order_source(self, company, until):
        """Confirmed orders by order date, untaxed, at the order's own rate."""
        self.env["sale.order"].flush_model()
        self.env["sale.order.line"].flush_model()
        return SQL(
            """
            SELECT line.id AS line_id, sale.id AS document_id, sale.id AS origin_id,
                   partner.commercial_partner_id AS partner_id, line.product_id,
                   sale.date_order::date AS date,
                   line.price_subtotal / COALESCE(NULLIF(sale.currency_rate, 0), 1)
                   AS amount,
                   sale.currency_id, line.price_subtotal AS amount_currency,
                   line.product_uom_qty
                   * COALESCE(line_unit.factor / NULLIF(unit.factor, 0), 1) AS quantity,
                   line.analytic_distribution, NULL::int[] AS tax_ids
              FROM sale_order_line AS line
              JOIN sale_order AS sale ON sale.id = line.order_id
              JOIN res_partner AS partner ON partner.id = sale.partner_id
         LEFT JOIN product_product AS product ON product.id = line.product_id
         LEFT JOIN product_template AS template ON template.id = product.product_tmpl_id
         LEFT JOIN uom_uom AS unit ON unit.id = template.uom_id
         LEFT JOIN uom_uom AS line_unit ON line_unit.id = line.product_uom_id
             WHERE sale.company_id = %s
               AND sale.state = 'sale'
               AND line.display_type IS NULL
               AND line.is_downpayment IS NOT TRUE
               AND sale.date_order::date <= %s
            """,
            company.id,
            until,
        )
