from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.partner_incentive_base.engine.windows import (
    MONTHS,
    PERIODS,
    Window,
    WindowError,
    last_ended,
    split,
    year_before,
)

from .engine_common import days, each_day, examples

first_months = st.integers(1, 12)
lengths = st.integers(0, 900)


class TestWindows(BaseCase):
    """Calculation windows and settlement periods."""

    def test_quarters_of_a_calendar_year(self):
        quarters = split(date(2026, 1, 1), date(2026, 12, 31), "quarter")
        self.assertEqual(
            quarters,
            (
                Window(date(2026, 1, 1), date(2026, 3, 31)),
                Window(date(2026, 4, 1), date(2026, 6, 30)),
                Window(date(2026, 7, 1), date(2026, 9, 30)),
                Window(date(2026, 10, 1), date(2026, 12, 31)),
            ),
        )

    def test_fiscal_year(self):
        """A fiscal year from July, and its quarters; from February, its halves."""
        years = split(date(2026, 1, 15), date(2027, 8, 1), "year", 7)
        self.assertEqual(
            years,
            (
                Window(date(2026, 1, 15), date(2026, 6, 30)),
                Window(date(2026, 7, 1), date(2027, 6, 30)),
                Window(date(2027, 7, 1), date(2027, 8, 1)),
            ),
        )
        quarters = split(date(2026, 2, 1), date(2026, 6, 30), "quarter", 2)
        self.assertEqual(quarters[0], Window(date(2026, 2, 1), date(2026, 4, 30)))
        halves = split(date(2026, 1, 1), date(2026, 12, 31), "half", 2)
        self.assertEqual(halves[1], Window(date(2026, 2, 1), date(2026, 7, 31)))

    def test_whole(self):
        window = Window(date(2026, 5, 3), date(2029, 1, 7))
        self.assertEqual(split(window.start, window.end, "whole", 9), (window,))

    def test_refused(self):
        for code, arguments in {
            "reversed": (date(2026, 2, 1), date(2026, 1, 31), "month"),
            "period": (date(2026, 1, 1), date(2026, 1, 31), "fortnight"),
        }.items():
            with self.subTest(code), self.assertRaises(WindowError) as refused:
                split(*arguments)
            self.assertEqual(refused.exception.code, code)

    def test_year_before(self):
        """A month is compared with the whole of the month a year before."""
        for window, before in {
            (date(2025, 2, 1), date(2025, 2, 28)): (
                date(2024, 2, 1),
                date(2024, 2, 29),
            ),
            (date(2024, 2, 1), date(2024, 2, 29)): (
                date(2023, 2, 1),
                date(2023, 2, 28),
            ),
            (date(2024, 2, 29), date(2024, 5, 5)): (
                date(2023, 2, 28),
                date(2023, 5, 5),
            ),
            (date(2026, 7, 1), date(2027, 6, 30)): (
                date(2025, 7, 1),
                date(2026, 6, 30),
            ),
        }.items():
            self.assertEqual(year_before(Window(*window)), Window(*before))

    def test_last_ended(self):
        months = split(date(2026, 1, 1), date(2026, 12, 31), "month")
        self.assertIsNone(last_ended(months, date(2026, 1, 30)))
        self.assertEqual(last_ended(months, date(2026, 1, 31)), months[0])
        self.assertEqual(last_ended(months, date(2026, 2, 27)), months[0])
        self.assertEqual(last_ended(months, date(2030, 1, 1)), months[-1])

    def test_elapsed_share(self):
        window = Window(date(2026, 1, 1), date(2026, 1, 31))
        self.assertEqual(window.elapsed_share(date(2025, 12, 31)), (0, 31))
        self.assertEqual(window.elapsed_share(date(2026, 1, 1)), (1, 31))
        self.assertEqual(window.elapsed_share(date(2026, 3, 1)), (31, 31))

    @examples
    @given(days, lengths, st.sampled_from(PERIODS), first_months)
    def test_partition(self, start, length, period, first_month):
        """Every day lies in exactly one window, and no other day does."""
        end = start + timedelta(days=length)
        windows = split(start, end, period, first_month)
        self.assertEqual(windows[0].start, start)
        self.assertEqual(windows[-1].end, end)
        for window in windows:
            self.assertLessEqual(window.start, window.end)
        for window, following in pairwise(windows):
            self.assertEqual(window.end + timedelta(days=1), following.start)
        self.assertEqual(sum(window.days for window in windows), length + 1)

    @examples
    @given(days, lengths, st.sampled_from([*MONTHS]), first_months)
    def test_bounds(self, start, length, period, first_month):
        """A window begins where the term does, or on a fiscal period's first day."""
        end = start + timedelta(days=length)
        firsts = {
            (first_month - 1 + step) % 12 + 1 for step in range(0, 12, MONTHS[period])
        }
        begins = {start} | {
            day for day in each_day(start, end) if day.day == 1 and day.month in firsts
        }
        windows = split(start, end, period, first_month)
        self.assertEqual({window.start for window in windows}, begins)
        for window in windows:
            self.assertIn(window.start, window)
            self.assertIn(window.end, window)
            self.assertNotIn(window.end + timedelta(days=1), window)

    @examples
    @given(days, lengths, st.sampled_from(PERIODS), first_months, days)
    def test_last_ended_oracle(self, start, length, period, first_month, day):
        windows = split(start, start + timedelta(days=length), period, first_month)
        expected = None
        for window in windows:
            if window.end <= day:
                expected = window
        self.assertEqual(last_ended(windows, day), expected)

    @examples
    @given(days, st.integers(0, 364))
    def test_year_before_meets_no_day_of_the_window(self, start, length):
        window = Window(start, start + timedelta(days=length))
        before = year_before(window)
        self.assertLess(before.end, window.end)
        self.assertLessEqual(abs(before.days - window.days), 2)
