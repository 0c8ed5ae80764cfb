from odoo import api, fields, models
from odoo.exceptions import UserError


class PartnerEnablementSession(models.Model):
    """A training, webinar or workshop that partners register for."""

    _name = "partner.enablement.session"
    _description = "Enablement Session"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"

    name = fields.Char(required=True, translate=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    date = fields.Datetime(string="Starts", required=True, tracking=True)
    duration = fields.Float(string="Hours", default=1.0)
    user_id = fields.Many2one(
        "res.users",
        string="Held by",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
    )
    location = fields.Char(string="Place or link")
    description = fields.Html(translate=True)
    grade_ids = fields.Many2many(
        "res.partner.grade", string="For tiers", help="Empty: for every partner."
    )
    seats = fields.Integer(help="0: no limit.")
    state = fields.Selection(
        [("open", "Open"), ("done", "Held"), ("cancelled", "Cancelled")],
        default="open",
        required=True,
        tracking=True,
        copy=False,
    )
    attendance_ids = fields.One2many(
        "partner.enablement.attendance", "session_id", copy=False
    )
    registered_count = fields.Integer(string="Registered", compute="_compute_counts")
    attended_count = fields.Integer(string="Attended", compute="_compute_counts")

    _seats_positive = models.Constraint(
        "CHECK (seats >= 0)", "The number of seats cannot be negative."
    )

    @api.depends("attendance_ids.state")
    def _compute_counts(self):
        rows = self.env["partner.enablement.attendance"]._read_group(
            [("session_id", "in", self.ids)], ["session_id", "state"], ["__count"]
        )
        counts = {(session, state): count for session, state, count in rows}
        for session in self:
            attended = counts.get((session, "attended"), 0)
            session.attended_count = attended
            session.registered_count = (
                attended
                + counts.get((session, "registered"), 0)
                + counts.get((session, "missed"), 0)
            )

    def action_done(self):
        for session in self:
            if session.date > fields.Datetime.now():
                raise UserError(self.env._("%s has not begun yet.", session.name))
        self.attendance_ids.filtered(lambda a: a.state == "registered").write(
            {"state": "missed"}
        )
        return self.write({"state": "done"})

    def action_cancel(self):
        return self.write({"state": "cancelled"})

    def action_reopen(self):
        return self.write({"state": "open"})

    def _register_person(self, person):
        """Register a person; a second time, and after a withdrawal, too."""
        self.ensure_one()
        # lock the row, so that two people do not take the last seat
        self.env.cr.execute(
            "UPDATE partner_enablement_session SET id = id WHERE id = %s", [self.id]
        )
        if self.state != "open":
            raise UserError(self.env._("%s is not open any more.", self.name))
        present = self.attendance_ids.filtered(lambda a: a.person_id == person)
        if present and present.state != "withdrawn":
            return present
        if self.seats and self.registered_count >= self.seats:
            raise UserError(self.env._("All seats of %s are taken.", self.name))
        if present:
            present.state = "registered"
            return present
        return self.env["partner.enablement.attendance"].create(
            {"session_id": self.id, "person_id": person.id}
        )
