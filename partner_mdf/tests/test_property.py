import random
from datetime import date, timedelta

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import MdfCommon

SEEDS = range(6)
STEPS = 25


@tagged("post_install", "-at_install")
class TestProperty(MdfCommon):
    """Over random histories the checkbook adds up and equals the books."""

    def _try(self, chance, fund, day, clock):
        """Take a step that may be refused; a refusal changes nothing.

        :return: the day after it
        """
        try:
            with self.env.cr.savepoint():
                return self._step(chance, fund, day, clock)
        except UserError:
            self.env.invalidate_all()
            clock.move_to(f"{day} 12:00")
            return day

    def _check(self, fund):
        self.assertCheckbook(fund)
        figures = fund._get_figures()[fund.id]
        if not fund.allow_negative:
            self.assertGreaterEqual(round(figures["available"], 2), 0)
            for allocation in fund.allocation_ids:
                self.assertGreaterEqual(round(allocation.available, 2), 0)
        activities = fund.request_ids.mdf_activity_ids
        activities.invalidate_recordset()
        for activity in activities:
            paid = activity.claim_ids.filtered(
                lambda c: c.state in ("approved", "scheduled", "paid")
            )
            self.assertAlmostEqual(activity.spent, sum(paid.mapped("amount")), 2)
            self.assertLessEqual(
                round(activity.committed + activity.spent, 2),
                round(activity.approved_amount, 2),
            )
            if activity.state != "approved":
                self.assertAlmostEqual(activity.committed, 0, 2)
        settled = sum(
            self.env["partner.incentive.entry"]
            .search([("offer_id", "=", fund.offer_id.id)])
            .mapped("settled")
        )
        owed = figures["spent"] - settled
        if fund.kind == "coop":
            # earned, less what expired or was paid
            owed = figures["accrued"] - figures["expired"] - settled
        elif fund.provision_at == "approval":
            owed += figures["committed"]
        self.assertAlmostEqual(self._owed(fund), owed, 2)
        self.assertLedgerAgrees()

    def _step(self, chance, fund, day, clock):
        activities = fund.request_ids.mdf_activity_ids
        approved = activities.filtered(lambda a: a.state == "approved")
        claims = activities.claim_ids
        due = claims.filtered(lambda c: c.state == "approved")
        partner = chance.choice([self.partner_1, self.partner_2])
        amount = round(chance.uniform(1, 400), 2)
        kinds = ["allocate", "request", "claim", "close", "time", "change", "return"]
        kind = chance.choice(kinds + ["request", "claim", "claim", "cancel", "settle"])
        if kind == "allocate" and fund.kind == "coop":
            self._invoice(partner, day, amount * 20)
            self._accrue(day, fund.offer_id)
        elif kind == "allocate":
            self._allocate(
                fund,
                amount,
                chance.choice([partner, None]),
                date_from=day,
                date_to=day + timedelta(days=chance.randint(10, 120)),
            )
        elif kind == "request":
            start = day + timedelta(days=chance.randint(0, 20))
            plan = self._plan(amount, date_from=start, date_to=start)
            request = self._request(fund, plan, partner=partner)
            self._approve(
                request.mdf_activity_ids,
                round(request.requested_amount * chance.choice([1, 1, 0.7]), 2),
            )
        elif kind == "claim" and approved:
            claim = self._claim(chance.choice(approved), amount, date=day)
            fair = round(claim.amount * chance.choice([1, 1, 0.6]), 2)
            self._approve_claim(claim, fair_value=fair, treatment_reason="Looked up.")
        elif kind == "close" and approved:
            self._as(chance.choice(approved), "manager").action_close()
        elif kind == "cancel" and due:
            self._as(chance.choice(due), "manager").action_cancel()
        elif kind == "settle":
            self._pay(fund, day)
        elif kind == "return" and fund.kind == "coop":
            # it comes in the window of its sale
            self._invoice(partner, day, amount * 4)
            self._invoice(partner, day, amount * 3, move_type="out_refund")
            self._accrue(day, fund.offer_id)
        elif kind == "change" and approved:
            activity = chance.choice(approved)
            change = self._as(self.env["partner.mdf.change"], "user").create(
                {
                    "activity_id": activity.id,
                    "reason": "Other plans",
                    "planned_cost": amount,
                }
            )
            self._as(change, "manager").action_approve()
        elif kind == "time":
            day += timedelta(days=chance.randint(1, 40))
            clock.move_to(f"{day} 12:00")
            fund._close_periods(day)
        return day

    def _play(self, seed, **values):
        chance = random.Random(seed)
        day = date(2026, 1, 15)
        with freeze_time(f"{day} 12:00") as clock:
            fund = self._create_fund(
                name=f"Random {seed}",
                date_to=date(2027, 12, 31),
                allow_negative=chance.random() < 0.3,
                unused=chance.choice(["expire", "carry"]),
                carry_percent=chance.choice([50, 100]),
                provision_at=chance.choice(["approval", "claim"]),
                **values,
            )
            for _number in range(STEPS):
                day = self._try(chance, fund, day, clock)
            self._check(fund)
            fund._close_periods(date(2028, 12, 31))
            self._check(fund)
            self.assertAlmostEqual(fund._get_figures()[fund.id]["committed"], 0, 2)

    def test_discretionary(self):
        self.program.date_to = date(2028, 12, 31)
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self._play(seed)

    def test_coop(self):
        """Returns come in the window of the sale, before its money can be used."""
        self.program.date_to = date(2028, 12, 31)
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self._play(
                    seed,
                    kind="coop",
                    accrual_percent=5,
                    earn_period="quarter",
                    segment_ids=[Command.clear()],
                )
