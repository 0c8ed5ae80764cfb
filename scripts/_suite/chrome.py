"""Chromium without a window, driven over its DevTools protocol."""

import base64
import contextlib
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from . import browser
from .console import Failure

#: Seconds until Chromium must have started, or answered.
PATIENCE = 120
OPTIONS = [
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
]


class Refused(Failure):
    """Chromium cannot do it now: the page is about to change, for one."""


class Chrome:
    """A browser for a while, to be used with ``with``."""

    def __init__(self):
        browser.ensure_chromium()
        self._folder = Path(tempfile.mkdtemp(prefix="chromium-"))
        self._numbers = itertools.count(1)
        self._process = self._socket = None

    def __enter__(self):
        program = next(filter(None, map(shutil.which, browser.CHROMIUM_NAMES)))
        self._process = subprocess.Popen(
            [program, *OPTIONS, f"--user-data-dir={self._folder}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._connect()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_exception):
        self._stop()

    def _connect(self):
        # Only installed in the virtual environment, which is where this runs.
        import websocket

        told = self._folder / "DevToolsActivePort"
        end = time.monotonic() + PATIENCE
        while not (told.exists() and len(told.read_text().splitlines()) == 2):
            if self._process.poll() is not None or time.monotonic() > end:
                raise Failure("Chromium did not start.")
            time.sleep(0.1)
        port, path = told.read_text().splitlines()
        self._socket = websocket.create_connection(
            f"ws://127.0.0.1:{port}{path}", timeout=PATIENCE
        )

    def _stop(self):
        if self._socket:
            with contextlib.suppress(Exception):
                self.send("Browser.close")
            self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def send(self, method, session=None, **parameters):
        """Ask the browser, or one of its pages, and return its answer."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == number:
                break
        if "error" in answer:
            raise Refused(f"Chromium: {method}: {answer['error']['message']}")
        return answer["result"]

    def open_page(self, cookies=()):
        """A page with cookies of its own."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send(
            "Target.createTarget", url="about:blank", browserContextId=context
        )
        session = self.send(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        page = Page(self, session["sessionId"])
        page.send("Page.enable")
        for cookie in cookies:
            page.send("Network.setCookie", **cookie)
        return page


class Page:
    """A page of :class:`Chrome`."""

    def __init__(self, chrome, session):
        self._chrome = chrome
        self._session = session

    def send(self, method, **parameters):
        return self._chrome.send(method, self._session, **parameters)

    def resize(self, width, height):
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )

    def evaluate(self, expression):
        """The value of a JavaScript expression."""
        result = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True
        )
        if "exceptionDetails" in result:
            raise Failure(f"{expression}: {result['exceptionDetails']['text']}")
        return result["result"].get("value")

    def open(self, url):
        """Go to an address, and wait until the page is there."""
        self.evaluate("window.isLeft = true")
        self.send("Page.navigate", url=url)
        self.wait_for("!window.isLeft && document.readyState === 'complete'")

    def wait_for(self, expression, seconds=PATIENCE):
        """Wait until an expression is true; say whether it was in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(Refused):
                if self.evaluate(f"Boolean({expression})"):
                    return True
            time.sleep(0.2)
        return False

    def click(self, selector):
        """Click the first element; say whether there is one."""
        if not self.wait_for(f"document.querySelector({json.dumps(selector)})", 10):
            return False
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")
        return True

    def picture(self, height=None):
        """The page as PNG; all of it down to a height if one is given."""
        clip = {}
        if height:
            size = self.send("Page.getLayoutMetrics")["cssContentSize"]
            clip = {
                "clip": {
                    "x": 0,
                    "y": 0,
                    "width": size["width"],
                    "height": min(size["height"], height),
                    "scale": 1,
                },
                "captureBeyondViewport": True,
            }
        taken = self.send("Page.captureScreenshot", format="png", **clip)
        return base64.b64decode(taken["data"])
