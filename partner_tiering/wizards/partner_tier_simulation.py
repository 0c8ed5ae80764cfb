from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command


class PartnerTierSimulation(models.TransientModel):
    """Who would move under other rules, and what offers would have paid for it.

    Scores the present records by both policies on the same day. The cost is the
    engine's own: the offers are calculated as if those who move had had the new tier
    all through the last twelve months, in a savepoint that is rolled back.
    """

    _name = "partner.tier.simulation"
    _description = "Tier Simulation"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    policy_id = fields.Many2one(
        "partner.tier.policy",
        string="Try",
        required=True,
        domain="[('company_id', '=', company_id)]",
        help="A draft, or any other version.",
    )
    base_policy_id = fields.Many2one(
        "partner.tier.policy",
        string="Against",
        compute="_compute_base_policy_id",
        store=True,
        readonly=False,
        domain="[('company_id', '=', company_id)]",
    )
    date = fields.Date(
        string="On",
        required=True,
        default=lambda self: (
            fields.Date.start_of(fields.Date.context_today(self), "quarter")
            - timedelta(days=1)
        ),
    )
    only_moved = fields.Boolean(string="Only who moves", default=True)
    line_ids = fields.One2many("partner.tier.simulation.line", "simulation_id")
    partner_count = fields.Integer(string="Partners", readonly=True)
    up_count = fields.Integer(string="Up", readonly=True)
    down_count = fields.Integer(string="Down", readonly=True)
    cost = fields.Monetary(
        string="Cost of a year",
        readonly=True,
        help="What offers would have come to in addition in the last twelve months.",
    )

    @api.depends("company_id", "date")
    def _compute_base_policy_id(self):
        for simulation in self:
            simulation.base_policy_id = self.env["partner.tier.policy"]._get_in_force(
                simulation.company_id, simulation.date
            )

    def action_simulate(self):
        self.ensure_one()
        if not self.env.user.has_group("partner_incentive_base.group_incentive_user"):
            raise AccessError(self.env._("Only users of the suite simulate tiers."))
        for policy in self.policy_id | self.base_policy_id:
            if policy.company_id != self.company_id:
                raise UserError(
                    self.env._("%s is of another company.", policy.display_name)
                )
        if not self.policy_id.level_ids or not self.policy_id.line_ids:
            raise UserError(
                self.env._(
                    "%s has no metrics or levels yet.", self.policy_id.display_name
                )
            )
        self.line_ids.unlink()
        rows = self._compare()
        costs = self._compute_costs({row["partner_id"]: row for row in rows})
        for row in rows:
            row["cost"] = costs.get(row["partner_id"], 0)
        moved = [row for row in rows if row["move"] != "same"]
        self.write(
            {
                "partner_count": len(rows),
                "up_count": sum(row["move"] == "up" for row in rows),
                "down_count": sum(row["move"] == "down" for row in rows),
                "cost": sum(row["cost"] for row in rows),
                "line_ids": [
                    Command.create(row) for row in (moved if self.only_moved else rows)
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Simulation"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    def _compare(self):
        """Values of a line per partner. Tiers of the other policy are by their rank on
        the tried one; a tier it does not have counts as the lowest."""
        Calculation = self.env["partner.scorecard.calculation"].sudo()
        tried = Calculation._score(self.policy_id, self.date)
        grades = self.policy_id.sudo().level_ids.sorted().grade_id
        places = {grade.id: place for place, grade in enumerate(grades)}
        base, base_grades = {}, grades
        if self.base_policy_id:
            base = Calculation._score(self.base_policy_id, self.date)
            base_grades = self.base_policy_id.sudo().level_ids.sorted().grade_id
        rows = []
        for partner_id, outcome in tried.items():
            other = base.get(partner_id)
            before = (
                base_grades[other.reached].id if other else outcome.member.grade_id
            ) or grades[0].id
            after = grades[outcome.reached].id
            change = outcome.reached - places.get(before, 0)
            move = "up" if change > 0 else "down" if change < 0 else "same"
            rows.append(
                {
                    "partner_id": partner_id,
                    "grade_id": outcome.member.grade_id,
                    "before_grade_id": before,
                    "after_grade_id": after,
                    "before_score": float(other.result.score or 0) if other else 0,
                    "after_score": float(outcome.result.score or 0),
                    "move": move,
                }
            )
        return rows

    def _compute_costs(self, rows):
        """``{partner id: what offers would have come to in addition}``."""
        moved = {
            partner_id: row for partner_id, row in rows.items() if row["move"] != "same"
        }
        offers = (
            self.env["partner.incentive.offer"]
            .sudo()
            .search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("state", "in", ("published", "suspended")),
                    ("date_from", "<=", self.date),
                ]
            )
        )
        if not moved or not offers:
            return {}
        before = self._entitle(offers, moved, "before_grade_id")
        after = self._entitle(offers, moved, "after_grade_id")
        costs = {}
        for offer in offers:
            for partner_id in moved:
                key = (offer.id, partner_id)
                difference = float(after.get(key, 0)) - float(before.get(key, 0))
                if difference:
                    costs[partner_id] = costs.get(
                        partner_id, 0
                    ) + offer.currency_id._convert(
                        difference, self.currency_id, self.company_id, self.date
                    )
        return costs

    def _entitle(self, offers, rows, name):
        """Entitlements as if the tiers had been those for the last twelve months."""
        since = self.date - relativedelta(years=1) + timedelta(days=1)
        History = self.env["partner.incentive.grade.history"].sudo()
        savepoint = self.env.cr.savepoint()
        try:
            History.search(
                [
                    ("partner_id", "in", [*rows]),
                    ("date", ">=", since),
                    ("date", "<=", self.date),
                ]
            ).unlink()
            History.create(
                [
                    {
                        "partner_id": partner_id,
                        "grade_id": row[name],
                        "date": since,
                    }
                    for partner_id, row in rows.items()
                ]
            )
            outcomes = (
                self.env["partner.incentive.calculation"]
                .sudo()
                ._calculate(offers, self.date)
            )
            return self.env["partner.incentive.run"]._sum_entitlements(outcomes)
        finally:
            self.env.flush_all()
            savepoint.close(rollback=True)
            self.env.invalidate_all()
