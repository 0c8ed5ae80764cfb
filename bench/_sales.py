"""Real sales as posted invoices within seconds.

The first invoice of a currency goes through Odoo; all others are copies of its rows
with their own partner, dates, products and amounts, those that Odoo would verify.
"""

from decimal import Decimal

from _books import copy_rows
from _suite.demo_sales import COMPANY, Loader
from _suite.demo_sales_files import cents

from odoo.tools import SQL

DOCUMENT = {
    "id": "int",
    "name": "varchar",
    "sequence_prefix": "varchar",
    "sequence_number": "int",
    "ref": "varchar",
    "partner_id": "int",
    "date": "date",
    "due": "date",
    "rate": "numeric",
    "amount": "numeric",
    "balance": "numeric",
    "pattern_id": "int",
}
LINE = {
    "move_id": "int",
    "sequence": "int",
    "product_id": "int",
    "name": "varchar",
    "quantity": "numeric",
    "price_unit": "numeric",
    "discount": "numeric",
    "amount": "numeric",
    "balance": "numeric",
}


class FastLoader(Loader):
    """A :class:`Loader` that lets Odoo post one invoice of each currency only."""

    def __init__(self, env, files):
        super().__init__(env, files)
        self._patterns = {}

    def _load_company(self):
        """Without a country, for which Odoo would install a localization first."""
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.env["res.company"].create({"name": COMPANY, "currency_id": dollar.id})
        super()._load_company()

    def load_invoices(self, invoices):
        lookup = self.get_invoice_lookup()
        rest = []
        for invoice in invoices:
            if invoice.currency in self._patterns:
                rest.append(invoice)
            else:
                super().load_invoices([invoice])
                self._patterns[invoice.currency] = self.env["account.move"].search(
                    [("company_id", "=", self.company.id), ("ref", "=", invoice.number)]
                )
        if rest:
            self._insert(rest, lookup)
            self.env.invalidate_all()

    def _insert(self, invoices, lookup):
        self.env.flush_all()
        documents, lines = [], []
        numbers = self._get_last_numbers(lookup)
        ids = self.env.execute_query(
            SQL(
                "SELECT nextval('account_move_id_seq') FROM generate_series(1, %s)",
                len(invoices),
            )
        )
        for (move_id,), invoice in zip(ids, invoices, strict=True):
            pattern = self._patterns[invoice.currency]
            own = self._prepare_lines(move_id, invoice, lookup)
            prefix = f"INV/{invoice.date.year}/"
            numbers[prefix] = numbers.get(prefix, 0) + 1
            documents.append(
                (
                    move_id,
                    f"{prefix}{numbers[prefix]:05d}",
                    prefix,
                    numbers[prefix],
                    invoice.number,
                    lookup["partner"][invoice.reseller.code],
                    invoice.date,
                    invoice.due_date,
                    Decimal(str(lookup["rate"](invoice.currency, invoice.date))),
                    sum(line[-2] for line in own),
                    sum(line[-1] for line in own),
                    pattern.id,
                )
            )
            lines += own
        self._make_table("sales_document", DOCUMENT, documents)
        self._make_table("sales_line", LINE, lines)
        self._insert_moves()
        self._insert_product_lines()
        self._insert_receivable_lines()
        self.env.cr.execute("DROP TABLE sales_document, sales_line")

    def _get_last_numbers(self, lookup):
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT sequence_prefix, MAX(sequence_number) FROM account_move
                        WHERE journal_id = %s AND name != '/' GROUP BY 1""",
                    lookup["journal"],
                )
            )
        )

    def _prepare_lines(self, move_id, invoice, lookup):
        rate = 1 if invoice.currency == "USD" else None
        if rate is None:
            rate = self.files.rates[invoice.currency][invoice.date]
        return [
            (
                move_id,
                10 * place,
                lookup["product"][line.product.code],
                line.product.name,
                Decimal(line.quantity),
                line.price_unit,
                line.discount,
                line.amount,
                cents(line.amount * rate),
            )
            for place, line in enumerate(invoice.lines)
        ]

    def _make_table(self, name, columns, rows):
        self.env.cr.execute(
            SQL(
                "CREATE TEMPORARY TABLE %(name)s ON COMMIT DROP AS"
                " SELECT * FROM unnest(%(values)s) AS value (%(names)s)",
                name=SQL.identifier(name),
                values=SQL(", ").join(
                    SQL("%s::%s[]", list(values), SQL(type_))
                    for values, type_ in zip(
                        zip(*rows, strict=True), columns.values(), strict=True
                    )
                ),
                names=SQL(", ").join(SQL.identifier(column) for column in columns),
            )
        )

    def _insert_moves(self):
        amount, balance = SQL("document.amount"), SQL("document.balance")
        values = {
            **{
                name: SQL.identifier("document", name)
                for name in ("id", "name", "sequence_prefix", "sequence_number", "ref")
            },
            "payment_reference": SQL("document.name"),
            "invoice_currency_rate": SQL("document.rate"),
            "invoice_date_due": SQL("document.due"),
            "access_token": SQL("NULL"),
            # The pattern may have been paid since.
            "payment_state": SQL("'not_paid'"),
            "status_in_payment": SQL("'not_paid'"),
            **dict.fromkeys(
                ("partner_id", "commercial_partner_id", "partner_shipping_id"),
                SQL("document.partner_id"),
            ),
            "invoice_partner_display_name": SQL("partner.name"),
            **dict.fromkeys(("date", "invoice_date"), SQL("document.date")),
            **dict.fromkeys(
                (
                    "amount_untaxed",
                    "amount_total",
                    "amount_residual",
                    "amount_untaxed_in_currency_signed",
                    "amount_total_in_currency_signed",
                ),
                amount,
            ),
            **dict.fromkeys(("amount_untaxed_signed", "amount_total_signed"), balance),
            "amount_residual_signed": balance,
        }
        copy_rows(
            self.env.cr,
            "account_move",
            values,
            SQL(
                "sales_document AS document"
                " JOIN res_partner AS partner ON partner.id = document.partner_id"
                " JOIN account_move AS pattern ON pattern.id = document.pattern_id"
            ),
        )

    def _insert_product_lines(self):
        balance = SQL("-line.balance")
        values = {
            **{
                name: SQL.identifier("line", name)
                for name in (
                    "sequence",
                    "product_id",
                    "name",
                    "quantity",
                    "price_unit",
                    "discount",
                )
            },
            **dict.fromkeys(("price_subtotal", "price_total"), SQL("line.amount")),
            "amount_currency": SQL("-line.amount"),
            **self._get_sides(balance),
            **self._get_shared_values(),
        }
        copy_rows(
            self.env.cr,
            "account_move_line",
            values,
            SQL(
                "sales_line AS line"
                " JOIN sales_document AS document ON document.id = line.move_id"
                " JOIN account_move_line AS pattern"
                " ON pattern.id = (SELECT MIN(id) FROM account_move_line"
                " WHERE move_id = document.pattern_id AND display_type = 'product')"
            ),
        )

    def _insert_receivable_lines(self):
        amount, balance = SQL("document.amount"), SQL("document.balance")
        values = {
            "amount_currency": amount,
            "amount_residual": balance,
            "amount_residual_currency": amount,
            "date_maturity": SQL("document.due"),
            "reconciled": SQL("FALSE"),
            "full_reconcile_id": SQL("NULL"),
            "matching_number": SQL("NULL"),
            **self._get_sides(balance),
            **self._get_shared_values(),
        }
        copy_rows(
            self.env.cr,
            "account_move_line",
            values,
            SQL(
                "sales_document AS document"
                " JOIN account_move_line AS pattern"
                " ON pattern.move_id = document.pattern_id"
                " AND pattern.display_type = 'payment_term'"
            ),
        )

    @staticmethod
    def _get_sides(balance):
        return {
            "balance": balance,
            "debit": SQL("GREATEST(%s, 0)", balance),
            "credit": SQL("GREATEST(-(%s), 0)", balance),
        }

    @staticmethod
    def _get_shared_values():
        return {
            "move_id": SQL("document.id"),
            "move_name": SQL("document.name"),
            "ref": SQL("document.ref"),
            "partner_id": SQL("document.partner_id"),
            "date": SQL("document.date"),
            "invoice_date": SQL("document.date"),
        }
