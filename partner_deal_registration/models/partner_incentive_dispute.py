from odoo import fields, models


class PartnerIncentiveDispute(models.Model):
    """A rejected registration is appealed by a dispute like any other."""

    _inherit = "partner.incentive.dispute"

    res_model = fields.Selection(
        selection_add=[("partner.deal.registration", "Deal registration")],
        ondelete={"partner.deal.registration": "cascade"},
    )
