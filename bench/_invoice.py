"""Posting an ordinary customer invoice on a database with the suite and on one without.

Both are copies: of the template with the suite, and of the one with Odoo's modules
only. With the suite, five offers are live and the customer is enrolled. Each database
is used by a process of its own, in turns, so that both meet the same machine.
"""

import json
import re
import statistics
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from _books import Books
from _offers import create_offers
from _suite import database, odoo_server

from odoo import Command

LINES = 3
#: Invoices per round that are posted and counted, after some that warm the caches up.
COUNTED, WARM_UP = 10, 3
STEPS = ("create", "post")


def compare(rounds):
    """Print statements and time of both databases; return what misses the target."""
    print("\nAn ordinary invoice, with the suite and without ...", flush=True)
    measured = {"with": [], "without": []}
    with (
        database.clone_of_template("with_suite", keep=True) as with_suite,
        database.clone_of_core("without") as without,
    ):
        for name in (with_suite, without):
            _call(name, "prepare")
        for _round in range(rounds):
            measured["with"] += _call(with_suite, "measure")
            measured["without"] += _call(without, "measure")
    return _print(measured)


def _call(name, function):
    """What a function of this file returns, called inside Odoo on a database."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        if odoo_server.call(name, f"{__file__}:{function}", str(path)):
            raise RuntimeError(f"{function} failed on {name}: see above.")
        return json.loads(path.read_text())


# ----------------------------------------------------------- inside Odoo, per database


def prepare(env, path):
    """Customers and products; live offers where the suite is installed."""
    books = Books(env)
    if "partner.incentive.offer" in env:
        create_offers(env, books)
    Path(path).write_text("null")


def measure(env, path):
    """Statements and seconds of each step of every counted invoice."""
    env = env(user=env.ref("base.user_admin").id, su=False)
    partner = env["res.partner"].search([("name", "=", "Bench partner 1")])
    products = env["product.product"].search(
        [("name", "=like", "Bench product %")], limit=LINES, order="id"
    )
    vals = {
        "move_type": "out_invoice",
        "partner_id": partner.id,
        "invoice_date": "2025-06-15",
        "invoice_line_ids": [
            Command.create({"product_id": product.id, "quantity": 2, "price_unit": 50})
            for product in products
        ],
    }
    figures = [_invoice(env, vals) for _each in range(WARM_UP + COUNTED)]
    Path(path).write_text(json.dumps(figures[WARM_UP:]))


def _invoice(env, vals):
    """One invoice, in a transaction of its own with a cold record cache."""
    env.cr.commit()
    env.invalidate_all()
    figures = {}
    with _counted(env, figures, "create"):
        move = env["account.move"].create(vals)
    with _counted(env, figures, "post"):
        move.action_post()
    return figures


@contextmanager
def _counted(env, figures, step):
    statements = Counter()
    original = type(env.cr).execute

    def execute(cr, query, *args, **kwargs):
        statements[_shape(getattr(query, "code", query))] += 1
        return original(cr, query, *args, **kwargs)

    before, start = env.cr.sql_log_count, time.perf_counter()
    type(env.cr).execute = execute
    try:
        yield
        env.flush_all()
    finally:
        type(env.cr).execute = original
    figures[step] = {
        "statements": env.cr.sql_log_count - before,
        "seconds": time.perf_counter() - start,
        "shapes": statements,
    }


def _shape(query):
    """What a statement does to which table, such as ``SELECT account_move``."""
    text = " ".join(str(query).split())
    verb = text.partition(" ")[0].upper()
    table = re.search(r"\b(?:FROM|INTO|UPDATE)\s+\"?(\w+)", text, re.IGNORECASE)
    return f"{verb} {table[1]}" if table else text[:60]


# ---------------------------------------------------------------------------- printing


def _print(measured):
    missed = []
    print(f"{f'invoice of {LINES} lines':34}{'without':>14}{'with':>14}")
    for step in STEPS:
        counts, seconds = {}, {}
        for name, figures in measured.items():
            counts[name] = statistics.median(
                each[step]["statements"] for each in figures
            )
            seconds[name] = statistics.median(each[step]["seconds"] for each in figures)
        print(
            f"{step + ', statements':34}{counts['without']:>14g}{counts['with']:>14g}"
            "   target: none more"
        )
        print(f"{step + ', s':34}{seconds['without']:>14.4f}{seconds['with']:>14.4f}")
        if counts["with"] > counts["without"]:
            missed.append(
                f"to {step} an invoice takes {counts['with']:g} statements with the "
                f"suite, {counts['without']:g} without: {_difference(measured, step)}."
            )
    return missed


def _difference(measured, step):
    """Statements of the last invoice that the suite adds."""
    more = Counter(measured["with"][-1][step]["shapes"])
    more.subtract(measured["without"][-1][step]["shapes"])
    return ", ".join(f"{count:+d} {shape}" for shape, count in more.items() if count)
