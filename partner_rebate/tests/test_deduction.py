from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestDeduction(RebateCommon):
    """An invoice paid short: match, split, deny, write off."""

    def setUp(self):
        super().setUp()
        self.offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31), self.offer)
        # 850 of 1,000 are paid: 100 for the rebate of January, and 50 more.
        self.short = self._invoice(self.partner_1, date(2026, 2, 10), 1000)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.short.ids
        ).create({"payment_date": date(2026, 2, 20), "amount": 850})._create_payments()
        self.deduction = (
            self.env["partner.incentive.deduction"]
            .with_user(self.users["finance"])
            .create(
                {
                    "move_id": self.short.id,
                    "date": date(2026, 2, 20),
                    "external_number": "DN-77",
                    "reason": "Volume rebate January",
                }
            )
        )

    def test_the_open_amount_is_proposed(self):
        self.assertEqual(self.deduction.amount, 150)
        with self.assertRaisesRegex(ValidationError, "open with"):
            self.deduction.amount = 151

    def test_matched_and_denied(self):
        self.deduction.action_suggest()
        self.assertEqual(
            [(p.kind, p.amount) for p in self.deduction.part_ids],
            [("match", 100), ("deny", 50)],
        )
        self.deduction.action_resolve()
        batch = self.deduction.part_ids.settlement_id
        self.assertEqual(batch.state, "posted")
        self.assertEqual(batch.move_ids.amount_total, 100)
        self.assertEqual(batch.move_ids.amount_residual, 0)
        self.assertEqual(self.short.amount_residual, 50)
        self.assertIn("Collect", self.short.activity_ids.summary)
        self.assertEqual(self._settle(date(2026, 2, 28), self.offer).line_ids.due, 100)
        self.assertLedgerAgrees()

    def test_written_off_it_is_neither_volume_nor_earned(self):
        self.deduction.part_ids = [
            Command.create({"kind": "match", "offer_id": self.offer.id, "amount": 100}),
            Command.create({"kind": "write_off", "amount": 50, "note": "Not worth it"}),
        ]
        before = self._entitled(self.offer, self.partner_1, date(2026, 2, 28))
        self.deduction.action_resolve()
        self.assertEqual(self.short.amount_residual, 0)
        self.assertEqual(
            self._entitled(self.offer, self.partner_1, date(2026, 2, 28)), before
        )
        self.assertLedgerAgrees()

    def test_not_more_than_is_due_is_matched(self):
        self.deduction.part_ids = [
            Command.create({"kind": "match", "offer_id": self.offer.id, "amount": 150})
        ]
        with self.assertRaisesRegex(UserError, "less than the matched part"):
            self.deduction.action_resolve()
        self.assertEqual(self.short.amount_residual, 150)

    def test_parts_add_up_and_say_why(self):
        self.deduction.part_ids = [
            Command.create({"kind": "deny", "amount": 100, "note": "Unknown"})
        ]
        with self.assertRaisesRegex(UserError, "differ from what was deducted"):
            self.deduction.action_resolve()
        self.deduction.part_ids = [Command.create({"kind": "deny", "amount": 50})]
        with self.assertRaisesRegex(UserError, "Give a reason"):
            self.deduction.action_resolve()

    def test_above_the_threshold_it_waits_for_approval(self):
        self.company.sudo().incentive_approval_threshold = 50
        self.deduction.action_suggest()
        self.deduction.action_resolve()
        batch = self.deduction.part_ids.settlement_id
        self.assertEqual(batch.state, "draft")
        self.assertEqual(self.short.amount_residual, 150)
        batch.with_user(self.users["finance"]).action_approve()
        batch.with_user(self.users["admin"]).action_post()
        self.assertEqual(self.short.amount_residual, 50)

    def test_what_deviates_waits_for_a_look(self):
        """60 of 100 are matched: the proposal differs from the provision by more."""
        self.company.sudo().incentive_variance_percent = 20
        self._match(60, rest=90)
        self.deduction.action_resolve()
        batch = self.deduction.part_ids.settlement_id
        self.assertEqual(batch.state, "draft")
        self.assertIn("Review", batch.activity_ids.summary)
        # What is matched stays so when the proposal is computed anew.
        batch.with_user(self.users["finance"]).action_propose()
        self.assertEqual(batch.line_ids.amount, 60)
        with self.assertRaisesRegex(UserError, "settled or written off"):
            self.deduction.action_reopen()
        batch.line_ids.with_user(self.users["finance"]).action_review()
        batch.with_user(self.users["finance"]).action_post()
        self.assertEqual(self.short.amount_residual, 90)
        self.assertLedgerAgrees()

    def test_a_payout_on_hold_is_not_matched(self):
        self.company.sudo().incentive_require_vat = True
        self._match(100, rest=50)
        with self.assertRaisesRegex(UserError, "no tax ID"):
            self.deduction.action_resolve()
        self.assertEqual(self.deduction.state, "open")

    def test_only_what_can_clear_the_invoice_is_matched(self):
        bills = self._create_offer(name="Bills", payout="vendor_bill")
        self._match(100, rest=50, offer=bills)
        with self.assertRaisesRegex(UserError, "does not pay by credit note"):
            self.deduction.action_resolve()

    def test_an_invoice_that_was_paid_meanwhile(self):
        self._match(100, rest=50)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.short.ids
        ).create({"payment_date": date(2026, 2, 25), "amount": 120})._create_payments()
        with self.assertRaisesRegex(UserError, "is open, less than"):
            self.deduction.action_resolve()

    def _match(self, amount, rest, offer=None):
        self.deduction.part_ids = [
            Command.create(
                {
                    "kind": "match",
                    "offer_id": (offer or self.offer).id,
                    "amount": amount,
                }
            ),
            Command.create({"kind": "deny", "amount": rest, "note": "Unknown"}),
        ]

    def test_only_finance_and_only_while_open(self):
        with self.assertRaises(AccessError):
            self.deduction.with_user(self.users["manager"]).action_resolve()
        with self.assertRaises(AccessError):
            self.deduction.write({"state": "done"})
        self.deduction.action_suggest()
        self.deduction.action_resolve()
        with self.assertRaisesRegex(UserError, "resolved"):
            self.deduction.write({"amount": 1})
        with self.assertRaisesRegex(UserError, "resolved"):
            self.deduction.part_ids.write({"amount": 1})
        with self.assertRaisesRegex(UserError, "settled or written off"):
            self.deduction.action_reopen()
