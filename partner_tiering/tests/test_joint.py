from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common import TieringCommon

YEAR_END = date(2026, 12, 31)


@tagged("post_install", "-at_install")
class TestJointWork(TieringCommon):
    def _publish(self, **values):
        offer = self._create_offer(publish=False, **values)
        offer.sudo().action_submit()
        offer.sudo().action_publish()
        return offer

    def test_an_offer_pays_a_bounty_per_certification(self):
        other = self.env["partner.certification.program"].create({"name": "Other"})
        offer = self._publish(
            name="Bounty",
            measure="certification_count",
            rate_kind="per_unit",
            brackets=[(0, 150)],
            certification_program_ids=[Command.set(self.program_1.ids)],
        )
        held = self._certify(self.partner_1, date(2026, 2, 1), 2)
        self._certify(self.partner_1, date(2026, 2, 1), 1, other)
        self.assertEqual(self._entitled(offer, self.partner_1, YEAR_END), 300)
        held[0].revoke_reason = "Cheated"
        held[0].with_user(self.users["manager"]).action_revoke()
        self.assertEqual(self._entitled(offer, self.partner_1, YEAR_END), 150)

    def test_an_offer_pays_for_milestones(self):
        offer = self._publish(
            name="First go-live",
            measure="milestone_count",
            rate_kind="per_unit",
            brackets=[(0, 500)],
            milestone_kind="first_go_live",
        )
        for day in (date(2026, 2, 1), date(2026, 3, 1)):
            deployment = self._deploy(self.partner_1, day)
            deployment.with_user(self.users["manager"]).action_validate()
        self._certify(self.partner_1, date(2026, 2, 1))
        kinds = self.env["partner.milestone"].search(
            [("partner_id", "=", self.partner_1.id)]
        )
        self.assertEqual(sorted(kinds.mapped("kind")), ["first_go_live", "trained"])
        self.assertEqual(self._entitled(offer, self.partner_1, YEAR_END), 500)
        self.assertEqual(self._entitled(offer, self.partner_2, YEAR_END), 0)

    def test_a_tier_brings_faster_payouts(self):
        self.env["partner.tier.benefit.value"].create(
            {
                "benefit_id": self.env.ref("partner_tiering.benefit_payout_days").id,
                "grade_id": self.gold.id,
                "number": 7,
                "date_from": date(2026, 1, 1),
            }
        )
        self._give_tier(self.partner_1, self.gold, date(2026, 1, 1))
        self._give_tier(self.partner_2, self.silver, date(2026, 1, 1))
        offer = self._publish(
            name="Bounty",
            measure="certification_count",
            rate_kind="per_unit",
            brackets=[(0, 150)],
            payout="vendor_bill",
        )
        for partner in (self.partner_1, self.partner_2):
            self._certify(partner, date(2026, 2, 1))
        day = date(2027, 1, 15)
        self._accrue(day, offer)
        bills = self._settle(day, offer).move_ids.filtered(
            lambda move: move.move_type == "in_invoice"
        )
        due = {bill.partner_id: bill.invoice_date_due for bill in bills}
        self.assertEqual(due[self.partner_1], bills[0].invoice_date + timedelta(days=7))
        self.assertNotEqual(due[self.partner_2], due[self.partner_1])

    def test_milestones_are_found_once(self):
        self._contract(self.partner_1, date(2026, 1, 31), "renewed")
        self._contract(self.partner_1, date(2026, 2, 28), "renewed")
        move = self._invoice(self.customer, date(2026, 3, 1), 1000)
        self.env["partner.incentive.attribution"].create(
            {"move_id": move.id, "partner_id": self.partner_1.id, "share": 50}
        )
        self.env["partner.milestone"]._cron_reach()
        self.env["partner.milestone"]._cron_reach()
        milestones = self.env["partner.milestone"].search(
            [("partner_id", "=", self.partner_1.id)]
        )
        self.assertEqual(
            {each.kind: each.date for each in milestones},
            {"first_renewal": date(2026, 2, 1), "first_deal": date(2026, 3, 1)},
        )
        self.assertEqual(milestones.sorted("kind")[0].res_id, move.id)

    def test_milestones_by_hand_need_a_second_person(self):
        values = {
            "partner_id": self.partner_1.id,
            "kind": "co_delivery",
            "state": "reached",
            "amount": 9,
        }
        milestone = (
            self.env["partner.milestone"]
            .with_user(self.users["manager"])
            .create(values)
        )
        self.assertEqual(milestone.state, "open")
        with self.assertRaises(UserError):
            milestone.action_confirm()
        with self.assertRaises(AccessError):
            milestone.with_user(self.users["user"]).action_confirm()
        milestone.with_user(self.users["admin"]).action_confirm()
        with self.assertRaises(UserError):
            milestone.with_user(self.users["admin"]).amount = 100

    def test_a_plan_is_agreed_by_both_and_pays_its_bonus(self):
        offer = self._publish(
            name="Plan bonuses",
            measure="milestone_amount",
            brackets=[(0, 100)],
            milestone_kind="plan",
        )
        plan = (
            self.env["partner.account.plan"]
            .with_user(self.users["user"])
            .create(
                {
                    "name": "North",
                    "partner_id": self.partner_1.id,
                    "date_from": date(2026, 1, 1),
                    "date_to": YEAR_END,
                    "objective_ids": [
                        Command.create(
                            {"name": "Ten sites", "date_due": YEAR_END, "bonus": 2000}
                        )
                    ],
                }
            )
        )
        with self.assertRaises(UserError):
            plan.action_propose()
        plan.right_ids = [Command.create({"name": "Prices", "decides": "vendor"})]
        plan.action_propose()
        with self.assertRaises(UserError):
            plan.action_agree()
        with self.assertRaises(UserError):
            plan.write({"state": "agreed"})
        objective = plan.objective_ids
        with self.assertRaises(UserError):
            objective.with_user(self.users["manager"]).action_reached()
        plan.with_user(self.users["manager"]).action_agree()
        self.assertEqual(plan.state, "proposed")
        plan.sudo()._agree("partner")
        self.assertEqual(plan.state, "agreed")
        with self.assertRaises(UserError):
            objective.write({"bonus": 9000})
        objective.with_user(self.users["manager"]).action_reached()
        objective.with_user(self.users["manager"]).action_reached()
        self.assertEqual(objective.milestone_id.amount, 2000)
        self.assertEqual(
            self._entitled(offer, self.partner_1, date(2027, 12, 31)), 2000
        )

    def test_a_review_is_filled_and_signed_by_both(self):
        policy = self._create_policy()
        self._deploy(self.partner_1, date(2026, 2, 1))
        self._refresh(policy, date(2026, 3, 31))
        user = self.users["user"]
        review = (
            self.env["partner.business.review"]
            .with_user(user)
            .create(
                {
                    "name": "Q1",
                    "partner_id": self.partner_1.id,
                    "user_id": user.id,
                    "date": "2026-04-10 09:00:00",
                }
            )
        )
        review.action_fill_agenda()
        self.assertIn("Renewal rate", review.agenda)
        self.assertIn("Gold", str(review.agenda) + self.gold.name)
        review.action_hold()
        with self.assertRaises(UserError):
            review.action_sign()
        review.minutes = "<p>We agreed.</p>"
        with self.assertRaises(AccessError):
            review.write({"partner_signed_by": user.id})
        with self.assertRaises(UserError):
            review.with_user(self.users["manager"]).action_sign()
        review.action_sign()
        self.assertEqual(review.state, "held")
        with self.assertRaises(UserError):
            review.minutes = "<p>Something else.</p>"
        review.sudo()._sign("partner")
        self.assertEqual(review.state, "signed")

    def test_escalations_pass_on_after_their_deadline(self):
        plan = self.env["partner.account.plan"].create(
            {
                "name": "North",
                "partner_id": self.partner_1.id,
                "date_to": date(2027, 12, 31),
                "escalation_ids": [
                    Command.create({"name": "Account managers", "sequence": 1}),
                    Command.create({"name": "Directors", "sequence": 2}),
                ],
            }
        )
        first, second = plan.escalation_ids.sorted()
        first.topic = "Discount"
        first.action_open()
        self.env["partner.account.plan"]._cron_escalate()
        self.assertEqual((first.state, second.state), ("open", "waiting"))
        first.date_deadline = date(2026, 1, 1)
        self.env["partner.account.plan"]._cron_escalate()
        self.assertEqual((first.state, second.state), ("passed", "open"))
        self.assertEqual(second.topic, "Discount")

    def test_assessments_are_signed_by_who_was_asked(self):
        assessment = self.env["partner.assessment"].create(
            {
                "partner_id": self.partner_1.id,
                "kind": "field",
                "user_id": self.users["user"].id,
                "rating": "4",
            }
        )
        with self.assertRaises(UserError):
            assessment.with_user(self.users["manager"]).action_sign()
        own = assessment.with_user(self.users["user"])
        with self.assertRaises(UserError):
            own.action_sign()
        own.reason = "Reliable"
        own.action_sign()
        with self.assertRaises(UserError):
            own.rating = "5"

    def test_own_metrics_are_checked_when_saved(self):
        Metric = self.env["partner.metric"]
        contract = self.env["ir.model"]._get("partner.customer.contract")

        def field(name, model=contract.model):
            return self.env["ir.model.fields"]._get(model, name).id

        values = {
            "name": "Large contracts",
            "code": "large_contracts",
            "kind": "domain",
            "model_id": contract.id,
            "record_domain": "[('recurring_amount', '>=', 500)]",
            "partner_field_id": field("partner_id"),
            "date_field_id": field("date_end"),
            "aggregation": "sum",
        }
        metric = Metric.create(values)
        self._contract(self.partner_1, date(2026, 1, 31), amount=800)
        self._contract(self.partner_1, date(2026, 2, 28), amount=300)
        figures = self.env["partner.scorecard.calculation"]._measure(
            metric, self.company, date(2026, 3, 31)
        )[metric.id]
        self.assertEqual(figures[self.partner_1.id].value, 1)
        for wrong in (
            {"record_domain": "[('no_such_field', '=', 1)]"},
            {"record_domain": "not a domain"},
            {"partner_field_id": False},
            {"date_field_id": field("date", "partner.milestone")},
            {"code": "two words"},
        ):
            with self.assertRaises(ValidationError):
                Metric.create({**values, "code": "another", **wrong})
        formula = Metric.create(
            {
                "name": "Both",
                "code": "both",
                "kind": "formula",
                "formula": "2 * large_contracts + 1",
            }
        )
        figures = self.env["partner.scorecard.calculation"]._measure(
            formula, self.company, date(2026, 3, 31)
        )[formula.id]
        self.assertEqual(figures[self.partner_1.id].value, 3)
        for wrong in ("unknown_metric + 1", "large_contracts +", "both * 2"):
            with self.assertRaises(ValidationError):
                formula.formula = wrong

    def test_a_metric_is_retired_with_its_history(self):
        policy = self._create_policy()
        self._deploy(self.partner_1, date(2026, 2, 1))
        self._close(policy, date(2026, 3, 31))
        metric = self._metric("time_to_value")
        with self.assertRaises(UserError):
            metric.window_months = 6
        metric.retire_reason = "Says little"
        with self.assertRaises(UserError):
            metric.action_retire()
        policy.with_user(self.users["manager"]).action_retire()
        metric.action_retire()
        self.assertFalse(metric.active)
        self.assertTrue(self._card(self.partner_1).line_ids.metric_id & metric)
        with self.assertRaises(UserError):
            metric.unlink()
