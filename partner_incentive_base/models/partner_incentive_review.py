from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..engine import performance, windows

#: Which state follows which, and the method that says whether it may.
TRANSITIONS = {
    ("draft", "review"): "_check_can_start",
    ("review", "draft"): "_check_can_return",
    ("review", "decided"): "_check_can_decide",
}
#: Written by the process only.
PROCESS_FIELDS = {"decided_by", "decided_on", "as_of"}
#: What a decided review consists of.
KEPT_FIELDS = {
    "name",
    "company_id",
    "program_id",
    "date_from",
    "date_to",
    "user_id",
    "next_date",
    "note",
    *performance.RULES,
}
#: Days after the end of a quarter in which late documents come, and the review is due.
REVIEW_DAYS = 21


class PartnerIncentiveReview(models.Model):
    """What to do about each offer after a quarter: retire, keep, double down, adjust.

    ======= ======== ========= ====================================================
    Action  Who      From      Restriction
    ======= ======== ========= ====================================================
    start   User     draft     there are live offers to look at
    return  Manager  in review
    decide  Manager  in review every line is decided; the decisions take effect
    delete  Manager  draft
    ======= ======== ========= ====================================================

    The guards hold for a bare write of the state, too. Figures are brought up to date
    until the review is decided; from then on it never changes.
    """

    _name = "partner.incentive.review"
    _description = "Quarterly Offer Review"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.process.mixin",
    ]
    _order = "date_from desc, id desc"
    _check_company_auto = True

    name = fields.Char(
        compute="_compute_name", store=True, readonly=False, precompute=True
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        index=True,
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    program_id = fields.Many2one(
        "partner.incentive.program",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="Empty: all offers of the company.",
    )
    date_from = fields.Date(
        string="Quarter from",
        required=True,
        default=lambda self: self._default_quarter().start,
        help="Any day of the quarter; it becomes the quarter's first day.",
    )
    date_to = fields.Date(
        string="Quarter to", compute="_compute_date_to", store=True, precompute=True
    )
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        required=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        tracking=True,
    )
    next_date = fields.Date(
        string="Next review",
        compute="_compute_next_date",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="On that day the next review is made, with an activity for the owner. "
        "Empty: none.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("review", "In review"), ("decided", "Decided")],
        default="draft",
        required=True,
        copy=False,
        index=True,
        tracking=True,
        group_expand=True,
    )
    note = fields.Html(string="Summary", help="What was discussed; not for partners.")
    as_of = fields.Date(string="Documents up to", readonly=True, copy=False)
    decided_by = fields.Many2one("res.users", readonly=True, copy=False)
    decided_on = fields.Datetime(readonly=True, copy=False)
    line_ids = fields.One2many(
        "partner.incentive.review.line", "review_id", string="Offers", copy=False
    )
    line_count = fields.Integer(string="Offers reviewed", compute="_compute_counts")
    open_count = fields.Integer(string="To decide", compute="_compute_counts")
    revision_count = fields.Integer(string="Revisions", compute="_compute_counts")

    # Thresholds of the suggestions, see :class:`..engine.performance.Rules`
    least_partners = fields.Integer(
        string="Least partners",
        default=lambda self: self._default_rule("least_partners"),
        help="With fewer eligible, or earning, partners nothing but keeping is "
        "suggested: a few cases prove nothing.",
    )
    retire_romi = fields.Float(
        string="Retire below a ROMI of",
        default=lambda self: self._default_rule("retire_romi"),
        help="In two quarters in a row; in the first of them it is adjust. "
        "Incremental ROMI where there is a year before, else gross.",
    )
    double_romi = fields.Float(
        string="Double down from an incremental ROMI of",
        default=lambda self: self._default_rule("double_romi"),
    )
    double_adoption = fields.Float(
        string="Double down from an adoption of",
        default=lambda self: self._default_rule("double_adoption"),
    )
    least_adoption = fields.Float(
        string="Adjust below an adoption of",
        default=lambda self: self._default_rule("least_adoption"),
    )
    highest_cost_rate = fields.Float(
        string="Adjust above a cost rate of",
        default=lambda self: self._default_rule("highest_cost_rate"),
        help="Cost in bookings.",
    )
    highest_overlap = fields.Float(
        string="Adjust above an overlap of",
        default=lambda self: self._default_rule("highest_overlap"),
        help="Share of the bookings that other offers paid on, too.",
    )
    romi_fall = fields.Float(
        string="Adjust when ROMI falls by more than",
        default=lambda self: self._default_rule("romi_fall"),
        help="Against the quarter before.",
    )

    _once = models.UniqueIndex(
        "(company_id, COALESCE(program_id, 0), date_from)",
        "There is a review of that quarter already.",
    )

    @api.model
    def _default_quarter(self):
        """The last quarter that is over."""
        today = fields.Date.context_today(self)
        return self._get_quarter(self.env.company, today, -1)

    @api.model
    def _default_rule(self, name):
        """The threshold of the company's latest review, else a cautious one."""
        latest = self.search([("company_id", "=", self.env.company.id)], limit=1)
        if latest:
            return latest[name]
        value = getattr(performance.Rules(), name)
        return float(value) if isinstance(value, Decimal) else value

    @api.model
    def _get_quarter(self, company, day, offset=0):
        """The fiscal quarter of a day, or one so many quarters later.

        :return: :class:`~..engine.windows.Window`
        """
        day = fields.Date.add(day, months=3 * offset)
        return next(
            quarter
            for quarter in windows.split(
                fields.Date.subtract(day, months=6),
                fields.Date.add(day, months=6),
                "quarter",
                company._get_fiscal_first_month(),
            )
            if day in quarter
        )

    @api.depends("company_id", "program_id", "date_from")
    def _compute_name(self):
        for review in self:
            if not review.date_from:
                review.name = False
                continue
            company = review.company_id or self.env.company
            review.name = self.env._(
                "%(subject)s, %(quarter)s",
                subject=review.program_id.name or self.env._("All programs"),
                quarter=self.env["partner.incentive.performance"]._get_quarter_label(
                    company, self._get_quarter(company, review.date_from)
                ),
            )

    @api.depends("program_id")
    def _compute_company_id(self):
        for review in self:
            review.company_id = (
                review.program_id.company_id or review.company_id or self.env.company
            )

    @api.depends("date_from", "company_id")
    def _compute_date_to(self):
        for review in self:
            review.date_to = review.date_from and (
                self._get_quarter(
                    review.company_id or self.env.company, review.date_from
                ).end
            )

    @api.depends("date_from", "company_id", "program_id")
    def _compute_next_date(self):
        for review in self:
            if not review.date_from:
                review.next_date = False
                continue
            quarters = 4 if review.program_id.review_cadence == "year" else 1
            following = self._get_quarter(
                review.company_id or self.env.company, review.date_from, quarters
            )
            review.next_date = following.end + timedelta(days=1)

    @api.depends("line_ids.decision", "line_ids.version_id")
    def _compute_counts(self):
        for review in self:
            lines = review.line_ids
            review.line_count = len(lines)
            review.open_count = len(lines.filtered(lambda line: not line.decision))
            review.revision_count = len(lines.version_id)

    @api.constrains(*performance.RULES)
    def _check_rules(self):
        for review in self:
            fractions = (
                review.double_adoption,
                review.least_adoption,
                review.highest_cost_rate,
                review.highest_overlap,
                review.romi_fall,
            )
            if review.least_partners < 1 or not all(
                0 <= each <= 1 for each in fractions
            ):
                raise ValidationError(
                    self.env._(
                        "Shares are between 0 and 100 percent, and at least one "
                        "partner is needed. Correct the thresholds."
                    )
                )
            if review.double_romi < review.retire_romi:
                raise ValidationError(
                    self.env._(
                        "An offer cannot be retired and doubled down on by the same "
                        "ROMI. Let the one to retire below be the lower."
                    )
                )

    # ------------------------------------------------------------------- process

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not self.env.su:
                for name in ("state", "line_ids", *self._get_process_fields()):
                    vals.pop(name, None)
        reviews = super().create(vals_list)
        for review in reviews:
            quarter = self._get_quarter(review.company_id, review.date_from)
            if review.date_from != quarter.start:
                review.date_from = quarter.start
        reviews._prepare_lines()
        return reviews

    def write(self, vals):
        if self._is_in_process():
            return super().write(vals)
        if self._get_process_fields().intersection(vals) and not self.env.su:
            raise AccessError(
                self.env._("Figures and decisions are kept by the review itself.")
            )
        if self._get_kept_fields().intersection(vals):
            self._check_open()
        if "state" in vals:
            return self._write_state(vals)
        result = super().write(vals)
        if {"company_id", "program_id", "date_from"}.intersection(vals):
            self._prepare_lines()
        elif set(performance.RULES).intersection(vals):
            self.line_ids._suggest()
        return result

    @api.model
    def _get_process_fields(self):
        """Names of fields that the process alone writes; extension point."""
        return PROCESS_FIELDS

    @api.model
    def _get_kept_fields(self):
        """Names of fields that stay once the review is decided; extension point."""
        return KEPT_FIELDS

    def _check_open(self):
        for review in self:
            if review.state == "decided":
                raise UserError(
                    self.env._(
                        "%s is decided and does not change any more.", review.name
                    )
                )

    def _write_state(self, vals):
        """Change the state as far as the process and the user's rights allow."""
        if set(vals) - {"state"}:
            raise UserError(
                self.env._("Change the state on its own, not with other fields.")
            )
        state = vals["state"]
        for review in self.filtered(lambda review: review.state != state):
            check = TRANSITIONS.get((review.state, state))
            if check is None:
                raise UserError(
                    self.env._(
                        "%(review)s cannot go from %(old)s to %(new)s.",
                        review=review.name,
                        old=review._get_state_label(),
                        new=review._get_state_label(state),
                    )
                )
            # Rights are asked for before anything is done on the user's behalf.
            review.check_access("write")
            getattr(review, check)()
            stamps = {"state": state}
            if state == "decided":
                review.line_ids._apply()
                review._apply_further()
                stamps.update(decided_by=self.env.uid, decided_on=fields.Datetime.now())
            review._in_process().write(stamps)
            if state == "decided":
                review.sudo().activity_feedback(
                    ["partner_incentive_base.mail_activity_review"]
                )
        return True

    def _check_manager(self):
        self._check_group(
            "partner_incentive_base.group_incentive_manager",
            message=self.env._("Only an incentive manager decides. Ask one to do it."),
        )

    def _check_can_start(self):
        if not self.line_ids:
            raise UserError(
                self.env._(
                    "No published offer was live in this quarter. Choose another "
                    "quarter or program."
                )
            )

    def _check_can_return(self):
        self._check_manager()

    def _check_can_decide(self):
        self._check_manager()
        missing = self.line_ids.filtered(lambda line: not line.decision)
        if missing:
            raise UserError(
                self.env._(
                    "Decide on every offer first. Still open: %s.",
                    ", ".join(missing.offer_id.mapped("name")),
                )
            )

    def _apply_further(self):
        """What a decided review does besides its lines; extension point."""
        self.ensure_one()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        for review in self:
            if review.state != "draft":
                raise UserError(
                    self.env._("%s has been started and is kept.", review.name)
                )

    def action_start(self):
        return self.write({"state": "review"})

    def action_return(self):
        return self.write({"state": "draft"})

    def action_decide(self):
        return self.write({"state": "decided"})

    def action_update(self):
        """Bring the figures up to date, and suggest anew."""
        self.check_access("write")
        self._check_open()
        self._prepare_lines()

    def action_view_performance(self):
        """How the reviewed offers did, quarter by quarter."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_incentive_base.partner_incentive_performance_action"
        )
        action["domain"] = [("offer_id", "in", self.line_ids.offer_id.ids)]
        action["context"] = {}
        return action

    def action_view_revisions(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.incentive.offer",
            "view_mode": "list,form",
            "domain": [("id", "in", self.line_ids.version_id.offer_id.ids)],
            "name": self.env._("Revised offers"),
        }

    # -------------------------------------------------------------------- figures

    def _get_offers(self):
        """Offers that were live in the quarter and still are."""
        self.ensure_one()
        domain = [
            ("company_id", "=", self.company_id.id),
            ("state", "in", ("published", "suspended")),
            ("date_from", "<=", self.date_to),
        ]
        if self.program_id:
            domain.append(("program_id", "=", self.program_id.id))
        offers_sudo = self.env["partner.incentive.offer"].sudo().search(domain)
        return offers_sudo.filtered(
            lambda offer: (
                not offer._get_end_date() or offer._get_end_date() >= self.date_from
            )
        )

    def _prepare_lines(self):
        """Read the figures of the quarter and the one before into the lines."""
        for review in self:
            review_sudo = review.sudo().with_company(review.company_id)
            quarter = self._get_quarter(review.company_id, review.date_from)
            before = self._get_quarter(review.company_id, review.date_from, -1)
            Performance_sudo = review_sudo.env["partner.incentive.performance"]
            Performance_sudo._refresh(review.company_id, [before, quarter])
            offers_sudo = review_sudo._get_offers()
            rows_sudo = Performance_sudo.search(
                [
                    ("offer_id", "in", offers_sudo.ids),
                    ("date_from", "in", (quarter.start, before.start)),
                ]
            )
            by_position = {(row.offer_id, row.date_from): row for row in rows_sudo}
            lines_sudo = {line.offer_id: line for line in review_sudo.line_ids}
            for offer_sudo in offers_sudo:
                now = by_position.get((offer_sudo, quarter.start))
                if not now:
                    continue
                line_sudo = lines_sudo.pop(
                    offer_sudo, review_sudo.env["partner.incentive.review.line"]
                ) or review_sudo.line_ids.create(
                    {"review_id": review.id, "offer_id": offer_sudo.id}
                )
                line_sudo._take_figures(
                    now, by_position.get((offer_sudo, before.start))
                )
            for line_sudo in lines_sudo.values():
                line_sudo.unlink()
            review_sudo._in_process().write(
                {"as_of": max(rows_sudo.mapped("as_of"), default=False)}
            )
        self.line_ids._suggest()

    def _get_rules(self):
        """The :class:`~..engine.performance.Rules` of this review."""
        self.ensure_one()
        return performance.Rules(
            **{
                name: self[name]
                if name == "least_partners"
                else Decimal(str(self[name]))
                for name in performance.RULES
            }
        )

    # -------------------------------------------------------------------- cadence

    @api.model
    def _cron_prepare(self):
        """Make the reviews that are due, each with an activity for its owner."""
        today = fields.Date.context_today(self)
        for program in self.env["partner.incentive.program"].search(
            [("review_cadence", "!=", False), ("state", "=", "active")]
        ):
            quarter = program._get_quarter_to_review(today)
            if quarter and not self.search_count(
                [("program_id", "=", program.id), ("date_from", ">=", quarter.start)],
                limit=1,
            ):
                self._create_due(program.company_id, program, quarter, program.user_id)
        for review in self.search(
            [("state", "=", "decided"), ("next_date", "<=", today)]
        ):
            program = review.program_id
            # A program with a cadence has had its own review above.
            if program and (program.review_cadence or program.state != "active"):
                continue
            quarter = self._get_quarter(review.company_id, review.next_date, -1)
            if quarter.start > review.date_from and not self.search_count(
                [
                    ("company_id", "=", review.company_id.id),
                    ("program_id", "=", program.id),
                    ("date_from", ">", review.date_from),
                ],
                limit=1,
            ):
                self._create_due(review.company_id, program, quarter, review.user_id)

    @api.model
    def _create_due(self, company, program, quarter, user):
        review = self.with_company(company).create(
            {
                "company_id": company.id,
                "program_id": program.id,
                "date_from": quarter.start,
                "user_id": (user or self.env.user).id,
            }
        )
        review.activity_schedule(
            "partner_incentive_base.mail_activity_review",
            date_deadline=max(
                quarter.end + timedelta(days=REVIEW_DAYS),
                fields.Date.context_today(self),
            ),
            user_id=review.user_id.id,
        )
        return review
