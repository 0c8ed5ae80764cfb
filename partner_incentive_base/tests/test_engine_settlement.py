from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.partner_incentive_base.engine.settlement import (
    Claim,
    conditional_holdback,
    due,
    held_back,
    payout,
    split_document,
)

from .engine_common import CENT, amounts, cents, examples

ZERO = Decimal(0)
percents = st.integers(0, 100).map(Decimal)
claims = st.lists(
    st.tuples(cents, st.integers(0, 300_000).map(lambda n: n * CENT), st.booleans()),
    max_size=5,
).map(
    lambda rows: [
        Claim(number, owed, minimum, nets)
        for number, (owed, minimum, nets) in enumerate(rows)
    ]
)


class TestHoldback(BaseCase):
    """held = min(percent of entitled, max(0, entitled - settled))."""

    def test_held(self):
        for entitled, settled, held in (
            (500, 0, 100),
            (500, 400, 100),
            (500, 450, 50),
            (500, 500, 0),
            (500, 600, 0),
            (0, 0, 0),
            (0, 300, 0),
        ):
            self.assertEqual(
                held_back(Decimal(entitled), Decimal(settled), Decimal(20), CENT), held
            )
        self.assertEqual(held_back(Decimal(500), ZERO, ZERO, CENT), 0)
        self.assertEqual(
            held_back(Decimal("0.33"), ZERO, Decimal(50), CENT), Decimal("0.17")
        )

    def test_conditional(self):
        """20 percent, half of it released and a quarter lost, of 1,000: 50 wait."""
        holdback = conditional_holdback(
            Decimal(20), Decimal("0.5"), Decimal("0.25"), over=False
        )
        self.assertEqual(holdback.lost, 5)
        self.assertEqual(held_back(Decimal(950), ZERO, holdback.held, CENT), 50)
        over = conditional_holdback(
            Decimal(20), Decimal("0.5"), Decimal("0.25"), over=True
        )
        self.assertEqual((over.held, over.lost), (0, 10))

    @examples
    @given(amounts, amounts, percents)
    def test_never_more_than_unpaid(self, entitled, settled, percent):
        held = held_back(entitled, settled, percent, CENT)
        self.assertGreaterEqual(held, 0)
        self.assertLessEqual(held, max(ZERO, entitled - settled))
        self.assertEqual(held % CENT, 0)

    @examples
    @given(amounts, percents)
    def test_paying_twice_pays_once(self, entitled, percent):
        """After what is due is paid, nothing is due, however often it is asked."""
        first = due(entitled, held_back(entitled, ZERO, percent, CENT), ZERO)
        held = held_back(entitled, first, percent, CENT)
        self.assertEqual(due(entitled, held, first), 0)
        # Released: exactly the rest.
        self.assertEqual(first + due(entitled, ZERO, first), entitled)


class TestPayout(BaseCase):
    """What the offers of one partner come to together."""

    def _pay(self, *owed, **terms):
        return payout(
            [Claim(key, Decimal(str(each)), **terms) for key, each in enumerate(owed)]
        )

    def test_netting(self):
        self.assertEqual(self._pay(300, -100), {0: 300, 1: -100})
        # More is claimed back than there is: the rest is carried.
        self.assertEqual(self._pay(300, -450), {0: 300, 1: -300})
        # In the given order.
        self.assertEqual(self._pay(100, -70, -70), {0: 100, 1: -70, 2: -30})
        self.assertEqual(self._pay(-70), {})

    def test_without_netting(self):
        self.assertEqual(self._pay(300, -100, nets=False), {0: 300})

    def test_minimum(self):
        self.assertEqual(self._pay(50, minimum=Decimal(50)), {0: 50})
        self.assertEqual(self._pay("49.99", minimum=Decimal(50)), {})
        # What waits for its minimum is not there to net against.
        self.assertEqual(self._pay(40, -10, minimum=Decimal(50)), {})

    def test_override(self):
        """An amount that is given replaces what is due, above or below it."""
        self.assertEqual(
            payout([Claim("O", Decimal(40), Decimal(50), override=Decimal(700))]),
            {"O": 700},
        )

    @examples
    @given(claims)
    def test_payout_is_never_negative(self, owed):
        self.assertGreaterEqual(sum(payout(owed).values()), 0)

    @examples
    @given(claims)
    def test_oracle(self, owed):
        """Cent by cent: the sum is what is payable less what it can clear."""
        settled = payout(owed)
        payable = sum(c.due for c in owed if c.due > 0 and c.due >= c.minimum)
        back = sum(-c.due for c in owed if c.due < 0 and c.nets)
        self.assertEqual(sum(settled.values(), ZERO), payable - min(payable, back))

    @examples
    @given(claims)
    def test_each_moves_towards_zero(self, owed):
        """Nobody is paid more than is due, or charged more than is owed back."""
        settled = payout(owed)
        for claim in owed:
            amount = settled.get(claim.key, ZERO)
            low, high = sorted((ZERO, claim.due))
            self.assertTrue(low <= amount <= high)
            if amount > 0:
                self.assertEqual(amount, claim.due)
            if amount < 0:
                self.assertTrue(claim.nets)

    @examples
    @given(claims)
    def test_second_settlement_pays_nothing(self, owed):
        settled = payout(owed)
        rest = [
            Claim(c.key, c.due - settled.get(c.key, ZERO), c.minimum, c.nets)
            for c in owed
        ]
        self.assertEqual(sum(payout(rest).values()), 0)

    @examples
    @given(amounts, st.lists(amounts, min_size=1, max_size=5))
    def test_document_lines_sum_to_the_document(self, amount, earned):
        self.assertEqual(sum(split_document(amount, earned, CENT)), amount)
