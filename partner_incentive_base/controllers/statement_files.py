"""The statement as a file: PDF and spreadsheet, for partners and for the office."""

import os

from werkzeug.exceptions import NotFound
from werkzeug.urls import url_encode
from werkzeug.wsgi import wrap_file

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import Controller, Response, content_disposition, request, route

from .portal_statement import PartnerIncentiveStatement

TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def make_statement_response(statement, partner, extension, start, end):
    """Response that streams the file of a partner's statement.

    A PDF opens in the browser, also on a phone that would not know where to put it.
    """
    file = statement._open_file(partner, extension, start, end)
    disposition = content_disposition(
        statement._get_filename(partner, extension),
        "inline" if extension == "pdf" else "attachment",
    )
    return Response(
        wrap_file(request.httprequest.environ, file),
        headers=[
            ("Content-Type", TYPES[extension]),
            ("Content-Length", str(os.fstat(file.fileno()).st_size)),
            ("Content-Disposition", disposition),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ],
        direct_passthrough=True,
    )


class PartnerIncentiveStatementFiles(PartnerIncentiveStatement):
    @route(
        [
            "/my/incentives/statement/pdf",
            "/my/incentives/statement/xlsx",
        ],
        type="http",
        auth="user",
        website=True,
        incentive_area="money",
    )
    def portal_my_incentive_statement_file(self, **params):
        """The user's own statement; filters by offer or kind do not apply to it."""
        extension = request.httprequest.path.rpartition("/")[2]
        filters, errors = self._read_statement_filters(**params)
        if errors:
            return request.redirect(
                "/my/incentives/statement?"
                + url_encode(self._get_filter_arguments(filters))
            )
        return make_statement_response(
            request.env["partner.incentive.statement"].sudo(),
            self._get_incentive_partner(),
            extension,
            *filters["dates"],
        )


class StatementFiles(Controller):
    @route(
        "/partner_incentive/statement/<int:partner_id>.<string:extension>",
        type="http",
        auth="user",
        readonly=True,
    )
    def statement_file(
        self, partner_id, extension, date_from=None, date_to=None, **params
    ):
        """A partner's statement for those who may read the ledger."""
        if extension not in TYPES:
            raise NotFound()
        statement = request.env["partner.incentive.statement"]
        try:
            partner, start, end = statement._read_arguments(
                partner_id, date_from or None, date_to or None
            )
        except (AccessError, MissingError, UserError) as error:
            raise NotFound() from error
        return make_statement_response(statement, partner, extension, start, end)
