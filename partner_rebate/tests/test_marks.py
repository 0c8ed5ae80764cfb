from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestMarks(RebateCommon):
    """What says to which offer a journal item belongs is the suite's to write."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bookkeeper = new_test_user(
            cls.env,
            login="bookkeeper",
            groups="base.group_user,account.group_account_invoice,"
            "account.group_account_user",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.offer = cls._create_offer()
        cls.invoice = cls._invoice(cls.partner_1, date(2026, 1, 10), 1000)
        cls._accrue(date(2026, 1, 31), cls.offer)

    def _as_bookkeeper(self, records):
        return records.with_env(self.env(user=self.bookkeeper, su=False))

    def _refuses(self, what=None):
        """Refused, and nothing of it stays."""
        return self.assertRaisesRegex(AccessError, what or "Only partner incentives")

    def _marks(self):
        return (
            {"incentive_offer_id": self.offer.id},
            {"incentive_role": "accrued"},
            {"incentive_earner_id": self.partner_2.id},
        )

    # ----------------------------------------------------------------------- refused

    def test_a_bookkeeper_marks_no_item(self):
        line = self._as_bookkeeper(self.invoice.invoice_line_ids)
        for vals in self._marks():
            for flags in ({}, {"incentive_posting": True, "incentive_reversal": True}):
                asked = line.with_context(skip_readonly_check=True, **flags)
                with self.subTest(vals=vals, flags=flags):
                    with self._refuses(), self.env.cr.savepoint():
                        asked.write(vals)
                    for commands in ("line_ids", "invoice_line_ids"):
                        with self._refuses(), self.env.cr.savepoint():
                            asked.move_id.write(
                                {commands: [Command.update(line.id, vals)]}
                            )

    def test_a_bookkeeper_takes_no_mark_away(self):
        note = self._as_bookkeeper(self._settle(date(2026, 1, 31), self.offer).move_ids)
        note.button_draft()
        with self._refuses(), self.env.cr.savepoint():
            note.invoice_line_ids.write({"incentive_offer_id": False})
        with self._refuses(), self.env.cr.savepoint():
            note.invoice_line_ids.incentive_role = False

    def test_a_bookkeeper_creates_no_marked_item(self):
        Move = self._as_bookkeeper(self.env["account.move"])
        line = {"product_id": self.product.id, "price_unit": 10.0}
        draft = Move.create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner_1.id,
                "invoice_line_ids": [Command.create(line)],
            }
        )
        for vals in self._marks():
            with self.subTest(vals=vals):
                with self._refuses(), self.env.cr.savepoint():
                    draft.line_ids.create({**line, **vals, "move_id": draft.id})
                for commands in ("line_ids", "invoice_line_ids"):
                    with self._refuses(), self.env.cr.savepoint():
                        draft.write({commands: [Command.create({**line, **vals})]})
                    with self._refuses(), self.env.cr.savepoint():
                        Move.create(
                            {
                                "move_type": "out_invoice",
                                "partner_id": self.partner_1.id,
                                commands: [Command.create({**line, **vals})],
                            }
                        )
                defaults = {f"default_{name}": value for name, value in vals.items()}
                with self._refuses(), self.env.cr.savepoint():
                    draft.line_ids.with_context(**defaults).create(
                        {**line, "move_id": draft.id}
                    )

    def test_a_bookkeeper_marks_no_document(self):
        settlement = self._settle(date(2026, 1, 31), self.offer)
        Move = self._as_bookkeeper(self.env["account.move"])
        for vals in (
            {"incentive_document": "settlement"},
            {"incentive_settlement_id": settlement.id},
            # What looks like a reversal is none.
            {
                "incentive_document": "settlement",
                "reversed_entry_id": settlement.move_ids.id,
            },
        ):
            with self.subTest(vals=vals), self._refuses(), self.env.cr.savepoint():
                Move.create({"move_type": "out_invoice", **vals})
            defaults = {f"default_{name}": value for name, value in vals.items()}
            with self.subTest(vals=defaults), self._refuses(), self.env.cr.savepoint():
                Move.with_context(**defaults).create({"move_type": "out_invoice"})

    def test_lines_are_excluded_with_a_reason_only(self):
        finance = self.users["finance"]
        finance.group_ids += self.env.ref("account.group_account_invoice")
        line = self.invoice.invoice_line_ids.with_user(finance)
        line = line.with_context(skip_readonly_check=True)
        vals = {"incentive_exclusion": "Sample"}
        with self._refuses("Exclude this Line"), self.env.cr.savepoint():
            line.write(vals)
        with self._refuses("Exclude this Line"), self.env.cr.savepoint():
            line.move_id.write({"invoice_line_ids": [Command.update(line.id, vals)]})
        with self._refuses("Exclude this Line"), self.env.cr.savepoint():
            line.move_id.create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.partner_1.id,
                    "invoice_line_ids": [Command.create(vals)],
                }
            )
        line.action_exclude_from_incentives("Sample")
        self.assertEqual(line.incentive_exclusion, "Sample")
        line.action_include_in_incentives()
        self.assertFalse(line.incentive_exclusion)

    # ------------------------------------------------------------------------ allowed

    def _reverse(self, move, method):
        """Reverse a document with the wizard of accounting."""
        wizard = (
            self._as_bookkeeper(self.env["account.move.reversal"])
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"date": date(2026, 2, 1), "journal_id": move.journal_id.id})
        )
        getattr(wizard, method)()
        return wizard.new_move_ids

    def test_a_bookkeeper_reverses_a_credit_note(self):
        payee = self.env["res.partner"].create({"name": "Agent", "is_company": True})
        self.enrollment_1.payee_id = payee
        batch = self._settle(date(2026, 1, 31), self.offer)
        reversal = self._reverse(batch.move_ids, "refund_moves")
        self.assertEqual(reversal.state, "draft")
        line = reversal.invoice_line_ids
        self.assertEqual(line.incentive_offer_id, self.offer)
        self.assertEqual(line.incentive_earner_id, self.partner_1)
        with self._refuses(), self.env.cr.savepoint():
            line.write({"incentive_earner_id": self.partner_2.id})
        with Form(reversal) as form:
            form.invoice_date = date(2026, 2, 1)
            with form.invoice_line_ids.edit(0) as edited:
                edited.name = "Taken back"
        reversal.action_post()
        self.assertEqual(reversal.incentive_settlement_id, batch.sudo(False))
        self.assertEqual(self._balance("accrued"), -100)
        self.assertLedgerAgrees()

    def test_a_bookkeeper_reverses_an_accrual(self):
        move = self.offer.entry_ids.move_id
        reversal = self._reverse(move, "refund_moves")
        self.assertEqual(reversal.state, "posted")
        self.assertEqual(self._balance("accrued"), 0)
        self.assertLedgerAgrees()

    def test_a_bookkeeper_edits_a_credit_note(self):
        note = self._as_bookkeeper(self._settle(date(2026, 1, 31), self.offer).move_ids)
        note.button_draft()
        with Form(note) as form:
            form.ref = "Agreed"
            with form.invoice_line_ids.edit(0) as line:
                line.price_unit = 90
            with form.invoice_line_ids.new() as line:
                line.product_id = self.product
                line.price_unit = 5
        note.action_post()
        self.assertEqual(self._balance("accrued"), -10)
        self.assertLedgerAgrees()

    def test_a_bookkeeper_reconciles_at_another_rate(self):
        currency = self.setup_other_currency(
            "EUR", rates=[("2026-01-01", 2.0), ("2026-02-01", 4.0)]
        )
        offer = self._create_offer(currency_id=currency.id)
        self._accrue(date(2026, 1, 31), offer)
        batch = self._settle(date(2026, 2, 28), offer)
        lines = (batch.move_ids | offer.entry_ids.move_id).line_ids.filtered(
            lambda line: (
                line.incentive_role == "accrued"
                and not line.move_id.exchange_diff_partial_ids
            )
        )
        lines.remove_move_reconcile()
        self.assertLedgerAgrees()
        self._as_bookkeeper(lines).reconcile()
        self.assertEqual(self._balance("accrued", offer), 0)
        self.assertLedgerAgrees()
        self._as_bookkeeper(lines).remove_move_reconcile()
        self.assertLedgerAgrees()

    def test_a_settled_document_is_not_made_anew_by_hand(self):
        """Its copy would be no settlement, or pay what was settled since."""
        note = self._settle(date(2026, 1, 31), self.offer).move_ids
        with self.assertRaisesRegex(UserError, "new settlement"):
            self._reverse(note, "modify_moves")
        copy = self._as_bookkeeper(note).with_context(include_business_fields=True)
        self.assertFalse(copy.copy().invoice_line_ids.incentive_offer_id)
        other = self._invoice(self.partner_2, date(2026, 1, 20), 50)
        self.assertEqual(self._reverse(other, "modify_moves").state, "draft")
