"""Calendars: what a month, a quarter and a year are.

A calendar answers two questions: into which windows a term falls (``split``), and
which days a window is compared with (``year_before``). A :class:`FiscalCalendar`
follows the months; a :class:`DatedCalendar` has periods of its own, such as the weeks
of a 4-4-5 year, which :func:`generate` makes.
"""

from calendar import monthrange
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from . import windows
from .windows import Window

#: Weeks of the three periods of a quarter.
PATTERNS = {"445": (4, 4, 5), "454": (4, 5, 4), "544": (5, 4, 4)}
#: How a year is told that has a 53rd week: never, where it ends on the last such
#: weekday of a month, or on the one nearest to the month's end.
LONG_YEARS = ("never", "last", "nearest")
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


class CalendarError(ValueError):
    """What makes no calendar.

    :ivar code: ``reversed``, ``overlap``, ``gap``, ``order``, ``quarter`` (periods), or
        ``last``, ``nearest`` (a first day that the rule for long years does not allow)
    :ivar values: the periods, or the day, that it is about
    """

    def __init__(self, code, *values):
        super().__init__(code, *values)
        self.code = code
        self.values = values


class Period(NamedTuple):
    """The shortest span of a calendar, both ends included: its "month".

    :param year: what the fiscal year is called; ``quarter`` of it, from 1 to 4
    :param number: of the period in its year; a year later the period of the same
        number is the one to compare with
    """

    start: date
    end: date
    year: int
    quarter: int
    number: int

    def __contains__(self, day):
        return self.start <= day <= self.end


@dataclass(frozen=True)
class FiscalCalendar:
    """Months, in fiscal years that begin in ``first_month``; it covers every day."""

    first_month: int = 1

    def split(self, start, end, period):
        return windows.split(start, end, period, self.first_month)

    def year_before(self, window):
        return windows.year_before(window)

    def covers(self, _start, _end):
        return True


@dataclass(frozen=True)
class DatedCalendar:
    """Periods of a company's own, in order, without gap or overlap (:func:`check`)."""

    periods: tuple

    def split(self, start, end, period):
        """Windows between two dates, the outer ones clipped to them.

        Days outside the calendar are in no window. ``whole`` is one window, whatever
        the calendar.

        :param period: one of :data:`.windows.PERIODS`; a month is a period of the
            calendar, a half is two quarters
        :return: tuple of :class:`.windows.Window`
        :raise WindowError: as :func:`.windows.split`
        """
        if end < start:
            raise windows.WindowError("reversed")
        if period == "whole":
            return (Window(start, end),)
        keys = {
            "month": lambda each: (each.year, each.number),
            "quarter": lambda each: (each.year, each.quarter),
            "half": lambda each: (each.year, (each.quarter + 1) // 2),
            "year": lambda each: each.year,
        }
        if period not in keys:
            raise windows.WindowError("period")
        groups = {}
        for each in self.periods:
            groups.setdefault(keys[period](each), []).append(each)
        spans = []
        for group in groups.values():
            window = Window(max(group[0].start, start), min(group[-1].end, end))
            if window.start <= window.end:
                spans.append(window)
        return tuple(spans)

    def year_before(self, window):
        """The same periods of the year before, or None where one is not there.

        What begins or ends within a period does so on the same day of the one before,
        counted from its first; a period's end is compared with its end, however many
        weeks either has.
        """
        first, last = self._find(window.start), self._find(window.end)
        first_before, last_before = self._before(first), self._before(last)
        if first_before is None or last_before is None:
            return None
        start = min(first_before.start + (window.start - first.start), first_before.end)
        end = min(last_before.start + (window.end - last.start), last_before.end)
        if window.end == last.end:
            end = last_before.end
        return Window(start, end)

    def covers(self, start, end):
        """Whether every day from ``start`` to ``end`` lies in a period."""
        return bool(
            self.periods
            and self.periods[0].start <= start
            and end <= self.periods[-1].end
        )

    def _find(self, day):
        return next((period for period in self.periods if day in period), None)

    def _before(self, period):
        if period is None:
            return None
        wanted = (period.year - 1, period.number)
        return next(
            (each for each in self.periods if (each.year, each.number) == wanted), None
        )


def check(periods):
    """Periods follow each other, in their dates and in what they are called.

    :param periods: iterable of :class:`Period`, in the order of their first days
    :raise CalendarError: names the two periods, or the one, that are wrong
    """
    periods = list(periods)
    for period in periods:
        if period.end < period.start:
            raise CalendarError("reversed", period)
        if not 1 <= period.quarter <= 4:
            raise CalendarError("quarter", period)
    for period, following in pairwise(periods):
        if following.start <= period.end:
            raise CalendarError("overlap", period, following)
        if following.start > period.end + DAY:
            raise CalendarError("gap", period, following)
        if (period.year, period.number) >= (following.year, following.number) or (
            (period.year, period.quarter) > (following.year, following.quarter)
        ):
            raise CalendarError("order", period, following)


def generate(start, years, pattern, long_years="never", first_year=None):
    """Years of 52 or 53 weeks, a quarter being 13 weeks in three periods.

    The 53rd week belongs to the last period. Which years have one follows from the
    weekday before ``start``, the last day of a year, and the end of the month that it
    is near to.

    :param start: first day of the first year
    :param years: how many
    :param pattern: one of :data:`PATTERNS`
    :param long_years: one of :data:`LONG_YEARS`
    :param first_year: what the first year is called; by default the calendar year in
        which most of it lies
    :return: tuple of :class:`Period`
    :raise CalendarError: a first day that the rule does not allow
    """
    weeks = PATTERNS[pattern] * 4
    if first_year is None:
        first_year = (start + 26 * WEEK).year
    periods = []
    for year in range(first_year, first_year + years):
        end = _year_end(start, long_years)
        for number, count in enumerate(weeks, 1):
            last = end if number == len(weeks) else start + count * WEEK - DAY
            periods.append(Period(start, last, year, (number + 2) // 3, number))
            start = last + DAY
    return tuple(periods)


def generate_before(start, years, pattern, long_years="never", first_year=None):
    """Years like :func:`generate`'s that end on the day before ``start``.

    :param first_year: what the year that begins on ``start`` is called
    """
    if first_year is None:
        first_year = (start + 26 * WEEK).year
    periods = ()
    for year in range(first_year - 1, first_year - 1 - years, -1):
        for weeks in (52, 53):
            with suppress(CalendarError):
                own = generate(start - weeks * WEEK, 1, pattern, long_years, year)
                if own[-1].end == start - DAY:
                    break
        else:
            raise CalendarError(long_years, start - DAY)
        periods = own + periods
        start = own[0].start
    return periods


def _year_end(start, long_years):
    """Last day of the year that begins on ``start``."""
    before = start - DAY
    if long_years == "never":
        return before + 52 * WEEK
    month_end = _nearest_month_end(before, long_years)
    if before != _on_weekday(month_end, before.weekday(), long_years):
        raise CalendarError(long_years, before)
    following = date(
        month_end.year + 1,
        month_end.month,
        monthrange(month_end.year + 1, month_end.month)[1],
    )
    return _on_weekday(following, before.weekday(), long_years)


def _nearest_month_end(day, long_years):
    """The end of the month that a year which ends on ``day`` belongs to."""
    own = day.replace(day=monthrange(day.year, day.month)[1])
    before = day.replace(day=1) - DAY
    return before if long_years == "nearest" and day - before <= 3 * DAY else own


def _on_weekday(month_end, weekday, long_years):
    """The day of that weekday which is the month's last, or nearest to its end."""
    last = month_end - timedelta(days=(month_end.weekday() - weekday) % 7)
    if long_years == "nearest" and month_end - last > 3 * DAY:
        return last + WEEK
    return last
