"""Books of any size within seconds: posted invoices copied in SQL from one real one.

One invoice and one credit note go through Odoo; all others are copies of their rows
with other partners, products, dates and amounts, so that every stored column holds what
Odoo puts there. Each document balances.
"""

from datetime import date

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
    """Partners, products and invoices of ``env.company``.

    :param years: the documents are dated within so many years, ``YEAR`` the last
    :param paid_every: one invoice in so many is paid a month later; 0: none
    """

    def __init__(self, env, years=1, paid_every=0):
        self.env = env
        self.first_day = date(YEAR + 1 - years, 1, 1)
        self.days = 365 * years
        self.paid_every = paid_every
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
        self._payment = self._post_payment() if paid_every else None
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
        for table in ("account_move", "account_move_line", "account_partial_reconcile"):
            self._vacuum(table)

    def _post_patterns(self):
        """One posted document of each kind, which the others are copies of."""
        Move = self.env["account.move"]
        patterns = {}
        for kind in ("out_invoice", "out_refund"):
            move = Move.create(
                {
                    "move_type": kind,
                    # In a year where no offer looks.
                    "invoice_date": f"{YEAR - 2}-06-15",
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

    def _post_payment(self):
        """The entry of a payment of the invoice that the others are copies of."""
        journal = self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "bank")], limit=1
        )
        receivable = self._get_receivable(self._patterns["out_invoice"])
        sides = ((journal.default_account_id, 1), (receivable.account_id, -1))
        payment = self.env["account.move"].create(
            {
                "journal_id": journal.id,
                "date": receivable.date,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": receivable.partner_id.id,
                            "balance": sign * receivable.balance,
                        }
                    )
                    for account, sign in sides
                ],
            }
        )
        payment.action_post()
        (receivable | self._get_receivable(payment)).reconcile()
        self.env.flush_all()
        return payment

    @staticmethod
    def _get_receivable(move):
        return move.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )

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
                       %(first_day)s::date
                           + abs(hashint4(number + 7) %% %(days)s) AS date,
                       %(prefix)s || lpad(number::text, 8, '0') AS name
                  FROM generate_series(%(first)s, %(last)s - 1) AS number
                 WHERE (number %% %(every)s = 0) = %(refund)s
                """,
                partners=self.partners.ids,
                partner_count=len(self.partners),
                first_day=self.first_day,
                days=self.days,
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
        if self._payment and not refund:
            self._insert_payments(pattern)
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

    def _insert_payments(self, invoice):
        """Entries, and their matching with the invoices.

        What the invoices have open stays as it is: nothing here reads it.
        """
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMPORARY TABLE bench_payment ON COMMIT DROP AS
                SELECT nextval('account_move_id_seq')::int AS id,
                       document.id AS invoice_id, document.number, document.partner_id,
                       LEAST(document.date + 30, make_date(%(year)s, 12, 31)) AS date,
                       'PBENCH/' || lpad(document.number::text, 8, '0') AS name,
                       total.total
                  FROM bench_document AS document
                  JOIN bench_total AS total ON total.move_id = document.id
                 WHERE document.number %% %(every)s = 0
                """,
                year=YEAR,
                every=self.paid_every,
            )
        )
        self._copy(
            "account_move",
            {
                "id": SQL("payment.id"),
                "name": SQL("payment.name"),
                "sequence_number": SQL("payment.number"),
                "sequence_prefix": SQL("'PBENCH/'"),
                "date": SQL("payment.date"),
                "partner_id": SQL("payment.partner_id"),
                "commercial_partner_id": SQL("payment.partner_id"),
                "amount_total": SQL("payment.total"),
            },
            SQL(
                "bench_payment AS payment"
                " JOIN account_move AS pattern ON pattern.id = %s",
                self._payment.id,
            ),
        )
        balance = SQL("sign(pattern.balance) * line.total")
        self._copy(
            "account_move_line",
            {
                "balance": balance,
                "amount_currency": balance,
                "debit": SQL("GREATEST(%s, 0)", balance),
                "credit": SQL("GREATEST(-(%s), 0)", balance),
                "full_reconcile_id": SQL("NULL"),
                **self._shared_line_values(),
                "invoice_date": SQL("NULL"),
            },
            SQL(
                "(SELECT id AS move_id, partner_id, date, name, total"
                " FROM bench_payment) AS line"
                " JOIN account_move_line AS pattern ON pattern.move_id = %s",
                self._payment.id,
            ),
        )
        receivable = self._get_receivable(invoice)
        total = SQL("payment.total")
        self._copy(
            "account_partial_reconcile",
            {
                "debit_move_id": SQL("owed.id"),
                "credit_move_id": SQL("paid.id"),
                "amount": total,
                "debit_amount_currency": total,
                "credit_amount_currency": total,
                "max_date": SQL("payment.date"),
                "full_reconcile_id": SQL("NULL"),
            },
            SQL(
                """
                bench_payment AS payment
                JOIN account_move_line AS owed
                  ON owed.move_id = payment.invoice_id
                 AND owed.account_id = %(account)s
                JOIN account_move_line AS paid
                  ON paid.move_id = payment.id AND paid.account_id = %(account)s
                JOIN account_partial_reconcile AS pattern ON pattern.id = %(pattern)s
                """,
                account=receivable.account_id.id,
                pattern=receivable.matched_credit_ids.id,
            ),
        )
        self.env.cr.execute("DROP TABLE bench_payment")

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
        copy_rows(self.env.cr, table, values, origin)

    def _vacuum(self, table):
        """What autovacuum does sooner or later, at once: statistics and visibility."""
        connection = self.env.cr._cnx
        connection.autocommit = True
        try:
            self.env.cr.execute(SQL("VACUUM ANALYZE %s", SQL.identifier(table)))
        finally:
            connection.autocommit = False


def copy_rows(cr, table, values, origin):
    """Insert rows that are a pattern's but for ``values``.

    :param values: ``{column: SQL}``
    :param origin: :class:`SQL` after ``FROM``, in which the pattern is ``pattern``
    """
    cr.execute(
        """SELECT column_name FROM information_schema.columns
            WHERE table_name = %s AND table_schema = current_schema
              AND (column_name != 'id' OR %s)""",
        [table, "id" in values],
    )
    columns = [column for [column] in cr.fetchall()]
    cr.execute(
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
