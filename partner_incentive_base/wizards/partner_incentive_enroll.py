from odoo import api, fields, models
from odoo.exceptions import UserError


class PartnerIncentiveEnroll(models.TransientModel):
    """Enroll many partners in a program at once, on their behalf if they signed."""

    _name = "partner.incentive.enroll"
    _description = "Enroll Partners"

    program_id = fields.Many2one(
        "partner.incentive.program",
        required=True,
        default=lambda self: self.env["partner.incentive.offer"]._default_program(),
    )
    date_from = fields.Date(
        string="Enrolled from",
        required=True,
        default=lambda self: self._default_date_from(),
    )
    segment_id = fields.Many2one(
        "partner.incentive.segment",
        help="Adds all partners of the segment to the list.",
    )
    partner_ids = fields.Many2many(
        "res.partner",
        string="Partners",
        domain="[('commercial_partner_id', '=', id)]",
        compute="_compute_partner_ids",
        store=True,
        readonly=False,
    )
    signed_by = fields.Char(
        help="Who signed the program's agreement for the partners, if somebody did."
    )
    signed_pdf = fields.Binary(string="Signed agreement")
    signed_pdf_name = fields.Char()
    enrolled_count = fields.Integer(
        string="Enrolled already", compute="_compute_enrolled_count"
    )

    def _default_date_from(self):
        program = self.env["partner.incentive.offer"]._default_program()
        return program.date_from or fields.Date.context_today(self)

    @api.depends("segment_id")
    def _compute_partner_ids(self):
        chosen = self.env["res.partner"].browse(
            self.env.context.get("active_ids", [])
            if self.env.context.get("active_model") == "res.partner"
            else []
        )
        for wizard in self:
            partners = wizard.partner_ids | chosen.commercial_partner_id
            if wizard.segment_id:
                partners |= self.env["res.partner"].search(
                    wizard.segment_id._get_member_domain()
                )
            wizard.partner_ids = partners

    @api.depends("partner_ids", "program_id")
    def _compute_enrolled_count(self):
        for wizard in self:
            wizard.enrolled_count = len(wizard._get_enrolled_partners())

    def _get_enrolled_partners(self):
        return (
            self.env["partner.incentive.enrollment"]
            .search(
                [
                    ("program_id", "=", self.program_id.id),
                    ("partner_id", "in", self.partner_ids._origin.ids),
                    ("state", "!=", "ended"),
                ]
            )
            .partner_id
        )

    def action_enroll(self):
        self.ensure_one()
        partners = (self.partner_ids - self._get_enrolled_partners()).sorted("id")
        if not partners:
            raise UserError(
                self.env._(
                    "Every partner in the list is enrolled already. Add partners, or "
                    "choose a segment."
                )
            )
        enrollments = self.env["partner.incentive.enrollment"].create(
            [
                {
                    "program_id": self.program_id.id,
                    "partner_id": partner.id,
                    "date_from": self.date_from,
                    "state": "active",
                    "signed_by": self.signed_by,
                    "signed_pdf": self.signed_pdf,
                    "signed_pdf_name": self.signed_pdf_name,
                }
                for partner in partners
            ]
        )
        if self.signed_by or self.signed_pdf:
            enrollments.action_accept()
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.incentive.enrollment",
            "view_mode": "list,form",
            "domain": [("id", "in", enrollments.ids)],
            "name": self.env._("Enrollments"),
        }
