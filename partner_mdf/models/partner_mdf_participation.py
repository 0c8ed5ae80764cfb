from odoo import api, fields, models


class PartnerMdfParticipation(models.Model):
    """The vendor's share of the cost for a type of activity, a tier, or both.

    The line that names most of what a request is decides: type and tier, then type,
    then tier; else the share among the benefits of the tier; else the fund's own rate.
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

    @api.model_create_multi
    def create(self, vals_list):
        # Whoever may not is told so before anything else is checked.
        self.concat(*(self.new(vals) for vals in vals_list))._check_can_change()
        lines = super().create(vals_list)
        lines._check_can_change()
        return lines

    def write(self, vals):
        self._check_can_change()
        result = super().write(vals)
        self._check_can_change()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_open(self):
        self._check_can_change()

    def _check_can_change(self):
        """The rates of an open fund are a manager's."""
        for fund in self.fund_id.filtered(lambda each: each.state != "draft"):
            fund._check_group("partner_incentive_base.group_incentive_manager")
