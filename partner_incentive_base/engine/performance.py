"""How an offer did in a quarter, and what that suggests.

Ratios are taken from sums, so the same formulas hold for an offer and for a group of
offers. A ratio without its denominator is None: there is no figure, not a zero.
"""

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import NamedTuple

#: Months of a quarter, which payback is counted in.
MONTHS = 3


def _ratio(numerator, denominator):
    return numerator / denominator if denominator else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums of an offer over a quarter. Amounts are of one currency.

    :param eligible: partners that the terms name, enrolled or not
    :param enrolled: of these, partners that take part
    :param earning: partners that the offer cost something for
    :param bookings: sales that the offer counted
    :param cost: what the offer cost
    :param previous_bookings: sales a year before of the covered partners that had any
    :param compared_bookings: sales of the same partners now
    :param compared_cost: what the offer cost for the same partners
    :param overlap: bookings that another offer paid on, too
    :param measured: whether the offer counts sales, and pays on them itself
    """

    eligible: int = 0
    enrolled: int = 0
    earning: int = 0
    bookings: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    previous_bookings: Decimal = Decimal(0)
    compared_bookings: Decimal = Decimal(0)
    compared_cost: Decimal = Decimal(0)
    overlap: Decimal = Decimal(0)
    measured: bool = True

    @property
    def adoption(self):
        return _ratio(Decimal(self.earning), self.eligible)

    @property
    def enrollment_rate(self):
        return _ratio(Decimal(self.enrolled), self.eligible)

    @property
    def incremental(self):
        """Bookings more than a year before, or None without a year before."""
        if not self.previous_bookings:
            return None
        return self.compared_bookings - self.previous_bookings

    @property
    def gross_romi(self):
        if not self.measured:
            return None
        return _ratio(self.bookings - self.cost, self.cost)

    @property
    def incremental_romi(self):
        if not self.measured or self.incremental is None:
            return None
        return _ratio(self.incremental - self.compared_cost, self.compared_cost)

    @property
    def cost_rate(self):
        return _ratio(self.cost, self.bookings) if self.measured else None

    @property
    def payback(self):
        """Months of such incremental bookings that the quarter's cost takes."""
        if not self.measured or (self.incremental or 0) <= 0 or not self.compared_cost:
            return None
        return MONTHS * self.compared_cost / self.incremental

    @property
    def overlap_rate(self):
        return _ratio(self.overlap, self.bookings)


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds of the suggestion; rates are fractions, 0.25 is 25 percent.

    :param least_partners: fewer eligible, or earning, partners are too few to judge
    :param retire_romi: ROMI below it in two quarters in a row means retire
    :param double_romi: incremental ROMI from which on there is more to win
    :param double_adoption: adoption that doubling down asks for, besides
    :param least_adoption: adoption below it means adjust
    :param highest_cost_rate: cost in bookings above it means adjust
    :param highest_overlap: share paid twice above it means adjust
    :param romi_fall: a fall of ROMI by more than this share means adjust
    """

    least_partners: int = 3
    retire_romi: Decimal = Decimal(0)
    double_romi: Decimal = Decimal(2)
    double_adoption: Decimal = Decimal("0.5")
    least_adoption: Decimal = Decimal("0.25")
    highest_cost_rate: Decimal = Decimal("0.1")
    highest_overlap: Decimal = Decimal("0.5")
    romi_fall: Decimal = Decimal("0.5")


RULES = tuple(field.name for field in fields(Rules))


class Reason(NamedTuple):
    """Why something is suggested: a code, the figure, and what it is compared with."""

    code: str
    figure: Decimal | int | None = None
    bound: Decimal | int | None = None


class Suggestion(NamedTuple):
    """``action`` is ``retire``, ``adjust``, ``double_down`` or ``keep``."""

    action: str
    reasons: tuple


def _judged_romi(figures, incremental):
    return figures.incremental_romi if incremental else figures.gross_romi


def _suggest_without_return(now, before, least):
    """Suggestion where there is no return to judge by, or None."""
    if not now.measured:
        return Suggestion("keep", (Reason("no_sales"),))
    if now.eligible < least:
        return Suggestion("keep", (Reason("few_eligible", now.eligible, least),))
    if before and before.eligible >= least and not (now.earning or before.earning):
        if now.bookings or before.bookings:
            return Suggestion("adjust", (Reason("unreached", now.eligible),))
        return Suggestion("retire", (Reason("unused", now.eligible),))
    if now.earning < least:
        return Suggestion("keep", (Reason("few_earning", now.earning, least),))
    return None


def suggest(now, before, rules):
    """What the figures of two quarters suggest, with the reasons.

    Too few cases suggest nothing but to keep the offer. Whether money brought more
    than would have come anyway is only told by the incremental ROMI; gross ROMI stands
    in for it where there is no year before, and never suggests to spend more.

    :param now: :class:`Figures` of the quarter
    :param before: those of the quarter before, or None
    :param rules: :class:`Rules`
    :return: :class:`Suggestion`
    """
    undecided = _suggest_without_return(now, before, rules.least_partners)
    if undecided:
        return undecided
    incremental = now.incremental_romi is not None
    romi = _judged_romi(now, incremental)
    if romi is None:
        return Suggestion("keep", (Reason("no_cost"),))
    was = None
    if before and before.earning >= rules.least_partners:
        was = _judged_romi(before, incremental)
    kind = "incremental" if incremental else "gross"
    reasons = []
    if romi < rules.retire_romi:
        if was is not None and was < rules.retire_romi:
            loss = Reason(f"{kind}_loss_twice", romi, was)
            return Suggestion("retire", (loss,))
        reasons.append(Reason(f"{kind}_loss", romi, rules.retire_romi))
    elif was is not None and was > 0 and romi < was * (1 - rules.romi_fall):
        reasons.append(Reason("romi_falls", romi, was))
    if now.cost_rate is not None and now.cost_rate > rules.highest_cost_rate:
        reasons.append(Reason("costly", now.cost_rate, rules.highest_cost_rate))
    if now.overlap_rate is not None and now.overlap_rate > rules.highest_overlap:
        reasons.append(Reason("overlaps", now.overlap_rate, rules.highest_overlap))
    if now.adoption < rules.least_adoption:
        reasons.append(Reason("rarely_used", now.adoption, rules.least_adoption))
    if reasons:
        return Suggestion("adjust", tuple(reasons))
    if not incremental:
        return Suggestion("keep", (Reason("no_history"),))
    if romi >= rules.double_romi and now.adoption >= rules.double_adoption:
        return Suggestion(
            "double_down",
            (
                Reason("pays", romi, rules.double_romi),
                Reason("used", now.adoption, rules.double_adoption),
            ),
        )
    return Suggestion("keep", (Reason("as_expected", romi),))
