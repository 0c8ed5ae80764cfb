from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

#: Which state follows which, and the method that says whether it may.
TRANSITIONS = {
    ("draft", "active"): "_check_can_activate",
    ("active", "closed"): "_check_can_close",
    ("closed", "active"): "_check_can_activate",
}


class PartnerIncentiveProgram(models.Model):
    """Fiscal container of offers: one company, one currency, from a day to a day.

    ========= ========= ============= ============================================
    Action    Who       From          Restriction
    ========= ========= ============= ============================================
    activate  Manager   draft, closed
    close     Manager   active        takes no new offers; what was earned is still
                                      booked and paid
    delete    Manager   draft         without offers and enrollments
    ========= ========= ============= ============================================

    The guards hold for a bare write of the state, too.
    """

    _name = "partner.incentive.program"
    _description = "Incentive Program"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.numbered.mixin",
    ]
    _number_field = "code"
    _order = "date_from desc, name, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(required=True, translate=True, tracking=True)
    code = fields.Char(copy=False, readonly=True, default="/", index="trigram")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    date_from = fields.Date(
        string="Starts on",
        required=True,
        default=lambda self: self._default_dates()["date_from"],
        tracking=True,
    )
    date_to = fields.Date(
        string="Ends on",
        required=True,
        default=lambda self: self._default_dates()["date_to"],
        tracking=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        tracking=True,
    )
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Active"), ("closed", "Closed")],
        default="draft",
        required=True,
        copy=False,
        index=True,
        tracking=True,
    )
    is_default = fields.Boolean(
        string="Default program",
        copy=False,
        help="New offers of the company are put into this program.",
    )
    description = fields.Html(translate=True, help="Shown to partners on the portal.")
    objective_ids = fields.Many2many(
        "partner.incentive.objective",
        "partner_incentive_program_objective_rel",
        string="Objectives",
        check_company=True,
    )
    dispute_days = fields.Integer(
        string="Disputes within (days)",
        help="Days in which partners can dispute an amount or a decision of this "
        "program. Zero for those of the company.",
    )
    review_cadence = fields.Selection(
        [("quarter", "Every quarter"), ("year", "Once a year")],
        string="Offers are reviewed",
        tracking=True,
        help="When a quarter, or fiscal year, is over, the review of its offers is "
        "made with an activity for the owner. Empty: by hand.",
    )
    offer_ids = fields.One2many("partner.incentive.offer", "program_id")
    enrollment_ids = fields.One2many("partner.incentive.enrollment", "program_id")
    agreement_ids = fields.One2many("partner.incentive.agreement", "program_id")
    budget_ids = fields.One2many("partner.incentive.budget", "program_id")
    claim_ids = fields.One2many("partner.incentive.claim", "program_id")
    offer_count = fields.Integer(string="Offers", compute="_compute_counts")
    enrollment_count = fields.Integer(string="Enrollments", compute="_compute_counts")
    claim_count = fields.Integer(string="Claims", compute="_compute_counts")
    budget_count = fields.Integer(string="Budgets", compute="_compute_counts")
    agreement_id = fields.Many2one(
        "partner.incentive.agreement",
        string="Agreement in force",
        compute="_compute_agreement_id",
    )

    _dates_order = models.Constraint(
        "CHECK (date_to >= date_from)",
        "A program cannot end before it starts. Correct one of the two dates.",
    )
    _dispute_days_positive = models.Constraint(
        "CHECK (dispute_days >= 0)", "Days to dispute cannot be negative."
    )
    _default_unique = models.UniqueIndex(
        "(company_id) WHERE is_default AND active AND state != 'closed'",
        "The company has a default program already. Unmark that one first.",
    )

    @api.model
    def _default_dates(self):
        return self.env.company.compute_fiscalyear_dates(
            fields.Date.context_today(self)
        )

    @api.depends("company_id")
    def _compute_currency_id(self):
        for program in self:
            if not program.currency_id or not program._origin:
                program.currency_id = program.company_id.currency_id

    def _compute_counts(self):
        for model, name in (
            ("partner.incentive.offer", "offer_count"),
            ("partner.incentive.enrollment", "enrollment_count"),
            ("partner.incentive.claim", "claim_count"),
            ("partner.incentive.budget", "budget_count"),
        ):
            counts = dict(
                self.env[model]._read_group(
                    [("program_id", "in", self.ids)], ["program_id"], ["__count"]
                )
            )
            for program in self:
                program[name] = counts.get(program, 0)

    @api.depends("agreement_ids.state", "agreement_ids.effective_date")
    def _compute_agreement_id(self):
        for program in self:
            program.agreement_id = program._get_agreement()

    @api.model_create_multi
    def create(self, vals_list):
        programs = super().create(vals_list)
        if any(program.state != "draft" for program in programs):
            programs._check_manager()
        return programs

    def write(self, vals):
        if "state" in vals:
            self._check_transition(vals["state"])
            if vals["state"] == "closed":
                vals = {**vals, "is_default": False}
        self._check_terms_kept(vals)
        started = self.browse()
        if vals.get("state") == "active":
            started = self.filtered(lambda program: program.state == "draft")
        result = super().write(vals)
        for program in started:
            program._invite_partners()
        return result

    def _invite_partners(self):
        """Tell partners that were entered as requested while this was a draft.

        Nobody can ask to join a draft, so these are whom we ask, such as those of the
        program that this one continues.
        """
        invited_sudo = (
            self.env["partner.incentive.enrollment"]
            .sudo()
            .search([("program_id", "=", self.id), ("state", "=", "requested")])
        )
        # The same mail asks for the consent, where there is something to consent to.
        invited_sudo.agreement_told_id = self._get_agreement()
        invited_sudo._notify_partner(
            "partner_incentive_base.mail_template_enrollment_invited", "announcement"
        )

    def _check_transition(self, state):
        for program in self.filtered(lambda program: program.state != state):
            check = TRANSITIONS.get((program.state, state))
            if check is None:
                labels = dict(program._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "%(program)s cannot go from %(old)s to %(new)s.",
                        program=program.name,
                        old=labels[program.state],
                        new=labels.get(state, state),
                    )
                )
            getattr(program, check)()

    def _check_can_activate(self):
        self._check_manager()

    def _check_can_close(self):
        self._check_manager()

    def _check_manager(self):
        if not self.env.su and not self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            raise AccessError(
                self.env._("Only an incentive manager can activate or close a program.")
            )

    def _check_terms_kept(self, vals):
        """What offers and books rely on stays as it is."""
        for program in self:
            if vals.get("company_id", program.company_id.id) != program.company_id.id:
                program._check_can_change_company()
            date_to = fields.Date.to_date(vals.get("date_to", program.date_to))
            if date_to != program.date_to:
                program._check_can_change_end()

    def _check_can_change_company(self):
        self.ensure_one()
        if self.offer_ids or self.enrollment_ids:
            raise UserError(
                self.env._(
                    "%s has offers or enrollments and stays with its company.",
                    self.name,
                )
            )

    def _check_can_change_end(self):
        """The end of a program is a term of its offers that name no end themselves."""
        self.ensure_one()
        ending = self.env["partner.incentive.offer"]
        for offer in self.sudo().with_context(active_test=False).offer_ids:
            latest = offer._get_published_versions()[-1:]
            if latest and not latest.date_to:
                ending |= offer
        if ending:
            raise UserError(
                self.env._(
                    "The end of %(program)s is a published term of %(offers)s. Give "
                    "these an end of their own first (Revise), or continue in a new "
                    "program.",
                    program=self.name,
                    offers=", ".join(ending.mapped("name")),
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for program in self:
            if program.state != "draft" or program.offer_ids or program.enrollment_ids:
                raise UserError(
                    self.env._(
                        "%s is in use and cannot be deleted. Close or archive it.",
                        program.name,
                    )
                )

    def action_activate(self):
        self.write({"state": "active"})

    def action_close(self):
        self.write({"state": "closed"})

    def _get_agreement(self, day=None):
        """Published agreement in force on ``day`` (today), or an empty recordset."""
        self.ensure_one()
        return (
            self.env["partner.incentive.agreement"]
            .sudo()
            .search(
                [
                    ("program_id", "in", self.ids),
                    ("state", "=", "published"),
                    ("effective_date", "<=", day or fields.Date.context_today(self)),
                ],
                order="effective_date desc, number desc",
                limit=1,
            )
            .sudo(self.env.su)
        )

    @api.model
    def _create_default(self, companies):
        """Make an active program of the fiscal year for companies that have none.

        :return: the programs made
        """
        Program = self.sudo().with_context(active_test=False)
        done = Program.search([("company_id", "in", companies.ids)]).company_id
        objective = self.env.ref(
            "partner_incentive_base.objective_sourced_revenue",
            raise_if_not_found=False,
        )
        today = fields.Date.context_today(self)
        vals_list = []
        for company in companies - done:
            dates = company.compute_fiscalyear_dates(today)
            vals_list.append(
                {
                    "name": self.env._(
                        "Partner Program %s", dates["date_to"].strftime("%Y")
                    ),
                    "company_id": company.id,
                    "is_default": True,
                    "state": "active",
                    "objective_ids": objective.ids if objective else [],
                    **dates,
                }
            )
        return Program.create(vals_list)

    def _get_quarter_to_review(self, day):
        """The last quarter that is over and due for review, or None.

        :return: :class:`~..engine.windows.Window`
        """
        self.ensure_one()
        Review = self.env["partner.incentive.review"]
        quarter = Review._get_quarter(self.company_id, day, -1)
        if self.review_cadence == "year":
            first = self.company_id._get_fiscal_first_month()
            while (quarter.end + timedelta(days=1)).month != first:
                quarter = Review._get_quarter(self.company_id, quarter.start, -1)
        if quarter.end < self.date_from or quarter.start > self.date_to:
            return None
        return quarter

    def _get_related_action(self, name, model, view_mode, **context):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": view_mode,
            "domain": [("program_id", "=", self.id)],
            "context": {"default_program_id": self.id, **context},
        }

    def action_view_offers(self):
        return self._get_related_action(
            self.env._("Offers"), "partner.incentive.offer", "list,kanban,form"
        )

    def action_view_enrollments(self):
        return self._get_related_action(
            self.env._("Enrollments"), "partner.incentive.enrollment", "list,form"
        )

    def action_view_claims(self):
        return self._get_related_action(
            self.env._("Claims"), "partner.incentive.claim", "list,kanban,form"
        )

    def action_view_reviews(self):
        return self._get_related_action(
            self.env._("Quarterly Reviews"),
            "partner.incentive.review",
            "kanban,list,form",
        )

    def action_view_budgets(self):
        return self._get_related_action(
            self.env._("Budgets"), "partner.incentive.budget", "list,form"
        )
