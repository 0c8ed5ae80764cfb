"""Every worked example of ``scenarios/`` is a test of its own."""

from pathlib import Path

import scenario_format
import scenario_runner

from odoo.tests import TransactionCase, tagged

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.yaml"))


@tagged("post_install", "-at_install")
class TestScenarios(TransactionCase):
    """Played by the runner that ``scripts/scenario`` uses."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Once for all: a chart of accounts takes seconds to load.
        currencies = {
            scenario_format.read(path)["company"]["currency"] for path in FILES
        }
        cls.companies = {
            currency: scenario_runner.make_company(cls.env, currency)
            for currency in sorted(currencies)
        }

    def _play(self, path):
        result = scenario_runner.play_file(self.env, path, self.companies)
        self.assertTrue(result.ok, f"\n{result}")


def _make_test(path):
    def test(self):
        self._play(path)

    test.__doc__ = path.name
    return test


for _path in FILES:
    setattr(TestScenarios, f"test_{_path.stem.replace('-', '_')}", _make_test(_path))
