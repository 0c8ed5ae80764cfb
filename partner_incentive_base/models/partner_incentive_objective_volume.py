"""The volume of an objective: each sale once, however many of its offers count it."""

from collections import defaultdict
from decimal import Decimal

from odoo import fields, models

from ..engine import windows
from ..measures.query import fetch_once, fetch_once_alike
from .partner_incentive_performance import LIVE_STATES


class PartnerIncentiveObjective(models.Model):
    _inherit = "partner.incentive.objective"

    def _read_volumes(self, years):
        """What the objectives' offers count as earning volume.

        An offer that only changes what others pay counts nothing of its own.

        :return: ``{objective id: [(amount, currency, company, date)]}``, the date that
            of the month's end
        """
        offers_sudo = (
            self._get_offers()
            .sudo()
            .filtered(
                lambda offer: (
                    offer.state in LIVE_STATES
                    and offer._is_calculated()
                    and offer._pays_itself()
                )
            )
        )
        today = fields.Date.context_today(self)
        volumes = defaultdict(list)
        for company, (start, end) in years.items():
            own_sudo = offers_sudo.filtered_domain([("company_id", "=", company.id)])
            last = min(end, today)
            if not own_sudo or last < start:
                continue
            months = windows.split(start, last, "month")
            for objective_id, number, amount in self._read_company_volumes(
                company, own_sudo, months
            ):
                volumes[objective_id].append(
                    (float(amount), company.currency_id, company, months[number].end)
                )
        return volumes

    def _read_company_volumes(self, company, offers, months):
        """Rows ``(objective id, number of the month, amount in company currency)``."""
        day = months[-1].end
        measures = self.env["partner.incentive.measure"]._get_measures()
        calculation = offers.env["partner.incentive.calculation"].with_company(company)
        offers.version_ids._read_terms()
        spans = defaultdict(list)
        for offer in offers:
            for span in calculation._get_offer_spans(offer, day):
                if span.version.measure in measures:
                    for each in span.cut(months):
                        spans[span.version.measure].append(each)
        clawed = {}
        for code, own in spans.items():
            for version, documents in calculation._get_clawed(code, own, day).items():
                clawed[version.id] = documents
        rows = []
        for objective_ids, alike in self._group_by_source(offers, measures, clawed):
            served = [
                (objective_id, version.id, offer.id)
                for offer in offers
                for version in offer.version_ids
                for objective_id in objective_ids.intersection(offer.objective_ids.ids)
            ]
            wanted = {version_id for _objective_id, version_id, _offer_id in served}
            by_source = defaultdict(list)
            for code, own in spans.items():
                key = measures[code].source if alike else code
                by_source[key] += [each for each in own if each.version.id in wanted]
            queries = [
                calculation._get_query(
                    own[0].version.measure,
                    own,
                    day,
                    None,
                    with_quantity=False,
                    company_currency=True,
                    by_filter=alike,
                )
                for own in by_source.values()
                if own
            ]
            queries = [query for query in queries if query._get_scopes()]
            if alike:
                for query in queries:
                    rows += fetch_once_alike(query, served)
            else:
                rows += fetch_once(queries, served, clawed)
            rows += self._read_brought_forward(company, queries, objective_ids)
        return rows

    def _group_by_source(self, offers, measures, clawed):
        """Objectives whose offers count sales alike, and those whose do not.

        Offers count sales alike where they have one source, what a partner earns by is
        what it buys, and nothing is claimed back. Otherwise single lines tell what is
        the same sale, which takes several times as long.

        :param clawed: of which versions something is, by id
        :return: list of ``(objective ids, alike)``
        """
        sources = defaultdict(set)
        for version in offers.version_ids:
            measure = measures.get(version.measure)
            if measure is None:
                continue
            alike = version.id not in clawed and (
                measure.credited or version.credit_role == "buyer"
            )
            for objective_id in version.offer_id.objective_ids.ids:
                sources[objective_id].add(measure.source if alike else None)
        wanted = set(self.ids).intersection(sources)
        single = {
            each
            for each in wanted
            if len(sources[each]) == 1 and None not in sources[each]
        }
        return [
            (ids, alike)
            for ids, alike in ((single, True), (wanted - single, False))
            if ids
        ]

    def _read_brought_forward(self, company, queries, objective_ids):
        """Rows of volume brought forward, which has no documents.

        What several offers bring forward for one partner under one date and reference
        is taken for the same sales.

        :param objective_ids: the only ones that are wanted
        """
        if not company.incentive_cutover_date:
            return []
        Prior = self.env["partner.incentive.prior.volume"]
        sales = defaultdict(lambda: defaultdict(Decimal))
        for query in queries:
            for volume, span, _scope in Prior._read_volumes(query.spans)._match(
                query.spans, query._get_scopes(), query._get_scope_queries()[1]
            ):
                offer = span.version.offer_id
                sale = (volume.partner_id, volume.date, volume.reference or "")
                money = volume._get_money(company.currency_id)
                for objective_id in objective_ids.intersection(offer.objective_ids.ids):
                    sales[objective_id, span.index, sale][offer] += money
        return [
            (objective_id, number, max(amounts.values()))
            for (objective_id, number, _sale), amounts in sales.items()
        ]
