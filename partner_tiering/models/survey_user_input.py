from odoo import fields, models


class SurveyUserInput(models.Model):
    _inherit = "survey.user_input"

    def _mark_done(self):
        """A passed exam of a certification program makes the certification."""
        result = super()._mark_done()
        self._certify()
        return result

    def _certify(self):
        programs = (
            self.env["partner.certification.program"]
            .sudo()
            .search([("survey_id", "in", self.survey_id.ids)])
        )
        if not programs:
            return
        Certification = self.env["partner.certification"].sudo()
        for exam in self.filtered(lambda e: e.scoring_success and e.partner_id):
            for program in programs.filtered(
                lambda p, e=exam: p.survey_id == e.survey_id
            ):
                open_one = Certification.search(
                    [
                        ("person_id", "=", exam.partner_id.id),
                        ("program_id", "=", program.id),
                        ("state", "=", "progress"),
                    ],
                    limit=1,
                )
                certification = open_one or Certification.create(
                    {"person_id": exam.partner_id.id, "program_id": program.id}
                )
                certification.survey_input_id = exam
                day = fields.Date.context_today(exam)
                if certification._get_missing_prerequisites(day):
                    certification.message_post(
                        body=self.env._(
                            "The exam is passed; the prerequisites are not held yet."
                        )
                    )
                    continue
                certification.write({"state": "passed", "date_issue": day})
