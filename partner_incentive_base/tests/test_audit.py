from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import IncentiveCommon


@tagged("post_install", "-at_install")
class TestAudit(IncentiveCommon):
    """A sample of decided claims, its pass rate, and what becomes of failures."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offer = cls._create_offer(brackets=[(0, 100)], settlement_period="month")
        claims = cls.env["partner.incentive.claim"].create(
            [
                {
                    "offer_id": cls.offer.id,
                    "partner_id": cls.partner_1.id,
                    "date": date(2026, 2, 3),
                    "amount": 100.0 + number,
                    "document_number": f"PO-{number}",
                    "description": "Event",
                }
                for number in range(10)
            ]
        )
        claims.sudo().write({"state": "submitted"})
        claims.sudo().write({"state": "validated"})
        claims.sudo().write({"state": "approved"})
        cls.claims = claims
        cls.day = claims[0].decided_on.date()
        cls.compliance = cls.users["compliance"]

    def _create_audit(self, user=None, **values):
        return (
            self.env["partner.incentive.audit"]
            .with_user(user or self.compliance)
            .create(
                {
                    "date_from": self.day,
                    "date_to": self.day,
                    "percent": 30,
                    "company_id": self.company.id,
                    **values,
                }
            )
        )

    def test_drawn_by_chance_and_as_many_as_asked(self):
        audit = self._create_audit()
        audit.action_draw()
        self.assertEqual((audit.population, audit.sample_count), (10, 3))
        self.assertLessEqual(audit.line_ids.claim_id, self.claims)
        samples = set()
        for _round in range(8):
            other = self._create_audit()
            other.action_draw()
            samples.add(tuple(other.line_ids.claim_id.ids))
        self.assertGreater(len(samples), 1)

    def test_pass_rate_and_clawback_of_what_failed(self):
        audit = self._create_audit()
        audit.action_draw()
        first, second, third = audit.line_ids
        first.result = "passed"
        second.result = "passed"
        with self.assertRaisesRegex(UserError, "every claim"):
            audit.action_close()
        third.result = "failed"
        with self.assertRaisesRegex(UserError, "what was found"):
            audit.action_close()
        third.finding = "The photo shows another event"
        audit.action_close()
        self.assertEqual(audit.passed_count, 2)
        self.assertAlmostEqual(audit.pass_rate, 200 / 3)
        clawback = third.clawback_id
        self.assertEqual(clawback.state, "submitted")
        before = self._entitled(self.offer, self.partner_1, date(2026, 12, 31))
        clawback.with_user(self.users["finance"]).action_confirm()
        after = self._entitled(self.offer, self.partner_1, date(2026, 12, 31))
        self.assertEqual(before - after, third.claim_id.amount)

    def test_nobody_audits_what_he_approved(self):
        audit = self._create_audit(percent=100)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE partner_incentive_claim SET approved_by = %s WHERE id IN %s",
            [self.compliance.id, tuple(self.claims[:6].ids)],
        )
        self.env.invalidate_all()
        audit.action_draw()
        self.assertEqual(audit.line_ids.claim_id, self.claims[6:])

    def test_the_sample_is_neither_chosen_nor_changed(self):
        audit = self._create_audit(state="running")
        self.assertEqual(audit.state, "draft")
        with self.assertRaises(AccessError):
            audit.line_ids = [Command.create({"claim_id": self.claims[0].id})]
        audit.action_draw()
        with self.assertRaises(AccessError):
            audit.line_ids[0].write({"claim_id": self.claims[0].id})
        with self.assertRaises(UserError):
            audit.line_ids[0].unlink()
        with self.assertRaises(UserError):
            audit.write({"percent": 100})
        with self.assertRaises(UserError):
            audit.action_draw()
        with self.assertRaises(AccessError):
            audit.write({"state": "closed"})

    def test_only_compliance(self):
        for role in ("user", "auditor"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._create_audit(user=self.users[role]).action_draw()
