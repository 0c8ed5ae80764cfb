from datetime import date
from decimal import Decimal

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.partner_incentive_posting import Movement
from .catalog_common import CatalogCommon


@tagged("post_install", "-at_install")
class TestCatalogObjective(CatalogCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.objective = cls.env["partner.incentive.objective"].create(
            {
                "name": "Win",
                "kind": "new_logos",
                "company_id": cls.company.id,
                "currency_id": cls.company.currency_id.id,
                "goal_ids": [
                    Command.create({"amount": 1000}),
                    Command.create({"grade_id": cls.gold.id, "amount": 5000}),
                ],
            }
        )
        cls.program.objective_ids = cls.objective
        cls.offer = cls.make_offer()

    def add_claim(self, amount, partner=None, day=None):
        claim = self.make_claim(
            self.offer,
            partner or self.alpha,
            amount=amount,
            date=day or fields.Date.today(),
            attachment_ids=[Command.set(self.make_file().ids)],
        )
        claim.action_submit()
        for state in ("validated", "approved"):
            claim.with_user(self.users["manager"]).write({"state": state})

    def run_accrual(self):
        self.env["partner.incentive.run"]._accrue(self.offer, fields.Date.today())
        self.objective.invalidate_recordset()

    def test_figures(self):
        self.enroll(self.partners)
        self.gamma.grade_id = self.gold
        self.assertEqual(self.objective.goal_amount, 1000 + 1000 + 5000)
        self.assertEqual(self.objective.volume, 0)
        self.add_claim(700)
        self.run_accrual()
        self.assertEqual(self.objective.volume, 700)
        self.assertEqual(self.objective.cost, 700)
        self.assertAlmostEqual(self.objective.attainment, 10)
        self.assertAlmostEqual(self.objective.cost_percent, 100)

    def test_goal_needs_enrollment(self):
        self.assertEqual(self.objective.goal_amount, 0)
        enrollment = self.enroll(self.alpha)
        self.objective.invalidate_recordset()
        self.assertEqual(self.objective.goal_amount, 1000)
        enrollment.action_end()
        self.objective.invalidate_recordset()
        self.assertEqual(self.objective.goal_amount, 0)

    def test_guardrail(self):
        self.enroll(self.alpha)
        self.assertEqual(self.objective.guardrail_state, "ok")
        self.add_claim(100)
        self.run_accrual()
        for vals, state in (
            ({"guardrail_amount": 126}, "ok"),
            ({"guardrail_amount": 125}, "near"),
            ({"guardrail_amount": 100}, "near"),
            ({"guardrail_amount": 99}, "over"),
            ({"guardrail_amount": 0, "guardrail_percent": 130}, "ok"),
            ({"guardrail_percent": 110}, "near"),
            ({"guardrail_percent": 50}, "over"),
        ):
            with self.subTest(**vals):
                self.objective.write(vals)
                self.assertEqual(self.objective.guardrail_state, state)

    def test_other_company_does_not_count(self):
        """Figures are those of the companies that the user has chosen."""
        self.enroll(self.alpha)
        self.add_claim(100)
        self.run_accrual()
        other = self.setup_other_company()["company"]
        self.env.user.company_ids |= other
        self.objective.company_id = False
        elsewhere = self.objective.with_context(allowed_company_ids=other.ids)
        self.assertEqual(elsewhere.volume, 0)
        self.assertEqual(elsewhere.cost, 0)
        self.assertEqual(elsewhere.goal_amount, 0)
        both = self.objective.with_context(
            allowed_company_ids=(self.company | other).ids
        )
        self.assertEqual(both.cost, 100)

    def test_other_currency(self):
        """Cost is converted at the rate of the day it was booked on."""
        euro = self.setup_other_currency(
            "EUR", rates=[("2000-01-01", 2.0), (f"{self.year}-01-01", 4.0)]
        )
        self.objective.currency_id = euro
        self.enroll(self.alpha)
        self.add_claim(100)
        self.run_accrual()
        self.assertEqual(self.objective.cost, 400)
        self.assertEqual(self.objective.volume, 400)
        self.assertEqual(
            self.objective.goal_ids[0].currency_id, self.company.currency_id
        )
        self.assertEqual(self.objective.goal_amount, 4000)

    def test_last_year_does_not_count(self):
        self.enroll(self.alpha)
        offer = self.offer
        posting = self.env["partner.incentive.posting"]
        movement = _movement(offer, self.alpha, Decimal(50))
        posting._post_movements(
            self.company, [movement], date(self.year - 1, 12, 31), "adjustment"
        )
        self.objective.invalidate_recordset()
        self.assertEqual(self.objective.cost, 0)
        posting._post_movements(
            self.company, [movement], date(self.year, 1, 1), "adjustment"
        )
        self.objective.invalidate_recordset()
        self.assertEqual(self.objective.cost, 50)

    def test_goal_checks(self):
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            self.objective.goal_ids = [Command.create({"amount": 1})]
        other = self.setup_other_company()["company"]
        foreign = self.env["res.partner.grade"].create(
            {"name": "Foreign", "company_id": other.id}
        )
        with self.assertRaises(ValidationError):
            self.objective.goal_ids = [
                Command.create({"grade_id": foreign.id, "amount": 1})
            ]

    def test_data(self):
        """Every kind of the catalog has an objective that says what it asks for."""
        module = "partner_incentive_base"
        kinds = set()
        for name in (
            "sourced_revenue",
            "influenced_revenue",
            "new_logos",
            "product_attach",
            "arr_growth",
            "renewals",
            "deployment_quality",
            "market_entry",
        ):
            objective = self.env.ref(f"{module}.objective_{name}")
            self.assertTrue(objective.behaviour)
            kinds.add(objective.kind)
        self.assertEqual(len(kinds), 8)


def _movement(offer, partner, amount):
    return Movement(
        offer, offer.version_id, partner.id, "adjustment", amount, reason="test"
    )
