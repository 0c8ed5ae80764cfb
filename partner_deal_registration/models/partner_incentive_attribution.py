from odoo import fields, models


class PartnerIncentiveAttribution(models.Model):
    _inherit = "partner.incentive.attribution"

    deal_registration_id = fields.Many2one(
        "partner.deal.registration",
        string="Deal",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Registered deal that gives the partner the credit.",
    )
