from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.partner_incentive_base.engine.allocation import round_to

from ..scoring.net import shortfall

ZERO = Decimal(0)


class PartnerSafetyNet(models.Model):
    """What a small partner is missing to the part of its earnings that is safe.

    Proposed when a period is closed, for each offer under the net and each of its
    windows that ended in the period. Whoever submits a proposal makes an adjustment of
    it, which somebody else of finance approves and books.

    ======= ======= ======== ======================================================
    Action  Who     From     Restriction
    ======= ======= ======== ======================================================
    submit  Finance proposed calculates anew; makes and submits the adjustment
    dismiss Finance proposed with a reason
    ======= ======= ======== ======================================================

    A partner has one for an offer and window at most, whatever is closed or looked at
    again.
    """

    _name = "partner.safety.net"
    _description = "Safety Net of Earnings"
    _inherit = ["partner.tiering.workflow", "mail.thread"]
    _order = "date_to desc, amount desc, id"
    _rec_name = "partner_id"
    _transitions = {
        ("proposed", "submitted"): "finance",
        ("proposed", "dismissed"): "finance",
    }
    _process_fields = (
        "policy_id",
        "scorecard_id",
        "company_id",
        "partner_id",
        "offer_id",
        "date_from",
        "date_to",
        "before",
        "earned",
        "percent",
        "amount",
        "adjustment_id",
    )
    _frozen_states = ("submitted", "dismissed")
    _frozen_fields = ("reason",)

    policy_id = fields.Many2one(
        "partner.tier.policy",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    scorecard_id = fields.Many2one(
        "partner.scorecard",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="restrict"
    )
    offer_id = fields.Many2one(
        "partner.incentive.offer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    currency_id = fields.Many2one(related="offer_id.currency_id")
    date_from = fields.Date(string="From", required=True, readonly=True)
    date_to = fields.Date(string="To", required=True, readonly=True)
    before = fields.Monetary(
        string="Window before",
        readonly=True,
        aggregator=None,
        help="What the partner had in the window before, a safety net included.",
    )
    earned = fields.Monetary(readonly=True, help="What the terms come to.")
    percent = fields.Float(
        string="Safe (%)", readonly=True, digits=(16, 2), aggregator=None
    )
    amount = fields.Monetary(string="Shortfall", readonly=True)
    reason = fields.Text(
        string="Reason to dismiss", help="Needed where the proposal is dismissed."
    )
    state = fields.Selection(
        [
            ("proposed", "Proposed"),
            ("submitted", "Submitted"),
            ("dismissed", "Dismissed"),
        ],
        default="proposed",
        required=True,
        index=True,
        copy=False,
        tracking=True,
    )
    adjustment_id = fields.Many2one(
        "partner.incentive.adjustment",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    adjustment_state = fields.Selection(
        related="adjustment_id.state", string="Adjustment is"
    )

    _once = models.UniqueIndex(
        "(offer_id, partner_id, date_from)",
        "The partner has a safety net for that offer and window already.",
    )

    @api.depends("partner_id.name", "offer_id.name", "date_from")
    def _compute_display_name(self):
        for net in self:
            net.display_name = (
                f"{net.partner_id.name or ''}, {net.offer_id.name or ''}, "
                f"{net.date_from or ''}"
            )

    def _check_requirements(self, old, new):
        if new == "dismissed" and not self.reason:
            raise UserError(self.env._("Enter why the partner gets nothing."))
        if new == "submitted":
            self._refresh()

    def _on_move(self, old, new):
        if new == "submitted":
            self._make_adjustment()

    def action_submit(self):
        return self.write({"state": "submitted"})

    def action_dismiss(self):
        return self.write({"state": "dismissed"})

    def _refresh(self):
        """Figures as of now: documents may have come since the proposal."""
        self.ensure_one()
        missing = self._get_missing(self.scorecard_id, self.offer_id).get(
            (self.offer_id.id, self.partner_id.id, self.date_from)
        )
        if not missing:
            raise UserError(
                self.env._(
                    "%s has earned enough by now, and nothing is missing. Dismiss the "
                    "proposal.",
                    self.partner_id.name,
                )
            )
        self.sudo().write(missing)

    def _make_adjustment(self):
        self.ensure_one()
        adjustment = self.env["partner.incentive.adjustment"].create(
            {
                "offer_id": self.offer_id.id,
                "company_id": self.company_id.id,
                "partner_id": self.partner_id.id,
                "amount": self.amount,
                "reason": self._explain(),
            }
        )
        adjustment.action_submit()
        self.sudo().adjustment_id = adjustment

    def _explain(self):
        """For the partner, who reads it with the ledger entry."""
        self.ensure_one()
        return self.env._(
            "Safety net of %(policy)s: from %(start)s to %(end)s you earned "
            "%(earned)s, and %(percent)s %% of the %(before)s of the period before are "
            "safe.",
            policy=self.policy_id.display_name,
            start=format_date(self.env, self.date_from),
            end=format_date(self.env, self.date_to),
            earned=self.currency_id.format(self.earned),
            percent=f"{self.percent:g}",
            before=self.currency_id.format(self.before),
        )

    # ------------------------------------------------------------------- proposals

    @api.model
    def _propose(self, cards):
        """Propose what small partners are missing, for closed scorecards of a period.

        Running it again brings open proposals up to date, takes those away that are
        not needed any more, and leaves those that were decided on alone.

        :return: the open proposals
        """
        policy = cards.policy_id.sudo()
        if len(policy) != 1 or not policy.earning_floor:
            return self
        missing = self._get_missing(cards, policy.earning_offer_ids)
        period = (min(cards.mapped("date_from")), max(cards.mapped("date_to")))
        known = {
            (net.offer_id.id, net.partner_id.id, net.date_from): net
            for net in self.search(
                [
                    ("policy_id", "=", policy.id),
                    ("partner_id", "in", cards.partner_id.ids),
                    ("date_to", ">=", period[0]),
                    ("date_to", "<=", period[1]),
                ]
            )
        }
        vals_list = []
        for key, values in missing.items():
            net = known.get(key)
            if net is None:
                vals_list.append(values)
            elif net.state == "proposed":
                net.write(values)
        proposals = self.sudo().create(vals_list)
        for key, net in known.items():
            if net.state != "proposed":
                continue
            if key in missing:
                proposals |= net
            else:
                net.sudo().unlink()
        return proposals

    @api.model
    def _get_missing(self, cards, offers):
        """Values of proposals by ``(offer id, partner id, first day of the window)``.

        What the terms come to is calculated in one go for all partners; no ledger is
        read but for the safety nets of the windows before.
        """
        policy = cards.policy_id.sudo()
        small = {card.partner_id.id: card for card in cards if card.is_small}
        start, end = min(cards.mapped("date_from")), max(cards.mapped("date_to"))
        pairs = [
            (offer, before, window)
            for offer in offers.sudo()
            if offer.state in ("published", "suspended", "retired")
            and offer._is_calculated()
            and offer._books()
            for before, window in _neighbours(offer._get_windows(end))
            if start <= window.end <= end
        ]
        if not small or not pairs:
            return {}
        earned = self._get_earned(offers.sudo(), end, [*small])
        granted = self._get_granted(offers, [*small])
        percent = Decimal(str(policy.earning_floor))
        missing = {}
        for offer, before, window in pairs:
            unit = Decimal(str(offer.currency_id.rounding))
            for partner_id, card in small.items():
                now = earned[offer.id, partner_id, window.start]
                past = (offer.id, partner_id, before.start)
                had = earned[past] + granted[past]
                amount = shortfall(now, had, percent, unit)
                if amount:
                    missing[offer.id, partner_id, window.start] = {
                        "policy_id": policy.id,
                        "scorecard_id": card.id,
                        "company_id": card.company_id.id,
                        "partner_id": partner_id,
                        "offer_id": offer.id,
                        "date_from": window.start,
                        "date_to": window.end,
                        "before": float(round_to(had, unit)),
                        "earned": float(round_to(now, unit)),
                        "percent": policy.earning_floor,
                        "amount": float(amount),
                    }
        return missing

    @api.model
    def _get_earned(self, offers, day, partner_ids):
        """``{(offer id, partner id, window start): Decimal}`` by the terms."""
        earned = defaultdict(Decimal)
        partners = self.env["res.partner"].browse(partner_ids)
        calculation = self.env["partner.incentive.calculation"].sudo()
        for outcome in calculation._calculate(offers, day, partners):
            for partner_id, parts in outcome.shares.items():
                key = (outcome.offer.id, partner_id, outcome.window.start)
                earned[key] += sum(parts.values(), ZERO)
        return earned

    @api.model
    def _get_granted(self, offers, partner_ids):
        """What safety nets of earlier windows came to, booked or about to be."""
        granted = defaultdict(Decimal)
        for net in self.sudo().search(
            [
                ("offer_id", "in", offers.ids),
                ("partner_id", "in", partner_ids),
                ("adjustment_id.state", "in", ("submitted", "booked")),
            ]
        ):
            key = (net.offer_id.id, net.partner_id.id, net.date_from)
            granted[key] += Decimal(str(net.adjustment_id.amount))
        return granted


def _neighbours(windows):
    """``(window before, window)``; the first has none before it."""
    ordered = sorted(windows, key=lambda window: window.start)
    return zip(ordered, ordered[1:], strict=False)
