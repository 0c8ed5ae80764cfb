from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.partner_incentive_base.engine.accrual import (
    delta,
    expected_target,
    expected_volume,
    fixed_target,
)
from odoo.addons.partner_incentive_base.engine.calculation import evaluate

from .engine_common import (
    CENT,
    YEAR,
    cents,
    count_by_unit,
    examples,
    formulas,
    ladders,
    make_part,
    make_position,
    make_scale,
    rate_kinds,
    round_half_up,
)

JUNE = date(2026, 6, 30)


def target(position, forecast, day=JUNE, reduction=Decimal(0)):
    result = evaluate(position, reduction)
    return expected_target(position, result, forecast, YEAR, day)


class TestAccrual(BaseCase):
    """What to provide for, by the offer's accrual method."""

    def test_ifrs_example(self):
        """IFRS 15, volume discount: 480 per unit, 432 from the 601st, retrospectively.

        75 units by March, 500 expected: no discount. 300 by June, 700 expected: 48 on
        every unit sold so far.
        """
        scale = make_scale([(601, 48)], rate_kind="per_unit")
        march = make_position(make_part(scale, 75))
        self.assertEqual(target(march, Decimal(500), date(2026, 3, 31)), 0)
        june = make_position(make_part(scale, 300))
        self.assertEqual(target(june, Decimal(700)), 14400)

    def test_forecast_on_a_bound_reaches_it(self):
        """7/3 is not exact; 700 expected of 300 reach the bound none the less."""
        scale = make_scale([(0, 1), (700, 2)])
        self.assertEqual(target(make_position(make_part(scale, 300)), Decimal(700)), 6)

    def test_volume_beyond_the_forecast_replaces_it(self):
        scale = make_scale([(0, 1), (700, 2)])
        position = make_position(make_part(scale, 800))
        self.assertEqual(target(position, Decimal(300)), 16)

    def test_over_window_counts_what_is_there(self):
        scale = make_scale([(0, 1), (700, 2)])
        position = make_position(make_part(scale, 300))
        self.assertEqual(target(position, Decimal(700), date(2026, 12, 30)), 6)
        self.assertEqual(target(position, Decimal(700), YEAR.end), 3)

    def test_run_rate(self):
        """Without a forecast, the window goes on as it began."""
        day = date(2026, 3, 14)  # 73 of 365 days
        volume = expected_volume(Decimal(100), None, YEAR, day)
        self.assertEqual(volume, 500)
        scale = make_scale([(0, 1), (500, 2)])
        self.assertEqual(target(make_position(make_part(scale, 100)), None, day), 2)

    def test_cap_is_spread_over_the_window(self):
        """1,000 expected would earn 100, capped 50: half of it at half the volume."""
        scale = make_scale([(0, 10)])
        position = make_position(make_part(scale, 500), cap=Decimal(50))
        self.assertEqual(target(position, Decimal(1000)), 25)

    def test_two_bases(self):
        """f(W) / W on what earns: 2 % of 30, not of all 300."""
        scale = make_scale([(0, 1), (700, 2)])
        position = make_position(make_part(scale, 300, 30))
        self.assertEqual(target(position, Decimal(700)), Decimal("0.60"))

    def test_reduction_in_proportion(self):
        scale = make_scale([(0, 10), (1000, 20)])
        position = make_position(make_part(scale, 500))
        self.assertEqual(target(position, Decimal(1000), reduction=Decimal(100)), 80)

    def test_nothing_for_a_loser_or_without_volume(self):
        scale = make_scale([(0, 10)])
        self.assertEqual(target(make_position(make_part(scale, 0)), Decimal(500)), 0)
        self.assertEqual(target(make_position(make_part(scale, -5)), Decimal(500)), 0)

    def test_fixed(self):
        self.assertEqual(fixed_target(Decimal(100000), Decimal(10), CENT), 10000)
        self.assertEqual(
            fixed_target(Decimal("-0.50"), Decimal(1), CENT), Decimal("-0.01")
        )

    def test_threshold(self):
        """A difference below the threshold waits, one that reaches it does not."""
        threshold = Decimal(5)
        for booked, expected in (("96", 0), ("95", 5), ("104.99", 0), ("105", -5)):
            self.assertEqual(delta(Decimal(100), Decimal(booked), threshold), expected)
        self.assertEqual(delta(Decimal(100), Decimal("99.99")), CENT)

    @examples
    @given(
        ladders,
        formulas,
        rate_kinds,
        st.integers(1, 40),
        st.integers(0, 60),
        st.integers(1, 40),
    )
    def test_oracle(self, steps, formula, rate_kind, volume, forecast, earning):
        """f(W) / W * e, W the forecast or what is there already."""
        scale = make_scale(steps, formula, rate_kind)
        expected = max(volume, forecast)
        exact = count_by_unit(steps, formula, rate_kind, False, expected)
        self.assertEqual(
            target(make_position(make_part(scale, volume, earning)), Decimal(forecast)),
            round_half_up(exact * Fraction(earning, expected), CENT),
        )

    @examples
    @given(ladders, formulas, rate_kinds, st.integers(-5, 40))
    def test_ends_as_achieved(self, steps, formula, rate_kind, volume):
        """Once the window is over, the target is the entitlement."""
        position = make_position(
            make_part(make_scale(steps, formula, rate_kind), volume)
        )
        self.assertEqual(
            target(position, Decimal(1000), YEAR.end), evaluate(position).entitlement
        )

    @examples
    @given(st.lists(cents, min_size=1, max_size=8))
    def test_deltas_sum_to_the_last_target(self, targets):
        booked = Decimal(0)
        for each in targets:
            booked += delta(each, booked)
        self.assertEqual(booked, targets[-1])

    @examples
    @given(st.lists(cents, min_size=1, max_size=8), st.integers(0, 5000))
    def test_waiting_is_immaterial(self, targets, threshold):
        """What waits never adds up to the threshold."""
        threshold *= CENT
        booked = Decimal(0)
        for each in targets:
            booked += delta(each, booked, threshold)
            self.assertLess(abs(each - booked), max(threshold, CENT))
