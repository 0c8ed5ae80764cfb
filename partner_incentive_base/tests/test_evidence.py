from datetime import date, datetime, timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .catalog_common import CatalogCommon
from .test_uploads import PDF, picture


@tagged("post_install", "-at_install")
class TestEvidence(CatalogCommon):
    """An offer that asks for one invoice and two photos."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enroll(cls.partners)
        cls.invoice = cls.env.ref("partner_incentive_base.evidence_type_invoice")
        cls.photo = cls.env.ref("partner_incentive_base.evidence_type_photo")
        cls.offer = cls.make_offer(
            evidence_rule_ids=[
                Command.create({"evidence_type_id": cls.invoice.id}),
                Command.create({"evidence_type_id": cls.photo.id, "minimum": 2}),
            ]
        )
        cls.serial = 0

    def prove(self, claim, kind, content=None, **vals):
        type(self).serial += 1
        default = PDF if kind == self.invoice else picture()
        content = content or default + str(self.serial).encode()
        file = self.env["ir.attachment"].create(
            {"name": f"{self.serial}", "raw": content, "res_model": claim._name}
        )
        if kind == self.invoice:
            vals = {
                "document_number": str(self.serial),
                "document_date": claim.date,
                "amount": claim.amount,
                **vals,
            }
        return self.env["partner.incentive.evidence"].create(
            {
                "claim_id": claim.id,
                "evidence_type_id": kind.id,
                "attachment_id": file.id,
                **vals,
            }
        )

    def prove_all(self, claim, **vals):
        self.prove(claim, self.invoice, **vals)
        self.prove(claim, self.photo)
        self.prove(claim, self.photo)
        return claim

    def submit(self, claim):
        claim.with_user(self.users["user"]).action_submit()
        return claim

    def test_checklist(self):
        claim = self.make_claim(self.offer)
        with self.assertRaisesRegex(UserError, r"Invoice is missing[\s\S]*Photo is"):
            self.submit(claim)
        self.prove(claim, self.invoice)
        self.prove(claim, self.photo)
        with self.assertRaisesRegex(UserError, "Photo: 1 of 2"):
            self.submit(claim)
        self.assertIn("fa-check-square-o", claim.checklist)
        self.prove(claim, self.photo)
        self.submit(claim)
        self.assertEqual(claim.state, "submitted")
        self.assertEqual(len(claim.attachment_ids), 3)

    def test_refused_at_upload(self):
        claim = self.make_claim(self.offer)
        with self.assertRaisesRegex(UserError, "picture"):
            self.prove(claim, self.photo, content=PDF)
        for lacking, words in (
            ({"document_number": " "}, "its number"),
            ({"document_date": False}, "its date"),
            ({"amount": 0}, "its amount"),
        ):
            with self.subTest(words), self.assertRaisesRegex(ValidationError, words):
                self.prove(claim, self.invoice, **lacking)
        with self.assertRaisesRegex(ValidationError, "positive"):
            self.prove(claim, self.invoice, amount=-5)

    def test_documents_cover_the_claim(self):
        claim = self.prove_all(self.make_claim(self.offer), amount=60)
        with self.assertRaisesRegex(UserError, "less than"):
            self.submit(claim)
        self.prove(claim, self.invoice, amount=40)
        self.submit(claim)

    def test_amounts_in_another_currency(self):
        euro = self.setup_other_currency(
            "EUR", rates=[("2000-01-01", 2.0), (f"{self.year}-02-01", 4.0)]
        )
        claim = self.prove_all(
            self.make_claim(self.offer), amount=200, currency_id=euro.id
        )
        self.submit(claim)
        late = self.prove_all(
            self.make_claim(self.offer),
            amount=200,
            currency_id=euro.id,
            document_date=date(self.year, 2, 1),
        )
        with self.assertRaisesRegex(UserError, "less than"):
            self.submit(late)

    def test_one_document_one_claim(self):
        first = self.prove_all(self.make_claim(self.offer), content=PDF + b"same")
        self.submit(first)
        own = self.prove_all(self.make_claim(self.offer), content=PDF + b"same")
        with self.assertRaisesRegex(UserError, f"proves {first.name} already"):
            self.submit(own)
        other = self.prove_all(
            self.make_claim(self.offer, partner=self.beta), content=PDF + b"same"
        )
        with self.assertRaisesRegex(UserError, "has been claimed already") as refusal:
            self.submit(other)
        self.assertNotIn(first.name, str(refusal.exception))
        self.assertNotIn(self.alpha.name, str(refusal.exception))

    def test_same_number_and_amount_of_another_partner(self):
        self.submit(self.prove_all(self.make_claim(self.offer, document_number="R 1")))
        other = self.make_claim(self.offer, partner=self.beta, document_number="r1")
        self.assertIn(self.alpha.name, other.evidence_warning)

    def test_small_claims_validate_themselves(self):
        self.company.incentive_auto_validate_limit = 100
        claim = self.submit(self.prove_all(self.make_claim(self.offer)))
        self.assertEqual(claim.state, "validated")
        self.assertFalse(claim.validated_by)
        large = self.make_claim(self.offer, amount=100.01)
        self.assertEqual(self.submit(self.prove_all(large)).state, "submitted")
        doubtful = self.make_claim(self.offer)
        self.prove_all(doubtful)
        copied = doubtful.evidence_ids[-1].attachment_id
        again = self.prove_all(self.make_claim(self.offer))
        again.evidence_ids[-1].attachment_id = copied
        again.attachment_ids |= copied
        self.assertEqual(self.submit(again).state, "submitted")

    def test_late_claims_are_escalated_once(self):
        self.company.incentive_claim_days = 2
        self.program.user_id = self.users["manager"]
        claim = self.submit(self.prove_all(self.make_claim(self.offer)))
        self.assertEqual(claim.due_on.date(), date.today() + timedelta(days=2))
        self.assertFalse(claim.is_late)
        claim.sudo()._write_process({"due_on": datetime.now() - timedelta(hours=1)})
        self.assertTrue(claim.is_late)
        late = self.env["partner.incentive.claim"].search([("is_late", "=", True)])
        self.assertIn(claim, late)
        before = claim.activity_ids
        for _time in range(2):
            self.env["partner.incentive.claim"]._cron_escalate()
        new = claim.activity_ids - before
        self.assertEqual(new.user_id, self.users["manager"])
        self.assertEqual(len(new), 1)

    def test_checked_evidence_stays(self):
        claim = self.submit(self.prove_all(self.make_claim(self.offer)))
        claim.with_user(self.users["compliance"]).action_validate()
        proof = claim.evidence_ids[0].with_user(self.users["user"])
        for change in (
            lambda: proof.write({"amount": 1}),
            proof.unlink,
            lambda: self.prove(claim, self.photo),
        ):
            with self.assertRaisesRegex(UserError, "has been checked"):
                change()

    def test_terms_stay(self):
        rule = self.offer.evidence_rule_ids[0]
        for change in (
            lambda: rule.write({"minimum": 2}),
            rule.unlink,
            lambda: self.offer.version_id.write(
                {"evidence_rule_ids": [Command.clear()]}
            ),
        ):
            with self.assertRaisesRegex(UserError, "do not change any more"):
                change()

    def test_cycle_time(self):
        claim = self.submit(self.prove_all(self.make_claim(self.offer)))
        claim.sudo()._write_process(
            {"submitted_on": fields.Datetime.now() - timedelta(days=3)}
        )
        claim.with_user(self.users["compliance"]).action_validate()
        claim.with_user(self.users["manager"]).action_approve()
        self.assertAlmostEqual(claim.cycle_days, 3, places=1)
