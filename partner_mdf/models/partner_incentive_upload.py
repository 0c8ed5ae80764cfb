from odoo import api, models


class PartnerIncentiveUpload(models.AbstractModel):
    _inherit = "partner.incentive.upload"

    @api.model
    def _get_guarded_prefixes(self):
        return (*super()._get_guarded_prefixes(), "partner.mdf.")
