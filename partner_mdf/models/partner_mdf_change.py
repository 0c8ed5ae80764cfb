from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class PartnerMdfChange(models.Model):
    """A change of an approved activity that somebody asks for.

    Approved, it takes effect at once: on dates, cost, and on what is committed.
    """

    _name = "partner.mdf.change"
    _description = "Change Request"
    _inherit = ["partner.incentive.process.mixin"]
    _process_fields = frozenset({"state", "decided_by", "decided_on", "approve_amount"})
    _order = "id desc"

    activity_id = fields.Many2one(
        "partner.mdf.activity",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('state', '=', 'approved')]",
    )
    company_id = fields.Many2one(
        related="activity_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(
        related="activity_id.partner_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="activity_id.currency_id")
    reason = fields.Text(required=True)
    planned_cost = fields.Monetary(string="New cost", help="0: as it was.")
    date_from = fields.Date(string="New start", help="Empty: as it was.")
    date_to = fields.Date(string="New end", help="Empty: as it was.")
    approve_amount = fields.Monetary(
        string="To approve",
        compute="_compute_approve_amount",
        store=True,
        readonly=False,
        groups="base.group_user",
        help="What the activity gets in all after the change.",
    )
    state = fields.Selection(
        [
            ("requested", "Requested"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
        ],
        default="requested",
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )
    decided_by = fields.Many2one("res.users", readonly=True, copy=False)
    decided_on = fields.Datetime(readonly=True, copy=False)
    decision_note = fields.Text(string="Comment", copy=False)

    _one_open = models.UniqueIndex(
        "(activity_id) WHERE state = 'requested'",
        "A change of this activity has been requested already.",
    )
    _cost_positive = models.Constraint(
        "CHECK (planned_cost >= 0)", "A cost cannot be negative."
    )

    @api.depends("planned_cost", "activity_id")
    def _compute_approve_amount(self):
        for change in self:
            activity = change.activity_id
            amount = activity.approved_amount
            if change.planned_cost and activity.currency_id:
                amount = activity.currency_id.round(
                    change.planned_cost * activity.rate / 100
                )
            change.approve_amount = amount

    @api.depends("activity_id.display_name")
    def _compute_display_name(self):
        for change in self:
            change.display_name = self.env._(
                "Change of %s", change.activity_id.display_name
            )

    @api.model_create_multi
    def create(self, vals_list):
        changes = super().create(vals_list)
        for change in changes:
            change.activity_id._check_is("approved")
            change.activity_id.request_id.sudo().message_post(
                body=self.env._(
                    "A change of %(activity)s is requested: %(reason)s",
                    activity=change.activity_id.name,
                    reason=change.reason,
                )
            )
        return changes

    def write(self, vals):
        if {"state", "decided_by", "decided_on", "activity_id"} & set(vals):
            if not self._is_in_process():
                raise AccessError(
                    self.env._("Use the buttons of the change to decide on it.")
                )
        elif any(change.state != "requested" for change in self):
            raise UserError(self.env._("The change has been decided on already."))
        if "approve_amount" in vals and not self.env.su:
            self.activity_id.fund_id._check_group(
                "partner_incentive_base.group_incentive_manager"
            )
        return super().write(vals)

    def _check_can_decide(self):
        for change in self:
            change.activity_id._check_decider()
            if not self.env.su and change.create_uid == self.env.user:
                raise UserError(
                    self.env._(
                        "You asked for the change yourself. Somebody else has to "
                        "decide on it."
                    )
                )
            if change.state != "requested":
                raise UserError(self.env._("The change has been decided on already."))

    def action_approve(self):
        self._check_can_decide()
        for change in self:
            change._do_approve()
        return True

    def _do_approve(self):
        activity = self.activity_id
        fund = activity.fund_id
        activity._check_is("approved")
        currency = activity.currency_id
        fund._lock_checkbook()
        amount = self.approve_amount
        if currency.compare_amounts(amount, activity.spent) < 0:
            raise UserError(
                self.env._(
                    "%(spent)s of %(activity)s are reimbursed already; it cannot get "
                    "less.",
                    spent=currency.format(activity.spent),
                    activity=activity.name,
                )
            )
        vals = {"planned_cost": self.planned_cost or activity.planned_cost}
        if self.date_from:
            vals["date_from"] = self.date_from
        if self.date_to or self.date_from:
            vals["date_to"] = max(
                self.date_to or activity.date_to,
                vals.get("date_from", activity.date_from),
            )
            vals["claim_until"] = max(
                vals["date_to"], fields.Date.context_today(self)
            ) + timedelta(days=fund.claim_days)
            vals["proof_reminded"] = False
        if self.planned_cost and activity.cost_line_ids:
            # the lines were of the former plan
            activity.cost_line_ids.sudo().with_context(
                incentive_transition=True
            ).unlink()
        activity._write_process(vals)
        activity._check_ceilings(amount)
        difference = currency.round(amount - activity.approved_amount)
        moved = bool(self.date_from)
        if moved:
            # other dates draw on other money
            committed = activity.committed
            fund._release_amount(activity, committed)
            fund._commit_amount(activity, currency.round(committed + difference))
        elif difference > 0:
            fund._commit_amount(activity, difference)
        elif difference < 0:
            fund._release_amount(activity, -difference)
        activity._write_process({"approved_amount": amount})
        activity._book_obligation(
            fields.Date.context_today(self),
            "accrual" if difference > 0 else "adjustment",
        )
        self._decide("approved")
        activity.request_id._tell_partner(
            self.env._("The change of %s is approved.", activity.name)
        )

    def action_reject(self):
        self._check_can_decide()
        self._decide("rejected")
        for change in self:
            change.activity_id.request_id._tell_partner(
                self.env._(
                    "The change of %(activity)s is rejected. %(note)s",
                    activity=change.activity_id.name,
                    note=change.decision_note or "",
                )
            )
        return True

    def _decide(self, state):
        self._transition(
            state, decided_by=self.env.uid, decided_on=fields.Datetime.now()
        )
        # the next wish is inserted at once, and must not meet this one
        self.flush_recordset(["state"])
