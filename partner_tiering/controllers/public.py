"""The rules of the tiers, for everybody."""

from werkzeug.exceptions import NotFound

from odoo import fields
from odoo.http import Controller, request, route

from odoo.addons.partner_incentive_base.controllers.portal_records import MAX_ID


class PartnerTierRules(Controller):
    @route(
        ["/partner-tiers", "/partner-tiers/<int:company_id>"],
        type="http",
        auth="public",
        website=True,
        readonly=True,
    )
    def partner_tier_rules(self, company_id=None, **kw):
        """What each tier of a company asks for and brings, as published."""
        today = fields.Date.context_today(request.env.user)
        company_sudo = request.env.company.sudo()
        if company_id is not None:
            company_sudo = company_sudo.browse()
            if 0 < company_id <= MAX_ID:
                company_sudo = company_sudo.search([("id", "=", company_id)])
            if not company_sudo:
                raise NotFound()
        policy_sudo = (
            request.env["partner.tier.policy"].sudo()._get_in_force(company_sudo, today)
        )
        if not policy_sudo.is_public:
            raise NotFound()
        upcoming_sudo = policy_sudo.search(
            [
                ("company_id", "=", company_sudo.id),
                ("state", "=", "published"),
                ("is_public", "=", True),
                ("date_from", ">", today),
            ],
            order="date_from",
            limit=1,
        )
        return request.render(
            "partner_tiering.partner_tier_rules",
            {
                "policy": policy_sudo,
                "upcoming": upcoming_sudo,
                **policy_sudo._get_public_rules(today),
            },
        )
