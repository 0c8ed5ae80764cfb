from odoo import fields, models


class PartnerIncentiveEntry(models.Model):
    _inherit = "partner.incentive.entry"

    mdf_activity_id = fields.Many2one(
        "partner.mdf.activity",
        string="Marketing activity",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
    )
    mdf_allocation_id = fields.Many2one(
        "partner.mdf.allocation",
        string="Fund allocation",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
    )
