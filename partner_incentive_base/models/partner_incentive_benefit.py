from odoo import api, models


class PartnerIncentiveBenefit(models.AbstractModel):
    """What a partner's tier brings it, for every module that grants something.

    Extension point: a module that keeps a library of benefits extends
    :meth:`_get_values`; modules that grant something read :meth:`_get_value` or, for
    many partners, :meth:`_get_values`, and fall back to their own setting where the
    tier says nothing. The most specific holds: what a module's own setting says for
    that very tier, then the tier's benefit, then what the setting says in general.
    Published terms of an offer say themselves whether a benefit touches them. Agreed
    codes:

    =================== ======= ======================================================
    code                unit    meaning
    =================== ======= ======================================================
    rate_multiplier     factor  on what an offer pays
    fund_share          percent of an activity's cost that a fund reimburses
    protection_days     days    a registered deal stays protected
    renewal_protection  days    before its end, a customer's contract is the partner's
    holdback_percent    percent of a payout that waits
    payout_days         days    from the approval of a payout to its due date
    support_level       text    name of the support level
    =================== ======= ======================================================
    """

    _name = "partner.incentive.benefit"
    _description = "Benefits of Tiers"

    @api.model
    def _get_values(self, code, partners, date, company=None):
        """What the tier of each partner on ``date`` brings.

        :param code: see the class
        :param partners: commercial partners
        :param company: whose benefits; the present company by default
        :return: ``{partner id: number or text}``, without the partners whose tier
            says nothing
        """
        return {}

    @api.model
    def _get_value(self, code, partner, date, company=None, default=None):
        """The same for one partner; ``default`` where its tier says nothing."""
        values = self._get_values(code, partner, date, company)
        return values.get(partner.id, default)
