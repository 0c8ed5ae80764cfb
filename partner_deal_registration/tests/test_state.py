from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models.partner_deal_registration import STATES, TRANSITIONS
from .common import DealCommon

ACTIONS = {
    "submit": lambda deal: deal.action_submit(),
    "request_info": lambda deal: deal.action_request_info("Why?"),
    "flag_conflict": lambda deal: deal.action_flag_conflict(),
    "approve": lambda deal: deal.action_approve(),
    "reject": lambda deal: deal.action_reject("other", "No budget"),
    "withdraw": lambda deal: deal.action_withdraw(),
    "convert": lambda deal: deal.action_convert(),
    "lose": lambda deal: deal.action_lose("Lost to a rival"),
    "reset": lambda deal: deal.action_reset(),
}
PATHS = {
    "draft": (),
    "submitted": ("submit",),
    "info": ("submit", "request_info"),
    "conflict": ("submit", "flag_conflict"),
    "approved": ("submit", "approve"),
    "rejected": ("submit", "reject"),
    "withdrawn": ("submit", "withdraw"),
    "lost": ("submit", "approve", "lose"),
}
MANAGER_VERBS = ("request_info", "flag_conflict", "approve", "reject", "convert")


@tagged("post_install", "-at_install")
class TestDealState(DealCommon):
    def _in_state(self, state):
        deal = self._deal(customer_name=f"Customer in {state}")
        for verb in PATHS.get(state, ()):
            actor = self.users["user"] if verb == "submit" else self.manager
            ACTIONS[verb](deal.with_user(actor))
        if state == "expired":
            deal = self._in_state("approved")
            deal.sudo()._change_state("expired")
        if state == "converted":
            deal = self._in_state("approved")
            self._order(deal).action_confirm()
        self.assertEqual(deal.state, state)
        return deal.with_user(self.manager)

    def test_every_transition(self):
        """Each verb works from the states that the table names, from no other."""
        targets = {
            verb: (target, origins) for target, (origins, verb) in TRANSITIONS.items()
        }
        for state, _label in STATES:
            deal = self._in_state(state)
            for verb, action in ACTIONS.items():
                target, origins = targets[verb]
                with (
                    self.subTest(state=state, verb=verb),
                    self.env.cr.savepoint() as sp,
                ):
                    if verb == "convert" and state == "approved":
                        self._order(deal, price=1.0).action_confirm()
                    if state in origins:
                        action(deal)
                        self.assertEqual(deal.state, target)
                    else:
                        with self.assertRaises(UserError):
                            action(deal)
                        self.assertEqual(deal.state, state)
                    sp.rollback()
                    self.env.invalidate_all()

    def test_bare_write_takes_the_same_way(self):
        deal = self._deal()
        user = self.users["user"]
        deal.with_user(user).write({"state": "submitted"})
        self.assertTrue(deal.sudo().completion_number)
        for state in ("approved", "rejected", "info", "conflict"):
            with self.assertRaises(UserError):
                deal.with_user(user).write({"state": state})
        with self.assertRaises(UserError):
            deal.with_user(self.manager).write({"state": "rejected"})
        deal.with_user(self.manager).write({"state": "approved"})
        self.assertTrue(deal.protected_until)

    def test_process_fields_are_not_written(self):
        deal = self._deal(submit=True)
        for name, value in (
            ("completed_on", "2020-01-01"),
            ("completion_number", 1),
            ("protected_until", "2090-01-01"),
            ("discount", 99),
            ("late", False),
        ):
            with self.assertRaises(AccessError):
                deal.with_user(self.manager).write({name: value})
        copy = (
            self.env["partner.deal.registration"]
            .with_user(self.manager)
            .create(
                {
                    **self._values(customer_name="Other"),
                    "partner_id": self.partner_1.id,
                    "protected_until": "2090-01-01",
                    "completed_on": "2020-01-01",
                }
            )
        )
        self.assertFalse(copy.protected_until)
        self.assertFalse(copy.completed_on)

    def test_wrong_actor(self):
        for verb in MANAGER_VERBS:
            with self.subTest(verb=verb):
                deal = self._deal(submit=True, customer_name=f"Actor {verb}")
                for login in ("user", "finance", "compliance", "auditor"):
                    with self.assertRaises(UserError):
                        ACTIONS[verb](deal.with_user(self.users[login]))
        deal = self._deal(customer_name="Auditor")
        with self.assertRaises(AccessError):
            deal.with_user(self.users["auditor"]).action_submit()
        with self.assertRaises(AccessError):
            deal.with_user(self.seller).read(["name"])

    def test_nobody_approves_what_he_registered(self):
        deal = self._deal(user=self.manager, submit=True)
        with self.assertRaisesRegex(AccessError, "yourself"):
            deal.action_approve()
        other = self._deal(customer_name="Submitted by the manager")
        other.with_user(self.manager).action_submit()
        with self.assertRaises(AccessError):
            other.with_user(self.manager).action_approve()
        deal.with_user(self.users["admin"]).action_approve()
        self.assertEqual(deal.state, "approved")

    def test_incomplete_is_not_submitted(self):
        deal = self._deal(engagement=False, customer_contact=False)
        self.assertLess(deal.completeness, 100)
        with self.assertRaisesRegex(UserError, "Contact person"):
            deal.action_submit()
        deal.write({"engagement": "A call", "customer_contact": "Max"})
        self.assertEqual(deal.completeness, 100)
        quality = deal.quality
        deal.write({"customer_vat": "DE123456789", "engagement": "A long story. " * 10})
        self.assertGreater(deal.quality, quality)
        deal.action_submit()
        self.assertEqual(deal.state, "submitted")

    def test_required_fields_of_a_program(self):
        policy = self.policy.copy({"program_id": self.program.id, "name": "Strict"})
        field = self.env["ir.model.fields"]._get(
            "partner.deal.registration", "customer_vat"
        )
        policy.required_field_ids = field
        deal = self._deal(program_id=self.program.id)
        self.assertIn("Tax ID", deal.missing)
        self.assertFalse(self._deal(program_id=False, customer_name="B").missing)

    def test_question_and_answer(self):
        deal = self._deal(submit=True)
        number = deal.sudo().completion_number
        deal.with_user(self.manager).action_request_info("Which plant?")
        self.assertEqual(deal.info_request, "Which plant?")
        deal.note = "Plant two"
        deal.action_submit()
        self.assertEqual(deal.sudo().completion_number, number)
        self.assertFalse(deal.info_request)

    def test_customer_change_takes_a_new_place(self):
        """A place is not held with a made-up name."""
        first = self._deal(submit=True, customer_name="Placeholder Holding")
        second = self._deal(self.partner_2, submit=True)
        first.write({"customer_name": "Müller Maschinenbau GmbH"})
        self.assertGreater(
            first.sudo().completion_number, second.sudo().completion_number
        )

    def test_first_complete_wins(self):
        first = self._deal(submit=True)
        second = self._deal(
            self.partner_2, submit=True, customer_name="Mueller Maschinenbau"
        )
        with self.assertRaisesRegex(UserError, "complete before"):
            second.with_user(self.manager).action_approve()
        first.with_user(self.manager).action_approve()
        with self.assertRaisesRegex(UserError, "protected"):
            second.with_user(self.manager).action_approve()
        second.with_user(self.manager).action_reject("protected", "Of Reseller One")
        self.assertNotIn("Reseller One", second.reason)
        self.assertIn("Reseller One", second.sudo().internal_reason)

    def test_other_products_do_not_conflict(self):
        self._approved()
        second = self._deal(self.partner_2, submit=True, product=self.product_2)
        second.with_user(self.manager).action_approve()
        self.assertEqual(second.state, "approved")

    def test_split_credit(self):
        first = self._approved()
        second = self._deal(self.partner_2, submit=True)
        second.with_user(self.manager).action_split(
            {self.partner_1.id: 60, self.partner_2.id: 40}
        )
        second.with_user(self.manager).action_approve()
        shares = {c.partner_id: c.share for c in second.sudo().credit_ids}
        self.assertEqual(shares, {self.partner_1: 60, self.partner_2: 40})
        self.assertTrue(first.sudo()._is_protected())

    def test_appeal(self):
        deal = self._deal(submit=True)
        number = deal.sudo().completion_number
        deal.with_user(self.manager).action_reject("unqualified", "Too vague")
        deal.with_user(self.portal_1).action_appeal("We have a signed letter")
        with self.assertRaisesRegex(UserError, "disputed already"):
            deal.with_user(self.portal_1).action_appeal("Again")
        with self.assertRaises(AccessError):
            deal.with_user(self.portal_2).action_appeal("Mine")
        dispute = deal.sudo().dispute_ids
        with self.assertRaisesRegex(AccessError, "Somebody else"):
            dispute.with_user(self.manager).action_decide("reopened", "Convincing")
        compliance = dispute.with_user(self.users["compliance"])
        compliance.action_decide("reopened", "Convincing")
        self.assertEqual(deal.state, "submitted")
        self.assertEqual(deal.sudo().completion_number, number)

    def test_late_rule(self):
        customer = self.env["res.partner"].create(
            {"name": "Müller Maschinenbau GmbH", "is_company": True, "city": "Köln"}
        )
        order = self._order(partner_id=customer.id)
        order.action_quotation_sent()
        deal = self._deal(submit=True)
        self.assertTrue(deal.sudo().late)
        self.policy.late_rule = "refuse"
        with self.assertRaisesRegex(UserError, "before the customer has a quotation"):
            self._deal(self.partner_2, submit=True)

    def test_delete(self):
        self._deal().unlink()
        deal = self._deal(submit=True)
        with self.assertRaises(UserError):
            deal.unlink()

    def test_copy_is_a_draft(self):
        copy = self._approved().copy()
        self.assertEqual(copy.state, "draft")
        self.assertFalse(copy.completed_on)
        self.assertEqual(len(copy.line_ids), 1)

    def test_take_over(self):
        Deal = self.env["partner.deal.registration"]
        content = (
            b"customer_name;product;expected_value;partner;protected_from;protected_until\n"
            b"Alte Kunden AG;Widget;1.000,50;Reseller One;2026-01-10;2030-01-31\n"
            b"Fehler AG;Nothing;1;Reseller One;2026-01-10;2030-01-31\n"
        )
        rows = Deal._read_csv(content)
        with self.assertRaises(AccessError):
            Deal.with_user(self.users["user"])._take_over({})
        self.policy.required_field_ids = False
        results = Deal.with_user(self.manager)._take_over_rows(rows)
        deal = results[0][1]
        self.assertEqual(deal.state, "approved", results)
        self.assertEqual(str(deal.protected_until), "2030-01-31")
        self.assertTrue(deal.taken_over)
        self.assertEqual(deal.expected_value, 1000.5)
        self.assertFalse(results[1][1])
