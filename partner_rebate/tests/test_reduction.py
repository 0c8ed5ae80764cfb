"""Reduction by earlier offers sees what counts, and nothing else."""

import base64
from datetime import date

from odoo.tests import tagged

from .common import RebateCommon

DAY = date(2026, 12, 31)


class ReductionCommon(RebateCommon):
    """Two offers of 10 percent; what the first one earns reduces the second one."""

    first_terms = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls._create_offer(name="First", sequence=10, **cls.first_terms)
        cls.second = cls._create_offer(
            name="Second", sequence=20, reduced_by_earlier=True
        )

    def assertEntitled(self, first, second):
        for offer, expected in ((self.first, first), (self.second, second)):
            self.assertAlmostEqual(
                self._entitled(offer, self.partner_1, DAY), expected, 2, offer.name
            )


@tagged("post_install", "-at_install")
class TestReduction(ReductionCommon):
    """Two invoices of 1,000: 200, and 10 % of 2,000 - 200 = 180."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.one = cls._invoice(cls.partner_1, date(2026, 1, 10), 1000)
        cls.other = cls._invoice(cls.partner_1, date(2026, 1, 11), 1000)

    def test_nothing_claimed_back(self):
        self.assertEntitled(200, 180)

    def test_claimed_back_of_the_earlier_offer(self):
        """It earns 100 on the first invoice, and 10 % of 2,000 - 100 are 190."""
        self._claw(self.first, self.other)
        self.assertEntitled(100, 190)

    def test_claimed_back_of_the_later_offer(self):
        """Of 200, 100 are earned on the invoice that both count: 10 % of 900."""
        self._claw(self.second, self.other)
        self.assertEntitled(200, 90)

    def test_claimed_back_of_both(self):
        self._claw(self.first, self.other)
        self._claw(self.second, self.other)
        self.assertEntitled(100, 90)

    def test_half_of_it(self):
        """Half of the second invoice: 150, and 10 % of 2,000 - 150, or 1,500 - 150."""
        self._claw(self.first, self.other, share=50)
        self.assertEntitled(150, 185)
        self._claw(self.second, self.other, share=50)
        self.assertEntitled(150, 135)


@tagged("post_install", "-at_install")
class TestReductionUnpaid(ReductionCommon):
    """What the terms themselves claim back."""

    first_terms = {"clawback_unpaid_days": 10}

    def test_unpaid(self):
        """Of 2,000 the first offer counts what was paid: 100, and 10 % of 1,900."""
        paid = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._invoice(self.partner_1, date(2026, 1, 11), 1000)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.ids
        ).create({"payment_date": date(2026, 1, 12)})._create_payments()
        self.assertEntitled(100, 190)


@tagged("post_install", "-at_install")
class TestReductionBroughtForward(ReductionCommon):
    """Volume from before the company went live has no lines to be found on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.incentive_cutover_date = date(2026, 7, 1)
        cls.partner_1.ref = "R1"

    def _bring_forward(self, *rows):
        text = "\n".join(("offer,partner,date,qualifying,reference", *rows))
        batch = self.env["partner.incentive.import"].create(
            {
                "kind": "volume",
                "file": base64.b64encode(text.encode()),
                "filename": "volume.csv",
            }
        )
        batch.action_check()
        self.assertFalse(batch.bad_count, batch.line_ids.mapped("message"))
        batch.action_book()

    def test_same_sales(self):
        """1,000 for both: 100, and 10 % of 900. 1,000 more afterwards: 200 and 180."""
        self._bring_forward(
            "First,R1,2026-06-30,1000,Q2", "Second,R1,2026-06-30,1000,Q2"
        )
        self.assertEntitled(100, 90)
        self._invoice(self.partner_1, date(2026, 8, 10), 1000)
        self.assertEntitled(200, 180)

    def test_other_sales(self):
        """Under another reference, or on another day, they are not the same."""
        self._bring_forward(
            "First,R1,2026-06-30,1000,Hardware",
            "Second,R1,2026-06-30,1000,Services",
            "Second,R1,2026-05-31,1000,Hardware",
        )
        self.assertEntitled(100, 200)

    def test_as_far_as_the_smaller_goes(self):
        """600 and 1,000 have 600 in common; 1,000 and 400 have 400: 60 + 40 of 160."""
        self._bring_forward(
            "First,R1,2026-05-31,600,",
            "Second,R1,2026-05-31,1000,",
            "First,R1,2026-06-30,1000,",
            "Second,R1,2026-06-30,400,",
        )
        self.assertEntitled(160, 130)

    def test_runs(self):
        self._bring_forward(
            "First,R1,2026-06-30,1000,Q2", "Second,R1,2026-06-30,1000,Q2"
        )
        self._accrue(date(2026, 7, 31))
        self.assertEqual(self._balance("accrued"), -190)
        self.assertFalse(self._accrue(date(2026, 7, 31)).entry_ids)
        self.assertLedgerAgrees()
