from odoo import fields, models


class SurveyUserInput(models.Model):
    _inherit = "survey.user_input"

    deployment_id = fields.Many2one(
        "partner.deployment",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="Whose customer says how satisfied it is.",
    )

    def _mark_done(self):
        """A passed exam of a certification program makes the certification, and what
        a customer says of a deployment is a rating of it."""
        result = super()._mark_done()
        self._certify()
        self._rate()
        return result

    def _rate(self):
        """0 to 100 percent of the survey's score are 1 to 5 stars."""
        for answer in self.sudo().filtered(
            lambda each: each.deployment_id and not each.test_entry
        ):
            deployment = answer.deployment_id
            deployment.rating_apply(
                1 + min(max(answer.scoring_percentage, 0), 100) / 25,
                token=deployment._rating_get_access_token(),
                feedback=answer.survey_id.title,
            )

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
