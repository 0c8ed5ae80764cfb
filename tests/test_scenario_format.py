"""A scenario that is not in the format is refused, and told where."""

import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from unittest import TestCase

import scenario_format
import yaml

OFFER = {
    "name": "O",
    "partners": ["A"],
    "measure": "invoiced_amount",
    "formula": "whole",
    "rate": "percent",
    "scale": [{"from": 0, "rate": 10}],
    "window": {"from": date(2026, 1, 1), "to": date(2026, 12, 31)},
}


def make_scenario(**changes):
    return {
        "scenario": "test",
        "products": [{"name": "P", "category": "C", "price": 100}],
        "partners": [{"name": "A"}],
        "offers": [OFFER],
        "events": [{"date": date(2026, 1, 31), "id": "run", "accrue": {}}],
        "expect": [{"entitled": {"A": 10}}],
        **changes,
    }


class TestScenarioFormat(TestCase):
    def _read_text(self, content):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "scenario.yaml"
            path.write_text(content, encoding="utf-8")
            return scenario_format.read(path)

    def _read(self, **changes):
        return self._read_text(yaml.safe_dump(make_scenario(**changes)))

    def _assert_refused(self, path, **changes):
        with self.assertRaises(scenario_format.FormatError) as refused:
            self._read(**changes)
        self.assertTrue(
            str(refused.exception).startswith(f"{path}:"), str(refused.exception)
        )

    def test_defaults(self):
        offer = self._read()["offers"][0]
        expected = {
            "type": "volume_rebate",
            "pooled": False,
            "earning": None,
            "qualifying": None,
            "below_first": "none",
            "settle": {"period": "whole", "minimum": 0, "calendar": None},
            "minimum": 0,
            "cap": None,
            "guarantee": None,
            "holdback": None,
            "clawback": "carry",
            "payout": "credit_note",
            "cost": "contra_revenue",
            "sequence": 10,
            "reduced_by_earlier": False,
            "reduces_later": True,
            "best_of": None,
            "analytic": False,
        }
        self.assertEqual({key: offer[key] for key in expected}, expected)
        self.assertEqual(offer["window"]["period"], "whole")
        self.assertEqual(offer["accrual"]["method"], "achieved")
        self.assertEqual(offer["accrual"]["threshold"], 0)

    def test_null_leaves_a_key_out(self):
        """Whoever writes all keys out need not know which of them may be missing."""
        spelled_out = {
            key: None
            for key in (
                *("segment", "earning", "qualifying", "cap", "guarantee", "holdback"),
                *("settle", "accrual", "minimum", "sequence", "pooled", "best_of"),
            )
        }
        read = self._read(offers=[{**OFFER, **spelled_out}])
        self.assertEqual(read, self._read())
        self._assert_refused("offers[0].scale", offers=[{**OFFER, "scale": None}])
        self._assert_refused("expect[0].documents", expect=[{"documents": None}])
        run = {"date": date(2026, 1, 31), "id": "run", "accrue": None}
        self.assertEqual(self._read(events=[run]), self._read())

    def test_unknown_key(self):
        self._assert_refused("colour", colour="red")
        self._assert_refused("offers[0].ratio", offers=[{**OFFER, "ratio": 1}])
        window = {**OFFER["window"], "until": date(2026, 1, 1)}
        self._assert_refused(
            "offers[0].window.until", offers=[{**OFFER, "window": window}]
        )
        event = {"date": date(2026, 1, 1), "accrue": {"offer": "O"}}
        self._assert_refused("events[0].accrue.offer", events=[event])
        self._assert_refused("expect[0].paid", expect=[{"paid": {"A": 1}}])
        self._assert_refused("expect[0].gl", expect=[{"gl": {"revenue": 1}}])

    def test_values(self):
        for path, changes in {
            "offers[0].formula": {"formula": "stepped"},
            "offers[0].pooled": {"pooled": 1},
            "offers[0].minimum": {"minimum": "much"},
            "offers[0].minimum:": {"minimum": -1},
            "offers[0].scale": {"scale": []},
            "offers[0].window.to": {"window": {"from": date(2026, 1, 1), "to": 2026}},
            "offers[0].accrual.percent": {"accrual": {"method": "fixed"}},
            "offers[0].accrual.volume": {"accrual": {"volume": {"A": 1}}},
        }.items():
            with self.subTest(path):
                self._assert_refused(path.rstrip(":"), offers=[{**OFFER, **changes}])

    def test_names_must_exist(self):
        self._assert_refused(
            "offers[0].partners", offers=[{**OFFER, "partners": ["B"]}]
        )
        self._assert_refused("expect[0].entitled.B", expect=[{"entitled": {"B": 1}}])
        self._assert_refused("expect[0].after", expect=[{"after": "settled", "gl": {}}])
        payment = {"date": date(2026, 1, 1), "payment": {"of": "i1"}}
        self._assert_refused("events[0].payment.of", events=[payment])

    def test_calendars(self):
        """Generated or dated, and named before an offer asks for it."""
        for calendar in (
            {"name": "W"},
            {"name": "W", "pattern": "4-4-5"},
            {
                "name": "W",
                "pattern": "4-4-5",
                "start": date(2026, 1, 4),
                "periods": [
                    {
                        "from": date(2026, 1, 1),
                        "to": date(2026, 1, 31),
                        "year": 2026,
                        "quarter": 1,
                    }
                ],
            },
        ):
            self._assert_refused("calendars[0]", calendars=[calendar])
        for key in ("window", "settle"):
            values = {**OFFER.get(key, {}), "calendar": "W"}
            self._assert_refused(
                f"offers[0].{key}.calendar", offers=[{**OFFER, key: values}]
            )

    def test_dates_and_bounds(self):
        window = {"from": date(2026, 2, 1), "to": date(2026, 1, 1)}
        self._assert_refused("offers[0].window", offers=[{**OFFER, "window": window}])
        scale = [{"from": 0, "rate": 1}, {"from": 0, "rate": 2}]
        self._assert_refused("offers[0].scale", offers=[{**OFFER, "scale": scale}])

    def test_one_action_per_event(self):
        both = {"date": date(2026, 1, 1), "accrue": {}, "settle": {}}
        self._assert_refused("events[0]", events=[both])
        self._assert_refused("events[0]", events=[{"date": date(2026, 1, 1)}])

    def test_figures_by_offer(self):
        expect = [{"entitled": {"O": {"A": 1}}}]
        read = self._read(expect=expect)["expect"][0]
        self.assertEqual(read["entitled"], {"O": {"A": 1}})
        gap = {"missing": 1, "would_earn": 2}
        for value in ({"A": gap}, {"O": {"A": gap}}, {"A": None}):
            self.assertEqual(
                self._read(expect=[{"gap": value}])["expect"][0]["gap"], value
            )

    def test_parent_need_not_be_described(self):
        self._read(
            partners=[{"name": "A", "parent": "Group"}],
            offers=[{**OFFER, "partners": ["Group"]}],
        )

    def test_country_is_no_boolean(self):
        scenario = self._read_text(
            yaml.safe_dump(make_scenario()).replace(
                "- name: A", "- {name: A, country: NO}"
            )
        )
        self.assertEqual(scenario["partners"][0]["country"], "NO")

    def test_exact_numbers(self):
        scenario = self._read_text(
            yaml.safe_dump(make_scenario()).replace("price: 100", "price: 0.1")
        )
        self.assertEqual(scenario["products"][0]["price"], Decimal("0.1"))

    def test_something_must_happen(self):
        """Without an event nothing would be checked, and all would be well."""
        self._assert_refused("events", events=[])
        self._assert_refused("expect", expect=[])

    def test_key_given_twice(self):
        with self.assertRaises(scenario_format.FormatError):
            self._read_text(yaml.safe_dump(make_scenario()) + "scenario: other\n")

    def test_not_yaml(self):
        with self.assertRaises(scenario_format.FormatError):
            self._read_text("scenario: [")
