from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_amount, format_date

from ..engine import performance
from .partner_incentive_performance_figures import COUNTS, SUMS

ACTIONS = [
    ("retire", "Retire"),
    ("keep", "Keep"),
    ("double_down", "Double down"),
    ("adjust", "Adjust"),
]
#: What a manager decides; everything else is the review's own.
DECISION_FIELDS = {"decision", "decision_note", "retire_on", "change_percent"}


class PartnerIncentiveReviewLine(models.Model):
    """One offer in a review: its figures, what they suggest, and what was decided.

    A decision takes effect when the review is decided: *retire* ends the offer on a
    day, *adjust* and *double down* make the draft of its next version, with changed
    rates where a change is given. The draft is published, or not, as any other.
    """

    _name = "partner.incentive.review.line"
    _description = "Offer in Review"
    _inherit = [
        "partner.incentive.performance.figures",
        "partner.incentive.process.mixin",
    ]
    _order = "review_id, bookings desc, id"
    _rec_name = "offer_id"

    review_id = fields.Many2one(
        "partner.incentive.review",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="review_id.company_id", store=True, precompute=True
    )
    state = fields.Selection(related="review_id.state", string="Review is")
    offer_id = fields.Many2one(
        "partner.incentive.offer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    offer_type = fields.Selection(related="offer_id.offer_type")
    program_id = fields.Many2one(related="offer_id.program_id")
    date_from = fields.Date(related="review_id.date_from", string="Quarter", store=True)
    overlap_offer_ids = fields.Many2many(
        "partner.incentive.offer",
        "partner_incentive_review_line_overlap_rel",
        string="Overlaps with",
        readonly=True,
    )
    before = fields.Json(readonly=True, help="The same sums of the quarter before.")
    before_adoption = fields.Float(compute="_compute_before")
    before_bookings = fields.Monetary(
        compute="_compute_before", currency_field="company_currency_id"
    )
    before_cost = fields.Monetary(
        compute="_compute_before", currency_field="company_currency_id"
    )
    before_gross_romi = fields.Float(
        string="Before: gross ROMI", compute="_compute_before"
    )
    before_incremental_romi = fields.Float(
        string="Before: incremental ROMI", compute="_compute_before"
    )
    figures_text = fields.Text(
        string="Against the quarter before", compute="_compute_figures_text"
    )
    suggestion = fields.Selection(ACTIONS, string="Suggested", readonly=True)
    reasons = fields.Json(
        readonly=True, help="Codes and figures of why it is suggested."
    )
    suggestion_reason = fields.Text(string="Why", compute="_compute_suggestion_reason")

    can_decide = fields.Boolean(compute="_compute_can_decide")
    decision = fields.Selection(ACTIONS)
    decision_note = fields.Text(
        string="Reason", help="Why; partners are told when the change is announced."
    )
    retire_on = fields.Date(
        string="Ends on", help="Documents after this day earn nothing."
    )
    change_percent = fields.Float(
        string="Change rates by (%)",
        digits=(16, 2),
        help="All rates of the draft, such as 10 for a rate of 5 that becomes 5.5. "
        "0: the draft has the present terms.",
    )
    decided_by = fields.Many2one("res.users", readonly=True)
    decided_on = fields.Datetime(readonly=True)
    version_id = fields.Many2one(
        "partner.incentive.offer.version",
        string="Revision",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The draft that the decision made.",
    )
    announced_on = fields.Datetime(readonly=True)

    _offer_once = models.UniqueIndex("(review_id, offer_id)")

    @api.depends("state")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        manager = self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        )
        for line in self:
            line.can_decide = manager and line.state == "review"

    @api.depends("before")
    def _compute_before(self):
        for line in self:
            figures = line._get_figures_before() or performance.Figures()
            line.before_adoption = figures.adoption or 0
            line.before_bookings = figures.bookings
            line.before_cost = figures.cost
            line.before_gross_romi = figures.gross_romi or 0
            line.before_incremental_romi = figures.incremental_romi or 0

    @api.depends("before", "measured", *SUMS)
    @api.depends_context("lang")
    def _compute_figures_text(self):
        """Both quarters in words, so that a card on a phone says it all."""
        for line in self:
            now, before = line._get_figures(), line._get_figures_before()
            rows = [(self.env._("Adoption"), "adoption", self._percent)]
            rows.append((self.env._("Cost"), "cost", line._money))
            if line.measured:
                rows += [
                    (self.env._("Bookings"), "bookings", line._money),
                    (self.env._("Gross ROMI"), "gross_romi", self._percent),
                    (self.env._("Incremental ROMI"), "incremental_romi", self._percent),
                ]
            none = self.env._("none")
            texts = []
            for label, name, show in rows:
                values = [
                    none if each is None else show(each)
                    for each in (
                        getattr(now, name),
                        getattr(before, name) if before else None,
                    )
                ]
                texts.append(
                    self.env._(
                        "%(label)s: %(now)s (before: %(before)s)",
                        label=label,
                        now=values[0],
                        before=values[1],
                    )
                )
            line.figures_text = "\n".join(texts)

    @api.depends("reasons")
    @api.depends_context("lang")
    def _compute_suggestion_reason(self):
        for line in self:
            line.suggestion_reason = "\n".join(
                line._describe_reason(*reason) for reason in line.reasons or ()
            )

    @staticmethod
    def _percent(value):
        return f"{float(value) * 100:.0f} %"

    def _money(self, value):
        return format_amount(self.env, float(value), self.company_currency_id)

    def _describe_reason(self, code, figure, bound):
        """A reason in words.

        :param figure: as text, or None; so is ``bound``
        """
        figure = Decimal(figure) if figure is not None else None
        bound = Decimal(bound) if bound is not None else None
        if code in ("few_eligible", "few_earning", "unused", "unreached"):
            values = {"figure": int(figure), "bound": int(bound or 0)}
        else:
            values = {
                "figure": None if figure is None else self._percent(figure),
                "bound": None if bound is None else self._percent(bound),
            }
        return {
            "no_sales": lambda: self.env._(
                "It counts no sales, or pays through other offers, so it has no return "
                "of its own. Judge it by what it is for."
            ),
            "few_eligible": lambda: self.env._(
                "Too few cases to judge. Eligible partners: %(figure)s, needed: "
                "%(bound)s.",
                **values,
            ),
            "few_earning": lambda: self.env._(
                "Too few cases to judge. Partners that earned: %(figure)s, needed: "
                "%(bound)s.",
                **values,
            ),
            "unused": lambda: self.env._(
                "Nobody earned in two quarters. Eligible partners: %(figure)s.",
                **values,
            ),
            "unreached": lambda: self.env._(
                "Partners sell, but nobody reached what it asks for in two quarters. "
                "Partners: %(figure)s.",
                **values,
            ),
            "no_cost": lambda: self.env._("It cost nothing in this quarter."),
            "no_history": lambda: self.env._(
                "There is no year before to compare with, so nobody can tell yet what "
                "it brought."
            ),
            "incremental_loss": lambda: self.env._(
                "Incremental ROMI of %(figure)s is below %(bound)s. A second quarter "
                "like this, and it should go.",
                **values,
            ),
            "incremental_loss_twice": lambda: self.env._(
                "Incremental ROMI was too low in two quarters: %(figure)s, and "
                "%(bound)s before.",
                **values,
            ),
            "gross_loss": lambda: self.env._(
                "Gross ROMI of %(figure)s is below %(bound)s.", **values
            ),
            "gross_loss_twice": lambda: self.env._(
                "Gross ROMI was too low in two quarters: %(figure)s, and %(bound)s "
                "before.",
                **values,
            ),
            "romi_falls": lambda: self.env._(
                "ROMI fell from %(bound)s to %(figure)s.", **values
            ),
            "costly": lambda: self.env._(
                "Cost is %(figure)s of bookings, more than %(bound)s.", **values
            ),
            "overlaps": lambda: self.env._(
                "Other offers paid on %(figure)s of its bookings, too; %(bound)s is "
                "the limit. Let one reduce the other, or make them a best-deal group.",
                **values,
            ),
            "rarely_used": lambda: self.env._(
                "Only %(figure)s of eligible partners earned, less than %(bound)s.",
                **values,
            ),
            "pays": lambda: self.env._(
                "Incremental ROMI of %(figure)s, at least %(bound)s.", **values
            ),
            "used": lambda: self.env._(
                "Adoption of %(figure)s, at least %(bound)s.", **values
            ),
            "as_expected": lambda: self.env._(
                "ROMI of %(figure)s: it pays, without standing out.", **values
            ),
        }[code]()

    @api.constrains("change_percent")
    def _check_change_percent(self):
        for line in self:
            if line.change_percent <= -100:
                raise ValidationError(
                    self.env._(
                        "Rates cannot fall by 100 % or more. Retire the offer instead."
                    )
                )

    @api.constrains("retire_on")
    def _check_retire_on(self):
        today = fields.Date.context_today(self)
        for line in self:
            if line.retire_on and line.retire_on < today:
                raise ValidationError(
                    self.env._(
                        "What partners earned up to today stays earned. Choose today "
                        "or a later day for the end."
                    )
                )

    def write(self, vals):
        if self._is_in_process():
            return super().write(vals)
        self.review_id._check_open()
        if set(vals) - DECISION_FIELDS:
            if not self.env.su:
                raise AccessError(
                    self.env._("Figures and suggestions are the review's own.")
                )
            return super().write(vals)
        self.check_access("write")
        self.review_id._check_manager()
        if any(line.state != "review" for line in self):
            raise UserError(self.env._("Start the review before you decide."))
        result = super().write(vals)
        if "decision" in vals:
            decided = bool(vals["decision"])
            self._in_process().write(
                {
                    "decided_by": self.env.uid if decided else False,
                    "decided_on": fields.Datetime.now() if decided else False,
                }
            )
        return result

    # -------------------------------------------------------------------- figures

    def _get_figures_before(self):
        """The :class:`~..engine.performance.Figures` of the quarter before, or None."""
        self.ensure_one()
        if not self.before:
            return None
        return performance.Figures(
            measured=self.measured,
            **{
                name: value if name in COUNTS else Decimal(str(value))
                for name, value in self.before.items()
            },
        )

    def _take_figures(self, now, before):
        """Write the figures of two quarters, as the report has them."""
        self.ensure_one()
        self._in_process().write(
            {
                "measured": now.measured,
                "overlap_offer_ids": [(6, 0, now.overlap_offer_ids.ids)],
                "before": {name: before[name] for name in SUMS} if before else False,
                **{name: now[name] for name in SUMS},
            }
        )

    def _suggest(self):
        for line in self:
            suggestion = performance.suggest(
                line._get_figures(),
                line._get_figures_before(),
                line.review_id._get_rules(),
            )
            line._in_process().write(
                {
                    "suggestion": suggestion.action,
                    "reasons": [
                        [
                            reason.code,
                            *(
                                None if each is None else str(each)
                                for each in (reason.figure, reason.bound)
                            ),
                        ]
                        for reason in suggestion.reasons
                    ],
                }
            )

    # ------------------------------------------------------------------ decisions

    def action_accept_suggestion(self):
        """Decide as suggested; the reasons become those of the decision."""
        for line in self:
            line.write(
                {
                    "decision": line.suggestion,
                    "decision_note": line.decision_note or line.suggestion_reason,
                }
            )

    def _apply(self):
        """Let the decisions take effect, with the rights of whoever decides."""
        for line in self:
            if line.decision == "keep":
                continue
            if not (line.decision_note or "").strip():
                raise UserError(
                    self.env._(
                        "Say why %s changes: partners are told.", line.offer_id.name
                    )
                )
            if line.decision == "retire":
                line.offer_id._retire(line.retire_on or fields.Date.context_today(line))
            else:
                line._revise()

    def _revise(self):
        """Make the next version of the offer, a draft, in force from next quarter."""
        self.ensure_one()
        offer = self.offer_id
        if offer.is_revision:
            raise UserError(
                self.env._(
                    "%s is being revised already. Publish or discard that draft first, "
                    "or keep the offer.",
                    offer.name,
                )
            )
        effective_date = self._get_effective_date()
        offer.action_revise()
        version = offer.version_id
        version.write(
            {
                "effective_date": effective_date,
                "change_reason": self.decision_note,
                "bracket_ids": [
                    (1, bracket.id, {"rate": bracket.rate * self._get_factor()})
                    for bracket in version.bracket_ids
                    if self.change_percent
                ],
            }
        )
        self._in_process().version_id = version

    def _get_effective_date(self):
        """From when on a revision holds: the next quarter.

        Where the offer ends before that, as with its program at the end of the year,
        from tomorrow on; the draft's date can be changed before it is submitted.
        """
        offer, today = self.offer_id, fields.Date.context_today(self)
        following = self.review_id._get_quarter(self.company_id, today, 1)
        day = max(following.start, offer.version_id.effective_date)
        end = offer._get_end_date()
        if end and end < day:
            day = fields.Date.add(today, days=1)
            if end < day or day <= offer.version_id.effective_date:
                raise UserError(
                    self.env._(
                        "%(offer)s ends on %(date)s, before any change of its terms "
                        "could take effect. Keep it, roll its program into the next "
                        "year, and change its draft there.",
                        offer=offer.name,
                        date=format_date(self.env, end),
                    )
                )
        return day

    def _get_factor(self):
        return 1 + self.change_percent / 100

    def action_announce(self):
        """Show what partners would be told of this decision, and who."""
        self.ensure_one()
        if self.state != "decided" or self.decision == "keep":
            raise UserError(
                self.env._("There is nothing to announce before a change is decided.")
            )
        return self.env["partner.incentive.announce"]._open(self.offer_id, self)

    def action_open_offer(self):
        """The offer, on screen with its draft where there is one."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.incentive.offer",
            "res_id": self.offer_id.id,
            "view_mode": "form",
        }
