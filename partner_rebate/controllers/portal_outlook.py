"""``/my/incentives/outlook``: what a partner is likely to earn, and what if."""

from decimal import Decimal

from werkzeug.exceptions import NotFound

from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.partner_incentive_base.controllers.portal import (
    PartnerIncentivePortal,
)
from odoo.addons.partner_incentive_base.engine.accrual import expected_volume
from odoo.addons.partner_incentive_base.engine.calculation import (
    Part,
    Position,
    evaluate,
)
from odoo.addons.partner_incentive_base.engine.windows import Window

from ..models.partner_incentive_outlook import EVENTS

ZERO = Decimal(0)


class PartnerIncentiveOutlookPortal(PartnerIncentivePortal):
    def _get_tabs(self):
        return [
            *super()._get_tabs(),
            {
                "title": request.env._("Forecast"),
                "url": "/my/incentives/outlook",
                "areas": ["terms"],
                "group": "money",
                "sequence": 13,
                "pages": ["incentive_outlook"],
            },
        ]

    def _get_home_cards(self):
        env, today = request.env, self._get_today()
        visible = self._get_visible_offers(self._get_enrollments())
        offers_sudo = env["partner.incentive.offer"].sudo()
        offers_sudo = offers_sudo.union(*(offer for offer, _version, _own in visible))
        standings = self._get_present_standings(offers_sudo, today)
        totals = {}
        for offer_sudo, version, own in visible:
            standing_sudo = standings.get(offer_sudo)
            if standing_sudo and not version.seller_claims:
                currency = offer_sudo.currency_id
                totals[currency] = totals.get(currency, ZERO) + self._get_pace(
                    version, own, standing_sudo
                )
        return [
            *super()._get_home_cards(),
            {
                "title": env._("Forecast"),
                "figure": ", ".join(
                    currency.format(float(total)) for currency, total in totals.items()
                )
                or "-",
                "text": env._(
                    "by the end of the present periods if you go on like this, each "
                    "offer by itself"
                ),
                "url": "/my/incentives/outlook",
                "areas": ["terms"],
                "sequence": 15,
            },
        ]

    def _get_pace(self, version, own_segments, standing_sudo):
        """What the window comes to at the pace of the standing, by the engine.

        Where that cannot be told from the standing alone (a pool, growth, brackets in
        percent of something), what is earned so far.
        """
        earned = Decimal(str(standing_sudo.entitlement))
        volume = Decimal(str(standing_sudo.qualifying))
        window = Window(standing_sudo.window_from, standing_sudo.window_to)
        day = standing_sudo.as_of
        measure = request.env["partner.incentive.measure"]._get_measures()
        measure = measure.get(version.measure)
        scale = self._get_own_scale(version, own_segments)
        if (
            not scale
            or not earned
            or volume <= ZERO
            or version.pooled
            or version._get_reference()
            or version.measure in EVENTS
            or not measure
            or measure.growth
            or measure.elapsed
            or not window.start <= day < window.end
        ):
            return earned
        part = Part(
            None,
            scale,
            volume,
            Decimal(str(standing_sudo.earning)),
            Decimal(str(standing_sudo.earning_amount)),
        )
        position = Position(
            (), version._get_terms(), (part,), self._get_calculator_multiplier(version)
        )
        expected = expected_volume(volume, None, window, day)
        return max(evaluate(position.at_volume(expected)).entitlement, earned)

    @route(
        "/my/incentives/outlook",
        type="http",
        auth="user",
        website=True,
        incentive_area="terms",
    )
    def portal_my_incentive_outlook(self, offer=None, volume="", message=None, **kw):
        """All offers that run, and for one of them what more volume would bring."""
        offers_sudo = self._get_running_offers()
        asked = next((each for each in offers_sudo if str(each.id) == offer), None)
        extra, error = None, None
        if asked and volume.strip():
            extra, error = self._read_volume(volume)
        return request.render(
            "partner_rebate.portal_my_incentive_outlook",
            self._prepare_outlook_values(
                offers_sudo,
                asked=asked,
                extra=extra,
                typed=volume[:30],
                error=error,
                message=self._get_message(message),
            ),
        )

    def _get_running_offers(self):
        """Published offers that the partner takes part in today."""
        enrollments_sudo = self._get_enrollments()
        today = self._get_today()
        offers_sudo = request.env["partner.incentive.offer"].sudo()
        return offers_sudo.union(
            *(
                offer
                for offer, version, _own in self._get_visible_offers(enrollments_sudo)
                if self._get_offer_status(
                    offer, self._get_enrollment(offer, enrollments_sudo)
                )
                == "live"
                and offer.date_from <= today
                # Sellers earn these themselves, and see them under SPIFs.
                and not version.seller_claims
            )
        )

    def _prepare_outlook_values(self, offers_sudo, asked, extra, typed, error, message):
        today = self._get_today()
        partner_sudo = self._get_incentive_partner()
        more = {asked.id: extra} if asked and extra else {}
        outlooks = {
            outlook.offer: outlook
            for outlook in request.env["partner.incentive.outlook"]
            .sudo()
            ._get_outlooks(offers_sudo, today, partner_sudo, more)
        }
        forecasts = self._get_own_forecasts(offers_sudo)
        rows = [
            self._prepare_outlook(
                offer_sudo,
                outlooks.get(offer_sudo),
                forecasts.get(offer_sudo),
                extra if offer_sudo == asked else None,
            )
            for offer_sudo in offers_sudo
        ]
        totals = {}
        for outlook in outlooks.values():
            total = totals.setdefault(outlook.offer.currency_id, [ZERO, ZERO])
            total[0] += outlook.earned
            total[1] += outlook.likely
        return self._prepare_incentive_values(
            "incentive_outlook",
            (request.env._("Forecast"), None),
            rows=rows,
            totals=[
                (currency.format(float(earned)), currency.format(float(likely)))
                for currency, (earned, likely) in totals.items()
            ],
            asked=asked,
            typed=typed,
            error=error,
            message=message,
        )

    def _prepare_outlook(self, offer_sudo, outlook, forecast_sudo, extra):
        """What a card shows of one offer."""
        version = self._get_current_version(offer_sudo)
        currency = offer_sudo.currency_id
        values = {
            "offer": offer_sudo,
            "unit": currency.name
            if version.measure_unit == "amount"
            else request.env._("units"),
            "accepts_volume": version.measure
            not in ("elapsed_days", "milestone_bonus", "renewal_rate"),
            "forecast": self._format_volume(version, forecast_sudo.volume)
            if forecast_sudo
            else "",
            "outlook": bool(outlook),
            "pooled": version.pooled,
            "accelerates": ", ".join(version.accelerated_offer_ids.mapped("name")),
            "near": False,
        }
        if not outlook:
            return values
        reach = outlook.volume + (outlook.missing or ZERO)
        near = outlook.missing and reach > ZERO and outlook.missing * 10 <= reach
        brings = outlook.next_bracket_brings
        return {
            **values,
            "window": self._format_window(*outlook.outcome.window),
            "volume": self._format_volume(version, outlook.volume),
            "expected": self._format_volume(version, outlook.expected_volume),
            "earned": currency.format(float(outlook.earned)),
            "likely": currency.format(float(outlook.likely)),
            "missing": self._format_volume(version, outlook.missing)
            if outlook.missing
            else "",
            "brings": currency.format(float(brings)) if brings else "",
            "near": bool(near and brings),
            "extra": self._format_volume(version, extra) if extra else "",
            "with_extra": currency.format(float(outlook.with_extra)),
            "extra_earned": currency.format(float(outlook.extra_earned)),
        }

    # ------------------------------------------------------------ the partner's own

    def _get_own_forecasts(self, offers_sudo):
        """``{offer: the partner's latest forecast}``."""
        forecasts_sudo = (
            request.env["partner.incentive.forecast"]
            .sudo()
            .search(
                self._get_own_domain() & self._get_forecast_domain(offers_sudo),
                order="date, id",
            )
        )
        return {forecast.offer_id: forecast for forecast in forecasts_sudo}

    def _get_forecast_domain(self, offers_sudo):
        return Domain("offer_id", "in", offers_sudo.ids) & Domain(
            "origin", "=", "partner"
        )

    def _get_message(self, key):
        if key == "forecast":
            return request.env._("Thank you. Your forecast is with us.")
        return super()._get_message(key)

    @route(
        "/my/incentives/outlook/<int:offer_id>/forecast",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        incentive_area="offers",
    )
    def portal_my_incentive_forecast(self, offer_id, volume="", **kw):
        """Tell which volume the partner itself expects in the window that runs."""
        offers_sudo = self._get_running_offers()
        offer_sudo = offers_sudo.filtered(lambda each: each.id == offer_id)
        if not offer_sudo:
            raise NotFound()
        expected, error = self._read_volume(volume)
        if error:
            return request.render(
                "partner_rebate.portal_my_incentive_outlook",
                self._prepare_outlook_values(
                    offers_sudo,
                    asked=offer_sudo,
                    extra=None,
                    typed=volume[:30],
                    error=error,
                    message=None,
                ),
            )
        today = self._get_today()
        window = next(each for each in offer_sudo._get_windows(today) if today in each)
        request.env["partner.incentive.forecast"].sudo().create(
            {
                "offer_id": offer_sudo.id,
                "partner_id": self._get_incentive_partner().id,
                "window_from": window.start,
                "volume": float(expected),
                "date": today,
                "origin": "partner",
            }
        )
        return request.redirect("/my/incentives/outlook?message=forecast")
