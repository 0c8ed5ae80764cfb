from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

ZERO = Decimal(0)


class PartnerIncentiveSimulation(models.TransientModel):
    """What an offer would have cost and paid on the books as they are.

    A copy of the offer, with other dates and with everybody enrolled whom it names, is
    calculated the way that real offers are, and taken back. Nothing of it stays.
    """

    _name = "partner.incentive.simulation"
    _description = "Simulate Incentive Offer"

    offer_id = fields.Many2one(
        "partner.incentive.offer", required=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="offer_id.company_id")
    currency_id = fields.Many2one(related="offer_id.currency_id")
    date_from = fields.Date(
        string="Documents from",
        required=True,
        default=lambda self: self._default_date_to() - timedelta(days=364),
    )
    date_to = fields.Date(
        string="Documents up to",
        required=True,
        default=lambda self: self._default_date_to(),
    )
    line_ids = fields.One2many(
        "partner.incentive.simulation.line", "wizard_id", readonly=True
    )
    partner_count = fields.Integer(string="Partners", compute="_compute_totals")
    volume = fields.Monetary(string="Earning volume", compute="_compute_totals")
    cost = fields.Monetary(compute="_compute_totals")
    paid = fields.Monetary(compute="_compute_totals")
    cost_percent = fields.Float(
        string="Cost in % of volume", compute="_compute_totals", digits=(16, 2)
    )
    is_done = fields.Boolean(readonly=True)

    def _default_date_to(self):
        return fields.Date.start_of(
            fields.Date.context_today(self), "month"
        ) - timedelta(days=1)

    @api.depends("line_ids")
    def _compute_totals(self):
        for wizard in self:
            lines = wizard.line_ids
            wizard.partner_count = len(lines.partner_id)
            wizard.volume = sum(lines.mapped("amount"))
            wizard.cost = sum(lines.mapped("cost"))
            wizard.paid = sum(lines.mapped("paid"))
            wizard.cost_percent = (
                100 * wizard.cost / wizard.volume if wizard.volume else 0
            )

    def action_simulate(self):
        self.ensure_one()
        self.offer_id.check_access("read")
        if self.date_to < self.date_from:
            raise UserError(self.env._("The last day is before the first day."))
        lines = self._get_lines()
        self.line_ids = [Command.clear(), *(Command.create(vals) for vals in lines)]
        self.is_done = True
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Simulation"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_view_lines(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_rebate.partner_incentive_simulation_line_action"
        )
        action["domain"] = [("wizard_id", "=", self.id)]
        return action

    def _get_lines(self):
        """A line per partner and segment whose rates it has."""
        # The copy is the superuser's, since it takes part in nothing; the right to
        # read the offer was checked.
        offer_sudo = self.offer_id.sudo().with_context(
            tracking_disable=True, mail_create_nolog=True
        )
        totals = defaultdict(lambda: [ZERO, ZERO, ZERO])
        savepoint = self.env.cr.savepoint(flush=True)
        with savepoint:
            copy = self._make_copy(offer_sudo)
            problems = copy.version_id._get_calendar_problems()
            if problems:
                raise UserError("\n".join(problems))
            calculation = self.env["partner.incentive.calculation"]
            for outcome in calculation._calculate(copy, self.date_to):
                self._add_costs(outcome, totals)
            cutoff = copy._get_settlement_cutoff(self.date_to)
            if cutoff and copy._books():
                shares = [
                    share
                    for outcome in calculation._calculate(copy, cutoff)
                    for share in self._get_shares(outcome).items()
                ]
                held = copy.version_id._get_holdback_percents(
                    self.date_to,
                    [partner_id for (partner_id, _segment), _cost in shares],
                )
                for key, cost in shares:
                    totals[key][2] += cost * (100 - held[key[0]]) / 100
            minimum = Decimal(str(copy.settlement_minimum))
            self.env.flush_all()
            savepoint.rollback()
        self.env.invalidate_all()
        return [
            {
                "partner_id": partner_id,
                "segment_id": segment_id or False,
                "amount": float(amount),
                "cost": float(cost),
                "paid": float(paid) if paid >= minimum else 0.0,
            }
            for (partner_id, segment_id), (amount, cost, paid) in sorted(
                totals.items(), key=lambda item: (-item[1][1], item[0])
            )
        ]

    def _make_copy(self, offer_sudo):
        """The offer as if it had been published for the simulated dates."""
        program = offer_sudo.program_id.copy(
            {
                "name": offer_sudo.program_id.name,
                "date_from": self.date_from,
                "date_to": self.date_to,
            }
        )
        copy = offer_sudo.copy(
            {
                "program_id": program.id,
                "date_from": self.date_from,
                "opt_in": False,
            }
        )
        # Terms are copied as they stand; these depend on the dates, or on others.
        copy.write(
            {
                "effective_date": self.date_from,
                "date_to": self.date_to,
                "count_before_enrollment": True,
                "best_of": False,
                "reduced_by_earlier": False,
            }
        )
        self.env["partner.incentive.target"].sudo().create(
            [
                {
                    "offer_id": copy.id,
                    "partner_id": target.partner_id.id,
                    "volume": target.volume,
                }
                for target in offer_sudo.target_ids.filtered(
                    lambda each: not each.window_from
                )
            ]
        )
        partners = self._get_candidates(offer_sudo)
        self.env["partner.incentive.enrollment"].sudo().with_context(
            tracking_disable=True
        ).create(
            [
                {
                    "program_id": program.id,
                    "partner_id": partner.id,
                    "date_from": self.date_from,
                }
                for partner in partners.filtered(
                    lambda each: each.commercial_partner_id == each
                )
            ]
        )
        return copy

    def _get_candidates(self, offer_sudo):
        """Whom the offer names, enrolled or not.

        A segment without a condition stands for the program's own partners, and not
        for everybody in the database.
        """
        enrollments = offer_sudo.program_id.enrollment_ids
        partners = enrollments.filtered(lambda e: e.state != "requested").partner_id
        partners |= offer_sudo.partner_ids
        for segment in offer_sudo.segment_ids:
            if not segment._is_open():
                partners |= partners.search(segment._get_partner_domain())
            partners |= segment.include_partner_ids
        return partners

    def _get_shares(self, outcome):
        """``{(partner id, segment id): entitlement}``, by what each part earned."""
        parts = outcome.position.parts
        amounts = defaultdict(Decimal)
        for partner_id, by_analytic in outcome.shares.items():
            own = [part for part in parts if part.label.partner_id == partner_id]
            total = sum((part.earned for part in own), ZERO)
            entitled = sum(by_analytic.values(), ZERO)
            for part in own:
                share = part.earned / total if total else Decimal(1) / len(own)
                amounts[partner_id, part.label.segment_id] += entitled * share
        return amounts

    def _add_costs(self, outcome, totals):
        for part in outcome.position.parts:
            totals[part.label.partner_id, part.label.segment_id][0] += part.amount
        for key, cost in self._get_shares(outcome).items():
            totals[key][1] += cost
