from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import format_date

ZERO = Decimal(0)


class PartnerIncentiveExplanation(models.TransientModel):
    """Why an amount is what it is, and why a line did or did not earn.

    Everything is read by the calculation's own query, so that an explanation cannot
    tell another story than the books.
    """

    _name = "partner.incentive.explanation"
    _description = "Incentive Explanation"

    name = fields.Char(readonly=True)
    summary = fields.Char(readonly=True)
    offer_id = fields.Many2one("partner.incentive.offer", readonly=True)
    version_id = fields.Many2one("partner.incentive.offer.version", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    window_from = fields.Date(readonly=True)
    window_to = fields.Date(readonly=True)
    day = fields.Date(string="As of", readonly=True)
    entry_id = fields.Many2one("partner.incentive.entry", readonly=True)
    settlement_id = fields.Many2one("partner.incentive.settlement", readonly=True)
    move_line_id = fields.Many2one("account.move.line", readonly=True)
    step_ids = fields.One2many("partner.incentive.explanation.step", "explanation_id")
    has_sources = fields.Boolean(compute="_compute_has_sources")
    line_is = fields.Selection(
        [("counted", "Counted"), ("excluded", "Excluded")],
        compute="_compute_line_is",
        help="Whether finance has excluded the line that is explained.",
    )

    @api.depends("offer_id", "window_from")
    def _compute_has_sources(self):
        for explanation in self:
            explanation.has_sources = bool(
                explanation.offer_id and explanation.window_from
            )

    @api.depends("move_line_id")
    def _compute_line_is(self):
        for explanation in self:
            line = explanation.move_line_id
            explanation.line_is = line and (
                "excluded" if line.sudo().incentive_exclusion else "counted"
            )

    def action_exclude_line(self):
        return self.move_line_id.action_exclude_from_incentives()

    def action_include_line(self):
        self.move_line_id.action_include_in_incentives()
        return self._open_for_line(self.move_line_id)

    def _get_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    # -------------------------------------------------------------- ledger entries

    @api.model
    def _open_for_entry(self, entry):
        entry.check_access("read")
        window = (entry.window_from, entry.window_to) if entry.window_from else None
        steps = self._get_entry_steps(entry)
        day = entry.run_id.date or entry.settlement_id.date or entry.date
        if window:
            steps += self._get_window_steps(
                entry.offer_id, entry.partner_id, entry.window_from, day
            )
        return self.create(
            {
                "name": entry.display_name,
                "offer_id": entry.offer_id.id,
                "version_id": entry.version_id.id,
                "partner_id": entry.partner_id.id,
                "window_from": entry.window_from,
                "window_to": entry.window_to,
                "day": day,
                "entry_id": entry.id,
                "settlement_id": entry.settlement_id.id,
                "step_ids": [Command.create(vals) for vals in steps],
            }
        )._get_action()

    @api.model
    def _open_for_standing(self, standing):
        standing.check_access("read")
        return self.create(
            {
                "name": standing.offer_id.name,
                "offer_id": standing.offer_id.id,
                "version_id": standing.version_id.id,
                "partner_id": standing.partner_id.id,
                "window_from": standing.window_from,
                "window_to": standing.window_to,
                "day": standing.as_of,
                "step_ids": [
                    Command.create(vals)
                    for vals in self._get_window_steps(
                        standing.offer_id,
                        standing.partner_id,
                        standing.window_from,
                        standing.as_of,
                    )
                ],
            }
        )._get_action()

    def _get_entry_steps(self, entry):
        currency = entry.currency_id
        kinds = dict(entry._fields["kind"]._description_selection(self.env))
        steps = [
            {
                "name": self.env._("This entry"),
                "value": currency.format(entry.amount),
                "note": self.env._(
                    "%(kind)s, booked on %(date)s in %(move)s",
                    kind=kinds[entry.kind],
                    date=format_date(self.env, entry.date),
                    move=entry.sudo().move_id.name or self.env._("no journal entry"),
                ),
            }
        ]
        if entry.reason:
            steps.append({"name": self.env._("Reason"), "note": entry.reason})
        if entry.reversal_of_id:
            steps.append(
                {
                    "name": self.env._("Reverses"),
                    "note": entry.reversal_of_id.display_name,
                }
            )
        line = entry.settlement_id.line_ids.filtered(
            lambda each: (
                each.offer_id == entry.offer_id and each.partner_id == entry.partner_id
            )
        )
        for label, amount in (
            (self.env._("Entitled"), line.entitled),
            (self.env._("Held back"), line.held),
            (self.env._("Settled before"), line.settled),
            (self.env._("Due"), line.due),
        ):
            if line:
                steps.append({"name": label, "value": currency.format(amount)})
        if entry.kind == "accrual":
            steps.append(
                {
                    "name": self.env._("Then booked in all for this window"),
                    "value": currency.format(entry.target),
                    "note": self.env._(
                        "Qualifying volume %(qualifying)s, earning volume %(earning)s "
                        "on that day",
                        qualifying=f"{entry.qualifying:,.2f}",
                        earning=f"{entry.earning:,.2f}",
                    ),
                }
            )
        return steps

    @api.model
    def _get_window_steps(self, offer, partner, window_from, day):
        """The calculation of one window, step by step, from today's books."""
        outcomes = self.env["partner.incentive.calculation"]._calculate(
            offer, day, partner
        )
        outcome = next(
            (
                each
                for each in outcomes
                if each.window.start == window_from and partner.id in each.shares
            ),
            None,
        )
        if outcome is None:
            return [
                {
                    "name": self.env._("Volume"),
                    "value": "0",
                    "note": self.env._("No document counts in this window any more."),
                }
            ]
        return self._describe_outcome(outcome, partner)

    def _describe_outcome(self, outcome, partner):
        currency = outcome.offer.currency_id
        position, result = outcome.position, outcome.result
        scale = position.parts[-1].scale
        kinds = dict(
            outcome.version._fields["formula"]._description_selection(self.env)
        )
        money = outcome.version.measure_unit == "amount"

        def volume(amount):
            return currency.format(float(amount)) if money else f"{amount:,.2f}"

        steps = [
            {
                "name": self.env._("Terms"),
                "value": self.env._("Version %s", outcome.version.number),
                "note": kinds[outcome.version.formula],
            },
            {
                "name": self.env._("Qualifying volume"),
                "value": volume(position.qualifying),
                "note": self.env._(
                    "From %(start)s to %(end)s",
                    start=format_date(self.env, outcome.window.start),
                    end=format_date(self.env, outcome.window.end),
                ),
            },
            *self._get_prior_steps(outcome, volume),
            {
                "name": self.env._("Earning volume"),
                "value": volume(position.volume),
            },
        ]
        if outcome.clawed:
            steps.append(
                {
                    "name": self.env._("Claimed back, and not in these volumes"),
                    "value": volume(sum(outcome.clawed.values(), ZERO)),
                    "note": self.env._("%s documents", len(outcome.clawed)),
                }
            )
        reached = scale.reached(position.qualifying) if position.qualifying > 0 else ()
        for bracket, upper in reached:
            steps.append(
                {
                    "name": self.env._("Bracket reached"),
                    "value": self._describe_rate(scale, bracket, currency),
                    "note": self.env._(
                        "from %(lower)s to %(upper)s",
                        lower=volume(bracket.lower),
                        upper=volume(upper) if upper else "∞",
                    ),
                }
            )
        if not reached:
            steps.append(
                {
                    "name": self.env._("Bracket reached"),
                    "value": self.env._("None"),
                    "note": self.env._(
                        "The first bracket starts at %s",
                        volume(scale.brackets[0].lower),
                    ),
                }
            )
        amount = currency.format
        steps.append(
            {
                "name": self.env._("By the scale"),
                "value": amount(float(result.formula)),
            }
        )
        if result.reduction:
            steps.append(
                {
                    "name": self.env._("After reduction by earlier offers"),
                    "value": amount(float(result.reduced)),
                    "note": self.env._(
                        "They earned %s on the same sales",
                        amount(float(result.reduction)),
                    ),
                }
            )
        steps += self._get_multiplier_steps(outcome)
        if result.value != result.reduced * position.multiplier:
            steps.append(
                {
                    "name": self.env._("After cap and minimum"),
                    "value": amount(float(result.value)),
                }
            )
        if not result.best:
            steps.append(
                {
                    "name": self.env._("Best deal"),
                    "value": amount(0.0),
                    "note": self.env._(
                        "Another offer of the group %s is better",
                        outcome.version.best_of,
                    ),
                }
            )
        if outcome.guaranteed:
            steps.append(
                {
                    "name": self.env._("Guarantee"),
                    "value": amount(float(outcome.guaranteed)),
                }
            )
        if outcome.brought_forward:
            steps.append(
                {
                    "name": self.env._("Brought forward"),
                    "value": amount(float(outcome.brought_forward)),
                    "note": self.env._(
                        "Imported as earned; the window was over before the cut-over."
                    ),
                }
            )
        steps.append(
            {
                "name": self.env._("Entitled"),
                "value": amount(float(sum(outcome.shares[partner.id].values()))),
                "note": self.env._("The partner's share of the pool")
                if outcome.version.pooled
                else False,
            }
        )
        return steps

    def _get_multiplier_steps(self, outcome):
        """By what the amount is multiplied: other offers first, then the tier."""
        amount = outcome.offer.currency_id.format
        earned = outcome.result.reduced
        factor = outcome.position.multiplier
        by_tier = outcome.tier_factor
        by_offers = factor / by_tier if by_tier else Decimal(1)
        steps = []
        if by_offers != 1:
            steps.append(
                {
                    "name": self.env._("Accelerated"),
                    "value": amount(float(earned * by_offers)),
                    "note": self.env._(
                        "Times %s by offers that accelerate this one",
                        f"{by_offers.normalize():f}",
                    ),
                }
            )
        if by_tier != 1:
            steps.append(
                {
                    "name": self.env._("Multiplied for the tier"),
                    "value": amount(float(earned * factor)),
                    "note": self.env._(
                        "Times %(factor)s, a benefit of the tier on %(date)s",
                        factor=f"{by_tier.normalize():f}",
                        date=format_date(self.env, outcome.looked_at),
                    ),
                }
            )
        return steps

    def _get_prior_steps(self, outcome, describe):
        """How much of the volume was brought forward when the company went live."""
        if not outcome.offer.company_id.incentive_cutover_date:
            return []
        volumes = (
            self.env["partner.incentive.prior.volume"]
            .sudo()
            .search(
                [
                    ("offer_id", "=", outcome.offer.id),
                    ("partner_id", "in", outcome.partner_ids()),
                    ("date", ">=", outcome.window.start),
                    ("date", "<=", outcome.window.end),
                ]
            )
        )
        if not volumes:
            return []
        return [
            {
                "name": self.env._("Of which brought forward"),
                "value": describe(Decimal(str(sum(volumes.mapped("qualifying"))))),
                "note": self.env._("From before the cut-over, by opening import"),
            }
        ]

    @staticmethod
    def _describe_rate(scale, bracket, currency):
        if scale.rate_kind == "percent":
            return f"{bracket.rate.normalize():f} %"
        return currency.format(float(bracket.rate))

    def action_view_sources(self):
        """Open the documents' lines that were counted."""
        self.ensure_one()
        rows = self.env["partner.incentive.source"]._get_volumes(
            self.offer_id,
            self.day,
            self.partner_id,
            ("line_id", "partner_id"),
            self.window_from,
        )
        line_ids = [
            row["line_id"]
            for row in rows
            if self.partner_id.id in (row["earner_id"], row["partner_id"])
        ]
        measure = self.env["partner.incentive.measure"]._get_measures()[
            self.version_id.measure or self.offer_id.measure
        ]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Counted: %s", self.offer_id.name),
            "res_model": measure.line_model,
            "view_mode": "list,form",
            "domain": [("id", "in", line_ids)],
            "context": {"create": False},
        }

    # ------------------------------------------------------------- invoice lines

    @api.model
    def _open_for_line(self, line):
        line.check_access("read")
        return self.create(
            {
                "name": self.env._(
                    "Incentives on %(line)s, %(move)s",
                    line=line.name or line.product_id.display_name,
                    move=line.move_id.name,
                ),
                "move_line_id": line.id,
                "step_ids": [Command.create(vals) for vals in self._explain_line(line)],
            }
        )._get_action()

    @api.model
    def _explain_line(self, line):
        """Under which offers a line earned, and why it did or did not under others."""
        problem = self._get_line_problem(line)
        if problem:
            return [{"name": self.env._("No offer"), "note": problem}]
        offers = self.env["partner.incentive.offer"].search(
            [
                ("company_id", "=", line.company_id.id),
                ("state", "in", ("published", "retired", "suspended")),
            ]
        )
        steps = [
            step for offer in offers for step in self._explain_line_offer(line, offer)
        ]
        return steps or [
            {
                "name": self.env._("No offer"),
                "note": self.env._("No offer has been published."),
            }
        ]

    def _get_line_problem(self, line):
        move = line.move_id
        if move.incentive_document:
            return self.env._("Documents of partner incentives never count.")
        if move.move_type not in ("out_invoice", "out_refund"):
            return self.env._("Only customer invoices and credit notes count.")
        if move.state != "posted":
            return self.env._(
                "%s is not posted. Drafts and cancelled invoices do not count.",
                move.display_name,
            )
        if line.display_type != "product":
            return self.env._("Only product lines count, not taxes or notes.")
        exclusion = line.sudo().incentive_exclusion
        if exclusion:
            return self.env._("Finance excluded this line: %s", exclusion)
        return None

    def _explain_line_offer(self, line, offer):
        calculation = self.env["partner.incentive.calculation"]
        measures = self.env["partner.incentive.measure"]._get_measures()
        day = line.move_id.invoice_date
        measure = measures.get(offer._get_published_versions()[-1].measure)

        def verdict(note, value=None):
            return [{"name": offer.name, "value": value, "note": note}]

        if measure is None or measure.line_model != "account.move.line":
            return verdict(self.env._("Counts other things than invoice lines."))
        spans = [
            span
            for span in calculation._get_offer_spans(offer, fields.Date.today())
            if span.start <= day <= span.end
        ]
        if not spans:
            return verdict(
                self.env._("The invoice is dated outside the term of the offer.")
            )
        query = calculation._get_query(
            spans[0].version.measure, spans, max(span.end for span in spans), None
        )
        rows = [
            row for row in query.fetch(("line_id", "partner_id")) if row[4] == line.id
        ]
        if not rows:
            return verdict(self._get_exclusion_reason(line, offer, query, day))
        return [
            step
            for row in rows
            for step in self._explain_counted(line, offer, row, spans[0].start)
        ]

    def _explain_counted(self, line, offer, row, window_from):
        """A line that counts: what it brought, or why that is nothing."""
        version = self.env["partner.incentive.offer.version"].browse(row[0])
        money = version.measure_unit == "amount"
        earning = Decimal((row[8] if money else row[9]) or 0)
        if not earning:
            return [
                {
                    "name": offer.name,
                    "note": self.env._(
                        "Counts toward the bracket, but does not earn: the product is "
                        "not among those that earn."
                    ),
                }
            ]
        partner = self.env["res.partner"].browse(row[2] or row[5])
        outcomes = self.env["partner.incentive.calculation"]._calculate(
            offer, fields.Date.today(), partner
        )
        outcome = next(
            (each for each in outcomes if each.window.start == window_from), None
        )
        total = sum(outcome.shares[partner.id].values(), ZERO) if outcome else ZERO
        own = [
            part.volume
            for part in (outcome.position.parts if outcome else ())
            if part.label.partner_id == partner.id
        ]
        volume = sum(own, ZERO)
        if not total:
            reason = self.env._("the first bracket is not reached yet")
            if outcome and not outcome.result.best:
                reason = self.env._("another offer of its group is better")
            elif outcome and outcome.result.reduced and not outcome.result.value:
                reason = self.env._("the minimum is not reached yet")
            return [
                {
                    "name": offer.name,
                    "note": self.env._(
                        "Counts for %(partner)s, but earns nothing so far: %(reason)s.",
                        partner=partner.name,
                        reason=reason,
                    ),
                }
            ]
        share = total * earning / volume if volume else ZERO
        return [
            {
                "name": offer.name,
                "value": offer.currency_id.format(float(share)),
                "note": self.env._(
                    "Earns for %(partner)s: %(share)s of the window's %(total)s, by "
                    "its share of the earning volume. Version %(version)s.",
                    partner=partner.name,
                    share=offer.currency_id.format(float(share)),
                    total=offer.currency_id.format(float(total)),
                    version=version.number,
                ),
            }
        ]

    def _get_exclusion_reason(self, line, offer, query, day):
        """Why a posted line within the term does not count at all."""
        version = offer._get_published_versions()[-1]
        cutover = offer.company_id.incentive_cutover_date
        if cutover and day < cutover and version.before_cutover == "none":
            return self.env._(
                "The invoice is dated before the cut-over on %s; what came before is "
                "brought forward by opening imports.",
                format_date(self.env, cutover),
            )
        partner = line.move_id.commercial_partner_id
        if version.credit_role != "buyer":
            origin = line.move_id.reversed_entry_id or line.move_id
            credited = (
                self.env["partner.incentive.attribution"]
                .sudo()
                .search(
                    [("move_id", "=", origin.id), ("role", "=", version.credit_role)]
                )
            )
            if not credited:
                return self.env._(
                    "The invoice is not attributed to a partner in the role that "
                    "the offer rewards."
                )
            partner = credited.partner_id[:1]
        scopes = [row for row in query.fetch_scope() if row[2] == partner.id]
        covered = [
            valid
            for _version, _earner, _partner, valid, _member in scopes
            if (valid.lower is None or valid.lower <= day)
            and (valid.upper is None or day < valid.upper)
        ]
        if covered:
            return self.env._(
                "%s is not among the products that count.", line.product_id.display_name
            )
        enrollment = (
            self.env["partner.incentive.enrollment"]
            .sudo()
            .search(
                [
                    ("program_id", "=", offer.program_id.id),
                    ("partner_id", "=", partner.id),
                    ("state", "in", ("active", "ended")),
                ],
                limit=1,
            )
        )
        if not enrollment:
            return self.env._(
                "%(partner)s is not enrolled in %(program)s.",
                partner=partner.name,
                program=offer.program_id.name,
            )
        if scopes or enrollment.date_from > day:
            return self.env._(
                "The invoice is dated outside the days on which %(partner)s is "
                "enrolled and eligible (enrolled from %(date)s).",
                partner=partner.name,
                date=format_date(self.env, enrollment.date_from),
            )
        return self.env._(
            "%s belongs to none of the offer's segments and is not named by it.",
            partner.name,
        )
