from odoo import api, models
from odoo.tools import SQL

from odoo.addons.partner_incentive_base.measures.measure import Measure


class PartnerIncentiveMeasure(models.AbstractModel):
    _inherit = "partner.incentive.measure"

    @api.model
    def _get_measures(self):
        measures = super()._get_measures()
        measures["invoiced_margin"] = Measure(
            code="invoiced_margin",
            label=self.env._("Invoiced, margin"),
            unit="amount",
            source=self._margin_source,
            line_model="account.move.line",
            document_model="account.move",
        )
        return measures

    @api.model
    def _margin_source(self, company, until):
        """Invoice lines less their cost, which is that of the order they come from.

        Where no cost is known, there is no margin: a line without an order, or whose
        order has no cost, does not count at all.
        """
        self.env["sale.order"].flush_model(["currency_rate"])
        self.env["sale.order.line"].flush_model()
        return SQL(
            """
            SELECT source.line_id, source.document_id, source.origin_id,
                   source.partner_id, source.product_id, source.date,
                   source.amount - source.quantity * cost.price AS amount,
                   source.currency_id,
                   source.amount_currency - source.quantity * cost.price
                   * COALESCE(source.amount_currency / NULLIF(source.amount, 0), 1)
                   AS amount_currency,
                   source.quantity, source.analytic_distribution, source.tax_ids
              FROM (%s) AS source
              JOIN (
                SELECT link.invoice_line_id,
                       SUM(line.purchase_price * line.product_uom_qty
                           * COALESCE(unit.factor / NULLIF(line_unit.factor, 0), 1)
                           / COALESCE(NULLIF(sale.currency_rate, 0), 1))
                       / NULLIF(SUM(line.product_uom_qty), 0) AS price
                  FROM sale_order_line_invoice_rel AS link
                  JOIN sale_order_line AS line ON line.id = link.order_line_id
                  JOIN sale_order AS sale ON sale.id = line.order_id
                  JOIN product_product AS product ON product.id = line.product_id
                  JOIN product_template AS template
                    ON template.id = product.product_tmpl_id
             LEFT JOIN uom_uom AS unit ON unit.id = template.uom_id
             LEFT JOIN uom_uom AS line_unit ON line_unit.id = line.product_uom_id
                 GROUP BY link.invoice_line_id
                HAVING bool_and(line.purchase_price > 0)
                   ) AS cost ON cost.invoice_line_id = source.line_id
            """,
            self._invoice_source(company, until),
        )
