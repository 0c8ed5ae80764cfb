from dataclasses import dataclass
from decimal import Decimal

from odoo import api, models

from odoo.addons.partner_incentive_base.engine import accrual, calculation
from odoo.addons.partner_incentive_base.engine.allocation import round_to

ZERO = Decimal(0)
#: Measures of events: that some happened says nothing about how many will.
EVENTS = {"milestone_bonus", "renewal_rate", "renewed_amount", "sourced_arr"}
#: Measures that an order will be part of.
ESTIMATED = {
    "invoiced_amount",
    "invoiced_quantity",
    "paid_amount",
    "ordered_amount",
    "growth_amount",
}


@dataclass(frozen=True)
class Outlook:
    """Where one partner stands under one offer, and where it is likely to end.

    Amounts are the partner's own; volumes those that decide the bracket, so a pool's
    are everybody's.

    :param earned: by what counts so far
    :param likely: at the end of the window, at the forecast or the present pace
    :param missing: volume to the next bracket, or None on the top
    :param would_earn: entitlement at exactly the next bracket
    :param with_extra: entitlement with the extra volume that was asked for
    """

    outcome: object
    partner_id: int
    volume: Decimal
    expected_volume: Decimal
    earned: Decimal
    likely: Decimal
    missing: Decimal | None
    would_earn: Decimal | None
    with_extra: Decimal

    @property
    def offer(self):
        return self.outcome.offer

    @property
    def extra_earned(self):
        return self.with_extra - self.earned

    @property
    def next_bracket_brings(self):
        return None if self.would_earn is None else self.would_earn - self.earned


class PartnerIncentiveOutlook(models.AbstractModel):
    """What partners are likely to earn, and what more volume would bring them.

    By the same calculation that books, from the volume of today; nothing is written.
    Whether the caller may see the result is checked before.
    """

    _name = "partner.incentive.outlook"
    _description = "Incentive Outlook"

    @api.model
    def _get_outlooks(self, offers, day, partners=None, extra=ZERO):
        """Outlooks of the windows that ``day`` lies in.

        :param partners: only these, or None for all
        :param extra: volume that is added, or ``{offer id: volume}``
        :return: list of :class:`Outlook`
        """
        outcomes = self.env["partner.incentive.calculation"]._calculate(
            offers, day, partners
        )
        versions = self.env["partner.incentive.offer.version"].union(
            *(outcome.version for outcome in outcomes)
        )
        forecasts = versions._get_forecasts()
        outlooks = []
        for outcome in outcomes:
            if day not in outcome.window:
                continue
            more = extra
            if isinstance(extra, dict):
                more = extra.get(outcome.offer.id, ZERO)
            figures = self._get_figures(outcome, day, more, forecasts)
            for partner_id in outcome.partner_ids():
                if partners is None or partner_id in partners.ids:
                    outlooks.append(self._get_outlook(outcome, partner_id, figures))
        return outlooks

    def _get_figures(self, outcome, day, extra, forecasts):
        """Entitlements of the whole position: now, likely, at the next bound, with
        more."""
        position, result = outcome.position, outcome.result
        expected, likely = self._project(outcome, day, forecasts)
        gap = calculation.gap_to_next(position, result.reduction)
        with_extra = result.entitlement
        if extra and result.best:
            with_extra = calculation.evaluate(
                calculation.add_volume(position, extra, extra, extra),
                result.reduction,
            ).entitlement
        return {
            "expected": expected,
            "likely": max(likely, ZERO) + outcome.guaranteed,
            "gap": gap,
            "with_extra": with_extra + outcome.guaranteed,
        }

    def _project(self, outcome, day, forecasts):
        """``(volume, entitlement)`` at which the window is likely to end."""
        position, result, window = outcome.position, outcome.result, outcome.window
        version = outcome.version
        measure = self.env["partner.incentive.measure"]._get_measures()[version.measure]
        volume = position.qualifying
        if not result.best or version.measure in EVENTS or day >= window.end:
            return volume, result.entitlement
        if measure.elapsed:
            rest = Decimal((window.end - day).days)
            moved = calculation.add_volume(position, ZERO, rest, ZERO)
            return volume, calculation.evaluate(moved).entitlement
        if volume <= ZERO:
            return volume, result.entitlement
        forecast = self.env["partner.incentive.run"]._get_forecast(outcome, forecasts)
        expected = accrual.expected_volume(volume, forecast, window, day)
        factor = outcome.growth.get(position.parts[-1].label.version_id, Decimal(1))
        if measure.growth and forecast is None and factor:
            # The pace is that of all that is bought; growth is what is left of it.
            bought = position.volume / factor
            pace = accrual.expected_volume(bought, None, window, day)
            expected = volume + pace - bought
        if version._get_reference() == "products":
            # What it is compared with grows at the same pace: the rate stays.
            value = result.value * expected / volume
            return expected, round_to(value, position.terms.unit)
        reduction = result.reduction * expected / volume
        return expected, calculation.evaluate(
            position.at_volume(expected), reduction
        ).entitlement

    def _get_outlook(self, outcome, partner_id, figures):
        """A partner's part of the figures: a pool's, by what each contributed."""
        share = self._get_share(outcome, partner_id)
        missing, would_earn = figures["gap"] or (None, None)
        unit = outcome.position.terms.unit
        return Outlook(
            outcome=outcome,
            partner_id=partner_id,
            volume=outcome.position.qualifying,
            expected_volume=figures["expected"],
            earned=sum(outcome.shares[partner_id].values(), ZERO),
            likely=round_to(figures["likely"] * share, unit),
            missing=missing,
            would_earn=None
            if would_earn is None
            else round_to((would_earn + outcome.guaranteed) * share, unit),
            with_extra=round_to(figures["with_extra"] * share, unit),
        )

    @staticmethod
    def _get_share(outcome, partner_id):
        parts = outcome.position.parts
        total = outcome.position.volume
        if outcome.earner_id or not total:
            return Decimal(1) if outcome.earner_id else ZERO
        own = (part.volume for part in parts if part.label.partner_id == partner_id)
        return sum(own, ZERO) / total

    # ------------------------------------------------------------------ quotations

    @api.model
    def _estimate(self, company, partner, day, lines, credits=()):
        """What the sale of ``lines`` would cost in incentives, offer by offer.

        From where partners stood after the last run, so that it costs a few queries
        whatever the history. Offers whose terms need the books themselves (conditions
        on invoice lines, brackets in percent of others' volume) are left out, and so
        is what accelerators add.

        :param partner: who buys (commercial partner)
        :param lines: list of ``(product, quantity in its unit, amount)``, in company
            currency
        :param credits: list of ``(partner, role, share as a fraction)``
        :return: list of dicts ``offer, partner, amount`` (offer's currency), best
            first
        """
        offers = self.env["partner.incentive.offer"].search(
            [
                ("company_id", "=", company.id),
                ("state", "=", "published"),
                ("date_from", "<=", day),
            ]
        )
        versions = self.env["partner.incentive.offer.version"]
        for offer in offers:
            end = offer._get_end_date()
            version = offer._get_published_versions().filtered(
                lambda each: each.effective_date <= day
            )[-1:]
            if (
                version.measure in ESTIMATED
                and not version.accelerated_offer_ids
                and (not end or end >= day)
            ):
                versions |= version
        estimates = []
        shares = {("buyer", partner.id): Decimal(1)}
        for credited, role, share in credits:
            shares[role, credited.id] = Decimal(str(share))
        concerned = partner.union(*(credited for credited, _role, _share in credits))
        for version, scope in self._get_eligible(versions, day, concerned):
            share = shares.get((scope.role, scope.partner_id))
            estimate = share and self._estimate_version(
                version, scope, day, lines, share
            )
            if estimate:
                estimates.append(estimate)
        return self._only_best(estimates)

    def _get_eligible(self, versions, day, partners):
        """``(version, scope)`` of who earns on a day by sales of ``partners``."""
        # Their parents may be named by an offer; 0 is the earner of a pool.
        earners = partners
        while partners:
            partners = partners.parent_id
            earners |= partners
        Calculation = self.env["partner.incentive.calculation"]
        by_measure = {}
        for version in versions:
            by_measure.setdefault(version.measure, versions.browse())
            by_measure[version.measure] |= version
        for code, chosen in by_measure.items():
            spans = [
                span
                for span in Calculation._get_spans(chosen.offer_id, day)
                if span.version in chosen
            ]
            query = Calculation._get_query(code, spans, day, None) if spans else None
            if query is not None:
                query.partner_ids = [0, *earners.ids]
                yield from query.fetch_eligible(day)

    def _estimate_version(self, version, scope, day, lines, share):
        offer = version.offer_id
        scale = self._get_estimated_scale(version, scope, offer, day)
        if scale is None:
            return None
        qualifying = self._count(version, "qualifying", lines, day) * share
        earning = self._count(version, "earning", lines, day) * share
        amount = self._count(version, "earning", lines, day, "amount") * share
        if not earning:
            return None
        standing = self.env["partner.incentive.standing"].search(
            [
                ("offer_id", "=", offer.id),
                ("partner_id", "=", scope.member_id),
                ("window_from", "<=", day),
                ("window_to", ">=", day),
            ],
            limit=1,
        )
        if version.measure == "growth_amount" and not standing.qualifying:
            return None
        part = calculation.Part(
            None,
            scale,
            Decimal(str(standing.qualifying)),
            Decimal(str(standing.qualifying if version.pooled else standing.earning)),
            Decimal(str(standing.earning_amount)),
        )
        position = calculation.Position((), version._get_terms(), (part,))
        moved = calculation.add_volume(position, qualifying, earning, amount)
        gain = (
            calculation.evaluate(moved).entitlement
            - calculation.evaluate(position).entitlement
        )
        if not gain:
            return None
        return {
            "version": version,
            "offer": offer,
            "partner_id": scope.member_id,
            "amount": gain,
        }

    def _get_estimated_scale(self, version, scope, offer, day):
        """The ladder of whom the scope is about; None where it cannot be estimated."""
        scales = version._get_scales()
        scale = scales.get(scope.segment_id) or scales.get(0)
        reference = version._get_reference()
        if scale is None or not reference:
            return scale
        if reference != "target":
            return None
        window = next((each for each in offer._get_windows(day) if day in each), None)
        targets = version._get_targets().get(offer.id, {})
        target = window and targets.get((scope.member_id, window.start))
        return scale.relative_to(target) if target else None

    def _count(self, version, basis, lines, day, unit=None):
        """Volume of the lines that count for a basis, in the offer's currency."""
        if version._get_line_domain(basis, "account.move.line") is not None:
            return ZERO
        domain = version._get_product_domain(basis)
        offer = version.offer_id
        unit = unit or version.measure_unit
        total = ZERO
        for product, quantity, amount in lines:
            if domain is not None and not product.filtered_domain(domain):
                continue
            total += Decimal(str(quantity if unit == "quantity" else amount))
        if unit == "amount" and offer.currency_id != offer.company_id.currency_id:
            rate = offer.company_id.currency_id._get_conversion_rate(
                offer.company_id.currency_id, offer.currency_id, offer.company_id, day
            )
            total *= Decimal(str(rate))
        return total

    @staticmethod
    def _only_best(estimates):
        """Of a best-deal group, only the best; the highest first."""
        estimates = sorted(estimates, key=lambda each: -each["amount"])
        seen = set()
        kept = []
        for estimate in estimates:
            group = estimate["version"].best_of
            if group and (group, estimate["partner_id"]) in seen:
                continue
            seen.add((group, estimate["partner_id"]))
            kept.append(estimate)
        return kept
