from odoo import fields, models


class PartnerDealImportLine(models.TransientModel):
    _name = "partner.deal.import.line"
    _description = "Imported Deal"
    _order = "number, id"

    wizard_id = fields.Many2one("partner.deal.import", ondelete="cascade", index=True)
    number = fields.Integer(string="Row")
    registration_id = fields.Many2one("partner.deal.registration")
    message = fields.Char()
