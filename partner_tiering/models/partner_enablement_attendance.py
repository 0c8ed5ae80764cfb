from odoo import fields, models


class PartnerEnablementAttendance(models.Model):
    _name = "partner.enablement.attendance"
    _description = "Session Attendance"
    _order = "session_id desc, id"
    _rec_name = "person_id"

    session_id = fields.Many2one(
        "partner.enablement.session", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="session_id.company_id", store=True, index=True, precompute=True
    )
    date = fields.Datetime(related="session_id.date", store=True, precompute=True)
    person_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        related="person_id.commercial_partner_id",
        string="Partner",
        store=True,
        index=True,
        precompute=True,
    )
    state = fields.Selection(
        [
            ("registered", "Registered"),
            ("attended", "Attended"),
            ("missed", "Missed"),
            ("withdrawn", "Withdrawn"),
        ],
        default="registered",
        required=True,
    )

    _once = models.UniqueIndex(
        "(session_id, person_id)", "The person is registered for the session already."
    )

    def action_attended(self):
        return self.write({"state": "attended"})

    def action_missed(self):
        return self.write({"state": "missed"})
