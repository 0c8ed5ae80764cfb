from odoo import fields, models


class PartnerIncentiveEvidenceRule(models.Model):
    _inherit = "partner.incentive.evidence.rule"

    activity_type_id = fields.Many2one(
        "partner.mdf.activity.type", index="btree_not_null", ondelete="cascade"
    )

    def _check_terms_open(self):
        """What proves an activity is said by a manager."""
        if self.activity_type_id:
            self.env["partner.mdf.fund"]._check_group(
                "partner_incentive_base.group_incentive_manager"
            )
        return super()._check_terms_open()

    def _get_owner(self):
        return self.activity_type_id or super()._get_owner()
