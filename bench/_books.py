"""Books of any size within seconds: posted invoices copied in SQL from one real one.

One invoice and one credit note go through Odoo; all others are copies of their rows
with other partners, products, dates and amounts, so that every stored column holds what
Odoo puts there. Each document balances.
"""

from odoo import Command
from odoo.tools import SQL

LINES_PER_INVOICE = 10
PARTNERS = 1000
PRODUCTS = 100
CATEGORIES = 10
YEAR = 2025
#: One document in so many is a credit note.
REFUND_EVERY = 25


class Books:
    """Partners, products and invoices of ``env.company``."""

    def __init__(self, env):
        self.env = env
        self.company = env.company
        self.categories = env["product.category"].create(
            [{"name": f"Bench category {number}"} for number in range(CATEGORIES)]
        )
        self.products = env["product.product"].create(
            [
                {
                    "name": f"Bench product {number}",
                    "categ_id": self.categories[number % CATEGORIES].id,
                    "taxes_id": [Command.clear()],
                }
                for number in range(PRODUCTS)
            ]
        )
        self.partners = env["res.partner"].create(
            [
                {"name": f"Bench partner {number}", "is_company": True}
                for number in range(PARTNERS)
            ]
        )
        self._patterns = self._post_patterns()
        self.line_count = 0

    def grow(self, line_count):
        """Add invoices until there are ``line_count`` posted product lines."""
        first = self.line_count // LINES_PER_INVOICE
        last = line_count // LINES_PER_INVOICE
        for kind, pattern in self._patterns.items():
            self._copy_documents(pattern, kind, first, last)
        self.line_count = line_count
        self.env.cr.commit()
        self.env.invalidate_all()
        for table in ("account_move", "account_move_line"):
            self._vacuum(table)

    def _post_patterns(self):
        """One posted document of each kind, which the others are copies of."""
        Move = self.env["account.move"]
        patterns = {}
        for kind in ("out_invoice", "out_refund"):
            move = Move.create(
                {
                    "move_type": kind,
                    # In the year before, where no offer looks.
                    "invoice_date": f"{YEAR - 1}-06-15",
                    "partner_id": self.partners[0].id,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "product_id": self.products[number].id,
                                "quantity": 1,
                                "price_unit": 100,
                                "tax_ids": [Command.clear()],
                            }
                        )
                        for number in range(LINES_PER_INVOICE)
                    ],
                }
            )
            move.action_post()
            patterns[kind] = move
        self.env.flush_all()
        return patterns

    def _copy_documents(self, pattern, kind, first, last):
        """Insert documents number ``first`` to ``last`` of a kind, with their lines."""
        refund = kind == "out_refund"
        sign = -1 if refund else 1
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMPORARY TABLE bench_document ON COMMIT DROP AS
                SELECT number,
                       nextval('account_move_id_seq')::int AS id,
                       (%(partners)s::int[])[
                           1 + abs(hashint4(number) %% %(partner_count)s)
                       ] AS partner_id,
                       make_date(%(year)s, 1, 1)
                           + abs(hashint4(number + 7) %% 365) AS date,
                       %(prefix)s || lpad(number::text, 8, '0') AS name
                  FROM generate_series(%(first)s, %(last)s - 1) AS number
                 WHERE (number %% %(every)s = 0) = %(refund)s
                """,
                partners=self.partners.ids,
                partner_count=len(self.partners),
                year=YEAR,
                prefix="RBENCH/" if refund else "BENCH/",
                first=first,
                last=last,
                every=REFUND_EVERY,
                refund=refund,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMPORARY TABLE bench_line ON COMMIT DROP AS
                SELECT document.id AS move_id, document.partner_id, document.date,
                       document.name, pattern.id AS pattern_id, position,
                       (%(products)s::int[])[
                           1 + abs(hashint4(number * 31 + position::int)
                                   %% %(product_count)s)
                       ] AS product_id,
                       1 + abs(hashint4(number * 17 + position::int) %% 20) AS quantity,
                       (500 + abs(hashint4(number * 13 + position::int) %% 50000))
                           / 100.0 AS price
                  FROM bench_document AS document,
                       unnest(%(lines)s::int[]) WITH ORDINALITY
                           AS pattern (id, position)
                """,
                products=self.products.ids,
                product_count=len(self.products),
                lines=pattern.invoice_line_ids.ids,
            )
        )
        self.env.cr.execute(
            """
            CREATE TEMPORARY TABLE bench_total ON COMMIT DROP AS
            SELECT move_id, SUM(quantity * price) AS total
              FROM bench_line GROUP BY move_id
            """
        )
        self._insert_moves(pattern, sign)
        self._insert_product_lines(sign)
        self._insert_receivable_lines(pattern, sign)
        for table in ("bench_document", "bench_line", "bench_total"):
            self.env.cr.execute(SQL("DROP TABLE %s", SQL.identifier(table)))

    def _insert_moves(self, pattern, sign):
        amount = SQL("total.total")
        signed = SQL("%s * total.total", sign)
        values = {
            "id": SQL("document.id"),
            "name": SQL("document.name"),
            "sequence_number": SQL("document.number"),
            "sequence_prefix": SQL("split_part(document.name, '/', 1) || '/'"),
            "payment_reference": SQL("document.name"),
            **dict.fromkeys(
                ("partner_id", "commercial_partner_id", "partner_shipping_id"),
                SQL("document.partner_id"),
            ),
            **dict.fromkeys(
                ("date", "invoice_date", "invoice_date_due"), SQL("document.date")
            ),
            **dict.fromkeys(
                ("amount_untaxed", "amount_total", "amount_residual"), amount
            ),
            **dict.fromkeys(
                (
                    "amount_untaxed_signed",
                    "amount_untaxed_in_currency_signed",
                    "amount_total_signed",
                    "amount_total_in_currency_signed",
                    "amount_residual_signed",
                ),
                signed,
            ),
        }
        self._copy(
            "account_move",
            values,
            SQL(
                "bench_document AS document"
                " JOIN bench_total AS total ON total.move_id = document.id"
                " JOIN account_move AS pattern ON pattern.id = %s",
                pattern.id,
            ),
        )

    def _insert_product_lines(self, sign):
        amount = SQL("line.quantity * line.price")
        balance = SQL("%s * line.quantity * line.price", -sign)
        values = {
            "product_id": SQL("line.product_id"),
            "quantity": SQL("line.quantity"),
            "price_unit": SQL("line.price"),
            "price_subtotal": amount,
            "price_total": amount,
            "balance": balance,
            "amount_currency": balance,
            "debit": SQL("GREATEST(%s, 0)", balance),
            "credit": SQL("GREATEST(-(%s), 0)", balance),
            "date_maturity": SQL("pattern.date_maturity"),
            **self._shared_line_values(),
        }
        self._copy(
            "account_move_line",
            values,
            SQL(
                "bench_line AS line"
                " JOIN account_move_line AS pattern ON pattern.id = line.pattern_id"
            ),
        )

    def _insert_receivable_lines(self, pattern, sign):
        balance = SQL("%s * total.total", sign)
        values = {
            "balance": balance,
            "amount_currency": balance,
            "amount_residual": balance,
            "amount_residual_currency": balance,
            "debit": SQL("GREATEST(%s, 0)", balance),
            "credit": SQL("GREATEST(-(%s), 0)", balance),
            "date_maturity": SQL("line.date"),
            **self._shared_line_values(),
        }
        receivable = pattern.line_ids - pattern.invoice_line_ids
        self._copy(
            "account_move_line",
            values,
            SQL(
                "(SELECT id AS move_id, partner_id, date, name FROM bench_document)"
                " AS line"
                " JOIN bench_total AS total ON total.move_id = line.move_id"
                " JOIN account_move_line AS pattern ON pattern.id = %s",
                receivable.id,
            ),
        )

    @staticmethod
    def _shared_line_values():
        return {
            "move_id": SQL("line.move_id"),
            "move_name": SQL("line.name"),
            "partner_id": SQL("line.partner_id"),
            "date": SQL("line.date"),
            "invoice_date": SQL("line.date"),
        }

    def _copy(self, table, values, origin):
        """Insert rows that are a pattern's but for ``values``."""
        self.env.cr.execute(
            """SELECT column_name FROM information_schema.columns
                WHERE table_name = %s AND table_schema = current_schema
                  AND (column_name != 'id' OR %s)""",
            [table, "id" in values],
        )
        columns = [column for [column] in self.env.cr.fetchall()]
        self.env.cr.execute(
            SQL(
                "INSERT INTO %(table)s (%(columns)s) SELECT %(values)s FROM %(origin)s",
                table=SQL.identifier(table),
                columns=SQL(", ").join(SQL.identifier(column) for column in columns),
                values=SQL(", ").join(
                    values.get(column) or SQL.identifier("pattern", column)
                    for column in columns
                ),
                origin=origin,
            )
        )

    def _vacuum(self, table):
        """What autovacuum does sooner or later, at once: statistics and visibility."""
        connection = self.env.cr._cnx
        connection.autocommit = True
        try:
            self.env.cr.execute(SQL("VACUUM ANALYZE %s", SQL.identifier(table)))
        finally:
            connection.autocommit = False
