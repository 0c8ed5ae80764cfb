from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..engine import windows
from ..engine.windows import Window
from ..measures.query import FAR_FUTURE, fetch_shared
from ..report.partner_incentive_cost import COST_KINDS
from .partner_incentive_offer import OFFER_TYPES

ZERO = Decimal(0)
#: How many quarters are kept up to date: two years and the present one.
QUARTERS = 9
LIVE_STATES = ("published", "suspended", "retired")


class PartnerIncentivePerformance(models.Model):
    """How each offer did in each quarter: adoption, cost, return, overlap.

    Derived, and rewritten every night and before a review: what an offer counts takes
    a pass over the documents, which a pivot would ask for again with each click. The
    documents and the ledger are what counts.
    """

    _name = "partner.incentive.performance"
    _description = "Offer Performance"
    _inherit = ["partner.incentive.performance.figures"]
    _order = "date_from desc, bookings desc, id"
    _rec_name = "offer_id"
    _log_access = False

    company_id = fields.Many2one(required=True)
    offer_id = fields.Many2one(
        "partner.incentive.offer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    offer_type = fields.Selection(OFFER_TYPES, string="Type", readonly=True)
    program_id = fields.Many2one("partner.incentive.program", readonly=True, index=True)
    quarter = fields.Char(readonly=True, help="Of the company's fiscal year.")
    date_from = fields.Date(string="Quarter from", required=True, readonly=True)
    date_to = fields.Date(string="Quarter to", required=True, readonly=True)
    as_of = fields.Date(
        string="Documents up to",
        required=True,
        readonly=True,
        help="Later documents are not in these figures.",
    )

    overlap_offer_ids = fields.Many2many(
        "partner.incentive.offer",
        "partner_incentive_performance_overlap_rel",
        string="Overlaps with",
        readonly=True,
    )

    _quarter_unique = models.UniqueIndex("(offer_id, date_from)")

    @api.model
    def _get_quarters(self, company, day, count):
        """The last ``count`` quarters of the fiscal year up to that of ``day``.

        :return: list of :class:`~..engine.windows.Window`, in order
        """
        start = fields.Date.subtract(day, months=3 * count)
        end = fields.Date.add(day, months=3)
        quarters = windows.split(
            start, end, "quarter", company._get_fiscal_first_month()
        )
        # The outer ones are clipped; the one of the day and those before it are not.
        return [each for each in quarters if each.start <= day][-count:]

    @api.model
    def _get_quarter_label(self, company, quarter):
        """What a quarter is called, by the year that its fiscal year ends in."""
        year = company.compute_fiscalyear_dates(quarter.start)
        months = (quarter.start.year - year["date_from"].year) * 12
        months += quarter.start.month - year["date_from"].month
        return self.env._(
            "Q%(number)s %(year)s", number=months // 3 + 1, year=year["date_to"].year
        )

    @api.model
    def _cron_refresh(self):
        for (company,) in self.env["partner.incentive.offer"]._read_group(
            [("state", "in", LIVE_STATES)], ["company_id"]
        ):
            self.with_company(company)._refresh(company)

    @api.model
    def action_update(self, *_args):
        """Bring the figures of the chosen companies up to date, and show them."""
        if not self.has_access("read"):
            raise AccessError(
                self.env._("You may not see how offers did. Ask an incentive manager.")
            )
        for company in self.env.companies:
            self._refresh(company)
        return self.env["ir.actions.act_window"]._for_xml_id(
            "partner_incentive_base.partner_incentive_performance_action"
        )

    @api.model
    def _refresh(self, company, quarters=None):
        """Rewrite the rows of a company.

        :param quarters: list of :class:`~..engine.windows.Window`; the last two years
            by default
        """
        today = fields.Date.context_today(self)
        if quarters is None:
            quarters = self._get_quarters(company, today, QUARTERS)
        quarters = [quarter for quarter in quarters if quarter.start <= today]
        rows_sudo = self.sudo().with_company(company).with_context(active_test=False)
        offers_sudo = rows_sudo.env["partner.incentive.offer"].search(
            [
                ("company_id", "=", company.id),
                ("state", "in", LIVE_STATES),
            ]
        )
        values = rows_sudo._get_values(company, offers_sudo, quarters, today)
        known = {
            (row.offer_id.id, row.date_from): row
            for row in rows_sudo.search(
                [
                    ("company_id", "=", company.id),
                    ("date_from", "in", [quarter.start for quarter in quarters]),
                ]
            )
        }
        created = []
        for key, vals in values.items():
            row = known.pop(key, None)
            if row is None:
                created.append(vals)
            else:
                row.write(vals)
        rows_sudo.create(created)
        rows_sudo.browse([row.id for row in known.values()]).unlink()

    @api.model
    def _get_values(self, company, offers, quarters, today):
        """``{(offer id, first day): values}`` of the quarters that an offer ran in.

        A position, here and below, is ``(offer id, number of the quarter)``.
        """
        if not offers or not quarters:
            return {}
        offers.version_ids._read_terms()
        day = min(today, quarters[-1].end)
        costs = self._read_costs(offers, quarters)
        spans, measured = self._get_spans(offers, quarters, day)
        bookings, before, covered = self._read_bookings(company, spans, day)
        paying = {position for position, by_partner in costs.items() if by_partner}
        overlaps = self._read_overlaps(company, spans, day, paying)
        values = {}
        for version, numbers in self._get_governed(offers, quarters).items():
            offer = version.offer_id
            counts = self._count_partners(company, version, quarters, numbers)
            for number in numbers:
                position = (offer.id, number)
                overlap, others = overlaps.get(position, (ZERO, set()))
                eligible, enrolled = counts[number]
                values[offer.id, quarters[number].start] = {
                    "company_id": company.id,
                    "offer_id": offer.id,
                    "offer_type": offer.offer_type,
                    "program_id": offer.program_id.id,
                    "quarter": self._get_quarter_label(company, quarters[number]),
                    "date_from": quarters[number].start,
                    "date_to": quarters[number].end,
                    "as_of": min(today, quarters[number].end),
                    "measured": offer.id in measured,
                    "eligible": eligible,
                    "enrolled": enrolled,
                    "overlap": float(overlap),
                    "overlap_offer_ids": [(6, 0, sorted(others))],
                    **self._sum_up(
                        costs[position],
                        bookings[position],
                        before[position],
                        covered[position],
                    ),
                }
        return values

    @api.model
    def _sum_up(self, costs, bookings, before, covered):
        """Values of one position.

        :param costs: ``{partner id: Decimal}``, as are bookings and those a year before
        :param covered: ids of the partners whose sales the offer counts
        """
        compared = {partner for partner in covered if before.get(partner, ZERO) > ZERO}
        return {
            "earning": sum(cost > ZERO for cost in costs.values()),
            "bookings": float(sum(bookings.values(), ZERO)),
            "cost": float(sum(costs.values(), ZERO)),
            **{
                name: float(sum((amounts.get(each, ZERO) for each in compared), ZERO))
                for name, amounts in (
                    ("previous_bookings", before),
                    ("compared_bookings", bookings),
                    ("compared_cost", costs),
                )
            },
        }

    # ------------------------------------------------------------------- partners

    @api.model
    def _get_governed(self, offers, quarters):
        """``{version: [numbers of the quarters]}``: the last one in force in each."""
        governed = defaultdict(list)
        for offer in offers:
            versions = offer._get_published_versions()
            end = offer._get_end_date() or FAR_FUTURE
            for number, quarter in enumerate(quarters):
                if offer.date_from > quarter.end or end < quarter.start:
                    continue
                effective = versions.filtered(
                    lambda version, last=quarter.end: version.effective_date <= last
                )
                governed[(effective or versions[:1])[-1:]].append(number)
        return governed

    @api.model
    def _count_partners(self, company, version, quarters, numbers):
        """``{number: (eligible, enrolled)}`` of a version's quarters.

        A segment may name any contact; who has no tier and takes part in no program of
        the company is a customer, and no eligible partner.
        """
        Enrollment = self.env["partner.incentive.enrollment"]
        Enrollment.flush_model()
        self.env["partner.incentive.acceptance"].flush_model()
        self.env["res.partner"].flush_model()
        program = version.offer_id.program_id
        enrolled = SQL("daterange(enrollment.date_from, enrollment.date_to, '[]')")
        members = [
            SQL(
                "SELECT id AS partner_id, daterange(NULL, NULL) AS valid "
                "FROM res_partner WHERE id IN %s",
                tuple(version.partner_ids.ids) or (0,),
            )
        ]
        for segment in version.segment_ids:
            members.append(
                SQL(
                    """
                    SELECT member.partner_id, member.valid * %(enrolled)s
                      FROM (%(members)s) AS member
                      JOIN partner_incentive_enrollment AS enrollment
                        ON enrollment.partner_id = member.partner_id
                       AND enrollment.program_id = %(program)s
                       AND enrollment.state IN ('active', 'ended')
                    """,
                    enrolled=enrolled,
                    members=segment._get_membership_query(),
                    program=program.id,
                )
                if segment._is_open()
                else SQL(
                    "SELECT partner_id, valid FROM (%s) AS member "
                    "WHERE partner_id IN (SELECT partner_id FROM known)",
                    segment._get_membership_query(),
                )
            )
        rows = self.env.execute_query(
            SQL(
                """
                WITH quarter AS (
                    SELECT number, daterange(first, last, '[]') AS valid
                      FROM unnest(%(numbers)s::int[], %(first)s::date[],
                                  %(last)s::date[]) AS each (number, first, last)
                ),
                known AS (
                    SELECT partner_id FROM partner_incentive_enrollment
                     WHERE company_id = %(company)s
                     UNION
                    SELECT partner_id FROM partner_incentive_grade_history
                     WHERE grade_id IS NOT NULL
                ),
                member AS (%(members)s),
                taking_part AS (
                    SELECT enrollment.partner_id, %(enrolled)s %(accepted)s AS valid
                      FROM partner_incentive_enrollment AS enrollment
                           %(acceptance)s
                     WHERE enrollment.program_id = %(program)s
                       AND enrollment.state IN ('active', 'ended')
                )
                SELECT quarter.number, COUNT(DISTINCT member.partner_id),
                       COUNT(DISTINCT taking_part.partner_id)
                  FROM quarter
             LEFT JOIN member ON member.valid && quarter.valid
             LEFT JOIN taking_part
                    ON taking_part.partner_id = member.partner_id
                   AND taking_part.valid && quarter.valid
                 GROUP BY quarter.number
                """,
                numbers=numbers,
                first=[quarters[number].start for number in numbers],
                last=[quarters[number].end for number in numbers],
                company=company.id,
                members=SQL(" UNION ALL ").join(SQL("(%s)", each) for each in members),
                enrolled=enrolled,
                accepted=SQL("* daterange(acceptance.date, NULL)")
                if version.offer_id.opt_in
                else SQL(),
                acceptance=Enrollment._get_acceptance_join(version),
                program=program.id,
            )
        )
        return {number: (eligible, enrolled) for number, eligible, enrolled in rows}

    # ---------------------------------------------------------------------- money

    @api.model
    def _read_costs(self, offers, quarters):
        """``{position: {partner id: Decimal}}``, as the report on cost has it."""
        self.env["partner.incentive.entry"].flush_model()
        costs = defaultdict(dict)
        for offer_id, number, partner_id, cost in self.env.execute_query(
            SQL(
                """
                SELECT entry.offer_id, quarter.number, entry.partner_id,
                       SUM(entry.earned_balance)::text
                  FROM partner_incentive_entry AS entry
                  JOIN unnest(%(numbers)s::int[], %(first)s::date[], %(last)s::date[])
                    AS quarter (number, first, last)
                    ON entry.date BETWEEN quarter.first AND quarter.last
                 WHERE entry.offer_id IN %(offers)s AND entry.kind IN %(kinds)s
                 GROUP BY entry.offer_id, quarter.number, entry.partner_id
                HAVING SUM(entry.earned_balance) != 0
                """,
                numbers=list(range(len(quarters))),
                first=[quarter.start for quarter in quarters],
                last=[quarter.end for quarter in quarters],
                offers=tuple(offers.ids),
                kinds=COST_KINDS,
            )
        ):
            costs[offer_id, number][partner_id] = Decimal(cost)
        return costs

    @api.model
    def _get_spans(self, offers, quarters, day):
        """Days of each quarter whose documents earn, and offers that pay on sales.

        :return: ``({measure code: [Span]}, set of offer ids)``; a span's index is the
            number of the quarter
        """
        registry = self.env["partner.incentive.measure"]
        measures, sales = registry._get_measures(), registry._get_sales_documents()
        calculation = self.env["partner.incentive.calculation"]
        spans, measured = defaultdict(list), set()
        for offer in offers.filtered(
            lambda offer: offer._is_calculated() and offer._pays_itself()
        ):
            for span in calculation._get_offer_spans(offer, day):
                code = span.version.measure
                if code not in measures or measures[code].document_model not in sales:
                    continue
                measured.add(offer.id)
                for each in span.cut(quarters):
                    spans[code].append(each)
        return spans, measured

    @api.model
    def _read_bookings(self, company, spans, day):
        """Sales that offers count, those a year before, and whose they are.

        :return: ``(bookings, a year before, covered)`` by position: two of
            ``{partner id: Decimal}`` and a set of partner ids
        """
        bookings = defaultdict(lambda: defaultdict(Decimal))
        before = defaultdict(lambda: defaultdict(Decimal))
        covered = defaultdict(set)
        for code, own in spans.items():
            query = self._read_volumes(company, code, own, day, bookings)
            for span, scope in _get_covered(query):
                covered[span.version.offer_id.id, span.index].add(scope.member_id)
            self._take_clawed_off(company, code, own, day, bookings)
            shifted = [
                replace(
                    span.moved(
                        windows.year_before(Window(span.start, span.end)), span.index
                    ),
                    counts_from=None,
                    earns_from=None,
                )
                for span in own
            ]
            self._read_volumes(company, code, shifted, day, before, any_date=True)
        return bookings, before, covered

    def _get_query(self, company, code, spans, day, **options):
        calculation = self.env["partner.incentive.calculation"].with_company(company)
        return calculation._get_query(
            code,
            spans,
            day,
            None,
            with_quantity=False,
            company_currency=True,
            **options,
        )

    def _read_volumes(self, company, code, spans, day, totals, **options):
        """Add earning volume in company currency to ``totals``, by position.

        :return: the :class:`~..measures.query.VolumeQuery`
        """
        query = self._get_query(company, code, spans, day, **options)
        # Volume brought forward is in the offer's currency: it is added apart.
        query.with_prior = False
        offer_ids = {span.version.id: span.version.offer_id.id for span in spans}
        for (
            version_id,
            number,
            _earner_id,
            _segment_id,
            partner_id,
            *volumes,
        ) in query.fetch(("partner_id",)):
            amount = Decimal(volumes[2] or 0)
            if amount:
                totals[offer_ids[version_id], number][partner_id] += amount
        prior = self.env["partner.incentive.prior.volume"]._read_volumes(spans)
        for volume, span, scope in prior._match(
            spans, query._get_scopes(), query._get_scope_queries()[1]
        ):
            totals[offer_ids[span.version.id], span.index][scope.member_id] += (
                volume._get_money(company.currency_id)
            )
        return query

    def _take_clawed_off(self, company, code, spans, day, totals):
        """Take off what is claimed back, as the calculation does."""
        calculation = self.env["partner.incentive.calculation"].with_company(company)
        measure = self.env["partner.incentive.measure"]._get_measures()[code]
        for version, documents in calculation._get_clawed(code, spans, day).items():
            for number, earner_id, _document_id, counted in calculation._read_clawed(
                measure,
                [span for span in spans if span.version == version],
                day,
                None,
                ("partner_id",),
                documents,
                company_currency=True,
            ):
                pooled = version.pooled
                partner_id = counted.label.partner_id if pooled else earner_id
                totals[version.offer_id.id, number][partner_id] += counted.amount

    @api.model
    def _read_overlaps(self, company, spans, day, paying):
        """``{position: (bookings that others paid on, too, ids of these offers)}``.

        :param paying: positions of offers that cost something
        """
        measures = self.env["partner.incentive.measure"]._get_measures()
        calculation = self.env["partner.incentive.calculation"]
        by_model = defaultdict(list)
        for code in spans:
            by_model[measures[code].line_model].append(code)
        overlaps = {}
        for codes in by_model.values():
            queries, clawed, offer_ids = [], {}, {}
            for code in codes:
                query = self._get_query(company, code, spans[code], day)
                if query._get_scopes():
                    queries.append(query)
                for version, documents in calculation._get_clawed(
                    code, spans[code], day
                ).items():
                    clawed[version.id] = documents
                for span in spans[code]:
                    offer_ids[span.version.id] = span.version.offer_id.id
            for version_id, number, version_ids, amount in fetch_shared(
                queries, clawed
            ):
                own = offer_ids[version_id]
                others = {offer_ids[each] for each in version_ids} - {own}
                others = {each for each in others if (each, number) in paying}
                if others:
                    total, known = overlaps.get((own, number), (ZERO, set()))
                    total += Decimal(amount or 0)
                    overlaps[own, number] = total, known | others
        return overlaps

    def action_open_offer(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.incentive.offer",
            "res_id": self.offer_id.id,
            "view_mode": "form",
        }


def _get_covered(query):
    """``(Span, Scope)`` of whose sales a query's spans count."""
    scopes = defaultdict(list)
    for scope in query._get_scopes():
        scopes[scope.scope_id].append(scope)
    _queries, numbers = query._get_scope_queries()
    for span in query.spans:
        for scope in scopes[numbers[span.version.id]]:
            if scope.valid_from <= span.end and scope.valid_to > span.start:
                yield span, scope
