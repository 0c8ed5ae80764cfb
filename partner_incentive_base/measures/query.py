"""The one statement that turns lines into volumes.

Set-based from end to end: lines are added up, in one pass, to a row per partner and
span of days; only those few rows meet the offers.

* ``scope``: which partner's lines count for which earner, when. Offers for the same
  partners share one. It is looked up first, so that it stands in the statement as
  values: PostgreSQL then knows how many there are, and may divide the pass over the
  lines among several processes.
* days: those on which anything changes (windows, versions, enrollment, tiers).
  ``width_bucket`` puts a line into the span between two of them, known by its first.
* ``span``: the windows of the versions, a row for each such day in them.
* ``line``: the reduced lines. Each has an array of sums, one for every currency and
  product filter that some version asks for; ``span`` names the places of its own.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import NamedTuple

from psycopg2.extras import DateRange

from odoo.fields import Domain
from odoo.tools import SQL

FAR_PAST = date(1, 1, 1)
FAR_FUTURE = date(9999, 12, 31)
# PostgreSQL cannot know how few rows the lines are reduced to. With its usual settings
# it would rather sort all lines than keep the sums in a hash table, and not divide the
# work, since it expects many rows to be handed over.
SETTINGS = {
    "work_mem": "256MB",
    "enable_sort": "off",
    "parallel_tuple_cost": "0.001",
}
# Where a source sorts, it is told to hash instead of comparing each row with each: of a
# source's own tables it expects a handful of rows, too.
SORTING_SETTINGS = {**SETTINGS, "enable_sort": None, "enable_nestloop": "off"}
# Nor how many partners have just been enrolled: it would compare each with all others.
SCOPE_SETTINGS = {"enable_nestloop": "off"}
# Up to so many days, all partners are cut on the same ones; from there on each on its
# own, so that a thousand enrollment dates do not cut every partner a thousand times.
MAX_SHARED_DAYS = 100
# Filters per mask: the bits of a bigint but its sign.
BITS = 63

# What a caller can ask the volumes to be kept apart by, besides earner, window and
# segment, and its type. Columns of the source, but the partner is the one that the
# volume counts for.
DIMENSIONS = {
    "partner_id": "int",
    "analytic_distribution": "jsonb",
    "tax_ids": "int[]",
    "document_id": "int",
    "line_id": "int",
}


@dataclass
class Span:
    """A calculation window as one version sees it.

    :param version: record of ``partner.incentive.offer.version``
    :param index: what the caller knows the window by
    :param start: first day whose volume qualifies
    :param end: last day whose volume qualifies
    :param earn_start: first day whose volume earns
    :param earn_end: last day whose volume earns
    :param counts_from: documents of earlier days do not qualify, or None
    :param earns_from: documents of earlier days do not earn, or None
    """

    version: object
    index: int
    start: date
    end: date
    earn_start: date
    earn_end: date
    counts_from: date | None = None
    earns_from: date | None = None

    def counts_on(self, day):
        """Whether documents of a day qualify."""
        return self.start <= day <= self.end and (
            self.counts_from is None or day >= self.counts_from
        )

    def earns_on(self, day):
        """Whether documents of a day that qualify earn, too."""
        return self.earn_start <= day <= self.earn_end and (
            self.earns_from is None or day >= self.earns_from
        )

    def moved(self, window, index):
        """The span with other days, on all of which it earns."""
        return replace(
            self,
            index=index,
            start=window.start,
            end=window.end,
            earn_start=window.start,
            earn_end=window.end,
        )

    def cut(self, windows):
        """The days that earn, as a span per window that has some of them.

        :param windows: list of :class:`~..engine.windows.Window`; its place in it is
            the index of a span
        """
        for index, window in enumerate(windows):
            start = max(self.earn_start, window.start)
            end = min(self.earn_end, window.end)
            if start <= end:
                yield self.moved(window._replace(start=start, end=end), index)


class Scope(NamedTuple):
    """Whose lines count for whom, from a day to before another.

    :param scope_id: number of the query that yielded it, see ``_get_scope_queries``
    :param role: in which role the partner must stand to the document
    :param earner_id: who earns, 0 for a pool; ``member_id`` is who it is in the pool
    """

    scope_id: int
    role: str
    partner_id: int
    earner_id: int
    member_id: int
    segment_id: int
    valid_from: date
    valid_to: date


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
    :param with_quantity: False leaves quantities out where the measure is in money
    :param basis: the basis of product rules that decides what counts, instead of
        what earns and what qualifies
    :param credited: the source's partner is who is credited, whatever the role
    :param sorts: the source cannot do without sorting; told not to, PostgreSQL would
        look for lines that come in order, and read all documents for each of them
    :param with_prior: volume brought forward counts, too, see
        ``partner.incentive.prior.volume``
    :param company_currency: amounts in company currency, whatever the offers' is
    :param by_filter: lines are kept apart by the filters that they pass, so that a
        version counts all of a reduced line or nothing
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
    basis: str | None = None
    credited: bool = False
    sorts: bool = False
    with_prior: bool = False
    company_currency: bool = False
    by_filter: bool = False
    _filters: dict = field(default_factory=dict)
    _sums: dict = field(default_factory=dict)
    _scope_queries: tuple | None = None
    _scopes: list | None = None

    def __post_init__(self):
        self._versions = sorted(
            {span.version for span in self.spans}, key=lambda version: version.id
        )
        self._register_filters()
        self._register_sums()

    def volumes(self, dimensions=()):
        """Volumes: ``(version, index, earner, segment, *dimensions, Q, Qn, E, En,
        first, last)``.

        One row per version, window, earner, segment of the rate and value of the
        asked dimensions. Q and E are the qualifying and earning amount in the offer's
        currency, Qn and En the quantities, as text: exact decimals; ``first`` and
        ``last`` the dates between which the documents lie, where dimensions are asked
        for.
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
        sums = {
            name: SQL("SUM(line.sums[span.%s])", SQL.identifier(f"qualifying_{name}"))
            for name in ("amount", "quantity")
        }
        # What earns is added up only where it can differ from what qualifies.
        earning = {
            f"earning_{name}": SQL(
                "CASE WHEN bool_and(span.same) THEN %s"
                " ELSE SUM(line.sums[span.%s]) FILTER (WHERE NOT span.same) END",
                same,
                SQL.identifier(f"earning_{name}"),
            )
            for name, same in sums.items()
        }
        return SQL(
            """
            WITH %(tables)s
            SELECT %(keys)s, (%(amount)s)::text, (%(quantity)s)::text,
                   (%(earning_amount)s)::text, (%(earning_quantity)s)::text, %(dates)s
              FROM %(counted)s
             WHERE COALESCE(line.sums[span.qualifying_amount],
                            line.sums[span.earning_amount]) IS NOT NULL
             GROUP BY %(keys)s
            """,
            tables=self._tables(dimensions),
            keys=keys,
            **sums,
            **earning,
            counted=self._counted(),
            dates=SQL("MIN(line.first_date), MAX(line.last_date)")
            if dimensions
            else SQL("NULL::date, NULL::date"),
        )

    def fetch(self, dimensions=()):
        """Rows of :meth:`volumes`."""
        batch = VolumeBatch()
        rows = batch.ask(self, dimensions)
        batch.fetch()
        return rows

    def members(self, with_clawed=False):
        """Which line earns for whom: ``(line, version, index, earner, E, En, kept)``.

        :param with_clawed: there is a table ``clawed (version_id, document_id,
            product_id, share)`` of what does not count; ``kept`` is the share that does
        """
        names = ["line_id"]
        kept, taken = SQL("1"), SQL()
        if with_clawed:
            names += ["document_id", "product_id"]
            kept = SQL("1 - COALESCE(MAX(taken.share), 0)")
            taken = SQL(
                """
                CROSS JOIN LATERAL (
                    SELECT MAX(LEAST(clawed.share, 1)) AS share
                      FROM clawed
                     WHERE clawed.version_id = span.version_id
                       AND clawed.share > 0
                       AND clawed.document_id = line.document_id
                       AND (clawed.product_id IS NULL
                            OR clawed.product_id = line.product_id)) AS taken
                """
            )
        return SQL(
            """
            WITH %(tables)s
            SELECT line.line_id, span.version_id, span.index, scope.earner_id,
                   SUM(line.sums[span.earning_amount]) AS amount,
                   SUM(line.sums[span.earning_quantity]) AS quantity,
                   %(kept)s AS kept
              FROM %(counted)s %(taken)s
             WHERE line.sums[span.earning_amount] IS NOT NULL
             GROUP BY line.line_id, span.version_id, span.index, scope.earner_id
            """,
            tables=self._tables(tuple(names)),
            counted=self._counted(),
            kept=kept,
            taken=taken,
        )

    def alike(self):
        """Which sales earn for which versions: ``(*keys, version, index, amount)``.

        A row per reduced line: whatever is in one of these, with all the filters that
        it passes, earns for the same versions.
        """
        keys = SQL(", ").join(
            SQL.identifier("line", name) for name in self._get_line_keys()
        )
        return SQL(
            """
            WITH %(tables)s
            SELECT %(keys)s, span.version_id, MIN(span.index) AS index,
                   SUM(line.sums[span.earning_amount]) AS amount
              FROM %(counted)s
             WHERE line.sums[span.earning_amount] IS NOT NULL
             GROUP BY %(keys)s, span.version_id
            """,
            tables=self._tables(()),
            keys=keys,
            counted=self._counted(),
        )

    def fetch_scope(self):
        """Whose lines count for whom, when.

        :return: list of ``(version, earner, partner, valid, member)``
        """
        _queries, numbers = self._get_scope_queries()
        return [
            (
                version_id,
                scope.earner_id,
                scope.partner_id,
                DateRange(scope.valid_from, scope.valid_to),
                scope.member_id,
            )
            for version_id, number in numbers.items()
            for scope in self._get_scopes()
            if scope.scope_id == number
        ]

    def fetch_eligible(self, day):
        """Who earns by whose lines on one day: list of ``(version, Scope)``."""
        _queries, numbers = self._get_scope_queries()
        return [
            (version, scope)
            for version in self._versions
            for scope in self._get_scopes()
            if scope.scope_id == numbers[version.id]
            and scope.valid_from <= day < scope.valid_to
        ]

    # ------------------------------------------------------------- product filters

    def _register_filters(self):
        """Number the distinct restrictions of all versions; equal ones share one."""
        self._filter_ids = {}
        for version in self._versions:
            for basis in ("earning", "qualifying"):
                asked = self.basis or basis
                products = version._get_product_domain(asked)
                lines = version._get_line_domain(asked, self.line_model)
                kind, domain = None, None
                if lines is not None:
                    kind, domain = "line", lines
                elif products is not None:
                    kind, domain = "product", products
                if kind:
                    number, _domain = self._filters.setdefault(
                        (kind, repr(domain)), (len(self._filters), domain)
                    )
                    self._filter_ids[version.id, basis] = number
                else:
                    self._filter_ids[version.id, basis] = None

    def _register_sums(self):
        """Number what versions ask lines to be added up to: a column and a filter."""
        foreign = self._foreign_amounts()
        self._places = {}
        for version in self._versions:
            columns = {"amount": foreign.get(version.offer_id.currency_id, "amount")}
            if self.with_quantity or version.measure_unit == "quantity":
                columns["quantity"] = "quantity"
            for basis in ("earning", "qualifying"):
                for name, column in columns.items():
                    wanted = column, self._filter_ids[version.id, basis]
                    # SQL counts the elements of an array from one.
                    place = self._sums.setdefault(wanted, len(self._sums) + 1)
                    self._places[version.id, f"{basis}_{name}"] = place

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

    def _get_masks(self):
        """Numbers of the masks that the filters fill, a bit each."""
        return range(-(-len(self._filters) // BITS))

    def _product_filter(self):
        """Join of ``product_filter``: the masks of the source's product."""
        product_filters = self._product_filters()
        if not product_filters:
            return SQL()
        Product = self.env["product.product"].with_context(active_test=False)
        passes = SQL(" UNION ALL ").join(
            SQL(
                "SELECT id AS product_id, %s AS mask, %s::bigint AS bit"
                " FROM (%s) AS passing",
                number // BITS,
                1 << number % BITS,
                SQL("SELECT id FROM product_product")
                if domain.is_true()
                else Product._search(Domain(domain), bypass_access=True).select(),
            )
            for number, domain in product_filters
        )
        masks = SQL(", ").join(
            SQL(
                "bit_or(bit) FILTER (WHERE mask = %s) AS %s",
                mask,
                SQL.identifier(f"mask_{mask}"),
            )
            for mask in self._get_masks()
        )
        return SQL(
            """
            LEFT JOIN (
                SELECT product_id, %s FROM (%s) AS pass GROUP BY product_id
            ) AS product_filter ON product_filter.product_id = source.product_id
            """,
            masks,
            passes,
        )

    def _line_masks(self):
        """The masks of the source's line, by its product and its own conditions."""
        Line = self.env[self.line_model].with_context(active_test=False)
        masks = []
        for mask in self._get_masks():
            bits = [SQL("0::bigint")]
            if self._product_filters():
                column = SQL.identifier("product_filter", f"mask_{mask}")
                bits.append(SQL("COALESCE(%s, 0)", column))
            bits += [
                SQL(
                    "CASE WHEN source.line_id IN (%s) THEN %s::bigint ELSE 0 END",
                    Line._search(Domain(domain), bypass_access=True).select(),
                    1 << number % BITS,
                )
                for number, domain in self._line_filters()
                if number // BITS == mask
            ]
            masks.append(
                SQL("%s AS %s", SQL(" | ").join(bits), SQL.identifier(f"mask_{mask}"))
            )
        return masks

    @staticmethod
    def _passing(number):
        """Which lines are added up: those that pass a filter, or all."""
        if number is None:
            return SQL()
        return SQL(
            " FILTER (WHERE %s & %s::bigint != 0)",
            SQL.identifier(f"mask_{number // BITS}"),
            1 << number % BITS,
        )

    # --------------------------------------------------------------------- tables

    def _counted(self):
        """A reduced line, with whom it counts for and the windows that it lies in."""
        first = min(min(span.start, span.earn_start) for span in self.spans)
        last = max(span.end for span in self.spans)
        scopes = self._get_scopes()
        conditions = [SQL("scope.partner_id = line.partner_id")]
        # Left out where they say nothing: PostgreSQL would take them for selective.
        if len(self._get_scope_queries()[0]) > 1:
            conditions.append(SQL("scope.scope_id = span.scope_id"))
        if len({scope.role for scope in scopes}) > 1:
            conditions.append(SQL("scope.role = line.role"))
        if any(each.valid_from > first or each.valid_to <= last for each in scopes):
            conditions.append(
                SQL("scope.valid_from <= line.day AND scope.valid_to > line.day")
            )
        return SQL(
            "line JOIN span ON span.day = line.day JOIN scope ON %s",
            SQL(" AND ").join(conditions),
        )

    def _tables(self, dimensions):
        shared = len(self._get_days()) <= MAX_SHARED_DAYS
        return SQL(
            "%(scope)s, %(span)s, %(bound)s line AS MATERIALIZED (%(lines)s)",
            scope=self._scope(),
            span=self._span(),
            bound=SQL() if shared else self._bound(),
            lines=self._lines(dimensions, shared),
        )

    def _get_days(self):
        """All days on which a span or an eligibility begins or has just ended."""
        days = {FAR_PAST} | self._get_span_days()
        for scope in self._get_scopes():
            days |= {scope.valid_from, scope.valid_to}
        return sorted(days - {FAR_FUTURE})

    def _get_span_days(self):
        days = set()
        for span in self.spans:
            days |= {span.start, span.earn_start}
            days |= {span.counts_from, span.earns_from} - {None}
            for end in (span.end, span.earn_end):
                if end < FAR_FUTURE:
                    days.add(end + timedelta(days=1))
        return days

    def _span(self):
        """A row for each day in each span, with the places of its version's sums."""
        days = self._get_days()
        _queries, numbers = self._get_scope_queries()
        rows = [
            (
                span.version.id,
                span.index,
                numbers[span.version.id],
                day,
                self._earns_what_qualifies(span),
                *self._get_places(span.version, "qualifying"),
                *self._get_places(span.version, "earning", span.earns_on(day)),
            )
            for span in self.spans
            for day in days
            if span.counts_on(day)
        ]
        columns = {
            "version_id": "int",
            "index": "int",
            "scope_id": "int",
            "day": "date",
            "same": "bool",
            "qualifying_amount": "int",
            "qualifying_quantity": "int",
            "earning_amount": "int",
            "earning_quantity": "int",
        }
        return _values("span", columns, rows)

    def _earns_what_qualifies(self, span):
        """Whether the two bases of a span are the same, whatever the lines."""
        version = span.version
        return (
            self._filter_ids[version.id, "earning"]
            == self._filter_ids[version.id, "qualifying"]
            and span.earn_start <= span.start
            and span.earn_end >= span.end
            and span.earns_from == span.counts_from
        )

    def _get_places(self, version, basis, counts=True):
        """Where the sums of amount and quantity of a basis stand; None for nothing."""
        return [
            self._places.get((version.id, f"{basis}_{name}")) if counts else None
            for name in ("amount", "quantity")
        ]

    def _scope(self):
        columns = {
            "scope_id": "int",
            "role": "varchar",
            "partner_id": "int",
            "earner_id": "int",
            "member_id": "int",
            "segment_id": "int",
            "valid_from": "date",
            "valid_to": "date",
        }
        return _values("scope", columns, self._get_scopes())

    def _get_scopes(self):
        """Eligibility as list of :class:`Scope`; see :func:`read_scopes`."""
        if self._scopes is None:
            read_scopes([self])
        return self._scopes

    def _get_scope_queries(self):
        """Distinct queries of who is eligible, and ``{version id: its number}``."""
        if self._scope_queries is None:
            Enrollment = self.env["partner.incentive.enrollment"]
            queries, numbers = [], {}
            for version in self._versions:
                query = Enrollment._get_scope_query(version, any_date=self.any_date)
                if query not in queries:
                    queries.append(query)
                numbers[version.id] = queries.index(query)
            self._scope_queries = queries, numbers
        return self._scope_queries

    def _bound(self):
        """Days of each partner, where these are too many to share."""
        return SQL(
            """
            bound AS MATERIALIZED (
                SELECT role, partner_id, array_agg(DISTINCT day ORDER BY day) AS days
                  FROM (SELECT role, partner_id, valid_from AS day FROM scope
                         UNION ALL
                        SELECT role, partner_id, valid_to FROM scope
                         UNION ALL
                        SELECT role, partner_id, unnest(%s::date[])
                          FROM (SELECT DISTINCT role, partner_id FROM scope) AS each
                       ) AS change
                 GROUP BY role, partner_id
            ),
            """,
            [FAR_PAST, *sorted(self._get_span_days())],
        )

    def _lines(self, dimensions, shared):
        """Lines added up to one row per partner and span of days."""
        roles = sorted(
            {self._get_role(version.credit_role) for version in self._versions}
        )
        names = [name for name in dimensions if name != "partner_id"]
        keys = SQL(", ").join(
            SQL.identifier(name) for name in (*self._get_line_keys(), *names)
        )
        sums = SQL(", ").join(
            SQL("SUM(%s)%s", SQL.identifier(column), self._passing(number))
            for column, number in self._sums
        )
        columns = [SQL("ARRAY[%s]::numeric[] AS sums", sums)]
        if dimensions:
            columns.append(SQL("MIN(date) AS first_date, MAX(date) AS last_date"))
        return SQL(
            "SELECT %(keys)s, %(columns)s FROM (%(counted)s) AS counted"
            " GROUP BY %(keys)s",
            keys=keys,
            columns=SQL(", ").join(columns),
            counted=SQL(" UNION ALL ").join(
                self._counted_lines(role, names, shared)
                for role in roles
                if role == "buyer" or self.attribution_column
            ),
        )

    def _get_line_keys(self):
        """Columns by which lines are kept apart, whatever the dimensions."""
        masks = self._get_masks() if self.by_filter else ()
        return ("role", "partner_id", "day", *(f"mask_{mask}" for mask in masks))

    def _counted_lines(self, role, names, shared):
        """The lines of the source that somebody earns in a role, with their day."""
        partner = SQL(
            "source.partner_id" if role == "buyer" else "attribution.partner_id"
        )
        if shared:
            days, bound = SQL("%s::date[]", self._get_days()), SQL()
        else:
            # An inner join would let PostgreSQL think that few lines are left.
            days = SQL("bound.days")
            bound = SQL(
                "LEFT JOIN bound ON bound.role = %s AND bound.partner_id = %s",
                role,
                partner,
            )
        columns = [
            SQL("%s AS role", role),
            SQL("%s AS partner_id", partner),
            SQL("(%(days)s)[width_bucket(source.date, %(days)s)] AS day", days=days),
            *self._line_masks(),
            *(SQL("source.%s", SQL.identifier(name)) for name in names),
            SQL("source.date"),
            self._amount_columns(role),
            SQL("source.quantity%s AS quantity", self._share(role)),
        ]
        return SQL(
            """
            SELECT %(columns)s
              FROM (%(source)s) AS source
                   %(attribution)s %(bound)s %(product_filter)s
             WHERE source.date BETWEEN %(first)s AND %(last)s
               AND %(partner)s = ANY(%(partners)s::int[])
            """,
            columns=SQL(", ").join(columns),
            source=self.source,
            attribution=self._attribution(role),
            bound=bound,
            product_filter=self._product_filter(),
            first=min(min(span.start, span.earn_start) for span in self.spans),
            last=max(span.end for span in self.spans),
            partner=partner,
            partners=_array(
                sorted(
                    {
                        scope.partner_id
                        for scope in self._get_scopes()
                        if scope.role == role
                    }
                )
            ),
        )

    # ---------------------------------------------------- attribution and currency

    def _get_role(self, role):
        """The role that a line's partner is asked for: its own where it is credited."""
        return "buyer" if self.credited else role

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
        if self.company_currency:
            return {}
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


class VolumeBatch:
    """What is asked of several queries, read at once.

    A statement for who is eligible, one for all volumes, and one more where some of the
    sources sort: whoever waits for a page does not wait for each measure.
    """

    def __init__(self, known=None):
        """
        :param known: see :func:`read_scopes`
        """
        self._known = known
        self._asked = []

    def ask(self, query, dimensions=()):
        """Rows of :meth:`VolumeQuery.volumes`, in a list that :meth:`fetch` fills."""
        rows = []
        self._asked.append((query, tuple(dimensions), rows))
        return rows

    def fetch(self):
        """Fill the lists of what was asked so far."""
        read_scopes([query for query, _dimensions, _rows in self._asked], self._known)
        asked = [
            each for each in self._asked if each[0].spans and each[0]._get_scopes()
        ]
        self._asked = []
        for sorts in (False, True):
            self._fetch([each for each in asked if each[0].sorts == sorts], sorts)
        if asked:
            asked[0][0].env.cr.execute(_set_local(dict.fromkeys(SORTING_SETTINGS)))
            self._add_prior(asked)

    @staticmethod
    def _fetch(asked, sorts):
        if not asked:
            return
        names = [
            name
            for name in DIMENSIONS
            if any(name in dimensions for _query, dimensions, _rows in asked)
        ]
        statement = SQL(" UNION ALL ").join(
            _select_volumes(number, query, dimensions, names)
            for number, (query, dimensions, _rows) in enumerate(asked)
        )
        settings = SORTING_SETTINGS if sorts else SETTINGS
        first = 5 + len(names)
        own = [
            [5 + names.index(name) for name in dimensions]
            for _query, dimensions, _rows in asked
        ]
        complete = list(range(5, first))
        for row in asked[0][0].env.execute_query(
            SQL("%s; %s", _set_local(settings), statement)
        ):
            places, rows = own[row[0]], asked[row[0]][2]
            if places == complete:
                rows.append(row[1:])
            else:
                kept = tuple([row[place] for place in places])
                rows.append(row[1:5] + kept + row[first:])

    @staticmethod
    def _add_prior(asked):
        """Add what is brought forward to the rows of those queries that count it."""
        counting = [each for each in asked if each[0].with_prior]
        if not counting:
            return
        prior = (
            counting[0][0]
            .env["partner.incentive.prior.volume"]
            ._read_volumes(
                [span for query, _dimensions, _rows in counting for span in query.spans]
            )
        )
        for query, dimensions, rows in counting:
            rows += prior._get_rows(
                query.spans,
                query._get_scopes(),
                query._get_scope_queries()[1],
                dimensions,
            )


def _select_volumes(number, query, dimensions, names):
    """The volumes of a query with its number, in columns that others have, too.

    :param names: all dimensions that some of the queries ask for
    """
    return SQL(
        """
        (SELECT %(number)s, version_id, index, earner_id, segment_id, %(dimensions)s
                qualifying, qualifying_quantity, earning, earning_quantity,
                first_date, last_date
           FROM (%(volumes)s)
             AS volume (version_id, index, earner_id, segment_id, %(own)s
                        qualifying, qualifying_quantity, earning, earning_quantity,
                        first_date, last_date))
        """,
        number=number,
        dimensions=SQL().join(
            SQL("%s, ", SQL.identifier(name))
            if name in dimensions
            else SQL("NULL::%s, ", SQL(DIMENSIONS[name]))
            for name in names
        ),
        own=SQL().join(SQL("%s, ", SQL.identifier(name)) for name in dimensions),
        volumes=query.volumes(dimensions),
    )


def read_scopes(queries, known=None):
    """Look up eligibility for queries that do not know it yet, a statement for all.

    Enrollment, segments (tier at the date), named partners. ``priority`` decides where
    several rows cover one partner and day: a partner named itself before its parent,
    then segments with a ladder of their own in their order. What a higher priority
    covers is cut out of the lower ones.

    :param known: dict that keeps what was looked up for whatever else the caller asks
        in one go, with nothing written in between
    """
    known = {} if known is None else known
    by_earners = {}
    for query in queries:
        if query._scopes is None:
            earners = query.partner_ids
            key = None if earners is None else tuple(earners)
            by_earners.setdefault(key, []).append(query)
    for earners, group in by_earners.items():
        missing = {}
        for query in group:
            for each in query._get_scope_queries()[0]:
                key = _get_scope_key(earners, each)
                if key not in known:
                    missing[key] = each
        found = list(missing)
        known |= {key: [] for key in missing}
        for number, *scope in _fetch_scopes(
            group[0].env, list(missing.values()), earners
        ):
            known[found[number]].append(scope)
        for query in group:
            query._scopes = [
                Scope(number, query._get_role(role), *rest)
                for number, each in enumerate(query._get_scope_queries()[0])
                for role, *rest in known[_get_scope_key(earners, each)]
            ]


def _get_scope_key(earners, query):
    return earners, query.code, repr(query.params)


def _fetch_scopes(env, queries, earners):
    """Rows as :class:`Scope` has them, by the number of the query.

    :param queries: see ``partner.incentive.enrollment._get_scope_query``
    :param earners: ids of the only earners that are wanted, or None for all
    """
    if not queries:
        return []
    restriction = SQL()
    if earners is not None:
        restriction = SQL("WHERE earner_id IN %s", earners or (0,))
    query = SQL(
        """
        WITH eligible AS (%(rows)s),
        ranked AS (
            SELECT scope_id, role, partner_id, earner_id, member_id, segment_id,
                   datemultirange(valid) - COALESCE(
                       range_agg(valid) OVER (
                           PARTITION BY scope_id, partner_id
                           ORDER BY priority
                           GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                       ), '{}'::datemultirange) AS valid
              FROM eligible
        ),
        scope AS (
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
        SELECT scope_id, role, partner_id, earner_id, member_id, segment_id,
               COALESCE(lower(valid), %(far_past)s),
               COALESCE(upper(valid), %(far_future)s)
          FROM scope
        """,
        rows=SQL(" UNION ALL ").join(
            SQL("SELECT %s AS scope_id, each.* FROM (%s) AS each", number, query)
            for number, query in enumerate(queries)
        ),
        restriction=restriction,
        far_past=FAR_PAST,
        far_future=FAR_FUTURE,
    )
    rows = env.execute_query(SQL("%s; %s", _set_local(SCOPE_SETTINGS), query))
    env.cr.execute(_set_local(dict.fromkeys(SCOPE_SETTINGS)))
    return rows


def fetch_overlaps(queries, pairs, clawed=None):
    """Earning volume of earlier versions on lines that later ones count, too.

    :param queries: list of :class:`VolumeQuery` whose lines are of one model, so that
        offers with different measures can meet on a line
    :param pairs: list of ``(earlier version id, later version id)``
    :param clawed: ``{version id: SQL}`` of ``(document_id, product_id, share)`` that do
        not count for it. Of a line that both claim back in part, the smaller rest is
        what both count: it is the same sale that is left.
    :return: rows ``(earlier version, index, earner, later version, index, earner,
        amount, quantity)``, the volume as the earlier version counts it, as text
    """
    if not queries or not pairs:
        return []
    return queries[0].env.execute_query(
        SQL(
            """
            WITH %(members)s
            SELECT earlier.version_id, earlier.index, earlier.earner_id,
                   later.version_id, later.index, later.earner_id,
                   SUM(earlier.amount * LEAST(earlier.kept, later.kept))::text,
                   SUM(earlier.quantity * LEAST(earlier.kept, later.kept))::text
              FROM unnest(%(earlier)s::int[], %(later)s::int[]) AS pair (earlier, later)
              JOIN member AS earlier ON earlier.version_id = pair.earlier
              JOIN member AS later ON later.version_id = pair.later
                                  AND later.line_id = earlier.line_id
             GROUP BY 1, 2, 3, 4, 5, 6
            """,
            members=_members(queries, clawed),
            earlier=[earlier for earlier, _later in pairs],
            later=[later for _earlier, later in pairs],
        )
    )


def fetch_shared(queries, clawed=None):
    """Earning volume by all the versions that earn on the same lines.

    :param queries: list of :class:`VolumeQuery` whose lines are of one model
    :param clawed: as :func:`fetch_overlaps` has it
    :return: rows ``(version, index, [versions that earn on these lines, itself
        included], amount)``, the amount as text
    """
    if not queries:
        return []
    return queries[0].env.execute_query(
        SQL(
            """
            WITH %(members)s, shared AS (
                SELECT line_id, array_agg(DISTINCT version_id) AS versions
                  FROM member GROUP BY line_id
            )
            SELECT member.version_id, member.index, shared.versions,
                   SUM(member.amount * member.kept)::text
              FROM member JOIN shared ON shared.line_id = member.line_id
             GROUP BY 1, 2, 3
            """,
            members=_members(queries, clawed),
        )
    )


def fetch_once(queries, served, clawed=None):
    """Earning volume of groups of versions, in which a sale counts once.

    However many offers of a group count a sale, it is in the volume with the largest
    amount at which one of them counts it. A line is a sale, and what is invoiced of an
    order's line is the same one.

    :param queries: list of :class:`VolumeQuery`, of lines of any models
    :param served: list of ``(group, version id, offer id)``
    :param clawed: as :func:`fetch_overlaps` has it
    :return: rows ``(group, index, amount)``: the first index of each sale, the amount
        as text
    """
    if not queries or not served:
        return []
    ordered = any(query.line_model == "sale.order.line" for query in queries)
    return queries[0].env.execute_query(
        SQL(
            "WITH %(clawed)s %(once)s",
            clawed=_clawed(clawed),
            once=_once(
                served,
                SQL("model, line_id"),
                SQL(" UNION ALL ").join(
                    _sales(query, bool(clawed), ordered) for query in queries
                ),
            ),
        )
    )


def fetch_once_alike(query, served):
    """What :func:`fetch_once` returns, without a look at single lines.

    Right where all versions of a group have one source, so that all count a sale at
    its amount, and what a partner earns by is what it buys, so that nobody shares it.

    :param query: :class:`VolumeQuery` ``by_filter``
    """
    if not served or not query._get_scopes():
        return []
    keys = SQL(", ").join(SQL.identifier(name) for name in query._get_line_keys())
    settings = SORTING_SETTINGS if query.sorts else SETTINGS
    rows = query.env.execute_query(
        SQL("%s; WITH %s", _set_local(settings), _once(served, keys, query.alike()))
    )
    query.env.cr.execute(_set_local(dict.fromkeys(settings)))
    return rows


def _once(served, keys, sales):
    """Tables and rows of groups of versions, in which a sale counts once.

    :param keys: columns that tell one sale from another
    :param sales: SQL of what earns: ``(keys, version_id, index, amount)``
    """
    groups, version_ids, offer_ids = zip(*served, strict=True)
    return SQL(
        """
        served AS (
            SELECT * FROM unnest(%(groups)s::int[], %(versions)s::int[],
                                 %(offers)s::int[])
                AS each (group_id, version_id, offer_id)
        ),
        counted AS (
            SELECT group_id, offer_id, %(keys)s, MIN(index) AS index,
                   SUM(amount) AS amount
              FROM (%(sales)s) AS earning
              JOIN served ON served.version_id = earning.version_id
             GROUP BY group_id, offer_id, %(keys)s
        ),
        sale AS (
            SELECT group_id, MIN(index) AS index,
                   GREATEST(MAX(amount), 0) + LEAST(MIN(amount), 0) AS amount
              FROM counted GROUP BY group_id, %(keys)s
        )
        SELECT group_id, index, SUM(amount)::text FROM sale GROUP BY 1, 2
        """,
        groups=_array(groups),
        versions=_array(version_ids),
        offers=_array(offer_ids),
        keys=keys,
        sales=sales,
    )


def _sales(query, with_clawed, ordered):
    """SQL of what earns: ``(model, line_id, version_id, index, amount)``.

    :param ordered: others count lines of orders, so name an invoice line by its own
    """
    model, line_id, order = SQL("%s", query.line_model), SQL("earning.line_id"), SQL()
    if ordered and query.line_model == "account.move.line":
        model = SQL(
            "CASE WHEN origin.line_id IS NULL THEN %s ELSE 'sale.order.line' END", model
        )
        line_id = SQL("COALESCE(origin.line_id, earning.line_id)")
        order = SQL(
            """
            LEFT JOIN (SELECT invoice_line_id, MIN(order_line_id) AS line_id
                         FROM sale_order_line_invoice_rel GROUP BY invoice_line_id
                      ) AS origin ON origin.invoice_line_id = earning.line_id
            """
        )
    return SQL(
        """
        SELECT %(model)s AS model, %(line_id)s AS line_id, earning.version_id,
               earning.index, earning.amount * earning.kept AS amount
          FROM (%(members)s) AS earning %(order)s
        """,
        model=model,
        line_id=line_id,
        members=query.members(with_clawed),
        order=order,
    )


def _members(queries, clawed):
    """Tables ``clawed``, where there is any, and ``member``: which line earns."""
    return SQL(
        "%s member AS MATERIALIZED (%s)",
        _clawed(clawed),
        SQL(" UNION ALL ").join(
            SQL("(%s)", query.members(bool(clawed))) for query in queries
        ),
    )


def _clawed(clawed):
    """Table ``clawed`` of what does not count for a version, where there is any."""
    if not clawed:
        return SQL()
    return SQL(
        "clawed (version_id, document_id, product_id, share) AS MATERIALIZED (%s),",
        SQL(" UNION ALL ").join(
            SQL("SELECT %s, taken.* FROM (%s) AS taken", version_id, documents)
            for version_id, documents in clawed.items()
        ),
    )


def _set_local(settings):
    """One statement that sets what holds until the commit.

    :param settings: ``{name: value}``, the default where the value is None
    """
    return SQL("; ").join(
        SQL(
            "SET LOCAL %s %s",
            SQL.identifier(name),
            SQL("TO DEFAULT") if value is None else SQL("= %s", value),
        )
        for name, value in settings.items()
    )


def _values(name, columns, rows):
    """Table expression of rows that Python knows.

    :param columns: ``{name: type}``
    """
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    return SQL(
        "%s AS (SELECT * FROM unnest(%s) AS value (%s))",
        SQL.identifier(name),
        SQL(", ").join(
            SQL("%s::%s[]", _array(column), SQL(type_))
            for column, type_ in zip(values, columns.values(), strict=True)
        ),
        SQL(", ").join(SQL.identifier(column) for column in columns),
    )


def _array(values):
    """Text of an array: PostgreSQL reads one constant much faster than a thousand.

    :param values: numbers, dates, booleans, names of fields, or None
    """
    return f"{{{','.join('NULL' if each is None else str(each) for each in values)}}}"
