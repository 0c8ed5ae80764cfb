from collections import defaultdict
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
    def _get_volumes(self, offers):
        """The latest forecast of each position.

        :return: ``{offer id: {(partner id, window start): Decimal}}``
        """
        volumes = defaultdict(dict)
        if not offers:
            return volumes
        forecasts_sudo = self.sudo().search_fetch(
            [("offer_id", "in", offers.ids), ("origin", "=", "company")],
            order="date, id",
        )
        for offer, own_sudo in forecasts_sudo.grouped("offer_id").items():
            starts = offer._get_all_window_starts()
            for forecast in own_sudo:
                window_from = forecast.window_from
                for start in [window_from] if window_from else starts:
                    volumes[offer.id][forecast.partner_id.id, start] = Decimal(
                        str(forecast.volume)
                    )
        return volumes
