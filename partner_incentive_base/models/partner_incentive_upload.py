import base64
import binascii
import re

from odoo import api, models
from odoo.exceptions import UserError

from ..uploads import inspection

DEFAULT_LIMIT = 10
#: What a kind of evidence may be: kinds of files.
FILE_KINDS = {
    "any": None,
    "pdf": {"pdf"},
    "image": {"image"},
    "pdf_image": {"pdf", "image"},
    "document": {"pdf", "document", "presentation"},
    "table": {"spreadsheet", "text"},
    "csv": {"text"},
}


class PartnerIncentiveUpload(models.AbstractModel):
    """The one gate for every file that comes into the suite.

    ``ir.attachment`` sends all content here that is about to belong to a record of the
    suite, whichever way it comes: form, chatter, portal, RPC. Wizards that keep no file
    ask :meth:`_read_upload`.
    """

    _name = "partner.incentive.upload"
    _description = "Check of Uploaded Files"

    @api.model
    def _get_guarded_prefixes(self):
        """Beginnings of the names of models whose files are checked; extend."""
        return ("partner.incentive.", "partner.customer.")

    @api.model
    def _is_guarded(self, model):
        return bool(model) and model.startswith(tuple(self._get_guarded_prefixes()))

    @api.model
    def _get_accepted(self, model, field):
        """Key of :data:`FILE_KINDS` that a binary field of a record accepts; extend."""
        if (model, field) == ("partner.incentive.enrollment", "signed_pdf"):
            return "pdf"
        return "any"

    @api.model
    def _get_limit(self):
        """Largest size of a file in bytes."""
        value = (
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("partner_incentive_base.upload_limit_megabytes", DEFAULT_LIMIT)
        )
        try:
            megabytes = float(value)
        except ValueError:
            megabytes = DEFAULT_LIMIT
        return int(megabytes * inspection.MEGABYTE)

    @api.model
    def _check_content(self, content, name, accepted="any", limit=None):
        """What ``content`` is, if it may come in.

        :param content: bytes
        :param name: as the user knows the file; for messages
        :param accepted: key of :data:`FILE_KINDS`
        :param limit: largest size in bytes; by default that of all uploads
        :return: :class:`~..uploads.inspection.FileType`
        :raise UserError: it may not, and why
        """
        name = self._clean_name(name)
        try:
            found = inspection.inspect(content or b"", limit or self._get_limit())
        except inspection.Refused as refused:
            raise UserError(
                self._describe(refused.code, name, accepted, limit)
            ) from refused
        kinds = FILE_KINDS[accepted]
        if kinds is not None and found.kind not in kinds:
            raise UserError(
                self.env._(
                    "%(name)s is a %(found)s. Upload %(wanted)s instead.",
                    name=name,
                    found=found.extension.upper(),
                    wanted=self._describe_kinds(accepted),
                )
            )
        return found

    @api.model
    def _describe_kinds(self, accepted):
        return {
            "any": self.env._("a PDF, a picture, an office document or a text"),
            "pdf": self.env._("a PDF"),
            "image": self.env._("a picture (PNG, JPEG, GIF, WebP)"),
            "pdf_image": self.env._("a PDF or a picture (PNG, JPEG, GIF, WebP)"),
            "document": self.env._("a PDF or an office document"),
            "table": self.env._("a spreadsheet (XLSX, ODS) or a CSV file"),
            "csv": self.env._("a CSV file in UTF-8"),
        }[accepted]

    def _describe(self, code, name, accepted="any", limit=None):
        limit = (limit or self._get_limit()) // inspection.MEGABYTE
        return {
            "empty": self.env._("%s is empty. Choose another file.", name),
            "size": self.env._(
                "%(name)s is too large. A file may have %(limit)s MB at most.",
                name=name,
                limit=limit,
            ),
            "virus": self.env._("%s was refused: it looks like a virus.", name),
            "active": self.env._(
                "%s was refused: it contains a script, a macro or another file. Save "
                "it as a plain PDF or picture, please.",
                name,
            ),
            "bomb": self.env._(
                "%s was refused: it unpacks to far more than its size.", name
            ),
            "broken": self.env._(
                "%s cannot be read: it is damaged or protected. Save it again, please.",
                name,
            ),
            "unknown": self.env._(
                "%(name)s is of a type that is not accepted. Upload %(wanted)s.",
                name=name,
                wanted=self._describe_kinds(accepted),
            ),
        }[code]

    @api.model
    def _clean_name(self, name):
        """A name without folders and control characters, at most 120 long."""
        name = re.split(r"[\\/]", name or "")[-1]
        name = re.sub(r"[\x00-\x1f\x7f<>:\"|?*]", "", name).strip(". ")
        return name[-120:] or self.env._("file")

    @api.model
    def _harmless_name(self, name, found):
        """``name`` with an extension that says what the content is."""
        name = self._clean_name(name)
        extension = name.rpartition(".")[2].lower() if "." in name else ""
        same = {"jpg": {"jpg", "jpeg"}, "txt": {"txt", "csv", "md", "log"}}
        if extension in same.get(found.extension, {found.extension}):
            return name
        return f"{name}.{found.extension}"

    @api.model
    def _prepare_attachment_vals(self, content, name, accepted="any", **vals):
        """Values of an attachment for content that may come in.

        :raise UserError: it may not
        """
        found = self._check_content(content, name, accepted)
        return {
            "name": self._harmless_name(name, found),
            "raw": content,
            "mimetype": found.mimetype,
            **vals,
        }

    @api.model
    def _read_upload(self, data, name, accepted="any", limit=None):
        """Content of a binary field of a wizard, checked.

        :param data: base64, as binary fields hold it
        :return: bytes
        """
        try:
            content = base64.b64decode(data or b"", validate=False)
        except binascii.Error as error:
            raise UserError(self._describe("broken", name)) from error
        self._check_content(content, name, accepted, limit)
        return content
