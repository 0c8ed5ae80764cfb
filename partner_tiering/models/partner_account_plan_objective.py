from odoo import fields, models
from odoo.exceptions import UserError


class PartnerAccountPlanObjective(models.Model):
    _name = "partner.account.plan.objective"
    _description = "Account Plan Objective"
    _order = "plan_id, date_due, id"

    plan_id = fields.Many2one(
        "partner.account.plan", required=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="plan_id.currency_id")
    name = fields.Char(string="Objective", required=True)
    measure = fields.Char(string="Reached when")
    date_due = fields.Date(string="Until", required=True)
    bonus = fields.Monetary(help="Paid by an offer on milestones.")
    milestone_id = fields.Many2one(
        "partner.milestone", readonly=True, copy=False, index="btree_not_null"
    )
    reached_on = fields.Date(related="milestone_id.date")

    _bonus_positive = models.Constraint(
        "CHECK (bonus >= 0)", "A bonus cannot be negative."
    )

    def write(self, vals):
        if {"bonus", "name", "date_due", "measure"} & set(vals) and not self.env.su:
            for objective in self:
                if objective.plan_id.state in ("agreed", "closed"):
                    raise UserError(
                        self.env._(
                            "%s is agreed; its objectives stay as they are.",
                            objective.plan_id.name,
                        )
                    )
        return super().write(vals)

    def action_reached(self):
        """A Manager confirms it; somebody else than the plan's owner."""
        self.check_access("write")
        if not self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            raise UserError(self.env._("A Manager confirms what was reached."))
        for objective in self.filtered(lambda each: not each.milestone_id):
            plan = objective.plan_id
            if plan.state != "agreed":
                raise UserError(self.env._("%s is not agreed.", plan.name))
            if plan.user_id == self.env.user:
                raise UserError(
                    self.env._("You own the plan; somebody else confirms it.")
                )
            objective.sudo().milestone_id = self.env["partner.milestone"]._reach(
                "plan",
                plan.partner_id,
                fields.Date.context_today(self),
                objective,
                once=False,
                amount=objective.bonus,
                company=plan.company_id,
            )
