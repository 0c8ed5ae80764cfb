from odoo import models


class PartnerIncentiveEnrollment(models.Model):
    """Who takes part is told of announcements; the partner's messages keep them."""

    _inherit = "partner.incentive.enrollment"

    def _get_told_announcement(self):
        """The announcement that the mail about this enrollment tells of, if it does."""
        return self.env["partner.announcement"].browse(
            self.env.context.get("incentive_announcement_id")
        )

    def _get_notified_areas(self):
        if self._get_told_announcement():
            return ("home",)
        return super()._get_notified_areas()

    def _get_partner_path(self):
        announcement = self._get_told_announcement()
        if announcement:
            return f"/my/incentives/announcements/{announcement.id}"
        return super()._get_partner_path()
