"""What the guides quote is there: code of the example, methods, commands, files."""

import re
import unittest

from odoo.tests import TransactionCase, tagged

from _suite import example, paths

DEVELOPER = paths.REPO / "docs" / "developer.md"
API = paths.REPO / "docs" / "user" / "api.md"
FEATURES = paths.REPO / "docs" / "features.md"
#: How its first lines abbreviate the modules.
MODULES = {
    "base": "partner_incentive_base",
    "rebate": "partner_rebate",
    "deal_registration": "partner_deal_registration",
    "mdf": "partner_mdf",
    "tiering": "partner_tiering",
}
GUIDES = [
    paths.REPO / "README.md",
    *sorted((paths.REPO / "docs").rglob("*.md")),
]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
CALL = re.compile(r"^call ([a-z_.]+) (\w+)", re.M)


def _flatten(text):
    """Lines without their indentation, as one string."""
    return "\n".join(line.strip() for line in text.strip().splitlines())


class TestFiles(unittest.TestCase):
    def test_links_lead_somewhere(self):
        for guide in GUIDES:
            for target in LINK.findall(guide.read_text()):
                if "://" not in target and not target.startswith("mailto:"):
                    with self.subTest(guide=guide.name, target=target):
                        self.assertTrue((guide.parent / target).exists())

    def test_code_of_the_developers_guide_is_the_examples(self):
        sources = [
            _flatten(path.read_text())
            for path in example.MODULE.rglob("*")
            if path.suffix in (".py", ".xml", ".csv")
        ]
        blocks = [
            code
            for language, code in FENCE.findall(DEVELOPER.read_text())
            if language in ("python", "xml", "csv")
        ]
        self.assertGreater(len(blocks), 5)
        for code in blocks:
            with self.subTest(code=code[:80]):
                self.assertTrue(any(_flatten(code) in source for source in sources))


class TestFeatures(unittest.TestCase):
    def test_proofs_are_there(self):
        """Each row is five cells; the last one names files, and tests in them."""
        rows = [
            [cell.strip() for cell in line.strip("|").split(" | ")]
            for line in FEATURES.read_text().splitlines()
            if re.match(r"\| [SF]\d", line)
        ]
        self.assertGreater(len(rows), 100)
        for row in rows:
            with self.subTest(row[0]):
                self.assertEqual(len(row), 5)
                self.assertEqual(row[2] == "later", row[4] == "-")
                for place, test in re.findall(r"`([^` ]+)`(?: \((\w+)\))?", row[4]):
                    self._check(place, test)

    def _check(self, place, test):
        first, slash, rest = place.partition("/")
        found = list(paths.REPO.glob(MODULES.get(first, first) + slash + rest))
        self.assertTrue(found, place)
        self.assertIn(f"def {test}", found[0].read_text() if test else "def ")


@tagged("post_install", "-at_install")
class TestMethods(TransactionCase):
    def test_steps_of_the_api_guide(self):
        """Each call names a model and a method that the API lets a client call."""
        calls = set(CALL.findall(API.read_text()))
        self.assertGreater(len(calls), 30)
        for model, name in sorted(calls):
            with self.subTest(model=model, method=name):
                self.assertIn(model, self.env)
                self.assertFalse(name.startswith("_"))
                method = getattr(type(self.env[model]), name, None)
                self.assertTrue(callable(method), f"{model} has no {name}")
                self.assertFalse(getattr(method, "_api_private", False))

    def test_fields_of_the_api_guide(self):
        """What is read and written there are fields."""
        text = API.read_text().replace("\\\n", " ").replace('\\"', '"')
        for model, name, arguments in re.findall(
            r"^call ([a-z_.]+) (\w+)((?:(?!^call |^```|^#).*\n)*)", text, re.M
        ):
            known = set(self.env[model]._fields)
            for listed in re.findall(r'"fields": \[([^\]]*)\]', arguments):
                for field in re.findall(r'"(\w+)"', listed):
                    with self.subTest(model=model, method=name, field=field):
                        self.assertIn(field, known)
            for field, value in re.findall(
                r'\["(\w+)", "(?:=|!=|in)", ("\w+")?', arguments
            ):
                with self.subTest(model=model, method=name, field=field, value=value):
                    self.assertIn(field, known)
                    described = self.env[model]._fields[field]
                    if described.type == "selection" and value:
                        self.assertIn(value.strip('"'), described.get_values(self.env))
            if name in ("create", "write"):
                vals = re.search(r'"vals(?:_list)?": (.*)', arguments, re.S)
                top = re.sub(r"\[\[0, 0, .*?\]\]", "", vals[1], flags=re.S)
                for field in re.findall(r'"(\w+)":', top):
                    with self.subTest(model=model, method=name, field=field):
                        self.assertIn(field, known)

    def test_extension_points_of_the_developers_guide(self):
        table = DEVELOPER.read_text().partition("## Extension points")[2]
        found = 0
        for row in re.findall(r"^\| (`.*?) \|", table, re.M):
            model = None
            for quoted in re.findall(r"`([^`]+)`", row):
                if "._" in quoted:
                    model, _dot, quoted = quoted.rpartition(".")
                if not quoted.startswith("_"):
                    continue
                found += 1
                with self.subTest(model=model, method=quoted):
                    self.assertIn(model, self.env)
                    self.assertTrue(callable(getattr(self.env[model], quoted, None)))
        self.assertGreater(found, 30)
