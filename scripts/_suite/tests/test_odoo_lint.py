"""Odoo's own linter (its module ``test_lint``) on our modules.

It checks what no general linter knows: indexes of One2many inverses, signatures of
overrides, names that RPC reserves, overrides of routes, onchange domains, manifests,
translated terms. Left out are its tests of itself and of Odoo's localisations, eslint,
and its run of pylint, which pylint-odoo covers (and which takes what follows a call of
hypothesis' ``assume`` for unreachable).
"""

# ruff: noqa: F401 - pytest collects what is imported here

from unittest.mock import patch

import pytest

from odoo.modules import Manifest

from odoo.addons.test_lint.tests.test_docstring import TestDocstring
from odoo.addons.test_lint.tests.test_dunderinit import TestDunderinit
from odoo.addons.test_lint.tests.test_i18n import TestI18n
from odoo.addons.test_lint.tests.test_index import TestIndex
from odoo.addons.test_lint.tests.test_jstranslate import TestJsTranslations
from odoo.addons.test_lint.tests.test_manifests import ManifestLinter
from odoo.addons.test_lint.tests.test_naming import TestNaming
from odoo.addons.test_lint.tests.test_onchange_domains import TestOnchangeDomains
from odoo.addons.test_lint.tests.test_orm_import import TestDunderinit as TestOrmImport
from odoo.addons.test_lint.tests.test_override_signatures import (
    TestLintOverrideSignatures,
)
from odoo.addons.test_lint.tests.test_pofile import PotLinter
from odoo.addons.test_lint.tests.test_routes import RoutesLinter
from odoo.addons.test_lint.tests.test_test_holes import TestTestHoles

from _suite import modules


@pytest.fixture(autouse=True)
def only_our_modules():
    """Keep the tests from checking Odoo itself."""
    ours = [Manifest.for_addon(name) for name in modules.discover()]
    with patch.object(Manifest, "all_addon_manifests", return_value=ours):
        yield
