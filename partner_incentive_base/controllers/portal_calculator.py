"""What a volume would earn under an offer, worked out by the engine that books."""

from decimal import Decimal, InvalidOperation

from odoo.http import request

from ..engine.calculation import Part, Position, evaluate

ZERO = Decimal(0)
MAX_VOLUME = Decimal(10) ** 12


class PortalCalculator:
    """Examples and the calculator of an offer; part of the portal's controller."""

    def _read_volume(self, text):
        """``(volume, None)``, or ``(None, what is wrong)``."""
        env = request.env
        try:
            volume = Decimal(text.strip().replace(" ", ""))
        except InvalidOperation:
            volume = None
        if volume is None or not volume.is_finite():
            return None, env._(
                "“%s” is not a number. Write it as 1234.56.", text.strip()[:30]
            )
        if not ZERO < volume <= MAX_VOLUME:
            return None, env._("Enter a volume of more than zero.")
        return volume, None

    def _get_calculator_scale(self, version, scale):
        """The ladder in volumes, or None where it is in percent of something unknown.

        Extension point of modules whose brackets are percentages.
        """
        return None if version._get_reference() else scale

    def _get_calculator_multiplier(self, version):
        """By what the result is multiplied for the partner; extension point."""
        return Decimal(1)

    def _get_own_scale(self, version, own_segments):
        """The ladder that is the partner's own, in volumes, or None."""
        scales = version._get_portal_terms().scales
        scale = scales.get(self._get_own_scale_key(version, own_segments))
        return scale and self._get_calculator_scale(version, scale)

    def _get_example_volume(self, version, scale):
        """A volume beyond the highest bound, so that every bracket plays its part."""
        volume = (scale.brackets[-1].lower or Decimal(1000)) * Decimal("1.25")
        if version.measure_unit == "quantity":
            volume = volume.to_integral_value()
        return volume

    def _calculate_volume(self, version, scale, volume):
        """What ``volume`` earns in a period, with the steps that led there.

        :return: dict ``volume, steps, formula, limits, earned``; a step is ``(rate,
            base, money)`` and a limit ``(label, money)``, all formatted
        """
        env, currency = request.env, version.offer_id.currency_id
        part = Part(None, scale, volume, volume, volume)
        terms = version._get_terms()
        multiplier = self._get_calculator_multiplier(version)
        result = evaluate(Position((), terms, (part,), multiplier))
        limits = []
        if multiplier != 1:
            limits.append(
                (
                    env._(
                        "Times your multiplier of %s", self._format_number(multiplier)
                    ),
                    self._format_money(currency, result.reduced * multiplier),
                )
            )
        if result.value < result.reduced * multiplier:
            label = (
                env._("Less than the minimum of %s", currency.format(version.minimum))
                if not result.value
                else env._("Not more than the cap")
            )
            limits.append((label, self._format_money(currency, result.value)))
        return {
            "volume": self._format_volume(version, volume),
            "steps": [
                (
                    self._format_rate(version, bracket.rate),
                    "" if base is None else self._format_volume(version, base),
                    self._format_money(currency, money),
                )
                for bracket, base, money in scale.steps(volume)
            ],
            "limits": limits,
            "earned": self._format_money(currency, result.entitlement),
        }

    def _format_money(self, currency, amount):
        return currency.format(currency.round(float(amount)))

    def _prepare_calculator(self, version, own_segments, text):
        """The calculator of an offer's page with what was typed, and a worked example.

        :return: dict ``typed, error, unit, result, alone`` or None for an offer that
            cannot be calculated from one volume
        """
        scale = self._get_own_scale(version, own_segments)
        if scale is None:
            return None
        volume, error = None, None
        if text.strip():
            volume, error = self._read_volume(text)
        is_example = volume is None
        if is_example:
            volume = self._get_example_volume(version, scale)
        return {
            "typed": text.strip()[:30],
            "error": error,
            "unit": version.offer_id.currency_id.name
            if version.measure_unit == "amount"
            else request.env._("units"),
            "is_example": is_example,
            "result": self._calculate_volume(version, scale, volume),
            # Other offers can lower the result; the page says so.
            "alone": bool(version.reduced_by_earlier or version.best_of),
        }
