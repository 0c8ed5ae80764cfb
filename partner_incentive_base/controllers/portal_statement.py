"""``/my/incentives/statement``: the partner's ledger, down to the invoice line."""

import csv
import tempfile
from decimal import Decimal

from werkzeug.exceptions import NotFound
from werkzeug.urls import url_encode
from werkzeug.wsgi import wrap_file

from odoo import fields
from odoo.fields import Domain
from odoo.http import Response, content_disposition, request, route
from odoo.tools import format_date

from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..models.partner_incentive_entry import EARNING_KINDS
from ..report.partner_incentive_statement import MAX_LINES
from .portal import PartnerIncentivePortal
from .portal_records import MAX_ID

ZERO = Decimal(0)
EXPORT_BATCH = 2000
#: Filters of the statement by what an entry is in a partner's words.
KIND_FILTERS = {
    "earned": ("accrual",),
    "paid": ("settlement",),
    "held": ("holdback",),
    "taken_back": ("clawback",),
    "other": ("opening", "adjustment", "write_off", "expiry", "exchange"),
}


class PartnerIncentiveStatement(PartnerIncentivePortal):
    def _get_statement_sortings(self):
        env = request.env
        return {
            "newest": {"label": env._("Newest"), "order": "date desc, id desc"},
            "oldest": {"label": env._("Oldest"), "order": "date, id"},
            "offer": {"label": env._("Offer"), "order": "offer_id, date, id"},
            "amount": {"label": env._("Amount"), "order": "amount desc, id desc"},
        }

    def _get_kind_filters(self):
        env = request.env
        return {
            "earned": env._("Earned"),
            "paid": env._("Paid"),
            "held": env._("Held back, released"),
            "taken_back": env._("Taken back"),
            "other": env._("Other"),
        }

    def _get_kind_label(self, entry_sudo):
        """What an entry is, in a partner's words."""
        return request.env["partner.incentive.statement"]._get_kind_label(entry_sudo)

    def _read_statement_filters(self, **params):
        """What of the query string makes sense, and what is wrong with the rest.

        :return: ``(filters, errors)``; ``filters`` keeps what was typed
        """
        env = request.env
        filters = {
            "offer": params.get("offer") or "",
            "kind": params.get("kind") or "",
            "date_from": (params.get("date_from") or "").strip(),
            "date_to": (params.get("date_to") or "").strip(),
            "sortby": params.get("sortby") or "",
        }
        if not filters["offer"].isdecimal() or int(filters["offer"]) > MAX_ID:
            filters["offer"] = ""
        if filters["kind"] not in KIND_FILTERS:
            filters["kind"] = ""
        if filters["sortby"] not in self._get_statement_sortings():
            filters["sortby"] = "newest"
        errors = {}
        dates = {}
        for name in ("date_from", "date_to"):
            try:
                dates[name] = fields.Date.to_date(filters[name] or None)
            except ValueError:
                errors[name] = env._(
                    "“%s” is not a date. Write it as year-month-day, such as "
                    "2026-03-31.",
                    filters[name][:30],
                )
        start, end = dates.get("date_from"), dates.get("date_to")
        if start and end and end < start:
            errors["date_to"] = env._("The last day is before the first day.")
        filters["unreadable"] = set(errors) - set(dates)
        filters["dates"] = (None, None) if errors else (start, end)
        return filters, errors

    def _get_filter_domain(self, filters):
        """The statement's domain with its filters but for the dates."""
        domain = self._get_statement_domain()
        if filters["offer"]:
            domain &= Domain("offer_id", "=", int(filters["offer"]))
        if filters["kind"]:
            domain &= Domain("kind", "in", KIND_FILTERS[filters["kind"]])
        return domain

    def _get_dated_domain(self, filters):
        domain = self._get_filter_domain(filters)
        start, end = filters["dates"]
        if start:
            domain &= Domain("date", ">=", start)
        if end:
            domain &= Domain("date", "<=", end)
        return domain

    @route(
        ["/my/incentives/statement", "/my/incentives/statement/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        incentive_area="money",
    )
    def portal_my_incentive_statement(self, page=1, **params):
        filters, errors = self._read_statement_filters(**params)
        Entry = request.env["partner.incentive.entry"].sudo()
        domain = self._get_dated_domain(filters)
        sortings = self._get_statement_sortings()
        arguments = self._get_filter_arguments(filters)
        totals = self._get_statement_totals(domain)
        pager = portal_pager(
            url="/my/incentives/statement",
            url_args=arguments,
            total=int(sum(total["count"] for total in totals.values())),
            page=page,
            step=self._items_per_page,
        )
        entries_sudo = Entry.search(
            domain,
            order=sortings[filters["sortby"]]["order"],
            limit=self._items_per_page,
            offset=pager["offset"],
        )
        offers = self._get_statement_offers()
        count = max((total["count"] for total in totals.values()), default=0)
        return request.render(
            "partner_incentive_base.portal_my_incentive_statement",
            self._prepare_incentive_values(
                "incentive_statement",
                (request.env._("Statement"), None),
                entries=self._prepare_entries(entries_sudo),
                totals=self._prepare_statement_totals(filters, totals),
                offers=offers,
                kinds=self._get_kind_filters(),
                filters=filters,
                errors=errors,
                is_filtered=bool(set(arguments) - {"sortby"}),
                sortings=sortings,
                pager=pager,
                paper_limit=MAX_LINES if count > MAX_LINES else 0,
                export_url="/my/incentives/statement/export?" + url_encode(arguments),
                file_arguments=url_encode(
                    {
                        name: arguments[name]
                        for name in ("date_from", "date_to")
                        if name in arguments
                    }
                ),
            ),
        )

    def _get_filter_arguments(self, filters):
        """Query arguments that show the same part of the statement again."""
        names = ("offer", "kind", "date_from", "date_to", "sortby")
        arguments = {name: filters[name] for name in names if filters[name]}
        if arguments.get("sortby") == "newest":
            del arguments["sortby"]
        return arguments

    def _prepare_entries(self, entries_sudo):
        """Rows of the statement."""
        paid = entries_sudo.filtered(lambda e: e.kind not in EARNING_KINDS)
        readable = {move.id: move for move in self._get_readable_moves(paid.move_id)}
        return [
            {
                "entry": entry_sudo,
                "kind": self._get_kind_label(entry_sudo),
                "window": self._format_window(
                    entry_sudo.window_from, entry_sudo.window_to
                ),
                "amount": entry_sudo.currency_id.format(entry_sudo.amount),
                "move": readable.get(entry_sudo.move_id.id),
            }
            for entry_sudo in entries_sudo
        ]

    def _prepare_statement_totals(self, filters, totals):
        """A line per currency; with what came before when a first day is given.

        :param totals: see :meth:`_get_statement_totals`
        """
        before = {}
        start = filters["dates"][0]
        if start and not filters["kind"]:
            before = self._get_statement_totals(
                self._get_filter_domain(filters) & Domain("date", "<", start)
            )
        rows = []
        for currency in sorted({*totals, *before}, key=lambda c: c.name):
            total = totals[currency]
            opening = before[currency]["amount"] if currency in before else 0.0
            amount = total["amount"]
            rows.append(
                {
                    "currency": currency,
                    "opening": currency.format(opening) if before else "",
                    "earned": currency.format(total["earned"]),
                    "paid": currency.format(total["paid"]),
                    "held": currency.format(total["held"]),
                    "amount": currency.format(amount),
                    "balance": currency.format(opening + amount),
                }
            )
        return rows

    @route(
        "/my/incentives/statement/export",
        type="http",
        auth="user",
        website=True,
        incentive_area="money",
    )
    def portal_my_incentive_statement_export(self, **params):
        """The statement as a CSV file, whatever its length, in bounded memory."""
        filters, errors = self._read_statement_filters(**params)
        if errors:
            return request.redirect(
                "/my/incentives/statement?"
                + url_encode(self._get_filter_arguments(filters))
            )
        order = self._get_statement_sortings()[filters["sortby"]]["order"]
        text = tempfile.TemporaryFile("w+", encoding="utf-8-sig", newline="")
        writer = csv.writer(text)
        writer.writerow(self._get_export_header())
        for entries_sudo in self._iterate_entries(filters, order):
            writer.writerows(self._prepare_export_row(each) for each in entries_sudo)
        text.flush()
        file = text.detach()
        file.seek(0)
        name = request.env._("incentive-statement-%s.csv", self._get_today())
        return Response(
            wrap_file(request.httprequest.environ, file),
            headers=[
                ("Content-Type", "text/csv; charset=utf-8"),
                ("Content-Disposition", content_disposition(name)),
                ("Cache-Control", "no-store"),
            ],
            direct_passthrough=True,
        )

    def _iterate_entries(self, filters, order):
        """Recordsets of a bounded length; which entries they are is asked once."""
        Entry = request.env["partner.incentive.entry"].sudo()
        entry_ids = Entry.search(self._get_dated_domain(filters), order=order).ids
        for start in range(0, len(entry_ids), EXPORT_BATCH):
            entries_sudo = Entry.browse(entry_ids[start : start + EXPORT_BATCH])
            yield entries_sudo
            entries_sudo.invalidate_recordset(flush=False)

    def _get_export_header(self):
        env = request.env
        return [
            env._("Date"),
            env._("What"),
            env._("Offer"),
            env._("Offer code"),
            env._("Period from"),
            env._("Period to"),
            env._("Amount"),
            env._("Currency"),
        ]

    def _prepare_export_row(self, entry_sudo):
        texts = [
            self._get_kind_label(entry_sudo),
            entry_sudo.offer_id.name,
            entry_sudo.offer_id.code or "",
        ]
        return [
            fields.Date.to_string(entry_sudo.date),
            # A spreadsheet would run a text that looks like a formula.
            *(f"'{text}" if text[:1] in "=+-@\t\r" else text for text in texts),
            fields.Date.to_string(entry_sudo.window_from) or "",
            fields.Date.to_string(entry_sudo.window_to) or "",
            f"{entry_sudo.amount:.{entry_sudo.currency_id.decimal_places}f}",
            entry_sudo.currency_id.name,
        ]

    # ------------------------------------------------------------ entry of a statement

    @route(
        [
            "/my/incentives/statement/<int:entry_id>",
            "/my/incentives/statement/<int:entry_id>/page/<int:page>",
        ],
        type="http",
        auth="user",
        website=True,
        incentive_area="money",
    )
    def portal_my_incentive_entry(self, entry_id, page=1, **kw):
        entry_sudo = self._get_own_record(
            "partner.incentive.entry", entry_id, self._get_statement_domain()
        )
        if not entry_sudo:
            raise NotFound()
        # The tabs look at these; what is read with them is not read again.
        self._get_program_offers()
        values = self._prepare_entry_values(entry_sudo)
        if entry_sudo.window_from and entry_sudo.kind in EARNING_KINDS:
            values.update(self._prepare_window_values(entry_sudo, page))
        return request.render(
            "partner_incentive_base.portal_my_incentive_entry", values
        )

    def _prepare_entry_values(self, entry_sudo):
        [row] = self._prepare_entries(entry_sudo)
        line_sudo = request.env["partner.incentive.settlement.line"].sudo()
        if entry_sudo.settlement_id:
            line_sudo = line_sudo.search(
                [
                    ("settlement_id", "=", entry_sudo.settlement_id.id),
                    ("offer_id", "=", entry_sudo.offer_id.id),
                    ("partner_id", "=", entry_sudo.partner_id.id),
                ]
            )
        return self._prepare_incentive_values(
            "incentive_entry",
            (request.env._("Statement"), "/my/incentives/statement"),
            (f"{row['kind']}, {format_date(request.env, entry_sudo.date)}", None),
            row=row,
            entry=entry_sudo,
            is_estimate=self._is_estimate(entry_sudo),
            settlement_line=line_sudo,
            booked=self._prepare_booked(entry_sudo),
            steps=[],
            sources=[],
            pager=None,
        )

    def _prepare_booked(self, entry_sudo):
        """What the statement had for the entry's period before it, and after it."""
        if not entry_sudo.window_from or entry_sudo.kind not in EARNING_KINDS:
            return None
        domain = (
            self._get_own_domain()
            & Domain("offer_id", "=", entry_sudo.offer_id.id)
            & Domain("window_from", "=", entry_sudo.window_from)
            & Domain("id", "<", entry_sudo.id)
        )
        Entry = request.env["partner.incentive.entry"].sudo()
        [(before,)] = Entry._read_group(domain, aggregates=["earned:sum"])
        currency = entry_sudo.currency_id
        return {
            "before": currency.format(before),
            "after": currency.format(before + entry_sudo.earned),
        }

    def _get_entry_day(self, entry_sudo):
        """Up to which day documents counted when the entry was booked."""
        return (
            entry_sudo.run_id.date or entry_sudo.settlement_id.date or entry_sudo.date
        )

    def _prepare_window_values(self, entry_sudo, page):
        """The calculation of the entry's window, down to the lines that counted."""
        return self._prepare_calculation(
            entry_sudo.offer_id,
            entry_sudo.window_from,
            self._get_entry_day(entry_sudo),
            page,
            f"/my/incentives/statement/{entry_sudo.id}",
        )

    def _prepare_calculation(
        self, offer_sudo, window_from, day, page, url, document_sudo=None, **url_args
    ):
        """Steps and lines of one window for the user's partner, a page of them.

        :param document_sudo: what else the page names; ``document`` is what of it the
            user may open, which is asked together with the lines' documents
        """
        if document_sudo is None:
            document_sudo = request.env["account.move"].sudo()
        explanation = request.env["partner.incentive.explanation"].sudo()
        partner_sudo = self._get_incentive_partner()
        known = {}
        outcome = self._get_outcome(offer_sudo, window_from, day, known)
        if outcome is None:
            return {
                "steps": explanation._get_window_steps(
                    offer_sudo, partner_sudo, window_from, day
                ),
                "sources": [],
                "pager": None,
                "document": self._get_readable_moves(document_sudo),
            }
        step = self._items_per_page
        page = min(max(page, 1), MAX_ID // step)
        read = request.env["partner.incentive.source"].sudo()._get_page
        window = (offer_sudo, partner_sudo, window_from, day, step)
        rows, total = read(*window, (page - 1) * step, known)
        if not rows and page > 1:
            page = 1
            rows, total = read(*window, known=known)
        described, document = self._describe_sources(rows, document_sudo)
        return {
            "steps": explanation._describe_outcome(outcome, partner_sudo),
            "sources": self._prepare_sources(rows, described, outcome),
            "document": document,
            "source_count": total,
            "has_amounts": outcome.version.measure_unit == "amount",
            "pager": portal_pager(
                url=url, total=total, page=page, step=step, url_args=url_args
            ),
        }

    def _prepare_sources(self, rows, described, outcome):
        """What is shown of each line that counts; see :meth:`_describe_sources`."""
        currency = outcome.offer.currency_id
        money = outcome.version.measure_unit == "amount"
        rates = self._get_share_rates(outcome)
        sources = []
        for row in rows:
            earns = bool(row["earning"] if money else row["quantity"])
            basis = row["earning"] if money else row["quantity"]
            rate = rates.get((row["version_id"], row["segment_id"]), ZERO)
            amount = row["earning"] if earns else row["qualifying"]
            quantity = row["quantity"] if earns else row["qualifying_quantity"]
            sources.append(
                {
                    **described[row["line_model"], row["line_id"]],
                    "date": row["date"],
                    "quantity": self._format_number(quantity),
                    "amount": currency.format(float(amount)),
                    "earns": earns,
                    "share": currency.format(currency.round(float(basis * rate))),
                }
            )
        return sources

    def _describe_sources(self, rows, document_sudo):
        """What lines are: ``{(model, line id): {"document", "url", "product"}}``.

        A document is named only where the user may open it in Odoo. Of any other, such
        as a sale to somebody else that is credited to the partner, only the date, the
        product and the partner's own share are shown.

        :param document_sudo: a further document of the page
        :return: the dict, and the further document if the user may open it
        """
        described, shown = {}, None
        by_model = {}
        for row in rows:
            by_model.setdefault(row["line_model"], []).append(row["line_id"])
        for model, line_ids in by_model.items():
            lines_sudo = request.env[model].sudo().browse(line_ids)
            field = {
                "account.move.line": "move_id",
                "sale.order.line": "order_id",
            }.get(model)
            readable = request.env[model].browse()
            if field:
                documents_sudo = lines_sudo[field]
                asked = documents_sudo._name == document_sudo._name
                if asked:
                    documents_sudo |= document_sudo
                readable = documents_sudo.sudo(False)._filtered_access("read")
                if asked:
                    shown = self._get_shown_moves(readable & document_sudo)
            for line_sudo in lines_sudo:
                product = ""
                if "product_id" in line_sudo._fields:
                    product = line_sudo.product_id.display_name or ""
                values = {
                    "document": self._get_source_name(line_sudo),
                    "url": False,
                    "product": product,
                }
                if field and line_sudo[field].id in readable._ids:
                    document = line_sudo[field]
                    values = {
                        "document": document.name,
                        "url": document.access_url,
                        "product": product or line_sudo.name,
                    }
                described[model, line_sudo.id] = values
        if shown is None:
            shown = self._get_readable_moves(document_sudo)
        return described, shown

    def _get_source_name(self, line_sudo):
        """The name of a document that Odoo itself does not show the partner."""
        if line_sudo._name == "partner.incentive.claim":
            return line_sudo.name
        return request.env._("A sale credited to you")
