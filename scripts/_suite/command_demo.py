"""``scripts/demo``: the suite on demo data, or on your own sales, in a browser.

The first start fetches what is missing, makes the database with demo data, does the
main job on it (accrue, settle, post), says what was booked, and serves. Later starts
only say so and serve, or bring the database up to date first when files of the modules
have changed.
"""

import argparse
import contextlib
import hashlib
import json
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from . import browser, database, environment, odoo_server, paths
from .console import Failure, say, step, tail
from .postgres import Server

DATABASE = "incentives_demo"
JOB = paths.SCRIPTS / "_suite" / "demo_job.py"
PAGES = JOB.with_name("pages.py")
LOG = paths.LOGS / "demo-server.log"


def main(arguments):
    options = _parse(arguments)
    environment.enter()
    browser.ensure_wkhtmltopdf()
    with Server():
        if options.reset:
            with step(f"Dropping the database {options.database}"):
                database.drop(options.database)
        database.make_named(options.database, with_demo=True)
        done = _do_the_job(options.database, options.sales)
        _print_report(done)
        if options.stop_after_setup:
            say(f"The database {options.database} is ready.")
            return 0
        return _serve(options, done["logins"])


def _parse(arguments):
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--sales",
        type=Path,
        metavar="DIR",
        help="first load the sales of a folder of CSV files, once",
    )
    parser.add_argument("--port", type=int, help="default: 8069 or the next free one")
    parser.add_argument(
        "--interface",
        default="127.0.0.1",
        help="address to serve on, such as 0.0.0.0 (default: %(default)s)",
    )
    parser.add_argument(
        "--reset", action="store_true", help="drop the database and start anew"
    )
    parser.add_argument(
        "--stop-after-setup", action="store_true", help="do everything but serve"
    )
    parser.add_argument(
        "--database", default=DATABASE, help="its name (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    if options.sales and not options.sales.is_dir():
        raise Failure(f"There is no folder {options.sales}.")
    return options


def _do_the_job(name, sales):
    """Run the job unless the database already has its result; return what it tells.

    :return: dict of ``report``, ``logins``, when it was ``done``, and whether ``now``
    """
    stamp = database.read_stamp(name)
    loaded = stamp.get("sales", [])
    new_sales = None
    if sales:
        key = _folder_fingerprint(sales)
        if key not in loaded:
            new_sales, loaded = str(sales.resolve()), [*loaded, key]
    done_for = _job_fingerprint(stamp["modules"], loaded)
    if stamp.get("job") == done_for:
        return {**stamp["told"], "now": False}
    result = paths.HOME / "demo-job.json"
    with step("Loading the sales and doing the job" if new_sales else "Doing the job"):
        status = odoo_server.call(name, f"{JOB}:main", new_sales, result)
    if status:
        raise Failure(
            f"The job on the database {name} failed: see above.",
            "  - scripts/demo --reset starts anew.",
        )
    told = {**json.loads(result.read_text()), "done": time.strftime("%Y-%m-%d %H:%M")}
    stamp.update(sales=loaded, job=done_for, told=told)
    database.write_stamp(name, stamp)
    return {**told, "now": True}


def _print_report(done):
    if not done["now"]:
        say(
            f"\nThe job was done on {done['done']}; this start did not repeat it."
            " What it told then:"
        )
    say(f"\n{done['report']}\n")


def _folder_fingerprint(folder):
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _job_fingerprint(*parts):
    """What the job's result depends on: the parts given, and the job itself."""
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
    for path in sorted(JOB.parent.glob("demo_*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _serve(options, logins):
    port = _choose_port(options)
    url = f"http://127.0.0.1:{port}"
    # Whoever ends this program, politely or with Ctrl-C, ends Odoo, too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        with _server(options.database, options.interface, port) as server:
            _print_welcome(url, options.database, logins)
            return server.wait()
    except KeyboardInterrupt:
        say("\nStopping.")
        return 0


@contextlib.contextmanager
def serving(name):
    """Serve a demo database, made if there is none, for a while; gives the address."""
    database.make_named(name, with_demo=True)
    _do_the_job(name, None)
    odoo_server.call_logged(
        name,
        f"{PAGES}:main",
        log_name=f"{name}-pages.log",
        title="Making the scripts and styles of the pages",
    )
    port = odoo_server.free_port(paths.requested_port() or odoo_server.FIRST_PORT)
    with _server(name, "127.0.0.1", port):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def _server(name, interface, port):
    """Odoo on a database; it answers when the process is given."""
    config = odoo_server.configuration(
        name,
        http_interface=interface,
        http_port=port,
        dbfilter=f"^{name}$",
        log_level="info",
    )
    command = [paths.PYTHON, "-m", "odoo", "server", "-c", config, "-d", name]
    with LOG.open("w") as log:
        server = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=odoo_server.environment(),
        )
        try:
            with step("Starting Odoo"):
                _wait_until_it_answers(server, f"http://127.0.0.1:{port}")
            yield server
        finally:
            _stop(server)


def _choose_port(options):
    """The port that is asked for, which must be free, or the next free one."""
    wanted = options.port or paths.requested_port()
    port = odoo_server.free_port(wanted or odoo_server.FIRST_PORT, options.interface)
    if wanted and port != wanted:
        raise Failure(
            f"Port {wanted} is taken: another server listens to it.",
            "  - Stop that server, or choose another port with --port.",
        )
    return port


def _wait_until_it_answers(server, url):
    while server.poll() is None:
        # It answers once the database is loaded, so the first page comes at once.
        with contextlib.suppress(urllib.error.URLError, OSError):
            with urllib.request.urlopen(f"{url}/web/login", timeout=60):
                return
        time.sleep(0.2)
    end = "\n".join(f"    {line}" for line in tail(LOG, 15))
    raise Failure(
        f"Odoo ended with status {server.returncode}. The end of {LOG}:\n{end}"
    )


def _print_welcome(url, name, logins):
    everyone = [("admin", "admin", "administrator"), *logins]
    width = max(len(login[0]) for login in everyone)
    say(f"\nServing {url}   database {name}   log {LOG}\n\nlogin{'':{width}}password")
    for login, password, *description in everyone:
        say(f"{login:{width}}     {password:12} {' '.join(description)}")
    say("\nPartners see their portal at /my. Ctrl-C stops.")


def _stop(server):
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
