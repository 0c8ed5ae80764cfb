import csv
import io
from datetime import date

from odoo import api, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import parse_date

from .partner_deal_registration import PARTNER_FIELDS

MAX_ROWS = 500
MAX_BYTES = 1024 * 1024
#: Columns of the file, as the template that can be downloaded has them.
COLUMNS = (
    "customer_name",
    "customer_vat",
    "customer_website",
    "customer_street",
    "customer_zip",
    "customer_city",
    "customer_country",
    "customer_contact",
    "customer_email",
    "customer_phone",
    "product",
    "quantity",
    "expected_value",
    "expected_close_date",
    "role",
    "competition",
    "engagement",
    "note",
)
TAKE_OVER_COLUMNS = ("partner", "protected_from", "protected_until")


class PartnerDealRegistration(models.Model):
    _inherit = "partner.deal.registration"

    @api.model
    def _read_csv(self, content):
        """Rows of an uploaded file as dicts; comma or semicolon, UTF-8 or Windows."""
        if len(content) > MAX_BYTES:
            raise UserError(self.env._("The file may have 1 MB at most."))
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
        header = text.partition("\n")[0]
        delimiter = ";" if header.count(";") > header.count(",") else ","
        rows = list(csv.DictReader(io.StringIO(text), delimiter=delimiter))
        if not rows or "customer_name" not in (rows[0] or {}):
            raise UserError(
                self.env._(
                    "The file needs a first row with the names of the columns, such "
                    "as customer_name. Download the template."
                )
            )
        if len(rows) > MAX_ROWS:
            raise UserError(self.env._("A file may have %s deals at most.", MAX_ROWS))
        return [
            {
                (name or "").strip(): (value or "").strip()
                for name, value in row.items()
                if isinstance(value, str) or value is None
            }
            for row in rows
        ]

    @api.model
    def _import_rows(self, rows, partner, submit=True):
        """Register each row for ``partner``, the same way as one by one.

        A row that cannot be read is reported and leaves the others alone.

        :return: list of ``(line number, registration or empty, message)``
        """
        results = []
        for number, row in enumerate(rows, start=2):
            registration = self.browse()
            try:
                with self.env.cr.savepoint():
                    vals = self._prepare_row(row)
                    registration = self.create([{**vals, "partner_id": partner.id}])
                message = self.env._("Saved as a draft")
                missing = registration.sudo().missing
                if missing:
                    message = self.env._("Saved as a draft; still missing: %s", missing)
                elif submit:
                    with self.env.cr.savepoint():
                        registration.action_submit()
                    message = self.env._("Submitted")
            except (UserError, ValidationError, AccessError, ValueError) as error:
                message = str(error)
            results.append((number, registration, message))
        return results

    @api.model
    def _prepare_row(self, row):
        vals = {
            name: row[name]
            for name in PARTNER_FIELDS & set(COLUMNS)
            if row.get(name) and self._fields[name].type in ("char", "text")
        }
        if not vals.get("customer_name"):
            raise UserError(self.env._("The name of the customer is missing."))
        if row.get("expected_value"):
            vals["expected_value"] = self._read_number(row["expected_value"])
        if row.get("expected_close_date"):
            vals["expected_close_date"] = self._read_date(row["expected_close_date"])
        if row.get("role"):
            vals["role"] = self._read_role(row["role"])
        if row.get("customer_country"):
            vals["customer_country_id"] = self._read_country(row["customer_country"]).id
        if row.get("product"):
            vals["line_ids"] = [
                (
                    0,
                    0,
                    {
                        "product_id": self._read_product(row["product"]).id,
                        "quantity": self._read_number(row.get("quantity") or "1"),
                    },
                )
            ]
        return vals

    def _read_number(self, text):
        """``1,234.50`` and ``1.234,50`` are the same."""
        plain = text.replace(" ", "").replace("'", "")
        if "," in plain and plain.rfind(",") > plain.rfind("."):
            plain = plain.replace(".", "").replace(",", ".")
        plain = plain.replace(",", "")
        try:
            return float(plain)
        except ValueError as error:
            raise UserError(self.env._("%s is not a number.", text)) from error

    def _read_date(self, text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            day = parse_date(self.env, text)
        if not isinstance(day, date):
            raise UserError(self.env._("%s is not a date, such as 2026-01-31.", text))
        return day

    def _read_role(self, text):
        roles = dict(self._fields["role"].selection)
        if text.lower() not in roles:
            raise UserError(
                self.env._(
                    "%(text)s is none of: %(roles)s.", text=text, roles=", ".join(roles)
                )
            )
        return text.lower()

    def _read_country(self, text):
        country = self.env["res.country"].search(
            ["|", ("code", "=ilike", text), ("name", "=ilike", text)], limit=1
        )
        if not country:
            raise UserError(self.env._("There is no country %s.", text))
        return country

    def _read_product(self, text):
        product = (
            self.env["product.product"]
            .sudo()
            .search(
                [
                    ("sale_ok", "=", True),
                    ("company_id", "in", (False, self.env.company.id)),
                    "|",
                    ("default_code", "=", text),
                    ("name", "=ilike", text.replace("%", "").replace("_", r"\_")),
                ],
                limit=1,
            )
        )
        if not product:
            raise UserError(self.env._("There is no product %s for sale.", text))
        return product

    @api.model
    def _take_over_rows(self, rows):
        """Take over registrations in force elsewhere, with partner and dates."""
        results = []
        for number, row in enumerate(rows, start=2):
            registration = self.browse()
            try:
                with self.env.cr.savepoint():
                    vals = self._prepare_row(row)
                    partner = self.env["res.partner"].search(
                        [
                            ("is_company", "=", True),
                            "|",
                            ("name", "=", row.get("partner")),
                            ("ref", "=", row.get("partner")),
                        ],
                        limit=1,
                    )
                    if not partner:
                        raise UserError(
                            self.env._("There is no partner %s.", row.get("partner"))
                        )
                    registration = self._take_over(
                        {
                            **vals,
                            "partner_id": partner.id,
                            "protected_from": self._read_date(row["protected_from"]),
                            "protected_until": self._read_date(row["protected_until"]),
                        }
                    )
                message = self.env._("Taken over")
            except (UserError, ValidationError, AccessError, KeyError) as error:
                message = str(error)
            results.append((number, registration, message))
        return results
