from odoo import api, models
from odoo.tools import SQL

from ..measures.measure import Measure


class PartnerIncentiveMeasure(models.AbstractModel):
    """Registry of what offers can count.

    Extension point: a module adds its measures by extending :meth:`_get_measures`.
    """

    _name = "partner.incentive.measure"
    _description = "Incentive Measure"

    @api.model
    def _get_measures(self):
        """``{code: Measure}`` of all installed modules."""
        return {
            "claimed_amount": Measure(
                code="claimed_amount",
                label=self.env._("Approved claims, amount"),
                unit="amount",
                source=self._claim_source,
                line_model="partner.incentive.claim",
                document_model="partner.incentive.claim",
                reach="document",
            )
        }

    @api.model
    def _get_attribution_column(self, measure):
        """Column of the attribution that names the measure's documents, or None."""
        return {"account.move": "move_id", "sale.order": "order_id"}.get(
            measure.document_model
        )

    @api.model
    def _get_sales_documents(self):
        """Models of documents that stand for sales; extension point.

        Return on what an offer costs is only told of offers that count these.
        """
        return {"account.move", "sale.order"}

    @api.model
    def _claim_source(self, company, until):
        """Approved claims by the date of what they claim for."""
        self.env["partner.incentive.claim"].flush_model()
        return SQL(
            """
            SELECT claim.id AS line_id, claim.id AS document_id, claim.id AS origin_id,
                   claim.partner_id, claim.product_id, claim.date,
                   claim.company_amount AS amount, claim.currency_id,
                   claim.amount AS amount_currency, claim.quantity,
                   NULL::jsonb AS analytic_distribution, NULL::int[] AS tax_ids
              FROM partner_incentive_claim AS claim
             WHERE claim.company_id = %s
               AND claim.state IN ('approved', 'scheduled', 'paid')
               AND claim.date <= %s
            """,
            company.id,
            until,
        )

    @api.model
    def _invoice_source(self, company, until, factor=None):
        """Posted customer invoices less credit notes, untaxed, by invoice date.

        Shared by the modules that count invoices. Documents of the suite, and lines
        that finance excluded, never count. The partner is the commercial partner on
        the document; a credit note follows the attribution of the invoice it reverses.

        :param factor: SQL that is put behind the amounts of a ``line``, such as ``* 2``
        """
        self.env["account.move"].flush_model(
            ["state", "move_type", "invoice_date", "reversed_entry_id"]
        )
        self.env["account.move.line"].flush_model()
        return SQL(
            """
            SELECT line.id AS line_id, move.id AS document_id,
                   COALESCE(move.reversed_entry_id, move.id) AS origin_id,
                   move.commercial_partner_id AS partner_id, line.product_id,
                   move.invoice_date AS date,
                   -line.balance %(factor)s AS amount, line.currency_id,
                   -line.amount_currency %(factor)s AS amount_currency,
                   CASE WHEN move.move_type = 'out_refund'
                        THEN -line.quantity ELSE line.quantity END
                   * CASE WHEN line.product_uom_id = template.uom_id THEN 1
                          ELSE COALESCE(line_unit.factor / NULLIF(unit.factor, 0), 1)
                          END AS quantity,
                   line.analytic_distribution,
                   %(taxes)s AS tax_ids
              FROM account_move_line AS line
              JOIN account_move AS move ON move.id = line.move_id
         LEFT JOIN product_product AS product ON product.id = line.product_id
         LEFT JOIN product_template AS template ON template.id = product.product_tmpl_id
         LEFT JOIN uom_uom AS unit ON unit.id = template.uom_id
         LEFT JOIN uom_uom AS line_unit ON line_unit.id = line.product_uom_id
             WHERE line.company_id = %(company)s
               AND line.parent_state = 'posted'
               AND line.display_type = 'product'
               AND line.incentive_exclusion IS NULL
               AND move.move_type IN ('out_invoice', 'out_refund')
               AND move.incentive_document IS NULL
               AND move.invoice_date <= %(until)s
            """,
            company=company.id,
            until=until,
            factor=factor or SQL(),
            taxes=self._get_line_taxes(SQL("line.id")),
        )

    @api.model
    def _get_line_taxes(self, line_id):
        """SQL of the ids of an invoice line's taxes, in their order."""
        return SQL(
            """(SELECT array_agg(tax.account_tax_id ORDER BY tax.account_tax_id)
                  FROM account_move_line_account_tax_rel AS tax
                 WHERE tax.account_move_line_id = %s)""",
            line_id,
        )

    @api.model
    def _get_payment_query(self, companies):
        """SQL of ``(move_id, date, share)``: what was paid of an invoice, and when.

        One row per matching with a payment or bank transaction, by the part of that
        entry which reached a liquidity account. Without bank reconciliation, Odoo
        itself chooses an outstanding account where the payment method names none.
        """
        self.env["account.partial.reconcile"].flush_model()
        self.env["account.payment"].flush_model()
        return SQL(
            """
            WITH liquidity AS (
                SELECT default_account_id AS account_id FROM account_journal
                 WHERE type IN ('bank', 'cash', 'credit')
                   AND default_account_id IS NOT NULL
                 UNION
                SELECT payment_account_id FROM account_payment_method_line
                 WHERE payment_account_id IS NOT NULL
                 UNION
                SELECT id FROM account_account WHERE account_type = 'asset_cash'
            ),
            matched AS (
                SELECT invoice_line.move_id, payment.id AS payment_id, payment.date,
                       pair.amount
                  FROM (
                    SELECT debit_move_id AS invoice_line_id,
                           credit_move_id AS payment_line_id,
                           debit_amount_currency AS amount
                      FROM account_partial_reconcile WHERE company_id IN %(companies)s
                     UNION ALL
                    SELECT credit_move_id, debit_move_id, credit_amount_currency
                      FROM account_partial_reconcile WHERE company_id IN %(companies)s
                       ) AS pair
                  JOIN account_move_line AS invoice_line
                    ON invoice_line.id = pair.invoice_line_id
                  JOIN account_move AS invoice ON invoice.id = invoice_line.move_id
                  JOIN account_move_line AS payment_line
                    ON payment_line.id = pair.payment_line_id
                  JOIN account_move AS payment ON payment.id = payment_line.move_id
                 WHERE invoice.move_type IN ('out_invoice', 'out_refund')
                   AND payment.move_type = 'entry'
                   AND payment.state = 'posted'
                   AND payment.incentive_document IS NULL
            ),
            cash AS (
                SELECT line.move_id,
                       LEAST(1.0, ABS(COALESCE(SUM(line.balance) FILTER (
                           WHERE line.account_id IN (SELECT account_id FROM liquidity)
                              OR line.account_id = payment.outstanding_account_id
                           ), 0)) / NULLIF(ABS(SUM(line.balance) FILTER (
                           WHERE account.account_type IN ('asset_receivable',
                                                          'liability_payable'))), 0)
                       ) AS ratio
                  FROM account_move_line AS line
                  JOIN account_account AS account ON account.id = line.account_id
                  LEFT JOIN account_payment AS payment
                    ON payment.move_id = line.move_id
                 WHERE line.move_id IN (SELECT payment_id FROM matched)
                 GROUP BY line.move_id
            )
            SELECT matched.move_id, matched.date,
                   matched.amount / NULLIF(ABS(invoice.amount_total), 0)
                   * COALESCE(cash.ratio, 0) AS share
              FROM matched
              JOIN account_move AS invoice ON invoice.id = matched.move_id
              JOIN cash ON cash.move_id = matched.payment_id
            """,
            companies=tuple(companies.ids),
        )
