"""Databases with our modules: built once, cloned for each use.

Three layers, each made from the one before by copying it, which takes a second:

1. the *core*, with the modules of Odoo that ours depend on. It takes a minute or two
   and is made again only when Odoo or those dependencies change;
2. the *template*, in which our modules are installed. It is made again when a file of
   theirs changes that decides what an installation does. That is an installation, not
   an update, so it cannot carry over anything from an earlier state;
3. a *clone* for each run of tests, scenarios or benchmarks, dropped at its end.

What a database was made from stands in its comment, so it goes when the database goes.
A database without its filestore is of no use (icons answer 404, browser tours fail), so
the two are always copied and dropped together.
"""

import contextlib
import hashlib
import json
import os
import shutil
import socket

from . import logwatch, modules, odoo_server, odoo_source, paths
from .console import Failure, lock, step


@contextlib.contextmanager
def _cursor(name="postgres"):
    # Only installed in the virtual environment, which is where databases are used.
    import psycopg2

    connection = psycopg2.connect(dbname=name)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _quote(name):
    return '"{}"'.format(name.replace('"', '""'))


def filestore(name):
    return paths.DATA / "filestore" / name


def names():
    """Names of all databases on the server."""
    with _cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")
        return [row[0] for row in cursor.fetchall()]


def drop(name):
    with _cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {_quote(name)} WITH (FORCE)")
    shutil.rmtree(filestore(name), ignore_errors=True)


def clone(origin, name):
    """Copy a database, to which nobody may be connected, and its filestore."""
    drop(name)
    with _cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {_quote(name)} TEMPLATE {_quote(origin)}")
    if filestore(origin).exists():
        shutil.copytree(filestore(origin), filestore(name))


def read_stamp(name):
    """What the database says of its making, or None if it is none of ours."""
    with _cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database')"
            " FROM pg_database WHERE datname = %s",
            [name],
        )
        row = cursor.fetchone()
    try:
        return json.loads(row[0])
    except (TypeError, ValueError):
        return None


def write_stamp(name, stamp):
    with _cursor() as cursor:
        text = json.dumps(stamp, sort_keys=True)
        cursor.execute(f"COMMENT ON DATABASE {_quote(name)} IS %s", [text])


def installed_modules(name):
    """Modules that are installed in a database; empty when it is not Odoo's."""
    with _cursor(name) as cursor:
        cursor.execute("SELECT to_regclass('ir_module_module')")
        if not cursor.fetchone()[0]:
            return set()
        cursor.execute("SELECT name FROM ir_module_module WHERE state = 'installed'")
        return {row[0] for row in cursor.fetchall()}


def template(fresh=False, keep=False):
    """Name of the template, which is built if there is none or it is out of date.

    :param fresh: build it, whatever there is
    :param keep: use what there is, even if files have changed since
    """
    name = f"{paths.database_base()}_template"
    ours = modules.discover()
    if not ours:
        raise Failure("There is no module in this repository: no */__manifest__.py.")
    with lock(f"database-{name}", f"it builds the database {name}"):
        stamp = {"core": _core_name(), "modules": modules.fingerprints()}
        found = read_stamp(name)
        if found and not fresh and (keep or found == stamp):
            return name
        _build_core(stamp["core"])
        with _unfinished(name):
            _clone_core(stamp["core"], name)
            log = odoo_server.install(
                name, ours, f"{name}.log", f"Installing {', '.join(ours)}"
            )
            logwatch.check(log, "Installing the modules")
            _check_installed(name, ours)
            write_stamp(name, stamp)
    return name


def _core_name():
    """The core's name tells what it is made of, so that several can stand side by side:
    of several checkouts on one server, or before and after a change of dependencies."""
    source = odoo_source.locate()
    parts = [str(paths.DATA), str(source.root), source.package.stat().st_mtime_ns]
    parts += modules.odoo_modules()
    return "suite_core_" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:8]


def _build_core(name):
    stamp = {"core_of": str(paths.DATA), "pages": True}
    with lock(f"database-{name}", "it installs Odoo's own modules"):
        if read_stamp(name) == stamp:
            return
        with _unfinished(name):
            odoo_server.install(
                name,
                modules.odoo_modules(),
                f"{name}.log",
                "Installing the Odoo modules that ours depend on (minutes, once)",
                with_ours=False,
            )
            odoo_server.call_logged(
                name,
                f"{paths.SCRIPTS / '_suite' / 'pages.py'}:main",
                log_name=f"{name}-pages.log",
                title="Making the scripts and styles of Odoo's pages",
            )
            write_stamp(name, stamp)


def _clone_core(core, name):
    with lock(f"database-{core}", "it copies the same database"):
        clone(core, name)


@contextlib.contextmanager
def _unfinished(name):
    """Start from nothing, and leave nothing behind unless all went well."""
    drop(name)
    try:
        yield
    except BaseException:
        drop(name)
        raise


def _check_installed(name, wanted):
    missing = set(wanted) - installed_modules(name)
    if missing:
        raise Failure(f"Not installed, though asked for: {', '.join(sorted(missing))}")


@contextlib.contextmanager
def clone_of_core(purpose):
    """A database for a while with Odoo's modules installed, and none of ours."""
    core = _core_name()
    _build_core(core)
    with _clone(core, purpose) as name:
        yield name


@contextlib.contextmanager
def clone_of_template(purpose, fresh=False, keep=False):
    """A database of one's own for a while: a clone of the template.

    :param purpose: a word in its name
    """
    with _clone(template(fresh, keep), purpose) as name:
        yield name


@contextlib.contextmanager
def _clone(origin, purpose):
    _drop_left_over_clones()
    name = f"{paths.database_base()}_{purpose}_{os.getpid()}"
    with lock(f"database-{origin}", "it copies the same database"):
        clone(origin, name)
    stamp = {"clone_of": origin, "host": socket.gethostname(), "pid": os.getpid()}
    write_stamp(name, stamp)
    try:
        yield name
    finally:
        drop(name)


def _drop_left_over_clones():
    """Drop the clones of commands that were killed before they could."""
    existing = names()
    for name in existing:
        if _is_left_over(read_stamp(name) or {}):
            with step(f"Dropping {name}, left over from a command that was killed"):
                # With the copies that parallel test processes made of it.
                for copy in existing:
                    if copy == name or copy.startswith(f"{name}-"):
                        drop(copy)


def _is_left_over(stamp):
    if "clone_of" not in stamp or stamp["host"] != socket.gethostname():
        return False
    try:
        os.kill(stamp["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def drop_all():
    """Drop the cores, templates and clones of this checkout; demos stay."""
    for name in names():
        stamp = read_stamp(name) or {}
        if stamp.get("core_of") == str(paths.DATA) or {"core", "clone_of"} & {*stamp}:
            with step(f"Dropping {name}"):
                drop(name)


def make_named(name, with_demo=False, fresh=False):
    """Make a database with all our modules, or bring the one that is there up to date.

    Unlike the template, this one may hold someone's work, so it is updated in place.
    """
    wanted = modules.fingerprints()
    with lock(f"database-{name}", f"it works on the database {name}"):
        if fresh:
            drop(name)
        stamp = read_stamp(name)
        if stamp is None:
            _install_named(name, wanted, with_demo)
        elif stamp["modules"] != wanted:
            _update_named(name, wanted, stamp["modules"])
        else:
            return
        write_stamp(name, {**(stamp or {}), "modules": wanted})


def _install_named(name, wanted, with_demo):
    if name in names() and installed_modules(name):
        raise Failure(
            f"These scripts leave the database {name} alone: they did not make it."
        )
    with _unfinished(name):
        log = odoo_server.install(
            name,
            sorted(wanted),
            f"{name}.log",
            f"Installing into {name} (some minutes, once)",
            options=["--with-demo"] if with_demo else [],
        )
        # Odoo's own demo data may bring warnings that are no fault of ours.
        (logwatch.report if with_demo else logwatch.check)(
            log, "Installing the modules"
        )
        _check_installed(name, wanted)


def _update_named(name, wanted, present):
    new = sorted(set(wanted) - set(present))
    changed = sorted(m for m in present if m in wanted and wanted[m] != present[m])
    options = ["-c", odoo_server.configuration(name), "-d", name]
    options += ["--stop-after-init", "--no-http"]
    options += ["-i", ",".join(new)] if new else []
    options += ["-u", ",".join(changed)] if changed else []
    title = f"Updating {name}: {', '.join(new + changed) or 'nothing'}"
    logwatch.report(odoo_server.run(options, f"{name}.log", title), title)
