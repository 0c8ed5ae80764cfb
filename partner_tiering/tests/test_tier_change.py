from datetime import date, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import TieringCommon

Q1, Q2, Q3 = date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30)


@tagged("post_install", "-at_install")
class TestTierChange(TieringCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._create_policy(grace_days=60, notice_days=30)
        cls.riser = cls._create_partner("Riser", cls.silver)
        for month in range(1, 4):
            cls._contract(cls.riser, date(2025, 6 + month, 28), "renewed")
            cls._deploy(cls.riser, date(2025, 6 + month, 28), days=50)
        cls._certify(cls.riser, date(2025, 5, 1), 3)

    @classmethod
    def _create_falling(cls, name="Falling", **values):
        partner = cls._create_partner(name, cls.gold, **values)
        for month in range(1, 4):
            cls._contract(partner, date(2025, 6 + month, 28), "churned")
            cls._deploy(partner, date(2025, 6 + month, 28), days=110, done=0)
        return partner

    def _change(self, partner):
        return self.env["partner.tier.change"].search([("partner_id", "=", partner.id)])

    def _recommend(self):
        with freeze_time("2026-04-01"):
            self._close(self.policy, Q1)
        return self._change(self.riser)

    def test_promotion_is_recommended_approved_and_in_force_on_its_date(self):
        change = self._recommend()
        self.assertEqual(
            (change.state, change.direction, change.to_grade_id),
            ("recommended", "up", self.gold),
        )
        self.assertEqual(self.riser.grade_id, self.silver)
        with freeze_time("2026-04-02"):
            change.with_user(self.users["manager"]).date = date(2026, 5, 1)
            change.with_user(self.users["manager"]).action_approve()
            self.assertEqual(change.state, "approved")
            self.env["partner.tier.change"].sudo()._get_due()._apply()
            self.assertEqual(self.riser.grade_id, self.silver)
        with freeze_time("2026-05-01"):
            self.env["partner.tier.change"].sudo()._get_due()._apply()
        self.assertEqual(change.state, "applied")
        self.assertEqual(self.riser.grade_id, self.gold)
        history = self.riser.grade_history_ids.sorted("date")[-1]
        self.assertEqual(
            (history.date, history.grade_id), (date(2026, 5, 1), self.gold)
        )
        self.assertTrue(history.reason)

    def test_whoever_proposes_never_approves(self):
        partner = self._create_partner("Proposed", self.silver)
        change = (
            self.env["partner.tier.change"]
            .with_user(self.users["manager"])
            .create(
                {
                    "partner_id": partner.id,
                    "to_grade_id": self.gold.id,
                    "reason": "Strategic",
                }
            )
        )
        with self.assertRaises(UserError):
            change.action_approve()
        with self.assertRaises(UserError):
            change.write({"state": "approved"})
        with self.assertRaises(AccessError):
            change.write({"requested_by": self.users["user"].id})
        with self.assertRaises(AccessError):
            change.with_user(self.users["user"]).action_approve()
        change.with_user(self.users["admin"]).action_approve()
        self.assertIn(change.state, ("approved", "applied"))

    def test_process_fields_are_stripped_at_create(self):
        partner = self._create_partner("Stripped", self.silver)
        values = {
            "partner_id": partner.id,
            "to_grade_id": self.gold.id,
            "reason": "Please",
            "state": "applied",
            "approved_by": self.users["admin"].id,
            "requested_by": self.users["admin"].id,
        }
        change = (
            self.env["partner.tier.change"].with_user(self.users["user"]).create(values)
        )
        self.assertEqual(change.state, "recommended")
        self.assertFalse(change.approved_by)
        self.assertEqual(change.requested_by, self.users["user"])
        with self.assertRaises(UserError):
            self.env["partner.tier.change"].with_user(self.users["user"]).create(
                {
                    "partner_id": self._create_partner("Another", self.bronze).id,
                    "to_grade_id": self.gold.id,
                }
            )

    def test_a_downgrade_begins_with_grace_and_a_plan(self):
        falling = self._create_falling()
        with freeze_time("2026-04-01"):
            self._close(self.policy, Q1)
        change = self._change(falling)
        self.assertEqual(change.state, "grace")
        self.assertEqual(change.grace_until, Q1 + timedelta(days=60))
        self.assertEqual(change.to_grade_id, self.silver, "one tier at once")
        tasks = change.plan_id.task_ids
        self.assertEqual(set(tasks.mapped("side")), {"partner", "vendor"})
        self.assertTrue(any("Renewal rate" in task.name for task in tasks))
        # below still when the grace is over
        with freeze_time("2026-07-01"):
            self._close(self.policy, Q2)
        self.assertEqual(change.state, "recommended")
        self.assertEqual(len(self._change(falling)), 1)
        with freeze_time("2026-07-02"):
            change.with_user(self.users["manager"]).action_approve()
        self.assertEqual(change.date, date(2026, 8, 1), "30 days of notice")
        self.assertEqual(falling.grade_id, self.gold)
        with freeze_time("2026-08-01"):
            self.env["partner.tier.change"].sudo()._get_due()._apply()
        self.assertEqual(falling.grade_id, self.silver)

    def test_whoever_recovers_in_the_grace_period_keeps_its_tier(self):
        falling = self._create_falling()
        with freeze_time("2026-04-01"):
            self._close(self.policy, Q1)
        change = self._change(falling)
        for month in (4, 5, 6):
            for _each in range(6):
                self._contract(falling, date(2026, month, 10), "renewed")
                self._deploy(falling, date(2026, month, 10), days=30)
        self._certify(falling, date(2026, 4, 1), 3)
        with freeze_time("2026-07-01"):
            self._close(self.policy, Q2)
        self.assertEqual(change.state, "cancelled")
        self.assertEqual(change.plan_id.state, "done")
        self.assertEqual(falling.grade_id, self.gold)

    def test_enrolment_period_and_its_extension(self):
        young = self._create_falling("Young", since=date(2025, 6, 1))
        with freeze_time("2026-04-01"):
            self._close(self.policy, Q1)
        self.assertFalse(self._change(young))
        exception = (
            self.env["partner.tier.exception"]
            .with_user(self.users["user"])
            .create(
                {
                    "partner_id": young.id,
                    "kind": "extension",
                    "reason": "New team",
                    "date_from": date(2026, 5, 1),
                    "date_to": date(2026, 7, 31),
                }
            )
        )
        with self.assertRaises(AccessError):
            exception.action_approve()
        exception.with_user(self.users["manager"]).action_approve()
        with freeze_time("2026-07-01"):
            self._close(self.policy, Q2)
        self.assertFalse(self._change(young))
        with freeze_time("2026-10-01"):
            for month in (7, 8, 9):
                self._contract(young, date(2026, month, 1), "churned")
                self._deploy(young, date(2026, month, 1), days=110, done=0)
            self._close(self.policy, Q3)
        self.assertEqual(self._change(young).state, "grace")

    def test_an_exception_keeps_a_tier_until_it_expires(self):
        falling = self._create_falling()
        exception = self.env["partner.tier.exception"].create(
            {
                "partner_id": falling.id,
                "kind": "keep",
                "grade_id": self.gold.id,
                "reason": "Merger",
                "date_from": date(2026, 1, 1),
                "date_to": date(2026, 4, 30),
            }
        )
        exception.with_user(self.users["manager"]).action_approve()
        with freeze_time("2026-04-01"):
            self._close(self.policy, Q1)
        self.assertFalse(self._change(falling))
        with freeze_time("2026-07-01"):
            self._close(self.policy, Q2)
        self.assertEqual(self._change(falling).state, "grace")

    def test_the_safety_net_protects_small_partners(self):
        policy = self._create_policy(
            publish=False, date_from=date(2026, 4, 1), small_amount=1000, grace_days=0
        )
        policy.sudo().action_submit()
        policy.sudo().action_publish()
        small, large = self._create_falling("Small"), self._create_falling("Large")
        self._invoice(large, date(2026, 2, 1), 5000)
        self._invoice(small, date(2026, 2, 1), 500)
        with freeze_time("2026-07-01"):
            self._close(policy, Q2)
        self.assertTrue(self._card(small, Q2).is_small)
        self.assertFalse(self._change(small))
        self.assertEqual(self._change(large).state, "grace")

    def test_benefits_follow_the_tier_on_the_date(self):
        benefit = self.env.ref("partner_tiering.benefit_fund_share")
        self.env["partner.tier.benefit.value"].create(
            [
                {
                    "benefit_id": benefit.id,
                    "grade_id": grade.id,
                    "number": number,
                    "date_from": day,
                }
                for grade, number, day in (
                    (self.silver, 30, date(2025, 1, 1)),
                    (self.gold, 50, date(2025, 1, 1)),
                    (self.gold, 60, date(2026, 7, 1)),
                )
            ]
        )
        self._give_tier(self.riser, self.gold, date(2026, 5, 1))
        Benefit = self.env["partner.incentive.benefit"]

        def share(day, partner=self.riser):
            return Benefit._get_value("fund_share", partner, day, default=20)

        self.assertEqual(share(date(2026, 4, 30)), 30)
        self.assertEqual(share(date(2026, 5, 1)), 50)
        self.assertEqual(share(date(2026, 7, 1)), 60)
        self.assertEqual(share(date(2026, 5, 1), self.partner_1), 20)
        self.assertEqual(Benefit._get_value("unheard", self.riser, Q1, default=7), 7)

    def test_an_offer_pays_the_new_tier_from_its_date(self):
        self._measure_invoices()
        silver, gold = self.env["partner.incentive.segment"].create(
            [
                {"name": grade.name, "grade_ids": [Command.set(grade.ids)]}
                for grade in (self.silver, self.gold)
            ]
        )
        offer = self._create_offer(
            publish=False,
            name="Tier bonus",
            measure="test_invoiced",
            formula="marginal",
            partner_ids=[Command.clear()],
            segment_ids=[Command.set((silver | gold).ids)],
            bracket_ids=[
                Command.create({"lower": 0, "rate": 1, "segment_id": silver.id}),
                Command.create({"lower": 0, "rate": 3, "segment_id": gold.id}),
            ],
        )
        offer.sudo().action_submit()
        offer.sudo().action_publish()
        self._invoice(self.riser, date(2026, 4, 30), 1000)
        self._invoice(self.riser, date(2026, 5, 1), 1000)
        self.assertEqual(self._entitled(offer, self.riser, Q2), 20)
        change = self._recommend()
        with freeze_time("2026-04-02"):
            change.with_user(self.users["manager"]).date = date(2026, 5, 1)
            change.with_user(self.users["manager"]).action_approve()
        with freeze_time("2026-05-01"):
            self.env["partner.tier.change"].sudo()._get_due()._apply()
        self.assertEqual(self._entitled(offer, self.riser, Q2), 10 + 30)

    def test_policies_never_change_once_published(self):
        manager = self.users["manager"]
        policy = self.policy.with_user(manager)
        for change in (
            lambda: policy.write({"minimum_coverage": 10}),
            lambda: policy.line_ids[0].write({"weight": 99}),
            lambda: policy.line_ids[0].unlink(),
            lambda: policy.level_ids[1].write({"minimum_score": 1}),
            lambda: policy.level_ids[2].requirement_ids.write({"bound": 0}),
            lambda: policy.unlink(),
            lambda: policy.write({"state": "draft"}),
        ):
            with self.assertRaises(UserError):
                change()
        action = policy.action_revise()
        revision = self.env["partner.tier.policy"].browse(action["res_id"])
        self.assertEqual(revision.number, self.policy.number + 1)
        self.assertEqual(revision.previous_id, self.policy)
        self.assertEqual(len(revision.line_ids), len(self.policy.line_ids))
        revision.with_user(manager).action_submit()
        with self.assertRaises(UserError):
            revision.with_user(manager).action_publish()
        revision.with_user(self.users["admin"]).action_publish()
        self.assertEqual(revision.state, "published")

    def test_a_policy_must_make_sense(self):
        with self.assertRaises(UserError):
            self._create_policy(levels=[(self.bronze, 0, False, {})])
        with self.assertRaises(UserError):
            self._create_policy(
                date_from=date(2026, 4, 1),
                levels=[(self.bronze, 10, False, {}), (self.gold, 70, False, {})],
            )
        with self.assertRaises(UserError):
            self._create_policy(publish=False, date_from=date(2026, 2, 1))
        with self.assertRaises(UserError):
            self._create_policy(
                publish=False,
                date_from=date(2026, 4, 1),
                parts={"renewal_rate": (40, 90, 50)},
            )
        with self.assertRaises(UserError):
            self._create_policy(
                publish=False,
                date_from=date(2026, 4, 1),
                parts={"time_to_value": (40, 50, 90)},
            )
