from odoo import fields, models
from odoo.exceptions import UserError

from ..models.partner_incentive_attribution import ROLES
from ..models.partner_incentive_csv import RowError, literal

REQUIRED = ("customer", "product", "start", "end", "amount")
OPTIONAL = ("currency", "partner", "role", "number")


class PartnerCustomerContractImport(models.TransientModel):
    """Reads customer contracts from a CSV file: first a report, then the contracts.

    The first row names the columns: customer, product, start, end, amount (per year),
    and if wanted currency, partner, role, number. Customers, partners and products are
    found by reference (internal reference for products), tax id or name; dates are
    written 2026-01-31.
    """

    _name = "partner.customer.contract.import"
    _description = "Import Customer Contracts"
    _inherit = ["partner.incentive.csv"]

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
    good_count = fields.Integer(string="Correct lines", compute="_compute_counts")
    bad_count = fields.Integer(string="Lines with errors", compute="_compute_counts")

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
            "res_model": "partner.customer.contract",
            "view_mode": "list,form",
            "domain": [("id", "in", contracts.ids)],
            "name": self.env._("Imported contracts"),
        }

    # ----------------------------------------------------------------------- reading

    def _check_rows(self):
        self.line_ids.unlink()
        found = {}
        seen = set()
        lines = []
        for number, row in self._read_csv(self.file, REQUIRED, OPTIONAL):
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

    def _find_product(self, text, found):
        key = ("product", text.casefold())
        if key not in found:
            Product = self.env["product.product"]
            company = [("company_id", "in", (False, self.company_id.id))]
            matches = Product
            for name in ("default_code", "barcode", "name"):
                matches = Product.search([(name, "=ilike", literal(text)), *company])
                if matches:
                    break
            found[key] = matches
        return self._only_one(found[key], text)

    def _find_currency(self, text):
        if not text:
            return self.company_id.currency_id.id
        currency = self.env["res.currency"].search(
            [("name", "=ilike", literal(text))], limit=1
        )
        if not currency:
            raise RowError(self.env._("There is no active currency %s.", text))
        return currency.id

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
