from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import SQL

from ..engine import settlement
from ..engine.allocation import largest_remainder, round_to
from .partner_incentive_posting import Movement

FINANCE = "partner_incentive_base.group_incentive_finance"
ZERO = Decimal(0)
#: What the proposal is made of.
CONTENT_FIELDS = {
    "date",
    "final",
    "offer_ids",
    "partner_ids",
    "company_id",
    "line_ids",
}


class PartnerIncentiveSettlement(models.Model):
    """One payout batch: what is due up to the last settlement period, paid once.

    Per offer and partner: due = entitled - held back - settled. What is negative is
    carried, and netted against what other offers of the same company, currency and
    payout form owe the partner.

    ======== ========= ============ ================================================
    Action   Who       From         Restriction
    ======== ========= ============ ================================================
    propose  Finance   draft        computes the lines, may be repeated
    approve  Finance   draft
    post     Finance   draft, appr. above the company's threshold: approved, and not
                                    by the one who posts
    cancel   Finance   draft, appr. nothing posted yet
    ======== ========= ============ ================================================

    A posted settlement is undone by resetting or reversing its documents: each frees
    exactly what it held.
    """

    _name = "partner.incentive.settlement"
    _description = "Incentive Settlement"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.process.mixin",
        "partner.incentive.numbered.mixin",
    ]
    _process_fields = frozenset({"state", "approved_by", "posted_by", "shared"})
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char(default="/", readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    date = fields.Date(
        required=True,
        default=lambda self: fields.Date.context_today(self),
        tracking=True,
    )
    state = fields.Selection(
        [
            ("draft", "Proposal"),
            ("approved", "Approved"),
            ("posted", "Posted"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    final = fields.Boolean(
        help="Pay amounts below the smallest payout, too, and write off what is "
        "provided for beyond the entitlement.",
    )
    offer_ids = fields.Many2many(
        "partner.incentive.offer",
        string="Offers",
        check_company=True,
        help="Empty: all offers.",
    )
    partner_ids = fields.Many2many(
        "res.partner", string="Partners", help="Empty: all partners."
    )
    user_id = fields.Many2one(
        "res.users", string="Responsible", default=lambda self: self.env.user
    )
    approved_by = fields.Many2one("res.users", readonly=True, copy=False, tracking=True)
    posted_by = fields.Many2one("res.users", readonly=True, copy=False)
    shared = fields.Boolean(
        string="Shown to partners",
        readonly=True,
        copy=False,
        tracking=True,
        help="Partners see their lines on the portal, and confirm or dispute them.",
    )
    line_ids = fields.One2many(
        "partner.incentive.settlement.line", "settlement_id", copy=False
    )
    entry_ids = fields.One2many("partner.incentive.entry", "settlement_id")
    move_ids = fields.One2many("account.move", "incentive_settlement_id")
    move_count = fields.Integer(string="Documents", compute="_compute_move_count")
    amount = fields.Monetary(
        compute="_compute_amount", currency_field="company_currency_id"
    )
    partner_count = fields.Integer(compute="_compute_amount")
    needs_approval = fields.Boolean(compute="_compute_amount")
    hold_count = fields.Integer(string="Payouts on hold", compute="_compute_counts")
    review_count = fields.Integer(string="Payouts to review", compute="_compute_counts")

    @api.depends("move_ids")
    def _compute_move_count(self):
        for batch in self:
            batch.move_count = len(batch.sudo().move_ids)

    @api.depends("line_ids.amount", "company_id.incentive_approval_threshold")
    def _compute_amount(self):
        for batch in self:
            amounts = [
                line.currency_id._convert(
                    line.amount, batch.company_currency_id, batch.company_id, batch.date
                )
                for line in batch.line_ids
            ]
            batch.amount = sum(amounts)
            batch.partner_count = len(
                batch.line_ids.filtered("amount").mapped("partner_id")
            )
            threshold = batch.company_id.incentive_approval_threshold
            # What is claimed from one partner does not make less of what others get.
            paid = sum(amount for amount in amounts if amount > 0)
            batch.needs_approval = paid > threshold

    @api.depends("line_ids.hold_reason", "line_ids.to_review", "line_ids.reviewed_by")
    def _compute_counts(self):
        for batch in self:
            batch.hold_count = len(batch.line_ids.filtered("hold_reason"))
            batch.review_count = len(
                batch.line_ids.filtered(
                    lambda line: line.to_review and not line.reviewed_by
                )
            )

    def write(self, vals):
        if self._process_fields & set(vals) and not self._is_in_process():
            raise AccessError(
                self.env._("Use the buttons of the settlement to change its state.")
            )
        if CONTENT_FIELDS & set(vals):
            self._check_draft()
        return super().write(vals)

    def _check_draft(self):
        for batch in self:
            if batch.state != "draft":
                raise UserError(
                    self.env._(
                        "%s is not a proposal any more and cannot be changed.",
                        batch.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_posted(self):
        if any(batch.state == "posted" for batch in self):
            raise UserError(
                self.env._(
                    "A posted settlement is kept. Reverse its documents instead."
                )
            )

    def _check_finance(self):
        self._check_group(
            FINANCE,
            message=self.env._("Only finance can settle. Ask one of them to do it."),
        )

    # ------------------------------------------------------------------ proposal

    def action_propose(self):
        """Compute what is due; amounts entered by hand before are forgotten."""
        self._check_finance()
        self._check_draft()
        for batch in self:
            batch._propose()
        if any(batch.shared for batch in self):
            self._transition("draft", shared=False)

    def _get_offers(self):
        offers = self.offer_ids or self.env["partner.incentive.offer"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("published", "retired")),
            ]
        )
        return offers.filtered(lambda o: o.state in ("published", "retired")).filtered(
            lambda o: o._books()
        )

    def _propose(self, overrides=None):
        """Write the lines of what is due, netted.

        :param overrides: ``{(offer id, partner id): amount}`` to pay regardless; by
            default what was matched with a deduction
        """
        self.ensure_one()
        self.line_ids.unlink()
        claims = self._get_claims(overrides or self._get_deducted())
        lines = []
        for claims_of_group in claims.values():
            paid = settlement.payout([claim for claim, _vals in claims_of_group])
            for claim, vals in claims_of_group:
                amount = paid.get(claim.key, ZERO)
                if amount or claim.due or self.final:
                    lines.append({**vals, "amount": float(amount)})
        self.env["partner.incentive.settlement.line"]._in_process().create(lines)
        self._apply_debit_notes()
        self._compare_lines()

    # -------------------------------------------------------------- payees, holds

    def _get_deducted(self):
        """``{(offer id, partner id): amount}`` that a partner deducted already."""
        deducted = defaultdict(Decimal)
        for part in self.env["partner.incentive.deduction.part"].search(
            [("settlement_id", "in", self.ids), ("kind", "=", "match")]
        ):
            key = (part.offer_id.id, part.deduction_id.partner_id.id)
            deducted[key] += Decimal(str(part.amount))
        return dict(deducted)

    def _get_payees(self, offers, partner_ids):
        """``{(program id, partner id): payee}`` where another one is paid."""
        enrollments = (
            self.env["partner.incentive.enrollment"]
            .sudo()
            .search(
                [
                    ("program_id", "in", offers.program_id.ids),
                    ("partner_id", "in", list(partner_ids)),
                    ("payee_id", "!=", False),
                ],
                order="date_from",
            )
        )
        return {
            (each.program_id.id, each.partner_id.id): each.payee_id
            for each in enrollments
            if each.payee_id != each.partner_id
        }

    def _get_hold_reason(self, partner, payout):
        """Why nothing can be paid to a payee now, or False."""
        company_sudo = self.company_id.sudo()
        partner_sudo = partner.sudo()
        if (
            payout == "vendor_bill"
            and company_sudo.incentive_require_bank
            and not partner_sudo.bank_ids
        ):
            return self.env._("%s has no bank account", partner.name)
        if (
            payout != "none"
            and company_sudo.incentive_require_vat
            and not partner_sudo.vat
        ):
            return self.env._("%s has no tax ID", partner.name)
        return False

    def _compare_lines(self):
        """Set the payouts apart that deviate from the last ones, or the provision."""
        percent = self.company_id.incentive_variance_percent
        lines = self.line_ids
        balances = self.env["partner.incentive.entry"]._get_balances(
            lines.offer_id, lines.partner_id
        )
        averages = self._get_averages(lines)
        for line in lines._in_process():
            key = (line.offer_id.id, line.partner_id.id)
            balance = balances.get(key, {})
            provision = float(
                balance.get("earned", ZERO)
                - balance.get("settled", ZERO)
                - balance.get("held", ZERO)
            )
            average = averages.get(key)
            deviates = percent and any(
                reference is not None
                and abs(line.amount - reference) * 100 > percent * abs(reference)
                for reference in (average, provision)
            )
            line.write(
                {
                    "provision": provision,
                    "average": average or 0.0,
                    "to_review": bool(
                        deviates and not line.currency_id.is_zero(line.amount)
                    ),
                }
            )

    def _get_averages(self, lines):
        """``{(offer id, partner id): average paid}`` of the last three settlements."""
        self.env["partner.incentive.settlement.line"].flush_model()
        self.flush_model(["state", "date"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT offer_id, partner_id, AVG(amount)
                  FROM (SELECT line.offer_id, line.partner_id, line.amount,
                               row_number() OVER (
                                   PARTITION BY line.offer_id, line.partner_id
                                   ORDER BY batch.date DESC, batch.id DESC) AS place
                          FROM partner_incentive_settlement_line AS line
                          JOIN partner_incentive_settlement AS batch
                            ON batch.id = line.settlement_id
                         WHERE batch.state = 'posted' AND line.amount > 0
                           AND line.offer_id IN %s AND line.partner_id IN %s) AS recent
                 WHERE place <= 3
                 GROUP BY offer_id, partner_id
                """,
                tuple(lines.offer_id.ids) or (0,),
                tuple(lines.partner_id.ids) or (0,),
            )
        )
        return {
            (offer_id, partner_id): float(avg) for offer_id, partner_id, avg in rows
        }

    # ---------------------------------------------------- the partner's own view

    def action_share(self):
        """Show partners their lines on the portal, to confirm or dispute them."""
        self._check_finance()
        for batch in self:
            if batch.state not in ("draft", "approved") or not batch.line_ids:
                raise UserError(
                    self.env._("%s has no proposal that could be shown.", batch.name)
                )
            lines = batch.line_ids.filtered(
                lambda line: not line.currency_id.is_zero(line.amount)
            )
            lines._in_process().write({"partner_answer": "waiting"})
            batch._transition(batch.state, shared=True)
            batch._notify_partners(lines)

    def _notify_partners(self, lines):
        """Tell the partners that there is a proposal to look at."""
        lines._notify_together(
            "partner_incentive_base.mail_template_payout_proposed",
            lines.grouped("partner_id").values(),
        )

    def _on_answer(self, line):
        """Tell finance what a partner said to a line."""
        self.ensure_one()
        labels = dict(line._fields["partner_answer"]._description_selection(self.env))
        self.message_post(
            body=self.env._(
                "%(partner)s, %(offer)s: %(answer)s. %(note)s",
                partner=line.partner_id.name,
                offer=line.offer_id.name,
                answer=labels[line.partner_answer],
                note=line.partner_note or "",
            )
        )
        if line.partner_answer == "disputed":
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("%s disputes a payout", line.partner_id.name),
                note=line.partner_note,
                user_id=self.user_id.id or self.env.uid,
            )

    def _get_claims(self, overrides):
        """``{(partner, currency, payout): [(Claim, line values)]}`` by sequence."""
        offers = self._get_offers()
        netted = offers | self._get_netted_offers(offers)
        dues = self._get_dues(netted, overrides)
        payees = self._get_payees(netted, {partner_id for _offer, partner_id in dues})
        Partner = self.env["res.partner"]
        groups = defaultdict(list)
        for offer in netted.sorted(lambda o: (o._get_terms_in_force().sequence, o.id)):
            version = offer._get_published_versions()[-1]
            for (offer_id, partner_id), vals in dues.items():
                if offer_id != offer.id:
                    continue
                if self.partner_ids and partner_id not in self.partner_ids.ids:
                    continue
                due = vals.pop("exact_due")
                override = overrides.get((offer_id, partner_id))
                nets = version._get_clawback_policy() == "carry"
                vals["only_netted"] = offer not in offers
                if vals["only_netted"] and (due >= ZERO or not nets):
                    continue
                payee = payees.get((offer.program_id.id, partner_id), Partner)
                vals["payee_id"] = payee.id
                vals["hold_reason"] = due > ZERO and self._get_hold_reason(
                    payee or Partner.browse(partner_id), version.payout
                )
                if vals["hold_reason"] and override is None:
                    override = ZERO
                claim = settlement.Claim(
                    key=(offer_id, partner_id),
                    due=due,
                    minimum=ZERO
                    if self.final
                    else Decimal(str(version.settlement_minimum)),
                    nets=nets,
                    override=override,
                )
                groups[partner_id, offer.currency_id, version.payout].append(
                    (claim, vals)
                )
        return groups

    def _get_netted_offers(self, offers):
        """Other offers whose negative balance nets against what these owe.

        Those that claim back by debit note do so when they are settled themselves.
        """
        others = self.env["partner.incentive.offer"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("published", "retired")),
                ("id", "not in", offers.ids),
                ("currency_id", "in", offers.currency_id.ids),
            ]
        )
        payouts = {offer._get_terms_in_force().payout for offer in offers}
        return others.filtered(
            lambda o: o._books() and o._get_terms_in_force().payout in payouts
        )

    def _get_dues(self, offers, forced=()):
        """``{(offer id, partner id): line values}`` with the ``exact_due``.

        What is entitled comes from volume up to each offer's own cut-off: the end of
        its last settlement period. Where none has ended yet nothing is looked at,
        except for ``forced`` positions, which are paid in advance.
        """
        speeds = self._get_speeds()
        by_cutoff = defaultdict(self.env["partner.incentive.offer"].browse)
        cutoffs = {}
        for offer in offers:
            for sooner in {0, *speeds.values()}:
                cutoff = offer._get_settlement_cutoff(self.date, sooner)
                cutoffs[offer, sooner] = cutoff
                if cutoff:
                    by_cutoff[cutoff] |= offer
        partners = self.partner_ids or None
        balances = self.env["partner.incentive.entry"]._get_balances(offers, partners)
        dues = {}
        for cutoff, group in by_cutoff.items():
            entitled = self._get_due_entitlements(group, cutoff, partners)
            positions = defaultdict(list)
            for offer_id, partner_id in sorted({*entitled, *balances}):
                positions[offer_id].append(partner_id)
            for offer in group:
                partner_ids = [
                    partner_id
                    for partner_id in positions[offer.id]
                    if cutoffs[offer, speeds.get(partner_id, 0)] == cutoff
                ]
                dues |= self._prepare_dues(
                    offer, partner_ids, cutoff, entitled, balances
                )
        missing = defaultdict(list)
        for offer_id, partner_id in set(forced) - set(dues):
            missing[offer_id].append(partner_id)
        for offer_id, partner_ids in missing.items():
            offer = offers.browse(offer_id)
            dues |= self._prepare_dues(offer, partner_ids, False, {}, balances)
        return dues

    def _get_speeds(self):
        """``{partner id: days}`` by which their tier pays sooner."""
        grades = (
            self.env["res.partner.grade"]
            .sudo()
            .search([("incentive_payout_days", ">", 0)])
        )
        if not grades:
            return {}
        partners = (
            self.env["res.partner"].sudo().search([("grade_id", "in", grades.ids)])
        )
        return {
            partner.id: partner.grade_id.incentive_payout_days for partner in partners
        }

    def _get_due_entitlements(self, offers, cutoff, partners):
        """``{(offer id, partner id): Decimal}`` that may be paid; extension point.

        By default what is calculated from volume up to the cut-off.
        """
        calculated = offers.filtered(lambda o: o._is_calculated())
        outcomes = (
            self.env["partner.incentive.calculation"]
            .with_company(self.company_id)
            ._calculate(calculated, cutoff, partners)
        )
        return self.env["partner.incentive.run"]._get_entitlements(
            calculated, outcomes, self.date, partners
        )

    def _prepare_dues(self, offer, partner_ids, cutoff, entitled, balances):
        """``{(offer id, partner id): values of a line}`` with the ``exact_due``.

        :param entitled: Decimals by position
        :param balances: see ``partner.incentive.entry._get_balances``
        """
        version = offer._get_published_versions()[-1]
        unit = Decimal(str(offer.currency_id.rounding))
        limit = version._get_clawback_limit()
        holdbacks = version._get_holdbacks(self.date, partner_ids)
        dues = {}
        for partner_id in partner_ids:
            key = (offer.id, partner_id)
            earned = entitled.get(key, ZERO)
            settled = balances.get(key, {}).get("settled", ZERO)
            held = settlement.held_back(
                earned, settled, holdbacks[partner_id].held, unit
            )
            due = round_to(settlement.due(earned, held, settled, limit), unit)
            dues[key] = {
                "settlement_id": self.id,
                "offer_id": offer.id,
                "partner_id": partner_id,
                "cutoff": cutoff,
                "entitled": float(earned),
                "held": float(held),
                "settled": float(settled),
                "due": float(due),
                "exact_due": due,
            }
        return dues

    def _apply_debit_notes(self):
        """Offers that claim back by debit note do so for what is not netted."""
        for line in self.line_ids:
            version = line.offer_id._get_published_versions()[-1]
            if line.due < 0 and version._get_clawback_policy() == "debit_note":
                line.amount = line.due

    # ------------------------------------------------------------- approval, post

    def action_approve(self):
        self._check_finance()
        self._check_draft()
        self._check_reviewed()
        self._transition("approved", approved_by=self.env.uid)

    def action_back_to_draft(self):
        self._check_finance()
        for batch in self:
            if batch.state not in ("approved", "cancelled"):
                raise UserError(self.env._("%s cannot be reopened.", batch.name))
        self._transition("draft", approved_by=False)

    def action_cancel(self):
        self._check_finance()
        if any(batch.state == "posted" for batch in self):
            raise UserError(
                self.env._(
                    "What is posted is undone by its documents: reset or reverse them."
                )
            )
        self._transition("cancelled")

    def action_post(self):
        """Make the documents and post them."""
        self._check_finance()
        for batch in self:
            batch._check_can_post()
            batch._post()
        return True

    def _check_can_post(self):
        if self.state not in ("draft", "approved"):
            raise UserError(self.env._("%s has been dealt with already.", self.name))
        self._check_reviewed()
        self._check_deductions()
        if self.needs_approval and not self.env.su:
            if self.state != "approved":
                raise UserError(
                    self.env._(
                        "%(name)s pays more than %(threshold)s and needs approval "
                        "first.",
                        name=self.name,
                        threshold=self.company_currency_id.format(
                            self.company_id.incentive_approval_threshold
                        ),
                    )
                )
            if self.approved_by == self.env.user:
                raise UserError(
                    self.env._(
                        "You approved %s yourself. Somebody else has to post it.",
                        self.name,
                    )
                )

    def _check_deductions(self):
        """What a partner deducted is cleared by a document to that partner only."""
        deducted = self._get_deducted()
        for line in self.line_ids:
            payee = line._get_payee().commercial_partner_id
            key = (line.offer_id.id, line.partner_id.id)
            if key in deducted and payee != line.partner_id:
                raise UserError(
                    self.env._(
                        "%(offer)s pays %(payee)s instead of %(partner)s, which would "
                        "not clear what %(partner)s deducted. Cancel the settlement "
                        "and reopen the deduction; or empty Paid to on the enrollment "
                        "and compute the proposal again.",
                        offer=line.offer_id.name,
                        payee=payee.name,
                        partner=line.partner_id.name,
                    )
                )

    def _check_reviewed(self):
        for batch in self:
            if batch.review_count:
                raise UserError(
                    self.env._(
                        "%(count)s payouts of %(name)s deviate from the last ones, or "
                        "from what is provided for. Review them first.",
                        count=batch.review_count,
                        name=batch.name,
                    )
                )

    def _post(self):
        """Pay the lines: documents, ledger, reconciliation, write-off. No commit."""
        self.ensure_one()
        offers = self.line_ids.offer_id | self._get_offers()
        offers._lock_for_run()
        self._check_unchanged()
        self._transition("posted", posted_by=self.env.uid)
        posting = self.env["partner.incentive.posting"].with_company(self.company_id)
        self._release_holdbacks(posting)
        moves_sudo = posting._create_documents(self._prepare_documents())
        self._post_netting(posting)
        if self.final:
            self._write_off(posting)
        posting._reconcile(
            self.company_id,
            [(line.offer_id.id, line.partner_id.id) for line in self.line_ids],
        )
        self._clear_deductions(moves_sudo)
        self._offset(moves_sudo)
        self._link_documents(moves_sudo)
        paid = self.line_ids.filtered("move_id")
        paid._notify_together(
            "partner_incentive_base.mail_template_payout_posted",
            paid.grouped(lambda line: line._get_payee()).values(),
        )
        return moves_sudo

    def _check_unchanged(self):
        """Nothing may have been booked since the proposal that changes what is due."""
        dues = self._get_dues(
            self.line_ids.offer_id,
            [(line.offer_id.id, line.partner_id.id) for line in self.line_ids],
        )
        for line in self.line_ids:
            vals = dues.get((line.offer_id.id, line.partner_id.id))
            due = vals["due"] if vals else 0.0
            if line.currency_id.compare_amounts(due, line.due):
                raise UserError(
                    self.env._(
                        "What is due to %(partner)s under %(offer)s has changed from "
                        "%(old)s to %(new)s since the proposal. Compute the proposal "
                        "again.",
                        partner=line.partner_id.name,
                        offer=line.offer_id.name,
                        old=line.currency_id.format(line.due),
                        new=line.currency_id.format(due),
                    )
                )

    def _release_holdbacks(self, posting):
        """Move to accrued what is not held back any more.

        While a percentage is held, how much that is follows the volume up to today,
        not up to the cut-off: that is for the accrual run to book.
        """
        balances = self.env["partner.incentive.entry"]._get_balances(
            self.line_ids.offer_id, self.line_ids.partner_id
        )
        movements = []
        for offer, lines in self.line_ids.grouped("offer_id").items():
            version = offer._get_published_versions()[-1]
            partner_ids = lines.partner_id.ids
            holdbacks = version._get_holdbacks(self.date, partner_ids)
            for partner_id in partner_ids:
                held = balances.get((offer.id, partner_id), {}).get("held", ZERO)
                if held and not holdbacks[partner_id].held:
                    movements.append(
                        Movement(offer, version, partner_id, "holdback", -held)
                    )
        posting._post_movements(
            self.company_id, movements, self.date, "holdback", settlement_id=self.id
        )

    def _get_payouts(self):
        """``{(partner, currency, payout): lines}`` that a document pays together."""
        groups = defaultdict(self.env["partner.incentive.settlement.line"].browse)
        for line in self.line_ids:
            if line.currency_id.is_zero(line.amount):
                continue
            if line.hold_reason and line.amount > 0:
                continue
            version = line.offer_id._get_published_versions()[-1]
            if line.amount < 0 and version._get_clawback_policy() == "debit_note":
                key = (line.partner_id, line.currency_id, "debit_note")
            else:
                key = (line._get_payee(), line.currency_id, version.payout)
            groups[key] |= line
        # What a held payout would have cleared stays carried with it.
        return {
            key: lines
            for key, lines in groups.items()
            if key[2] == "debit_note" or sum(lines.mapped("amount")) >= 0
        }

    def _prepare_documents(self):
        """Values of the credit notes, bills and debit notes to make."""
        payouts = {
            key: lines
            for key, lines in self._get_payouts().items()
            if not key[1].is_zero(sum(lines.mapped("amount")))
        }
        lines = self.env["partner.incentive.settlement.line"].union(*payouts.values())
        sources = self.env["partner.incentive.source"]._get_sources(lines)
        return [
            self._prepare_document(partner, currency, payout, group, sources)
            for (partner, currency, payout), group in payouts.items()
        ]

    def _prepare_document(self, partner, currency, payout, lines, sources):
        """Values of one document of the suite for one partner, in its language."""
        company = self.company_id
        language = {"lang": partner.lang or self.env.lang}
        move_type = {"vendor_bill": "in_invoice", "debit_note": "out_invoice"}.get(
            payout, "out_refund"
        )
        journal = company._get_incentive_document_journal(
            move_type, self._is_self_billed(partner, payout, lines)
        )
        posting = self.env["partner.incentive.posting"]
        date = posting._get_accounting_date(company, self.date, journal, has_tax=True)
        sign = -1 if payout == "debit_note" else 1
        commands = []
        documents = []
        position = (
            self.env["account.fiscal.position"]
            .with_company(company)
            ._get_fiscal_position(partner)
        )
        for line in lines.with_context(**language).sorted(
            lambda each: (each.offer_id.sequence, each.id)
        ):
            shares = sources.get(line, {})
            documents += shares.get("documents", [])
            commands += self._prepare_document_lines(
                line, sign, move_type, shares.get("taxes", {}), position
            )
        return {
            "move_type": move_type,
            "company_id": company.id,
            "journal_id": journal.id,
            "partner_id": partner.id,
            "currency_id": currency.id,
            "fiscal_position_id": position.id,
            "invoice_date": date,
            "date": date,
            "invoice_date_due": date,
            "invoice_origin": self.name,
            "ref": self._get_document_reference(partner, payout),
            "narration": self.with_context(**language)._get_document_narration(
                documents
            ),
            "incentive_document": "debit_note"
            if payout == "debit_note"
            else "settlement",
            "incentive_settlement_id": self.id,
            "invoice_line_ids": commands,
        }

    def _is_self_billed(self, partner, payout, lines):
        """Whether the company writes a bill in the partner's name; extension point.

        Not where the partner sent an invoice of its own for the lines.
        """
        company_sudo = self.company_id.sudo()
        partner_sudo = partner.sudo().with_company(company_sudo).commercial_partner_id
        return bool(
            payout == "vendor_bill"
            and company_sudo.incentive_self_billing_journal_id
            and partner_sudo.incentive_self_billing
        )

    def _get_document_reference(self, partner, payout):
        """Reference of a document; a vendor bill's must be unique per partner."""
        return f"{self.name}/{partner.id}" if payout == "vendor_bill" else self.name

    def _get_document_narration(self, documents):
        """Name the invoices that the document concerns, as tax law asks for."""
        if not documents:
            return False
        names = sorted(set(documents))
        return self.env._("Concerns: %s", ", ".join(names))

    def _prepare_document_lines(self, line, sign, move_type, volumes, position):
        """One line per set of taxes of the sales that earned it.

        :param volumes: ``{tax ids: earning volume}`` of the source lines
        """
        product = line.offer_id.product_id or self.company_id._get_incentive_product()
        if move_type == "in_invoice" or not volumes:
            taxes = (
                product.supplier_taxes_id
                if move_type == "in_invoice"
                else product.taxes_id
            )
            taxes = taxes.filtered_domain(
                self.env["account.tax"]._check_company_domain(self.company_id)
            )
            volumes = {tuple(position.map_tax(taxes).ids): Decimal(1)}
        unit = Decimal(str(line.currency_id.rounding))
        amounts = largest_remainder(
            Decimal(str(sign * line.amount)), list(volumes.values()), unit
        )
        account = self.company_id._get_incentive_accounts()["accrued"]
        return [
            Command.create(
                {
                    "name": line._get_document_label(),
                    "product_id": product.id,
                    "account_id": account.id,
                    "quantity": 1.0,
                    "price_unit": self._get_price(
                        float(amount), self.env["account.tax"].browse(taxes), product
                    ),
                    "discount": 0.0,
                    "tax_ids": [Command.set(list(taxes))],
                    "analytic_distribution": False,
                    "incentive_offer_id": line.offer_id.id,
                    "incentive_role": "accrued",
                    "incentive_earner_id": line.payee_id and line.partner_id.id,
                }
            )
            for taxes, amount in zip(volumes, amounts, strict=True)
            if amount
        ]

    def _get_price(self, amount, taxes, product):
        """The price of a line that comes to ``amount`` without taxes.

        Taxes that are included in prices would be taken out of it once more.
        """
        included = taxes.flatten_taxes_hierarchy().filtered("price_include")
        if not included:
            return amount
        details = taxes._get_tax_details(
            amount, 1.0, product=product, special_mode="total_excluded"
        )
        return amount + sum(
            data["tax_amount"]
            for data in details["taxes_data"]
            if data["tax"] in included
        )

    def _post_netting(self, posting):
        """Offers that cancel out for a partner need no document, just an entry."""
        movements = []
        for (_partner, currency, _payout), lines in self._get_payouts().items():
            if currency.is_zero(sum(lines.mapped("amount"))):
                movements += [
                    Movement(
                        line.offer_id,
                        line.offer_id._get_published_versions()[-1],
                        line.partner_id.id,
                        "settlement",
                        -Decimal(str(line.amount)),
                        reason=self.env._("Netted in %s", self.name),
                    )
                    for line in lines
                ]
        posting._post_movements(
            self.company_id, movements, self.date, "netting", settlement_id=self.id
        )

    def _write_off(self, posting):
        """Book the difference to cost: accrued = entitled - settled - held."""
        lines = self.line_ids.filtered(lambda line: not line.only_netted)
        offers = lines.offer_id.filtered(lambda o: o._writes_off())
        outcomes = self.env["partner.incentive.calculation"]._calculate(
            offers, self.date, lines.partner_id
        )
        positions = {(line.offer_id.id, line.partner_id.id) for line in lines}
        booked = self.env["partner.incentive.entry"]._get_booked(
            offers, lines.partner_id
        )
        movements = []
        run = self.env["partner.incentive.run"]
        for outcome in outcomes:
            window = (outcome.window.start, outcome.window.end)
            for partner_id, parts in outcome.shares.items():
                if (outcome.offer.id, partner_id) not in positions:
                    continue
                held = booked.get((outcome.offer.id, partner_id, window[0]), {})
                for movement in run._get_deltas(
                    outcome, partner_id, window, parts, held, positions
                ):
                    movement.kind = "write_off"
                    movements.append(movement)
        posting._post_movements(
            self.company_id, movements, self.date, "write_off", settlement_id=self.id
        )

    def _clear_deductions(self, moves_sudo):
        """Clear the invoices that were paid short in advance of this settlement."""
        parts = (
            self.env["partner.incentive.deduction.part"]
            .sudo()
            .search([("settlement_id", "=", self.id)])
        )
        for deduction_sudo in parts.deduction_id:
            deduction_sudo._clear_invoice(
                moves_sudo.filtered(
                    lambda move, d=deduction_sudo: (
                        move.move_type == "out_refund"
                        and move.commercial_partner_id == d.partner_id
                    )
                )
            )

    def _offset(self, moves_sudo):
        """Reconcile offsetting credit notes with open invoices, oldest first."""
        for move in moves_sudo.filtered(lambda m: m.move_type == "out_refund"):
            offers = move.invoice_line_ids.incentive_offer_id
            if all(o._get_terms_in_force().payout != "offset" for o in offers):
                continue
            own = move.line_ids.filtered(
                lambda line: line.account_id.account_type == "asset_receivable"
            )
            open_items = (
                self.env["account.move.line"]
                .sudo()
                .search(
                    [
                        ("company_id", "=", move.company_id.id),
                        ("partner_id", "=", move.commercial_partner_id.id),
                        ("account_id", "in", own.account_id.ids),
                        ("parent_state", "=", "posted"),
                        ("reconciled", "=", False),
                        ("move_id.move_type", "=", "out_invoice"),
                    ],
                    order="date_maturity, date, id",
                )
            )
            for item in open_items:
                open_own = own.filtered(lambda line: not line.reconciled)
                if not open_own:
                    break
                (open_own | item).reconcile()

    def _link_documents(self, moves_sudo):
        documents = {
            (item.incentive_offer_id, item._get_incentive_partner()): item.move_id
            for item in moves_sudo.invoice_line_ids
        }
        for line in self.line_ids._in_process():
            line.move_id = documents.get((line.offer_id, line.partner_id))

    @api.model
    def _get_final_positions(self, offers):
        """``{(offer id, partner id)}`` that were settled for good.

        Whatever the accrual method, their target is the entitlement from then on.
        """
        rows = (
            self.env["partner.incentive.settlement.line"]
            .sudo()
            ._read_group(
                [
                    ("settlement_id.state", "=", "posted"),
                    ("settlement_id.final", "=", True),
                    ("only_netted", "=", False),
                    ("offer_id", "in", offers.ids),
                ],
                ["offer_id", "partner_id"],
            )
        )
        return {(offer.id, partner.id) for offer, partner in rows}

    def _get_remittances(self):
        """What the remittance advice of a posted settlement tells each payee.

        :return: list of ``{"payee", "lines", "moves"}``, nothing before it is posted
        """
        self.ensure_one()
        if self.state != "posted":
            raise UserError(
                self.env._("%s is not posted: nothing has been paid yet.", self.name)
            )
        lines = self.line_ids.filtered(
            lambda line: not line.currency_id.is_zero(line.amount)
        )
        return [
            {"payee": payee, "lines": group, "moves": group.sudo().move_id}
            for payee, group in lines.grouped(lambda line: line._get_payee()).items()
        ]

    # ----------------------------------------------------------------- calendar

    @api.model
    def _cron_propose(self):
        """Propose what became due: the end of a period, its review window included.

        An offer is proposed once per period; its last period is proposed as final, for
        then nothing more is provided for than is owed.
        """
        companies = (
            self.env["res.company"]
            .sudo()
            .search([("incentive_propose_settlements", "=", True)])
        )
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            self.with_company(company)._propose_due(company)
            if not cron._commit_progress(1):
                break

    def _propose_due(self, company):
        """Make the proposals of a company, and return them."""
        day = fields.Date.context_today(self)
        offers = self.env["partner.incentive.offer"].search(
            [
                ("company_id", "=", company.id),
                ("state", "in", ("published", "retired")),
            ]
        )
        offers = offers.filtered(lambda each: each._books())
        batches = self.browse()
        for sooner, partners in self._get_partners_by_speed(offers).items():
            batches |= self._propose_due_to(company, offers, day, sooner, partners)
        return batches

    def _get_partners_by_speed(self, offers):
        """``{days sooner: partners}`` who may be owed something; 0 first.

        Where no tier is paid sooner there are no partners to tell apart: empty.
        """
        speeds = self._get_speeds()
        if not speeds:
            return {0: self.env["res.partner"]}
        partner_ids = set()
        for model, domain in (
            (
                "partner.incentive.enrollment",
                ("program_id", "in", offers.program_id.ids),
            ),
            ("partner.incentive.entry", ("offer_id", "in", offers.ids)),
        ):
            groups = self.env[model].sudo()._read_group([domain], ["partner_id"])
            partner_ids |= {partner.id for (partner,) in groups}
        by_speed = defaultdict(list)
        for partner_id in sorted(partner_ids):
            by_speed[speeds.get(partner_id, 0)].append(partner_id)
        return {
            sooner: self.env["res.partner"].browse(ids)
            for sooner, ids in sorted(by_speed.items())
        }

    def _propose_due_to(self, company, offers, day, sooner, partners):
        """Make the proposals for partners who are paid at the same time.

        :param sooner: days by which the review window is shorter for them
        :param partners: the only ones, or empty for all
        """
        domain = [
            ("offer_id", "in", offers.ids),
            ("settlement_id.state", "!=", "cancelled"),
            ("only_netted", "=", False),
        ]
        if partners:
            domain.append(("partner_id", "in", partners.ids))
        proposed = dict(
            self.env["partner.incentive.settlement.line"]._read_group(
                domain, ["offer_id"], ["cutoff:max"]
            )
        )
        due = {False: offers.browse(), True: offers.browse()}
        for offer in offers:
            cutoff = offer._get_settlement_cutoff(day, sooner)
            before = proposed.get(offer)
            if cutoff and (not before or before < cutoff):
                end = offer._get_end_date()
                due[bool(end and cutoff >= end)] |= offer
        batches = self.browse()
        for final, group in due.items():
            if not group:
                continue
            batch = self.create(
                {
                    "company_id": company.id,
                    "date": day,
                    "final": final,
                    "offer_ids": [Command.set(group.ids)],
                    "partner_ids": [Command.set(partners.ids)],
                    "user_id": company.incentive_settlement_user_id.id or self.env.uid,
                }
            )
            batch._propose()
            if not batch.line_ids:
                batch.unlink()
                continue
            batch.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Check and post the settlement"),
                user_id=batch.user_id.id,
            )
            batches |= batch
        return batches

    # ---------------------------------------------------------------- for the API

    @api.model
    def settle(self, date=None, offer_ids=None, partner_ids=None, final=False):
        """Propose and return the id of a settlement. For use over RPC."""
        self._check_finance()
        batch = self.create(
            {
                "date": date or fields.Date.context_today(self),
                "final": final,
                "offer_ids": [Command.set(offer_ids or [])],
                "partner_ids": [Command.set(partner_ids or [])],
            }
        )
        batch.action_propose()
        return batch.id

    def action_view_moves(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "view_mode": "list,form",
            "domain": [("incentive_settlement_id", "=", self.id)],
            "name": self.env._("Documents"),
            "context": {"create": False},
        }
