from decimal import Decimal

from odoo import api, fields, models


class PartnerIncentiveForecast(models.Model):
    """Volume that a partner is expected to reach under an offer.

    Used to provide for offers at the expected volume. The latest forecast of a
    position counts; earlier ones are kept to compare them with what came.
    """

    _name = "partner.incentive.forecast"
    _description = "Incentive Forecast"
    _order = "date desc, id desc"
    _check_company_auto = True

    offer_id = fields.Many2one(
        "partner.incentive.offer", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="offer_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, ondelete="cascade", index=True
    )
    window_from = fields.Date(
        string="Window from", help="First day of the window. Empty: every window."
    )
    volume = fields.Float(digits=(16, 2), required=True)
    date = fields.Date(
        string="Made on",
        required=True,
        default=lambda self: fields.Date.context_today(self),
    )
    origin = fields.Selection(
        [("company", "Us"), ("partner", "The partner")],
        string="Made by",
        default="company",
        required=True,
        readonly=True,
        help="Only our own forecasts decide what is provided for.",
    )
    note = fields.Char()

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            # What partners expect, they say themselves, on the portal.
            vals_list = [{**vals, "origin": "company"} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if "origin" in vals and not self.env.su:
            vals = {name: each for name, each in vals.items() if name != "origin"}
        return super().write(vals)

    @api.depends("offer_id.name", "partner_id.name")
    def _compute_display_name(self):
        for forecast in self:
            forecast.display_name = (
                f"{forecast.partner_id.name}, {forecast.offer_id.name}"
            )

    @api.model
    def _get_volumes(self, offer):
        """``{(partner id, window start): Decimal}``, the latest of each position."""
        forecasts = self.sudo().search(
            [("offer_id", "=", offer.id), ("origin", "=", "company")], order="date, id"
        )
        until = offer._get_end_date() or fields.Date.add(fields.Date.today(), years=1)
        starts = [window.start for window in offer._get_windows(until)]
        volumes = {}
        for forecast in forecasts:
            for start in [forecast.window_from] if forecast.window_from else starts:
                volumes[forecast.partner_id.id, start] = Decimal(str(forecast.volume))
        return volumes
