from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PartnerIncentiveGradeHistory(models.Model):
    _inherit = "partner.incentive.grade.history"

    @api.constrains("partner_id")
    def _check_partner_is_company(self):
        for row in self:
            if row.partner_id.commercial_partner_id != row.partner_id:
                raise ValidationError(
                    self.env._(
                        "%s is a contact; tiers belong to companies.",
                        row.partner_id.name,
                    )
                )

    @api.model
    def load(self, fields, data):
        """Import tiers of an earlier system with their dates.

        The tier that is in force today becomes the partner's tier.
        """
        result = super().load(fields, data)
        if result.get("ids"):
            self.browse(result["ids"])._update_partners()
        return result

    def _update_partners(self):
        today = fields.Date.context_today(self)
        for partner in self.partner_id:
            grade = self._get_grade_at(partner, today)
            if grade != partner.grade_id:
                partner.sudo().with_context(incentive_grade_date=today).write(
                    {"grade_id": grade.id}
                )
