"""Scales: what a volume earns before any other term.

The four formulas carry the names used in the field (Dynamics 365 rebate
management: stepped, cumulative, rolling, total; SAP condition contracts: interval
and to-scale). With 10 % to 1,000 and 25 % beyond, a volume of 2,000 earns
350 marginal, 500 whole, 600 rolling and 700 total.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace
from decimal import Decimal

ZERO = Decimal(0)
HUNDRED = Decimal(100)

FORMULAS = ("whole", "marginal", "rolling", "total")
RATE_KINDS = ("percent", "per_unit", "amount")


class ScaleError(ValueError):
    """A scale that cannot be calculated with; ``code`` names the reason.

    ``code`` is one of ``empty``, ``duplicate``, ``negative``, ``formula``, ``rate``,
    so that a caller can say it in the reader's language.
    """

    def __init__(self, code, value=None):
        super().__init__(f"{code}: {value}")
        self.code = code
        self.value = value


@dataclass(frozen=True)
class Bracket:
    """One step of a scale.

    :param lower: inclusive lower bound, in the unit of the measure
    :param rate: percent, money per unit, or a sum of money, by the scale's kind
    """

    lower: Decimal
    rate: Decimal


@dataclass(frozen=True)
class Scale:
    """A ladder of brackets; the next lower bound is a bracket's upper bound.

    :param formula: one of :data:`FORMULAS`
    :param rate_kind: one of :data:`RATE_KINDS`
    :param brackets: any order, sorted here; bounds must be distinct, not negative
    :param below_first: the first rate applies from zero
    """

    formula: str
    rate_kind: str
    brackets: tuple
    below_first: bool = False

    def __post_init__(self):
        if self.formula not in FORMULAS:
            raise ScaleError("formula", self.formula)
        if self.rate_kind not in RATE_KINDS:
            raise ScaleError("rate", self.rate_kind)
        if not self.brackets:
            raise ScaleError("empty")
        ordered = tuple(sorted(self.brackets, key=lambda bracket: bracket.lower))
        for bracket, following in zip(ordered, ordered[1:], strict=False):
            if bracket.lower == following.lower:
                raise ScaleError("duplicate", bracket.lower)
        if ordered[0].lower < ZERO:
            raise ScaleError("negative", ordered[0].lower)
        if self.below_first:
            ordered = (Bracket(ZERO, ordered[0].rate), *ordered[1:])
        object.__setattr__(self, "brackets", ordered)
        bounds = [bracket.lower for bracket in ordered]
        object.__setattr__(self, "_bounds", bounds)
        steps = tuple(zip(ordered, (*bounds[1:], None), strict=True))
        object.__setattr__(self, "_steps", steps)

    def earn(self, volume):
        """What ``volume`` earns, unrounded. Zero or less earns nothing."""
        if volume <= ZERO:
            return ZERO
        reached = self.reached(volume)
        if not reached:
            return ZERO
        if self.rate_kind == "amount":
            paying = reached[-1:] if self.formula == "whole" else reached
            return sum((bracket.rate for bracket, _upper in paying), ZERO)
        earned = ZERO
        for bracket, base in self._bases(volume, reached):
            earned += bracket.rate * base
        return earned / HUNDRED if self.rate_kind == "percent" else earned

    def steps(self, volume):
        """``[(bracket, base, money)]``: what each paying bracket brings at ``volume``.

        ``base`` is the volume that the rate applies to, None where the bracket pays a
        sum. The unrounded money adds up to :meth:`earn`.
        """
        reached = self.reached(volume) if volume > ZERO else ()
        if not reached:
            return []
        if self.rate_kind == "amount":
            paying = reached[-1:] if self.formula == "whole" else reached
            return [(bracket, None, bracket.rate) for bracket, _upper in paying]
        part = HUNDRED if self.rate_kind == "percent" else 1
        return [
            (bracket, base, bracket.rate * base / part)
            for bracket, base in self._bases(volume, reached)
        ]

    def _bases(self, volume, reached):
        """Yield each paying bracket with the volume its rate applies to."""
        if self.formula == "whole":
            yield reached[-1][0], volume
            return
        for bracket, upper in reached:
            top = volume if upper is None else min(volume, upper)
            if self.formula == "marginal":
                yield bracket, top - bracket.lower
            elif self.formula == "rolling":
                yield bracket, top
            else:
                yield bracket, volume

    def reached(self, volume):
        """The brackets reached by ``volume``, each with its upper bound or None."""
        return self._steps[: bisect_right(self._bounds, volume)]

    def relative_to(self, reference):
        """The scale whose bounds, percentages until now, are volumes.

        :param reference: the volume that is 100 percent. Compared with nothing, any
            volume is beyond every bound, so the highest rate applies.
        """
        if reference <= ZERO:
            brackets = (replace(self.brackets[-1], lower=ZERO),)
        else:
            brackets = tuple(
                replace(bracket, lower=bracket.lower * reference / HUNDRED)
                for bracket in self.brackets
            )
        return replace(self, brackets=brackets)

    def next_bound(self, volume):
        """The lowest bound that ``volume`` has not reached, or None on the top."""
        place = bisect_right(self._bounds, volume)
        return self._bounds[place] if place < len(self._bounds) else None
