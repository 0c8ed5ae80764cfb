"""A program is continued in the next year: what is made, and what stays."""

from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import IncentiveCommon


@tagged("post_install", "-at_install")
class TestRoll(IncentiveCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offer = cls._create_offer(
            name="Rebate 2026",
            date_to=date(2026, 6, 30),
            brackets=[(0, 2), (1000, 5)],
            cap=700,
        )
        cls.draft = cls._create_offer(name="Draft", publish=False)
        cls.agreement = cls.env["partner.incentive.agreement"].create(
            {
                "program_id": cls.program.id,
                "body": "<p>Be fair.</p>",
                "effective_date": date(2026, 1, 1),
            }
        )
        cls.agreement.action_publish()
        cls.enrollment_1.payee_id = cls.partner_2
        Budget = cls.env["partner.incentive.budget"]
        cls.budget = Budget.create({"program_id": cls.program.id, "planned": 1000})
        cls.part = Budget.create(
            {
                "program_id": cls.program.id,
                "offer_id": cls.offer.id,
                "parent_id": cls.budget.id,
                "planned": 333.33,
                "hard_stop": True,
            }
        )

    def _open(self, role="manager", **values):
        return (
            self.env["partner.incentive.roll"]
            .with_user(self.users[role])
            .with_company(self.company)
            .create({"program_id": self.program.id, **values})
        )

    def _roll(self, wizard):
        return self.env["partner.incentive.program"].browse(
            wizard.action_roll()["res_id"]
        )

    def test_it_is_shown_before_it_is_made(self):
        wizard = self._open(budget_percent=110)
        self.assertEqual(wizard.name, "Program 2027")
        self.assertEqual(wizard.date_from, date(2027, 1, 1))
        self.assertEqual(wizard.date_to, date(2027, 12, 31))
        line = wizard.line_ids.filtered(lambda each: each.offer_id == self.offer)
        self.assertTrue(line.included)
        self.assertEqual(line.name, "Rebate 2027")
        self.assertEqual(line.date_from, date(2027, 1, 1))
        self.assertEqual(line.date_to, date(2027, 6, 30))
        self.assertFalse((wizard.line_ids - line).included)
        self.assertIn("1,100.00", wizard.budget_preview)
        self.assertIn("Enrolled today: 2", wizard.partner_preview)

    def test_the_next_year_and_the_old_one(self):
        before = self._read_old()
        program = self._roll(self._open(budget_percent=110))
        self.assertEqual(program.state, "draft")
        self.assertFalse(program.is_default)
        offer = program.offer_ids
        self.assertEqual(len(offer), 1)
        self.assertEqual(offer.state, "draft")
        self.assertEqual(offer.number, 1)
        self.assertEqual(offer.effective_date, date(2027, 1, 1))
        self.assertEqual(offer.date_to, date(2027, 6, 30))
        self.assertEqual(offer.cap, 700)
        self.assertEqual(offer.objective_ids, self.objective)
        self.assertEqual(
            [(row.lower, row.rate) for row in offer.bracket_ids], [(0, 2), (1000, 5)]
        )
        whole = program.budget_ids.filtered(lambda budget: not budget.parent_id)
        self.assertEqual(whole.planned, 1100)
        self.assertEqual(whole.child_ids.planned, 366.66)
        self.assertEqual(whole.child_ids.offer_id, offer)
        self.assertTrue(whole.child_ids.hard_stop)
        self.assertEqual(whole.date_to, date(2027, 12, 31))
        self.assertEqual(program.agreement_ids.state, "draft")
        self.assertEqual(program.agreement_ids.body, self.agreement.body)
        self.assertEqual(set(program.enrollment_ids.mapped("state")), {"requested"})
        self.assertEqual(
            program.enrollment_ids.partner_id, self.partner_1 | self.partner_2
        )
        self.assertEqual(program.enrollment_ids.payee_id, self.partner_2)
        self.assertFalse(any(program.enrollment_ids.mapped("accepted_on")))
        self.assertEqual(self._read_old(), before)
        # The draft is complete: a second person can publish it as it is.
        program.action_activate()
        offer.with_user(self.users["user"]).action_submit()
        offer.with_user(self.users["manager"]).action_publish()
        self.assertEqual(offer.state, "published")

    def test_partners_are_invited_when_the_program_becomes_active(self):
        self.partner_1.write({"email": "one@example.com", "lang": "en_US"})
        self.partner_2.email = "two@example.com"
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner_2.lang = "fr_FR"
        template = self.env.ref(
            "partner_incentive_base.mail_template_enrollment_invited"
        )
        template.with_context(lang="fr_FR").subject = "Invitation"
        program = self._roll(self._open(enrollment_choice="request"))
        self.assertFalse(self._get_invitations(program), "not for a draft")
        program.action_activate()
        mails = self._get_invitations(program)
        self.assertEqual(mails.recipient_ids, self.partner_1 | self.partner_2)
        by_partner = {mail.recipient_ids: mail for mail in mails}
        self.assertIn(program.name, by_partner[self.partner_1].subject)
        self.assertIn("nothing for you to do", by_partner[self.partner_1].body_html)
        self.assertEqual(by_partner[self.partner_2].subject, "Invitation")
        program.action_close()
        program.action_activate()
        self.assertEqual(self._get_invitations(program), mails, "once")

    def test_an_invitation_asks_for_consent(self):
        self.partner_1.email = "one@example.com"
        self.partner_2.write(
            {
                "email": "two@example.com",
                "incentive_muted_event_ids": [
                    Command.set(
                        self.env["partner.incentive.event"]
                        .search([("code", "=", "announcement")])
                        .ids
                    )
                ],
            }
        )
        program = self._roll(self._open(enrollment_choice="request"))
        agreement = program.agreement_ids
        agreement.effective_date = date(2026, 1, 1)
        agreement.action_publish()
        program.action_activate()
        mail = self._get_invitations(program)
        self.assertEqual(mail.recipient_ids, self.partner_1, "who wants no mail")
        self.assertIn("Please read the agreement", mail.body_html)
        # the text is kept all the same, and nobody is asked twice
        for enrollment in program.enrollment_ids:
            self.assertIn("invited", enrollment.message_ids[0].subject)
        self.env["partner.incentive.enrollment"]._tell_agreement(program)
        self.assertEqual(self._get_invitations(program), mail)

    def test_who_is_enrolled_at_once_is_not_invited(self):
        self.partner_1.email = "one@example.com"
        program = self._roll(self._open(enrollment_choice="carry"))
        program.action_activate()
        self.assertFalse(self._get_invitations(program))

    def _get_invitations(self, program):
        return (
            self.env["mail.mail"]
            .sudo()
            .search(
                [
                    ("model", "=", "partner.incentive.enrollment"),
                    ("res_id", "in", program.enrollment_ids.ids),
                ]
            )
        )

    def _read_old(self):
        """All that could change in the old program, without times and chatter."""
        records = (
            self.program,
            self.program.offer_ids,
            self.program.offer_ids.version_ids,
            self.program.offer_ids.version_ids.bracket_ids,
            self.program.budget_ids,
            self.program.enrollment_ids,
            self.program.agreement_ids,
        )
        return [
            each.read([name for name, field in each._fields.items() if field.store])
            for each in records
        ]

    def test_a_revision_that_is_being_drafted_stays_behind(self):
        self.offer.action_revise()
        self.offer.write({"cap": 1, "effective_date": date(2026, 3, 1)})
        program = self._roll(self._open())
        self.assertEqual(program.offer_ids.cap, 700)

    def test_what_is_not_wanted_is_left(self):
        wizard = self._open(
            copy_budgets=False, copy_agreement=False, enrollment_choice="carry"
        )
        wizard.line_ids.included = False
        wizard.line_ids.filtered(lambda each: each.offer_id == self.draft).write(
            {"included": True, "name": "Other"}
        )
        self.enrollment_2.action_end()
        program = self._roll(wizard)
        self.assertEqual(program.offer_ids.name, "Other")
        self.assertFalse(program.budget_ids)
        self.assertFalse(program.agreement_ids)
        self.assertEqual(program.enrollment_ids.partner_id, self.partner_1)
        self.assertEqual(program.enrollment_ids.state, "active")

    def test_budgets_of_offers_that_stay_behind_do_too(self):
        wizard = self._open()
        wizard.line_ids.included = False
        program = self._roll(wizard)
        self.assertEqual(program.budget_ids.mapped("planned"), [1000])

    def test_programs_of_another_length(self):
        """Half a year is followed by half a year; ends of months stay that."""
        self.program.offer_ids.filtered(lambda o: o != self.offer).unlink()
        half = self.env["partner.incentive.program"].create(
            {
                "name": "Half",
                "company_id": self.company.id,
                "date_from": date(2026, 3, 1),
                "date_to": date(2026, 8, 31),
            }
        )
        wizard = self.env["partner.incentive.roll"].create({"program_id": half.id})
        self.assertEqual(wizard.date_from, date(2026, 9, 1))
        self.assertEqual(wizard.date_to, date(2027, 2, 28))

    def test_what_runs_on_starts_with_the_program(self):
        """What was added in the year goes on at once; a season comes a year later."""
        self._create_offer(
            name="Added in July", date_from=date(2026, 7, 1), date_to=False
        )
        self._create_offer(
            name="Autumn", date_from=date(2026, 9, 1), date_to=date(2026, 11, 30)
        )
        self._create_offer(name="Fund", offer_type="fund")
        wizard = self._open()
        dates = {line.name: (line.date_from, line.date_to) for line in wizard.line_ids}
        self.assertEqual(dates["Added in July"], (date(2027, 1, 1), False))
        self.assertEqual(dates["Autumn"], (date(2027, 9, 1), date(2027, 11, 30)))
        self.assertNotIn("Fund", dates)
        self.program.name = "Resellers"
        self.assertEqual(self._open().name, "Resellers 2027")

    def test_dates_that_cannot_be(self):
        for values, message in (
            ({"date_to": "2026-12-01"}, "ends before it starts"),
            ({"date_from": "2025-01-01"}, "starts after"),
            ({"budget_percent": -1}, "negative"),
        ):
            wizard = self._open()
            wizard.write(values)
            with self.assertRaisesRegex(UserError, message):
                wizard.action_roll()
        wizard = self._open()
        wizard.line_ids.filtered("included").date_from = "2028-01-01"
        with self.assertRaisesRegex(UserError, "within the new program"):
            wizard.action_roll()

    def test_managers_only(self):
        for role in ("user", "finance", "compliance", "auditor"):
            with self.assertRaises(AccessError):
                self._open(role)

    def test_the_form_follows_the_start(self):
        form = Form(
            self.env["partner.incentive.roll"].with_context(
                default_program_id=self.program.id
            )
        )
        form.date_from = date(2028, 1, 1)
        form.date_to = date(2028, 12, 31)
        wizard = form.save()
        line = wizard.line_ids.filtered("included")
        self.assertEqual(line.offer_id, self.offer)
        self.assertEqual(line.date_from, date(2028, 1, 1))
        self.assertEqual(line.date_to, date(2028, 6, 30))

    def test_terms_that_name_offers_name_their_drafts(self):
        """Wherever terms point at offers, as those of an accelerator do."""
        names = [
            name
            for name, field in self.offer.version_id._fields.items()
            if field.type == "many2many"
            and field.comodel_name == "partner.incentive.offer"
        ]
        if not names:
            self.skipTest("No module adds such terms.")
        pointing = self._create_offer(
            name="Pointing",
            publish=False,
            **{names[0]: [Command.set(self.offer.ids)]},
        )
        wizard = self._open()
        wizard.line_ids.filtered(lambda each: each.offer_id == pointing).included = True
        program = self._roll(wizard)
        made = program.offer_ids.filtered(lambda each: each.name == "Pointing")
        self.assertEqual(made.version_id[names[0]], program.offer_ids - made)
