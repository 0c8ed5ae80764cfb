from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.partner_incentive_base.engine.allocation import (
    largest_remainder,
    round_to,
)

from .engine_common import CENT, examples, round_half_up, units

steps = st.integers(-100_000, 100_000)
weights = st.lists(
    st.integers(0, 10_000).map(lambda number: number * CENT), min_size=1, max_size=8
)
signed_weights = st.lists(st.integers(-50, 100).map(Decimal), min_size=1, max_size=8)


class TestAllocation(BaseCase):
    """Rounding, and division without losing a cent."""

    def _split(self, amount, parts, unit="0.01"):
        shares = largest_remainder(
            Decimal(amount), [Decimal(part) for part in parts], Decimal(unit)
        )
        return [str(share) for share in shares]

    def test_round_half_away_from_zero(self):
        for amount, expected in {
            "0.005": "0.01",
            "-0.005": "-0.01",
            "0.0049999": "0.00",
            "1.015": "1.02",
            "2.675": "2.68",
        }.items():
            self.assertEqual(round_to(Decimal(amount), CENT), Decimal(expected))
        self.assertEqual(round_to(Decimal("2.525"), Decimal("0.05")), Decimal("2.55"))
        self.assertEqual(round_to(Decimal("2.5"), Decimal(1)), Decimal(3))

    def test_split(self):
        self.assertEqual(self._split("100.00", "111"), ["33.34", "33.33", "33.33"])
        self.assertEqual(self._split("-100.00", "111"), ["-33.33", "-33.33", "-33.34"])
        self.assertEqual(self._split("0.01", "12"), ["0.00", "0.01"])
        self.assertEqual(self._split("1.00", "31", "0.05"), ["0.75", "0.25"])

    def test_weights_without_information(self):
        """Nothing to divide by: all of it goes to the first, none is lost."""
        self.assertEqual(self._split("5.00", ["0", "0"]), ["5.00", "0"])
        self.assertEqual(self._split("5.00", ["2", "-2"]), ["5.00", "0"])

    @examples
    @given(st.fractions(-1000, 1000, max_denominator=2000), units)
    def test_round_oracle(self, amount, unit):
        # Only what a decimal can express, or the oracle would see another number.
        exact = Decimal(amount.numerator) / Decimal(amount.denominator)
        assume(Fraction(exact) == amount)
        self.assertEqual(round_to(exact, unit), round_half_up(amount, unit))

    @examples
    @given(steps, signed_weights, units)
    def test_parts_sum_to_the_whole(self, number, parts, unit):
        amount = number * unit
        shares = largest_remainder(amount, parts, unit)
        self.assertEqual(len(shares), len(parts))
        self.assertEqual(sum(shares), amount)
        for share in shares:
            self.assertEqual(share % unit, 0)

    @examples
    @given(steps, signed_weights, units)
    def test_within_a_unit_of_the_exact_share(self, number, parts, unit):
        assume(sum(parts))
        shares = largest_remainder(number * unit, parts, unit)
        total = Fraction(sum(parts))
        for share, weight in zip(shares, parts, strict=True):
            exact = Fraction(number * unit) * Fraction(weight) / total
            self.assertLess(abs(Fraction(share) - exact), Fraction(unit))

    @examples
    @given(st.integers(0, 100_000), weights)
    def test_largest_remainders_get_what_is_left(self, number, parts):
        """Who is rounded up had a remainder no smaller than who is not."""
        assume(sum(parts))
        shares = largest_remainder(number * CENT, parts, CENT)
        up, down = [], []
        for share, weight in zip(shares, parts, strict=True):
            exact = number * Fraction(weight) / Fraction(sum(parts))
            remainder = exact - int(exact)
            if remainder:
                (up if Fraction(share) / Fraction(CENT) > exact else down).append(
                    remainder
                )
        if up and down:
            self.assertGreaterEqual(min(up), max(down))

    @examples
    @given(st.integers(0, 100_000), weights)
    def test_no_share_is_negative(self, number, parts):
        self.assertGreaterEqual(min(largest_remainder(number * CENT, parts, CENT)), 0)

    @examples
    @given(st.integers(0, 100_000), weights, st.integers(2, 9))
    def test_scale_of_weights_is_irrelevant(self, number, parts, factor):
        self.assertEqual(
            largest_remainder(number * CENT, parts, CENT),
            largest_remainder(number * CENT, [w * factor for w in parts], CENT),
        )
