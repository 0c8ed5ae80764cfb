from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.partner_incentive_base.engine.guarantee import Guarantee
from odoo.addons.partner_incentive_base.models.partner_incentive_offer import PERIODS


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
