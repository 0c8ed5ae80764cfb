"""What of the scripts can be tested without fetching anything."""

import doctest
import unittest

from _suite import logwatch, modules


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
