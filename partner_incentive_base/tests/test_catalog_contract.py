import base64
from datetime import date

from dateutil.relativedelta import relativedelta
from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ..wizards.partner_customer_contract_preview import find_interval
from .catalog_common import CatalogCommon


class TestInterval(BaseCase):
    def days(self, *steps):
        days = [date(2024, 1, 31)]
        for step in steps:
            days.append(days[-1] + relativedelta(days=step))
        return days

    def test_intervals(self):
        for steps, months in (
            ((), None),
            ((31,), 1),
            ((28, 31, 30), 1),
            ((91, 92), 3),
            ((365,), 12),
            ((30, 30, 61, 30), 1),
            ((30, 61), None),
            ((7, 7, 7), None),
            ((45,), None),
            ((30, 91, 365), None),
        ):
            with self.subTest(steps=steps):
                self.assertEqual(find_interval(self.days(*steps)), months)


class ContractCommon(CatalogCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer, cls.customer_b = cls.env["res.partner"].create(
            [
                {"name": "Customer Ltd", "is_company": True, "ref": "C-1"},
                {"name": "Customer B", "is_company": True, "ref": "C-2"},
            ]
        )
        cls.support = cls.env["product.product"].create(
            {
                "name": "Support plan",
                "default_code": "SUP",
                "type": "service",
                "invoice_policy": "order",
                "incentive_recurring": True,
                "taxes_id": False,
            }
        )
        cls.chair = cls.env["product.product"].create(
            {"name": "Chair", "invoice_policy": "order", "taxes_id": False}
        )

    @classmethod
    def make_contract(cls, **vals):
        return cls.env["partner.customer.contract"].create(
            {
                "customer_id": cls.customer.id,
                "partner_id": cls.alpha.id,
                "product_id": cls.support.id,
                "company_id": cls.company.id,
                "date_start": date(2024, 2, 1),
                "date_end": date(2025, 1, 31),
                "recurring_amount": 1200,
                **vals,
            }
        )


@tagged("post_install", "-at_install")
class TestCatalogContract(ContractCommon):
    def test_renew(self):
        """The next contract begins the day after, for the same number of months."""
        contract = self.make_contract()
        action = self.as_user(contract, "user").action_renew()
        following = contract.renewed_by_id
        self.assertEqual(action["res_id"], following.id)
        self.assertEqual(contract.state, "renewed")
        self.assertEqual(following.state, "active")
        self.assertEqual(following.date_start, date(2025, 2, 1))
        self.assertEqual(following.date_end, date(2026, 1, 31))
        self.assertEqual(following.recurring_amount, 1200)
        self.assertEqual(following.partner_id, self.alpha)
        self.assertEqual(following.renewal_of_ids, contract)
        with self.assertRaises(UserError):
            contract.action_renew()

    def test_next_dates(self):
        for start, end, next_start, next_end in (
            ("2024-01-01", "2024-03-31", "2024-04-01", "2024-06-30"),
            ("2024-01-15", "2024-02-14", "2024-02-15", "2024-03-14"),
            ("2023-03-01", "2024-02-29", "2024-03-01", "2025-02-28"),
            ("2024-01-01", "2024-01-10", "2024-01-11", "2024-01-20"),
        ):
            with self.subTest(start=start):
                contract = self.make_contract(date_start=start, date_end=end)
                self.assertEqual(
                    [str(day) for day in contract._get_next_dates()],
                    [next_start, next_end],
                )

    def test_churn_needs_a_reason(self):
        contract = self.as_user(self.make_contract(), "user")
        with self.assertRaisesRegex(UserError, "why"):
            contract.write({"state": "churned"})
        action = contract.action_churn()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.users["user"])
            .browse(action["res_id"])
        )
        wizard.reason = "Went to a competitor"
        wizard.action_confirm()
        self.assertEqual(contract.state, "churned")
        self.assertEqual(contract.churn_reason, "Went to a competitor")
        self.assertEqual(contract.churn_date, date(2025, 1, 31))
        contract.action_reopen()
        self.assertEqual(contract.state, "active")
        self.assertFalse(contract.churn_reason)

    def test_bare_writes(self):
        """The state takes the same guards without the buttons."""
        contract, other = self.make_contract(), self.make_contract()
        stranger = self.make_contract(customer_id=self.customer_b.id)
        as_user = self.as_user(contract, "user")
        for vals in (
            {"state": "renewed"},
            {"state": "renewed", "renewed_by_id": contract.id},
            {"state": "renewed", "renewed_by_id": stranger.id},
            {"renewed_by_id": other.id},
            {"churn_reason": "x"},
        ):
            with self.subTest(**vals), self.assertRaises(UserError):
                as_user.write(vals)
        as_user.write({"state": "renewed", "renewed_by_id": other.id})
        with self.assertRaises(UserError):
            as_user.write({"state": "churned", "churn_reason": "x"})
        self.assertEqual(self.make_contract(state="churned").state, "active")

    def test_chain_is_kept(self):
        contract = self.make_contract()
        contract.action_renew()
        with self.assertRaises(UserError):
            contract.renewed_by_id.unlink()
        self.make_contract().unlink()

    def test_overdue(self):
        Contract = self.env["partner.customer.contract"]
        today = fields.Date.today()
        old = self.make_contract()
        current = self.make_contract(
            date_start=today, date_end=today + relativedelta(years=1)
        )
        mine = [("id", "in", (old | current).ids)]
        self.assertTrue(old.is_overdue)
        self.assertFalse(current.is_overdue)
        self.assertEqual(Contract.search([("is_overdue", "=", True), *mine]), old)
        self.assertEqual(Contract.search([("is_overdue", "=", False), *mine]), current)
        old.action_renew()
        self.assertFalse(old.is_overdue)

    def test_limits(self):
        for vals in (
            {"date_end": date(2024, 1, 1)},
            {"recurring_amount": -1},
        ):
            with self.subTest(**vals), self.assertRaises(CheckViolation):
                with mute_logger("odoo.sql_db"):
                    self.make_contract(**vals)


@tagged("post_install", "-at_install")
class TestCatalogContractPreview(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        today = fields.Date.today()
        cls.first = today.replace(day=1) - relativedelta(months=6)

    def make_order(self, day, price=1200, product=None, customer=None, credit=None):
        order = self.env["sale.order"].create(
            {
                "partner_id": (customer or self.customer).id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": (product or self.support).id,
                            "price_unit": price,
                        }
                    )
                ],
            }
        )
        if credit:
            self.env["partner.incentive.attribution"].create(
                {"order_id": order.id, "partner_id": credit.id}
            )
        order.action_confirm()
        order.date_order = fields.Datetime.to_datetime(day)
        return order

    def make_invoices(self, days, price=100, product=None, customer=None):
        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": (customer or self.customer).id,
                    "invoice_date": day,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "product_id": (product or self.support).id,
                                "price_unit": price,
                            }
                        )
                    ],
                }
                for day in days
            ]
        )
        moves.action_post()
        return moves

    def search(self):
        wizard = (
            self.env["partner.customer.contract.preview"]
            .with_user(self.users["user"])
            .with_company(self.company)
            .create({})
        )
        self.env["res.users"].browse(self.users["user"].id).group_ids |= self.env.ref(
            "sales_team.group_sale_salesman_all_leads"
        ) | self.env.ref("account.group_account_invoice")
        wizard.action_search()
        return wizard

    def test_order(self):
        order = self.make_order(self.first, credit=self.alpha)
        self.make_order(self.first, product=self.chair)
        wizard = self.search()
        line = wizard.line_ids
        self.assertEqual(len(line), 1)
        self.assertEqual(line.order_id, order)
        self.assertEqual(line.customer_id, self.customer)
        self.assertEqual(line.partner_id, self.alpha)
        self.assertEqual(line.date_start, self.first)
        self.assertEqual(line.date_end, self.first + relativedelta(years=1, days=-1))
        self.assertEqual(line.recurring_amount, 1200)
        action = wizard.action_create()
        contract = self.env["partner.customer.contract"].search(action["domain"])
        self.assertEqual(contract.order_id, order)
        self.assertEqual(contract.recurring_amount, 1200)
        self.assertFalse(self.search().line_ids, "nothing is proposed twice")

    def test_unticked_is_not_made(self):
        self.make_order(self.first)
        second = self.make_order(self.first, customer=self.customer_b)
        wizard = self.search()
        wizard.line_ids.filtered(lambda line: line.order_id != second).selected = False
        wizard.action_create()
        contract = self.env["partner.customer.contract"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual(contract.order_id, second)
        self.assertEqual(len(self.search().line_ids), 1)
        wizard = self.search()
        wizard.line_ids.selected = False
        with self.assertRaisesRegex(UserError, "Tick"):
            wizard.action_create()

    def test_quotation_does_not_count(self):
        order = self.make_order(self.first)
        order._action_cancel()
        self.assertFalse(self.search().line_ids)

    def test_repeated_invoices(self):
        months = [self.first + relativedelta(months=n) for n in range(4)]
        self.make_invoices(months, price=100)
        self.make_invoices(months[:1], customer=self.customer_b)
        self.make_invoices(months, product=self.chair)
        wizard = self.search()
        line = wizard.line_ids
        self.assertEqual(len(line), 1)
        self.assertEqual(line.customer_id, self.customer)
        self.assertEqual(line.recurring_amount, 1200)
        self.assertEqual(line.date_start, self.first)
        self.assertEqual(line.date_end, self.first + relativedelta(years=1, days=-1))
        wizard.action_create()
        self.assertFalse(self.search().line_ids, "nothing is proposed twice")
        self.make_invoices([self.first + relativedelta(months=4)])
        self.assertFalse(self.search().line_ids, "the next invoice is known, too")

    def test_invoices_of_several_years(self):
        """The contract covers whole years, and what follows it renews it."""
        start = self.first - relativedelta(months=15)
        self.make_invoices([start + relativedelta(months=3 * n) for n in range(6)], 300)
        wizard = self.search()
        line = wizard.line_ids
        self.assertEqual(line.recurring_amount, 1200)
        self.assertEqual(line.date_end, start + relativedelta(years=2, days=-1))
        wizard.action_create()
        contract = self.env["partner.customer.contract"].search(
            [("company_id", "=", self.company.id)]
        )
        contract.date_end = self.first - relativedelta(days=1)
        self.make_invoices([self.first + relativedelta(months=3)], 300)
        line = self.search().line_ids
        self.assertEqual(line.renewal_of_id, contract)
        line.wizard_id.action_create()
        self.assertEqual(contract.state, "renewed")
        self.assertEqual(contract.renewed_by_id.date_start, self.first)

    def test_irregular_invoices(self):
        self.make_invoices([self.first + relativedelta(days=n) for n in (0, 3, 50)])
        self.assertFalse(self.search().line_ids)

    def test_invoice_of_an_order_is_not_counted_again(self):
        order = self.make_order(self.first)
        order._create_invoices().action_post()
        self.assertEqual(self.search().line_ids.order_id, order)

    def test_contract_made_by_hand(self):
        self.make_contract(
            date_start=self.first - relativedelta(months=2),
            date_end=self.first + relativedelta(months=10),
        )
        self.make_order(self.first)
        self.assertFalse(self.search().line_ids)

    def test_order_renews(self):
        contract = self.make_contract(
            date_start=self.first - relativedelta(years=1),
            date_end=self.first - relativedelta(days=1),
        )
        self.make_order(self.first, price=1500)
        wizard = self.search()
        self.assertEqual(wizard.line_ids.renewal_of_id, contract)
        wizard.action_create()
        self.assertEqual(contract.state, "renewed")
        self.assertEqual(contract.renewed_by_id.recurring_amount, 1500)

    def test_other_company(self):
        self.make_order(self.first)
        other = self.setup_other_company()["company"]
        wizard = self.env["partner.customer.contract.preview"].create(
            {"company_id": other.id}
        )
        wizard.action_search()
        self.assertFalse(wizard.line_ids)


@tagged("post_install", "-at_install")
class TestCatalogContractImport(ContractCommon):
    HEADER = "customer,product,start,end,amount,currency,partner,role\n"

    def load(self, text, **vals):
        content = text if isinstance(text, bytes) else text.encode()
        return (
            self.env["partner.customer.contract.import"]
            .with_user(self.users["user"])
            .with_company(self.company)
            .create({"file": base64.b64encode(content), **vals})
        )

    def check(self, text, **vals):
        wizard = self.load(text, **vals)
        wizard.action_check()
        return wizard

    def contracts(self):
        return self.env["partner.customer.contract"].search(
            [("company_id", "=", self.company.id)], order="date_start, id"
        )

    def test_import(self):
        wizard = self.check(
            self.HEADER + "C-1,SUP,2026-01-01,2026-12-31,1200.50,USD,Alpha,Influenced\n"
            "customer b,Support Plan,2026-02-01,2027-01-31,99,,,\n"
        )
        self.assertEqual(wizard.line_ids.mapped("message"), ["OK", "OK"])
        self.assertEqual((wizard.good_count, wizard.bad_count), (2, 0))
        self.assertFalse(self.contracts(), "checking makes nothing")
        wizard.action_import()
        first, second = self.contracts()
        self.assertEqual(first.customer_id, self.customer)
        self.assertEqual(first.product_id, self.support)
        self.assertEqual(first.partner_id, self.alpha)
        self.assertEqual(first.role, "influenced")
        self.assertEqual(first.recurring_amount, 1200.5)
        self.assertEqual(first.date_end, date(2026, 12, 31))
        self.assertEqual(second.customer_id, self.customer_b)
        self.assertEqual(second.currency_id, self.company.currency_id)

    def test_every_mistake_is_named(self):
        self.env["res.partner"].create({"name": "Customer B", "is_company": True})
        rows = {
            ",SUP,2026-01-01,2026-12-31,1,,,": "customer is empty",
            "Nobody,SUP,2026-01-01,2026-12-31,1,,,": "Nobody was not found",
            "Customer B,SUP,2026-01-01,2026-12-31,1,,,": "stands for 2 records",
            "C_1,SUP,2026-01-01,2026-12-31,1,,,": "C_1 was not found",
            "C-1,NONE,2026-01-01,2026-12-31,1,,,": "NONE was not found",
            "C-1,SUP,01/02/2026,2026-12-31,1,,,": "write dates as",
            "C-1,SUP,2026-02-30,2026-12-31,1,,,": "write dates as",
            "C-1,SUP,2026-01-01,2025-12-31,1,,,": "end is before the start",
            "C-1,SUP,2026-01-01,2026-12-31,abc,,,": "no amount",
            "C-1,SUP,2026-01-01,2026-12-31,nan,,,": "no amount",
            "C-1,SUP,2026-01-01,2026-12-31,-5,,,": "no amount",
            'C-1,SUP,2026-01-01,2026-12-31,"1,234",,,': "two ways",
            "C-1,SUP,2026-01-01,2026-12-31,1,QQQ,,": "no active currency QQQ",
            "C-1,SUP,2026-01-01,2026-12-31,1,,Zed,": "Zed was not found",
            "C-1,SUP,2026-01-01,2026-12-31,1,,,boss": "boss is no role",
        }
        wizard = self.check(self.HEADER + "\n".join(rows))
        self.assertEqual(wizard.bad_count, len(rows))
        for line, message in zip(wizard.line_ids, rows.values(), strict=True):
            with self.subTest(content=line.content):
                self.assertIn(message, line.message)
        self.assertEqual(wizard.line_ids[0].number, 2)

    def test_nothing_or_the_good_lines(self):
        text = (
            self.HEADER + "C-1,SUP,2026-01-01,2026-12-31,1,,,\n"
            "Nobody,SUP,2026-01-01,2026-12-31,1,,,\n"
        )
        wizard = self.check(text)
        with self.assertRaisesRegex(UserError, "1 of 2 lines"):
            wizard.action_import()
        self.assertFalse(self.contracts())
        wizard.import_good = True
        wizard.action_import()
        self.assertEqual(len(self.contracts()), 1)

    def test_twice(self):
        text = self.HEADER + "C-1,SUP,2026-01-01,2026-12-31,1,,,\n"
        self.check(text).action_import()
        again = self.check(text)
        self.assertIn(self.contracts().name, again.line_ids.message)
        twice = self.check(text.replace("2026", "2027") + text.split("\n")[1])
        self.assertEqual(twice.good_count, 1)
        double = self.check(self.HEADER + 2 * "C-1,SUP,2030-01-01,2030-12-31,1,,,\n")
        self.assertIn("above already", double.line_ids[1].message)

    def test_spreadsheet_dialects(self):
        wizard = self.check(
            b"\xef\xbb\xbfCustomer;Product;Start;End;Amount\r\n"
            b"C-1;SUP;2026-01-01;2026-12-31;1234,56\r\n"
        )
        self.assertEqual(wizard.line_ids.message, "OK")
        wizard.action_import()
        self.assertEqual(self.contracts().recurring_amount, 1234.56)

    def test_bad_files(self):
        for content, message in (
            ("\n", "first line must name"),
            ("customer,product\nC-1,SUP\n", "missing: start, end, amount"),
            ("customer,product\n".encode("utf-16"), "UTF-8"),
            (b"\x00" * (5 * 1024 * 1024 + 1), "5 MB"),
        ):
            with self.subTest(message=message):
                with self.assertRaisesRegex(UserError, message):
                    self.check(content)

    def test_empty_file_with_header(self):
        wizard = self.check(self.HEADER)
        with self.assertRaisesRegex(UserError, "no line to import"):
            wizard.action_import()
