"""``scripts/odoo``: helpers for developers.

::

    scripts/odoo setup                 fetch and make everything, start nothing
    scripts/odoo env                   for `eval`, so that psql finds the server
    scripts/odoo postgres start|stop   let our PostgreSQL run on, or stop it
    scripts/odoo database NAME         a database with all modules: made, or updated
    scripts/odoo run NAME [OPTION...]  Odoo itself on a database, with Odoo's options
    scripts/odoo shell NAME            a Python shell inside Odoo
    scripts/odoo dashboards            write the dashboards of the modules anew
    scripts/odoo screenshots [NAME...] take those of the user guides anew
    scripts/odoo clean                 drop the databases of tests and benchmarks

Several people can work in one checkout: with SUITE_DB=name each has test databases of
their own, and every command takes a free port unless SUITE_PORT names one.
"""

import argparse
import os
import shlex
import subprocess

from . import (
    command_demo,
    dashboards,
    database,
    environment,
    modules,
    odoo_server,
    paths,
    screenshots,
)
from .console import say
from .postgres import Server


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="scripts/odoo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", required=True)
    for action in ("setup", "env", "dashboards", "clean"):
        actions.add_parser(action)
    actions.add_parser("postgres").add_argument("what", choices=["start", "stop"])
    named = actions.add_parser("database")
    named.add_argument("name")
    named.add_argument("--fresh", action="store_true", help="drop it first")
    named.add_argument("--with-demo", action="store_true", help="with demo data")
    for action in ("run", "shell"):
        command = actions.add_parser(action)
        command.add_argument("name")
        command.add_argument("options", nargs=argparse.REMAINDER)
    pictures = actions.add_parser("screenshots")
    pictures.add_argument("names", nargs="*", metavar="NAME")
    pictures.add_argument(
        "--database", default=command_demo.DATABASE, help="default: %(default)s"
    )
    options = parser.parse_args(arguments)
    if options.action == "dashboards":
        for path in dashboards.write_files():
            say(f"Written: {path}")
        return 0
    environment.enter()
    with Server() as server:
        return globals()[f"_{options.action}"](server, options)


def _setup(server, options):
    say(f"Ready: {paths.PYTHON}")


def _env(server, options):
    if server.own:
        variables = server.own.variables()
        variables["PATH"] = f"$PATH:{server.own.programs}"
        for name, value in variables.items():
            say(f'export {name}="{value}"')


def _postgres(server, options):
    if not server.own:
        say("The PostgreSQL server is yours, named by the PG* variables.")
    elif options.what == "start":
        server.own.keep.touch()
        say("PostgreSQL runs until `scripts/odoo postgres stop`.")
    else:
        # It stops when the last command that uses it ends, such as this one.
        server.own.keep.unlink(missing_ok=True)
        say("PostgreSQL stops when no command uses it any more.")


def _clean(server, options):
    database.drop_all()


def _database(server, options):
    database.make_named(options.name, options.with_demo, options.fresh)
    say(f"Ready: the database {options.name} with {', '.join(modules.discover())}")


def _screenshots(server, options):
    with command_demo.serving(options.database) as url:
        missing = screenshots.take(url, options.database, options.names)
    if missing:
        say(f"Left out: {', '.join(missing)}")


def _run(server, options):
    return _odoo("server", options)


def _shell(server, options):
    return _odoo("shell", options)


def _odoo(command, options):
    line = [str(paths.PYTHON), "-m", "odoo", command]
    line += ["-c", str(odoo_server.configuration(options.name)), "-d", options.name]
    line += options.options
    say("-> " + shlex.join(line))
    return subprocess.run(line, env=os.environ).returncode
