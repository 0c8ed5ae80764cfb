import re

from odoo import api, fields, models
from odoo.tools import SQL

from .grouping import read_each_set
from .partner_incentive_cost import COST_KINDS
from .period import read_date
from .rates import in_company_currency


def _ratio(numerator, denominator, factor=1):
    return (numerator, denominator, factor)


#: Figures that are ratios of sums: names of what is added and subtracted above the
#: line, of what is below it, and a factor. None without anything below the line.
RATIOS = {
    "romi": _ratio(("bookings", "-cost"), "cost"),
    "incremental_romi": _ratio(("incremental", "-compared_cost"), "compared_cost"),
    "controlled_romi": _ratio(("controlled", "-controlled_cost"), "controlled_cost"),
    "gross_to_net": _ratio(("bookings", "-cost"), "bookings", 100),
    "renewal_rate": _ratio(("renewed",), "due", 100),
}


class PartnerIncentiveCohort(models.Model):
    """What partners brought since they enrolled, and what they cost.

    One row per company, partner, month since its first enrollment there, and program it
    was enrolled in then. The month of enrollment is month 1 and counts as a whole. What
    a partner of several programs brings is divided between them by equal parts, so that
    the sum is what it brought; cost stays with the program it was earned under.

    A sale belongs to the partner it was invoiced to; a sale to somebody who is no
    partner to whoever *sourced* it, by share. So no sale counts twice.

    *Incremental* is what exceeds the same month of the twelve before the enrollment.
    *Against partners not enrolled* is what exceeds that month grown as partners grew
    who were not enrolled in the time. Where the company's books do not reach back
    twelve months, or nobody is there to compare with, there is no figure, and the
    costs of those rows are left out of the ratio, too.

    The context may name the day up to which documents count (``incentive_as_of``).
    """

    _name = "partner.incentive.cohort"
    _inherit = "partner.incentive.dated.report"
    _description = "Cohort Analysis"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "partner_id"
    _depends = {
        "account.move": [
            "amount_untaxed_signed",
            "commercial_partner_id",
            "incentive_document",
            "invoice_date",
            "move_type",
            "reversed_entry_id",
            "state",
        ],
        "account.partial.reconcile": [
            "credit_amount_currency",
            "debit_amount_currency",
        ],
        "partner.customer.contract": [
            "company_id",
            "currency_id",
            "date_end",
            "date_start",
            "partner_id",
            "recurring_amount",
            "state",
        ],
        "partner.incentive.attribution": ["move_id", "partner_id", "role", "share"],
        "partner.incentive.enrollment": [
            "date_from",
            "date_to",
            "partner_id",
            "program_id",
            "state",
        ],
        "partner.incentive.entry": [
            "company_id",
            "date",
            "earned_balance",
            "kind",
            "partner_id",
            "program_id",
        ],
        "partner.incentive.grade.history": ["date", "grade_id", "partner_id"],
        "partner.incentive.program": ["date_to"],
        "res.partner": ["country_id", "grade_id", "incentive_region_id"],
    }

    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    cohort = fields.Date(
        readonly=True, help="The quarter of the partner's first enrollment."
    )
    date = fields.Date(string="Month", readonly=True)
    month_number = fields.Integer(
        string="Month since enrollment",
        readonly=True,
        aggregator=None,
        help="The month of the first enrollment is 1.",
    )
    program_id = fields.Many2one(
        "partner.incentive.program",
        readonly=True,
        help="In which the partner was enrolled in the month.",
    )
    partner_id = fields.Many2one("res.partner", readonly=True)
    grade_id = fields.Many2one(
        "res.partner.grade",
        string="Tier",
        readonly=True,
        help="The partner's tier at the end of the month.",
    )
    region_id = fields.Many2one("partner.incentive.region", readonly=True)
    country_id = fields.Many2one("res.country", readonly=True)
    partner_count = fields.Integer(
        string="Partners", readonly=True, aggregator="count_distinct"
    )
    active_count = fields.Integer(
        string="Active partners",
        readonly=True,
        aggregator="count_distinct",
        help="Partners with bookings.",
    )
    bookings = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        help="Invoiced without taxes, less credit notes, by invoice date.",
    )
    cash = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        help="What was paid of the invoices, without taxes, by date of payment.",
    )
    due = fields.Monetary(
        string="Contracts ended",
        currency_field="company_currency_id",
        readonly=True,
        help="Amount per year of customer contracts that ended in the month.",
    )
    renewed = fields.Monetary(
        string="Renewals",
        currency_field="company_currency_id",
        readonly=True,
        help="Amount per year of contracts that ended in the month and were renewed.",
    )
    contract_value = fields.Monetary(
        string="Contracted beyond the year",
        currency_field="company_currency_id",
        readonly=True,
        help="What contracts that run today still bring after their present year.",
    )
    lifetime_value = fields.Monetary(
        string="Lifetime value",
        currency_field="company_currency_id",
        readonly=True,
        help="Bookings since the enrollment, and what running contracts still bring "
        "after their present year.",
    )
    cost = fields.Monetary(
        string="Incentive cost",
        currency_field="company_currency_id",
        readonly=True,
        help="What the partner earned, by accounting date, as in Incentive Cost.",
    )
    has_baseline = fields.Boolean(
        string="Comparable",
        readonly=True,
        help="The company's invoices reach back twelve months before the enrollment.",
    )
    baseline = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        help="Bookings of the same month in the twelve before the enrollment.",
    )
    incremental = fields.Monetary(
        string="Incremental bookings",
        currency_field="company_currency_id",
        readonly=True,
        help="Bookings less the baseline, of partners that have one.",
    )
    compared_cost = fields.Monetary(
        string="Cost of incremental bookings",
        currency_field="company_currency_id",
        readonly=True,
        help="Incentive cost of the partners that have a baseline.",
    )
    expected = fields.Monetary(
        string="Expected without the program",
        currency_field="company_currency_id",
        readonly=True,
        help="The baseline, grown as partners grew that were not enrolled in the time.",
    )
    controlled = fields.Monetary(
        string="Incremental against partners not enrolled",
        currency_field="company_currency_id",
        readonly=True,
        help="Bookings less what is expected without the program.",
    )
    controlled_cost = fields.Monetary(
        string="Cost compared with partners not enrolled",
        currency_field="company_currency_id",
        readonly=True,
    )
    romi = fields.Float(
        string="ROMI, gross",
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="(Bookings - incentive cost) / incentive cost, over the sums.",
    )
    incremental_romi = fields.Float(
        string="ROMI, incremental",
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="(Incremental bookings - incentive cost) / incentive cost, over the sums, "
        "of partners that have a baseline.",
    )
    controlled_romi = fields.Float(
        string="ROMI, against partners not enrolled",
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="The same with what exceeds the growth of partners not enrolled.",
    )
    gross_to_net = fields.Float(
        string="Gross to net (%)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="What is left of the bookings after incentives: (bookings - incentive "
        "cost) / bookings, over the sums.",
    )
    renewal_rate = fields.Float(
        string="Renewal rate (%)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="Renewals / contracts ended, over the sums.",
    )
    payback_months = fields.Integer(
        string="Months to payback",
        readonly=True,
        aggregator="avg",
        help="First month since enrollment in which the incremental bookings of all "
        "months so far reach the incentive cost of all months so far.",
    )

    # -------------------------------------------------------------------------- query

    @property
    def _table_query(self):
        today = read_date(
            self.env, "incentive_as_of", fields.Date.context_today(self.env.user)
        )
        return SQL(
            """
            WITH %(parts)s
            SELECT row_number() OVER (ORDER BY fact.company_id, fact.partner_id,
                                      fact.month, fact.program_id) AS id,
                   fact.company_id, fact.partner_id, fact.program_id,
                   fact.month AS date, fact.number AS month_number,
                   date_trunc('quarter', fact.start)::date AS cohort,
                   history.grade_id, partner.incentive_region_id AS region_id,
                   partner.country_id, fact.partner_id AS partner_count,
                   CASE WHEN fact.bookings != 0 THEN fact.partner_id END
                   AS active_count,
                   fact.bookings, fact.cash, fact.due, fact.renewed,
                   fact.contract_value,
                   fact.bookings + fact.contract_value AS lifetime_value,
                   fact.cost, fact.baseline IS NOT NULL AS has_baseline,
                   fact.baseline, fact.bookings - fact.baseline AS incremental,
                   CASE WHEN fact.baseline IS NOT NULL THEN fact.cost END
                   AS compared_cost,
                   fact.baseline * growth.factor AS expected,
                   fact.bookings - fact.baseline * growth.factor AS controlled,
                   CASE WHEN fact.baseline * growth.factor IS NOT NULL
                        THEN fact.cost END AS controlled_cost,
                   %(ratios)s, NULL::int AS payback_months
              FROM fact
              JOIN res_partner AS partner ON partner.id = fact.partner_id
         LEFT JOIN growth ON growth.company_id = fact.company_id
               AND growth.start = fact.start
               AND growth.year = (fact.number - 1) / 12
         LEFT JOIN (%(grades)s) AS history
                ON history.partner_id = fact.partner_id
               AND history.valid @> LEAST(
                   (fact.month + INTERVAL '1 month - 1 day')::date, %(today)s)
            """,
            parts=SQL(", ").join(
                SQL("%s AS (%s)", SQL.identifier(name), part)
                for name, part in self._get_parts(today)
            ),
            ratios=SQL(", ").join(
                SQL("NULL::float AS %s", SQL.identifier(name)) for name in RATIOS
            ),
            grades=self.env["partner.incentive.grade.history"]._get_interval_query(),
            today=today,
        )

    def _get_parts(self, today):
        """``[(name, SQL)]`` of what the statement builds on, in its order."""
        values = {
            "companies": tuple(self.env.companies.ids),
            "today": today,
            "month": today.replace(day=1),
            "day": today.day,
        }
        return [
            ("enrolled", self._get_enrolled(values)),
            ("member", self._get_member()),
            ("document", self._get_documents(values)),
            ("credit", self._get_credit()),
            ("sale", self._get_sale(values)),
            ("cash", self._get_cash(values)),
            ("contract", self._get_contract(values)),
            ("month", self._get_month(values)),
            ("covered", self._get_covered()),
            ("growth", self._get_growth(values)),
            ("fact", self._get_fact(values)),
        ]

    def _get_enrolled(self, values):
        return SQL(
            """
            SELECT enrollment.company_id, enrollment.partner_id, enrollment.program_id,
                   enrollment.date_from,
                   date_trunc('month', enrollment.date_from)::date AS first,
                   LEAST(enrollment.date_to, program.date_to) AS last
              FROM partner_incentive_enrollment AS enrollment
              JOIN partner_incentive_program AS program
                ON program.id = enrollment.program_id
             WHERE enrollment.state IN ('active', 'ended')
               AND enrollment.date_from <= %(today)s
               AND enrollment.company_id IN %(companies)s
            """,
            **values,
        )

    def _get_member(self):
        """Each partner of a company, with the month of its first enrollment there."""
        return SQL(
            """
            SELECT company_id, partner_id, MIN(first) AS start
              FROM enrolled GROUP BY 1, 2
            """
        )

    def _get_documents(self, values):
        """Customer invoices and credit notes, and whether the buyer is a partner.

        A partner is who has a tier, or was ever enrolled or asked to be.
        """
        return SQL(
            """
            SELECT move.id AS move_id, move.company_id,
                   move.commercial_partner_id AS buyer_id,
                   COALESCE(move.reversed_entry_id, move.id) AS origin_id,
                   move.invoice_date AS date, move.amount_untaxed_signed AS amount,
                   partner.id IS NOT NULL AS is_partner
              FROM account_move AS move
         LEFT JOIN (SELECT id FROM res_partner WHERE grade_id IS NOT NULL
                     UNION
                    SELECT partner_id FROM partner_incentive_enrollment) AS partner
                ON partner.id = move.commercial_partner_id
             WHERE move.state = 'posted'
               AND move.move_type IN ('out_invoice', 'out_refund')
               AND move.incentive_document IS NULL
               AND move.invoice_date <= %(today)s
               AND move.company_id IN %(companies)s
            """,
            **values,
        )

    def _get_credit(self):
        """Documents with the partner they count for, and its share."""
        return SQL(
            """
            SELECT document.move_id, document.company_id, document.buyer_id
                   AS partner_id, document.date, document.amount
              FROM document WHERE document.is_partner
             UNION ALL
            SELECT document.move_id, document.company_id, attribution.partner_id,
                   document.date, document.amount * attribution.share / 100
              FROM document
              JOIN partner_incentive_attribution AS attribution
                ON attribution.move_id = document.origin_id
               AND attribution.role = 'sourced'
             WHERE NOT document.is_partner
            """
        )

    def _get_sale(self, values):
        """Bookings by month; ``until`` has those up to the same day of the month.

        The present month is not over, so it is compared with as much of another.
        """
        return SQL(
            """
            SELECT company_id, partner_id, date_trunc('month', date)::date AS month,
                   SUM(amount) AS bookings,
                   COALESCE(SUM(amount) FILTER (
                       WHERE EXTRACT(DAY FROM date) <= %(day)s), 0) AS until
              FROM credit
             GROUP BY 1, 2, 3
            """,
            **values,
        )

    def _get_cash(self, values):
        payments = self.env["partner.incentive.measure"]._get_payment_query(
            self.env.companies
        )
        return SQL(
            """
            SELECT credit.company_id, credit.partner_id,
                   date_trunc('month', paid.date)::date AS month,
                   SUM(credit.amount * paid.share) AS amount
              FROM credit
              JOIN (%(payments)s) AS paid ON paid.move_id = credit.move_id
             WHERE paid.date <= %(today)s
             GROUP BY 1, 2, 3
            """,
            **values,
            payments=payments,
        )

    def _get_contract(self, values):
        """Contracts that ended, by month, and what running ones still bring.

        A year of a contract is taken for invoiced when it begins, so that only years
        to come are counted beside the bookings.
        """
        self.env["res.currency.rate"].flush_model()
        return SQL(
            """
            SELECT contract.company_id, contract.partner_id,
                   date_trunc('month', LEAST(contract.date_end, %(today)s))::date
                   AS month,
                   SUM(%(due)s) FILTER (WHERE contract.date_end <= %(today)s) AS due,
                   SUM(%(due)s) FILTER (WHERE contract.date_end <= %(today)s
                                          AND contract.state = 'renewed') AS renewed,
                   SUM(%(running)s * GREATEST(0, contract.date_end + 1
                       - (contract.date_start + INTERVAL '1 year' * (1 + EXTRACT(
                          YEAR FROM AGE(%(today)s, contract.date_start))))::date
                       ) / 365.0) FILTER (WHERE contract.date_end > %(today)s
                                            AND contract.date_start <= %(today)s
                                            AND contract.state = 'active') AS rest
              FROM partner_customer_contract AS contract
              JOIN res_company AS company ON company.id = contract.company_id
             WHERE contract.partner_id IS NOT NULL
               AND contract.company_id IN %(companies)s
             GROUP BY 1, 2, 3
            """,
            **values,
            due=in_company_currency(
                SQL("contract.recurring_amount"),
                SQL("contract.currency_id"),
                SQL("contract.date_end"),
            ),
            running=in_company_currency(
                SQL("contract.recurring_amount"),
                SQL("contract.currency_id"),
                SQL("%s::date", values["today"]),
            ),
        )

    def _get_month(self, values):
        """The months of each partner, and the one before its enrollment to compare."""
        return SQL(
            """
            SELECT *,
                   (month - INTERVAL '1 year' * ((number - 1) / 12 + 1))::date AS base
              FROM (
                SELECT member.*, each::date AS month,
                       (12 * (EXTRACT(YEAR FROM each) - EXTRACT(YEAR FROM start))
                        + EXTRACT(MONTH FROM each) - EXTRACT(MONTH FROM start) + 1)::int
                       AS number,
                       books.first <= (start - INTERVAL '1 year')::date AS comparable
                  FROM member
                 CROSS JOIN LATERAL generate_series(
                       start::timestamp, %(month)s::timestamp, '1 month') AS each
             LEFT JOIN (SELECT company_id, date_trunc('month', MIN(date))::date AS first
                          FROM document GROUP BY 1) AS books
                    ON books.company_id = member.company_id
                   ) AS each
            """,
            **values,
        )

    def _get_covered(self):
        """Months with the programs that the partner was enrolled in, by equal parts."""
        return SQL(
            """
            SELECT month.company_id, month.partner_id, month.start, month.month,
                   month.number, month.base, month.comparable, enrolled.program_id,
                   1.0 / COUNT(*) OVER (PARTITION BY month.company_id,
                                        month.partner_id, month.month) AS part
              FROM month
         LEFT JOIN enrolled ON enrolled.company_id = month.company_id
               AND enrolled.partner_id = month.partner_id
               AND enrolled.first <= month.month
               AND (enrolled.last IS NULL OR enrolled.last >= month.month)
             GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
            """
        )

    def _get_growth(self, values):
        """How partners grew that were not enrolled: per first month, and year from it.

        Their bookings of the year's months so far, over those of the same months in
        the twelve before. No row where they had none.
        """
        return SQL(
            """
            SELECT span.company_id, span.start, span.year,
                   COALESCE(SUM(sale.bookings) FILTER (
                       WHERE sale.month = span.month), 0)
                   / SUM(CASE WHEN span.month = %(month)s THEN sale.until
                              ELSE sale.bookings END)
                     FILTER (WHERE sale.month = span.base) AS factor
              FROM (
                SELECT DISTINCT company_id, start, (number - 1) / 12 AS year, month,
                       base,
                       MAX(month) OVER (PARTITION BY company_id, start,
                                        (number - 1) / 12) AS last
                  FROM month WHERE comparable) AS span
              -- Partners with the same first month are together in or out.
              JOIN (SELECT sale.company_id, sale.month, member.start,
                           SUM(sale.bookings) AS bookings, SUM(sale.until) AS until
                      FROM sale
                 LEFT JOIN member ON member.company_id = sale.company_id
                       AND member.partner_id = sale.partner_id
                     GROUP BY 1, 2, 3) AS sale
                ON sale.company_id = span.company_id
               AND sale.month IN (span.month, span.base)
             WHERE sale.start IS NULL OR sale.start > span.last
             GROUP BY 1, 2, 3
            HAVING SUM(CASE WHEN span.month = %(month)s THEN sale.until
                            ELSE sale.bookings END)
                   FILTER (WHERE sale.month = span.base) > 0
            """,
            **values,
        )

    def _get_fact(self, values):
        """What came and what it cost, by company, partner, month and program."""
        return SQL(
            """
            SELECT company_id, partner_id, program_id, start, month, number,
                   SUM(bookings) AS bookings, SUM(cash) AS cash, SUM(due) AS due,
                   SUM(renewed) AS renewed, SUM(contract_value) AS contract_value,
                   SUM(cost) AS cost, SUM(baseline) AS baseline
              FROM (
                SELECT covered.company_id, covered.partner_id, covered.program_id,
                       covered.start, covered.month, covered.number,
                       part * COALESCE(sale.bookings, 0) AS bookings,
                       part * COALESCE(cash.amount, 0) AS cash,
                       part * COALESCE(contract.due, 0) AS due,
                       part * COALESCE(contract.renewed, 0) AS renewed,
                       part * COALESCE(contract.rest, 0) AS contract_value,
                       0 AS cost,
                       CASE WHEN comparable THEN part * COALESCE(
                            CASE WHEN covered.month = %(month)s THEN earlier.until
                                 ELSE earlier.bookings END, 0) END AS baseline
                  FROM covered
             LEFT JOIN sale ON sale.company_id = covered.company_id
                   AND sale.partner_id = covered.partner_id
                   AND sale.month = covered.month
             LEFT JOIN sale AS earlier ON earlier.company_id = covered.company_id
                   AND earlier.partner_id = covered.partner_id
                   AND earlier.month = covered.base
             LEFT JOIN cash ON cash.company_id = covered.company_id
                   AND cash.partner_id = covered.partner_id
                   AND cash.month = covered.month
             LEFT JOIN contract ON contract.company_id = covered.company_id
                   AND contract.partner_id = covered.partner_id
                   AND contract.month = covered.month
                 UNION ALL
                SELECT month.company_id, month.partner_id, entry.program_id,
                       month.start, month.month, month.number,
                       0, 0, 0, 0, 0, entry.earned_balance,
                       CASE WHEN month.comparable THEN 0 END
                  FROM partner_incentive_entry AS entry
                  JOIN month ON month.company_id = entry.company_id
                   AND month.partner_id = entry.partner_id
                   -- What was booked before the first month counts in it.
                   AND month.month = GREATEST(
                       month.start, date_trunc('month', entry.date)::date)
                 WHERE entry.kind IN %(kinds)s AND entry.date <= %(today)s
                   ) AS part
             GROUP BY 1, 2, 3, 4, 5, 6
            """,
            **values,
            kinds=COST_KINDS,
        )

    # ---------------------------------------------------------------- ratios of groups

    def _read_group_select(self, aggregate_spec, query):
        ratio = RATIOS.get(aggregate_spec.partition(":")[0])
        if not ratio:
            return super()._read_group_select(aggregate_spec, query)
        numerator, denominator, factor = ratio

        def total(name):
            column = self._field_to_sql(self._table, name.lstrip("-"), query)
            return SQL("-SUM(%s)" if name.startswith("-") else "SUM(%s)", column)

        below = total(denominator)
        return SQL(
            "CASE WHEN %(below)s > 0 THEN %(factor)s * (%(above)s) / %(below)s END",
            factor=factor,
            above=SQL(" + ").join(total(name) for name in numerator),
            below=below,
        )

    @api.model
    def _read_group(
        self,
        domain,
        groupby=(),
        aggregates=(),
        having=(),
        offset=0,
        limit=None,
        order=None,
    ):
        places = [
            place for place, spec in enumerate(aggregates) if self._is_payback(spec)
        ]
        if not places:
            return super()._read_group(
                domain, groupby, aggregates, having, offset, limit, order
            )
        rows = super()._read_group(
            domain,
            groupby,
            # The count stands in, lest nothing is asked for.
            ["__count" if self._is_payback(spec) else spec for spec in aggregates],
            having,
            offset,
            limit,
            # It is no column, so nothing can be sorted by it.
            ", ".join(
                part for part in (order or "").split(",") if not self._is_payback(part)
            )
            or None,
        )
        paybacks = self._get_paybacks(domain, groupby)
        completed = []
        for row in rows:
            values = list(row)
            for place in places:
                key = row[: len(groupby)]
                values[len(groupby) + place] = paybacks.get(key, False)
            completed.append(tuple(values))
        return completed

    @api.model
    def _read_grouping_sets(self, domain, grouping_sets, aggregates=(), order=None):
        if not any(self._is_payback(spec) for spec in aggregates):
            return super()._read_grouping_sets(domain, grouping_sets, aggregates, order)
        # Payback needs the months of each group, whatever the set.
        return read_each_set(self, domain, grouping_sets, aggregates, order)

    @staticmethod
    def _is_payback(spec):
        return re.split("[: ]", spec.strip())[0] == "payback_months"

    def _get_paybacks(self, domain, groupby):
        """``{values of the group: months}``; groups that are not paid back are not in.

        Sums of all partners of a group by month since enrollment, so that a group's
        payback is no average of its partners'.
        """
        if "month_number" in groupby:
            return {}
        rows = super()._read_group(
            domain,
            [*groupby, "month_number"],
            ["incremental:sum", "compared_cost:sum"],
            order=", ".join([*groupby, "month_number"]),
        )
        paybacks, totals = {}, {}
        for *group, number, incremental, cost in rows:
            key = tuple(group)
            gained, spent = totals.get(key, (0, 0))
            gained, spent = gained + (incremental or 0), spent + (cost or 0)
            totals[key] = gained, spent
            if key not in paybacks and 0 < spent <= gained:
                paybacks[key] = number
        return paybacks

    def action_view_invoices(self):
        """The partner's own invoices of the month."""
        self.ensure_one()
        end = fields.Date.end_of(self.date, "month")
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "view_mode": "list,form",
            "domain": [
                ("commercial_partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("move_type", "in", ("out_invoice", "out_refund")),
                ("state", "=", "posted"),
                ("incentive_document", "=", False),
                ("invoice_date", ">=", self.date),
                ("invoice_date", "<=", end),
            ],
            "name": self.env._("Invoices"),
        }
