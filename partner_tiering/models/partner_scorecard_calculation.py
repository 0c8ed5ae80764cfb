from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from ..metrics import query
from ..scoring import ladder
from ..scoring.formula import Formula
from ..scoring.score import Goal, Result, percentiles, score_of
from ..scoring.value import value_of

ZERO = Decimal(0)
#: PostgreSQL cannot know how few partners the records are reduced to.
WORK_MEM = "64MB"


class Figure(NamedTuple):
    """A metric of a partner: its value, None without one, and what it was made of."""

    value: Decimal | None
    cases: int
    numerator: Decimal | None
    denominator: Decimal | None


NOTHING = Figure(None, 0, None, None)


class Member(NamedTuple):
    """A partner that is scored, as it was on the day."""

    partner_id: int
    grade_id: int | None
    potential: str | None
    region_id: int | None
    enrolled_on: date


@dataclass
class Outcome:
    """What a policy makes of a partner on a day; nothing is stored yet.

    :param figures: a :class:`Figure` per line of the policy
    :param goals: a :class:`~..scoring.score.Goal` per line, of the partner's own tier
    :param place: of the partner's tier on the ladder
    :param reached: place that the partner qualifies for on this day
    :param percentile: of the score among peers
    :param part_percentiles: of the values among peers
    :param is_small: the safety net holds
    """

    member: Member
    figures: tuple
    goals: tuple[Goal, ...]
    result: Result
    place: int
    reached: int
    is_small: bool = False
    percentile: Decimal | None = None
    part_percentiles: list = field(default_factory=list)


class PartnerScorecardCalculation(models.AbstractModel):
    """Measures all partners in one pass per metric and scores them; writes nothing.

    Figures are a function of the records as they are now and of the day looked at,
    never of the path: scoring some partners, or all of them, or twice, is the same.
    """

    _name = "partner.scorecard.calculation"
    _description = "Scorecard Calculation"

    # -------------------------------------------------------------------- measuring

    @api.model
    def _measure(self, metrics, company, day, partner_ids=None):
        """``{metric id: {partner id: Figure}}`` of the windows that end with ``day``.

        :param partner_ids: only these partners, or None for all that have records
        """
        figures = {}
        if not metrics:
            return figures
        self.env.cr.execute(SQL("SET LOCAL work_mem = %s", WORK_MEM))
        for metric in metrics.filtered(lambda each: each.kind != "formula"):
            figures[metric.id] = self._measure_rows(metric, company, day, partner_ids)
        for metric in metrics.filtered(lambda each: each.kind == "formula"):
            self._measure_formula(metric, company, day, partner_ids, figures)
        self.env.cr.execute("SET LOCAL work_mem TO DEFAULT")
        return figures

    @api.model
    def _measure_rows(self, metric, company, day, partner_ids):
        rows = self.env.execute_query(
            query.aggregate(metric.sudo()._get_rows(company, day), partner_ids)
        )
        aggregation = metric.aggregation
        figures = {}
        for partner_id, cases, numerator, denominator in rows:
            top = None if numerator is None else Decimal(numerator)
            bottom = None if denominator is None else Decimal(denominator)
            value = value_of(aggregation, top, bottom)
            figures[partner_id] = Figure(value, cases, top, bottom)
        return figures

    @api.model
    def _measure_formula(self, metric, company, day, partner_ids, figures):
        """A formula has as many cases as its operand with the fewest."""
        if metric.id in figures:
            return
        operands = metric.sudo()._get_operands()
        for operand in operands.filtered(lambda each: each.id not in figures):
            if operand.kind == "formula":
                self._measure_formula(operand, company, day, partner_ids, figures)
            else:
                figures[operand.id] = self._measure_rows(
                    operand, company, day, partner_ids
                )
        formula = Formula(metric.formula)
        known = set().union(*(figures[operand.id] for operand in operands))
        computed = {}
        for partner_id in known:
            parts = {
                operand.code: figures[operand.id].get(partner_id, NOTHING)
                for operand in operands
            }
            value = formula.compute({code: part.value for code, part in parts.items()})
            cases = min((part.cases for part in parts.values()), default=0)
            computed[partner_id] = Figure(
                value_of("sum", value, None) if value is not None else None,
                cases,
                None,
                None,
            )
        figures[metric.id] = computed

    # ---------------------------------------------------------------------- members

    @api.model
    def _get_members(self, company, day, partner_ids=None):
        """:class:`Member` of each partner enrolled on ``day``, by id."""
        for model in ("partner.incentive.enrollment", "res.partner"):
            self.env[model].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner.id, tier.grade_id, partner.incentive_potential,
                       partner.incentive_region_id, enrolled.first_date
                  FROM (SELECT partner_id, MIN(date_from) AS first_date
                          FROM partner_incentive_enrollment
                         WHERE company_id = %(company)s
                           AND state IN ('active', 'ended')
                           AND (%(all)s OR partner_id = ANY(%(partners)s))
                         GROUP BY partner_id
                        HAVING BOOL_OR(date_from <= %(day)s
                               AND (date_to IS NULL OR date_to >= %(day)s))
                       ) AS enrolled
                  JOIN res_partner AS partner ON partner.id = enrolled.partner_id
             LEFT JOIN (%(tiers)s) AS tier
                    ON tier.partner_id = partner.id AND tier.valid @> %(day)s::date
                 ORDER BY partner.id
                """,
                company=company.id,
                day=day,
                all=partner_ids is None,
                partners=list(partner_ids or ()),
                tiers=self.env["partner.incentive.grade.history"]._get_interval_query(),
            )
        )
        return [Member(*row) for row in rows]

    # ---------------------------------------------------------------------- scoring

    @api.model
    def _score(self, policy, day, partner_ids=None):
        """:class:`Outcome` of each partner of a policy on a day, by partner id.

        With ``partner_ids`` the peers are still all partners, so that a place among
        them means the same.
        """
        policy = policy.sudo()
        members = self._get_members(policy.company_id, day)
        metrics = (
            policy.line_ids.metric_id
            | policy.level_ids.requirement_ids.metric_id
            | policy.small_metric_id
        )
        figures = self._measure(metrics, policy.company_id, day)
        outcomes = self._score_members(policy, members, figures)
        self._place_among_peers(policy, outcomes)
        if partner_ids is not None:
            outcomes = {
                partner_id: outcomes[partner_id]
                for partner_id in partner_ids
                if partner_id in outcomes
            }
        return outcomes

    @api.model
    def _score_members(self, policy, members, figures):
        """Outcomes without places among peers."""
        levels, goals = policy._get_levels(), policy._get_goals()
        places = {level.key: place for place, level in enumerate(levels)}
        line_metrics = [line.metric_id.id for line in policy.line_ids]
        by_line = [figures[line.metric_id.id] for line in policy.line_ids]
        asked = set(policy.level_ids.requirement_ids.metric_id.ids) - {*line_metrics}
        asked = {metric_id: figures[metric_id] for metric_id in asked}
        small = figures.get(policy.small_metric_id.id)
        small_bound = Decimal(str(policy.small_amount))
        coverage = Decimal(str(policy.minimum_coverage))
        outcomes = {}
        for member in members:
            own = tuple(each.get(member.partner_id, NOTHING) for each in by_line)
            values = tuple(figure.value for figure in own)
            cases = tuple(figure.cases for figure in own)
            known = dict(zip(line_metrics, values, strict=True))
            for metric_id, others in asked.items():
                known[metric_id] = others.get(member.partner_id, NOTHING).value
            result_for = self._get_scorer(
                lambda grade_id, potential=member.potential: policy._find_goals(
                    goals, grade_id, potential
                ),
                values,
                cases,
                coverage,
            )
            place = places.get(member.grade_id, 0)
            grade_id = levels[place].key if levels else False
            outcomes[member.partner_id] = Outcome(
                member=member,
                figures=own,
                goals=policy._find_goals(goals, grade_id, member.potential),
                result=result_for(grade_id),
                place=place,
                reached=ladder.reached(
                    levels, lambda at, get=result_for: get(levels[at].key), known
                )
                if levels
                else 0,
                is_small=small is not None
                and (small.get(member.partner_id, NOTHING).value or ZERO) < small_bound,
            )
        return outcomes

    @api.model
    def _get_scorer(self, find_goals, values, cases, coverage):
        """A function from a grade's id to the result at it.

        Grades that share their goals share the result.
        """
        results = {}

        def result_for(grade_id):
            goals = find_goals(grade_id)
            if id(goals) not in results:
                results[id(goals)] = score_of(goals, values, cases, coverage)
            return results[id(goals)]

        return result_for

    @api.model
    def _place_among_peers(self, policy, outcomes):
        groups = {}
        for outcome in outcomes.values():
            member = outcome.member
            key = {"grade": member.grade_id, "region": member.region_id}.get(
                policy.peer_group
            )
            groups.setdefault(key, []).append(outcome)
        directions = [line.higher_is_better for line in policy.line_ids]
        for group in groups.values():
            scores = percentiles(
                {outcome.member.partner_id: outcome.result.score for outcome in group},
                minimum_peers=policy.minimum_peers,
            )
            for outcome in group:
                outcome.percentile = scores[outcome.member.partner_id]
                outcome.part_percentiles = []
            for index, higher_is_better in enumerate(directions):
                places = percentiles(
                    {
                        outcome.member.partner_id: outcome.figures[index].value
                        if outcome.result.points[index] is not None
                        else None
                        for outcome in group
                    },
                    higher_is_better,
                    policy.minimum_peers,
                )
                for outcome in group:
                    outcome.part_percentiles.append(places[outcome.member.partner_id])
