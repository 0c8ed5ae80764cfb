from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class PartnerIncentiveGradeHistory(models.Model):
    """Which tier a partner had from which day on.

    Kept where ``res.partner`` is created and written, since other modules write the
    tier themselves. The first known tier extends backwards; a row without a tier says
    that the partner lost it.
    """

    _name = "partner.incentive.grade.history"
    _description = "Partner Tier History"
    _order = "partner_id, date desc, id desc"
    _rec_name = "grade_id"

    partner_id = fields.Many2one(
        "res.partner", required=True, ondelete="cascade", index=True
    )
    grade_id = fields.Many2one(
        "res.partner.grade", string="Tier", ondelete="restrict", index=True
    )
    date = fields.Date(string="From", required=True)
    user_id = fields.Many2one(
        "res.users", string="Changed by", default=lambda self: self.env.user
    )
    reason = fields.Char()

    _day_unique = models.UniqueIndex(
        "(partner_id, date)",
        "The partner has a tier from that day already; change that row instead.",
    )

    @api.model
    def _get_interval_query(self):
        """SQL of ``(partner_id, grade_id, valid)``, a date range per row."""
        self.flush_model()
        return SQL(
            """
            SELECT partner_id, grade_id,
                   daterange(
                       CASE WHEN row_number() OVER history > 1 THEN date END,
                       LEAD(date) OVER history
                   ) AS valid
              FROM partner_incentive_grade_history
            WINDOW history AS (PARTITION BY partner_id ORDER BY date)
            """
        )

    @api.model
    def _record(self, partners, date=None, reason=None):
        """Note the present tier of ``partners``, if it is not known already.

        A change on a day that has a row already replaces that day's tier: only the
        last tier of a day counts for documents of the day.
        """
        date = date or self.env.context.get("incentive_grade_date")
        date = fields.Date.to_date(date) or fields.Date.context_today(self)
        latest = {
            partner: (row_date, grade)
            for partner, row_date, grade in self.sudo()._get_latest(partners, date)
        }
        create_vals = []
        for partner in partners:
            row_date, grade = latest.get(partner, (None, None))
            if grade == partner.grade_id or (row_date is None and not partner.grade_id):
                continue
            if row_date == date:
                self.sudo().search(
                    [("partner_id", "=", partner.id), ("date", "=", date)]
                ).write({"grade_id": partner.grade_id.id, "reason": reason})
                continue
            create_vals.append(
                {
                    "partner_id": partner.id,
                    "grade_id": partner.grade_id.id,
                    "date": date,
                    "user_id": self.env.uid,
                    "reason": reason,
                }
            )
        return self.sudo().create(create_vals)

    def _get_latest(self, partners, date):
        """``(partner, date, grade)`` of the last row of each partner by ``date``."""
        rows = self.search(
            [("partner_id", "in", partners.ids), ("date", "<=", date)],
            order="partner_id, date",
        )
        return [(row.partner_id, row.date, row.grade_id) for row in rows]

    @api.model
    def _get_grade_at(self, partner, date):
        """Tier of ``partner`` on ``date``; the first known one extends backwards."""
        rows = self.sudo().search([("partner_id", "=", partner.id)], order="date")
        known = rows.filtered(lambda row: row.date <= date)[-1:] or rows[:1]
        return known.grade_id

    def write(self, vals):
        if "partner_id" in vals:
            raise UserError(self.env._("A tier's history stays with its partner."))
        return super().write(vals)
