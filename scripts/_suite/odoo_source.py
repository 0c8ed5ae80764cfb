"""An Odoo 19: one that is given, one that is already installed, or one that we fetch.

Odoo is not on PyPI. On Debian we take Debian's own package, unpacked into our folder
without installing it; elsewhere we clone the Odoo project's 19.0 branch.
"""

import importlib.util
import os
import re
import shutil
import site
import subprocess
from pathlib import Path

from . import downloads, paths
from .console import Failure, say, step

GIT_URL = "https://github.com/odoo/odoo.git"

ODOO_PACKAGE = "odoo-19"
#: Debian packages whose files the package's static files link to. Without them the
#: JavaScript bundle breaks and every browser test times out.
STATIC_PACKAGES = [
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "fonts-glyphicons-halflings",
    # 4.7 of the stable suite: later ones have other file names, so icons go missing.
    "fonts-font-awesome/stable",
]
#: In the backend's bundle, but not in the package (it serves blur in video calls).
LEFT_OUT = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"


class OdooSource:
    """Folders of one Odoo.

    :param root: folder to put on Python's path; it holds the package ``odoo``
    """

    def __init__(self, root):
        self.root = Path(root)
        self.package = self.root / "odoo"

    @property
    def is_ours(self):
        """Whether we fetched it."""
        return self.root.is_relative_to(paths.ODOO)

    @property
    def addons(self):
        """Folders of Odoo's own modules; a source checkout has two of them."""
        folders = [self.root / "addons", self.package / "addons"]
        # Debian's package ships a stray folder `addons` too, without manifests.
        return [folder for folder in folders if any(folder.glob("*/__manifest__.py"))]

    @property
    def series(self):
        """Its series such as "19.0", or None when this is no Odoo at all."""
        try:
            text = (self.package / "release.py").read_text()
        except OSError:
            return None
        match = re.search(r"^version_info = \((\d+), (\d+)", text, re.M)
        return match and ".".join(match.groups())

    def is_usable(self):
        return self.series == paths.ODOO_SERIES and bool(self.addons)


def locate():
    """The Odoo to use, or None when it has to be fetched first.

    :raise Failure: when the environment names one that we cannot use
    """
    given = os.environ.get("ODOO_HOME")
    if given:
        return _given(Path(given).expanduser().resolve())
    return _importable() or _fetched()


def _given(folder):
    candidates = [folder, folder.parent, *folder.glob("lib/python3*/dist-packages")]
    for candidate in map(OdooSource, candidates):
        if candidate.is_usable():
            return candidate
    found = ", ".join(str(s) for s in (OdooSource(c).series for c in candidates) if s)
    raise Failure(
        f"ODOO_HOME={folder} is no Odoo {paths.ODOO_SERIES}"
        + (f", but {found}." if found else ": no odoo/release.py and addons there."),
        "  - Set ODOO_HOME to a source checkout of branch 19.0, or to the folder that"
        " holds the `odoo` package.\n  - Or leave it out, then Odoo is fetched.",
    )


def _importable():
    spec = importlib.util.find_spec("odoo")
    for location in (spec and spec.submodule_search_locations) or []:
        source = OdooSource(Path(location).parent)
        if source.is_usable():
            return source
    return None


def importable_site_folders():
    """Where the running interpreter keeps packages, for an Odoo installed beside them.

    Such an Odoo brings its requirements along, which our environment then shares.
    """
    return [folder for folder in site.getsitepackages() if Path(folder).is_dir()]


def _fetched():
    # The folder gets its name only when it is complete: see `fetch`.
    for root in (paths.ODOO / "usr/lib/python3/dist-packages", paths.ODOO):
        source = OdooSource(root)
        if source.is_usable():
            return source
    return None


def fetch():
    """Fetch Odoo into our folder.

    Everything is made in a folder of another name, which is renamed at the end, so
    that nobody ever takes half an Odoo for a whole one.
    """
    part = paths.HOME / "odoo.part"
    failures = []
    for how, possible in ((_from_debian, _is_debian()), (_from_git, _has_git())):
        if not possible:
            continue
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        try:
            how(part)
        except Failure as failure:
            failures.append(failure.message)
            say(f"   that failed: {failure.message}")
            continue
        shutil.rmtree(paths.ODOO, ignore_errors=True)
        part.rename(paths.ODOO)
        source = _fetched()
        if source:
            return source
        failures.append(f"what was fetched is no Odoo {paths.ODOO_SERIES}")
    if not failures:
        failures.append("this machine has neither Debian's apt-get nor git")
    raise Failure(
        f"Odoo {paths.ODOO_SERIES} could not be fetched.\n" + "\n".join(failures),
        downloads.ODOO_ADVICE,
    )


def _has_git():
    return bool(shutil.which("git"))


def _from_git(folder):
    downloads.fetch(
        ["git", "clone", "--depth=1", f"--branch={paths.ODOO_SERIES}", "--progress"]
        + [os.environ.get("SUITE_ODOO_GIT") or GIT_URL, folder],
        "odoo-git.log",
        f"Cloning branch {paths.ODOO_SERIES} of the Odoo project (several minutes)",
    )


def _is_debian():
    try:
        release = Path("/etc/os-release").read_text()
    except OSError:
        return False
    return bool(re.search(r"^ID=debian$", release, re.M)) and downloads.has_apt()


def _from_debian(folder):
    """Unpack Debian's package and those that its static files link to.

    apt works on lists and a cache of its own here, so this neither needs root nor
    changes what the machine's own apt knows.
    """
    apt = folder / "apt"
    for needed in ("lists/partial", "cache/archives/partial", "packages"):
        (apt / needed).mkdir(parents=True)
    (apt / "sources.list").write_text(_debian_sources())
    options = {
        "Dir::State::Lists": apt / "lists",
        "Dir::Cache": apt / "cache",
        "Dir::Etc::SourceList": apt / "sources.list",
        "Dir::Etc::SourceParts": "-",
        # Our folder may be one that apt's own user cannot enter.
        "APT::Sandbox::User": "root",
        "APT::Default-Release": "sid",
        "Acquire::Languages": "none",
        "Acquire::Retries": 3,
    }
    apt_get = ["apt-get"]
    for name, value in options.items():
        apt_get += ["-o", f"{name}={value}"]
    downloads.fetch(
        [*apt_get, "--error-on=any", "update"],
        "odoo-apt-update.log",
        "Asking Debian for Odoo's package",
    )
    downloads.fetch(
        [*apt_get, "download", ODOO_PACKAGE, *STATIC_PACKAGES],
        "odoo-apt-download.log",
        "Downloading Odoo (130 MB)",
        cwd=apt / "packages",
    )
    with step("Unpacking Odoo (1.3 GB)"):
        for package in sorted((apt / "packages").glob("*.deb")):
            unpacked = subprocess.run(
                ["dpkg", "-x", package, folder], capture_output=True, text=True
            )
            if unpacked.returncode:
                raise Failure(f"{package.name}: {unpacked.stderr.strip()}")
        shutil.rmtree(apt)
    missing = folder / "usr/lib/python3/dist-packages/odoo/addons" / LEFT_OUT
    if missing.parents[3].is_dir() and not missing.exists():
        missing.parent.mkdir(parents=True, exist_ok=True)
        missing.write_text("// Not part of Debian's package: blur in video calls.\n")


def _debian_sources():
    """Lines for apt that name the needed suites on this machine's own mirror."""
    wanted = "$(ORIGIN)\t$(REPO_URI)\t$(SIGNED_BY)"
    lines = subprocess.run(
        ["apt-get", "indextargets", "--format", wanted, "Identifier: Packages"],
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    # The origin is only known after an `apt-get update`; the address must do till then.
    targets = [line.split("\t") for line in lines]
    mirrors = [t for t in targets if t[0] == "Debian"] or [
        t for t in targets if re.search(r"/debian/?$", t[1])
    ]
    if not mirrors:
        raise Failure("apt has no Debian mirror configured on this machine.")
    _origin, uri, keyring = mirrors[0]
    keyring = keyring or "/usr/share/keyrings/debian-archive-keyring.gpg"
    option = f"[signed-by={keyring}] " if Path(keyring).exists() else ""
    return "".join(f"deb {option}{uri} {suite} main\n" for suite in ("sid", "stable"))
