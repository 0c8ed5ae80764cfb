from datetime import date

from odoo.fields import Command
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
        self._take_for_seen(date(2026, 1, 31))

    def _changed(self, day=date(2026, 1, 31), offer=None):
        return self.env["partner.incentive.run"]._get_changed_partners(
            self.company, offer or self.offer, day
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
            lambda: self.env["partner.incentive.region"].create({"name": "North"}),
            lambda: self.env["res.partner.category"].create({"name": "Old friends"}),
            lambda: self.company.write(
                {"fiscalyear_last_day": 30, "fiscalyear_last_month": "6"}
            ),
            lambda: self.env["res.currency.rate"].create(
                {"currency_id": self.company.currency_id.id, "rate": 1}
            ),
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

    def test_terms_that_take_effect_concern_everybody(self):
        """The version in force on the last day limits the window, sales or not."""
        offer = self.offer.sudo()
        offer.action_revise()
        offer.write({"effective_date": date(2026, 2, 15), "cap": 20})
        offer.action_submit()
        offer.action_publish()
        self._accrue(date(2026, 1, 31), self.offer)
        self._set_mark()
        self.assertEqual(self._changed(date(2026, 2, 14)), self.env["res.partner"])
        self.assertIsNone(self._changed(date(2026, 2, 15)))
        self._accrue_changed(date(2026, 2, 15))
        self.assertEqual(self._balance("accrued"), -40)

    def test_a_payment_that_is_dated_later_counts_when_its_day_comes(self):
        offer = self._create_offer(measure="paid_amount", brackets=[(0, 10)])
        payment = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=self.invoice_1.ids)
            .create({"payment_date": date(2026, 2, 10)})
            ._create_payments()
        )
        self._accrue(date(2026, 1, 31), offer)
        self._set_mark()
        nobody = self.env["res.partner"]
        self.assertEqual(self._changed(date(2026, 2, 9), offer), nobody)
        self.assertEqual(self._changed(date(2026, 2, 10), offer), self.partner_1)
        # The other offer has nothing to do with payments.
        self.assertEqual(self._changed(date(2026, 2, 10)), nobody)
        runs = self.env["partner.incentive.run"]
        runs._accrue_changed(offer, date(2026, 2, 28))
        self.assertEqual(sum(offer.entry_ids.mapped("amount")), 100)
        self.assertFalse(self._accrue(date(2026, 2, 28), offer).entry_ids)
        # Nor does the invoice tell that its payment got another date.
        move = payment.move_id.with_context(skip_readonly_check=True)
        self._take_for_seen()
        self._change(lambda: move.write({"date": date(2026, 3, 10)}))
        self.assertEqual(self._changed(date(2026, 2, 28), offer), self.partner_1)
        runs._accrue_changed(offer, date(2026, 2, 28))
        self.assertEqual(sum(offer.entry_ids.mapped("amount")), 0)

    def test_what_was_bought_before_decides_on_what_others_are_credited_with(self):
        for role, watched in (("buyer", True), ("sourced", False)):
            offer = self._create_offer(measure="new_product_amount", credit_role=role)
            self.assertEqual(
                self.env["partner.incentive.run"]._can_look_at_changes(offer), watched
            )

    def test_a_line_of_a_posted_invoice_that_changes(self):
        other = self.product.copy({"taxes_id": False})
        self._set_mark()
        line = self.invoice_1.invoice_line_ids
        self._change(lambda: line.write({"name": "Only words"}))
        self.assertIsNotNone(self._changed())
        self._change(lambda: line.write({"product_id": other.id}))
        self.assertIsNone(self._changed())

    def test_a_line_of_an_order_that_changes(self):
        offer = self._create_offer(measure="ordered_amount", brackets=[(0, 10)])
        order = (
            self.env["sale.order"]
            .sudo()
            .create(
                {
                    "partner_id": self.partner_1.id,
                    "date_order": "2026-01-20 12:00:00",
                    "order_line": [
                        Command.create(
                            {"product_id": self.product.id, "product_uom_qty": quantity}
                        )
                        for quantity in (1, 2)
                    ],
                }
            )
        )
        order.action_confirm()
        self._accrue(date(2026, 1, 31), offer)
        self._set_mark()
        self.assertEqual(self._changed(offer=offer), self.env["res.partner"])
        self._change(lambda: order.order_line[0].write({"name": "Other words"}))
        self.assertEqual(self._changed(offer=offer), self.partner_1)

    def test_conditions_that_read_other_records(self):
        runs = self.env["partner.incentive.run"]
        for domain, watched in (
            ("[('city', '=', 'Bonn'), ('country_id', 'in', [57])]", True),
            ("[('name', 'ilike', 'x')]", True),
            ("[('country_id', '=', 'Germany')]", False),
            ("[('country_id.code', '=', 'DE')]", False),
            ("[('child_ids', '!=', False)]", False),
            ("[('create_date', '>', 'today -1y')]", False),
        ):
            with self.subTest(domain):
                segment = self.env["partner.incentive.segment"].create(
                    {"name": "Some", "partner_domain": domain}
                )
                offer = self._create_offer(segment_ids=[Command.set(segment.ids)])
                self.assertEqual(runs._can_look_at_changes(offer), watched)

    def test_settled_for_good(self):
        """From then on the target is the entitlement, whatever was provided for."""
        offer = self._create_offer(
            accrual_method="fixed", accrual_percent=10, brackets=[(0, 5)]
        )
        self._accrue(date(2026, 1, 31), offer)
        self._set_mark()
        self._change(lambda: self._settle(date(2026, 1, 31), offer, final=True))
        changed = self._changed(offer=offer)
        self.assertEqual(changed, self.partner_1 | self.partner_2)
        self.env["partner.incentive.run"]._accrue_changed(offer, date(2026, 1, 31))
        self.assertFalse(self._accrue(date(2026, 1, 31), offer).entry_ids)

    def test_finance_runs_what_changed_or_everything(self):
        """What no row tells of is found by whoever asks for everything."""
        self.env.cr.execute(
            "UPDATE account_move_line SET balance = balance * 2 WHERE id = %s",
            [self.invoice_1.invoice_line_ids.id],
        )
        self.env.invalidate_all()
        finance = self.users["finance"]
        run = self.env["partner.incentive.run"].with_user(finance)
        day = "2026-01-31"
        ids = run.accrue(self.offer.ids, day)
        self.assertFalse(run.browse(ids).entry_ids)
        self._set_mark()
        wizard = (
            self.env["partner.incentive.accrue"]
            .with_user(finance)
            .create({"date": day, "offer_ids": [Command.set(self.offer.ids)]})
        )
        self.assertFalse(run.browse(wizard.action_book()["res_id"]).entry_ids)
        self._set_mark()
        wizard.everything = True
        entries = run.browse(wizard.action_book()["res_id"]).entry_ids
        self.assertEqual(entries.partner_id, self.partner_1)
        self.assertFalse(
            run.browse(run.accrue(self.offer.ids, day, everything=True)).entry_ids
        )
