from odoo import fields, models


class PartnerSellThroughLine(models.Model):
    """One sale of a partner to its customer, as its file reports it.

    What was written stays beside what it was read as, so that a refusal can be
    understood.
    """

    _name = "partner.sell.through.line"
    _description = "Sell-Through Line"
    _order = "file_id, number, id"
    _log_access = False
    _rec_name = "document_number"

    file_id = fields.Many2one(
        "partner.sell.through.file", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="file_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(
        related="file_id.partner_id", store=True, index=True, precompute=True
    )
    file_state = fields.Selection(related="file_id.state", string="State of the file")
    number = fields.Integer(string="Line", readonly=True)
    content = fields.Char(string="As written", readonly=True)
    state = fields.Selection(
        [("valid", "Valid"), ("refused", "Refused")], readonly=True, index=True
    )
    message = fields.Char(string="Why refused", readonly=True)
    date = fields.Date(readonly=True)
    product_id = fields.Many2one("product.product", readonly=True, index=True)
    quantity = fields.Float(digits="Product Unit", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(readonly=True)
    document_number = fields.Char(readonly=True, index="trigram")
    customer_name = fields.Char(string="Sold to", readonly=True)
    document_key = fields.Char(
        readonly=True, help="What two reports of the same sale have in common."
    )

    _sold_once = models.UniqueIndex(
        "(document_key) WHERE document_key IS NOT NULL",
        "The same sale has been reported already.",
    )
