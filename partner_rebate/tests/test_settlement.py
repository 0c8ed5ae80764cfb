from datetime import date

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestSettlement(RebateCommon):
    def test_credit_note_names_its_invoices_and_clears_the_accrual(self):
        offer = self._create_offer()
        invoice = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        run = self._accrue(date(2026, 1, 31), offer)
        batch = self._settle(date(2026, 1, 31), offer)
        note = batch.move_ids
        self.assertEqual(note.move_type, "out_refund")
        self.assertEqual(note.amount_untaxed, 100)
        self.assertIn(invoice.name, note.narration)
        accrued = (run.move_ids | note).line_ids.filtered(
            lambda line: line.incentive_role == "accrued"
        )
        self.assertEqual(accrued.mapped("reconciled"), [True, True])
        self.assertEqual(batch.line_ids.move_id, note)

    def test_a_document_is_in_the_language_of_its_partner(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner_1.lang = "fr_FR"
        offer = self._create_offer()
        offer.sudo().with_context(lang="fr_FR").name = "Remise"
        invoice = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        note = self._settle(date(2026, 1, 31), offer).move_ids
        self.assertRegex(note.invoice_line_ids.name, "^Remise .*31/01/2026$")
        self.assertIn("Concerne", note.narration)
        self.assertIn(invoice.name, note.narration)

    def test_nothing_is_paid_twice(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._settle(date(2026, 1, 31), offer)
        batch = self._settle(date(2026, 2, 28), offer)
        self.assertFalse(batch.line_ids)
        self.assertFalse(batch.move_ids)

    def test_nothing_before_the_period_ends(self):
        offer = self._create_offer(settlement_period="quarter")
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self.assertFalse(self._settle(date(2026, 3, 30), offer).line_ids)
        self.assertEqual(self._settle(date(2026, 3, 31), offer).line_ids.amount, 100)

    def test_smallest_payout_waits(self):
        offer = self._create_offer(settlement_minimum=150)
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        batch = self._settle(date(2026, 1, 31), offer)
        self.assertEqual(batch.line_ids.due, 100)
        self.assertEqual(batch.line_ids.amount, 0)
        self._invoice(self.partner_1, date(2026, 2, 10), 1000)
        self.assertEqual(self._settle(date(2026, 2, 28), offer).line_ids.amount, 200)

    def test_vendor_bill(self):
        offer = self._create_offer(payout="vendor_bill", cost_kind="expense")
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31), offer)
        bill = self._settle(date(2026, 1, 31), offer).move_ids
        self.assertEqual(bill.move_type, "in_invoice")
        self.assertEqual(bill.state, "posted")
        self.assertEqual(bill.amount_untaxed, 100)
        self.assertEqual(self._balance("accrued"), 0)
        self.assertEqual(
            self.env["account.move.line"]
            .search([("incentive_role", "=", "cost")])
            .account_id,
            self.company.incentive_expense_account_id,
        )
        self.assertLedgerAgrees()

    def test_offset_clears_the_oldest_invoice_first(self):
        offer = self._create_offer(payout="offset")
        old = self._invoice(self.partner_1, date(2026, 1, 5), 60)
        new = self._invoice(self.partner_1, date(2026, 1, 10), 940)
        self._accrue(date(2026, 1, 31), offer)
        note = self._settle(date(2026, 1, 31), offer).move_ids
        self.assertEqual(old.amount_residual, 0)
        self.assertEqual(new.amount_residual, 900)
        self.assertEqual(note.amount_residual, 0)

    def test_taxes_of_the_sales_are_those_of_the_credit_note(self):
        """700 at 15 % and 300 untaxed: 100 splits 70 and 30."""
        offer = self._create_offer()
        tax = self.company_data["default_tax_sale"]
        self._invoice(
            self.partner_1,
            date(2026, 1, 10),
            0,
            lines=[],
            invoice_line_ids=[
                Command.create(
                    {
                        "product_id": self.product.id,
                        "price_unit": price,
                        "tax_ids": [Command.set(taxes.ids)],
                    }
                )
                for price, taxes in ((700, tax), (300, tax.browse()))
            ],
        )
        self._accrue(date(2026, 1, 31), offer)
        note = self._settle(date(2026, 1, 31), offer).move_ids
        self.assertEqual(
            sorted(note.invoice_line_ids.mapped("price_subtotal")), [30, 70]
        )
        self.assertEqual(note.amount_tax, 70 * tax.amount / 100)
        self.assertEqual(self._balance("accrued"), 0)
        self.assertLedgerAgrees()

    def test_taxes_that_are_included_in_prices(self):
        """At 20 % included, 1,200 are 1,000 untaxed: 100 are owed, and 20 of tax."""
        offer = self._create_offer()
        tax = self.env["account.tax"].create(
            {
                "name": "20 % included",
                "amount": 20,
                "type_tax_use": "sale",
                "price_include_override": "tax_included",
                "company_id": self.company.id,
            }
        )
        invoice = self._invoice(
            self.partner_1,
            date(2026, 1, 10),
            0,
            lines=[],
            invoice_line_ids=[
                Command.create(
                    {
                        "product_id": self.product.id,
                        "price_unit": 1200,
                        "tax_ids": [Command.set(tax.ids)],
                    }
                )
            ],
        )
        self.assertEqual(invoice.amount_untaxed, 1000)
        self._accrue(date(2026, 1, 31), offer)
        note = self._settle(date(2026, 1, 31), offer).move_ids
        self.assertEqual(note.amount_untaxed, 100)
        self.assertEqual(note.amount_tax, 20)
        self.assertEqual(self._balance("accrued"), 0)
        self.assertFalse(self._settle(date(2026, 2, 28), offer).line_ids)
        self.assertLedgerAgrees()

    def test_suite_documents_never_count(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._settle(date(2026, 1, 31), offer)
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 12, 31)), 100)

    def test_reversal_of_a_credit_note_frees_what_it_paid(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31), offer)
        note = self._settle(date(2026, 1, 31), offer).move_ids
        reversal = note._reverse_moves([{"date": date(2026, 2, 1)}])
        reversal.invoice_date = date(2026, 2, 1)
        reversal.action_post()
        self.assertEqual(reversal.incentive_document, "settlement")
        self.assertEqual(self._balance("accrued"), -100)
        self.assertLedgerAgrees()
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 12, 31)), 100)
        self.assertEqual(self._settle(date(2026, 2, 28), offer).line_ids.amount, 100)

    def test_reset_frees_and_returns(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31), offer)
        note = self._settle(date(2026, 1, 31), offer).move_ids
        note.button_draft()
        self.assertFalse(
            note.line_ids.matched_debit_ids | note.line_ids.matched_credit_ids
        )
        self.assertEqual(offer.settled_amount, 0)
        self.assertLedgerAgrees()
        note.action_post()
        self.env.invalidate_all()
        self.assertEqual(offer.settled_amount, 100)
        self.assertLedgerAgrees()

    def test_reset_document_cannot_pay_twice(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        note = self._settle(date(2026, 1, 31), offer).move_ids
        note.button_draft()
        self._settle(date(2026, 2, 28), offer)
        with self.assertRaisesRegex(UserError, "pay twice"):
            note.action_post()
        note.with_context(force_delete=True).unlink()
        self.assertEqual(offer.settled_amount, 100)
        self.assertLedgerAgrees()

    def test_settlement_leaves_the_holdback_of_later_volume(self):
        """2,000 by February, settled up to January: 20 % of all of it stays held."""
        offer = self._create_offer(
            holdback_percent=20, holdback_until=date(2026, 6, 30)
        )
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._invoice(self.partner_1, date(2026, 2, 10), 1000)
        self._accrue(date(2026, 2, 15), offer)
        self.assertEqual(self._balance("holdback"), -40)
        batch = self._settle(date(2026, 2, 15), offer)
        self.assertEqual(batch.line_ids.amount, 80)
        self.assertEqual(self._balance("holdback"), -40)
        self.assertFalse(self._accrue(date(2026, 2, 15), offer).entry_ids)
        batch = self._settle(date(2026, 6, 30), offer)
        self.assertEqual(batch.line_ids.amount, 120)
        self.assertEqual(self._balance("holdback"), 0)
        self.assertLedgerAgrees()

    def test_debit_note_claims_back(self):
        offer = self._create_offer(clawback_policy="debit_note")
        invoice = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31), offer)
        self._settle(date(2026, 1, 31), offer)
        refund = invoice._reverse_moves([{"date": date(2026, 2, 5)}])
        refund.invoice_date = date(2026, 2, 5)
        refund.invoice_line_ids.price_unit = 400
        refund.action_post()
        self._accrue(date(2026, 2, 28), offer)
        note = self._settle(date(2026, 2, 28), offer).move_ids
        self.assertEqual(note.move_type, "out_invoice")
        self.assertEqual(note.amount_untaxed, 40)
        self.assertEqual(offer.settled_amount, 60)
        self.assertEqual(self._balance("accrued"), 0)
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 12, 31)), 60)
        self.assertLedgerAgrees()

    def test_offers_that_cancel_out_need_no_document(self):
        first = self._create_offer(name="First")
        invoice = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31))
        self._settle(date(2026, 1, 31), first)
        refund = invoice._reverse_moves([{"date": date(2026, 2, 5)}])
        refund.invoice_date = date(2026, 2, 5)
        refund.action_post()
        second = self._create_offer(
            name="Second",
            date_from=date(2026, 3, 1),
            effective_date=date(2026, 3, 1),
        )
        self._invoice(self.partner_1, date(2026, 3, 10), 1000)
        first.retired_on = date(2026, 2, 28)
        self._accrue(date(2026, 3, 31))
        batch = self._settle(date(2026, 3, 31))
        self.assertEqual(sorted(batch.line_ids.mapped("amount")), [-100, 100])
        self.assertEqual(batch.move_ids.mapped("move_type"), ["entry"])
        self.assertEqual(first.settled_amount, 0)
        self.assertEqual(second.settled_amount, 100)
        self.assertEqual(self._balance("accrued"), 0)
        self.assertLedgerAgrees()

    def test_two_pairs_of_eyes_above_the_threshold(self):
        self.company.incentive_approval_threshold = 50
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        finance = self.users["finance"]
        batch = (
            self.env["partner.incentive.settlement"]
            .with_user(finance)
            .create({"date": date(2026, 1, 31), "company_id": self.company.id})
        )
        batch.action_propose()
        self.assertTrue(batch.needs_approval)
        with self.assertRaisesRegex(UserError, "needs approval"):
            batch.action_post()
        batch.action_approve()
        with self.assertRaisesRegex(UserError, "yourself"):
            batch.action_post()
        with self.assertRaises(UserError):
            batch.write({"approved_by": self.users["admin"].id})
        batch.with_user(self.users["admin"]).action_post()
        self.assertEqual(batch.state, "posted")
        self.assertEqual(offer.settled_amount, 100)

    def test_changed_figures_need_a_new_proposal(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        batch = self.env["partner.incentive.settlement"].create(
            {"date": date(2026, 1, 31), "company_id": self.company.id}
        )
        batch.action_propose()
        self._invoice(self.partner_1, date(2026, 1, 20), 500)
        with self.assertRaisesRegex(UserError, "has changed"):
            batch.action_post()
        batch.action_propose()
        batch.action_post()
        self.assertEqual(offer.settled_amount, 150)

    def test_posted_settlement_is_kept(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        batch = self._settle(date(2026, 1, 31), offer)
        with self.assertRaises(UserError):
            batch.unlink()
        with self.assertRaises(UserError):
            batch.write({"date": date(2026, 2, 1)})
        with self.assertRaises(UserError):
            batch.line_ids.write({"amount": 5})
        with self.assertRaises(UserError):
            batch.action_post()
