import base64

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

MAX_PDF_SIZE = 10 * 1024 * 1024


class PartnerIncentiveEnrollment(models.Model):
    """Joins a partner to a program under one version of its agreement.

    ========= ============== =========== =======================================
    Action    Who            From        Restriction
    ========= ============== =========== =======================================
    request   partner        -           on the portal
    activate  User           requested   the agreement must be accepted, if any
    accept    partner, User  any         User: on behalf, who signed is recorded
    end       User           active      from a day on; what was earned stays owed
    ========= ============== =========== =======================================
    """

    _name = "partner.incentive.enrollment"
    _description = "Incentive Enrollment"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.notified.mixin",
    ]
    _order = "date_from desc, id desc"
    _check_company_auto = True

    program_id = fields.Many2one(
        "partner.incentive.program",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    company_id = fields.Many2one(
        related="program_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        domain="[('commercial_partner_id', '=', id)]",
    )
    grade_id = fields.Many2one(related="partner_id.grade_id", string="Tier")
    state = fields.Selection(
        [("requested", "Requested"), ("active", "Active"), ("ended", "Ended")],
        default="active",
        required=True,
        index=True,
        tracking=True,
        copy=False,
    )
    date_from = fields.Date(
        string="Enrolled from",
        required=True,
        default=lambda self: fields.Date.context_today(self),
        tracking=True,
    )
    date_to = fields.Date(string="Enrolled until", copy=False, tracking=True)
    cohort = fields.Date(
        compute="_compute_cohort",
        search="_search_cohort",
        help="First day of the quarter of the partner's first enrollment.",
    )
    agreement_id = fields.Many2one(
        "partner.incentive.agreement",
        ondelete="restrict",
        domain="[('program_id', '=', program_id), ('state', '=', 'published')]",
        copy=False,
        index="btree_not_null",
    )
    accepted_on = fields.Datetime(copy=False, readonly=True)
    accepted_by = fields.Many2one("res.users", copy=False, readonly=True)
    agreement_told_id = fields.Many2one(
        "partner.incentive.agreement",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The last agreement that the partner was asked by mail to accept.",
    )
    signed_by = fields.Char(
        copy=False, help="Who signed for the partner, when accepted on its behalf."
    )
    signed_pdf = fields.Binary(string="Signed agreement", attachment=True, copy=False)
    signed_pdf_name = fields.Char(copy=False)
    payee_id = fields.Many2one(
        "res.partner",
        string="Paid to",
        ondelete="restrict",
        domain="[('commercial_partner_id', '=', id)]",
        tracking=True,
        help="Who is paid what the partner earns under this program. Empty: the "
        "partner itself.",
    )
    acceptance_ids = fields.One2many(
        "partner.incentive.acceptance", "enrollment_id", string="Accepted offers"
    )

    _enrolled_once = models.UniqueIndex(
        "(program_id, partner_id) WHERE state != 'ended'",
        "The partner is enrolled in this program already.",
    )

    @api.depends("partner_id.name", "program_id.name")
    def _compute_display_name(self):
        for enrollment in self:
            enrollment.display_name = (
                f"{enrollment.partner_id.name or ''} / "
                f"{enrollment.program_id.name or ''}"
            )

    def _compute_cohort(self):
        first = dict(
            self.sudo()._read_group(
                [("partner_id", "in", self.partner_id.ids)],
                ["partner_id"],
                ["date_from:min"],
            )
        )
        for enrollment in self:
            day = first.get(enrollment.partner_id) or enrollment.date_from
            enrollment.cohort = fields.Date.start_of(day, "quarter") if day else False

    def _search_cohort(self, operator, value):
        if operator not in ("in", "="):
            return NotImplemented
        values = value if operator == "in" else [value]
        days = {fields.Date.to_date(day) for day in values if day}
        partners = [
            partner.id
            for partner, day in self.sudo()._read_group(
                [], ["partner_id"], ["date_from:min"]
            )
            if fields.Date.start_of(day, "quarter") in days
        ]
        return [("partner_id", "in", partners)]

    @api.constrains("partner_id")
    def _check_partner(self):
        for enrollment in self:
            partner = enrollment.partner_id
            if partner.commercial_partner_id != partner:
                raise ValidationError(
                    self.env._(
                        "%(contact)s is a contact of %(company)s. Enroll "
                        "%(company)s instead, since money is owed to companies.",
                        contact=partner.name,
                        company=partner.commercial_partner_id.name,
                    )
                )

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for enrollment in self:
            if enrollment.date_to and enrollment.date_to < enrollment.date_from:
                raise ValidationError(
                    self.env._("An enrollment cannot end before it starts.")
                )

    @api.constrains("signed_pdf")
    def _check_signed_pdf(self):
        for enrollment in self.filtered("signed_pdf"):
            content = base64.b64decode(enrollment.signed_pdf)
            if len(content) > MAX_PDF_SIZE:
                raise ValidationError(
                    self.env._("The signed agreement may have 10 MB at most.")
                )
            if not content.startswith(b"%PDF-"):
                raise ValidationError(
                    self.env._("The signed agreement must be a PDF file.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            for vals in vals_list:
                vals.pop("accepted_on", None)
                vals.pop("accepted_by", None)
            if any(vals.get("payee_id") for vals in vals_list):
                self._check_may_set_payee()
        enrollments = super().create(vals_list)
        for enrollment in enrollments:
            enrollment.agreement_id = (
                enrollment.agreement_id or enrollment.program_id._get_agreement()
            )
        enrollments.partner_id._assign_baseline_grade()
        return enrollments

    def write(self, vals):
        protected = {"accepted_on", "accepted_by"} & set(vals)
        if protected and not self.env.su:
            raise AccessError(
                self.env._("Use Accept to record who accepted the agreement.")
            )
        if "payee_id" in vals:
            self._check_may_set_payee()
        requested = self.browse()
        if vals.get("state") == "active":
            self._check_can_activate()
            requested = self.filtered(lambda one: one.state == "requested")
        result = super().write(vals)
        if requested:
            requested._notify_partner(
                "partner_incentive_base.mail_template_enrollment_active", "approved"
            )
            requested.activity_unlink(["mail.mail_activity_data_todo"])
        return result

    def _get_notified_areas(self):
        return ("agreements",)

    def _get_partner_path(self):
        self.ensure_one()
        policy = self._get_told_policy()
        if policy:
            return f"/my/incentives/policies/{policy.id}"
        return f"/my/incentives/enrollments/{self.id}"

    def _get_told_policy(self):
        """The policy that the mail about this enrollment tells of, if it does."""
        return self.env["partner.incentive.policy"].browse(
            self.env.context.get("incentive_policy_id")
        )

    @api.model
    def _cron_tell_agreements(self):
        """Ask partners for their consent to agreements that are in force by now.

        Each is asked once per agreement, program by program.
        """
        programs = self.env["partner.incentive.program"].search(
            [("agreement_ids.state", "=", "published")]
        )
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(programs))
        for program in programs:
            self._tell_agreement(program)
            if not cron._commit_progress(1):
                break

    @api.model
    def _tell_agreement(self, program):
        """Ask who has not accepted the program's agreement, nor was asked before."""
        agreement = program._get_agreement()
        waiting = self.search(
            [
                ("program_id", "=", program.id),
                ("state", "!=", "ended"),
                ("agreement_told_id", "!=", agreement.id),
            ]
        ).filtered(lambda one: not one.accepted_on or one.agreement_id != agreement)
        if agreement and waiting:
            waiting.sudo().agreement_told_id = agreement
            waiting._notify_partner(
                "partner_incentive_base.mail_template_agreement", "announcement"
            )

    def _check_may_set_payee(self):
        """Who lets partners in does not decide where their money goes."""
        if not self.env.su and not self.env.user.has_group(
            "partner_incentive_base.group_incentive_finance"
        ):
            raise AccessError(
                self.env._("Only finance says who is paid instead of a partner.")
            )

    def _check_can_activate(self):
        for enrollment in self:
            agreement = (
                enrollment.agreement_id or enrollment.program_id._get_agreement()
            )
            if (
                enrollment.state == "requested"
                and agreement
                and not (enrollment.accepted_on)
            ):
                raise UserError(
                    self.env._(
                        "%s has not accepted the agreement of the program yet.",
                        enrollment.partner_id.name,
                    )
                )

    def action_activate(self):
        self.write({"state": "active"})

    def action_accept(self):
        """Accept the program's agreement on behalf of the partner."""
        self.check_access("write")
        for enrollment in self:
            if not enrollment.signed_by and not enrollment.signed_pdf:
                raise UserError(
                    self.env._(
                        "Enter who signed for %s, or attach the signed agreement, "
                        "before accepting on its behalf.",
                        enrollment.partner_id.name,
                    )
                )
        self._accept(self.env.user)

    def _accept(self, user):
        """Record that ``user`` accepted the agreement in force."""
        for enrollment in self:
            enrollment.sudo().write(
                {
                    "agreement_id": enrollment.program_id._get_agreement().id,
                    "accepted_on": fields.Datetime.now(),
                    "accepted_by": user.id,
                }
            )
            enrollment.message_post(
                body=self.env._(
                    "%(user)s accepted %(agreement)s.",
                    user=user.name,
                    agreement=enrollment.agreement_id.display_name
                    or self.env._("the program's terms"),
                )
            )

    def action_preview_portal(self):
        """The portal as the partner sees it, to read only."""
        self.ensure_one()
        return self.partner_id.action_preview_incentive_portal()

    def action_end(self):
        for enrollment in self:
            enrollment.write(
                {
                    "state": "ended",
                    "date_to": enrollment.date_to
                    or fields.Date.context_today(enrollment),
                }
            )

    def action_accept_offer(self, offer, user=None):
        """Accept an opt-in offer in its version in force."""
        self.check_access("write")
        return self._accept_offer(offer, user or self.env.user)

    def _accept_offer(self, offer, user):
        version = offer._get_published_versions()[-1:]
        if not version:
            raise UserError(self.env._("%s is not published.", offer.name))
        return (
            self.env["partner.incentive.acceptance"]
            .sudo()
            .create(
                [
                    {
                        "enrollment_id": enrollment.id,
                        "version_id": version.id,
                        "user_id": user.id,
                    }
                    for enrollment in self
                    if version not in enrollment.acceptance_ids.version_id
                ]
            )
        )

    @api.model
    def _get_scope_query(self, version, any_date=False):
        """Whose lines count for whom under a version of an offer, and when.

        :param any_date: whoever is eligible on some day is so on every day
        :return: SQL of ``(role, partner_id, earner_id, member_id, segment_id, priority,
            valid)``; a lower priority wins where rows cover the same partner and day.
            The member is whom money is owed to: the earner, or who it is of a pool.
            Equal for versions with the same partners, so that these are looked up
            once.
        """
        self.flush_model()
        self.env["partner.incentive.acceptance"].flush_model()
        self.env["res.partner"].flush_model()
        parts = [self._get_named_query(version)] + [
            SQL(
                "SELECT partner_id, partner_id AS earner_id, 0 AS depth, valid "
                "FROM (%s) AS membership",
                segment._get_membership_query(),
            )
            for segment in version._get_segments()
        ]
        offer = version.offer_id
        ladders = version._get_ladder_segments().sorted()
        base = SQL(
            """
            SELECT member.partner_id, member.earner_id, member.depth,
                   %(valid)s AS valid
              FROM (%(members)s) AS member
              JOIN partner_incentive_enrollment AS enrollment
                ON enrollment.partner_id = member.earner_id
               AND enrollment.program_id = %(program)s
               AND enrollment.state IN ('active', 'ended')
              %(acceptance)s
            """,
            members=SQL(" UNION ALL ").join(SQL("(%s)", part) for part in parts),
            program=offer.program_id.id,
            valid=SQL("daterange(NULL, NULL)")
            if any_date
            else self._get_validity(version),
            acceptance=self._get_acceptance_join(version),
        )
        rows = [SQL("SELECT *, 0 AS segment_id, 999 AS place FROM base")]
        for place, segment in enumerate(ladders):
            rows.append(
                SQL(
                    """
                    SELECT base.partner_id, base.earner_id, base.depth,
                           base.valid * membership.valid, %s, %s
                      FROM base
                      JOIN (%s) AS membership
                        ON membership.partner_id = base.earner_id
                    """,
                    segment.id,
                    place,
                    segment._get_membership_query(),
                )
            )
        return SQL(
            """
            WITH base AS (%(base)s)
            SELECT %(role)s AS role, partner_id,
                   %(earner)s AS earner_id, row.earner_id AS member_id, segment_id,
                   depth * 1000 + place AS priority, valid
              FROM (%(rows)s) AS row
             WHERE NOT isempty(valid)
            """,
            base=base,
            role=version.credit_role,
            earner=SQL("0") if version.pooled else SQL("earner_id"),
            rows=SQL(" UNION ALL ").join(SQL("(%s)", row) for row in rows),
        )

    def _get_validity(self, version):
        """Range of days on which a member's lines count."""
        if version.count_before_enrollment:
            return SQL("daterange(NULL, enrollment.date_to, '[]') * member.valid")
        enrolled = SQL(
            "daterange(enrollment.date_from, enrollment.date_to, '[]') * member.valid"
        )
        if version.offer_id.opt_in:
            return SQL("%s * daterange(acceptance.date, NULL)", enrolled)
        return enrolled

    def _get_acceptance_join(self, version):
        """An opt-in offer counts from its acceptance on."""
        if not version.offer_id.opt_in:
            return SQL()
        asked = version.offer_id.version_ids.filtered(
            lambda other: other.requires_acceptance and other.number <= version.number
        )
        return SQL(
            """
            JOIN (
                SELECT acceptance.enrollment_id, MIN(acceptance.date) AS date
                  FROM partner_incentive_acceptance AS acceptance
                  JOIN partner_incentive_offer_version AS accepted
                    ON accepted.id = acceptance.version_id
                 WHERE accepted.offer_id = %s AND accepted.number >= %s
                 GROUP BY acceptance.enrollment_id
            ) AS acceptance ON acceptance.enrollment_id = enrollment.id
            """,
            version.offer_id.id,
            max(asked.mapped("number"), default=0),
        )

    def _get_named_query(self, version):
        """Named partners with their subsidiaries, the nearest named one first."""
        return SQL(
            """
            WITH RECURSIVE family AS (
                SELECT id AS partner_id, id AS earner_id, 0 AS depth
                  FROM res_partner WHERE id IN %s
                 UNION ALL
                SELECT child.id, family.earner_id, family.depth + 1
                  FROM res_partner AS child
                  JOIN family ON child.parent_id = family.partner_id
                 WHERE child.is_company AND family.depth < 10
            )
            SELECT partner_id, earner_id, depth, daterange(NULL, NULL) AS valid
              FROM family
            """,
            tuple(version.partner_ids.ids) or (0,),
        )
