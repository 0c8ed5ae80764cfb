from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class PartnerCertification(models.Model):
    """What a person of a partner is certified in, from when to when.

    ========= ======== =========== ==============================================
    Action    Who      From        Restriction
    ========= ======== =========== ==============================================
    pass      Manager  in progress the prerequisites must be held on that day
    fail      Manager  in progress
    revoke    Manager  passed      with a reason
    ========= ======== =========== ==============================================

    A passed exam of Odoo's surveys passes by itself. Certifications of earlier systems
    are imported with their dates; expiry follows from the program.
    """

    _name = "partner.certification"
    _description = "Certification"
    _inherit = ["partner.tiering.workflow", "mail.thread", "mail.activity.mixin"]
    _order = "date_issue desc, id desc"
    _rec_name = "program_id"
    _transitions = {
        ("progress", "passed"): "manager",
        ("progress", "failed"): "manager",
        ("failed", "progress"): "user",
        ("passed", "revoked"): "manager",
    }
    _frozen_states = ("passed", "revoked")
    _frozen_fields = ("person_id", "program_id", "date_issue")

    person_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    partner_id = fields.Many2one(
        related="person_id.commercial_partner_id",
        string="Partner",
        store=True,
        index=True,
        precompute=True,
    )
    program_id = fields.Many2one(
        "partner.certification.program",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    company_id = fields.Many2one(
        related="program_id.company_id", store=True, index=True, precompute=True
    )
    level = fields.Selection(related="program_id.level", store=True)
    state = fields.Selection(
        [
            ("progress", "In progress"),
            ("passed", "Passed"),
            ("failed", "Failed"),
            ("revoked", "Revoked"),
        ],
        default="progress",
        required=True,
        index=True,
        copy=False,
        tracking=True,
    )
    date_issue = fields.Date(string="Passed on", copy=False, tracking=True)
    date_expiry = fields.Date(
        string="Expires on",
        compute="_compute_date_expiry",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        index=True,
        tracking=True,
    )
    number = fields.Char(string="Certificate number", copy=False)
    progress = fields.Float(
        string="Pathway (%)",
        compute="_compute_progress",
        help="Part of the pathway to this program that the person holds.",
    )
    is_held = fields.Boolean(
        string="Held", compute="_compute_is_held", search="_search_is_held"
    )
    survey_input_id = fields.Many2one(
        "survey.user_input",
        string="Exam taken",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    revoke_reason = fields.Char(tracking=True)

    _dates_order = models.Constraint(
        "CHECK (date_expiry IS NULL OR date_issue IS NULL "
        "OR date_expiry >= date_issue)",
        "A certification cannot expire before it was passed.",
    )
    _once_per_day = models.UniqueIndex(
        "(person_id, program_id, date_issue) WHERE state = 'passed'",
        "The person passed this program on that day already.",
    )

    @api.depends("date_issue", "program_id.validity_months")
    def _compute_date_expiry(self):
        for certification in self:
            months = certification.program_id.validity_months
            issue = certification.date_issue
            if certification.date_expiry and certification._origin.date_issue == issue:
                continue
            certification.date_expiry = (
                issue + relativedelta(months=months) if issue and months else False
            )

    @api.depends("state", "date_issue", "date_expiry")
    def _compute_is_held(self):
        today = fields.Date.context_today(self)
        for certification in self:
            certification.is_held = certification._is_held_on(today)

    def _is_held_on(self, day):
        self.ensure_one()
        return (
            self.state == "passed"
            and bool(self.date_issue)
            and self.date_issue <= day
            and (not self.date_expiry or self.date_expiry >= day)
        )

    def _search_is_held(self, operator, value):
        if operator != "in" or len(value) != 1:
            return NotImplemented
        today = fields.Date.context_today(self)
        held = (
            fields.Domain("state", "=", "passed")
            & fields.Domain("date_issue", "<=", today)
            & (
                fields.Domain("date_expiry", "=", False)
                | fields.Domain("date_expiry", ">=", today)
            )
        )
        return held if True in value else ~held

    @api.depends("person_id", "program_id", "state", "date_issue")
    def _compute_progress(self):
        today = fields.Date.context_today(self)
        held = self.search([("person_id", "in", self.person_id.ids)]).filtered(
            lambda certification: certification._is_held_on(today)
        )
        for certification in self:
            program = certification.program_id
            path = program._get_pathway() if program else program
            own = held.filtered(lambda c, p=certification.person_id: c.person_id == p)
            certification.progress = (
                100 * len(path & own.program_id) / len(path) if path else 0
            )

    @api.constrains("state", "date_issue")
    def _check_date_issue(self):
        for certification in self:
            if certification.state == "passed" and not certification.date_issue:
                raise ValidationError(
                    self.env._("Enter on which day the program was passed.")
                )

    def _check_requirements(self, old, new):
        if new == "revoked" and not self.revoke_reason:
            raise UserError(self.env._("Enter why the certification is revoked."))
        if new == "passed" and not self.env.su:
            day = self.date_issue or fields.Date.context_today(self)
            missing = self._get_missing_prerequisites(day)
            if missing:
                raise UserError(
                    self.env._(
                        "%(person)s does not hold %(programs)s, which come before "
                        "%(program)s.",
                        person=self.person_id.name,
                        programs=", ".join(missing.mapped("name")),
                        program=self.program_id.name,
                    )
                )

    def _get_missing_prerequisites(self, day):
        held = self.search([("person_id", "=", self.person_id.id)]).filtered(
            lambda certification: certification._is_held_on(day)
        )
        return self.program_id.prerequisite_ids - held.program_id

    def write(self, vals):
        if vals.get("state") == "passed" and "date_issue" not in vals:
            undated = self.filtered(lambda c: not c.date_issue)
            super(PartnerCertification, undated).write(
                {"date_issue": fields.Date.context_today(self)}
            )
        return super().write(vals)

    def _on_move(self, old, new):
        if new == "passed":
            self.env["partner.milestone"]._reach(
                "trained", self.partner_id, self.date_issue, self
            )
            self.env["partner.milestone"]._award(
                "badge_certified",
                self.person_id.sudo().user_ids,
                self.program_id.name,
            )

    def action_pass(self):
        return self.write({"state": "passed"})

    def action_fail(self):
        return self.write({"state": "failed"})

    def action_retry(self):
        return self.write({"state": "progress"})

    def action_revoke(self):
        return self.write({"state": "revoked"})

    @api.model_create_multi
    def create(self, vals_list):
        """Managers enter, or import, certifications that are held already."""
        states = [vals.get("state") for vals in vals_list]
        certifications = super().create(vals_list)
        if self.env.user.has_group("partner_incentive_base.group_incentive_manager"):
            for certification, state in zip(certifications, states, strict=True):
                if state and state != certification.state:
                    # whether prerequisites were held was the earlier system's business
                    certification.sudo().write({"state": state})
        return certifications

    @api.model
    def _cron_remind_expiry(self, days=60):
        """Ask the partner's salesperson, once, to renew what expires soon."""
        today = fields.Date.context_today(self)
        soon = self.search(
            [
                ("state", "=", "passed"),
                ("date_expiry", ">=", today),
                ("date_expiry", "<=", today + relativedelta(days=days)),
                ("activity_ids", "=", False),
            ]
        )
        for certification in soon:
            user = certification.partner_id.user_id
            if user:
                certification.activity_schedule(
                    "mail.mail_activity_data_todo",
                    date_deadline=certification.date_expiry,
                    user_id=user.id,
                    summary=self.env._(
                        "%(person)s: %(program)s expires",
                        person=certification.person_id.name,
                        program=certification.program_id.name,
                    ),
                )
