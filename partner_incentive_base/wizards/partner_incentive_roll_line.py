from odoo import fields, models


class PartnerIncentiveRollLine(models.TransientModel):
    """An offer of the program, and what its draft is going to be."""

    _name = "partner.incentive.roll.line"
    _description = "Roll Program Line"
    _order = "included desc, id"

    wizard_id = fields.Many2one("partner.incentive.roll", ondelete="cascade")
    offer_id = fields.Many2one("partner.incentive.offer", readonly=True)
    state = fields.Selection(related="offer_id.state")
    included = fields.Boolean(string="Take along")
    name = fields.Char(string="New name")
    date_from = fields.Date(string="Starts on")
    date_to = fields.Date(string="Ends on", help="Empty: the end of the program.")
