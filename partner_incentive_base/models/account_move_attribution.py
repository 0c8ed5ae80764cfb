from odoo import fields, models

from .res_partner import INSIDERS


class AccountMove(models.Model):
    _inherit = "account.move"

    incentive_attribution_ids = fields.One2many(
        "partner.incentive.attribution",
        "move_id",
        string="Credited partners",
        copy=False,
        groups=INSIDERS,
    )
