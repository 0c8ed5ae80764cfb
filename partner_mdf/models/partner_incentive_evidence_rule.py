from odoo import fields, models


class PartnerIncentiveEvidenceRule(models.Model):
    _inherit = "partner.incentive.evidence.rule"

    activity_type_id = fields.Many2one(
        "partner.mdf.activity.type", index="btree_not_null", ondelete="cascade"
    )

    def _get_owner(self):
        return self.activity_type_id or super()._get_owner()
