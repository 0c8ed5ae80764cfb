"""Odoo's configuration, and running Odoo or a function inside it."""

import json
import os
import re
import socket
import subprocess

from . import modules, odoo_source, paths
from .console import run_logged

#: Ports are tried from Odoo's usual one.
FIRST_PORT = 8069


def free_port(first=FIRST_PORT, host="127.0.0.1"):
    """The first port from here on that nobody listens to."""
    for port in range(first, first + 1000):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port from {first} on")


def configuration(name, with_ours=True, more=(), **options):
    """Write a configuration file for Odoo and return its path.

    How to reach PostgreSQL is not in it: that is in the environment, where Odoo and
    every program of PostgreSQL look for it.

    :param with_ours: whether Odoo sees the modules of this repository
    :param more: further folders with modules
    """
    addons = list(odoo_source.locate().addons)
    # Odoo refuses a folder without modules.
    if with_ours and modules.discover():
        addons.append(paths.REPO)
    addons += more
    values = {
        "addons_path": ",".join(map(str, addons)),
        "data_dir": paths.DATA,
        "http_interface": "127.0.0.1",
        "http_port": paths.requested_port() or free_port(),
        "workers": 0,
        # Odoo's limits are for servers on the internet: a long calculation in a
        # browser, or a test with many records, would be cut off.
        "limit_memory_soft": 0,
        "limit_memory_hard": 0,
        "limit_time_cpu": 3600,
        "limit_time_real": 3600,
        "list_db": False,
        **options,
    }
    folder = paths.HOME / "configuration"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.conf"
    lines = [f"{option} = {value}\n" for option, value in values.items()]
    # Another process may be reading the file, so it changes all at once.
    part = folder / f"{name}.{os.getpid()}"
    part.write_text("[options]\n" + "".join(lines))
    part.replace(path)
    return path


def run(arguments, log_name, title):
    """Run Odoo to its end, as a step; return the path of its log.

    :raise Failure: when its exit status tells so
    """
    return run_logged(
        [paths.PYTHON, "-m", "odoo", "server", *arguments],
        log_name,
        title,
        latest=_module_count,
        env=environment(),
    )


def install(database, names, log_name, title, with_ours=True, options=()):
    """Install modules into a database, which is created if there is none."""
    return run(
        ["-c", configuration(database, with_ours), "-d", database]
        + ["-i", ",".join(names), "--stop-after-init", "--no-http", *options],
        log_name,
        title,
    )


def _module_count(lines):
    """How far an installation is, read from the log's last lines."""
    for line in reversed(lines):
        match = re.search(r"Loading module (\S+) \((\d+/\d+)\)", line)
        if match:
            return "module {1}: {0}".format(*match.groups())
    return ""


def call(database, function, *arguments, commit=True):
    """Run a Python function inside Odoo, on a database, and return its exit status.

    The function gets ``env``, as the superuser, and the arguments; what it returns is
    the status (None is success). It runs in a process of its own.

    :param function: ``path/of/file.py:name``
    :param arguments: anything that JSON can tell
    :param commit: keep what it did if it succeeds; otherwise it is rolled back
    """
    command = _call_command(database, function, arguments, "warn")
    command += ["--commit"] if commit else []
    return subprocess.run(command, env=environment()).returncode


def call_logged(database, function, *arguments, log_name, title):
    """The same as a step, committed; return the path of its log.

    :raise Failure: when the function fails
    """
    command = _call_command(database, function, arguments, "info")
    return run_logged(
        [*command, "--commit"], log_name, title, latest=_module_count, env=environment()
    )


def _call_command(database, function, arguments, log_level):
    return [
        str(part)
        for part in (
            *(paths.PYTHON, "-m", "_suite.in_odoo", "--log-level", log_level),
            *("--config", configuration(database), "--database", database),
            *(function, json.dumps(arguments, default=str)),
        )
    ]


def environment(**more):
    """The environment for a process of Odoo, in which it finds this package too."""
    found = {**os.environ, "PYTHONUNBUFFERED": "1", **more}
    for name, folder in (("PYTHONPATH", paths.SCRIPTS), ("PATH", paths.PYTHON.parent)):
        found[name] = os.pathsep.join(filter(None, [str(folder), found.get(name)]))
    return found
