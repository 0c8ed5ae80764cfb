from datetime import date

from odoo.fields import Command
from odoo.tests import tagged

from .portal_common import PortalCommon

MODULE = "partner_incentive_base.mail_template_"


@tagged("post_install", "-at_install")
class TestMail(PortalCommon):
    """Who is told what by mail, in which language, and how often."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.people_1, cls.people_2 = cls.portal_1.partner_id, cls.portal_2.partner_id
        cls.offer = cls._create_offer()

    def _get_mails(self, record):
        mails = (
            self.env["mail.mail"]
            .sudo()
            .search([("model", "=", record._name), ("res_id", "in", record.ids)])
            .filtered(lambda mail: mail.message_type == "email_outgoing")
        )
        self.assertFalse(mails.filtered(lambda mail: mail.state != "outgoing"))
        return mails

    def _claim(self, partner=None, **values):
        claim = self.env["partner.incentive.claim"].create(
            {
                "offer_id": self.offer.id,
                "partner_id": (partner or self.partner_1).id,
                "date": date(2026, 2, 1),
                "amount": 500,
                "document_number": "R 17",
                **values,
            }
        )
        claim.with_user(self.users["user"]).action_submit()
        return claim

    def _approve(self, claim):
        claim.with_user(self.users["compliance"]).action_validate()
        claim.with_user(self.users["manager"]).action_approve()

    def _translate(self, template, subject):
        self.env.ref(MODULE + template).with_context(lang="fr_FR").subject = subject

    # ---------------------------------------------------------------------- recipients

    def test_nothing_to_tell_asks_nothing(self):
        """Every posting asks whether somebody is to be told of a payment."""
        nothing = self.env["account.move"]
        with self.assertQueryCount(0):
            mails = nothing._notify_partner(MODULE + "payout_paid", "payable")
        self.assertFalse(mails)

    def test_the_people_of_the_partner_and_nobody_else(self):
        second = self._create_portal_user("portal_one_more", self.partner_1)
        silent = self._create_portal_user("portal_no_mail", self.partner_1)
        silent.partner_id.email = False
        self.env["res.partner"].create(
            {"name": "No access", "parent_id": self.partner_1.id, "email": "n@x.test"}
        )
        claim = self._claim()
        self._approve(claim)
        mail = self._get_mails(claim)
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.recipient_ids, self.people_1 | second.partner_id)
        self.assertEqual(mail.state, "outgoing")
        self.assertIn(claim.name, mail.subject)
        self.assertIn("500.00", mail.body_html)
        self.assertIn(f"{claim.get_base_url()}/my/incentives", mail.body_html)
        self.assertEqual(mail.author_id, self.company.partner_id)
        # the chatter has the text without the frame
        message = mail.mail_message_id
        self.assertIn(message, claim.message_ids)
        self.assertNotIn("Open on the portal", message.body)

    def test_a_mail_tells_nobody_what_the_role_does_not_include(self):
        """Payouts are no business of who sees no money on the portal."""
        people = {"admin": self.people_1}
        for role in ("sales", "marketing", "finance"):
            user = self._create_portal_user(f"portal_{role}", self.partner_1)
            user.partner_id.incentive_portal_role = role
            people[role] = user.partner_id
        batch = self._propose()
        batch.action_share()
        lines = batch.line_ids.filtered(lambda x: x.partner_id == self.partner_1)
        self.assertEqual(
            self._get_mails(lines).recipient_ids, people["admin"] | people["finance"]
        )
        claim = self._claim()
        self._approve(claim)
        self.assertEqual(
            self._get_mails(claim).recipient_ids,
            people["admin"] | people["finance"] | people["marketing"],
        )

    def test_the_company_where_no_role_includes_it(self):
        self.people_1.incentive_portal_role = "marketing"
        self.partner_1.email = "office@one.test"
        batch = self._propose()
        batch.action_share()
        lines = batch.line_ids.filtered(lambda x: x.partner_id == self.partner_1)
        self.assertEqual(self._get_mails(lines).recipient_ids, self.partner_1)

    def test_each_in_the_own_language(self):
        self._translate("claim_approved", "Demande {{ object.name }} acceptée")
        second = self._create_portal_user("portal_one_more", self.partner_1).partner_id
        second.lang = "fr_FR"
        claim = self._claim()
        self._approve(claim)
        subjects = {mail.recipient_ids: mail.subject for mail in self._get_mails(claim)}
        self.assertEqual(
            subjects,
            {
                self.people_1: f"Claim {claim.name} is approved",
                second: f"Demande {claim.name} acceptée",
            },
        )

    def test_whoever_does_not_want_it_gets_none_but_can_read_it(self):
        second = self._create_portal_user("portal_one_more", self.partner_1).partner_id
        asked = []

        def wants(partner, event):
            asked.append(event)
            return partner == second

        self.patch(self.env.registry["res.partner"], "_wants_incentive_mail", wants)
        claim = self._claim()
        claim.with_user(self.users["compliance"]).action_reject("Not our product")
        self.assertEqual(self._get_mails(claim).recipient_ids, second)
        self.assertEqual(set(asked), {"returned"})
        self.patch(
            self.env.registry["res.partner"],
            "_wants_incentive_mail",
            lambda _self, _event: False,
        )
        other = self._claim(document_number="R 18")
        other.with_user(self.users["compliance"]).action_reject("Too late")
        self.assertFalse(self._get_mails(other))
        self.assertIn("Too late", other.message_ids[0].body)

    def test_the_company_where_nobody_uses_the_portal(self):
        partner = self.env["res.partner"].create(
            {"name": "Offline", "is_company": True, "email": "office@offline.test"}
        )
        self._enroll(partner)
        claim = self._claim(partner)
        claim.with_user(self.users["compliance"]).action_request_info("A copy, please")
        mail = self._get_mails(claim)
        self.assertEqual(mail.recipient_ids, partner)
        self.assertIn("A copy, please", mail.body_html)

    def test_a_template_that_was_deleted_tells_nobody(self):
        self.env.ref(f"{MODULE}claim_approved").unlink()
        claim = self._claim()
        self._approve(claim)
        self.assertEqual(claim.state, "approved")
        self.assertFalse(self._get_mails(claim))

    # -------------------------------------------------------------------------- events

    def test_enrollment_granted(self):
        program = self.program.copy({"name": "Second", "state": "active"})
        enrollment = self.env["partner.incentive.enrollment"].create(
            {
                "program_id": program.id,
                "partner_id": self.partner_1.id,
                "state": "requested",
            }
        )
        self.assertFalse(self._get_mails(enrollment))
        enrollment.with_user(self.users["user"]).action_activate()
        mail = self._get_mails(enrollment)
        self.assertEqual(mail.recipient_ids, self.people_1)
        self.assertIn(f"/my/incentives/enrollments/{enrollment.id}", mail.body_html)
        enrollment.with_user(self.users["user"]).action_activate()
        self.assertEqual(self._get_mails(enrollment), mail)

    def test_agreement_to_accept_once(self):
        Enrollment = self.env["partner.incentive.enrollment"]
        cron = self.env.ref("partner_incentive_base.ir_cron_tell_agreements")
        triggers = self.env["ir.cron.trigger"].search_count
        before = triggers([("cron_id", "=", cron.id)])
        self._publish_agreement()
        self.assertEqual(triggers([("cron_id", "=", cron.id)]), before + 1)
        self.enrollment_2._accept(self.portal_2)
        Enrollment._tell_agreement(self.program)
        mail = self._get_mails(self.enrollment_1)
        self.assertEqual(mail.recipient_ids, self.people_1)
        self.assertFalse(self._get_mails(self.enrollment_2))
        Enrollment._tell_agreement(self.program)
        self.assertEqual(self._get_mails(self.enrollment_1), mail)
        # the next text is asked for of both
        self._publish_agreement(effective_date=date(2026, 2, 1))
        Enrollment._tell_agreement(self.program)
        self.assertEqual(len(self._get_mails(self.enrollment_1)), 2)
        self.assertEqual(len(self._get_mails(self.enrollment_2)), 1)

    def _propose(self, **values):
        first = self._create_invoice_offer("Volume", period="quarter", **values)
        second = self._create_invoice_offer("More", period="quarter", **values)
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._invoice(self.partner_2, date(2026, 1, 10), 7000)
        batch = self.env["partner.incentive.settlement"].create(
            {
                "company_id": self.company.id,
                "date": date(2026, 1, 31),
                "offer_ids": [Command.set((first | second).ids)],
            }
        )
        batch.action_propose()
        return batch

    def test_payout_proposed_and_settled(self):
        batch = self._propose()
        self.assertFalse(self._get_mails(batch.line_ids))
        batch.action_share()
        mails = self._get_mails(batch.line_ids)
        self.assertEqual(mails.mapped("recipient_ids"), self.people_1 | self.people_2)
        self.assertEqual(len(mails), 2, "one mail for all offers of a partner")
        for mail in mails:
            own = mail.recipient_ids == self.people_1
            self.assertIn("Volume", mail.body_html)
            self.assertIn("More", mail.body_html)
            self.assertEqual("100.00" in mail.body_html, own)
            self.assertEqual("700.00" in mail.body_html, not own)
            self.assertIn("200.00" if own else "1,400.00", mail.body_html)
            self.assertIn(mail.subject, mail.body_html)
        batch.action_post()
        posted = self._get_mails(batch.line_ids) - mails
        self.assertEqual(len(posted), 2)
        note = batch.line_ids.filtered(lambda x: x.partner_id == self.partner_1).move_id
        mail = posted.filtered(lambda one: one.recipient_ids == self.people_1)
        self.assertIn(note.name, mail.subject)
        self.assertIn("credit note", mail.body_html)

    def test_bill_paid(self):
        batch = self._propose(payout="vendor_bill")
        batch.action_post()
        bill = batch.line_ids.filtered(lambda x: x.partner_id == self.partner_1).move_id
        self.assertFalse(self._get_mails(bill))
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bill.ids
        ).create({}).action_create_payments()
        self.assertIn(bill.payment_state, ("paid", "in_payment"))
        mail = self._get_mails(bill)
        self.assertEqual(mail.recipient_ids, self.people_1)
        self.assertIn("200.00", mail.body_html)
        other = batch.line_ids.move_id - bill
        self.assertFalse(self._get_mails(other))

    def test_a_bill_of_others_tells_nobody(self):
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.partner_1.id,
                "invoice_date": date(2026, 1, 31),
                "invoice_line_ids": [
                    Command.create({"name": "Paper", "price_unit": 5, "tax_ids": False})
                ],
            }
        )
        bill.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bill.ids
        ).create({}).action_create_payments()
        self.assertFalse(self._get_mails(bill))

    def test_clawback(self):
        offer = self._create_invoice_offer("Volume")
        invoice = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        clawback = self.env["partner.incentive.clawback"].create(
            {
                "offer_id": offer.id,
                "partner_id": self.partner_1.id,
                "date": date(2026, 2, 1),
                "reason": "return",
                "description": "The goods came back",
                "move_id": invoice.id,
            }
        )
        clawback.with_user(self.users["compliance"]).action_submit()
        self.assertFalse(self._get_mails(clawback))
        clawback.with_user(self.users["finance"]).action_confirm()
        mail = self._get_mails(clawback)
        self.assertEqual(mail.recipient_ids, self.people_1)
        self.assertIn("100.00", mail.body_html)
        self.assertIn("The goods came back", mail.body_html)

    # --------------------------------------------------------------------------- many

    def test_many_partners_cost_a_bounded_number_of_queries(self):
        """Partners come in batches: what is read does not grow with their number."""
        batch = self._propose()
        lines = self._enroll_many(20, batch)
        self.env.flush_all()

        def count(some):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            groups = some.grouped("partner_id").values()
            some._notify_together(f"{MODULE}payout_proposed", groups)
            self.env.flush_all()
            return self.cr.sql_log_count - before

        count(lines[:1])
        few, many = count(lines[:5]), count(lines)
        self.assertEqual(len(self._get_mails(lines[10:11])), 1)
        # each message is written on its own by Odoo, with its relations
        self.assertLessEqual(many - few, 4 * 15)

    def _enroll_many(self, count, batch):
        partners = self.env["res.partner"].create(
            [
                {"name": f"P {n}", "is_company": True, "email": f"p{n}@x.test"}
                for n in range(count)
            ]
        )
        return (
            self.env["partner.incentive.settlement.line"]
            .sudo()
            .create(
                [
                    {
                        "settlement_id": batch.id,
                        "offer_id": batch.line_ids.offer_id[0].id,
                        "partner_id": partner.id,
                        "amount": 10,
                    }
                    for partner in partners
                ]
            )
        )

    # ---------------------------------------------------------------------- colleagues

    def test_an_offer_to_approve_is_an_activity_of_somebody_else(self):
        offer = self._create_offer(publish=False, name="To approve")
        offer.user_id = self.users["manager"]
        offer.with_user(self.users["manager"]).action_submit()
        self.assertTrue(offer.activity_ids)
        self.assertNotEqual(offer.activity_ids.user_id, self.users["manager"])
        offer.with_user(self.users["manager"]).action_return()
        self.assertFalse(offer.activity_ids)
        offer.with_user(self.users["user"]).action_submit()
        self.assertEqual(offer.activity_ids.user_id, self.users["manager"])
        offer.with_user(self.users["manager"]).action_publish()
        self.assertFalse(offer.activity_ids)
