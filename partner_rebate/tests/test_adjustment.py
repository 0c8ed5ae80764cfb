from datetime import date

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestAdjustment(RebateCommon):
    """An adjustment lasts, and a reversed run is booked anew."""

    def setUp(self):
        super().setUp()
        self.offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self.run_1 = self._accrue(date(2026, 1, 31), self.offer)
        self.asking = self.users["finance"]
        self.deciding = self.users["admin"]

    def _adjust(self, amount, user=None, **values):
        return (
            self.env["partner.incentive.adjustment"]
            .with_user(user or self.asking)
            .create(
                {
                    "offer_id": self.offer.id,
                    "partner_id": self.partner_1.id,
                    "date": date(2026, 2, 1),
                    "amount": amount,
                    "reason": "Goodwill after a late delivery",
                    **values,
                }
            )
        )

    def _book(self, amount):
        adjustment = self._adjust(amount)
        adjustment.action_submit()
        adjustment.with_user(self.deciding).action_approve()
        return adjustment

    def test_booked_once_and_never_taken_back(self):
        adjustment = self._book(25)
        self.assertEqual(adjustment.state, "booked")
        self.assertEqual(adjustment.entry_ids.kind, "adjustment")
        self.assertEqual(adjustment.entry_ids.amount, 25)
        self.assertEqual(self._balance("accrued"), -125)
        self.assertFalse(self._accrue(date(2026, 2, 28), self.offer).entry_ids)
        self.assertEqual(self._balance("accrued"), -125)
        self.assertLedgerAgrees()

    def test_paid_with_what_was_earned(self):
        self._book(25)
        batch = self._settle(date(2026, 2, 28), self.offer)
        self.assertEqual(batch.line_ids.entitled, 125)
        self.assertEqual(batch.move_ids.amount_untaxed, 125)
        self.assertEqual(self._balance("accrued"), 0)
        self.assertFalse(self._settle(date(2026, 3, 31), self.offer).line_ids)

    def test_less_is_owed_after_a_negative_one(self):
        self._book(-40)
        self.assertEqual(
            self._settle(date(2026, 2, 28), self.offer).move_ids.amount_untaxed, 60
        )

    def test_final_settlement_keeps_it(self):
        self._book(25)
        self._settle(date(2026, 12, 31), self.offer, final=True)
        self.assertEqual(self._balance("accrued"), 0)
        self.assertEqual(self._balance("cost"), 125)
        self.assertLedgerAgrees()

    def test_whoever_submits_does_not_approve(self):
        adjustment = self._adjust(25)
        adjustment.action_submit()
        with self.assertRaisesRegex(UserError, "submitted .* yourself"):
            adjustment.action_approve()
        self.assertFalse(adjustment.entry_ids)

    def test_state_is_changed_by_its_buttons_only(self):
        adjustment = self._adjust(25, state="submitted")
        self.assertEqual(adjustment.state, "draft")
        with self.assertRaises(AccessError):
            adjustment.write({"state": "submitted"})
        with self.assertRaises(AccessError):
            adjustment.with_context(incentive_transition=True).write(
                {"approved_by": self.deciding.id}
            )
        adjustment.action_submit()
        with self.assertRaises(UserError):
            adjustment.write({"amount": 2500})

    def test_others_may_not(self):
        for role in ("user", "manager", "auditor"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._adjust(25, user=self.users[role])

    def test_refused_with_a_reason_and_booked_after_correction(self):
        adjustment = self._adjust(25)
        adjustment.action_submit()
        wizard = adjustment.with_user(self.deciding).action_refuse()
        self.assertEqual(wizard["res_model"], "partner.incentive.reason")
        adjustment.with_user(self.deciding).action_refuse("Too much")
        self.assertEqual(adjustment.state, "refused")
        adjustment.action_reopen()
        adjustment.amount = 20
        adjustment.action_submit()
        adjustment.with_user(self.deciding).action_approve()
        self.assertEqual(self._balance("accrued"), -120)

    def test_nothing_is_booked_without_an_amount_or_for_a_report(self):
        with self.assertRaisesRegex(UserError, "Enter the amount"):
            self._adjust(0).action_submit()
        report = self._create_offer(payout="none")
        adjustment = self._adjust(25, offer_id=report.id)
        adjustment.action_submit()
        with self.assertRaisesRegex(UserError, "only reports"):
            adjustment.with_user(self.deciding).action_approve()

    def test_dated_after_a_lock(self):
        self.company.sudo().fiscalyear_lock_date = date(2026, 2, 28)
        adjustment = self._book(25)
        self.assertEqual(adjustment.move_id.date, date(2026, 3, 1))

    def test_reversed_by_an_accountant(self):
        adjustment = self._book(25)
        adjustment.sudo().move_id._reverse_moves([{"date": date(2026, 3, 1)}])._post()
        self.assertEqual(self._balance("accrued"), -100)
        self.assertFalse(self._accrue(date(2026, 3, 31), self.offer).entry_ids)
        self.assertLedgerAgrees()

    # ------------------------------------------------------------ reversal of a run

    def test_reversed_run_is_booked_anew(self):
        run = self.run_1.with_user(self.asking)
        self.assertEqual(run.action_reverse()["res_model"], "partner.incentive.reason")
        run.action_reverse("Wrong rate")
        self.assertEqual(self._balance("accrued"), 0)
        self.assertEqual(self._balance("cost"), 0)
        self.assertTrue(self.offer.needs_accrual)
        reversing = self.env["partner.incentive.entry"].search(
            [("reversal_of_id", "in", self.run_1.entry_ids.ids)]
        )
        self.assertEqual(sum(reversing.mapped("amount")), -100)
        again = self._accrue(date(2026, 1, 31), self.offer)
        self.assertEqual(sum(again.entry_ids.mapped("amount")), 100)
        self.assertFalse(self.offer.needs_accrual)
        self.assertLedgerAgrees()

    def test_a_run_is_reversed_once(self):
        self.run_1.action_reverse("Wrong rate")
        with self.assertRaisesRegex(UserError, "reversed already"):
            self.run_1.action_reverse("Again")
        with self.assertRaisesRegex(UserError, "booked nothing"):
            self._accrue(date(2026, 1, 1), self.offer).action_reverse("Nothing there")

    def test_only_finance_reverses(self):
        with self.assertRaises(AccessError):
            self.run_1.with_user(self.users["manager"]).action_reverse("No")
        with self.assertRaises(AccessError):
            self.run_1.with_user(self.asking).write({"reversal_reason": "No"})
        run = self.env["partner.incentive.run"].with_user(self.asking)
        made = run.create({"date": date(2026, 1, 1), "reversal_reason": "No"})
        self.assertFalse(made.reversal_reason)

    def test_an_entry_is_reversed_once(self):
        self.run_1.action_reverse("Wrong rate")
        entry = self.run_1.entry_ids[:1]
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            with self.env.cr.savepoint():
                self.env["partner.incentive.entry"].sudo().with_context(
                    incentive_posting=True
                ).create(
                    self.env["partner.incentive.posting"]._prepare_reversal_vals(
                        entry, entry.move_id
                    )
                )

    # -------------------------------------------------------------- terms that change

    def test_a_new_version_asks_for_an_accrual(self):
        self.offer.action_revise()
        self.offer.write(
            {"effective_date": date(2026, 2, 1), "change_reason": "Another rate"}
        )
        self.offer.sudo().action_submit()
        self.offer.sudo().action_publish()
        self.assertTrue(self.offer.needs_accrual)
        self._accrue(date(2026, 2, 28), self.offer)
        self.assertFalse(self.offer.needs_accrual)

    def test_preview_warns_of_a_reported_period(self):
        self.company.sudo().incentive_reported_date = date(2026, 1, 31)
        wizard = self.env["partner.incentive.accrue"].create(
            {"date": date(2026, 1, 31), "offer_ids": self.offer.ids}
        )
        self.assertTrue(wizard.is_reported)
        wizard.date = date(2026, 2, 1)
        self.assertFalse(wizard.is_reported)
