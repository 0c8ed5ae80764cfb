from odoo import api, models
from odoo.tools import SQL

from odoo.addons.partner_incentive_base.measures.measure import Measure


class PartnerIncentiveMeasure(models.AbstractModel):
    """Measures over registered deals.

    They name the credited partner themselves, in the deal's share, so an offer needs
    no role for them.
    """

    _inherit = "partner.incentive.measure"

    @api.model
    def _get_measures(self):
        measures = super()._get_measures()
        deal = {
            "line_model": "partner.deal.registration",
            "document_model": "partner.deal.registration",
            "credited": True,
        }
        for measure in (
            Measure(
                code="deals_approved",
                label=self.env._("Approved deals, number"),
                unit="quantity",
                source=self._approved_deal_source,
                **deal,
            ),
            Measure(
                code="deals_converted",
                label=self.env._("Converted deals, number"),
                unit="quantity",
                source=self._converted_deal_source,
                **deal,
            ),
            Measure(
                code="deals_new_customers",
                label=self.env._("New customers by deals, number"),
                unit="quantity",
                source=self._new_customer_source,
                **deal,
            ),
            Measure(
                code="sourced_bookings",
                label=self.env._("Sourced bookings, amount"),
                unit="amount",
                source=self._sourced_booking_source,
                line_model="sale.order.line",
                document_model="sale.order",
                reach="document",
                credited=True,
            ),
            Measure(
                code="sourced_cash",
                label=self.env._("Sourced cash, amount"),
                unit="amount",
                source=self._sourced_cash_source,
                line_model="account.move.line",
                document_model="account.move",
                reach="payments",
                credited=True,
            ),
        ):
            measures[measure.code] = measure
        return measures

    # ------------------------------------------------------------------------- deals

    @api.model
    def _deal_source(self, company, until, date, condition):
        """One row per deal and credited partner: its share of one deal.

        :param date: SQL of the day that counts
        :param condition: SQL of the deals that count
        """
        self.env["partner.deal.registration"].flush_model()
        self.env["partner.deal.credit"].flush_model()
        return SQL(
            """
            SELECT deal.id AS line_id, deal.id AS document_id, deal.id AS origin_id,
                   credit.partner_id, NULL::int AS product_id, %(date)s AS date,
                   deal.company_value * credit.share / 100.0 AS amount,
                   deal.currency_id,
                   deal.expected_value * credit.share / 100.0 AS amount_currency,
                   credit.share / 100.0 AS quantity,
                   NULL::jsonb AS analytic_distribution, NULL::int[] AS tax_ids
              FROM partner_deal_registration AS deal
              JOIN partner_deal_credit AS credit
                ON credit.registration_id = deal.id AND credit.role = deal.role
             WHERE deal.company_id = %(company)s
               AND %(date)s <= %(until)s AND %(condition)s
            """,
            date=date,
            company=company.id,
            until=until,
            condition=condition,
        )

    @api.model
    def _approved_deal_source(self, company, until):
        """Deals by the day of their approval; a withdrawn one does not count."""
        return self._deal_source(
            company,
            until,
            SQL("deal.approved_on::date"),
            SQL(
                "deal.state IN ('approved', 'converted', 'expired', 'lost')"
                " AND deal.taken_over IS NOT TRUE"
            ),
        )

    @api.model
    def _converted_deal_source(self, company, until):
        return self._deal_source(
            company,
            until,
            SQL("deal.converted_on::date"),
            SQL("deal.state = 'converted'"),
        )

    @api.model
    def _new_customer_source(self, company, until):
        """Converted deals whose customer had never ordered before the deal."""
        self.env["sale.order"].flush_model()
        return self._deal_source(
            company,
            until,
            SQL("deal.converted_on::date"),
            SQL(
                """
                deal.state = 'converted'
                AND NOT EXISTS (
                    SELECT FROM sale_order AS earlier
                      JOIN res_partner AS buyer ON buyer.id = earlier.partner_id
                     WHERE buyer.commercial_partner_id = deal.customer_id
                       AND earlier.company_id = deal.company_id
                       AND earlier.state = 'sale'
                       AND earlier.deal_registration_id IS DISTINCT FROM deal.id
                       AND earlier.date_order < deal.converted_on)
                AND NOT EXISTS (
                    SELECT FROM partner_deal_registration AS first
                     WHERE first.customer_id = deal.customer_id
                       AND first.company_id = deal.company_id
                       AND first.state = 'converted'
                       AND (first.converted_on, first.id)
                         < (deal.converted_on, deal.id))
                """
            ),
        )

    # ---------------------------------------------------------------- orders and cash

    @api.model
    def _sourced_booking_source(self, company, until):
        """Confirmed orders with a partner credited as *sourced*, by order date."""
        self.env["sale.order"].flush_model()
        self.env["sale.order.line"].flush_model()
        self.env["partner.incentive.attribution"].flush_model()
        return SQL(
            """
            SELECT line.id AS line_id, sale.id AS document_id, sale.id AS origin_id,
                   attribution.partner_id, line.product_id,
                   sale.date_order::date AS date,
                   line.price_subtotal / COALESCE(NULLIF(sale.currency_rate, 0), 1)
                   * attribution.share / 100.0 AS amount,
                   sale.currency_id,
                   line.price_subtotal * attribution.share / 100.0 AS amount_currency,
                   line.product_uom_qty
                   * COALESCE(line_unit.factor / NULLIF(unit.factor, 0), 1)
                   * attribution.share / 100.0 AS quantity,
                   line.analytic_distribution, NULL::int[] AS tax_ids
              FROM partner_incentive_attribution AS attribution
              JOIN sale_order AS sale ON sale.id = attribution.order_id
              JOIN sale_order_line AS line ON line.order_id = sale.id
         LEFT JOIN product_product AS product ON product.id = line.product_id
         LEFT JOIN product_template AS template ON template.id = product.product_tmpl_id
         LEFT JOIN uom_uom AS unit ON unit.id = template.uom_id
         LEFT JOIN uom_uom AS line_unit ON line_unit.id = line.product_uom_id
             WHERE attribution.role = 'sourced'
               AND sale.company_id = %s
               AND sale.state = 'sale'
               AND line.display_type IS NULL
               AND line.is_downpayment IS NOT TRUE
               AND sale.date_order::date <= %s
            """,
            company.id,
            until,
        )

    @api.model
    def _sourced_cash_source(self, company, until):
        """Paid part of invoices with a partner credited as *sourced*.

        Every matching of an invoice with a payment counts on the payment's date, for
        the part of the payment that reached a bank or cash account.
        """
        self.env["account.partial.reconcile"].flush_model()
        self.env["account.payment"].flush_model()
        self.env["partner.incentive.attribution"].flush_model()
        return SQL(
            """
            SELECT invoiced.line_id, invoiced.document_id, invoiced.origin_id,
                   attribution.partner_id, invoiced.product_id, paid.date,
                   invoiced.amount * paid.share * attribution.share / 100.0 AS amount,
                   invoiced.currency_id,
                   invoiced.amount_currency * paid.share * attribution.share / 100.0
                   AS amount_currency,
                   invoiced.quantity * paid.share * attribution.share / 100.0
                   AS quantity,
                   invoiced.analytic_distribution, invoiced.tax_ids
              FROM (%(invoices)s) AS invoiced
              JOIN partner_incentive_attribution AS attribution
                ON attribution.move_id = invoiced.origin_id
               AND attribution.role = 'sourced'
              JOIN (%(payments)s) AS paid ON paid.move_id = invoiced.document_id
             WHERE paid.date <= %(until)s
            """,
            invoices=self._invoice_source(company, until),
            payments=self._get_cash_query(company),
            until=until,
        )

    @api.model
    def _get_cash_query(self, company):
        """SQL of ``(move_id, date, share)``: what came in of an invoice, and when.

        A payment's receivable side can hold a write-off or an early-payment discount
        besides the money: only what stands on accounts of liquidity is cash.
        """
        return SQL(
            """
            WITH money AS (
                SELECT id AS account_id FROM account_account
                 WHERE account_type = 'asset_cash'
                 UNION
                SELECT default_account_id FROM account_journal
                 WHERE type IN ('bank', 'cash', 'credit')
                   AND default_account_id IS NOT NULL
                 UNION
                SELECT payment_account_id FROM account_payment_method_line
                 WHERE payment_account_id IS NOT NULL
                 UNION
                SELECT outstanding_account_id FROM account_payment
                 WHERE outstanding_account_id IS NOT NULL
            ),
            settled AS (
                SELECT invoice_item.move_id, payment_item.move_id AS payment_id,
                       CASE WHEN partial.debit_move_id = invoice_item.id
                            THEN partial.debit_amount_currency
                            ELSE partial.credit_amount_currency END AS amount
                  FROM account_partial_reconcile AS partial
            CROSS JOIN LATERAL (VALUES
                           (partial.debit_move_id, partial.credit_move_id),
                           (partial.credit_move_id, partial.debit_move_id)
                       ) AS side (invoice_item_id, payment_item_id)
                  JOIN account_move_line AS invoice_item
                    ON invoice_item.id = side.invoice_item_id
                  JOIN account_move AS invoice
                    ON invoice.id = invoice_item.move_id
                   AND invoice.move_type IN ('out_invoice', 'out_refund')
                  JOIN account_move_line AS payment_item
                    ON payment_item.id = side.payment_item_id
                  JOIN account_move AS payment
                    ON payment.id = payment_item.move_id
                   AND payment.move_type = 'entry'
                   AND payment.incentive_document IS NULL
                 WHERE partial.company_id = %(company)s
            ),
            liquid AS (
                SELECT item.move_id,
                       LEAST(1.0,
                           ABS(SUM(item.balance) FILTER (WHERE item.account_id IN (
                               SELECT account_id FROM money)))
                           / NULLIF(ABS(SUM(item.balance) FILTER (
                               WHERE account.account_type IN (
                                   'asset_receivable', 'liability_payable'))), 0)
                       ) AS part
                  FROM account_move_line AS item
                  JOIN account_account AS account ON account.id = item.account_id
                 WHERE item.move_id IN (SELECT payment_id FROM settled)
                 GROUP BY item.move_id
            )
            SELECT settled.move_id, payment.date,
                   settled.amount / NULLIF(ABS(invoice.amount_total), 0)
                   * COALESCE(liquid.part, 0) AS share
              FROM settled
              JOIN account_move AS invoice ON invoice.id = settled.move_id
              JOIN account_move AS payment ON payment.id = settled.payment_id
              JOIN liquid ON liquid.move_id = settled.payment_id
            """,
            company=company.id,
        )
