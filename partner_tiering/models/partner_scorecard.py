import csv
import io

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

from ..scoring import ladder
from ..scoring.score import score_of

#: Stored columns of a scorecard, and their types, that a refresh writes.
CARD_COLUMNS = {
    "partner_id": "int4",
    "grade_id": "int4",
    "reached_grade_id": "int4",
    "qualified_grade_id": "int4",
    "score": "numeric",
    "has_score": "bool",
    "coverage": "numeric",
    "all_positive": "bool",
    "percentile": "numeric",
    "has_percentile": "bool",
    "is_small": "bool",
    "enrolled_on": "date",
}
#: The same of a scorecard's lines.
LINE_COLUMNS = {
    "partner_id": "int4",
    "metric_id": "int4",
    "sequence": "int4",
    "weight": "numeric",
    "floor": "numeric",
    "target": "numeric",
    "higher_is_better": "bool",
    "partial": "bool",
    "minimum_cases": "int4",
    "cases": "int4",
    "numerator": "numeric",
    "denominator": "numeric",
    "value": "numeric",
    "points": "numeric",
    "percentile": "numeric",
    "has_percentile": "bool",
    "verdict": "varchar",
}
#: Scorecards written at once from which on the planner is told of them.
MANY = 1000


class PartnerScorecard(models.Model):
    """A partner's performance in a period: draft while it runs, then closed for good.

    ======= ======= ===== ======================================================
    Action  Who     From  Restriction
    ======= ======= ===== ======================================================
    refresh User    draft derived; written by the refresh only
    close   Manager draft the period is over; the records behind it are kept
    ======= ======= ===== ======================================================

    Closed scorecards are never written or deleted, not even by the superuser.
    """

    _name = "partner.scorecard"
    _description = "Partner Scorecard"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date_to desc, score desc, id"
    _rec_name = "partner_id"

    policy_id = fields.Many2one(
        "partner.tier.policy",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="restrict"
    )
    date_from = fields.Date(string="From", required=True, readonly=True)
    date_to = fields.Date(string="To", required=True, readonly=True, index=True)
    as_of = fields.Date(string="As of", required=True, readonly=True)
    state = fields.Selection(
        [("draft", "Running"), ("closed", "Closed")],
        default="draft",
        required=True,
        readonly=True,
        index=True,
    )
    grade_id = fields.Many2one(
        "res.partner.grade", string="Tier", readonly=True, index="btree_not_null"
    )
    reached_grade_id = fields.Many2one(
        "res.partner.grade",
        string="Reached on the day",
        readonly=True,
        index="btree_not_null",
    )
    qualified_grade_id = fields.Many2one(
        "res.partner.grade",
        string="Qualifies for",
        readonly=True,
        index="btree_not_null",
        help="By the day, or by any day of the qualification window, as the policy has "
        "it.",
    )
    score = fields.Float(
        digits=(16, 2), readonly=True, aggregator="avg", help="0 to 100."
    )
    has_score = fields.Boolean(string="Enough is known", readonly=True)
    coverage = fields.Float(
        string="Known weight (%)", digits=(16, 2), readonly=True, aggregator="avg"
    )
    all_positive = fields.Boolean(string="Every part above zero", readonly=True)
    percentile = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Percentage of the peers that the partner is ahead of.",
    )
    has_percentile = fields.Boolean(readonly=True)
    previous_score = fields.Float(digits=(16, 2), readonly=True, aggregator=None)
    has_previous = fields.Boolean(readonly=True)
    trend = fields.Float(
        digits=(16, 2),
        compute="_compute_trend",
        help="Points of score since the scorecard before.",
    )
    is_small = fields.Boolean(
        string="Safety net", readonly=True, help="The partner is small."
    )
    enrolled_on = fields.Date(readonly=True)
    closed_on = fields.Datetime(readonly=True)
    closed_by = fields.Many2one("res.users", readonly=True)
    line_ids = fields.One2many("partner.scorecard.line", "scorecard_id", readonly=True)
    change_ids = fields.One2many("partner.tier.change", "scorecard_id", readonly=True)
    note = fields.Text(string="Coaching notes", compute="_compute_note")

    _once = models.UniqueIndex(
        "(company_id, partner_id, date_to)",
        "The partner has a scorecard for that period already.",
    )

    @api.depends("partner_id.name", "date_from", "date_to")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for card in self:
            first, last = (
                format_date(self.env, day) for day in (card.date_from, card.date_to)
            )
            card.display_name = f"{card.partner_id.name or ''}, {first} – {last}"

    @api.depends("score", "previous_score", "has_previous", "has_score")
    def _compute_trend(self):
        for card in self:
            known = card.has_previous and card.has_score
            card.trend = card.score - card.previous_score if known else 0

    def _compute_note(self):
        notes = self.env["partner.coaching.note"].search(
            [("partner_id", "in", self.partner_id.ids)]
        )
        for card in self:
            own = notes.filtered(
                lambda note, card=card: (
                    note.partner_id == card.partner_id
                    and card.date_from <= note.date <= card.date_to
                )
            )
            card.note = "\n".join(f"{note.date}: {note.note}" for note in own)

    # ----------------------------------------------------------------- immutability

    def write(self, vals):
        # messages and activities of a closed scorecard may still come
        content = {
            name
            for name in vals
            if not name.startswith(("message_", "activity_", "website_message"))
        }
        if content:
            for card in self:
                if card.state == "closed":
                    raise UserError(
                        self.env._(
                            "%s is closed and stays as it is.", card.display_name
                        )
                    )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_closed(self):
        for card in self:
            if card.state == "closed":
                raise UserError(
                    self.env._("%s is closed and is kept.", card.display_name)
                )

    # ---------------------------------------------------------------------- refresh

    @api.model
    def _refresh(self, policy, day, partner_ids=None):
        """Bring the running scorecards of the period of ``day`` up to date.

        Writes what differs from what is there, in a statement per table whatever the
        number of partners. Running it twice changes nothing.

        :return: ids of the scorecards that were made or changed
        """
        start, end = policy._get_period(day)
        if start < policy.date_from:
            raise UserError(
                self.env._(
                    "%(policy)s is in force from %(date)s on.",
                    policy=policy.display_name,
                    date=format_date(self.env, policy.date_from),
                )
            )
        self.env.flush_all()
        outcomes = self.env["partner.scorecard.calculation"]._score(
            policy, day, partner_ids
        )
        return self._store(policy, day, outcomes, partner_ids is None)

    @api.model
    def _store(self, policy, day, outcomes, is_complete):
        start, end = policy._get_period(day)
        company = policy.company_id
        grades = [level.grade_id.id for level in policy.sudo().level_ids.sorted()]
        qualified = self._qualify(policy, day, outcomes, grades)
        self._load(
            "scorecard_input",
            CARD_COLUMNS,
            (
                (
                    partner_id,
                    outcome.member.grade_id,
                    grades[outcome.reached],
                    grades[qualified[partner_id]],
                    outcome.result.score or 0,
                    outcome.result.score is not None,
                    outcome.result.coverage,
                    outcome.result.all_positive,
                    outcome.percentile or 0,
                    outcome.percentile is not None,
                    outcome.is_small,
                    outcome.member.enrolled_on,
                )
                for partner_id, outcome in outcomes.items()
            ),
        )
        params = {
            "policy": policy.id,
            "company": company.id,
            "start": start,
            "end": end,
            "day": day,
            "user": self.env.uid,
        }
        if is_complete:
            self._drop_superfluous(params)
        changed = self._store_cards(params)
        metrics = policy.sudo().line_ids
        heads = [
            (line.metric_id.id, index) for index, line in enumerate(metrics, start=1)
        ]
        self._load(
            "scorecard_line_input",
            LINE_COLUMNS,
            (
                self._prepare_line(partner_id, head, outcome, index)
                for partner_id, outcome in outcomes.items()
                for index, head in enumerate(heads)
            ),
        )
        changed |= self._store_lines({**params, "metrics": metrics.metric_id.ids})
        if len(changed) > MANY:
            # nobody else can tell the planner before this is committed, and without
            # knowing better it compares every line with every scorecard
            self.env.cr.execute("ANALYZE partner_scorecard, partner_scorecard_line")
        self.env.invalidate_all()
        return sorted(changed)

    @api.model
    def _prepare_line(self, partner_id, head, outcome, index):
        goal, figure = outcome.goals[index], outcome.figures[index]
        points = outcome.result.points[index]
        place = outcome.part_percentiles[index]
        if points is not None:
            verdict = "scored"
        else:
            verdict = "few" if figure.cases else "none"
        return (
            partner_id,
            *head,
            goal.weight,
            goal.floor,
            goal.target,
            goal.higher_is_better,
            goal.partial,
            goal.minimum_cases,
            figure.cases,
            figure.numerator,
            figure.denominator,
            figure.value,
            points,
            place or 0,
            place is not None,
            verdict,
        )

    @api.model
    def _load(self, table, columns, rows):
        """Copy rows into a temporary table."""
        cr = self.env.cr
        cr.execute(
            SQL(
                "CREATE TEMPORARY TABLE IF NOT EXISTS %s (%s) ON COMMIT DROP",
                SQL.identifier(table),
                SQL(", ").join(
                    SQL("%s %s", SQL.identifier(name), SQL(kind))
                    for name, kind in columns.items()
                ),
            )
        )
        cr.execute(SQL("TRUNCATE %s", SQL.identifier(table)))
        content = io.StringIO()
        csv.writer(content, lineterminator="\n").writerows(rows)
        content.seek(0)
        cr.copy_expert(f"COPY {table} FROM STDIN WITH (FORMAT csv)", content)
        cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))

    @api.model
    def _drop_superfluous(self, params):
        """Running scorecards of partners who are not enrolled any more."""
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM partner_scorecard AS card
                 WHERE card.company_id = %(company)s AND card.date_to = %(end)s
                   AND card.state = 'draft'
                   AND NOT EXISTS (SELECT FROM scorecard_input AS input
                                    WHERE input.partner_id = card.partner_id)
                """,
                **params,
            )
        )

    @api.model
    def _store_cards(self, params):
        names = [SQL.identifier(name) for name in CARD_COLUMNS]
        columns = SQL(", ").join(names)
        present = SQL(", ").join(SQL("card.%s", name) for name in names)
        excluded = SQL(", ").join(SQL("excluded.%s", name) for name in names)
        assignments = SQL(", ").join(SQL("%s = excluded.%s", n, n) for n in names)
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO partner_scorecard AS card (
                    policy_id, company_id, date_from, date_to, as_of, state,
                    create_uid, create_date, write_uid, write_date,
                    previous_score, has_previous, %(columns)s)
                SELECT %(policy)s, %(company)s, %(start)s::date, %(end)s::date,
                       %(day)s::date, 'draft', %(user)s, now() AT TIME ZONE 'UTC',
                       %(user)s, now() AT TIME ZONE 'UTC',
                       COALESCE(previous.score, 0),
                       COALESCE(previous.has_score, FALSE), %(input)s
                  FROM scorecard_input AS input
             LEFT JOIN LATERAL (
                       SELECT score, has_score FROM partner_scorecard AS earlier
                        WHERE earlier.company_id = %(company)s
                          AND earlier.partner_id = input.partner_id
                          AND earlier.date_to < %(start)s
                          AND earlier.state = 'closed'
                        ORDER BY earlier.date_to DESC LIMIT 1) AS previous ON TRUE
                ON CONFLICT (company_id, partner_id, date_to) DO UPDATE
                   SET policy_id = excluded.policy_id, as_of = excluded.as_of,
                       previous_score = excluded.previous_score,
                       has_previous = excluded.has_previous,
                       write_uid = excluded.write_uid,
                       write_date = excluded.write_date, %(assignments)s
                 WHERE card.state = 'draft'
                   AND (card.policy_id, card.as_of, card.previous_score,
                        card.has_previous, %(present)s)
                       IS DISTINCT FROM
                       (excluded.policy_id, excluded.as_of, excluded.previous_score,
                        excluded.has_previous, %(excluded)s)
                RETURNING card.id
                """,
                columns=columns,
                input=SQL(", ").join(SQL("input.%s", name) for name in names),
                present=present,
                excluded=excluded,
                assignments=assignments,
                **params,
            )
        )
        return {card_id for (card_id,) in rows}

    @api.model
    def _store_lines(self, params):
        names = [SQL.identifier(name) for name in LINE_COLUMNS]
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM partner_scorecard_line AS line
                 USING partner_scorecard AS card
                 WHERE card.id = line.scorecard_id AND card.state = 'draft'
                   AND card.company_id = %(company)s AND card.date_to = %(end)s
                   AND card.partner_id IN (SELECT partner_id FROM scorecard_input)
                   AND line.metric_id != ALL(%(metrics)s)
                """,
                **params,
            )
        )
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO partner_scorecard_line AS line (
                    scorecard_id, company_id, date_to, %(columns)s)
                SELECT card.id, card.company_id, card.date_to, %(input)s
                  FROM scorecard_line_input AS input
                  JOIN partner_scorecard AS card
                    ON card.partner_id = input.partner_id
                   AND card.company_id = %(company)s AND card.date_to = %(end)s
                 WHERE card.state = 'draft'
                ON CONFLICT (scorecard_id, metric_id) DO UPDATE SET %(assignments)s
                 WHERE (%(present)s) IS DISTINCT FROM (%(excluded)s)
                RETURNING line.scorecard_id
                """,
                columns=SQL(", ").join(names),
                input=SQL(", ").join(SQL("input.%s", name) for name in names),
                present=SQL(", ").join(SQL("line.%s", name) for name in names),
                excluded=SQL(", ").join(SQL("excluded.%s", name) for name in names),
                assignments=SQL(", ").join(
                    SQL("%s = excluded.%s", name, name) for name in names
                ),
                **params,
            )
        )
        return {card_id for (card_id,) in rows}

    @api.model
    def _qualify(self, policy, day, outcomes, grades):
        """``{partner id: place}`` that each partner qualifies for.

        Where one qualifying day suffices, the days on which something was reached are
        kept, and the best one of the window counts.
        """
        qualified = {
            partner_id: outcome.reached for partner_id, outcome in outcomes.items()
        }
        if policy.qualification != "any_day":
            return qualified
        Qualification = self.env["partner.tier.qualification"].sudo()
        Qualification._record(
            policy,
            day,
            {
                partner_id: grades[place]
                for partner_id, place in qualified.items()
                if place
            },
            [*outcomes],
        )
        since = day - relativedelta(months=policy.qualification_months)
        places = {grade_id: place for place, grade_id in enumerate(grades)}
        for partner, grade in Qualification._read_group(
            [
                ("company_id", "=", policy.company_id.id),
                ("partner_id", "in", [*outcomes]),
                ("date", ">", since),
                ("date", "<=", day),
            ],
            ["partner_id", "grade_id"],
        ):
            place = places.get(grade.id, 0)
            qualified[partner.id] = max(qualified[partner.id], place)
        return qualified

    def action_refresh(self):
        """Recalculate now, as of today or the end of the period."""
        self.check_access("read")
        if not self.env.user.has_group("partner_incentive_base.group_incentive_user"):
            raise UserError(self.env._("Only users of the suite refresh scorecards."))
        today = fields.Date.context_today(self)
        for (policy, end), cards in self.grouped(
            lambda card: (card.policy_id, card.date_to)
        ).items():
            running = cards.filtered(lambda card: card.state == "draft")
            if not running:
                raise UserError(
                    self.env._(
                        "%s is closed and stays as it is.", cards[:1].display_name
                    )
                )
            self.sudo()._refresh(policy, min(today, end), running.partner_id.ids)

    # ------------------------------------------------------------------------ close

    def action_close(self):
        """Close the scorecards of the period of these, all of them together.

        Places among peers hold only where all are closed on the same figures.
        """
        self.check_access("read")
        if not self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            raise UserError(self.env._("Only a Manager closes scorecards."))
        changes = self.env["partner.tier.change"]
        for policy, end in {
            (card.policy_id, card.date_to) for card in self if card.state == "draft"
        }:
            changes |= self.sudo()._close(policy, end)
        return changes._get_action() if changes else True

    @api.model
    def _close(self, policy, end):
        """Refresh as of the last day, freeze, keep the records, recommend tiers."""
        today = fields.Date.context_today(self)
        if end >= today:
            raise UserError(
                self.env._(
                    "The period runs until %s; it is closed after that day.",
                    format_date(self.env, end),
                )
            )
        self._refresh(policy, end)
        cards = self.search(
            [
                ("policy_id", "=", policy.id),
                ("date_to", "=", end),
                ("state", "=", "draft"),
            ]
        )
        cards._keep_evidence()
        cards.write(
            {
                "state": "closed",
                "closed_on": fields.Datetime.now(),
                "closed_by": self.env.uid,
            }
        )
        self.env.flush_all()
        changes = self.env["partner.tier.change"]._recommend(cards)
        self.env["partner.performance.alert"]._check(cards)
        self.env["partner.safety.net"]._propose(cards)
        return changes

    def action_propose_safety_net(self):
        """Look again what small partners are missing, after late documents came."""
        self.check_access("read")
        if not self.env.user.has_group(
            "partner_incentive_base.group_incentive_finance"
        ) and not self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            raise UserError(self.env._("Only finance or a Manager does that."))
        for cards in (
            self.filtered(lambda card: card.state == "closed")
            .grouped(lambda card: (card.policy_id, card.date_to))
            .values()
        ):
            self.env["partner.safety.net"].sudo()._propose(cards.sudo())
        return self.env["ir.actions.act_window"]._for_xml_id(
            "partner_tiering.partner_safety_net_action"
        )

    def _keep_evidence(self):
        """Keep the records behind each line, with what each of them added."""
        self.env["partner.scorecard.evidence"]._fill(self)

    @api.model
    def _cron_refresh(self):
        """Nightly: running scorecards of every company with a policy in force."""
        today = fields.Date.context_today(self)
        companies = self.env["partner.tier.policy"]._read_group(
            [("state", "=", "published"), ("date_from", "<=", today)],
            ["company_id"],
        )
        for (company,) in companies:
            policy = self.env["partner.tier.policy"]._get_in_force(company, today)
            if policy:
                self._refresh(policy, today)
            self.env["ir.cron"]._commit_progress(1)

    # ---------------------------------------------------------------- explanations

    def _get_result_at(self, grade, lines):
        """:class:`Result` of the stored values of lines against a tier's targets."""
        self.ensure_one()
        policy = self.policy_id.sudo()
        scoring = policy._get_scoring()
        goals = policy._find_goals(
            scoring.goals, grade.id, self.partner_id.sudo().incentive_potential
        )
        by_metric = {line.metric_id.id: line for line in lines}
        values, cases = [], []
        for metric_id in scoring.metric_ids:
            line = by_metric.get(metric_id)
            values.append(line._get_value() if line else None)
            cases.append(line.cases if line else 0)
        return score_of(goals, values, cases, scoring.coverage)

    def _get_ladder(self):
        """What each level asks for and what is missing.

        :return: list of ``{"grade", "level", "result": Result, "gaps": [Gap]}``,
            ascending
        """
        self.ensure_one()
        scoring = self.policy_id.sudo()._get_scoring()
        lines = self.env["partner.scorecard.line"].search_fetch(
            [("scorecard_id", "=", self.id)]
        )
        values = self._get_values(lines)
        grades = self.env["res.partner.grade"].sudo()
        rows = []
        for level, record in zip(
            scoring.levels,
            self.env["partner.tier.level"].sudo().browse(scoring.level_ids),
            strict=True,
        ):
            grade = grades.browse(level.key)
            result = self._get_result_at(grade, lines)
            rows.append(
                {
                    "grade": grade,
                    "level": record,
                    "result": result,
                    "gaps": ladder.gaps(level, result, values),
                }
            )
        return rows

    def _get_values(self, lines):
        """``{metric id: value or None}``, with the requirements outside the score."""
        self.ensure_one()
        values = {line.metric_id.id: line._get_value() for line in lines}
        required = self.policy_id.sudo()._get_scoring().required_ids
        others = (
            self.env["partner.metric"].sudo().browse(sorted(required - values.keys()))
        )
        figures = self.env["partner.scorecard.calculation"]._measure(
            others, self.company_id, self.as_of, self.partner_id.ids
        )
        for metric in others:
            figure = figures[metric.id].get(self.partner_id.id)
            values[metric.id] = figure.value if figure else None
        return values

    def _get_next_level(self):
        """Row of :meth:`_get_ladder` above the partner's tier, or None."""
        self.ensure_one()
        rows = self._get_ladder()
        places = {row["grade"]: place for place, row in enumerate(rows)}
        place = places.get(self.grade_id, 0)
        return rows[place + 1] if place + 1 < len(rows) else None

    def action_view_changes(self):
        self.ensure_one()
        return self.change_ids._get_action()

    def action_view_evidence(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Records behind %s", self.display_name),
            "res_model": "partner.scorecard.evidence",
            "view_mode": "list,pivot",
            "domain": [("scorecard_id", "=", self.id)],
            "context": {"search_default_group_metric": 1},
        }
