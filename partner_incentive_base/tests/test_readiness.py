"""The readiness page: live values, their status, and who may change what."""

from datetime import date, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import IncentiveCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-06-15 12:00:00")
class TestReadiness(IncentiveCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = date(2026, 6, 15)
        cls.rows = cls.env["partner.incentive.readiness"].search(
            [("company_id", "=", cls.company.id)]
        )
        cls.by_code = {row.capability: row for row in cls.rows}

    def _refresh(self):
        self.env.flush_all()
        self.rows.invalidate_recordset()

    def test_each_company_has_the_six(self):
        self.assertEqual(
            self.rows.mapped("capability"),
            ["objectives", "catalog", "evidence", "deals", "claims", "attribution"],
        )
        company = self.env["res.company"].create({"name": "Newly founded"})
        rows = self.rows.search([("company_id", "=", company.id)])
        self.assertEqual(len(rows), 6)
        self.rows._create_missing(company)
        self.assertEqual(rows.search_count([("company_id", "=", company.id)]), 6)

    def test_nothing_to_measure_is_no_failure(self):
        for code in ("objectives", "catalog", "evidence", "claims", "attribution"):
            row = self.by_code[code]
            self.assertEqual(row.state, "unknown", code)
            self.assertEqual(row.value_text, "–")
            self.assertTrue(row.advice)

    def test_objectives_and_catalog(self):
        first = self._create_offer(name="With a goal")
        self._create_offer(
            name="Without",
            objective_ids=[
                Command.set(
                    self.env["partner.incentive.objective"]
                    .create({"name": "No goal", "kind": "other"})
                    .ids
                )
            ],
        )
        self._create_offer(name="Draft", publish=False)
        self.objective.goal_ids = [Command.create({"amount": 5})]
        self._decide(first, 1)
        self._accrue(self.today)
        self._refresh()
        row = self.by_code["objectives"]
        self.assertEqual(row.value, 50)
        self.assertEqual(row.basis, "1 of 2 live offers")
        self.assertEqual(row.state, "below")
        self.assertEqual(self.by_code["catalog"].value, 50)
        row.target = 50
        self.assertEqual(row.state, "reached")

    def test_evidence_is_what_audits_passed(self):
        offer = self._create_offer(name="Claims")
        claims = self._decide(offer, 4)
        audit = (
            self.env["partner.incentive.audit"]
            .with_user(self.users["compliance"])
            .with_company(self.company)
            .create({"date_to": self.today, "percent": 100})
        )
        audit.action_draw()
        self.assertEqual(audit.line_ids.claim_id, claims)
        audit.line_ids.result = "passed"
        audit.line_ids[0].result = "failed"
        self._refresh()
        self.assertEqual(self.by_code["evidence"].value, 75)
        self.assertEqual(self.by_code["evidence"].value, audit.pass_rate)
        with freeze_time("2027-06-16"):
            self._refresh()
            self.assertEqual(self.by_code["evidence"].state, "unknown")

    def _decide(self, offer, count):
        claims = self.env["partner.incentive.claim"].create(
            [
                {
                    "offer_id": offer.id,
                    "partner_id": self.partner_1.id,
                    "amount": 10 + number,
                    "date": date(2026, 1, 15),
                }
                for number in range(count)
            ]
        )
        for state in ("submitted", "validated", "approved"):
            claims.sudo().write({"state": state})
        return claims

    def test_claims_are_quick_enough(self):
        claims = self._decide(self._create_offer(), 2)
        now = fields.Datetime.now()
        self.env.flush_all()
        for claim, days in zip(claims, (4, 10), strict=True):
            self.env.cr.execute(
                "UPDATE partner_incentive_claim SET submitted_on = %s, decided_on = %s"
                " WHERE id = %s",
                (now - timedelta(days=days), now, claim.id),
            )
        self.env.invalidate_all()
        row = self.by_code["claims"]
        self.assertAlmostEqual(row.value, 7, 1)
        self.assertEqual(row.state, "reached")
        row.target = 5
        self.assertEqual(row.state, "below")
        self.assertIn("at most 5", row.target_text)

    def test_attribution_is_revenue_of_partners(self):
        stranger, other = self.env["res.partner"].create(
            [{"name": name, "is_company": True} for name in ("Stranger", "Other")]
        )
        self._invoice(self.partner_1, self.today, 300)
        self._invoice(stranger, self.today, 500)
        credited = self._invoice(other, self.today, 200)
        self._invoice(self.partner_1, self.today - timedelta(days=400), 9000)
        self.env["partner.incentive.attribution"].create(
            {"move_id": credited.id, "partner_id": self.partner_2.id}
        )
        credit_note = credited._reverse_moves(
            [{"date": self.today, "invoice_date": self.today}]
        )
        credit_note.invoice_line_ids.price_unit = 100
        credit_note.action_post()
        self._refresh()
        row = self.by_code["attribution"]
        self.assertAlmostEqual(row.value, 100 * (300 + 200 - 100) / 900, 1)

    def test_companies_apart(self):
        """What one company does is in no other's figures, and not on its page."""
        other = self.env["res.company"].create({"name": "Sister"})
        self._create_offer()
        self._refresh()
        row = self.rows.search(
            [("company_id", "=", other.id), ("capability", "=", "objectives")]
        )
        self.assertEqual(row.state, "unknown")
        self.assertNotEqual(self.by_code["objectives"].state, "unknown")
        with self.assertRaises(AccessError):
            row.with_user(self.users["manager"]).read(["target"])

    def test_owner_and_target_are_the_managers(self):
        row = self.by_code["claims"]
        manager = row.with_user(self.users["manager"])
        manager.write({"target": 3, "user_id": self.users["user"].id})
        self.assertEqual(row.target, 3)
        for values in ({"capability": "deals"}, {"company_id": self.company.id}):
            with self.assertRaisesRegex(UserError, "owner and the target"):
                manager.write(values)
        for role in ("user", "auditor", "finance"):
            with self.assertRaises(AccessError):
                row.with_user(self.users[role]).write({"target": 1})
            self.assertTrue(row.with_user(self.users[role]).kpi)

    def test_what_is_not_installed_says_so(self):
        row = self.by_code["deals"]
        values = self.rows._read_values(self.company)
        values.pop("deals", None)
        self.patch(type(self.rows), "_read_values", lambda *_args: values)
        self.patch(type(self.rows), "_get_screens", lambda *_args: {})
        self._refresh()
        self.assertEqual(row.state, "missing")
        self.assertIn("Apps", row.advice)
        with self.assertRaisesRegex(UserError, "not installed"):
            row.with_user(self.users["manager"]).action_open()

    def test_every_screen_opens(self):
        for row in self.rows.filtered(lambda row: row.state != "missing"):
            action = row.with_user(self.users["manager"]).action_open()
            self.assertIn(action["res_model"], self.env)

    def test_read_in_one_pass(self):
        """The number of statements does not depend on the number of companies."""
        rows = self.rows.search([])
        self._refresh()
        rows.invalidate_recordset()
        self.rows.mapped("value_text")
        rows.invalidate_recordset()
        with self.assertQueryCount(16):
            rows.mapped("value_text")
