from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import performance

#: Fields that hold sums; ratios are made of them.
SUMS = (
    "eligible",
    "enrolled",
    "earning",
    "bookings",
    "cost",
    "previous_bookings",
    "compared_bookings",
    "compared_cost",
    "overlap",
)
COUNTS = ("eligible", "enrolled", "earning")
RATIOS = (
    "adoption",
    "enrollment_rate",
    "gross_romi",
    "incremental_romi",
    "cost_rate",
    "payback",
    "overlap_rate",
)


class PartnerIncentivePerformanceFigures(models.AbstractModel):
    """How an offer did in a quarter: sums in company currency, and their ratios.

    Ratios of several rows are those of the rows' sums, never an average of ratios.
    Rates are fractions; payback is in months. See :mod:`..engine.performance`.
    """

    _name = "partner.incentive.performance.figures"
    _description = "Offer Performance Figures"

    company_id = fields.Many2one("res.company", readonly=True, index=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    measured = fields.Boolean(
        string="Counts sales",
        default=True,
        readonly=True,
        help="The offer pays on sales itself, so that its return can be told.",
    )
    eligible = fields.Integer(
        string="Eligible partners",
        readonly=True,
        help="Partners that the terms name, enrolled or not.",
    )
    enrolled = fields.Integer(
        string="Enrolled partners",
        readonly=True,
        help="Eligible partners that took part on a day of the quarter.",
    )
    earning = fields.Integer(
        string="Earning partners",
        readonly=True,
        help="Partners that earned under the offer, by accounting date.",
    )
    bookings = fields.Monetary(
        string="Bookings covered",
        currency_field="company_currency_id",
        readonly=True,
        help="Sales that the offer counted, by the documents' dates.",
    )
    cost = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        help="What the offer cost, by accounting date.",
    )
    previous_bookings = fields.Monetary(
        string="Year before",
        currency_field="company_currency_id",
        readonly=True,
        help="Same quarter a year before, of the covered partners that had any sales.",
    )
    compared_bookings = fields.Monetary(
        string="Now, same partners",
        currency_field="company_currency_id",
        readonly=True,
        help="Bookings of the partners that had sales a year before.",
    )
    compared_cost = fields.Monetary(
        string="Cost, same partners",
        currency_field="company_currency_id",
        readonly=True,
        help="Cost of the partners that had sales a year before.",
    )
    overlap = fields.Monetary(
        string="Paid on twice",
        currency_field="company_currency_id",
        readonly=True,
        help="Bookings that other offers paid on, too.",
    )
    adoption = fields.Float(
        compute="_compute_ratios",
        store=True,
        aggregator="avg",
        help="Earning partners in eligible ones.",
    )
    enrollment_rate = fields.Float(
        compute="_compute_ratios",
        store=True,
        aggregator="avg",
        help="Enrolled partners in eligible ones.",
    )
    gross_romi = fields.Float(
        string="Gross ROMI",
        compute="_compute_ratios",
        store=True,
        aggregator="avg",
        help="(Bookings - cost) / cost.",
    )
    incremental_romi = fields.Float(
        string="Incremental ROMI",
        compute="_compute_ratios",
        store=True,
        aggregator="avg",
        help="(Bookings more than a year before - cost) / cost, over the partners that "
        "had sales a year before.",
    )
    cost_rate = fields.Float(
        compute="_compute_ratios",
        store=True,
        aggregator="avg",
        help="Cost in bookings.",
    )
    payback = fields.Float(
        string="Payback (months)",
        compute="_compute_ratios",
        store=True,
        aggregator="avg",
        help="Months until incremental bookings reach the cost.",
    )
    overlap_rate = fields.Float(
        string="Overlap",
        compute="_compute_ratios",
        store=True,
        aggregator="avg",
        help="Share of the bookings that other offers paid on, too.",
    )

    @api.depends("measured", *SUMS)
    def _compute_ratios(self):
        for row in self:
            figures = row._get_figures()
            for name in RATIOS:
                row[name] = getattr(figures, name) or 0

    def _get_figures(self):
        """The :class:`~..engine.performance.Figures` of this row."""
        self.ensure_one()
        return performance.Figures(
            measured=self.measured,
            **{
                name: self[name] if name in COUNTS else Decimal(str(self[name]))
                for name in SUMS
            },
        )

    def _read_group_select(self, aggregate_spec, query):
        """Take ratios of groups from sums; without a denominator there is none."""
        name, _colon, aggregator = aggregate_spec.partition(":")
        if name not in RATIOS or aggregator != "avg":
            return super()._read_group_select(aggregate_spec, query)
        for part in ("measured", *SUMS):
            self._check_field_access(self._fields[part], "read")
        columns = {
            part: SQL("SUM(%s)", self._field_to_sql(self._table, part, query))
            for part in SUMS
        }
        measured = self._field_to_sql(self._table, "measured", query)
        for part in ("cost", "compared_cost"):
            # What counts no sales has no return; its cost would lower that of others.
            columns[part] = SQL("%s FILTER (WHERE %s)", columns[part], measured)
        return SQL(FORMULAS[name], months=performance.MONTHS, **columns)


#: The formulas of :class:`~..engine.performance.Figures` over sums of rows.
FORMULAS = {
    "adoption": "%(earning)s::float / NULLIF(%(eligible)s, 0)",
    "enrollment_rate": "%(enrolled)s::float / NULLIF(%(eligible)s, 0)",
    "gross_romi": "(%(bookings)s - %(cost)s) / NULLIF(%(cost)s, 0)",
    "incremental_romi": (
        "CASE WHEN %(previous_bookings)s != 0 THEN (%(compared_bookings)s"
        " - %(previous_bookings)s - %(compared_cost)s)"
        " / NULLIF(%(compared_cost)s, 0) END"
    ),
    "cost_rate": "%(cost)s / NULLIF(%(bookings)s, 0)",
    "payback": (
        "CASE WHEN %(previous_bookings)s != 0"
        " AND %(compared_bookings)s > %(previous_bookings)s"
        " AND %(compared_cost)s != 0 THEN %(months)s * %(compared_cost)s"
        " / (%(compared_bookings)s - %(previous_bookings)s) END"
    ),
    "overlap_rate": "%(overlap)s / NULLIF(%(bookings)s, 0)",
}
