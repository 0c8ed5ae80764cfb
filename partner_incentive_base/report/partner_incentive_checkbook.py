from odoo import api, fields, models
from odoo.tools import SQL

from ..models.partner_incentive_entry import EARNING_KINDS


class PartnerIncentiveCheckbook(models.Model):
    """A budget as a checkbook: what came in, what went out, what is left after it.

    One row per movement of a budget, by date, in the budget's currency: the planned
    amount, every approved claim that no run has counted yet, every ledger entry. The
    balance after the last row is what the budget shows as available. A payment changes
    what is settled, not what is available: it was taken when it was accrued. What is
    allocated to somebody is only set aside: it is taken when something is approved.
    """

    _name = "partner.incentive.checkbook"
    _description = "Budget Checkbook"
    _auto = False
    _order = "budget_id, date, id"
    _rec_name = "budget_id"
    _depends = {
        "partner.incentive.entry": [
            "company_id",
            "program_id",
            "offer_id",
            "partner_id",
            "currency_id",
            "date",
            "kind",
            "earned",
            "earned_balance",
            "settled",
            "settled_balance",
        ],
        "partner.incentive.budget": [
            "program_id",
            "company_id",
            "offer_id",
            "partner_id",
            "currency_id",
            "date_from",
            "date_to",
            "planned",
            "active",
        ],
        "partner.incentive.claim": [
            "program_id",
            "offer_id",
            "partner_id",
            "company_id",
            "currency_id",
            "date",
            "state",
            "accrued",
            "amount",
            "company_amount",
        ],
    }

    budget_id = fields.Many2one("partner.incentive.budget", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    program_id = fields.Many2one("partner.incentive.program", readonly=True)
    date = fields.Date(readonly=True)
    kind = fields.Selection(
        [
            ("planned", "Planned"),
            ("allocated", "Allocated"),
            ("committed", "Committed"),
            ("earned", "Accrued"),
            ("paid", "Paid"),
        ],
        string="Movement",
        readonly=True,
    )
    offer_id = fields.Many2one("partner.incentive.offer", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    entry_id = fields.Many2one("partner.incentive.entry", readonly=True)
    claim_id = fields.Many2one("partner.incentive.claim", readonly=True)
    planned = fields.Monetary(readonly=True)
    allocated = fields.Monetary(
        readonly=True, help="Set aside; taken once something is approved."
    )
    committed = fields.Monetary(readonly=True)
    accrued = fields.Monetary(readonly=True)
    settled = fields.Monetary(string="Paid", readonly=True)
    available = fields.Monetary(
        string="Available after it",
        readonly=True,
        aggregator=None,
        help="Planned - committed - accrued, up to this movement.",
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT row_number() OVER line AS id, movement.budget_id,
                   movement.company_id, movement.currency_id, movement.program_id,
                   movement.date, movement.kind, movement.offer_id,
                   movement.partner_id, movement.entry_id, movement.claim_id,
                   movement.planned, movement.allocated, movement.committed,
                   movement.accrued, movement.settled,
                   SUM(planned - committed - accrued) OVER (
                       PARTITION BY movement.budget_id
                       ORDER BY movement.date, movement.rank, movement.source_id
                   ) AS available
              FROM (%s) AS movement
            WINDOW line AS (ORDER BY movement.budget_id, movement.date, movement.rank,
                                     movement.source_id)
            """,
            SQL(" UNION ALL ").join(self._get_movements()),
        )

    @api.model
    def _get_movements(self):
        """The kinds of movements, each as SQL with the same columns in one order.

        Extension point: a module that commits money of budgets adds its own.
        """
        return [self._get_planned(), self._get_entries(), self._get_claims()]

    def _get_planned(self):
        return SQL(
            """
            SELECT id AS budget_id, company_id, currency_id, program_id,
                   date_from AS date, 'planned' AS kind, offer_id, partner_id,
                   NULL::int AS entry_id, NULL::int AS claim_id, 0 AS rank,
                   id AS source_id, planned, 0 AS allocated, 0 AS committed,
                   0 AS accrued, 0 AS settled
              FROM partner_incentive_budget
             WHERE active
            """
        )

    def _get_entries(self):
        earned = self._take(SQL("entry.earned"), SQL("entry.earned_balance"), "entry")
        settled = self._take(
            SQL("entry.settled"), SQL("entry.settled_balance"), "entry"
        )
        return SQL(
            """
            SELECT budget.id, budget.company_id, budget.currency_id, budget.program_id,
                   entry.date,
                   CASE WHEN entry.kind IN %(kinds)s THEN 'earned' ELSE 'paid' END,
                   entry.offer_id, entry.partner_id, entry.id, NULL, 2, entry.id,
                   0, 0, 0, %(earned)s, %(settled)s
              FROM partner_incentive_budget AS budget
              JOIN partner_incentive_entry AS entry ON %(scope)s
              JOIN res_company AS company ON company.id = entry.company_id
             WHERE budget.active
               AND (entry.earned != 0 OR entry.settled != 0
                    OR entry.earned_balance != 0 OR entry.settled_balance != 0)
            """,
            kinds=EARNING_KINDS,
            earned=earned,
            settled=settled,
            scope=self._scope("entry"),
        )

    def _get_claims(self):
        Claim = self.env["partner.incentive.claim"].sudo()
        pending = Claim._search(
            self.env["partner.incentive.budget"]._get_commitment_domain(),
            bypass_access=True,
        )
        return SQL(
            """
            SELECT budget.id, budget.company_id, budget.currency_id, budget.program_id,
                   claim.date, 'committed', claim.offer_id, claim.partner_id,
                   NULL, claim.id, 1, claim.id, 0, 0, %(amount)s, 0, 0
              FROM partner_incentive_budget AS budget
              JOIN partner_incentive_claim AS claim ON %(scope)s
              JOIN res_company AS company ON company.id = claim.company_id
             WHERE budget.active AND claim.id IN (%(pending)s)
            """,
            amount=self._take(
                SQL("claim.amount"), SQL("claim.company_amount"), "claim"
            ),
            scope=self._scope("claim"),
            pending=pending.select(),
        )

    def _scope(self, table):
        """Condition that a movement falls into a budget."""
        return SQL(
            """%(table)s.program_id = budget.program_id
               AND %(table)s.date BETWEEN budget.date_from AND budget.date_to
               AND (budget.offer_id IS NULL OR budget.offer_id = %(table)s.offer_id)
               AND (budget.partner_id IS NULL
                    OR budget.partner_id = %(table)s.partner_id)""",
            table=SQL.identifier(table),
        )

    def _take(self, amount, company_amount, table):
        """An amount in the budget's currency, as the budget's own ``_take`` has it."""
        return SQL(
            """CASE WHEN %(table)s.currency_id = budget.currency_id THEN %(amount)s
                    WHEN company.currency_id = budget.currency_id
                    THEN %(company_amount)s
                    ELSE %(company_amount)s * %(to)s / %(from)s END""",
            table=SQL.identifier(table),
            amount=amount,
            company_amount=company_amount,
            to=self._rate(SQL("budget.currency_id"), table),
            **{"from": self._rate(SQL("company.currency_id"), table)},
        )

    def _rate(self, currency, table):
        """Rate of a currency on the movement's date, as ``res.currency`` has it."""
        return SQL(
            """COALESCE((
                SELECT rate.rate FROM res_currency_rate AS rate
                 WHERE rate.currency_id = %(currency)s
                   AND (rate.company_id IS NULL
                        OR rate.company_id = %(root)s)
                 ORDER BY rate.company_id NULLS LAST,
                          rate.name > %(table)s.date,
                          CASE WHEN rate.name <= %(table)s.date
                               THEN rate.name END DESC,
                          rate.name
                 LIMIT 1), 1.0)""",
            currency=currency,
            table=SQL.identifier(table),
            # The root of a company is the first on the path to it.
            root=SQL("split_part(company.parent_path, '/', 1)::int"),
        )
