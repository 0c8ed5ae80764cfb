from odoo import fields, models


class PartnerAccountPlanRight(models.Model):
    """Who decides on a topic, and who is heard."""

    _name = "partner.account.plan.right"
    _description = "Decision Right"
    _order = "plan_id, id"

    plan_id = fields.Many2one(
        "partner.account.plan", required=True, index=True, ondelete="cascade"
    )
    name = fields.Char(string="Topic", required=True)
    decides = fields.Selection(
        [("vendor", "Vendor"), ("partner", "Partner"), ("both", "Both together")],
        required=True,
        default="both",
    )
    decider = fields.Char(string="Person")
    consulted = fields.Char(string="Is heard")
