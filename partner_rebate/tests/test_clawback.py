from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestClawback(RebateCommon):
    """What is claimed back is f(V) - f(V - X), whatever the reason."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.recurring = cls.env["product.product"].create(
            {"name": "Plan", "list_price": 100.0, "taxes_id": False}
        )
        cls.recurring.product_tmpl_id.incentive_recurring = True
        cls.customer = cls.env["res.partner"].create(
            {"name": "End customer", "is_company": True}
        )

    def _create_ladder(self, **values):
        """Marginal: 10 percent up to 1,000 and 20 percent above."""
        return self._create_offer(
            formula="marginal", brackets=[(0, 10), (1000, 20)], **values
        )

    def _pay(self, move, day, amount=None):
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"payment_date": day})
        )
        if amount:
            wizard.amount = amount
        wizard._create_payments()

    def _contract(self, move=None, **values):
        return self.env["partner.customer.contract"].create(
            {
                "customer_id": self.customer.id,
                "partner_id": self.partner_1.id,
                "product_id": self.recurring.id,
                "date_start": date(2026, 1, 1),
                "date_end": date(2026, 6, 30),
                "recurring_amount": 1200,
                "move_id": move and move.id,
                **values,
            }
        )

    def _churn(self, contract, day):
        contract.action_churn("Left for a competitor")
        contract.sudo().write({"churn_date": day})

    # ------------------------------------------------------------- by hand, confirmed

    def test_takes_the_last_slice_first(self):
        """f(1,500) - f(1,000) = 200 - 100."""
        offer = self._create_ladder()
        self._invoice(self.partner_1, date(2026, 1, 5), 1000)
        bad = self._invoice(self.partner_1, date(2026, 1, 10), 500)
        self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(self._balance("accrued"), -200)
        clawback = self._claw(offer, bad)
        self.assertEqual(clawback.amount, 100)
        self.assertTrue(offer.needs_accrual)
        run = self._accrue(date(2026, 2, 28), offer)
        self.assertEqual(run.entry_ids.amount, -100)
        self.assertIn(bad.name, run.entry_ids.reason)
        self.assertEqual(self._balance("accrued"), -100)
        self.assertFalse(self._accrue(date(2026, 2, 28), offer).entry_ids)
        self.assertLedgerAgrees()

    def test_a_share_of_a_document(self):
        offer = self._create_offer()
        bad = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._claw(offer, bad, share=25)
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 2, 28)), 75)

    def test_not_before_its_day(self):
        offer = self._create_offer()
        bad = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._claw(offer, bad)
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 2, 14)), 100)
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 2, 15)), 0)

    def test_other_offers_and_partners_keep_theirs(self):
        offer, other = self._create_offer(), self._create_offer()
        bad = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._claw(offer, bad)
        self.assertEqual(self._entitled(other, self.partner_1, date(2026, 2, 28)), 100)

    def test_lifted_it_counts_again(self):
        offer = self._create_offer()
        bad = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        clawback = self._claw(offer, bad)
        clawback.with_user(self.users["finance"]).action_lift("Papers were found")
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 2, 28)), 100)

    def test_paid_before_it_is_netted_or_claimed_by_debit_note(self):
        carry = self._create_offer()
        debit = self._create_offer(clawback_policy="debit_note", payout="vendor_bill")
        bad = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31))
        self._settle(date(2026, 1, 31))
        self._claw(carry, bad)
        self._claw(debit, bad)
        self._accrue(date(2026, 2, 28))
        batch = self._settle(date(2026, 2, 28))
        note = batch.move_ids
        self.assertEqual(note.incentive_document, "debit_note")
        self.assertEqual(note.amount_untaxed, 100)
        line = batch.line_ids.filtered(lambda each: each.offer_id == carry)
        self.assertEqual((line.due, line.amount), (-100, 0))
        self.assertLedgerAgrees()

    def test_only_offers_that_are_settled_claim_by_debit_note(self):
        paying = self._create_offer()
        debit = self._create_offer(clawback_policy="debit_note")
        bad = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31))
        self._settle(date(2026, 1, 31))
        self._claw(debit, bad)
        self._invoice(self.partner_1, date(2026, 2, 10), 600)
        self._accrue(date(2026, 2, 28))
        batch = self._settle(date(2026, 2, 28), paying)
        self.assertEqual(batch.line_ids.offer_id, paying)
        self.assertEqual(batch.move_ids.mapped("move_type"), ["out_refund"])
        # It claims what it is owed when it is settled itself.
        batch = self._settle(date(2026, 2, 28), debit)
        self.assertEqual(batch.line_ids.amount, -40)
        self.assertEqual(batch.move_ids.mapped("move_type"), ["out_invoice"])
        self.assertLedgerAgrees()

    def test_a_final_settlement_ends_only_the_offers_it_settles(self):
        """Another one that only nets its debt goes on to provide what it expects."""
        paying = self._create_offer()
        owing = self._create_offer(accrual_method="fixed", accrual_percent=15)
        bad = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31))
        self._settle(date(2026, 1, 31))
        self._claw(owing, bad)
        self._invoice(self.partner_1, date(2026, 2, 10), 600)
        self._accrue(date(2026, 2, 28))
        accrued = self._balance("accrued", owing)
        batch = self._settle(date(2026, 2, 28), paying, final=True)
        amounts = {line.offer_id: line.amount for line in batch.line_ids}
        self.assertEqual(amounts, {paying: 60, owing: -40})
        self.assertEqual(self._balance("accrued", owing), accrued - 40)
        self.assertNotIn("write_off", owing.entry_ids.mapped("kind"))
        self.assertFalse(self._accrue(date(2026, 2, 28)).entry_ids)
        self.assertLedgerAgrees()

    def test_never_more_than_the_offer_allows(self):
        offer = self._create_offer(
            clawback_policy="debit_note", payout="vendor_bill", clawback_limit=40
        )
        bad = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._settle(date(2026, 1, 31))
        self._claw(offer, bad)
        batch = self._settle(date(2026, 2, 28))
        self.assertEqual(batch.line_ids.due, -40)
        self.assertEqual(batch.move_ids.amount_untaxed, 40)

    def test_only_documents_that_count_can_be_claimed_back(self):
        offer = self._create_offer()
        other = self._invoice(self.partner_2, date(2026, 1, 10), 1000)
        with self.assertRaisesRegex(UserError, "does not count"):
            self._claw(offer, other)
        with self.assertRaisesRegex(ValidationError, "Choose the one"):
            self._claw(offer, self.env["account.move"])

    def test_whoever_submits_does_not_confirm(self):
        offer = self._create_offer()
        move = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        clawback = (
            self.env["partner.incentive.clawback"]
            .with_user(self.users["finance"])
            .create(
                {
                    "offer_id": offer.id,
                    "partner_id": self.partner_1.id,
                    "reason": "audit",
                    "description": "Why",
                    "move_id": move.id,
                    "state": "confirmed",
                }
            )
        )
        self.assertEqual(clawback.state, "draft")
        clawback.action_submit()
        with self.assertRaisesRegex(UserError, "yourself"):
            clawback.action_confirm()
        with self.assertRaises(AccessError):
            clawback.with_user(self.users["compliance"]).action_confirm()
        with self.assertRaises(AccessError):
            clawback.write({"state": "confirmed"})
        with self.assertRaises(UserError):
            clawback.write({"share": 1})

    def test_pool_and_analytic(self):
        offer = self._create_ladder(pooled=True)
        self._invoice(self.partner_1, date(2026, 1, 5), 600)
        bad = self._invoice(self.partner_1, date(2026, 1, 6), 400)
        self._invoice(self.partner_2, date(2026, 1, 10), 1000)
        day = date(2026, 2, 28)
        self.assertEqual(self._entitled(offer, self.partner_2, day), 150)
        self._claw(offer, bad)
        # f(1,600) = 100 + 120 = 220, split 600 : 1,000.
        self.assertEqual(self._entitled(offer, self.partner_1, day), 82.5)
        self.assertEqual(self._entitled(offer, self.partner_2, day), 137.5)

    # ----------------------------------------------------------------------- unpaid

    def test_unpaid_after_some_days(self):
        offer = self._create_ladder(clawback_unpaid_days=30)
        self._invoice(self.partner_1, date(2026, 1, 5), 1000)
        move = self._invoice(self.partner_1, date(2026, 1, 10), 500)
        self._pay(self.env["account.move"].browse(move.id - 1), date(2026, 1, 20))
        due = move.invoice_date_due
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 1, 31)), 200)
        last = date.fromordinal(due.toordinal() + 30)
        self.assertEqual(self._entitled(offer, self.partner_1, last), 200)
        after = date.fromordinal(due.toordinal() + 31)
        self.assertEqual(self._entitled(offer, self.partner_1, after), 100)
        self._pay(move, date(2026, 3, 20), 250)
        self.assertEqual(self._entitled(offer, self.partner_1, after), 150)
        self._pay(move, date(2026, 3, 25))
        self.assertEqual(self._entitled(offer, self.partner_1, after), 200)

    def test_what_a_payout_offset_is_not_paid(self):
        """Otherwise each settlement would change what the next one has to pay."""
        offer = self._create_ladder(clawback_unpaid_days=30)
        other = self._create_offer(payout="offset", brackets=[(0, 4)])
        move = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        after = date.fromordinal(move.invoice_date_due.toordinal() + 31)
        self.assertEqual(self._entitled(offer, self.partner_1, after), 0)
        self._accrue(date(2026, 1, 31), other)
        self._settle(date(2026, 1, 31), other)
        self.assertEqual(move.amount_residual, 960)
        self.assertEqual(self._entitled(offer, self.partner_1, after), 0)
        self._pay(move, date(2026, 3, 20), 500)
        self.assertEqual(self._entitled(offer, self.partner_1, after), 50)
        self._pay(move, date(2026, 3, 25))
        self.assertEqual(move.amount_residual, 0)
        self.assertEqual(self._entitled(offer, self.partner_1, after), 96)

    # ------------------------------------------------------------------------ churn

    def test_churn_within_the_window_in_full_or_by_the_time_left(self):
        full = self._create_offer(clawback_churn_months=12)
        pro_rata = self._create_offer(
            clawback_churn_months=12, clawback_churn_share="pro_rata"
        )
        move = self._invoice(
            self.partner_1,
            date(2026, 1, 1),
            0,
            lines=[(self.recurring, 1, 1000), (self.product, 1, 1000)],
        )
        contract = self._contract(move)
        # 92 of 365 days are left on October 1.
        self._churn(contract, date(2026, 10, 1))
        day = date(2026, 10, 31)
        self.assertEqual(self._entitled(full, self.partner_1, day), 100)
        self.assertEqual(
            self._entitled(pro_rata, self.partner_1, day),
            round(200 - 100 * 92 / 365, 2),
        )
        self.assertEqual(self._entitled(full, self.partner_1, date(2026, 9, 30)), 200)

    # --------------------------------------------------------------------- holdback

    def _hold(self, release, **values):
        return self._create_offer(
            holdback_percent=20,
            holdback_release=release,
            holdback_until=date(2026, 12, 1),
            settlement_period="month",
            **values,
        )

    def _position(self):
        return (
            -self._balance("accrued"),
            -self._balance("holdback"),
            self._balance("cost"),
        )

    def test_held_until_customers_renew_and_lost_with_those_who_leave(self):
        """1,000 earned; 200 held: a quarter churns, half renews, a quarter waits."""
        offer = self._hold("renewal")
        self._invoice(self.partner_1, date(2026, 1, 10), 10000)
        self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(self._position(), (800, 200, 1000))
        contracts = [
            self._contract(recurring_amount=amount) for amount in (600, 300, 300)
        ]
        self._accrue(date(2026, 2, 28), offer)
        self.assertEqual(self._position(), (800, 200, 1000))
        contracts[0].action_renew()
        self._churn(contracts[1], date(2026, 3, 1))
        self._accrue(date(2026, 3, 31), offer)
        self.assertEqual(self._position(), (900, 50, 950))
        lost = self.env["partner.incentive.entry"].search([("kind", "=", "expiry")])
        self.assertEqual(lost.amount, -50)
        self.assertIn("lost", lost.reason)
        self.assertFalse(self._accrue(date(2026, 3, 31), offer).entry_ids)
        batch = self._settle(date(2026, 3, 31), offer)
        self.assertEqual(batch.line_ids.amount, 900)
        # What has not been renewed by the last day is lost.
        self._accrue(date(2026, 12, 1), offer)
        self.assertEqual(self._position(), (0, 0, 900))
        self.assertLedgerAgrees()

    def test_settled_without_a_run_the_lost_part_is_not_paid(self):
        offer = self._hold("renewal")
        self._invoice(self.partner_1, date(2026, 1, 10), 10000)
        self._churn(self._contract(), date(2026, 2, 1))
        batch = self._settle(date(2026, 2, 28), offer)
        self.assertEqual(batch.line_ids.amount, 800)
        self._accrue(date(2026, 2, 28), offer)
        self.assertEqual(self._position(), (0, 0, 800))

    def test_held_until_satisfaction_reaches_the_mark(self):
        offer = self._hold("satisfaction", holdback_mark=80)
        self._invoice(self.partner_1, date(2026, 1, 10), 10000)
        self._invoice(self.partner_2, date(2026, 1, 10), 10000)
        scores = {self.partner_1.id: 85.0, self.partner_2.id: 60.0}
        self.patch(
            type(self.env["res.partner"]),
            "_get_satisfaction_scores",
            lambda partners, day: {each.id: scores[each.id] for each in partners},
        )
        self._accrue(date(2026, 2, 28), offer)
        self.assertEqual(self._position(), (1800, 200, 2000))
        self._accrue(date(2026, 12, 1), offer)
        self.assertEqual(self._position(), (1800, 0, 1800))

    # ----------------------------------------------------------------------- season

    def test_expected_volume_follows_last_year(self):
        """1,000 of 10,000 had come by the end of January: 500 makes 5,000."""
        for day, amount in ((date(2025, 1, 15), 1000), (date(2025, 6, 15), 9000)):
            self._invoice(self.partner_1, day, amount)
        offer = self._create_offer(
            accrual_method="expected",
            accrual_profile="season",
            period="year",
            brackets=[(0, 1), (4000, 10)],
        )
        self._invoice(self.partner_1, date(2026, 1, 20), 500)
        self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(self._balance("accrued"), -50)

    def test_without_last_year_it_goes_on_as_it_has(self):
        offer = self._create_offer(
            accrual_method="expected",
            accrual_profile="season",
            brackets=[(0, 1), (4000, 10)],
            partner_ids=[Command.set(self.partner_1.ids)],
        )
        self._invoice(self.partner_1, date(2026, 1, 20), 500)
        self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(self._balance("accrued"), -50)
