"""Running apt, git and pip so that a failure tells what to do about it."""

import os
import shutil
import subprocess

from .console import Failure, run_logged

NETWORK_ADVICE = """\
  - Check that this machine reaches the network. Behind a proxy, set http_proxy and
    https_proxy (apt, git and pip all read them).
  - Run the same command again: what is complete is kept, what is not is redone."""

ODOO_ADVICE = f"""\
{NETWORK_ADVICE}
  - Or give an Odoo 19 that you already have: ODOO_HOME=/path/to/odoo (a source
    checkout of branch 19.0, or the folder that holds the `odoo` package).
  - Or use Docker: docker compose up."""


def is_root():
    return os.geteuid() == 0


def has_apt():
    return bool(shutil.which("apt-get") and shutil.which("dpkg"))


def fetch(command, log_name, title, advice=NETWORK_ADVICE, **kwargs):
    """Run a command that downloads something.

    :raise Failure: with advice on networks, when it fails
    """
    try:
        return run_logged(command, log_name, title, **kwargs)
    except Failure as failure:
        raise Failure(failure.message, advice) from None


def apt_install(packages, log_name, title, advice):
    """Install Debian packages on this machine; only root can.

    :raise Failure: when that did not work; the advice is the caller's
    """
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    # Old package lists name files that the mirror has dropped, so renew them first. A
    # mirror that fails here may still have the packages, so only the install counts.
    subprocess.run(["apt-get", "update"], env=environment, capture_output=True)
    fetch(
        ["apt-get", "install", "-y", "--no-install-recommends", *packages],
        log_name,
        title,
        advice,
        env=environment,
    )
