from odoo import models


class PartnerIncentiveOffer(models.Model):
    _inherit = "partner.incentive.offer"

    def _announce(self, subject, body, reason, contacts):
        """Put it on the portal, too, where reading is noted and questions are kept."""
        result = super()._announce(subject, body, reason, contacts)
        # these people have just been written to
        Announcement = self.env["partner.announcement"].with_context(
            announced_by_mail=True
        )
        Announcement.create(
            {
                "name": subject,
                "company_id": self.company_id.id,
                "body": body,
                "reason": reason,
                "partner_ids": [(6, 0, contacts.commercial_partner_id.ids)],
            }
        ).action_publish()
        return result
