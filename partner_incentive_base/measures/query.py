"""The one statement that turns lines into volumes.

Set-based from end to end: lines are reduced, in one pass, to a row per partner, span
of days and set of product filters; only those few rows meet the offers.

* ``scope``: which partner's lines count for which earner, when. Offers for the same
  partners share one.
* ``span``: the windows of the versions, each with its scope and product filters.
* ``bound``: all days on which anything changes for a partner (windows, versions,
  enrollment, tiers). ``width_bucket`` puts a line into the span between two of them.
* ``line``: the reduced lines. ``filters`` names the product filters they pass.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from odoo.fields import Domain
from odoo.tools import SQL

FAR_PAST = date(1, 1, 1)
FAR_FUTURE = date(9999, 12, 31)
WORK_MEM = "256MB"

# What a caller can ask the volumes to be kept apart by, besides earner, window and
# segment. Columns of the source, but the partner is the one that the volume counts for.
DIMENSIONS = (
    "partner_id",
    "analytic_distribution",
    "tax_ids",
    "document_id",
    "line_id",
)


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
    :param with_quantity: False leaves quantities out, which saves a conversion of
        units per line
    :param credited: the source's partner is who is credited, whatever the role
    """

    env: object
    company: object
    source: SQL
    line_model: str
    attribution_column: str | None
    spans: list
    partner_ids: list | None = None
    any_date: bool = False
    with_quantity: bool = True
    credited: bool = False
    _filters: dict = field(default_factory=dict)
    _scopes: tuple | None = None

    def __post_init__(self):
        self._versions = sorted(
            {span.version for span in self.spans}, key=lambda version: version.id
        )
        self._register_filters()

    def volumes(self, dimensions=()):
        """Volumes: ``(version, index, earner, segment, *dimensions, Q, Qn, E, En,
        first, last)``.

        One row per version, window, earner, segment of the rate and value of the
        asked dimensions. Q and E are the qualifying and earning amount in the offer's
        currency, Qn and En the quantities, as text: exact decimals; ``first`` and
        ``last`` the span of the documents' dates, where dimensions are asked for.
        """
        columns = SQL(", ").join(
            # What a subsidiary buys is its parent's, in a pool as well.
            SQL("scope.member_id")
            if name == "partner_id"
            else SQL("line.%s", SQL.identifier(name))
            for name in dimensions
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
                   %(dates)s
              FROM line
              JOIN scope ON scope.partner_id = line.partner_id
                        AND scope.role = line.role
                        AND scope.valid @> line.day
              JOIN span ON span.scope_id = scope.scope_id
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
            dates=SQL("MIN(line.first_date), MAX(line.last_date)")
            if dimensions
            else SQL("NULL::date, NULL::date"),
        )

    def fetch(self, dimensions=()):
        """Rows of :meth:`volumes`."""
        if not self.spans:
            return []
        # PostgreSQL cannot know how few rows the lines are reduced to. With the usual
        # memory it would rather sort them all than keep the sums in a hash table.
        cr = self.env.cr
        cr.execute("SELECT set_config('work_mem', %s, true)", [WORK_MEM])
        rows = self.env.execute_query(self.volumes(dimensions))
        cr.execute("SET LOCAL work_mem TO DEFAULT")
        return rows

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
              JOIN span ON span.scope_id = scope.scope_id
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
        """Whose lines count for whom, when.

        :return: rows ``(version, earner, partner, valid, member)``
        """
        return self.env.execute_query(
            SQL(
                """
                WITH %s, %s
                SELECT version.version_id, scope.earner_id, scope.partner_id,
                       scope.valid, scope.member_id
                  FROM scope
                  JOIN (SELECT DISTINCT version_id, scope_id FROM span) AS version
                    ON version.scope_id = scope.scope_id
                """,
                self._scope(),
                self._span(),
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
        """``product_filter``: the set of filters that a product passes, by number."""
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
            passed AS (
                SELECT product_id, array_agg(filter ORDER BY filter) AS filters
                  FROM (%s) AS pass GROUP BY product_id
            ),
            filter_set AS MATERIALIZED (
                SELECT filters, (row_number() OVER ())::int AS set_id
                  FROM (SELECT DISTINCT filters FROM passed) AS different
            ),
            product_filter AS MATERIALIZED (
                SELECT product_id, set_id FROM passed JOIN filter_set USING (filters)
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
        return SQL(
            "%(scope)s, %(span)s, %(bound)s, %(filters)s"
            " line AS MATERIALIZED (%(lines)s)",
            scope=self._scope(),
            span=self._span(),
            bound=self._bound(),
            filters=self._filter_tables(),
            lines=self._lines(dimensions),
        )

    def _span(self):
        rows = [
            (
                span.version.id,
                span.index,
                self._get_scopes()[1][span.version.id],
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
        types = ("int",) * 3 + ("date",) * 4 + ("int",) * 3
        arrays = SQL(", ").join(
            SQL("%s::%s[]", list(column), SQL(type_))
            for column, type_ in zip(zip(*rows, strict=True), types, strict=True)
        )
        return SQL(
            """
            span AS MATERIALIZED (
                SELECT * FROM unnest(%s) AS span (
                    version_id, index, scope_id, date_start, date_end, earn_start,
                    earn_end, earning_filter, qualifying_filter, currency_id
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
        queries, _numbers = self._get_scopes()
        restriction = SQL()
        if self.partner_ids is not None:
            restriction = SQL("WHERE earner_id IN %s", tuple(self.partner_ids) or (0,))
        return SQL(
            """
            eligible AS (%(rows)s),
            ranked AS (
                SELECT scope_id, role, partner_id, earner_id, member_id, segment_id,
                       priority,
                       datemultirange(valid) - COALESCE(
                           range_agg(valid) OVER (
                               PARTITION BY scope_id, partner_id
                               ORDER BY priority
                               GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                           ), '{}'::datemultirange) AS valid
                  FROM eligible
            ),
            scope AS MATERIALIZED (
                SELECT scope_id, role, partner_id, earner_id, member_id, segment_id,
                       unnest(range_agg(period)) AS valid
                  FROM (
                    SELECT scope_id, role, partner_id, earner_id, member_id,
                           segment_id, unnest(valid) AS period
                      FROM ranked
                     ) AS part
                 %(restriction)s
                 GROUP BY scope_id, role, partner_id, earner_id, member_id, segment_id
            )
            """,
            rows=SQL(" UNION ALL ").join(
                SQL("SELECT %s AS scope_id, each.* FROM (%s) AS each", number, query)
                for number, query in enumerate(queries)
            ),
            restriction=restriction,
        )

    def _get_scopes(self):
        """Distinct queries of who is eligible, and ``{version id: its place}``."""
        if self._scopes is None:
            Enrollment = self.env["partner.incentive.enrollment"]
            queries, numbers = [], {}
            for version in self._versions:
                query = Enrollment._get_scope_query(version, any_date=self.any_date)
                if query not in queries:
                    queries.append(query)
                numbers[version.id] = queries.index(query)
            self._scopes = queries, numbers
        return self._scopes

    def _bound(self):
        """Days, by partner, on which a span or its eligibility begins or just ended.

        Each partner has its own, so that a thousand partners which enrolled on as many
        days are not cut into a thousand pieces each.
        """
        days = {FAR_PAST}
        for span in self.spans:
            days |= {span.start, span.earn_start}
            for end in (span.end, span.earn_end):
                if end < FAR_FUTURE:
                    days.add(end + timedelta(days=1))
        return SQL(
            """
            bound AS MATERIALIZED (
                SELECT role, partner_id, array_agg(DISTINCT day ORDER BY day) AS days
                  FROM (SELECT role, partner_id, lower(valid) AS day FROM scope
                         UNION ALL
                        SELECT role, partner_id, upper(valid) FROM scope
                         UNION ALL
                        SELECT role, partner_id, unnest(%s::date[])
                          FROM (SELECT DISTINCT role, partner_id FROM scope) AS each
                       ) AS change
                 WHERE day IS NOT NULL AND isfinite(day)
                 GROUP BY role, partner_id
            )
            """,
            sorted(days),
        )

    def _lines(self, dimensions):
        """Lines reduced to one row per partner, span of days and set of filters."""
        roles = sorted({version.credit_role for version in self._versions})
        names = [name for name in dimensions if name != "partner_id"]
        sums = ["amount", *self._foreign_amounts().values()]
        if self.with_quantity:
            sums.append("quantity")
        # Every column but the sums and dates is what lines are reduced by.
        keys = SQL(", ").join(
            SQL.identifier(name)
            for name in ("role", "partner_id", "day", "set_id", "line_filters", *names)
        )
        filters = SQL("reduced.line_filters")
        join = SQL()
        if self._product_filters():
            filters = SQL("filter_set.filters || reduced.line_filters")
            join = SQL("LEFT JOIN filter_set ON filter_set.set_id = reduced.set_id")
            if self._line_filters():
                filters = SQL(
                    "COALESCE(filter_set.filters, '{}') || reduced.line_filters"
                )
        return SQL(
            """
            SELECT reduced.*, %(filters)s AS filters
              FROM (
                SELECT %(keys)s, %(sums)s
                  FROM (%(counted)s) AS counted
                 GROUP BY %(keys)s
                   ) AS reduced
                   %(join)s
            """,
            filters=filters,
            keys=keys,
            sums=SQL(", ").join(
                [
                    SQL("SUM(%(name)s) AS %(name)s", name=SQL.identifier(name))
                    for name in sums
                ]
                + ([] if self.with_quantity else [SQL("NULL::numeric AS quantity")])
                + (
                    [SQL("MIN(date) AS first_date"), SQL("MAX(date) AS last_date")]
                    if dimensions
                    else []
                )
            ),
            counted=SQL(" UNION ALL ").join(
                self._counted_lines(role, names)
                for role in roles
                if self._takes_partner(role) or self.attribution_column
            ),
            join=join,
        )

    def _counted_lines(self, role, names):
        """The lines of the source, each in its partner's span of days.

        Those of partners out of scope fall together in one row without a partner: an
        inner join would let PostgreSQL think that few lines are left.
        """
        product_filter = SQL()
        if self._product_filters():
            product_filter = SQL(
                "LEFT JOIN product_filter"
                " ON product_filter.product_id = source.product_id"
            )
        return SQL(
            """
            SELECT %(role)s AS role, bound.partner_id,
                   bound.days[width_bucket(source.date, bound.days)] AS day,
                   %(set_id)s AS set_id, %(line_filters)s AS line_filters,
                   %(columns)s source.date, %(amounts)s,
                   source.quantity%(share)s AS quantity
              FROM (%(source)s) AS source
                   %(attribution)s
         LEFT JOIN bound ON bound.role = %(role)s AND bound.partner_id = %(partner)s
                   %(product_filter)s
             WHERE source.date BETWEEN %(first)s AND %(last)s
            """,
            role=role,
            set_id=SQL("product_filter.set_id") if product_filter else SQL("NULL::int"),
            line_filters=SQL("ARRAY[%s]::int[]", self._line_filter_array())
            if self._line_filters()
            else SQL("NULL::int[]"),
            columns=SQL("").join(
                SQL("source.%s, ", SQL.identifier(name)) for name in names
            ),
            amounts=self._amount_columns(role),
            share=self._share(role),
            source=self.source,
            attribution=self._attribution(role),
            partner=SQL(
                "source.partner_id"
                if self._takes_partner(role)
                else "attribution.partner_id"
            ),
            product_filter=product_filter,
            first=min(min(span.start, span.earn_start) for span in self.spans),
            last=max(span.end for span in self.spans),
        )

    # ---------------------------------------------------- attribution and currency

    def _takes_partner(self, role):
        """Whether the source's own partner counts, and no attribution is asked."""
        return role == "buyer" or self.credited

    def _attribution(self, role):
        if self._takes_partner(role):
            return SQL()
        return SQL(
            "JOIN partner_incentive_attribution AS attribution"
            " ON attribution.%s = source.origin_id AND attribution.role = %s",
            SQL.identifier(self.attribution_column),
            role,
        )

    def _share(self, role):
        if self._takes_partner(role):
            return SQL()
        return SQL(" * attribution.share / 100.0")

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
