from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.partner_incentive_base.engine.guarantee import Guarantee, top_ups
from odoo.addons.partner_incentive_base.engine.windows import split

from .engine_common import YEAR, examples

QUARTERS = split(YEAR.start, YEAR.end, "quarter")
PROMISE = Decimal(100)


def due(earned, day, **terms):
    """Top-ups due on ``day`` of what each quarter earned by itself."""
    guarantee = Guarantee(PROMISE, "quarter", **terms)
    begun = [
        (quarter, Decimal(amount))
        for quarter, amount in zip(QUARTERS, earned, strict=False)
        if quarter.start <= day
    ]
    return top_ups(guarantee, begun, day)


class TestGuarantee(BaseCase):
    """A promised minimum per period."""

    def test_end(self):
        """Nothing before a period's last day; then what is missing."""
        self.assertEqual(due([40], date(2026, 3, 30)), 0)
        self.assertEqual(due([40], date(2026, 3, 31)), 60)
        self.assertEqual(due([140], date(2026, 3, 31)), 0)

    def test_top_up_never_returns(self):
        """A strong quarter does not eat the top-up of a weak one before it."""
        self.assertEqual(due([40, 500], date(2026, 6, 30)), 60)
        self.assertEqual(due([40, 500], date(2026, 6, 30), cumulative=True), 60)

    def test_not_cumulative(self):
        """Each quarter stands by itself."""
        self.assertEqual(due([250, 20, 0], date(2026, 9, 30)), 80 + 100)

    def test_cumulative(self):
        """150 above the promise fill the second quarter and 70 of the third."""
        day = date(2026, 9, 30)
        self.assertEqual(due([250, 20, 0], day, cumulative=True), 30)

    def test_cumulative_counts_what_was_earned_not_what_was_promised(self):
        """A top-up is no surplus for the quarter after it."""
        day = date(2026, 6, 30)
        self.assertEqual(due([40, 40], day, cumulative=True), 120)

    def test_start(self):
        """The whole promise on the first day, later only what exceeds it."""
        first = date(2026, 1, 1)
        self.assertEqual(due([0], first, timing="start"), 100)
        for earned, total in ((0, 100), (40, 100), (100, 100), (130, 130)):
            top_up = due([earned], date(2026, 2, 14), timing="start")
            self.assertEqual(earned + top_up, total)
        self.assertEqual(due([130, 0], date(2026, 4, 1), timing="start"), 100)

    def test_start_cumulative(self):
        self.assertEqual(
            due([130, 0], date(2026, 4, 1), timing="start", cumulative=True), 70
        )

    @examples
    @given(
        st.lists(st.integers(0, 300), min_size=1, max_size=4),
        st.integers(0, 364),
        st.booleans(),
        st.sampled_from(["start", "end"]),
    )
    def test_oracle(self, earned, passed, cumulative, timing):
        """Walk through the quarters with a purse of what was earned above."""
        day = date.fromordinal(YEAR.start.toordinal() + passed)
        purse = expected = 0
        for quarter, amount in zip(QUARTERS, earned, strict=False):
            begun, ended = quarter.start <= day, quarter.end <= day
            if not (begun if timing == "start" else ended):
                break
            for _euro in range(amount):
                purse += 1
            if purse >= 100:
                purse -= 100
            else:
                expected += 100 - purse
                purse = 0
            purse = purse if cumulative else 0
        self.assertEqual(
            due(earned, day, cumulative=cumulative, timing=timing), expected
        )

    @examples
    @given(st.lists(st.integers(0, 300), min_size=4, max_size=4), st.booleans())
    def test_promise_is_kept_every_quarter(self, earned, cumulative):
        """At each quarter's end the partner has had the promise, quarter by quarter."""
        for number, quarter in enumerate(QUARTERS, start=1):
            total = sum(earned[:number]) + due(
                earned[:number], quarter.end, cumulative=cumulative
            )
            self.assertGreaterEqual(total, number * 100)

    @examples
    @given(st.lists(st.integers(0, 300), min_size=4, max_size=4))
    def test_cumulative_costs_no_more(self, earned):
        self.assertLessEqual(
            due(earned, YEAR.end, cumulative=True), due(earned, YEAR.end)
        )
