from collections import defaultdict
from dataclasses import dataclass

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_amount, format_date


@dataclass
class Usage:
    """What one offer takes of one budget, in the budget's currency."""

    committed: float = 0.0
    accrued: float = 0.0
    settled: float = 0.0
    discretionary: bool = False

    @property
    def total(self):
        return self.committed + self.accrued


class PartnerIncentiveBudget(models.Model):
    """How much a program, an offer or a partner may cost from a day to a day.

    - planned: what may be spent
    - allocated: expected cost of the published offers in its scope
    - committed: approved claims that no run has counted yet
    - accrued: what partners earned, by accounting date
    - settled: what was paid of it
    - available: planned less committed and accrued

    A hard stop binds what is discretionary: an approval, a publication. What a partner
    has earned under published terms accrues in full, whatever the budget says, and
    alerts the owner. Figures are live, in the budget's currency; amounts of other
    currencies are taken from the books at the rates of their dates.
    """

    _name = "partner.incentive.budget"
    _description = "Incentive Budget"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date_from desc, program_id, offer_id, partner_id, id"
    _check_company_auto = True

    name = fields.Char(
        compute="_compute_name",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    active = fields.Boolean(default=True)
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
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    offer_id = fields.Many2one(
        "partner.incentive.offer",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('program_id', '=', program_id)]",
        help="Empty: all offers of the program.",
        tracking=True,
    )
    partner_id = fields.Many2one(
        "res.partner",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('commercial_partner_id', '=', id)]",
        help="Empty: all partners.",
        tracking=True,
    )
    level = fields.Selection(
        [("program", "Program"), ("offer", "Offer"), ("partner", "Partner")],
        compute="_compute_level",
        store=True,
    )
    parent_id = fields.Many2one(
        "partner.incentive.budget",
        string="Part of",
        index=True,
        ondelete="restrict",
        domain="[('program_id', '=', program_id), ('id', '!=', id)]",
    )
    child_ids = fields.One2many("partner.incentive.budget", "parent_id")
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        tracking=True,
    )
    date_from = fields.Date(
        string="From",
        compute="_compute_dates",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        tracking=True,
    )
    date_to = fields.Date(
        string="To",
        compute="_compute_dates",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        tracking=True,
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    planned = fields.Monetary(required=True, tracking=True)
    hard_stop = fields.Boolean(
        string="Hard stop",
        tracking=True,
        help="Nothing that exceeds the budget can be approved or published. What "
        "partners earn under published terms is booked all the same.",
    )
    alert_percent = fields.Float(
        string="Alert at (%)",
        default=80.0,
        digits=(16, 2),
        help="The owner gets an activity when so much of the budget is used.",
    )
    alerted = fields.Selection(
        [("near", "Near the limit"), ("over", "Over the limit")],
        readonly=True,
        copy=False,
        help="The highest alert that was given.",
    )
    lock_turn = fields.Integer(readonly=True, copy=False)
    distributed = fields.Monetary(
        compute="_compute_distributed",
        help="Planned by the budgets that are part of it.",
    )
    allocated = fields.Monetary(compute="_compute_figures")
    committed = fields.Monetary(compute="_compute_figures")
    accrued = fields.Monetary(compute="_compute_figures")
    settled = fields.Monetary(compute="_compute_figures")
    available = fields.Monetary(compute="_compute_figures")
    earned = fields.Monetary(
        string="Earned under published terms",
        compute="_compute_figures",
        help="Accrued without anybody's approval; a hard stop does not bind it.",
    )
    discretionary = fields.Monetary(
        compute="_compute_figures",
        help="Approved claims, accrued or not: what a hard stop binds.",
    )
    used_percent = fields.Float(
        string="Used (%)", compute="_compute_figures", digits=(16, 1)
    )
    state = fields.Selection(
        [("ok", "Within"), ("near", "Near the limit"), ("over", "Over the limit")],
        string="Status",
        compute="_compute_figures",
    )

    _dates_order = models.Constraint(
        "CHECK (date_to >= date_from)",
        "A budget cannot end before it starts. Correct one of the two dates.",
    )
    _planned_positive = models.Constraint(
        "CHECK (planned >= 0)", "A budget cannot be negative."
    )
    _alert_range = models.Constraint(
        "CHECK (alert_percent > 0)", "The alert needs a percentage above zero."
    )

    # ------------------------------------------------------------------------ fields

    @api.depends("program_id", "offer_id", "partner_id")
    def _compute_name(self):
        for budget in self:
            parts = [
                budget.offer_id.name or budget.program_id.name,
                budget.partner_id.name,
            ]
            budget.name = ", ".join(filter(None, parts)) or self.env._("New")

    @api.depends("offer_id", "partner_id")
    def _compute_level(self):
        for budget in self:
            if budget.partner_id:
                budget.level = "partner"
            else:
                budget.level = "offer" if budget.offer_id else "program"

    @api.depends("program_id")
    def _compute_dates(self):
        for budget in self:
            budget.date_from = budget.date_from or budget.program_id.date_from
            budget.date_to = budget.date_to or budget.program_id.date_to

    @api.depends("program_id")
    def _compute_currency_id(self):
        for budget in self:
            budget.currency_id = (
                budget.currency_id
                or budget.program_id.currency_id
                or self.env.company.currency_id
            )

    @api.depends("child_ids.planned", "child_ids.currency_id")
    def _compute_distributed(self):
        for budget in self:
            budget.distributed = budget._sum_planned(budget.child_ids)

    @api.depends(
        "planned",
        "currency_id",
        "program_id",
        "offer_id",
        "partner_id",
        "date_from",
        "date_to",
        "alert_percent",
    )
    def _compute_figures(self):
        usage = self._get_usage()
        for budget in self:
            uses = usage[budget.id].values()
            budget.committed = sum(use.committed for use in uses)
            budget.accrued = sum(use.accrued for use in uses)
            budget.settled = sum(use.settled for use in uses)
            budget.discretionary = sum(
                use.committed + (use.accrued if use.discretionary else 0)
                for use in uses
            )
            used = budget.committed + budget.accrued
            budget.earned = used - budget.discretionary
            budget.available = budget.planned - used
            budget.used_percent = 100 * used / budget.planned if budget.planned else 0
            budget.state = budget._get_status(used)
            budget.allocated = sum(
                budget._get_expected_cost(offer) for offer in budget._get_live_offers()
            )

    def _get_status(self, used):
        self.ensure_one()
        currency = self.currency_id
        if currency.compare_amounts(used, self.planned) > 0:
            return "over"
        limit = self.planned * self.alert_percent / 100
        if used and currency.compare_amounts(used, limit) >= 0:
            return "near"
        return "ok"

    def _sum_planned(self, budgets):
        """Planned amounts of ``budgets`` in the currency of this one."""
        self.ensure_one()
        return sum(
            budget.currency_id._convert(
                budget.planned, self.currency_id, budget.company_id, budget.date_from
            )
            if budget.currency_id and self.currency_id
            else budget.planned
            for budget in budgets
        )

    # ------------------------------------------------------------------- constraints

    @api.constrains("offer_id", "program_id")
    def _check_offer(self):
        for budget in self:
            if budget.offer_id and budget.offer_id.program_id != budget.program_id:
                raise ValidationError(
                    self.env._(
                        "%(offer)s belongs to %(program)s. Choose an offer of the "
                        "budget's own program.",
                        offer=budget.offer_id.name,
                        program=budget.offer_id.program_id.name,
                    )
                )

    @api.constrains(
        "parent_id", "planned", "currency_id", "program_id", "date_from", "date_to"
    )
    def _check_hierarchy(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A budget cannot be a part of itself."))
        for budget in self | self.parent_id:
            parent = budget.parent_id
            if parent and (
                parent.program_id != budget.program_id
                or budget.date_from < parent.date_from
                or budget.date_to > parent.date_to
            ):
                raise ValidationError(
                    self.env._(
                        "%(budget)s must have the program of %(parent)s, and dates "
                        "within %(start)s to %(end)s.",
                        budget=budget.name,
                        parent=parent.name,
                        start=format_date(self.env, parent.date_from),
                        end=format_date(self.env, parent.date_to),
                    )
                )
            planned = budget._sum_planned(budget.child_ids)
            if budget.currency_id.compare_amounts(planned, budget.planned) > 0:
                raise ValidationError(
                    self.env._(
                        "The budgets that are part of %(budget)s sum to %(sum)s, more "
                        "than its %(planned)s.",
                        budget=budget.name,
                        sum=budget._format(planned),
                        planned=budget._format(budget.planned),
                    )
                )

    def write(self, vals):
        result = super().write(vals)
        if {"planned", "alert_percent"} & set(vals) and "alerted" not in vals:
            # a raised budget alerts again when it comes near its limit again
            self._reset_alerts()
        return result

    def _reset_alerts(self):
        for budget in self.filtered("alerted"):
            if budget.state != budget.alerted:
                budget.sudo().alerted = budget.state if budget.state != "ok" else False

    # ----------------------------------------------------------------------- figures

    def _get_usage(self):
        """``{budget id: {offer id: Usage}}``, in each budget's currency.

        Budgets of the same dates and level share one query of the ledger and one of
        the claims.
        """
        usage = {budget.id: defaultdict(Usage) for budget in self}
        groups = defaultdict(self.browse)
        for budget in self:
            if budget.program_id and budget.date_from and budget.date_to:
                groups[budget.date_from, budget.date_to, bool(budget.partner_id)] |= (
                    budget
                )
        for (start, end, by_partner), budgets in groups.items():
            budgets._add_entries(usage, start, end, by_partner)
            budgets._add_claims(usage, start, end, by_partner)
        return usage

    def _get_scope_domain(self, start, end, by_partner):
        domain = (
            Domain("program_id", "in", self.program_id.ids)
            & Domain("date", ">=", start)
            & Domain("date", "<=", end)
        )
        if by_partner:
            domain &= Domain("partner_id", "in", self.partner_id.ids)
        return domain

    def _get_grouping(self, by_partner):
        """Fields to group by; by day only where a rate of the day is needed."""
        grouping = ["program_id", "offer_id", "company_id", "currency_id"]
        if by_partner:
            grouping.append("partner_id")
        if any(b.currency_id != b.company_id.currency_id for b in self):
            grouping.append("date:day")
        return grouping

    def _add_entries(self, usage, start, end, by_partner):
        grouping = self._get_grouping(by_partner)
        for row in (
            self.env["partner.incentive.entry"]
            .sudo()
            ._read_group(
                self._get_scope_domain(start, end, by_partner),
                grouping,
                [
                    "earned:sum",
                    "settled:sum",
                    "earned_balance:sum",
                    "settled_balance:sum",
                ],
            )
        ):
            keys = dict(zip(grouping, row, strict=False))
            earned, settled, earned_balance, settled_balance = row[len(grouping) :]
            for budget in self._matching(keys):
                use = usage[budget.id][keys["offer_id"].id]
                use.accrued += budget._take(keys, earned, earned_balance)
                use.settled += budget._take(keys, settled, settled_balance)
                use.discretionary = budget._is_discretionary(keys["offer_id"])

    def _add_claims(self, usage, start, end, by_partner):
        grouping = self._get_grouping(by_partner)
        domain = self._get_scope_domain(start, end, by_partner) & Domain(
            self._get_commitment_domain()
        )
        for row in (
            self.env["partner.incentive.claim"]
            .sudo()
            ._read_group(domain, grouping, ["amount:sum", "company_amount:sum"])
        ):
            keys = dict(zip(grouping, row, strict=False))
            amount, company_amount = row[len(grouping) :]
            for budget in self._matching(keys):
                use = usage[budget.id][keys["offer_id"].id]
                use.committed += budget._take(keys, amount, company_amount)
                use.discretionary = True

    @api.model
    def _get_commitment_domain(self):
        """Claims that are approved, and not in the ledger yet."""
        return [
            ("state", "in", ("approved", "scheduled", "paid")),
            ("accrued", "=", False),
        ]

    def _matching(self, keys):
        return self.filtered(
            lambda budget: (
                budget.program_id == keys["program_id"]
                and (not budget.offer_id or budget.offer_id == keys["offer_id"])
                and (not budget.partner_id or budget.partner_id == keys["partner_id"])
            )
        )

    def _take(self, keys, amount, company_amount):
        """An amount in the budget's currency.

        At its face in that currency, else from company currency as booked, converted
        at the rate of its date if the budget is in a third one.
        """
        self.ensure_one()
        if keys["currency_id"] == self.currency_id:
            return amount
        company = keys["company_id"]
        if company.currency_id == self.currency_id:
            return company_amount
        return company.currency_id._convert(
            company_amount, self.currency_id, company, keys["date:day"], round=False
        )

    @api.model
    def _is_discretionary(self, offer):
        """Whether money is earned under ``offer`` by somebody's decision."""
        offer_sudo = offer.sudo()
        version = offer_sudo._get_published_versions()[-1:] or offer_sudo.version_id
        return version.evidence_rule == "claim"

    def _get_live_offers(self):
        """Published offers in the scope of the budget, without one partner's part."""
        self.ensure_one()
        if self.partner_id or not self.program_id:
            return self.env["partner.incentive.offer"]
        offers = self.offer_id or self.program_id.sudo().offer_ids
        return offers.sudo().filtered(
            lambda offer: offer.state == "published" and self._covers_term(offer)
        )

    def _covers_term(self, offer):
        """Whether a document can earn under ``offer`` within the budget's dates."""
        end = offer._get_end_date()
        return offer.date_from <= self.date_to and (not end or end >= self.date_from)

    def _get_expected_cost(self, offer, version=None):
        """Expected cost of the terms in force in the budget's currency."""
        self.ensure_one()
        version = version or offer._get_published_versions()[-1:]
        if not version.expected_cost:
            return 0.0
        return offer.currency_id._convert(
            version.expected_cost,
            self.currency_id,
            offer.company_id,
            version.effective_date or self.date_from,
        )

    def _format(self, amount):
        self.ensure_one()
        return format_amount(self.env, amount, self.currency_id)

    # ------------------------------------------------------------------------ guards

    @api.model
    def _get_publish_problems(self, version):
        """Why budgets with a hard stop keep ``version`` from being published.

        Every other live offer keeps what it is expected to cost, or what it has cost
        already, if that is more.

        :return: list of messages, empty if all is well
        """
        offer = version.offer_id
        if not version.expected_cost or not offer.program_id:
            return []
        budgets = self.sudo().search(
            [
                ("program_id", "=", offer.program_id.id),
                ("offer_id", "in", (False, offer.id)),
                ("partner_id", "=", False),
                ("hard_stop", "=", True),
            ]
        )
        usage = budgets._get_usage()
        problems = []
        for budget in budgets.filtered(lambda budget: budget._covers_term(offer)):
            uses = usage[budget.id]
            used = {offer_id: use.total for offer_id, use in uses.items()}
            for other in budget._get_live_offers():
                used[other.id] = max(
                    used.get(other.id, 0.0), budget._get_expected_cost(other)
                )
            used.pop(offer.id, None)
            left = budget.planned - sum(used.values())
            cost = budget._get_expected_cost(offer, version)
            if budget.currency_id.compare_amounts(cost, left) > 0:
                problems.append(
                    self.env._(
                        "%(offer)s is expected to cost %(cost)s, but %(left)s of the "
                        "budget %(budget)s are left. Raise the budget, or lower the "
                        "expected cost.",
                        offer=offer.name,
                        cost=budget._format(cost),
                        left=budget._format(left),
                        budget=budget.name,
                    )
                )
        return problems

    @api.model
    def _check_available(self, amount, program, offer, partner, currency, date):
        """Refuse what the budgets with a hard stop do not cover.

        :param amount: what is about to be committed, in ``currency``
        :raise UserError: naming the budget and what is left of it
        """
        budgets = self._find_hard_stops(program, offer, partner, date)
        if not budgets:
            return
        budgets._lock_budgets()
        usage = budgets._get_usage()
        for budget in budgets:
            used = sum(use.total for use in usage[budget.id].values())
            left = budget.planned - used
            needed = currency._convert(
                amount, budget.currency_id, budget.company_id, date
            )
            if budget.currency_id.compare_amounts(needed, left) > 0:
                raise UserError(
                    self.env._(
                        "%(needed)s are needed, but %(left)s of the budget %(budget)s "
                        "are left. Raise the budget, or approve less.",
                        needed=budget._format(needed),
                        left=budget._format(left),
                        budget=budget.name,
                    )
                )

    @api.model
    def _find_hard_stops(self, program, offer, partner, date):
        """Budgets with a hard stop in whose scope the money is, widest first."""
        return self.sudo().search(
            [
                ("program_id", "=", program.id),
                ("offer_id", "in", (False, offer.id)),
                ("partner_id", "in", (False, partner.id)),
                ("date_from", "<=", date),
                ("date_to", ">=", date),
                ("hard_stop", "=", True),
            ]
        )

    def _lock_budgets(self):
        """Let nobody else commit money of these budgets until this transaction ends.

        Cursors are REPEATABLE READ: who waits for a mere lock reads, once it has it,
        what was there before the other one committed, and would approve past the
        limit. An *update* of the row that the other one updated fails instead, and
        Odoo repeats the whole request on what is there by then. So: update first,
        then read.
        """
        self.env.cr.execute(
            SQL(
                "UPDATE partner_incentive_budget SET lock_turn = "
                "COALESCE(lock_turn, 0) + 1 WHERE id IN %s",
                tuple(self.ids),
            )
        )
        self.invalidate_recordset(["lock_turn"])

    @api.model
    def _notify_thresholds(self, offers):
        """Alert owners whose budgets ``offers`` have brought to a threshold, once each.

        Called by runs after they have booked: what was earned is accrued in full, and
        claims the run counted are commitments no more.
        """
        self.env["partner.incentive.claim"]._mark_accrued(offers)
        budgets = self.sudo().search(
            [
                ("program_id", "in", offers.program_id.ids),
                ("offer_id", "in", [False, *offers.ids]),
            ]
        )
        for budget in budgets:
            level = budget.state if budget.state != "ok" else False
            if level == budget.alerted:
                continue
            if level == "over" or (level == "near" and not budget.alerted):
                budget._alert(level)
            budget.alerted = level

    def _alert(self, level):
        self.ensure_one()
        owner = self.user_id or self.program_id.user_id or self.env.user
        self.activity_schedule(
            "partner_incentive_base.mail_activity_budget",
            user_id=owner.id,
            summary=self.env._("Budget exceeded")
            if level == "over"
            else self.env._("Budget nearly used up"),
            note=self.env._(
                "%(used)s of %(planned)s are used (%(percent)s %%). What partners earn "
                "under published terms is booked all the same.",
                used=self._format(self.committed + self.accrued),
                planned=self._format(self.planned),
                percent=round(self.used_percent),
            ),
        )

    def _get_entry_action(self, name, model):
        self.ensure_one()
        domain = [
            ("program_id", "=", self.program_id.id),
            ("date", ">=", self.date_from),
            ("date", "<=", self.date_to),
        ]
        for field in ("offer_id", "partner_id"):
            if self[field]:
                domain.append((field, "=", self[field].id))
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "list,form",
            "domain": domain,
            "context": {"create": False},
        }

    def action_view_entries(self):
        return self._get_entry_action(
            self.env._("Ledger entries"), "partner.incentive.entry"
        )

    def action_view_claims(self):
        action = self._get_entry_action(
            self.env._("Approved claims"), "partner.incentive.claim"
        )
        action["domain"].append(("state", "in", ("approved", "scheduled", "paid")))
        return action
