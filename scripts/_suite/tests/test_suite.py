"""What of the scripts can be tested without fetching anything."""

import ast
import collections
import doctest
import io
import re
import unittest

from PIL import Image

from _suite import dashboards, logwatch, modules, paths, screenshots


class TestLogwatch(unittest.TestCase):
    def test_examples(self):
        self.assertEqual(doctest.testmod(logwatch).failed, 0)

    def test_a_warning_of_a_module_is_seen(self):
        line = "2026-01-31 12:00:00,000 7 WARNING db odoo.addons.x.models: careful"
        self.assertEqual(logwatch.troubles(line), [line])


class TestModules(unittest.TestCase):
    def test_every_module_is_found_and_has_a_fingerprint(self):
        found = modules.fingerprints()
        self.assertIn("partner_incentive_base", found)
        self.assertEqual(len(set(found.values())), len(found))

    def test_none_of_ours_is_taken_for_one_of_odoo(self):
        self.assertFalse(set(modules.discover()) & set(modules.odoo_modules()))
        self.assertIn("account", modules.odoo_modules())


class TestDashboards(unittest.TestCase):
    def test_files_are_what_is_written_down(self):
        for path, text in dashboards.get_files().items():
            self.assertEqual(
                path.read_text(encoding="utf-8"),
                text,
                f"{path.name} is old; run scripts/odoo dashboards",
            )


class TestScreenshots(unittest.TestCase):
    """No guide shows what nobody can take anew."""

    def test_every_picture_of_the_guides_is_there_and_has_a_shot(self):
        names = [shot.name for shot in screenshots.SHOTS]
        self.assertEqual(len(names), len(set(names)))
        shown = set()
        for path in [paths.REPO / "README.md", *paths.REPO.glob("docs/user/*.md")]:
            for target in re.findall(r"!\[[^]]*\]\(([^)]+)\)", path.read_text()):
                picture = (path.parent / target).resolve()
                self.assertTrue(picture.exists(), f"{path.name} shows {target}")
                shown.add(picture.stem)
        self.assertGreater(len(shown), 20)
        self.assertLessEqual(shown, set(names))

    def test_a_picture_gets_small_and_keeps_its_size(self):
        noise = Image.effect_noise((1440, 900), 80).convert("RGB")
        buffer = io.BytesIO()
        noise.save(buffer, "PNG")
        small = screenshots._shrink(buffer.getvalue())
        self.assertLess(len(small), buffer.tell())
        self.assertEqual(Image.open(io.BytesIO(small)).size, noise.size)


class TestNames(unittest.TestCase):
    """Odoo makes one class of all that modules say of a model, or of the portal."""

    def test_modules_beside_each_other_do_not_hide_each_others_methods(self):
        """Which of two would win is decided by the order of installation."""
        base = "partner_incentive_base"
        found = collections.defaultdict(set)
        for module in modules.discover():
            for folder in ("models", "wizards", "controllers"):
                for path in sorted((paths.REPO / module / folder).glob("*.py")):
                    for owner, name, calls_super in self._read(path, folder):
                        if module != base and not calls_super:
                            found[owner, name].add(module)
        self.assertGreater(len(found), 100)
        twice = {key: names for key, names in found.items() if len(names) > 1}
        self.assertEqual(twice, {})

    def _read(self, path, folder):
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.ClassDef):
                continue
            owner = "portal" if folder == "controllers" else self._get_model(node)
            for method in node.body:
                if owner and isinstance(method, ast.FunctionDef):
                    yield owner, method.name, "super()" in ast.unparse(method)

    def _get_model(self, node):
        values = {
            statement.targets[0].id: statement.value
            for statement in node.body
            if isinstance(statement, ast.Assign)
            and isinstance(statement.targets[0], ast.Name)
        }
        value = values.get("_name") or values.get("_inherit")
        return value.value if isinstance(value, ast.Constant) else None
