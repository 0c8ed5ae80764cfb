"""Which tier a partner reaches, and what is recommended to do about it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple


@dataclass(frozen=True)
class Requirement:
    """What a level asks of one metric.

    :param key: what the caller knows the metric by
    :param bound: value to reach; a higher one where lower is better does not do
    """

    key: object
    bound: Decimal
    higher_is_better: bool = True

    def holds(self, value):
        if value is None:
            return False
        if self.higher_is_better:
            return value >= self.bound
        return value <= self.bound


@dataclass(frozen=True)
class Level:
    """One row of the requirement matrix; the lowest level asks nothing.

    :param key: what the caller knows the tier by
    :param minimum_score: 0 asks for no score
    :param every_part: every part with a verdict must have points
    """

    key: object
    minimum_score: Decimal = Decimal(0)
    every_part: bool = False
    requirements: tuple = ()


class Gap(NamedTuple):
    """What is missing: ``kind`` is ``score``, ``part`` or ``metric``."""

    kind: str
    key: object
    value: Decimal | None
    bound: Decimal


def gaps(level, result, values):
    """What keeps a partner from a level, empty where it qualifies.

    :param result: :class:`~.score.Result` against the targets of this level
    :param values: ``{metric: value or None}``
    """
    missing = []
    if level.minimum_score and (
        result.score is None or result.score < level.minimum_score
    ):
        missing.append(Gap("score", None, result.score, level.minimum_score))
    if level.every_part and not result.all_positive:
        missing.append(Gap("part", None, None, Decimal(0)))
    for requirement in level.requirements:
        value = values.get(requirement.key)
        if not requirement.holds(value):
            missing.append(Gap("metric", requirement.key, value, requirement.bound))
    return missing


def reached(levels, result_at, values):
    """Place of the highest level that a partner qualifies for; 0 is the lowest.

    Levels may ask for less than those below them in one metric, so each stands for
    itself: whoever qualifies for Gold has Gold.

    :param levels: ascending
    :param result_at: ``place -> Result`` against the targets of that level
    """
    for place in range(len(levels) - 1, 0, -1):
        if not gaps(levels[place], result_at(place), values):
            return place
    return 0


@dataclass(frozen=True)
class Situation:
    """What a recommendation depends on; places count from the lowest level, 0.

    :param current: place of the present tier
    :param reached: place that the scorecard qualifies for
    :param has_score: False where too little is known for a verdict
    :param day: the day looked at
    :param enrolment_until: end of the enrolment period, in which no tier is lost
    :param kept: lowest place that an exception grants, or None
    :param grace_until: end of a grace period that has begun, or None
    :param largest_fall: how many places a partner may lose at once, or None
    """

    current: int
    reached: int
    has_score: bool
    day: date
    enrolment_until: date | None = None
    kept: int | None = None
    grace_until: date | None = None
    largest_fall: int | None = None


class Recommendation(NamedTuple):
    """``action`` is ``keep``, ``promote``, ``warn`` (grace begins) or ``demote``.

    ``reason`` is one of ``reached``, ``no_verdict``, ``enrolment``, ``exception``,
    ``protected``, ``grace``, ``below``.
    """

    action: str
    place: int
    reason: str


def recommend(situation):
    """What to do about a partner's tier.

    >>> recommend(Situation(1, 2, True, date(2026, 1, 1)))
    Recommendation(action='promote', place=2, reason='reached')
    """
    current, goal = situation.current, situation.reached
    if goal > current:
        return Recommendation("promote", goal, "reached")
    if goal == current:
        return Recommendation("keep", current, "reached")
    if not situation.has_score:
        return Recommendation("keep", current, "no_verdict")
    if situation.enrolment_until and situation.day <= situation.enrolment_until:
        return Recommendation("keep", current, "enrolment")
    reason = "below"
    if situation.kept is not None and situation.kept > goal:
        goal, reason = min(situation.kept, current), "exception"
    if situation.largest_fall is not None and current - goal > situation.largest_fall:
        goal, reason = current - situation.largest_fall, "protected"
    if goal >= current:
        return Recommendation("keep", current, reason)
    if situation.grace_until is None:
        return Recommendation("warn", goal, "grace")
    if situation.day <= situation.grace_until:
        return Recommendation("keep", current, "grace")
    return Recommendation("demote", goal, reason)
