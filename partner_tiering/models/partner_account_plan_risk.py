from odoo import fields, models


class PartnerAccountPlanRisk(models.Model):
    _name = "partner.account.plan.risk"
    _description = "Account Plan Risk"
    _order = "plan_id, level desc, id"

    plan_id = fields.Many2one(
        "partner.account.plan", required=True, index=True, ondelete="cascade"
    )
    name = fields.Char(string="Risk", required=True)
    level = fields.Selection(
        [("1", "Low"), ("2", "Medium"), ("3", "High")], required=True, default="2"
    )
    answer = fields.Char(string="What is done about it")
    owner = fields.Char()
