"""axe-core, which finds barriers for people in pages; only tests need it."""

import sys
import zipfile
from pathlib import Path

from . import downloads, paths
from .console import lock

#: The package that has a recent axe-core inside; nothing else of it is used.
PACKAGE, VERSION = "axe-playwright-python", "0.1.8"
FOLDER = paths.HOME / "axe"
AXE = FOLDER / f"axe-{VERSION}.min.js"
#: axe-core with ``findBarriers()``, which says what is wrong with a page.
SCRIPT = FOLDER / "barriers.js"


def ensure_script():
    """The path of a script that gives a page ``findBarriers()``.

    :raise Failure: when axe-core has to be fetched and cannot be
    """
    _ensure_axe()
    ours = Path(__file__).with_name("barriers.js").read_text()
    SCRIPT.write_text(f"{AXE.read_text()}\n{ours}")
    return SCRIPT


def _ensure_axe():
    if AXE.exists():
        return
    with lock("axe", "it fetches axe-core"):
        if AXE.exists():
            return
        FOLDER.mkdir(parents=True, exist_ok=True)
        downloads.fetch(
            [sys.executable, "-m", "pip", "download", "--no-deps", "-d", FOLDER]
            + ["--disable-pip-version-check", "--timeout", "20", "--retries", "1"]
            + [f"{PACKAGE}=={VERSION}"],
            "axe.log",
            "Downloading axe-core, which checks how accessible pages are",
        )
        wheel = next(FOLDER.glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            name = next(n for n in archive.namelist() if n.endswith("/axe.min.js"))
            part = AXE.with_suffix(".part")
            part.write_bytes(archive.read(name))
        part.rename(AXE)
        wheel.unlink()
