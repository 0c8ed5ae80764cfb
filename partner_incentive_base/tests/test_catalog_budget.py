from datetime import date
from decimal import Decimal

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.partner_incentive_posting import Movement
from .catalog_common import CatalogCommon, ConcurrencyCase


@tagged("post_install", "-at_install")
class TestCatalogBudget(CatalogCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enroll(cls.partners)
        cls.offer = cls.make_offer()
        cls.budget = cls.make_budget(1000)

    @classmethod
    def make_budget(cls, planned, **vals):
        return cls.env["partner.incentive.budget"].create(
            {"program_id": cls.program.id, "planned": planned, **vals}
        )

    def approve(self, amount, partner=None, offer=None, **vals):
        claim = self.make_claim(
            offer or self.offer,
            partner,
            amount=amount,
            attachment_ids=[Command.set(self.make_file().ids)],
            **vals,
        )
        claim.action_submit()
        claim.with_user(self.users["compliance"]).action_validate()
        claim.with_user(self.users["manager"]).action_approve()
        self.env.invalidate_all()
        return claim

    def accrue(self, offer=None):
        self.env["partner.incentive.run"]._accrue(
            offer or self.offer, fields.Date.today()
        )
        self.env.invalidate_all()

    def earn(self, amount, offer=None, partner=None, day=None, kind="adjustment"):
        offer = offer or self.offer
        entries = self.env["partner.incentive.posting"]._post_movements(
            offer.company_id,
            [
                Movement(
                    offer,
                    offer.version_id,
                    (partner or self.alpha).id,
                    kind,
                    Decimal(str(amount)),
                    reason="test",
                )
            ],
            day or date(self.year, 1, 31),
            "adjustment",
        )
        self.env.invalidate_all()
        return entries

    def figures(self, budget):
        return (budget.committed, budget.accrued, budget.settled, budget.available)

    # ---------------------------------------------------------------------- figures

    def test_defaults(self):
        self.assertEqual(self.budget.level, "program")
        self.assertEqual(self.budget.date_from, self.program.date_from)
        self.assertEqual(self.budget.date_to, self.program.date_to)
        self.assertEqual(self.budget.currency_id, self.program.currency_id)
        self.assertEqual(self.budget.name, self.program.name)

    def test_from_approval_to_ledger(self):
        """A claim is committed until a run has counted it, and accrued from then."""
        self.assertEqual(self.figures(self.budget), (0, 0, 0, 1000))
        self.approve(300)
        self.assertEqual(self.figures(self.budget), (300, 0, 0, 700))
        self.accrue()
        self.assertEqual(self.figures(self.budget), (0, 300, 0, 700))
        self.assertEqual(self.budget.discretionary, 300)
        self.assertEqual(self.budget.earned, 0)
        self.assertAlmostEqual(self.budget.used_percent, 30)

    def test_submitted_claims_take_nothing(self):
        self.make_claim(self.offer).action_submit()
        self.assertEqual(self.figures(self.budget), (0, 0, 0, 1000))

    def test_cancelled_claim_gives_it_back(self):
        claim = self.approve(300)
        claim.with_user(self.users["manager"]).action_cancel()
        self.env.invalidate_all()
        self.assertEqual(self.figures(self.budget), (0, 0, 0, 1000))

    def test_earned_and_discretionary(self):
        rebate = self.make_offer(name="Rebate", evidence_rule="documents")
        self.earn(200, rebate)
        self.approve(50)
        self.assertEqual(self.budget.earned, 200)
        self.assertEqual(self.budget.discretionary, 50)
        self.assertEqual(self.budget.available, 750)

    def test_settled(self):
        self.earn(200)
        self.env.cr.execute(
            "UPDATE partner_incentive_entry SET settled = 80, settled_balance = 80 "
            "WHERE offer_id = %s",
            [self.offer.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.budget.settled, 80)
        self.assertEqual(self.budget.accrued, 200)

    def test_scope(self):
        """An offer's and a partner's budget take their own part only."""
        other = self.make_offer(name="Other")
        of_offer = self.make_budget(500, offer_id=self.offer.id)
        of_partner = self.make_budget(500, partner_id=self.beta.id)
        both = self.make_budget(500, offer_id=other.id, partner_id=self.beta.id)
        self.assertEqual((of_offer | of_partner).mapped("level"), ["offer", "partner"])
        self.earn(10)
        self.earn(20, other)
        self.earn(40, other, self.beta)
        self.assertEqual(self.budget.accrued, 70)
        self.assertEqual(of_offer.accrued, 10)
        self.assertEqual(of_partner.accrued, 40)
        self.assertEqual(both.accrued, 40)

    def test_dates(self):
        half = self.make_budget(500, date_to=date(self.year, 6, 30))
        self.earn(10, day=date(self.year, 6, 30))
        self.earn(20, day=date(self.year, 7, 1))
        self.assertEqual(half.accrued, 10)
        self.assertEqual(self.budget.accrued, 30)

    def test_currencies(self):
        """At its face in the offer's currency, else as booked, else by the day."""
        euro = self.setup_other_currency(
            "EUR", rates=[("2000-01-01", 2.0), (f"{self.year}-02-01", 4.0)]
        )
        gold = self.setup_other_currency("CHF", rates=[("2000-01-01", 10.0)])
        offer = self.make_offer(name="Euro", currency_id=euro.id)
        of_euro = self.make_budget(500, currency_id=euro.id)
        of_franc = self.make_budget(5000, currency_id=gold.id)
        self.earn(100, offer, day=date(self.year, 1, 31))
        self.earn(100, offer, day=date(self.year, 2, 28))
        self.assertEqual(of_euro.accrued, 200)
        self.assertEqual(self.budget.accrued, 50 + 25)
        self.assertEqual(of_franc.accrued, 750)

    def test_queries_do_not_grow_with_budgets(self):
        """Budgets of the same dates and level share their queries."""
        self.earn(10)
        few = self.make_budget(10) | self.make_budget(10)
        many = few.browse()
        for _number in range(10):
            many |= self.make_budget(10)
        counts = []
        for budgets in (few, many):
            self.env.flush_all()
            self.env.invalidate_all()
            statements = self.get_statements(lambda b=budgets: b.mapped("accrued"))
            counts.append(
                len([each for each in statements if "incentive_entry" in each])
            )
        self.assertEqual(counts[0], counts[1])

    # -------------------------------------------------------------------- hierarchy

    def test_parts_within_the_whole(self):
        part = self.make_budget(600, offer_id=self.offer.id, parent_id=self.budget.id)
        self.assertEqual(self.budget.distributed, 600)
        with self.assertRaisesRegex(ValidationError, "sum to"), self.cr.savepoint():
            self.make_budget(401, parent_id=self.budget.id)
        with self.assertRaisesRegex(ValidationError, "sum to"), self.cr.savepoint():
            self.budget.planned = 599
        with self.assertRaisesRegex(ValidationError, "part of itself"):
            with self.cr.savepoint():
                self.budget.parent_id = part

    def test_parts_within_the_dates(self):
        with self.assertRaisesRegex(ValidationError, "dates within"):
            self.make_budget(
                1, parent_id=self.budget.id, date_from=date(self.year - 1, 12, 31)
            )

    def test_offer_of_another_program(self):
        other = self.program.copy({"name": "Other program"})
        with self.assertRaisesRegex(ValidationError, "own program"):
            self.make_budget(1, program_id=other.id, offer_id=self.offer.id)

    # -------------------------------------------------------------------- hard stop

    def test_approval_stops(self):
        self.budget.write({"hard_stop": True, "planned": 100})
        self.approve(60)
        with self.assertRaisesRegex(UserError, "40"):
            self.approve(40.01)
        self.approve(40)
        self.assertEqual(self.budget.available, 0)

    def test_superuser_is_stopped_too(self):
        self.budget.write({"hard_stop": True, "planned": 10})
        claim = self.make_claim(self.offer, attachment_ids=self.make_file().ids)
        claim.sudo().write({"state": "submitted"})
        claim.sudo().write({"state": "validated"})
        with self.assertRaisesRegex(UserError, "budget"):
            claim.sudo().write({"state": "approved"})

    def test_batch_is_stopped_in_the_middle(self):
        """Claims approved together do not all see the budget untouched."""
        self.budget.write({"hard_stop": True, "planned": 150})
        claims = self.env["partner.incentive.claim"]
        for _number in range(2):
            claims |= self.make_claim(
                self.offer, attachment_ids=[Command.set(self.make_file().ids)]
            )
        claims.action_submit()
        claims.with_user(self.users["compliance"]).action_validate()
        with self.assertRaisesRegex(UserError, "50"):
            claims.with_user(self.users["manager"]).action_approve()

    def test_without_hard_stop_nothing_stops(self):
        self.budget.planned = 10
        self.approve(500)
        self.assertEqual(self.budget.state, "over")

    def test_every_level_stops(self):
        self.make_budget(50, offer_id=self.offer.id, hard_stop=True)
        self.make_budget(20, partner_id=self.alpha.id, hard_stop=True)
        self.make_budget(1, date_to=date(self.year, 1, 14), hard_stop=True)
        with self.assertRaisesRegex(UserError, "Alpha"):
            self.approve(30)
        self.approve(30, self.beta)
        with self.assertRaisesRegex(UserError, "Claim offer"):
            self.approve(30, self.gamma)

    def test_what_was_earned_is_never_stopped(self):
        """It accrues in full, beyond the budget, and leaves nothing to approve."""
        self.budget.write({"hard_stop": True, "planned": 100})
        rebate = self.make_offer(name="Rebate", evidence_rule="documents")
        self.earn(250, rebate)
        self.assertEqual(self.budget.accrued, 250)
        self.assertEqual(self.budget.available, -150)
        self.assertEqual(self.budget.state, "over")
        with self.assertRaises(UserError):
            self.approve(1)

    def test_converted_for_the_check(self):
        euro = self.setup_other_currency("EUR", rates=[("2000-01-01", 2.0)])
        self.budget.write({"hard_stop": True, "planned": 100})
        self.approve(200, currency_id=euro.id)
        with self.assertRaises(UserError):
            self.approve(0.1, currency_id=euro.id)

    # -------------------------------------------------------------------- publishing

    def test_publishing_needs_the_budget(self):
        self.budget.write({"hard_stop": True, "planned": 100})
        offer = self.make_offer(publish=False, name="Dear", expected_cost=100.01)
        problems = self.env["partner.incentive.budget"]._get_publish_problems(
            offer.version_id
        )
        self.assertEqual(len(problems), 1)
        self.assertIn("Dear", problems[0])
        offer.with_user(self.users["user"]).action_submit()
        with self.assertRaisesRegex(UserError, "Dear is expected to cost"):
            offer.with_user(self.users["manager"]).action_publish()
        self.budget.planned = 101
        offer.with_user(self.users["manager"]).action_publish()
        self.assertEqual(self.budget.allocated, 100.01)

    def test_publishing_leaves_room_for_the_others(self):
        """A live offer keeps what it is expected to cost, or what it has cost."""
        self.budget.write({"hard_stop": True, "planned": 100})
        first = self.make_offer(name="First", expected_cost=60)
        second = self.make_offer(publish=False, name="Second", expected_cost=41)
        check = self.env["partner.incentive.budget"]._get_publish_problems
        self.assertTrue(check(second.version_id))
        second.expected_cost = 40
        self.assertFalse(check(second.version_id))
        self.earn(70, first)
        self.assertTrue(check(second.version_id))

    def test_publishing_again(self):
        """A revision does not count the offer's own former terms against it."""
        self.budget.write({"hard_stop": True, "planned": 100})
        offer = self.make_offer(name="First", expected_cost=90)
        offer.with_user(self.users["manager"]).action_revise()
        offer.expected_cost = 100
        check = self.env["partner.incentive.budget"]._get_publish_problems
        self.assertFalse(check(offer.version_id))
        offer.expected_cost = 101
        self.assertTrue(check(offer.version_id))

    def test_budget_of_another_time(self):
        self.budget.hard_stop = False
        self.make_budget(
            1,
            hard_stop=True,
            date_from=date(self.year, 1, 1),
            date_to=date(self.year, 1, 31),
        )
        offer = self.make_offer(
            publish=False,
            name="Later",
            expected_cost=50,
            date_from=date(self.year, 2, 1),
        )
        self.assertFalse(
            self.env["partner.incentive.budget"]._get_publish_problems(offer.version_id)
        )

    # ------------------------------------------------------------------------ alerts

    def test_alert_once_per_threshold(self):
        notify = self.env["partner.incentive.budget"]._notify_thresholds
        self.budget.user_id = self.users["manager"]
        self.earn(799.99)
        notify(self.offer)
        self.assertFalse(self.budget.activity_ids)
        self.earn(0.01)
        notify(self.offer)
        notify(self.offer)
        self.assertEqual(len(self.budget.activity_ids), 1)
        self.assertEqual(self.budget.activity_ids.user_id, self.users["manager"])
        self.assertEqual(self.budget.alerted, "near")
        self.earn(300)
        notify(self.offer)
        notify(self.offer)
        self.assertEqual(len(self.budget.activity_ids), 2)
        self.assertEqual(self.budget.alerted, "over")

    def test_run_alerts(self):
        self.budget.planned = 100
        self.approve(90)
        self.accrue()
        self.assertEqual(self.budget.alerted, "near")
        self.assertTrue(self.budget.activity_ids)

    def test_raised_budget_alerts_again(self):
        notify = self.env["partner.incentive.budget"]._notify_thresholds
        self.earn(900)
        notify(self.offer)
        self.budget.planned = 2000
        self.assertFalse(self.budget.alerted)
        notify(self.offer)
        self.assertEqual(len(self.budget.activity_ids), 1)
        self.earn(800)
        notify(self.offer)
        self.assertEqual(len(self.budget.activity_ids), 2)

    def test_no_budget_no_alert(self):
        self.budget.unlink()
        self.env["partner.incentive.budget"]._notify_thresholds(self.offer)


@tagged("post_install", "-at_install")
class TestCatalogBudgetConcurrency(ConcurrencyCase):
    """Two transactions over one budget, each with a snapshot of its own."""

    def setUp(self):
        super().setUp()
        with self.open_cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            program = env["partner.incentive.program"].create({"name": "Concurrent"})
            budget = env["partner.incentive.budget"].create(
                {"program_id": program.id, "planned": 100, "hard_stop": True}
            )
            self.program_id, self.budget_id = program.id, budget.id
            cr.commit()  # pylint: disable=invalid-commit
        self.addCleanup(self.remove_records)

    def remove_records(self):
        with self.open_cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["partner.incentive.budget"].browse(self.budget_id).unlink()
            env["partner.incentive.program"].browse(self.program_id).unlink()
            cr.commit()  # pylint: disable=invalid-commit

    def check_available(self, cr):
        env = api.Environment(cr, SUPERUSER_ID, {})
        program = env["partner.incentive.program"].browse(self.program_id)
        env["partner.incentive.budget"]._check_available(
            60,
            program,
            env["partner.incentive.offer"],
            env["res.partner"],
            program.currency_id,
            program.date_from,
        )

    def test_the_later_one_starts_over(self):
        """A check on an old snapshot fails, so that Odoo repeats the request."""
        with self.open_cursor() as first, self.open_cursor() as second:
            # both have their snapshot before either of them checks
            first.execute("SELECT 1")
            second.execute("SELECT 1")
            self.check_available(first)
            first.commit()
            with self.assertRaises(SerializationFailure), mute_logger("odoo.sql_db"):
                self.check_available(second)
            second.rollback()
            self.check_available(second)
            second.rollback()
