from werkzeug.exceptions import Forbidden

from odoo import api, models
from odoo.http import request

PORTAL = "/my/incentives"
SAFE_METHODS = ("GET", "HEAD")


class IrHttp(models.AbstractModel):
    """Roles of partners on the portal, and a look at it as a partner sees it.

    For an incentive manager who looks, nobody logs in as somebody else: the session
    only names the partner whose pages are shown, the right is checked on each request,
    pages are read and nothing is sent, and whatever a page would have noted down is
    rolled back.
    """

    _inherit = "ir.http"

    @api.model
    def _get_incentive_preview(self):
        """The partner whose portal is looked at in this request, or an empty recordset.

        As the superuser's, like what the portal's pages work with.
        """
        partner_sudo = self.env["res.partner"].sudo()
        path = request.httprequest.path if request else ""
        partner_id = request and request.session.get("incentive_preview")
        if not partner_id or not (path == PORTAL or path.startswith(f"{PORTAL}/")):
            return partner_sudo
        if not request.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            return partner_sudo
        partner = request.env["res.partner"].browse(partner_id).exists()
        if not partner or not partner.has_access("read"):
            return partner_sudo
        return partner.sudo().commercial_partner_id

    @classmethod
    def _pre_dispatch(cls, rule, args):
        """Open a page of the portal only to those whose role includes it.

        Routes name their area themselves: ``@route(..., incentive_area="money")``.
        """
        result = super()._pre_dispatch(rule, args)
        area = rule.endpoint.routing.get("incentive_area")
        if area:
            request.env.user.partner_id._check_incentive_area(area)
        if request.httprequest.method not in SAFE_METHODS:
            Http = request.env["ir.http"]
            if Http._get_incentive_preview():
                raise Forbidden(
                    Http.env._(
                        "You are looking at the portal as a partner sees it. Nothing "
                        "can be sent from here. End the preview first."
                    )
                )
        return result

    @classmethod
    def _dispatch(cls, endpoint):
        response = super()._dispatch(endpoint)
        if request.env["ir.http"]._get_incentive_preview():
            request.env.cr.rollback()
        return response
