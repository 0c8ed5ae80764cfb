from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.partner_incentive_base.models.partner_incentive_offer import PERIODS


class PartnerIncentiveLaunchLine(models.TransientModel):
    """A template that offers can be started from, and the few terms that matter."""

    _name = "partner.incentive.launch.line"
    _description = "Incentive Launch Line"
    _order = "recommended desc, sequence, id"
    _transient_max_hours = 24 * 7

    launch_id = fields.Many2one(
        "partner.incentive.launch", required=True, ondelete="cascade", index=True
    )
    currency_id = fields.Many2one(related="launch_id.currency_id")
    template_id = fields.Many2one(
        "partner.incentive.offer.template", required=True, ondelete="cascade"
    )
    sequence = fields.Integer(readonly=True)
    recommended = fields.Boolean(readonly=True, default=False)
    chosen = fields.Boolean(default=False)
    offer_type = fields.Selection(related="template_id.offer_type")
    objective_kind = fields.Selection(related="template_id.objective_kind")
    summary = fields.Text(related="template_id.summary")
    example = fields.Char(related="template_id.example")
    template_name = fields.Char(related="template_id.name", string="Starts from")
    name = fields.Char()
    period = fields.Selection(
        PERIODS,
        string="Calculated per",
        required=True,
        default="year",
    )
    settlement_period = fields.Selection(
        PERIODS,
        string="Settled per",
        required=True,
        default="quarter",
    )
    minimum = fields.Float(
        digits=(16, 2), string="Smallest amount", help="Per period. 0: none."
    )
    cap = fields.Float(
        digits=(16, 2), string="Highest amount", help="Per period. 0: none."
    )
    bracket_ids = fields.One2many("partner.incentive.launch.bracket", "line_id")
    cost_ids = fields.One2many("partner.incentive.launch.cost", "line_id")
    volume = fields.Monetary(string="Earning volume", compute="_compute_totals")
    cost = fields.Monetary(string="Would have cost", compute="_compute_totals")
    partner_count = fields.Integer(string="Partners", compute="_compute_totals")
    expected_cost = fields.Monetary(
        help="What you plan with; budgets with a hard stop must cover it."
    )
    offer_id = fields.Many2one(
        "partner.incentive.offer", readonly=True, ondelete="set null"
    )

    @api.depends("name", "template_id")
    def _compute_display_name(self):
        for line in self:
            line.display_name = line.name or line.template_id.name

    @api.depends("cost_ids")
    def _compute_totals(self):
        totals = defaultdict(lambda: (0, 0, 0))
        for line, *values in self.env["partner.incentive.launch.cost"]._read_group(
            [("line_id", "in", self.ids)],
            ["line_id"],
            ["amount:sum", "cost:sum", "partner_id:count_distinct"],
        ):
            totals[line.id] = values
        for line in self:
            line.volume, line.cost, line.partner_count = totals[line.id]

    def action_toggle(self):
        for line in self:
            line.chosen = not line.chosen

    def _prepare_brackets(self):
        return [
            Command.create(
                {"launch_id": self.launch_id.id, "lower": lower, "rate": rate}
            )
            for lower, rate in self.template_id.terms.get("brackets", [])
        ]

    def _check_rules(self):
        self.ensure_one()
        if not (self.name or "").strip():
            raise UserError(
                self.env._(
                    "Enter a name for the offer %s. Partners read it.",
                    self.template_id.name,
                )
            )
        percent = self.template_id.terms.get("rate_kind", "percent") == "percent"
        for bracket in self.bracket_ids:
            if bracket.rate < 0:
                raise UserError(
                    self.env._("A rate of %s is negative. Correct it.", self.name)
                )
            if percent and self.offer_type != "accelerator" and bracket.rate > 100:
                raise UserError(
                    self.env._(
                        "A rate of %(rate)s %% in %(offer)s is more than the sales "
                        "themselves. Correct it.",
                        rate=bracket.rate,
                        offer=self.name,
                    )
                )
        if self.template_id.terms.get("brackets") and not any(
            self.bracket_ids.mapped("rate")
        ):
            raise UserError(
                self.env._(
                    "%s pays nothing. Add a line to its scale, such as 2 from 10,000.",
                    self.name,
                )
            )

    def _prepare_offer_vals(self, program, objective):
        """Values of the draft offer: the template's, and what was typed."""
        self.ensure_one()
        launch = self.launch_id
        return {
            **self.template_id._prepare_offer_vals(),
            "name": self.name.strip(),
            "program_id": program.id,
            "objective_ids": [Command.set(objective.ids)],
            "segment_ids": [Command.set(launch.segment_ids.ids)],
            "partner_ids": [Command.set(launch.partner_ids.ids)],
            "date_from": launch.date_from,
            "date_to": launch.date_to,
            "period": self.period,
            "settlement_period": self.settlement_period,
            "minimum": self.minimum,
            "cap": self.cap,
            "expected_cost": self.expected_cost,
            "bracket_ids": [
                Command.create({"lower": bracket.lower, "rate": bracket.rate})
                for bracket in self.bracket_ids
            ],
        }

    def _prepare_costs(self, rows):
        """Values of the cost lines from those of a simulation, added up by partner."""
        totals = defaultdict(lambda: [0.0, 0.0])
        for row in rows:
            totals[row["partner_id"]][0] += row["amount"]
            totals[row["partner_id"]][1] += row["cost"]
        return [
            {
                "launch_id": self.launch_id.id,
                "line_id": self.id,
                "partner_id": partner_id,
                "amount": amount,
                "cost": cost,
            }
            for partner_id, (amount, cost) in totals.items()
        ]
