"""The way from a goal to an offer, step by step."""

from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import RebateCommon

MADE = (
    "partner.incentive.objective",
    "partner.incentive.program",
    "partner.incentive.budget",
    "partner.incentive.enrollment",
    "partner.incentive.offer",
    "partner.incentive.offer.version",
    "partner.incentive.entry",
)


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestLaunch(RebateCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.is_default = True
        cls.volume_template = cls.env.ref("partner_rebate.offer_template_volume")
        cls.accelerator = cls.env["partner.incentive.offer.template"].search(
            [("offer_type", "=", "accelerator")], limit=1
        )
        cls.everyone = cls.env.ref("partner_incentive_base.segment_all_enrolled")
        cls._invoice(cls.partner_1, date(2026, 2, 10), 120000)
        cls._invoice(cls.partner_2, date(2026, 3, 10), 60000)
        cls._invoice(cls.partner_2, date(2025, 1, 10), 500000)

    def _open(self, role="user"):
        launches = (
            self.env["partner.incentive.launch"]
            .with_user(self.users[role])
            .with_company(self.company)
        )
        return launches.browse(launches.action_open()["res_id"])

    def _choose(self, launch, template):
        line = launch.line_ids.filtered(lambda each: each.template_id == template)
        line.action_toggle()
        return line

    def _fill(self, launch, **values):
        """All that the first steps ask for."""
        launch.write({"objective_id": self.objective.id, **values})
        launch.action_next()
        launch.action_next()
        self._choose(launch, self.volume_template)
        launch.action_next()

    def _count(self):
        return {
            name: self.env[name].with_context(active_test=False).search_count([])
            for name in MADE
        }

    def test_from_goal_to_published_offer(self):
        """A user launches, nothing is made before the end, somebody else publishes."""
        before = self._count()
        launch = self._open()
        self.assertEqual(launch.state, "define")
        self._fill(launch)
        self.assertEqual(launch.state, "rules")
        launch.chosen_line_ids.name = "Rebate of the year"
        launch.bracket_ids.filtered(lambda row: row.lower == 100000).rate = 4
        launch.action_next()
        self.assertEqual(launch.state, "cost")
        self.assertEqual(self._count(), before)
        # Of the last twelve months: 120,000 at 4 percent, and 60,000 at 1 percent.
        self.assertEqual(launch.simulation_from, date(2025, 7, 1))
        self.assertEqual(launch.volume, 180000)
        self.assertEqual(launch.cost, 4800 + 600)
        self.assertEqual(launch.cost_percent, 3)
        self.assertEqual(launch.earning_count, 2)
        self.assertEqual(
            {row.partner_id: row.cost for row in launch.cost_ids},
            {self.partner_1: 4800, self.partner_2: 600},
        )
        self.assertEqual(launch.chosen_line_ids.expected_cost, 5400)
        self.assertFalse(launch.warnings)
        launch.approver_id = self.users["manager"]
        launch.action_submit()
        offer = launch.offer_ids
        self.assertEqual(launch.state, "done")
        self.assertEqual(offer.state, "review")
        self.assertEqual(offer.name, "Rebate of the year")
        self.assertEqual(offer.program_id, self.program)
        self.assertEqual(offer.objective_ids, self.objective)
        self.assertEqual(offer.segment_ids, self.everyone)
        self.assertEqual(offer.date_from, date(2026, 7, 1))
        self.assertEqual(offer.expected_cost, 5400)
        self.assertEqual(
            offer.bracket_ids.sorted("lower").mapped("rate"), [1.0, 4.0, 3.0]
        )
        activity = offer.activity_ids
        self.assertEqual(activity.user_id, self.users["manager"])
        with self.assertRaises(UserError):
            offer.with_user(self.users["user"]).action_publish()
        offer.with_user(self.users["manager"]).action_publish()
        self.assertEqual(offer.state, "published")
        self.assertFalse(offer.activity_ids)

    def test_a_manager_starts_from_nothing(self):
        """Objective, goal, program, budget, enrollment and two offers at once."""
        before = self._count()
        launch = self._open("manager")
        newcomer = self.env["res.partner"].create(
            {"name": "Newcomer", "is_company": True}
        )
        launch.write(
            {
                "objective_choice": "new",
                "objective_name": "Win back",
                "objective_kind": "new_logos",
                "goal_amount": 50000,
                "program_choice": "new",
                "program_name": "Win back 2026",
                "program_date_from": "2026-07-01",
                "program_date_to": "2027-06-30",
                "budget_amount": 9000,
                "budget_hard_stop": True,
            }
        )
        launch.action_next()
        self.assertTrue(launch.line_ids.filtered("recommended"))
        launch.invalidate_recordset(["line_ids"])
        self.assertEqual(launch.line_ids[0].objective_kind, "new_logos")
        launch.write(
            {
                "segment_ids": [Command.clear()],
                "partner_ids": [Command.set((self.partner_1 | newcomer).ids)],
            }
        )
        self.assertEqual(launch.missing_partner_ids, self.partner_1 | newcomer)
        launch.action_next()
        line = self._choose(launch, self.volume_template)
        self._choose(launch, self.accelerator)
        launch.action_next()
        launch.action_next()
        self.assertEqual(self._count(), before)
        self.assertEqual(line.cost, 2400)
        self.assertEqual(launch.goal_total, 100000)
        launch.action_submit()
        volume = line.offer_id
        self.assertEqual(volume.state, "review")
        self.assertEqual((launch.offer_ids - volume).state, "draft")
        self.assertIn("still a draft", launch.to_complete)
        self.assertIn("accelerates no offer", launch.to_complete)
        self.assertIn("accelerates no offer", launch.warnings)
        program = volume.program_id
        self.assertEqual(program.name, "Win back 2026")
        self.assertEqual(program.state, "active")
        self.assertEqual(
            program.enrollment_ids.mapped("partner_id"), self.partner_1 | newcomer
        )
        self.assertEqual(program.budget_ids.planned, 9000)
        self.assertTrue(program.budget_ids.hard_stop)
        objective = volume.objective_ids
        self.assertEqual(objective.name, "Win back")
        self.assertEqual(objective.goal_ids.amount, 50000)

    def test_a_budget_that_is_too_small_is_told_before(self):
        launch = self._open("manager")
        self._fill(launch, budget_amount=1000, budget_hard_stop=True)
        launch.action_next()
        self.assertIn("is expected to cost", launch.warnings)
        launch.chosen_line_ids.expected_cost = 900
        launch.action_simulate()
        self.assertFalse(launch.warnings)
        self.assertEqual(launch.chosen_line_ids.expected_cost, 900)

    def test_the_cost_is_that_of_the_offer_itself(self):
        """The simulation of the launch and that of the offer it makes agree."""
        launch = self._open()
        self._fill(launch)
        launch.action_next()
        cost = launch.cost
        launch.action_submit()
        simulation = self.env["partner.incentive.simulation"].create(
            {
                "offer_id": launch.offer_ids.id,
                "date_from": launch.simulation_from,
                "date_to": launch.simulation_to,
            }
        )
        simulation.action_simulate()
        self.assertEqual(simulation.cost, cost)
        self.assertGreater(cost, 0)

    def test_each_step_says_what_is_missing(self):
        launch = self._open("manager")
        self._refuses(launch, "Choose the objective")
        launch.write({"objective_choice": "new", "objective_name": " "})
        self._refuses(launch, "Enter a name for the new objective")
        launch.write({"objective_choice": "existing", "objective_id": self.objective})
        launch.goal_amount = -1
        self._refuses(launch, "cannot be negative")
        launch.write({"goal_amount": 0, "program_choice": "new"})
        self._refuses(launch, "Enter a name for the new program")
        launch.write({"program_name": "P", "program_date_to": "2025-01-01"})
        self._refuses(launch, "before it starts")
        launch.program_choice = "existing"
        launch.action_next()
        launch.segment_ids = False
        self._refuses(launch, "Choose who can earn")
        stranger = self.env["res.partner"].create({"name": "S", "is_company": True})
        launch.write({"partner_ids": stranger.ids, "enroll_missing": False})
        self._refuses(launch, "None of them is enrolled")
        launch.enroll_missing = True
        launch.action_next()
        self._refuses(launch, "at least one kind")
        line = self._choose(launch, self.volume_template)
        launch.action_next()
        launch.date_from = "2025-12-31"
        self._refuses(launch, "start within the program")
        launch.write({"date_from": "2026-08-01", "date_to": "2026-07-31"})
        self._refuses(launch, "before they start")
        launch.date_to = False
        line.name = ""
        self._refuses(launch, "Enter a name for the offer")
        line.name = "Rebate"
        line.bracket_ids[0].rate = -1
        self._refuses(launch, "negative")
        line.bracket_ids[0].rate = 101
        self._refuses(launch, "more than the sales")
        line.bracket_ids[0].write({"rate": 1, "lower": 100000})
        self._refuses(launch, "Two brackets start at")
        line.bracket_ids.rate = 0
        self._refuses(launch, "pays nothing")
        line.bracket_ids[0].write({"rate": 1, "lower": 10})
        launch.action_next()
        launch.write({"simulation_from": "2026-05-01", "simulation_to": "2026-04-01"})
        with self.assertRaisesRegex(UserError, "before the first day"):
            launch.action_simulate()

    def _refuses(self, launch, message):
        state = launch.state
        with self.assertRaisesRegex(UserError, message), self.env.cr.savepoint():
            launch.action_next()
        self.assertEqual(launch.state, state)

    def test_nothing_typed_is_lost(self):
        launch = self._open()
        self._fill(launch)
        launch.bracket_ids[0].rate = 1.5
        typed = launch.bracket_ids.mapped("rate")
        launch.action_back()
        self._choose(launch, self.volume_template)
        self.assertFalse(launch.bracket_ids)
        self._choose(launch, self.volume_template)
        launch.action_next()
        self.assertEqual(launch.bracket_ids.mapped("rate"), typed)
        again = self._open()
        self.assertEqual(again, launch)
        self.assertTrue(again.is_resumed)
        self.assertNotEqual(self._open("manager"), launch)
        action = launch.action_restart()
        self.assertNotEqual(action["res_id"], launch.id)
        self.assertFalse(launch.exists())

    def test_nobody_reads_anothers_launch(self):
        launch = self._open()
        self._fill(launch)
        launch.action_next()
        for record in (launch, launch.line_ids, launch.bracket_ids, launch.cost_ids):
            with self.assertRaises(AccessError):
                record.with_user(self.users["manager"]).read(["create_uid"])

    def test_a_user_makes_no_objective_program_or_budget(self):
        before = self._count()
        launch = self._open()
        launch.write({"objective_choice": "new", "objective_name": "Mine"})
        self._refuses(launch, "Only an incentive manager")
        launch.objective_choice = "existing"
        self._fill(launch, goal_amount=777, budget_amount=5)
        launch.action_next()
        launch.write({"objective_choice": "new", "state": "cost"})
        with self.assertRaisesRegex(UserError, "Only an incentive manager"):
            launch.action_submit()
        launch.objective_choice = "existing"
        launch.action_submit()
        after = self._count()
        self.assertEqual(
            after["partner.incentive.offer"], before["partner.incentive.offer"] + 1
        )
        for name in MADE[:4]:
            self.assertEqual(after[name], before[name])
        self.assertFalse(self.objective.goal_ids)

    def test_submitting_takes_the_steps_before(self):
        launch = self._open()
        with self.assertRaisesRegex(UserError, "go through the steps"):
            launch.action_submit()
        launch.state = "cost"
        with self.assertRaisesRegex(UserError, "Choose the objective"):
            launch.action_submit()

    def test_what_a_template_does_not_show_stays(self):
        """The offer has the template's terms beyond what the launch asks for."""
        launch = self._open()
        launch.objective_id = self.objective
        launch.action_next()
        launch.action_next()
        template = self.env.ref("partner_rebate.offer_template_cash")
        self._choose(launch, template)
        launch.action_next()
        launch.action_next()
        launch.action_submit()
        offer = launch.offer_ids
        self.assertEqual(offer.measure, "paid_amount")
        self.assertEqual(offer.safety_days, 14)
        self.assertEqual(offer.period, "quarter")

    def test_who_has_no_offer_is_led(self):
        Offer = self.env["partner.incentive.offer"]
        for role, led in (("user", True), ("manager", True), ("auditor", False)):
            text = Offer.with_user(self.users[role]).get_empty_list_help("<p>Help</p>")
            self.assertIn("<p>Help</p>", text)
            self.assertEqual("partner_incentive_launch_action" in text, led)

    def test_the_form_shows_what_is_chosen(self):
        launch = self._open("manager")
        goal = self.env["partner.incentive.objective.goal"].create(
            {"objective_id": self.objective.id, "amount": 40000}
        )
        with Form(launch) as form:
            form.objective_id = self.objective
            self.assertEqual(form.goal_amount, 40000)
        self._fill(launch, goal_amount=45000)
        launch.action_next()
        self.assertEqual(goal.amount, 40000)
        launch.action_submit()
        self.assertEqual(goal.amount, 45000)
