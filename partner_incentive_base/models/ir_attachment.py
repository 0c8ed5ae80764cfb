import base64

from odoo import models
from odoo.exceptions import UserError


class IrAttachment(models.Model):
    """Files of the suite's records pass its one gate, whichever way they come."""

    _inherit = "ir.attachment"

    def _check_contents(self, values):
        values = super()._check_contents(values)
        upload = self.env["partner.incentive.upload"]
        models_ = {values["res_model"]} if "res_model" in values else set()
        models_ = models_ or set(self.mapped("res_model"))
        if not any(upload._is_guarded(model) for model in models_):
            return values
        raw = values.get("raw")
        if raw is None and values.get("datas"):
            raw = base64.b64decode(values["datas"])
        if not raw:
            # Only the type was written: it stays what the content was found to be.
            if self:
                values.pop("mimetype", None)
            return values
        raw = raw.encode() if isinstance(raw, str) else raw
        name = values.get("name") or self[:1].name
        field = values.get("res_field") or self[:1].res_field
        accepted = upload._get_accepted(next(iter(models_)), field)
        try:
            found = upload._check_content(raw, name, accepted)
        except UserError:
            if not self.env.context.get("default_fetchmail_server_id"):
                raise
            # Nobody could be told: what came by mail is kept as a download.
            values["mimetype"] = "application/octet-stream"
            return values
        values["mimetype"] = found.mimetype
        if not field and values.get("name"):
            values["name"] = upload._harmless_name(name, found)
        return values

    def write(self, vals):
        upload = self.env["partner.incentive.upload"]
        moved = upload._is_guarded(vals.get("res_model")) and not (
            {"raw", "datas"} & set(vals)
        )
        if moved:
            self._check_moved()
        return super().write(vals)

    def _check_moved(self):
        """Files uploaded before their record was saved are checked when it is."""
        upload = self.env["partner.incentive.upload"]
        for file in self.filtered(
            lambda each: (
                each.type == "binary" and not upload._is_guarded(each.res_model)
            )
        ):
            found = upload._check_content(file.sudo().raw, file.name)
            if file.mimetype != found.mimetype:
                file.sudo().mimetype = found.mimetype
