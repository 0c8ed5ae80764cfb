"""``/my/incentives/preview``: managers see the portal as a partner does."""

from werkzeug.exceptions import NotFound

from odoo.http import request, route

from .portal_dispute import PartnerIncentiveDisputePortal
from .portal_records import MAX_ID


class PartnerIncentivePreviewPortal(PartnerIncentiveDisputePortal):
    @route(
        "/my/incentives/preview/<int:partner_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
        incentive_area="home",
    )
    def portal_preview_start(self, partner_id, **kw):
        """Show the portal of a partner that the manager may read, from now on."""
        if partner_id > MAX_ID or not request.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            raise NotFound()
        partner = request.env["res.partner"].browse(partner_id).exists()
        if not partner or not partner.has_access("read"):
            raise NotFound()
        request.session["incentive_preview"] = partner.commercial_partner_id.id
        return request.redirect("/my/incentives")

    @route(
        "/my/incentives/preview/stop",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
        incentive_area="home",
    )
    def portal_preview_stop(self, **kw):
        """Back to the contact in the back end, or to one's own portal."""
        partner_id = request.session.pop("incentive_preview", None)
        if not partner_id or not request.env.user._is_internal():
            return request.redirect("/my")
        return request.redirect(f"/odoo/res.partner/{partner_id}")
