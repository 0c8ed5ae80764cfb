from odoo import fields, models
from odoo.exceptions import AccessError

#: What each role of a partner's contact may use; an admin may use everything.
#:
#: - ``home``: overview, policies, resources, own preferences
#: - ``terms``: what offers say, and what they bring
#: - ``offers``: take part in offers, forecast, report sales
#: - ``deals``: deal registration
#: - ``funds``: funds, requests, and claims on them
#: - ``money``: statement, payouts, and what is confirmed of them
#: - ``disputes``: disputes of what the role may use
#: - ``performance``: scorecard, deployments, reviews, account plans
#: - ``agreements``: join programs, accept agreements and policies
#: - ``team``: colleagues and their roles
ROLE_AREAS = {
    "sales": {"home", "terms", "offers", "deals", "performance", "disputes"},
    "marketing": {"home", "funds", "performance", "disputes"},
    "finance": {"home", "terms", "money", "disputes"},
}
AREAS = frozenset().union(*ROLE_AREAS.values(), {"agreements", "team"})


class ResPartner(models.Model):
    """What a partner's contact may do on the portal, and what it is told by mail."""

    _inherit = "res.partner"

    incentive_portal_role = fields.Selection(
        [
            ("admin", "Admin"),
            ("sales", "Sales"),
            ("marketing", "Marketing"),
            ("finance", "Finance"),
        ],
        string="Role on the portal",
        groups="base.group_user",
        copy=False,
        tracking=True,
        help="What this contact may use of the incentives on the portal. Admin, or "
        "empty: everything, and the team. Sales: deals and offers. Marketing: funds "
        "and claims on them. Finance: statement and payouts.",
    )
    # what is unwanted is kept, so that a contact without a choice gets everything
    incentive_muted_event_ids = fields.Many2many(
        "partner.incentive.event",
        "res_partner_incentive_muted_event_rel",
        "partner_id",
        "event_id",
        string="No mail about",
        groups="base.group_user",
        copy=False,
        help="Incentive mails that this contact does not want. Contacts choose "
        "themselves on the portal.",
    )

    def write(self, vals):
        result = super().write(vals)
        if "incentive_portal_role" in vals:
            # record rules name the role, and their domains are cached per user
            self.env.registry.clear_cache()
        return result

    def _get_incentive_areas(self):
        """The areas of the portal that this contact's role opens; see ``AREAS``."""
        self.ensure_one()
        return ROLE_AREAS.get(self.sudo().incentive_portal_role, AREAS)

    def _may_use_incentives(self, *areas):
        """Whether the contact's role opens one of these areas of the portal."""
        return not self._get_incentive_areas().isdisjoint(areas)

    def _check_incentive_area(self, area):
        if not self._may_use_incentives(area):
            raise AccessError(
                self.env._(
                    "Your role does not include this page. Ask a colleague who is an "
                    "admin of your company on this portal."
                )
            )

    def _wants_incentive_mail(self, event):
        """Whether this contact takes mail about an event of its incentives.

        :param event: code of a ``partner.incentive.event``, such as ``"payable"``
        :return: False only where the contact said so; True for an unknown event
        """
        self.ensure_one()
        return event not in self.sudo().incentive_muted_event_ids.mapped("code")
