import csv
import io

from odoo import fields, models
from odoo.exceptions import UserError

from ..models.partner_incentive_attribution import ROLES

REQUIRED = ("customer", "product", "start", "end", "amount")
OPTIONAL = ("currency", "partner", "role", "number")
MAX_SIZE = 5 * 1024 * 1024
MAX_ROWS = 10_000


class RowError(Exception):
    """What is wrong with one row, in words."""


class PartnerCustomerContractImport(models.TransientModel):
    """Reads customer contracts from a CSV file: first a report, then the contracts.

    The first row names the columns: customer, product, start, end, amount (per year),
    and if wanted currency, partner, role, number. Customers, partners and products are
    found by reference (internal reference for products), tax id or name; dates are
    written 2026-01-31.
    """

    _name = "partner.customer.contract.import"
    _description = "Import Customer Contracts"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    file = fields.Binary(string="CSV file", required=True, attachment=False)
    filename = fields.Char()
    import_good = fields.Boolean(
        string="Import good lines",
        help="Make contracts of the lines without errors and leave out the others.",
    )
    checked = fields.Boolean(readonly=True)
    line_ids = fields.One2many("partner.customer.contract.import.line", "wizard_id")
    good_count = fields.Integer(compute="_compute_counts")
    bad_count = fields.Integer(compute="_compute_counts")

    def _compute_counts(self):
        for wizard in self:
            wizard.good_count = len(wizard.line_ids.filtered("vals"))
            wizard.bad_count = len(wizard.line_ids) - wizard.good_count

    def action_check(self):
        """Read the file and report on every line, without making anything."""
        self.ensure_one()
        self._check_rows()
        return {
            "type": "ir.actions.act_window",
            "name": self._description,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_import(self):
        """Make the contracts: all of them, or those of the good lines if asked to."""
        self.ensure_one()
        # once more, since the books may have changed since the report
        self._check_rows()
        if self.bad_count and not self.import_good:
            raise UserError(
                self.env._(
                    "%(bad)s of %(all)s lines have errors, so nothing was imported. "
                    "Correct the file, or tick Import good lines.",
                    bad=self.bad_count,
                    all=len(self.line_ids),
                )
            )
        good = self.line_ids.filtered("vals")
        if not good:
            raise UserError(self.env._("There is no line to import."))
        contracts = self.env["partner.customer.contract"].create(good.mapped("vals"))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Imported contracts"),
            "res_model": "partner.customer.contract",
            "view_mode": "list,form",
            "domain": [("id", "in", contracts.ids)],
        }

    # ----------------------------------------------------------------------- reading

    def _check_rows(self):
        self.line_ids.unlink()
        found = {}
        seen = set()
        lines = []
        for number, row in self._read_rows():
            line = {
                "wizard_id": self.id,
                "number": number,
                "content": ", ".join(value for value in row.values() if value),
            }
            try:
                line["vals"] = self._read_row(row, found, seen)
                line["message"] = self.env._("OK")
            except RowError as error:
                line["message"] = str(error)
            lines.append(line)
        self.env["partner.customer.contract.import.line"].create(lines)
        self.checked = True
        self.invalidate_recordset(["good_count", "bad_count"])

    def _read_rows(self):
        """``(number of the line, {column: text})`` of the file.

        :raise UserError: it is no CSV file with the columns that are needed
        """
        content = self.env["partner.incentive.upload"]._read_upload(
            self.file, self.filename, "csv", MAX_SIZE
        )
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
            self._check_columns(columns)
            reader.fieldnames = columns
            rows = []
            for row in reader:
                values = {
                    name: (row.get(name) or "").strip() for name in REQUIRED + OPTIONAL
                }
                if any(values.values()):
                    rows.append((reader.line_num, values))
                if len(rows) > MAX_ROWS:
                    raise UserError(
                        self.env._("The file may have %s lines at most.", MAX_ROWS)
                    )
        except csv.Error as error:
            raise UserError(
                self.env._("The file cannot be read as CSV: %s", error)
            ) from error
        return rows

    def _check_columns(self, columns):
        missing = [name for name in REQUIRED if name not in columns]
        if missing:
            raise UserError(
                self.env._(
                    "The first line must name the columns; missing: %(missing)s. "
                    "Columns are: %(all)s.",
                    missing=", ".join(missing),
                    all=", ".join(REQUIRED + OPTIONAL),
                )
            )

    def _read_row(self, row, found, seen):
        """Values of the contract of one row.

        :param found: records found so far, by what they were looked up with
        :param seen: keys of the rows so far
        :raise RowError: what is wrong with it
        """
        for name in REQUIRED:
            if not row[name]:
                raise RowError(self.env._("%s is empty.", name))
        vals = {
            "company_id": self.company_id.id,
            "customer_id": self._find_partner(row["customer"], found),
            "product_id": self._find_product(row["product"], found),
            "date_start": self._read_date("start", row),
            "date_end": self._read_date("end", row),
            "recurring_amount": self._read_amount(row["amount"]),
            "currency_id": self._find_currency(row["currency"]),
            "role": self._read_role(row["role"]),
        }
        if vals["date_end"] < vals["date_start"]:
            raise RowError(self.env._("The end is before the start."))
        if row["partner"]:
            vals["partner_id"] = self._find_partner(row["partner"], found)
        if row["number"]:
            vals["name"] = row["number"]
        self._check_new(vals, seen)
        return vals

    def _check_new(self, vals, seen):
        key = (vals["customer_id"], vals["product_id"], vals["date_start"])
        if key in seen:
            raise RowError(
                self.env._("The same customer, product and start are above already.")
            )
        known = self.env["partner.customer.contract"].search(
            [
                ("company_id", "=", vals["company_id"]),
                ("customer_id", "=", vals["customer_id"]),
                ("product_id", "=", vals["product_id"]),
                ("date_start", "=", vals["date_start"]),
            ],
            limit=1,
        )
        if known:
            raise RowError(self.env._("There is such a contract: %s.", known.name))
        seen.add(key)

    def _find_partner(self, text, found):
        key = ("partner", text.casefold())
        if key not in found:
            Partner = self.env["res.partner"]
            company = [("company_id", "in", (False, self.company_id.id))]
            matches = Partner
            for name in ("ref", "vat", "name"):
                matches = Partner.search([(name, "=ilike", _literal(text)), *company])
                matches = matches.commercial_partner_id
                if matches:
                    break
            found[key] = matches
        return self._only_one(found[key], text)

    def _find_product(self, text, found):
        key = ("product", text.casefold())
        if key not in found:
            Product = self.env["product.product"]
            company = [("company_id", "in", (False, self.company_id.id))]
            matches = Product
            for name in ("default_code", "barcode", "name"):
                matches = Product.search([(name, "=ilike", _literal(text)), *company])
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

    def _find_currency(self, text):
        if not text:
            return self.company_id.currency_id.id
        currency = self.env["res.currency"].search(
            [("name", "=ilike", _literal(text))], limit=1
        )
        if not currency:
            raise RowError(self.env._("There is no active currency %s.", text))
        return currency.id

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

    def _read_amount(self, text):
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
            amount = -1.0
        if not 0 <= amount < 1e15:
            raise RowError(self.env._("%s is no amount; write it as 1234.56.", text))
        return amount

    def _read_role(self, text):
        if not text:
            return "sourced"
        roles = [role for role, _label in ROLES]
        if text.lower() not in roles:
            raise RowError(
                self.env._(
                    "%(text)s is no role. Roles are: %(roles)s.",
                    text=text,
                    roles=", ".join(roles),
                )
            )
        return text.lower()


def _literal(text):
    """``text`` with the wildcards of ``=ilike`` escaped."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
