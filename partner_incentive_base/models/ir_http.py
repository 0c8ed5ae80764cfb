from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _pre_dispatch(cls, rule, args):
        """Open a page of the portal only to those whose role includes it.

        Routes name their area themselves: ``@route(..., incentive_area="money")``.
        """
        result = super()._pre_dispatch(rule, args)
        area = rule.endpoint.routing.get("incentive_area")
        if area:
            request.env.user.partner_id._check_incentive_area(area)
        return result
