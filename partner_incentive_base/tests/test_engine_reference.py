from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.partner_incentive_base.engine.calculation import (
    add_volume,
    evaluate,
    gap_to_next,
    growth,
)

from .engine_common import (
    examples,
    formulas,
    ladders,
    make_part,
    make_position,
    make_scale,
    rate_kinds,
    volumes,
)

references = st.integers(1, 400)
multipliers = st.sampled_from([Decimal(each) for each in ("0", "1", "1.25", "2.5")])


class TestReference(BaseCase):
    """Brackets in percent, accelerators, growth from a baseline, more volume."""

    def test_target_of_80000(self):
        """100 % earns 2, 110 % earns 3: 88,000 are 110 % and earn 2,640."""
        scale = make_scale([(100, 2), (110, 3)]).relative_to(Decimal(80000))
        self.assertEqual(scale.earn(Decimal("79999.99")), 0)
        self.assertEqual(scale.earn(Decimal(80000)), 1600)
        self.assertEqual(scale.earn(Decimal(88000)), 2640)

    def test_slices_of_a_target(self):
        """Marginal: nothing to 100 %, 10 % beyond; 600 of 500 earn 10."""
        scale = make_scale([(0, 0), (100, 10)], "marginal")
        self.assertEqual(scale.relative_to(Decimal(500)).earn(Decimal(600)), 10)

    @examples
    @given(ladders, formulas, rate_kinds, references, volumes)
    def test_bracket_is_that_of_the_percentage(
        self, steps, formula, kind, reference, volume
    ):
        scale = make_scale(steps, formula, kind)
        relative = scale.relative_to(Decimal(reference))
        percent = Decimal(100 * volume) / reference
        reached = [
            (bracket.rate, upper is None) for bracket, upper in scale.reached(percent)
        ]
        self.assertEqual(
            [
                (bracket.rate, upper is None)
                for bracket, upper in relative.reached(Decimal(volume))
            ],
            reached,
        )

    def test_compared_with_nothing_everything_is_beyond(self):
        scale = make_scale([(80, 1), (120, 4)]).relative_to(Decimal(0))
        self.assertEqual(scale.earn(Decimal(100)), 4)
        self.assertIsNone(scale.next_bound(Decimal(0)))

    def test_accelerator_stands_between_reduction_and_cap(self):
        """10 % of 1,000 less 200 of base is 80; times 1.5 is 120; the cap 110."""
        part = make_part(make_scale([(0, 10)]), 1000)
        position = make_position(part)._replace(multiplier=Decimal("1.5"))
        self.assertEqual(evaluate(position, Decimal(200)).entitlement, 120)
        capped = make_position(part, cap=Decimal(110))._replace(
            multiplier=Decimal("1.5")
        )
        self.assertEqual(evaluate(capped, Decimal(200)).entitlement, 110)
        small = make_position(part, minimum=Decimal(110))._replace(
            multiplier=Decimal("1.5")
        )
        self.assertEqual(evaluate(small, Decimal(200)).entitlement, 120)

    @examples
    @given(ladders, formulas, volumes, multipliers, st.integers(1, 30))
    def test_cap_binds_whatever_accelerates(self, steps, formula, volume, more, cap):
        part = make_part(make_scale(steps, formula), volume)
        plain = make_position(part, cap=Decimal(cap))
        result = evaluate(plain._replace(multiplier=more))
        self.assertLessEqual(result.value, cap)
        self.assertEqual(result.value, min(result.reduced * more, Decimal(cap)))

    @examples
    @given(ladders, formulas, rate_kinds, volumes, st.integers(0, 40))
    def test_more_volume_is_what_it_would_be(self, steps, formula, kind, now, extra):
        scale = make_scale(steps, formula, kind)
        moved = add_volume(make_position(make_part(scale, now)), extra, extra, extra)
        there = make_position(make_part(scale, now + extra))
        self.assertEqual(evaluate(moved), evaluate(there))

    @examples
    @given(ladders, formulas, rate_kinds, volumes)
    def test_the_gap_leads_onto_the_bound(self, steps, formula, kind, now):
        scale = make_scale(steps, formula, kind)
        position = make_position(make_part(scale, max(now, 0)))
        gap = gap_to_next(position)
        if gap is None:
            self.assertGreaterEqual(max(now, 0), steps[-1][0])
            return
        missing, would_earn = gap
        moved = add_volume(position, missing, missing, missing)
        self.assertIn(int(moved.qualifying), [low for low, _rate in steps])
        self.assertEqual(evaluate(moved).entitlement, would_earn)

    def test_growth_from_a_baseline(self):
        for current, previous, baseline, expected in (
            (300, 0, None, 0),
            (300, 0, Decimal(0), 300),
            (300, 0, Decimal(100), 200),
            (50, 0, Decimal(100), 0),
            (300, 250, Decimal(100), 50),
            (300, -20, Decimal(100), 200),
        ):
            self.assertEqual(
                growth(Decimal(current), Decimal(previous), baseline), expected
            )
