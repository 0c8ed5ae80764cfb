"""Division of an amount so that the parts sum to the whole."""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
ONE = Decimal(1)


def round_to(amount, unit):
    """``amount`` rounded half away from zero to a multiple of ``unit``.

    ``unit`` is a currency's rounding, such as ``Decimal("0.01")`` or
    ``Decimal("0.05")``.
    """
    steps = (amount / unit).quantize(ONE, rounding=ROUND_HALF_UP)
    return steps * unit


def largest_remainder(amount, weights, unit):
    """Divide ``amount`` over ``weights`` (Hamilton's method).

    Every share is a multiple of ``unit`` and the shares sum to ``amount``; the units
    that rounding down leaves over go to the largest remainders, earlier ones first.
    Weights that sum to zero carry no information: all goes to the first.

    :param amount: a multiple of ``unit``, of either sign
    :param weights: sequence of decimals, at least one
    :return: list of decimals, as long as ``weights``
    """
    total = sum(weights, ZERO)
    if not total:
        return [amount, *(ZERO for _weight in weights[1:])]
    exact = [amount * weight / total / unit for weight in weights]
    floors = [steps.to_integral_value(rounding=ROUND_FLOOR) for steps in exact]
    missing = int((amount / unit).to_integral_value() - sum(floors, ZERO))
    order = sorted(range(len(weights)), key=lambda i: (floors[i] - exact[i], i))
    for index in order[:missing]:
        floors[index] += 1
    return [steps * unit for steps in floors]
