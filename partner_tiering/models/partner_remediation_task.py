from odoo import fields, models


class PartnerRemediationTask(models.Model):
    _name = "partner.remediation.task"
    _description = "Remediation Task"
    _order = "plan_id, date_due, sequence, id"

    plan_id = fields.Many2one(
        "partner.remediation.plan", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True)
    side = fields.Selection(
        [("partner", "Partner"), ("vendor", "Vendor")],
        required=True,
        default="partner",
        string="Who",
    )
    user_id = fields.Many2one("res.users", domain="[('share', '=', False)]")
    date_due = fields.Date(string="Due")
    done = fields.Boolean()
    done_on = fields.Date(readonly=True)
    done_by = fields.Many2one("res.users", readonly=True)
    note = fields.Char()

    def write(self, vals):
        if "done" in vals:
            vals = {
                **vals,
                "done_on": fields.Date.context_today(self) if vals["done"] else False,
                "done_by": self.env.uid if vals["done"] else False,
            }
        return super().write(vals)
