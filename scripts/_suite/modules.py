"""The add-on modules of this repository, and what of them ends up in a database."""

import ast
import hashlib

from . import paths

#: Read while Odoo runs or only by tests: a database does not depend on them.
NOT_IN_THE_DATABASE = {"tests", "static", "i18n", "readme", "doc", "__pycache__"}
SUFFIXES = {".py", ".xml", ".csv", ".sql"}


def discover():
    """Names of the installable modules in the repository, in order of the alphabet."""
    return sorted(
        path.parent.name
        for path in paths.REPO.glob("*/__manifest__.py")
        if manifest(path.parent.name).get("installable", True)
    )


def manifest(name):
    return ast.literal_eval((paths.REPO / name / "__manifest__.py").read_text())


def odoo_modules():
    """Names of the modules of Odoo itself that ours depend on directly."""
    ours = set(discover())
    needed = {name for module in ours for name in manifest(module).get("depends", [])}
    return sorted(needed - ours)


def fingerprint(name):
    """A hash of the files of a module that decide what its installation does."""
    folder = paths.REPO / name
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.suffix in SUFFIXES and not NOT_IN_THE_DATABASE & {*relative.parts[:-1]}:
            digest.update(f"{relative}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def fingerprints():
    return {name: fingerprint(name) for name in discover()}
