"""What to pay: cumulative entitlement, less what is settled, less what is held."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from .allocation import largest_remainder, round_to

ZERO = Decimal(0)
HUNDRED = Decimal(100)


class Holdback(NamedTuple):
    """What of an entitlement waits, and what is gone for good, in percent.

    :param held: of what is left once the lost part is off
    :param lost: of what is earned
    """

    held: Decimal = ZERO
    lost: Decimal = ZERO


def conditional_holdback(percent, released, lost, over):
    """Holdback of ``percent`` of which a part has met its condition, or failed it.

    :param released: share of it that is paid, from 0 to 1
    :param lost: share of it that is forfeited
    :param over: whether the time to meet the condition is over; what waits is lost then
    """
    waiting = 1 - released - lost
    if over:
        waiting, lost = ZERO, lost + waiting
    gone = percent * lost
    held = percent * waiting / (HUNDRED - gone) * HUNDRED if waiting else ZERO
    return Holdback(held, gone)


def held_back(entitled, settled, percent, unit):
    """``min(percent of entitled, what is not settled yet)``, never negative."""
    if not percent:
        return ZERO
    held = min(round_to(entitled * percent / HUNDRED, unit), entitled - settled)
    return max(ZERO, held)


def forfeited(entitled, percent, unit):
    """What of a positive entitlement is lost."""
    return round_to(max(entitled, ZERO) * percent / HUNDRED, unit)


def due(entitled, held, settled, limit=Decimal(1)):
    """What is owed now; negative where more was paid than is entitled.

    :param limit: highest share of what was paid that is claimed back
    """
    owed = entitled - held - settled
    return owed if limit >= 1 else max(owed, -max(settled, ZERO) * limit)


@dataclass(frozen=True)
class Claim:
    """What one offer owes, or is owed by, a partner.

    :param key: hashable, the offer
    :param due: see :func:`due`
    :param minimum: a positive due below it waits
    :param nets: a negative due is netted against what other offers owe
    :param override: pay this instead of what is due, or None
    """

    key: object
    due: Decimal
    minimum: Decimal = ZERO
    nets: bool = True
    override: Decimal | None = None


def payout(claims):
    """Net what the offers of one partner, currency and payout form owe it.

    :param claims: sequence of :class:`Claim`, in the order in which negative ones
        are cleared
    :return: ``{key: amount}`` to settle per offer; the sum is the payout, never
        negative. What stays negative is carried.
    """
    settled = {}
    available = ZERO
    for claim in claims:
        if claim.override is not None:
            settled[claim.key] = claim.override
        elif claim.due > ZERO and claim.due >= claim.minimum:
            settled[claim.key] = claim.due
            available += claim.due
    for claim in claims:
        if claim.override is None and claim.due < ZERO and claim.nets and available:
            cleared = min(available, -claim.due)
            settled[claim.key] = -cleared
            available -= cleared
    return settled


def split_document(amount, volumes, unit):
    """Divide a document line by the earning volume behind each set of taxes."""
    return largest_remainder(amount, volumes, unit)
