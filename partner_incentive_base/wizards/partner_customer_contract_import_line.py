from odoo import fields, models


class PartnerCustomerContractImportLine(models.TransientModel):
    """What became of one line of the file."""

    _name = "partner.customer.contract.import.line"
    _description = "Imported Line"
    _order = "number, id"

    wizard_id = fields.Many2one(
        "partner.customer.contract.import",
        required=True,
        ondelete="cascade",
        index=True,
    )
    number = fields.Integer(string="Line", readonly=True)
    content = fields.Char(readonly=True)
    message = fields.Char(string="Result", readonly=True)
    vals = fields.Json(readonly=True, help="Values of the contract; empty if bad.")
