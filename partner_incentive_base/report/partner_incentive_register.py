from odoo import api, fields, models
from odoo.tools import SQL

from .period import read_date, read_known_on


class PartnerIncentiveRegister(models.Model):
    """The accrual register as it stood on a day.

    One row per company, offer, partner and window. What was settled or held back
    belongs to an offer and a partner, not to a window: it stands in a row without one.

    The context has the day (``incentive_as_of``, an accounting date, by default
    today) and, if wanted, ``incentive_known_on``: what was entered after that day is
    left out, so that a register can be repeated as it was printed then.
    """

    _name = "partner.incentive.register"
    _inherit = ["partner.incentive.dated.report"]
    _description = "Accrual Register"
    _auto = False
    _order = "company_id, offer_id, partner_id, window_from"
    _rec_name = "offer_id"
    _depends = {
        "partner.incentive.entry": [
            "company_id",
            "program_id",
            "offer_id",
            "partner_id",
            "currency_id",
            "window_from",
            "window_to",
            "date",
            "kind",
            "role",
            "amount",
            "balance",
            "earned",
            "earned_balance",
            "settled",
            "settled_balance",
            "held",
        ]
    }

    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    program_id = fields.Many2one("partner.incentive.program", readonly=True)
    offer_id = fields.Many2one("partner.incentive.offer", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    window_from = fields.Date(readonly=True)
    window_to = fields.Date(readonly=True)
    last_date = fields.Date(
        string="Last movement", readonly=True, help="Accounting date."
    )
    amount = fields.Monetary(
        string="Owed (offer's currency)", readonly=True, aggregator=None
    )
    earned_balance = fields.Monetary(
        string="Accrued", currency_field="company_currency_id", readonly=True
    )
    settled_balance = fields.Monetary(
        string="Settled", currency_field="company_currency_id", readonly=True
    )
    exchange_balance = fields.Monetary(
        string="Exchange difference",
        currency_field="company_currency_id",
        readonly=True,
    )
    balance = fields.Monetary(
        string="Owed",
        currency_field="company_currency_id",
        readonly=True,
        help="Accrued - settled + exchange difference.",
    )
    held_balance = fields.Monetary(
        string="Of which held back",
        currency_field="company_currency_id",
        readonly=True,
    )

    @property
    def _table_query(self):
        known_on = read_known_on(self.env)
        return SQL(
            """
            SELECT MIN(id) AS id, company_id, program_id, offer_id, partner_id,
                   currency_id, window_from, MAX(window_to) AS window_to,
                   MAX(date) AS last_date, SUM(amount) AS amount,
                   SUM(earned_balance) AS earned_balance,
                   SUM(settled_balance) AS settled_balance,
                   COALESCE(SUM(balance) FILTER (WHERE kind = 'exchange'), 0)
                   AS exchange_balance,
                   SUM(balance) AS balance,
                   COALESCE(SUM(balance) FILTER (WHERE role = 'holdback'), 0)
                   AS held_balance
              FROM partner_incentive_entry
             WHERE date <= %s %s
             GROUP BY company_id, program_id, offer_id, partner_id, currency_id,
                      window_from
            """,
            read_date(
                self.env, "incentive_as_of", fields.Date.context_today(self.env.user)
            ),
            SQL("AND create_date <= %s", known_on) if known_on else SQL(),
        )

    @api.model
    def get_register(self, as_of=None, known_on=None):
        """The register of the caller's companies. For use over RPC.

        :return: list of dicts with the names of the columns
        """
        rows = self.with_context(incentive_as_of=as_of, incentive_known_on=known_on)
        return rows.search_read(
            [("company_id", "in", self.env.companies.ids)],
            [
                name
                for name in self._fields
                if name not in ("display_name", "company_currency_id")
            ],
        )
