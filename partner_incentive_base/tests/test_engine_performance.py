"""Ratios, and what they suggest."""

from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..engine.performance import Figures, Reason, Rules, suggest

RULES = Rules()


def make(**values):
    """Ten partners, six of which earn 1,000 on 20,000; 16,000 a year before."""
    return Figures(
        **{
            "eligible": 10,
            "enrolled": 8,
            "earning": 6,
            **{
                name: Decimal(amount)
                for name, amount in {
                    "bookings": 20000,
                    "cost": 1000,
                    "previous_bookings": 16000,
                    "compared_bookings": 20000,
                    "compared_cost": 1000,
                    **{
                        key: value
                        for key, value in values.items()
                        if key not in ("eligible", "enrolled", "earning", "measured")
                    },
                }.items()
            },
            **{
                key: value
                for key, value in values.items()
                if key in ("eligible", "enrolled", "earning", "measured")
            },
        }
    )


def codes(now, before=None, rules=RULES):
    suggestion = suggest(now, before, rules)
    return suggestion.action, [reason.code for reason in suggestion.reasons]


@tagged("-at_install", "post_install")
class TestFigures(BaseCase):
    def test_ratios(self):
        figures = make(overlap=5000)
        self.assertEqual(figures.adoption, Decimal("0.6"))
        self.assertEqual(figures.enrollment_rate, Decimal("0.8"))
        self.assertEqual(figures.gross_romi, Decimal(19))
        self.assertEqual(figures.incremental_romi, Decimal(3))
        self.assertEqual(figures.cost_rate, Decimal("0.05"))
        self.assertEqual(figures.payback, Decimal("0.75"))
        self.assertEqual(figures.overlap_rate, Decimal("0.25"))

    def test_without_a_denominator_there_is_no_figure(self):
        empty = Figures()
        for name in (
            "adoption",
            "enrollment_rate",
            "gross_romi",
            "incremental_romi",
            "cost_rate",
            "payback",
            "overlap_rate",
        ):
            self.assertIsNone(getattr(empty, name), name)

    def test_without_a_year_before_there_is_no_increment(self):
        figures = make(previous_bookings=0, compared_bookings=0, compared_cost=0)
        self.assertIsNone(figures.incremental)
        self.assertIsNone(figures.incremental_romi)
        self.assertIsNone(figures.payback)
        self.assertEqual(figures.gross_romi, Decimal(19))

    def test_less_than_a_year_before_is_never_paid_back(self):
        figures = make(compared_bookings=15000)
        self.assertEqual(figures.incremental_romi, Decimal(-2))
        self.assertIsNone(figures.payback)

    def test_what_is_no_sale_has_no_return(self):
        figures = make(measured=False)
        self.assertIsNone(figures.gross_romi)
        self.assertIsNone(figures.incremental_romi)
        self.assertIsNone(figures.cost_rate)
        self.assertEqual(figures.adoption, Decimal("0.6"))


@tagged("-at_install", "post_install")
class TestSuggestion(BaseCase):
    def test_double_down_on_what_pays_and_is_used(self):
        self.assertEqual(codes(make()), ("double_down", ["pays", "used"]))

    def test_the_bounds_belong_to_double_down(self):
        at_bound = make(compared_bookings=19000, earning=5)
        self.assertEqual(at_bound.incremental_romi, RULES.double_romi)
        self.assertEqual(codes(at_bound)[0], "double_down")
        below = make(compared_bookings=18999, earning=5)
        self.assertEqual(codes(below), ("keep", ["as_expected"]))
        self.assertEqual(codes(make(earning=4)), ("keep", ["as_expected"]))

    def test_one_bad_quarter_is_a_warning_two_are_the_end(self):
        bad = make(compared_bookings=16500)
        self.assertEqual(codes(bad), ("adjust", ["incremental_loss"]))
        self.assertEqual(codes(bad, make()), ("adjust", ["incremental_loss"]))
        self.assertEqual(codes(bad, bad), ("retire", ["incremental_loss_twice"]))

    def test_a_quarter_before_with_too_few_cases_proves_nothing(self):
        bad = make(compared_bookings=16500)
        few = make(compared_bookings=16500, earning=2)
        self.assertEqual(codes(bad, few), ("adjust", ["incremental_loss"]))

    def test_gross_stands_in_without_a_year_before(self):
        new = make(previous_bookings=0, compared_bookings=0, compared_cost=0)
        self.assertEqual(codes(new), ("keep", ["no_history"]))
        bad = make(
            previous_bookings=0,
            compared_bookings=0,
            compared_cost=0,
            bookings=900,
            cost=1000,
        )
        self.assertEqual(codes(bad, bad), ("retire", ["gross_loss_twice"]))

    def test_gross_and_incremental_are_never_compared(self):
        new = make(previous_bookings=0, compared_bookings=0, compared_cost=0)
        self.assertEqual(codes(make(), new)[0], "double_down")

    def test_adjust_says_everything_that_is_wrong(self):
        figures = make(cost=2001, overlap=10001, earning=3, eligible=13, enrolled=13)
        self.assertEqual(
            codes(figures), ("adjust", ["costly", "overlaps", "rarely_used"])
        )
        at_bounds = make(cost=2000, overlap=10000, earning=3, eligible=12)
        self.assertEqual(codes(at_bounds)[0], "keep")

    def test_a_fall_is_seen(self):
        before = make(compared_bookings=25000)
        self.assertEqual(before.incremental_romi, Decimal(8))
        self.assertEqual(codes(make(), before), ("adjust", ["romi_falls"]))
        half = make(compared_bookings=23000)
        self.assertEqual(half.incremental_romi, Decimal(6))
        self.assertEqual(codes(make(), half)[0], "double_down")

    def test_too_few_cases_suggest_nothing(self):
        bad = {"compared_bookings": 0}
        few = make(earning=2, **bad)
        self.assertEqual(codes(few, few), ("keep", ["few_earning"]))
        self.assertEqual(
            suggest(few, few, RULES).reasons, (Reason("few_earning", 2, 3),)
        )
        tiny = make(eligible=2, enrolled=2, earning=2, **bad)
        self.assertEqual(codes(tiny, tiny), ("keep", ["few_eligible"]))

    def test_what_nobody_uses_is_retired(self):
        unused = make(earning=0, cost=0, bookings=0, compared_cost=0)
        self.assertEqual(codes(unused, unused), ("retire", ["unused"]))
        self.assertEqual(codes(unused), ("keep", ["few_earning"]))
        self.assertEqual(codes(unused, make()), ("keep", ["few_earning"]))

    def test_what_nobody_reaches_is_adjusted(self):
        unreached = make(earning=0, cost=0, compared_cost=0)
        self.assertEqual(codes(unreached, unreached), ("adjust", ["unreached"]))
        unused = make(earning=0, cost=0, bookings=0, compared_cost=0)
        self.assertEqual(codes(unused, unreached), ("adjust", ["unreached"]))

    def test_what_is_no_sale_is_judged_by_people(self):
        self.assertEqual(codes(make(measured=False)), ("keep", ["no_sales"]))

    def test_thresholds_decide(self):
        careful = Rules(double_romi=Decimal(4))
        self.assertEqual(codes(make(), rules=careful)[0], "keep")
        strict = Rules(retire_romi=Decimal(4))
        self.assertEqual(codes(make(), make(), strict)[0], "retire")
        patient = Rules(least_partners=7)
        self.assertEqual(codes(make(), rules=patient), ("keep", ["few_earning"]))
