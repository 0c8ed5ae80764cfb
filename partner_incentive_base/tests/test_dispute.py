"""Disputes: who may do what when, and what an agreed amount does to the money."""

from datetime import date, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import GROUP, IncentiveCommon
from .portal_common import PASSWORD, PortalCommon

NOW = "2026-03-10 10:00:00"


class DisputeCommon(IncentiveCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offer = cls._create_offer()
        cls.claim = cls._claim(cls.partner_1, 1000.0)
        cls._accrue(date(2026, 2, 28), cls.offer)
        cls.entry = cls.env["partner.incentive.entry"].search(
            [("offer_id", "=", cls.offer.id)], limit=1
        )
        cls.booker = new_test_user(
            cls.env,
            login="incentive_booker",
            groups=f"base.group_user,{GROUP}finance",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def _claim(cls, partner, amount, approve=True):
        claim = cls.env["partner.incentive.claim"].create(
            {
                "offer_id": cls.offer.id,
                "partner_id": partner.id,
                "date": date(2026, 2, 10),
                "amount": amount,
            }
        )
        if approve:
            for verb in ("submit", "validate", "approve"):
                getattr(claim.sudo(), f"action_{verb}")()
        return claim

    @classmethod
    def _dispute(cls, subject=None, user=None, **values):
        subject = subject or cls.entry
        return (
            cls.env["partner.incentive.dispute"]
            .with_user(user or cls.users["user"])
            .create(
                {
                    "res_model": subject._name,
                    "res_id": subject.id,
                    "reason": "An invoice is missing.",
                    "category": "missing",
                    **values,
                }
            )
        )

    def _as(self, dispute, role):
        return dispute.with_user(self.users[role])

    def _agree(self, amount=25.0, dispute=None):
        dispute = dispute or self._dispute()
        self._as(dispute, "compliance").action_decide(
            "adjusted", "You are right", amount
        )
        dispute.with_user(self.booker).action_book()
        return dispute


@tagged("post_install", "-at_install")
class TestDisputeMoney(DisputeCommon):
    def test_agreed_amount_is_booked_and_paid(self):
        dispute = self._agree(25.0)
        self.assertEqual(dispute.state, "closed")
        entry = dispute.adjustment_id.entry_ids
        self.assertEqual(
            (entry.kind, entry.amount, entry.partner_id),
            ("adjustment", 25.0, self.partner_1),
        )
        self.assertIn(dispute.name, entry.reason)
        self.assertEqual(self._balance("accrued", self.offer), -125.0)
        self.assertLedgerAgrees()
        # No later run takes it back, however often it runs.
        for _turn in range(2):
            self._accrue(date(2026, 3, 31), self.offer)
        self.assertEqual(self._balance("accrued", self.offer), -125.0)
        # The settlement pays it, once.
        batch = self._settle(date(2026, 4, 30), self.offer)
        self.assertEqual(batch.line_ids.amount, 125.0)
        self.assertEqual(self._balance("accrued", self.offer), 0.0)
        again = self.env["partner.incentive.settlement"].create(
            {
                "company_id": self.company.id,
                "date": date(2026, 5, 31),
                "offer_ids": [Command.set(self.offer.ids)],
            }
        )
        again._propose()
        self.assertFalse(again.line_ids.filtered("amount"))
        self.assertLedgerAgrees()

    def test_less_is_owed(self):
        self._agree(-30.0)
        batch = self._settle(date(2026, 4, 30), self.offer)
        self.assertEqual(batch.line_ids.amount, 70.0)
        self.assertLedgerAgrees()

    def test_final_settlement_keeps_what_was_agreed(self):
        self._agree(25.0)
        batch = self._settle(date(2027, 1, 31), self.offer, final=True)
        self.assertEqual(batch.line_ids.amount, 125.0)
        self.assertEqual(self._balance("accrued", self.offer), 0.0)
        self.assertLedgerAgrees()

    def test_finance_refuses_the_adjustment(self):
        dispute = self._dispute()
        self._as(dispute, "compliance").action_decide("adjusted", "Right", 25.0)
        adjustment = dispute.adjustment_id
        adjustment.with_user(self.booker).action_refuse("Another offer, please")
        self.assertEqual((dispute.state, dispute.outcome), ("open", False))
        self.assertFalse(dispute.adjustment_id)
        self._as(dispute, "compliance").action_decide("adjusted", "Right", 20.0)
        dispute.adjustment_id.with_user(self.booker).action_approve()
        self.assertEqual(dispute.state, "closed")
        self.assertEqual(self._balance("accrued", self.offer), -120.0)

    def test_locked_period(self):
        self.company.fiscalyear_lock_date = fields.Date.today()
        entry = self._agree(25.0).adjustment_id.entry_ids
        self.assertEqual(entry.date, fields.Date.today() + timedelta(days=1))
        self.assertLedgerAgrees()


@tagged("post_install", "-at_install")
class TestDisputeStates(DisputeCommon):
    def test_owner_and_deadline(self):
        self.company.incentive_dispute_owner_id = self.users["compliance"]
        with freeze_time(NOW):
            dispute = self._dispute()
        self.assertEqual(dispute.owner_id, self.users["compliance"])
        self.assertEqual(dispute.deadline.date(), date(2026, 3, 24))
        self.assertEqual(dispute.activity_ids.user_id, self.users["compliance"])

    def test_clock_stops_for_the_partner(self):
        with freeze_time(NOW) as clock:
            dispute = self._dispute()
            deadline = dispute.deadline
            self._as(dispute, "compliance").action_request_info("Which invoice?")
            self.assertFalse(dispute.is_late)
            clock.tick(timedelta(days=30))
            self.assertFalse(dispute.is_late)
            self._as(dispute, "user").action_answer("Number 17")
            self.assertEqual(dispute.deadline, deadline + timedelta(days=30))
            clock.tick(timedelta(days=20))
            dispute.invalidate_recordset()
            self.assertTrue(dispute.is_late)
            self.env["partner.incentive.dispute"]._cron_escalate()
            self.assertTrue(dispute.escalated)
            count = len(dispute.activity_ids)
            self.env["partner.incentive.dispute"]._cron_escalate()
            self.assertEqual(len(dispute.activity_ids), count)
            self._as(dispute, "compliance").action_decide("refused", "It is counted.")
            self.assertFalse(dispute.in_time)

    def test_the_partner_is_asked_in_its_language(self):
        """Whoever works on it may read another one."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner_1.lang = "fr_FR"
        dispute = self._dispute()
        self._as(dispute, "compliance").action_request_info("Numéro ?")
        self.assertIn("Une question", dispute.message_ids[0].body)

    def test_cutoff(self):
        day = self.entry._get_dispute_day()
        last = day + timedelta(days=30)
        with freeze_time(last + timedelta(days=1)):
            with self.assertRaisesRegex(UserError, "could be disputed until"):
                self._dispute()
            self.program.dispute_days = 31
            self._dispute()

    def test_one_dispute_and_a_final_answer(self):
        dispute = self._dispute()
        with self.assertRaisesRegex(UserError, "disputed already"):
            self._dispute()
        self._as(dispute, "compliance").action_decide("refused", "It is counted.")
        with self.assertRaisesRegex(UserError, "final"):
            self._dispute()

    def test_transitions(self):
        """Every action from every state, by somebody who holds the right."""
        paths = {
            "open": [],
            "info": [("compliance", "action_request_info", ["Which?"])],
            "booking": [("compliance", "action_decide", ["adjusted", "Yes", 5.0])],
            "closed": [("compliance", "action_decide", ["refused", "No"])],
            "withdrawn": [("user", "action_withdraw", [])],
        }
        actions = {
            "action_request_info": ("compliance", ["Which?"], {"open"}),
            "action_answer": ("user", ["This one"], {"info"}),
            "action_decide": ("compliance", ["refused", "No"], {"open"}),
            "action_book": ("finance", [], {"booking"}),
            "action_return": ("finance", ["Wrong offer"], {"booking"}),
            "action_withdraw": ("user", [], {"open", "info"}),
        }
        for state, path in paths.items():
            for name, (role, arguments, allowed) in actions.items():
                with self.subTest(state=state, action=name):
                    savepoint = self.env.cr.savepoint(flush=True)
                    dispute = self._dispute()
                    for actor, verb, words in path:
                        getattr(self._as(dispute, actor), verb)(*words)
                    self.assertEqual(dispute.state, state)
                    act = getattr(self._as(dispute, role), name)
                    if state in allowed:
                        act(*arguments)
                        self.assertNotEqual(dispute.state, state)
                    else:
                        with self.assertRaises(UserError):
                            act(*arguments)
                    savepoint.rollback()
                    self.env.invalidate_all()
                    savepoint.close()

    def test_wrong_actor(self):
        dispute = self._dispute()
        for role in ("user", "finance", "auditor"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self._as(dispute, role).action_decide("refused", "No")
        own = self._dispute(self.claim, user=self.users["compliance"])
        with self.assertRaisesRegex(AccessError, "Somebody else"):
            self._as(own, "compliance").action_decide("refused", "No")
        self._as(dispute, "manager").action_decide("adjusted", "Yes", 5.0)
        self.assertEqual(dispute.adjustment_id.submitted_by, self.users["manager"])
        for role in ("user", "manager", "compliance", "auditor"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self._as(dispute, role).action_book()
        both = new_test_user(
            self.env,
            login="incentive_both",
            groups=f"base.group_user,{GROUP}manager,{GROUP}finance",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        dispute = self._agree(5.0, self._dispute(self._claim(self.partner_2, 10.0)))
        other = self._dispute(self._claim(self.partner_2, 20.0))
        other.with_user(both).action_decide("adjusted", "Yes", 5.0)
        with self.assertRaisesRegex(UserError, "Somebody else"):
            other.with_user(both).action_book()

    def test_bare_writes(self):
        dispute = self._dispute()
        for vals in (
            {"state": "closed"},
            {"adjustment": 1e6},
            {"outcome": "adjusted"},
            {"partner_id": self.partner_2.id},
            {"answer": "x"},
            {"deadline": "2040-01-01 00:00:00"},
        ):
            for role in ("user", "manager", "finance"):
                with self.subTest(vals=vals, role=role):
                    with self.assertRaises(AccessError):
                        self._as(dispute, role).write(vals)
        made = self._dispute(
            self.claim, state="closed", adjustment=50.0, answer="x", outcome="adjusted"
        )
        self.assertEqual(made.state, "open")
        self.assertFalse(made.adjustment or made.answer or made.outcome)
        with self.assertRaises(UserError):
            dispute.sudo().unlink()

    def test_rejected_claim_goes_back(self):
        claim = self._claim(self.partner_1, 300.0, approve=False)
        with self.assertRaisesRegex(UserError, "not decided yet"):
            self._dispute(claim)
        claim.with_user(self.users["user"]).action_submit()
        claim.with_user(self.users["manager"]).action_reject("No proof")
        dispute = self._dispute(claim)
        with self.assertRaisesRegex(AccessError, "Somebody else"):
            self._as(dispute, "manager").action_decide("reopened", "Looks fine")
        self._as(dispute, "compliance").action_decide("reopened", "Looks fine")
        self.assertEqual((dispute.state, claim.state), ("closed", "submitted"))

    def test_figures_of_claims(self):
        """One approved, two rejected after 2 and 4 days, one disputed, one waits."""
        user, manager = self.users["user"], self.users["manager"]
        for days in (2, 4):
            with freeze_time("2026-03-01"):
                claim = self._claim(self.partner_2, 300.0, approve=False)
                claim.with_user(user).action_submit()
            with freeze_time(date(2026, 3, 1 + days)):
                claim.with_user(manager).action_reject("No proof")
        with freeze_time(NOW):
            self._dispute(claim)
        self._claim(self.partner_2, 200.0, approve=False).with_user(
            user
        ).action_submit()
        [(waiting, amount, days, rejected, disputed)] = (
            self.env["partner.incentive.claim.report"]
            .with_user(self.users["auditor"])
            ._read_group(
                [("offer_id", "=", self.offer.id)],
                [],
                [
                    "waiting:sum",
                    "waiting_amount:sum",
                    "decision_days:avg",
                    "rejection_rate:avg",
                    "dispute_rate:avg",
                ],
            )
        )
        self.assertEqual((waiting, amount), (1, 200))
        # The approved one was decided on at once.
        self.assertAlmostEqual(days, (0 + 2 + 4) / 3, places=2)
        self.assertAlmostEqual(rejected, 200 / 3, places=2)
        self.assertAlmostEqual(disputed, 100 / 3, places=2)

    def test_entry_does_not_go_back(self):
        with self.assertRaisesRegex(UserError, "by an amount"):
            self._as(self._dispute(), "compliance").action_decide("reopened", "Yes")


@tagged("post_install", "-at_install")
class TestDisputePortal(DisputeCommon, PortalCommon):
    def _post(self, url, page, **data):
        data["csrf_token"] = self._csrf(page)
        return self.url_open(url, data=data)

    def _csrf(self, page):
        return page.text.split('name="csrf_token" value="')[1].split('"')[0]

    def test_partner_disputes_a_line(self):
        self.authenticate("portal_one", PASSWORD)
        page = self.url_open(f"/my/incentives/statement/{self.entry.id}")
        url = f"/my/incentives/disputes/new/movement/{self.entry.id}"
        self.assertIn(url, page.text)
        form = self.url_open(url)
        for name in ("category", "amount", "reason", "files"):
            self.assertIn(f'name="{name}"', form.text)
        answer = self._post(url, form, category="rate", amount="abc", reason="Why <b>")
        self.assertIn("is not an amount", answer.text)
        self.assertIn("Why &lt;b&gt;", answer.text)
        answer = self._post(
            url, form, category="rate", amount="12,50", reason="The tier was Gold."
        )
        dispute = self.env["partner.incentive.dispute"].search(
            [("res_id", "=", self.entry.id)]
        )
        self.assertEqual(dispute.raised_by, self.portal_1)
        self.assertEqual(dispute.expected_amount, 12.5)
        self.assertEqual(dispute.partner_id, self.partner_1)
        self._as(dispute, "compliance").action_request_info("Since which day?")
        dispute.message_post(body="Keep inside", subtype_xmlid="mail.mt_note")
        page = self.url_open(f"/my/incentives/disputes/{dispute.id}")
        self.assertIn("Since which day?", page.text)
        self.assertNotIn("Keep inside", page.text)
        self._post(f"/my/incentives/disputes/{dispute.id}/answer", page, text="May 1st")
        self.assertEqual(dispute.state, "open")
        self._as(dispute, "compliance").action_decide("adjusted", "Right", 12.5)
        dispute.with_user(self.booker).action_book()
        page = self.url_open(f"/my/incentives/disputes/{dispute.id}")
        self.assertIn("12.50", page.text)
        self.assertIn("Right", page.text)
        self.assertIn(
            dispute.record_name, self.url_open("/my/incentives/disputes").text
        )

    def _get_told(self, dispute):
        """``[(body, people of the partner)]`` of what was said to them, in order."""
        told = [
            (
                message.body,
                message.notified_partner_ids.filtered(
                    lambda one: one.commercial_partner_id == dispute.partner_id
                ),
            )
            for message in dispute.sudo().message_ids.sorted("id")
        ]
        return [(body, people) for body, people in told if people]

    def test_partner_hears_of_a_dispute_that_staff_raised(self):
        """Whoever may read the disputed document, and wants to be told."""
        people = self.portal_1.partner_id
        seller = new_test_user(
            self.env, login="dispute_seller", groups="base.group_portal"
        ).partner_id
        seller.write({"parent_id": self.partner_1.id, "incentive_portal_role": "sales"})
        muted = new_test_user(
            self.env, login="dispute_muted", groups="base.group_portal"
        ).partner_id
        muted.write(
            {
                "parent_id": self.partner_1.id,
                "incentive_muted_event_ids": [
                    Command.link(
                        self.env.ref("partner_incentive_base.event_dispute").id
                    )
                ],
            }
        )
        dispute = self._dispute(reason="We forgot an invoice")
        self._as(dispute, "compliance").action_request_info("Which one?")
        self._as(dispute, "user").action_answer("Number 17")
        self._as(dispute, "compliance").action_decide("refused", "It is counted.")
        said = ("received", "Which one?", "It is counted.")
        for (body, who), words in zip(self._get_told(dispute), said, strict=True):
            self.assertIn(words, body)
            self.assertEqual(who, people)
        mails = (
            self.env["mail.mail"]
            .sudo()
            .search([("mail_message_id", "in", dispute.sudo().message_ids.ids)])
            .filtered(lambda mail: people in mail.recipient_ids)
        )
        self.assertEqual(len(mails), len(said))
        for mail in mails:
            self.assertIn(f"/my/incentives/disputes/{dispute.id}", mail.body_html)
        self.authenticate("portal_one", PASSWORD)
        self.assertIn(
            dispute.record_name, self.url_open("/my/incentives/disputes").text
        )
        page = self.url_open(f"/my/incentives/disputes/{dispute.id}")
        self.assertIn("It is counted.", page.text)
        # a claim's page is open to marketing, too
        seller.incentive_portal_role = "marketing"
        other = self._dispute(self.claim)
        self.assertEqual(self._get_told(other)[0][1], people | seller)

    def test_only_who_raised_it_is_told_of_a_partners_own(self):
        colleague = new_test_user(
            self.env, login="dispute_colleague", groups="base.group_portal"
        ).partner_id
        colleague.parent_id = self.partner_1
        dispute = (
            self.env["partner.incentive.dispute"]
            .with_user(self.portal_1)
            .sudo()
            .create(
                {
                    "res_model": self.entry._name,
                    "res_id": self.entry.id,
                    "reason": "An invoice is missing.",
                    "raised_by": self.portal_1.id,
                }
            )
        )
        self._as(dispute, "compliance").action_decide("refused", "It is counted.")
        self.assertEqual(self._get_told(dispute)[-1][1], self.portal_1.partner_id)

    def test_another_partner_learns_nothing(self):
        dispute = self._dispute(reason="Secret reason")
        self.authenticate("portal_two", PASSWORD)
        for url in (
            f"/my/incentives/disputes/{dispute.id}",
            f"/my/incentives/disputes/new/movement/{self.entry.id}",
            f"/my/incentives/disputes/new/claim/{self.claim.id}",
            "/my/incentives/disputes/new/nonsense/1",
            f"/my/incentives/disputes/{2**40}",
        ):
            with self.subTest(url=url):
                self.assertEqual(self.url_open(url).status_code, 404)
        page = self.url_open("/my/incentives/disputes")
        self.assertNotIn(dispute.name, page.text)
        own = self._claim(self.partner_2, 30.0)
        form = self.url_open(f"/my/incentives/disputes/new/claim/{own.id}")
        for verb in ("answer", "withdraw"):
            answer = self._post(
                f"/my/incentives/disputes/{dispute.id}/{verb}", form, text="x"
            )
            self.assertEqual(answer.status_code, 404)
        self.assertEqual(dispute.state, "open")
        portal = dispute.with_user(self.portal_2)
        for action in (
            lambda: portal.read(["reason"]),
            lambda: portal.action_withdraw(),
            lambda: portal.search([]),
            lambda: portal.create([{"res_model": "x", "res_id": 1, "reason": "x"}]),
        ):
            with self.assertRaises(AccessError):
                action()
