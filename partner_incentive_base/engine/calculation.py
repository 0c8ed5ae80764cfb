"""Terms of offers in their order: from volumes to entitlements.

Per partner (or pool) and window the order is: formula, reduction by earlier offers,
accelerator, cap, minimum, best of a group. A guarantee comes last and is calculated
over several days, see :mod:`.guarantee`. Each amount is rounded once, when it is an
entitlement.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from .allocation import largest_remainder, round_to
from .scale import Scale

ZERO = Decimal(0)


class Part(NamedTuple):
    """A part of the earning volume that is kept apart.

    Parts differ by version of the offer, by the partner's tier or segment, by member
    of a pool, or by analytic distribution.

    :param label: hashable; what the part is known by to the caller
    :param scale: the scale that governs it
    :param qualifying: volume Q that decides the bracket, in the measure's unit
    :param volume: earning volume e, in the measure's unit
    :param amount: earning volume in money, in the offer's currency
    """

    label: object
    scale: Scale
    qualifying: Decimal
    volume: Decimal
    amount: Decimal

    @property
    def earned(self):
        """``f(Q) * e / Q``, unrounded (Q of zero or less earns nothing)."""
        return total_earned([self])


@dataclass(frozen=True, slots=True)
class Terms:
    """What is applied to the result of the formula.

    :param unit: rounding of the offer's currency, e.g. ``Decimal("0.01")``
    :param cap: highest entitlement, or None
    :param minimum: below it nothing is entitled
    :param sequence: order in which offers reduce later ones
    :param reduced_by_earlier: the earning volume is lowered by what earlier offers earn
    :param reduces_later: this offer's earnings lower later offers' earning volume
    :param best_of: name of a group of which only the best offer counts, or None
    """

    unit: Decimal
    cap: Decimal | None = None
    minimum: Decimal = ZERO
    sequence: int = 10
    reduced_by_earlier: bool = False
    reduces_later: bool = True
    best_of: str | None = None


class Position(NamedTuple):
    """One offer, one earner (a partner or a pool), one window.

    :param key: ``(offer, earner, window)``, hashable and sortable
    :param multiplier: by how much accelerators multiply what is earned
    """

    key: tuple
    terms: Terms
    parts: tuple
    multiplier: Decimal = Decimal(1)

    @property
    def qualifying(self):
        """Q of the latest version; parts are ordered by version."""
        return self.parts[-1].qualifying if self.parts else ZERO

    @property
    def volume(self):
        return sum((part.volume for part in self.parts), ZERO)

    @property
    def amount(self):
        return sum((part.amount for part in self.parts), ZERO)

    def at_volume(self, volume):
        """The position if Q were ``volume``, everything else in proportion.

        Multiplied before it is divided, so that Q is ``volume`` to the last digit: a
        volume that lies on a bound must reach it.
        """
        return self._replace(
            parts=tuple(
                part._replace(
                    qualifying=part.qualifying * volume / self.qualifying,
                    volume=part.volume * volume / self.qualifying,
                    amount=part.amount * volume / self.qualifying,
                )
                for part in self.parts
            ),
        )


class Result(NamedTuple):
    """What a position comes to, with every step that led there (unrounded).

    :param formula: after the scale
    :param reduction: money by which earlier offers lowered the earning volume
    :param reduced: after the reduction
    :param value: after cap and minimum, unrounded
    :param entitlement: rounded; zero for the losers of a group
    :param best: False when another offer of its group counts instead
    """

    formula: Decimal
    reduction: Decimal
    reduced: Decimal
    value: Decimal
    entitlement: Decimal
    best: bool = True


def total_earned(parts):
    """Sum of ``f(Q) * e / Q`` over parts, unrounded.

    Parts with one Q are divided by it together and last, since every division can
    leave an error in the last digit: into how many parts a volume falls must not
    decide which way half a cent is rounded.
    """
    if len(parts) == 1:
        _label, scale, qualifying, volume, _amount = parts[0]
        if qualifying <= ZERO:
            return ZERO
        return scale.earn(qualifying) * volume / qualifying
    dividends = defaultdict(Decimal)
    for part in parts:
        if part.qualifying > ZERO:
            earns = part.scale.earn(part.qualifying)
            dividends[part.qualifying] += earns * part.volume
    return sum((sum_ / qualifying for qualifying, sum_ in dividends.items()), ZERO)


def evaluate(position, reduction=ZERO):
    """Formula, reduction, accelerator, cap and minimum of one position.

    :param reduction: money by which the earning volume is lowered, at most all of it
    :return: :class:`Result` whose ``entitlement`` is ``value`` rounded
    """
    _key, terms, parts, multiplier = position
    formula = reduced = total_earned(parts)
    amount = position.amount if reduction else ZERO
    if amount > ZERO:
        reduction = min(reduction, amount)
        reduced = formula * (amount - reduction) / amount
    value = reduced * multiplier
    if terms.cap is not None:
        value = min(value, terms.cap)
    if value < terms.minimum:
        value = ZERO
    return Result(formula, reduction, reduced, value, round_to(value, terms.unit))


class Calculation:
    """Results of positions that may reduce or exclude each other.

    :param positions: iterable of :class:`Position`
    :param overlaps: ``{later key: {earlier key: volume}}``, the earning volume of the
        earlier position that lies on lines which the later one counts too
    """

    def __init__(self, positions, overlaps=None):
        self._positions = {position.key: position for position in positions}
        self._overlaps = overlaps or {}
        self._results = {}
        self._candidates = {}
        self._in_progress = set()
        self._groups = defaultdict(list)
        for position in self._positions.values():
            if position.terms.best_of:
                self._groups[self._group(position)].append(position)

    def results(self):
        """``{key: Result}`` of all positions.

        The sequence matters only to those that others can reduce or exclude.
        """
        linked = []
        for key, position in self._positions.items():
            if position.terms.best_of or position.terms.reduced_by_earlier:
                linked.append(position)
            else:
                self._results[key] = evaluate(position)
        for position in sorted(linked, key=self._order):
            self._result(position)
        return self._results

    @staticmethod
    def _order(position):
        return position.terms.sequence, position.key

    @staticmethod
    def _group(position):
        _offer, earner, window = position.key
        return position.terms.best_of, earner, window

    def _result(self, position):
        result = self._results.get(position.key)
        if result is None:
            if position.terms.best_of:
                self._decide(self._groups[self._group(position)])
                return self._results[position.key]
            result = self._results[position.key] = self._candidate(position)
        return result

    def _decide(self, group):
        """Only the highest counts; a tie goes to the lower sequence."""
        group = sorted(group, key=self._order)
        best = max(group, key=lambda each: self._candidate(each).entitlement)
        for position in group:
            candidate = self._candidate(position)
            if position is not best:
                candidate = candidate._replace(entitlement=ZERO, best=False)
            self._results[position.key] = candidate

    def _candidate(self, position):
        if not position.terms.reduced_by_earlier:
            return evaluate(position)
        if position.key not in self._candidates:
            self._in_progress.add(position.key)
            result = evaluate(position, self._reduction(position))
            self._in_progress.discard(position.key)
            self._candidates[position.key] = result
        return self._candidates[position.key]

    def _reduction(self, position):
        """What earlier offers earn on the same lines.

        Members of one group never reduce each other. Where an offer stands between
        members of a group that it reduces and that reduces it, the circle is cut at
        the earlier of the two, so that the result depends on the sequence alone.
        """
        if not position.terms.reduced_by_earlier:
            return ZERO
        reduction = ZERO
        for key, common in self._overlaps.get(position.key, {}).items():
            earlier = self._positions.get(key)
            if (
                earlier is None
                or not earlier.terms.reduces_later
                or self._order(earlier) >= self._order(position)
                or key in self._in_progress
                or (
                    position.terms.best_of
                    and self._group(earlier) == self._group(position)
                )
            ):
                continue
            volume = earlier.volume
            if volume:
                reduction += self._result(earlier).entitlement * common / volume
        return max(reduction, ZERO)


def split_result(amount, parts, unit):
    """Divide an entitlement over the parts that earned it.

    :return: list of decimals, one per part, that sum to ``amount``. What a part
        earned by its own scale is its weight; where nothing was earned (a guarantee,
        say), the earning volume is.
    """
    weights = [part.earned for part in parts]
    if not sum(weights, ZERO):
        weights = [part.volume for part in parts]
    return largest_remainder(amount, weights, unit)


def in_common(volume, own, others):
    """The part of a volume that other sales can have in common with it.

    :param own: the sales that the volume comes from, in money
    :param others: the sales beside them, in the same currency
    """
    if own <= 0:
        return ZERO
    return volume * min(max(others / own, ZERO), Decimal(1))


def growth(current, previous, baseline=None):
    """Growth volume against the same window a year before.

    Never below zero; nothing a year before is no basis to grow from.

    :param baseline: volume to grow from for who has no year before, or None
    """
    if previous <= ZERO:
        if baseline is None:
            return ZERO
        previous = baseline
    return max(ZERO, current - previous)


def gap_to_next(position, reduction=ZERO):
    """What is missing to the next bracket, and what reaching it would entitle to.

    The missing volume qualifies for every version's bracket, and is taken to earn at
    the latest scale.

    :return: ``(missing, would_earn)`` or None on the top bracket
    """
    if not position.parts:
        return None
    latest = position.parts[-1]
    bound = latest.scale.next_bound(max(latest.qualifying, ZERO))
    if bound is None:
        return None
    missing = bound - latest.qualifying
    moved = add_volume(position, missing, missing, missing)
    return missing, evaluate(moved, reduction).entitlement


def add_volume(position, qualifying, volume, amount):
    """The position with more volume.

    :param qualifying: what it adds to Q, for every version's bracket
    :param volume: what it adds to the earning volume, by the latest scale
    :param amount: the same in money
    """
    parts = [
        part._replace(qualifying=part.qualifying + qualifying)
        for part in position.parts
    ]
    parts[-1] = parts[-1]._replace(
        volume=parts[-1].volume + volume, amount=parts[-1].amount + amount
    )
    return position._replace(parts=tuple(parts))
