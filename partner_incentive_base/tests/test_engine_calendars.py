from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.partner_incentive_base.engine.calendars import (
    LONG_YEARS,
    PATTERNS,
    CalendarError,
    DatedCalendar,
    FiscalCalendar,
    Period,
    check,
    generate,
    generate_before,
)
from odoo.addons.partner_incentive_base.engine.windows import (
    MONTHS,
    Window,
    WindowError,
    split,
    year_before,
)

from .engine_common import days, each_day, examples

DAY = timedelta(days=1)
patterns = st.sampled_from(sorted(PATTERNS))
years = st.integers(1, 12)


@st.composite
def starts(draw, rule):
    """A first day that the rule allows: after a last, or nearest, weekday."""
    month_end = draw(days).replace(day=1) - DAY
    weekday = draw(st.integers(0, 6))
    candidates = {
        "never": range(1),
        "last": range(-6, 1),
        "nearest": range(-3, 4),
    }[rule]
    return (
        next(
            month_end + timedelta(days=shift)
            for shift in candidates
            if rule == "never"
            or (month_end + timedelta(days=shift)).weekday() == weekday
        )
        + DAY
    )


@st.composite
def calendars(draw):
    rule = draw(st.sampled_from(LONG_YEARS))
    return generate(draw(starts(rule)), draw(years), draw(patterns), rule), rule


class TestCalendars(BaseCase):
    """Periods of a company's own: generated, checked, cut into windows, compared."""

    def _years(self, periods):
        spans = {}
        for period in periods:
            start, _end = spans.get(period.year, (period.start, None))
            spans[period.year] = (start, period.end)
        return spans

    def test_retail_calendar(self):
        """The 4-5-4 calendar of the National Retail Federation (USA), as published.

        Its years end on the Saturday nearest to 31 January; 2012, 2017 and 2023 had 53
        weeks.
        """
        spans = self._years(generate(date(2012, 1, 29), 15, "454", "nearest"))
        self.assertEqual(spans[2012], (date(2012, 1, 29), date(2013, 2, 2)))
        self.assertEqual(spans[2017], (date(2017, 1, 29), date(2018, 2, 3)))
        self.assertEqual(spans[2023], (date(2023, 1, 29), date(2024, 2, 3)))
        self.assertEqual(spans[2024], (date(2024, 2, 4), date(2025, 2, 1)))
        self.assertEqual(spans[2026], (date(2026, 2, 1), date(2027, 1, 30)))
        long = [y for y, (start, end) in spans.items() if (end - start).days == 370]
        self.assertEqual(long, [2012, 2017, 2023])

    def test_last_saturday_of_september(self):
        """Fiscal years of Apple Inc. from its annual reports: 2017 and 2023 have 53."""
        spans = self._years(generate(date(2015, 9, 27), 9, "445", "last"))
        self.assertEqual(spans[2016], (date(2015, 9, 27), date(2016, 9, 24)))
        self.assertEqual(spans[2017], (date(2016, 9, 25), date(2017, 9, 30)))
        self.assertEqual(spans[2022], (date(2021, 9, 26), date(2022, 9, 24)))
        self.assertEqual(spans[2023], (date(2022, 9, 25), date(2023, 9, 30)))
        self.assertEqual(spans[2024], (date(2023, 10, 1), date(2024, 9, 28)))

    def test_first_quarter_by_hand(self):
        periods = generate(date(2026, 1, 4), 1, "445")
        self.assertEqual(
            periods[:4],
            (
                Period(date(2026, 1, 4), date(2026, 1, 31), 2026, 1, 1),
                Period(date(2026, 2, 1), date(2026, 2, 28), 2026, 1, 2),
                Period(date(2026, 3, 1), date(2026, 4, 4), 2026, 1, 3),
                Period(date(2026, 4, 5), date(2026, 5, 2), 2026, 2, 4),
            ),
        )
        self.assertEqual(periods[-1].end, date(2027, 1, 2))

    def test_first_day_must_fit_the_rule(self):
        for rule, start in (
            ("last", date(2026, 1, 20)),
            ("nearest", date(2026, 1, 20)),
            ("last", date(2026, 1, 2)),
        ):
            with self.assertRaises(CalendarError) as caught:
                generate(start, 1, "445", rule)
            self.assertEqual(caught.exception.code, rule)

    @examples
    @given(calendars())
    def test_generated(self, generated):
        """No gap, 52 or 53 weeks, quarters of 13 or 14; the rule holds each year."""
        periods, rule = generated
        check(periods)
        for one, following in pairwise(periods):
            self.assertEqual(one.end + DAY, following.start)
        calendar = DatedCalendar(periods)
        start, end = periods[0].start, periods[-1].end
        for year in calendar.split(start, end, "year"):
            self.assertIn(year.days, (364,) if rule == "never" else (364, 371))
            self.assertEqual(year.start.weekday(), start.weekday())
            if rule == "last":
                self.assertNotEqual(
                    year.end.month, (year.end + timedelta(weeks=1)).month
                )
            if rule == "nearest":
                self.assertTrue(
                    any(
                        (year.end + timedelta(days=shift) + DAY).day == 1
                        for shift in range(-3, 4)
                    )
                )
            quarters = calendar.split(year.start, year.end, "quarter")
            weeks = [quarter.days // 7 for quarter in quarters]
            self.assertEqual(weeks[:3], [13] * 3)
            self.assertEqual(weeks[3], 13 + (year.days == 371))

    @examples
    @given(calendars(), st.integers(0, 2000), st.integers(0, 900))
    def test_split(self, generated, offset, length):
        """Each day of a term within the calendar is in one window of each kind."""
        periods, _rule = generated
        calendar = DatedCalendar(periods)
        last = periods[-1].end
        start = min(periods[0].start + timedelta(days=offset), last)
        end = min(start + timedelta(days=length), last)
        self.assertTrue(calendar.covers(start, end))
        for period in ("whole", *MONTHS):
            spans = calendar.split(start, end, period)
            self.assertEqual(
                [day for span in spans for day in each_day(*span)],
                list(each_day(start, end)),
            )

    @examples
    @given(calendars())
    def test_year_before(self, generated):
        """Periods, quarters and years are compared with themselves."""
        periods, _rule = generated
        calendar = DatedCalendar(periods)
        start, end = periods[0].start, periods[-1].end
        for kind, per_year in (("month", 12), ("quarter", 4), ("half", 2), ("year", 1)):
            spans = calendar.split(start, end, kind)
            before = (None,) * per_year + spans[:-per_year]
            self.assertEqual(tuple(map(calendar.year_before, spans)), before)

    @examples
    @given(st.data(), years, patterns, st.sampled_from(LONG_YEARS))
    def test_backwards(self, data, count, pattern, rule):
        """Years before a year are those that would have led to it."""
        periods = generate(data.draw(starts(rule)), count + 1, pattern, rule, 2000)
        following = periods[-12]
        self.assertEqual(
            generate_before(following.start, count, pattern, rule, following.year),
            periods[:-12],
        )

    def test_year_before_within_a_period(self):
        """The 53rd week of last year counts where the whole period is compared."""
        calendar = DatedCalendar(generate(date(2023, 1, 29), 2, "454", "nearest"))
        last = calendar.periods[-1]
        self.assertEqual(
            calendar.year_before(Window(last.start, last.end)),
            Window(date(2023, 12, 31), date(2024, 2, 3)),
        )
        # Ten days into the period: ten days into the period before.
        self.assertEqual(
            calendar.year_before(Window(last.start, last.start + 9 * DAY)),
            Window(date(2023, 12, 31), date(2024, 1, 9)),
        )
        # A day of a 53rd week has no counterpart: the shorter period's last day.
        longer = DatedCalendar(generate(date(2022, 1, 30), 2, "454", "nearest"))
        last = longer.periods[-1]
        self.assertEqual(
            longer.year_before(Window(last.end - 2 * DAY, last.end - DAY)),
            Window(date(2023, 1, 28), date(2023, 1, 28)),
        )

    def test_periods_that_make_no_calendar(self):
        first = Period(date(2026, 1, 1), date(2026, 1, 31), 2026, 1, 1)
        second = Period(date(2026, 2, 1), date(2026, 2, 28), 2026, 1, 2)
        check([first, second])
        for code, periods in {
            "reversed": [first._replace(end=date(2025, 12, 31))],
            "quarter": [first._replace(quarter=5)],
            "overlap": [first, second._replace(start=date(2026, 1, 31))],
            "gap": [first, second._replace(start=date(2026, 2, 2))],
            "order": [first._replace(number=3), second],
        }.items():
            with self.subTest(code), self.assertRaises(CalendarError) as caught:
                check(periods)
            self.assertEqual(caught.exception.code, code)
        with self.assertRaises(CalendarError):
            check([first._replace(quarter=2), second])

    def test_outside(self):
        calendar = DatedCalendar(generate(date(2026, 1, 4), 1, "445"))
        self.assertFalse(calendar.covers(date(2026, 1, 3), date(2026, 2, 1)))
        self.assertFalse(calendar.covers(date(2026, 2, 1), date(2027, 1, 3)))
        self.assertFalse(DatedCalendar(()).covers(date(2026, 1, 1), date(2026, 1, 1)))
        months = calendar.split(date(2025, 1, 1), date(2027, 12, 31), "month")
        self.assertEqual(len(months), 12)
        with self.assertRaises(WindowError):
            calendar.split(date(2026, 2, 1), date(2026, 1, 4), "month")
        with self.assertRaises(WindowError):
            calendar.split(date(2026, 1, 4), date(2026, 2, 1), "week")

    @examples
    @given(days, st.integers(0, 900), st.integers(1, 12))
    def test_fiscal(self, start, length, first_month):
        """Months are what they are without a calendar of one's own."""
        calendar = FiscalCalendar(first_month)
        end = start + timedelta(days=length)
        for period in MONTHS:
            spans = calendar.split(start, end, period)
            self.assertEqual(spans, split(start, end, period, first_month))
            self.assertEqual(calendar.year_before(spans[0]), year_before(spans[0]))
        self.assertTrue(calendar.covers(start, end))
