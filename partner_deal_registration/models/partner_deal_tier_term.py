from odoo import fields, models


class PartnerDealTierTerm(models.Model):
    """What a registered deal gives a partner of a tier: protection, price, time."""

    _name = "partner.deal.tier.term"
    _description = "Deal Terms of a Tier"
    _order = "policy_id, sequence, id"
    _rec_name = "grade_id"

    policy_id = fields.Many2one(
        "partner.deal.policy", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="policy_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    grade_id = fields.Many2one(
        "res.partner.grade", string="Tier", help="Empty for every other tier."
    )
    protection_days = fields.Integer(string="Protected days", default=90, required=True)
    renewal_days = fields.Integer(
        string="Days for a renewal",
        default=120,
        help="Protection of the incumbent partner's renewal with its own customer.",
    )
    extension_days = fields.Integer(
        string="Days of an extension", default=30, help="At most, each time."
    )
    extension_limit = fields.Integer(string="Extensions", default=1)
    discount = fields.Float(
        string="Discount (%)", help="On the products of a registered deal."
    )
    pricelist_id = fields.Many2one(
        "product.pricelist",
        string="Price list",
        help="Of quotations for a registered deal while it is protected.",
    )

    _grade_unique = models.UniqueIndex(
        "(policy_id, COALESCE(grade_id, 0))", "The tier has terms already."
    )
    _days_positive = models.Constraint(
        "CHECK (protection_days > 0 AND renewal_days >= 0 AND extension_days >= 0 "
        "AND extension_limit >= 0)",
        "Days cannot be negative, and a protection has at least one day.",
    )
    _discount_range = models.Constraint(
        "CHECK (discount >= 0 AND discount <= 100)",
        "A discount is between 0 and 100 %.",
    )
