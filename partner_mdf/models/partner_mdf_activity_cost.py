from odoo import api, fields, models


class PartnerMdfActivityCost(models.Model):
    """One line of an activity's budget."""

    _name = "partner.mdf.activity.cost"
    _description = "Cost of an Activity"
    _order = "sequence, id"

    activity_id = fields.Many2one(
        "partner.mdf.activity", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(string="What", required=True)
    supplier = fields.Char()
    amount = fields.Monetary(required=True)
    currency_id = fields.Many2one(related="activity_id.currency_id")

    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)", "A cost cannot be negative."
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.activity_id._check_can_write({"cost_line_ids": []})
        return lines

    def write(self, vals):
        self.activity_id._check_can_write({"cost_line_ids": []})
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        self.activity_id._check_can_write({"cost_line_ids": []})
