import logging
from collections import defaultdict
from decimal import Decimal
from json import loads

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import accrual, settlement
from ..engine.allocation import largest_remainder
from .partner_incentive_posting import Movement

_logger = logging.getLogger(__name__)
ZERO = Decimal(0)
MAX_TRIES = 5
# Documents that a ledger entry names.
MAX_NAMES = 5


class PartnerIncentiveRun(models.Model):
    """One accrual run: books what partners earned up to a day, and not yet booked.

    What should be booked less what is booked: running it twice changes nothing, and a
    late credit note, a back-dated invoice or new terms need no special care.
    """

    _name = "partner.incentive.run"
    _description = "Incentive Run"
    _inherit = ["mail.thread", "partner.incentive.process.mixin"]
    _process_fields = frozenset({"reversal_reason"})
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char(default="/", readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    date = fields.Date(string="Up to", required=True, readonly=True, index=True)
    user_id = fields.Many2one(
        "res.users", string="Run by", readonly=True, default=lambda self: self.env.user
    )
    offer_ids = fields.Many2many(
        "partner.incentive.offer", string="Offers", readonly=True
    )
    entry_ids = fields.One2many("partner.incentive.entry", "run_id", readonly=True)
    move_ids = fields.One2many("account.move", compute="_compute_moves")
    move_count = fields.Integer(string="Journal entries", compute="_compute_moves")
    entry_count = fields.Integer(string="Ledger entries", compute="_compute_totals")
    partner_count = fields.Integer(string="Partners", compute="_compute_totals")
    amount = fields.Monetary(
        compute="_compute_totals",
        currency_field="company_currency_id",
        help="What the run added to what is owed.",
    )
    reversal_reason = fields.Text(readonly=True, copy=False, tracking=True)

    def _compute_moves(self):
        moves = dict(
            self.env["partner.incentive.entry"]._read_group(
                [("run_id", "in", self.ids)], ["run_id"], ["move_id:recordset"]
            )
        )
        for run in self:
            run.move_ids = moves.get(run, self.env["account.move"])
            run.move_count = len(run.move_ids)

    def _compute_totals(self):
        totals = {
            run: values
            for run, *values in self.env["partner.incentive.entry"]._read_group(
                [("run_id", "in", self.ids)],
                ["run_id"],
                ["__count", "partner_id:count_distinct", "balance:sum"],
            )
        }
        for run in self:
            run.entry_count, run.partner_count, run.amount = totals.get(run, (0, 0, 0))

    def write(self, vals):
        if self._process_fields & set(vals) and not self._is_in_process():
            raise AccessError(self.env._("Use the button to reverse a run."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_booked(self):
        if self._has_booked():
            raise UserError(self.env._("A run that booked something is kept."))

    # ------------------------------------------------------------------- accrual

    @api.model
    def _check_can_run(self):
        self._check_group(
            "partner_incentive_base.group_incentive_finance",
            message=self.env._(
                "Only finance can book accruals. Ask one of them to run it."
            ),
        )

    @api.model
    def accrue(self, offer_ids=None, date=None, everything=False):
        """Book accruals of offers, all live ones by default, and return the run ids.

        For use over RPC: ``{"offer_ids": [1, 2], "date": "2026-01-31"}``.

        :param everything: look at every partner, not only at those for whom something
            changed since the last run
        """
        Offer = self.env["partner.incentive.offer"]
        if offer_ids:
            offers = Offer.browse(offer_ids).exists()
            offers.check_access("read")
        else:
            offers = Offer.search(self._get_live_domain())
        day = fields.Date.to_date(date) or fields.Date.context_today(self)
        return self._accrue_on_request(offers, day, everything).ids

    @api.model
    def _accrue_on_request(self, offers, day, everything):
        """Book for a person who asks for it, if the person may; return the runs."""
        self._check_can_run()
        accrue = self._accrue if everything else self._accrue_changed
        return accrue(offers, day)

    @api.model
    def _get_live_domain(self):
        return [("state", "in", ("published", "retired"))]

    @api.model
    def _accrue(self, offers, day):
        """Book target minus booked, per offer, partner and window.

        Never commits. Rights are checked by the caller.

        :param offers: published or retired offers
        :param day: documents up to this day count; the accounting date that is wanted
        :return: one run per company
        """
        runs = self.browse()
        offers = offers.filtered(lambda o: o.state in ("published", "retired"))
        for company in offers.company_id:
            chosen = offers.filtered(lambda offer, c=company: offer.company_id == c)
            runs |= self.with_company(company)._accrue_company(company, chosen, day)
        return runs

    def _accrue_company(self, company, offers, day, partners=None, keep_empty=True):
        """Book for one company; for ``partners`` only where they are given.

        :return: the run; none if nothing was booked, unless ``keep_empty``
        """
        offers._get_coupled()._lock_for_run()
        run = self.create({"company_id": company.id, "date": day})
        run.sudo().write({"offer_ids": [(6, 0, offers.ids)]})
        if partners is None or partners:
            run._book(company, offers, day, partners)
        self.env["partner.incentive.lock"]._set_mark(
            offers, day, self._count_terms(), partners is None
        )
        offers._mark_accrued()
        self.env["partner.incentive.budget"]._notify_thresholds(offers)
        if not keep_empty and not run._has_booked():
            run.sudo().unlink()
            return self.browse()
        if not run.name or run.name == "/":
            run.sudo().name = (
                self.env["ir.sequence"]
                .with_company(company)
                .next_by_code("partner.incentive.run")
                or "/"
            )
        return run

    def _has_booked(self):
        return bool(
            self.env["partner.incentive.entry"]
            .sudo()
            .search_count([("run_id", "in", self.ids)], limit=1)
        )

    def _book(self, company, offers, day, partners):
        """Calculate, book the difference, and keep where everybody stands."""
        calculated = offers.filtered(lambda o: o._is_calculated())
        outcomes = self.env["partner.incentive.calculation"]._calculate(
            calculated, day, partners
        )
        booked_offers = calculated.filtered(lambda o: o._books())
        movements = self._get_accruals(booked_offers, outcomes, day, partners)
        movements += self._get_forfeits(booked_offers, outcomes, day, partners)
        movements += self._get_holdbacks(booked_offers, outcomes, day, partners)
        self.env["partner.incentive.posting"]._post_movements(
            company, movements, day, "accrual", run_id=self.id
        )
        self.env["partner.incentive.standing"]._refresh(
            calculated, outcomes, day, partners
        )

    @api.model
    def _get_accruals(self, offers, outcomes, day, partners=None):
        """Movements of target minus booked, and of what fell to nothing."""
        booked = self.env["partner.incentive.entry"]._get_booked(offers, partners)
        seasons = self.env["partner.incentive.calculation"]._read_seasons(
            offers.filtered(
                lambda offer: offer._get_terms_in_force()._follows_season()
            ),
            day,
        )
        final = self.env["partner.incentive.settlement"]._get_final_positions(offers)
        booking = set(offers.ids)
        achieved = {
            version.id
            for version in offers.version_ids
            if version._get_accrual_terms()[0] == "achieved"
        }
        forecasts = offers.version_ids.filtered(
            lambda version: version.id not in achieved
        )._get_forecasts()
        movements = []
        for outcome in outcomes:
            offer_id, _earner_id, window = outcome.position.key
            if offer_id not in booking:
                continue
            if outcome.version.id in achieved:
                targets = outcome.shares
            else:
                season = seasons.get(outcome.position.key)
                targets = self._get_targets(outcome, day, final, forecasts, season)
            for partner_id, parts in targets.items():
                held = booked.pop((offer_id, partner_id, window.start), {})
                if len(held) != len(parts) or any(
                    key not in held or held[key][0] != amount
                    for key, amount in parts.items()
                ):
                    movements += self._get_deltas(
                        outcome, partner_id, tuple(window), parts, held, final
                    )
        # Volume that is gone altogether: nothing is owed for it any more.
        by_id = {offer.id: offer for offer in offers}
        for (offer_id, partner_id, start), held in booked.items():
            if start and start > day:
                continue
            for key, (amount, distribution) in held.items():
                movements.append(
                    Movement(
                        by_id[offer_id],
                        by_id[offer_id]._get_published_versions()[-1:],
                        partner_id,
                        "accrual",
                        -amount,
                        by_id[offer_id]._get_window_bounds(start) if start else None,
                        key,
                        loads(distribution) if distribution else None,
                    )
                )
        return movements

    def _get_targets(self, outcome, day, final, forecasts, season=None):
        """What should be provided for: ``{partner id: {analytic key: Decimal}}``.

        Asked only where an offer provides for something else than what was achieved.

        :param forecasts: see ``partner.incentive.offer.version._get_forecasts``
        :param season: volume a year before, ``(up to the same day, whole window)``
        """
        method, percent, _threshold = outcome.version._get_accrual_terms()
        offer = outcome.offer
        unit = outcome.position.terms.unit
        partners = outcome.partner_ids()
        if all((offer.id, p) in final for p in partners):
            return outcome.shares
        if method == "fixed":
            total = accrual.fixed_target(outcome.position.amount, percent, unit)
        else:
            total = (
                accrual.expected_target(
                    outcome.position,
                    outcome.result,
                    self._get_forecast(outcome, forecasts, season),
                    outcome.window,
                    day,
                )
                + outcome.guaranteed
            )
        labels = [part.label for part in outcome.position.parts]
        shares = largest_remainder(
            total, [part.amount for part in outcome.position.parts], unit
        )
        targets = defaultdict(lambda: defaultdict(Decimal))
        for label, share in zip(labels, shares, strict=True):
            targets[label.partner_id][label.analytic] += share
        for partner_id in partners:
            if (offer.id, partner_id) in final:
                targets[partner_id] = outcome.shares[partner_id]
        return targets

    def _get_forecast(self, outcome, forecasts, season=None):
        """Volume expected of the earner in the window, or None where nobody forecast.

        A pool expects what its members do; one without a forecast, what it has.
        Without any forecast the window may follow the one a year before.

        :param forecasts: see ``partner.incentive.offer.version._get_forecasts``
        """
        forecasts = forecasts.get(outcome.offer.id, {})
        start = outcome.window.start
        seasonal = season and accrual.seasonal_forecast(
            outcome.position.qualifying, *season
        )
        if outcome.earner_id:
            return forecasts.get((outcome.earner_id, start), seasonal or None)
        reached = defaultdict(Decimal)
        for part in outcome.position.parts:
            reached[part.label.partner_id] += part.volume
        expected = {
            partner_id: volume
            for (partner_id, window_from), volume in forecasts.items()
            if window_from == start
        }
        if not expected:
            return seasonal or None
        return sum({**reached, **expected}.values(), ZERO)

    def _get_deltas(self, outcome, partner_id, window, targets, booked, final):
        """Movements from what is booked to what should be, by analytic key."""
        _method, _percent, threshold = outcome.version._get_accrual_terms()
        if (outcome.offer.id, partner_id) in final:
            threshold = ZERO
        total = sum(targets.values(), ZERO)
        difference = total - sum((amount for amount, _dist in booked.values()), ZERO)
        if difference and not accrual.delta(difference, ZERO, threshold):
            return []
        distributions = {
            part.label.analytic: part.label.distribution
            for part in outcome.position.parts
        }
        movements = []
        for key in sorted({*targets, *booked}, key=lambda each: (each is None, each)):
            amount, distribution = booked.get(key, (ZERO, None))
            delta = targets.get(key, ZERO) - amount
            if not delta:
                continue
            movements.append(
                Movement(
                    outcome.offer,
                    outcome.version,
                    partner_id,
                    "accrual",
                    delta,
                    window,
                    key,
                    loads(distribution) if distribution else distributions.get(key),
                    qualifying=outcome.position.qualifying,
                    earning=outcome.position.volume,
                    target=total,
                    reason=self._describe_clawed(outcome),
                )
            )
        return movements

    def _describe_clawed(self, outcome):
        """Which documents do not count any more, for the ledger; or None."""
        if not outcome.clawed:
            return None
        by_model = defaultdict(list)
        for model, document_id in outcome.clawed:
            by_model[model].append(document_id)
        names = [
            document.display_name
            for model, ids in by_model.items()
            for document in self.env[model].sudo().browse(ids[:MAX_NAMES])
        ]
        more = len(outcome.clawed) - len(names)
        text = ", ".join(names)
        if more > 0:
            return self.env._(
                "Claimed back: %(names)s and %(more)s more", names=text, more=more
            )
        return self.env._("Claimed back: %s", text)

    @api.model
    def _get_holdbacks(self, offers, outcomes, day, partners=None):
        """Movements between accrued and held back, per offer and partner."""
        offers = offers.filtered(
            lambda offer: offer._get_published_versions()[-1]._holds_back()
        ) | self.env["partner.incentive.entry"]._get_holding(offers)
        if not offers:
            return []
        entitled = self._get_entitlements(offers, outcomes, day, partners)
        balances = self.env["partner.incentive.entry"]._get_balances(offers, partners)
        positions = defaultdict(list)
        for offer_id, partner_id in sorted({*entitled, *balances}):
            positions[offer_id].append(partner_id)
        result = []
        for offer in offers:
            version = offer._get_published_versions()[-1]
            partner_ids = positions[offer.id]
            holdbacks = version._get_holdbacks(day, partner_ids)
            unit = Decimal(str(offer.currency_id.rounding))
            for partner_id in partner_ids:
                key = (offer.id, partner_id)
                balance = balances.get(key, {})
                held = settlement.held_back(
                    entitled.get(key, ZERO),
                    balance.get("settled", ZERO),
                    holdbacks[partner_id].held,
                    unit,
                )
                change = held - balance.get("held", ZERO)
                if change:
                    result.append(
                        Movement(offer, version, partner_id, "holdback", change)
                    )
        return result

    @api.model
    def _get_forfeits(self, offers, outcomes, day, partners=None):
        """Movements of what is lost by the terms, or found again."""
        forfeiting = offers.filtered(
            lambda offer: offer._get_terms_in_force()._forfeits()
        )
        if not forfeiting:
            return []
        lost = self._get_lost(forfeiting, outcomes, day)
        lasting = self.env["partner.incentive.entry"]._get_lasting(forfeiting, partners)
        by_id = {offer.id: offer for offer in forfeiting}
        movements = []
        for key in sorted({*lost, *lasting}):
            change = -lost.get(key, ZERO) - lasting.get(key, {}).get("expiry", ZERO)
            if change:
                offer = by_id[key[0]]
                movements.append(
                    Movement(
                        offer,
                        offer._get_published_versions()[-1],
                        key[1],
                        "expiry",
                        change,
                        reason=self.env._("Held back, and lost by the terms")
                        if change < ZERO
                        else self.env._("Held back again"),
                    )
                )
        return movements

    @api.model
    def _get_lost(self, offers, outcomes, day):
        """``{(offer id, partner id): Decimal}`` that is lost by the terms, if any."""
        totals = self._sum_entitlements(outcomes)
        lost = {}
        for offer in offers:
            version = offer._get_terms_in_force()
            if not version._forfeits():
                continue
            partner_ids = [p for offer_id, p in totals if offer_id == offer.id]
            unit = Decimal(str(offer.currency_id.rounding))
            holdbacks = version._get_holdbacks(day, partner_ids)
            for partner_id, holdback in holdbacks.items():
                if holdback.lost:
                    key = (offer.id, partner_id)
                    lost[key] = settlement.forfeited(totals[key], holdback.lost, unit)
        return lost

    @api.model
    def _get_entitlements(self, offers, outcomes, day, partners=None):
        """``{(offer id, partner id): entitlement over all windows}``.

        What is calculated less what the terms let the partner lose, and what the
        ledger says lasts besides.
        """
        totals = self._sum_entitlements(outcomes)
        lost = self._get_lost(offers, outcomes, day)
        lasting = self.env["partner.incentive.entry"]._get_lasting(offers, partners)
        for offer in offers:
            forfeits = offer._get_terms_in_force()._forfeits()
            for key, amounts in lasting.items():
                if key[0] != offer.id:
                    continue
                for kind, amount in amounts.items():
                    if kind != "expiry" or not forfeits:
                        totals[key] += amount
        for key, amount in lost.items():
            totals[key] -= amount
        return totals

    @api.model
    def _sum_entitlements(self, outcomes):
        """``{(offer id, partner id): what is calculated over all windows}``."""
        totals = defaultdict(Decimal)
        for outcome in outcomes:
            for partner_id, parts in outcome.shares.items():
                totals[outcome.position.key[0], partner_id] += sum(parts.values(), ZERO)
        return totals

    # ----------------------------------------------------------------------- job

    @api.model
    def _get_packages(self):
        """Offers that must be calculated together, the smallest sets of them."""
        remaining = self.env["partner.incentive.offer"].search(self._get_live_domain())
        packages = []
        while remaining:
            package = remaining[0]._get_coupled() & remaining
            package |= remaining[0]
            packages.append(package)
            remaining -= package
        return packages

    @api.model
    def _cron_accrue(self):
        """Book what was earned, package by package; resumes after a kill.

        Each package is committed on its own. A package that meets another run at work
        on the same offers starts over with a fresh view of the books. A run that found
        nothing to book is not kept.
        """
        cron = self.env["ir.cron"]
        packages = self._get_packages()
        cron._commit_progress(remaining=len(packages))
        day = fields.Date.context_today(self)
        for package in packages:
            for attempt in range(MAX_TRIES):
                try:
                    self._accrue_changed(package.exists(), day, keep_empty=False)
                    break
                except SerializationFailure:
                    self.env.cr.rollback()
                    self.env.invalidate_all()
                    if attempt == MAX_TRIES - 1:
                        raise
                except UserError as error:
                    self.env.cr.rollback()
                    self.env.invalidate_all()
                    self._report_failure(package, error)
                    break
            if not cron._commit_progress(1):
                break

    def _report_failure(self, offers, error):
        """Tell the owners what keeps their offers from being booked."""
        _logger.info("Accrual of offers %s not booked: %s", offers.ids, error)
        for offer in offers.exists():
            if not offer.activity_ids.filtered(
                lambda activity: activity.note and str(error) in activity.note
            ):
                offer.activity_schedule(
                    "mail.mail_activity_data_warning",
                    summary=self.env._("Accrual not booked"),
                    note=str(error),
                    user_id=offer.user_id.id or self.env.uid,
                )

    # ------------------------------------------------------------------- actions

    def action_reverse(self, reason=None):
        """Reverse all that the run booked; the next run books what is owed then.

        Every ledger entry gets its opposite, which names it and the reason.
        """
        self.ensure_one()
        self._check_can_run()
        if not reason:
            return self.env["partner.incentive.reason"]._open(self, "run_reverse")
        if self.reversal_reason:
            raise UserError(self.env._("%s has been reversed already.", self.name))
        reversed_before = self.env["partner.incentive.entry"].search_count(
            [("reversal_of_id", "in", self.entry_ids.ids)], limit=1
        )
        if not self.entry_ids or reversed_before:
            raise UserError(
                self.env._(
                    "%s booked nothing that could be reversed as a whole.", self.name
                )
            )
        self.offer_ids._lock_for_run()
        self._in_process().write({"reversal_reason": reason})
        self.env["partner.incentive.posting"].with_company(
            self.company_id
        )._reverse_entries(self.sudo().move_ids, self.date, f"{self.name}: {reason}")
        self.offer_ids._mark_to_accrue()
        self.sudo().message_post(body=reason)
        return True

    def action_view_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_incentive_base.partner_incentive_entry_action"
        )
        action["domain"] = [("run_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_view_moves(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "view_mode": "list,form",
            "domain": [("id", "in", self.move_ids.ids)],
            "name": self.env._("Journal entries"),
        }
