from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestPayout(RebateCommon):
    """Who is paid, when, and what stops a payout."""

    def _propose(self, day, offers=None, **values):
        batch = self.env["partner.incentive.settlement"].create(
            {
                "company_id": self.company.id,
                "date": day,
                "offer_ids": [Command.set(offers.ids if offers else [])],
                **values,
            }
        )
        batch.action_propose()
        return batch

    # ------------------------------------------------------------------------ payee

    def test_another_one_is_paid(self):
        offer = self._create_offer(payout="vendor_bill")
        payee = self.env["res.partner"].create({"name": "Agent", "is_company": True})
        self.enrollment_1.payee_id = payee
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31), offer)
        batch = self._settle(date(2026, 1, 31), offer)
        bill = batch.move_ids
        self.assertEqual(bill.partner_id, payee)
        self.assertEqual(batch.line_ids.partner_id, self.partner_1)
        self.assertEqual(batch.entry_ids.partner_id, self.partner_1)
        self.assertEqual(batch.line_ids.move_id, bill)
        self.assertEqual(self._balance("accrued"), 0)
        self.assertTrue(
            all(
                self.env["account.move.line"]
                .search([("incentive_role", "=", "accrued")])
                .mapped("reconciled")
            )
        )
        self.assertLedgerAgrees()
        self.assertFalse(self._settle(date(2026, 2, 28), offer).line_ids)

    def test_reset_bill_of_another_payee_frees_what_it_held(self):
        offer = self._create_offer(payout="vendor_bill")
        payee = self.env["res.partner"].create({"name": "Agent", "is_company": True})
        self.enrollment_1.payee_id = payee
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31), offer)
        bill = self._settle(date(2026, 1, 31), offer).move_ids
        bill.button_draft()
        self.assertLedgerAgrees()
        self.assertEqual(self._balance("accrued"), -100)
        self.assertEqual(self._propose(date(2026, 1, 31), offer).line_ids.amount, 100)

    def test_one_document_for_two_earners_of_one_payee(self):
        offer = self._create_offer(payout="vendor_bill")
        payee = self.env["res.partner"].create({"name": "Agent", "is_company": True})
        (self.enrollment_1 | self.enrollment_2).payee_id = payee
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._invoice(self.partner_2, date(2026, 1, 10), 500)
        self._accrue(date(2026, 1, 31), offer)
        batch = self._settle(date(2026, 1, 31), offer)
        self.assertEqual(len(batch.move_ids), 1)
        self.assertEqual(batch.move_ids.amount_untaxed, 150)
        settled = {e.partner_id: e.settled for e in batch.entry_ids}
        self.assertEqual(settled, {self.partner_1: 100, self.partner_2: 50})
        self.assertLedgerAgrees()

    # ------------------------------------------------------------------------- holds

    def test_missing_bank_account_holds_the_bill_and_says_so(self):
        self.company.sudo().incentive_require_bank = True
        offer = self._create_offer(payout="vendor_bill")
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        batch = self._settle(date(2026, 1, 31), offer)
        self.assertIn("no bank account", batch.line_ids.hold_reason)
        self.assertFalse(batch.move_ids)
        self.env["res.partner.bank"].create(
            {"partner_id": self.partner_1.id, "acc_number": "BE71096123456769"}
        )
        self.assertEqual(
            self._settle(date(2026, 2, 28), offer).move_ids.amount_untaxed, 100
        )

    def test_missing_tax_id_holds(self):
        self.company.sudo().incentive_require_vat = True
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self.assertIn(
            "no tax ID", self._propose(date(2026, 1, 31), offer).line_ids.hold_reason
        )
        self.partner_1.vat = "BE0477472701"
        self.assertFalse(self._propose(date(2026, 1, 31), offer).line_ids.hold_reason)

    def test_held_by_hand_and_what_it_would_have_cleared(self):
        """A held payout clears nothing: no document below zero comes of it."""
        first, second = self._create_offer(), self._create_offer()
        invoice = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._settle(date(2026, 1, 31), first)
        invoice._reverse_moves(
            [{"invoice_date": date(2026, 2, 3), "date": date(2026, 2, 3)}]
        ).action_post()
        self._invoice(self.partner_1, date(2026, 2, 10), 5000)
        self._accrue(date(2026, 2, 28))
        self.assertEqual(second.state, "published")
        batch = self._propose(date(2026, 2, 28))
        line = batch.line_ids.filtered(lambda each: each.offer_id == first)
        line.hold_reason = "Asked for papers"
        batch.line_ids.filtered(
            lambda each: each.offer_id == second
        ).hold_reason = "Too"
        batch._post()
        self.assertFalse(batch.move_ids)
        self.assertLedgerAgrees()

    # ------------------------------------------------------------------------ limits

    def test_pay_over_earnings_only_within_the_limit(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        batch = self._propose(date(2026, 1, 31), offer)
        batch.line_ids.amount = 500
        self.company.sudo().write(
            {"incentive_limit_overpay": True, "incentive_overpay_percent": 10}
        )
        with self.assertRaisesRegex(ValidationError, "110"):
            batch.line_ids.amount = 111
        batch.line_ids.amount = 110

    def test_outliers_are_reviewed_before_they_are_paid(self):
        self.company.sudo().incentive_variance_percent = 50
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31), offer)
        first = self._propose(date(2026, 1, 31), offer)
        self.assertFalse(first.line_ids.to_review)
        first.action_post()
        self._invoice(self.partner_1, date(2026, 2, 10), 4000)
        self._accrue(date(2026, 2, 28), offer)
        batch = self._propose(date(2026, 2, 28), offer)
        self.assertEqual(batch.line_ids.average, 100)
        self.assertEqual(batch.line_ids.provision, 400)
        self.assertTrue(batch.line_ids.to_review)
        with self.assertRaisesRegex(UserError, "Review them first"):
            batch.action_post()
        with self.assertRaisesRegex(UserError, "Review them first"):
            batch.action_approve()
        batch.line_ids.with_user(self.users["finance"]).action_review()
        batch.action_post()
        self.assertEqual(batch.state, "posted")

    def test_a_payout_without_provision_is_an_outlier(self):
        self.company.sudo().incentive_variance_percent = 50
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self.assertTrue(self._propose(date(2026, 1, 31), offer).line_ids.to_review)

    # ---------------------------------------------------------------------- calendar

    def test_review_window_and_the_tier_that_shortens_it(self):
        offer = self._create_offer(settlement_delay=20)
        gold = self.env["res.partner.grade"].create(
            {"name": "Gold", "incentive_payout_days": 15}
        )
        self.partner_2.grade_id = gold
        for partner in (self.partner_1, self.partner_2):
            self._invoice(partner, date(2026, 1, 10), 1000)
        self.assertFalse(self._propose(date(2026, 2, 4), offer).line_ids)
        batch = self._propose(date(2026, 2, 5), offer)
        self.assertEqual(batch.line_ids.partner_id, self.partner_2)
        self.assertEqual(batch.line_ids.cutoff, date(2026, 1, 31))
        batch._post()
        self.assertEqual(
            self._propose(date(2026, 2, 20), offer).line_ids.partner_id, self.partner_1
        )

    def test_proposals_for_the_tier_that_is_paid_sooner(self):
        self.company.sudo().incentive_propose_settlements = True
        self._create_offer(settlement_delay=20)
        self.partner_2.grade_id = self.env["res.partner.grade"].create(
            {"name": "Gold", "incentive_payout_days": 15}
        )
        for partner in (self.partner_1, self.partner_2):
            self._invoice(partner, date(2026, 1, 10), 1000)
        Settlement = self.env["partner.incentive.settlement"]
        for day, partner in (
            ("2026-02-05", self.partner_2),
            ("2026-02-20", self.partner_1),
        ):
            with freeze_time(day):
                batch = Settlement._propose_due(self.company)
                self.assertEqual(batch.line_ids.partner_id, partner)
                self.assertFalse(Settlement._propose_due(self.company))
                batch._post()

    def test_proposals_come_by_themselves(self):
        self.company.sudo().write(
            {
                "incentive_propose_settlements": True,
                "incentive_settlement_user_id": self.users["finance"].id,
            }
        )
        offer = self._create_offer(date_to=date(2026, 2, 28))
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        Settlement = self.env["partner.incentive.settlement"]
        with freeze_time("2026-02-02"):
            batch = Settlement._propose_due(self.company)
            self.assertEqual(batch.line_ids.amount, 100)
            self.assertFalse(batch.final)
            self.assertEqual(batch.activity_ids.user_id, self.users["finance"])
            self.assertFalse(Settlement._propose_due(self.company))
            batch._post()
        self._invoice(self.partner_1, date(2026, 2, 10), 500)
        with freeze_time("2026-03-02"):
            last = Settlement._propose_due(self.company)
            self.assertTrue(last.final)
            self.assertEqual(last.line_ids.amount, 50)
        self.assertEqual(last.offer_ids, offer)

    def test_netting_puts_off_no_proposal(self):
        """An offer that nets a debt in a settlement of another is not settled by it."""
        paying, owing = self._create_offer(), self._create_offer()
        bad = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._settle(date(2026, 1, 31))
        self._claw(owing, bad)
        for partner in (self.partner_1, self.partner_2):
            self._invoice(partner, date(2026, 2, 10), 500)
        with freeze_time("2026-03-02"):
            batch = self._settle(date(2026, 3, 2), paying)
            amounts = {
                (line.offer_id, line.partner_id): line.amount for line in batch.line_ids
            }
            self.assertEqual(amounts[owing, self.partner_1], -50)
            self.assertNotIn((owing, self.partner_2), amounts)
            proposal = self.env["partner.incentive.settlement"]._propose_due(
                self.company
            )
            self.assertEqual(proposal.offer_ids, owing)
            line = proposal.line_ids.filtered(
                lambda each: each.partner_id == self.partner_2
            )
            self.assertEqual(line.amount, 50)

    # ------------------------------------------------------------------ paid, bounced

    def test_paid_follows_the_payment(self):
        offer = self._create_offer(payout="vendor_bill")
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        batch = self._settle(date(2026, 1, 31), offer)
        self.assertEqual(batch.line_ids.payment_state, "not_paid")
        payment = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=batch.move_ids.ids)
            .create({})
            ._create_payments()
        )
        self.assertIn(batch.line_ids.payment_state, ("paid", "in_payment"))
        # The bank returns it: the accountant breaks the match.
        payment.move_id.line_ids.remove_move_reconcile()
        self.assertEqual(batch.line_ids.payment_state, "not_paid")

    # -------------------------------------------------------------- remittance advice

    def test_remittance_advice_names_what_is_paid(self):
        offer = self._create_offer(name="Volume rebate")
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        batch = self._propose(date(2026, 1, 31), offer)
        report = self.env["ir.actions.report"]
        name = "partner_incentive_base.report_remittance"
        with self.assertRaisesRegex(Exception, "not posted"):
            report._render_qweb_html(name, batch.ids)
        batch.action_post()
        html = report._render_qweb_html(name, batch.ids)[0].decode()
        self.assertIn("Volume rebate", html)
        self.assertIn(batch.move_ids.name, html)
        self.assertIn("100.00", html)
        self.assertNotIn(self.partner_2.name, html)

    def test_tax_withheld_from_a_bill(self):
        """A negative tax on the settlement product is withheld from the payout."""
        withheld = self.env["account.tax"].create(
            {
                "name": "Withheld 15 %",
                "type_tax_use": "purchase",
                "amount": -15.0,
                "company_id": self.company.id,
            }
        )
        self.company.incentive_product_id.supplier_taxes_id = withheld
        offer = self._create_offer(payout="vendor_bill")
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        bill = self._settle(date(2026, 1, 31), offer).move_ids
        self.assertEqual((bill.amount_untaxed, bill.amount_total), (100, 85))
        self.assertEqual(self._balance("accrued"), 100)
        # The tax has no account, and must not end up on that of the partners' money.
        self.assertEqual(
            bill.line_ids.filtered("tax_line_id").account_id,
            self.company.incentive_contra_revenue_account_id,
        )
        self.assertLedgerAgrees()
