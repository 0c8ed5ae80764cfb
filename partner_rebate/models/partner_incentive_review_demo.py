from datetime import timedelta

from odoo import api, fields, models


class PartnerIncentiveReview(models.Model):
    _inherit = "partner.incentive.review"

    @api.model
    def _create_demo(self, program):
        """A review of the last quarter that waits for its last decisions.

        Cost belongs to the day on which it was booked: without any, three quarters are
        booked as if somebody had done so at the end of each.
        """
        company = program.company_id
        offers = program.offer_ids.filtered(lambda offer: offer.state == "published")
        today = fields.Date.context_today(self)
        if not self.env["partner.incentive.entry"].search_count(
            [("company_id", "=", company.id)], limit=1
        ):
            for back in (-3, -2, -1):
                quarter = self._get_quarter(company, today, back)
                self.env["partner.incentive.run"]._accrue(offers, quarter.end)
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
