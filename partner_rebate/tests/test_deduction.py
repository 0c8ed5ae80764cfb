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

    # ------------------------------------------------------------ write-off, approval

    def _write_off(self, amount=150, user="finance", deduction=None):
        """Resolve a deduction by writing all of it off."""
        deduction = (deduction or self.deduction).with_user(self.users[user])
        if not deduction.part_ids:
            deduction.part_ids = [
                Command.create({"kind": "write_off", "amount": amount, "note": "Old"})
            ]
        deduction.action_resolve()

    def test_a_write_off_above_the_threshold_takes_two(self):
        self.company.sudo().incentive_approval_threshold = 149
        with self.assertRaisesRegex(UserError, "needs approval first"):
            self._write_off()
        self.assertTrue(self.deduction.needs_approval)
        self.deduction.action_approve()
        self.assertEqual(self.deduction.state, "approved")
        self.assertEqual(self.deduction.approved_by, self.users["finance"])
        self.assertEqual(self.short.amount_residual, 150)
        with self.assertRaisesRegex(UserError, "Somebody else"):
            self._write_off()
        self.assertFalse(self.deduction.part_ids.move_id)
        self._write_off(user="admin")
        self.assertEqual(self.deduction.state, "done")
        self.assertEqual(self.short.amount_residual, 0)
        self.assertLedgerAgrees()

    def test_up_to_the_threshold_one_is_enough(self):
        self.company.sudo().incentive_approval_threshold = 150
        self._write_off()
        self.assertEqual(self.deduction.state, "done")

    def test_what_is_matched_or_denied_needs_no_approval_here(self):
        self.company.sudo().incentive_approval_threshold = 120
        self._parts(("match", 100), ("deny", 50))
        self.assertFalse(self.deduction.needs_approval)
        with self.assertRaisesRegex(UserError, "nothing to approve"):
            self.deduction.action_approve()

    def test_write_offs_of_one_invoice_add_up(self):
        self.company.sudo().incentive_approval_threshold = 100
        self.deduction.amount = 80
        self._write_off(80)
        rest = self.deduction.create({"move_id": self.short.id, "amount": 70})
        with self.assertRaisesRegex(UserError, "needs approval first"):
            self._write_off(70, deduction=rest)
        self.assertEqual(self.short.amount_residual, 70)

    def test_the_threshold_is_in_the_currency_of_the_company(self):
        """400 at 4 for 1 are 100."""
        currency = self.setup_other_currency("EUR", rates=[("2026-01-01", 4.0)])
        short = self._invoice(
            self.partner_1, date(2026, 2, 10), 400, currency_id=currency.id
        )
        deduction = self.deduction.create(
            {"move_id": short.id, "date": date(2026, 2, 20)}
        )
        self.company.sudo().incentive_approval_threshold = 99
        with self.assertRaisesRegex(UserError, "needs approval first"):
            self._write_off(400, deduction=deduction)
        self.company.sudo().incentive_approval_threshold = 100
        self._write_off(400, deduction=deduction)
        self.assertEqual(short.amount_residual, 0)

    def test_what_is_approved_does_not_change(self):
        self.company.sudo().incentive_approval_threshold = 100
        self._parts(("write_off", 150))
        for state in ("open", "approved"):
            for vals in ({"state": "approved"}, {"approved_by": self.users["user"].id}):
                for flags in ({}, {"incentive_transition": True}):
                    with (
                        self.subTest(state=state, vals=vals, flags=flags),
                        self.assertRaises(AccessError),
                        self.env.cr.savepoint(),
                    ):
                        self.deduction.with_context(**flags).write(vals)
            if state == "open":
                self.deduction.action_approve()
        part = self.deduction.part_ids
        for change in (
            lambda: self.deduction.write({"amount": 140}),
            lambda: self.deduction.write({"part_ids": [Command.clear()]}),
            lambda: part.write({"note": "Other"}),
            lambda: part.unlink(),
            lambda: part.copy(),
            lambda: self.deduction.unlink(),
            lambda: self.deduction.action_approve(),
        ):
            with self.assertRaisesRegex(UserError, "approved"), self.env.cr.savepoint():
                change()
        self.deduction.action_reopen()
        self.assertEqual(self.deduction.state, "open")
        self.assertFalse(self.deduction.approved_by)
        part.note = "Other"
        born = self.deduction.create(
            {
                "move_id": self.short.id,
                "state": "approved",
                "approved_by": self.users["admin"].id,
            }
        )
        self.assertEqual((born.state, born.approved_by.ids), ("open", []))

    def test_only_finance_approves(self):
        self.company.sudo().incentive_approval_threshold = 100
        self._parts(("write_off", 150))
        for role in ("manager", "compliance", "user"):
            with self.assertRaises(AccessError):
                self.deduction.with_user(self.users[role]).action_approve()

    def test_only_the_resolution_says_what_became_of_a_part(self):
        self._parts(("match", 100), ("write_off", 50))
        part = self.deduction.part_ids[0]
        other = self._settle(date(2026, 1, 31), self.offer)
        for vals in ({"settlement_id": other.id}, {"move_id": self.short.id}):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                part.write(vals)
            born = part.create(
                {
                    "deduction_id": self.deduction.id,
                    "kind": "deny",
                    "amount": 1,
                    **vals,
                }
            )
            self.assertFalse(born.settlement_id or born.move_id)

    def _parts(self, *parts):
        """Divide the deduction into parts of a kind and an amount."""
        self.deduction.part_ids = [
            Command.create(
                {
                    "kind": kind,
                    "amount": amount,
                    "offer_id": self.offer.id if kind == "match" else False,
                    "note": "Agreed",
                }
            )
            for kind, amount in parts
        ]

    # ----------------------------------------------------------------- another payee

    def test_what_another_one_is_paid_does_not_clear_the_invoice(self):
        agent = self.env["res.partner"].create({"name": "Agent", "is_company": True})
        self.enrollment_1.payee_id = agent
        self._match(100, rest=50)
        with self.assertRaisesRegex(UserError, "pays Agent instead of Reseller One"):
            self.deduction.action_resolve()
        self.assertEqual(self.deduction.state, "open")
        self.assertFalse(self.deduction.part_ids.settlement_id)
        self.deduction.action_suggest()
        [part] = self.deduction.part_ids
        self.assertEqual((part.kind, part.amount), ("deny", 150))
        self.assertIn("Agent", part.note)
        self.enrollment_1.payee_id = False
        self._match(100, rest=50)
        self.deduction.action_suggest()
        self.deduction.action_resolve()
        self.assertEqual(self.short.amount_residual, 50)

    def test_another_payee_while_the_settlement_waits(self):
        self.company.sudo().incentive_approval_threshold = 50
        self.deduction.action_suggest()
        self.deduction.action_resolve()
        batch = self.deduction.part_ids.settlement_id.with_user(self.users["finance"])
        self.enrollment_1.payee_id = self.env["res.partner"].create({"name": "Agent"})
        batch.action_propose()
        batch.action_approve()
        batch = batch.with_user(self.users["admin"])
        with self.assertRaisesRegex(UserError, "reopen the deduction"):
            batch.action_post()
        batch.action_cancel()
        self.deduction.action_reopen()
        self.assertEqual(self.deduction.state, "open")

    def test_a_contact_of_the_partner_is_no_other_payee(self):
        self.enrollment_1.payee_id = self.env["res.partner"].create(
            {"name": "Accounts", "parent_id": self.partner_1.id}
        )
        self.deduction.action_suggest()
        self.deduction.action_resolve()
        self.assertEqual(self.short.amount_residual, 50)
        self.assertLedgerAgrees()

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
