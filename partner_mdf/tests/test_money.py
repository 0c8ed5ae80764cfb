from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import MdfCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-02-01")
class TestMoney(MdfCommon):
    """From an allocation to the paid bill; figures worked by hand."""

    def test_whole_way(self):
        """1,000 allocated; 400 + 300 requested; 400 and 200 approved; 350 claimed."""
        fund = self._create_fund(participation_rate=50)
        self._allocate(fund, 1000, self.partner_1)
        self.assertCheckbook(fund, allocated=1000, available=1000)
        request = self._request(
            fund, self._plan(800), self._plan(600, name="Advertisement")
        )
        first, second = request.mdf_activity_ids
        self.assertEqual(first.requested_amount, 400)
        self.assertEqual(first.own_share, 400)
        self._approve(first)
        self.assertEqual(request.state, "submitted")
        self.assertCheckbook(fund, committed=400, available=600)
        self._approve(second, 200)
        self.assertEqual(request.state, "approved")
        self.assertTrue(second.is_partial)
        self.assertCheckbook(fund, committed=600, available=400)
        # provided for when it was approved
        self.assertEqual(self._owed(fund), 600)
        self.assertEqual(self._cost(fund, "expense"), 600)
        self.assertEqual(first.campaign_id.title, first.display_name)

        claim = self._claim(first, 700)
        self.assertEqual(claim.amount, 350)
        self._approve_claim(claim)
        self.assertTrue(claim.accrued)
        self.assertCheckbook(fund, committed=250, spent=350, available=400)
        self.assertEqual(self._owed(fund), 600)

        # Self billing would be a second invoice beside that of the partner.
        self.company.incentive_self_billing_journal_id = self.env[
            "account.journal"
        ].create(
            {
                "name": "Self billing",
                "code": "SBI",
                "type": "purchase",
                "is_self_billing": True,
                "company_id": self.company.id,
            }
        )
        partner = claim.partner_id.with_company(self.company)
        partner.incentive_self_billing = True
        batch = self._pay(fund, date(2026, 2, 1))
        bill = batch.move_ids
        self.assertEqual(bill.move_type, "in_invoice")
        self.assertFalse(bill.journal_id.is_self_billing)
        self.assertEqual(bill.amount_untaxed, 350)
        self.assertIn(claim.document_number, bill.ref)
        self.assertIn(claim.name, bill.invoice_line_ids.name)
        self.assertEqual(claim.state, "scheduled")
        self.assertEqual(self._owed(fund), 250)
        self.assertLedgerAgrees()
        register = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bill.ids
        )
        payment = register.create({"payment_date": date(2026, 2, 1)})._create_payments()
        self.assertEqual(claim.state, "paid")
        # the bank returns it, and it is paid anew
        payment.move_id.line_ids.remove_move_reconcile()
        self.assertEqual(claim.state, "scheduled")
        register.create({"payment_date": date(2026, 2, 1)})._create_payments()
        self.assertEqual(claim.state, "paid")

        # nothing is paid twice
        again = self._pay(fund, date(2026, 2, 2))
        self.assertFalse(again.move_ids)

        # the rest of both is released after 45 days, and expires with the allocation
        fund._close_periods(date(2026, 4, 18))
        self.assertEqual(set(request.mdf_activity_ids.mapped("state")), {"closed"})
        self.assertEqual(request.state, "closed")
        self.assertCheckbook(fund, committed=0, spent=350, expired=0, available=650)
        self.assertEqual(self._owed(fund), 0)
        self.assertEqual(self._cost(fund, "expense"), 350)
        fund._close_periods(date(2027, 1, 1))
        self.assertCheckbook(fund, spent=350, expired=650, available=0)
        fund._close_periods(date(2027, 1, 2))
        self.assertCheckbook(fund, spent=350, expired=650, available=0)
        self.assertLedgerAgrees()

    def test_fair_value_split(self):
        """Paid 1,000 for a service worth 700: 300 reduces revenue."""
        fund = self._create_fund(participation_rate=100)
        self._allocate(fund, 5000, self.partner_1)
        activity = self._activity(fund, 1000)
        claim = self._claim(activity, 1000)
        self._as(claim, "compliance").action_validate()
        as_manager = self._as(claim, "manager")
        as_manager.fair_value = 700
        self.assertEqual((claim.expense_amount, claim.contra_amount), (700, 300))
        with self.assertRaisesRegex(UserError, "Enter why"):
            as_manager.action_approve()
        as_manager.treatment_reason = "A comparable stand costs 700."
        as_manager.action_approve()
        self.assertEqual(self._cost(fund, "expense"), 700)
        self.assertEqual(self._cost(fund, "contra_revenue"), 300)
        self.assertEqual(self._owed(fund), 1000)
        as_manager.action_cancel()
        self.assertEqual(self._cost(fund, "expense"), 1000)
        self.assertEqual(self._cost(fund, "contra_revenue"), 0)
        self.assertCheckbook(fund, committed=1000, spent=0)
        self.assertLedgerAgrees()

    def test_booked_on_the_day_of_the_decision(self):
        """Where the approver is: late on the 10th in UTC is the 11th in Tokyo."""
        fund = self._create_fund(participation_rate=100)
        self._allocate(fund, 5000, self.partner_1)
        activity = self._request(fund, self._plan(1000)).mdf_activity_ids
        self._as(activity, "manager")._do_approve(1000, day=date(2026, 2, 5))
        self.assertEqual(activity.approved_on, date(2026, 2, 5))
        self.assertEqual(activity.entry_ids.move_id.date, date(2026, 2, 5))
        claim = self._claim(activity, 1000)
        self._as(claim, "compliance").action_validate()
        claim.write({"fair_value": 700, "treatment_reason": "Such a stand costs 700."})
        decider = self._as(claim, "manager").with_context(tz="Asia/Tokyo")
        decider._check_can_approve()
        decider._do_approve(datetime(2026, 3, 10, 20))
        self.assertEqual(claim.decided_on, datetime(2026, 3, 10, 20))
        self.assertEqual(claim.reclassification_ids.date, date(2026, 3, 11))
        self.assertEqual(set(activity.entry_ids.mapped("date")), {date(2026, 2, 5)})
        self.assertLedgerAgrees()

    def test_booked_at_the_claim_on_the_day_of_the_decision(self):
        fund = self._create_fund(provision_at="claim")
        self._allocate(fund, 500, self.partner_1)
        claim = self._claim(self._activity(fund, 800), 600)
        self._as(claim, "compliance").action_validate()
        self._as(claim, "manager")._do_approve(datetime(2026, 3, 10, 9))
        self.assertEqual(claim.mdf_activity_id.entry_ids.date, date(2026, 3, 10))
        self.assertEqual(
            claim.mdf_activity_id.entry_ids.move_id.date, date(2026, 3, 10)
        )

    def test_no_distinct_service(self):
        """Training of the partner's own people reduces revenue altogether."""
        fund = self._create_fund(participation_rate=100)
        self._allocate(fund, 5000, self.partner_1)
        kind = self.free.copy({"distinct_service": False})
        activity = self._activity(fund, 400, type_id=kind.id)
        self._approve_claim(self._claim(activity, 400))
        self.assertEqual(self._cost(fund, "expense"), 0)
        self.assertEqual(self._cost(fund, "contra_revenue"), 400)
        self.assertLedgerAgrees()

    def test_provided_for_as_reduction_of_revenue(self):
        """The other way round: the distinct part becomes expense."""
        fund = self._create_fund(participation_rate=100, cost_kind="contra_revenue")
        self._allocate(fund, 5000, self.partner_1)
        activity = self._activity(fund, 400)
        self.assertEqual(self._cost(fund, "contra_revenue"), 400)
        self._approve_claim(
            self._claim(activity, 400), fair_value=150, treatment_reason="Worth 150."
        )
        self.assertEqual(self._cost(fund, "expense"), 150)
        self.assertEqual(self._cost(fund, "contra_revenue"), 250)

    def test_the_tiers_share_stands_in_for_the_funds_own(self):
        fund = self._create_fund(participation_rate=25)
        self._allocate(fund, 5000)
        self._bring(
            "fund_share",
            (self.partner_1, date(2026, 1, 1), date(2026, 2, 10), 60.0),
        )
        first = self._request(fund, self._plan(1000))
        self.assertEqual(first.requested_amount, 600)
        other = self._request(fund, self._plan(1000), partner=self.partner_2)
        self.assertEqual(other.requested_amount, 250)
        late = self._request(fund, self._plan(1000), submit=False)
        self.assertEqual(late.requested_amount, 600)
        with freeze_time("2026-02-11"):
            # the benefit has ended: by the day of submission, and what was asked stays
            self._as(late, "user").action_submit()
            self.assertEqual(late.requested_amount, 250)
            self.assertEqual(first.mdf_activity_ids.rate, 60)

    def test_participation_60_40(self):
        """60 % for events of gold partners, 40 % for events, 25 % for the rest."""
        gold = self.env["res.partner.grade"].create({"name": "Test Gold"})
        fund = self._create_fund(
            participation_rate=25,
            participation_ids=[
                Command.create({"activity_type_id": self.event.id, "rate": 40}),
                Command.create({"grade_id": gold.id, "rate": 30}),
                Command.create(
                    {
                        "activity_type_id": self.event.id,
                        "grade_id": gold.id,
                        "rate": 60,
                    }
                ),
            ],
        )
        self._allocate(fund, 5000)
        self.partner_1.grade_id = gold
        for partner, kind, requested in (
            (self.partner_1, self.event, 600),
            (self.partner_1, self.free, 300),
            (self.partner_2, self.event, 400),
            (self.partner_2, self.free, 250),
        ):
            request = self._request(
                fund, self._plan(1000, type_id=kind.id), partner=partner
            )
            self.assertEqual(request.requested_amount, requested)
            self.assertEqual(request.own_share, 1000 - requested)
        # a line of the fund is more specific than what the tier brings everywhere
        self._bring("fund_share", (self.partner_1, date.min, date.max, 90.0))
        request = self._request(fund, self._plan(1000, type_id=self.event.id))
        self.assertEqual(request.requested_amount, 600)
        # what was decided stays when the tier changes
        activity = self._activity(fund, 1000, type_id=self.event.id)
        self.partner_1.grade_id = False
        self.assertEqual(activity.rate, 60)
        claim = self._claim(activity, 900, submit=False)
        self.assertEqual(claim.amount, 540)

    def test_several_partial_claims(self):
        """Approved 500 at 50 %: 600 cost is 300, 600 more only the rest of 200."""
        fund = self._create_fund()
        self._allocate(fund, 500, self.partner_1)
        activity = self._activity(fund, 1000)
        first, second = self._claim(activity, 600), self._claim(activity, 600)
        self.assertEqual((first.amount, second.amount), (300, 300))
        self._approve_claim(first)
        self._approve_claim(second)
        self.assertEqual((first.amount, second.amount), (300, 200))
        self.assertCheckbook(fund, committed=0, spent=500, available=0)
        with self.assertRaisesRegex(UserError, "has been claimed"):
            self._claim(activity, 10)

    def test_the_same_invoice_is_claimed_once(self):
        """Number and cost decide, not what is left to reimburse."""
        fund = self._create_fund()
        self._allocate(fund, 1000)
        activity = self._activity(fund, 1000)
        first = self._approve_claim(self._claim(activity, 600, document_number="R 1"))
        with self.assertRaisesRegex(UserError, first.name):
            self._claim(activity, 600, document_number="r1")
        self._claim(activity, 601, document_number="R 1")
        other = self._activity(fund, 1000, partner=self.partner_2)
        copied = self._claim(other, 600, document_number="R1")
        self.assertIn(self.partner_1.name, copied.evidence_warning)

    def test_nothing_is_claimed_without_proof(self):
        fund = self._create_fund()
        self._allocate(fund, 1000)
        claim = self._claim(self._activity(fund, 1000), 600, submit=False)
        with self.assertRaisesRegex(UserError, "at least one file"):
            self._as(claim, "user").action_submit()

    def test_partly_paid(self):
        """Finance pays 100 of 300 first, then the rest: both claims are known paid."""
        fund = self._create_fund()
        self._allocate(fund, 1000)
        activity = self._activity(fund, 1000)
        first = self._approve_claim(self._claim(activity, 400))
        second = self._approve_claim(self._claim(activity, 200))
        position = (fund.offer_id.id, self.partner_1.id)
        self._settle(date(2026, 2, 1), fund.offer_id, overrides={position: 100})
        self.assertEqual((first.state, second.state), ("approved", "approved"))
        batch = self._pay(fund, date(2026, 2, 2))
        self.assertEqual(batch.move_ids.amount_untaxed, 200)
        self.assertEqual((first.state, second.state), ("scheduled", "scheduled"))
        self.assertEqual(self._owed(fund), 200)
        self.assertLedgerAgrees()

    def test_part_of_the_cost_accepted(self):
        fund = self._create_fund()
        self._allocate(fund, 500, self.partner_1)
        activity = self._activity(fund, 1000)
        claim = self._claim(activity, 800)
        self._approve_claim(claim, accepted_cost=500)
        self.assertEqual(claim.amount, 250)
        self.assertCheckbook(fund, committed=250, spent=250)
        with self.assertRaisesRegex(UserError, "approved already"):
            self._as(claim, "manager").accepted_cost = 800

    def test_currencies(self):
        """An invoice in pounds counts at the rate of its date.

        Fund in euros (2 per company unit); invoice of 100 pounds (4 per unit on 1
        February, 5 on 1 March), of which 50 % are paid.
        """
        euro = self.setup_other_currency("EUR", rates=[("2000-01-01", 2.0)])
        pound = self.setup_other_currency(
            "GBP", rates=[("2026-02-01", 4.0), ("2026-03-01", 5.0)]
        )
        fund = self._create_fund(currency_id=euro.id)
        self._allocate(fund, 1000, self.partner_1)
        activity = self._activity(fund, 400)
        self.assertEqual(self._cost(fund, "expense"), 100)
        claim = self._claim(
            activity,
            100,
            cost_currency_id=pound.id,
            date=date(2026, 2, 10),
        )
        self.assertEqual(claim.amount, 25)  # 100 / 4 * 2 * 50 %
        later = self._claim(activity, 100, cost_currency_id=pound.id)
        self.assertEqual(later.amount, 20)  # 100 / 5 * 2 * 50 %
        self._approve_claim(claim, fair_value=20, treatment_reason="Worth 20.")
        self.assertEqual(self._cost(fund, "contra_revenue"), 2.5)
        batch = self._pay(fund, date(2026, 2, 20))
        self.assertEqual(batch.move_ids.currency_id, euro)
        self.assertEqual(batch.move_ids.amount_untaxed, 25)
        self.assertLedgerAgrees()

    def test_credit_note(self):
        fund = self._create_fund(payout="credit_note")
        self._allocate(fund, 500, self.partner_1)
        claim = self._approve_claim(self._claim(self._activity(fund, 1000), 200))
        batch = self._pay(fund, date(2026, 2, 1))
        self.assertEqual(batch.move_ids.move_type, "out_refund")
        self.assertEqual(batch.move_ids.amount_untaxed, 100)
        self.assertEqual(claim.state, "paid")
        batch.move_ids.button_draft()
        self.assertEqual(claim.state, "approved")
        self.assertLedgerAgrees()
        batch.move_ids.action_post()
        self.assertLedgerAgrees()

    def _clawback(self, claim, **values):
        clawback = self._as(
            self.env["partner.incentive.clawback"], "compliance"
        ).create(
            {
                "offer_id": claim.offer_id.id,
                "partner_id": claim.partner_id.id,
                "claim_id": claim.id,
                "reason": "audit",
                "description": "The photo shows another event",
                **values,
            }
        )
        clawback.action_submit()
        return clawback

    def test_clawback_of_a_paid_claim(self):
        """It is netted by the next settlement, and taken back when it is lifted."""
        fund = self._create_fund()
        self._allocate(fund, 500, self.partner_1)
        claim = self._approve_claim(self._claim(self._activity(fund, 1000), 200))
        self._pay(fund, date(2026, 2, 1))
        self.assertEqual(self._owed(fund), 400)
        clawback = self._clawback(claim, share=60)
        self.assertEqual(self._owed(fund), 400)
        self._as(clawback, "finance").action_confirm()
        self.assertEqual(clawback.amount, 60)
        self.assertEqual(self._owed(fund), 340)
        self._accrue(date(2026, 2, 28))
        self.assertEqual(self._owed(fund), 340)
        batch = self.env["partner.incentive.settlement"].create(
            {
                "company_id": self.company.id,
                "date": date(2026, 3, 1),
                "offer_ids": [Command.set(fund.offer_id.ids)],
            }
        )
        batch._propose()
        self.assertEqual(batch.line_ids.due, -60)
        self._as(clawback, "finance").action_lift("The photo was mislabelled")
        self.assertEqual(self._owed(fund), 400)
        self.assertLedgerAgrees()

    def test_a_claim_that_is_not_approved_is_not_clawed_back(self):
        fund = self._create_fund()
        self._allocate(fund, 500, self.partner_1)
        claim = self._claim(self._activity(fund, 1000), 200)
        with self.assertRaisesRegex(UserError, "does not count"):
            self._clawback(claim)

    def test_audit_of_a_claim(self):
        """What fails is proposed as a clawback."""
        fund = self._create_fund()
        self._allocate(fund, 500, self.partner_1)
        claim = self._approve_claim(self._claim(self._activity(fund, 1000), 200))
        audit = self._as(self.env["partner.incentive.audit"], "compliance").create(
            {"date_from": date(2026, 2, 1), "date_to": date(2026, 2, 1)}
        )
        audit.action_draw()
        self.assertEqual(audit.line_ids.claim_id, claim)
        audit.line_ids.write({"result": "failed", "finding": "Another event"})
        audit.action_close()
        self.assertEqual(audit.line_ids.clawback_id.state, "submitted")

    def test_tax_by_fiscal_position(self):
        tax = self.tax_purchase_a.copy({"name": "Input 20", "amount": 20})
        product = self.company._get_incentive_product()
        product.supplier_taxes_id = tax
        fund = self._create_fund()
        self._allocate(fund, 500, self.partner_1)
        self._approve_claim(self._claim(self._activity(fund, 1000), 200))
        bill = self._pay(fund, date(2026, 2, 1)).move_ids
        self.assertEqual((bill.amount_untaxed, bill.amount_tax), (100, 20))
        self.assertEqual(self._owed(fund), 400)
        self.assertLedgerAgrees()

    def test_cancelled_activity_frees_the_money(self):
        fund = self._create_fund()
        self._allocate(fund, 500, self.partner_1)
        activity = self._activity(fund, 800)
        self._as(activity, "manager").action_cancel()
        self.assertCheckbook(fund, committed=0, available=500)
        self.assertEqual(self._owed(fund), 0)
        self.assertEqual(activity.request_id.state, "closed")
        self.assertLedgerAgrees()

    def test_booked_at_the_claim(self):
        fund = self._create_fund(provision_at="claim")
        self._allocate(fund, 500, self.partner_1)
        activity = self._activity(fund, 800)
        self.assertEqual(self._owed(fund), 0)
        self.assertCheckbook(fund, committed=400)
        self._approve_claim(self._claim(activity, 600))
        self.assertEqual(self._owed(fund), 300)
        self.assertLedgerAgrees()

    def test_change(self):
        """The plan grows from 800 to 900, later shrinks to 600."""
        fund = self._create_fund()
        self._allocate(fund, 460, self.partner_1)
        activity = self._activity(fund, 800)
        Change = self._as(self.env["partner.mdf.change"], "user")
        vals = {"activity_id": activity.id, "reason": "A larger stand"}
        change = Change.create({**vals, "planned_cost": 900})
        self.assertEqual(change.sudo().approve_amount, 450)
        self._as(change, "manager").action_approve()
        self.assertEqual(activity.approved_amount, 450)
        self.assertCheckbook(fund, committed=450, available=10)
        self.assertEqual(self._owed(fund), 450)
        more = Change.create({**vals, "planned_cost": 1000})
        with self.assertRaisesRegex(UserError, "needed"):
            self._as(more, "manager").action_approve()
        self._as(more, "manager").action_reject()
        less = Change.create({**vals, "planned_cost": 600})
        self._as(less, "manager").action_approve()
        self.assertCheckbook(fund, committed=300, available=160)
        self.assertEqual(self._owed(fund), 300)
        self.assertLedgerAgrees()

    def test_take_over(self):
        fund = self._create_fund()
        self._allocate(fund, 500, self.partner_1)
        wizard = self._as(self.env["partner.mdf.takeover"], "manager").create(
            {
                "fund_id": fund.id,
                "partner_id": self.partner_1.id,
                "reference": "OLD-7",
                "name": "Roadshow",
                "activity_type_id": self.free.id,
                "date_from": date(2026, 1, 20),
                "date_to": date(2026, 1, 22),
                "planned_cost": 800,
                "amount": 300,
            }
        )
        request = self.env["partner.mdf.request"].browse(
            wizard.action_take_over()["res_id"]
        )
        self.assertEqual(request.state, "approved")
        self.assertCheckbook(fund, committed=300)
        self.assertEqual(request.mdf_activity_ids.entry_ids.kind, "opening")
        self.assertLedgerAgrees()

    def test_milestones(self):
        """Co-innovation: a milestone is paid once its result is accepted."""
        fund = self._create_fund(
            kind="innovation", participation_rate=50, provision_at="claim"
        )
        self._allocate(fund, 20000, self.partner_1)
        plan = self._plan(10000, name="Prototype")
        with self.assertRaisesRegex(UserError, "say what it delivers"):
            self._request(fund, plan)
        plan.update(
            deliverable="A connector",
            acceptance_criteria="Passes our test suite",
            ownership="joint",
        )
        request = self._request(fund, plan, {**plan, "name": "Pilot"})
        prototype, pilot = request.mdf_activity_ids
        self._approve(prototype)
        self._approve(pilot)
        with self.assertRaisesRegex(UserError, "not been accepted"):
            self._claim(prototype, 10000)
        self._as(prototype, "manager").action_accept()
        self._approve_claim(self._claim(prototype, 10000))
        self.assertEqual(self._owed(fund), 5000)
        self.assertCheckbook(fund, committed=5000, spent=5000, available=10000)
        self.assertEqual(
            self._pay(fund, date(2026, 2, 1)).move_ids.amount_untaxed, 5000
        )
        self.assertLedgerAgrees()
