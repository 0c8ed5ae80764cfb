from odoo import fields, models


class PartnerMdfParticipation(models.Model):
    """The vendor's share of the cost for a type of activity, a tier, or both.

    The line that names most of what a request is decides: type and tier, then type,
    then tier; else the fund's own rate.
    """

    _name = "partner.mdf.participation"
    _description = "Participation Rate"
    _order = "fund_id, activity_type_id, grade_id"

    fund_id = fields.Many2one(
        "partner.mdf.fund", required=True, index=True, ondelete="cascade"
    )
    activity_type_id = fields.Many2one(
        "partner.mdf.activity.type", string="Activity", ondelete="cascade"
    )
    grade_id = fields.Many2one("res.partner.grade", string="Tier", ondelete="cascade")
    rate = fields.Float(string="We pay (%)", required=True, digits=(16, 2))

    _rate_range = models.Constraint(
        "CHECK (rate >= 0 AND rate <= 100)",
        "A participation rate is between 0 and 100 percent.",
    )
    _once = models.UniqueIndex(
        "(fund_id, COALESCE(activity_type_id, 0), COALESCE(grade_id, 0))",
        "There is a rate for this activity and tier already.",
    )
