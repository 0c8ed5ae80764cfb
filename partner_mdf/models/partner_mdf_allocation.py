from collections import defaultdict
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

#: Written by the checkbook only.
PROCESS_FIELDS = {
    "kind",
    "expired",
    "carried_out",
    "converted",
    "carried_from_id",
    "window_from",
    "window_to",
    "conversion_checked",
    "reminded_of",
}


class PartnerMdfAllocation(models.Model):
    """Money of a fund for a partner, a segment, or whoever comes first.

    Each has its own time in which it can be used; the oldest is used first.
    ``available = amount - committed - spent - expired - carried over - converted``.
    """

    _name = "partner.mdf.allocation"
    _description = "Fund Allocation"
    _inherit = ["mail.thread", "partner.incentive.notified.mixin"]
    _order = "date_to, id"
    _check_company_auto = True

    fund_id = fields.Many2one(
        "partner.mdf.fund", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="fund_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="fund_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('commercial_partner_id', '=', id)]",
        help="Empty: for the segment, or for whoever comes first.",
    )
    segment_id = fields.Many2one(
        "partner.incentive.segment", index="btree_not_null", ondelete="restrict"
    )
    kind = fields.Selection(
        [
            ("allocated", "Allocated"),
            ("accrued", "Earned"),
            ("carried", "Carried over"),
        ],
        default="allocated",
        required=True,
        readonly=True,
        index=True,
    )
    amount = fields.Monetary(required=True, tracking=True)
    date_from = fields.Date(
        string="Use from",
        required=True,
        tracking=True,
        compute="_compute_dates",
        store=True,
        readonly=False,
        precompute=True,
    )
    date_to = fields.Date(
        string="Use until",
        required=True,
        tracking=True,
        compute="_compute_dates",
        store=True,
        readonly=False,
        precompute=True,
    )
    window_from = fields.Date(string="Earned from", readonly=True)
    window_to = fields.Date(string="Earned until", readonly=True)
    carried_from_id = fields.Many2one(
        "partner.mdf.allocation",
        string="Carried from",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    note = fields.Char()
    draw_ids = fields.One2many("partner.mdf.draw", "allocation_id", readonly=True)
    committed = fields.Monetary(compute="_compute_figures")
    spent = fields.Monetary(compute="_compute_figures")
    expired = fields.Monetary(readonly=True, copy=False)
    carried_out = fields.Monetary(
        string="Carried over", readonly=True, copy=False, help="To a later allocation."
    )
    converted = fields.Monetary(
        readonly=True,
        copy=False,
        help="Below the fund's threshold, so that it is paid out as a rebate.",
    )
    conversion_checked = fields.Boolean(readonly=True, copy=False)
    available = fields.Monetary(compute="_compute_figures")
    expiring = fields.Monetary(
        compute="_compute_expiring",
        help="Of what is available, what expires at the end of its time.",
    )
    last_day = fields.Date(
        compute="_compute_last_day",
        help="On which it can still be asked for: until its end, or until the fund "
        "takes no more requests.",
    )
    reminded_of = fields.Date(
        readonly=True, copy=False, help="The last day that the partner was told of."
    )

    _dates_order = models.Constraint(
        "CHECK (date_to >= date_from)",
        "Money cannot be used until before it can be used from. Correct one date.",
    )
    _earned_once = models.UniqueIndex(
        "(fund_id, partner_id, window_from) WHERE kind = 'accrued'",
        "What a partner earned in a window is one allocation.",
    )

    @api.depends("fund_id")
    def _compute_dates(self):
        for allocation in self:
            fund = allocation.fund_id
            allocation.date_from = allocation.date_from or fund.date_from
            allocation.date_to = allocation.date_to or fund.date_to

    @api.depends("amount", "expired", "carried_out", "converted", "draw_ids")
    def _compute_figures(self):
        totals = self._get_draw_totals()
        for allocation in self:
            committed, spent = totals.get(allocation._origin.id, (0.0, 0.0))
            allocation.committed = committed
            allocation.spent = spent
            allocation.available = allocation.amount - (
                committed
                + spent
                + allocation.expired
                + allocation.carried_out
                + allocation.converted
            )

    @api.depends("available", "kind", "fund_id.unused", "fund_id.carry_percent")
    def _compute_expiring(self):
        earned = self.fund_id.filtered(lambda fund: fund.kind == "coop")
        nets = defaultdict(float)
        for each in earned.sudo().allocation_ids:
            nets[each.fund_id.id, each.partner_id.id] += each.available
        for allocation in self:
            free = allocation.available
            if allocation.fund_id in earned:
                key = (allocation.fund_id._origin.id, allocation.partner_id.id)
                # see _get_net()
                free = min(free, nets[key])
            free = max(free, 0.0)
            allocation.expiring = free - allocation._get_carried(free)

    @api.depends("date_to", "fund_id.request_to")
    def _compute_last_day(self):
        for allocation in self:
            days = (allocation.date_to, allocation.fund_id.request_to)
            allocation.last_day = min(filter(None, days), default=False)

    @api.model
    def _get_totals(self, domain):
        """What of some allocations can be used, and until when the first one can.

        :return: ``({currency: available}, date or None)``, in one query
        """
        self.env["partner.mdf.draw"].flush_model()
        query = self._search(domain)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT fund.currency_id, MIN(allocation.date_to),
                       SUM(allocation.amount - COALESCE(draw.used, 0)
                           - COALESCE(allocation.expired, 0)
                           - COALESCE(allocation.carried_out, 0)
                           - COALESCE(allocation.converted, 0))
                  FROM partner_mdf_allocation AS allocation
                  JOIN partner_mdf_fund AS fund ON fund.id = allocation.fund_id
                  LEFT JOIN LATERAL (
                       SELECT SUM(committed + spent) AS used FROM partner_mdf_draw
                        WHERE allocation_id = allocation.id) AS draw ON TRUE
                 WHERE allocation.id IN (%s)
                 GROUP BY fund.currency_id ORDER BY fund.currency_id
                """,
                query.select(),
            )
        )
        currencies = self.env["res.currency"]
        return (
            {currencies.browse(each): float(total) for each, _until, total in rows},
            min((until for _each, until, _total in rows), default=None),
        )

    def _get_draw_totals(self):
        """``{allocation id: (committed, spent)}``"""
        return {
            allocation.id: (committed, spent)
            for allocation, committed, spent in self.env["partner.mdf.draw"]
            .sudo()
            ._read_group(
                [("allocation_id", "in", self._origin.ids)],
                ["allocation_id"],
                ["committed:sum", "spent:sum"],
            )
        }

    @api.depends("fund_id.name", "partner_id.name", "segment_id.name", "date_to")
    def _compute_display_name(self):
        for allocation in self:
            owner = (
                allocation.partner_id.name
                or allocation.segment_id.name
                or self.env._("first come")
            )
            allocation.display_name = (
                f"{allocation.fund_id.name}, {owner} ({allocation.date_to})"
            )

    @api.constrains("partner_id", "segment_id")
    def _check_owner(self):
        for allocation in self:
            if allocation.partner_id and allocation.segment_id:
                raise ValidationError(
                    self.env._("Allocate to a partner or to a segment, not to both.")
                )
            partner = allocation.partner_id
            if partner and partner.commercial_partner_id != partner:
                raise ValidationError(
                    self.env._("Allocate to the company, not to one of its contacts.")
                )

    @api.constrains("amount", "kind")
    def _check_amount(self):
        for allocation in self:
            if allocation.kind == "allocated" and allocation.amount < 0:
                raise ValidationError(self.env._("An allocation cannot be negative."))

    # ------------------------------------------------------------------ create, write

    @api.model_create_multi
    def create(self, vals_list):
        process = self.env.su and self.env.context.get("mdf_checkbook")
        for vals in vals_list:
            if not process:
                for name in PROCESS_FIELDS & set(vals):
                    del vals[name]
        allocations = super().create(vals_list)
        if not process:
            for fund in allocations.fund_id:
                fund._check_can_allocate()
                fund._lock_checkbook()
                fund._check_allocated()
        return allocations

    def write(self, vals):
        process = self.env.su and self.env.context.get("mdf_checkbook")
        if PROCESS_FIELDS & set(vals) and not process:
            raise AccessError(
                self.env._("What the checkbook keeps is not written by hand.")
            )
        if process:
            return super().write(vals)
        money = {"amount", "date_from", "date_to", "partner_id", "segment_id"}
        if (money | {"fund_id"}) & set(vals):
            for fund in self.fund_id:
                fund._check_can_allocate()
                fund._lock_checkbook()
        self._check_can_change(vals)
        result = super().write(vals)
        if money & set(vals):
            for fund in self.fund_id:
                fund._check_allocated()
            self._check_covered()
        return result

    def _check_can_change(self, vals):
        for allocation in self:
            if "fund_id" in vals:
                raise UserError(self.env._("An allocation stays with its fund."))
            if "amount" in vals and allocation.kind != "allocated":
                raise UserError(
                    self.env._(
                        "%s was earned or carried over; its amount follows the books.",
                        allocation.display_name,
                    )
                )
            if {"partner_id", "segment_id"} & set(vals) and allocation.draw_ids:
                raise UserError(
                    self.env._(
                        "%s is in use and stays with whom it was given to.",
                        allocation.display_name,
                    )
                )

    def _check_covered(self):
        """What is committed and spent stays covered."""
        for allocation in self:
            allocation.invalidate_recordset(["available"])
            if (
                allocation.currency_id.compare_amounts(allocation.available, 0) < 0
                and not allocation.fund_id.allow_negative
            ):
                raise UserError(
                    self.env._(
                        "%(allocation)s has %(used)s in use. It cannot be lowered "
                        "below that.",
                        allocation=allocation.display_name,
                        used=allocation.currency_id.format(
                            allocation.amount - allocation.available
                        ),
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for allocation in self:
            allocation.fund_id._check_can_allocate()
            if allocation.draw_ids or allocation.kind != "allocated":
                raise UserError(
                    self.env._(
                        "%s is in use and cannot be deleted. Lower its amount instead.",
                        allocation.display_name,
                    )
                )

    # ------------------------------------------------------------------ end of its time

    def _is_over(self, day):
        self.ensure_one()
        return self.date_to < day

    def _end(self, day):
        """Carry over or expire what is left of money whose time is over.

        What has expired is computed anew each time: a late return, or an extension,
        takes some of it back.
        """
        for allocation in self:
            currency = allocation.currency_id
            left = allocation.available + allocation.expired
            target = 0.0
            if allocation._is_over(day):
                target = max(min(left, allocation._get_net()), 0.0)
                carried = allocation._get_carried(min(allocation.available, target))
                if carried:
                    allocation._carry_over(carried)
                    target -= carried
            change = currency.round(target - allocation.expired)
            if not currency.is_zero(change):
                allocation._write_checkbook({"expired": allocation.expired + change})
                allocation.fund_id._book_expiry(allocation, change, day)

    def _get_net(self):
        """What is left, less what returns took back of the partner's other money."""
        fund = self.fund_id
        if fund.kind != "coop":
            return self.available + self.expired
        own = fund.sudo().allocation_ids.filtered(
            lambda each: each.partner_id == self.partner_id
        )
        return sum(own.mapped("available")) + self.expired

    def _carries_over(self):
        fund = self.fund_id
        return fund.unused == "carry" and not (
            fund.carry_once and self.kind == "carried"
        )

    def _get_carried(self, free):
        """What of an amount that is not used is carried over."""
        if not self._carries_over():
            return 0.0
        share = self.fund_id.carry_percent / 100
        return self.currency_id.round(max(free, 0.0) * share)

    def _carry_over(self, amount):
        length = relativedelta(self.date_to + timedelta(days=1), self.date_from)
        start = self.date_to + timedelta(days=1)
        self._write_checkbook({"carried_out": self.carried_out + amount})
        self.sudo().with_context(mdf_checkbook=True).create(
            {
                "fund_id": self.fund_id.id,
                "partner_id": self.partner_id.id,
                "segment_id": self.segment_id.id,
                "kind": "carried",
                "amount": amount,
                "date_from": start,
                "date_to": start + length - timedelta(days=1),
                "window_from": self.window_from,
                "window_to": self.window_to,
                "carried_from_id": self.id,
            }
        )

    def _write_checkbook(self, vals):
        self.sudo().with_context(mdf_checkbook=True).write(vals)
        self.invalidate_recordset(["available", "committed", "spent"])

    # ------------------------------------------------------------------------ reminders

    def _get_notified_areas(self):
        return ("funds",)

    def _get_partner_path(self):
        self.ensure_one()
        return "/my/incentives/funds"

    @api.model
    def _cron_remind_of_expiry(self):
        """Tell partners once that money of their own can be asked for not much longer.

        Once for each last day: where that is moved, they are told again when it comes.
        """
        today = fields.Date.context_today(self)
        ending = self.browse()
        for fund in self.env["partner.mdf.fund"].search(
            [("state", "=", "open"), ("reminder_days", ">", 0)]
        ):
            soon = today + timedelta(days=fund.reminder_days)
            own = Domain("fund_id", "=", fund.id) & Domain("date_to", ">=", today)
            if not fund.request_to or fund.request_to > soon:
                own &= Domain("date_to", "<=", soon)
            partners = fund._get_eligible_partners()
            ending += self.search(own & Domain("partner_id", "in", partners.ids))
        ending = ending.filtered(
            lambda each: (
                each.last_day >= today
                and each.reminded_of != each.last_day
                and each.currency_id.compare_amounts(each.expiring, 0) > 0
            )
        )
        for day, group in ending.grouped("last_day").items():
            group._write_checkbook({"reminded_of": day})
        ending._notify_partner("partner_mdf.mail_template_money_expiring", "expiring")

    # -------------------------------------------------------------------------- lookup

    @api.model
    def _get_open_domain(self, fund, partner, start):
        """Allocations of a fund that an activity of a partner may draw on."""
        own = fund.sudo().allocation_ids.segment_id.filtered(
            lambda segment: segment._has_partner(partner)
        )
        return (
            Domain("fund_id", "=", fund.id)
            & Domain("date_from", "<=", start)
            & Domain("date_to", ">=", start)
            & (
                Domain("partner_id", "=", partner.id)
                | Domain("segment_id", "in", own.ids)
                | (Domain("partner_id", "=", False) & Domain("segment_id", "=", False))
            )
        )

    def action_extend(self):
        """Open the wizard that gives more time."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Extend"),
            "res_model": "partner.mdf.extend",
            "view_mode": "form",
            "target": "new",
            "context": {"default_allocation_ids": self.ids},
        }
