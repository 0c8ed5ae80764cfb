"""Odoo's own linter (its module ``test_lint``) on our modules.

It checks what no general linter knows: indexes of One2many inverses, signatures of
overrides, names that RPC reserves, overrides of routes, onchange domains, manifests,
translated terms. Left out are its tests of itself, of Odoo's localisations, and eslint.
"""

from unittest.mock import patch

import pytest

from odoo.addons.test_lint.tests.test_docstring import TestDocstring  # noqa: F401
from odoo.addons.test_lint.tests.test_dunderinit import (  # noqa: F401
    TestDunderinit,
)
from odoo.addons.test_lint.tests.test_i18n import TestI18n  # noqa: F401
from odoo.addons.test_lint.tests.test_index import TestIndex  # noqa: F401
from odoo.addons.test_lint.tests.test_jstranslate import (  # noqa: F401
    TestJsTranslations,
)
from odoo.addons.test_lint.tests.test_manifests import ManifestLinter  # noqa: F401
from odoo.addons.test_lint.tests.test_naming import TestNaming  # noqa: F401
from odoo.addons.test_lint.tests.test_onchange_domains import (  # noqa: F401
    TestOnchangeDomains,
)
from odoo.addons.test_lint.tests.test_orm_import import (  # noqa: F401
    TestDunderinit as TestOrmImport,
)
from odoo.addons.test_lint.tests.test_override_signatures import (  # noqa: F401
    TestLintOverrideSignatures,
)
from odoo.addons.test_lint.tests.test_pofile import PotLinter  # noqa: F401
from odoo.addons.test_lint.tests.test_pylint import TestPyLint  # noqa: F401
from odoo.addons.test_lint.tests.test_routes import RoutesLinter  # noqa: F401
from odoo.addons.test_lint.tests.test_test_holes import TestTestHoles  # noqa: F401
from odoo.modules import Manifest

from _suite import modules


@pytest.fixture(autouse=True)
def only_our_modules():
    ours = [Manifest.for_addon(name) for name in modules.discover()]
    with patch.object(Manifest, "all_addon_manifests", return_value=ours):
        yield
