from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .partner_incentive_posting import Movement

FINANCE = "partner_incentive_base.group_incentive_finance"
#: What somebody else approves.
CONTENT_FIELDS = {
    "offer_id",
    "company_id",
    "partner_id",
    "date",
    "amount",
    "reason",
    "corrected_entry_id",
}


class PartnerIncentiveAdjustment(models.Model):
    """What a partner is owed more, or less, than an offer's terms come to.

    Booked once when somebody else approves it, and never taken back by a run: it adds
    to the entitlement. To undo one, make another of the opposite amount.

    ======= ======= ========= ====================================================
    Action  Who     From      Restriction
    ======= ======= ========= ====================================================
    submit  Finance draft     with an amount and a reason
    approve Finance submitted not by the one who submitted it; books it
    refuse  Finance submitted with a reason
    reopen  Finance refused
    ======= ======= ========= ====================================================
    """

    _name = "partner.incentive.adjustment"
    _description = "Incentive Adjustment"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.process.mixin",
        "partner.incentive.numbered.mixin",
    ]
    _order = "date desc, id desc"
    _check_company_auto = True
    _process_fields = frozenset(
        {"state", "submitted_by", "approved_by", "refusal_reason", "dispute_id"}
    )

    name = fields.Char(string="Number", default="/", readonly=True, copy=False)
    offer_id = fields.Many2one(
        "partner.incentive.offer",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('state', 'in', ('published', 'suspended', 'retired')), "
        "('company_id', '=', company_id)]",
        tracking=True,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('commercial_partner_id', '=', id)]",
        tracking=True,
    )
    date = fields.Date(
        string="Accounting date",
        required=True,
        default=lambda self: fields.Date.context_today(self),
        tracking=True,
    )
    currency_id = fields.Many2one(related="offer_id.currency_id")
    amount = fields.Monetary(
        required=True,
        tracking=True,
        help="Owed more when positive, less when negative.",
    )
    reason = fields.Text(required=True, help="The partner can read it.")
    corrected_entry_id = fields.Many2one(
        "partner.incentive.entry",
        string="Corrects",
        ondelete="restrict",
        domain="[('offer_id', '=', offer_id), ('partner_id', '=', partner_id)]",
        help="The ledger entry that this one corrects.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "To approve"),
            ("booked", "Booked"),
            ("refused", "Refused"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    dispute_id = fields.Many2one(
        "partner.incentive.dispute",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The dispute that it was agreed in.",
    )
    submitted_by = fields.Many2one("res.users", readonly=True, copy=False)
    approved_by = fields.Many2one("res.users", readonly=True, copy=False, tracking=True)
    refusal_reason = fields.Text(readonly=True, copy=False)
    entry_ids = fields.One2many("partner.incentive.entry", "adjustment_id")
    move_id = fields.Many2one(
        related="entry_ids.move_id", string="Journal entry", readonly=True
    )

    @api.constrains("offer_id", "partner_id")
    def _check_partner(self):
        for adjustment in self:
            if adjustment.partner_id != adjustment.partner_id.commercial_partner_id:
                raise ValidationError(
                    self.env._("Choose the company of %s.", adjustment.partner_id.name)
                )

    def write(self, vals):
        if not self._is_in_process():
            if self._process_fields & set(vals):
                raise AccessError(
                    self.env._("Use the buttons of the adjustment to change its state.")
                )
            if CONTENT_FIELDS & set(vals):
                self._check_state(("draft",), self.env._("changed"))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_booked(self):
        if any(adjustment.state == "booked" for adjustment in self):
            raise UserError(
                self.env._(
                    "A booked adjustment is kept. Make another one of the opposite "
                    "amount."
                )
            )

    def _check_finance(self):
        self._check_group(
            FINANCE,
            message=self.env._("Only finance can adjust what partners are owed."),
        )

    def action_submit(self):
        """Ask another person of finance to approve it."""
        self._check_finance()
        self._check_state(("draft",), self.env._("submitted"))
        for adjustment in self:
            if adjustment.currency_id.is_zero(adjustment.amount):
                raise UserError(self.env._("Enter the amount of the adjustment."))
        self._transition("submitted", submitted_by=self.env.uid, refusal_reason=False)

    def action_approve(self):
        """Book it: a journal entry and its ledger entry."""
        self._check_finance()
        self._check_state(("submitted",), self.env._("approved"))
        for adjustment in self:
            if adjustment.submitted_by == self.env.user and not self.env.su:
                raise UserError(
                    self.env._(
                        "You submitted %s yourself. Somebody else has to approve it.",
                        adjustment.name,
                    )
                )
            adjustment._book()

    def _book(self):
        """Append it to the ledger. Whether it may be was checked before."""
        self.ensure_one()
        self.offer_id._lock_for_run()
        version = self.offer_id._get_published_versions()[-1:]
        if not version or not self.offer_id._books():
            raise UserError(
                self.env._(
                    "%s only reports and books nothing, so there is nothing to adjust.",
                    self.offer_id.name,
                )
            )
        self._transition("booked", approved_by=self.env.uid)
        posting = self.env["partner.incentive.posting"].with_company(self.company_id)
        posting._post_movements(
            self.company_id,
            [
                Movement(
                    self.offer_id,
                    version,
                    self.partner_id.id,
                    "adjustment",
                    Decimal(str(self.currency_id.round(self.amount))),
                    reason=f"{self.name}: {self.reason}",
                )
            ],
            self.date,
            "adjustment",
            adjustment_id=self.id,
        )
        self.dispute_id._after_booking()

    def action_refuse(self, reason=None):
        self._check_finance()
        self._check_state(("submitted",), self.env._("refused"))
        if not reason:
            return self.env["partner.incentive.reason"]._open(self, "adjustment_refuse")
        self._transition("refused", refusal_reason=reason)
        self.dispute_id._after_refusal(reason)
        for adjustment in self:
            adjustment.message_post(body=reason)
        return True

    def action_reopen(self):
        self._check_finance()
        self._check_state(("refused",), self.env._("reopened"))
        if self.dispute_id:
            raise UserError(
                self.env._("It was agreed in a dispute. Decide on the dispute anew.")
            )
        self._transition("draft")

    def action_view_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_incentive_base.partner_incentive_entry_action"
        )
        action["domain"] = [("adjustment_id", "=", self.id)]
        action["context"] = {}
        return action
