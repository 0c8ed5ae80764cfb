from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.partner_incentive_base.controllers.portal import (
    PartnerIncentivePortal,
)
from odoo.addons.portal.controllers.portal import pager as portal_pager

URL = "/my/incentives/demonstrations"


class PartnerDemonstrationPortal(PartnerIncentivePortal):
    @route([URL, f"{URL}/page/<int:page>"], type="http", auth="user", website=True)
    def portal_my_demonstrations(self, page=1, **kw):
        """What the user's own company has shown, and what of it counts."""
        Demonstration_sudo = request.env["partner.demonstration"].sudo()
        domain = self._get_own_domain()
        pager = portal_pager(
            url=URL,
            total=Demonstration_sudo.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        return request.render(
            "partner_incentive_example.portal_my_demonstrations",
            self._prepare_incentive_values(
                "incentive_demonstrations",
                (request.env._("Demonstrations"), None),
                demonstrations=Demonstration_sudo.search(
                    domain, limit=self._items_per_page, offset=pager["offset"]
                ),
                pager=pager,
            ),
        )

    def _get_tabs(self):
        return [
            *super()._get_tabs(),
            {
                "title": request.env._("Demonstrations"),
                "url": URL,
                "areas": [],
                "group": "sales",
                "sequence": 28,
                "pages": ["incentive_demonstrations"],
            },
        ]

    def _prepare_overview_values(self, message=None):
        """Values of the card on the overview."""
        values = super()._prepare_overview_values(message)
        values["demonstration_count"] = (
            request.env["partner.demonstration"]
            .sudo()
            .search_count(self._get_own_domain() & Domain("state", "=", "confirmed"))
        )
        return values
