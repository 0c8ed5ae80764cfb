import csv
import io

from odoo import api, fields, models
from odoo.exceptions import UserError

MAX_SIZE = 5 * 1024 * 1024
MAX_ROWS = 10_000


class RowError(Exception):
    """What is wrong with one row, in words."""


class PartnerIncentiveCsv(models.AbstractModel):
    """Reads CSV files as people make them, and says what is wrong with a row.

    Whoever inherits has a ``company_id``; records are looked up in it.
    """

    _name = "partner.incentive.csv"
    _description = "Incentive CSV Reader"

    @api.model
    def _read_csv(self, content, required, optional):
        """``(number of the line, {column: text})`` of a file.

        :param content: the file in base64
        :raise UserError: it is no CSV file with the columns that are needed
        """
        content = self.env["partner.incentive.upload"]._read_upload(
            content, "rows.csv", "csv", MAX_SIZE
        )
        return self._parse_csv(content, required, optional, MAX_ROWS)

    @api.model
    def _parse_csv(self, content, required, optional, max_rows):
        """Rows as :meth:`_read_csv` has them, of a file that was checked.

        :param content: bytes
        """
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UserError(
                self.env._("The file is not in UTF-8. Save it as CSV (UTF-8).")
            ) from error
        header = text.split("\n", 1)[0]
        delimiter = max(",;\t", key=header.count)
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            columns = [(name or "").strip().lower() for name in reader.fieldnames or ()]
            self._check_columns(columns, required, optional)
            reader.fieldnames = columns
            rows = []
            for row in reader:
                values = {
                    name: (row.get(name) or "").replace("\x00", "").strip()
                    for name in (*required, *optional)
                }
                if any(values.values()):
                    rows.append((reader.line_num, values))
                if len(rows) > max_rows:
                    raise UserError(
                        self.env._("The file may have %s lines at most.", max_rows)
                    )
        except csv.Error as error:
            raise UserError(
                self.env._("The file cannot be read as CSV: %s", error)
            ) from error
        return rows

    def _check_columns(self, columns, required, optional):
        missing = [name for name in required if name not in columns]
        if missing:
            raise UserError(
                self.env._(
                    "The first line must name the columns; missing: %(missing)s. "
                    "Columns are: %(all)s.",
                    missing=", ".join(missing),
                    all=", ".join((*required, *optional)),
                )
            )

    def _find_partner(self, text, found):
        """Id of the company that a reference, tax id or name stands for.

        :param found: records found so far, by what they were looked up with
        """
        key = ("partner", text.casefold())
        if key not in found:
            Partner = self.env["res.partner"]
            company = [("company_id", "in", (False, self.company_id.id))]
            matches = Partner
            for name in ("ref", "vat", "name"):
                matches = Partner.search([(name, "=ilike", literal(text)), *company])
                matches = matches.commercial_partner_id
                if matches:
                    break
            found[key] = matches
        return self._only_one(found[key], text)

    def _only_one(self, records, text):
        if not records:
            raise RowError(self.env._("%s was not found.", text))
        if len(records) > 1:
            raise RowError(
                self.env._(
                    "%(text)s stands for %(count)s records. Use a reference.",
                    text=text,
                    count=len(records),
                )
            )
        return records.id

    def _read_date(self, name, row):
        try:
            day = fields.Date.to_date(row[name])
        except ValueError:
            day = None
        if not day or row[name] != fields.Date.to_string(day):
            raise RowError(
                self.env._(
                    "%(name)s is %(text)s; write dates as 2026-01-31.",
                    name=name,
                    text=row[name],
                )
            )
        return fields.Date.to_string(day)

    def _read_amount(self, text, lowest=0.0):
        """``1234.56``, or ``1234,56``; one separator at most, so nothing is guessed."""
        plain = text.replace(" ", "")
        if plain.count(",") == 1 and "." not in plain:
            whole, decimals = plain.split(",")
            if len(decimals) == 3:
                raise RowError(
                    self.env._(
                        "%s can be read in two ways; write the amount as 1234.56.", text
                    )
                )
            plain = f"{whole}.{decimals}"
        try:
            amount = float(plain)
        except ValueError:
            amount = float("nan")
        if not lowest <= amount < 1e13:
            raise RowError(self.env._("%s is no amount; write it as 1234.56.", text))
        return amount


def literal(text):
    """``text`` with the wildcards of ``=ilike`` escaped."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
