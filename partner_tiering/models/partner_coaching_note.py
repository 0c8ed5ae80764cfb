from odoo import fields, models


class PartnerCoachingNote(models.Model):
    """What was said to a partner about how it could do better."""

    _name = "partner.coaching.note"
    _description = "Coaching Note"
    _order = "date desc, id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('commercial_partner_id', '=', id)]",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    date = fields.Date(
        required=True, default=lambda self: fields.Date.context_today(self)
    )
    user_id = fields.Many2one(
        "res.users", string="Coach", required=True, default=lambda self: self.env.user
    )
    metric_id = fields.Many2one("partner.metric", index="btree_not_null")
    note = fields.Text(required=True)
    is_shared = fields.Boolean(string="Shared with the partner")
