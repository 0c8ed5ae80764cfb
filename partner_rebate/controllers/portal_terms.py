"""The terms that rebates add, in a partner's words."""

from decimal import Decimal

from odoo.http import request

from odoo.addons.partner_incentive_base.controllers.portal import (
    PartnerIncentivePortal,
)


class PartnerRebateTerms(PartnerIncentivePortal):
    def _get_offer_terms(self, version):
        terms = super()._get_offer_terms(version)
        return terms + [
            (label, text) for label, text in self._get_terms_rebate(version) if text
        ]

    def _get_terms_rebate(self, version):
        env = request.env
        yield env._("Brackets"), self._describe_reference(version)
        if version.measure == "growth_amount" or version.bracket_reference == (
            "previous"
        ):
            yield (
                env._("Without purchases a year before"),
                {
                    "none": env._("Nothing is earned"),
                    "all": env._("Everything counts as growth"),
                    "baseline": env._(
                        "What exceeds %s counts as growth",
                        self._format_volume(version, version.growth_baseline),
                    ),
                }[version.growth_without_history],
            )
        if version.safety_days:
            yield (
                env._("Counts after"),
                env._("1 day, when it is certain")
                if version.safety_days == 1
                else env._("%s days, when it is certain", version.safety_days),
            )
        if version.measure == "elapsed_days":
            yield (
                env._("Earned"),
                env._("Evenly over the period, for each day that you take part"),
            )
        for milestone in version.milestone_ids:
            yield milestone.name, version.offer_id.currency_id.format(milestone.amount)
        if version.accelerated_offer_ids:
            yield (
                env._("Accelerates"),
                env._(
                    "The rate that you reach is added, in percent, to what you earn "
                    "under: %s",
                    ", ".join(version.accelerated_offer_ids.mapped("name")),
                ),
            )
        if version.tier_multiplier:
            yield (
                env._("Times your tier's multiplier"),
                env._("By the tier that you have on the last day of each period"),
            )
        if version.seller_claims:
            yield (
                env._("For"),
                env._("People who sell; each claims and is paid for himself"),
            )

    def _describe_reference(self, version):
        """What the percentages of the brackets are of."""
        env = request.env
        reference = version._get_reference()
        if reference == "target":
            target = self._get_own_target(version)
            if not target:
                return env._("In percent of your target, which is not set yet")
            return env._(
                "In percent of your target of %s", self._format_volume(version, target)
            )
        return {
            "previous": env._("In percent of the same period a year before"),
            "products": env._("In percent of the products that they compare with"),
            "measure": env._("In percent of the contracts that ended in the period"),
        }.get(reference, "")

    def _get_calculator_scale(self, version, scale):
        if version.accelerated_offer_ids or version.measure in (
            "elapsed_days",
            "milestone_bonus",
        ):
            return None
        if version._get_reference() == "target":
            target = self._get_own_target(version)
            return scale.relative_to(target) if target else None
        return super()._get_calculator_scale(version, scale)

    def _get_calculator_multiplier(self, version):
        multiplier = super()._get_calculator_multiplier(version)
        if not version.tier_multiplier:
            return multiplier
        partner_sudo = self._get_incentive_partner()
        factors = (
            request.env["partner.incentive.benefit"]
            .sudo()
            ._get_values(
                "rate_multiplier",
                partner_sudo,
                self._get_today(),
                version.offer_id.company_id,
            )
        )
        return multiplier * Decimal(str(factors.get(partner_sudo.id, 1)))

    def _get_own_target(self, version):
        """The target of the partner in the window that runs."""
        today = self._get_today()
        window = next(
            (each for each in version.offer_id._get_windows(today) if today in each),
            None,
        )
        key = (self._get_incentive_partner().id, window and window.start)
        return version._get_targets().get(version.offer_id.id, {}).get(key)
