"""Scorecards of 5,000 partners by 12 metrics against what PostgreSQL needs at least.

On 100,000 contracts and deployments:

* scoring (measuring, points, tiers, places among peers) against the floor: one bare
  ``SELECT ... GROUP BY partner`` per metric, its rows fetched;
* a whole refresh, which also stores every scorecard and line, against the floor and
  the bare insertion of the same rows;
* a second refresh, which finds nothing to write;
* closing: the records behind every line are kept.

Every time is the median of several rounds. Ends with status 1 where a target is missed.
"""

import argparse
import statistics
from datetime import date

from _timing import timed

from odoo import Command
from odoo.tools import SQL

DAY = date(2025, 12, 31)
#: Highest accepted ratio to the floor.
TARGET = 3.0
METRICS = (
    "renewal_rate",
    "renewal_value",
    "net_retention",
    "attach_rate",
    "expansion",
    "time_to_value",
    "adherence",
    "deployment_quality",
    "deployments",
    "success_stories",
    "engagement",
    "certifications",
)


def main(env, arguments):
    parser = argparse.ArgumentParser(prog="scripts/bench scorecards")
    parser.add_argument("--partners", type=int, default=5000)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    env = env(context={**env.context, "tracking_disable": True})
    print("Partners, contracts, deployments ...", flush=True)
    policy = _prepare(env, options)
    return _measure(env, policy, options)


def _prepare(env, options):
    """Partners and records by SQL, copied from real ones; ids follow each other."""
    company = env.company
    program = env["partner.incentive.program"].create(
        {
            "name": "Bench",
            "date_from": date(2024, 1, 1),
            "date_to": date(2026, 12, 31),
            "state": "active",
        }
    )
    product, other = env["product.product"].create(
        [
            {"name": f"Bench plan {number}", "incentive_recurring": True}
            for number in (1, 2)
        ]
    )
    partner = env["res.partner"].create({"name": "Bench", "is_company": True})
    enrollment = env["partner.incentive.enrollment"].create(
        {
            "program_id": program.id,
            "partner_id": partner.id,
            "date_from": date(2024, 1, 1),
        }
    )
    contract = env["partner.customer.contract"].create(
        {
            "customer_id": partner.id,
            "partner_id": partner.id,
            "product_id": product.id,
            "date_start": date(2024, 6, 1),
            "date_end": date(2025, 5, 31),
            "recurring_amount": 1000,
        }
    )
    playbook = env["partner.deployment.playbook"].create(
        {"name": "Bench", "item_ids": [Command.create({"name": "Standard"})]}
    )
    deployment = env["partner.deployment"].create(
        {
            "name": "Bench",
            "partner_id": partner.id,
            "customer_id": partner.id,
            "playbook_id": playbook.id,
            "date_start": date(2025, 1, 1),
            "date_live": date(2025, 2, 1),
        }
    )
    policy = _create_policy(env, company)
    env.flush_all()
    half = options.records // 2
    _copy(env, partner, options.partners, {"commercial_partner_id": SQL("_new_id")})
    partners = SQL("%s + 1 + n %% %s", partner.id, options.partners)
    customers = SQL("%s + 1 + n %% %s", partner.id, min(1777, options.partners))
    _copy(env, enrollment, options.partners, {"partner_id": partners})
    end = SQL("date '2024-07-01' + n * 7919 %% 540")
    _copy(
        env,
        contract,
        half,
        {
            "partner_id": partners,
            "customer_id": customers,
            "product_id": SQL(
                "CASE WHEN n %% 3 = 0 THEN %s ELSE %s END", product.id, other.id
            ),
            "date_end": end,
            "date_start": SQL("%s - 364", end),
            "state": SQL("CASE WHEN n %% 5 = 0 THEN 'churned' ELSE 'renewed' END"),
            "recurring_amount": SQL("500 + n * 31 %% 4000"),
            "name": SQL("'BENCH/' || n"),
        },
    )
    live = SQL("date '2025-01-01' + n * 7907 %% 365")
    _copy(
        env,
        deployment,
        half,
        {
            "partner_id": partners,
            "customer_id": customers,
            "date_live": live,
            "date_start": SQL("%s - 20 - n * 13 %% 120", live),
            "time_to_value": SQL("20 + n * 13 %% 120"),
            "state": SQL("'live'"),
            "adherence": SQL("n * 17 %% 101"),
            "quality": SQL("n * 37 %% 101"),
            "access_token": SQL("NULL"),
        },
    )
    env.cr.commit()
    env.invalidate_all()
    env.cr._cnx.autocommit = True
    env.cr.execute(
        "ANALYZE res_partner; ANALYZE partner_customer_contract;"
        "ANALYZE partner_deployment; ANALYZE partner_incentive_enrollment"
    )
    env.cr._cnx.autocommit = False
    return policy


def _copy(env, record, number, values):
    """Copy a row ``number`` times within the database; ``n`` counts from 0."""
    table = record._table
    columns = [
        name
        for (name,) in env.execute_query(
            SQL(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass"
                " AND attnum > 0 AND NOT attisdropped AND attname != 'id'",
                table,
            )
        )
    ]
    first = record.id
    env.cr.execute(
        SQL(
            "INSERT INTO %(table)s (id, %(columns)s)"
            " SELECT %(first)s + 1 + n, %(values)s FROM %(table)s AS source,"
            " LATERAL (SELECT n, %(first)s + 1 + n AS _new_id"
            " FROM generate_series(0, %(last)s) AS n) AS number"
            " WHERE source.id = %(first)s",
            table=SQL.identifier(table),
            columns=SQL(", ").join(SQL.identifier(name) for name in columns),
            first=first,
            last=number - 1,
            values=SQL(", ").join(
                values.get(name, SQL.identifier("source", name)) for name in columns
            ),
        )
    )
    env.cr.execute(
        SQL(
            "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", table, first + number
        )
    )


def _create_policy(env, company):
    grades = env["res.partner.grade"].create(
        [{"name": name} for name in ("Bench 1", "Bench 2", "Bench 3", "Bench 4")]
    )
    bounds = {"time_to_value": (150, 40), "expansion": (0, 5000)}
    policy = env["partner.tier.policy"].create(
        {
            "name": "Bench",
            "company_id": company.id,
            "date_from": date(2025, 10, 1),
            "line_ids": [
                Command.create(
                    {
                        "metric_id": env.ref(f"partner_tiering.metric_{code}").id,
                        "weight": 10,
                        "floor": bounds.get(code, (0, 90))[0],
                        "target": bounds.get(code, (0, 90))[1],
                    }
                )
                for code in METRICS
            ],
            "level_ids": [
                Command.create(
                    {
                        "grade_id": grade.id,
                        "sequence": place,
                        "minimum_score": 20 * place,
                    }
                )
                for place, grade in enumerate(grades)
            ],
        }
    )
    policy.sudo().action_submit()
    policy.sudo().action_publish()
    return policy


def _floor_queries(policy):
    """The same figures as anybody would ask for them, one ``GROUP BY`` each."""
    return [
        SQL(
            "SELECT partner_id, COUNT(*), SUM(numerator), SUM(denominator)"
            " FROM (%s) AS row GROUP BY partner_id",
            line.metric_id._get_rows(policy.company_id, DAY),
        )
        for line in policy.line_ids
    ]


def _measure(env, policy, options):
    times = {
        name: []
        for name in ("floor", "scoring", "insert", "refresh", "again", "closing")
    }
    queries = _floor_queries(policy)
    Card = env["partner.scorecard"].sudo()
    Calculation = env["partner.scorecard.calculation"]
    env.flush_all()
    for _round in range(options.rounds):
        seconds, _rows = timed(lambda: [env.execute_query(each) for each in queries])
        times["floor"].append(seconds)
        seconds, outcomes = timed(lambda: Calculation._score(policy, DAY))
        times["scoring"].append(seconds)
        seconds, _cards = timed(lambda: Card._refresh(policy, DAY))
        times["refresh"].append(seconds)
        seconds, changed = timed(lambda: Card._refresh(policy, DAY))
        if changed:
            raise AssertionError("The second refresh wrote something.")
        times["again"].append(seconds)
        times["insert"].append(_bare_insert(env))
        seconds, _changes = timed(lambda: Card._close(policy, DAY))
        times["closing"].append(seconds)
        env.cr.rollback()
        env.invalidate_all()
    figures = {name: statistics.median(values) for name, values in times.items()}
    figures["store floor"] = figures["floor"] + figures["insert"]
    print(
        f"\n{len(outcomes):,} partners, {len(queries)} metrics,"
        f" {options.records:,} contracts and deployments\n"
    )
    for name, label in (
        ("floor", "floor: a bare GROUP BY per metric"),
        ("scoring", "scoring"),
        ("insert", "bare insertion of all rows"),
        ("refresh", "refresh: scoring and storing all"),
        ("again", "second refresh, nothing to write"),
        ("closing", "closing, with evidence and tiers"),
    ):
        print(f"{label:38}{figures[name]:>10.3f} s")
    missed = 0
    for name, base, label in (
        ("scoring", "floor", "scoring / floor"),
        ("refresh", "store floor", "refresh / (floor + bare insertion)"),
    ):
        ratio = figures[name] / figures[base]
        missed += ratio > TARGET
        print(f"{label:38}{ratio:>10.2f}x   target {TARGET}x")
    return 1 if missed else 0


def _bare_insert(env):
    """Insert the rows that a refresh stored into bare tables of the same shape.

    With the same indexes and references: whoever stores them has to keep these.
    """
    cr = env.cr
    total = 0
    for table in ("partner_scorecard", "partner_scorecard_line"):
        cr.execute(
            SQL(
                "CREATE TABLE bench_bare (LIKE %s INCLUDING INDEXES)",
                SQL.identifier(table),
            )
        )
        references = env.execute_query(
            SQL(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid = %s::regclass AND contype = 'f'",
                table,
            )
        )
        for (reference,) in references:
            cr.execute(f"ALTER TABLE bench_bare ADD {reference}")
        seconds, _none = timed(
            lambda table=table: cr.execute(
                SQL("INSERT INTO bench_bare SELECT * FROM %s", SQL.identifier(table))
            )
        )
        total += seconds
        cr.execute("DROP TABLE bench_bare")
    return total
