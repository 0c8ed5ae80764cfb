from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestOfferTypes(RebateCommon):
    def _entitled_by(self, offer, day, partner=None):
        return self._entitled(offer, partner or self.partner_1, day)

    def test_accelerator_multiplies_before_the_cap(self):
        """2 % of 60,000 is 1,200; the accelerator adds 25 % from 50,000 on: 1,500."""
        volume = self._create_offer(name="Volume", brackets=[(0, 2)])
        capped = self._create_offer(name="Capped", brackets=[(0, 2)], cap=1300)
        other = self._create_offer(name="Other", brackets=[(0, 2)])
        accelerator = self._create_offer(
            name="Accelerator",
            offer_type="accelerator",
            brackets=[(50000, 25), (100000, 50)],
            accelerated_offer_ids=[Command.set((volume | capped).ids)],
        )
        self._invoice(self.partner_1, date(2026, 1, 10), 40000)
        day = date(2026, 12, 31)
        self.assertEqual(self._entitled_by(volume, day), 800)
        self._invoice(self.partner_1, date(2026, 2, 10), 20000)
        self.assertEqual(self._entitled_by(volume, day), 1500)
        self.assertEqual(self._entitled_by(capped, day), 1300)
        self.assertEqual(self._entitled_by(other, day), 1200)
        self.assertEqual(self._entitled_by(accelerator, day), 0)
        self.assertIn(accelerator, volume._get_coupled())
        self.assertIn(capped, volume._get_coupled())
        self._accrue(day)
        self.assertEqual(self._balance("accrued", volume), -1500)
        self.assertFalse(accelerator.entry_ids)
        self.assertLedgerAgrees()
        # A return takes volume and accelerator with it: 2 % of 49,000.
        refund = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.partner_1.id,
                "invoice_date": date(2026, 3, 1),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "price_unit": 11000,
                            "tax_ids": False,
                        }
                    )
                ],
            }
        )
        refund.action_post()
        self.assertEqual(self._entitled_by(volume, day), 980)

    def test_accelerator_counts_in_its_own_windows(self):
        """A quarter's accelerator acts on the months that lie in it."""
        volume = self._create_offer(name="Volume", period="month", brackets=[(0, 10)])
        self._create_offer(
            name="Kicker",
            offer_type="accelerator",
            period="quarter",
            brackets=[(1000, 100)],
            accelerated_offer_ids=[Command.set(volume.ids)],
        )
        self._invoice(self.partner_1, date(2026, 2, 10), 600)
        self._invoice(self.partner_1, date(2026, 3, 10), 600)
        self._invoice(self.partner_1, date(2026, 4, 10), 600)
        self.assertEqual(self._entitled_by(volume, date(2026, 4, 30)), 120 * 2 + 60)

    def test_accelerator_is_refused_where_it_makes_no_sense(self):
        volume = self._create_offer(name="Volume")
        values = {
            "offer_type": "accelerator",
            "accelerated_offer_ids": [Command.set(volume.ids)],
            "publish": False,
        }
        with self.assertRaisesRegex(ValidationError, "percent"):
            self._create_offer(rate_kind="amount", **values)
        with self.assertRaisesRegex(ValidationError, "pooled"):
            self._create_offer(pooled=True, **values)
        accelerator = self._create_offer(**values)
        values["accelerated_offer_ids"] = [Command.set(accelerator.ids)]
        with self.assertRaisesRegex(ValidationError, "accelerate an accelerator"):
            self._create_offer(**values)

    def test_the_type_alone_accelerates_nothing(self):
        """It is a label: what is paid is told by the terms, and a doubt is said."""
        idle = self._create_offer(offer_type="accelerator", brackets=[(0, 10)])
        self.assertIn("accelerates no offer", idle.terms_warning)
        self._invoice(self.partner_1, date(2026, 2, 10), 600)
        self.assertEqual(self._entitled_by(idle, date(2026, 12, 31)), 60)
        idle.action_revise()
        idle.accelerated_offer_ids = [Command.set(self._create_offer().ids)]
        self.assertFalse(idle.terms_warning)

    def test_sum_over_time_is_booked_from_day_one(self):
        """3,650 over 365 days is 10 a day; the second partner joins in July."""
        self.enrollment_2.date_from = date(2026, 7, 1)
        offer = self._create_offer(
            offer_type="lump_sum",
            measure="elapsed_days",
            rate_kind="amount",
            brackets=[(0, 3650)],
        )
        self._accrue(date(2026, 1, 1), offer)
        self.assertEqual(self._balance("accrued", offer), -10)
        self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(self._balance("accrued", offer), -310)
        day = date(2026, 12, 31)
        self.assertEqual(self._entitled_by(offer, day), 3650)
        self.assertEqual(self._entitled_by(offer, day, self.partner_2), 1840)
        self._settle(date(2026, 2, 28), offer)
        self.assertEqual(
            sum(offer.entry_ids.mapped("settled")), 590, "59 days until February"
        )
        self.assertLedgerAgrees()

    def test_sum_over_time_by_quarter(self):
        offer = self._create_offer(
            measure="elapsed_days",
            rate_kind="amount",
            period="quarter",
            brackets=[(0, 900)],
        )
        self.assertEqual(self._entitled_by(offer, date(2026, 1, 30)), 300)
        self.assertEqual(self._entitled_by(offer, date(2026, 3, 31)), 900)
        self.assertEqual(self._entitled_by(offer, date(2026, 12, 31)), 3600)

    def test_sum_over_time_needs_one_fixed_amount(self):
        with self.assertRaisesRegex(ValidationError, "fixed amount"):
            self._create_offer(measure="elapsed_days")
        with self.assertRaisesRegex(ValidationError, "one bracket"):
            self._create_offer(
                measure="elapsed_days",
                rate_kind="amount",
                brackets=[(0, 100), (10, 200)],
            )

    def test_milestones_found_in_the_books_and_confirmed(self):
        offer = self._create_offer(
            offer_type="milestone",
            measure="milestone_bonus",
            brackets=[],
            milestone_ids=[
                Command.create(
                    {"name": "Joined", "trigger": "enrolled", "amount": 100}
                ),
                Command.create(
                    {"name": "Bought", "trigger": "first_purchase", "amount": 200}
                ),
                Command.create(
                    {"name": "Trained", "trigger": "confirmed", "amount": 400}
                ),
            ],
        )
        day = date(2026, 6, 30)
        self.assertEqual(self._entitled_by(offer, day), 100)
        invoice = self._invoice(self.partner_1, date(2026, 3, 1), 50)
        self._invoice(self.partner_1, date(2026, 4, 1), 5000)
        self.assertEqual(self._entitled_by(offer, day), 300)
        Achievement = self.env["partner.incentive.achievement"]
        trained = Achievement.with_user(self.users["user"]).create(
            {
                "milestone_id": offer.milestone_ids[2].id,
                "partner_id": self.partner_1.id,
                "date": date(2026, 5, 1),
                "state": "confirmed",
            }
        )
        self.assertEqual(trained.state, "recorded")
        self.assertEqual(self._entitled_by(offer, day), 300)
        with self.assertRaises(AccessError):
            trained.write({"state": "confirmed"})
        trained.with_user(self.users["manager"]).action_confirm()
        self.assertEqual(self._entitled_by(offer, day), 700)
        self.assertEqual(self._entitled_by(offer, date(2026, 4, 30)), 300)
        self.assertEqual(self._entitled_by(offer, day, self.partner_2), 100)
        with self.assertRaises(UserError):
            trained.with_user(self.users["manager"]).action_refuse()
        invoice.button_draft()
        self.assertEqual(self._entitled_by(offer, date(2026, 3, 31)), 100)

    def test_whoever_records_a_milestone_does_not_confirm_it(self):
        offer = self._create_offer(
            measure="milestone_bonus",
            brackets=[],
            milestone_ids=[Command.create({"name": "Live", "amount": 400})],
        )
        achievement = (
            self.env["partner.incentive.achievement"]
            .with_user(self.users["manager"])
            .create(
                {
                    "milestone_id": offer.milestone_ids.id,
                    "partner_id": self.partner_1.id,
                }
            )
        )
        with self.assertRaisesRegex(UserError, "yourself"):
            achievement.action_confirm()

    def test_milestones_are_terms(self):
        offer = self._create_offer(
            measure="milestone_bonus",
            brackets=[],
            milestone_ids=[Command.create({"name": "Live", "amount": 400})],
        )
        with self.assertRaises(UserError):
            offer.milestone_ids.amount = 500
        with self.assertRaises(UserError):
            offer.milestone_ids.unlink()
        draft = self._create_offer(
            measure="milestone_bonus", brackets=[], publish=False
        )
        with self.assertRaisesRegex(UserError, "milestone"):
            draft.action_submit()

    def test_targets_of_a_published_offer_are_a_managers_and_stay(self):
        offer = self._create_offer(bracket_reference="target", brackets=[(100, 2)])
        Target = self.env["partner.incentive.target"]
        values = {
            "offer_id": offer.id,
            "partner_id": self.partner_1.id,
            "volume": 100,
        }
        with self.assertRaises(AccessError):
            Target.with_user(self.users["user"]).create(values)
        with freeze_time("2026-02-01"):
            target = Target.with_user(self.users["manager"]).create(values)
            with self.assertRaises(UserError):
                target.volume = 1
            with self.assertRaises(UserError):
                target.unlink()
            window = {**values, "window_from": date(2026, 1, 1), "volume": 1}
            with self.assertRaises(UserError):
                Target.with_user(self.users["manager"]).create(window)
            window["partner_id"] = self.partner_2.id
            Target.with_user(self.users["manager"]).create(window)

    def test_a_payment_counts_after_its_safety_days(self):
        """Paid on 20 March, safe on 30 March; it belongs to March all the same."""
        offer = self._create_offer(
            measure="paid_amount", period="month", safety_days=10
        )
        with freeze_time("2026-03-20"):
            invoice = self._invoice(self.partner_1, date(2026, 3, 1), 1000)
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoice.ids
            ).create({"payment_date": date(2026, 3, 20)})._create_payments()
        with freeze_time("2026-03-29"):
            self.assertEqual(self._entitled_by(offer, date(2026, 3, 29)), 0)
        with freeze_time("2026-03-30"):
            self.assertEqual(self._entitled_by(offer, date(2026, 3, 30)), 100)
        with freeze_time("2026-04-10"):
            [outcome] = self.env["partner.incentive.calculation"]._calculate(
                offer, date(2026, 4, 10)
            )
            self.assertEqual(outcome.window.start, date(2026, 3, 1))

    def test_type_suggests_what_it_counts(self):
        with Form(self.env["partner.incentive.offer"]) as form:
            form.name = "Growth"
            form.program_id = self.program
            form.offer_type = "growth_rebate"
            self.assertEqual(form.measure, "growth_amount")
            form.offer_type = "new_logo"
            self.assertEqual(form.rate_kind, "per_unit")
            self.assertEqual(form.credit_role, "sourced")
            form.offer_type = "spif"
            self.assertEqual(form.credit_role, "buyer")
            self.assertTrue(form.seller_claims)

    def test_retroactive_offer_picks_up_past_sales(self):
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        with freeze_time("2026-06-15"):
            offer = self._create_offer()
            self._accrue(date(2026, 6, 15), offer)
        self.assertEqual(self._balance("accrued", offer), -100)
