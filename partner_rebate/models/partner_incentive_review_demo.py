from datetime import timedelta

from odoo import api, fields, models


class PartnerIncentiveReview(models.Model):
    _inherit = "partner.incentive.review"

    @api.model
    def _create_demo(self, program):
        """A review of the last quarter that waits for its last decisions."""
        company = program.company_id
        today = fields.Date.context_today(self)
        program.review_cadence = "quarter"
        last = self._get_quarter(company, today, -1)
        review = self.create(
            {
                "program_id": program.id,
                "date_from": last.start,
                "user_id": program.user_id.id,
                "double_romi": 10,
                "highest_overlap": 1,
                "note": "<p>Our offers stack by design, so overlap is no reason to "
                "change one; the threshold says so.</p>",
            }
        )
        review.action_start()
        review.activity_schedule(
            "partner_incentive_base.mail_activity_review",
            date_deadline=today + timedelta(days=7),
            user_id=review.user_id.id,
        )
        for line in review.line_ids[:2]:
            line.with_user(review.user_id).action_accept_suggestion()
        self.env["partner.incentive.performance"]._refresh(company)
