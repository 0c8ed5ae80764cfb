from odoo import fields, models
from odoo.tools import SQL

from .period import read_date

#: Upper bounds in days, and the names of the buckets; the last has none.
BUCKETS = [
    (30, "a", "0–30 days"),
    (60, "b", "31–60 days"),
    (90, "c", "61–90 days"),
    (180, "d", "91–180 days"),
    (365, "e", "181–365 days"),
    (None, "f", "Over a year"),
]


class PartnerIncentiveAging(models.Model):
    """Accrued against settled, by the age of the journal items.

    One row per journal item on the liability accounts: what it accrued, how much of
    it settlements or reversals have cleared, and what is open, on the day of the
    context (``incentive_as_of``, by default today). The sum of what is open is the
    balance of the accounts on that day. Items of a settlement that nothing has
    matched yet are open as well, with the opposite sign.
    """

    _name = "partner.incentive.aging"
    _inherit = ["partner.incentive.dated.report"]
    _description = "Incentive Aging"
    _auto = False
    _order = "date, id"
    _rec_name = "move_id"
    _depends = {
        "account.move.line": [
            "balance",
            "date",
            "parent_state",
            "partner_id",
            "incentive_role",
            "incentive_offer_id",
            "incentive_earner_id",
        ],
        "account.partial.reconcile": [
            "amount",
            "max_date",
            "debit_move_id",
            "credit_move_id",
        ],
        "res.company": [
            "incentive_accrued_account_id",
            "incentive_holdback_account_id",
        ],
    }

    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    program_id = fields.Many2one("partner.incentive.program", readonly=True)
    offer_id = fields.Many2one("partner.incentive.offer", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    move_id = fields.Many2one("account.move", string="Journal entry", readonly=True)
    role = fields.Selection(
        [("accrued", "Accrued"), ("holdback", "Held back")],
        string="Account",
        readonly=True,
    )
    date = fields.Date(string="Accounting date", readonly=True)
    age = fields.Integer(string="Age (days)", readonly=True, aggregator="avg")
    bucket = fields.Selection(
        [(code, label) for _days, code, label in BUCKETS],
        string="Age",
        readonly=True,
    )
    accrued = fields.Monetary(currency_field="company_currency_id", readonly=True)
    cleared = fields.Monetary(
        string="Settled or reversed",
        currency_field="company_currency_id",
        readonly=True,
    )
    open_balance = fields.Monetary(
        string="Open", currency_field="company_currency_id", readonly=True
    )

    @property
    def _table_query(self):
        day = read_date(
            self.env, "incentive_as_of", fields.Date.context_today(self.env.user)
        )
        return SQL(
            """
            SELECT item.item_id AS id, item.company_id, offer.program_id,
                   item.offer_id, item.partner_id, item.move_id, item.role, item.date,
                   %(day)s::date - item.date AS age, %(bucket)s AS bucket,
                   item.balance AS accrued,
                   COALESCE(matched.amount, 0) AS cleared,
                   item.balance - COALESCE(matched.amount, 0) AS open_balance
              FROM (%(items)s) AS item
         LEFT JOIN partner_incentive_offer AS offer ON offer.id = item.offer_id
         LEFT JOIN LATERAL (
                SELECT SUM(CASE WHEN partial.credit_move_id = item.item_id
                                THEN partial.amount ELSE -partial.amount END) AS amount
                  FROM account_partial_reconcile AS partial
                 WHERE item.item_id IN (partial.credit_move_id, partial.debit_move_id)
                   AND partial.max_date <= %(day)s
              ) AS matched ON TRUE
             WHERE item.date <= %(day)s
            """,
            day=day,
            bucket=self._get_bucket(SQL("%s::date - item.date", day)),
            items=self.env["partner.incentive.reconciliation"]._get_item_query(),
        )

    def _get_bucket(self, age):
        whens = SQL(" ").join(
            SQL("WHEN %s <= %s THEN %s", age, days, code)
            for days, code, _label in BUCKETS
            if days is not None
        )
        return SQL("CASE %s ELSE %s END", whens, BUCKETS[-1][1])

    def action_view_move(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "view_mode": "form",
        }
