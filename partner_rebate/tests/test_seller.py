import io
from datetime import date

from freezegun import freeze_time

from odoo import http
from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.partner_incentive_base.tests.accessibility import AccessibilityMixin
from odoo.addons.partner_incentive_base.tests.portal_common import (
    PASSWORD,
    PortalCommon,
)

URL = "/my/incentives/spif"
PDF = b"%PDF-1.4 proof"


@tagged("post_install", "-at_install")
@freeze_time("2026-04-10")
class TestSeller(AccessibilityMixin, PortalCommon):
    """Sellers earn for themselves: 25 a unit."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offer = cls._create_offer(
            name="Spring SPIF",
            offer_type="spif",
            measure="claimed_quantity",
            rate_kind="per_unit",
            brackets=[(0, 25)],
            evidence_rule="claim",
            payout="vendor_bill",
            cost_kind="expense",
            seller_claims=True,
            partner_ids=False,
            segment_ids=[
                (4, cls.env.ref("partner_incentive_base.segment_all_enrolled").id)
            ],
        )
        cls.seller_contact = cls.portal_1.partner_id
        boss = cls.env["res.partner"].create(
            {"name": "Boss", "parent_id": cls.partner_1.id}
        )
        cls.boss = new_test_user(
            cls.env,
            login="portal_boss",
            password=PASSWORD,
            groups="base.group_portal",
            partner_id=boss.id,
        )

    def _register(self):
        return self._post(
            f"{URL}/register",
            self.portal_1,
            program=str(self.program.id),
            account="NL00 TEST 0123 4567 89",
        )

    def _claim(self, filename="proof.pdf", content=PDF, **data):
        self._login(self.portal_1)
        response = self.url_open(
            f"{URL}/claim",
            data={
                "offer": str(self.offer.id),
                "date": "2026-04-10",
                "document": "INV-1",
                "quantity": "4",
                "csrf_token": http.Request.csrf_token(self),
                **data,
            },
            files={"proof": (filename, io.BytesIO(content), "application/pdf")},
        )
        return self._get_main(response.text)

    def test_from_registration_to_the_sellers_own_money(self):
        self.assertIn("Ask my employer", self._get(URL, self.portal_1))
        self.assertIn("has to consent", self._register())
        seller = self.env["partner.incentive.seller"].search([])
        self.assertEqual(seller.state, "requested")
        self.assertEqual(seller.employer_id, self.partner_1)
        self.assertFalse(seller.payee_id.parent_id)
        self.assertEqual(len(seller.payee_id.bank_ids), 1)
        self.assertIn("Choose the offer", self._claim())
        page = self._get(URL, self.boss)
        self.assertIn(self.seller_contact.name, page)
        self.assertNotIn("0123", page)
        self._post(f"{URL}/{seller.id}/consent", self.boss)
        self.assertEqual(seller.consented_by, self.boss)
        self.assertIn("is with us", self._claim())
        claim = self.env["partner.incentive.claim"].search([])
        self.assertEqual(claim.partner_id, seller.payee_id)
        self.assertEqual(claim.seller_id, seller)
        self.assertEqual(claim.employer_id, self.partner_1)
        self.assertEqual(claim.state, "submitted")
        claim.with_user(self.users["compliance"]).action_validate()
        claim.with_user(self.users["manager"]).action_approve()
        day = date(2026, 4, 30)
        self.assertEqual(self._entitled(self.offer, seller.payee_id, day), 100)
        self.assertEqual(self._entitled(self.offer, self.partner_1, day), 0)
        self._accrue(day, self.offer)
        bill = self._settle(day, self.offer).move_ids
        self.assertEqual(bill.partner_id, seller.payee_id)
        self.assertEqual(bill.move_type, "in_invoice")
        self.assertIn("100.00", self._get(URL, self.portal_1))
        self.assertNotIn("100.00", self._get(URL, self.boss))
        self.assertLedgerAgrees()

    def test_pages_without_barriers(self):
        self.assertAccessible([URL], self.portal_1.login)

    def test_nobody_else_decides_or_claims(self):
        self._register()
        seller = self.env["partner.incentive.seller"].search([])
        for user in (self.portal_1, self.portal_2, self.outsider):
            self._post(f"{URL}/{seller.id}/consent", user, status=404)
        self.assertEqual(seller.state, "requested")
        with self.assertRaises(UserError):
            seller.with_user(self.portal_1).sudo().action_consent()
        self.assertNotIn(self.seller_contact.name, self._get(URL, self.portal_2))
        self.assertIn("Choose the offer", self._claim())

    def test_without_consent_no_claim_of_a_payee(self):
        self._register()
        seller = self.env["partner.incentive.seller"].search([])
        self._enroll(seller.payee_id)
        claim = self.env["partner.incentive.claim"].create(
            {
                "offer_id": self.offer.id,
                "partner_id": seller.payee_id.id,
                "date": date(2026, 4, 10),
                "quantity": 1,
                "amount": 0,
            }
        )
        with self.assertRaisesRegex(UserError, "no employer had consented"):
            claim.with_user(self.users["user"]).action_submit()

    def test_a_claim_says_what_is_wrong_and_keeps_what_was_typed(self):
        self._register()
        seller = self.env["partner.incentive.seller"].search([])
        seller.action_consent()
        for data, words in (
            ({"date": "tomorrow"}, "Enter the day"),
            ({"date": "2027-01-01"}, "in the future"),
            ({"quantity": "0"}, "one or more"),
            ({"quantity": "x"}, "one or more"),
            ({"filename": "proof.exe"}, "PDF, PNG or JPEG"),
            ({"content": b"MZ"}, "PDF, PNG or JPEG"),
        ):
            page = self._claim(description="Two to Miller", **data)
            self.assertIn(words, page, data)
            self.assertIn("Two to Miller", page)
        self.assertFalse(self.env["partner.incentive.claim"].search([]))

    def test_withdrawn_consent_ends_what_comes_after(self):
        self._register()
        seller = self.env["partner.incentive.seller"].search([])
        seller.action_consent()
        self._post(f"{URL}/{seller.id}/decline", self.boss)
        self.assertEqual(seller.state, "declined")
        enrollment = self.env["partner.incentive.enrollment"].search(
            [("partner_id", "=", seller.payee_id.id)]
        )
        self.assertEqual(enrollment.state, "ended")
        self.assertIn("Choose the offer", self._claim())

    def test_terms_for_sellers(self):
        with self.assertRaisesRegex(ValidationError, "vendor bill"):
            self._create_offer(
                measure="claimed_count", seller_claims=True, payout="credit_note"
            )
        with self.assertRaisesRegex(ValidationError, "measured by claims"):
            self._create_offer(
                measure="invoiced_amount", seller_claims=True, payout="vendor_bill"
            )
