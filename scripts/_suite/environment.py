"""The virtual environment in which Odoo and the tests run, and all that they need."""

import hashlib
import importlib.util
import os
import subprocess
import sys
import venv
from pathlib import Path

from . import downloads, odoo_source, paths
from .console import Failure, lock, say

REQUIREMENTS = ["requirements.txt", "requirements-test.txt"]
STAMP = paths.VENV / "complete"


def enter():
    """Prepare everything, and go on with the running command inside the environment.

    The command starts over there, with the same arguments, so that it may import what
    is installed. In the environment this only checks that nothing has changed.
    """
    source = prepare()
    if Path(sys.prefix).resolve() != paths.VENV:
        os.execv(paths.PYTHON, [str(paths.PYTHON), *sys.argv])
    return source


def prepare():
    """Make Odoo and the virtual environment ready; return the :class:`OdooSource`.

    What is there and complete is used as it is, which takes no time.
    """
    source = odoo_source.locate()
    if source and _stamp_is_valid(source):
        return source
    with lock("environment", "it sets up Odoo"):
        _ensure_venv_can_be_made()
        source = odoo_source.locate() or odoo_source.fetch()
        if not _stamp_is_valid(source):
            _make_venv(source)
        return source


def _stamp_is_valid(source):
    try:
        return STAMP.read_text() == _fingerprint(source)
    except OSError:
        return False


def _fingerprint(source):
    """Identifies what the environment was made from; anything else makes it anew."""
    digest = hashlib.sha256()
    for part in (sys.version, sys.base_prefix, str(source.root)):
        digest.update(part.encode())
    for name in REQUIREMENTS:
        digest.update((paths.REPO / name).read_bytes())
    return digest.hexdigest()


def _make_venv(source):
    STAMP.unlink(missing_ok=True)
    if not _works():
        say(f"-> Making a virtual environment with Python {sys.version.split()[0]}")
        _create()
    command = [paths.PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
    for name in REQUIREMENTS:
        command += ["-r", paths.REPO / name]
    _link(source)
    downloads.fetch(
        command, "pip.log", "Installing the Python packages of Odoo and the tests"
    )
    probe = subprocess.run(
        [paths.PYTHON, "-c", "import odoo.api, odoo.http, odoo.modules"],
        capture_output=True,
        text=True,
    )
    if probe.returncode:
        raise Failure(
            f"Odoo at {source.root} cannot be imported:\n{probe.stderr.strip()}",
            "  - Remove the folder of the virtual environment and start again:"
            f" {paths.VENV}",
        )
    STAMP.write_text(_fingerprint(source))


def _works():
    """Whether there is an environment of the running Python, even if unfinished."""
    try:
        probe = subprocess.run(
            [paths.PYTHON, "-c", "import sys, pip; print(sys.version)"],
            capture_output=True,
            text=True,
        )
    except OSError:
        return False
    return probe.stdout.strip() == sys.version


def _ensure_venv_can_be_made():
    """Debian keeps a part of Python that this needs in a package of its own."""
    if importlib.util.find_spec("ensurepip"):
        return
    package = "python{}.{}-venv".format(*sys.version_info[:2])
    advice = (
        f"  - On Debian or Ubuntu: apt-get install {package}\n"
        "  - Or start the script with another Python of 3.10 to 3.13."
    )
    if not (downloads.is_root() and downloads.has_apt()):
        raise Failure("This Python cannot make virtual environments.", advice)
    downloads.apt_install([package], "venv.log", f"Installing {package}", advice)


def _create():
    try:
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(paths.VENV)
    except (subprocess.CalledProcessError, OSError) as error:
        raise Failure(f"No virtual environment could be made: {error}") from None


def _link(source):
    """Let the environment's Python find Odoo, and what an installed Odoo relies on."""
    folders = [str(source.root)]
    if not (source.is_ours or os.environ.get("ODOO_HOME")):
        folders += odoo_source.importable_site_folders()
    site_packages = next(paths.VENV.glob("lib/python*/site-packages"))
    (site_packages / "odoo.pth").write_text("\n".join(folders) + "\n")
