from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from odoo.addons.partner_incentive_base.engine.guarantee import Guarantee
from odoo.addons.partner_incentive_base.engine.scale import Bracket, Scale
from odoo.addons.partner_incentive_base.models.partner_incentive_offer import PERIODS

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
    holdback_percent = fields.Float(string="Held back", digits=(16, 4))
    holdback_until = fields.Date(
        string="Held back until",
        help="The first run on or after this day releases it.",
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
    milestone_ids = fields.One2many(
        "partner.incentive.milestone", "version_id", string="Milestones", copy=True
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

    @api.constrains("holdback_percent", "holdback_until")
    def _check_holdback(self):
        for version in self:
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
        return self.measure != "milestone_amount" and super()._requires_scale()

    def _get_scales(self):
        """Milestones say themselves what they bring."""
        if self.measure == "milestone_amount" and not self.bracket_ids:
            return {0: MILESTONE_SCALE}
        return super()._get_scales()

    def _get_missing_terms(self):
        missing = super()._get_missing_terms()
        if self.measure == "milestone_amount" and not self.milestone_ids:
            missing.append(self.env._("at least one milestone"))
        if self.offer_id.offer_type == "accelerator" and not (
            self.accelerated_offer_ids
        ):
            missing.append(self.env._("the offers it accelerates"))
        if (
            self.measure == "elapsed_days"
            and self.offer_id.period == "whole"
            and not self.offer_id._get_end_date()
        ):
            missing.append(
                self.env._("the end of the term that the sum is spread over")
            )
        return missing

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

    def _get_forecasts(self):
        return self.env["partner.incentive.forecast"]._get_volumes(self.offer_id)

    def _get_holdback_percent(self, day):
        if self.holdback_until and day < self.holdback_until:
            return Decimal(str(self.holdback_percent))
        return super()._get_holdback_percent(day)

    def _get_clawback_policy(self):
        return self.clawback_policy
