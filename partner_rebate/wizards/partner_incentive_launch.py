from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from odoo.addons.partner_incentive_base.models.partner_incentive_objective import (
    OBJECTIVE_KINDS,
)

STEPS = [
    ("define", "Define"),
    ("segment", "Segment"),
    ("offers", "Choose offers"),
    ("rules", "Set rules"),
    ("cost", "Simulate cost"),
    ("done", "Operate"),
]
CHOICES = [("existing", "Existing"), ("new", "New")]


class PartnerIncentiveLaunch(models.TransientModel):
    """From a goal to offers that wait for publication, in the steps of the playbook.

    Nothing is made before the last step: the cost is simulated on records that are
    taken back. So whoever stops leaves nothing behind, and finds what was typed when
    coming back within a few days.
    """

    _name = "partner.incentive.launch"
    _description = "Launch Incentive Offers"
    _order = "id desc"
    _transient_max_hours = 24 * 7

    state = fields.Selection(STEPS, default="define", required=True, readonly=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    is_manager = fields.Boolean(compute="_compute_is_manager")
    is_resumed = fields.Boolean(readonly=True)

    # Define
    objective_choice = fields.Selection(
        CHOICES, string="Objective is", default="existing", required=True
    )
    objective_id = fields.Many2one(
        "partner.incentive.objective",
        domain="[('company_id', 'in', (False, company_id))]",
        help="Why you spend the money. Reports group by it.",
    )
    objective_name = fields.Char(string="Name of the objective")
    objective_kind = fields.Selection(
        OBJECTIVE_KINDS,
        string="What it is about",
        compute="_compute_objective_kind",
        store=True,
        readonly=False,
    )
    objective_currency_id = fields.Many2one(
        "res.currency", compute="_compute_objective_currency_id"
    )
    goal_amount = fields.Monetary(
        string="Goal per partner and year",
        currency_field="objective_currency_id",
        compute="_compute_goal_amount",
        store=True,
        readonly=False,
        help="What one partner should reach in a fiscal year. Goals by tier can be "
        "added on the objective.",
    )
    program_choice = fields.Selection(
        CHOICES, string="Program is", default="existing", required=True
    )
    program_id = fields.Many2one(
        "partner.incentive.program",
        domain="[('company_id', '=', company_id), ('state', '!=', 'closed')]",
        default=lambda self: self.env["partner.incentive.offer"]._default_program(),
        help="The fiscal container of the offers, and whom partners enroll with.",
    )
    program_name = fields.Char(string="Name of the program")
    program_date_from = fields.Date(
        string="Program starts",
        default=lambda self: self._default_program_dates()["date_from"],
    )
    program_date_to = fields.Date(
        string="Program ends",
        default=lambda self: self._default_program_dates()["date_to"],
    )
    budget_id = fields.Many2one(
        "partner.incentive.budget",
        string="Budget of the program",
        compute="_compute_budget_id",
    )
    budget_available = fields.Monetary(
        related="budget_id.available", currency_field="budget_currency_id"
    )
    budget_currency_id = fields.Many2one(
        related="budget_id.currency_id", string="Budget currency"
    )
    budget_amount = fields.Monetary(
        string="New budget", help="What the program may cost. Zero: no budget."
    )
    budget_hard_stop = fields.Boolean(
        string="Hard stop",
        help="No offer that is expected to cost more than what is left can be "
        "published. What partners earn is booked all the same.",
    )

    # Segment
    segment_ids = fields.Many2many(
        "partner.incentive.segment",
        "partner_incentive_launch_segment_rel",
        string="Segments",
        domain="[('company_id', 'in', (False, company_id))]",
        default=lambda self: self._default_segments(),
    )
    partner_ids = fields.Many2many(
        "res.partner",
        "partner_incentive_launch_partner_rel",
        string="Named partners",
        domain="[('commercial_partner_id', '=', id)]",
    )
    partner_count = fields.Integer(
        string="Partners who can earn", compute="_compute_partners"
    )
    missing_partner_ids = fields.Many2many(
        "res.partner", string="Not enrolled yet", compute="_compute_partners"
    )
    missing_count = fields.Integer(compute="_compute_partners")
    enroll_missing = fields.Boolean(string="Enroll them with the offers", default=True)

    # Choose offers, set rules
    line_ids = fields.One2many("partner.incentive.launch.line", "launch_id")
    chosen_line_ids = fields.One2many(
        "partner.incentive.launch.line", "launch_id", domain=[("chosen", "=", True)]
    )
    bracket_ids = fields.One2many(
        "partner.incentive.launch.bracket",
        "launch_id",
        domain=[("line_id.chosen", "=", True)],
    )
    chosen_count = fields.Integer(compute="_compute_chosen_count")
    first_line_id = fields.Many2one(
        "partner.incentive.launch.line", compute="_compute_chosen_count"
    )
    date_from = fields.Date(
        string="Starts on", compute="_compute_dates", store=True, readonly=False
    )
    date_to = fields.Date(string="Ends on", help="Empty: the end of the program.")

    # Simulate cost
    simulation_from = fields.Date(
        string="Documents from",
        default=lambda self: self._default_simulation_to() - timedelta(days=364),
    )
    simulation_to = fields.Date(
        string="Documents up to", default=lambda self: self._default_simulation_to()
    )
    cost_ids = fields.One2many(
        "partner.incentive.launch.cost",
        "launch_id",
        string="Cost by partner",
        readonly=True,
    )
    earning_count = fields.Integer(
        string="Partners who would have earned", compute="_compute_totals"
    )
    volume = fields.Monetary(string="Earning volume", compute="_compute_totals")
    cost = fields.Monetary(compute="_compute_totals")
    cost_percent = fields.Float(
        string="Cost in % of volume", compute="_compute_totals", digits=(16, 2)
    )
    goal_total = fields.Monetary(
        string="Goal of all partners", compute="_compute_totals"
    )
    warnings = fields.Text(readonly=True)
    approver_id = fields.Many2one(
        "res.users",
        string="Publishes",
        domain=lambda self: self._get_approver_domain(),
        default=lambda self: self._default_approver(),
        help="Whoever submits an offer does not publish it. This manager is asked to.",
    )

    # Operate, measure, optimize
    offer_ids = fields.Many2many(
        "partner.incentive.offer",
        "partner_incentive_launch_offer_rel",
        string="Offers",
        readonly=True,
    )
    to_complete = fields.Text(readonly=True)
    next_run = fields.Datetime(string="Next accrual run", compute="_compute_next_run")

    # ---------------------------------------------------------------------- defaults

    @api.model
    def _default_program_dates(self):
        return self.env["partner.incentive.program"]._default_dates()

    @api.model
    def _default_simulation_to(self):
        return self.env["partner.incentive.simulation"]._default_date_to()

    @api.model
    def _default_segments(self):
        return self.env.ref(
            "partner_incentive_base.segment_all_enrolled", raise_if_not_found=False
        )

    @api.model
    def _get_approver_domain(self):
        manager = self.env.ref("partner_incentive_base.group_incentive_manager")
        return [
            ("all_group_ids", "in", manager.ids),
            ("share", "=", False),
            ("id", "!=", self.env.uid),
            ("company_ids", "in", self.env.company.ids),
        ]

    @api.model
    def _default_approver(self):
        managers = self.env["res.users"].search(self._get_approver_domain())
        owner = self.env["partner.incentive.offer"]._default_program().user_id
        return owner if owner in managers else managers[:1]

    # ------------------------------------------------------------------------ fields

    def _compute_display_name(self):
        self.display_name = self.env._("Launch an Offer")

    @api.depends_context("uid")
    def _compute_is_manager(self):
        self.is_manager = self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        )

    @api.depends("objective_id")
    def _compute_objective_kind(self):
        for launch in self:
            launch.objective_kind = (
                launch.objective_id.kind or launch.objective_kind or "sourced_revenue"
            )

    @api.depends("objective_id", "company_id")
    def _compute_objective_currency_id(self):
        for launch in self:
            launch.objective_currency_id = (
                launch._get_objective().currency_id or launch.company_id.currency_id
            )

    @api.depends("objective_id")
    def _compute_goal_amount(self):
        for launch in self:
            launch.goal_amount = launch._get_general_goal().amount or launch.goal_amount

    @api.depends("program_id", "program_choice")
    def _compute_budget_id(self):
        for launch in self:
            launch.budget_id = launch._get_program().budget_ids.filtered(
                lambda budget: budget.level == "program"
            )[:1]

    @api.depends("segment_ids", "partner_ids", "program_id", "program_choice")
    def _compute_partners(self):
        for launch in self:
            enrolled = launch._get_enrolled_partners()
            wanted = launch._get_wanted_partners(enrolled)
            launch.missing_partner_ids = wanted - enrolled
            launch.missing_count = len(wanted - enrolled)
            launch.partner_count = len(wanted)

    @api.depends("line_ids.chosen")
    def _compute_chosen_count(self):
        for launch in self:
            chosen = launch.line_ids.filtered("chosen")
            launch.chosen_count = len(chosen)
            launch.first_line_id = chosen[:1]

    @api.depends("program_id", "program_choice", "program_date_from")
    def _compute_dates(self):
        """A running program gets its new offers from the first of the month on."""
        for launch in self:
            program = launch._get_program()
            start = program.date_from or launch.program_date_from
            month = fields.Date.start_of(fields.Date.context_today(launch), "month")
            launch.date_from = max(start, month) if start else month

    @api.depends("cost_ids", "goal_amount", "partner_count")
    def _compute_totals(self):
        for launch in self:
            lines = launch.cost_ids
            launch.earning_count = len(lines.filtered("cost").partner_id)
            launch.volume = sum(lines.mapped("amount"))
            launch.cost = sum(lines.mapped("cost"))
            launch.cost_percent = (
                100 * launch.cost / launch.volume if launch.volume else 0
            )
            launch.goal_total = launch.objective_currency_id._convert(
                launch.goal_amount * launch.partner_count,
                launch.currency_id,
                launch.company_id,
                launch.date_from or fields.Date.context_today(launch),
            )

    def _compute_next_run(self):
        cron_sudo = self.env.ref(
            "partner_incentive_base.ir_cron_accrue", raise_if_not_found=False
        )
        # When the books are next brought up to date is no secret to who launches.
        cron_sudo = cron_sudo and cron_sudo.sudo()
        self.next_run = cron_sudo.nextcall if cron_sudo and cron_sudo.active else False

    def _get_objective(self):
        """The objective that is chosen; empty where a new one is made."""
        self.ensure_one()
        if self.objective_choice == "new":
            return self.env["partner.incentive.objective"]
        return self.objective_id

    def _get_general_goal(self):
        return self._get_objective().goal_ids.filtered(lambda goal: not goal.grade_id)[
            :1
        ]

    def _get_program(self):
        """The program that is chosen; empty where a new one is made."""
        self.ensure_one()
        if self.program_choice == "new":
            return self.env["partner.incentive.program"]
        return self.program_id

    def _get_enrolled_partners(self):
        return (
            self._get_program()
            .enrollment_ids.filtered(lambda enrollment: enrollment.state != "ended")
            .partner_id
        )

    def _get_wanted_partners(self, enrolled):
        """Whom the segments and names mean.

        A segment without a condition stands for who is enrolled.
        """
        Partner = self.env["res.partner"]
        wanted = self.partner_ids._origin
        for segment in self.segment_ids._origin:
            if segment._is_open():
                wanted |= enrolled | segment.include_partner_ids
                wanted -= segment.exclude_partner_ids
            else:
                wanted |= Partner.search(segment._get_partner_domain())
        return wanted

    # ------------------------------------------------------------------------- steps

    @api.model
    def action_open(self):
        """Show the launch that the user has not finished, or a new one."""
        launch = self.search(
            [
                ("create_uid", "=", self.env.uid),
                ("company_id", "=", self.env.company.id),
                ("state", "!=", "done"),
            ],
            limit=1,
        )
        if launch:
            launch.is_resumed = launch.state != "define"
        else:
            launch = self.create({})
        return launch._get_form_action()

    def _get_form_action(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Launch an Offer"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "current",
        }

    @api.model_create_multi
    def create(self, vals_list):
        launches = super().create(vals_list)
        templates = self.env["partner.incentive.offer.template"].search(
            [("active", "=", True)]
        )
        for launch in launches:
            launch.line_ids = [
                Command.create(template._prepare_launch_line())
                for template in templates
            ]
            for line in launch.line_ids:
                line.bracket_ids = line._prepare_brackets()
        return launches

    def action_restart(self):
        self.unlink()
        return self.action_open()

    def action_back(self):
        self.ensure_one()
        steps = [step for step, _label in STEPS]
        position = steps.index(self.state)
        if self.state != "done" and position:
            self.state = steps[position - 1]
        self.is_resumed = False

    def action_next(self):
        """Go on, if what this step asks for is there."""
        self.ensure_one()
        steps = [step for step, _label in STEPS]
        if self.state in ("cost", "done"):
            return
        getattr(self, f"_check_{self.state}")()
        if self.state == "define":
            self._recommend()
        elif self.state == "rules":
            self._simulate()
        self.state = steps[steps.index(self.state) + 1]
        self.is_resumed = False

    def action_simulate(self):
        self._check_steps()
        self._simulate()

    def _recommend(self):
        kind = self._get_objective().kind or self.objective_kind
        for line in self.line_ids:
            line.recommended = line.objective_kind == kind

    def _check_steps(self):
        self.ensure_one()
        for step in ("define", "segment", "offers", "rules"):
            getattr(self, f"_check_{step}")()

    def _check_define(self):
        if self.objective_choice == "new" and not (self.objective_name or "").strip():
            raise UserError(
                self.env._("Enter a name for the new objective, such as Win back.")
            )
        if self.objective_choice == "existing" and not self.objective_id:
            raise UserError(
                self.env._(
                    "Choose the objective that the offers serve, or make a new one. "
                    "Without it nobody can tell later whether they worked."
                )
            )
        if self.goal_amount < 0 or self.budget_amount < 0:
            raise UserError(self.env._("Goal and budget cannot be negative."))
        if self.program_choice == "existing" and not self.program_id:
            raise UserError(
                self.env._("Choose the program of the offers, or make a new one.")
            )
        if self.program_choice == "new":
            if not (self.program_name or "").strip():
                raise UserError(
                    self.env._(
                        "Enter a name for the new program, such as Partner Program "
                        "%(year)s.",
                        year=fields.Date.context_today(self).year + 1,
                    )
                )
            if not self.program_date_from or not self.program_date_to:
                raise UserError(
                    self.env._("Enter the first and the last day of the program.")
                )
            if self.program_date_to < self.program_date_from:
                raise UserError(
                    self.env._(
                        "The program ends on %(end)s, before it starts on %(start)s. "
                        "Correct one of the two dates.",
                        end=self.program_date_to,
                        start=self.program_date_from,
                    )
                )
        if not self.is_manager and "new" in (
            self.objective_choice,
            self.program_choice,
        ):
            raise UserError(
                self.env._(
                    "Only an incentive manager makes objectives and programs. Choose "
                    "ones that are there, or ask a manager."
                )
            )

    def _check_segment(self):
        if not self.segment_ids and not self.partner_ids:
            raise UserError(
                self.env._("Choose who can earn: at least one segment, or a partner.")
            )
        if not self.partner_count:
            raise UserError(
                self.env._(
                    "Nobody belongs to these segments. A segment without a condition "
                    "stands for who is enrolled in the program. Choose other segments, "
                    "or name the partners."
                )
            )
        if self.missing_count == self.partner_count and not self.enroll_missing:
            raise UserError(
                self.env._(
                    "None of them is enrolled, so nobody could earn. Let them be "
                    "enrolled with the offers, or choose others."
                )
            )

    def _check_offers(self):
        if not self.chosen_count:
            raise UserError(
                self.env._("Choose at least one kind of offer to start from.")
            )

    def _check_rules(self):
        start, end = self._get_program_dates()
        if not self.date_from or not start <= self.date_from <= end:
            raise UserError(
                self.env._(
                    "The offers start within the program, from %(start)s to %(end)s. "
                    "Correct the date, or go back and choose another program.",
                    start=format_date(self.env, start),
                    end=format_date(self.env, end),
                )
            )
        if self.date_to and self.date_to < self.date_from:
            raise UserError(
                self.env._(
                    "The offers end on %(end)s, before they start on %(start)s. "
                    "Correct one of the two dates.",
                    end=format_date(self.env, self.date_to),
                    start=format_date(self.env, self.date_from),
                )
            )
        for line in self.chosen_line_ids:
            line._check_rules()

    def _get_program_dates(self):
        program = self._get_program()
        return (
            program.date_from or self.program_date_from,
            program.date_to or self.program_date_to,
        )

    # -------------------------------------------------------------------- simulation

    def _simulate(self):
        """What the offers would have cost on posted documents; nothing stays."""
        if not self.simulation_from or not self.simulation_to:
            raise UserError(
                self.env._("Enter from which to which day documents are looked at.")
            )
        if self.simulation_to < self.simulation_from:
            raise UserError(
                self.env._(
                    "The last day of the documents is before the first day. Correct "
                    "one of the two."
                )
            )
        results = {}
        plans = {
            line: line.expected_cost
            for line in self.chosen_line_ids
            if line.expected_cost != line.cost
        }
        with self.env.cr.savepoint(flush=True) as savepoint:
            offers = self.with_context(
                tracking_disable=True, mail_create_nolog=True
            )._create_offers()
            for line, offer in offers.items():
                simulation = self.env["partner.incentive.simulation"].create(
                    {
                        "offer_id": offer.id,
                        "date_from": self.simulation_from,
                        "date_to": self.simulation_to,
                    }
                )
                results[line] = line._prepare_costs(simulation._get_lines())
                plans.setdefault(line, sum(row["cost"] for row in results[line]))
            warnings = self._get_warnings(offers, plans)
            self.env.flush_all()
            savepoint.rollback()
        self.env.invalidate_all()
        self.cost_ids.unlink()
        self.env["partner.incentive.launch.cost"].create(
            [vals for rows in results.values() for vals in rows]
        )
        for line, plan in plans.items():
            line.expected_cost = plan
        self.warnings = "\n".join(warnings) or False

    def _get_warnings(self, offers, plans):
        """What is still in the way of publication, whoever publishes.

        :param offers: ``{launch line: draft offer}``
        :param plans: ``{launch line: expected cost}``
        """
        problems = []
        for line, offer in offers.items():
            # The superuser is held up by the offer only, and not by who he is.
            version_sudo = offer.version_id.sudo()
            version_sudo.expected_cost = plans[line]
            problems += version_sudo._get_publish_obstacles()
            problems += version_sudo._get_doubtful_terms()
        return list(dict.fromkeys(problems))

    # ------------------------------------------------------------------------ making

    def _create_offers(self):
        """Make all that the launch consists of.

        :return: ``{launch line: draft offer}``
        """
        objective = self._create_objective()
        program = self._create_program(objective)
        self._create_budget(program)
        self._create_enrollments(program)
        offers = {}
        for line in self.chosen_line_ids:
            offers[line] = self.env["partner.incentive.offer"].create(
                line._prepare_offer_vals(program, objective)
            )
        return offers

    def _create_objective(self):
        objective = self._get_objective()
        if self.objective_choice == "new":
            objective = objective.create(
                {
                    "name": self.objective_name.strip(),
                    "kind": self.objective_kind,
                    "company_id": self.company_id.id,
                    "currency_id": self.objective_currency_id.id,
                }
            )
        if self.is_manager and self.goal_amount:
            goal = self._get_general_goal()
            if not goal:
                objective.goal_ids = [Command.create({"amount": self.goal_amount})]
            elif goal.amount != self.goal_amount:
                goal.amount = self.goal_amount
        return objective

    def _create_program(self, objective):
        program = self._get_program()
        if self.program_choice == "new":
            program = program.create(
                {
                    "name": self.program_name.strip(),
                    "company_id": self.company_id.id,
                    "date_from": self.program_date_from,
                    "date_to": self.program_date_to,
                    "objective_ids": [Command.set(objective.ids)],
                }
            )
            program.action_activate()
        elif self.is_manager and objective not in program.objective_ids:
            program.objective_ids = [Command.link(objective.id)]
        return program

    def _create_budget(self, program):
        if not self.budget_id and self.budget_amount and self.is_manager:
            self.env["partner.incentive.budget"].create(
                {
                    "program_id": program.id,
                    "currency_id": self.currency_id.id,
                    "planned": self.budget_amount,
                    "hard_stop": self.budget_hard_stop,
                }
            )

    def _create_enrollments(self, program):
        if self.enroll_missing:
            self.env["partner.incentive.enrollment"].create(
                [
                    {
                        "program_id": program.id,
                        "partner_id": partner.id,
                        "date_from": self.date_from,
                    }
                    for partner in self.missing_partner_ids.commercial_partner_id
                    if partner not in self._get_enrolled_partners()
                ]
            )

    def action_submit(self):
        """Make the offers and ask for their publication."""
        self.ensure_one()
        if self.state != "cost":
            raise UserError(
                self.env._("Look at the cost first: go through the steps with Next.")
            )
        self._check_steps()
        to_complete = []
        offers = self._create_offers()
        for line, offer in offers.items():
            line.offer_id = offer
            missing = offer.version_id._get_missing_terms()
            if missing:
                to_complete.append(
                    self.env._(
                        "%(offer)s is still a draft. Add: %(missing)s. Then submit it.",
                        offer=offer.name,
                        missing=", ".join(missing),
                    )
                )
                continue
            doubts = offer.version_id._get_doubtful_terms()
            if doubts:
                # The steps are few: here a doubt is a mistake, or needs another term.
                to_complete.append(
                    self.env._(
                        "%(offer)s is still a draft. %(doubts)s Look at it, then "
                        "submit it.",
                        offer=offer.name,
                        doubts=" ".join(doubts),
                    )
                )
                continue
            offer.action_submit()
            if offer.can_publish:
                offer.action_publish()
            elif self.approver_id:
                offer._ask_to_publish(
                    self.approver_id,
                    self.env._(
                        "On the documents from %(start)s to %(end)s it would have cost "
                        "%(cost)s.",
                        start=self.simulation_from,
                        end=self.simulation_to,
                        cost=self.currency_id.format(line.cost),
                    ),
                )
        self.write(
            {
                "offer_ids": [Command.set([offer.id for offer in offers.values()])],
                "to_complete": "\n".join(to_complete) or False,
                "state": "done",
            }
        )

    def action_view_objective(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.incentive.objective",
            "res_id": self.offer_ids.objective_ids[:1].id,
            "view_mode": "form",
        }

    def action_view_offers(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_incentive_base.partner_incentive_offer_action"
        )
        action["domain"] = [("id", "in", self.offer_ids.ids)]
        return action
