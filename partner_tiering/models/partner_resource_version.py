import base64

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.mimetypes import guess_mimetype

MAX_SIZE = 25 * 1024 * 1024
#: What browsers show or save; nothing that runs.
TYPES = ("application/pdf", "application/zip", "image/", "text/plain", "video/")
TYPES += ("application/vnd.openxmlformats", "application/vnd.oasis")


class PartnerResourceVersion(models.Model):
    """A file of a resource; the latest number is in force. A file never changes."""

    _name = "partner.resource.version"
    _description = "Resource Version"
    _order = "resource_id, number desc"
    _rec_name = "file_name"

    resource_id = fields.Many2one(
        "partner.resource", required=True, index=True, ondelete="cascade"
    )
    number = fields.Integer(readonly=True)
    file = fields.Binary(required=True, attachment=True)
    file_name = fields.Char(required=True)
    change_note = fields.Char(string="What is new")
    date = fields.Date(
        required=True, default=lambda self: fields.Date.context_today(self)
    )
    download_ids = fields.One2many("partner.resource.download", "version_id")
    download_count = fields.Integer(
        string="Downloads", compute="_compute_download_count"
    )

    _number_once = models.UniqueIndex("(resource_id, number)")

    def _compute_download_count(self):
        counts = dict(
            self.env["partner.resource.download"]._read_group(
                [("version_id", "in", self.ids)], ["version_id"], ["__count"]
            )
        )
        for version in self:
            version.download_count = counts.get(version, 0)

    @api.constrains("file")
    def _check_file(self):
        for version in self:
            content = base64.b64decode(version.file or b"")
            if len(content) > MAX_SIZE:
                raise ValidationError(self.env._("A file may have 25 MB at most."))
            kind = guess_mimetype(content)
            if not kind.startswith(TYPES):
                raise ValidationError(
                    self.env._(
                        "%(file)s is of the type %(kind)s. Use PDF, office documents, "
                        "images, videos, text or ZIP.",
                        file=version.file_name,
                        kind=kind,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            last = self.search(
                [("resource_id", "=", vals.get("resource_id"))],
                order="number desc",
                limit=1,
            )
            vals["number"] = last.number + 1
        return super().create(vals_list)

    def write(self, vals):
        if {"file", "resource_id", "number"} & set(vals):
            raise UserError(
                self.env._("A file never changes; add the next version instead.")
            )
        return super().write(vals)
