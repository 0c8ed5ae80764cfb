from odoo import fields, models


class PartnerMdfDraw(models.Model):
    """What one activity takes of one allocation.

    Written by the fund's checkbook alone, under its lock.
    """

    _name = "partner.mdf.draw"
    _description = "Draw on a Fund"
    _order = "id"

    allocation_id = fields.Many2one(
        "partner.mdf.allocation", required=True, index=True, ondelete="restrict"
    )
    activity_id = fields.Many2one(
        "partner.mdf.activity", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="activity_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(
        related="activity_id.partner_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="allocation_id.currency_id")
    committed = fields.Monetary(
        required=True, default=0.0, help="Approved, not claimed."
    )
    spent = fields.Monetary(required=True, default=0.0, help="Of approved claims.")

    _one_each = models.UniqueIndex(
        "(activity_id, allocation_id)", "An activity draws once on an allocation."
    )
    _not_negative = models.Constraint(
        "CHECK (committed >= 0 AND spent >= 0)", "A draw cannot be negative."
    )
