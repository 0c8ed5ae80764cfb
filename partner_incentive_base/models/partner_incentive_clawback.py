from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

ZERO = Decimal(0)

USER = "partner_incentive_base.group_incentive_user"
FINANCE = "partner_incentive_base.group_incentive_finance"
#: Field that names the document, by the document model of a measure.
DOCUMENT_FIELDS = {
    "account.move": "move_id",
    "sale.order": "order_id",
    "partner.incentive.claim": "claim_id",
    "partner.customer.contract": "contract_id",
}
#: What somebody else confirms.
CONTENT_FIELDS = {
    "offer_id",
    "company_id",
    "partner_id",
    "date",
    "reason",
    "share",
    *DOCUMENT_FIELDS.values(),
}


class PartnerIncentiveClawback(models.Model):
    """A document that stops counting under an offer, and why.

    Once confirmed its volume, or a share of it, is taken off the partner's volume;
    the scale does the rest: what is claimed back is f(V) - f(V - X), neither more nor
    less, and the next run books it. What was paid too much is netted or claimed by
    debit note, as the offer's terms say.

    ======= ========== ========= =================================================
    Action  Who        From      Restriction
    ======= ========== ========= =================================================
    submit  Compliance draft     the document must count under the offer
    confirm Finance    submitted not by the one who submitted it
    lift    Finance    confirmed with a reason; the document counts again
    ======= ========== ========= =================================================
    """

    _name = "partner.incentive.clawback"
    _description = "Incentive Clawback"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.notified.mixin",
        "partner.incentive.process.mixin",
        "partner.incentive.numbered.mixin",
    ]
    _order = "date desc, id desc"
    _check_company_auto = True
    _process_fields = frozenset(
        {"state", "submitted_by", "confirmed_by", "lift_reason", "amount"}
    )

    name = fields.Char(string="Number", default="/", readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
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
    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('commercial_partner_id', '=', id)]",
        tracking=True,
    )
    date = fields.Date(
        required=True,
        default=lambda self: fields.Date.context_today(self),
        help="From this day on the document does not count any more.",
        tracking=True,
    )
    reason = fields.Selection(
        [
            ("return", "Returned goods"),
            ("unpaid", "Not paid by the customer"),
            ("churn", "Customer lost"),
            ("audit", "Failed audit"),
            ("terms", "Against the terms"),
        ],
        required=True,
        tracking=True,
    )
    description = fields.Text(required=True, help="The partner can read it.")
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        ondelete="restrict",
        check_company=True,
        index="btree_not_null",
        domain="[('move_type', 'in', ('out_invoice', 'out_refund')), "
        "('state', '=', 'posted'), ('incentive_document', '=', False)]",
    )
    order_id = fields.Many2one(
        "sale.order",
        ondelete="restrict",
        check_company=True,
        index="btree_not_null",
        domain="[('state', '=', 'sale')]",
    )
    claim_id = fields.Many2one(
        "partner.incentive.claim",
        ondelete="restrict",
        check_company=True,
        index="btree_not_null",
        domain="[('offer_id', '=', offer_id), ('partner_id', '=', partner_id)]",
    )
    contract_id = fields.Many2one(
        "partner.customer.contract",
        ondelete="restrict",
        check_company=True,
        index="btree_not_null",
    )
    document_kind = fields.Selection(
        [
            ("move_id", "Invoice"),
            ("order_id", "Order"),
            ("claim_id", "Claim"),
            ("contract_id", "Contract"),
        ],
        compute="_compute_document_kind",
    )
    share = fields.Float(
        string="Share claimed back",
        digits=(16, 4),
        default=100.0,
        required=True,
        help="Percentage of the document's volume that does not count any more.",
    )
    currency_id = fields.Many2one(related="offer_id.currency_id")
    amount = fields.Monetary(
        string="Claimed back",
        readonly=True,
        copy=False,
        help="What the entitlement fell by when it was confirmed.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "To confirm"),
            ("confirmed", "Confirmed"),
            ("lifted", "Lifted"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    submitted_by = fields.Many2one("res.users", readonly=True, copy=False)
    confirmed_by = fields.Many2one("res.users", readonly=True, copy=False)
    lift_reason = fields.Text(readonly=True, copy=False)

    _share_range = models.Constraint(
        "CHECK (share > 0 AND share <= 100)",
        "Between 0 and 100 percent of a document can be claimed back.",
    )

    @api.depends("offer_id")
    def _compute_document_kind(self):
        measures = self.env["partner.incentive.measure"]._get_measures()
        for clawback in self:
            measure = measures.get(clawback.offer_id._get_terms_in_force().measure)
            clawback.document_kind = (
                DOCUMENT_FIELDS.get(measure.document_model) if measure else False
            )

    @api.constrains("offer_id", "move_id", "order_id", "claim_id", "contract_id")
    def _check_document(self):
        for clawback in self:
            names = [name for name in DOCUMENT_FIELDS.values() if clawback[name]]
            if names != [clawback.document_kind]:
                labels = dict(
                    self._fields["document_kind"]._description_selection(self.env)
                )
                raise ValidationError(
                    self.env._(
                        "%(offer)s counts documents of the kind %(kind)s. Choose the "
                        "one that is claimed back, and no other.",
                        offer=clawback.offer_id.name,
                        kind=labels.get(clawback.document_kind, ""),
                    )
                )

    def write(self, vals):
        if not self._is_in_process():
            if self._process_fields & set(vals):
                raise AccessError(
                    self.env._("Use the buttons of the clawback to change its state.")
                )
            if CONTENT_FIELDS & set(vals):
                self._check_state(("draft",), self.env._("changed"))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        if any(clawback.state in ("confirmed", "lifted") for clawback in self):
            raise UserError(
                self.env._("A confirmed clawback is kept. Lift it instead.")
            )

    def _get_document(self):
        self.ensure_one()
        return self[self.document_kind] if self.document_kind else self.env[self._name]

    def _check_counts(self):
        """The document must count for the partner under the offer."""
        for clawback in self:
            rows = self.env["partner.incentive.source"]._get_volumes(
                clawback.offer_id.sudo(),
                fields.Date.context_today(self),
                clawback.partner_id,
                ("document_id", "partner_id"),
            )
            document = clawback._get_document()
            if not any(
                row["document_id"] == document.id
                and clawback.partner_id.id
                in (row["earner_id"] or row["partner_id"], row["partner_id"])
                for row in rows
            ):
                raise UserError(
                    self.env._(
                        "%(document)s does not count for %(partner)s under %(offer)s, "
                        "so nothing can be claimed back for it.",
                        document=document.display_name,
                        partner=clawback.partner_id.name,
                        offer=clawback.offer_id.name,
                    )
                )

    def action_submit(self):
        self._check_group(
            USER, message=self.env._("You may not propose clawbacks. Ask compliance.")
        )
        self._check_state(("draft",), self.env._("submitted"))
        self._check_counts()
        self._transition("submitted", submitted_by=self.env.uid)

    def action_confirm(self):
        """Let the document count no more; the next run books the difference."""
        self._check_group(
            FINANCE, message=self.env._("Only finance confirms clawbacks.")
        )
        self._check_state(("submitted",), self.env._("confirmed"))
        for clawback in self:
            if clawback.submitted_by == self.env.user and not self.env.su:
                raise UserError(
                    self.env._(
                        "You submitted %s yourself. Somebody else has to confirm it.",
                        clawback.name,
                    )
                )
            clawback.offer_id._lock_for_run()
            before = clawback._get_entitlement()
            clawback._transition("confirmed", confirmed_by=self.env.uid)
            clawback._in_process().amount = float(before - clawback._get_entitlement())
            clawback.offer_id._mark_to_accrue()
        self._notify_partner("partner_incentive_base.mail_template_clawback", "payable")

    def _get_notified_areas(self):
        return ("money",)

    def _get_partner_path(self):
        return "/my/incentives/statement"

    def action_lift(self, reason=None):
        """Let the document count again."""
        self._check_group(FINANCE, message=self.env._("Only finance lifts clawbacks."))
        self._check_state(("confirmed",), self.env._("lifted"))
        if not reason:
            return self.env["partner.incentive.reason"]._open(self, "clawback_lift")
        self._transition("lifted", lift_reason=reason)
        self.offer_id._mark_to_accrue()
        return True

    def action_reopen(self):
        self._check_group(USER, message=self.env._("You may not propose clawbacks."))
        self._check_state(("submitted",), self.env._("reopened"))
        self._transition("draft", submitted_by=False)

    def _get_entitlement(self):
        """What the offer comes to for the partner today, over all windows."""
        outcomes = (
            self.env["partner.incentive.calculation"]
            .with_company(self.company_id)
            .sudo()
            ._calculate(self.offer_id, max(self.date, fields.Date.context_today(self)))
        )
        totals = self.env["partner.incentive.run"]._sum_entitlements(outcomes)
        return totals.get((self.offer_id.id, self.partner_id.id), ZERO)

    @api.model
    def _get_confirmed(self, offers, day):
        """``{offer id: [(document id, share)]}`` of what does not count on ``day``.

        Shares are Decimals between 0 and 1.
        """
        confirmed = defaultdict(list)
        for clawback in self.sudo().search_fetch(
            [
                ("offer_id", "in", offers.ids),
                ("state", "=", "confirmed"),
                ("date", "<=", day),
            ]
        ):
            document = clawback._get_document()
            if document:
                confirmed[clawback.offer_id.id].append(
                    (document.id, Decimal(str(clawback.share)) / 100)
                )
        return confirmed
