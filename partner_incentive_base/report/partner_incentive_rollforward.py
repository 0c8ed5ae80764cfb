from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .grouping import read_each_set
from .period import get_label, read_periods

#: The column of the roll-forward that each kind of entry moves. A holdback moves one
#: of two, by its direction.
COLUMNS = {
    "opening": "imported",
    "accrual": "accrued",
    "adjustment": "adjusted",
    "write_off": "written_off",
    "settlement": "settled",
    "clawback": "clawed_back",
    "expiry": "expired",
    "exchange": "exchange",
}
#: Columns of what moves a balance, in the order in which they are shown.
MOVEMENTS = (
    "imported",
    "accrued",
    "adjusted",
    "settled",
    "clawed_back",
    "to_holdback",
    "from_holdback",
    "expired",
    "exchange",
    "written_off",
)
#: Figures that stand at the beginning or at the end of a period: over several periods
#: they are those of the first or of the last, never a sum.
AT_START = ("opening",)
AT_END = ("closing", "journal_balance", "difference")


class PartnerIncentiveRollforward(models.Model):
    """How what is owed came from one balance to the next, per period.

    One row per period, company, offer, partner and account, in company currency:
    opening + all movements = closing, and closing of one period = opening of the next.
    Beside it the balance of the journal items on the two liability accounts at the end
    of the period, and any difference.

    The periods are those of the context: see :func:`~.period.read_periods`.
    """

    _name = "partner.incentive.rollforward"
    _inherit = ["partner.incentive.dated.report"]
    _description = "Incentive Liability Roll-forward"
    _auto = False
    _order = "number, company_id, offer_id, partner_id, role"
    _rec_name = "period"
    _depends = {
        "partner.incentive.entry": [
            "company_id",
            "offer_id",
            "partner_id",
            "date",
            "kind",
            "role",
            "balance",
        ],
        "account.move.line": [
            "balance",
            "date",
            "parent_state",
            "partner_id",
            "incentive_role",
            "incentive_offer_id",
            "incentive_earner_id",
        ],
        "res.company": [
            "incentive_accrued_account_id",
            "incentive_holdback_account_id",
        ],
    }

    period = fields.Char(readonly=True)
    number = fields.Integer(
        string="Number of the period", readonly=True, aggregator=None
    )
    date_from = fields.Date(string="From", compute="_compute_dates")
    date_to = fields.Date(string="To", compute="_compute_dates")
    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    program_id = fields.Many2one("partner.incentive.program", readonly=True)
    offer_id = fields.Many2one("partner.incentive.offer", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    role = fields.Selection(
        [("accrued", "Accrued"), ("holdback", "Held back")],
        string="Account",
        readonly=True,
    )
    opening = fields.Monetary(currency_field="company_currency_id", readonly=True)
    imported = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        help="Balances brought forward when the company went live.",
    )
    accrued = fields.Monetary(currency_field="company_currency_id", readonly=True)
    adjusted = fields.Monetary(currency_field="company_currency_id", readonly=True)
    settled = fields.Monetary(currency_field="company_currency_id", readonly=True)
    clawed_back = fields.Monetary(currency_field="company_currency_id", readonly=True)
    to_holdback = fields.Monetary(
        string="Moved to holdback",
        currency_field="company_currency_id",
        readonly=True,
        help="Off the accrued account, onto the account of what is held back.",
    )
    from_holdback = fields.Monetary(
        string="Moved from holdback",
        currency_field="company_currency_id",
        readonly=True,
    )
    expired = fields.Monetary(currency_field="company_currency_id", readonly=True)
    exchange = fields.Monetary(
        string="Exchange difference",
        currency_field="company_currency_id",
        readonly=True,
    )
    written_off = fields.Monetary(currency_field="company_currency_id", readonly=True)
    closing = fields.Monetary(currency_field="company_currency_id", readonly=True)
    journal_balance = fields.Monetary(
        string="Journal items",
        currency_field="company_currency_id",
        readonly=True,
        help="Balance of the accrued and held-back accounts at the end of the period.",
    )
    difference = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        help="Closing less journal items; nothing unless somebody booked by hand.",
    )

    def _compute_dates(self):
        periods = read_periods(self.env)
        for row in self:
            row.date_from, row.date_to = periods[row.number - 1]

    @property
    def _table_query(self):
        periods = read_periods(self.env)
        return SQL(
            """
            SELECT row_number() OVER (
                       ORDER BY period.number, side.company_id, side.offer_id,
                                side.partner_id, side.role) AS id,
                   period.label AS period, period.number, side.company_id,
                   offer.program_id, side.offer_id, side.partner_id, side.role,
                   %(opening)s AS opening, %(movements)s,
                   SUM(side.ledger) AS closing, SUM(side.journal) AS journal_balance,
                   SUM(side.ledger) - SUM(side.journal) AS difference
              FROM unnest(%(labels)s::varchar[]) WITH ORDINALITY
                   AS period (label, number)
              JOIN (%(sides)s) AS side ON side.bucket <= period.number
         LEFT JOIN partner_incentive_offer AS offer ON offer.id = side.offer_id
             GROUP BY period.number, period.label, side.company_id, offer.program_id,
                      side.offer_id, side.partner_id, side.role
            HAVING SUM(side.ledger) != 0 OR SUM(side.journal) != 0
                OR bool_or(side.bucket = period.number)
                OR %(opening)s != 0
            """,
            labels=[get_label(period) for period in periods],
            opening=self._sum(SQL("side.bucket < period.number")),
            movements=SQL(", ").join(
                SQL(
                    "%s AS %s",
                    self._sum(SQL("side.bucket = period.number AND (%s)", condition)),
                    SQL.identifier(column),
                )
                for column, condition in self._get_movement_conditions()
            ),
            sides=self._get_sides(periods),
        )

    @staticmethod
    def _sum(condition):
        return SQL("COALESCE(SUM(side.ledger) FILTER (WHERE %s), 0)", condition)

    def _get_movement_conditions(self):
        """``[(column, condition)]`` in the order of the columns."""
        # The accrued account loses what the other one gains.
        grows = SQL("(side.ledger > 0) = (side.role = 'holdback')")
        conditions = [
            (column, SQL("side.kind = %s", kind))
            for kind, column in COLUMNS.items()
            if column != "adjusted"
        ]
        # A kind that a module adds must not get lost: it is an adjustment.
        others = tuple(kind for kind in COLUMNS if COLUMNS[kind] != "adjusted")
        conditions.append(
            ("adjusted", SQL("side.kind NOT IN %s", (*others, "holdback")))
        )
        return [
            *conditions,
            ("to_holdback", SQL("side.kind = 'holdback' AND %s", grows)),
            ("from_holdback", SQL("side.kind = 'holdback' AND NOT (%s)", grows)),
        ]

    def _get_sides(self, periods):
        """SQL of ledger and journal, each entry in its bucket.

        Bucket 0 lies before the first period; what comes after the last is left out.
        Holdbacks are summed by direction, so that each keeps its column.
        """
        bucket = SQL(
            "width_bucket(date, %s::date[])", [period.start for period in periods]
        )
        return SQL(
            """
            SELECT company_id, offer_id, partner_id, role, kind, %(bucket)s AS bucket,
                   SUM(balance) AS ledger, 0 AS journal
              FROM partner_incentive_entry
             WHERE date <= %(last)s
             GROUP BY company_id, offer_id, partner_id, role, kind, bucket,
                      balance > 0
             UNION ALL
            SELECT company_id, offer_id, partner_id, role, NULL, %(bucket)s AS bucket,
                   0, SUM(balance)
              FROM (%(items)s) AS item
             WHERE date <= %(last)s
             GROUP BY company_id, offer_id, partner_id, role, bucket
            """,
            bucket=bucket,
            last=periods[-1].end,
            items=self.env["partner.incentive.reconciliation"]._get_item_query(),
        )

    # ------------------------------------------------------------- sums over periods

    @api.model
    def _read_group(self, domain, groupby=(), aggregates=(), *args, **kwargs):
        return super(
            PartnerIncentiveRollforward, self._with_bounds(domain, groupby, aggregates)
        )._read_group(domain, groupby, aggregates, *args, **kwargs)

    @api.model
    def _read_grouping_sets(self, domain, grouping_sets, aggregates=(), order=None):
        # Whether a group has one period or several differs from set to set.
        return read_each_set(self, domain, grouping_sets, aggregates, order)

    def _with_bounds(self, domain, groupby, aggregates):
        """Let figures of the beginning and the end be those of the outer periods."""
        standing = {f"{name}:sum" for name in (*AT_START, *AT_END)}
        if "period" in groupby or "number" in groupby:
            return self.with_context(incentive_bounds=None)
        if not standing.intersection(aggregates):
            return self
        [(first, last)] = super()._read_group(domain, (), ("number:min", "number:max"))
        return self.with_context(incentive_bounds=(first or 0, last or 0))

    def _read_group_select(self, aggregate_spec, query):
        bounds = self.env.context.get("incentive_bounds")
        name = aggregate_spec.partition(":")[0]
        if not bounds or aggregate_spec not in (
            f"{each}:sum" for each in (*AT_START, *AT_END)
        ):
            return super()._read_group_select(aggregate_spec, query)
        number = bounds[0] if name in AT_START else bounds[1]
        return SQL(
            "COALESCE(SUM(%s) FILTER (WHERE %s = %s), 0)",
            self._field_to_sql(self._table, name, query),
            self._field_to_sql(self._table, "number", query),
            number,
        )

    # ------------------------------------------------------------------ for the API

    @api.model
    def get_rollforward(
        self, date_from=None, date_to=None, period="month", offer_ids=None
    ):
        """The roll-forward of the caller's companies. For use over RPC.

        :return: list of dicts, one per period, company, offer, partner and account,
            with the names of the columns; see ``docs/user/metrics.md``
        """
        rows = self.with_context(
            incentive_from=date_from, incentive_to=date_to, incentive_period=period
        )
        domain = [("offer_id", "in", offer_ids)] if offer_ids else []
        names = [
            "period",
            "date_from",
            "date_to",
            "company_id",
            "program_id",
            "offer_id",
            "partner_id",
            "role",
            *self._get_figures(),
        ]
        return rows.search_read(domain, names)

    @api.model
    def _get_figures(self):
        """Names of the columns with money, in their order."""
        return [*AT_START, *MOVEMENTS, *AT_END]

    def action_view_entries(self):
        """The ledger entries of the period that the row sums up."""
        self.ensure_one()
        if not self.offer_id:
            raise UserError(
                self.env._(
                    "These items were booked outside the suite; find them in the "
                    "journal."
                )
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_incentive_base.partner_incentive_entry_action"
        )
        action["domain"] = [
            ("company_id", "=", self.company_id.id),
            ("offer_id", "=", self.offer_id.id),
            ("partner_id", "=", self.partner_id.id),
            ("role", "=", self.role),
            ("date", ">=", self.date_from),
            ("date", "<=", self.date_to),
        ]
        action["context"] = {}
        return action
