from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class PartnerIncentiveClaim(models.Model):
    """Claims of sellers for themselves, under offers that are made for them."""

    _inherit = "partner.incentive.claim"

    seller_id = fields.Many2one(
        "partner.incentive.seller",
        compute="_compute_seller_id",
        store=True,
        index="btree_not_null",
        help="The person who claims for himself.",
    )
    employer_id = fields.Many2one(
        related="seller_id.employer_id", store=True, index="btree_not_null"
    )

    @api.depends("offer_id", "partner_id", "date")
    def _compute_seller_id(self):
        Seller = self.env["partner.incentive.seller"]
        for claim in self:
            claim.seller_id = (
                Seller._get_for_payee(
                    claim.offer_id.sudo().program_id, claim.partner_id, claim.date
                )
                if claim.offer_id and claim.partner_id and claim.date
                else Seller
            )

    def _check_offer(self):
        result = super()._check_offer()
        if self._get_version().seller_claims and not self.seller_id:
            raise UserError(
                self.env._(
                    "%(offer)s is for sellers themselves, and on %(date)s no employer "
                    "had consented to %(partner)s taking part.",
                    offer=self.offer_id.name,
                    date=format_date(self.env, self.date),
                    partner=self.partner_id.name,
                )
            )
        return result
