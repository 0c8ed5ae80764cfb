from datetime import date

from odoo import http
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from .common import TieringCommon


@tagged("post_install", "-at_install")
class TestDeployment(TieringCommon, HttpCase):
    def test_quality_is_checklist_time_and_rating(self):
        deployment = self._deploy(self.partner_1, date(2026, 2, 1), days=90, done=1)
        self.assertEqual(deployment.time_to_value, 90)
        self.assertEqual(deployment.adherence, 75)
        # late by half the target: half the points of its part
        self.assertAlmostEqual(deployment.quality, (2 * 75 + 50) / 3, 2)
        deployment.rating_apply(3, token=deployment._rating_get_access_token())
        self.env.invalidate_all()
        self.assertAlmostEqual(deployment.quality, (2 * 75 + 50 + 50) / 4, 2)

    def test_the_customer_rates_by_a_link(self):
        deployment = self._deploy(self.partner_1, date(2026, 2, 1))
        self.authenticate(None, None)
        path = deployment._get_rating_link().partition("/rate/")[2]
        page = self.url_open(f"/rate/{path}")
        self.assertEqual(page.status_code, 200)
        token = path.split("/")[0]
        self.assertEqual(self.url_open(f"/rate/{token}x/5").status_code, 404)
        self.url_open(
            f"/rate/{token}/submit_feedback",
            data={
                "rate": "5",
                "feedback": "On time",
                "csrf_token": http.Request.csrf_token(self),
            },
        )
        self.env.invalidate_all()
        rating = deployment.rating_ids.filtered("consumed")
        self.assertEqual((rating.rating, rating.feedback), (5, "On time"))
        self.assertEqual(rating.rated_partner_id, self.partner_1)
        self.assertEqual(rating.partner_id, self.customer)

    def test_asking_for_a_rating(self):
        deployment = self._deploy(self.partner_1, date(2026, 2, 1))
        deployment.action_ask_rating()
        self.assertTrue(deployment.message_ids.filtered("mail_ids"))
        self.customer.email = False
        with self.assertRaises(UserError):
            deployment.action_ask_rating()
        planned = self.env["partner.deployment"].create(
            {
                "name": "Planned",
                "partner_id": self.partner_1.id,
                "customer_id": self.customer.id,
            }
        )
        with self.assertRaises(UserError):
            planned.action_ask_rating()

    def test_states_and_who_may(self):
        user, manager = self.users["user"], self.users["manager"]
        deployment = (
            self.env["partner.deployment"]
            .with_user(user)
            .create(
                {
                    "name": "Own",
                    "partner_id": self.partner_1.id,
                    "customer_id": self.customer.id,
                    "playbook_id": self.playbook.id,
                    "state": "validated",
                    "validated_by": user.id,
                }
            )
        )
        self.assertEqual(deployment.state, "planned")
        self.assertEqual(len(deployment.check_ids), 2)
        with self.assertRaises(UserError):
            deployment.write({"state": "live"})
        deployment.action_start()
        deployment.action_go_live()
        with self.assertRaises(AccessError):
            deployment.write({"state": "validated"})
        with self.assertRaises(AccessError):
            deployment.with_user(manager).write({"validated_on": "2026-01-01"})
        deployment.with_user(manager).action_validate()
        self.assertEqual(deployment.validated_by, manager)
        with self.assertRaises(UserError):
            deployment.with_user(manager).date_live = date(2026, 1, 1)
        with self.assertRaises(UserError):
            deployment.check_ids[0].with_user(manager).done = True

    def test_whoever_recorded_it_does_not_validate_it(self):
        manager = self.users["manager"]
        deployment = (
            self.env["partner.deployment"]
            .with_user(manager)
            .create(
                {
                    "name": "Own",
                    "partner_id": self.partner_1.id,
                    "customer_id": self.customer.id,
                }
            )
        )
        deployment.action_start()
        deployment.action_go_live()
        with self.assertRaises(UserError):
            deployment.action_validate()

    def _survey(self, **values):
        """One question: ten points, five, or none."""
        return (
            self.env["survey.survey"]
            .sudo()
            .create(
                {
                    "title": "Your new network",
                    "user_id": False,
                    "scoring_type": "scoring_without_answers",
                    "question_and_page_ids": [
                        Command.create(
                            {
                                "title": "How was it?",
                                "question_type": "simple_choice",
                                "suggested_answer_ids": [
                                    Command.create(
                                        {
                                            "value": str(score),
                                            "answer_score": score,
                                            "is_correct": score == 10,
                                        }
                                    )
                                    for score in (10, 5, 0)
                                ],
                            }
                        )
                    ],
                    **values,
                }
            )
        )

    def _answer(self, user_input, choice):
        question = user_input.survey_id.question_ids
        user_input.predefined_question_ids = question
        user_input._save_lines(question, str(question.suggested_answer_ids[choice].id))
        user_input._mark_done()

    def test_a_survey_of_the_customer_is_a_rating(self):
        deployment = self._deploy(self.partner_1, date(2026, 2, 1))
        self.assertIsNone(deployment._get_survey_link())
        with self.assertRaises(ValidationError):
            self.playbook.survey_id = self._survey(scoring_type="no_scoring")
        self.playbook.survey_id = survey = self._survey()
        link = deployment._get_survey_link()
        self.assertEqual(deployment._get_survey_link(), link)
        answer = survey.user_input_ids.ensure_one()
        self.assertEqual(answer.partner_id, self.customer)
        deployment.action_ask_rating()
        self.assertIn(answer.access_token, deployment.message_ids[0].mail_ids.body_html)
        self.authenticate(None, None)
        path = "/survey" + link.partition("/survey")[2]
        self.assertEqual(self.url_open(path).status_code, 200)
        self._answer(answer, 1)
        rating = deployment.rating_ids.filtered("consumed")
        self.assertEqual((rating.rating, rating.partner_id), (3, self.customer))
        self.assertNotEqual(deployment._get_survey_link(), link)

    def test_a_passed_exam_certifies(self):
        survey = self._survey(scoring_success_min=80, certification=True)
        self.program_1.survey_id = survey
        person = self.env["res.partner"].create(
            {"name": "Person", "parent_id": self.partner_1.id, "email": "p@p.example"}
        )
        for choice, held in ((1, False), (0, True)):
            exam = survey._create_answer(partner=person, check_attempts=False)
            self._answer(exam, choice)
            certification = self.env["partner.certification"].search(
                [("person_id", "=", person.id), ("state", "=", "passed")]
            )
            self.assertEqual(bool(certification), held)
        self.assertEqual(certification.survey_input_id, exam)

    def test_evidence_and_stories(self):
        deployment = self._deploy(self.partner_1, date(2026, 2, 1), done=0)
        check = deployment.check_ids[0]
        check.evidence_required = True
        with self.assertRaises(UserError):
            check.done = True
        check.write({"done": True, "evidence": "Drawing 7"})
        with self.assertRaises(ValidationError):
            deployment.story_date = date(2026, 3, 1)

    def test_certification_pathway_and_expiry(self):
        expert = self.env["partner.certification.program"].create(
            {
                "name": "Expert",
                "validity_months": 12,
                "prerequisite_ids": [Command.set(self.program_1.ids)],
            }
        )
        with self.assertRaises(ValidationError):
            self.program_1.prerequisite_ids = expert
        person = self.env["res.partner"].create(
            {"name": "Person", "parent_id": self.partner_1.id}
        )
        certification = (
            self.env["partner.certification"]
            .with_user(self.users["user"])
            .create(
                {"person_id": person.id, "program_id": expert.id, "state": "passed"}
            )
        )
        self.assertEqual(certification.state, "progress", "a User only begins one")
        manager = certification.with_user(self.users["manager"])
        with self.assertRaises(UserError):
            manager.action_pass()
        first = self.env["partner.certification"].create(
            {
                "person_id": person.id,
                "program_id": self.program_1.id,
                "date_issue": date(2026, 1, 1),
                "state": "passed",
            }
        )
        self.assertEqual(first.state, "passed")
        self.assertEqual(first.date_expiry, date(2028, 1, 1))
        self.env.invalidate_all()
        self.assertEqual(certification.progress, 50)
        manager.date_issue = date(2026, 6, 1)
        manager.action_pass()
        self.assertEqual(certification.date_expiry, date(2027, 6, 1))
        self.assertTrue(certification._is_held_on(date(2027, 6, 1)))
        self.assertFalse(certification._is_held_on(date(2027, 6, 2)))
        with self.assertRaises(UserError):
            manager.action_revoke()
        manager.revoke_reason = "Cheated"
        manager.action_revoke()
        self.assertFalse(certification._is_held_on(date(2026, 7, 1)))

    def test_a_session_has_so_many_seats(self):
        session = self.env["partner.enablement.session"].create(
            {"name": "Workshop", "date": "2026-12-01 10:00:00", "seats": 1}
        )
        one, two = self.env["res.partner"].create(
            [{"name": name, "parent_id": self.partner_1.id} for name in ("A", "B")]
        )
        session._register_person(one)
        session._register_person(one)
        self.assertEqual(session.registered_count, 1)
        with self.assertRaises(UserError):
            session._register_person(two)
        session.attendance_ids.state = "withdrawn"
        session._register_person(two)
        self.assertEqual(session.registered_count, 1)
