"""What came before the company went live, in the calculation and in the run."""

from dataclasses import replace
from decimal import Decimal

from odoo import models
from odoo.fields import Domain

from ..engine import calculation
from .partner_incentive_calculation import Label, Outcome

ZERO = Decimal(0)


class PartnerIncentiveCalculation(models.AbstractModel):
    _inherit = "partner.incentive.calculation"

    def _get_offer_spans(self, offer, day):
        """Leave documents dated before the cut-over out, as far as the terms say so."""
        spans = super()._get_offer_spans(offer, day)
        cutover = offer.company_id.incentive_cutover_date
        if not cutover:
            return spans
        return [
            replace(
                span,
                counts_from=cutover if span.version.before_cutover == "none" else None,
                earns_from=cutover if span.version.before_cutover != "earn" else None,
            )
            if span.start < cutover
            else span
            for span in spans
        ]

    def _get_query(self, code, spans, day, partners, **options):
        """Let the measure's own volume include what is brought forward."""
        query = super()._get_query(code, spans, day, partners, **options)
        if query is not None:
            # Other sources or bases are compared with, they are not what is counted.
            query.with_prior = not options.get("source") and not options.get("basis")
        return query

    def _fetch_overlaps(self, queries, pairs, clawed):
        """Let what earlier offers earn on volume brought forward reduce later ones."""
        rows = super()._fetch_overlaps(queries, pairs, clawed)
        return rows + self.env["partner.incentive.prior.volume"]._get_overlaps(
            queries, pairs
        )

    def _read_positions(self, offers, day, partners, *args, **kwargs):
        outcomes = super()._read_positions(offers, day, partners, *args, **kwargs)
        cutover = offers.company_id[:1].incentive_cutover_date
        if cutover:
            self._close_windows(outcomes, cutover)
            self._add_brought_forward(outcomes, offers, day, partners, cutover)
        return outcomes

    def _is_closed(self, offer, window, cutover):
        """Whether a window was over before the cut-over, for good."""
        terms = self._get_version_in_force(offer, window, window.end)
        return window.end < cutover and terms.before_cutover != "earn"

    def _close_windows(self, outcomes, cutover):
        """Nothing is promised for windows that were over, unless there is volume."""
        for key, outcome in list(outcomes.items()):
            if self._is_closed(outcome.offer, outcome.window, cutover) and not any(
                part.qualifying or part.volume for part in outcome.position.parts
            ):
                del outcomes[key]

    def _add_brought_forward(self, outcomes, offers, day, partners, cutover):
        """What was imported as earned stands, where no volume says otherwise."""
        domain = (
            Domain("kind", "=", "opening")
            & Domain("offer_id", "in", offers.ids)
            & Domain("window_from", "<", cutover)
        )
        if partners is not None:
            domain &= Domain("partner_id", "in", partners.ids)
        for offer, partner, start, earned in (
            self.env["partner.incentive.entry"]
            .sudo()
            ._read_group(
                domain, ["offer_id", "partner_id", "window_from:day"], ["earned:sum"]
            )
        ):
            window = next(
                (each for each in offer._get_windows(day) if each.start == start), None
            )
            if window is None or not self._is_closed(offer, window, cutover):
                continue
            if any(
                (offer.id, earner_id, window) in outcomes
                for earner_id in (0, partner.id)
            ):
                continue
            version = self._get_version_in_force(offer, window, day)
            unit = Decimal(str(offer.currency_id.rounding))
            part = calculation.Part(
                Label(version.id, 0, partner.id),
                next(iter(version._get_scales().values())),
                ZERO,
                ZERO,
                ZERO,
            )
            key = (offer.id, partner.id, window)
            outcomes[key] = Outcome(
                offer,
                partner.id,
                window,
                version,
                # The terms applied when it was earned; nothing is applied again.
                calculation.Position(key, calculation.Terms(unit=unit), (part,)),
                None,
                brought_forward=Decimal(str(offer.currency_id.round(earned))),
            )

    def _add_guarantees(self, offers, outcomes, day, partners, known, brought=None):
        """A guarantee of a window that was over is in what is brought forward."""
        alive = [outcome for outcome in outcomes if not outcome.brought_forward]
        before = {
            outcome.position.key: outcome.brought_forward
            for outcome in outcomes
            if outcome.brought_forward
        }
        return super()._add_guarantees(offers, alive, day, partners, known, before)
