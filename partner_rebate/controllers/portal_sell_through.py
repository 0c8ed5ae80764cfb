"""``/my/incentives/sales``: partners report what they sold to their customers."""

import base64

from werkzeug.exceptions import NotFound

from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.partner_incentive_base.controllers.portal import (
    PartnerIncentivePortal,
)
from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..models.partner_sell_through_file import MAX_SIZE

MEASURES = ("sell_through_amount", "sell_through_quantity")
URL = "/my/incentives/sales"


class PartnerSellThroughPortal(PartnerIncentivePortal):
    def _get_tabs(self):
        tabs = super()._get_tabs()
        if self._get_report_companies():
            tabs.append(
                {
                    "title": request.env._("Reported sales"),
                    "url": URL,
                    "areas": ["offers"],
                    "group": "sales",
                    "sequence": 22,
                    "pages": ["incentive_sales", "incentive_sales_file"],
                }
            )
        return tabs

    def _get_report_companies(self):
        """Companies under whose offers reported sales of the partner count."""
        return (
            self._get_program_offers()
            .filtered(
                lambda offer: (
                    offer.state == "published" and offer.version_id.measure in MEASURES
                )
            )
            .company_id
        )

    @route(
        [URL, f"{URL}/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
        incentive_area="offers",
    )
    def portal_my_sell_through(self, page=1, name="", upload=None, company=None, **kw):
        """What was reported so far, and a form to report more."""
        companies_sudo = self._get_report_companies()
        File_sudo = request.env["partner.sell.through.file"].sudo()
        domain = self._get_own_domain()
        if not companies_sudo and not File_sudo.search_count(domain, limit=1):
            raise NotFound()
        name = name.replace("\x00", "").strip()[:100]
        error = None
        if request.httprequest.method == "POST":
            chosen = companies_sudo.filtered(lambda each: str(each.id) == company)
            chosen = chosen or companies_sudo[:1]
            file_sudo, error = self._create_sales_file(chosen, name, upload)
            if not error:
                return request.redirect(f"{URL}/{file_sudo.id}")
        pager = portal_pager(
            url=URL,
            total=File_sudo.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        return request.render(
            "partner_rebate.portal_my_sell_through",
            self._prepare_incentive_values(
                "incentive_sales",
                (request.env._("Reported sales"), None),
                files=File_sudo.search(
                    domain, limit=self._items_per_page, offset=pager["offset"]
                ),
                companies=companies_sudo,
                name=name,
                error=error,
                pager=pager,
            ),
        )

    def _create_sales_file(self, company_sudo, name, upload):
        """``(file, None)``, or ``(None, what is wrong)``."""
        env = request.env
        if not company_sudo:
            return None, env._("No offer counts reported sales at present.")
        filename = (getattr(upload, "filename", "") or "")[:200]
        if not filename:
            return None, env._("Choose the CSV file to upload.")
        if not filename.lower().endswith((".csv", ".txt")):
            return None, env._(
                "“%s” is no CSV file. Save your list as CSV (UTF-8).", filename[:60]
            )
        content = upload.read(MAX_SIZE + 1)
        if len(content) > MAX_SIZE:
            return None, env._("The file may have 5 MB at most.")
        File_sudo = env["partner.sell.through.file"].sudo()
        try:
            with env.cr.savepoint():
                file_sudo = File_sudo.with_company(company_sudo).create(
                    {
                        "name": name or filename,
                        "company_id": company_sudo.id,
                        "partner_id": self._get_incentive_partner().id,
                        "file": base64.b64encode(content),
                        "filename": filename,
                    }
                )
                file_sudo.action_check()
        except UserError as error:
            return None, str(error)
        return file_sudo, None

    @route(
        [f"{URL}/<int:file_id>", f"{URL}/<int:file_id>/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        incentive_area="offers",
    )
    def portal_my_sell_through_file(self, file_id, page=1, error=None, **kw):
        """What became of each line of a file."""
        file_sudo = self._get_own_record("partner.sell.through.file", file_id)
        if not file_sudo:
            raise NotFound()
        return self._render_sales_file(file_sudo, page)

    def _render_sales_file(self, file_sudo, page=1, error=None):
        Line_sudo = request.env["partner.sell.through.line"].sudo()
        domain = Domain("file_id", "=", file_sudo.id)
        pager = portal_pager(
            url=f"{URL}/{file_sudo.id}",
            total=Line_sudo.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        return request.render(
            "partner_rebate.portal_my_sell_through_file",
            self._prepare_incentive_values(
                "incentive_sales_file",
                (request.env._("Reported sales"), URL),
                (file_sudo.name, None),
                file=file_sudo,
                # The refused ones first: those need somebody to look at them.
                lines=Line_sudo.search(
                    domain,
                    order="state, number, id",
                    limit=self._items_per_page,
                    offset=pager["offset"],
                ),
                error=error,
                pager=pager,
            ),
        )

    @route(
        f"{URL}/<int:file_id>/<any(submit,discard):verb>",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        incentive_area="offers",
    )
    def portal_my_sell_through_decide(self, file_id, verb, **kw):
        """Hand the valid lines in, or throw the file away and upload another."""
        file_sudo = self._get_own_record(
            "partner.sell.through.file", file_id, Domain("state", "=", "draft")
        )
        if not file_sudo:
            raise NotFound()
        if verb == "discard":
            file_sudo.unlink()
            return request.redirect(URL)
        try:
            with request.env.cr.savepoint():
                file_sudo.action_submit()
        except UserError as problem:
            return self._render_sales_file(file_sudo, error=str(problem))
        return request.redirect(f"{URL}/{file_sudo.id}")
