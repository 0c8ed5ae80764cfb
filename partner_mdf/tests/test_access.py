from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import MdfCommon

ROLES = ("user", "manager", "finance", "compliance", "auditor", "admin")


@tagged("post_install", "-at_install")
@freeze_time("2026-02-01")
class TestAccess(MdfCommon):
    """Who may do what; nobody else may, by button or bare write."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2026-02-01"):
            cls.fund = cls._create_fund()
            cls._allocate(cls.fund, 10000)

    def _assert_allowed(self, allowed, make, step):
        for role in ROLES:
            record = make()
            with self.subTest(role=role):
                point = self.env.cr.savepoint()
                try:
                    if role in allowed:
                        step(self._as(record, role))
                        self.env.flush_all()
                    else:
                        with self.assertRaises(UserError):
                            step(self._as(record, role))
                finally:
                    point.close(rollback=True)
                    self.env.invalidate_all()

    def test_open(self):
        def make():
            fund = self._create_fund(open_it=False, name="Another")
            # neither of the roles submitted it
            fund.sudo().action_submit()
            return fund

        self._assert_allowed({"manager", "admin"}, make, lambda f: f.action_open())
        self._assert_allowed(
            {"manager", "admin"}, make, lambda f: f.write({"state": "open"})
        )

    def test_who_submits_never_opens(self):
        fund = self._create_fund(open_it=False)
        self._as(fund, "manager").action_submit()
        with self.assertRaisesRegex(UserError, "yourself"):
            self._as(fund, "manager").action_open()
        self._as(fund, "admin").action_open()
        self.assertEqual(fund.offer_id.state, "published")

    def test_open_terms_stay(self):
        for vals in (
            {"cost_kind": "contra_revenue"},
            {"date_from": date(2025, 1, 1)},
            {"payout": "credit_note"},
        ):
            with self.subTest(**vals), self.assertRaisesRegex(UserError, "is open"):
                self._as(self.fund, "admin").write(vals)
        for vals in ({"offer_id": False}, {"opened_by": 1}, {"lock_turn": 1}):
            with self.subTest(**vals), self.assertRaises(AccessError):
                self._as(self.fund, "admin").write(vals)
        with self.assertRaises(UserError):
            self._as(self.fund, "user").participation_rate = 100
        with self.assertRaises(UserError):
            self.fund.unlink()

    def test_rates_and_proof_are_a_managers(self):
        line = self.env["partner.mdf.participation"].create(
            {"fund_id": self.fund.id, "rate": 10}
        )
        rule = self.event.evidence_rule_ids[0]
        for step in (
            lambda: self._as(line, "user").write({"rate": 90}),
            lambda: self._as(line, "user").unlink(),
            lambda: self._as(line, "user").create(
                {"fund_id": self.fund.id, "rate": 90, "grade_id": False}
            ),
            lambda: self._as(rule, "user").write({"minimum": 9}),
            lambda: self._as(rule, "user").unlink(),
        ):
            with self.assertRaises(AccessError):
                step()
        self._as(line, "manager").rate = 20
        self._as(rule, "manager").minimum = 2

    def test_created_as_draft(self):
        fund = self._as(self.env["partner.mdf.fund"], "user").create(
            {
                "name": "Mine",
                "program_id": self.program.id,
                "state": "open",
                "opened_by": 1,
            }
        )
        self.assertEqual(fund.state, "draft")
        self.assertFalse(fund.opened_by)
        request = self._as(self.env["partner.mdf.request"], "user").create(
            {
                "fund_id": self.fund.id,
                "partner_id": self.partner_1.id,
                "title": "T",
                "state": "approved",
                "mdf_activity_ids": [
                    Command.create(
                        self._plan(
                            100,
                            state="approved",
                            approved_amount=100,
                            approve_amount=1000,
                        )
                    )
                ],
            }
        )
        activity = request.mdf_activity_ids
        self.assertEqual((request.state, activity.state), ("draft", "draft"))
        self.assertEqual(activity.approved_amount, 0)

    def test_allocate(self):
        def allocate(fund):
            fund.env["partner.mdf.allocation"].create(
                {"fund_id": fund.id, "amount": 10}
            )

        self._assert_allowed({"manager", "admin"}, lambda: self.fund, allocate)

    def test_decide(self):
        def make():
            request = self._request(self.fund, self._plan(100), submit=False)
            request.sudo().action_submit()
            self.env.cr.execute(
                "UPDATE partner_mdf_request SET create_uid = 1 WHERE id = %s",
                [request.id],
            )
            request.invalidate_recordset()
            return request.mdf_activity_ids

        deciders = {"manager", "admin"}
        self._assert_allowed(deciders, make, lambda a: a.action_approve())
        self._assert_allowed(
            deciders,
            make,
            lambda a: (a.write({"decision_note": "No"}), a.action_reject()),
        )
        for vals in (
            {"state": "approved"},
            {"approved_amount": 5},
            {"claim_until": date(2030, 1, 1)},
            {"rate": 100},
        ):
            with self.subTest(**vals):
                self._assert_allowed((), make, lambda a, v=vals: a.write(v))

    def test_who_asks_never_decides(self):
        request = self._request(self.fund, self._plan(100), user="manager")
        with self.assertRaisesRegex(UserError, "yourself"):
            self._as(request.mdf_activity_ids, "manager").action_approve()
        self._as(request.mdf_activity_ids, "admin").action_approve()

    def test_draws_are_written_by_the_checkbook(self):
        activity = self._activity(self.fund, 100)
        for role in ("manager", "admin"):
            for vals in ({"committed": 1}, {"spent": 5}):
                with self.subTest(role=role), self.assertRaises(AccessError):
                    self._as(activity.draw_ids, role).write(vals)
        allocation = activity.draw_ids.allocation_id
        for vals in ({"expired": 5}, {"converted": 5}, {"kind": "accrued"}):
            with self.subTest(**vals), self.assertRaises(AccessError):
                self._as(allocation, "admin").write(vals)
        with self.assertRaisesRegex(UserError, "cannot be lowered"):
            self._as(allocation, "manager").amount = 1

    def test_plan_is_frozen(self):
        request = self._request(self.fund, self._plan(100))
        activity = request.mdf_activity_ids
        for vals in ({"planned_cost": 5}, {"date_from": date(2026, 5, 1)}):
            with self.subTest(**vals), self.assertRaisesRegex(UserError, "requested"):
                self._as(activity, "admin").write(vals)
        with self.assertRaises(UserError):
            self._as(request, "user").write(
                {"mdf_activity_ids": [Command.create(self._plan(5))]}
            )
        with self.assertRaises(UserError):
            activity.unlink()

    def test_claim_treatment(self):
        """Who files a claim does not decide what is accepted of it."""
        claim = self._claim(self._activity(self.fund, 100), 100)
        for vals in ({"accepted_cost": 50}, {"fair_value": 1}):
            with self.subTest(**vals), self.assertRaises(UserError):
                self._as(claim, "user").write(vals)
        with self.assertRaises(UserError):
            self._as(claim, "manager").write({"amount": 500})
        with self.assertRaises(UserError):
            self._as(claim, "user").write({"cost_amount": 500})
        with self.assertRaisesRegex(UserError, "belongs to"):
            self.env["partner.incentive.claim"].create(
                {
                    "mdf_activity_id": claim.mdf_activity_id.id,
                    "partner_id": self.partner_2.id,
                    "cost_amount": 5,
                }
            )

    def test_companies_are_apart(self):
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            login="stranger",
            groups="base.group_user,partner_incentive_base.group_incentive_admin",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        activity = self._activity(self.fund, 100)
        claim = self._claim(activity, 100)
        for record in (
            self.fund,
            self.fund.allocation_ids,
            activity,
            activity.request_id,
            activity.draw_ids,
            claim,
            self.env["partner.mdf.result"].browse(activity.id),
        ):
            with self.subTest(model=record._name):
                Model = record.with_user(stranger).with_company(other).browse()
                self.assertFalse(Model.search([("id", "in", record.ids)]))
                with self.assertRaises(AccessError):
                    record.with_user(stranger).with_company(other).read(["id"])

    def test_ceilings(self):
        fund = self._create_fund(
            participation_rate=100,
            activity_ceiling=100,
            request_ceiling=150,
            partner_ceiling=220,
        )
        self._allocate(fund, 1000)
        with self.assertRaisesRegex(UserError, "one activity"):
            self._activity(fund, 101)
        request = self._request(fund, self._plan(80), self._plan(70))
        self._approve(request.mdf_activity_ids[0])
        self._approve(request.mdf_activity_ids[1])
        with self.assertRaisesRegex(UserError, "at most"):
            self._request(fund, self._plan(80), self._plan(71))
        with self.assertRaisesRegex(UserError, "one partner"):
            self._activity(fund, 71)
        self._activity(fund, 70)
        with self.assertRaisesRegex(UserError, "requested for it"):
            other = self._request(fund, self._plan(80), partner=self.partner_2)
            self._approve(other.mdf_activity_ids, 90)

    def test_program_budget_stops(self):
        self.env["partner.incentive.budget"].create(
            {
                "program_id": self.program.id,
                "planned": 60,
                "hard_stop": True,
                "date_from": date(2026, 1, 1),
                "date_to": date(2026, 12, 31),
            }
        )
        self._activity(self.fund, 100)
        with self.assertRaisesRegex(UserError, "of the budget"):
            self._activity(self.fund, 100)
