from datetime import date

from odoo.fields import Command
from odoo.tests import tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestPaid(RebateCommon):
    """What counts as paid: money that came in, and nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offer = cls._create_offer(measure="paid_amount", brackets=[(0, 10)])
        cls.day = date(2026, 12, 31)

    def _earned(self, day=None):
        return self._entitled(self.offer, self.partner_1, day or self.day)

    def _pay(self, invoices, day=date(2026, 2, 10), **values):
        return (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create({"payment_date": day, **values})
            ._create_payments()
        )

    def _write_off_account(self):
        return self.company_data["default_account_expense"]

    def test_payment_methods_without_an_account_of_their_own(self):
        """As the charts of accounts set them up: Odoo takes its outstanding account."""
        methods = self.env["account.payment.method.line"].search([])
        methods.payment_account_id = False
        invoice = self._invoice(self.partner_1, date(2026, 2, 1), 1000)
        self._pay(invoice, amount=400)
        self.assertEqual(invoice.payment_state, "partial")
        self.assertEqual(self._earned(), 40)

    def test_write_off_with_the_payment_does_not_count(self):
        """900 of 1,000 arrive, 100 are written off with them."""
        invoice = self._invoice(self.partner_1, date(2026, 2, 1), 1000)
        self._pay(
            invoice,
            amount=900,
            payment_difference_handling="reconcile",
            writeoff_account_id=self._write_off_account().id,
        )
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertEqual(self._earned(), 90)

    def test_write_off_by_an_entry_of_its_own_does_not_count(self):
        invoice = self._invoice(self.partner_1, date(2026, 2, 1), 1000)
        receivable = invoice.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": date(2026, 3, 1),
                "line_ids": [
                    Command.create(
                        {
                            "account_id": receivable.account_id.id,
                            "partner_id": self.partner_1.id,
                            "balance": -1000,
                        }
                    ),
                    Command.create(
                        {
                            "account_id": self._write_off_account().id,
                            "balance": 1000,
                        }
                    ),
                ],
            }
        )
        entry.action_post()
        (receivable | entry.line_ids[0]).reconcile()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(self._earned(), 0)

    def test_early_payment_discount_does_not_count(self):
        """2 % off for paying early: 98 of 100 arrive."""
        term = self.env["account.payment.term"].create(
            {
                "name": "2 % in 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "early_pay_discount_computation": "excluded",
                "line_ids": [Command.create({"value": "percent", "value_amount": 100})],
            }
        )
        invoice = self._invoice(
            self.partner_1,
            date(2026, 2, 1),
            1000,
            invoice_payment_term_id=term.id,
        )
        payment = self._pay(invoice, date(2026, 2, 5))
        self.assertEqual(payment.amount, 980)
        self.assertEqual(self._earned(), 98)

    def test_one_payment_of_two_invoices(self):
        first = self._invoice(self.partner_1, date(2026, 2, 1), 1000)
        second = self._invoice(self.partner_1, date(2026, 2, 2), 500)
        self._pay(first | second, date(2026, 3, 1), group_payment=True)
        self.assertEqual(self._earned(date(2026, 2, 28)), 0)
        self.assertEqual(self._earned(), 150)

    def test_a_payment_that_bounces_counts_no_more(self):
        invoice = self._invoice(self.partner_1, date(2026, 2, 1), 1000)
        payment = self._pay(invoice)
        self.assertEqual(self._earned(), 100)
        payment.action_draft()
        self.assertEqual(self._earned(), 0)

    def test_a_bank_statement_line_is_a_payment(self):
        invoice = self._invoice(self.partner_1, date(2026, 2, 1), 1000)
        receivable = invoice.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        statement_line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "date": date(2026, 4, 1),
                "payment_ref": "Transfer",
                "partner_id": self.partner_1.id,
                "amount": 600,
            }
        )
        _liquidity, suspense, _other = statement_line._seek_for_lines()
        suspense.account_id = receivable.account_id
        (suspense | receivable).reconcile()
        self.assertEqual(self._earned(date(2026, 3, 31)), 0)
        self.assertEqual(self._earned(), 60)
