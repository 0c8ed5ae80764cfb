from datetime import date
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestMoney(RebateCommon):
    def test_ledger_is_append_only(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31), offer)
        entry = offer.entry_ids
        self.assertEqual(entry.amount, 100)
        for method, values in (("write", [{"amount": 1.0}]), ("unlink", [])):
            with self.assertRaises(UserError):
                getattr(entry, method)(*values)
        with self.assertRaisesRegex(UserError, "never edited"):
            entry.sudo().write({"amount": 1.0})
        with self.assertRaisesRegex(UserError, "never deleted"):
            entry.sudo().unlink()
        with self.assertRaisesRegex(UserError, "by hand"):
            entry.create({"offer_id": offer.id})

    def test_second_run_books_nothing(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31), offer)
        run = self._accrue(date(2026, 1, 31), offer)
        self.assertFalse(run.entry_ids)
        self.assertEqual(self._balance("accrued"), -100)

    def test_cancelled_invoice_is_reversed(self):
        offer = self._create_offer()
        invoice = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31), offer)
        invoice.button_draft()
        invoice.button_cancel()
        self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(self._balance("accrued"), 0)
        self.assertEqual(self._balance("cost"), 0)
        self.assertFalse(self.env["partner.incentive.standing"].search_count([]))
        self.assertLedgerAgrees()

    def test_journal_items_keep_offer_and_partner(self):
        offers = self._create_offer(name="A") | self._create_offer(name="B")
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._invoice(self.partner_2, date(2026, 1, 10), 500)
        run = self._accrue(date(2026, 1, 31), offers)
        lines = run.move_ids.line_ids
        self.assertEqual(len(run.move_ids), 1)
        self.assertEqual(len(lines), 8)
        self.assertEqual(lines.incentive_offer_id, offers)
        self.assertEqual(lines.partner_id, self.partner_1 | self.partner_2)
        self.assertEqual(
            set(run.entry_ids.move_line_id.ids),
            set(lines.filtered(lambda line: line.incentive_role == "accrued").ids),
        )

    def test_locked_period_moves_to_the_day_after(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self.company.fiscalyear_lock_date = date(2026, 2, 15)
        run = self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(run.move_ids.date, date(2026, 2, 16))
        self.assertIn("period locked", run.move_ids.ref)
        self.assertEqual(run.entry_ids.date, date(2026, 2, 16))
        self.assertEqual(run.entry_ids.window_from, date(2026, 1, 1))

    def test_hashed_journal_still_books_and_corrects(self):
        self.company.incentive_journal_id.restrict_mode_hash_table = True
        offer = self._create_offer()
        invoice = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        run = self._accrue(date(2026, 1, 31), offer)
        with self.assertRaises(UserError):
            run.move_ids.button_draft()
        invoice.button_draft()
        self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(self._balance("accrued"), 0)
        self.assertLedgerAgrees()

    def test_accrual_entry_is_reversed_not_reset(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        run = self._accrue(date(2026, 1, 31), offer)
        with self.assertRaisesRegex(UserError, "Reverse it instead"):
            run.move_ids.button_draft()
        run.move_ids._reverse_moves([{"date": date(2026, 1, 31)}], cancel=True)
        self.assertEqual(self._balance("accrued"), 0)
        self.assertEqual(sum(offer.entry_ids.mapped("amount")), 0)
        self.assertLedgerAgrees()
        self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(self._balance("accrued"), -100)
        self.assertLedgerAgrees()

    def test_archived_journal_is_told(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self.company.incentive_journal_id.active = False
        with self.assertRaisesRegex(UserError, "archived"):
            self._accrue(date(2026, 1, 31), offer)
        self.assertFalse(offer.entry_ids)

    def test_company_without_chart_is_told(self):
        bare = self.env["res.company"].create({"name": "Bare"})
        self.env.user.company_ids |= bare
        program = self.env["partner.incentive.program"].create(
            {
                "name": "Bare program",
                "company_id": bare.id,
                "date_from": date(2026, 1, 1),
                "date_to": date(2026, 12, 31),
            }
        )
        offer = self._create_offer(program_id=program.id, publish=False)
        offer.action_submit()
        with self.assertRaisesRegex(UserError, "Install a chart of accounts"):
            offer.action_publish()

    def test_currency_without_rate_is_told(self):
        currency = self.env["res.currency"].create(
            {"name": "ZZZ", "symbol": "Z", "rounding": 0.01}
        )
        offer = self._create_offer(currency_id=currency.id, publish=False)
        offer.action_submit()
        with self.assertRaisesRegex(UserError, "no exchange rate for ZZZ"):
            offer.action_publish()

    def test_offer_in_foreign_currency(self):
        """Rate 2 until January, 4 from February on: 1,000 company = 2,000 foreign."""
        currency = self.setup_other_currency(
            "EUR", rates=[("2026-01-01", 2.0), ("2026-02-01", 4.0)]
        )
        offer = self._create_offer(currency_id=currency.id)
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        run = self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(run.entry_ids.amount, 200)
        self.assertEqual(run.entry_ids.balance, 100)
        self.assertLedgerAgrees()
        batch = self._settle(date(2026, 2, 28), offer)
        self.assertEqual(batch.move_ids.amount_total, 200)
        self.assertEqual(batch.move_ids.currency_id, currency)
        kinds = offer.entry_ids.mapped("kind")
        self.assertIn("exchange", kinds)
        self.assertEqual(self._balance("accrued"), 0)
        self.assertLedgerAgrees()
        batch.move_ids.button_draft()
        self.assertLedgerAgrees()
        self.assertEqual(
            sum(offer.entry_ids.mapped("balance")), 100, "the accrual is owed again"
        )

    def test_invoice_in_offer_currency_counts_at_face(self):
        currency = self.setup_other_currency("EUR", rates=[("2026-01-01", 2.0)])
        offer = self._create_offer(currency_id=currency.id)
        invoice = self._invoice(
            self.partner_1, date(2026, 1, 10), 333.33, currency_id=currency.id
        )
        self.assertEqual(invoice.amount_untaxed, 333.33)
        self.assertEqual(
            self._entitled(offer, self.partner_1, date(2026, 1, 31)), 33.33
        )

    def test_companies_are_apart(self):
        other = self.setup_other_company()["company"]
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        journal = self.env["account.journal"].search(
            [("company_id", "=", other.id), ("type", "=", "sale")], limit=1
        )
        self._invoice(
            self.partner_1,
            date(2026, 1, 10),
            700,
            company_id=other.id,
            journal_id=journal.id,
            lines=[],
            invoice_line_ids=[
                Command.create(
                    {
                        "name": "Other",
                        "quantity": 1,
                        "price_unit": 700,
                        "tax_ids": [Command.clear()],
                    }
                )
            ],
        )
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 1, 31)), 100)
        self._accrue(date(2026, 1, 31), offer)
        finance = self.users["finance"].with_context(allowed_company_ids=other.ids)
        finance.sudo().write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        self.assertFalse(
            self.env["partner.incentive.entry"].with_user(finance).search([])
        )

    def test_only_finance_books(self):
        offer = self._create_offer()
        for role in ("user", "manager", "compliance", "auditor"):
            with self.assertRaises(UserError):
                self.env["partner.incentive.run"].with_user(self.users[role]).accrue(
                    offer.ids, "2026-01-31"
                )
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        ids = (
            self.env["partner.incentive.run"]
            .with_user(self.users["finance"])
            .accrue(offer.ids, "2026-01-31")
        )
        self.assertEqual(self.env["partner.incentive.run"].browse(ids).amount, 100)

    def test_preview_shows_what_the_run_books(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        form = Form(
            self.env["partner.incentive.accrue"].with_context(
                default_offer_ids=offer.ids
            )
        )
        form.date = date(2026, 1, 31)
        wizard = form.save()
        self.assertEqual(wizard.line_ids.change, 100)
        self.assertFalse(offer.entry_ids)
        wizard.action_book()
        self.assertEqual(offer.earned_amount, 100)

    def test_draft_offer_can_be_previewed(self):
        offer = self._create_offer(publish=False)
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        wizard = self.env["partner.incentive.accrue"].create(
            {"offer_ids": [Command.set(offer.ids)], "date": date(2026, 1, 31)}
        )
        self.assertEqual(wizard.line_ids.entitlement, 100)
        self.assertFalse(wizard.can_book)

    def test_failed_posting_leaves_nothing_behind(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        AccountMove = type(self.env["account.move"])
        with (
            patch.object(AccountMove, "_post", side_effect=UserError("no")),
            self.assertRaises(UserError),
            self.env.cr.savepoint(),
        ):
            self._accrue(date(2026, 1, 31), offer)
        self.assertFalse(offer.entry_ids)
        self.assertLedgerAgrees()

    def test_run_needs_few_queries_however_many_partners(self):
        offer = self._create_offer(
            partner_ids=[Command.clear()],
            segment_ids=[
                Command.set(
                    self.env.ref("partner_incentive_base.segment_all_enrolled").ids
                )
            ],
        )
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31), offer)

        def count(day):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["partner.incentive.calculation"]._calculate(offer, day)
            return self.env.cr.sql_log_count - before

        few = count(date(2026, 2, 28))
        partners = self.env["res.partner"].create(
            [{"name": f"P{n}", "is_company": True} for n in range(20)]
        )
        self._enroll(*partners)
        for partner in partners:
            self._invoice(partner, date(2026, 2, 10), 100)
        self.assertLessEqual(count(date(2026, 2, 28)), few)
