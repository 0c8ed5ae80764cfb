from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_date

from ..engine import windows
from ..engine.calendars import FiscalCalendar
from ..measures.query import FAR_FUTURE

OFFER_TYPES = [
    ("volume_rebate", "Volume rebate"),
    ("growth_rebate", "Growth rebate"),
    ("retention_rebate", "Retention rebate"),
    ("product_attach", "Product attach"),
    ("spif", "SPIF"),
    ("new_logo", "New logo bonus"),
    ("market_entry", "Market-entry bonus"),
    ("accelerator", "Accelerator"),
    ("lump_sum", "Lump sum"),
    ("milestone", "Milestone bonus"),
    ("certification", "Certification bounty"),
    ("fund", "Market development fund"),
]
PERIODS = [
    ("whole", "Whole term"),
    ("year", "Year"),
    ("half", "Half year"),
    ("quarter", "Quarter"),
    ("month", "Month"),
]


class PartnerIncentiveOffer(models.Model):
    """One item of the catalog: what it is, in which program, in which state.

    Its terms are versioned. ``version_id`` is the version on screen: the draft that is
    being worked on, else the latest published one; the offer shows and writes the
    fields of that version as its own.

    ========== ====================== ================= ===========================
    Action     Who                    From              Restriction
    ========== ====================== ================= ===========================
    submit     User                   draft             terms must be complete
    publish    Manager                in review         not the one who submitted
    return     Manager                in review
    suspend    Manager                published
    resume     Manager                suspended
    retire     Manager                published, susp.
    revise     Manager                published         makes the next draft version
    delete     Manager                draft, in review  never published
    ========== ====================== ================= ===========================

    The guards of submit, publish and return stand on the version, whose state they
    change; they hold for a bare write, too.
    """

    _name = "partner.incentive.offer"
    _description = "Incentive Offer"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.numbered.mixin",
    ]
    _number_field = "code"
    _inherits = {"partner.incentive.offer.version": "version_id"}
    _order = "state, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    code = fields.Char(copy=False, readonly=True, default="/", index="trigram")
    active = fields.Boolean(default=True)
    color = fields.Integer()
    offer_type = fields.Selection(
        OFFER_TYPES, string="Type", required=True, default="volume_rebate"
    )
    program_id = fields.Many2one(
        "partner.incentive.program",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        default=lambda self: self._default_program(),
        tracking=True,
    )
    company_id = fields.Many2one(
        related="program_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    objective_ids = fields.Many2many(
        "partner.incentive.objective",
        "partner_incentive_offer_objective_rel",
        string="Objectives",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        default=lambda self: self.env.user,
        tracking=True,
        domain="[('share', '=', False)]",
    )
    description = fields.Html(translate=True, help="Shown to partners on the portal.")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("review", "In review"),
            ("published", "Published"),
            ("suspended", "Suspended"),
            ("retired", "Retired"),
        ],
        compute="_compute_state",
        store=True,
        tracking=True,
        index=True,
        group_expand=True,
    )
    suspended = fields.Boolean(copy=False, readonly=True)
    retired_on = fields.Date(
        copy=False,
        readonly=True,
        help="Documents after this day earn nothing; what was earned stays owed.",
    )
    retirement_date = fields.Date(
        string="Retires after",
        copy=False,
        readonly=True,
        tracking=True,
        help="Documents after this day earn nothing; the offer is retired then.",
    )
    date_from = fields.Date(
        string="Starts on",
        compute="_compute_date_from",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        tracking=True,
    )
    period = fields.Selection(
        PERIODS,
        string="Calculated per",
        required=True,
        default="year",
        help="The window over which volume adds up and brackets are reached. It "
        "follows the company's fiscal year.",
    )
    settlement_period = fields.Selection(
        PERIODS,
        string="Settled per",
        required=True,
        default="quarter",
        help="What was earned up to the end of each such period can be paid out.",
    )
    calendar_id = fields.Many2one(
        "partner.incentive.calendar",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="Windows are periods, quarters and years of this calendar, such as one of "
        "4-4-5 weeks. Empty: months of the company's fiscal year.",
    )
    settlement_calendar_id = fields.Many2one(
        "partner.incentive.calendar",
        string="Settlement calendar",
        compute="_compute_settlement_calendar_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Settlement periods are those of this calendar. Empty: months of the "
        "company's fiscal year.",
    )
    opt_in = fields.Boolean(
        string="Partners opt in",
        help="A partner of the program takes part only after accepting this offer.",
    )
    cost_account_id = fields.Many2one(
        "account.account",
        check_company=True,
        help="Empty: the account of the company's incentive settings.",
    )
    product_id = fields.Many2one(
        "product.product",
        string="Settlement product",
        check_company=True,
        help="Product on credit notes and bills. Empty: that of the settings.",
    )
    version_id = fields.Many2one(
        "partner.incentive.offer.version",
        string="Terms",
        required=True,
        ondelete="restrict",
        index=True,
        copy=False,
    )
    version_ids = fields.One2many(
        "partner.incentive.offer.version", "offer_id", string="Versions", copy=False
    )
    needs_accrual = fields.Boolean(
        string="To accrue again",
        copy=False,
        readonly=True,
        help="Terms changed, or a run was reversed, since the last accrual run.",
    )
    version_state = fields.Selection(related="version_id.state", string="Terms are")
    is_revision = fields.Boolean(compute="_compute_is_revision")
    entry_ids = fields.One2many("partner.incentive.entry", "offer_id")
    standing_ids = fields.One2many("partner.incentive.standing", "offer_id")
    earned_amount = fields.Monetary(compute="_compute_ledger_totals")
    settled_amount = fields.Monetary(compute="_compute_ledger_totals")
    outstanding_amount = fields.Monetary(compute="_compute_ledger_totals")
    earning_partner_count = fields.Integer(
        string="Earning partners", compute="_compute_ledger_totals"
    )
    overlap_warning = fields.Html(compute="_compute_overlap_warning")
    terms_warning = fields.Text(compute="_compute_terms_warning")
    can_publish = fields.Boolean(compute="_compute_can_publish")

    def _default_program(self):
        return self.env["partner.incentive.program"].search(
            [
                ("company_id", "=", self.env.company.id),
                ("state", "!=", "closed"),
            ],
            order="is_default desc, id desc",
            limit=1,
        )

    @api.depends("program_id")
    def _compute_currency_id(self):
        for offer in self:
            if not offer.currency_id or not offer.program_id:
                company = offer.program_id.company_id or self.env.company
                offer.currency_id = company.currency_id

    @api.depends("program_id")
    def _compute_date_from(self):
        for offer in self:
            offer.date_from = (
                offer.date_from
                or offer.program_id.date_from
                or fields.Date.context_today(offer)
            )

    @api.depends("calendar_id")
    def _compute_settlement_calendar_id(self):
        for offer in self:
            offer.settlement_calendar_id = offer.calendar_id

    @api.depends("suspended", "retired_on", "version_ids.state", "version_id.state")
    def _compute_state(self):
        for offer in self:
            states = set((offer.version_ids | offer.version_id).mapped("state"))
            if "published" not in states:
                offer.state = "review" if "review" in states else "draft"
            elif offer.retired_on:
                offer.state = "retired"
            else:
                offer.state = "suspended" if offer.suspended else "published"

    @api.depends("state", "version_id.state")
    def _compute_is_revision(self):
        for offer in self:
            offer.is_revision = (
                offer.state in ("published", "suspended")
                and offer.version_id.state != "published"
            )

    def _compute_ledger_totals(self):
        totals = {
            offer: values
            for offer, *values in self.env["partner.incentive.entry"]._read_group(
                [("offer_id", "in", self.ids)],
                ["offer_id"],
                [
                    "earned:sum",
                    "settled:sum",
                    "amount:sum",
                    "partner_id:count_distinct",
                ],
            )
        }
        for offer in self:
            earned, settled, outstanding, partners = totals.get(offer, (0, 0, 0, 0))
            offer.earned_amount = earned
            offer.settled_amount = settled
            offer.outstanding_amount = outstanding
            offer.earning_partner_count = partners

    @api.depends("version_id", "state")
    def _compute_overlap_warning(self):
        for offer in self:
            others = offer._get_overlapping_offers()
            offer.overlap_warning = (
                self.env._(
                    "The same partners can earn on the same sales under: %(offers)s. "
                    "Set a sequence with reduction, or a best-deal group, where only "
                    "one should count.",
                    offers=", ".join(others.mapped("name")),
                )
                if others
                else False
            )

    @api.depends("version_id.cap", "version_id.minimum")
    def _compute_terms_warning(self):
        for offer in self:
            version = offer.version_id
            doubts = version._get_doubtful_terms() if version else []
            offer.terms_warning = "\n".join(doubts) or False

    @api.depends_context("uid")
    @api.depends("version_id.state", "version_id.submitted_by")
    def _compute_can_publish(self):
        for offer in self:
            offer.can_publish = offer.version_id.state == "review" and not (
                offer.version_id._get_publish_obstacles()
            )

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for offer in self:
            if offer.date_to and offer.date_to < offer.date_from:
                raise ValidationError(
                    self.env._(
                        "%(offer)s ends on %(end)s, before it starts on %(start)s. "
                        "Correct one of the two dates.",
                        offer=offer.name,
                        end=format_date(self.env, offer.date_to),
                        start=format_date(self.env, offer.date_from),
                    )
                )

    @api.constrains("settlement_calendar_id", "settlement_period")
    def _check_settlement_calendar(self):
        """Once published, whatever replaces it must cover the term as well."""
        for offer in self:
            problems = [
                problem
                for version in offer._get_published_versions()[-1:]
                for problem in version._get_calendar_problems()
            ]
            if problems:
                raise ValidationError("\n".join(problems))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not self.env.su:
                # An offer starts as a draft, whatever a caller asks for.
                for name in (
                    "state",
                    "suspended",
                    "retired_on",
                    "retirement_date",
                    "version_id",
                ):
                    vals.pop(name, None)
        offers = super().create(vals_list)
        for offer in offers:
            offer.version_id.sudo().with_context(incentive_new_version=True).write(
                {
                    "offer_id": offer.id,
                    "effective_date": offer.version_id.effective_date
                    or offer.date_from,
                }
            )
        return offers

    def write(self, vals):
        self._check_frozen(vals)
        return super().write(vals)

    def _check_frozen(self, vals):
        """What the books were calculated by stays as it is once published."""
        if "state" in vals:
            raise AccessError(
                self.env._("Use the buttons of the offer to change its state.")
            )
        frozen = {
            "program_id",
            "currency_id",
            "date_from",
            "period",
            "calendar_id",
            "version_id",
        }
        frozen = frozen.intersection(vals)
        guarded = {"suspended", "retired_on", "retirement_date", "needs_accrual"}
        if guarded.intersection(vals) and not self.env.su:
            self._check_manager()
        new = self.env.su and self.env.context.get("incentive_new_version")
        if not frozen or new:
            return
        for offer in self.filtered(
            lambda offer: any(v.state == "published" for v in offer.version_ids)
        ):
            for name in frozen:
                value = offer._fields[name].convert_to_cache(vals[name], offer)
                current = offer._fields[name].convert_to_cache(offer[name], offer)
                if value != current:
                    raise UserError(
                        self.env._(
                            "%(offer)s is published: its %(field)s cannot change any "
                            "more. Retire it and publish a copy instead.",
                            offer=offer.name,
                            field=offer._fields[name].get_description(self.env)[
                                "string"
                            ],
                        )
                    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for offer in self:
            if any(version.state == "published" for version in offer.version_ids):
                raise UserError(
                    self.env._(
                        "%(offer)s has been published and cannot be deleted, since "
                        "partners and books refer to it. Retire it instead.",
                        offer=offer.name,
                    )
                )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for offer, vals in zip(self, vals_list, strict=True):
            if not (default or {}).get("name"):
                vals["name"] = self.env._("%s (copy)", offer.name)
            terms = offer.version_id.copy_data()[0]
            terms.pop("offer_id", None)
            vals.update(terms)
            vals.pop("version_id", None)
        return vals_list

    def action_submit(self):
        self.version_id.write({"state": "review"})

    def action_return(self):
        self.version_id.write({"state": "draft"})

    def action_publish(self):
        self.version_id.write({"state": "published"})

    def action_suspend(self):
        self._check_manager()
        self._check_state("published", self.env._("suspended"))
        self.write({"suspended": True})

    def action_resume(self):
        self._check_manager()
        self._check_state("suspended", self.env._("resumed"))
        self.write({"suspended": False})

    def action_retire(self):
        self._check_manager()
        self._check_state(("published", "suspended"), self.env._("retired"))
        self.write(
            {
                "retired_on": fields.Date.context_today(self),
                "retirement_date": False,
                "suspended": False,
            }
        )

    def _retire(self, day):
        """End the earning after ``day``; the offer is retired when it is over."""
        today = fields.Date.context_today(self)
        if day < today:
            raise UserError(
                self.env._(
                    "What partners earned up to today stays earned. Choose today or a "
                    "later day for the end."
                )
            )
        if day == today:
            return self.action_retire()
        self._check_manager()
        self._check_state(("published", "suspended"), self.env._("retired"))
        self.write({"retirement_date": day})

    def action_cancel_retirement(self):
        """Let an offer go on that was to end on a day to come."""
        self._check_manager()
        self.write({"retirement_date": False})

    @api.model
    def _cron_retire(self):
        """Retire offers whose last day is over, from that day on."""
        for offer in self.search(
            [
                ("retirement_date", "<", fields.Date.context_today(self)),
                ("state", "in", ("published", "suspended")),
            ]
        ):
            offer.write(
                {
                    "retired_on": offer.retirement_date,
                    "retirement_date": False,
                    "suspended": False,
                }
            )

    def action_revise(self):
        """Make the next version, a draft with the terms in force."""
        self.ensure_one()
        self._check_manager()
        self._check_state("published", self.env._("revised"))
        if self.version_id.state != "published":
            raise UserError(
                self.env._("Version %s is being revised already.", self.number)
            )
        current = self.version_id
        version = current.copy(
            {
                "offer_id": self.id,
                "number": current.number + 1,
                "effective_date": max(
                    fields.Date.context_today(self), current.effective_date
                ),
            }
        )
        self.sudo().with_context(incentive_new_version=True).write(
            {"version_id": version.id}
        )
        return True

    def action_discard_revision(self):
        """Go back to the published version and drop the draft."""
        self.ensure_one()
        self._check_manager()
        if not self.is_revision:
            raise UserError(self.env._("There is no revision to discard."))
        draft = self.version_id
        published = self.version_ids.filtered(lambda v: v.state == "published")
        self.sudo().with_context(incentive_new_version=True).write(
            {"version_id": published.sorted("number")[-1].id}
        )
        draft.unlink()

    def _ask_to_publish(self, user, note):
        """Let ``user``, and nobody else, have the activity to look and publish."""
        activity = "partner_incentive_base.mail_activity_offer"
        # Whoever may submit an offer may ask for its publication.
        self.sudo().activity_unlink([activity])
        for offer in self:
            offer.sudo().activity_schedule(activity, user_id=user.id, note=note)

    def _on_publish(self, version):
        """After a version was published; extension point."""
        self.ensure_one()
        if self.entry_ids:
            self._mark_to_accrue()
        overlap = self._get_overlapping_offers()
        if overlap:
            self.message_post(
                body=self.env._(
                    "Published although partners can earn on the same sales under: %s",
                    ", ".join(overlap.mapped("name")),
                )
            )

    # -------------------------------------------------------------- announcements

    def _check_can_announce(self):
        """Partners are told of what is in force, or is going to be."""
        for offer in self:
            if offer.state not in ("published", "suspended", "retired") or (
                offer.is_revision
            ):
                raise UserError(
                    self.env._(
                        "Publish the terms of %s first: partners are told what holds, "
                        "not what is being drafted.",
                        offer.name,
                    )
                )

    def _get_announcement_contacts(self):
        """Whom to tell of a change: people on the portal of partners that take part.

        Of a partner without any the company itself, with its own address.
        """
        self.ensure_one()
        version = self._get_terms_in_force()
        today = fields.Date.context_today(self)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT member_id
                  FROM (%s) AS scope
                  JOIN partner_incentive_enrollment AS enrollment
                    ON enrollment.partner_id = scope.member_id
                   AND enrollment.program_id = %s AND enrollment.state = 'active'
                 WHERE scope.valid && daterange(%s, NULL)
                """,
                self.env["partner.incentive.enrollment"]
                .sudo()
                ._get_scope_query(version),
                self.program_id.id,
                # Whoever took part until yesterday is told of what ended today.
                fields.Date.subtract(today, days=31)
                if self.state == "retired"
                else today,
            )
        )
        partners = self.env["res.partner"].browse(sorted(row[0] for row in rows))
        users_sudo = (
            self.env["res.users"]
            .sudo()
            .search(
                [
                    ("partner_id.commercial_partner_id", "in", partners.ids),
                    ("share", "=", True),
                ]
            )
        )
        people = users_sudo.partner_id.sudo(self.env.su)
        return people | (partners - people.commercial_partner_id)

    def _describe_change(self):
        """What partners are told of the offer's latest change, in a sentence."""
        self.ensure_one()
        version = self._get_terms_in_force()
        end = self.retired_on or self.retirement_date
        if end:
            return self.env._(
                "%(offer)s ends on %(date)s.",
                offer=self.name,
                date=format_date(self.env, end),
            )
        if version.number > 1:
            return self.env._(
                "%(offer)s has new terms for sales from %(date)s on.",
                offer=self.name,
                date=format_date(self.env, version.effective_date),
            )
        return self.env._(
            "%(offer)s is open for sales from %(date)s on.",
            offer=self.name,
            date=format_date(self.env, version.effective_date),
        )

    def _announce(self, subject, body, reason, contacts):
        """A change was announced by mail; extension point for further places.

        :param contacts: ``res.partner`` records that were written to
        """
        self.ensure_one()

    def action_announce(self):
        """Show what partners would be told of the latest change, and who."""
        return self.env["partner.incentive.announce"]._open(self)

    def _mark_to_accrue(self):
        """Say that the ledger is behind what the terms come to now."""
        self.sudo().write({"needs_accrual": True})

    def _mark_accrued(self):
        outdated = self.filtered("needs_accrual")
        if outdated:
            outdated.sudo().write({"needs_accrual": False})

    def _check_manager(self):
        if not self.env.su and not self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            raise UserError(
                self.env._("Only an incentive manager can do this. Ask one to do it.")
            )

    def _check_state(self, states, verb):
        states = (states,) if isinstance(states, str) else states
        for offer in self:
            if offer.state not in states:
                raise UserError(
                    self.env._(
                        "%(offer)s is %(state)s and cannot be %(verb)s.",
                        offer=offer.name,
                        state=dict(
                            offer._fields["state"]._description_selection(self.env)
                        )[offer.state].lower(),
                        verb=verb,
                    )
                )

    def _get_terms_in_force(self):
        """The published version, whatever draft is on screen; a draft offer's draft."""
        return (self._get_published_versions() or self.version_id)[-1:]

    def _filtered_by_terms(self, name):
        """Offers of whose terms in force the field ``name`` is set."""
        return self.filtered(lambda offer: offer._get_terms_in_force()[name])

    def _books(self):
        """Whether what is earned is booked; a report-only offer never is."""
        return self._get_terms_in_force().payout != "none"

    def _is_calculated(self):
        """Whether runs book what the measure comes to; extension point.

        False where a module books each obligation when it arises.
        """
        return True

    def _pays_itself(self):
        """Whether what the offer brings is paid under it; extension point.

        False where it only changes what other offers pay.
        """
        return True

    def _writes_off(self):
        """Whether a final settlement books what is provided beyond the entitlement.

        Extension point: not where money waits for a claim.
        """
        return self._is_calculated()

    def _get_published_versions(self):
        """Versions that govern documents, in the order of their numbers."""
        return self.version_ids.filtered(lambda v: v.state == "published").sorted(
            "number"
        )

    def _get_end_date(self):
        """Last day on which a document can earn."""
        versions = self._get_published_versions() or self.version_id
        ends = [versions[-1].date_to, self.retired_on, self.retirement_date]
        ends = [date for date in ends if date]
        return min(ends) if ends else self.program_id.date_to

    def _get_calendar(self, settlement=False):
        """What periods are to this offer, see :mod:`..engine.calendars`.

        :param settlement: that of its settlements, instead of its calculation
        """
        self.ensure_one()
        # Whoever may see the offer may know its windows.
        offer_sudo = self.sudo()
        calendar_sudo = (
            offer_sudo.settlement_calendar_id if settlement else offer_sudo.calendar_id
        )
        if calendar_sudo:
            return calendar_sudo._get_dated_calendar()
        return FiscalCalendar(self.company_id._get_fiscal_first_month())

    def _get_windows(self, until, settlement=False, period=None):
        """Calculation windows that began by ``until``, clipped to the offer's term.

        :param until: date
        :param settlement: the settlement periods instead
        :param period: windows of this length instead, by the offer's calendar
        :return: tuple of :class:`~..engine.windows.Window`
        """
        self.ensure_one()
        period = period or (self.settlement_period if settlement else self.period)
        end = (self._get_published_versions() or self.version_id)[-1].date_to
        end = end or self.program_id.date_to
        if until < self.date_from:
            return ()
        if not end:
            # Evergreen: windows keep their full length, whenever they are looked at.
            if period == "whole":
                return (windows.Window(self.date_from, FAR_FUTURE),)
            end = until + timedelta(days=366)
        spans = self._get_calendar(settlement).split(
            self.date_from, max(end, self.date_from), period
        )
        return tuple(window for window in spans if window.start <= until)

    def _get_window_bounds(self, start):
        """``(from, to)`` of the window that begins on ``start``."""
        window = next(
            (each for each in self._get_windows(start) if each.start == start), None
        )
        return (start, window.end if window else start)

    def _get_settlement_cutoff(self, day, sooner=0):
        """End of the last settlement period whose review window is over on ``day``.

        :param sooner: days by which the review window is shorter
        """
        delay = max(0, self._get_terms_in_force().settlement_delay - sooner)
        day -= timedelta(days=delay)
        ended = windows.last_ended(self._get_windows(day, settlement=True), day)
        return ended.end if ended else None

    def _get_next_settlement_day(self, day, sooner=0):
        """First day from ``day`` on when a settlement period is over and reviewed.

        :param sooner: days by which the review window is shorter
        :return: date, or None where no period of the offer ends any more
        """
        self.ensure_one()
        delay = max(0, self._get_terms_in_force().settlement_delay - sooner)
        delay = timedelta(days=delay)
        for window in self._get_windows(day, settlement=True):
            if window.end < FAR_FUTURE and window.end + delay >= day:
                return window.end + delay
        return None

    def _get_coupled(self):
        """These offers and all that reduce, or exclude, one of them (transitively).

        Offers couple within a company only.
        """
        versions = self.env["partner.incentive.offer.version"].search_fetch(
            [
                ("offer_id.active", "=", True),
                ("offer_id.company_id", "in", self.company_id.ids),
                ("offer_id.state", "in", ("published", "retired")),
                ("state", "=", "published"),
            ],
            order="number",
        )
        # What couples them is among what a calculation needs of them next.
        versions._read_terms()
        in_force = {version.offer_id: version for version in versions}
        groups = [
            group
            for own in versions.browse()
            .union(*in_force.values())
            .grouped("company_id")
            .values()
            for group in self._get_coupled_groups(own)
        ]
        coupled, before = self, None
        while before != coupled:
            before = coupled
            for group in groups:
                if coupled & group:
                    coupled |= group
        return coupled

    def _get_coupled_groups(self, versions):
        """Groups of offers that are calculated together; extension point.

        The sequence couples what is reduced and all that stand before it, a group of
        best deals couples its members.

        :param versions: terms in force of the live offers of a company
        :return: list of recordsets
        """
        reduced = versions.filtered("reduced_by_earlier")
        last = max(reduced.mapped("sequence"), default=None)
        chain = reduced | versions.filtered(
            lambda version: (
                last is not None and version.reduces_later and version.sequence <= last
            )
        )
        best = versions.filtered("best_of").grouped("best_of").values()
        return [chain.offer_id, *(members.offer_id for members in best)]

    def _lock_for_run(self):
        """Let no other run book these offers until this transaction ends.

        Under REPEATABLE READ a lock alone lets a waiting run go on with its old
        snapshot; an update of the same row makes it fail and start over.
        """
        self.env["partner.incentive.lock"]._touch(self)

    def _get_overlapping_offers(self):
        """Live offers by which an eligible partner can earn on the same sales."""
        self.ensure_one()
        if not self.id or not self.version_id:
            return self.browse()
        others = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "=", "published"),
                ("id", "not in", self.ids),
                ("measure", "=", self.measure),
                ("credit_role", "=", self.credit_role),
            ]
        ).filtered(
            lambda other: (
                not (self.best_of and other.best_of == self.best_of)
                and not self.reduced_by_earlier
                and not other.reduced_by_earlier
                and (
                    not other._get_end_date() or other._get_end_date() >= self.date_from
                )
                and (
                    not self._get_end_date() or other.date_from <= self._get_end_date()
                )
            )
        )
        own = self.version_id._get_eligible_partners()
        products = self.version_id._get_rule_products("earning")
        return others.filtered(
            lambda other: (
                bool(own & other.version_id._get_eligible_partners())
                and self.version_id._products_meet(
                    products, other.version_id._get_rule_products("earning")
                )
            )
        )

    def action_view_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_incentive_base.partner_incentive_entry_action"
        )
        action["domain"] = [("offer_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_view_performance(self):
        """Adoption, cost and return of the offer, per quarter."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_incentive_base.partner_incentive_performance_action"
        )
        action["domain"] = [("offer_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_view_standings(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_incentive_base.partner_incentive_standing_action"
        )
        action["domain"] = [("offer_id", "=", self.id)]
        action["context"] = {}
        return action

    @api.model
    def action_open_templates(self, *_args):
        """The gallery of templates that a new offer can start from."""
        return self.env["ir.actions.act_window"]._for_xml_id(
            "partner_incentive_base.partner_incentive_offer_template_action"
        )

    def action_save_template(self):
        """Keep the terms as a template, and show it."""
        self.ensure_one()
        template = self.env["partner.incentive.offer.template"]._create_from_offer(self)
        return {
            "type": "ir.actions.act_window",
            "res_model": template._name,
            "res_id": template.id,
            "view_mode": "form",
        }

    def action_preview_accrual(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preview accrual"),
            "res_model": "partner.incentive.accrue",
            "view_mode": "form",
            "target": "new",
            "context": {"default_offer_ids": self.ids},
        }
