from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import MdfCommon


@tagged("post_install", "-at_install")
class TestPeriods(MdfCommon):
    """When money is earned, used, claimed, carried over and lost."""

    def _coop(self, **values):
        return self._create_fund(
            **{
                "name": "Co-op 2026",
                "kind": "coop",
                "accrual_percent": 3,
                "earn_period": "half",
                "participation_rate": 50,
                "claim_days": 45,
                **values,
            }
        )

    def test_earn_a_half_use_the_next_claim_within_45_days(self):
        """3 % of 20,000 bought in the first half are 600 for the second half."""
        with freeze_time("2026-07-02"):
            fund = self._coop()
            self._invoice(self.partner_1, date(2026, 2, 10), 15000)
            self._invoice(self.partner_1, date(2026, 6, 30), 5000)
            self._invoice(self.partner_1, date(2026, 7, 1), 2000)
            self._accrue(date(2026, 7, 2), fund.offer_id)
            first, second = fund.allocation_ids.sorted("date_from")
            self.assertEqual((first.amount, second.amount), (600, 60))
            self.assertEqual(
                (first.date_from, first.date_to), (date(2026, 7, 1), date(2026, 12, 31))
            )
            self.assertEqual(self._owed(fund), 660)
            self.assertCheckbook(fund, accrued=660, available=660)
            # what the second half comes to can be used in 2027 only
            request = self._request(
                fund,
                self._plan(1400, date_from=date(2026, 9, 1), date_to=date(2026, 9, 5)),
            )
            self.assertEqual(request.balance, 600)
            with self.assertRaisesRegex(UserError, "600.00"):
                self._approve(request.mdf_activity_ids)
            activity = self._approve(request.mdf_activity_ids, 500)
            self.assertEqual(activity.claim_until, date(2026, 10, 20))
            self.assertEqual(self._owed(fund), 660)
        with freeze_time("2026-10-20"):
            claim = self._claim(activity, 800, date=date(2026, 9, 5))
            self.assertEqual(claim.amount, 400)
        with freeze_time("2026-10-21"):
            with self.assertRaisesRegex(UserError, "could be claimed until 10/20/2026"):
                self._claim(activity, 100, date=date(2026, 9, 5))
            # an undecided claim keeps the activity open
            fund._close_periods(date(2026, 10, 21))
            self.assertEqual(activity.state, "approved")
            self._approve_claim(claim)
            fund._close_periods(date(2026, 10, 22))
            self.assertEqual(activity.state, "closed")
            self.assertCheckbook(fund, accrued=660, committed=0, spent=400)
            bill = self._pay(fund, date(2026, 10, 22)).move_ids
            self.assertEqual(bill.amount_untaxed, 400)
            self.assertEqual(self._owed(fund), 260)
        with freeze_time("2027-01-01"):
            fund._close_periods(date(2027, 1, 1))
            self.assertCheckbook(
                fund, accrued=660, spent=400, expired=200, available=60
            )
            self.assertEqual(self._owed(fund), 60)
            # what has expired is not booked again
            self._accrue(date(2027, 1, 1), fund.offer_id)
            self.assertEqual(self._owed(fund), 60)
            self.assertLedgerAgrees()

    def test_return_after_expiry(self):
        """A return takes back first what had expired."""
        fund = self._coop(use_rule="same", date_to=date(2026, 6, 30))
        self._invoice(self.partner_1, date(2026, 2, 10), 10000)
        self._accrue(date(2026, 6, 30), fund.offer_id)
        fund._close_periods(date(2026, 7, 1))
        self.assertCheckbook(fund, accrued=300, expired=300, available=0)
        self._invoice(self.partner_1, date(2026, 6, 1), 4000, move_type="out_refund")
        self._accrue(date(2026, 7, 2), fund.offer_id)
        fund._close_periods(date(2026, 7, 2))
        self.assertCheckbook(fund, accrued=180, expired=180, available=0)
        self.assertEqual(self._owed(fund), 0)
        self.assertLedgerAgrees()

    def test_taken_back_after_use(self):
        """600 earned, 500 approved, 450 taken back: 350 are made up for by later money.

        Sales of the first half are cancelled when their money is committed already.
        """
        with freeze_time("2026-08-01"):
            fund = self._coop()
            sale = self._invoice(self.partner_1, date(2026, 2, 10), 15000)
            self._invoice(self.partner_1, date(2026, 2, 10), 5000)
            self._accrue(date(2026, 8, 1), fund.offer_id)
            september = date(2026, 9, 1)
            self._activity(fund, 1000, date_from=september, date_to=september)
            sale.button_draft()
            sale.button_cancel()
            self._invoice(self.partner_1, date(2026, 8, 1), 20000)
            self._accrue(date(2026, 8, 1), fund.offer_id)
            self.assertCheckbook(fund, accrued=750, committed=500, available=250)
            self.assertTrue(fund.activity_ids)
        with freeze_time("2027-01-05"):
            later = date(2027, 2, 1)
            # 600 of the second half, less the 350 that are missing of the first
            self.assertEqual(fund._get_balance(self.partner_1, later), 250)
            with self.assertRaisesRegex(UserError, "250.00"):
                self._activity(fund, 1000, date_from=later, date_to=later)

    def test_below_the_threshold(self):
        """30 earned is too little for an activity: it is paid out as a rebate."""
        with freeze_time("2026-07-02"):
            fund = self._coop(conversion_threshold=100)
            self._invoice(self.partner_1, date(2026, 2, 10), 1000)
            self._invoice(self.partner_2, date(2026, 2, 10), 4000)
            self._accrue(date(2026, 7, 1), fund.offer_id)
            self.assertFalse(self._pay(fund, date(2026, 7, 1)).move_ids)
            fund._close_periods(date(2026, 7, 2))
            self.assertCheckbook(fund, accrued=150, spent=30, available=120)
            self.assertEqual(self._cost(fund, "contra_revenue"), 30)
            self.assertEqual(self._cost(fund, "expense"), 120)
            bill = self._pay(fund, date(2026, 7, 2)).move_ids
            self.assertEqual(bill.partner_id, self.partner_1)
            self.assertEqual(bill.amount_untaxed, 30)
            self.assertEqual(self._owed(fund, self.partner_1), 0)
            fund._close_periods(date(2026, 7, 3))
            self.assertFalse(self._pay(fund, date(2026, 7, 3)).move_ids)
            self.assertLedgerAgrees()

    @freeze_time("2026-02-01")
    def test_oldest_money_first(self):
        fund = self._create_fund(participation_rate=100)
        late = self._allocate(fund, 300, self.partner_1, date_to=date(2026, 12, 31))
        early = self._allocate(fund, 200, self.partner_1, date_to=date(2026, 6, 30))
        activity = self._activity(fund, 250)
        self.assertEqual((early.committed, late.committed), (200, 50))
        self._approve_claim(self._claim(activity, 220))
        (early | late).invalidate_recordset()
        self.assertEqual((early.spent, late.spent), (200, 20))
        # an activity in the second half cannot draw on money of the first
        with self.assertRaisesRegex(UserError, "250.00 of"):
            self._activity(
                fund, 260, date_from=date(2026, 9, 1), date_to=date(2026, 9, 1)
            )

    @freeze_time("2026-02-01")
    def test_carried_over_once(self):
        fund = self._create_fund(unused="carry", carry_percent=60)
        self._allocate(
            fund,
            1000,
            self.partner_1,
            date_from=date(2026, 1, 1),
            date_to=date(2026, 6, 30),
        )
        fund._close_periods(date(2026, 7, 1))
        carried = fund.allocation_ids.filtered(lambda a: a.kind == "carried")
        self.assertEqual(carried.amount, 600)
        self.assertEqual(
            (carried.date_from, carried.date_to), (date(2026, 7, 1), date(2026, 12, 31))
        )
        self.assertCheckbook(
            fund, allocated=1000, carried=0, expired=400, available=600
        )
        fund._close_periods(date(2027, 1, 1))
        self.assertCheckbook(fund, expired=1000, available=0)

    @freeze_time("2026-07-02")
    def test_extension_revives(self):
        fund = self._create_fund()
        allocation = self._allocate(
            fund, 100, self.partner_1, date_to=date(2026, 6, 30)
        )
        fund._close_periods(date(2026, 7, 2))
        self.assertCheckbook(fund, expired=100, available=0)
        self._as(self.env["partner.mdf.extend"], "manager").create(
            {
                "allocation_ids": allocation.ids,
                "date": date(2026, 9, 30),
                "reason": "The fair was moved",
            }
        ).action_extend()
        self.assertCheckbook(fund, expired=0, available=100)

    def test_late_claims_are_reduced(self):
        with freeze_time("2026-02-01"):
            fund = self._create_fund(late_rule="reduce", late_percent=20)
            self._allocate(fund, 500, self.partner_1)
            activity = self._activity(fund, 1000)
        with freeze_time("2026-05-01"):
            claim = self._claim(activity, 500)
            self.assertEqual(claim.amount, 200)  # 500 * 50 % * 80 %
            self._approve_claim(claim)
            self.assertCheckbook(fund, committed=300, spent=200)

    @freeze_time("2026-02-01")
    def test_requests_in_their_time(self):
        fund = self._create_fund(
            request_from=date(2026, 2, 2), request_to=date(2026, 3, 1)
        )
        self._allocate(fund, 500)
        with self.assertRaisesRegex(UserError, "takes no requests"):
            self._request(fund, self._plan(100))
        with freeze_time("2026-03-01"):
            self._request(fund, self._plan(100))
        with freeze_time("2026-03-02"), self.assertRaisesRegex(UserError, "no request"):
            self._request(fund, self._plan(100))
