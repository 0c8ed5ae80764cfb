"""Chromium for browser tours, and wkhtmltopdf for PDF reports."""

import os
import shutil
import subprocess

from . import downloads, paths
from .console import Failure, lock, say

UNPACKED = paths.HOME / "chromium"
#: The names by which Odoo's tests look for a browser.
CHROMIUM_NAMES = [
    "google-chrome",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
]

CHROMIUM_ADVICE = f"""\
  - Install Chromium or Chrome so that one of these is on PATH:
    {", ".join(CHROMIUM_NAMES)}.
  - Or run without browser tours: --no-browser.
{downloads.NETWORK_ADVICE}"""


def ensure_chromium():
    """See that a browser is on PATH for Odoo's tests.

    :raise Failure: when there is none and none can be had; a tour that is skipped would
        look like one that passed
    """
    if _find(CHROMIUM_NAMES):
        return
    with lock("chromium", "it installs Chromium"):
        if _find(CHROMIUM_NAMES):
            return
        if not downloads.has_apt():
            raise Failure("There is no Chromium on this machine.", CHROMIUM_ADVICE)
        if downloads.is_root():
            downloads.apt_install(
                ["chromium"], "chromium.log", "Installing Chromium", CHROMIUM_ADVICE
            )
        else:
            _unpack_chromium()
    if not _find(CHROMIUM_NAMES):
        raise Failure("Chromium was installed, but is not on PATH.", CHROMIUM_ADVICE)


def _find(names):
    unpacked = str(UNPACKED / "bin")
    if unpacked not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] += os.pathsep + unpacked
    return next((path for path in map(shutil.which, names) if path), None)


def _unpack_chromium():
    """Without root: unpack Debian's package, and what it needs, into our folder."""
    part = paths.HOME / "chromium.part"
    shutil.rmtree(part, ignore_errors=True)
    archives = part / "cache/archives"
    for folder in (part / "lists/partial", archives / "partial"):
        folder.mkdir(parents=True)
    apt_get = ["apt-get", "-o", f"Dir::State::Lists={part / 'lists'}"]
    apt_get += ["-o", f"Dir::Cache={part / 'cache'}", "-o", "Debug::NoLocking=1"]
    downloads.fetch(
        [*apt_get, "update"], "chromium.log", "Asking for Chromium", CHROMIUM_ADVICE
    )
    downloads.fetch(
        [*apt_get, "install", "--download-only", "-y", "--no-install-recommends"]
        + ["chromium"],
        "chromium.log",
        "Downloading Chromium and the libraries that it needs",
        CHROMIUM_ADVICE,
    )
    for package in sorted(archives.glob("*.deb")):
        unpacked = subprocess.run(
            ["dpkg", "-x", package, part], capture_output=True, text=True
        )
        if unpacked.returncode:
            raise Failure(f"{package.name}: {unpacked.stderr}", CHROMIUM_ADVICE)
    shutil.rmtree(part / "cache")
    shutil.rmtree(part / "lists")
    (part / "bin").mkdir(exist_ok=True)
    starter = part / "bin/chromium"
    folders = sorted({path.parent for path in part.rglob("lib*.so*")})
    libraries = ":".join(f"$here/{folder.relative_to(part)}" for folder in folders)
    starter.write_text(_STARTER.format(libraries=libraries))
    starter.chmod(0o755)
    shutil.rmtree(UNPACKED, ignore_errors=True)
    part.rename(UNPACKED)


_STARTER = """#!/bin/sh
# Chromium out of unpacked Debian packages: it finds its libraries beside itself.
here=$(dirname "$(dirname "$(readlink -f "$0")")")
export LD_LIBRARY_PATH="{libraries}"
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_FILE="$here/etc/fonts/fonts.conf"
exec "$here/usr/lib/chromium/chromium" "$@"
"""


def ensure_wkhtmltopdf():
    """Install wkhtmltopdf where that is easy; only PDF reports need it."""
    if shutil.which("wkhtmltopdf"):
        return
    try:
        if not (downloads.is_root() and downloads.has_apt()):
            raise Failure("it is not installed")
        with lock("wkhtmltopdf", "it installs wkhtmltopdf"):
            downloads.apt_install(
                ["wkhtmltopdf"],
                "wkhtmltopdf.log",
                "Installing wkhtmltopdf for PDF reports",
                "",
            )
    except Failure as failure:
        say(
            f"   No PDF reports: {failure.message.splitlines()[0]}.\n"
            "   Everything else works. To have them, install wkhtmltopdf on PATH."
        )
