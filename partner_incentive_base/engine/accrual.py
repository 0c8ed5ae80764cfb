"""What to provide for, by the offer's accrual method (IFRS 15.50-59)."""

from decimal import Decimal

from .allocation import round_to
from .calculation import evaluate

ZERO = Decimal(0)
HUNDRED = Decimal(100)
METHODS = ("achieved", "expected", "fixed")


def expected_volume(volume, forecast, window, day):
    """Volume W at which the window is expected to end.

    The forecast where there is one, else the run-rate; never less than what is
    there, and just that once the window is over.
    """
    if day >= window.end:
        return volume
    if forecast is None:
        passed, days = window.elapsed_share(day)
        forecast = volume * days / passed if passed else volume
    return max(volume, forecast)


def seasonal_forecast(volume, reached, whole):
    """Volume at the window's end if it grows as it did a year before.

    :param reached: volume of the window a year before, up to the same day
    :param whole: volume of that whole window
    :return: None where nothing had been reached, or the window was empty
    """
    if reached <= ZERO or whole <= ZERO:
        return None
    return volume * whole / reached


def expected_target(position, result, forecast, window, day):
    """``f(W) / W * V``, rounded: the average rate at the expected volume W.

    Terms (reduction, cap, minimum) are applied at W, so that a cap that will bite by
    the window's end is provided for from its first day.
    """
    volume = position.qualifying
    if volume <= ZERO or not result.best:
        return result.entitlement
    expected = expected_volume(volume, forecast, window, day)
    reduction = result.reduction * expected / volume
    value = evaluate(position.at_volume(expected), reduction).value
    return round_to(value * volume / expected, position.terms.unit)


def fixed_target(amount, percent, unit):
    """``percent`` of the earning amount, whatever is reached."""
    return round_to(amount * percent / HUNDRED, unit)


def delta(target, booked, threshold=ZERO):
    """Target minus booked; an immaterial difference waits."""
    difference = target - booked
    return ZERO if abs(difference) < threshold else difference
