from odoo import api, fields, models
from odoo.exceptions import UserError


class PartnerAnnouncementReceipt(models.Model):
    """Who of a partner read an announcement, and what was asked and answered."""

    _name = "partner.announcement.receipt"
    _description = "Read Receipt"
    _inherit = ["mail.thread"]
    _order = "read_on desc, id desc"
    _rec_name = "user_id"

    announcement_id = fields.Many2one(
        "partner.announcement", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="announcement_id.company_id", store=True, precompute=True
    )
    user_id = fields.Many2one("res.users", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True
    )
    read_on = fields.Datetime(
        required=True, readonly=True, default=lambda self: fields.Datetime.now()
    )
    question = fields.Text(string="Question or proposal", readonly=True)
    answer = fields.Text(tracking=True)
    answered_by = fields.Many2one("res.users", readonly=True)
    answered_on = fields.Datetime(readonly=True)

    _once = models.UniqueIndex(
        "(announcement_id, user_id)", "The announcement is marked as read already."
    )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise UserError(self.env._("Receipts are made by reading."))
        return super().create(vals_list)

    def write(self, vals):
        if "answer" in vals and not self.env.su:
            vals = {
                **vals,
                "answered_by": self.env.uid,
                "answered_on": fields.Datetime.now(),
            }
        return super().write(vals)
