"""Guarantees: a promised minimum per period (Dynamics 365: minimum commitment)."""

from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True)
class Guarantee:
    """
    :param amount: promised per guarantee period, in the offer's currency
    :param period: a period of :mod:`.windows`; one that is longer than the
        calculation windows is topped up over all that lie in it
    :param cumulative: what earlier periods earned above the guarantee counts
    :param timing: ``end``: topped up on a period's last day; ``start``: entitled on
        its first day, and only what exceeds it later
    """

    amount: Decimal
    period: str
    cumulative: bool = False
    timing: str = "end"


def top_ups(guarantee, earned, day):
    """Sum of the top-ups that are due on ``day``.

    :param earned: list of ``(window, amount)`` in order: guarantee periods that began
        by ``day`` and what the offer earned within each, up to ``day``. A top-up once
        due stays: later periods' earnings do not eat it.
    """
    surplus = total = ZERO
    for window, amount in earned:
        if guarantee.timing == "start" or window.end <= day:
            shortfall = guarantee.amount - amount - surplus
            total += max(ZERO, shortfall)
            surplus = max(ZERO, -shortfall) if guarantee.cumulative else ZERO
    return total
