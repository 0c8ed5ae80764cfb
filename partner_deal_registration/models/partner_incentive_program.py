from odoo import fields, models


class PartnerIncentiveProgram(models.Model):
    _inherit = "partner.incentive.program"

    deal_policy_ids = fields.One2many("partner.deal.policy", "program_id")
    deal_registration_ids = fields.One2many("partner.deal.registration", "program_id")
