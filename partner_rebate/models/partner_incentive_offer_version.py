from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.partner_incentive_base.engine.guarantee import Guarantee
from odoo.addons.partner_incentive_base.engine.scale import Bracket, Scale
from odoo.addons.partner_incentive_base.engine.settlement import (
    conditional_holdback,
)
from odoo.addons.partner_incentive_base.models.partner_incentive_offer import PERIODS

ZERO = Decimal(0)
#: A milestone earns the whole of its bonus.
MILESTONE_SCALE = Scale("whole", "percent", (Bracket(Decimal(0), Decimal(100)),))


class PartnerIncentiveOfferVersion(models.Model):
    _inherit = "partner.incentive.offer.version"

    accrual_method = fields.Selection(
        [
            ("achieved", "What is achieved so far"),
            ("expected", "Average rate at the expected volume"),
            ("fixed", "Fixed percentage"),
        ],
        string="Provide for",
        default="achieved",
        required=True,
        help="What is booked before the window is over. What is paid always follows "
        "what was achieved.",
    )
    accrual_percent = fields.Float(string="Percentage", digits=(16, 4))
    accrual_threshold = fields.Float(
        string="Ignore differences below",
        digits=(16, 2),
        help="A smaller difference waits for a later run.",
    )
    accrual_profile = fields.Selection(
        [
            ("run_rate", "Goes on as it has so far"),
            ("season", "Follows the same window a year before"),
        ],
        string="Without a forecast, volume",
        default="run_rate",
        required=True,
        help="How the expected volume is estimated where nobody entered a forecast.",
    )
    holdback_percent = fields.Float(string="Held back", digits=(16, 4))
    holdback_by_tier = fields.Boolean(
        string="Less or more by tier",
        help="Where a holdback is among the benefits of the partner's tier, that "
        "percentage is held back instead.",
    )
    holdback_release = fields.Selection(
        [
            ("date", "Until a day"),
            ("renewal", "Until the customers renew"),
            ("satisfaction", "Until satisfaction reaches a mark"),
        ],
        string="Released",
        default="date",
        required=True,
        help="Until the customers renew: released by the share of the partner's "
        "contracts, started under the offer, that were renewed, and lost by the share "
        "that churned. Until satisfaction reaches a mark: released as soon as it does.",
    )
    holdback_mark = fields.Float(
        string="Satisfaction mark",
        digits=(16, 2),
        help="Score from 0 to 100 at which the amount is released.",
    )
    holdback_until = fields.Date(
        string="Held back until",
        help="The first run on or after this day releases it. Where it waits for "
        "renewals or satisfaction, what has not reached them by this day is lost; "
        "partners without contracts, or without a score, lose nothing.",
    )
    guarantee_amount = fields.Float(string="Guarantee", digits=(16, 2))
    guarantee_period = fields.Selection(PERIODS, string="Guaranteed per")
    guarantee_timing = fields.Selection(
        [("end", "At the end of the period"), ("start", "At its start")],
        string="Guarantee is due",
        default="end",
    )
    guarantee_cumulative = fields.Boolean(
        string="Earlier surplus counts",
        help="What earlier periods earned above the guarantee counts toward it.",
    )
    clawback_policy = fields.Selection(
        [
            ("carry", "Carry forward and net"),
            ("debit_note", "Claim back by debit note"),
        ],
        string="Overpaid amounts",
        default="carry",
        required=True,
        help="What happens when a credit note lowers what was paid already.",
    )
    clawback_limit = fields.Float(
        string="Claimed back at most",
        digits=(16, 4),
        default=100.0,
        help="Percentage of what was paid that can be claimed back.",
    )
    clawback_unpaid_days = fields.Integer(
        string="Claim back when unpaid after",
        help="Days after the due date from which the unpaid part of an invoice does "
        "not count. It counts again once it is paid; what a payout is offset against "
        "is not paid. 0: unpaid invoices count.",
    )
    clawback_churn_months = fields.Integer(
        string="Claim back when the customer leaves within",
        help="Months from the start of a contract. 0: churn changes nothing.",
    )
    clawback_churn_share = fields.Selection(
        [("full", "In full"), ("pro_rata", "By the time left")],
        string="Claimed back on churn",
        default="full",
        help="By the time left: the part of those months that was left when the "
        "customer went.",
    )
    tier_multiplier = fields.Boolean(
        string="Times the tier's multiplier",
        help="Where a rate multiplier is among the benefits of the partner's tier, "
        "what a window earns is multiplied by it: by the tier on the window's last "
        "day, and until then by the tier so far. For a rate by the tier on the day of "
        "each transaction, give segments of tiers brackets of their own.",
    )
    safety_days = fields.Integer(
        help="A document counts only after so many days, since a payment may yet "
        "bounce, and goods may come back.",
    )
    growth_without_history = fields.Selection(
        [
            ("none", "Earn nothing"),
            ("all", "Grow from zero"),
            ("baseline", "Grow from a baseline"),
        ],
        string="Partners without a year before",
        default="none",
        required=True,
    )
    growth_baseline = fields.Float(
        string="Baseline",
        digits=(16, 2),
        help="Volume per window that a partner without a year before grows from.",
    )
    bracket_reference = fields.Selection(
        [
            ("volume", "Volume"),
            ("target", "Percent of the partner's target"),
            ("previous", "Percent of the same window a year before"),
            ("products", "Percent of other products"),
        ],
        string="Brackets in",
        default="volume",
        required=True,
        help="What the lower bounds of the scale are. Percentages compare the volume "
        "that counts for the bracket with a target, with the year before, or with the "
        "products that are marked as compared with (all of them without such a row).",
    )
    accelerated_offer_ids = fields.Many2many(
        "partner.incentive.offer",
        "partner_incentive_version_accelerated_rel",
        string="Accelerates",
        help="The rate reached here is added, in percent, to what the partner earns "
        "under these offers. The accelerator itself pays nothing.",
    )
    seller_claims = fields.Boolean(
        string="Sellers claim themselves",
        help="Claims are filed and earned by people at partners, with their employer's "
        "consent; they are paid to an account of their own.",
    )
    milestone_ids = fields.One2many(
        "partner.incentive.milestone", "version_id", string="Milestones", copy=True
    )

    @api.constrains("clawback_limit", "clawback_unpaid_days", "clawback_churn_months")
    def _check_clawback(self):
        for version in self:
            if not 0 <= version.clawback_limit <= 100:
                raise ValidationError(
                    self.env._("Between 0 and 100 percent can be claimed back.")
                )
            if min(version.clawback_unpaid_days, version.clawback_churn_months) < 0:
                raise ValidationError(
                    self.env._("Days and months of a clawback cannot be negative.")
                )

    @api.constrains("safety_days", "growth_without_history", "growth_baseline")
    def _check_counting(self):
        for version in self:
            if version.safety_days < 0 or version.growth_baseline < 0:
                raise ValidationError(
                    self.env._("Safety days and baseline cannot be negative.")
                )
            if (
                version.growth_without_history == "baseline"
                and not version.growth_baseline
            ):
                raise ValidationError(
                    self.env._(
                        "Enter the baseline that partners without a year before grow "
                        "from."
                    )
                )

    @api.constrains("tier_multiplier", "pooled", "accelerated_offer_ids")
    def _check_tier_multiplier(self):
        for version in self.filtered("tier_multiplier"):
            if version.pooled or version.accelerated_offer_ids:
                raise ValidationError(
                    self.env._(
                        "A tier multiplies what one partner earns: not a pool, and not "
                        "an accelerator, which pays nothing itself."
                    )
                )

    @api.constrains("accelerated_offer_ids", "rate_kind", "pooled")
    def _check_accelerator(self):
        for version in self.filtered("accelerated_offer_ids"):
            if version.rate_kind != "percent":
                raise ValidationError(
                    self.env._(
                        "An accelerator adds a percentage to what other offers earn: "
                        "its rates are in percent."
                    )
                )
            others = version.accelerated_offer_ids
            if version.offer_id in others or any(
                other.version_id.accelerated_offer_ids for other in others
            ):
                raise ValidationError(
                    self.env._("An accelerator cannot accelerate an accelerator.")
                )
            company = version.offer_id.company_id or others.company_id[:1]
            if others.company_id - company:
                raise ValidationError(
                    self.env._("An accelerator stays within its company.")
                )
            if any(other.version_id.pooled != version.pooled for other in others):
                raise ValidationError(
                    self.env._(
                        "Pooled offers are accelerated by a pooled offer, others by "
                        "one that is not pooled."
                    )
                )

    @api.constrains("seller_claims", "payout", "measure")
    def _check_seller_claims(self):
        for version in self.filtered("seller_claims"):
            if not (version.measure or "").startswith("claimed_"):
                raise ValidationError(
                    self.env._(
                        "What sellers claim themselves is measured by claims: by "
                        "amount, quantity or number."
                    )
                )
            if version.payout in ("credit_note", "offset"):
                raise ValidationError(
                    self.env._(
                        "Sellers buy nothing from us, so they are paid by vendor bill."
                    )
                )

    @api.constrains("measure", "formula", "rate_kind", "pooled", "bracket_ids")
    def _check_elapsed(self):
        """A sum that is earned as time passes: one amount, and an end."""
        for version in self.filtered(lambda v: v.measure == "elapsed_days"):
            if version.rate_kind != "amount" or version.formula != "whole":
                raise ValidationError(
                    self.env._(
                        "A sum over time is one fixed amount per window: set the rate "
                        "in a fixed amount, at the reached rate."
                    )
                )
            if version.pooled:
                raise ValidationError(
                    self.env._("A sum over time is each partner's own, not pooled.")
                )
            if any(bracket.lower for bracket in version.bracket_ids):
                raise ValidationError(
                    self.env._(
                        "A sum over time has one bracket, from zero, per segment."
                    )
                )

    @api.constrains("accrual_method", "accrual_percent", "accrual_threshold")
    def _check_accrual(self):
        for version in self:
            if version.accrual_percent < 0 or version.accrual_threshold < 0:
                raise ValidationError(
                    self.env._("Percentage and threshold cannot be negative.")
                )

    @api.constrains("holdback_percent", "holdback_until", "holdback_mark")
    def _check_holdback(self):
        for version in self:
            if not 0 <= version.holdback_mark <= 100:
                raise ValidationError(
                    self.env._("The satisfaction mark is between 0 and 100.")
                )
            if not 0 <= version.holdback_percent <= 100:
                raise ValidationError(
                    self.env._("Between 0 and 100 percent can be held back.")
                )
            if version.holdback_percent and not version.holdback_until:
                raise ValidationError(
                    self.env._("Enter until when the percentage is held back.")
                )

    @api.constrains("guarantee_amount", "guarantee_period")
    def _check_guarantee(self):
        for version in self:
            if version.guarantee_amount < 0:
                raise ValidationError(self.env._("A guarantee cannot be negative."))
            if version.guarantee_amount and not version.guarantee_period:
                raise ValidationError(
                    self.env._("Enter the period for which the amount is guaranteed.")
                )

    def _get_guarantee(self):
        if not self.guarantee_amount:
            return super()._get_guarantee()
        return Guarantee(
            amount=Decimal(str(self.guarantee_amount)),
            period=self.guarantee_period,
            cumulative=self.guarantee_cumulative,
            timing=self.guarantee_timing or "end",
        )

    def _requires_scale(self):
        return self.measure != "milestone_bonus" and super()._requires_scale()

    def _read_scales(self):
        """Milestones say themselves what they bring."""
        if self.measure == "milestone_bonus" and not self.bracket_ids:
            return {0: MILESTONE_SCALE}
        return super()._read_scales()

    def _get_missing_terms(self):
        missing = super()._get_missing_terms()
        if self.measure == "milestone_bonus" and not self.milestone_ids:
            missing.append(self.env._("at least one milestone"))
        if (
            self.measure == "elapsed_days"
            and self.offer_id.period == "whole"
            and not self.offer_id._get_end_date()
        ):
            missing.append(
                self.env._("the end of the term that the sum is spread over")
            )
        return missing

    def _get_doubtful_terms(self):
        """The type is a label: without other offers an accelerator pays by itself."""
        doubts = super()._get_doubtful_terms()
        if self.offer_id.offer_type == "accelerator" and not (
            self.accelerated_offer_ids
        ):
            doubts.append(
                self.env._(
                    "This accelerator accelerates no offer, so it pays its rates on "
                    "the sales themselves, as any other offer does."
                )
            )
        return doubts

    @api.model
    def _get_term_relations(self):
        return [*super()._get_term_relations(), "accelerated_offer_ids"]

    def _get_line_domain(self, basis, line_model="account.move.line"):
        """A milestone counts for the version that it is a term of."""
        if line_model == "partner.incentive.milestone":
            return Domain("version_id", "=", self.id)
        return super()._get_line_domain(basis, line_model)

    def _get_safety_days(self):
        return self.safety_days

    def _get_growth_baseline(self):
        if self.growth_without_history == "none":
            return super()._get_growth_baseline()
        if self.growth_without_history == "all":
            return Decimal(0)
        return Decimal(str(self.growth_baseline))

    def _get_reference(self):
        if self.bracket_reference == "volume":
            return super()._get_reference()
        return self.bracket_reference

    def _get_targets(self):
        return self.env["partner.incentive.target"]._get_volumes(self.offer_id)

    def _get_accrual_terms(self):
        return (
            self.accrual_method,
            Decimal(str(self.accrual_percent)),
            Decimal(str(self.accrual_threshold)),
        )

    def _changes_with_time(self):
        return (
            super()._changes_with_time()
            or self.accrual_method == "expected"
            or bool(self.holdback_percent)
            or bool(self.safety_days)
            or bool(self.clawback_unpaid_days)
            or bool(self.clawback_churn_months)
            or bool(self._get_reference())
            or bool(self.accelerated_offer_ids)
            or self.tier_multiplier
        )

    def _follows_season(self):
        return self.accrual_method == "expected" and self.accrual_profile == "season"

    def _get_forecasts(self):
        return self.env["partner.incentive.forecast"]._get_volumes(self.offer_id)

    def _holds_back(self):
        return bool(self.holdback_percent)

    def _get_holdback_percent(self, day):
        if self.holdback_until and day < self.holdback_until:
            return Decimal(str(self.holdback_percent))
        return super()._get_holdback_percent(day)

    def _get_holdback_percents(self, day, partner_ids):
        percents = super()._get_holdback_percents(day, partner_ids)
        return percents | self._get_tier_holdbacks(day, partner_ids)

    def _get_tier_holdbacks(self, day, partner_ids):
        """``{partner id: percentage}`` that tiers bring, while anything is held."""
        over = not self.holdback_until or day >= self.holdback_until
        if not self.holdback_percent or not self.holdback_by_tier or over:
            return {}
        values = self.env["partner.incentive.benefit"]._get_values(
            "holdback_percent",
            self.env["res.partner"].browse(partner_ids),
            day,
            self.offer_id.company_id,
        )
        return {partner_id: Decimal(str(each)) for partner_id, each in values.items()}

    def _forfeits(self):
        return bool(self.holdback_percent) and self.holdback_release != "date"

    def _get_holdbacks(self, day, partner_ids):
        if not self._forfeits():
            return super()._get_holdbacks(day, partner_ids)
        percent = Decimal(str(self.holdback_percent))
        over = bool(self.holdback_until) and day >= self.holdback_until
        by_tier = self._get_tier_holdbacks(
            min(day, self.holdback_until - timedelta(days=1)), partner_ids
        )
        shares = (
            self._get_renewal_shares(day, partner_ids)
            if self.holdback_release == "renewal"
            else self._get_satisfaction_shares(day, partner_ids)
        )
        holdbacks = {}
        for partner_id in partner_ids:
            released, lost = shares.get(
                partner_id, (Decimal(1) if over else ZERO, ZERO)
            )
            holdbacks[partner_id] = conditional_holdback(
                by_tier.get(partner_id, percent), released, lost, over
            )
        return holdbacks

    def _get_renewal_shares(self, day, partner_ids):
        """``{partner id: (renewed, churned)}``, shares by amount per year.

        Of the contracts credited to a partner that started under the offer and whose
        products earn. Partners without any are left out.
        """
        products = self._get_product_domain("earning")
        domain = Domain("company_id", "=", self.offer_id.company_id.id)
        domain &= Domain("partner_id", "in", list(partner_ids))
        domain &= Domain("date_start", ">=", self.offer_id.date_from)
        # A renewal made for the next term is what is waited for, not another contract.
        domain &= Domain("renewal_of_ids", "=", False)
        if end := self.offer_id._get_end_date():
            domain &= Domain("date_start", "<=", end)
        if products is not None:
            domain &= Domain("product_id", "any", products)
        totals = defaultdict(lambda: defaultdict(Decimal))
        for partner, state, amount in (
            self.env["partner.customer.contract"]
            .sudo()
            ._read_group(
                domain, ["partner_id", "state"], ["recurring_amount:sum_currency"]
            )
        ):
            totals[partner.id][state] += Decimal(str(amount))
        shares = {}
        for partner_id, amounts in totals.items():
            whole = sum(amounts.values(), ZERO)
            if whole:
                shares[partner_id] = (
                    amounts["renewed"] / whole,
                    amounts["churned"] / whole,
                )
        return shares

    def _get_satisfaction_shares(self, day, partner_ids):
        """``{partner id: (1 or 0, 0)}`` of the partners that have a score."""
        partners = self.env["res.partner"].with_company(self.offer_id.company_id)
        partners = partners.browse(partner_ids)
        return {
            partner_id: (Decimal(1) if score >= self.holdback_mark else ZERO, ZERO)
            for partner_id, score in partners._get_satisfaction_scores(day).items()
        }

    def _get_clawback_policy(self):
        return self.clawback_policy

    def _get_clawback_limit(self):
        return Decimal(str(self.clawback_limit)) / 100

    def _get_clawed_queries(self, measure, day):
        queries = super()._get_clawed_queries(measure, day)
        if self.clawback_unpaid_days and measure.document_model == "account.move":
            queries.append(self._get_unpaid_query(day))
        if self.clawback_churn_months:
            column = {
                "account.move": "move_id",
                "sale.order": "order_id",
                "partner.customer.contract": "id",
            }.get(measure.document_model)
            if column:
                queries.append(self._get_churn_query(column, day))
        return queries

    def _get_unpaid_query(self, day):
        """The unpaid share of invoices that are overdue for too long.

        What a payout was offset against is not paid, as everywhere: otherwise each
        settlement would change what the next one has to pay.
        """
        self.env["account.move"].flush_model(
            ["amount_residual", "amount_total", "invoice_date_due", "payment_state"]
        )
        self.env["account.partial.reconcile"].flush_model()
        return SQL(
            """
            SELECT move.id AS document_id, NULL::int AS product_id,
                   (move.amount_residual + COALESCE(payout.amount, 0))
                   / NULLIF(move.amount_total, 0) AS share
              FROM account_move AS move
         LEFT JOIN (
                SELECT owed.move_id, SUM(pair.debit_amount_currency) AS amount
                  FROM account_move AS document
                  JOIN account_move_line AS line ON line.move_id = document.id
                  JOIN account_partial_reconcile AS pair
                    ON pair.credit_move_id = line.id
                  JOIN account_move_line AS owed ON owed.id = pair.debit_move_id
                 WHERE document.company_id = %(company)s
                   AND document.incentive_document IS NOT NULL
                 GROUP BY owed.move_id
                   ) AS payout ON payout.move_id = move.id
             WHERE move.company_id = %(company)s
               AND move.state = 'posted'
               AND move.move_type = 'out_invoice'
               AND (move.payment_state IN ('not_paid', 'partial')
                    OR payout.amount > 0)
               AND move.invoice_date_due < %(overdue)s
            """,
            company=self.offer_id.company_id.id,
            overdue=day - timedelta(days=self.clawback_unpaid_days),
        )

    def _get_churn_query(self, column, day):
        """Contracts whose customer left too soon, by the document they came from."""
        self.env["partner.customer.contract"].flush_model()
        over = SQL(
            "(contract.date_start + make_interval(months => %s))::date",
            self.clawback_churn_months,
        )
        share = (
            SQL(
                "(%(over)s - contract.churn_date)::numeric"
                " / NULLIF(%(over)s - contract.date_start, 0)",
                over=over,
            )
            if self.clawback_churn_share == "pro_rata"
            else SQL("1::numeric")
        )
        return SQL(
            """
            SELECT contract.%(column)s AS document_id, contract.product_id,
                   LEAST(1, %(share)s) AS share
              FROM partner_customer_contract AS contract
             WHERE contract.company_id = %(company)s
               AND contract.state = 'churned'
               AND contract.%(column)s IS NOT NULL
               AND contract.churn_date < %(over)s
               AND contract.churn_date <= %(day)s
            """,
            column=SQL.identifier(column),
            share=share,
            company=self.offer_id.company_id.id,
            over=over,
            day=day,
        )
