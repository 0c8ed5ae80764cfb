import random
from datetime import date, timedelta
from fractions import Fraction
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.sql_db import Cursor
from odoo.tests import tagged

from .common import PARTS, TieringCommon

Q1 = date(2026, 3, 31)


@tagged("post_install", "-at_install")
class TestScorecard(TieringCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._create_policy()
        cls.good = cls._create_partner("Good", cls.silver)
        cls.poor = cls._create_partner("Poor", cls.silver)
        for month in range(1, 5):
            end = date(2025, 6 + month, 28)
            cls._contract(cls.good, end, "renewed")
            cls._contract(cls.poor, end, "renewed" if month < 2 else "churned")
            cls._deploy(cls.good, end, days=50)
            cls._deploy(cls.poor, end, days=110, done=1)
        cls._certify(cls.good, date(2025, 5, 1), 3)

    def _expected(self, policy, card):
        """Score of the contracts and deployments, by hand, in exact fractions."""
        partner, end = card.partner_id, card.as_of
        start = end.replace(year=end.year - 1)
        contracts = self.env["partner.customer.contract"].search(
            [("partner_id", "=", partner.id)]
        )
        due = [
            contract
            for contract in contracts
            if start < contract.date_end <= end
            and (contract.state != "active" or (end - contract.date_end).days > 60)
        ]
        deployments = [
            each
            for each in self.env["partner.deployment"].search(
                [("partner_id", "=", partner.id)]
            )
            if each.state in ("live", "validated") and start < each.date_live <= end
        ]
        held = {
            (each.person_id, each.program_id)
            for each in self.env["partner.certification"].search(
                [("partner_id", "=", partner.id), ("state", "=", "passed")]
            )
            if each.date_issue <= end
            and (not each.date_expiry or each.date_expiry >= end)
        }
        values = {
            "renewal_rate": (
                Fraction(
                    100 * sum(c.state == "renewed" for c in due), max(len(due), 1)
                ),
                len(due),
            ),
            "time_to_value": (
                Fraction(
                    sum((d.date_live - d.date_start).days for d in deployments),
                    max(len(deployments), 1),
                ),
                len(deployments),
            ),
            "deployment_quality": (
                sum((Fraction(str(self._quality(d))) for d in deployments), Fraction(0))
                / max(len(deployments), 1),
                len(deployments),
            ),
            "certifications": (Fraction(len(held)), 99),
        }
        points, known = Fraction(0), 0
        for code, (weight, floor, target) in PARTS.items():
            figure, cases = values[code]
            if cases < (0 if code == "certifications" else 2):
                continue
            if code == "certifications" and not held:
                # no record at all: nothing is known
                continue
            share = (figure - floor) / (target - floor)
            points += weight * min(max(share, 0), 1)
            known += weight
        return 100 * points / known if known >= 50 else None

    def _quality(self, deployment):
        total = sum(check.weight for check in deployment.check_ids)
        done = sum(check.weight for check in deployment.check_ids if check.done)
        days = (deployment.date_live - deployment.date_start).days
        late = max(days - 60, 0) / 60
        return round((2 * 100 * done / total + 100 * max(1 - late, 0)) / 3, 2)

    def test_score_equals_an_independent_computation(self):
        self._refresh(self.policy, Q1)
        for partner in (self.good, self.poor):
            card = self._card(partner)
            self.assertTrue(card.has_score)
            self.assertAlmostEqual(
                card.score, float(self._expected(self.policy, card)), 1
            )
        self.assertEqual(self._card(self.good).qualified_grade_id, self.gold)
        self.assertEqual(self._card(self.poor).qualified_grade_id, self.bronze)
        self.assertFalse(self._card(self.partner_1).has_score)

    def test_random_worlds_equal_the_independent_computation(self):
        generator = random.Random(11)
        partners = [self._create_partner(f"P{number}") for number in range(6)]
        for partner in partners:
            for _each in range(generator.randint(0, 6)):
                end = date(2025, 1, 1) + timedelta(days=generator.randrange(500))
                self._contract(
                    partner, end, generator.choice(["renewed", "churned", None])
                )
                self._deploy(
                    partner,
                    date(2025, 1, 1) + timedelta(days=generator.randrange(440)),
                    days=generator.randrange(150),
                    done=generator.randint(0, 2),
                )
            self._certify(partner, date(2024, 2, 15), generator.randint(0, 4))
        for day in (date(2026, 2, 1), Q1):
            self._refresh(self.policy, day)
            for partner in partners:
                card = self._card(partner)
                expected = self._expected(self.policy, card)
                self.assertEqual(card.has_score, expected is not None)
                if expected is not None:
                    self.assertAlmostEqual(card.score, float(expected), 1)

    def test_each_part_is_explained_down_to_records(self):
        self._refresh(self.policy, Q1)
        line = self._card(self.poor).line_ids.filtered(
            lambda each: each.metric_id.code == "renewal_rate"
        )
        self.assertEqual((line.value, line.cases, line.points), (25, 4, 0))
        contracts = self.env["partner.customer.contract"].search(
            line.action_view_records()["domain"]
        )
        self.assertEqual(contracts.partner_id, self.poor)
        self.assertEqual(len(contracts), 4)
        self.assertIn("25 %", line.explanation)

    def test_closed_scorecards_never_change(self):
        self._close(self.policy, Q1)
        cards = self.env["partner.scorecard"].search([("date_to", "=", Q1)])
        self.assertEqual(set(cards.mapped("state")), {"closed"})
        before = self._snapshot(cards)
        evidence = self._read_evidence(cards)
        self.assertTrue(evidence)
        # what they were made of changes and goes
        self.env["partner.customer.contract"].search(
            [("partner_id", "=", self.poor.id), ("renewal_of_ids", "=", False)]
        )[:1].unlink()
        self._contract(self.good, date(2026, 1, 15), "churned")
        self.env["partner.deployment"].search([("partner_id", "=", self.good.id)])[
            :1
        ].date_live = date(2025, 12, 1)
        self._refresh(self.policy, Q1)
        self.assertEqual(self._snapshot(cards), before)
        self.assertEqual(self._read_evidence(cards), evidence)
        card = self._card(self.good)
        for change in (
            lambda: card.sudo().write({"score": 100}),
            lambda: card.sudo().write({"state": "draft"}),
            lambda: card.sudo().unlink(),
            lambda: card.line_ids[:1].sudo().write({"points": 40}),
            lambda: card.line_ids[:1].sudo().unlink(),
            lambda: (
                self.env["partner.scorecard.evidence"]
                .search([("scorecard_id", "=", card.id)], limit=1)
                .sudo()
                .write({"numerator": 9})
            ),
            lambda: (
                self.env["partner.scorecard.evidence"]
                .search([("scorecard_id", "=", card.id)], limit=1)
                .sudo()
                .unlink()
            ),
        ):
            with self.assertRaises(UserError):
                change()
        with self.assertRaises(UserError):
            card.with_user(self.users["manager"]).action_refresh()

    def _read_evidence(self, cards):
        self.env.invalidate_all()
        rows = self.env["partner.scorecard.evidence"].search(
            [("scorecard_id", "in", cards.ids)], order="id"
        )
        return [
            (r.line_id.id, r.res_model, r.res_id, r.numerator, r.denominator)
            for r in rows
        ]

    def test_evidence_adds_up_to_the_line(self):
        self._close(self.policy, Q1)
        for line in self._card(self.poor).line_ids:
            rows = line.evidence_ids
            self.assertEqual(len(rows), line.cases)
            self.assertAlmostEqual(sum(rows.mapped("numerator")), line.numerator, 2)

    def test_only_managers_close_and_only_what_is_over(self):
        self._refresh(self.policy, Q1)
        card = self._card(self.good)
        with self.assertRaises(UserError):
            card.with_user(self.users["user"]).action_close()
        with self.assertRaises(AccessError):
            card.with_user(self.users["manager"]).write({"state": "closed"})
        with freeze_time("2026-03-31"), self.assertRaises(UserError):
            card.with_user(self.users["manager"]).action_close()
        with freeze_time("2026-04-01"):
            card.with_user(self.users["manager"]).action_close()
        self.assertEqual(card.state, "closed")
        self.assertEqual(card.closed_by, self.users["manager"])

    def test_full_recompute_equals_incremental(self):
        """Whatever happens in between, in whatever order it is refreshed."""
        generator = random.Random(5)
        partners = self.good | self.poor
        partners |= self._create_partner("Third")
        for step in range(12):
            self._change_something(generator, partners)
            if step % 3 == 0:
                self._refresh(self.policy, date(2026, 2, 1) + timedelta(days=step))
            else:
                self._refresh(self.policy, Q1, generator.choice(partners))
        for partner in partners:
            self._refresh(self.policy, Q1, partner)
        self._refresh(self.policy, Q1)
        cards = self.env["partner.scorecard"].search([("date_to", "=", Q1)])
        incremental = self._snapshot(cards)
        cards.sudo().unlink()
        self._refresh(self.policy, Q1)
        full = self._snapshot(
            self.env["partner.scorecard"].search([("date_to", "=", Q1)])
        )
        self.assertEqual(incremental, full)

    def _change_something(self, generator, partners):
        partner = generator.choice(partners)
        action = generator.randrange(5)
        day = date(2025, 5, 1) + timedelta(days=generator.randrange(320))
        if action == 0:
            self._contract(partner, day, generator.choice(["renewed", "churned"]))
        elif action == 1:
            self._deploy(partner, day, days=generator.randrange(130))
        elif action == 2:
            contract = self.env["partner.customer.contract"].search(
                [("partner_id", "in", partners.ids)]
            )
            generator.choice(contract).partner_id = partner
        elif action == 3:
            deployment = self.env["partner.deployment"].search(
                [("partner_id", "in", partners.ids)], limit=1
            )
            deployment.unlink()
        else:
            self._certify(partner, day)

    def test_a_second_refresh_writes_nothing(self):
        self._refresh(self.policy, Q1)
        self.assertFalse(self.env["partner.scorecard"]._refresh(self.policy, Q1))
        self._deploy(self.poor, date(2026, 1, 10), days=10)
        changed = self.env["partner.scorecard"]._refresh(self.policy, Q1)
        self.assertIn(self._card(self.poor).id, changed)

    def test_number_of_statements_does_not_grow_with_partners(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            number = 0
            original = Cursor.execute

            def execute(cursor, *args, **kwargs):
                nonlocal number
                number += 1
                return original(cursor, *args, **kwargs)

            with patch.object(Cursor, "execute", execute):
                self._refresh(self.policy, Q1)
            return number

        count()
        few = count()
        for number in range(20):
            self._deploy(
                self._create_partner(f"More {number}"), date(2026, 1, number + 1)
            )
        self.assertLessEqual(count(), few + 2)

    def test_trend_and_percentile(self):
        self._close(self.policy, Q1)
        first = self._card(self.poor).score
        for month in (4, 5, 6):
            self._deploy(self.poor, date(2026, month, 5), days=20)
        self._refresh(self.policy, date(2026, 6, 30))
        card = self._card(self.poor, date(2026, 6, 30))
        self.assertAlmostEqual(card.previous_score, first, 2)
        self.assertAlmostEqual(card.trend, card.score - first, 2)
        self.assertGreater(card.trend, 0)
        self.assertTrue(card.has_percentile)
        self.assertEqual(card.percentile, 0)
        self.assertEqual(self._card(self.good, date(2026, 6, 30)).percentile, 100)

    def test_small_evidence_gives_no_verdict(self):
        newcomer = self._create_partner("Newcomer", self.silver)
        self._contract(newcomer, date(2026, 1, 31), "churned")
        self._refresh(self.policy, Q1)
        card = self._card(newcomer)
        line = card.line_ids.filtered(
            lambda each: each.metric_id.code == "renewal_rate"
        )
        self.assertEqual((line.verdict, line.points, line.value), ("few", 0, 0))
        self.assertFalse(card.has_score)

    def test_targets_of_the_tier_and_of_high_potential(self):
        policy = self._create_policy(publish=False, date_from=date(2026, 4, 1))
        line = policy.line_ids.filtered(
            lambda each: each.metric_id.code == "certifications"
        )
        goals = self.env["partner.tier.policy.goal"].create(
            [
                {"line_id": line.id, "grade_id": self.silver.id, "target": 6},
                {"line_id": line.id, "potential": "high", "target": 12},
            ]
        )
        self.assertEqual(len(goals), 2)
        policy.sudo().action_submit()
        policy.sudo().action_publish()
        day = date(2026, 6, 30)
        self._refresh(policy, day)

        def points():
            card = self._card(self.good, day)
            self.env.invalidate_all()
            return card.line_ids.filtered(
                lambda each: each.metric_id.code == "certifications"
            ).points

        self.assertAlmostEqual(points(), 10 * 3 / 6)
        self._give_tier(self.good, self.bronze, date(2026, 5, 1))
        self._refresh(policy, day)
        self.assertAlmostEqual(points(), 10)
        self.good.incentive_potential = "high"
        self._refresh(policy, day)
        self.assertAlmostEqual(points(), 10 * 3 / 12)

    def test_one_qualifying_day_in_the_window_suffices(self):
        """The certificates expire in between; the day in the window still counts."""
        policy = self._create_policy(
            publish=False,
            date_from=date(2026, 4, 1),
            qualification="any_day",
            qualification_months=3,
        )
        policy.sudo().action_submit()
        policy.sudo().action_publish()
        held = self.env["partner.certification"].search(
            [("partner_id", "=", self.good.id)]
        )
        held.sudo().write({"date_expiry": date(2026, 5, 31)})
        self._refresh(policy, date(2026, 5, 31))
        end = date(2026, 6, 30)
        self.assertEqual(self._card(self.good, end).reached_grade_id, self.gold)
        self._refresh(policy, end)
        card = self._card(self.good, end)
        self.assertEqual(card.reached_grade_id, self.silver)
        self.assertEqual(card.qualified_grade_id, self.gold)
        # out of the window it does not count any more
        later = date(2026, 9, 30)
        self._refresh(policy, later)
        self.assertNotEqual(self._card(self.good, later).qualified_grade_id, self.gold)
        # a policy that asks for the last day does not know that day
        self.assertEqual(self.policy.qualification, "closing")
