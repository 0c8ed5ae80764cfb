"""One rule for what is unusual: far from one's own past and from one's peers.

Distances are counted in robust standard deviations (1.4826 times the median absolute
deviation), so that one odd figure does not hide another. A spread smaller than
``least_spread`` is taken as that much: figures that never moved would make any move an
alarm.
"""

from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

SCALE = 1.4826


@dataclass(frozen=True)
class Rule:
    """When a metric's value is reported.

    :param own_distance: at least so far from the partner's own past
    :param peer_distance: at least so far from the peers' change in the same period
    :param minimum_history: earlier values that are needed
    :param minimum_peers: peers that are needed
    :param minimum_cases: records behind the value that are needed
    :param least_spread: smallest spread that counts, in the metric's unit
    :param higher_is_better: direction that *drift* is bad in
    :param both_sides: improbable rises are reported, too (gaming)
    """

    own_distance: float = 3.0
    peer_distance: float = 2.0
    minimum_history: int = 3
    minimum_peers: int = 5
    minimum_cases: int = 3
    least_spread: float = 2.0
    higher_is_better: bool = True
    both_sides: bool = False


class Alarm(NamedTuple):
    """``kind`` is ``drift`` (worse) or ``anomaly`` (too good); distances are signed."""

    kind: str
    value: float
    own_median: float
    own_distance: float
    peer_median: float
    peer_distance: float


def spread(values, center, least):
    return max(SCALE * median(abs(value - center) for value in values), least)


class Peers(NamedTuple):
    """How far partners moved in a period from their own pasts, all of them.

    The partner looked at is among them: one of many moves no median, and every partner
    of a period is held against the same figures.
    """

    count: int
    median: float
    spread: float

    @classmethod
    def of(cls, changes, least_spread):
        """Of a list of changes."""
        if not changes:
            return cls(0, 0.0, least_spread)
        center = median(changes)
        return cls(len(changes), center, spread(changes, center, least_spread))


def check(rule, value, history, peers, cases):
    """:class:`Alarm`, or None.

    :param value: of the period looked at, or None
    :param history: values of earlier periods, oldest first, without gaps
    :param peers: :class:`Peers` of the period; what all partners share, a bad season
        say, is nobody's drift
    :param cases: records behind the value
    """
    if (
        value is None
        or cases < rule.minimum_cases
        or len(history) < rule.minimum_history
        or peers.count <= rule.minimum_peers
    ):
        return None
    own = median(history)
    own_distance = (value - own) / spread(history, own, rule.least_spread)
    peer_distance = (value - own - peers.median) / peers.spread
    better = 1 if rule.higher_is_better else -1
    sides = {"drift": -better}
    if rule.both_sides:
        sides["anomaly"] = better
    for kind, side in sides.items():
        if (
            side * own_distance >= rule.own_distance
            and side * peer_distance >= rule.peer_distance
        ):
            return Alarm(kind, value, own, own_distance, peers.median, peer_distance)
    return None


def alarms(rule, series, period=-1):
    """``{partner: Alarm}`` of a period.

    :param series: ``{partner: [(value or None, cases), ...]}``, a value per period,
        oldest first, all of one length
    """
    histories, changes = {}, []
    for key, values in series.items():
        history = [value for value, _cases in values[:period] if value is not None]
        histories[key] = history
        value = values[period][0]
        if value is not None and history:
            changes.append(value - median(history))
    peers = Peers.of(changes, rule.least_spread)
    found = {}
    for key, values in series.items():
        value, cases = values[period]
        alarm = check(rule, value, histories[key], peers, cases)
        if alarm:
            found[key] = alarm
    return found


def backtest(rule, series):
    """How the rule would have done on the past.

    An alarm is false when the next value is back where the past was: less than half
    the distance at which the rule speaks.

    :param series: see :func:`alarms`
    :return: ``(values judged, alarms, false alarms)``; the last period, about which
        nothing is known yet, is left out
    """
    judged = raised = false = 0
    length = max((len(values) for values in series.values()), default=0)
    for period in range(rule.minimum_history, length - 1):
        found = alarms(rule, series, period)
        judged += sum(values[period][0] is not None for values in series.values())
        for key, alarm in found.items():
            following = series[key][period + 1][0]
            if following is None:
                continue
            raised += 1
            history = [
                past for past, _cases in series[key][:period] if past is not None
            ]
            distance = abs(following - alarm.own_median) / spread(
                history, alarm.own_median, rule.least_spread
            )
            false += distance < rule.own_distance / 2
    return judged, raised, false
