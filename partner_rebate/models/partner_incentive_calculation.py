from collections import defaultdict
from decimal import Decimal

from odoo import models

ZERO = Decimal(0)
HUNDRED = Decimal(100)


class PartnerIncentiveCalculation(models.AbstractModel):
    _inherit = "partner.incentive.calculation"

    def _accelerate(self, outcomes, day):
        result = super()._accelerate(outcomes, day)
        self._accelerate_by_offers(outcomes, day)
        self._accelerate_by_tier(outcomes, day)
        return result

    def _accelerate_by_tier(self, outcomes, day):
        """Multiply what offers earn by what the earners' tiers bring.

        The tier on the last day looked at counts for the whole window, so that what
        is owed depends on the tier's history alone and not on when it was calculated.
        """
        multiplied = {
            version.id
            for version in self._get_versions_of(outcomes.values())
            if version.tier_multiplier
        }
        if not multiplied:
            return
        by_day = defaultdict(list)
        for outcome in outcomes.values():
            if outcome.version.id in multiplied and outcome.earner_id:
                outcome.looked_at = min(day, outcome.window.end)
                by_day[outcome.looked_at].append(outcome)
        for last, group in by_day.items():
            partners = self.env["res.partner"].browse(
                {outcome.earner_id for outcome in group}
            )
            factors = self.env["partner.incentive.benefit"]._get_values(
                "rate_multiplier", partners, last, self.env.company
            )
            for outcome in group:
                if outcome.earner_id not in factors:
                    continue
                outcome.tier_factor = Decimal(str(factors[outcome.earner_id]))
                outcome.position = outcome.position._replace(
                    multiplier=outcome.position.multiplier * outcome.tier_factor
                )

    def _accelerate_by_offers(self, outcomes, day):
        """Multiply what offers earn by the rates that their accelerators reached.

        Several accelerators of one offer add up. An accelerator counts for the windows
        whose last day looked at lies in one of its own. It pays nothing itself.
        """
        accelerated = {
            version.id: version.accelerated_offer_ids.ids
            for version in self._get_versions_of(outcomes.values())
        }
        if not any(accelerated.values()):
            return
        extra = {}
        for outcome in outcomes.values():
            if not accelerated[outcome.version.id]:
                continue
            position = outcome.position
            if position.qualifying > ZERO:
                reached = position.parts[-1].scale.reached(position.qualifying)
                rate = reached[-1][0].rate if reached else ZERO
                for offer_id in accelerated[outcome.version.id]:
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
