from odoo import api, fields, models
from odoo.tools import SQL


class PartnerIncentiveReconciliation(models.Model):
    """Ledger and general ledger side by side, and any difference (rule 1).

    One row per company, offer and partner. Journal items on the incentive accounts
    that belong to no offer, somebody's manual entry say, appear without an offer.
    """

    _name = "partner.incentive.reconciliation"
    _description = "Incentive Ledger against General Ledger"
    _auto = False
    _order = "company_id, offer_id, partner_id"

    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    offer_id = fields.Many2one("partner.incentive.offer", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    ledger_balance = fields.Monetary(
        string="Ledger", currency_field="company_currency_id", readonly=True
    )
    journal_balance = fields.Monetary(
        string="Journal items", currency_field="company_currency_id", readonly=True
    )
    difference = fields.Monetary(currency_field="company_currency_id", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT row_number() OVER (ORDER BY company_id, offer_id, partner_id) AS id,
                   company_id, offer_id, partner_id,
                   SUM(ledger) AS ledger_balance, SUM(journal) AS journal_balance,
                   SUM(ledger) - SUM(journal) AS difference
              FROM (
                SELECT company_id, offer_id, partner_id, balance AS ledger, 0 AS journal
                  FROM partner_incentive_entry
                 UNION ALL
                SELECT company_id, offer_id, partner_id, 0, balance
                  FROM (%s) AS item
              ) AS side
             GROUP BY company_id, offer_id, partner_id
            """,
            self._get_item_query(),
        )

    @api.model
    def _get_item_query(self):
        """SQL of the journal items on the incentive accounts, posted.

        :return: ``(item_id, move_id, company_id, offer_id, partner_id, role, date,
            balance)``; ``balance`` as the ledger has it, positive when owed. What
            somebody booked by hand has no offer, and the role of its account.
        """
        return SQL(
            """
            SELECT line.id AS item_id, line.move_id, line.company_id,
                   line.incentive_offer_id AS offer_id,
                   COALESCE(line.incentive_earner_id, line.partner_id) AS partner_id,
                   COALESCE(line.incentive_role, company.role) AS role,
                   line.date, -line.balance AS balance
              FROM account_move_line AS line
         LEFT JOIN (
                SELECT incentive_accrued_account_id AS account_id, 'accrued' AS role
                  FROM res_company
                 UNION
                SELECT incentive_holdback_account_id, 'holdback'
                  FROM res_company
                 WHERE incentive_holdback_account_id
                       IS DISTINCT FROM incentive_accrued_account_id
              ) AS company ON company.account_id = line.account_id
                          AND line.incentive_role IS NULL
             WHERE line.parent_state = 'posted'
               AND (line.incentive_role IN ('accrued', 'holdback')
                    OR company.role IS NOT NULL)
            """
        )

    @api.model
    def _get_differences(self, company):
        """Rows of a company that do not agree; empty when the rule holds."""
        self.env["partner.incentive.entry"].flush_model()
        self.env["account.move.line"].flush_model()
        self.env["account.move"].flush_model()
        return self.search([("company_id", "=", company.id)]).filtered(
            lambda row: not row.company_currency_id.is_zero(row.difference)
        )
