"""Translations beside the terms they translate, without a database."""

import ast
import re
import subprocess
from collections import Counter
from shutil import which

import polib
import pytest

from odoo.tools.babel.python_extractor import extract_python

from _suite import modules, paths

PLACEHOLDER = re.compile(
    r"%\(\w+\)[-+ #0-9.]*[a-zA-Z]"  # %(name)s
    r"|%[-+#0-9.]*[sdfgirx](?!\w)"  # %s
    r"|%%"
    r"|\{\{.*?\}\}"  # {{ 0 }}, {{ object.name }}
    r"|</?\w+"  # markup
    r'|\bt-[a-z-]+="[^"]*"',  # QWeb
    re.DOTALL,
)

TRANSLATIONS = sorted(
    path
    for name in modules.discover()
    for path in (paths.REPO / name).glob("i18n/*.po")
)


def _find_faults(terms, path):
    """Say what is wrong with a translation of the terms.

    :param terms: the exported terms, as text or path of a file
    :param path: the translation, as text or path of a file
    :return: one line per fault
    """
    found = {entry.msgid: entry for entry in polib.pofile(str(path))}
    for term in polib.pofile(str(terms)):
        entry = found.pop(term.msgid, None)
        if entry is None:
            yield f"missing: {term.msgid!r}"
        elif not entry.msgstr.strip() and term.msgid.strip():
            yield f"empty: {term.msgid!r}"
        elif entry.fuzzy or entry.obsolete:
            yield f"not confirmed: {term.msgid!r}"
        else:
            yield from _find_changes(term.msgid, entry.msgstr)
    yield from (f"no such term any more: {msgid!r}" for msgid in found)


def _find_changes(term, text):
    expected = Counter(PLACEHOLDER.findall(term))
    given = Counter(PLACEHOLDER.findall(text))
    for name, difference in (("lost", expected - given), ("new", given - expected)):
        if difference:
            yield f"{name} {', '.join(difference)}: {term!r}, {text!r}"
    for strip in (str.lstrip, str.rstrip):
        if len(term) - len(strip(term)) != len(text) - len(strip(text)):
            yield f"other space around it: {term!r}, {text!r}"


def test_faults_are_seen():
    terms = """
msgid "Paid %(amount)s"
msgstr ""

msgid "%s of "
msgstr ""

msgid "<b>Due</b>"
msgstr ""

msgid "New"
msgstr ""
"""
    text = """
msgid "Paid %(amount)s"
msgstr "Payé %(amont)s"

msgid "%s of "
msgstr "%s sur"

msgid "<b>Due</b>"
msgstr ""

msgid "Old"
msgstr "Ancien"
"""
    assert [fault.split(":")[0] for fault in _find_faults(terms, text)] == [
        "lost %(amount)s",
        "new %(amont)s",
        "other space around it",
        "empty",
        "missing",
        "no such term any more",
    ]


def test_every_module_speaks_every_language():
    languages = {path.name for path in TRANSLATIONS}
    assert "fr.po" in languages
    for name in modules.discover():
        folder = paths.REPO / name / "i18n"
        if (folder / f"{name}.pot").exists():
            assert {path.name for path in folder.glob("*.po")} == languages, name


@pytest.mark.parametrize(
    "path", TRANSLATIONS, ids=lambda path: f"{path.parts[-3]}-{path.stem}"
)
def test_translation_is_complete(path):
    """Whoever changes a term exports it anew and translates it in every language."""
    faults = list(_find_faults(path.with_name(f"{path.parts[-3]}.pot"), path))
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults)


@pytest.mark.parametrize("name", modules.discover())
def test_no_key_is_exported(name):
    """Only texts are exported: what ``_`` is called with.

    Odoo's export takes a parenthesis for a call of the last name before it. So the
    keys of a tuple are exported when it stands right behind a text: write a list, or
    put the text last.
    """
    keys = []
    for path in sorted((paths.REPO / name).rglob("*.py")):
        texts = _find_texts(ast.parse(path.read_text(encoding="utf-8")))
        with path.open("rb") as file:
            for line, _function, terms, _comments in extract_python(
                file, {"_": None}, [], {}
            ):
                term = terms[0] if isinstance(terms, tuple) else terms
                if term and term not in texts:
                    keys.append(f"{path.relative_to(paths.REPO)}:{line}: {term}")
    assert not keys, "\n".join(keys)


def _find_texts(tree):
    """What ``_`` is called with, by that name or as an attribute."""
    return {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and "_" in (getattr(node.func, "id", None), getattr(node.func, "attr", None))
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


@pytest.mark.skipif(not which("msgfmt"), reason="gettext is not installed")
@pytest.mark.parametrize(
    "path", TRANSLATIONS, ids=lambda path: f"{path.parts[-3]}-{path.stem}"
)
def test_gettext_reads_it(path):
    command = ["msgfmt", "--check-format", "--output-file=/dev/null", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
