from odoo import fields, models


class PartnerResourceDownload(models.Model):
    _name = "partner.resource.download"
    _description = "Resource Download"
    _order = "date desc, id desc"
    _rec_name = "user_id"
    _log_access = False

    version_id = fields.Many2one(
        "partner.resource.version",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    user_id = fields.Many2one("res.users", required=True, readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True, index=True)
    date = fields.Datetime(
        required=True, readonly=True, default=lambda self: fields.Datetime.now()
    )
