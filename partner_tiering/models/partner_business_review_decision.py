from odoo import fields, models


class PartnerBusinessReviewDecision(models.Model):
    _name = "partner.business.review.decision"
    _description = "Business Review Decision"
    _order = "review_id desc, date_due, id"

    review_id = fields.Many2one(
        "partner.business.review", required=True, index=True, ondelete="cascade"
    )
    name = fields.Char(string="Decision", required=True)
    side = fields.Selection(
        [("partner", "Partner"), ("vendor", "Vendor")], required=True, default="vendor"
    )
    date_due = fields.Date(string="Until")
    done = fields.Boolean()
