"""What a run costs when little changed, and when two processes share the work.

On books of 10,000, 100,000 and 1,000,000 invoice lines of 1,000 partners:

* a run after 100 new invoices that looks at everybody, and one that looks at the
  partners of these invoices only; both book the same, so that the time beside the
  booking tells what looking costs;
* a run when nothing changed at all, against the floor of the calculation: one bare
  ``SELECT ... GROUP BY partner, window`` per offer.

On books of 100,000 lines: four offers booked by one process, and by two at once, each
with two of them. Nothing may be booked twice. Ends with status 1 where a target is
missed.
"""

import argparse
import os
import statistics
import time
import traceback
from datetime import date

from _books import LINES_PER_INVOICE, YEAR, Books
from _offers import create_offers, floor_queries
from _timing import flushed, overlook_other_databases, timed, timed_booking
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api, sql_db
from odoo.modules.registry import Registry

DAY = date(YEAR, 12, 31)
SIZES = (10_000, 100_000, 1_000_000)
NEW_INVOICES = 100
#: Highest accepted share of the time of one process.
PARALLEL_TARGET = 0.75
#: Highest accepted ratio of a run without anything new to the floor.
NOTHING_TARGET = 1.5
PARALLEL_SIZE = 100_000
#: An even number: two processes share what is about the same work for each.
PARALLEL_OFFERS = 4


def main(env, arguments):
    options = _parse(arguments)
    env = env(context={**env.context, "tracking_disable": True})
    print("Partners, products and offers ...", flush=True)
    books = Books(env)
    offers = create_offers(env, books)
    env.cr.commit()
    queries = floor_queries(env, books)
    missed = []
    results = []
    for size in options.sizes:
        print(f"\n{size:,} invoice lines: loading ...", flush=True)
        books.grow(size)
        if size == min(PARALLEL_SIZE, options.sizes[-1]) and not options.no_parallel:
            missed += _compare_processes(env, offers[:PARALLEL_OFFERS], options.rounds)
        _forget(env, offers)
        floor = statistics.median(
            timed(lambda: [env.execute_query(query) for query in queries])[0]
            for _round in range(options.rounds)
        )
        figures = _measure(env, books, offers, options.rounds)
        results.append({"size": size, "floor": floor, **figures})
    missed += _print_results(results)
    for line in missed:
        print(f"MISSED: {line}")
    return 1 if missed else 0


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="scripts/bench runs", description=__doc__)
    parser.add_argument(
        "--sizes",
        type=lambda text: [int(each.replace("_", "")) for each in text.split(",")],
        default=list(SIZES),
        help="numbers of invoice lines, ascending, such as 10000,100000",
    )
    parser.add_argument("--rounds", type=int, default=3, help="of each measurement")
    parser.add_argument("--no-parallel", action="store_true")
    return parser.parse_args(arguments)


def _forget(env, offers):
    env["partner.incentive.lock"]._forget()
    env.cr.commit()


# --------------------------------------------------------------------- what changed


def _measure(env, books, offers, rounds):
    """Seconds of each kind of run; all but the first are undone."""
    run = env["partner.incentive.run"]
    run._accrue(offers, DAY)
    overlook_other_databases(env)
    env.cr.commit()
    figures = {
        "nothing": _median(env, rounds, lambda: run._accrue_changed(offers, DAY))
    }
    books.grow(books.line_count + NEW_INVOICES * LINES_PER_INVOICE)
    figures["changed"] = _median(env, rounds, lambda: run._accrue_changed(offers, DAY))
    figures["full"] = _median(env, rounds, lambda: run._accrue(offers, DAY))
    if figures["changed"]["amount"] != figures["full"]["amount"]:
        raise AssertionError("The two runs booked different amounts.")
    if figures["nothing"]["entries"]:
        raise AssertionError("A run booked something though nothing changed.")
    return figures


def _median(env, rounds, function):
    """Median seconds, and what the run booked; the transaction is rolled back.

    ``looking`` are the seconds that were not spent on booking.
    """
    seconds, looking = [], []
    for _round in range(rounds):
        env.invalidate_all()
        with timed_booking(env) as booking:
            elapsed, runs = timed(lambda: flushed(function()))
        seconds.append(elapsed)
        looking.append(elapsed - sum(booking))
        entries = runs.entry_ids
        booked = len(entries), round(sum(entries.mapped("balance")), 2)
        partners = len(entries.partner_id)
        env.cr.rollback()
    return {
        "seconds": statistics.median(seconds),
        "looking": statistics.median(looking),
        "entries": booked[0],
        "amount": booked[1],
        "partners": partners,
    }


def _print_results(results):
    """Print a row per size; return what misses its target."""
    print(f"\na run after {NEW_INVOICES} new invoices, and with nothing new\n")
    header = ("lines", "all", "looking", "changed", "looking", "partners", "entries")
    header += ("nothing", "floor", "ratio")
    print(" ".join(f"{name:>10}" for name in header))
    missed = []
    for each in results:
        full, changed = each["full"], each["changed"]
        ratio = each["nothing"]["seconds"] / each["floor"]
        row = (
            f"{each['size']:,}",
            f"{full['seconds']:.2f} s",
            f"{full['looking']:.2f} s",
            f"{changed['seconds']:.2f} s",
            f"{changed['looking']:.2f} s",
            changed["partners"],
            changed["entries"],
            f"{each['nothing']['seconds']:.2f} s",
            f"{each['floor']:.2f} s",
            f"{ratio:.2f}x",
        )
        print(" ".join(f"{cell!s:>10}" for cell in row))
        if ratio > NOTHING_TARGET:
            missed.append(
                f"a run with nothing new at {each['size']:,} lines takes {ratio:.2f}x"
                f" the floor, not {NOTHING_TARGET}x"
            )
    first, last = results[0], results[-1]
    if first is not last:
        for name in ("full", "changed", "nothing"):
            growth = last[name]["looking"] / first[name]["looking"]
            lines = last["size"] / first["size"]
            print(f"looking, {name}: {growth:.1f}x for {lines:.0f}x the lines")
    return missed


# -------------------------------------------------------------------- two processes


def _compare_processes(env, offers, rounds):
    """Book offers by one process and by two; both start from nothing booked.

    Medians of several rounds; only the last that two processes did stays.
    """
    halves = (offers[::2].ids, offers[1::2].ids)
    name = env.cr.dbname
    env.cr.commit()
    times = {"alone": [], "together": []}
    for number in range(rounds):
        last = number == rounds - 1
        times["alone"].append(_run_processes(name, [[*halves]], commit=False))
        times["together"].append(
            _run_processes(name, [[half] for half in halves], commit=last)
        )
    alone, together = (statistics.median(seconds) for seconds in times.values())
    env.cr.rollback()
    env.invalidate_all()
    again = env["partner.incentive.run"]._accrue(offers, DAY)
    twice = len(again.entry_ids)
    company = offers.company_id
    differences = env["partner.incentive.reconciliation"]._get_differences(company)
    env.cr.rollback()
    share = together / alone
    print(
        f"\none process {alone:.1f} s, two at once {together:.1f} s: {share:.2f} of it"
        f" (target {PARALLEL_TARGET})"
    )
    if twice or differences:
        raise AssertionError("Something was booked twice, or not at all.")
    if share > PARALLEL_TARGET:
        return [f"two processes took {share:.2f} of the time of one"]
    return []


def _run_processes(name, tasks, commit):
    """Wall-clock seconds until every process has booked its lists of offers."""
    start = time.perf_counter()
    children = []
    for task in tasks:
        child = os.fork()
        if not child:
            _work(name, task, commit)
        children.append(child)
    failed = [child for child in children if os.waitpid(child, 0)[1]]
    if failed:
        raise RuntimeError("A process failed; its error is above.")
    return time.perf_counter() - start


def _work(name, task, commit):
    """Of a child process: book lists of offers, with connections of its own."""
    status = 1
    try:
        # The connections that this process inherits are the parent's.
        sql_db._Pool = None
        Registry(name)._db = sql_db.db_connect(name)
        for offer_ids in task:
            while not _book(name, offer_ids, commit):
                pass
        status = 0
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(status)


def _book(name, offer_ids, commit):
    """Whether it went through; another process may have been faster."""
    with Registry(name).cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {"tracking_disable": True})
        offers = env["partner.incentive.offer"].browse(offer_ids)
        try:
            env["partner.incentive.run"]._accrue(offers, DAY)
            env.flush_all()
        except SerializationFailure:
            cursor.rollback()
            return False
        if commit:
            cursor.commit()
        else:
            cursor.rollback()
    return True
