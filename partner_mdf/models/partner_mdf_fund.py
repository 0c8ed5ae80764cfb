from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_date

from odoo.addons.partner_incentive_base.models.partner_incentive_posting import Movement

USER = "partner_incentive_base.group_incentive_user"
MANAGER = "partner_incentive_base.group_incentive_manager"

#: state: (states it is reached from, the verb of its methods)
TRANSITIONS = {
    "draft": (("review",), "return"),
    "review": (("draft",), "submit"),
    "open": (("review", "closed"), "open"),
    "closed": (("open",), "close"),
}
#: What partners rely on; it stays once the fund is open.
FROZEN_FIELDS = {
    "kind",
    "program_id",
    "currency_id",
    "date_from",
    "accrual_percent",
    "earn_period",
    "use_rule",
    "payout",
    "cost_kind",
    "provision_at",
}
MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


class PartnerMdfFund(models.Model):
    """Money for joint marketing: discretionary, earned (co-op), or for co-innovation.

    The fund is the checkbook: under its lock, activities draw on its allocations.
    ``available = allocated + earned + carried - committed - spent - expired``. What it
    owes runs through the ledger under an offer of its own, made with the fund.

    ========= ========= ============ ================================================
    Action    Who       From         Restriction
    ========= ========= ============ ================================================
    submit    User      draft
    return    Manager   review
    open      Manager   review       not who submitted it; publishes its offer
    close     Manager   open         no new requests; claims go on
    reopen    Manager   closed
    ========= ========= ============ ================================================
    """

    _name = "partner.mdf.fund"
    _description = "Marketing Fund"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.process.mixin",
    ]
    _process_fields = frozenset(
        {"state", "submitted_by", "opened_by", "offer_id", "lock_turn"}
    )
    _order = "state, date_to desc, name"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    kind = fields.Selection(
        [
            ("mdf", "Discretionary (MDF)"),
            ("coop", "Earned by purchases (co-op)"),
            ("innovation", "Co-innovation, paid by milestone"),
        ],
        required=True,
        default="mdf",
        tracking=True,
    )
    program_id = fields.Many2one(
        "partner.incentive.program",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        default=lambda self: self.env["partner.incentive.offer"]._default_program(),
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
    offer_id = fields.Many2one(
        "partner.incentive.offer",
        string="Terms",
        readonly=True,
        copy=False,
        index=True,
        ondelete="restrict",
        help="The catalog item under which the fund's money is booked.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        tracking=True,
    )
    description = fields.Html(translate=True, help="Shown to partners on the portal.")
    objective_ids = fields.Many2many(
        "partner.incentive.objective", "partner_mdf_fund_objective_rel"
    )
    segment_ids = fields.Many2many(
        "partner.incentive.segment",
        "partner_mdf_fund_segment_rel",
        string="Segments",
        help="Who can use the fund. Nothing named: every enrolled partner.",
    )
    partner_ids = fields.Many2many(
        "res.partner",
        "partner_mdf_fund_partner_rel",
        string="Partners",
        domain="[('commercial_partner_id', '=', id)]",
    )
    activity_type_ids = fields.Many2many(
        "partner.mdf.activity.type",
        string="Pays for",
        help="What the fund pays for. Nothing named: everything.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("review", "In review"),
            ("open", "Open"),
            ("closed", "Closed"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    submitted_by = fields.Many2one("res.users", readonly=True, copy=False)
    opened_by = fields.Many2one("res.users", readonly=True, copy=False)
    lock_turn = fields.Integer(readonly=True, copy=False)

    # When
    date_from = fields.Date(
        string="From",
        required=True,
        compute="_compute_dates",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
    )
    date_to = fields.Date(
        string="To",
        required=True,
        compute="_compute_dates",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
    )
    request_from = fields.Date(string="Requests from")
    request_to = fields.Date(string="Requests until", help="Empty: until its end.")
    claim_days = fields.Integer(
        string="Days to claim",
        default=45,
        required=True,
        help="After the end of an activity.",
    )
    late_rule = fields.Selection(
        [("refuse", "Refused"), ("reduce", "Reduced")],
        string="Late claims are",
        default="refuse",
        required=True,
    )
    late_percent = fields.Float(string="Reduced by (%)", default=50.0, digits=(16, 2))

    # How much
    amount = fields.Monetary(
        string="Volume of the fund",
        tracking=True,
        help="Allocations cannot exceed it. 0: not limited.",
    )
    participation_rate = fields.Float(
        string="We pay (%)",
        default=50.0,
        digits=(16, 2),
        required=True,
        tracking=True,
        help="The vendor's share of an activity's cost, unless a line below says "
        "otherwise.",
    )
    participation_ids = fields.One2many(
        "partner.mdf.participation", "fund_id", copy=True
    )
    request_ceiling = fields.Monetary(help="Most that one request gets. 0: no limit.")
    activity_ceiling = fields.Monetary(help="Most that one activity gets. 0: no limit.")
    partner_ceiling = fields.Monetary(help="Most that one partner gets. 0: no limit.")
    allow_negative = fields.Boolean(
        string="Overdraft allowed",
        tracking=True,
        help="Managers may approve more than is available.",
    )
    unused = fields.Selection(
        [("expire", "Expires"), ("carry", "Is carried over")],
        string="Unused money",
        default="expire",
        required=True,
    )
    carry_percent = fields.Float(
        string="Carried over (%)", default=100.0, digits=(16, 2)
    )
    carry_once = fields.Boolean(
        string="Carried over once only",
        default=True,
    )
    reminder_days = fields.Integer(
        string="Days of notice",
        default=30,
        required=True,
        help="So long before money of its own expires unused, or cannot be asked for "
        "any more, a partner is told by mail. 0: nobody is told.",
    )

    # Co-op
    accrual_percent = fields.Float(
        string="Earned (% of purchases)", default=2.0, digits=(16, 4)
    )
    earn_period = fields.Selection(
        [
            ("month", "Month"),
            ("quarter", "Quarter"),
            ("half", "Half year"),
            ("year", "Year"),
        ],
        string="Earned per",
        default="half",
        required=True,
    )
    use_rule = fields.Selection(
        [("next", "In the period after it was earned"), ("same", "At once")],
        string="Can be used",
        default="next",
        required=True,
    )
    conversion_threshold = fields.Monetary(
        help="What a partner earned in a period, if it is less than this, is paid out "
        "as a rebate: too little for an activity. 0: nothing is converted.",
    )

    # How it is booked and paid
    payout = fields.Selection(
        [
            ("vendor_bill", "Vendor bill, from the partner's invoice"),
            ("credit_note", "Credit note"),
            ("offset", "Credit note, offset against open invoices"),
        ],
        string="Paid by",
        default="vendor_bill",
        required=True,
    )
    cost_kind = fields.Selection(
        [
            ("expense", "Marketing expense"),
            ("contra_revenue", "Reduction of revenue"),
        ],
        string="Provided for as",
        default="expense",
        required=True,
        help="Until a claim decides how much of it buys a distinct service.",
    )
    provision_at = fields.Selection(
        [("approval", "An activity is approved"), ("claim", "A claim is approved")],
        string="Booked when",
        default="approval",
        required=True,
        help="Earned money is booked when it is earned.",
    )

    allocation_ids = fields.One2many("partner.mdf.allocation", "fund_id")
    request_ids = fields.One2many("partner.mdf.request", "fund_id")
    allocated = fields.Monetary(compute="_compute_figures")
    accrued = fields.Monetary(string="Earned", compute="_compute_figures")
    carried = fields.Monetary(
        compute="_compute_figures", help="Carried in, less carried out."
    )
    committed = fields.Monetary(
        compute="_compute_figures", help="Approved and not claimed yet."
    )
    spent = fields.Monetary(
        compute="_compute_figures",
        help="Approved claims, and what was converted into a rebate.",
    )
    expired = fields.Monetary(compute="_compute_figures")
    available = fields.Monetary(string="Budget balance", compute="_compute_figures")
    pending = fields.Monetary(
        compute="_compute_pending", help="Requested and not decided yet."
    )
    request_count = fields.Integer(string="Requests", compute="_compute_pending")
    used_percent = fields.Float(
        string="Used (%)", compute="_compute_figures", digits=(16, 1)
    )

    _dates_order = models.Constraint(
        "CHECK (date_to >= date_from)",
        "A fund cannot end before it starts. Correct one of the two dates.",
    )
    _percents = models.Constraint(
        "CHECK (participation_rate BETWEEN 0 AND 100 "
        "AND carry_percent BETWEEN 0 AND 100 AND late_percent BETWEEN 0 AND 100 "
        "AND accrual_percent BETWEEN 0 AND 100)",
        "A percentage is between 0 and 100.",
    )
    _limits = models.Constraint(
        "CHECK (amount >= 0 AND request_ceiling >= 0 AND activity_ceiling >= 0 "
        "AND partner_ceiling >= 0 AND conversion_threshold >= 0 AND claim_days >= 0 "
        "AND reminder_days >= 0)",
        "Amounts and days of a fund cannot be negative.",
    )

    # --------------------------------------------------------------------------- fields

    @api.depends("program_id")
    def _compute_currency_id(self):
        for fund in self:
            fund.currency_id = (
                fund.currency_id
                or fund.program_id.company_id.currency_id
                or self.env.company.currency_id
            )

    @api.depends("program_id")
    def _compute_dates(self):
        for fund in self:
            today = fields.Date.context_today(fund)
            fund.date_from = fund.date_from or fund.program_id.date_from or today
            fund.date_to = fund.date_to or fund.program_id.date_to or fund.date_from

    @api.depends("allocation_ids", "allocation_ids.amount")
    def _compute_figures(self):
        figures = self._get_figures()
        for fund in self:
            values = figures[fund._origin.id]
            for name, value in values.items():
                fund[name] = value
            total = values["allocated"] + values["accrued"] + values["carried"]
            used = values["committed"] + values["spent"]
            fund.used_percent = 100 * used / total if total > 0 else 0

    def _get_figures(self, partner=None):
        """The checkbook: ``{fund id: {"allocated", ..., "available": float}}``.

        :param partner: only what was given to this partner by name
        """
        names = ("allocated", "accrued", "carried", "committed", "spent", "expired")
        figures = {
            fund._origin.id: dict.fromkeys((*names, "available"), 0.0) for fund in self
        }
        domain = [("fund_id", "in", self._origin.ids)]
        if partner:
            domain.append(("partner_id", "=", partner.id))
        allocations = self.env["partner.mdf.allocation"].sudo()
        for fund, kind, amount, expired, out, converted in allocations._read_group(
            domain,
            ["fund_id", "kind"],
            ["amount:sum", "expired:sum", "carried_out:sum", "converted:sum"],
        ):
            values = figures[fund.id]
            values[kind] += amount
            values["expired"] += expired
            values["carried"] -= out
            values["spent"] += converted
        own = [("allocation_id.fund_id", "in", self._origin.ids)]
        if partner:
            own.append(("allocation_id.partner_id", "=", partner.id))
        draws = self.env["partner.mdf.draw"].sudo()
        for allocation, committed, spent in draws._read_group(
            own, ["allocation_id"], ["committed:sum", "spent:sum"]
        ):
            values = figures[allocation.fund_id.id]
            values["committed"] += committed
            values["spent"] += spent
        for values in figures.values():
            values["available"] = (
                values["allocated"]
                + values["accrued"]
                + values["carried"]
                - values["committed"]
                - values["spent"]
                - values["expired"]
            )
        return figures

    def _get_unpaid(self):
        """What was claimed or converted, and has not been paid."""
        self.ensure_one()
        settled = (
            self.env["partner.incentive.entry"]
            .sudo()
            ._read_group(
                [("offer_id", "=", self.offer_id.id)], aggregates=["settled:sum"]
            )[0][0]
        )
        return self._get_figures()[self.id]["spent"] - (settled or 0.0)

    def _compute_pending(self):
        totals = {
            fund: values
            for fund, *values in self.env["partner.mdf.activity"]._read_group(
                [("fund_id", "in", self.ids), ("state", "=", "submitted")],
                ["fund_id"],
                ["requested_amount:sum", "request_id:count_distinct"],
            )
        }
        for fund in self:
            fund.pending, fund.request_count = totals.get(fund, (0.0, 0))

    @api.constrains("date_from", "date_to", "request_from", "request_to")
    def _check_request_dates(self):
        for fund in self:
            start, end = fund.request_from, fund.request_to
            if start and end and start > end:
                raise ValidationError(
                    self.env._(
                        "Requests to %s would end before they start. Correct one of "
                        "the two dates.",
                        fund.name,
                    )
                )

    # -------------------------------------------------------------------- create, write

    def write(self, vals):
        vals = dict(vals)
        self.check_access("write")
        state = vals.pop("state", None)
        if self._process_fields & set(vals) and not self.env.su:
            raise AccessError(
                self.env._("Use the buttons of the fund to change its state.")
            )
        frozen = FROZEN_FIELDS & set(vals)
        for fund in self.filtered(lambda f: f.state in ("open", "closed")):
            for name in frozen:
                field = fund._fields[name]
                value = field.convert_to_cache(vals[name], fund)
                if value != field.convert_to_cache(fund[name], fund):
                    raise UserError(
                        self.env._(
                            "%(fund)s is open: its %(field)s cannot change any more. "
                            "Close it and open another one instead.",
                            fund=fund.name,
                            field=field.get_description(self.env)["string"],
                        )
                    )
            if not self.env.su and set(vals) - {"color", "active"}:
                fund._check_group(MANAGER)
        result = super().write(vals) if vals else True
        if "amount" in vals:
            self._check_allocated()
        if state:
            for fund in self:
                fund._change_state(state)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_open(self):
        for fund in self:
            if fund.state in ("open", "closed"):
                raise UserError(
                    self.env._(
                        "%s has been open and cannot be deleted. Close it instead.",
                        fund.name,
                    )
                )

    # ---------------------------------------------------------------------- transitions

    def _change_state(self, state):
        self.ensure_one()
        if state == self.state:
            return
        origins, verb = TRANSITIONS.get(state, ((), None))
        if self.state not in origins:
            raise UserError(
                self.env._(
                    "%(fund)s is %(state)s; this cannot be done now.",
                    fund=self.name,
                    state=self._get_state_label().lower(),
                )
            )
        getattr(self, f"_check_can_{verb}")()
        getattr(self, f"_do_{verb}")()

    def _write_process(self, vals):
        return super().write(vals)  # pylint: disable=super-method-mismatch

    def action_submit(self):
        self.write({"state": "review"})

    def action_return(self):
        self.write({"state": "draft"})

    def action_open(self):
        self.write({"state": "open"})

    def action_close(self):
        self.write({"state": "closed"})

    def _check_can_submit(self):
        self._check_group(USER)
        if self.kind == "coop" and not self.accrual_percent:
            raise UserError(
                self.env._("Enter which part of their purchases partners earn.")
            )

    def _check_can_return(self):
        self._check_group(MANAGER)

    def _check_can_open(self):
        self._check_group(MANAGER)
        if not self.env.su and self.state == "review":
            if self.submitted_by == self.env.user:
                raise UserError(
                    self.env._(
                        "You submitted %s yourself. Somebody else has to open it.",
                        self.name,
                    )
                )
        problems = self.company_id._get_incentive_setup_problems()
        if problems:
            raise UserError("\n".join(problems))

    def _check_can_close(self):
        self._check_group(MANAGER)

    def _do_submit(self):
        self._write_process({"state": "review", "submitted_by": self.env.uid})

    def _do_return(self):
        self._write_process({"state": "draft"})

    def _do_open(self):
        if not self.offer_id:
            self._publish_offer()
        self._write_process({"state": "open", "opened_by": self.env.uid})

    def _do_close(self):
        self._write_process({"state": "closed"})

    def _publish_offer(self):
        """Make the catalog item of the fund. Who may open the fund, may publish it."""
        offer_sudo = (
            self.env["partner.incentive.offer"]
            .sudo()
            .create(self._prepare_offer_vals())
        )
        offer_sudo.action_submit()
        offer_sudo.action_publish()
        self._write_process({"offer_id": offer_sudo.id})

    def _prepare_offer_vals(self):
        """Values of the offer under which the fund's money is booked."""
        coop = self.kind == "coop"
        segments = self.segment_ids
        if not segments and not self.partner_ids:
            segments = self.env.ref("partner_incentive_base.segment_all_enrolled")
        objectives = self.objective_ids or self.program_id.objective_ids
        objectives = objectives or self.env["partner.incentive.objective"].search(
            [], limit=1
        )
        return {
            "name": self.name,
            "offer_type": "fund",
            "program_id": self.program_id.id,
            "currency_id": self.currency_id.id,
            "objective_ids": [Command.set(objectives.ids)],
            "user_id": self.user_id.id,
            "description": self.description,
            "segment_ids": [Command.set(segments.ids)],
            "partner_ids": [Command.set(self.partner_ids.ids)],
            "date_from": self.date_from,
            "date_to": self.date_to,
            "period": self.earn_period if coop else "whole",
            "settlement_period": "month",
            "measure": "mdf_purchases" if coop else "claimed_amount",
            "evidence_rule": "documents" if coop else "claim",
            "bracket_ids": [
                Command.create(
                    {"lower": 0, "rate": self.accrual_percent if coop else 100}
                )
            ],
            "payout": self.payout,
            "cost_kind": self.cost_kind,
            # marketing money is none of the rebates on the same sales
            "reduces_later": False,
        }

    # ------------------------------------------------------------------------ checkbook

    def _check_can_allocate(self):
        self.ensure_one()
        self._check_group(MANAGER)
        if self.kind == "coop":
            raise UserError(
                self.env._(
                    "%s is earned by purchases; nothing is allocated by hand.",
                    self.name,
                )
            )
        if self.state == "closed":
            raise UserError(
                self.env._("%s is closed. Reopen it to allocate.", self.name)
            )

    def _check_allocated(self):
        for fund in self.filtered("amount"):
            allocated = sum(
                fund.sudo()
                .allocation_ids.filtered(lambda a: a.kind == "allocated")
                .mapped("amount")
            )
            if fund.currency_id.compare_amounts(allocated, fund.amount) > 0:
                raise UserError(
                    self.env._(
                        "%(allocated)s would be allocated, more than the %(amount)s "
                        "of %(fund)s.",
                        allocated=fund.currency_id.format(allocated),
                        amount=fund.currency_id.format(fund.amount),
                        fund=fund.name,
                    )
                )

    def _lock_checkbook(self):
        """Let nobody else draw on the fund until this transaction ends.

        Cursors are REPEATABLE READ: a mere lock lets the one who waited read what was
        there before. An update of the row that another one updated fails instead, and
        Odoo repeats the whole request on what is there by then.
        """
        self.flush_model()
        self.env["partner.mdf.allocation"].flush_model()
        self.env["partner.mdf.draw"].flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE partner_mdf_fund SET lock_turn = COALESCE(lock_turn, 0) + 1 "
                "WHERE id IN %s",
                tuple(self.ids),
            )
        )
        self.invalidate_recordset(["lock_turn"])

    def _get_allocations(self, partner, start, day=None):
        """Allocations that an activity of ``partner`` may draw on, the oldest first.

        :param start: day on which the activity begins; it decides which money is open
        """
        self.ensure_one()
        Allocation = self.env["partner.mdf.allocation"].sudo()
        day = day or fields.Date.context_today(self)
        found = Allocation.search(Allocation._get_open_domain(self, partner, start))
        if self.kind == "coop" and self.use_rule == "next":
            # what a running window comes to is not known before its end
            found = found.filtered(lambda a: not a.window_to or a.window_to < day)
        return found.sorted(
            lambda a: (a.date_to, not a.partner_id, not a.segment_id, a.id)
        )

    def _get_balance(self, partner, start=None):
        """What can be approved for an activity of ``partner`` that begins on a day."""
        start = start or fields.Date.context_today(self)
        allocations = self._get_allocations(partner, start)
        total = sum(max(each.available, 0.0) for each in allocations)
        return max(total - self._get_shortage(partner), 0.0)

    def _get_shortage(self, partner):
        """What returns took back of a partner's money beyond what a window earned.

        It is made up for by the other windows' money before anything is approved.
        """
        if self.kind != "coop":
            return 0.0
        own = self.sudo().allocation_ids.filtered(lambda a: a.partner_id == partner)
        return sum(max(-each.available, 0.0) for each in own)

    def _commit_amount(self, activity, amount):
        """Draw ``amount`` for an activity on the open allocations, oldest first.

        Under the lock of the checkbook.

        :raise UserError: less is left, and no overdraft allowed
        """
        self.ensure_one()
        currency = self.currency_id
        allocations = self._get_allocations(activity.partner_id, activity.date_from)
        left = amount
        draws = []
        reserved = self._get_shortage(activity.partner_id)
        for allocation in reversed(allocations):
            # a shortage is made up for by the youngest money
            kept = min(max(allocation.available, 0.0), reserved)
            reserved -= kept
            draws.append((allocation, allocation.available - kept))
        usable, draws = draws[::-1], []
        for allocation, free in usable:
            share = currency.round(min(max(free, 0.0), left))
            if share > 0:
                draws.append((allocation, share))
                left = currency.round(left - share)
        if not currency.is_zero(left):
            if not (self.allow_negative and allocations):
                available = currency.round(amount - left)
                raise UserError(
                    self.env._(
                        "%(amount)s are needed for %(activity)s, but %(available)s of "
                        "%(fund)s are left for %(partner)s on %(date)s. Approve less, "
                        "or allocate more.",
                        amount=currency.format(amount),
                        activity=activity.name,
                        available=currency.format(available),
                        fund=self.name,
                        partner=activity.partner_id.name,
                        date=format_date(self.env, activity.date_from),
                    )
                )
            draws.append((allocations[-1], left))
        for allocation, share in draws:
            self._change_draw(activity, allocation, committed=share)

    def _change_draw(self, activity, allocation, committed=0.0, spent=0.0):
        Draw = self.env["partner.mdf.draw"].sudo()
        draw = activity.sudo().draw_ids.filtered(
            lambda each: each.allocation_id == allocation
        )
        if not draw:
            draw = Draw.create(
                {"activity_id": activity.id, "allocation_id": allocation.id}
            )
        rounded = self.currency_id.round
        draw.write(
            {
                "committed": rounded(draw.committed + committed),
                "spent": rounded(draw.spent + spent),
            }
        )
        allocation.invalidate_recordset(["committed", "spent", "available"])
        activity.invalidate_recordset(["committed", "spent"])

    def _release_amount(self, activity, amount):
        """Give back what is committed, to the youngest allocation first."""
        left = amount
        draws = activity.sudo().draw_ids.sorted(
            lambda each: (each.allocation_id.date_to, each.id), reverse=True
        )
        for draw in draws:
            share = min(draw.committed, left)
            if share > 0:
                self._change_draw(activity, draw.allocation_id, committed=-share)
                left = self.currency_id.round(left - share)

    def _spend_amount(self, activity, amount):
        """Turn what is committed into spent, from the oldest allocation first."""
        left = amount
        draws = activity.sudo().draw_ids.sorted(
            lambda each: (each.allocation_id.date_to, each.id)
        )
        for draw in draws:
            share = min(draw.committed, left)
            if share > 0:
                self._change_draw(
                    activity, draw.allocation_id, committed=-share, spent=share
                )
                left = self.currency_id.round(left - share)
        if not self.currency_id.is_zero(left):
            raise UserError(
                self.env._(
                    "%(amount)s are more than what is still approved for %(activity)s.",
                    amount=self.currency_id.format(amount),
                    activity=activity.name,
                )
            )

    def _unspend_amount(self, activity, amount):
        """Take an approved claim back: what it spent is committed again."""
        left = amount
        draws = activity.sudo().draw_ids.sorted(
            lambda each: (each.allocation_id.date_to, each.id), reverse=True
        )
        for draw in draws:
            share = min(draw.spent, left)
            if share > 0:
                self._change_draw(
                    activity, draw.allocation_id, committed=share, spent=-share
                )
                left = self.currency_id.round(left - share)

    # -------------------------------------------------------------------- participation

    def _get_participation(self, activity_type, partner):
        """Percentage of the cost that the vendor pays.

        A line of the fund decides; else what the partner's tier brings as a benefit
        today; else the fund's own rate.
        """
        self.ensure_one()
        grade = partner.sudo().grade_id
        best = None
        for line in self.sudo().participation_ids:
            if line.activity_type_id and line.activity_type_id != activity_type:
                continue
            if line.grade_id and line.grade_id != grade:
                continue
            rank = (bool(line.activity_type_id), bool(line.grade_id))
            if best is None or rank > best[0]:
                best = (rank, line.rate)
        if best:
            return best[1]
        return self.env["partner.incentive.benefit"]._get_value(
            "fund_share",
            partner.commercial_partner_id,
            fields.Date.context_today(self),
            self.company_id,
            self.participation_rate,
        )

    def _is_eligible(self, partner, day=None):
        """Whether ``partner`` is enrolled and one of those the fund is for."""
        self.ensure_one()
        return bool(self._filter_eligible(partner, day))

    def _filter_eligible(self, partner, day=None):
        """Those of these funds that are for ``partner``, who is enrolled."""
        funds_sudo = self.sudo()
        day = day or fields.Date.context_today(self)
        enrollments_sudo = (
            self.env["partner.incentive.enrollment"]
            .sudo()
            .search_fetch(
                [
                    ("program_id", "in", funds_sudo.program_id.ids),
                    ("partner_id", "=", partner.id),
                    ("state", "=", "active"),
                    ("date_from", "<=", day),
                    "|",
                    ("date_to", "=", False),
                    ("date_to", ">=", day),
                ],
                ["program_id"],
            )
        )
        funds_sudo = funds_sudo.filtered(
            lambda fund: fund.program_id in enrollments_sudo.program_id
        )
        own = funds_sudo.segment_ids._filter_by_partner(partner)
        return (
            funds_sudo.filtered(
                lambda fund: (
                    not (fund.segment_ids or fund.partner_ids)
                    or partner in fund.partner_ids
                    or fund.segment_ids & own
                )
            )
            .sudo(self.env.su)
            .with_prefetch(self._prefetch_ids)
        )

    def _get_eligible_partners(self, segments=None):
        """Partners that are enrolled now and that the fund is for.

        :param segments: look among these instead of all that the fund is for
        """
        self.ensure_one()
        enrolled = (
            self.env["partner.incentive.enrollment"]
            .search([("program_id", "=", self.program_id.id), ("state", "=", "active")])
            .partner_id
        )
        named = self.env["res.partner"] if segments else self.partner_ids
        segments = segments or self.segment_ids
        if not segments and not named:
            return enrolled
        domain = Domain.OR(
            [
                *(Domain(each._get_partner_domain()) for each in segments),
                Domain("id", "in", named.ids),
            ]
        )
        return self.env["res.partner"].search(domain & Domain("id", "in", enrolled.ids))

    def _is_open_for_requests(self, day=None):
        self.ensure_one()
        day = day or fields.Date.context_today(self)
        return (
            self.state == "open"
            and (not self.request_from or self.request_from <= day)
            and day <= (self.request_to or self._get_last_day())
        )

    def _get_last_day(self):
        """Last day on which money of the fund can be used."""
        ends = self.sudo().allocation_ids.mapped("date_to")
        return max([self.date_to, *ends])

    # --------------------------------------------------------------------------- ledger

    def _book(self, partner, amount, kind, day, reason=None, window=None, **origin):
        """Book a movement of what the fund owes; nothing if it is zero.

        :param amount: float in the fund's currency, owed more when positive
        :param origin: what it comes from, fields of the ledger entry
        """
        self.ensure_one()
        if self.currency_id.is_zero(amount):
            return self.env["partner.incentive.entry"]
        offer = self.sudo().offer_id
        posting = self.env["partner.incentive.posting"].with_company(self.company_id)
        entries = posting._post_movements(
            self.company_id,
            [
                Movement(
                    offer,
                    offer._get_terms_in_force(),
                    partner.id,
                    kind,
                    Decimal(str(self.currency_id.round(amount))),
                    window,
                    reason=reason,
                )
            ],
            day,
            "accrual" if kind == "accrual" else "adjustment",
            **origin,
        )
        if amount < 0:
            posting._reconcile(self.company_id, [(offer.id, partner.id)])
        return entries

    def _book_expiry(self, allocation, amount, day):
        """What was earned and has expired is not owed any more.

        Discretionary money that nobody was promised never was.

        :param amount: of expiry; negative gives back
        """
        if self.kind == "coop":
            self._book(
                allocation.partner_id,
                -amount,
                "expiry",
                day,
                reason=self.env._(
                    "Not used until %s", format_date(self.env, allocation.date_to)
                ),
                window=(allocation.window_from, allocation.window_to),
                mdf_allocation_id=allocation.id,
            )

    # ---------------------------------------------------------------- co-op allocations

    def _sync_earned(self):
        """Let allocations of co-op money follow what the ledger says was earned."""
        Allocation = self.env["partner.mdf.allocation"].sudo()
        Entry = self.env["partner.incentive.entry"].sudo()
        for fund in self.filtered(lambda f: f.kind == "coop" and f.offer_id):
            fund._lock_checkbook()
            earned = {
                (partner.id, start): amount
                for partner, start, amount in Entry._read_group(
                    [
                        ("offer_id", "=", fund.offer_id.id),
                        ("kind", "in", ("opening", "accrual", "adjustment")),
                        ("window_from", "!=", False),
                    ],
                    ["partner_id", "window_from:day"],
                    ["earned:sum"],
                )
            }
            present = {
                (each.partner_id.id, each.window_from): each
                for each in Allocation.search(
                    [("fund_id", "=", fund.id), ("kind", "=", "accrued")]
                )
            }
            created = []
            for key, amount in earned.items():
                allocation = present.get(key)
                amount = fund.currency_id.round(amount)
                if allocation is None:
                    created.append(fund._prepare_earned_vals(*key, amount))
                elif fund.currency_id.compare_amounts(allocation.amount, amount):
                    allocation._write_checkbook({"amount": amount})
                    fund._warn_overdrawn(allocation)
            Allocation.with_context(mdf_checkbook=True).create(created)

    def _prepare_earned_vals(self, partner_id, start, amount):
        offer_sudo = self.sudo().offer_id
        end = offer_sudo._get_window_bounds(start)[1]
        if self.use_rule == "next":
            first = end + timedelta(days=1)
            last = (
                first
                + relativedelta(months=MONTHS[self.earn_period])
                - timedelta(days=1)
            )
        else:
            first, last = start, self.date_to
        return {
            "fund_id": self.id,
            "partner_id": partner_id,
            "kind": "accrued",
            "amount": amount,
            "window_from": start,
            "window_to": end,
            "date_from": first,
            "date_to": last,
        }

    def _warn_overdrawn(self, allocation):
        """A return after the money was used leaves less than nothing: tell it."""
        if self.currency_id.compare_amounts(allocation.available, 0) < 0:
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.env._("Earned money was taken back after its use"),
                note=self.env._(
                    "%(allocation)s has a balance of %(balance)s after returns.",
                    allocation=allocation.display_name,
                    balance=self.currency_id.format(allocation.available),
                ),
                user_id=self.user_id.id or self.env.uid,
            )

    def _convert_small(self, day):
        """Pay out as a rebate what is too little for an activity."""
        for fund in self.filtered(
            lambda f: f.kind == "coop" and f.conversion_threshold
        ):
            for allocation in fund.sudo().allocation_ids.filtered(
                lambda a: (
                    a.kind == "accrued"
                    and a.window_to
                    and a.window_to < day
                    and not a.conversion_checked
                )
            ):
                vals = {"conversion_checked": True}
                currency = fund.currency_id
                small = (
                    currency.compare_amounts(
                        allocation.amount, fund.conversion_threshold
                    )
                    < 0
                )
                amount = currency.round(max(allocation.available, 0.0))
                if small and amount:
                    vals["converted"] = amount
                    fund._reclassify(
                        allocation.partner_id, amount, "contra_revenue", day
                    )
                allocation._write_checkbook(vals)

    def _reclassify(self, partner, amount, kind, day):
        """Book cost as ``kind`` where it was provided for as the other one."""
        if kind == self.cost_kind or self.currency_id.is_zero(amount):
            return self.env["account.move"]
        posting = self.env["partner.incentive.posting"].with_company(self.company_id)
        return posting._post_reclassification(
            self.company_id,
            self.sudo().offer_id,
            partner.id,
            Decimal(str(self.currency_id.round(amount))),
            (self.cost_kind, kind),
            day,
        )

    # ---------------------------------------------------------------------- end of time

    def _close_periods(self, day):
        """Close what nobody claimed in time, then expire or carry over the rest."""
        for fund in self:
            fund._sync_earned()
            fund._lock_checkbook()
            fund.sudo()._convert_small(day)
            self.env["partner.mdf.activity"].sudo().search(
                [
                    ("fund_id", "=", fund.id),
                    ("state", "=", "approved"),
                    ("claim_until", "<", day),
                ]
            )._close_unclaimed(day)
            for allocation in fund.sudo().allocation_ids.sorted(
                lambda a: (a.date_to, a.id)
            ):
                if allocation._is_over(day) or allocation.expired:
                    allocation._end(day)

    @api.model
    def _cron_close_periods(self):
        """Bring every fund up to today, fund by fund."""
        cron = self.env["ir.cron"]
        funds = self.search([("state", "in", ("open", "closed"))])
        cron._commit_progress(remaining=len(funds))
        day = fields.Date.context_today(self)
        for fund in funds:
            try:
                with self.env.cr.savepoint():
                    fund._close_periods(day)
            except UserError as error:
                fund.activity_schedule(
                    "mail.mail_activity_data_warning",
                    summary=self.env._("Periods not closed"),
                    note=str(error),
                    user_id=fund.user_id.id or self.env.uid,
                )
            if not cron._commit_progress(1):
                break

    # -------------------------------------------------------------------------- actions

    def _get_action(self, name, model, view_mode, domain=None, **context):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": view_mode,
            "domain": domain or [("fund_id", "=", self.id)],
            "context": {"default_fund_id": self.id, **context},
        }

    def action_view_allocations(self):
        return self._get_action(
            self.env._("Checkbook"), "partner.mdf.allocation", "list,form,pivot"
        )

    def action_view_requests(self):
        return self._get_action(
            self.env._("Requests"), "partner.mdf.request", "list,kanban,form"
        )

    def action_view_entries(self):
        return self._get_action(
            self.env._("Ledger entries"),
            "partner.incentive.entry",
            "list,form",
            domain=[("offer_id", "=", self.offer_id.id)],
            create=False,
        )

    def action_allocate(self):
        """Open the wizard that allocates to many partners."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Allocate"),
            "res_model": "partner.mdf.allocate",
            "view_mode": "form",
            "target": "new",
            "context": {"default_fund_id": self.id},
        }

    @api.model
    def _get_balances_by_pool(self, partner, day=None):
        """Balances that ``partner`` sees: ``[(fund, figures, [allocation])]``.

        Money that is shared with others is shown by what of it can still be had.
        """
        Allocation = self.env["partner.mdf.allocation"].sudo()
        day = day or fields.Date.context_today(self)
        result = []
        by_fund = defaultdict(Allocation.browse)
        allocations = Allocation.search_fetch(
            [
                ("fund_id", "in", self.ids),
                "|",
                ("partner_id", "=", partner.id),
                "&",
                ("partner_id", "=", False),
                ("date_to", ">=", day),
            ]
        )
        own = allocations.segment_id._filter_by_partner(partner)
        shared = defaultdict(Allocation.browse)
        for allocation in allocations:
            if allocation.partner_id:
                by_fund[allocation.fund_id.id] |= allocation
            elif not allocation.segment_id or allocation.segment_id in own:
                shared[allocation.fund_id.id] |= allocation
        # Whoever reads a figure of the first one reads it of all.
        prefetch = allocations._prefetch_ids
        for fund in self:
            result.append(
                (
                    fund,
                    by_fund[fund.id].with_prefetch(prefetch),
                    shared[fund.id].with_prefetch(prefetch),
                )
            )
        return result
