from datetime import date

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .portal_common import PortalCommon


@tagged("post_install", "-at_install")
class TestPortalPayouts(PortalCommon):
    """A partner sees its own payouts, and says whether a proposal is right."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offer = cls._create_invoice_offer("Volume", period="quarter")
        cls._invoice(cls.partner_1, date(2026, 1, 10), 1000)
        cls._invoice(cls.partner_2, date(2026, 1, 10), 77000)
        cls.batch = cls.env["partner.incentive.settlement"].create(
            {
                "company_id": cls.company.id,
                "date": date(2026, 1, 31),
                "offer_ids": [Command.set(cls.offer.ids)],
            }
        )
        cls.batch.action_propose()
        cls.line_1, cls.line_2 = (
            cls.batch.line_ids.filtered(lambda line, p=partner: line.partner_id == p)
            for partner in (cls.partner_1, cls.partner_2)
        )
        cls.url = f"/my/incentives/payouts/{cls.line_1.id}"

    def test_a_proposal_is_not_seen_before_it_is_shown(self):
        self.assertNotIn("100.00", self._get("/my/incentives/payouts", self.portal_1))
        self._get(self.url, status=404)
        self._post(f"{self.url}/answer", status=404, answer="confirmed")

    def test_confirmed(self):
        self.batch.action_share()
        page = self._get("/my/incentives/payouts", self.portal_1)
        self.assertIn("Please confirm", page)
        self.assertIn("100.00", page)
        self.assertNotIn("7,700", page)
        page = self._get(self.url)
        self.assertIn("What counted", page)
        page = self._post(f"{self.url}/answer", answer="confirmed")
        self.assertIn("Your confirmation is recorded", page)
        self.assertEqual(self.line_1.partner_answer, "confirmed")
        self.assertEqual(self.line_1.answered_by, self.portal_1)
        self.assertFalse(self.line_1.hold_reason)
        self.assertIn("Confirmed", self.batch.message_ids[0].body)

    def test_disputed_it_waits_and_finance_is_told(self):
        self.batch.action_share()
        page = self._post(f"{self.url}/answer", self.portal_1, answer="disputed")
        self.assertIn("Say what is wrong", page)
        page = self._post(
            f"{self.url}/answer", answer="disputed", note="An invoice is missing"
        )
        self.assertIn("An invoice is missing", page)
        self.assertIn("An invoice is missing", self.line_1.hold_reason)
        self.assertIn("disputes a payout", self.batch.activity_ids.summary)
        self.batch.sudo().action_post()
        self.assertFalse(self.line_1.move_id)
        self.assertTrue(self.line_2.move_id)
        with self.assertRaisesRegex(UserError, "settled already"):
            self.line_1._answer("confirmed", "", self.portal_1)

    def test_what_finance_holds_no_answer_lets_go(self):
        self.batch.action_share()
        self.line_1.sudo().hold_reason = "Audit"
        for answer in ("disputed", "confirmed"):
            self.line_1._answer(answer, "Please pay", self.portal_1)
            self.assertEqual(self.line_1.hold_reason, "Audit")
        self.line_1.sudo().hold_reason = False
        self.line_1._answer("disputed", "Too little", self.portal_1)
        self.assertIn("Too little", self.line_1.hold_reason)
        self.line_1._answer("confirmed", "", self.portal_1)
        self.assertFalse(self.line_1.hold_reason)

    def test_what_was_typed_is_kept(self):
        self.batch.action_share()
        page = self._post(
            f"{self.url}/answer", self.portal_1, answer="", note="My long story"
        )
        self.assertIn("Choose whether", page)
        self.assertIn("My long story", page)
        self.assertFalse(self.line_1.partner_note)

    def test_paid_and_its_document(self):
        self.batch.sudo().action_post()
        page = self._get(self.url, self.portal_1)
        self.assertIn("On its way", page)
        self.assertIn(self.line_1.move_id.name, page)
        self.assertNotIn("Is this right?", page)
        page = self._get(f"{self.url}?period=2026-01-01")
        self.assertIn("By the scale", page)
        self._get(f"{self.url}?period=nonsense")

    def test_the_second_partner_sees_and_answers_nothing_of_the_first(self):
        self.batch.action_share()
        self.assertNotIn(
            "100.00", self._get("/my/incentives/payouts", self.portal_2).split("7,7")[0]
        )
        self._get(self.url, status=404)
        self._post(f"{self.url}/answer", status=404, answer="disputed", note="Not mine")
        self.assertEqual(self.line_1.partner_answer, "waiting")
        self._get(self.url, self.outsider, status=404)

    def test_rpc_stays_closed(self):
        self.batch.action_share()
        for model in (
            "partner.incentive.settlement.line",
            "partner.incentive.adjustment",
            "partner.incentive.clawback",
        ):
            records = self.env[model].with_user(self.portal_1)
            self.assertFalse(records.has_access("read"), model)
            self.assertFalse(records.has_access("write"), model)

    def test_the_list_costs_the_same_however_long_the_history(self):
        self.batch.sudo().action_post()
        self._login(self.portal_1)
        self._get("/my/incentives/payouts")
        counts = []
        for month in (2, 3, 4):
            self._invoice(self.partner_1, date(2026, month, 5), 1000)
            self._settle(date(2026, month, 28), self.offer)
            counts.append(self._count_queries("/my/incentives/payouts"))
        self.assertLessEqual(counts[2], counts[0])
        page = self._get("/my/incentives/payouts")
        self.assertLess(page.index("04/28/2026"), page.index("02/28/2026"))

    def test_a_payout_with_its_calculation_and_lines(self):
        self.batch.sudo().action_post()
        self._login(self.portal_1)
        self.assertIn(self.line_1.move_id.name, self._get(self.url))
        self.assertCheap(self.url)
