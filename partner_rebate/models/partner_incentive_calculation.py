from decimal import Decimal

from odoo import models

ZERO = Decimal(0)
HUNDRED = Decimal(100)


class PartnerIncentiveCalculation(models.AbstractModel):
    _inherit = "partner.incentive.calculation"

    def _accelerate(self, outcomes, day):
        """Multiply what offers earn by the rates that their accelerators reached.

        Several accelerators of one offer add up. An accelerator counts for the windows
        whose last day looked at lies in one of its own. It pays nothing itself.
        """
        super()._accelerate(outcomes, day)
        accelerated = {
            version: version.accelerated_offer_ids.ids
            for version in {outcome.version for outcome in outcomes.values()}
        }
        if not any(accelerated.values()):
            return
        extra = {}
        for outcome in outcomes.values():
            if not accelerated[outcome.version]:
                continue
            position = outcome.position
            if position.qualifying > ZERO:
                reached = position.parts[-1].scale.reached(position.qualifying)
                rate = reached[-1][0].rate if reached else ZERO
                for offer_id in accelerated[outcome.version]:
                    extra.setdefault((offer_id, outcome.earner_id), []).append(
                        (outcome.window, rate)
                    )
            outcome.position = position._replace(multiplier=ZERO)
        for (offer_id, earner_id, window), outcome in outcomes.items():
            rates = extra.get((offer_id, earner_id))
            if rates:
                last = min(day, window.end)
                percent = sum((rate for each, rate in rates if last in each), ZERO)
                outcome.position = outcome.position._replace(
                    multiplier=1 + percent / HUNDRED
                )
