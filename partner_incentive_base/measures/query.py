"""The one statement that turns lines into volumes.

Set-based from end to end: lines are reduced, in one pass, to a row per partner, span
of days and set of product filters; only those few rows meet the offers.

* ``bounds``: all days on which anything changes (windows, versions, enrollment,
  tiers). ``width_bucket`` puts a line into the span between two of them.
* ``scope``: which partner's lines count for which earner under which version, when.
* ``line``: the reduced lines. ``filters`` names the product filters they pass.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from odoo.fields import Domain
from odoo.tools import SQL

FAR_PAST = date(1, 1, 1)
FAR_FUTURE = date(9999, 12, 31)

# What a caller can ask the volumes to be kept apart by, besides earner, window and
# segment. Each is a column of the source.
DIMENSIONS = ("partner_id", "analytic_distribution", "tax_ids", "document_id", "line_id")


@dataclass
class Span:
    """A calculation window as one version sees it.

    :param version: record of ``partner.incentive.offer.version``
    :param index: what the caller knows the window by
    :param start: first day whose volume qualifies
    :param end: last day whose volume qualifies
    :param earn_start: first day whose volume earns
    :param earn_end: last day whose volume earns
    """

    version: object
    index: int
    start: date
    end: date
    earn_start: date
    earn_end: date


@dataclass
class VolumeQuery:
    """Composes the volumes of offer versions that share a source of lines.

    :param env: environment of the company, not restricted by record rules; who may
        see the result is the caller's business
    :param company: the company whose documents count
    :param source: :class:`SQL` with the columns of ``measure.SOURCE_COLUMNS``
    :param line_model: name of the model of the source's lines
    :param attribution_column: column of ``partner.incentive.attribution`` that names
        the source's document, or None where documents are not attributed
    :param spans: list of :class:`Span`
    :param partner_ids: only these earners, or None for all
    :param any_date: whoever is eligible on some day is so on every day
    """

    env: object
    company: object
    source: SQL
    line_model: str
    attribution_column: str | None
    spans: list
    partner_ids: list | None = None
    any_date: bool = False
    _filters: dict = field(default_factory=dict)

    def __post_init__(self):
        self._versions = {span.version for span in self.spans}
        self._register_filters()

    def volumes(self, dimensions=()):
        """``(version, index, earner, segment, *dimensions, Q, Qn, E, En, first, last)``.

        One row per version, window, earner, segment of the rate and value of the
        asked dimensions. Q and E are the qualifying and earning amount in the offer's
        currency, Qn and En the quantities, as text: exact decimals; ``first`` and
        ``last`` the span of the documents' dates.
        """
        columns = SQL(", ").join(
            SQL("line.%s", SQL.identifier(name)) for name in dimensions
        )
        keys = SQL(
            "span.version_id, span.index, scope.earner_id, scope.segment_id%s",
            SQL(", %s", columns) if dimensions else SQL(),
        )
        return SQL(
            """
            WITH %(tables)s
            SELECT %(keys)s,
                   (SUM(%(amount)s) FILTER (WHERE %(qualifies)s))::text,
                   (SUM(line.quantity) FILTER (WHERE %(qualifies)s))::text,
                   (SUM(%(amount)s) FILTER (WHERE %(earns)s))::text,
                   (SUM(line.quantity) FILTER (WHERE %(earns)s))::text,
                   MIN(line.first_date), MAX(line.last_date)
              FROM line
              JOIN scope ON scope.partner_id = line.partner_id
                        AND scope.role = line.role
                        AND scope.valid @> line.day
              JOIN span ON span.version_id = scope.version_id
                       AND line.day BETWEEN span.date_start AND span.date_end
             WHERE %(qualifies)s OR %(earns)s
             GROUP BY %(keys)s
            """,
            tables=self._tables(dimensions),
            keys=keys,
            amount=self._amount(),
            qualifies=self._counts("qualifying"),
            earns=SQL(
                "(%s AND line.day BETWEEN span.earn_start AND span.earn_end)",
                self._counts("earning"),
            ),
        )

    def fetch(self, dimensions=()):
        """Rows of :meth:`volumes`."""
        return self.env.execute_query(self.volumes(dimensions)) if self.spans else []

    def members(self):
        """Which line earns for whom: ``(line, version, index, earner, E, En)``."""
        return SQL(
            """
            WITH %(tables)s
            SELECT line.line_id, span.version_id, span.index, scope.earner_id,
                   SUM(%(amount)s) AS amount, SUM(line.quantity) AS quantity
              FROM line
              JOIN scope ON scope.partner_id = line.partner_id
                        AND scope.role = line.role
                        AND scope.valid @> line.day
              JOIN span ON span.version_id = scope.version_id
                       AND line.day BETWEEN span.date_start AND span.date_end
                       AND line.day BETWEEN span.earn_start AND span.earn_end
             WHERE %(earns)s
             GROUP BY line.line_id, span.version_id, span.index, scope.earner_id
            """,
            tables=self._tables(("line_id",)),
            amount=self._amount(),
            earns=self._counts("earning"),
        )

    def fetch_scope(self):
        """``(version, earner, partner, valid)``: whose lines count for whom, when."""
        return self.env.execute_query(
            SQL(
                "WITH %s SELECT version_id, earner_id, partner_id, valid FROM scope",
                self._scope(),
            )
        )

    # ------------------------------------------------------------- product filters

    def _register_filters(self):
        """Number the distinct restrictions of all versions; equal ones share one."""
        self._filter_ids = {}
        for version in self._versions:
            for basis in ("earning", "qualifying"):
                products = version._get_product_domain(basis)
                lines = version._get_line_domain(basis)
                kind, domain = None, None
                if lines is not None and self.line_model == "account.move.line":
                    kind, domain = "line", lines
                elif products is not None:
                    kind, domain = "product", products
                if kind:
                    number, _domain = self._filters.setdefault(
                        (kind, repr(domain)), (len(self._filters) + 1, domain)
                    )
                    self._filter_ids[version.id, basis] = number
                else:
                    self._filter_ids[version.id, basis] = None

    def _product_filters(self):
        return self._get_filters("product")

    def _line_filters(self):
        return self._get_filters("line")

    def _get_filters(self, wanted):
        """``[(number, domain)]`` of the filters over products, or over lines."""
        return [
            (number, domain)
            for (kind, _text), (number, domain) in self._filters.items()
            if kind == wanted
        ]

    def _filter_tables(self):
        """``product_filter``: the sets of filters that a product passes."""
        product_filters = self._product_filters()
        if not product_filters:
            return SQL()
        Product = self.env["product.product"].with_context(active_test=False)
        passes = SQL(" UNION ALL ").join(
            SQL(
                "SELECT id AS product_id, %s AS filter FROM (%s) AS passing",
                number,
                Product._search(Domain(domain), bypass_access=True).select(),
            )
            if not domain.is_true()
            else SQL(
                "SELECT id AS product_id, %s AS filter FROM product_product", number
            )
            for number, domain in product_filters
        )
        return SQL(
            """
            product_filter AS MATERIALIZED (
                SELECT product_id, array_agg(filter ORDER BY filter) AS filters
                  FROM (%s) AS pass GROUP BY product_id
            ),
            """,
            passes,
        )

    def _line_filter_array(self):
        """The filters that the source's line passes by its own conditions."""
        Line = self.env["account.move.line"].with_context(active_test=False)
        return SQL(", ").join(
            SQL(
                "CASE WHEN source.line_id IN (%s) THEN %s END",
                Line._search(Domain(domain), bypass_access=True).select(),
                number,
            )
            for number, domain in self._line_filters()
        )

    def _counts(self, basis):
        """Condition that a reduced line counts for a basis of its span's version."""
        column = SQL.identifier(f"{basis}_filter")
        if not self._filters:
            return SQL("TRUE")
        return SQL(
            "(span.%(column)s IS NULL OR span.%(column)s = ANY(line.filters))",
            column=column,
        )

    # --------------------------------------------------------------------- tables

    def _tables(self, dimensions):
        bounds = self._bounds()
        return SQL(
            "%(scope)s, %(span)s, %(filters)s line AS MATERIALIZED (%(lines)s)",
            scope=self._scope(),
            span=self._span(),
            filters=self._filter_tables(),
            lines=self._lines(dimensions, bounds),
        )

    def _span(self):
        rows = [
            (
                span.version.id,
                span.index,
                span.start,
                span.end,
                span.earn_start,
                span.earn_end,
                self._filter_ids[span.version.id, "earning"],
                self._filter_ids[span.version.id, "qualifying"],
                span.version.offer_id.currency_id.id,
            )
            for span in self.spans
        ]
        types = ("int", "int", "date", "date", "date", "date", "int", "int", "int")
        arrays = SQL(", ").join(
            SQL("%s::%s[]", list(column), SQL(type_))
            for column, type_ in zip(zip(*rows, strict=True), types, strict=True)
        )
        return SQL(
            """
            span AS MATERIALIZED (
                SELECT * FROM unnest(%s) AS span (
                    version_id, index, date_start, date_end, earn_start, earn_end,
                    earning_filter, qualifying_filter, currency_id
                )
            )
            """,
            arrays,
        )

    def _scope(self):
        """Eligibility: enrollment, segments (tier at the date), named partners.

        ``priority`` decides where several rows cover one partner and day: a partner
        named itself before its parent, then segments with a ladder of their own in
        their order. What a higher priority covers is cut out of the lower ones.
        """
        rows = [
            self.env["partner.incentive.enrollment"]._get_scope_query(
                version, any_date=self.any_date
            )
            for version in self._versions
        ]
        restriction = SQL()
        if self.partner_ids is not None:
            restriction = SQL(
                "WHERE earner_id IN %s", tuple(self.partner_ids) or (0,)
            )
        return SQL(
            """
            eligible AS (%(rows)s),
            ranked AS (
                SELECT version_id, role, partner_id, earner_id, segment_id, priority,
                       datemultirange(valid) - COALESCE(
                           range_agg(valid) OVER (
                               PARTITION BY version_id, partner_id
                               ORDER BY priority
                               GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                           ), '{}'::datemultirange) AS valid
                  FROM eligible
            ),
            scope AS MATERIALIZED (
                SELECT version_id, role, partner_id, earner_id, segment_id,
                       unnest(range_agg(period)) AS valid
                  FROM (
                    SELECT version_id, role, partner_id, earner_id, segment_id,
                           unnest(valid) AS period
                      FROM ranked
                     ) AS part
                 %(restriction)s
                 GROUP BY version_id, role, partner_id, earner_id, segment_id
            )
            """,
            rows=SQL(" UNION ALL ").join(SQL("(%s)", row) for row in rows),
            restriction=restriction,
        )

    def _bounds(self):
        """All days on which a span or an eligibility begins or has just ended."""
        days = {FAR_PAST}
        for span in self.spans:
            days |= {span.start, span.earn_start}
            for end in (span.end, span.earn_end):
                if end < FAR_FUTURE:
                    days.add(end + timedelta(days=1))
        for [day] in self.env.execute_query(
            SQL(
                """
                WITH %s
                SELECT DISTINCT day
                  FROM scope,
                       unnest(ARRAY[lower(valid), upper(valid)]) AS bound (day)
                 WHERE day IS NOT NULL AND isfinite(day)
                """,
                self._scope(),
            )
        ):
            days.add(day)
        return sorted(days)

    def _lines(self, dimensions, bounds):
        """Lines reduced to one row per partner, span of days and set of filters."""
        roles = sorted({version.credit_role for version in self._versions})
        columns = SQL("").join(
            SQL(", source.%s", SQL.identifier(name))
            for name in dimensions
            if name != "partner_id"
        )
        named = SQL("").join(
            SQL(", %s", SQL.identifier(name))
            for name in dimensions
            if name != "partner_id"
        )
        filters = SQL("NULL::int[]")
        join = SQL()
        if self._product_filters():
            filters = SQL("product_filter.filters")
            join = SQL(
                "LEFT JOIN product_filter "
                "ON product_filter.product_id = source.product_id"
            )
        if self._line_filters():
            filters = SQL(
                "COALESCE(%s, '{}') || ARRAY[%s]", filters, self._line_filter_array()
            )
        first = min(min(span.start, span.earn_start) for span in self.spans)
        last = max(span.end for span in self.spans)
        reduced = SQL(" UNION ALL ").join(
            SQL(
                """
                SELECT %(role)s AS role, %(partner)s AS partner_id,
                       width_bucket(source.date, %(bounds)s::date[]) AS cell,
                       %(filters)s AS filters%(columns)s,
                       source.date, %(amounts)s,
                       source.quantity%(share)s AS quantity
                  FROM (%(source)s) AS source
                       %(attribution)s %(join)s
                 WHERE source.date BETWEEN %(first)s AND %(last)s
                """,
                role=role,
                partner=SQL(
                    "source.partner_id" if role == "buyer" else "attribution.partner_id"
                ),
                bounds=bounds,
                filters=filters,
                columns=columns,
                amounts=self._amount_columns(role),
                share=self._share(role),
                source=self.source,
                attribution=self._attribution(role),
                join=join,
                first=first,
                last=last,
            )
            for role in roles
            if role == "buyer" or self.attribution_column
        )
        sums = SQL(", ").join(
            SQL("SUM(%(name)s) AS %(name)s", name=SQL.identifier(name))
            for name in ("amount", *self._foreign_amounts().values(), "quantity")
        )
        return SQL(
            """
            SELECT role, partner_id, (%(bounds)s::date[])[cell] AS day, filters%(named)s,
                   %(sums)s, MIN(date) AS first_date, MAX(date) AS last_date
              FROM (%(reduced)s) AS reduced
             GROUP BY role, partner_id, cell, filters%(named)s
            """,
            bounds=bounds,
            named=named,
            sums=sums,
            reduced=reduced,
        )

    # ---------------------------------------------------- attribution and currency

    def _attribution(self, role):
        if role == "buyer":
            return SQL()
        return SQL(
            "JOIN partner_incentive_attribution AS attribution"
            " ON attribution.%s = source.origin_id AND attribution.role = %s",
            SQL.identifier(self.attribution_column),
            role,
        )

    def _share(self, role):
        return SQL() if role == "buyer" else SQL(" * attribution.share / 100.0")

    def _foreign_amounts(self):
        """``{currency: column}`` of offers that are not in the company's currency."""
        currencies = {version.offer_id.currency_id for version in self._versions}
        return {
            currency: f"amount_{currency.id}"
            for currency in sorted(
                currencies - {self.company.currency_id}, key=lambda each: each.id
            )
        }

    def _amount_columns(self, role):
        """The amount in the company's and every offer's currency.

        A document in the offer's own currency counts at its face; any other is
        converted from company currency at the rate of its date.
        """
        share = self._share(role)
        columns = [SQL("source.amount%s AS amount", share)]
        for currency, column in self._foreign_amounts().items():
            columns.append(
                SQL(
                    """CASE WHEN source.currency_id = %(currency)s
                            THEN source.amount_currency
                            ELSE source.amount * %(rate)s END%(share)s AS %(column)s""",
                    currency=currency.id,
                    rate=self._rate(currency),
                    share=share,
                    column=SQL.identifier(column),
                )
            )
        return SQL(", ").join(columns)

    def _rate(self, currency):
        """Units of ``currency`` per unit of company currency on the line's date.

        The last rate on or before the date, else the first one, as
        ``res.currency._get_rates`` has it; both sides, since a company's own currency
        need not be the one with rate 1.
        """

        def rate(of_currency):
            return SQL(
                """COALESCE((
                    SELECT rate.rate FROM res_currency_rate AS rate
                     WHERE rate.currency_id = %(currency)s
                       AND (rate.company_id IS NULL OR rate.company_id = %(company)s)
                     ORDER BY rate.company_id NULLS LAST,
                              rate.name > source.date,
                              CASE WHEN rate.name <= source.date
                                   THEN rate.name END DESC,
                              rate.name
                     LIMIT 1), 1.0)""",
                currency=of_currency.id,
                company=self.company.root_id.id,
            )

        return SQL("%s / %s", rate(currency), rate(self.company.currency_id))

    def _amount(self):
        """Amount of a reduced line in the currency of the span's offer."""
        foreign = self._foreign_amounts()
        if not foreign:
            return SQL("line.amount")
        whens = SQL(" ").join(
            SQL("WHEN %s THEN line.%s", currency.id, SQL.identifier(column))
            for currency, column in foreign.items()
        )
        return SQL("CASE span.currency_id %s ELSE line.amount END", whens)


def fetch_overlaps(queries, pairs):
    """Earning volume of earlier versions on lines that later ones count, too.

    :param queries: list of :class:`VolumeQuery` whose lines are of one model, so that
        offers with different measures can meet on a line
    :param pairs: list of ``(earlier version id, later version id)``
    :return: rows ``(earlier version, index, earner, later version, index, earner,
        amount, quantity)``, the volume as the earlier version counts it, as text
    """
    if not queries or not pairs:
        return []
    return queries[0].env.execute_query(
        SQL(
            """
            WITH member AS MATERIALIZED (%(members)s)
            SELECT earlier.version_id, earlier.index, earlier.earner_id,
                   later.version_id, later.index, later.earner_id,
                   SUM(earlier.amount)::text, SUM(earlier.quantity)::text
              FROM unnest(%(earlier)s::int[], %(later)s::int[]) AS pair (earlier, later)
              JOIN member AS earlier ON earlier.version_id = pair.earlier
              JOIN member AS later ON later.version_id = pair.later
                                  AND later.line_id = earlier.line_id
             GROUP BY 1, 2, 3, 4, 5, 6
            """,
            members=SQL(" UNION ALL ").join(
                SQL("(%s)", query.members()) for query in queries
            ),
            earlier=[earlier for earlier, _later in pairs],
            later=[later for _earlier, later in pairs],
        )
    )
