from datetime import date
from decimal import Decimal

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..scoring.net import shortfall
from .common import TieringCommon

Q2, Q3 = date(2026, 6, 30), date(2026, 9, 30)
CENT = Decimal("0.01")


@tagged("post_install", "-at_install")
class TestSafetyNet(TieringCommon):
    """Earnings of small partners fall to 80 percent of the quarter before at most."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.small, cls.large, cls.steady = (
            cls._create_partner(name) for name in ("Small", "Large", "Steady")
        )
        cls.other_finance = new_test_user(
            cls.env,
            login="incentive_finance_2",
            groups="base.group_user,partner_incentive_base.group_incentive_finance",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls._measure_invoices()
        cls.offer = cls._create_offer(
            measure="test_invoiced",
            period="quarter",
            partner_ids=[Command.set((cls.small | cls.large | cls.steady).ids)],
        )
        cls.policy = cls._create_policy(
            small_amount=10000,
            earning_floor=80,
            earning_offer_ids=[Command.set(cls.offer.ids)],
        )
        for partner, first, second in (
            (cls.small, 2000, 500),
            (cls.large, 20000, 500),
            (cls.steady, 1000, 900),
        ):
            cls._invoice(partner, date(2026, 2, 1), first)
            cls._invoice(partner, date(2026, 5, 1), second)

    def _nets(self, state=None):
        domain = [("state", "=", state)] if state else []
        return self.env["partner.safety.net"].search(domain)

    def _close_quarter(self, end):
        with freeze_time(date(2026, end.month + 1, 1)):
            self._close(self.policy, end)

    def test_the_shortfall(self):
        for earned, before, percent, expected in (
            (50, 200, 80, "110.00"),
            (160, 200, 80, "0"),
            (0, 200, 80, "160.00"),
            (-20, 200, 80, "160.00"),
            (0, -50, 80, "0"),
            ("33.333", "100.005", 100, "66.67"),
        ):
            self.assertEqual(
                shortfall(Decimal(earned), Decimal(before), Decimal(percent), CENT),
                Decimal(expected),
            )

    def test_only_small_partners_that_fell_too_far_are_proposed(self):
        self._close_quarter(Q2)
        net = self._nets().ensure_one()
        self.assertEqual((net.partner_id, net.offer_id), (self.small, self.offer))
        self.assertEqual((net.before, net.earned, net.amount), (200, 50, 110))
        self.assertEqual(net.state, "proposed")
        self.assertFalse(self._card(self.large, Q2).is_small)
        self.assertTrue(self._card(self.steady, Q2).is_small)
        # nothing is owed before somebody approved it
        self.assertEqual(self._entitled(self.offer, self.small, Q2), 250)
        self.assertFalse(
            self.env["partner.incentive.entry"].search([("kind", "=", "adjustment")])
        )

    def test_one_submits_another_approves_and_the_ledger_says_why(self):
        self._close_quarter(Q2)
        net = self._nets().with_user(self.users["finance"])
        with freeze_time("2026-07-02"):
            with self.assertRaises(AccessError):
                net.with_user(self.users["manager"]).action_submit()
            with self.assertRaises(AccessError):
                net.write({"amount": 5000})
            net.action_submit()
            adjustment = net.adjustment_id
            self.assertEqual((adjustment.amount, adjustment.state), (110, "submitted"))
            with self.assertRaises(UserError):
                adjustment.with_user(self.users["finance"]).action_approve()
            adjustment.with_user(self.other_finance).action_approve()
        entry = adjustment.entry_ids
        self.assertEqual((entry.kind, entry.amount), ("adjustment", 110))
        for part in ("80", "200.00", "50.00"):
            self.assertIn(part, entry.reason)
        self._accrue(date(2026, 7, 31), self.offer)
        self.assertEqual(self._entitled(self.offer, self.small, Q2), 250)
        booked = self.env["partner.incentive.entry"].search(
            [("partner_id", "=", self.small.id)]
        )
        self.assertEqual(sum(booked.mapped("amount")), 200 + 50 + 110)
        self.assertLedgerAgrees()
        with self.assertRaises(UserError):
            net.write({"state": "dismissed"})

    def test_never_twice_and_looked_at_again(self):
        self._close_quarter(Q2)
        cards = self.env["partner.scorecard"].search([("date_to", "=", Q2)])
        net = self._nets()
        with freeze_time("2026-07-02"):
            self._invoice(self.small, date(2026, 6, 1), 500)
            cards.with_user(self.users["manager"]).action_propose_safety_net()
            self.assertEqual((net.earned, net.amount), (100, 60))
            self._invoice(self.small, date(2026, 6, 2), 200)
            net.with_user(self.users["finance"]).action_submit()
            # by the figures of the day, not those of the proposal
            self.assertEqual(net.adjustment_id.amount, 40)
            cards.with_user(self.users["manager"]).action_propose_safety_net()
        self.assertEqual(self._nets(), net)
        self.assertEqual(net.amount, 40)

    def test_a_proposal_that_is_not_needed_any_more(self):
        self._close_quarter(Q2)
        cards = self.env["partner.scorecard"].search([("date_to", "=", Q2)])
        net = self._nets()
        with freeze_time("2026-07-02"):
            self._invoice(self.small, date(2026, 6, 1), 5000)
            with self.assertRaises(UserError):
                net.with_user(self.users["finance"]).action_submit()
            with self.assertRaises(UserError):
                cards.with_user(self.users["auditor"]).action_propose_safety_net()
            cards.with_user(self.users["finance"]).action_propose_safety_net()
        self.assertFalse(net.exists())

    def test_dismissed_with_a_reason(self):
        self._close_quarter(Q2)
        net = self._nets().with_user(self.users["finance"])
        with self.assertRaises(UserError):
            net.action_dismiss()
        net.reason = "Sold its business"
        net.action_dismiss()
        cards = self.env["partner.scorecard"].search([("date_to", "=", Q2)])
        cards.with_user(self.users["finance"]).action_propose_safety_net()
        self.assertEqual(self._nets().state, "dismissed")
        with self.assertRaises(UserError):
            net.action_submit()

    def test_what_was_granted_is_part_of_what_the_partner_had(self):
        """So it comes down step by step: 200, 160, 128."""
        self._close_quarter(Q2)
        with freeze_time("2026-07-02"):
            net = self._nets().with_user(self.users["finance"])
            net.action_submit()
            net.adjustment_id.with_user(self.other_finance).action_approve()
        self._close_quarter(Q3)
        after = self._nets("proposed").filtered(lambda n: n.partner_id == self.small)
        self.assertEqual((after.before, after.earned, after.amount), (160, 0, 128))

    def test_queries_do_not_grow_with_partners(self):
        for number in range(8):
            partner = self._create_partner(f"More {number}")
            self._invoice(partner, date(2026, 2, 1), 100)
        self._close_quarter(Q2)
        cards = self.env["partner.scorecard"].search(
            [("date_to", "=", Q2), ("is_small", "=", True)]
        )
        self.assertGreater(len(cards), 8)

        def count(chosen):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["partner.safety.net"]._get_missing(chosen, self.offer)
            return self.env.cr.sql_log_count - before

        count(cards)
        own = cards.filtered(lambda card: card.partner_id == self.small)
        self.assertLessEqual(count(cards), count(own))

    def test_without_a_floor_nothing_is_proposed_and_a_floor_names_its_offers(self):
        with self.assertRaises(UserError):
            self._create_policy(date_from=date(2026, 4, 1), earning_floor=80)
        with self.assertRaises(UserError):
            self.policy.with_user(self.users["manager"]).earning_floor = 10
