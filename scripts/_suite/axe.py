"""axe-core, which finds barriers for people in pages; only tests need it."""

import sys
import zipfile

from . import downloads, paths
from .console import lock

#: The package that has a recent axe-core inside; nothing else of it is used.
PACKAGE, VERSION = "axe-playwright-python", "0.1.8"
SCRIPT = paths.HOME / "axe" / f"axe-{VERSION}.min.js"
#: Rules of WCAG 2.0 to 2.2, levels A and AA.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: Findings that a page must not have.
SERIOUS = ("serious", "critical")


def ensure_axe():
    """The path of axe-core's script, fetched where it is not there yet."""
    if SCRIPT.exists():
        return SCRIPT
    with lock("axe", "it fetches axe-core"):
        if SCRIPT.exists():
            return SCRIPT
        folder = SCRIPT.parent
        folder.mkdir(parents=True, exist_ok=True)
        downloads.fetch(
            [sys.executable, "-m", "pip", "download", "--no-deps", "-d", folder]
            + ["--disable-pip-version-check", "--timeout", "20", "--retries", "1"]
            + [f"{PACKAGE}=={VERSION}"],
            "axe.log",
            "Downloading axe-core, which checks how accessible pages are",
        )
        wheel = next(folder.glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            name = next(n for n in archive.namelist() if n.endswith("/axe.min.js"))
            part = SCRIPT.with_suffix(".part")
            part.write_bytes(archive.read(name))
        part.rename(SCRIPT)
        wheel.unlink()
    return SCRIPT
