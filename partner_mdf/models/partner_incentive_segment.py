from odoo import models
from odoo.fields import Domain


class PartnerIncentiveSegment(models.Model):
    _inherit = "partner.incentive.segment"

    def _has_partner(self, partner):
        """Whether ``partner`` belongs to the segment today."""
        self.ensure_one()
        domain = Domain(self._get_partner_domain()) & Domain("id", "=", partner.id)
        return bool(self.env["res.partner"].sudo().search_count(domain, limit=1))
