from datetime import date

from psycopg2.errors import CheckViolation, RestrictViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tests.common import new_test_user
from odoo.tools import mute_logger

from .catalog_common import CatalogCommon


@tagged("post_install", "-at_install")
class TestCatalogClaim(CatalogCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enroll(cls.partners)
        cls.offer = cls.make_offer()

    def make_claim(self, *args, **kwargs):
        kwargs.setdefault("attachment_ids", [Command.set(self.make_file().ids)])
        return super().make_claim(args[0] if args else self.offer, **kwargs)

    def bring(self, claim, *states):
        """Each step by somebody who may take it."""
        who = {
            "submitted": "user",
            "validated": "compliance",
            "approved": "manager",
            "scheduled": "finance",
            "paid": "finance",
            "info": "compliance",
            "rejected": "compliance",
            "cancelled": "user",
        }
        for state in states:
            vals = {"state": state}
            if state in ("info", "rejected"):
                vals["reason"] = "because"
            self.as_user(claim, who[state]).write(vals)
        return claim

    # ------------------------------------------------------------------ the process

    def test_way_to_payment(self):
        claim = self.make_claim()
        self.assertTrue(claim.name.startswith("CLM/"))
        self.assertEqual(claim.company_id, self.company)
        self.assertEqual(claim.program_id, self.program)
        self.assertEqual(claim.enrollment_id.partner_id, self.alpha)
        self.as_user(claim, "user").action_submit()
        self.assertEqual(claim.submitted_by, self.users["user"])
        self.assertEqual(len(claim.activity_ids), 1)
        self.as_user(claim, "compliance").action_validate()
        self.as_user(claim, "manager").action_approve()
        self.assertEqual(claim.approved_by, self.users["manager"])
        self.assertFalse(claim.activity_ids)
        self.as_user(claim, "finance").action_schedule()
        self.as_user(claim, "finance").action_pay()
        self.assertEqual(claim.state, "paid")
        self.assertGreaterEqual(claim.cycle_days, 0)

    def test_access_matrix(self):
        """Who may take which step; nobody else may, by button or bare write."""
        ways = {
            "draft": (),
            "submitted": ("submitted",),
            "validated": ("submitted", "validated"),
            "approved": ("submitted", "validated", "approved"),
            "scheduled": ("submitted", "validated", "approved", "scheduled"),
            "cancelled": ("cancelled",),
        }
        everyone = {"user", "manager", "finance", "compliance", "admin"}
        deciders = {"manager", "compliance", "admin"}
        payers = {"finance", "admin"}
        approvers = {"manager", "admin"}
        steps = [
            ("draft", "submitted", everyone),
            ("draft", "cancelled", everyone),
            ("submitted", "validated", deciders),
            ("submitted", "info", deciders),
            ("submitted", "rejected", deciders),
            ("submitted", "cancelled", everyone),
            ("validated", "approved", approvers),
            ("validated", "cancelled", approvers),
            ("approved", "scheduled", payers),
            ("approved", "cancelled", approvers),
            ("scheduled", "paid", payers),
            ("cancelled", "draft", everyone),
        ]
        author = new_test_user(
            self.env,
            login="claim_author",
            groups="base.group_user,partner_incentive_base.group_incentive_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        for origin, state, allowed in steps:
            claim = self.make_claim(document_number=f"{origin}-{state}")
            for step in ways[origin]:
                user = author if step in ("submitted", "cancelled") else None
                if user:
                    claim.with_user(user).write({"state": step})
                else:
                    self.bring(claim, step)
            self.env.cr.execute(
                "UPDATE partner_incentive_claim SET create_uid = %s WHERE id = %s",
                [author.id, claim.id],
            )
            claim.invalidate_recordset()
            self.assertEqual(claim.state, origin)
            for group in (*sorted(everyone), "auditor"):
                with self.subTest(step=f"{origin} to {state}", group=group):
                    point = self.cr.savepoint()
                    try:
                        write = self.as_user(claim, group).write
                        vals = {"state": state, "reason": "because"}
                        if group in allowed:
                            write(vals)
                            self.assertEqual(claim.state, state)
                        else:
                            with self.assertRaises(UserError):
                                write(vals)
                    finally:
                        self.env.flush_all()
                        point.close(rollback=True)
                        self.env.invalidate_all()

    def test_no_jumps(self):
        claim = self.make_claim()
        for state in ("validated", "approved", "scheduled", "paid", "rejected", "info"):
            with self.subTest(state=state), self.assertRaises(UserError):
                self.as_user(claim, "admin").write({"state": state, "reason": "x"})
        with self.assertRaises(UserError):
            claim.sudo().write({"state": "paid"})
        with self.assertRaises(UserError):
            self.as_user(claim, "admin").write({"state": "nonsense"})

    def test_process_fields_are_not_written_by_hand(self):
        claim = self.bring(self.make_claim(), "submitted")
        for vals in (
            {"submitted_by": self.users["user"].id},
            {"submitter_ids": [Command.clear()]},
            {"approved_by": self.users["admin"].id},
            {"accrued": True},
            {"duplicate_key": False},
            {"reason": "x"},
        ):
            with self.subTest(**vals), self.assertRaises(AccessError):
                self.as_user(claim, "admin").write(vals)

    def test_created_as_draft_only(self):
        """A state given at creation takes the same guards."""
        with self.assertRaises(UserError):
            self.make_claim(state="approved")
        claim = self.make_claim(state="submitted", approved_by=self.env.uid)
        self.assertEqual(claim.state, "submitted")
        self.assertFalse(claim.approved_by)

    def test_content_is_frozen(self):
        claim = self.bring(self.make_claim(), "submitted")
        for vals in (
            {"amount": 1},
            {"partner_id": self.beta.id},
            {"date": date.today()},
        ):
            with self.subTest(**vals), self.assertRaisesRegex(UserError, "submitted"):
                self.as_user(claim, "admin").write(vals)
        self.as_user(claim, "user").description = "more"
        self.bring(claim, "info")
        self.as_user(claim, "user").amount = 90
        self.bring(claim, "submitted", "validated")
        with self.assertRaisesRegex(UserError, "evidence"):
            self.as_user(claim, "admin").attachment_ids = [Command.clear()]

    def test_evidence_of_a_decision_is_kept(self):
        claim = self.bring(self.make_claim(), "submitted", "validated", "approved")
        with self.assertRaises(RestrictViolation), mute_logger("odoo.sql_db"):
            self.as_user(claim.attachment_ids, "user").unlink()

    def test_deleted_as_draft_only(self):
        claim = self.bring(self.make_claim(), "submitted")
        with self.assertRaises(UserError):
            claim.unlink()
        self.make_claim(document_number="other").unlink()

    # ------------------------------------------------------- separation of duties

    def test_submitter_never_approves(self):
        claim = self.make_claim(user="manager", attachment_ids=False)
        claim.attachment_ids = self.make_file(user="manager")
        as_manager = self.as_user(claim, "manager")
        as_manager.action_submit()
        with self.assertRaisesRegex(UserError, "yourself"):
            as_manager.action_validate()
        self.as_user(claim, "compliance").action_validate()
        with self.assertRaisesRegex(UserError, "yourself"):
            as_manager.action_approve()
        self.as_user(claim, "admin").action_approve()

    def test_first_submitter_never_approves_either(self):
        """Somebody else submitting it again does not free the first one."""
        claim = self.make_claim()
        self.as_user(claim, "manager").action_submit()
        self.bring(claim, "info")
        claim.description = "What was asked for"
        self.bring(claim, "submitted", "validated")
        self.assertEqual(claim.submitted_by, self.users["user"])
        with self.assertRaisesRegex(UserError, "yourself"):
            self.as_user(claim, "manager").action_approve()

    def test_author_never_approves(self):
        claim = self.make_claim(user="manager", attachment_ids=False)
        claim.attachment_ids = self.make_file(user="manager")
        self.bring(claim, "submitted", "validated")
        with self.assertRaisesRegex(UserError, "yourself"):
            self.as_user(claim, "manager").action_approve()

    # ------------------------------------------------------------------- evidence

    def test_approval_needs_evidence(self):
        claim = self.make_claim(attachment_ids=False)
        self.bring(claim, "submitted", "validated")
        self.assertTrue(claim.evidence_required)
        with self.assertRaisesRegex(UserError, "asks for proof"):
            self.bring(claim, "approved")
        with self.assertRaisesRegex(UserError, "asks for proof"):
            claim.sudo().write({"state": "approved"})

    def test_no_evidence_asked(self):
        offer = self.make_offer(name="Free", evidence_rule="documents")
        claim = self.make_claim(offer, attachment_ids=False)
        self.bring(claim, "submitted", "validated", "approved")
        self.assertEqual(claim.state, "approved")

    def test_same_file_warns(self):
        first = self.make_claim(document_number="A")
        second = self.make_claim(
            partner=self.beta,
            document_number="B",
            attachment_ids=[Command.set(self.make_file(name="renamed.txt").ids)],
        )
        third = self.make_claim(
            attachment_ids=[Command.set(self.make_file(b"another").ids)]
        )
        self.assertIn(first.name, second.evidence_warning)
        self.assertFalse(third.evidence_warning)
        self.bring(second, "submitted", "validated", "approved")

    def test_files_belong_to_the_claim(self):
        """The manager can open what the user uploaded before saving."""
        claim = self.make_claim()
        self.assertEqual(claim.attachment_ids.res_model, claim._name)
        self.assertEqual(claim.attachment_ids.res_id, claim.id)
        self.assertEqual(self.as_user(claim.attachment_ids, "manager").raw, b"proof")

    # ------------------------------------------------------------------ duplicates

    def test_duplicate_is_refused(self):
        first = self.bring(self.make_claim(document_number="INV 77"), "submitted")
        again = self.make_claim(document_number=" inv77")
        with self.assertRaisesRegex(UserError, first.name):
            self.bring(again, "submitted")
        for vals in (
            {"document_number": "INV 78"},
            {"document_number": "INV 77", "amount": 99},
            {"document_number": "INV 77", "partner": self.beta},
        ):
            with self.subTest(**vals):
                self.bring(self.make_claim(**vals), "submitted")

    def test_duplicate_of_a_rejected_claim(self):
        self.bring(self.make_claim(document_number="X"), "submitted", "rejected")
        changed = {"document_number": "X", "description": "with the order"}
        second = self.bring(self.make_claim(**changed), "submitted")
        self.bring(second, "cancelled")
        self.bring(self.make_claim(**changed), "submitted")

    def test_rejected_and_unchanged(self):
        first = self.bring(
            self.make_claim(document_number="X"), "submitted", "rejected"
        )
        with self.assertRaisesRegex(UserError, f"rejected as {first.name}: because"):
            self.bring(self.make_claim(document_number="X"), "submitted")

    def test_sent_back_and_unchanged(self):
        claim = self.bring(self.make_claim(), "submitted", "info")
        with self.assertRaisesRegex(UserError, "Nothing has changed"):
            self.bring(claim, "submitted")
        claim.attachment_ids |= self.make_file(b"what was asked for", "more.txt")
        self.bring(claim, "submitted")

    def test_no_document_number_no_duplicate(self):
        self.bring(self.make_claim(), "submitted")
        self.bring(self.make_claim(), "submitted")

    # ---------------------------------------------------------------------- terms

    def test_offer_must_be_open(self):
        draft = self.make_offer(publish=False, name="Not yet")
        with self.assertRaisesRegex(UserError, "not published"):
            self.bring(self.make_claim(draft), "submitted")
        with self.assertRaisesRegex(UserError, "outside the term"):
            self.bring(self.make_claim(date=date(self.year - 1, 12, 31)), "submitted")

    def test_partner_must_be_enrolled(self):
        stranger = self.env["res.partner"].create({"name": "X", "is_company": True})
        with self.assertRaisesRegex(UserError, "not enrolled"):
            self.bring(self.make_claim(partner=stranger), "submitted")
        self.enroll(stranger, date_from=date(self.year, 2, 1))
        with self.assertRaisesRegex(UserError, "not enrolled"):
            self.bring(self.make_claim(partner=stranger), "submitted")
        claim = self.make_claim(partner=stranger, date=date(self.year, 2, 1))
        self.bring(claim, "submitted")

    def test_amount(self):
        with self.assertRaisesRegex(UserError, "an amount, or a quantity"):
            self.bring(self.make_claim(amount=0), "submitted")
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self.make_claim(amount=-1)

    def test_company_amount(self):
        """Converted at the rate of the claim's date, not of today."""
        euro = self.setup_other_currency(
            "EUR", rates=[("2000-01-01", 2.0), (f"{self.year}-02-01", 4.0)]
        )
        early = self.make_claim(currency_id=euro.id)
        self.assertEqual(early.company_amount, 50)
        late = self.make_claim(currency_id=euro.id, date=date(self.year, 2, 1))
        self.assertEqual(late.company_amount, 25)

    def test_currency_without_a_rate(self):
        bare = self.env["res.currency"].create({"name": "ZZY", "symbol": "Z"})
        with self.assertRaisesRegex(UserError, "no exchange rate for ZZY"):
            self.bring(self.make_claim(currency_id=bare.id), "submitted")

    # --------------------------------------------------------------------- reasons

    def test_reason_is_needed(self):
        claim = self.bring(self.make_claim(), "submitted")
        as_compliance = self.as_user(claim, "compliance")
        for state in ("info", "rejected"):
            with self.subTest(state=state), self.assertRaisesRegex(UserError, "reason"):
                as_compliance.write({"state": state, "reason": "  "})
        action = as_compliance.action_reject()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.users["compliance"])
            .browse(action["res_id"])
        )
        wizard.reason = "Not our product"
        wizard.action_confirm()
        self.assertEqual(claim.state, "rejected")
        self.assertEqual(claim.reason, "Not our product")
        self.assertIn("Not our product", claim.message_ids[0].body)

    def test_wizard_gives_no_rights(self):
        claim = self.bring(self.make_claim(), "submitted")
        wizard = (
            self.env["partner.incentive.reason"]
            .with_user(self.users["user"])
            .create(
                {"action": "claim_reject", "record_ids": claim.ids, "reason": "mine"}
            )
        )
        with self.assertRaises(AccessError):
            wizard.action_confirm()

    # -------------------------------------------------------------------- the books

    def test_approved_claims_are_accrued_once(self):
        claim = self.bring(self.make_claim(), "submitted", "validated")
        Run = self.env["partner.incentive.run"]
        run = Run._accrue(self.offer, date(self.year, 1, 31))
        self.assertFalse(run.entry_ids)
        self.bring(claim, "approved")
        self.assertFalse(claim.accrued)
        run = Run._accrue(self.offer, date(self.year, 1, 31))
        self.assertEqual(run.entry_ids.mapped("earned"), [100])
        self.assertTrue(claim.accrued)
        self.assertFalse(Run._accrue(self.offer, date(self.year, 1, 31)).entry_ids)

    def test_a_run_before_the_claim_does_not_count_it(self):
        claim = self.make_claim(date=date(self.year, 3, 1))
        self.bring(claim, "submitted", "validated", "approved")
        self.env["partner.incentive.run"]._accrue(self.offer, date(self.year, 2, 1))
        self.assertFalse(claim.accrued)
