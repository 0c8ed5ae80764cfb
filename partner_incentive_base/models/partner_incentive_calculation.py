"""From the books to entitlements: the run's reading half."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from json import dumps, loads
from operator import itemgetter
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.gc import disabling_gc

from ..engine import calculation, guarantee, windows
from ..engine.allocation import round_to
from ..measures.measure import SOURCE_COLUMNS
from ..measures.query import (
    FAR_FUTURE,
    Span,
    VolumeBatch,
    VolumeQuery,
    fetch_overlaps,
    read_scopes,
)
from ..tools.prefetch import prefetch_lines

ZERO = Decimal(0)
ONE = Decimal(1)
# Rows of volumes begin with version, index, earner and segment.
FIRST_DIMENSION = 4


@dataclass(slots=True)
class Outcome:
    """What one offer owes one earner for one window, on a day.

    :param offer: record
    :param earner_id: partner id, or 0 for the pool of a pooled offer
    :param window: :class:`~..engine.windows.Window`
    :param version: version whose window-level terms are in force on that day
    :param position: :class:`~..engine.calculation.Position`
    :param result: :class:`~..engine.calculation.Result`
    :param guaranteed: top-ups of a guarantee that are due
    :param brought_forward: entitlement of a window that was over before the company
        went live, as imported
    :param growth: ``{version id: Decimal}``, the part of the lines' volume that counts
        where growth does
    :param shares: ``{partner id: {analytic key: Decimal}}``, sums to the entitlement
    :param clawed: ``{(document model, document id): Decimal}``, the volume that was
        taken off since its document is claimed back
    :param tier_factor: part of the position's multiplier that is the tier's benefit
    :param looked_at: day on which the earner's tier decided that, or None
    """

    offer: object
    earner_id: int
    window: object
    version: object
    position: object
    result: object
    guaranteed: Decimal = ZERO
    brought_forward: Decimal = ZERO
    growth: dict = field(default_factory=dict)
    shares: dict = field(default_factory=dict)
    clawed: dict = field(default_factory=dict)
    tier_factor: Decimal = Decimal(1)
    looked_at: date | None = None

    @property
    def entitlement(self):
        entitled = self.result.entitlement
        if self.guaranteed or self.brought_forward:
            entitled += self.guaranteed + self.brought_forward
        return entitled

    def partner_ids(self):
        if self.earner_id:
            return [self.earner_id]
        return sorted({part.label.partner_id for part in self.position.parts})


class Label(NamedTuple):
    """What a part of the earning volume is known by.

    ``analytic`` is a stable text of the analytic distribution.
    """

    version_id: int
    segment_id: int
    partner_id: int
    analytic: str | None = None

    @property
    def distribution(self):
        return loads(self.analytic) if self.analytic else None


class PartnerIncentiveCalculation(models.AbstractModel):
    """Reads volumes, hands them to the engine, and returns what it says.

    Nothing here writes. Whether the caller may see the result is checked before.
    """

    _name = "partner.incentive.calculation"
    _description = "Incentive Calculation"

    @api.model
    def _calculate(self, offers, day, partners=None, known=None):
        """Entitlements of ``offers`` from volume up to ``day``.

        :param offers: published or retired offers, or drafts for a preview
        :param day: date, included
        :param partners: only what these partners earn, or None for all
        :param known: see :func:`~..measures.query.read_scopes`
        :return: list of :class:`Outcome`, one per offer, earner and window that has
            volume
        """
        outcomes = []
        known = {} if known is None else known
        for company in offers.company_id:
            chosen = offers.filtered(lambda offer, c=company: offer.company_id == c)
            # All that is made lives to the end and refers to nothing in circles: the
            # collector would only look through it, and all of Odoo, again and again.
            with disabling_gc():
                outcomes += self.with_company(company)._calculate_company(
                    chosen, day, partners, known
                )
        return outcomes

    def _calculate_company(self, offers, day, partners, known):
        positions = self._read_positions(offers, day, partners, known)
        results = calculation.Calculation(
            [outcome.position for outcome in positions.values()],
            self._read_overlaps(positions, day, partners, known),
        ).results()
        outcomes = []
        wanted = set(offers.ids)
        for key, outcome in positions.items():
            outcome.result = results[key]
            if key[0] in wanted:
                outcomes.append(outcome)
        versions = self._get_versions_of(outcomes)
        if any(version._get_guarantee() for version in versions):
            self._add_guarantees(offers, outcomes, day, partners, known)
        for outcome in outcomes:
            self._split(outcome)
        return outcomes

    # ------------------------------------------------------------------- reading

    def _read_positions(self, offers, day, partners, known=None, with_coupled=True):
        """``{(offer id, earner id, window): Outcome}`` without results.

        :param known: see :func:`~..measures.query.read_scopes`
        """
        coupled = offers | offers._get_coupled() if with_coupled else offers
        prefetch_lines(coupled, "version_ids")
        self.env["partner.incentive.offer.version"].union(
            *(self._get_versions(offer) for offer in coupled)
        )._read_terms()
        if partners is not None and coupled._filtered_by_terms("pooled"):
            partners = None
        # Measures of one source, such as amount and quantity, are read in one pass.
        measures = self.env["partner.incentive.measure"]._get_measures()
        by_source = defaultdict(list)
        for span in self._get_spans(coupled, day):
            measure = measures.get(span.version.measure)
            if measure is not None:
                by_source[measure.source].append(span)
        parts = defaultdict(lambda: defaultdict(list))
        clawed = defaultdict(dict)
        confirmed = self.env["partner.incentive.clawback"]._get_confirmed(coupled, day)
        batch = VolumeBatch(known)
        sources = [
            self._ask_source(batch, measures, source_spans, day, partners, confirmed)
            for source_spans in by_source.values()
        ]
        batch.fetch()
        for source in sources:
            self._add_parts(source, parts, clawed)
        outcomes = {}
        for (offer_id, window), by_earner in parts.items():
            offer = self.env["partner.incentive.offer"].browse(offer_id)
            version = self._get_version_in_force(offer, window, day)
            terms = version._get_terms()
            for earner_id, found in by_earner.items():
                key = (offer_id, earner_id, window)
                # by number of the version
                found.sort(key=itemgetter(0))
                outcomes[key] = Outcome(
                    offer,
                    earner_id,
                    window,
                    version,
                    calculation.Position(
                        key, terms, tuple([each[1] for each in found])
                    ),
                    None,
                    growth={part.label.version_id: grown for _n, part, grown in found},
                )
        for key, documents in clawed.items():
            if key in outcomes:
                outcomes[key].clawed = documents
        self._add_guaranteed(coupled, day, partners, outcomes, known)
        self._accelerate(outcomes, day)
        return outcomes

    @staticmethod
    def _get_versions_of(outcomes):
        """The distinct versions of many outcomes, cheaper than a set of records."""
        in_force = {each.position.key[::2]: each.version for each in outcomes}
        return list({version.id: version for version in in_force.values()}.values())

    def _accelerate(self, outcomes, day):
        """Set the multiplier of positions that other offers, or tiers, accelerate.

        Extension point.

        :param outcomes: ``{(offer id, earner id, window): Outcome}`` without results
        """

    def _add_guaranteed(self, offers, day, partners, outcomes, known):
        """A guarantee is owed without any volume, too: add positions without parts."""
        queries = {}
        for offer in offers:
            versions = self._get_versions(offer)
            if not any(version._get_guarantee() for version in versions):
                continue
            spans = self._get_offer_spans(offer, day)
            query = spans and self._get_query(
                versions[-1].measure, spans, day, partners
            )
            if query:
                queries[offer] = query
        read_scopes(queries.values(), known)
        for offer, query in queries.items():
            for _version, earner_id, _partner, valid, member_id in query.fetch_scope():
                for window in offer._get_windows(day):
                    key = (offer.id, earner_id, window)
                    if key in outcomes or not _overlaps(valid, window):
                        continue
                    version = self._get_version_in_force(offer, window, day)
                    part = calculation.Part(
                        Label(version.id, 0, member_id),
                        next(iter(version._get_scales().values())),
                        ZERO,
                        ZERO,
                        ZERO,
                    )
                    outcomes[key] = Outcome(
                        offer,
                        earner_id,
                        window,
                        version,
                        calculation.Position(key, version._get_terms(), (part,)),
                        None,
                    )

    def _get_versions(self, offer):
        return offer._get_published_versions() or offer.version_id

    def _get_version_in_force(self, offer, window, day):
        """Version whose window-level terms hold: the last to take effect by then."""
        versions = self._get_versions(offer)
        last_day = min(day, window.end)
        effective = versions.filtered(lambda v: v.effective_date <= last_day)
        return (effective or versions[:1])[-1]

    def _get_spans(self, offers, day):
        spans = []
        for offer in offers:
            spans += self._get_offer_spans(offer, day)
        return spans

    def _get_offer_spans(self, offer, day):
        spans = []
        today = max(day, fields.Date.context_today(self))
        for version in self._get_versions(offer):
            start, end = version._get_earning_span()
            certain = min(day, today - timedelta(days=version._get_safety_days()))
            for window in offer._get_windows(day):
                last = min(certain, window.end)
                earn_start = max(window.start, start)
                earn_end = min(last, end or FAR_FUTURE)
                if earn_start > earn_end:
                    continue
                spans.append(
                    Span(
                        version=version,
                        index=(window.start - offer.date_from).days,
                        start=window.start,
                        end=last,
                        earn_start=earn_start,
                        earn_end=earn_end,
                    )
                )
        return spans

    def _get_dimensions(self, versions):
        dimensions = []
        if any(versions.mapped("pooled")):
            dimensions.append("partner_id")
        if any(versions.mapped("analytic")):
            dimensions.append("analytic_distribution")
        return tuple(dimensions)

    def _get_query(self, code, spans, day, partners, **options):
        """:class:`VolumeQuery` over a measure, or None where it is not installed.

        :param options: of the query; ``source`` is another than the measure's own
        """
        measure = self.env["partner.incentive.measure"]._get_measures().get(code)
        if measure is None:
            return None
        source = options.pop("source", None) or measure.source
        company = spans[0].version.offer_id.company_id
        return VolumeQuery(
            env=self.env(su=True),
            company=company,
            source=source(company, day),
            line_model=measure.line_model,
            attribution_column=self.env[
                "partner.incentive.measure"
            ]._get_attribution_column(measure),
            spans=spans,
            partner_ids=None if partners is None else partners.ids,
            credited=measure.credited,
            sorts=measure.sorts,
            **options,
        )

    def _ask_source(self, batch, measures, spans, day, partners, confirmed):
        """Ask for the volumes of measures with one source, and what they need.

        :param batch: :class:`~..measures.query.VolumeBatch`
        :param confirmed: documents by offer that do not count
        :return: :class:`_Source`
        """
        versions = self.env["partner.incentive.offer.version"].union(
            *(span.version for span in spans)
        )
        dimensions = self._get_dimensions(versions)
        query = self._get_query(
            spans[0].version.measure, spans, day, partners, with_quantity=False
        )
        previous = []
        for code in set(versions.mapped("measure")):
            if measures[code].growth:
                own = [span for span in spans if span.version.measure == code]
                previous.append(self._ask_previous(batch, code, own, partners))
        clawed = {}
        for version in versions:
            measure = measures[version.measure]
            documents = self._get_clawed_documents(version, measure, day, confirmed)
            if documents is not None:
                own = [span for span in spans if span.version == version]
                clawed[version] = batch.ask(
                    self._get_clawed_query(measure, own, day, partners, documents),
                    (*dimensions, "document_id"),
                )
        return _Source(
            measures=measures,
            versions=versions,
            dimensions=dimensions,
            windows={
                (version.id, (window.start - offer.date_from).days): window
                for version in versions
                for offer in version.offer_id
                for window in offer._get_windows(day)
            },
            rows=batch.ask(query, dimensions),
            previous=previous,
            references=self._ask_references(batch, measures, spans, day, partners),
            clawed=clawed,
        )

    def _add_parts(self, source, parts, clawed):
        """Add the volumes of a source to ``parts``.

        :param source: :class:`_Source` whose rows were read
        :param parts: ``{(offer id, window): {earner id: [...]}}``, see
            :meth:`_Reading.get_parts`
        :param clawed: where to note by position and document what was taken off
        """
        measures = source.measures
        previous = {}
        for unit, volumes in source.previous:
            previous |= _sum_volumes(unit, volumes)
        references = self._read_references(source)
        readings = {
            version.id: _Reading(version, measures[version.measure], source.dimensions)
            for version in source.versions
        }
        counted = defaultdict(lambda: defaultdict(list))
        for row in source.rows:
            counted[row[:2]][row[2]].append(readings[row[0]].interpret(row))
        for version, taken in source.clawed.items():
            measure = measures[version.measure]
            for index, earner_id, document_id, each in self._interpret_clawed(
                version, measure, source.dimensions, taken
            ):
                counted[version.id, index][earner_id].append(each)
                window = source.windows[version.id, index]
                key = (version.offer_id.id, earner_id, window)
                document = (measure.document_model, document_id)
                clawed[key][document] = clawed[key].get(document, ZERO) - each.volume
        nothing = (ZERO, ZERO)
        for (version_id, index), by_earner in counted.items():
            reading, window = readings[version_id], source.windows[version_id, index]
            of_window = parts[reading.offer_id, window]
            for earner_id, labelled in by_earner.items():
                key = (version_id, index, earner_id)
                found = reading.get_parts(
                    labelled, window, previous.get(key, nothing), references.get(key)
                )
                if found:
                    of_window[earner_id] += found

    def _get_clawed(self, code, spans, day):
        """``{version: SQL}`` of documents that do not count, where there are any.

        As :meth:`_get_clawed_documents` has it, for spans of one measure.
        """
        measure = self.env["partner.incentive.measure"]._get_measures()[code]
        versions = self.env["partner.incentive.offer.version"].union(
            *(span.version for span in spans)
        )
        confirmed = self.env["partner.incentive.clawback"]._get_confirmed(
            versions.offer_id, day
        )
        clawed = {}
        for version in versions:
            documents = self._get_clawed_documents(version, measure, day, confirmed)
            if documents is not None:
                clawed[version] = documents
        return clawed

    def _get_clawed_documents(self, version, measure, day, confirmed):
        """SQL of ``(document_id, product_id, share)`` that do not count, or None."""
        queries = version._get_clawed_queries(measure, day)
        documents = confirmed.get(version.offer_id.id)
        if documents:
            queries.append(
                SQL(
                    """SELECT document_id, NULL::int, share
                         FROM unnest(%s::int[], %s::numeric[])
                           AS confirmed (document_id, share)""",
                    [document_id for document_id, _share in documents],
                    [share for _document, share in documents],
                )
            )
        return SQL(" UNION ALL ").join(queries) if queries else None

    def _read_clawed(
        self, measure, spans, day, partners, dimensions, documents, **options
    ):
        """Volume of documents that are claimed back, negative: it is taken off.

        :param documents: see :meth:`_get_clawed_documents`
        :param options: of the query
        :return: list of ``(index, earner id, document id, Counted)``
        """
        query = self._get_clawed_query(
            measure, spans, day, partners, documents, **options
        )
        rows = query.fetch((*dimensions, "document_id"))
        return self._interpret_clawed(spans[0].version, measure, dimensions, rows)

    def _interpret_clawed(self, version, measure, dimensions, rows):
        """What :meth:`_read_clawed` returns, of the rows of its query."""
        kept_apart = (*dimensions, "document_id")
        reading = _Reading(version, measure, kept_apart)
        # version, index, earner, segment and the dimensions; the document is the last
        document = 3 + len(kept_apart)
        return [(row[1], row[2], row[document], reading.interpret(row)) for row in rows]

    def _get_clawed_query(self, measure, spans, day, partners, documents, **options):
        """:class:`VolumeQuery` over documents that are claimed back.

        :param documents: see :meth:`_get_clawed_documents`
        """
        version = spans[0].version
        changed = ("amount", "amount_currency", "quantity")
        source = SQL(
            """
            SELECT %(columns)s
              FROM (%(source)s) AS counted
        CROSS JOIN LATERAL (
                SELECT MAX(LEAST(clawed.share, 1)) AS share
                  FROM clawed
                 WHERE clawed.document_id = counted.document_id
                   AND (clawed.product_id IS NULL
                        OR clawed.product_id = counted.product_id)) AS taken
             WHERE taken.share > 0
               AND counted.document_id IN (SELECT document_id FROM clawed)
            """,
            columns=SQL(", ").join(
                SQL(
                    "-taken.share * counted.%(column)s AS %(column)s",
                    column=SQL.identifier(column),
                )
                if column in changed
                else SQL("counted.%s", SQL.identifier(column))
                for column in SOURCE_COLUMNS
            ),
            source=measure.source(version.offer_id.company_id, day),
        )
        return self._get_query(
            version.measure,
            spans,
            day,
            partners,
            source=lambda _company, _until: SQL(
                "WITH clawed (document_id, product_id, share) AS (%s) %s",
                documents,
                source,
            ),
            with_quantity=False,
            **options,
        )

    def _ask_previous(self, batch, code, spans, partners, until=None):
        """Ask for Q and E of the same windows a year before, enrolled then or not.

        :param batch: :class:`~..measures.query.VolumeBatch`
        :param until: only what came by this day's equivalent of the year before
        :return: ``(unit, rows)`` for :func:`_sum_volumes`
        """
        unit = self.env["partner.incentive.measure"]._get_measures()[code].unit
        shifted = []
        for span in spans:
            window = next(
                window
                for window in span.version.offer_id._get_windows(span.end)
                if window.start == span.start
            )
            if until is not None:
                window = windows.Window(window.start, min(window.end, until))
            before = span.version.offer_id._get_calendar().year_before(window)
            if before is None:
                # Only of a draft: publication asks for the year before.
                continue
            shifted.append(
                Span(
                    span.version,
                    span.index,
                    before.start,
                    before.end,
                    before.start,
                    before.end,
                )
            )
        if not shifted:
            return unit, []
        last = max(span.end for span in shifted)
        query = self._get_query(code, shifted, last, partners, any_date=True)
        return unit, batch.ask(query)

    def _read_seasons(self, offers, day):
        """Qualifying volume of open windows a year before, enrolled then or not.

        :return: ``{(offer id, earner id, window): (up to the same day, whole)}``
        """
        seasons = {}
        for company, group in offers.grouped("company_id").items():
            calculation_of = self.with_company(company)
            by_measure = defaultdict(list)
            places = {}
            for offer in group:
                open_windows = {
                    window.start: window
                    for window in offer._get_windows(day)
                    if window.end > day
                }
                for span in self._get_offer_spans(offer, day):
                    if span.start in open_windows:
                        by_measure[span.version.measure].append(span)
                        places[span.version.id, span.index] = (
                            offer.id,
                            open_windows[span.start],
                        )
            batch = VolumeBatch()
            asked = [
                (
                    calculation_of._ask_previous(batch, code, spans, None),
                    calculation_of._ask_previous(batch, code, spans, None, day),
                )
                for code, spans in by_measure.items()
            ]
            batch.fetch()
            for whole, reached in asked:
                before = _sum_volumes(*reached)
                for key, (volume, _earning) in _sum_volumes(*whole).items():
                    version_id, index, earner_id = key
                    offer_id, window = places[version_id, index]
                    so_far, _earning = before.get(key, (ZERO, ZERO))
                    seasons[offer_id, earner_id, window] = (so_far, volume)
        return seasons

    def _ask_references(self, batch, measures, spans, day, partners):
        """Ask for what is 100 percent for brackets that are percentages.

        :return: list of ``(kind, spans, (unit, rows) or None)``
        """
        by_kind = defaultdict(list)
        kinds = {
            version: version._get_reference()
            for version in {span.version for span in spans}
        }
        for span in spans:
            if kinds[span.version]:
                by_kind[kinds[span.version], span.version.measure].append(span)
        asked = []
        for (kind, code), own in by_kind.items():
            volumes = None
            if kind == "previous":
                volumes = self._ask_previous(batch, code, own, partners)
            elif kind != "target":
                options = (
                    {"source": measures[code].reference}
                    if kind == "measure"
                    else {"basis": "reference"}
                )
                query = self._get_query(code, own, day, partners, **options)
                volumes = (measures[code].unit, batch.ask(query))
            asked.append((kind, own, volumes))
        return asked

    def _read_references(self, source):
        """What is 100 percent, by what :meth:`_ask_references` asked for.

        :return: ``{(version id, index, earner id): Decimal}``, more than zero
        """
        references = {}
        for kind, own, volumes in source.references:
            if kind == "target":
                references |= self._get_target_references(own)
                continue
            for key, (base, _earned) in _sum_volumes(*volumes).items():
                if base > ZERO:
                    references[key] = base
        return references

    def _get_target_references(self, spans):
        """Targets by position; a pool's target is the sum of its members'."""
        versions = self.env["partner.incentive.offer.version"].union(
            *(span.version for span in spans)
        )
        targets = versions._get_targets()
        references = defaultdict(Decimal)
        for span in spans:
            own = targets.get(span.version.offer_id.id, {})
            for (partner_id, start), target in own.items():
                if start == span.start and target > ZERO:
                    earner_id = 0 if span.version.pooled else partner_id
                    references[span.version.id, span.index, earner_id] += target
        return references

    def _read_overlaps(self, outcomes, day, partners, known):
        """Common volume of coupled offers, for the reduction by earlier ones."""
        offers = self.env["partner.incentive.offer"].browse(
            sorted({offer_id for offer_id, _earner_id, _window in outcomes})
        )
        later = offers._filtered_by_terms("reduced_by_earlier")
        earlier = offers._filtered_by_terms("reduces_later")
        if not later or not earlier:
            return {}
        measures = self.env["partner.incentive.measure"]._get_measures()
        spans = defaultdict(list)
        for span in self._get_spans(later | earlier, day):
            if span.version.measure in measures:
                spans[span.version.measure].append(span)
        by_model = defaultdict(list)
        for code in spans:
            by_model[measures[code].line_model].append(code)
        window_of = {
            (version.id, (window.start - offer.date_from).days): (offer.id, window)
            for offer in later | earlier
            for version in self._get_versions(offer)
            for window in offer._get_windows(day)
        }
        confirmed = self.env["partner.incentive.clawback"]._get_confirmed(
            later | earlier, day
        )
        overlaps = defaultdict(lambda: defaultdict(Decimal))
        for codes in by_model.values():
            versions = {span.version for code in codes for span in spans[code]}
            queries = [
                self._get_query(code, spans[code], day, partners) for code in codes
            ]
            read_scopes(queries, known)
            pairs = self._get_reducing_pairs(versions)
            clawed = {}
            for version in versions:
                documents = self._get_clawed_documents(
                    version, measures[version.measure], day, confirmed
                )
                if documents is not None:
                    clawed[version.id] = documents
            for row in self._fetch_overlaps(queries, pairs, clawed):
                first, first_index, first_earner, second, second_index, earner = row[:6]
                first_offer, first_window = window_of[first, first_index]
                second_offer, second_window = window_of[second, second_index]
                unit = measures[
                    self.env["partner.incentive.offer.version"].browse(first).measure
                ].unit
                key = (first_offer, first_earner, first_window)
                if key in outcomes:
                    common = Decimal(row[6] if unit == "amount" else row[7])
                    grown = outcomes[key].growth.get(first, ZERO)
                    overlaps[second_offer, earner, second_window][key] += common * grown
        return overlaps

    def _fetch_overlaps(self, queries, pairs, clawed):
        """Rows of :func:`~..measures.query.fetch_overlaps`."""
        return fetch_overlaps(queries, pairs, clawed)

    def _get_reducing_pairs(self, versions):
        """``(earlier version id, later version id)`` where one reduces the other."""
        return [
            (first.id, second.id)
            for first in versions
            for second in versions
            if first.reduces_later
            and second.reduced_by_earlier
            and first.offer_id != second.offer_id
            and first.sequence <= second.sequence
        ]

    # ------------------------------------------------------- guarantee and shares

    def _add_guarantees(self, offers, outcomes, day, partners, known, brought=None):
        """Top up what was earned within each guarantee period.

        What was earned by the end of each period is calculated anew, once per day on
        which any period ends, for all offers with a guarantee together.

        :param brought: ``{key: Decimal}`` earned in windows that are not calculated
        """
        guaranteed = [o for o in outcomes if o.version._get_guarantee()]
        periods = {}
        for outcome in guaranteed:
            place = outcome.version, outcome.window
            if place not in periods:
                periods[place] = self._get_guarantee_periods(*place, day)
        days = sorted(
            {min(w.end, day) for spans, _longer in periods.values() for w in spans}
        )
        earned_by = {}
        for each in days:
            positions = self._read_positions(offers, each, partners, known)
            results = calculation.Calculation(
                [outcome.position for outcome in positions.values()],
                self._read_overlaps(positions, each, partners, known),
            ).results()
            earned_by[each] = {key: r.entitlement for key, r in results.items()}
            earned_by[each] |= brought or {}
        for outcome in guaranteed:
            promise = outcome.version._get_guarantee()
            spans, longer = periods[outcome.version, outcome.window]
            earned = []
            before = ZERO
            for span in spans:
                total = self._get_earned(outcome, longer, earned_by, span, day)
                # By the windows of a longer period it is what they earned by its end.
                earned.append((span, total if longer else total - before))
                before = total
            top_up = guarantee.top_ups(promise, earned, day)
            if longer:
                top_up -= guarantee.top_ups(promise, earned[:-1], day)
            outcome.guaranteed = round_to(top_up, outcome.position.terms.unit)

    def _get_guarantee_periods(self, version, window, day):
        """Guarantee periods that began by ``day`` and are topped up in a window.

        :return: ``(periods, longer)``. Periods that reach beyond windows are
            ``longer``: the last one is topped up in the window in which it is due, and
            those before it are there for what they leave over.
        """
        promise = version._get_guarantee()
        periods = version.offer_id._get_windows(day, period=promise.period)
        meeting = [
            span
            for span in periods
            if span.start <= window.end and span.end >= window.start
        ]
        if all(span.start in window and span.end in window for span in meeting):
            return meeting, False
        due = [
            number
            for number, span in enumerate(periods)
            if (span.start if promise.timing == "start" else span.end) in window
        ]
        if not due:
            return [], True
        first = 0 if promise.cumulative else due[-1]
        return periods[first : due[-1] + 1], True

    def _get_earned(self, outcome, longer, earned_by, span, day):
        """What a window, or all windows of a longer period, earned by its end."""
        earned = earned_by[min(span.end, day)]
        if not longer:
            return earned.get(outcome.position.key, ZERO)
        offer_id, earner_id, _window = outcome.position.key
        return sum(
            (
                earned.get((offer_id, earner_id, window), ZERO)
                for window in outcome.offer._get_windows(day)
                if window.start in span
            ),
            ZERO,
        )

    def _split(self, outcome):
        """Share the entitlement by partner of a pool and by analytic distribution."""
        parts = outcome.position.parts
        if len(parts) == 1:
            _version, _segment, partner_id, analytic = parts[0].label
            outcome.shares = {partner_id: {analytic: outcome.entitlement}}
            return
        amounts = calculation.split_result(
            outcome.entitlement, parts, outcome.position.terms.unit
        )
        shares = defaultdict(lambda: defaultdict(Decimal))
        for part, amount in zip(parts, amounts, strict=True):
            shares[part.label.partner_id][part.label.analytic] += amount
        outcome.shares = shares


@dataclass(slots=True)
class _Source:
    """What was asked of the measures with one source.

    :param measures: all measures, by code
    :param versions: those that count by this source
    :param dimensions: what their volumes are kept apart by
    :param windows: ``{(version id, index): window}``
    :param rows: the volumes
    :param previous: what was asked of the year before: list of ``(unit, rows)``
    :param references: see :meth:`PartnerIncentiveCalculation._ask_references`
    :param clawed: ``{version: rows}`` of what is claimed back
    """

    measures: dict
    versions: object
    dimensions: tuple
    windows: dict
    rows: list
    previous: list
    references: list
    clawed: dict


class Counted(NamedTuple):
    """What one row counts, exact.

    :param label: :class:`Label`
    :param qualifying: in the unit of the measure, as ``volume``, which earns
    :param amount: earning volume in the offer's currency
    """

    label: Label
    qualifying: Decimal
    volume: Decimal
    amount: Decimal


class _Reading:
    """How the rows of one version are read: looked up once, not once per row."""

    def __init__(self, version, measure, dimensions):
        self.version_id = version.id
        self.offer_id = version.offer_id.id
        self.number = version.number
        self.unit = measure.unit
        self.growth = measure.growth
        self.baseline = version._get_growth_baseline()
        self.reference = version._get_reference()
        self.elapsed = measure.elapsed
        self.ladders = version._get_scales()
        self.first_volume = FIRST_DIMENSION + len(dimensions)
        # Places of the dimensions that this version is kept apart by.
        self.partner = self._get_place(dimensions, "partner_id", version.pooled)
        self.analytic = self._get_place(
            dimensions, "analytic_distribution", version.analytic
        )

    @staticmethod
    def _get_place(dimensions, name, wanted):
        return FIRST_DIMENSION + dimensions.index(name) if wanted else None

    def interpret(self, row):
        """:class:`Counted` of a row of volumes."""
        label = Label(
            self.version_id,
            row[3],
            row[2 if self.partner is None else self.partner],
            None if self.analytic is None else _analytic_key(row[self.analytic]),
        )
        return Counted(label, *_read_volumes(self.unit, row, self.first_volume))

    def get_parts(self, rows, window, before, reference):
        """Parts of a position: list of ``(version number, Part, factor)``.

        :param rows: list of :class:`Counted`
        :param before: ``(Q, E)`` of the same window a year before
        :param reference: what is 100 percent where brackets are percentages, or None
        :return: ``factor`` is the part of the lines' volume that counts
        """
        qualifying = rows[0].qualifying
        if len(rows) > 1:
            qualifying = sum((each.qualifying for each in rows), ZERO)
        factor = ONE
        if self.growth:
            earning = sum((each.volume for each in rows), ZERO)
            grown = calculation.growth(earning, before[1], self.baseline)
            factor = grown / earning if earning else ZERO
            qualifying = calculation.growth(qualifying, before[0], self.baseline)
        if self.elapsed:
            qualifying = Decimal(window.days)
        if reference is None and self.reference == "previous":
            reference = self.baseline
        if self.reference and reference is None:
            return []
        parts = []
        for label, _qualifying, volume, amount in _merge(rows):
            ladder = self.ladders.get(label.segment_id) or self.ladders.get(0)
            if ladder is None:
                continue
            if self.reference:
                ladder = ladder.relative_to(reference)
            if self.growth:
                volume, amount = volume * factor, amount * factor
            part = calculation.Part(label, ladder, qualifying, volume, amount)
            parts.append((self.number, part, factor))
        return parts


def _merge(rows):
    """Rows added up by label, in an order that is always the same."""
    if len(rows) == 1:
        return rows
    merged = {}
    for row in rows:
        known = merged.get(row.label)
        merged[row.label] = row if known is None else _add(known, row)
    return [
        merged[label]
        for label in sorted(merged, key=lambda each: (str(each.analytic), repr(each)))
    ]


def _add(one, other):
    return Counted(
        one.label,
        one.qualifying + other.qualifying,
        one.volume + other.volume,
        one.amount + other.amount,
    )


def _read_volumes(unit, row, first):
    """``(qualifying, volume, amount)`` of a row whose volumes begin at ``first``."""
    amount = Decimal(row[first + 2] or 0)
    if unit != "amount":
        return Decimal(row[first + 1] or 0), Decimal(row[first + 3] or 0), amount
    if row[first] == row[first + 2]:
        return amount, amount, amount
    return Decimal(row[first] or 0), amount, amount


def _sum_volumes(unit, rows):
    """``{(version id, index, earner id): (Q, E)}`` of rows without dimensions."""
    totals = defaultdict(lambda: [ZERO, ZERO])
    for row in rows:
        qualifying, volume, _amount = _read_volumes(unit, row, FIRST_DIMENSION)
        total = totals[row[:3]]
        total[0] += qualifying
        total[1] += volume
    return {key: tuple(total) for key, total in totals.items()}


def _overlaps(valid, window):
    """Whether a date range of the database meets a window."""
    return (valid.lower is None or valid.lower <= window.end) and (
        valid.upper is None or valid.upper > window.start
    )


def _analytic_key(distribution):
    """A stable text of an analytic distribution; None without one."""
    if not distribution:
        return None
    return dumps(distribution, sort_keys=True)
