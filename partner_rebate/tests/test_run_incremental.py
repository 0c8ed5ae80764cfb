from datetime import date

from odoo.tests import tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestRunIncremental(RebateCommon):
    """A run that looks at changes only books what a full one would."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offer = cls._create_offer(brackets=[(0, 5), (2000, 10)])
        cls.invoice_1 = cls._invoice(cls.partner_1, date(2026, 1, 10), 1000)
        cls.invoice_2 = cls._invoice(cls.partner_2, date(2026, 1, 10), 1000)
        cls._accrue(date(2026, 1, 31), cls.offer)

    def setUp(self):
        super().setUp()
        self._set_mark()

    def _set_mark(self):
        """Take all rows for seen.

        In a test they are of one transaction, except those of a savepoint, which has a
        number of its own: whatever a later one writes is new.
        """
        terms = self.env["partner.incentive.run"]._count_terms()
        with self.env.cr.savepoint():
            self.env.cr.execute(
                """UPDATE partner_incentive_lock
                      SET seen_terms = %s, full_on = now(), seen_day = '2026-01-31'
                RETURNING xmin::text::bigint + 1""",
                [terms],
            )
            transaction = self.env.cr.fetchone()[0]
        self.env.cr.execute(
            "UPDATE partner_incentive_lock SET seen_transaction = %s",
            [str(transaction)],
        )

    def _changed(self, day=date(2026, 1, 31)):
        return self.env["partner.incentive.run"]._get_changed_partners(
            self.company, self.offer, day
        )

    def _change(self, do):
        """Do something in a transaction of its own."""
        with self.env.cr.savepoint():
            do()

    def _accrue_changed(self, day=date(2026, 1, 31)):
        runs = self.env["partner.incentive.run"]._accrue_changed(self.offer, day)
        # Whatever it found, a full run finds nothing more.
        self.assertFalse(self._accrue(day, self.offer).entry_ids)
        self.assertLedgerAgrees()
        return runs

    def test_nothing_changed_nobody_is_looked_at(self):
        self.assertEqual(self._changed(), self.env["res.partner"])
        self.assertFalse(self._accrue_changed().entry_ids)
        self.assertEqual(self._balance("accrued"), -100)

    def test_an_invoice_leads_to_its_partner_only(self):
        self._change(lambda: self._invoice(self.partner_1, date(2026, 1, 20), 1000))
        self.assertEqual(self._changed(), self.partner_1)
        run = self._accrue_changed()
        self.assertEqual(run.entry_ids.partner_id, self.partner_1)
        self.assertEqual(sum(run.entry_ids.mapped("amount")), 150)

    def test_credit_note_reset_and_payment(self):
        self._change(
            lambda: self.invoice_1._reverse_moves(
                [{"invoice_date": date(2026, 1, 25), "date": date(2026, 1, 25)}]
            ).action_post()
        )
        self.assertEqual(self._changed(), self.partner_1)
        self._accrue_changed()
        self.assertEqual(self._balance("accrued"), -50)

    def test_deleted_leaves_no_row_so_everybody_is_looked_at(self):
        def delete():
            self.invoice_1.button_draft()
            self.invoice_1.with_context(force_delete=True).unlink()

        self._change(delete)
        self.assertIsNone(self._changed())
        self._accrue_changed()
        self.assertEqual(self._balance("accrued"), -50)

    def test_an_invoice_that_changes_hands(self):
        def reassign():
            self.invoice_1.button_draft()
            self.invoice_1.partner_id = self.partner_2
            self.invoice_1.action_post()

        self._change(reassign)
        self._accrue_changed()
        # f(2,000) of the second partner alone.
        self.assertEqual(self._balance("accrued"), -200)

    def test_documents_of_later_days_count_when_their_day_comes(self):
        self._invoice(self.partner_2, date(2026, 2, 5), 1000)
        self._set_mark()
        self.assertEqual(self._changed(), self.env["res.partner"])
        self.assertEqual(self._changed(date(2026, 2, 28)), self.partner_2)

    def test_subsidiaries_lead_to_whom_they_count_for(self):
        daughter = self.env["res.partner"].create(
            {
                "name": "Daughter",
                "is_company": True,
                "parent_id": self.partner_1.id,
            }
        )
        daughter.is_company = True
        self._accrue(date(2026, 1, 31), self.offer)
        self._set_mark()
        self._change(lambda: self._invoice(daughter, date(2026, 1, 20), 1000))
        self.assertIn(self.partner_1, self._changed())
        self._accrue_changed()

    def test_terms_enrollment_and_tier_concern_everybody(self):
        gold = self.env["res.partner.grade"].create({"name": "Gold"})
        for change in (
            lambda: self.enrollment_1.write({"date_from": date(2026, 1, 2)}),
            lambda: self.partner_1.write({"grade_id": gold.id}),
            lambda: self.env["product.category"].create({"name": "New"}),
            lambda: self.enrollment_2.unlink(),
            lambda: self.partner_2.write({"is_company": False}),
        ):
            self._set_mark()
            self.assertIsNotNone(self._changed())
            self._change(change)
            self.assertIsNone(self._changed())

    def test_what_changes_with_time_is_looked_at_in_full(self):
        for values in (
            {"accrual_method": "expected"},
            {"holdback_percent": 10, "holdback_until": date(2026, 6, 30)},
            {"guarantee_amount": 100, "guarantee_period": "month"},
            {"clawback_unpaid_days": 30},
            {"safety_days": 5},
            {"pooled": True},
        ):
            with self.subTest(values):
                offer = self._create_offer(**values)
                self.assertFalse(
                    self.env["partner.incentive.run"]._can_look_at_changes(offer)
                )

    def test_earlier_days_and_old_marks(self):
        self.assertIsNone(self._changed(date(2026, 1, 30)))
        self.env.cr.execute(
            "UPDATE partner_incentive_lock SET full_on = now() - interval '8 days'"
        )
        self.assertIsNone(self._changed())

    def test_what_an_accountant_reversed_is_booked_anew(self):
        move = self.env["partner.incentive.entry"].search([]).move_id
        self._change(lambda: move._reverse_moves([{"date": date(2026, 1, 31)}])._post())
        self.assertEqual(self._changed(), self.partner_1 | self.partner_2)
        self._accrue_changed()
        self.assertEqual(self._balance("accrued"), -100)
