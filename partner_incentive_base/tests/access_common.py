"""What the tests of rights share: the suite's models, and calls as a client makes."""

from unittest.mock import patch

from odoo.service.model import call_kw
from odoo.sql_db import Cursor

SUITE = (
    "partner_incentive_base",
    "partner_rebate",
    "partner_deal_registration",
    "partner_mdf",
    "partner_tiering",
)
WRITES = ("INSERT", "UPDATE", "DELETE")


class AccessCommon:
    """Mixin of test cases with an environment."""

    def _get_suite_models(self, abstract=False):
        """Models of the installed modules of the suite, by name."""
        return {
            name: self.env[name]
            for name, model in sorted(self.env.registry.items())
            if model._original_module in SUITE and (abstract or not model._abstract)
        }

    def _get_public_methods(self):
        """``(model, method name)`` of all that the suite lets clients call."""
        methods = []
        for name, model in sorted(self.env.registry.items()):
            for base in model.mro():
                if not base.__module__.startswith(
                    tuple(f"odoo.addons.{module}." for module in SUITE)
                ):
                    continue
                methods += [
                    (name, method)
                    for method, function in vars(base).items()
                    if not method.startswith("_")
                    and callable(function)
                    and not getattr(function, "_api_private", False)
                ]
        return sorted(set(methods))

    def _call(self, user, model, method, *args, **kwargs):
        """Call a method the way a client does."""
        return call_kw(self.env(user=user)[model], method, list(args), kwargs)

    def _catch_writes(self):
        """Context whose value lists the statements that change something."""
        return _Writes()


class _Writes:
    def __enter__(self):
        self.statements = []
        original = Cursor.execute
        statements = self.statements

        def execute(cursor, query, *args, **kwargs):
            text = getattr(query, "code", query)
            if text.lstrip().upper().startswith(WRITES) and '"bus_bus"' not in text:
                statements.append(text)
            return original(cursor, query, *args, **kwargs)

        self.patcher = patch.object(Cursor, "execute", execute)
        self.patcher.start()
        return statements

    def __exit__(self, *error):
        self.patcher.stop()
