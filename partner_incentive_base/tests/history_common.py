"""A random history of a company, for reports that are counted by other means."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from dateutil.relativedelta import relativedelta

from odoo import Command

from ..models.partner_incentive_posting import Movement
from .common import IncentiveCommon

#: The day on which the reports are read; its month is not over.
TODAY = date(2026, 8, 17)


class HistoryCommon(IncentiveCommon):
    """Partners of three programs, customers, and 32 months of sales at random."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= cls.env.ref("sales_team.group_sale_manager")
        cls.random = Random(19)
        cls.foreign = cls.setup_other_currency(
            "EUR", rates=[("2024-01-01", 2.0), ("2026-01-01", 4.0)]
        )
        cls.program_2025, cls.program_b = cls.env["partner.incentive.program"].create(
            [
                {
                    "name": "Program 2025",
                    "company_id": cls.company.id,
                    "date_from": date(2025, 1, 1),
                    "date_to": date(2025, 12, 31),
                    "state": "active",
                },
                {
                    "name": "Beside it",
                    "company_id": cls.company.id,
                    "date_from": date(2026, 1, 1),
                    "date_to": date(2026, 12, 31),
                    "state": "active",
                },
            ]
        )
        grade = cls.env["res.partner.grade"].create({"name": "Known"})
        cls.late, cls.short, cls.asked, cls.known, cls.end_1, cls.end_2 = cls.env[
            "res.partner"
        ].create(
            [
                {"name": "Enrolls late", "is_company": True},
                {"name": "Leaves soon", "is_company": True},
                {"name": "Only asked", "is_company": True},
                {"name": "Has a tier", "is_company": True, "grade_id": grade.id},
                {"name": "Customer One", "is_company": True},
                {"name": "Customer Two", "is_company": True},
            ]
        )
        cls._enroll(
            cls.partner_1, program=cls.program_2025, date_from=date(2025, 1, 15)
        )
        cls._enroll(cls.partner_1, program=cls.program_b, date_from=date(2026, 4, 1))
        cls._enroll(cls.late, date_from=date(2026, 7, 1))
        cls._enroll(cls.short, date_from=date(2025, 11, 20)).write(
            {"date_to": date(2026, 2, 10), "state": "ended"}
        )
        cls._enroll(cls.asked, date_from=date(2026, 1, 1)).state = "requested"
        cls._sell()
        cls._quote()
        cls._sign()
        cls._spend()
        cls._analyze()

    @classmethod
    def _analyze(cls):
        """Tell PostgreSQL of what nobody has committed, lest it plans for no rows."""
        cls.env.flush_all()
        cls.env.cr.execute(
            "ANALYZE account_move, account_move_line, account_partial_reconcile,"
            " account_payment"
        )

    @classmethod
    def _sell(cls):
        """Invoices, credit notes, credits of sales and payments, at random."""
        pick = cls.random
        tax = cls.company_data["default_tax_sale"]
        buyers = (
            cls.partner_1,
            cls.partner_2,
            cls.late,
            cls.short,
            cls.asked,
            cls.known,
            cls.end_1,
            cls.end_2,
        )
        # The first document makes the books reach back to the whole of that month.
        days = [(cls.known, date(2024, 1, 31))]
        for number in range(32):
            first = date(2024, 1, 1) + relativedelta(months=number)
            days += [
                (buyer, first + timedelta(days=pick.randrange(28)))
                for buyer in buyers
                if pick.random() < 0.4
            ]
        moves = cls.env["account.move"].create(
            [
                {
                    "move_type": "out_refund"
                    if pick.random() < 0.15
                    else "out_invoice",
                    "partner_id": buyer.id,
                    "invoice_date": day,
                    "date": day,
                    "currency_id": cls.foreign.id
                    if pick.random() < 0.2
                    else cls.company.currency_id.id,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "product_id": cls.product.id,
                                "quantity": pick.randrange(1, 5),
                                "price_unit": pick.randrange(5000, 90000) / 100,
                                "tax_ids": [Command.set(tax.ids)]
                                if pick.random() < 0.3
                                else [Command.clear()],
                            }
                        )
                        for _line in range(pick.randrange(1, 3))
                    ],
                }
                for buyer, day in days
            ]
        )
        moves.action_post()
        cls.env["partner.incentive.attribution"].create(
            [
                {
                    "move_id": move.id,
                    "partner_id": partner.id,
                    "role": role,
                    "share": share,
                }
                for move in moves
                # One of the sales to a partner is credited, too: that changes nothing.
                if move.partner_id in (cls.end_1, cls.end_2, cls.known)
                and pick.random() < 0.7
                for partner, role, share in (
                    (cls.partner_2, "sourced", 60),
                    (cls.late, "sourced", 25),
                    (cls.partner_1, "influenced", 100),
                )
            ]
        )
        invoices = moves.filtered(lambda move: move.move_type == "out_invoice")
        for move in invoices[::9]:
            refund = move._reverse_moves(
                [{"invoice_date": move.invoice_date + timedelta(days=20)}]
            )
            refund.date = refund.invoice_date
            refund.action_post()
        cls._analyze()
        cls.paid = []
        for move in invoices[1::6]:
            if move.invoice_date > date(2026, 8, 1):
                continue
            day = move.invoice_date + timedelta(days=pick.randrange(1, 80))
            amount = cls.company.currency_id.round(
                move.amount_residual * pick.choice((0.5, 1))
            )
            if not amount:
                continue
            cls.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=move.ids
            ).create(
                {
                    "payment_date": day,
                    "amount": amount,
                    "currency_id": move.currency_id.id,
                }
            )._create_payments()
            cls.paid.append((move, day, amount))

    @classmethod
    def _quote(cls):
        """Quotations, orders and what was cancelled, credited at random."""
        pick = cls.random
        orders = cls.env["sale.order"].create(
            [
                {
                    "company_id": cls.company.id,
                    "partner_id": pick.choice((cls.end_1, cls.end_2, cls.known)).id,
                    "date_order": f"2026-{pick.randrange(1, 9):02}-15 12:00:00",
                    "order_line": [
                        Command.create(
                            {
                                "product_id": cls.product.id,
                                "product_uom_qty": pick.randrange(1, 9),
                                "price_unit": pick.randrange(1000, 50000) / 100,
                            }
                        )
                    ],
                }
                for _number in range(12)
            ]
        )
        cls.env["partner.incentive.attribution"].create(
            [
                {
                    "order_id": order.id,
                    "partner_id": partner.id,
                    "role": role,
                    "share": share,
                }
                for order in orders[:10]
                for partner, role, share in (
                    (cls.partner_1, "sourced", 70),
                    (cls.partner_2, "sourced", 30),
                    (cls.late, "influenced", 45),
                    (cls.short, "fulfilled", 100),
                )
                if pick.random() < 0.8
            ]
        )
        orders[::4].action_confirm()
        orders[1::4]._action_cancel()

    @classmethod
    def _sign(cls):
        """Contracts that ended, were renewed, and run for years."""
        cls.product.product_tmpl_id.incentive_recurring = True
        contracts = cls.env["partner.customer.contract"].create(
            [
                {
                    "company_id": cls.company.id,
                    "customer_id": cls.end_1.id,
                    "partner_id": partner.id,
                    "product_id": cls.product.id,
                    "date_start": start,
                    "date_end": end,
                    "recurring_amount": amount,
                    "currency_id": currency.id,
                }
                for partner, start, end, amount, currency in (
                    (
                        cls.partner_1,
                        date(2025, 2, 1),
                        date(2026, 1, 31),
                        500,
                        cls.foreign,
                    ),
                    (
                        cls.partner_2,
                        date(2025, 5, 10),
                        date(2026, 5, 9),
                        900,
                        cls.company.currency_id,
                    ),
                    (
                        cls.partner_2,
                        date(2025, 6, 1),
                        date(2026, 5, 31),
                        100,
                        cls.company.currency_id,
                    ),
                    (
                        cls.partner_1,
                        date(2026, 3, 1),
                        date(2029, 2, 28),
                        700,
                        cls.company.currency_id,
                    ),
                    (
                        cls.late,
                        date(2024, 9, 1),
                        date(2027, 8, 31),
                        365,
                        cls.foreign,
                    ),
                )
            ]
        )
        contracts[0].action_renew()
        contracts[1].action_renew()
        contracts[2].action_churn("Too dear")

    @classmethod
    def _spend(cls):
        """What partners earned, under offers of different programs."""
        offers = {
            program: cls._create_offer(
                name=f"Offer of {program.name}",
                program_id=program.id,
                date_from=program.date_from,
                date_to=program.date_to,
            )
            for program in (cls.program, cls.program_2025, cls.program_b)
        }
        for partner, program, day, amount in (
            (cls.partner_1, cls.program_2025, date(2025, 3, 31), "12.50"),
            (cls.partner_1, cls.program_2025, date(2025, 12, 31), "40.00"),
            # The old program is still corrected when the new one runs.
            (cls.partner_1, cls.program_2025, date(2026, 1, 20), "-2.50"),
            (cls.partner_1, cls.program, date(2026, 5, 31), "77.77"),
            (cls.partner_1, cls.program_b, date(2026, 6, 30), "33.30"),
            (cls.partner_2, cls.program, date(2026, 2, 28), "300.00"),
            (cls.partner_2, cls.program, date(2026, 8, 1), "50.00"),
            # Before its first month, and after the day that is asked for.
            (cls.late, cls.program, date(2026, 6, 15), "10.00"),
            (cls.late, cls.program, date(2026, 8, 25), "1000.00"),
        ):
            cls.env["partner.incentive.posting"]._post_movements(
                cls.company,
                [
                    Movement(
                        offers[program],
                        offers[program].version_id,
                        partner.id,
                        "adjustment",
                        Decimal(amount),
                        reason="Agreed",
                    )
                ],
                day,
                "adjustment",
            )
