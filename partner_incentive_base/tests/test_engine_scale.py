from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.partner_incentive_base.engine.scale import (
    FORMULAS,
    Bracket,
    Scale,
    ScaleError,
)

from .engine_common import (
    count_by_unit,
    examples,
    formulas,
    ladders,
    make_scale,
    rate_kinds,
    volumes,
)

PUBLISHED = [(0, 10), (1000, 25)]


class TestScale(BaseCase):
    """What a volume earns before any other term."""

    def _assert_earns(self, scale, table):
        for volume, expected in table.items():
            self.assertEqual(scale.earn(Decimal(str(volume))), Decimal(str(expected)))

    def test_steps_add_up(self):
        for formula in FORMULAS:
            for kind in ("percent", "per_unit", "amount"):
                brackets = (
                    Bracket(Decimal(0), Decimal(10)),
                    Bracket(Decimal(1000), Decimal(25)),
                )
                scale = Scale(formula, kind, brackets)
                for volume in (Decimal(-1), Decimal(0), Decimal(400), Decimal(2000)):
                    total = sum(money for _bracket, _base, money in scale.steps(volume))
                    self.assertEqual(total, scale.earn(volume), (formula, kind))
        marginal = Scale("marginal", "percent", brackets)
        self.assertEqual(
            [(base, money) for _bracket, base, money in marginal.steps(Decimal(2000))],
            [(1000, 100), (1000, 250)],
        )

    def test_published_example(self):
        """Dynamics 365: 10 % to 1,000 and 25 % beyond, sales of 2,000."""
        expected = {"marginal": 350, "whole": 500, "rolling": 600, "total": 700}
        for formula, amount in expected.items():
            with self.subTest(formula):
                self._assert_earns(make_scale(PUBLISHED, formula), {2000: amount})

    def test_over_paying_competitor(self):
        """3,800 over 10/20/30 % to 100/300/∞ is 1,100, where OCA's module has 1,120."""
        scale = make_scale([(0, 10), (100, 20), (300, 30)], "marginal")
        self._assert_earns(scale, {3800: 1100, 1000: 260})

    def test_bound_is_inclusive(self):
        for formula, at_bound in (
            ("whole", 250),
            ("marginal", 100),
            ("rolling", 350),
            ("total", 350),
        ):
            with self.subTest(formula):
                scale = make_scale(PUBLISHED, formula)
                self._assert_earns(scale, {1000: at_bound, "999.99": "99.999"})

    def test_per_unit(self):
        steps = [(0, 1), (10, 3)]
        for formula, amount in (
            ("whole", 36),
            ("marginal", 16),
            ("rolling", 46),
            ("total", 48),
        ):
            with self.subTest(formula):
                self._assert_earns(make_scale(steps, formula, "per_unit"), {12: amount})

    def test_fixed_amount(self):
        """Whole pays the highest bracket reached, the others every one of them."""
        steps = [(100, 50), (200, 120)]
        for formula in FORMULAS:
            with self.subTest(formula):
                scale = make_scale(steps, formula, "amount")
                both = 120 if formula == "whole" else 170
                self._assert_earns(scale, {"99.99": 0, 100: 50, 199: 50, 200: both})

    def test_below_first(self):
        steps = [(100, 2), (200, 4)]
        for formula in FORMULAS:
            with self.subTest(formula):
                self._assert_earns(make_scale(steps, formula), {50: 0})
                scale = make_scale(steps, formula, below_first=True)
                self._assert_earns(scale, {50: 1, 0: 0, -50: 0})
        # A slice that begins at zero, not at the bound.
        scale = make_scale(steps, "marginal", below_first=True)
        self._assert_earns(scale, {250: 6})
        scale = make_scale(steps, "whole", "amount", below_first=True)
        self._assert_earns(scale, {1: 2, 0: 0})

    def test_nothing_from_nothing(self):
        for formula in FORMULAS:
            scale = make_scale([(0, 7)], formula, "amount")
            self._assert_earns(scale, {0: 0, -10: 0, "0.01": 7})

    def test_next_bound(self):
        scale = make_scale([(100, 1), (200, 2)])
        self.assertEqual(scale.next_bound(Decimal("99.99")), 100)
        self.assertEqual(scale.next_bound(Decimal(100)), 200)
        self.assertIsNone(scale.next_bound(Decimal(200)))
        scale = make_scale([(100, 1), (200, 2)], below_first=True)
        self.assertEqual(scale.next_bound(Decimal(1)), 200)

    def test_order_of_brackets_is_irrelevant(self):
        self.assertEqual(make_scale(PUBLISHED), make_scale(PUBLISHED[::-1]))

    def test_refused(self):
        bracket = Bracket(Decimal(0), Decimal(5))
        below_zero = Bracket(Decimal(-1), Decimal(5))
        for code, arguments in {
            "empty": ("whole", "percent", ()),
            "duplicate": ("whole", "percent", (bracket, bracket)),
            "negative": ("whole", "percent", (below_zero,)),
            "formula": ("stepped", "percent", (bracket,)),
            "rate": ("whole", "permille", (bracket,)),
        }.items():
            with self.subTest(code), self.assertRaises(ScaleError) as refused:
                Scale(*arguments)
            self.assertEqual(refused.exception.code, code)

    @examples
    @given(ladders, formulas, rate_kinds, st.booleans(), volumes)
    def test_oracle(self, steps, formula, rate_kind, below_first, volume):
        scale = make_scale(steps, formula, rate_kind, below_first)
        self.assertEqual(
            Fraction(scale.earn(Decimal(volume))),
            count_by_unit(steps, formula, rate_kind, below_first, volume),
        )

    @examples
    @given(ladders, formulas, rate_kinds, st.booleans(), volumes, volumes)
    def test_more_earns_no_less(
        self, steps, formula, rate_kind, below_first, volume, other
    ):
        """Holds where the rates rise with the bounds, and always for slices."""
        if formula == "whole" or rate_kind == "amount":
            rates = sorted(rate for _low, rate in steps)
            steps = [
                (low, rate) for (low, _rate), rate in zip(steps, rates, strict=True)
            ]
        scale = make_scale(steps, formula, rate_kind, below_first)
        less, more = sorted([Decimal(volume), Decimal(other)])
        self.assertLessEqual(scale.earn(less), scale.earn(more))

    @examples
    @given(ladders, st.sampled_from(["percent", "per_unit"]), st.booleans(), volumes)
    def test_marginal_has_no_jump(self, steps, rate_kind, below_first, volume):
        """Just below a bound and just above it earn the same, but for that bit."""
        scale = make_scale(steps, "marginal", rate_kind, below_first)
        bit = Decimal("0.000001")
        jump = scale.earn(volume + bit) - scale.earn(volume - bit)
        self.assertLessEqual(jump, 2 * bit * 30)

    @examples
    @given(ladders, volumes)
    def test_order_of_formulas(self, steps, volume):
        """Rolling and total stack brackets, so they pay no less than one of them."""
        volume = Decimal(volume)
        earned = {
            formula: make_scale(steps, formula).earn(volume) for formula in FORMULAS
        }
        self.assertLessEqual(earned["marginal"], earned["rolling"])
        self.assertLessEqual(earned["rolling"], earned["total"])
        self.assertLessEqual(earned["whole"], earned["total"])

    @examples
    @given(ladders, formulas, rate_kinds, volumes)
    def test_formulas_agree_in_the_first_bracket(
        self, steps, formula, rate_kind, volume
    ):
        steps = [(0, steps[0][1]), *((low + 1, rate) for low, rate in steps[1:])]
        assume(len(steps) == 1 or volume < steps[1][0])
        self.assertEqual(
            make_scale(steps, formula, rate_kind).earn(Decimal(volume)),
            make_scale(steps, "whole", rate_kind).earn(Decimal(volume)),
        )

    @examples
    @given(ladders, formulas, rate_kinds, st.booleans(), volumes)
    def test_next_bound_is_the_lowest_unreached(
        self, steps, formula, rate_kind, below_first, volume
    ):
        scale = make_scale(steps, formula, rate_kind, below_first)
        lows = [low for low, _rate in sorted(steps)]
        if below_first:
            lows[0] = 0
        self.assertEqual(
            scale.next_bound(Decimal(volume)),
            min((low for low in lows if low > volume), default=None),
        )
