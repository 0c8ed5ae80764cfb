"""What ``scripts/test`` adds to pytest and pytest-odoo."""

import contextlib
import os
import shutil
import unittest
from unittest.mock import patch

import pytest
import pytest_odoo

#: Seconds that a test in the browser waits for the server.
PATIENCE = 120


def pytest_addoption(parser):
    group = parser.getgroup("suite")
    group.addoption("--no-browser", action="store_true", help="skip browser tours")
    group.addoption(
        "--failed-before",
        action="append",
        default=[],
        help="name of a check that failed before pytest, to be told at the end",
    )


def pytest_configure():
    pytest_odoo._shared_filestore = _filestore_of_its_own


@contextlib.contextmanager
def _filestore_of_its_own(origin, name):
    """Give the database of one of several processes a filestore as well.

    pytest-odoo lets them share one, where a process deletes files that another reads.
    Files of a filestore are never changed, so links will do for copies.
    """
    import odoo

    if origin == name:
        yield
        return
    folder = odoo.tools.config.filestore(name)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(odoo.tools.config.filestore(origin), folder, copy_function=os.link)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def browser(request, load_registry):
    """Skip a browser test only where that is asked for.

    Odoo skips it when no browser starts, which would look as if it had passed.
    """
    from odoo.service import server
    from odoo.tests import common

    # A page asks for many things at once, which the test serves one after another;
    # Odoo's 20 seconds of patience are few on a slow machine.
    common.BaseCase.test_cursor_lock_timeout = PATIENCE
    original_js = common.HttpCase.browser_js
    original = common.ChromeBrowser.__init__
    original_request = common.ChromeBrowser._websocket_request
    original_setup = server.RequestHandler.setup
    unwanted = request.config.getoption("--no-browser")

    def start(self, *args, **kwargs):
        if unwanted:
            raise unittest.SkipTest("--no-browser")
        try:
            original(self, *args, **kwargs)
        except unittest.SkipTest as reason:
            raise AssertionError(f"No browser: {reason}") from reason

    def browser_js(self, *args, timeout=0, **kwargs):
        return original_js(self, *args, timeout=max(timeout, 2 * PATIENCE), **kwargs)

    def request_patiently(self, method, *, params=None, timeout=0):
        # Whether a tour is ready, the page tells only once it is loaded.
        patience = max(timeout, PATIENCE)
        return original_request(self, method, params=params, timeout=patience)

    def setup_patiently(self):
        # Odoo gives up a connection that says nothing for five seconds; on a busy
        # machine a page takes longer to ask, or to read, and then fails to load.
        original_setup(self)
        self.connection.settimeout(PATIENCE)

    with (
        patch.object(server.RequestHandler, "setup", setup_patiently),
        patch.object(common.ChromeBrowser, "__init__", start),
        patch.object(common.ChromeBrowser, "_websocket_request", request_patiently),
        patch.object(common.HttpCase, "browser_js", browser_js),
    ):
        yield


def pytest_terminal_summary(terminalreporter, config):
    """Repeat what failed before, where someone looks first: near the closing line."""
    for name in config.getoption("--failed-before"):
        terminalreporter.write_line(f"FAILED before pytest: {name}", red=True)
