"""Points of a value, score of a scorecard, and the place among peers."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from decimal import Decimal

from .value import HUNDRED, SCORE_UNIT, ZERO, rounded


@dataclass(frozen=True)
class Goal:
    """What a metric asks of a partner.

    :param weight: points at the target
    :param floor: up to here there are no points
    :param target: from here on there are all points
    :param higher_is_better: False where the floor is above the target
    :param partial: points grow evenly from floor to target; else all or nothing
    :param minimum_cases: fewer records than that give no verdict
    """

    weight: Decimal
    floor: Decimal
    target: Decimal
    higher_is_better: bool = True
    partial: bool = True
    minimum_cases: int = 0


@dataclass(frozen=True)
class Result:
    """A score and what it is made of.

    :param score: 0 to 100, or None where too little is known
    :param points: per part, in the order given; None for a part without a verdict
    :param coverage: percentage of the weight that has a verdict
    :param all_positive: every part that has a verdict has points
    """

    score: Decimal | None
    points: tuple
    coverage: Decimal
    all_positive: bool


def points_of(goal, value, cases):
    """Points of a value, 0 to the goal's weight; None where there is no verdict.

    >>> points_of(Goal(Decimal(20), Decimal(60), Decimal(90)), Decimal(75), 5)
    Decimal('10.0000')
    >>> points_of(Goal(Decimal(20), Decimal(60), Decimal(30), False), Decimal(30), 5)
    Decimal('20.0000')
    """
    if value is None or cases < goal.minimum_cases:
        return None
    floor, target = goal.floor, goal.target
    if not goal.higher_is_better:
        floor, target, value = -floor, -target, -value
    if value >= target:
        return rounded(goal.weight)
    if not goal.partial or value <= floor:
        return rounded(ZERO)
    return rounded(goal.weight * (value - floor) / (target - floor))


def score_of(goals, values, cases, minimum_coverage=ZERO):
    """:class:`Result` of a scorecard.

    Parts without a verdict count neither for nor against the partner: the score is
    over the weight of the others. Less weight than ``minimum_coverage`` percent gives
    no score.
    """
    points, reached, known, total = [], ZERO, ZERO, ZERO
    all_positive = True
    for goal, value, count in zip(goals, values, cases, strict=True):
        part = points_of(goal, value, count)
        points.append(part)
        total += goal.weight
        if part is not None:
            reached += part
            known += goal.weight
            if goal.weight and part <= 0:
                all_positive = False
    coverage = rounded(HUNDRED * known / total, SCORE_UNIT) if total else ZERO
    score = None
    if known and coverage >= minimum_coverage:
        score = rounded(HUNDRED * reached / known, SCORE_UNIT)
    return Result(score, tuple(points), coverage, all_positive and bool(known))


def percentiles(values, higher_is_better=True, minimum_peers=5):
    """``{key: percentile among the others}`` of ``{key: value or None}``.

    The percentage of peers that a partner is ahead of, ties counting half; None for
    all where fewer than ``minimum_peers`` have a value.

    >>> percentiles({"a": 1, "b": 2, "c": 2}, minimum_peers=3)["b"]
    Decimal('75.00')
    """
    known = sorted(value for value in values.values() if value is not None)
    if len(known) < max(minimum_peers, 2):
        return dict.fromkeys(values)
    others = len(known) - 1
    places = {}
    for value in set(known):
        below = bisect_left(known, value)
        equal = bisect_right(known, value) - below - 1
        place = HUNDRED * (below + Decimal(equal) / 2) / others
        if not higher_is_better:
            place = HUNDRED - place
        places[value] = rounded(place, SCORE_UNIT)
    return {
        key: None if value is None else places[value] for key, value in values.items()
    }
