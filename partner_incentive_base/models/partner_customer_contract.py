from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .partner_incentive_attribution import ROLES


class PartnerCustomerContract(models.Model):
    """Recurring business of a customer, credited to a partner.

    ====== ===== ======= ==========================================================
    Action Who   From    Restriction
    ====== ===== ======= ==========================================================
    renew  User  active  makes the next contract, of the same length and amount
    churn  User  active  with a reason
    reopen User  churned
    ====== ===== ======= ==========================================================

    The guards hold for a bare write of the state, too. A contract whose end has
    passed stays active until somebody says whether it was renewed: those are the ones
    to look at.
    """

    _name = "partner.customer.contract"
    _description = "Customer Contract"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.process.mixin",
        "partner.incentive.numbered.mixin",
    ]
    _process_fields = frozenset(
        {"state", "renewed_by_id", "churn_reason", "churn_date"}
    )
    _order = "date_end desc, id desc"
    _check_company_auto = True

    name = fields.Char(
        string="Number", default="/", required=True, copy=False, index="trigram"
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    customer_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
        domain="[('commercial_partner_id', '=', id)]",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Credited partner",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
        domain="[('commercial_partner_id', '=', id)]",
    )
    role = fields.Selection(ROLES, string="Credited as", default="sourced")
    product_id = fields.Many2one(
        "product.product",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('incentive_recurring', '=', True)]",
    )
    date_start = fields.Date(string="Starts on", required=True, tracking=True)
    date_end = fields.Date(string="Ends on", required=True, tracking=True)
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    recurring_amount = fields.Monetary(
        string="Amount per year",
        required=True,
        tracking=True,
        help="Annual recurring revenue (ARR) of the contract.",
    )
    state = fields.Selection(
        [("active", "Active"), ("renewed", "Renewed"), ("churned", "Churned")],
        default="active",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    is_overdue = fields.Boolean(
        string="To decide",
        compute="_compute_is_overdue",
        search="_search_is_overdue",
        help="The end has passed, and nobody said whether it was renewed.",
    )
    renewed_by_id = fields.Many2one(
        "partner.customer.contract",
        string="Renewed by",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        copy=False,
    )
    renewal_of_ids = fields.One2many(
        "partner.customer.contract", "renewed_by_id", string="Renewal of"
    )
    churn_reason = fields.Text(readonly=True, copy=False, tracking=True)
    churn_date = fields.Date(readonly=True, copy=False)
    order_id = fields.Many2one(
        "sale.order", index="btree_not_null", readonly=True, copy=False
    )
    move_id = fields.Many2one(
        "account.move",
        string="First invoice",
        index="btree_not_null",
        readonly=True,
        copy=False,
    )

    _dates_order = models.Constraint(
        "CHECK (date_end >= date_start)",
        "A contract cannot end before it starts. Correct one of the two dates.",
    )
    _amount_positive = models.Constraint(
        "CHECK (recurring_amount >= 0)", "The amount per year cannot be negative."
    )
    _renewed_once = models.Constraint(
        "CHECK (renewed_by_id IS NULL OR renewed_by_id != id)",
        "A contract cannot renew itself.",
    )

    @api.depends("state", "date_end")
    def _compute_is_overdue(self):
        today = fields.Date.context_today(self)
        for contract in self:
            contract.is_overdue = (
                contract.state == "active"
                and bool(contract.date_end)
                and contract.date_end < today
            )

    def _search_is_overdue(self, operator, value):
        if operator != "in" or len(value) != 1:
            return NotImplemented
        today = fields.Date.context_today(self)
        overdue = fields.Domain("state", "=", "active") & fields.Domain(
            "date_end", "<", today
        )
        return overdue if True in value else ~overdue

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            for name in ("customer_id", "partner_id"):
                if vals.get(name):
                    contact = self.env["res.partner"].browse(vals[name])
                    vals[name] = contact.commercial_partner_id.id
        return super().create(vals_list)

    def write(self, vals):
        self.check_access("write")
        vals = dict(vals)
        state = vals.pop("state", None)
        process = {name: vals.pop(name) for name in self._process_fields & set(vals)}
        if process and not state and not self.env.su:
            raise UserError(
                self.env._("Use Renew or Churned to say how the contract ended.")
            )
        result = super().write(vals) if vals else True
        if state:
            for contract in self:
                contract._change_state(state, process)
        elif process:
            super().write(process)
        return result

    def _change_state(self, state, process):
        self.ensure_one()
        if state == self.state:
            return
        if (self.state, state) == ("active", "renewed"):
            following = self.browse(process.get("renewed_by_id"))
            self._check_can_renew(following)
            self._write_process({"state": state, "renewed_by_id": following.id})
        elif (self.state, state) == ("active", "churned"):
            reason = (process.get("churn_reason") or "").strip()
            self._check_can_churn(reason)
            self._write_process(
                {
                    "state": state,
                    "churn_reason": reason,
                    "churn_date": process.get("churn_date")
                    or min(self.date_end, fields.Date.context_today(self)),
                }
            )
        elif (self.state, state) == ("churned", "active"):
            self._write_process(
                {"state": state, "churn_reason": False, "churn_date": False}
            )
        else:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(contract)s is %(old)s and cannot become %(new)s.",
                    contract=self.name,
                    old=labels[self.state].lower(),
                    new=labels.get(state, state).lower(),
                )
            )

    def _write_process(self, vals):
        """Write what belongs to the process, past the guards of :meth:`write`."""
        return super().write(vals)  # pylint: disable=super-method-mismatch

    def _check_can_renew(self, following):
        self.ensure_one()
        if not following.exists() or following == self:
            raise UserError(
                self.env._("Use Renew, which makes the contract that follows.")
            )
        if (
            following.company_id != self.company_id
            or following.customer_id != self.customer_id
        ):
            raise UserError(
                self.env._(
                    "%(next)s is a contract of another customer or company than "
                    "%(contract)s.",
                    next=following.name,
                    contract=self.name,
                )
            )

    def _check_can_churn(self, reason):
        self.ensure_one()
        if not reason:
            raise UserError(
                self.env._("Enter why the customer did not renew %s.", self.name)
            )

    def _get_next_dates(self):
        """Start and end of the next contract, of the same number of months."""
        self.ensure_one()
        start = self.date_end + relativedelta(days=1)
        length = relativedelta(start, self.date_start)
        months = length.years * 12 + length.months
        if not months:
            return start, start + (self.date_end - self.date_start)
        return start, start + relativedelta(months=months, days=length.days - 1)

    def _prepare_renewal_vals(self):
        start, end = self._get_next_dates()
        return {
            "company_id": self.company_id.id,
            "customer_id": self.customer_id.id,
            "partner_id": self.partner_id.id,
            "role": self.role,
            "product_id": self.product_id.id,
            "date_start": start,
            "date_end": end,
            "recurring_amount": self.recurring_amount,
            "currency_id": self.currency_id.id,
        }

    def action_renew(self):
        """Make the next contract, of the same length and amount, and show it."""
        for contract in self:
            if contract.state != "active":
                raise UserError(
                    self.env._(
                        "%s is not active, so it cannot be renewed.", contract.name
                    )
                )
        following = self.create([contract._prepare_renewal_vals() for contract in self])
        for contract, renewal in zip(self, following, strict=True):
            contract.write({"state": "renewed", "renewed_by_id": renewal.id})
        if len(following) == 1:
            return {
                "type": "ir.actions.act_window",
                "res_model": self._name,
                "res_id": following.id,
                "view_mode": "form",
            }
        return True

    def action_churn(self, reason=None):
        """Say that the customer did not renew, and why."""
        if not reason:
            return self.env["partner.incentive.reason"]._open(self, "contract_churn")
        return self.write({"state": "churned", "churn_reason": reason})

    def action_reopen(self):
        self.write({"state": "active"})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_followed(self):
        for contract in self:
            if contract.renewed_by_id or contract.renewal_of_ids:
                raise UserError(
                    self.env._(
                        "%s is part of a chain of renewals and is kept.", contract.name
                    )
                )
