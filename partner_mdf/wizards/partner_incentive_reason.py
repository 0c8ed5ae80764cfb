from odoo import fields, models


class PartnerIncentiveReason(models.TransientModel):
    _inherit = "partner.incentive.reason"

    action = fields.Selection(
        selection_add=[("mdf_request_info", "Ask for more information on a request")],
        ondelete={"mdf_request_info": "cascade"},
    )

    def _get_decision(self):
        if self.action == "mdf_request_info":
            return "partner.mdf.request", "action_request_info"
        return super()._get_decision()
