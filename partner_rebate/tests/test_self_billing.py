"""Bills that the company writes for partners who agreed to it."""

from datetime import date

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestSelfBilling(RebateCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bills = cls.company_data["default_journal_purchase"]
        cls.journal = cls.env["account.journal"].create(
            {
                "name": "Self billing",
                "code": "SBI",
                "type": "purchase",
                "is_self_billing": True,
                "company_id": cls.company.id,
                # First of all: whoever takes any purchase journal takes this one.
                "sequence": 0,
            }
        )
        cls.company.incentive_self_billing_journal_id = cls.journal
        cls.partner_1.with_company(cls.company).incentive_self_billing = True
        cls.offer = cls._create_offer(payout="vendor_bill")

    def _pay(self, *months):
        """Sales of 1,000 of both partners in each month; return the documents."""
        moves = self.env["account.move"]
        for month in months:
            for partner in (self.partner_1, self.partner_2):
                self._invoice(partner, date(2026, month, 10), 1000)
            self._accrue(date(2026, month, 27), self.offer)
            moves |= self._settle(date(2026, month + 1, 1), self.offer).line_ids.move_id
            self.assertLedgerAgrees()
        return moves

    def test_numbers_of_each_partner(self):
        """Odoo counts self-billed documents for each partner, and per month."""
        self.partner_2.with_company(self.company).incentive_self_billing = True
        moves = self._pay(1)
        self.assertEqual(moves.mapped("journal_id"), self.journal)
        for move in moves:
            self.assertEqual(move.name, f"SBI{move.partner_id.id:05}/2026/02/0001")
            self.assertEqual(move.amount_total, 100)
        again = self._settle_again()
        self.assertEqual(
            again.name, f"SBI{self.partner_1.id:05}/2026/02/0002", "its own series"
        )

    def _settle_again(self):
        self._invoice(self.partner_1, date(2026, 1, 12), 500)
        self._accrue(date(2026, 1, 31), self.offer)
        return self._settle(date(2026, 2, 2), self.offer).line_ids.move_id

    def test_only_who_agreed(self):
        """All others send their bills, whichever journal comes first."""
        moves = self._pay(1)
        journals = {move.partner_id: move.journal_id for move in moves}
        self.assertEqual(journals[self.partner_1], self.journal)
        self.assertEqual(journals[self.partner_2], self.bills)

    def test_agreement_is_with_one_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.assertFalse(self.partner_1.with_company(other).incentive_self_billing)

    def test_company_without_self_billing(self):
        self.company.incentive_self_billing_journal_id = False
        self.assertEqual(self._pay(1).journal_id, self.bills)

    def test_journal_that_is_archived(self):
        self.journal.active = False
        with self.assertRaisesRegex(UserError, "Choose another one"):
            self._pay(1)

    def test_credit_notes_are_not_concerned(self):
        """What is paid by credit note is the company's own document."""
        self.offer = self._create_offer(name="Credit", payout="credit_note")
        moves = self._pay(1)
        self.assertEqual(set(moves.journal_id.mapped("type")), {"sale"})

    def test_withholding_by_fiscal_position(self):
        """The payee's fiscal position replaces VAT by a tax that is withheld."""
        withheld = self.env["account.tax"].create(
            {
                "name": "Withholding 15 %",
                "amount": -15,
                "type_tax_use": "purchase",
                "company_id": self.company.id,
            }
        )
        position = self.env["account.fiscal.position"].create(
            {"name": "Withheld", "company_id": self.company.id}
        )
        input_tax = self.company_data["default_tax_purchase"]
        withheld.write(
            {
                "fiscal_position_ids": [Command.set(position.ids)],
                "original_tax_ids": [Command.set(input_tax.ids)],
            }
        )
        product = self.company._get_incentive_product()
        product.supplier_taxes_id = input_tax
        self.partner_1.with_company(
            self.company
        ).property_account_position_id = position
        moves = self._pay(1).filtered(lambda each: each.partner_id == self.partner_1)
        self.assertEqual(moves.journal_id, self.journal)
        self.assertEqual(moves.fiscal_position_id, position)
        self.assertEqual(moves.invoice_line_ids.tax_ids, withheld)
        self.assertEqual(
            (moves.amount_untaxed, moves.amount_tax, moves.amount_total), (100, -15, 85)
        )

    def test_reset_and_reversal(self):
        """What is reversed can be paid again; the reversal stays in the journal."""
        move = self._pay(1).filtered(lambda each: each.partner_id == self.partner_1)
        reversal = move._reverse_moves(
            [{"date": date(2026, 2, 5), "invoice_date": date(2026, 2, 5)}], cancel=True
        )
        self.assertEqual(reversal.journal_id, self.journal)
        self.assertLedgerAgrees()
        again = self._settle(date(2026, 2, 6), self.offer).line_ids.move_id
        self.assertEqual((again.journal_id, again.amount_total), (self.journal, 100))
