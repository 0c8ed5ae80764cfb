"""A metric's value from the sums that SQL returns."""

from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
HUNDRED = Decimal(100)
#: Values and points are kept to so many decimals, scores and percentiles to two.
VALUE_UNIT = Decimal("0.0001")
SCORE_UNIT = Decimal("0.01")


def rounded(number, unit=VALUE_UNIT):
    """``number`` to the nearest multiple of ``unit``, halves away from zero."""
    return None if number is None else number.quantize(unit, ROUND_HALF_UP)


def value_of(aggregation, numerator, denominator):
    """The value of a metric, or None where it has none.

    :param aggregation: ``sum`` (of numerators), ``average`` (numerators over
        denominators), ``percent`` (the same in percent), ``growth`` (numerators are
        of the window, denominators of the one before; growth in percent)
    :param numerator: Decimal or None
    :param denominator: Decimal or None

    >>> value_of("percent", Decimal(3), Decimal(4))
    Decimal('75.0000')
    >>> value_of("growth", Decimal(110), Decimal(100))
    Decimal('10.0000')
    >>> value_of("average", Decimal(3), Decimal(0)) is None
    True
    """
    if aggregation == "sum":
        return rounded(numerator or ZERO)
    if not denominator or denominator < 0:
        return None
    quotient = (numerator or ZERO) / denominator
    if aggregation == "percent":
        quotient *= HUNDRED
    elif aggregation == "growth":
        quotient = (quotient - 1) * HUNDRED
    return rounded(quotient)
