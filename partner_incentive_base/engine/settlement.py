"""What to pay: cumulative entitlement, less what is settled, less what is held."""

from dataclasses import dataclass
from decimal import Decimal

from .allocation import largest_remainder, round_to

ZERO = Decimal(0)
HUNDRED = Decimal(100)


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
