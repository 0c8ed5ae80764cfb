from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import TieringCommon

Q1 = date(2026, 3, 31)
OPERATIONAL = (
    "partner.deployment",
    "partner.certification",
    "partner.enablement.session",
    "partner.assessment",
    "partner.milestone",
    "partner.remediation.plan",
    "partner.business.review",
    "partner.account.plan",
    "partner.announcement",
)
CONFIGURATION = (
    "partner.metric",
    "partner.tier.benefit",
    "partner.tier.benefit.value",
    "partner.deployment.playbook",
    "partner.certification.program",
    "partner.resource",
)
DERIVED = (
    "partner.scorecard",
    "partner.scorecard.line",
    "partner.scorecard.evidence",
    "partner.tier.qualification",
    "partner.resource.download",
)


@tagged("post_install", "-at_install")
class TestTieringAccess(TieringCommon):
    def _can(self, role, model, operation):
        return self.env[model].with_user(self.users[role]).has_access(operation)

    def test_rights_per_role(self):
        for model in (*OPERATIONAL, *CONFIGURATION, *DERIVED):
            self.assertTrue(self._can("auditor", model, "read"), model)
            for operation in ("write", "create", "unlink"):
                self.assertFalse(self._can("auditor", model, operation), model)
        for model in OPERATIONAL:
            self.assertTrue(self._can("user", model, "create"), model)
            self.assertFalse(self._can("user", model, "unlink"), model)
        for model in CONFIGURATION:
            self.assertFalse(self._can("user", model, "write"), model)
            self.assertTrue(self._can("manager", model, "create"), model)
        for model in DERIVED:
            for operation in ("write", "create", "unlink"):
                self.assertFalse(self._can("admin", model, operation), model)

    def test_other_employees_and_the_public_have_none(self):
        nobody = new_test_user(self.env, login="nobody", groups="base.group_user")
        public = self.env.ref("base.public_user")
        for model in (*OPERATIONAL, *CONFIGURATION, *DERIVED):
            for user in (nobody, public):
                self.assertFalse(
                    self.env[model].with_user(user).has_access("read"), model
                )

    def test_companies_are_kept_apart(self):
        policy = self._create_policy()
        self._deploy(self.partner_1, date(2026, 2, 1))
        self._close(policy, Q1)
        other = self.env["res.company"].create({"name": "Other company"})
        foreign = new_test_user(
            self.env,
            login="foreign",
            groups="base.group_user,partner_incentive_base.group_incentive_admin",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for model in (
            "partner.scorecard",
            "partner.scorecard.line",
            "partner.scorecard.evidence",
            "partner.deployment",
            "partner.deployment.check",
            "partner.tier.policy",
            "partner.tier.policy.line",
            "partner.tier.level",
        ):
            self.assertTrue(self.env[model].sudo().search_count([]), model)
            found = self.env[model].with_user(foreign).search([])
            self.assertFalse(found, model)
        deployment = self.env["partner.deployment"].search([], limit=1)
        with self.assertRaises(AccessError):
            deployment.with_user(foreign).read(["name"])

    def test_transitions_name_states_that_exist(self):
        """A misspelt state would be a transition that nobody can take."""
        checked = 0
        for name in self.env.registry:
            model = self.env[name]
            transitions = getattr(model, "_transitions", None)
            if not transitions or not name.startswith("partner."):
                continue
            labels = dict(model._fields["state"]._description_selection(self.env))
            for pair in transitions:
                self.assertLessEqual(set(pair), set(labels), name)
            checked += 1
        self.assertGreaterEqual(checked, 10)

    def test_exceptions_and_announcements(self):
        exception = (
            self.env["partner.tier.exception"]
            .with_user(self.users["manager"])
            .create(
                {
                    "partner_id": self.partner_1.id,
                    "grade_id": self.gold.id,
                    "reason": "Because",
                    "date_to": date(2027, 1, 1),
                    "state": "approved",
                }
            )
        )
        self.assertEqual(exception.state, "asked")
        with self.assertRaises(UserError):
            exception.write({"state": "approved"})
        exception.with_user(self.users["admin"]).action_approve()
        with self.assertRaises(UserError):
            exception.with_user(self.users["admin"]).date_to = date(2030, 1, 1)
        announcement = (
            self.env["partner.announcement"]
            .with_user(self.users["user"])
            .create({"name": "News", "body": "<p>x</p>", "reason": "y"})
        )
        with self.assertRaises(AccessError):
            announcement.action_publish()
        announcement.with_user(self.users["manager"]).action_publish()
        with self.assertRaises(UserError):
            announcement.reason = "z"
        with self.assertRaises(UserError):
            announcement.with_user(self.users["manager"]).unlink()

    def test_alerts_lead_to_one_plan(self):
        policy = self._create_policy()
        self._deploy(self.partner_1, date(2026, 2, 1))
        self._close(policy, Q1)
        card = self._card(self.partner_1)
        alerts = (
            self.env["partner.performance.alert"]
            .sudo()
            .create(
                [
                    {
                        "partner_id": self.partner_1.id,
                        "company_id": self.company.id,
                        "scorecard_id": card.id,
                        "metric_id": metric.id,
                        "date": Q1,
                        "kind": "drift",
                    }
                    for metric in card.line_ids.metric_id[:2]
                ]
            )
        )
        own = alerts.with_user(self.users["user"])
        with self.assertRaises(AccessError):
            own[0].value = 3
        with self.assertRaises(UserError):
            own[0].action_dismiss()
        action = own.action_plan()
        plan = self.env["partner.remediation.plan"].browse(action["res_id"])
        self.assertEqual(plan.alert_ids, alerts)
        self.assertEqual(set(alerts.mapped("state")), {"plan"})
        plan.task_ids.done = True
        plan.with_user(self.users["user"]).action_done()
        self.assertEqual(set(alerts.mapped("state")), {"closed"})

    def test_simulation_tells_who_moves_and_what_it_costs(self):
        offer = self._create_offer(
            publish=False,
            measure="milestone_count",
            rate_kind="per_unit",
            partner_ids=[Command.clear()],
        )
        segment = self.env["partner.incentive.segment"].create(
            {"name": "Gold", "grade_ids": [Command.set(self.gold.ids)]}
        )
        offer.write(
            {
                "segment_ids": [Command.set(segment.ids)],
                "bracket_ids": [
                    Command.clear(),
                    Command.create({"lower": 0, "rate": 400}),
                ],
            }
        )
        offer.sudo().action_submit()
        offer.sudo().action_publish()
        present = self._create_policy(
            levels=[
                (self.bronze, 0, False, {}),
                (self.gold, 99, False, {"certifications": 9}),
            ]
        )
        self._give_tier(self.partner_1, self.bronze, date(2025, 1, 1))
        for month in (1, 2):
            self._deploy(self.partner_1, date(2026, month, 5)).with_user(
                self.users["manager"]
            ).action_validate()
        tried = self._create_policy(
            publish=False,
            levels=[(self.bronze, 0, False, {}), (self.gold, 30, False, {})],
        )
        history = self.partner_1.grade_history_ids.mapped("date")
        simulation = (
            self.env["partner.tier.simulation"]
            .with_user(self.users["user"])
            .create(
                {
                    "company_id": self.company.id,
                    "policy_id": tried.id,
                    "base_policy_id": present.id,
                    "date": Q1,
                }
            )
        )
        simulation.action_simulate()
        self.assertEqual((simulation.up_count, simulation.down_count), (1, 0))
        self.assertEqual(simulation.line_ids.partner_id, self.partner_1)
        # the first go-live, at 400 for Gold and nothing for Bronze
        self.assertEqual(simulation.cost, 400)
        self.env.invalidate_all()
        self.assertEqual(self.partner_1.grade_id, self.bronze)
        self.assertEqual(self.partner_1.grade_history_ids.mapped("date"), history)
        self.assertFalse(self.env["partner.scorecard"].search([]))
