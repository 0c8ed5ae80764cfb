from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date


class PartnerIncentiveRoll(models.TransientModel):
    """Continue a program in the time after it: drafts of its offers, with new dates.

    Everything is shown before it is made. The program itself, its offers and what
    partners earned under them stay as they are.
    """

    _name = "partner.incentive.roll"
    _description = "Roll Program into the Next Year"

    program_id = fields.Many2one(
        "partner.incentive.program", required=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="program_id.company_id")
    name = fields.Char(
        string="New program",
        compute="_compute_program",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    date_from = fields.Date(
        string="Starts on",
        compute="_compute_program",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    date_to = fields.Date(
        string="Ends on",
        compute="_compute_program",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    line_ids = fields.One2many(
        "partner.incentive.roll.line",
        "wizard_id",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    copy_budgets = fields.Boolean(string="Copy budgets", default=True)
    budget_percent = fields.Float(
        string="Budgets in % of today's", default=100.0, digits=(16, 2)
    )
    budget_preview = fields.Char(string="Budgets", compute="_compute_previews")
    enrollment_choice = fields.Selection(
        [
            ("none", "Partners enroll anew"),
            ("request", "Ask them again: enrolled once they accept"),
            ("carry", "Enroll the same partners"),
        ],
        string="Partners",
        default="request",
        required=True,
    )
    copy_agreement = fields.Boolean(
        string="Copy the agreement",
        default=True,
        help="The text in force becomes a draft of the new program's agreement.",
    )
    partner_preview = fields.Char(string="Enrollments", compute="_compute_previews")

    # ------------------------------------------------------------------------ fields

    @api.depends("program_id")
    def _compute_program(self):
        """The time right after the program, just as long."""
        for wizard in self:
            program = wizard.program_id
            if not program:
                continue
            start = program.date_to + relativedelta(days=1)
            length = relativedelta(start, program.date_from)
            wizard.date_from = start
            wizard.date_to = start + length - relativedelta(days=1)
            name = wizard._get_next_name(program.name)
            wizard.name = name if name != program.name else f"{name} {start.year}"

    def _get_next_name(self, name):
        """``name`` with each year that the program is in moved on with its dates."""
        program = self.program_id
        start = program.date_to + relativedelta(days=1)
        years = max(1, start.year - program.date_from.year)
        for year in range(program.date_to.year, program.date_from.year - 1, -1):
            name = name.replace(str(year), str(year + years))
        return name

    @api.depends("program_id", "date_from")
    def _compute_line_ids(self):
        for wizard in self:
            shift = wizard._get_shift()
            lines = [Command.clear()]
            if shift:
                # The offer of a marketing fund is made when its next fund opens.
                for offer in wizard.program_id.offer_ids._origin.filtered(
                    lambda each: each.offer_type != "fund"
                ):
                    lines.append(Command.create(wizard._prepare_line(offer, shift)))
            wizard.line_ids = lines

    def _get_shift(self):
        """How far all dates move."""
        if not self.date_from or not self.program_id:
            return None
        return relativedelta(self.date_from, self.program_id.date_from)

    def _prepare_line(self, offer, shift):
        """What runs to the end of the program goes on with the next one."""
        date_to = offer._get_terms_in_force().date_to
        runs_on = not date_to or date_to == self.program_id.date_to
        return {
            "offer_id": offer.id,
            "included": offer.state in ("published", "suspended"),
            "name": self._get_next_name(offer.name),
            "date_from": self.date_from
            if runs_on
            else max(self._shift(offer.date_from, shift), self.date_from),
            "date_to": self._shift(date_to, shift),
        }

    @api.model
    def _shift(self, day, shift):
        """``day`` moved, where the last of a month stays the last of a month."""
        if not day:
            return day
        following = day + relativedelta(days=1)
        if following.day == 1:
            return following + shift - relativedelta(days=1)
        return day + shift

    @api.depends("program_id", "copy_budgets", "budget_percent", "enrollment_choice")
    def _compute_previews(self):
        for wizard in self:
            budgets = wizard.program_id.budget_ids
            top = budgets.filtered(lambda budget: not budget.parent_id)
            wizard.budget_preview = self.env._(
                "%(count)s in all, planned %(amounts)s",
                count=len(budgets),
                amounts=", ".join(
                    currency.format(
                        sum(
                            wizard._get_planned(budget)
                            for budget in top
                            if budget.currency_id == currency
                        )
                    )
                    for currency in top.currency_id
                )
                or "0",
            )
            wizard.partner_preview = self.env._(
                "Enrolled today: %s", len(wizard._get_enrollments())
            )

    def _get_enrollments(self):
        return self.program_id.enrollment_ids.filtered(
            lambda enrollment: enrollment.state == "active"
        )

    def _get_planned(self, budget):
        return budget.currency_id.round(budget.planned * self.budget_percent / 100)

    # ------------------------------------------------------------------------ making

    def action_roll(self):
        """Make the program, and show it."""
        self.ensure_one()
        self._check_input()
        program = self.program_id.copy(
            {
                "name": self.name.strip(),
                "date_from": self.date_from,
                "date_to": self.date_to,
                "user_id": self.program_id.user_id.id,
            }
        )
        offers = self._create_offers(program)
        if self.copy_budgets:
            self._create_budgets(program, offers)
        if self.copy_agreement:
            self._create_agreement(program)
        self._create_enrollments(program)
        program.message_post(
            body=self.env._("Continues %s.", self.program_id.display_name)
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.incentive.program",
            "res_id": program.id,
            "view_mode": "form",
        }

    def _check_input(self):
        if self.date_to < self.date_from:
            raise UserError(
                self.env._(
                    "The program ends before it starts. Correct one of the two dates."
                )
            )
        if self.date_from <= self.program_id.date_from:
            raise UserError(
                self.env._(
                    "The new program starts after %(program)s did, on %(start)s. "
                    "Choose a later day.",
                    program=self.program_id.name,
                    start=format_date(self.env, self.program_id.date_from),
                )
            )
        if self.copy_budgets and self.budget_percent < 0:
            raise UserError(self.env._("Budgets cannot be negative."))
        for line in self.line_ids.filtered("included"):
            if not (self.date_from <= line.date_from <= self.date_to) or (
                line.date_to and line.date_to < line.date_from
            ):
                raise UserError(
                    self.env._(
                        "%(offer)s must start within the new program, and end after "
                        "it starts. Correct its dates, or leave it out.",
                        offer=line.name,
                    )
                )

    def _create_offers(self, program):
        """``{offer: its draft in the new program}``."""
        offers = {}
        for line in self.line_ids.filtered("included"):
            offers[line.offer_id] = self.env["partner.incentive.offer"].create(
                self._prepare_offer_vals(line, program)
            )
        self._link_offers(offers)
        return offers

    def _prepare_offer_vals(self, line, program):
        """The offer by its terms in force, not by a revision that is being drafted."""
        offer = line.offer_id
        shift = self._get_shift()
        [vals] = offer.copy_data({"name": line.name, "program_id": program.id})
        terms = offer._get_terms_in_force()
        if terms != offer.version_id:
            vals.update(terms.copy_data()[0])
        for name in ("offer_id", "version_id", "change_reason", "company_id"):
            vals.pop(name, None)
        for name, field in terms._fields.items():
            if field.type == "date" and vals.get(name):
                vals[name] = self._shift(fields.Date.to_date(vals[name]), shift)
        return {
            **vals,
            "number": 1,
            "date_from": line.date_from,
            "effective_date": line.date_from,
            "date_to": line.date_to,
        }

    def _link_offers(self, offers):
        """Terms that name other offers of the program name their drafts."""
        fields_of_terms = self.env["partner.incentive.offer.version"]._fields
        for draft in offers.values():
            version = draft.version_id
            for name, field in fields_of_terms.items():
                if (
                    field.type == "many2many"
                    and field.comodel_name == "partner.incentive.offer"
                    and field.store
                    and version[name]
                ):
                    version[name] = [
                        Command.set(
                            [offers.get(each, each).id for each in version[name]]
                        )
                    ]

    def _create_budgets(self, program, offers):
        """Budgets of the program, and of offers that are taken along."""
        made = {}
        level = self.program_id.budget_ids.filtered(lambda each: not each.parent_id)
        while level:
            for budget in level.filtered(
                lambda each: not each.offer_id or each.offer_id in offers
            ):
                made[budget] = budget.copy(
                    self._prepare_budget_vals(budget, program, offers, made)
                )
            level = level.child_ids.filtered(lambda each: each.parent_id in made)

    def _prepare_budget_vals(self, budget, program, offers, made):
        shift = self._get_shift()
        return {
            "program_id": program.id,
            "offer_id": offers[budget.offer_id].id if budget.offer_id else False,
            "parent_id": made[budget.parent_id].id if budget.parent_id else False,
            "name": self._get_next_name(budget.name),
            "date_from": max(budget.date_from + shift, self.date_from),
            "date_to": min(self._shift(budget.date_to, shift), self.date_to),
            "planned": self._get_planned(budget),
        }

    def _create_agreement(self, program):
        agreement = self.program_id._get_agreement()
        if agreement:
            agreement.copy(
                {"program_id": program.id, "effective_date": program.date_from}
            )

    def _create_enrollments(self, program):
        if self.enrollment_choice == "none":
            return
        state = "active" if self.enrollment_choice == "carry" else "requested"
        enrollments = self._get_enrollments().sorted("id")
        rolled = self.env["partner.incentive.enrollment"].create(
            [
                {
                    "program_id": program.id,
                    "partner_id": enrollment.partner_id.id,
                    "date_from": program.date_from,
                    "state": state,
                }
                for enrollment in enrollments
            ]
        )
        # Finance said so for the last year; it stays so whoever rolls the program.
        for new_sudo, old in zip(rolled.sudo(), enrollments, strict=True):
            if old.payee_id:
                new_sudo.payee_id = old.payee_id
