"""Accruals of overlapping offers against what PostgreSQL and Odoo need at least.

On books of 10,000, 100,000 and 1,000,000 posted invoice lines of 1,000 partners:

* the calculation against the floor: one bare ``SELECT ... GROUP BY partner, window``
  per offer, with the filters that the offer needs, its rows fetched;
* booking the run against the bare creation of the same journal items;
* a second run, which finds that nothing changed, against the same floor, and one that
  recalculates everything and finds nothing to book;
* memory beyond what Odoo holds before;
* posting an ordinary invoice on a database with the suite and on one without.

Five offers count what is invoiced; ``--eight`` adds what is paid, growth over the year
before and first purchases, on books of two years with half of the invoices paid.
Every time is the median of several rounds. Ends with status 1 where a target is missed.
"""

import argparse
import gc
import statistics
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from _books import YEAR, Books
from _offers import create_offers, floor_queries, single_query
from _timing import flushed, overlook_other_databases, timed, timed_booking

from odoo import Command

DAY = date(YEAR, 12, 31)
SIZES = (10_000, 100_000, 1_000_000)
#: Highest accepted ratio of each figure to its floor.
TARGETS = {"calculation": 2.0, "booking": 1.2, "second run": 1.5}
MEMORY_TARGET_MB = 1024


def main(env, arguments):
    options = _parse(arguments)
    env = env(context={**env.context, "tracking_disable": True})
    memory = Memory()
    print("Partners, products and offers ...", flush=True)
    books = Books(env, years=2, paid_every=2) if options.eight else Books(env)
    offers = create_offers(env, books, more=options.eight)
    env.cr.commit()
    queries = floor_queries(env, books, more=options.eight)
    results = [
        _measure(env, books, offers, queries, size, options.rounds, memory)
        for size in options.sizes
    ]
    missed = _print_results(results)
    if not options.no_invoice:
        from _invoice import compare

        missed += compare(options.rounds)
    for line in missed:
        print(f"MISSED: {line}")
    return 1 if missed else 0


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="scripts/bench accrual", description=__doc__)
    parser.add_argument(
        "--sizes",
        type=lambda text: [int(each.replace("_", "")) for each in text.split(",")],
        default=list(SIZES),
        help="numbers of invoice lines, ascending, such as 10000,100000",
    )
    parser.add_argument(
        "--eight", action="store_true", help="eight offers of different measures"
    )
    parser.add_argument("--rounds", type=int, default=3, help="of each measurement")
    parser.add_argument(
        "--no-invoice", action="store_true", help="leave out the ordinary invoice"
    )
    return parser.parse_args(arguments)


# ------------------------------------------------------------------------- measuring


class Memory:
    """Resident memory of this process in MB, and the highest since :meth:`reset`."""

    def __init__(self):
        gc.collect()
        self.before = self._read("VmRSS")

    def reset(self):
        Path("/proc/self/clear_refs").write_text("5")

    def above(self):
        """How far memory rose above what Odoo held at the start."""
        return self._read("VmHWM") - self.before

    @staticmethod
    def _read(name):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
        raise KeyError(name)


@contextmanager
def _undone(env):
    """What is written within is rolled back, and caches are cold afterwards."""
    try:
        yield
    finally:
        env.cr.rollback()
        env.invalidate_all()


def _measure(env, books, offers, queries, size, rounds, memory):
    """All figures of one size of the books; leaves no trace of the runs."""
    print(f"\n{size:,} invoice lines: loading ...", flush=True)
    loading, _nothing = timed(lambda: books.grow(size))
    print(f"   loaded in {loading:.0f} s", flush=True)
    times = {name: [] for name in ("floor", "single", "calculation")}
    times |= {name: [] for name in ("booking", "bare", "second", "again", "run")}
    figures = {"size": size}
    for _round in range(rounds):
        seconds, rows = timed(lambda: [env.execute_query(query) for query in queries])
        times["floor"].append(seconds)
        figures["floor rows"] = sum(len(each) for each in rows)
        del rows
        times["single"].append(
            timed(lambda: env.execute_query(single_query(env, books)))[0]
        )
    for _round in range(rounds):
        env.invalidate_all()
        offers.mapped("name")
        memory.reset()
        seconds, outcomes = timed(lambda: _calculate(env, offers))
        times["calculation"].append(seconds)
        figures["positions"] = len(outcomes)
        figures["memory"] = max(figures.get("memory", 0), memory.above())
        del outcomes
        env.cr.rollback()
    for _round in range(rounds):
        memory.reset()
        _measure_run(env, offers, times, figures)
        figures["memory"] = max(figures["memory"], memory.above())
    figures |= {name: statistics.median(values) for name, values in times.items()}
    return figures


def _calculate(env, offers):
    return env["partner.incentive.calculation"]._calculate(offers, DAY)


def _measure_run(env, offers, times, figures):
    """A run, a second run, and the bare creation of the first run's journal items."""
    Run = env["partner.incentive.run"]
    with _undone(env):
        with timed_booking(env) as booking:
            seconds, run = timed(lambda: Run._accrue(offers, DAY))
        times["run"].append(seconds)
        times["booking"].append(sum(booking))
        figures["entries"] = run.entry_count
        figures["items"] = len(run.move_ids.line_ids)
        vals = _copy_of(run.move_ids)
        env.flush_all()
        for name, accrue in (("second", Run._accrue_changed), ("again", Run._accrue)):
            overlook_other_databases(env)
            env.invalidate_all()
            seconds, second = timed(lambda run=accrue: flushed(run(offers, DAY)))
            times[name].append(seconds)
            if second.entry_count:
                raise AssertionError("The second run booked something.")
    with _undone(env):
        seconds, _moves = timed(lambda: _create_and_post(env, vals))
        times["bare"].append(seconds)


def _copy_of(moves):
    """Values that make the same journal entries as anybody would make them."""
    return [
        {
            "move_type": "entry",
            "journal_id": move.journal_id.id,
            "date": move.date,
            "ref": move.ref,
            "line_ids": [
                Command.create(
                    {
                        "name": line.name,
                        "account_id": line.account_id.id,
                        "partner_id": line.partner_id.id,
                        "currency_id": line.currency_id.id,
                        "amount_currency": line.amount_currency,
                        "balance": line.balance,
                        "analytic_distribution": line.analytic_distribution,
                    }
                )
                for line in move.line_ids
            ],
        }
        for move in moves
    ]


def _create_and_post(env, vals):
    moves = env["account.move"].create(vals)
    moves._post(soft=False)
    return flushed(moves)


# -------------------------------------------------------------------------- printing


def _print_results(results):
    """Print a table per figure; return what misses its target."""
    missed = []
    rows = (
        ("calculation", "calculation", "floor", "the floor"),
        ("second run", "second", "floor", "the floor"),
        ("booking", "booking", "bare", "bare creation"),
    )
    print(
        "\nfloor: bare SELECT ... GROUP BY partner, window, one per offer;"
        "\nsingle: one bare GROUP BY of all lines by partner and month, to compare\n"
    )
    header = "".join(f"{figures['size']:>14,}" for figures in results)
    print(f"{'invoice lines':34}{header}")
    for name, unit in (
        ("floor rows", "rows"),
        ("positions", "rows"),
        ("entries", "rows"),
        ("items", "rows"),
        ("floor", "s"),
        ("single", "s"),
        ("calculation", "s"),
        ("second", "s"),
        ("again", "s"),
        ("booking", "s"),
        ("bare", "s"),
        ("run", "s"),
        ("memory", "MB"),
    ):
        style = ",.3f" if unit == "s" else ",.0f"
        values = "".join(f"{figures[name]:>14{style}}" for figures in results)
        print(f"{LABELS[name] + ', ' + unit:34}{values}")
    for name, figure, base, label in rows:
        ratios = [figures[figure] / figures[base] for figures in results]
        values = "".join(f"{ratio:>13.2f}x" for ratio in ratios)
        print(f"{name + ' / ' + label:34}{values}   target {TARGETS[name]}x")
        missed += [
            f"{name} at {figures['size']:,} lines takes {ratio:.2f}x {label},"
            f" not {TARGETS[name]}x."
            for figures, ratio in zip(results, ratios, strict=True)
            if ratio > TARGETS[name]
        ]
    values = "".join(f"{each['again'] / each['floor']:>13.2f}x" for each in results)
    print(f"{'everything recalculated':34}{values}")
    missed += [
        f"{figures['memory']:.0f} MB at {figures['size']:,} lines."
        for figures in results
        if figures["memory"] > MEMORY_TARGET_MB
    ]
    if len(results) > 1:
        first, last = results[0], results[-1]
        print(
            f"\nFrom {first['size']:,} to {last['size']:,} lines"
            f" ({last['size'] / first['size']:.0f}x) these grow:"
        )
        for name in ("floor", "calculation", "second", "again", "booking", "memory"):
            print(f"   {LABELS[name]:31}{last[name] / first[name]:>8.1f}x")
    return missed


LABELS = {
    "floor rows": "rows of the floor",
    "positions": "positions calculated",
    "entries": "ledger entries booked",
    "items": "journal items booked",
    "floor": "floor",
    "single": "single GROUP BY",
    "calculation": "calculation",
    "second": "second run, nothing changed",
    "again": "everything recalculated",
    "booking": "booking the run",
    "bare": "bare creation of its items",
    "run": "whole first run",
    "memory": "memory above Odoo's own",
}
