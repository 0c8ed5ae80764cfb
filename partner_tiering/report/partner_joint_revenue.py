from odoo import api, fields, models
from odoo.tools import SQL


class PartnerJointRevenue(models.Model):
    """What contracts brought, told apart.

    The first contract of a customer with a partner is *new*; a renewal is *renewal* up
    to the old amount and *expansion* above it; another contract of a customer is
    *cross-sell* for a product it did not have, *upsell* for one it had.
    """

    _name = "partner.joint.revenue"
    _description = "Joint Revenue"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "contract_id"
    _depends = {
        "partner.customer.contract": [
            "partner_id",
            "customer_id",
            "product_id",
            "date_start",
            "recurring_amount",
            "renewed_by_id",
            "company_id",
            "currency_id",
        ]
    }

    contract_id = fields.Many2one("partner.customer.contract", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    customer_id = fields.Many2one("res.partner", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    date = fields.Date(readonly=True)
    kind = fields.Selection(
        [
            ("new", "New"),
            ("cross_sell", "Cross-sell"),
            ("upsell", "Upsell"),
            ("expansion", "Expansion"),
            ("renewal", "Renewal"),
        ],
        readonly=True,
    )
    amount = fields.Monetary(string="Amount per year", readonly=True)

    @property
    def _table_query(self):
        return self._get_query()

    @api.model
    def _get_query(self):
        """SQL of the rows; two per renewal that grew, of which one is *expansion*."""
        self.env["partner.customer.contract"].flush_model()
        return SQL(
            """
            WITH contract AS (
                SELECT contract.id, contract.partner_id, contract.customer_id,
                       contract.product_id, contract.company_id, contract.currency_id,
                       contract.date_start AS date, contract.recurring_amount AS amount,
                       old.recurring_amount AS old_amount,
                       row_number() OVER (
                           PARTITION BY contract.company_id, contract.partner_id,
                                        contract.customer_id
                           ORDER BY contract.date_start, contract.id) AS place,
                       row_number() OVER (
                           PARTITION BY contract.company_id, contract.partner_id,
                                        contract.customer_id, contract.product_id
                           ORDER BY contract.date_start, contract.id) AS product_place
                  FROM partner_customer_contract AS contract
             LEFT JOIN partner_customer_contract AS old
                    ON old.renewed_by_id = contract.id
                 WHERE contract.partner_id IS NOT NULL
            )
            SELECT id * 2 AS id, id AS contract_id, partner_id, customer_id,
                   product_id, company_id, currency_id, date,
                   CASE WHEN old_amount IS NOT NULL THEN 'renewal'
                        WHEN place = 1 THEN 'new'
                        WHEN product_place = 1 THEN 'cross_sell'
                        ELSE 'upsell' END AS kind,
                   LEAST(amount, COALESCE(old_amount, amount)) AS amount
              FROM contract
             UNION ALL
            SELECT id * 2 + 1, id, partner_id, customer_id, product_id, company_id,
                   currency_id, date, 'expansion', amount - old_amount
              FROM contract
             WHERE old_amount IS NOT NULL AND amount > old_amount
            """
        )
