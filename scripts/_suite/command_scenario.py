"""``scripts/scenario FILE...``: play worked examples through the real path.

A scenario is a YAML file (tests/scenarios/FORMAT.md). It is played in a copy of the
template database by the runner that the tests use too, and leaves nothing behind.
"""

import argparse
from pathlib import Path

from . import database, environment, odoo_server, paths
from .console import Failure
from .postgres import Server

RUNNER = paths.REPO / "tests" / "scenario_runner.py"


def main(arguments):
    parser = argparse.ArgumentParser(prog="scripts/scenario", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="use the template database as it is, though module files have changed",
    )
    options = parser.parse_args(arguments)
    missing = [str(path) for path in options.files if not path.is_file()]
    if missing:
        raise Failure(f"No such file: {', '.join(missing)}")
    environment.enter()
    with Server(), database.clone_of_template("scenario", keep=options.keep) as name:
        files = [str(path.resolve()) for path in options.files]
        return odoo_server.call(name, f"{RUNNER}:main", files, commit=False)
