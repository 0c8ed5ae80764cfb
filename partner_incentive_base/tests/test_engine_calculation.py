from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.partner_incentive_base.engine.calculation import (
    Calculation,
    evaluate,
    gap_to_next,
    growth,
    in_common,
    split_result,
)
from odoo.addons.partner_incentive_base.engine.windows import Window

from .engine_common import (
    CENT,
    YEAR,
    amounts,
    count_by_unit,
    examples,
    formulas,
    ladders,
    make_part,
    make_position,
    make_scale,
    rate_kinds,
    round_half_up,
    volumes,
)

TEN_PERCENT = make_scale([(0, 10)])


def flat(name, rate, volume, earner="A", window=YEAR, **terms):
    """An offer of one rate, with as many euros of volume."""
    part = make_part(make_scale([(0, rate)]), volume, label=earner)
    return make_position(part, key=(name, earner, window), **terms)


def entitlements(positions, overlaps=None):
    results = Calculation(positions, overlaps).results()
    return {key[0]: result.entitlement for key, result in results.items()}


class TestTerms(BaseCase):
    """Formula, reduction, cap, minimum of one position."""

    def test_two_bases(self):
        """All volume reaches the bracket, only a part earns: f(Q) * e / Q."""
        scale = make_scale([(0, 1), (10000, 5)])
        position = make_position(make_part(scale, 10300, 300))
        self.assertEqual(evaluate(position).entitlement, 15)

    def test_order(self):
        """Reduction before cap before minimum; any other order gives other figures."""
        # 10 % of 1,000 is 100; less 200 of reduction 80; capped 70; above the minimum.
        part = make_part(TEN_PERCENT, 1000)
        terms = {"cap": Decimal(70), "minimum": Decimal(60)}
        result = evaluate(make_position(part, **terms), Decimal(200))
        self.assertEqual(
            (result.formula, result.reduced, result.value, result.entitlement),
            (100, 80, 70, 70),
        )
        # Cap, then minimum: what the cap leaves is compared with the minimum.
        terms = {"cap": Decimal(70), "minimum": Decimal(75)}
        self.assertEqual(evaluate(make_position(part, **terms)).entitlement, 0)
        # Reduction, then minimum.
        terms = {"minimum": Decimal(90)}
        self.assertEqual(evaluate(make_position(part, **terms)).entitlement, 100)
        result = evaluate(make_position(part, **terms), Decimal(200))
        self.assertEqual(result.entitlement, 0)

    def test_minimum_is_inclusive(self):
        for minimum, entitlement in (("100.00", 100), ("100.01", 0)):
            position = make_position(
                make_part(TEN_PERCENT, 1000), minimum=Decimal(minimum)
            )
            self.assertEqual(evaluate(position).entitlement, entitlement)

    def test_reduction_lowers_what_earns_not_the_bracket(self):
        """Volume 2,000 reaches 25 %, though the reduction leaves 900 to earn."""
        scale = make_scale([(0, 10), (1000, 25)])
        position = make_position(make_part(scale, 2000))
        self.assertEqual(evaluate(position, Decimal(1100)).entitlement, 225)

    def test_reduction_takes_no_more_than_there_is(self):
        position = make_position(make_part(TEN_PERCENT, 100))
        result = evaluate(position, Decimal(1000))
        self.assertEqual((result.reduction, result.entitlement), (100, 0))

    def test_returns_beyond_sales(self):
        """Earning volume below zero is not a debt; it waits for what it offsets."""
        position = make_position(make_part(TEN_PERCENT, 100, -50))
        self.assertEqual(evaluate(position).entitlement, 0)

    def test_nothing(self):
        position = make_position(minimum=Decimal(0))
        self.assertEqual(evaluate(position).entitlement, 0)
        self.assertEqual((position.qualifying, position.volume), (0, 0))

    def test_number_of_parts_does_not_round(self):
        """A third each of 0.015 is still 0.015, which is two cents."""
        scale = make_scale([(0, "1")])
        volume = Decimal("1.5")
        parts = [make_part(scale, volume, volume / 3) for _each in range(3)]
        self.assertEqual(evaluate(make_position(*parts)).entitlement, Decimal("0.02"))
        sevenths = [make_part(scale, volume, Decimal(n) * 3 / 14) for n in (1, 2, 4)]
        self.assertEqual(
            evaluate(make_position(*sevenths)).entitlement, Decimal("0.02")
        )

    @examples
    @given(
        ladders,
        formulas,
        rate_kinds,
        st.booleans(),
        volumes,
        st.lists(st.integers(0, 30), min_size=1, max_size=4),
        st.integers(0, 40),
        st.none() | amounts,
        amounts,
    )
    def test_oracle(
        self,
        steps,
        formula,
        rate_kind,
        below_first,
        qualifying,
        earning,
        reduction,
        cap,
        minimum,
    ):
        scale = make_scale(steps, formula, rate_kind, below_first)
        parts = [make_part(scale, qualifying, each) for each in earning]
        minimum /= 1000  # so that it does not swallow nearly every example
        position = make_position(*parts, cap=cap, minimum=minimum)

        whole = Fraction(sum(earning))
        value = Fraction(0)
        if qualifying > 0 and whole:
            value = count_by_unit(steps, formula, rate_kind, below_first, qualifying)
            value = value * (whole - min(reduction, whole)) / qualifying
        if cap is not None:
            value = min(value, Fraction(cap))
        if value < Fraction(minimum):
            value = Fraction(0)

        result = evaluate(position, Decimal(reduction))
        self.assertEqual(result.entitlement, round_half_up(value, CENT))

    @examples
    @given(ladders, formulas, rate_kinds, volumes, st.lists(st.integers(-9, 30)))
    def test_parts_sum_to_the_whole(
        self, steps, formula, rate_kind, qualifying, earning
    ):
        """f(Q) e / Q over parts of E is f(Q) E / Q, and the split of it has no rest."""
        assume(earning and sum(earning) > 0)
        scale = make_scale(steps, formula, rate_kind)
        parts = [make_part(scale, qualifying, each) for each in earning]
        apart = evaluate(make_position(*parts)).entitlement
        together = evaluate(make_position(make_part(scale, qualifying, sum(earning))))
        self.assertEqual(apart, together.entitlement)
        shares = split_result(apart, parts, CENT)
        self.assertEqual(sum(shares), apart)
        for share, volume in zip(shares, earning, strict=True):
            exact = Fraction(apart) * volume / sum(earning)
            self.assertLess(abs(Fraction(share) - exact), Fraction(CENT))

    @examples
    @given(ladders, formulas, rate_kinds, st.integers(1, 50), st.integers(1, 50))
    def test_at_volume(self, steps, formula, rate_kind, volume, other):
        """A position moved to another volume earns what that volume earns."""
        scale = make_scale(steps, formula, rate_kind)
        moved = make_position(make_part(scale, volume)).at_volume(Decimal(other))
        self.assertEqual(moved.qualifying, other)
        self.assertEqual(
            evaluate(moved).entitlement,
            evaluate(make_position(make_part(scale, other))).entitlement,
        )

    @examples
    @given(ladders, formulas, rate_kinds, st.integers(0, 60), st.integers(0, 60))
    def test_return_is_a_difference(self, steps, formula, rate_kind, volume, returned):
        """A return of X changes the entitlement by f(V - X) - f(V), rounded once."""

        def entitlement(number):
            scale = make_scale(steps, formula, rate_kind)
            return evaluate(make_position(make_part(scale, number))).entitlement

        def exact(number):
            return count_by_unit(steps, formula, rate_kind, False, number)

        change = entitlement(volume - returned) - entitlement(volume)
        self.assertEqual(
            change,
            round_half_up(exact(volume - returned), CENT)
            - round_half_up(exact(volume), CENT),
        )


class TestBestOf(BaseCase):
    """Only the best offer of a group counts."""

    def test_best_counts(self):
        positions = [
            flat("Low", 3, 1000, best_of="g"),
            flat("High", 5, 1000, best_of="g"),
            flat("Alone", 1, 1000),
        ]
        self.assertEqual(entitlements(positions), {"Low": 0, "High": 50, "Alone": 10})

    def test_tie_goes_to_lower_sequence(self):
        positions = [
            flat("First", 5, 1000, best_of="g", sequence=20),
            flat("Second", 5, 1000, best_of="g", sequence=10),
        ]
        self.assertEqual(entitlements(positions), {"First": 0, "Second": 50})

    def test_compares_after_cap_and_minimum(self):
        positions = [
            flat("Capped", 9, 1000, best_of="g", cap=Decimal(20)),
            flat("Short", 4, 1000, best_of="g", minimum=Decimal(41)),
            flat("Plain", 3, 1000, best_of="g"),
        ]
        self.assertEqual(
            entitlements(positions), {"Capped": 0, "Short": 0, "Plain": 30}
        )

    def test_per_partner_and_window(self):
        later = Window(date(2027, 1, 1), date(2027, 12, 31))
        positions = [
            flat("Low", 3, 1000, best_of="g"),
            flat("High", 5, 1000, "B", best_of="g"),
            flat("Next", 1, 1000, "A", later, best_of="g"),
        ]
        self.assertEqual(entitlements(positions), {"Low": 30, "High": 50, "Next": 10})

    def test_losers_reduce_nothing(self):
        positions = [
            flat("Loser", 3, 1000, best_of="g", sequence=1),
            flat("Winner", 5, 1000, best_of="g", sequence=2),
            flat("Later", 10, 1000, sequence=3, reduced_by_earlier=True),
        ]
        later = ("Later", "A", YEAR)
        common = {("Loser", "A", YEAR): Decimal(1000)}
        self.assertEqual(entitlements(positions, {later: common})["Later"], 100)
        common[("Winner", "A", YEAR)] = Decimal(1000)
        self.assertEqual(entitlements(positions, {later: common})["Later"], 95)

    @examples
    @given(
        st.lists(
            st.tuples(st.integers(0, 5), st.integers(1, 3)), min_size=1, max_size=6
        )
    )
    def test_oracle(self, members):
        """The highest; of equals the one with the lowest sequence, then the first."""
        positions = [
            flat(f"O{number}", rate, 100, best_of="g", sequence=sequence)
            for number, (rate, sequence) in enumerate(members)
        ]
        ranked = sorted(
            (-rate, sequence, number) for number, (rate, sequence) in enumerate(members)
        )
        expected = {f"O{number}": Decimal(0) for number in range(len(members))}
        expected[f"O{ranked[0][2]}"] = Decimal(-ranked[0][0])
        self.assertEqual(entitlements(positions), expected)


class TestSequence(BaseCase):
    """Earlier offers reduce what later ones earn on."""

    def test_no_more_in_common_than_the_others_are(self):
        """Of 100, sold for 400, others of 300 have 75 in common, and at most all."""
        volume, own = Decimal(100), Decimal(400)
        for others, expected in ((300, 75), (500, 100), (-1, 0)):
            self.assertEqual(in_common(volume, own, Decimal(others)), expected)
        self.assertEqual(in_common(volume, Decimal(0), own), 0)

    def _reduced(self, *positions, common=1000):
        """Entitlements where all offers lie on the same lines."""
        overlaps = {
            later.key: {
                earlier.key: Decimal(common)
                for earlier in positions
                if earlier is not later
            }
            for later in positions
        }
        return entitlements(positions, overlaps)

    def test_chain(self):
        """100 off 1,000; then 10 % of 900; then 10 % of 1,000 - 100 - 90."""
        self.assertEqual(
            self._reduced(
                flat("A", 10, 1000, sequence=1),
                flat("B", 10, 1000, sequence=2, reduced_by_earlier=True),
                flat("C", 10, 1000, sequence=3, reduced_by_earlier=True),
            ),
            {"A": 100, "B": 90, "C": 81},
        )

    def test_order_of_sequence_not_of_the_list(self):
        self.assertEqual(
            self._reduced(
                flat("Late", 10, 1000, sequence=9, reduced_by_earlier=True),
                flat("Early", 10, 1000, sequence=1, reduced_by_earlier=True),
            ),
            {"Late": 90, "Early": 100},
        )

    def test_an_offer_that_does_not_reduce(self):
        self.assertEqual(
            self._reduced(
                flat("A", 10, 1000, sequence=1, reduces_later=False),
                flat("B", 10, 1000, sequence=2, reduced_by_earlier=True),
            ),
            {"A": 100, "B": 100},
        )

    def test_only_on_the_same_lines(self):
        """A quarter of what the earlier offer counts lies on lines of the later."""
        self.assertEqual(
            self._reduced(
                flat("A", 10, 1000, sequence=1),
                flat("B", 10, 1000, sequence=2, reduced_by_earlier=True),
                common=250,
            ),
            {"A": 100, "B": Decimal("97.50")},
        )

    def test_members_of_a_group_do_not_reduce_each_other(self):
        self.assertEqual(
            self._reduced(
                flat("A", 10, 1000, sequence=1, best_of="g"),
                flat("B", 11, 1000, sequence=2, best_of="g", reduced_by_earlier=True),
            ),
            {"A": 0, "B": 110},
        )

    def test_circle_through_a_group_ends(self):
        """Group member, an offer it reduces, and a member that this one reduces."""
        result = self._reduced(
            flat("A", 10, 1000, sequence=1, best_of="g"),
            flat("B", 10, 1000, sequence=2, reduced_by_earlier=True),
            flat("C", 20, 1000, sequence=3, best_of="g", reduced_by_earlier=True),
        )
        self.assertEqual(result["A"], 0)
        self.assertGreater(result["C"], 0)

    @examples
    @given(
        st.lists(
            st.tuples(st.integers(0, 30), st.booleans(), st.booleans()),
            min_size=1,
            max_size=5,
        )
    )
    def test_oracle(self, offers):
        """All on the same lines, in the order of their sequence."""
        positions = [
            flat(
                f"O{number}",
                rate,
                1000,
                sequence=number,
                reduces_later=reduces,
                reduced_by_earlier=reduced,
            )
            for number, (rate, reduces, reduced) in enumerate(offers)
        ]
        expected = {}
        taken = Decimal(0)
        for number, (rate, reduces, reduced) in enumerate(offers):
            base = Fraction(1000) - (min(Fraction(taken), 1000) if reduced else 0)
            earned = round_half_up(base * rate / 100, CENT)
            expected[f"O{number}"] = earned
            taken += earned if reduces else 0
        self.assertEqual(self._reduced(*positions), expected)


class TestGrowthAndGap(BaseCase):
    def test_growth(self):
        for current, previous, expected in (
            (150, 100, 50),
            (80, 100, 0),
            (150, 0, 0),
            (150, -5, 0),
        ):
            self.assertEqual(growth(Decimal(current), Decimal(previous)), expected)

    def test_published_gap(self):
        """SAP KSTBS_PLUS / KAWRT_PLUS: 190,000 of 200,000 at 1, 2 and 3 %."""
        scale = make_scale([(100000, 1), (200000, 2), (300000, 3)])
        position = make_position(make_part(scale, 190000))
        self.assertEqual(gap_to_next(position), (10000, 4000))

    def test_no_gap_on_top(self):
        scale = make_scale([(100, 1)])
        self.assertIsNone(gap_to_next(make_position(make_part(scale, 100))))
        self.assertIsNone(gap_to_next(make_position()))

    def test_gap_from_below_zero(self):
        scale = make_scale([(100, 1)])
        gap = gap_to_next(make_position(make_part(scale, -20)))
        self.assertEqual(gap, (120, 1))

    def test_gap_across_versions(self):
        """What is missing moves the bracket of the earlier version's volume, too."""
        old = make_scale([(0, 1), (100, 2)])
        new = make_scale([(0, 3), (100, 4)])
        position = make_position(make_part(old, 80, 50), make_part(new, 80, 30))
        # At 100: 50 at 2 % and 50 at 4 %.
        self.assertEqual(gap_to_next(position), (20, 3))

    @examples
    @given(ladders, formulas, rate_kinds, st.booleans(), volumes)
    def test_gap_is_the_entitlement_at_the_bound(
        self, steps, formula, rate_kind, below_first, volume
    ):
        scale = make_scale(steps, formula, rate_kind, below_first)
        gap = gap_to_next(make_position(make_part(scale, volume)))
        lows = [low for low, _rate in sorted(steps)]
        if below_first:
            lows[0] = 0
        bound = min((low for low in lows if low > max(volume, 0)), default=None)
        if bound is None:
            self.assertIsNone(gap)
            return
        earned = count_by_unit(steps, formula, rate_kind, below_first, bound)
        self.assertEqual(gap, (bound - volume, round_half_up(earned, CENT)))
