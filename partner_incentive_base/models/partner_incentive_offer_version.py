from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ..engine import scale
from ..engine.calculation import Terms
from ..engine.settlement import Holdback
from ..engine.windows import Window
from ..tools.prefetch import prefetch_lines, prefetch_relations

# Fields that carry the process; every other field of a version is one of its terms.
PROCESS_FIELDS = {
    "state",
    "offer_id",
    "submitted_by",
    "submitted_on",
    "published_by",
    "published_on",
}


class PartnerIncentiveOfferVersion(models.Model):
    """The terms of an offer, from an effective date on.

    A version governs the documents dated from its effective date to the day before
    the next version's. Volume of the whole window, of whichever version, decides the
    bracket. Terms of a published version never change.
    """

    _name = "partner.incentive.offer.version"
    _description = "Incentive Offer Version"
    _order = "offer_id, number desc"
    _rec_name = "number"

    offer_id = fields.Many2one(
        "partner.incentive.offer", index=True, ondelete="cascade", copy=False
    )
    company_id = fields.Many2one(
        related="offer_id.program_id.company_id",
        string="Version company",
        store=True,
        index=True,
    )
    number = fields.Integer(string="Version", default=1, required=True, readonly=True)
    state = fields.Selection(
        [("draft", "Draft"), ("review", "In review"), ("published", "Published")],
        string="Version state",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )
    submitted_by = fields.Many2one("res.users", readonly=True, copy=False)
    submitted_on = fields.Datetime(readonly=True, copy=False)
    published_by = fields.Many2one("res.users", readonly=True, copy=False)
    published_on = fields.Datetime(readonly=True, copy=False)
    effective_date = fields.Date(
        string="Effective from",
        help="Documents dated from this day on earn under this version.",
    )
    date_to = fields.Date(string="Ends on", help="Empty: the end of the program.")
    change_reason = fields.Text(
        help="Why the terms change; told to the partners concerned."
    )

    # Who
    segment_ids = fields.Many2many(
        "partner.incentive.segment",
        "partner_incentive_version_segment_rel",
        string="Segments",
        help="Enrolled partners of any of these segments are eligible.",
    )
    partner_ids = fields.Many2many(
        "res.partner",
        "partner_incentive_version_partner_rel",
        string="Partners",
        domain="[('commercial_partner_id', '=', id)]",
        help="Named partners are eligible, too. What the subsidiaries of a named "
        "partner buy counts for it, unless they are named themselves.",
    )
    pooled = fields.Boolean(
        help="The volume of all eligible partners counts as one; the result is split "
        "by what each of them contributed.",
    )
    count_before_enrollment = fields.Boolean(
        string="Count earlier volume",
        help="Documents dated before the partner enrolled count, too.",
    )
    before_cutover = fields.Selection(
        [
            ("none", "Do not count"),
            ("qualify", "Count toward the bracket, but do not earn"),
            ("earn", "Count and earn"),
        ],
        string="Documents before the cut-over",
        default="none",
        required=True,
        help="What documents dated before the company's cut-over date do. Volume that "
        "is imported as brought forward counts in any case.",
    )
    company_cutover_date = fields.Date(
        related="company_id.incentive_cutover_date", string="Company's cut-over date"
    )
    requires_acceptance = fields.Boolean(
        string="Ask for acceptance again",
        help="Partners of an opt-in offer must accept this version, too.",
    )

    # What counts
    evidence_rule = fields.Selection(
        [
            ("documents", "Posted documents"),
            ("claim", "Claim with proof"),
            ("attribution", "Documents attributed to the partner"),
        ],
        string="Evidence",
        help="What proves that a partner earned: the company's own posted documents, "
        "a claim the partner files, or documents attributed to the partner.",
    )
    evidence_note = fields.Char(translate=True)
    evidence_rule_ids = fields.One2many(
        "partner.incentive.evidence.rule",
        "version_id",
        string="Proof needed",
        copy=True,
        help="What a claim needs before it can be submitted.",
    )
    measure = fields.Selection(
        selection="_selection_measure", required=True, default="claimed_amount"
    )
    measure_unit = fields.Selection(
        [("amount", "Amount"), ("quantity", "Quantity")],
        compute="_compute_measure_unit",
    )
    credit_role = fields.Selection(
        [
            ("buyer", "The buyer"),
            ("sourced", "Who sourced the sale"),
            ("influenced", "Who influenced the sale"),
            ("resold", "Who resold it"),
            ("fulfilled", "Who fulfilled it"),
        ],
        string="Credit goes to",
        default="buyer",
        required=True,
        help="The partner on the document, or the partner to whom the sale is "
        "attributed in a role, by its share.",
    )
    product_rule_ids = fields.One2many(
        "partner.incentive.product.rule",
        "version_id",
        string="Products that count",
        copy=True,
    )

    # How much
    formula = fields.Selection(
        [
            ("whole", "Whole volume at the reached rate"),
            ("marginal", "Each slice at its own rate"),
            ("rolling", "Stacked brackets, each up to its upper bound"),
            ("total", "Stacked brackets, each on all volume"),
        ],
        default="whole",
        required=True,
    )
    rate_kind = fields.Selection(
        [
            ("percent", "Percent"),
            ("per_unit", "Amount per unit"),
            ("amount", "Fixed amount"),
        ],
        string="Rate in",
        default="percent",
        required=True,
    )
    bracket_ids = fields.One2many(
        "partner.incentive.bracket", "version_id", string="Scale", copy=True
    )
    below_first = fields.Selection(
        [("none", "Earns nothing"), ("first", "Earns the first rate")],
        string="Below the first bracket",
        default="none",
        required=True,
    )
    minimum = fields.Float(
        digits=(16, 2), help="An entitlement below it, per window, is not owed."
    )
    cap = fields.Float(
        digits=(16, 2), help="Highest entitlement per window. 0: no cap."
    )
    sequence = fields.Integer(
        default=10, help="Offers earn in this order where one reduces another."
    )
    reduced_by_earlier = fields.Boolean(
        help="The earning volume is lowered by what earlier offers earn on the same "
        "sales.",
    )
    reduces_later = fields.Boolean(default=True)
    best_of = fields.Char(
        string="Best-deal group",
        help="Of all offers of one group, only the best counts, per partner and "
        "window.",
    )
    expected_cost = fields.Float(
        digits=(16, 2),
        help="What the offer is planned to cost; a budget with a hard stop must "
        "cover it before publication.",
    )

    # How it is booked and paid
    payout = fields.Selection(
        [
            ("credit_note", "Credit note"),
            ("offset", "Credit note, offset against open invoices"),
            ("vendor_bill", "Vendor bill"),
            ("none", "None, report only"),
        ],
        string="Paid by",
    )
    settlement_minimum = fields.Float(
        string="Smallest payout",
        digits=(16, 2),
        help="A smaller amount waits for the next settlement.",
    )
    settlement_delay = fields.Integer(
        string="Review window",
        help="Days after the end of a settlement period before it is paid, for late "
        "returns and corrections. The partner's tier may shorten it.",
    )
    cost_kind = fields.Selection(
        [
            ("contra_revenue", "Reduction of revenue"),
            ("expense", "Marketing expense"),
        ],
        string="Booked as",
        default="contra_revenue",
        required=True,
        help="A payment to a customer reduces revenue, unless it buys a distinct "
        "service at fair value (IFRS 15.70).",
    )
    analytic = fields.Boolean(
        string="Carry analytic distribution",
        help="Cost is booked by the analytic distribution of the sales it comes from.",
    )

    _number_unique = models.UniqueIndex(
        "(offer_id, number) WHERE offer_id IS NOT NULL",
        "The offer has a version of that number already.",
    )

    def _selection_measure(self):
        return [
            (code, measure.label)
            for code, measure in self.env["partner.incentive.measure"]
            ._get_measures()
            .items()
        ]

    @api.depends("measure")
    def _compute_measure_unit(self):
        measures = self.env["partner.incentive.measure"]._get_measures()
        for version in self:
            measure = measures.get(version.measure)
            version.measure_unit = measure.unit if measure else "amount"

    @api.depends("offer_id.name", "number")
    def _compute_display_name(self):
        for version in self:
            version.display_name = self.env._(
                "%(offer)s, version %(number)s",
                offer=version.offer_id.name or self.env._("New"),
                number=version.number,
            )

    @api.constrains("bracket_ids", "formula", "rate_kind", "below_first")
    def _check_scale(self):
        for version in self.filtered("bracket_ids"):
            version._get_scales()

    @api.constrains("minimum", "cap", "settlement_minimum", "settlement_delay")
    def _check_limits(self):
        for version in self:
            if version.settlement_delay < 0:
                raise ValidationError(
                    self.env._("The review window cannot be negative.")
                )
            if min(version.cap, version.minimum, version.settlement_minimum) < 0:
                raise ValidationError(
                    self.env._("Minimum, cap and smallest payout cannot be negative.")
                )

    @api.constrains("credit_role", "measure")
    def _check_credit_role(self):
        """Only orders and invoices are attributed; all else names its partner."""
        registry = self.env["partner.incentive.measure"]
        measures = registry._get_measures()
        for version in self.filtered(lambda v: v.credit_role != "buyer"):
            measure = measures.get(version.measure)
            if (
                measure
                and not measure.credited
                and not registry._get_attribution_column(measure)
            ):
                raise ValidationError(
                    self.env._(
                        "%(measure)s counts for the partner that it names. Let credit "
                        "go to the buyer.",
                        measure=measure.label,
                    )
                )

    @api.constrains("reduced_by_earlier", "measure")
    def _check_reduction(self):
        for version in self:
            if version.reduced_by_earlier and version.measure_unit == "quantity":
                raise ValidationError(
                    self.env._(
                        "Earlier offers earn money, which cannot be taken off a "
                        "quantity. Use a measure in money, or no reduction."
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            # A version starts as a draft, whatever a caller asks for.
            vals_list = [
                {
                    name: value
                    for name, value in vals.items()
                    if name not in PROCESS_FIELDS or name == "offer_id"
                }
                for vals in vals_list
            ]
        return super().create(vals_list)

    def write(self, vals):
        terms = {
            name for name in vals if name in self._fields and name not in PROCESS_FIELDS
        }
        new = self.env.su and self.env.context.get("incentive_new_version")
        if terms and not new:
            self._check_terms_open()
        if "state" in vals:
            return self._write_state(vals)
        if PROCESS_FIELDS.intersection(vals) and not self.env.su:
            raise AccessError(
                self.env._("Use the buttons of the offer to change its state.")
            )
        return super().write(vals)

    def _check_terms_open(self):
        """Terms are written while the version is a draft, and never again."""
        for version in self:
            if version.state != "draft":
                raise UserError(
                    self.env._(
                        "%(version)s is %(state)s: its terms do not change any more. "
                        "Return it to draft, or use Revise to make the next version.",
                        version=version.display_name,
                        state=dict(
                            version._fields["state"]._description_selection(self.env)
                        )[version.state].lower(),
                    )
                )

    def _write_state(self, vals):
        """Change the state as far as the process and the user's rights allow."""
        state = vals["state"]
        extra = set(vals) - {"state"}
        if extra:
            raise UserError(
                self.env._("Change the state on its own, not with other fields.")
            )
        stamps = {"state": state}
        for version in self:
            if version.state == state:
                continue
            check = {
                ("draft", "review"): version._check_can_submit,
                ("review", "published"): version._check_can_publish,
                ("review", "draft"): version._check_can_return,
            }.get((version.state, state))
            if check is None:
                raise UserError(
                    self.env._(
                        "%(version)s cannot go from %(old)s to %(new)s.",
                        version=version.display_name,
                        old=version.state,
                        new=state,
                    )
                )
            check()
        if state == "review":
            stamps.update(submitted_by=self.env.uid, submitted_on=fields.Datetime.now())
        elif state == "published":
            stamps.update(published_by=self.env.uid, published_on=fields.Datetime.now())
        result = super().write(stamps)  # pylint: disable=super-method-mismatch
        if state == "published":
            for version in self:
                version.offer_id._on_publish(version)
        if not self.env.su:
            self._update_approval_activities(state)
        return result

    def _update_approval_activities(self, state):
        """Ask a manager who is somebody else to publish; done, ask no more."""
        activity = "partner_incentive_base.mail_activity_offer"
        offers_sudo = self.offer_id.sudo()
        offers_sudo.activity_unlink([activity])
        if state != "review":
            return
        managers = (
            self.env.ref("partner_incentive_base.group_incentive_manager")
            .sudo()
            .all_user_ids.filtered("active")
        ) - self.env.user
        for offer in offers_sudo:
            able = managers.filtered_domain(
                [("company_ids", "in", offer.company_id.ids)]
            )
            owner = (offer.user_id | offer.program_id.user_id) & able
            if able:
                offer.activity_schedule(activity, user_id=(owner or able)[0].id)

    def _check_group(self, group, message):
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(message)

    def _check_can_submit(self):
        self._check_group(
            "partner_incentive_base.group_incentive_user",
            self.env._("You may not submit offers. Ask an incentive manager."),
        )
        missing = self._get_missing_terms()
        if missing:
            raise UserError(
                self.env._(
                    "%(offer)s is not complete. Add: %(missing)s.",
                    offer=self.offer_id.name,
                    missing=", ".join(missing),
                )
            )

    def _check_can_publish(self):
        obstacles = self._get_publish_obstacles()
        if obstacles:
            raise UserError("\n".join(obstacles))

    def _check_can_return(self):
        self._check_group(
            "partner_incentive_base.group_incentive_manager",
            self.env._("Only an incentive manager can return an offer to draft."),
        )

    def _get_missing_terms(self):
        """What must be there before anything can be earned, in words."""
        self.ensure_one()
        missing = []
        if not (self.segment_ids or self.partner_ids):
            missing.append(self.env._("who is eligible (segments or partners)"))
        if not self.evidence_rule:
            missing.append(self.env._("what counts as evidence"))
        if not self.payout:
            missing.append(self.env._("how it is paid"))
        if self._requires_scale() and not self.bracket_ids:
            missing.append(self.env._("at least one bracket of the scale"))
        if not self.offer_id.objective_ids:
            missing.append(self.env._("at least one objective it serves"))
        if not self.effective_date:
            missing.append(self.env._("the date from which it is effective"))
        return missing

    def _get_doubtful_terms(self):
        """Terms that can be meant but rarely are, in sentences.

        Shown on the offer to whoever writes and whoever publishes it; they hold up
        nobody.
        """
        self.ensure_one()
        if self.cap and self.cap < self.minimum:
            return [
                self.env._(
                    "The cap of %(cap)s is below the minimum of %(minimum)s, so "
                    "nothing could ever be earned.",
                    cap=self.cap,
                    minimum=self.minimum,
                )
            ]
        return []

    def _requires_scale(self):
        """Extension point: offer types that earn without a scale say False."""
        return True

    def _get_publish_obstacles(self):
        """Why the current user cannot publish this version now; empty if he can."""
        self.ensure_one()
        offer = self.offer_id
        obstacles = []
        missing = self._get_missing_terms()
        if missing:
            obstacles.append(
                self.env._(
                    "%(offer)s is not complete. Add: %(missing)s.",
                    offer=offer.name,
                    missing=", ".join(missing),
                )
            )
        if not self.env.su:
            if not self.env.user.has_group(
                "partner_incentive_base.group_incentive_manager"
            ):
                obstacles.append(
                    self.env._("Only an incentive manager can publish an offer.")
                )
            elif self.submitted_by == self.env.user:
                obstacles.append(
                    self.env._(
                        "You submitted %(offer)s yourself. Somebody else has to "
                        "publish it.",
                        offer=offer.name,
                    )
                )
        previous = offer._get_published_versions()[-1:]
        if previous and self.effective_date <= previous.effective_date:
            obstacles.append(
                self.env._(
                    "Version %(new)s must take effect after version %(old)s, which "
                    "does on %(date)s.",
                    new=self.number,
                    old=previous.number,
                    date=format_date(self.env, previous.effective_date),
                )
            )
        _start, end = self._get_term()
        if previous and end and self.effective_date > end:
            obstacles.append(
                self.env._(
                    "Version %(new)s would take effect on %(date)s, after the offer "
                    "ends on %(end)s. Choose an earlier day, or a later end.",
                    new=self.number,
                    date=format_date(self.env, self.effective_date),
                    end=format_date(self.env, end),
                )
            )
        if self.payout != "none":
            obstacles += offer.company_id._get_incentive_setup_problems()
        if offer.currency_id != offer.company_id.currency_id:
            obstacles += self._get_rate_problems()
        obstacles += self._get_calendar_problems()
        obstacles += self.env["partner.incentive.budget"]._get_publish_problems(self)
        return obstacles

    def _get_term(self):
        """First day and last day of the windows; None where there is no last one."""
        offer = self.offer_id
        return offer.date_from, self.date_to or offer.program_id.date_to

    def _get_calendar_problems(self):
        """Days outside a calendar would be in no window, and so earn nothing."""
        self.ensure_one()
        offer = self.offer_id
        start, end = self._get_term()
        problems = []
        for calendar_sudo in (
            offer.sudo().calendar_id | offer.sudo().settlement_calendar_id
        ):
            names = {"offer": offer.name, "calendar": calendar_sudo.name}
            if not end:
                problems.append(
                    self.env._(
                        "%(offer)s has no end, so no calendar can cover it. Enter the "
                        "day it ends on, or leave the calendar %(calendar)s out.",
                        **names,
                    )
                )
            elif not calendar_sudo._get_dated_calendar().covers(start, end):
                problems.append(
                    self.env._(
                        "The calendar %(calendar)s must have periods for the whole "
                        "term of %(offer)s, from %(start)s to %(end)s; it has %(from)s "
                        "to %(to)s. Add periods, or change the dates of the offer.",
                        **names,
                        **{
                            "start": format_date(self.env, start),
                            "end": format_date(self.env, end),
                            "from": format_date(self.env, calendar_sudo.date_from)
                            or self.env._("none"),
                            "to": format_date(self.env, calendar_sudo.date_to)
                            or self.env._("none"),
                        },
                    )
                )
        if offer.calendar_id and not problems and self._compares_with_year_before():
            calendar = offer._get_calendar()
            missing = next(
                (
                    window
                    for window in calendar.split(start, end, offer.period)
                    if calendar.year_before(window) is None
                ),
                None,
            )
            if missing:
                problems.append(
                    self.env._(
                        "%(offer)s compares with the same period a year before, and "
                        "the calendar %(calendar)s has none for %(start)s to %(end)s. "
                        "Add the year before to the calendar.",
                        offer=offer.name,
                        calendar=offer.sudo().calendar_id.name,
                        start=format_date(self.env, missing.start),
                        end=format_date(self.env, missing.end),
                    )
                )
        return problems

    def _compares_with_year_before(self):
        measure = self.env["partner.incentive.measure"]._get_measures()
        measure = measure.get(self.measure)
        return bool(
            (measure and measure.growth)
            or self._get_reference() == "previous"
            or self._follows_season()
        )

    def _get_calendar_span(self):
        """First and last day of a calendar that what is owed depends on."""
        self.ensure_one()
        start, end = self._get_term()
        if self._compares_with_year_before():
            before = self.offer_id._get_calendar().year_before(Window(start, end))
            start = before.start if before else start
        return start, end

    def _get_rate_problems(self):
        """An offer in a currency without any rate would be converted one to one."""
        currency = self.offer_id.currency_id
        company = self.offer_id.company_id
        if currency.with_company(company).rate_ids.filtered(
            lambda rate: rate.company_id in (company.root_id, self.env["res.company"])
        ):
            return []
        return [
            self.env._(
                "There is no exchange rate for %(currency)s. Enter one under "
                "Accounting > Configuration > Currencies before publishing.",
                currency=currency.name,
            )
        ]

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        if any(version.state == "published" for version in self):
            raise UserError(self.env._("A published version cannot be deleted."))

    def _get_earning_span(self):
        """First and last day whose documents earn under this version, or None."""
        self.ensure_one()
        following = self.offer_id._get_published_versions().filtered(
            lambda other: other.number > self.number
        )
        ends = [self.offer_id._get_end_date()]
        if following:
            ends.append(following[0].effective_date - timedelta(days=1))
        ends = [end for end in ends if end]
        return self.effective_date, min(ends) if ends else None

    def _get_eligible_partners(self):
        """Partners that the terms name, enrolled or not."""
        self.ensure_one()
        Partner = self.env["res.partner"]
        domain = Domain("id", "in", self.partner_ids.ids)
        for segment in self.segment_ids:
            domain |= segment._get_partner_domain()
        return Partner.search(domain)

    def _get_rule_products(self, basis):
        """Products that count for ``basis``, or None where every product does."""
        self.ensure_one()
        domain = self._get_product_domain(basis)
        return None if domain is None else self.env["product.product"].search(domain)

    def _read_terms(self):
        """Read what the terms of these versions consist of, by a few statements.

        A calculation looks at each version alone, whose relations would be read one
        version, and one relation, at a time otherwise.
        """
        # Segments, scales and products of published ones are in memory.
        drafts = self.filtered(lambda version: version.state != "published")
        prefetch_lines(drafts, "bracket_ids", ["lower", "rate", "segment_id"])
        prefetch_lines(drafts, "product_rule_ids", ["basis", "mode", "line_domain"])
        segments = self._get_segments() | self._get_ladder_segments()
        prefetch_relations(
            (self, self._get_term_relations()),
            (drafts.product_rule_ids, ["category_ids", "product_ids"]),
            (segments, segments._get_condition_relations()),
        )

    @api.model
    def _get_term_relations(self):
        """Names of the Many2many fields that a calculation needs."""
        return ["partner_ids"]

    def _get_product_domain(self, basis):
        """Domain over ``product.product`` of a basis, or None without restriction.

        :param basis: ``earning``, ``qualifying`` or ``reference``
        """
        return self._get_rule_domains()[basis][0]

    def _get_line_domain(self, basis, line_model="account.move.line"):
        """Domain over the measure's lines where more than the product decides, or None.

        A claim counts for the offer that it names, and for no other.
        """
        products, lines = self._get_rule_domains()[basis]
        if line_model == "partner.incentive.claim":
            own = Domain("offer_id", "=", self.offer_id.id)
            return (
                own if products is None else own & Domain("product_id", "any", products)
            )
        return lines if line_model == "account.move.line" else None

    def _get_rules(self, basis):
        bases = (basis,) if basis == "reference" else (basis, "both")
        return self.product_rule_ids.filtered(lambda rule: rule.basis in bases)

    @staticmethod
    def _products_meet(products, others):
        return products is None or others is None or bool(products & others)

    def _read_rule_domains(self):
        """``{basis: (domain over products or None, over invoice lines or None)}``."""
        rules = {
            basis: self._get_rules(basis)
            for basis in ("earning", "qualifying", "reference")
        }
        return {
            basis: (own._get_product_domain(), own._get_line_domain())
            for basis, own in rules.items()
        }

    def _read_scales(self):
        """What :meth:`_get_scales` says, from the brackets; extension point."""
        self.ensure_one()
        brackets = {}
        for bracket in self.bracket_ids:
            brackets.setdefault(bracket.segment_id.id or 0, []).append(
                scale.Bracket(Decimal(str(bracket.lower)), Decimal(str(bracket.rate)))
            )
        scales = {}
        for segment_id, rows in (brackets or {0: []}).items():
            try:
                scales[segment_id] = scale.Scale(
                    self.formula,
                    self.rate_kind,
                    tuple(rows),
                    self.below_first == "first",
                )
            except scale.ScaleError as error:
                raise ValidationError(self._describe_scale_error(error)) from error
        return scales

    def _describe_scale_error(self, error):
        if error.code == "duplicate":
            return self.env._(
                "Two brackets start at %(bound)s. Each bracket needs a lower bound of "
                "its own; it reaches up to the next one.",
                bound=error.value,
            )
        if error.code == "negative":
            return self.env._(
                "A bracket starts at %(bound)s. Lower bounds start at zero.",
                bound=error.value,
            )
        return self.env._(
            "The scale is empty. Add at least one bracket, such as 5 percent from 0."
        )

    def _get_terms(self):
        """The engine's :class:`~..engine.calculation.Terms` of this version."""
        self.ensure_one()
        return Terms(
            unit=Decimal(str(self.offer_id.currency_id.rounding)),
            cap=Decimal(str(self.cap)) if self.cap else None,
            minimum=Decimal(str(self.minimum)),
            sequence=self.sequence,
            reduced_by_earlier=self.reduced_by_earlier,
            reduces_later=self.reduces_later,
            best_of=self.best_of or None,
        )

    # Extension points for modules that add terms to money that is earned. The base
    # provides for what is achieved, holds nothing back, promises nothing.

    def _get_guarantee(self):
        """:class:`~..engine.guarantee.Guarantee`, or None."""
        return None

    def _get_safety_days(self):
        """Days that pass before a document counts, since it may yet be undone."""
        return 0

    def _get_growth_baseline(self):
        """Volume that a partner without a year before grows from; None: no growth."""
        return None

    def _get_reference(self):
        """What brackets are percentages of, or None where they are volumes.

        ``target``, ``previous`` (the same window a year before), ``products`` (those
        of the product rules to compare with), or ``measure`` (the measure's own).
        """
        measure = self.env["partner.incentive.measure"]._get_measures()
        measure = measure.get(self.measure)
        return "measure" if measure and measure.reference else None

    def _get_targets(self):
        """``{offer id: {(partner id, window start): volume}}``."""
        return {}

    def _get_accrual_terms(self):
        """``(method, percent, threshold), see :mod:`..engine.accrual`."""
        return "achieved", Decimal(0), Decimal(0)

    def _changes_with_time(self):
        """Whether what is owed can change though no document and no term does."""
        return bool(self._get_guarantee())

    def _follows_season(self):
        """Whether volume without a forecast follows that of a year before."""
        return False

    def _get_forecasts(self):
        """``{offer id: {(partner id, window start): expected volume}}``."""
        return {}

    def _holds_back(self):
        """Whether a part of what is earned can wait by these terms."""
        return False

    def _get_holdback_percent(self, day):
        """Percentage of what is earned that is not paid on ``day`` yet."""
        return Decimal(0)

    def _get_holdback_percents(self, day, partner_ids):
        """``{partner id: percentage}``, since it may depend on the partner's tier."""
        return dict.fromkeys(partner_ids, self._get_holdback_percent(day))

    def _get_holdbacks(self, day, partner_ids):
        """What is held back of each partner, and what is lost, on ``day``.

        :return: ``{partner id: Holdback}``, see :mod:`..engine.settlement`
        """
        percents = self._get_holdback_percents(day, partner_ids)
        return {partner_id: Holdback(each) for partner_id, each in percents.items()}

    def _forfeits(self):
        """Whether a part of what is earned can be lost by these terms."""
        return False

    def _get_clawback_policy(self):
        """``carry`` or ``debit_note``."""
        return "carry"

    def _get_clawback_limit(self):
        """Highest share of what was paid that is claimed back, 1 for all of it."""
        return Decimal(1)

    def _get_clawed_queries(self, measure, day):
        """Documents that do not count on ``day`` by these terms.

        :param measure: the version's :class:`~..measures.measure.Measure`
        :return: list of SQL that yield ``(document_id, product_id, share)``; any
            product where that is NULL; shares from 0 to 1
        """
        return []
