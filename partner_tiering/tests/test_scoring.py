"""The pure package against tables and properties; no database needed."""

import doctest
import random
from datetime import date
from decimal import Decimal
from fractions import Fraction

from odoo.tests import BaseCase, tagged

from ..scoring import drift, formula, ladder, score, value
from ..scoring.drift import Rule
from ..scoring.ladder import Level, Requirement, Situation, recommend
from ..scoring.score import Goal, percentiles, points_of, score_of

D = Decimal
DAY = date(2026, 3, 31)


@tagged("standard", "at_install")
class TestScoring(BaseCase):
    def test_doctests(self):
        for module in (value, score, ladder, drift, formula):
            self.assertFalse(doctest.testmod(module).failed, module.__name__)

    def test_points_against_fractions(self):
        """Random goals and values against the same rule in exact fractions."""
        generator = random.Random(7)
        for _round in range(500):
            low, high = sorted(generator.sample(range(-500, 500), 2))
            weight = generator.randint(0, 60)
            higher = generator.random() < 0.5
            partial = generator.random() < 0.7
            figure = Fraction(generator.randint(-7000, 7000), 10)
            goal = Goal(
                D(weight),
                D(low if higher else high),
                D(high if higher else low),
                higher,
                partial,
            )
            share = Fraction(figure - low, high - low)
            share = min(max(share if higher else 1 - share, Fraction(0)), Fraction(1))
            if not partial and share < 1:
                share = Fraction(0)
            points = points_of(goal, D(str(float(figure))), 5)
            self.assertAlmostEqual(float(points), float(weight * share), 4)

    def test_bounds_are_inclusive(self):
        goal = Goal(D(20), D(50), D(90))
        self.assertEqual(points_of(goal, D(50), 1), 0)
        self.assertEqual(points_of(goal, D(90), 1), 20)
        self.assertEqual(points_of(goal, D("89.9999"), 1), D("20.0000"))
        self.assertGreater(points_of(goal, D("50.01"), 1), 0)

    def test_too_few_cases_give_no_verdict(self):
        goal = Goal(D(20), D(50), D(90), minimum_cases=3)
        self.assertIsNone(points_of(goal, D(95), 2))
        self.assertEqual(points_of(goal, D(95), 3), 20)
        self.assertIsNone(points_of(goal, None, 9))

    def test_score_leaves_out_what_is_not_known(self):
        goals = (Goal(D(60), D(0), D(100)), Goal(D(40), D(0), D(10)))
        result = score_of(goals, (D(50), None), (5, 0))
        self.assertEqual((result.score, result.coverage), (50, 60))
        self.assertTrue(result.all_positive)
        result = score_of(goals, (D(50), None), (5, 0), D(75))
        self.assertIsNone(result.score)
        result = score_of(goals, (D(50), D(0)), (5, 5))
        self.assertEqual(result.score, 30)
        self.assertFalse(result.all_positive)
        self.assertIsNone(score_of(goals, (None, None), (0, 0)).score)

    def test_percentiles_by_counting(self):
        generator = random.Random(3)
        for higher in (True, False):
            values = {key: generator.randint(0, 9) for key in range(40)}
            values[99] = None
            places = percentiles(values, higher)
            self.assertIsNone(places.pop(99))
            for key, place in places.items():
                others = [v for k, v in values.items() if k != key and v is not None]
                behind = sum(
                    (other < values[key]) if higher else (other > values[key])
                    for other in others
                )
                equal = sum(other == values[key] for other in others)
                self.assertAlmostEqual(
                    float(place), 100 * (behind + equal / 2) / len(others), 2
                )
        self.assertEqual(percentiles({1: 5, 2: 6}, minimum_peers=5), {1: None, 2: None})

    def test_levels_stand_for_themselves(self):
        """70 of 100 and every part above zero; a certification in addition."""
        goals = (Goal(D(50), D(0), D(10)), Goal(D(50), D(0), D(10)))
        levels = [
            Level("base"),
            Level("silver", D(50)),
            Level("gold", D(70), True, (Requirement("people", D(2)),)),
        ]

        def reached(first, second, people):
            result = score_of(goals, (D(first), D(second)), (1, 1))
            return ladder.reached(levels, lambda _place: result, {"people": people})

        self.assertEqual(reached(10, 4, D(2)), 2)  # exactly 70
        self.assertEqual(reached(10, "3.99", D(2)), 1)
        self.assertEqual(reached(10, 10, D(1)), 1)
        self.assertEqual(reached(10, 10, None), 1)
        self.assertEqual(reached(2, 2, D(5)), 0)
        no_part = [Level("base"), Level("gold", D(50), True)]
        result = score_of(goals, (D(10), D(0)), (1, 1))
        self.assertEqual(result.score, 50)
        self.assertEqual(ladder.reached(no_part, lambda _place: result, {}), 0)

    def test_recommendations(self):
        def case(current, reached, **values):
            values.setdefault("has_score", True)
            return recommend(Situation(current, reached, day=DAY, **values))

        table = [
            (case(0, 2), ("promote", 2, "reached")),
            (case(1, 1), ("keep", 1, "reached")),
            (case(2, 0), ("warn", 0, "grace")),
            (case(2, 0, grace_until=DAY), ("keep", 2, "grace")),
            (case(2, 0, grace_until=date(2026, 3, 30)), ("demote", 0, "below")),
            (case(2, 0, has_score=False), ("keep", 2, "no_verdict")),
            (case(2, 0, enrolment_until=DAY), ("keep", 2, "enrolment")),
            (case(2, 0, kept=2), ("keep", 2, "exception")),
            (case(2, 0, largest_fall=0), ("keep", 2, "protected")),
            (
                case(2, 0, largest_fall=1, grace_until=date(2026, 1, 1)),
                ("demote", 1, "protected"),
            ),
            (
                case(2, 0, kept=1, grace_until=date(2026, 1, 1)),
                ("demote", 1, "exception"),
            ),
        ]
        for found, expected in table:
            self.assertEqual(tuple(found), expected)

    def test_drift_needs_both_distances(self):
        rule = Rule(least_spread=2)
        steady = {key: [(80 + key % 3, 9)] * 6 for key in range(12)}
        self.assertFalse(drift.alarms(rule, steady))
        # one falls, the others do not
        drifting = {**steady, 0: [(80, 9)] * 5 + [(60, 9)]}
        self.assertEqual([*drift.alarms(rule, drifting)], [0])
        self.assertEqual(drift.alarms(rule, drifting)[0].kind, "drift")
        # all fall alike: a bad season is nobody's drift
        season = {key: [(80, 9)] * 5 + [(60, 9)] for key in range(12)}
        self.assertFalse(drift.alarms(rule, season))
        # a rise is reported only where rises are watched
        rising = {**steady, 0: [(80, 9)] * 5 + [(99, 9)]}
        self.assertFalse(drift.alarms(rule, rising))
        both = Rule(least_spread=2, both_sides=True)
        self.assertEqual(drift.alarms(both, rising)[0].kind, "anomaly")
        # too few cases
        few = {**steady, 0: [(80, 9)] * 5 + [(60, 2)]}
        self.assertFalse(drift.alarms(rule, few))

    def test_backtest_tells_false_alarms(self):
        rule = Rule(least_spread=2)
        series = {key: [(80, 9)] * 7 for key in range(12)}
        series[0] = [(80, 9)] * 4 + [(60, 9), (80, 9), (80, 9)]  # a slip
        series[1] = [(80, 9)] * 4 + [(60, 9), (58, 9), (57, 9)]  # a real one
        judged, alarms, false = drift.backtest(rule, series)
        self.assertEqual(judged, 12 * 3)
        self.assertEqual((alarms, false), (3, 1))

    def test_formulas_do_arithmetic_and_nothing_else(self):
        self.assertEqual(
            formula.Formula("-(a + 3) * 2 / 4").compute({"a": D(1)}), D(-2)
        )
        self.assertIsNone(formula.Formula("a / b").compute({"a": D(1), "b": D(0)}))
        self.assertIsNone(formula.Formula("a + b").compute({"a": D(1), "b": None}))
        for text in (
            "",
            "a +",
            "__import__('os')",
            "a.b",
            "a[0]",
            "a if b else c",
            "'x'",
            "a ** 999",
            "[a]",
            "lambda: a",
            "max()",
            "True",
            "a" * 600,
        ):
            with self.assertRaises(formula.FormulaError, msg=text):
                formula.Formula(text)
