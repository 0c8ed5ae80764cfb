from odoo import fields, models


class PartnerAccountPlanForecast(models.Model):
    """What both sides expect of a month; each side enters its own figure."""

    _name = "partner.account.plan.forecast"
    _description = "Shared Forecast"
    _order = "plan_id, date, id"
    _rec_name = "date"

    plan_id = fields.Many2one(
        "partner.account.plan", required=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="plan_id.currency_id")
    date = fields.Date(string="Month", required=True)
    vendor_amount = fields.Monetary(string="Vendor expects")
    partner_amount = fields.Monetary(string="Partner expects")
    amount = fields.Monetary(string="Agreed")
