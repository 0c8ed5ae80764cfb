"""``scripts/test``: check and test everything, or only what pytest's arguments say.

::

    scripts/test                     everything: linters, install, uninstall, tests
    scripts/test -k holdback         only pytest, in a copy of the template database
    scripts/test partner_mdf/tests   the same, for a folder or file
    scripts/test --no-browser        without the tours that need a browser
    scripts/test --keep -k holdback  do not rebuild the template, though files changed
    scripts/test -n 2 -k holdback    only pytest, in two processes

The template is rebuilt when a file changes that decides what an installation does; a
full run always builds it anew, and takes as many processes as there are processors, up
to four, each with a copy of the template. Any option that is not listed here goes to
pytest.
"""

import argparse
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from . import (
    axe,
    browser,
    database,
    environment,
    example,
    lifecycle,
    modules,
    odoo_server,
    paths,
)
from .console import Failure, say, step
from .postgres import Server

#: Processes of pytest at most: each takes a gigabyte and a browser.
PROCESSES = 4


def main(arguments):
    options, for_pytest = _parse(arguments)
    environment.enter()
    if options.browser:
        browser.ensure_chromium()
    with Server():
        if for_pytest:
            return _pytest(options, for_pytest, fresh=options.fresh)
        failed = _run_checks()
        # pytest comes last, so that its closing line ends the output.
        status = _pytest(options, _in_parallel(), fresh=True, failed_before=failed)
    return status or (1 if failed else 0)


def _parse(arguments):
    parser = argparse.ArgumentParser(
        prog="scripts/test",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--no-browser",
        dest="browser",
        action="store_false",
        help="leave out browser tours; otherwise they fail where there is no browser",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="build the template database anew"
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="use the template database as it is, though files have changed",
    )
    return parser.parse_known_args(arguments)


def _run_checks():
    """Run everything that is not pytest; return what failed, having printed why."""
    with ThreadPoolExecutor(1) as beside:
        # The linters keep one processor busy, the modules' life another.
        linted = beside.submit(_lint)
        failed = []
        try:
            lifecycle.run()
        except Failure as failure:
            failed.append("install, update and uninstall")
            say(f"   FAILED: {failure.message}")
        with step("Checking with ruff and pylint-odoo"):
            linted = linted.result()
    for name, result in linted.items():
        if result.returncode:
            failed.append(name)
            say(f"   {name} FAILED")
            say(result.stdout)
    return failed


def _lint():
    """What each linter had to say, by its name."""
    checks = {
        "ruff check": ["ruff", "check", "."],
        "ruff format": ["ruff", "format", "--check", "."],
        "pylint-odoo": [
            "pylint",
            "--rcfile=setup.cfg",
            *modules.discover(),
            example.MODULE,
        ],
    }
    return {
        name: subprocess.run(
            [paths.PYTHON, "-m", *command],
            cwd=paths.REPO,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name, command in checks.items()
    }


def _in_parallel():
    """Options of pytest for as many processes as are of use here.

    The tests of a class stay together: most of their time is what the class sets up.
    """
    processes = min(len(os.sched_getaffinity(0)), PROCESSES)
    return ["-n", str(processes), "--dist", "loadscope"] if processes > 1 else []


def _pytest(options, arguments, fresh, failed_before=()):
    with database.clone_of_template("test", fresh=fresh, keep=options.keep) as name:
        command = [paths.PYTHON, "-m", "pytest", "-p", "_suite.pytest_plugin"]
        command += [f"--odoo-config={_configuration(name)}", f"--odoo-database={name}"]
        command += ["--odoo-http", "--odoo-log-level=warn"]
        command += [] if options.browser else ["--no-browser"]
        command += [f"--failed-before={check}" for check in failed_before]
        command += arguments
        return subprocess.run(
            [str(part) for part in command],
            cwd=paths.REPO,
            env={**odoo_server.environment(), **_get_axe(options)},
        ).returncode


def _get_axe(options):
    """Where the tests of pages find axe-core; without it they are skipped, and say so.

    It is the one thing that comes from elsewhere than everything else: nobody shall be
    kept from all other tests where it cannot be had.
    """
    if not options.browser:
        return {}
    try:
        return {"SUITE_AXE": str(axe.ensure_script())}
    except Failure as failure:
        say(f"Pages are not checked for barriers, for want of axe-core: {failure}")
        return {}


def _configuration(name):
    return odoo_server.configuration(
        paths.database_base() + "_test", screenshots=paths.HOME / "screenshots"
    )
