import base64
import tempfile
from dataclasses import dataclass, field

import xlsxwriter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_date, split_every

from ..models.partner_incentive_entry import EARNING_KINDS, SETTLING_KINDS

#: A statement on paper has so many lines at most. Longer ones are added up by offer and
#: month, since nobody reads them and making the file would keep a worker for minutes.
MAX_LINES = 1000
#: Entries that are in memory together.
BATCH_SIZE = 2000
#: What a spreadsheet would run as a formula begins with one of these.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
REPORT = "partner_incentive_base.action_report_partner_incentive_statement"


@dataclass
class Section:
    """A partner's account with one company in one currency.

    :param opening: owed before the first line, without what is held back
    :param lines: list of dicts ``entry, date, what, offer, code, window, document,
        amount, balance``; without an entry where they are sums
    :param earned: sum of the lines that are earned; ``paid`` and ``held`` likewise,
        positive when they lessen what is owed; ``other`` is what is none of these
    :param closing: owed after the last line
    :param held_back: what is held back on the last day
    :param summed: how many movements the lines add up since they were too many
    """

    company: object
    currency: object
    opening: float = 0.0
    lines: list = field(default_factory=list)
    earned: float = 0.0
    paid: float = 0.0
    held: float = 0.0
    other: float = 0.0
    closing: float = 0.0
    held_back: float = 0.0
    summed: int = 0

    def add(self, kind, amount):
        """Add up a movement; return what is owed after it."""
        if kind in SETTLING_KINDS:
            self.paid -= amount
        elif kind == "holdback":
            self.held -= amount
        elif kind in EARNING_KINDS:
            self.earned += amount
        else:
            self.other += amount
        self.closing = self.currency.round(self.closing + amount)
        return self.closing


class PartnerIncentiveStatement(models.AbstractModel):
    """What a partner earned, was paid, and is owed: for paper, spreadsheet and API.

    In the currencies of the offers. Reads by the rights of whoever asks; the portal
    asks as superuser, for the user's own commercial partner only.
    """

    _name = "partner.incentive.statement"
    _description = "Partner Incentive Statement"

    # ---------------------------------------------------------------------- figures

    @api.model
    def _get_domain(self, partner):
        """Ledger entries that a partner is shown.

        What is held back moves between two accounts by two entries; the one on the
        account that is paid out tells it. An entry without an amount in the offer's
        currency, such as an exchange difference, is none of the partner's business.
        """
        return (
            Domain("partner_id", "=", partner.commercial_partner_id.id)
            & Domain("company_id", "in", self.env.companies.ids)
            & Domain("amount", "!=", 0)
            & ~(Domain("kind", "=", "holdback") & Domain("role", "=", "holdback"))
        )

    @api.model
    def _get_sections(self, partner, date_from=None, date_to=None, limit=None):
        """Sections of a partner's statement, by company and currency.

        :param limit: how many lines a section has at most; more are added up
        :return: list of :class:`Section`
        """
        sections = []
        for section, domain in self._open_sections(partner, date_from, date_to):
            count = limit and self.env["partner.incentive.entry"].search_count(
                domain, limit=limit + 1
            )
            if limit and count > limit:
                section.lines = self._sum_lines(section, domain, limit)
            else:
                section.lines = list(self._iterate_lines(section, domain))
            sections.append(section)
        return sections

    def _open_sections(self, partner, date_from, date_to):
        """``(section with its opening, domain of its entries)`` of each account."""
        Entry = self.env["partner.incentive.entry"]
        domain = self._get_domain(partner)
        if date_to:
            domain &= Domain("date", "<=", date_to)
        groups = Entry._read_group(domain, ["company_id", "currency_id"])
        for company, currency in sorted(groups, key=lambda g: (g[0].name, g[1].name)):
            section = Section(company, currency)
            own = (
                domain
                & Domain("company_id", "=", company.id)
                & Domain("currency_id", "=", currency.id)
            )
            if date_from:
                [(section.opening,)] = Entry._read_group(
                    own & Domain("date", "<", date_from), [], ["amount:sum"]
                )
                own &= Domain("date", ">=", date_from)
            section.closing = section.opening
            section.held_back = self._get_held_back(company, currency, partner, date_to)
            yield section, own

    def _iterate_lines(self, section, domain):
        """Lines of a section, oldest first, which adds them up.

        However many there are, a bounded number of entries is in memory.
        """
        Entry = self.env["partner.incentive.entry"]
        entry_ids = Entry.search(domain, order="date, id").ids
        windows = {}
        for batch in split_every(BATCH_SIZE, entry_ids, list):
            entries = Entry.browse(batch)
            for entry in entries:
                balance = section.add(entry.kind, entry.amount)
                yield self._prepare_line(entry, balance, windows)
            if len(entry_ids) > BATCH_SIZE:
                entries.sudo().move_id.invalidate_recordset(flush=False)
                entries.invalidate_recordset(flush=False)

    def _sum_lines(self, section, domain, limit):
        """Lines of a section per offer, kind and month, or year where those are many.

        :param limit: how many lines there are at most, if years are long enough
        """
        Entry = self.env["partner.incentive.entry"]
        for span in ("month", "year"):
            groups = Entry._read_group(
                domain,
                [f"date:{span}", "offer_id", "kind"],
                ["amount:sum", "date:max", "__count"],
            )
            if len(groups) <= limit:
                break
        lines = []
        groups.sort(key=lambda group: (group[0], group[1].id, group[2]))
        for start, offer, kind, amount, last, count in groups:
            section.summed += count
            lines.append(
                {
                    "entry": Entry,
                    "date": last,
                    "what": self._describe_kind(kind, amount > 0),
                    "offer": offer.name,
                    "code": offer.code or "",
                    "window": format_date(
                        self.env,
                        start,
                        date_format="MMMM y" if span == "month" else "y",
                    ),
                    "document": "",
                    "amount": section.currency.round(amount),
                    "balance": section.add(kind, amount),
                }
            )
        return lines

    def _get_held_back(self, company, currency, partner, date_to):
        domain = (
            Domain("partner_id", "=", partner.commercial_partner_id.id)
            & Domain("company_id", "=", company.id)
            & Domain("currency_id", "=", currency.id)
            & Domain("role", "=", "holdback")
        )
        if date_to:
            domain &= Domain("date", "<=", date_to)
        [(held,)] = self.env["partner.incentive.entry"]._read_group(
            domain, [], ["amount:sum"]
        )
        return held

    def _prepare_line(self, entry, balance, windows=None):
        """What is shown of an entry.

        :param windows: ``{(from, to): text}`` of lines before it, which gets its own
        """
        windows = {} if windows is None else windows
        span = entry.window_from, entry.window_to
        if span not in windows:
            windows[span] = (
                " – ".join(format_date(self.env, day) for day in span)
                if entry.window_from
                else ""
            )
        paid = entry.kind in SETTLING_KINDS
        return {
            "entry": entry,
            "date": entry.date,
            "what": self._get_kind_label(entry),
            "offer": entry.offer_id.name,
            "code": entry.offer_id.code or "",
            "window": windows[span],
            # The name of the credit note or bill, which the partner has as well.
            "document": entry.sudo().move_id.name or "" if paid else "",
            "amount": entry.amount,
            "balance": balance,
        }

    @api.model
    def _get_kind_label(self, entry):
        """What an entry is, in a partner's words."""
        if self._is_estimate(entry):
            return self.env._("Earned (estimate)")
        return self._describe_kind(entry.kind, entry.amount > 0)

    def _describe_kind(self, kind, more):
        """:param more: whether more is owed by it"""
        if kind == "accrual":
            return self.env._("Earned") if more else self.env._("Earned less")
        if kind == "settlement":
            return self.env._("Payment cancelled") if more else self.env._("Paid")
        if kind == "holdback":
            return self.env._("Released") if more else self.env._("Held back")
        return {
            "opening": self.env._("Balance brought forward"),
            "adjustment": self.env._("Correction"),
            "write_off": self.env._("Final settlement"),
            "clawback": self.env._("Taken back"),
            "expiry": self.env._("Expired"),
            "exchange": self.env._("Exchange difference"),
        }.get(kind, self.env._("Correction"))

    @api.model
    def _is_estimate(self, entry):
        """Whether an accrual provides for more, or less, than is achieved so far."""
        if entry.kind != "accrual" or not entry.version_id:
            return False
        method, _percent, _threshold = entry.version_id.sudo()._get_accrual_terms()
        return method != "achieved"

    # ------------------------------------------------------------------ spreadsheet

    @api.model
    def _write_spreadsheet(self, file, partner, date_from=None, date_to=None):
        """Write the statement as ``.xlsx`` into a file, a sheet per section.

        Whatever its length, neither its rows nor its entries are in memory all at once.

        :param file: binary, open for writing
        """
        with xlsxwriter.Workbook(
            file, {"constant_memory": True, "strings_to_formulas": False}
        ) as book:
            number = 0
            for section, domain in self._open_sections(partner, date_from, date_to):
                number += 1
                self._write_sheet(
                    book, number, section, domain, partner, date_from, date_to
                )
            if not number:
                book.add_worksheet().write(
                    0, 0, self.env._("There are no movements in this time.")
                )

    def _write_sheet(self, book, number, section, domain, partner, date_from, date_to):
        """Row after row, since a row is gone once the next one is begun."""
        money = book.add_format(
            {"num_format": "#,##0." + "0" * section.currency.decimal_places}
            if section.currency.decimal_places
            else {"num_format": "#,##0"}
        )
        bold = book.add_format({"bold": True})
        bold_money = book.add_format({"bold": True, "num_format": money.num_format})
        head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E9ECEF"})
        day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        sheet = book.add_worksheet(f"{number} {section.currency.name}"[:31])
        sheet.set_column(0, 0, 12)
        sheet.set_column(1, 1, 24)
        sheet.set_column(2, 2, 36)
        sheet.set_column(3, 5, 24)
        sheet.set_column(6, 7, 16)
        titles = [
            (self.env._("Incentive statement"), partner.commercial_partner_id.name),
            (self.env._("Company"), section.company.name),
            (self.env._("Currency"), section.currency.name),
            (self.env._("From"), fields.Date.to_string(date_from) or ""),
            (self.env._("To"), fields.Date.to_string(date_to) or ""),
        ]
        for row, (label, value) in enumerate(titles):
            sheet.write_string(row, 0, label, bold)
            sheet.write_string(row, 1, value or "")
        row = len(titles) + 1
        for column, label in enumerate(self._get_headers()):
            sheet.write_string(row, column, label, head)
        sheet.freeze_panes(row + 1, 0)
        row += 1
        sheet.write_string(row, 1, self.env._("Balance before"), bold)
        sheet.write_number(row, 7, section.opening, bold_money)
        for line in self._iterate_lines(section, domain):
            row += 1
            sheet.write_datetime(row, 0, fields.Datetime.to_datetime(line["date"]), day)
            for column, name in enumerate(
                ("what", "offer", "code", "window", "document"), start=1
            ):
                sheet.write_string(row, column, line[name] or "")
            sheet.write_number(row, 6, line["amount"], money)
            sheet.write_number(row, 7, line["balance"], money)
        row += 1
        sheet.write_string(row, 1, self.env._("Balance after"), bold)
        sheet.write_number(row, 7, section.closing, bold_money)
        if section.held_back:
            sheet.write_string(row + 1, 1, self.env._("Held back besides"))
            sheet.write_number(row + 1, 7, section.held_back, money)

    def _get_headers(self):
        return [
            self.env._("Date"),
            self.env._("What"),
            self.env._("Offer"),
            self.env._("Offer code"),
            self.env._("Period"),
            self.env._("Document"),
            self.env._("Amount"),
            self.env._("Balance"),
        ]

    # ------------------------------------------------------------------------ paper

    @api.model
    def _get_pdf(self, partner, date_from=None, date_to=None):
        """The statement as the bytes of a PDF file."""
        content, _type = self.env["ir.actions.report"]._render_qweb_pdf(
            REPORT,
            partner.commercial_partner_id.ids,
            data={
                "date_from": fields.Date.to_string(date_from),
                "date_to": fields.Date.to_string(date_to),
            },
        )
        return content

    @api.model
    def _get_filename(self, partner, extension):
        return self.env._(
            "Incentive statement %(partner)s %(date)s.%(extension)s",
            partner=partner.commercial_partner_id.name,
            date=fields.Date.context_today(self),
            extension=extension,
        )

    # ------------------------------------------------------------------ for the API

    @api.model
    def _check_can_read(self, partners):
        """A statement is for those who may read the ledger; a portal user asks for
        his own on his pages."""
        if not self.env["partner.incentive.entry"].has_access("read"):
            raise AccessError(
                self.env._(
                    "Only people with a right in Partner Incentives can read "
                    "statements."
                )
            )
        partners.check_access("read")

    def _read_arguments(self, partner_id, date_from, date_to):
        Partner = self.env["res.partner"]
        self._check_can_read(Partner)
        known = isinstance(partner_id, int) and 0 < partner_id < 2**31
        partner = Partner.browse(partner_id).exists() if known else Partner
        if not partner:
            raise UserError(self.env._("There is no such partner."))
        self._check_can_read(partner)
        try:
            days = [fields.Date.to_date(date_from), fields.Date.to_date(date_to)]
        except (TypeError, ValueError) as error:
            raise UserError(
                self.env._("Write dates as year-month-day, such as 2026-03-31.")
            ) from error
        return partner, *days

    @api.model
    def get_statement(self, partner_id, date_from=None, date_to=None):
        """A partner's statement, for use over RPC.

        :return: list of dicts, one per company and currency: ``company, currency,
            opening, earned, paid, held, other, closing, held_back, lines``
        """
        partner, start, end = self._read_arguments(partner_id, date_from, date_to)
        return [
            {
                "company": section.company.name,
                "currency": section.currency.name,
                **{
                    name: section.currency.round(getattr(section, name))
                    for name in (
                        "opening",
                        "earned",
                        "paid",
                        "held",
                        "other",
                        "closing",
                        "held_back",
                    )
                },
                "lines": [
                    {
                        **{n: v for n, v in line.items() if n != "entry"},
                        "entry_id": line["entry"].id,
                        "date": fields.Date.to_string(line["date"]),
                    }
                    for line in section.lines
                ],
            }
            for section in self._get_sections(partner, start, end)
        ]

    @api.model
    def get_statement_file(
        self, partner_id, file_format="pdf", date_from=None, date_to=None
    ):
        """A partner's statement as a file, for use over RPC.

        :param file_format: ``pdf`` or ``xlsx``
        :return: ``{"filename", "content"}``, the content in base64
        """
        partner, start, end = self._read_arguments(partner_id, date_from, date_to)
        if file_format not in ("pdf", "xlsx"):
            raise UserError(self.env._("A statement is made as pdf or as xlsx."))
        with self._open_file(partner, file_format, start, end) as file:
            return {
                "filename": self._get_filename(partner, file_format),
                "content": base64.b64encode(file.read()).decode(),
            }

    @api.model
    def _open_file(self, partner, extension, date_from=None, date_to=None):
        """The statement as a temporary file, from its beginning.

        :param extension: ``pdf`` or ``xlsx``
        """
        file = tempfile.TemporaryFile()
        if extension == "pdf":
            file.write(self._get_pdf(partner, date_from, date_to))
        else:
            self._write_spreadsheet(file, partner, date_from, date_to)
        file.seek(0)
        return file
