from odoo.addons.partner_incentive_base.tests.common import IncentiveCommon


class RebateCommon(IncentiveCommon):
    """Offers over invoices."""

    @classmethod
    def _create_offer(cls, publish=True, **values):
        values.setdefault("measure", "invoiced_amount")
        return super()._create_offer(publish=publish, **values)
