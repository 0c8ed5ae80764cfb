"""``scripts/bench [NAME [ARGUMENT...]]``: run a benchmark on a database of its own.

A benchmark is a file ``bench/NAME.py`` with ``main(env, arguments)``; the first line of
its docstring says what it measures. Without a name, the benchmarks are listed.
"""

import argparse
import ast

from . import database, environment, odoo_server, paths
from .console import Failure, say
from .postgres import Server

FOLDER = paths.REPO / "bench"


def main(arguments):
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("name", nargs="?")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    if not options.name:
        return _list()
    path = FOLDER / f"{options.name}.py"
    if not path.exists():
        raise Failure(
            f"There is no {path}.", "  - `scripts/bench` lists what there is."
        )
    environment.enter()
    with Server(), database.clone_of_template("bench") as name:
        return odoo_server.call(name, f"{path}:main", options.arguments)


def _list():
    files = [path for path in sorted(FOLDER.glob("*.py")) if path.stem[0] != "_"]
    if not files:
        say("There is no benchmark in bench/ yet.")
    for path in files:
        purpose = ast.get_docstring(ast.parse(path.read_text())) or ""
        say(f"{path.stem:24} {purpose.partition(chr(10))[0]}")
    return 0
