"""Calculation windows and settlement periods."""

from calendar import monthrange
from datetime import date, timedelta
from typing import NamedTuple

MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
PERIODS = ("whole", *MONTHS)


class WindowError(ValueError):
    """Dates or a period that make no window; ``code`` is ``reversed`` or ``period``."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Window(NamedTuple):
    """A span of days, both ends included. A tuple, since it is in many keys."""

    start: date
    end: date

    def __contains__(self, day):
        return self.start <= day <= self.end

    @property
    def days(self):
        return (self.end - self.start).days + 1

    def elapsed_share(self, day):
        """``(days passed, days in all)`` at the end of ``day``, within the window."""
        passed = (min(day, self.end) - self.start).days + 1
        return max(passed, 0), self.days


def _month_index(day):
    return day.year * 12 + day.month - 1


def _first_of(index):
    return date(index // 12, index % 12 + 1, 1)


def split(start, end, period, first_month=1):
    """Windows of ``period`` between two dates, the outer ones clipped to them.

    Quarters, halves and years follow the fiscal year that begins in
    ``first_month``; ``whole`` is one window.

    :return: tuple of :class:`Window`, in order, without gap or overlap
    :raise WindowError: dates reversed, or a period that is not in :data:`PERIODS`
    """
    if end < start:
        raise WindowError("reversed")
    if period == "whole":
        return (Window(start, end),)
    if period not in MONTHS:
        raise WindowError("period")
    months = MONTHS[period]
    offset = (first_month - 1) % months
    index = (_month_index(start) - offset) // months * months + offset
    windows = []
    while _first_of(index) <= end:
        following = _first_of(index + months)
        windows.append(
            Window(max(start, _first_of(index)), min(end, following - timedelta(1)))
        )
        index += months
    return tuple(windows)


def year_before(window):
    """The same window a year earlier.

    A window that ends with its month ends with that month a year before, too, so
    that February is compared with the whole of February.
    """
    end = window.end
    last = monthrange(end.year, end.month)[1]
    last_before = monthrange(end.year - 1, end.month)[1]
    end_day = last_before if end.day == last else end.day
    start = window.start
    start_day = min(start.day, monthrange(start.year - 1, start.month)[1])
    return Window(
        date(start.year - 1, start.month, start_day),
        date(end.year - 1, end.month, end_day),
    )


def last_ended(windows, day):
    """The last of ``windows`` that ended on or before ``day``, or None."""
    return max((window for window in windows if window.end <= day), default=None)
