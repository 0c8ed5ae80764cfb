from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date


class PartnerIncentiveSettlementLine(models.Model):
    """What one offer pays one partner in a settlement, and why that much."""

    _name = "partner.incentive.settlement.line"
    _inherit = [
        "partner.incentive.disputed.mixin",
        "partner.incentive.notified.mixin",
        "partner.incentive.process.mixin",
    ]
    _description = "Incentive Settlement Line"
    _order = "partner_id, offer_id"

    settlement_id = fields.Many2one(
        "partner.incentive.settlement", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="settlement_id.company_id", store=True, index=True
    )
    state = fields.Selection(related="settlement_id.state")
    offer_id = fields.Many2one(
        "partner.incentive.offer", required=True, ondelete="restrict", index=True
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, ondelete="restrict", index=True
    )
    currency_id = fields.Many2one(related="offer_id.currency_id")
    payee_id = fields.Many2one(
        "res.partner",
        string="Paid to",
        readonly=True,
        ondelete="restrict",
        help="Whom the document goes to, where it is not the partner that earned.",
    )
    cutoff = fields.Date(string="Volume up to", readonly=True)
    entitled = fields.Monetary(readonly=True)
    held = fields.Monetary(string="Held back", readonly=True)
    settled = fields.Monetary(string="Settled before", readonly=True)
    due = fields.Monetary(readonly=True, help="Entitled - held back - settled before.")
    only_netted = fields.Boolean(
        readonly=True,
        help="The settlement is of other offers: this one only nets what it is owed.",
    )
    amount = fields.Monetary(
        string="To pay",
        help="Negative: netted against what other offers owe the partner.",
    )
    provision = fields.Monetary(
        string="Provided for",
        readonly=True,
        help="What the ledger held accrued when the proposal was made.",
    )
    average = fields.Monetary(
        string="Paid before, on average",
        readonly=True,
        help="Average of the last settlements of the same offer and partner.",
    )
    to_review = fields.Boolean(
        readonly=True,
        help="The payout deviates from the last ones, or from the provision, by more "
        "than the settings allow.",
    )
    reviewed_by = fields.Many2one("res.users", readonly=True)
    hold_reason = fields.Char(
        string="On hold because", help="Nothing is paid while there is a reason."
    )
    partner_answer = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("confirmed", "Confirmed"),
            ("disputed", "Disputed"),
        ],
        readonly=True,
        index="btree_not_null",
    )
    partner_note = fields.Text(readonly=True)
    disputed_hold = fields.Char(
        readonly=True, help="The reason to hold that the partner's dispute gave."
    )
    answered_by = fields.Many2one("res.users", readonly=True)
    answered_on = fields.Datetime(readonly=True)
    move_id = fields.Many2one(
        "account.move", string="Document", readonly=True, index="btree_not_null"
    )
    payment_state = fields.Selection(
        related="move_id.payment_state",
        string="Payment",
        help="Follows the reconciliation of the document, also when a payment bounces.",
    )

    _once = models.UniqueIndex(
        "(settlement_id, offer_id, partner_id)",
        "A settlement pays each offer and partner once.",
    )

    @api.depends("offer_id.name", "partner_id.name")
    def _compute_display_name(self):
        for line in self:
            line.display_name = f"{line.partner_id.name}, {line.offer_id.name}"

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(
                self.env._(
                    "What is due is calculated. Compute the proposal instead of "
                    "adding lines by hand."
                )
            )
        lines = super().create(vals_list)
        lines._check_open()
        return lines

    def write(self, vals):
        if not self._is_in_process():
            self._check_open()
            readonly = set(vals) - {"amount", "hold_reason"}
            if readonly and not self.env.su:
                raise AccessError(
                    self.env._(
                        "Only the amount to pay and the reason to hold it can be "
                        "changed by hand."
                    )
                )
        return super().write(vals)

    @api.constrains("amount")
    def _check_amount(self):
        """Pay over earnings only as far as the company allows."""
        for line in self:
            company = line.settlement_id.company_id
            if not company.incentive_limit_overpay:
                continue
            limit = max(line.due, 0.0) * (1 + company.incentive_overpay_percent / 100)
            if line.currency_id.compare_amounts(line.amount, limit) > 0:
                raise ValidationError(
                    self.env._(
                        "%(partner)s is due %(due)s under %(offer)s; the settings "
                        "allow to pay %(limit)s at most.",
                        partner=line.partner_id.name,
                        due=line.currency_id.format(line.due),
                        offer=line.offer_id.name,
                        limit=line.currency_id.format(limit),
                    )
                )

    def action_review(self):
        """Say that somebody looked at a payout that deviates, and found it right."""
        self.settlement_id._check_finance()
        self._check_open()
        self._in_process().write({"reviewed_by": self.env.uid})

    def _answer(self, answer, note, user):
        """Record what the partner says to the proposal. Rights were checked before.

        A disputed payout is held until finance has looked at it.
        """
        self.ensure_one()
        if self.state not in ("draft", "approved") or not self.partner_answer:
            raise UserError(
                self.env._("This proposal is settled already and cannot be answered.")
            )
        values = {
            "partner_answer": answer,
            "partner_note": note or False,
            "answered_by": user.id,
            "answered_on": fields.Datetime.now(),
        }
        # What finance put on hold itself, a partner's answer does not let go.
        if self.hold_reason == self.disputed_hold:
            hold = self.env._("Disputed: %s", note) if answer == "disputed" else False
            values.update(hold_reason=hold, disputed_hold=hold)
        line_sudo = self._in_process()
        line_sudo.write(values)
        line_sudo.settlement_id._on_answer(line_sudo)

    def _get_payee(self):
        return self.payee_id or self.partner_id

    # ------------------------------------------------------------------------- mail

    def _notify_together(self, template_xmlid, groups):
        """One mail for each group of lines: about its first, with all in a table."""
        groups = list(groups)
        self.browse().union(*(group[:1] for group in groups))._notify_partner(
            template_xmlid,
            "payable",
            incentive_lines={group[0].id: group.ids for group in groups},
        )

    def _get_mailed_lines(self):
        """The lines that the mail about this one tells of."""
        self.ensure_one()
        groups = self.env.context.get("incentive_lines") or {}
        return self.browse(groups.get(self.id) or self.ids)

    def _get_notified_partner(self):
        """What is proposed is for whoever earned it, what is paid for the payee."""
        self.ensure_one()
        partner = self._get_payee() if self.move_id else self.partner_id
        return partner.commercial_partner_id

    def _get_notified_areas(self):
        return ("money",)

    def _get_partner_path(self):
        return "/my/incentives/payouts"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_open(self):
        self._check_open()

    def _check_open(self):
        for line in self:
            if line.settlement_id.state != "draft":
                raise UserError(
                    self.env._(
                        "%s is not a proposal any more and cannot be changed.",
                        line.settlement_id.name,
                    )
                )

    def _get_dispute_day(self):
        """A settlement can be disputed once it is posted."""
        self.ensure_one()
        if self.state != "posted":
            return None
        return max(self.settlement_id.date, self.write_date.date())

    def _get_dispute_program(self):
        self.ensure_one()
        return self.offer_id.program_id

    def _get_dispute_deciders(self):
        self.ensure_one()
        batch = self.settlement_id
        return batch.create_uid | batch.approved_by | batch.posted_by

    def _get_document_label(self):
        """Text of the line on the document that the partner receives."""
        return self.env._(
            "%(offer)s (%(code)s), up to %(date)s",
            offer=self.offer_id.name,
            code=self.offer_id.code,
            date=format_date(self.env, self.cutoff or self.settlement_id.date),
        )
