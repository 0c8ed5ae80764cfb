"""How far what a partner earns may fall from one period to the next."""

from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)


def shortfall(earned, before, percent, unit):
    """What is missing to ``percent`` of what the partner had before.

    :param earned: what the terms came to in the period
    :param before: what the partner had in the period before
    :param percent: the part of that which is safe, from 0 to 100
    :param unit: rounding of the currency
    :return: never negative, rounded once

    >>> shortfall(Decimal(50), Decimal(200), Decimal(80), Decimal("0.01"))
    Decimal('110.00')
    """
    missing = max(before, ZERO) * percent / 100 - max(earned, ZERO)
    if missing <= ZERO:
        return ZERO
    return (missing / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit
