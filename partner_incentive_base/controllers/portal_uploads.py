"""Files that come with a form."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.http import request

MAX_FILE_SIZE = 10 * 1024 * 1024


class PortalUploads:
    """Part of the portal's controller."""

    def _read_uploads(self, record_sudo, types):
        """Commands that create the attachments of a record from the form's ``files``.

        What a file contains is looked at when the attachment is created.

        :param types: endings of names that are taken, such as ``(".pdf", ".png")``
        :raise UserError: one is too large, or of another type
        """
        commands = []
        for upload in request.httprequest.files.getlist("files"):
            if not upload.filename:
                continue
            content = upload.read(MAX_FILE_SIZE + 1)
            if len(content) > MAX_FILE_SIZE:
                raise UserError(request.env._("A file may have 10 MB at most."))
            if not upload.filename.lower().endswith(types):
                raise UserError(
                    request.env._("Upload documents or pictures, such as PDF or PNG.")
                )
            commands.append(
                Command.create(
                    {
                        "name": upload.filename,
                        "raw": content,
                        "res_model": record_sudo._name,
                        "res_id": record_sudo.id,
                    }
                )
            )
        return commands
