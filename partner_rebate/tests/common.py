from datetime import date

from odoo.addons.partner_incentive_base.tests.common import IncentiveCommon


class RebateCommon(IncentiveCommon):
    """Offers over invoices."""

    @classmethod
    def _create_offer(cls, publish=True, **values):
        values.setdefault("measure", "invoiced_amount")
        return super()._create_offer(publish=publish, **values)

    def _claw(self, offer, move, **values):
        clawback = (
            self.env["partner.incentive.clawback"]
            .with_user(self.users["compliance"])
            .create(
                {
                    "offer_id": offer.id,
                    "partner_id": self.partner_1.id,
                    "date": date(2026, 2, 15),
                    "reason": "audit",
                    "description": "The audit found no delivery",
                    "move_id": move.id,
                    **values,
                }
            )
        )
        clawback.action_submit()
        clawback.with_user(self.users["finance"]).action_confirm()
        return clawback
