"""The published terms of an offer in plain words."""

from decimal import Decimal

from odoo.http import request
from odoo.tools import format_date, formatLang

from ..measures.query import FAR_FUTURE
from ..tools.prefetch import prefetch_relations

ZERO = Decimal(0)


class PortalTerms:
    """Says what a version of an offer means to a partner.

    Part of the portal's controller, so that a module which adds terms extends
    ``_get_offer_terms`` of the controller to say them.
    """

    # ------------------------------------------------------------------- numbers

    def _format_number(self, value, least=0):
        """A number with as many decimals as it has, six at most."""
        text = f"{value:.6f}".rstrip("0")
        digits = max(len(text) - text.index(".") - 1, least)
        return formatLang(request.env, float(value), digits=digits)

    def _format_volume(self, version, value):
        """A volume in the unit that the version measures in."""
        if version.measure_unit == "amount":
            return version.offer_id.currency_id.format(float(value))
        return self._format_number(value)

    def _format_bound(self, version, value):
        """A bound of a bracket: a volume, or a percentage of what it compares with."""
        if version._get_reference():
            return request.env._("%s %%", self._format_number(value))
        return self._format_volume(version, value)

    def _format_rate(self, version, rate):
        env = request.env
        if version.rate_kind == "percent":
            return env._("%s %%", self._format_number(rate))
        amount = version.offer_id.currency_id.format(float(rate))
        if version.rate_kind == "per_unit":
            return env._("%s per unit", amount)
        return amount

    def _format_window(self, start, end):
        env = request.env
        if not start:
            return ""
        if not end or end >= FAR_FUTURE:
            return env._("from %s", format_date(env, start))
        return env._(
            "%(start)s – %(end)s",
            start=format_date(env, start),
            end=format_date(env, end),
        )

    # --------------------------------------------------------------------- terms

    def _get_offer_terms(self, version):
        """``[(label, text)]`` of what a partner has to know, in reading order."""
        terms = [
            *self._get_terms_counted(version),
            *self._get_terms_earned(version),
            *self._get_terms_paid(version),
            *self._get_terms_dates(version),
        ]
        return [(label, text) for label, text in terms if text]

    def _get_terms_counted(self, version):
        env = request.env
        measure = env["partner.incentive.measure"]._get_measures().get(version.measure)
        yield env._("What counts"), measure.label if measure else ""
        attributed = measure and env[
            "partner.incentive.measure"
        ]._get_attribution_column(measure)
        yield (
            env._("Whose sales"),
            {
                "buyer": env._("What you buy from us")
                if attributed
                else env._("What is yours, or what you report"),
                "sourced": env._("Sales that you brought about"),
                "influenced": env._("Sales that you influenced"),
                "resold": env._("Sales that you resold"),
                "fulfilled": env._("Sales that you fulfilled"),
            }[version.credit_role],
        )
        yield env._("Products"), self._describe_products(version)
        yield (
            env._("Counted per"),
            {
                "whole": env._("The whole term of the offer"),
                "year": env._("Fiscal year"),
                "half": env._("Half of the fiscal year"),
                "quarter": env._("Quarter of the fiscal year"),
                "month": env._("Month"),
            }[version.offer_id.period],
        )
        if version.offer_id.calendar_id:
            # What a quarter is cannot be guessed where it is no three months.
            windows = version.offer_id._get_windows(self._get_today())
            if windows:
                yield (
                    env._("Current period"),
                    env._(
                        "%(start)s to %(end)s (%(calendar)s)",
                        start=format_date(env, windows[-1].start),
                        end=format_date(env, windows[-1].end),
                        calendar=version.offer_id.calendar_id.name,
                    ),
                )
        if version.pooled:
            yield (
                env._("Shared volume"),
                env._(
                    "The volume of all partners that take part counts as one. The "
                    "result is split by what each of them contributed."
                ),
            )
        if version.count_before_enrollment:
            yield (
                env._("Earlier volume"),
                env._("What you bought before you enrolled counts, too."),
            )
        yield (
            env._("Evidence"),
            {
                "documents": env._("Our own documents; you need not file anything"),
                "claim": env._("A claim that you file with proof"),
                "attribution": env._("Documents that are credited to you"),
            }.get(version.evidence_rule, ""),
        )
        yield env._("About the evidence"), version.evidence_note

    def _describe_products(self, version):
        """What the product rules come to, a sentence per rule."""
        env = request.env
        sentences = []
        for rule in version.product_rule_ids:
            names = [
                *rule.category_ids.mapped("display_name"),
                *rule.product_ids.mapped("display_name"),
            ]
            what = ", ".join(names) or env._("all products")
            if rule.line_domain:
                what = env._("%s, under further conditions", what)
            text = {
                ("include", "both"): env._("Counts: %s.", what),
                ("include", "earning"): env._("Earns: %s.", what),
                ("include", "qualifying"): env._("Counts for the bracket: %s.", what),
                ("exclude", "both"): env._("Does not count: %s.", what),
                ("exclude", "earning"): env._("Does not earn: %s.", what),
                ("exclude", "qualifying"): env._(
                    "Does not count for the bracket: %s.", what
                ),
                ("include", "reference"): env._("Compared with: %s.", what),
                ("exclude", "reference"): env._("Not compared with: %s.", what),
            }[rule.mode, rule.basis]
            sentences.append(text)
        return " ".join(sentences) or env._("All products")

    def _get_terms_earned(self, version):
        env = request.env
        currency = version.offer_id.currency_id
        yield env._("How it is calculated"), self._describe_formula(version)
        scales = version._get_portal_terms().scales.values()
        if any(scale.brackets[0].lower > ZERO for scale in scales):
            yield env._("Below the first bracket"), env._("Earns nothing")
        if version.minimum:
            yield (
                env._("At least"),
                env._(
                    "Less than %s per period is not paid at all.",
                    currency.format(version.minimum),
                ),
            )
        if version.cap:
            yield env._("At most"), env._("%s per period", currency.format(version.cap))
        guarantee = version._get_guarantee()
        if guarantee:
            yield (
                env._("Guaranteed"),
                env._(
                    "At least %(amount)s per %(period)s",
                    amount=currency.format(float(guarantee.amount)),
                    period=self._get_period_noun(guarantee.period),
                ),
            )
        if version.reduced_by_earlier:
            yield (
                env._("With other offers"),
                env._(
                    "What you earn under earlier offers on the same sales is taken "
                    "off first."
                ),
            )
        if version.best_of:
            yield (
                env._("Best deal"),
                env._(
                    "This offer belongs to a group of which only the best one for "
                    "you counts."
                ),
            )

    def _describe_formula(self, version):
        env = request.env
        if version.rate_kind == "amount":
            if version.formula == "whole":
                return env._("You earn the amount of the highest bracket you reach.")
            return env._("You earn the amounts of all brackets you reach.")
        return {
            "whole": env._(
                "The rate of the highest bracket you reach applies to all your volume."
            ),
            "marginal": env._(
                "Each slice of your volume earns the rate of the bracket it falls into."
            ),
            "rolling": env._(
                "The rates of all brackets you reach add up, each on your volume up to "
                "the end of that bracket."
            ),
            "total": env._(
                "The rates of all brackets you reach add up, each on all your volume."
            ),
        }[version.formula]

    def _get_terms_paid(self, version):
        env = request.env
        currency = version.offer_id.currency_id
        yield (
            env._("Paid by"),
            {
                "credit_note": env._("Credit note"),
                "offset": env._("Credit note, set off against your open invoices"),
                "vendor_bill": env._("Transfer to you"),
                "none": env._("Not paid; for information only"),
            }.get(version.payout, ""),
        )
        if version.payout == "none":
            return
        paid_per = {
            "whole": env._("The whole term, when it is over"),
            "year": env._("Fiscal year, after it ended"),
            "half": env._("Half year, after it ended"),
            "quarter": env._("Quarter, after it ended"),
            "month": env._("Month, after it ended"),
        }[version.offer_id.settlement_period]
        calendar = version.offer_id.settlement_calendar_id
        yield (
            env._("Paid per"),
            f"{paid_per} ({calendar.name})" if calendar else paid_per,
        )
        if version.settlement_minimum:
            yield (
                env._("Smallest payout"),
                env._(
                    "%s; less waits for the next one",
                    currency.format(version.settlement_minimum),
                ),
            )
        partner = self._get_incentive_partner()
        held = version._get_holdback_percents(self._get_today(), partner.ids)[
            partner.id
        ]
        if held:
            yield (
                env._("Held back"),
                env._("%s %% of what you earn, for now", self._format_number(held)),
            )
        yield (
            env._("If you were paid too much"),
            env._("We send you a debit note.")
            if version._get_clawback_policy() == "debit_note"
            else env._("It is taken off what we owe you next."),
        )

    def _get_terms_dates(self, version):
        env = request.env
        offer = version.offer_id
        end = offer._get_end_date()
        yield (
            env._("Runs"),
            self._format_window(offer.date_from, end),
        )
        yield (
            env._("These terms"),
            env._(
                "Version %(number)s, for documents dated from %(date)s on",
                number=version.number,
                date=format_date(env, version.effective_date),
            ),
        )

    def _get_period_noun(self, period):
        env = request.env
        return {
            "whole": env._("term"),
            "year": env._("year"),
            "half": env._("half year"),
            "quarter": env._("quarter"),
            "month": env._("month"),
        }[period]

    # ------------------------------------------------------------------- brackets

    def _get_ladders(self, version, own_segments):
        """The partner's own ladder, and those of other tiers.

        Segments are internal, so a ladder is only shown when it is the partner's, or
        when its segment is nothing but a choice of tiers: the rules of tiers are
        public.

        :param own_segments: segments the partner belongs to now
        :return: list of dicts ``title, own, rows, example``; a row is ``(from, up to,
            rate)``
        """
        env = request.env
        scales = version._get_portal_terms().scales
        segments = version._get_ladder_segments().sorted()
        prefetch_relations((segments, segments._get_condition_relations()))
        own = (segments & own_segments)[:1].id or 0
        ladders = []
        if own in scales:
            ladders.append(
                self._prepare_ladder(version, scales[own], env._("Your rates"), True)
            )
        for segment in segments:
            if segment.id != own and self._is_tier_segment(segment):
                tiers = ", ".join(segment.grade_ids.mapped("name"))
                title = env._("Rates of %s", tiers)
                ladders.append(
                    self._prepare_ladder(version, scales[segment.id], title, False)
                )
        return ladders

    def _is_tier_segment(self, segment):
        return bool(segment.grade_ids) and not (
            segment.specialization_ids
            or segment.region_ids
            or segment.country_ids
            or segment.category_ids
            or segment.potential
            or segment.include_partner_ids
            or segment.exclude_partner_ids
            or segment.partner_domain
        )

    def _prepare_ladder(self, version, scale, title, own):
        uppers = [*(bracket.lower for bracket in scale.brackets[1:]), None]
        return {
            "title": title,
            "own": own,
            "rows": [
                (
                    self._format_bound(version, bracket.lower),
                    self._format_bound(version, upper) if upper is not None else "",
                    self._format_rate(version, bracket.rate),
                )
                for bracket, upper in zip(scale.brackets, uppers, strict=True)
            ],
            "example": self._get_example(version, scale)
            if own and not version._get_reference()
            else "",
        }

    def _get_example(self, version, scale):
        """What some volume earns, so that the formula is not left to imagination."""
        result = self._calculate_volume(
            version, scale, self._get_example_volume(version, scale)
        )
        return request.env._(
            "Example: a volume of %(volume)s earns %(amount)s.",
            volume=result["volume"],
            amount=result["earned"],
        )
