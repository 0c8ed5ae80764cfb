from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError

from .partner_incentive_settlement import PAYABLE


class PartnerIncentiveClawback(models.Model):
    """A clawback of a claim on a fund.

    No run counts the claims of funds, so what is claimed back is an adjustment: booked
    at once, netted by the next settlement, and taken back when the clawback is lifted.
    """

    _inherit = "partner.incentive.clawback"

    def _check_counts(self):
        """A claim on a fund counts once it is approved."""
        funded = self.filtered("claim_id.mdf_activity_id")
        for clawback in funded:
            claim = clawback.sudo().claim_id
            if (
                claim.state not in PAYABLE
                or claim.partner_id != clawback.partner_id
                or claim.offer_id != clawback.offer_id
            ):
                raise UserError(
                    self.env._(
                        "%(document)s does not count for %(partner)s under %(offer)s, "
                        "so nothing can be claimed back for it.",
                        document=claim.display_name,
                        partner=clawback.partner_id.name,
                        offer=clawback.offer_id.name,
                    )
                )
        return super(PartnerIncentiveClawback, self - funded)._check_counts()

    def _get_entitlement(self):
        claim = self.sudo().claim_id
        if not claim.mdf_activity_id:
            return super()._get_entitlement()
        amount = self.offer_id._to_decimal(claim.amount)
        back = self._get_claimed_back() if self.state == "confirmed" else Decimal(0)
        return amount - back

    def _get_claimed_back(self):
        """The share of the claim that is claimed back, in the fund's currency."""
        self.ensure_one()
        return self.offer_id._to_decimal(self.sudo().claim_id.amount * self.share / 100)

    def _transition(self, state, **stamps):
        result = super()._transition(state, **stamps)
        sign = {"confirmed": -1, "lifted": 1}.get(state)
        if sign:
            for clawback in self.filtered("claim_id.mdf_activity_id"):
                clawback._adjust_fund(sign)
        return result

    def _adjust_fund(self, sign):
        """Two people have agreed on it already: book it."""
        adjustment_sudo = (
            self.env["partner.incentive.adjustment"]
            .sudo()
            .create(
                {
                    "company_id": self.company_id.id,
                    "offer_id": self.offer_id.id,
                    "partner_id": self.partner_id.id,
                    "date": fields.Date.context_today(self),
                    "amount": sign * float(self._get_claimed_back()),
                    "reason": f"{self.name}: {self.description}",
                }
            )
        )
        adjustment_sudo._transition("submitted", submitted_by=self.submitted_by.id)
        adjustment_sudo._book()
