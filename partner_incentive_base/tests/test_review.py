"""Quarterly reviews: figures, decisions and what they do, cadence, announcements."""

from datetime import date
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..engine.performance import Rules
from ..models.partner_incentive_performance_figures import SUMS
from .test_performance import Q1, Q2, PerformanceCommon

TODAY = date(2026, 7, 10)


class ReviewCommon(PerformanceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(
            patch.object(fields.Date, "context_today", lambda *_args: TODAY)
        )
        cls.env["partner.incentive.performance"].sudo().search([]).unlink()
        cls.review = cls._create_review()

    @classmethod
    def _create_review(cls, user="user", **values):
        return (
            cls.env["partner.incentive.review"]
            .with_user(cls.users[user])
            .create(
                {
                    "program_id": cls.program.id,
                    "date_from": Q2.start,
                    "least_partners": 1,
                    **values,
                }
            )
            .with_user(cls.env.user)
        )

    def _line(self, offer, review=None):
        lines = (review or self.review).line_ids
        return lines.filtered(lambda line: line.offer_id == offer)

    def _as(self, record, role="manager"):
        return record.with_user(self.users[role])

    def _decide(self, **decisions):
        """Start the review, decide as asked, keep the rest, and finish it."""
        self._as(self.review, "user").action_start()
        for line in self.review.line_ids:
            self._as(line).write({"decision": "keep"})
        self._as(self._line(self.offer_all)).write(decisions)
        self._as(self.review).action_decide()


@tagged("post_install", "-at_install")
class TestReview(ReviewCommon):
    # -------------------------------------------------------------------- figures

    def test_lines_have_the_figures_of_two_quarters(self):
        self.assertEqual(self.review.line_ids.offer_id, self.offers)
        self.assertEqual((self.review.date_from, self.review.date_to), tuple(Q2))
        self.assertEqual(self.review.as_of, Q2.end)
        for offer in self.offers:
            line = self._line(offer)
            for name in SUMS:
                self.assertEqual(line[name], self._row(offer, Q2)[name], name)
                self.assertEqual(line.before[name], self._row(offer, Q1)[name], name)
            self.assertAlmostEqual(
                line.before_gross_romi, self._row(offer, Q1).gross_romi
            )

    def test_suggestion_with_its_reasons_in_words(self):
        line = self._line(self.offer_all)
        self.assertAlmostEqual(line.incremental_romi, (100 - 80) / 80)
        self.review.write({"retire_romi": 0.5, "double_romi": 2})
        self.assertEqual(line.suggestion, "adjust")
        self.assertIn("25 %", line.suggestion_reason)
        self.assertIn("50 %", line.suggestion_reason)
        self.review.write({"least_partners": 4})
        self.assertEqual(line.suggestion, "keep")
        self.assertIn("Too few cases", line.suggestion_reason)

    def test_every_reason_has_words(self):
        line = self._line(self.offer_all)
        for code in (
            "no_sales",
            "few_eligible",
            "few_earning",
            "unused",
            "unreached",
            "no_cost",
            "no_history",
            "incremental_loss",
            "incremental_loss_twice",
            "gross_loss",
            "gross_loss_twice",
            "romi_falls",
            "costly",
            "overlaps",
            "rarely_used",
            "pays",
            "used",
            "as_expected",
        ):
            text = line._describe_reason(code, "3", "2")
            self.assertNotIn("%(", text)
            self.assertTrue(text)

    def test_a_day_becomes_its_quarter(self):
        review = self._create_review(date_from=date(2026, 2, 14))
        self.assertEqual((review.date_from, review.date_to), tuple(Q1))
        self.assertEqual(review.next_date, date(2026, 7, 1))
        self.assertIn("Q1 2026", review.name)

    def test_one_review_per_quarter_and_program(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(Exception) as caught,
            self.env.cr.savepoint(),
        ):
            self._create_review(date_from=date(2026, 5, 5))
        self.assertIn("review", str(caught.exception))
        self._create_review(program_id=False)

    def test_thresholds_begin_as_those_of_the_last_review(self):
        self.assertEqual(self.review.double_romi, float(Rules().double_romi))
        self.review.write({"double_romi": 7})
        latest = self._create_review(program_id=False, date_from=date(2026, 7, 1))
        self.assertEqual(latest.double_romi, 7)

    def test_thresholds_make_sense(self):
        for values in (
            {"least_partners": 0},
            {"least_adoption": 1.2},
            {"romi_fall": -0.1},
            {"double_romi": -1},
        ):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.review.write(values)

    def test_figures_follow_the_books_until_decided(self):
        line = self._line(self.offer_all)
        bookings = line.bookings
        self._invoice(self.partner_3, date(2026, 5, 2), 60.0)
        self._as(self.review, "user").action_update()
        self.assertAlmostEqual(line.bookings, bookings + 60)
        self._decide(decision="keep")
        self._invoice(self.partner_3, date(2026, 5, 3), 70.0)
        with self.assertRaises(UserError):
            self._as(self.review).action_update()
        self.assertAlmostEqual(line.bookings, bookings + 60)

    # ------------------------------------------------------------------ decisions

    def test_keep_changes_nothing(self):
        self._decide(decision="keep")
        self.assertEqual(self.review.state, "decided")
        self.assertEqual(self.review.decided_by, self.users["manager"])
        self.assertEqual(self.offers.mapped("state"), ["published"] * 2)
        self.assertEqual(len(self.offer_all.version_ids), 1)

    def test_retire_at_once(self):
        self._decide(decision="retire", decision_note="Nobody needs it")
        self.assertEqual(self.offer_all.state, "retired")
        self.assertEqual(self.offer_all.retired_on, TODAY)

    def test_retire_on_a_later_day(self):
        self._decide(
            decision="retire",
            decision_note="Runs out",
            retire_on=date(2026, 9, 30),
        )
        self.assertEqual(self.offer_all.state, "published")
        self.assertEqual(self.offer_all.retirement_date, date(2026, 9, 30))
        self.assertEqual(self.offer_all._get_end_date(), date(2026, 9, 30))
        self._invoice(self.partner_1, date(2026, 9, 30), 100.0)
        self._invoice(self.partner_1, date(2026, 10, 1), 1000.0)
        entitled = self._entitled(self.offer_all, self.partner_1, date(2026, 11, 1))
        # 10 % of all products and services of the year up to the day
        self.assertAlmostEqual(entitled, 0.1 * (1400 + 800 + 100))
        Offer = self.env["partner.incentive.offer"]
        with patch.object(
            fields.Date, "context_today", lambda *_args: date(2026, 9, 30)
        ):
            Offer._cron_retire()
            self.assertEqual(self.offer_all.state, "published")
        with patch.object(
            fields.Date, "context_today", lambda *_args: date(2026, 10, 3)
        ):
            Offer._cron_retire()
        self.assertEqual(self.offer_all.state, "retired")
        self.assertEqual(self.offer_all.retired_on, date(2026, 9, 30))
        self.assertFalse(self.offer_all.retirement_date)

    def test_an_end_to_come_can_be_taken_back(self):
        self._decide(
            decision="retire", decision_note="Runs out", retire_on=date(2026, 9, 30)
        )
        for role in ("user", "finance", "auditor"):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self._as(self.offer_all, role).action_cancel_retirement()
            self._refuses(role, self.offer_all, {"retirement_date": False})
        self._as(self.offer_all).action_cancel_retirement()
        self.assertFalse(self.offer_all.retirement_date)
        self.assertEqual(self.offer_all._get_end_date(), date(2026, 12, 31))

    def test_nothing_earned_is_taken_back_by_retiring(self):
        self._as(self.review, "user").action_start()
        with self.assertRaises(ValidationError):
            self._as(self._line(self.offer_all)).write(
                {"decision": "retire", "retire_on": date(2026, 7, 9)}
            )

    def test_adjust_drafts_the_next_version(self):
        published = self.offer_all.version_id
        self._decide(decision="adjust", decision_note="Too costly", change_percent=-20)
        draft = self._line(self.offer_all).version_id
        self.assertEqual(self.offer_all.version_id, draft)
        self.assertEqual((draft.state, draft.number), ("draft", 2))
        self.assertEqual(draft.effective_date, date(2026, 10, 1))
        self.assertEqual(draft.change_reason, "Too costly")
        self.assertEqual(draft.bracket_ids.mapped("rate"), [8])
        self.assertEqual(published.bracket_ids.mapped("rate"), [10])
        self.assertEqual(published.state, "published")
        self.assertEqual(self.offer_all.state, "published")
        action = self.review.action_view_revisions()
        self.assertEqual(
            self.env["partner.incentive.offer"].search(action["domain"]),
            self.offer_all,
        )

    def test_double_down_raises_the_rates(self):
        self._decide(
            decision="double_down", decision_note="It works", change_percent=50
        )
        draft = self._line(self.offer_all).version_id
        self.assertEqual(draft.bracket_ids.mapped("rate"), [15])

    def _decide_on(self, day, **decisions):
        with patch.object(fields.Date, "context_today", lambda *_args: day):
            self._decide(decision="adjust", decision_note="Too costly", **decisions)

    def test_a_change_at_the_end_of_the_year_holds_while_the_offer_runs(self):
        """The next quarter is that of another program's year."""
        self.assertEqual(self.offer_all._get_end_date(), date(2026, 12, 31))
        self._decide_on(date(2026, 11, 10))
        draft = self._line(self.offer_all).version_id
        self.assertEqual(draft.effective_date, date(2026, 11, 11))

    def test_a_change_that_comes_too_late_is_refused(self):
        with (
            self.assertRaisesRegex(UserError, "next year"),
            self.env.cr.savepoint(),
        ):
            self._decide_on(date(2026, 12, 31))
        self.assertEqual(self.review.state, "draft")
        self.assertEqual(len(self.offer_all.version_ids), 1)

    def test_a_version_after_the_end_is_not_published(self):
        self._decide(decision="adjust", decision_note="Too costly")
        draft = self._line(self.offer_all).version_id
        draft.effective_date = date(2027, 1, 1)
        self._as(self.offer_all).action_submit()
        with self.assertRaisesRegex(UserError, "after the offer ends"):
            self._as(self.offer_all, "admin").action_publish()

    def test_an_open_revision_is_not_written_over(self):
        self.offer_all.action_revise()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._decide(decision="adjust", decision_note="Again")
        self.assertEqual(len(self.offer_all.version_ids), 2)
        self.assertNotEqual(self.review.state, "decided")

    def test_a_change_has_a_reason(self):
        for decision in ("retire", "adjust", "double_down"):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self._decide(decision=decision)
        self.assertEqual(self.offer_all.state, "published")

    def test_every_offer_is_decided(self):
        self._as(self.review, "user").action_start()
        self._as(self._line(self.offer_all)).write({"decision": "keep"})
        with self.assertRaises(UserError) as caught:
            self._as(self.review).action_decide()
        self.assertIn(self.offer_service.name, str(caught.exception))

    def test_accepting_takes_reasons_along(self):
        self._as(self.review, "user").action_start()
        line = self._line(self.offer_all)
        self._as(line).action_accept_suggestion()
        self.assertEqual(line.decision, line.suggestion)
        self.assertEqual(line.decision_note, line.suggestion_reason)
        self.assertEqual(line.decided_by, self.users["manager"])
        self.assertTrue(line.decided_on)

    def test_rates_cannot_fall_to_nothing(self):
        self._as(self.review, "user").action_start()
        with self.assertRaises(ValidationError):
            self._as(self._line(self.offer_all)).write({"change_percent": -100})

    # --------------------------------------------------------------------- access

    def _refuses(self, role, record, values):
        for context in ({}, {"incentive_transition": True}):
            with (
                self.subTest(role=role, values=values, context=context),
                mute_logger("odoo.models", "odoo.addons.base.models.ir_model"),
                self.assertRaises(UserError),
                self.env.cr.savepoint(),
            ):
                self._as(record, role).with_context(**context).write(values)

    def test_only_a_manager_decides(self):
        self._refuses("user", self.review, {"state": "decided"})
        self._refuses("manager", self.review, {"state": "decided"})
        self._as(self.review, "user").action_start()
        line = self._line(self.offer_all)
        for role in ("user", "finance", "compliance", "auditor"):
            self._refuses(role, line, {"decision": "retire"})
            self._refuses(role, line, {"decision_note": "Mine"})
            self._refuses(role, self.review, {"state": "decided"})
        for line in self.review.line_ids:
            self._as(line).write({"decision": "keep"})
        for role in ("user", "finance", "auditor"):
            self._refuses(role, self.review, {"state": "decided"})
            self._refuses(role, self.review, {"state": "draft"})
        self._as(self.review).write({"state": "decided"})
        self.assertEqual(self.review.decided_by, self.users["manager"])

    def test_nobody_writes_figures_or_stamps(self):
        self._as(self.review, "user").action_start()
        line = self._line(self.offer_all)
        for role in ("user", "manager", "admin"):
            for values in (
                {"bookings": 1},
                {"suggestion": "retire"},
                {"reasons": []},
                {"decided_by": self.users["user"].id},
                {"decision": "keep", "cost": 5},
                {"version_id": False},
            ):
                self._refuses(role, line, values)
            self._refuses(role, self.review, {"decided_by": self.users[role].id})
            self._refuses(role, self.review, {"as_of": date(2026, 1, 1)})
            self._refuses(role, self.review, {"line_ids": [Command.clear()]})
            self._refuses(role, self.review, {"state": "decided", "note": "<p>x</p>"})

    def test_decisions_wait_for_the_start(self):
        self._refuses("manager", self._line(self.offer_all), {"decision": "keep"})

    def test_a_review_starts_as_a_draft(self):
        review = self._create_review(
            user="manager",
            program_id=False,
            state="decided",
            decided_by=self.users["manager"].id,
            line_ids=[Command.create({"offer_id": self.offer_all.id})],
        )
        self.assertEqual(review.state, "draft")
        self.assertFalse(review.decided_by)
        self.assertEqual(review.line_ids.offer_id, self.offers)

    def test_a_decided_review_does_not_change(self):
        self._decide(decision="keep")
        for role in ("user", "manager", "admin"):
            for values in (
                {"state": "draft"},
                {"state": "review"},
                {"note": "<p>Other</p>"},
                {"double_romi": 9},
                {"user_id": self.users["user"].id},
                {"program_id": False},
            ):
                self._refuses(role, self.review, values)
            self._refuses(role, self._line(self.offer_all), {"decision": "retire"})
        with self.assertRaises(UserError):
            self.review.with_user(self.users["admin"]).unlink()
        with self.assertRaises(UserError):
            self.review.sudo().write({"note": "<p>Other</p>"})

    def test_portal_and_outsiders_see_nothing(self):
        for user in (self.portal_1, self.portal_2):
            for record in (self.review, self.review.line_ids):
                with (
                    mute_logger("odoo.models", "odoo.addons.base.models.ir_model"),
                    self.assertRaises(AccessError),
                ):
                    record.with_user(user).read(["id"])

    def test_another_company_sees_nothing(self):
        other = self.setup_other_company()["company"]
        manager = self.users["manager"].copy(
            {
                "login": "elsewhere",
                "company_id": other.id,
                "company_ids": [Command.set(other.ids)],
            }
        )
        for model in ("review", "review.line", "performance"):
            self.assertFalse(
                self.env[f"partner.incentive.{model}"].with_user(manager).search([])
            )

    def test_the_form(self):
        self._as(self.review, "user").action_start()
        with Form(self._as(self.review)) as form:
            for index in range(len(self.review.line_ids)):
                with form.line_ids.edit(index) as line:
                    line.decision = "adjust"
                    line.decision_note = "Because"
                    line.change_percent = 10
        self.assertEqual(self.review.open_count, 0)
        self._as(self.review).action_decide()
        self.assertEqual(self.review.revision_count, 2)

    # -------------------------------------------------------------------- cadence

    def test_a_cadence_makes_the_review_that_is_due(self):
        Review = self.env["partner.incentive.review"]
        self._decide(decision="keep")
        self.program.write({"review_cadence": "quarter"})
        Review._cron_prepare()
        own = Review.search([("program_id", "=", self.program.id)])
        self.assertEqual(own, self.review)
        with patch.object(
            fields.Date, "context_today", lambda *_args: date(2026, 10, 1)
        ):
            Review._cron_prepare()
            Review._cron_prepare()
        own = Review.search([("program_id", "=", self.program.id)]) - self.review
        self.assertEqual(len(own), 1)
        self.assertEqual(own.date_from, date(2026, 7, 1))
        self.assertEqual(own.user_id, self.program.user_id)
        activity = own.activity_ids
        self.assertEqual(activity.user_id, own.user_id)
        self.assertEqual(activity.date_deadline, date(2026, 10, 21))
        self.assertEqual(own.line_ids.offer_id, self.offers)

    def test_a_yearly_cadence_waits_for_the_year(self):
        Review = self.env["partner.incentive.review"]
        self.program.write({"review_cadence": "year"})
        Review._cron_prepare()
        self.assertEqual(
            Review.search([("program_id", "=", self.program.id)]), self.review
        )
        with patch.object(
            fields.Date, "context_today", lambda *_args: date(2027, 1, 2)
        ):
            Review._cron_prepare()
        latest = Review.search([("program_id", "=", self.program.id)], limit=1)
        self.assertEqual(latest.date_from, date(2026, 10, 1))

    def test_the_next_review_comes_on_its_day(self):
        Review = self.env["partner.incentive.review"]
        self._decide(decision="keep")
        with patch.object(
            fields.Date, "context_today", lambda *_args: date(2026, 9, 30)
        ):
            Review._cron_prepare()
        self.assertEqual(len(Review.search([])), 1)
        with patch.object(
            fields.Date, "context_today", lambda *_args: date(2026, 10, 1)
        ):
            Review._cron_prepare()
            Review._cron_prepare()
        latest = Review.search([]) - self.review
        self.assertEqual(latest.date_from, date(2026, 7, 1))
        self.assertEqual(latest.user_id, self.review.user_id)

    def test_deciding_closes_the_activity(self):
        self.review.activity_schedule(
            "partner_incentive_base.mail_activity_review",
            user_id=self.users["manager"].id,
        )
        self._decide(decision="keep")
        self.assertFalse(self.review.activity_ids)


@tagged("post_install", "-at_install")
class TestAnnouncement(ReviewCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal_1.partner_id.email = "one@example.com"
        cls.portal_2.partner_id.email = "two@example.com"
        cls.partner_3.email = "three@example.com"
        cls.customer.email = "customer@example.com"

    def _open(self, role="manager"):
        line = self._line(self.offer_all)
        action = self._as(line, role).action_announce()
        return (
            self.env[action["res_model"]]
            .with_user(self.users[role])
            .browse(action["res_id"])
        )

    def _mails(self):
        return (
            self.env["mail.mail"]
            .sudo()
            .search([("subject", "=like", f"{self.offer_all.name}%")])
        )

    def _retire(self):
        self._decide(
            decision="retire",
            decision_note="It costs more than it brings",
            retire_on=date(2026, 9, 30),
        )

    def test_nothing_goes_out_before_it_was_looked_at(self):
        self._retire()
        self.assertFalse(self._mails())
        wizard = self._open()
        self.assertFalse(self._mails())
        self.assertIn("It costs more than it brings", wizard.body)
        self.assertIn("30", wizard.body)
        self.assertIn(self.offer_all.name, wizard.subject)
        self.assertEqual(
            wizard.contact_ids,
            self.portal_1.partner_id | self.portal_2.partner_id | self.partner_3,
        )
        wizard.action_send()
        mails = self._mails()
        self.assertEqual(len(mails), 3)
        for mail in mails:
            self.assertEqual(len(mail.recipient_ids), 1, "no partner learns of another")
            self.assertIn("It costs more than it brings", mail.body_html)
        self.assertEqual(mails.recipient_ids, wizard.contact_ids)
        self.assertTrue(self._line(self.offer_all).announced_on)
        note = self.offer_all.message_ids[0].body
        for contact in wizard.contact_ids:
            self.assertIn(contact.display_name, note)
        for mail in mails:
            self.assertIn("Open on the portal", mail.body_html)

    def test_what_was_edited_is_what_is_sent(self):
        self._retire()
        wizard = self._open()
        wizard.write(
            {
                "subject": f"{self.offer_all.name} says goodbye",
                "body": "<p>Thank you.</p>",
                "contact_ids": [Command.set(self.portal_1.partner_id.ids)],
            }
        )
        wizard.action_send()
        mail = self._mails()
        self.assertEqual(mail.recipient_ids, self.portal_1.partner_id)
        self.assertIn("Thank you.", mail.body_html)

    def _speak_french(self):
        """Contacts of partner one read French; the template is there in French."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.portal_1.partner_id.lang = "fr_FR"
        template = self.env.ref("partner_incentive_base.mail_template_offer_change")
        template.with_context(lang="fr_FR").write(
            {
                "subject": "{{ object.name }} : ce qui change",
                "body_html": "<p>Cher partenaire, <t t-out='reason'/></p>",
            }
        )

    def test_what_was_proposed_is_sent_in_each_contacts_language(self):
        self._speak_french()
        self._retire()
        wizard = self._open()
        # another reason is another proposal
        with Form(wizard) as form:
            form.reason = "It costs far more than it brings"
        self.assertIn("far more", wizard.body)
        wizard.action_send()
        texts = {
            mail.recipient_ids: (mail.subject, mail.body_html) for mail in self._mails()
        }
        self.assertEqual(len(texts), 3)
        for contact, (subject, body) in texts.items():
            french = contact == self.portal_1.partner_id
            self.assertEqual("ce qui change" in subject, french)
            self.assertEqual("Cher partenaire" in body, french)
            self.assertEqual("Dear partner" in body, not french)
            self.assertIn("It costs far more than it brings", body)

    def test_an_edited_text_is_sent_to_everybody_as_it_is(self):
        self._speak_french()
        self._retire()
        for number, values in enumerate(
            ({"body": "<p>Thank you.</p>"}, {"subject": "%s ends"})
        ):
            if "subject" in values:
                values = {"subject": values["subject"] % self.offer_all.name}
            wizard = self._open()
            wizard.write(values)
            before = self._mails()
            wizard.action_send()
            mails = self._mails() - before
            self.assertEqual(len(mails), 3, number)
            self.assertEqual(set(mails.mapped("subject")), {wizard.subject})
            for mail in mails:
                self.assertNotIn("Cher partenaire", mail.body_html)

    def test_only_affected_partners_can_be_told(self):
        self._retire()
        wizard = self._open()
        wizard.write({"contact_ids": [Command.set(self.outsider.partner_id.ids)]})
        with self.assertRaises(UserError):
            wizard.action_send()
        self.assertFalse(self._mails())

    def test_only_a_manager_announces(self):
        self._retire()
        with self.assertRaises(UserError):
            self._open("user")
        wizard = self.env["partner.incentive.announce"].with_user(self.users["user"])
        with self.assertRaises(UserError):
            wizard.create(
                {"offer_id": self.offer_all.id, "reason": "Mine"}
            ).action_send()
        self.assertFalse(self._mails())

    def test_a_draft_is_announced_when_it_is_published(self):
        self._decide(decision="adjust", decision_note="Too costly", change_percent=-20)
        with self.assertRaises(UserError):
            self._open()
        self.offer_all.with_user(self.users["user"]).action_submit()
        self.offer_all.with_user(self.users["manager"]).action_publish()
        wizard = self._open()
        self.assertIn("Too costly", wizard.body)

    def test_contacts_who_do_not_want_such_mails_get_none(self):
        self.partner_3.incentive_muted_event_ids = self.env[
            "partner.incentive.event"
        ].search([("code", "=", "announcement")])
        self._retire()
        wizard = self._open()
        self.assertEqual(wizard.without_mail, self.partner_3.name)
        wizard.action_send()
        self.assertNotIn(self.partner_3, self._mails().recipient_ids)
        self.assertEqual(len(self._mails()), 2)

    def test_contacts_without_an_address_are_named(self):
        self.partner_3.email = False
        self._retire()
        wizard = self._open()
        self.assertEqual(wizard.without_mail, self.partner_3.name)
        self.assertEqual(wizard.contact_count, 2)
        wizard.action_send()
        self.assertEqual(len(self._mails()), 2)
