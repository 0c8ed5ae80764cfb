from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class PartnerAccountPlan(models.Model):
    """What a vendor and a partner want to reach together at a customer, or overall.

    Agreed by both sides: a Manager for the vendor, a person of the partner on the
    portal. Objectives that carry a bonus become milestones once a Manager confirms
    them, and an offer on milestones pays.
    """

    _name = "partner.account.plan"
    _description = "Joint Account Plan"
    _inherit = [
        "partner.tiering.workflow",
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.notified.mixin",
    ]
    _order = "date_to desc, id desc"
    _transitions = {
        ("draft", "proposed"): "user",
        ("proposed", "draft"): "user",
        ("proposed", "agreed"): None,
        ("agreed", "closed"): "manager",
    }
    _process_fields = ("vendor_agreed_by", "partner_agreed_by", "agreed_on")
    _frozen_states = ("proposed", "agreed", "closed")
    _frozen_fields = (
        "partner_id",
        "customer_id",
        "date_from",
        "date_to",
        "right_ids",
    )

    name = fields.Char(required=True, tracking=True)
    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('commercial_partner_id', '=', id)]",
    )
    customer_id = fields.Many2one(
        "res.partner",
        string="Account",
        index="btree_not_null",
        help="Empty: the plan is about the partnership as a whole.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        required=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
    )
    co_owner_id = fields.Many2one(
        "res.partner",
        string="Partner's co-owner",
        domain="[('commercial_partner_id', '=', partner_id)]",
        index="btree_not_null",
    )
    date_from = fields.Date(
        required=True, default=lambda self: fields.Date.context_today(self)
    )
    date_to = fields.Date(string="Until", required=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("proposed", "Proposed"),
            ("agreed", "Agreed"),
            ("closed", "Closed"),
        ],
        default="draft",
        required=True,
        index=True,
        copy=False,
        tracking=True,
    )
    objective_ids = fields.One2many("partner.account.plan.objective", "plan_id")
    right_ids = fields.One2many(
        "partner.account.plan.right", "plan_id", string="Decision rights", copy=True
    )
    forecast_ids = fields.One2many("partner.account.plan.forecast", "plan_id")
    risk_ids = fields.One2many("partner.account.plan.risk", "plan_id")
    escalation_ids = fields.One2many("partner.account.plan.escalation", "plan_id")
    forecast_amount = fields.Monetary(
        string="Shared forecast", compute="_compute_forecast_amount"
    )
    actual_amount = fields.Monetary(
        string="Credited revenue",
        compute="_compute_forecast_amount",
        help="Invoiced to the account and credited to the partner so far.",
    )
    vendor_agreed_by = fields.Many2one("res.users", readonly=True, copy=False)
    partner_agreed_by = fields.Many2one("res.users", readonly=True, copy=False)
    agreed_on = fields.Date(readonly=True, copy=False)

    _dates_order = models.Constraint(
        "CHECK (date_to >= date_from)", "A plan cannot end before it begins."
    )

    @api.depends("forecast_ids.amount", "customer_id", "date_from", "date_to")
    def _compute_forecast_amount(self):
        credited = self._read_credited()
        for plan in self:
            plan.forecast_amount = sum(plan.forecast_ids.mapped("amount"))
            plan.actual_amount = credited.get(plan._origin.id, 0)

    def _read_credited(self):
        """``{plan id: amount}`` in one query."""
        ids = [plan._origin.id for plan in self if plan._origin.id]
        if not ids:
            return {}
        for model in ("account.move", "partner.incentive.attribution", self._name):
            self.env[model].flush_model()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT plan.id, SUM(move.amount_untaxed_signed * credit.share / 100)
                      FROM partner_account_plan AS plan
                      JOIN (SELECT move_id, partner_id, MAX(share) AS share
                              FROM partner_incentive_attribution
                             WHERE move_id IS NOT NULL
                             GROUP BY move_id, partner_id) AS credit
                        ON credit.partner_id = plan.partner_id
                      JOIN account_move AS move
                        ON credit.move_id = COALESCE(move.reversed_entry_id, move.id)
                       AND move.company_id = plan.company_id
                     WHERE plan.id = ANY(%s)
                       AND move.state = 'posted'
                       AND move.move_type IN ('out_invoice', 'out_refund')
                       AND move.incentive_document IS NULL
                       AND move.invoice_date BETWEEN plan.date_from AND plan.date_to
                       AND (plan.customer_id IS NULL
                            OR move.commercial_partner_id = plan.customer_id)
                     GROUP BY plan.id
                    """,
                    ids,
                )
            )
        )

    def _check_requirements(self, old, new):
        if new == "proposed" and not (self.objective_ids and self.right_ids):
            raise UserError(
                self.env._(
                    "Add objectives, and who decides what, before the plan is proposed."
                )
            )
        if new == "agreed" and not (self.vendor_agreed_by and self.partner_agreed_by):
            raise UserError(self.env._("Both sides agree to the plan."))

    def _on_move(self, old, new):
        result = super()._on_move(old, new)
        if new == "proposed":
            self._notify_partner(
                "partner_tiering.mail_template_account_plan", "waiting"
            )
        return result

    def _get_notified_areas(self):
        return ("performance",)

    def _get_partner_path(self):
        self.ensure_one()
        return f"/my/incentives/account-plans/{self.id}"

    def action_propose(self):
        return self.write({"state": "proposed"})

    def action_draft(self):
        self.write({"state": "draft"})
        self.sudo().write({"vendor_agreed_by": False, "partner_agreed_by": False})

    def action_agree(self):
        """Agree for the vendor."""
        self.check_access("write")
        if not self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            raise UserError(self.env._("A Manager agrees for the vendor."))
        for plan in self:
            plan._agree("vendor")

    def _agree(self, side):
        self.ensure_one()
        if self.state != "proposed":
            raise UserError(self.env._("%s is not proposed.", self.name))
        self.sudo()[f"{side}_agreed_by"] = self.env.user
        if self.vendor_agreed_by and self.partner_agreed_by:
            self.sudo().write(
                {"state": "agreed", "agreed_on": fields.Date.context_today(self)}
            )

    def action_close(self):
        return self.write({"state": "closed"})

    @api.model
    def _cron_escalate(self):
        """Hand open escalations whose deadline has passed to the next step."""
        today = fields.Date.context_today(self)
        late = self.env["partner.account.plan.escalation"].search(
            [("state", "=", "open"), ("date_deadline", "<", today)]
        )
        for escalation in late:
            escalation._escalate()
