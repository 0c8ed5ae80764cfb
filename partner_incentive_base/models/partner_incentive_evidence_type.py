from odoo import fields, models


class PartnerIncentiveEvidenceType(models.Model):
    """A kind of proof, such as an invoice or a photo, and what it must have."""

    _name = "partner.incentive.evidence.type"
    _description = "Evidence Type"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    file_kind = fields.Selection(
        [
            ("any", "Any accepted file"),
            ("pdf", "PDF"),
            ("image", "Picture"),
            ("pdf_image", "PDF or picture"),
            ("document", "PDF or office document"),
            ("table", "Spreadsheet or CSV"),
        ],
        string="File",
        required=True,
        default="any",
        help="Told by the content of the file, not by its name.",
    )
    needs_date = fields.Boolean(string="Date needed")
    needs_number = fields.Boolean(string="Document number needed")
    needs_amount = fields.Boolean(
        string="Amount needed",
        help="The amounts of such documents must cover what is claimed. One and the "
        "same file cannot prove two claims.",
    )
    note = fields.Char(
        string="Advice", translate=True, help="What partners read beside the upload."
    )
