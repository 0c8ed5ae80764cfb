from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PartnerCertificationProgram(models.Model):
    """What a person can be certified in; what comes first makes the pathway."""

    _name = "partner.certification.program"
    _description = "Certification Program"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(index=True)
    level = fields.Selection(
        [
            ("foundation", "Foundation"),
            ("associate", "Associate"),
            ("professional", "Professional"),
            ("expert", "Expert"),
        ],
        required=True,
        default="associate",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)
    specialization_id = fields.Many2one(
        "partner.incentive.specialization", index="btree_not_null"
    )
    validity_months = fields.Integer(
        string="Valid for (months)", default=24, help="0: without end."
    )
    prerequisite_ids = fields.Many2many(
        "partner.certification.program",
        "partner_certification_prerequisite_rel",
        "program_id",
        "prerequisite_id",
        string="Prerequisites",
    )
    survey_id = fields.Many2one(
        "survey.survey",
        string="Exam",
        domain="[('certification', '=', True)]",
        index="btree_not_null",
        help="A passed exam makes the certification by itself.",
    )
    description = fields.Html(translate=True)
    certification_ids = fields.One2many("partner.certification", "program_id")
    held_count = fields.Integer(string="Held", compute="_compute_held_count")

    _validity_positive = models.Constraint(
        "CHECK (validity_months >= 0)", "The validity cannot be negative."
    )

    def _compute_held_count(self):
        today = fields.Date.context_today(self)
        counts = dict(
            self.env["partner.certification"]._read_group(
                [
                    ("program_id", "in", self.ids),
                    ("state", "=", "passed"),
                    "|",
                    ("date_expiry", "=", False),
                    ("date_expiry", ">=", today),
                ],
                ["program_id"],
                ["__count"],
            )
        )
        for program in self:
            program.held_count = counts.get(program, 0)

    @api.constrains("prerequisite_ids")
    def _check_prerequisites(self):
        if self._has_cycle("prerequisite_ids"):
            raise ValidationError(
                self.env._("A program cannot come before itself on a pathway.")
            )

    def _get_pathway(self):
        """The program with everything that comes before it, in order."""
        self.ensure_one()
        path = self.browse()
        for program in self.prerequisite_ids.sorted():
            path |= program._get_pathway()
        return path | self
