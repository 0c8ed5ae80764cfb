"""Run a function of a Python file inside Odoo: the other side of `odoo_server.call`.

The only module of this package that needs Odoo.
"""

import argparse
import importlib.util
import json
import sys
import threading
from pathlib import Path

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--log-level", default="warn")
    parser.add_argument("--commit", action="store_true")
    parser.add_argument("function", help="path/of/file.py:name")
    parser.add_argument("arguments", help="a JSON list")
    options = parser.parse_args()

    config.parse_config(
        ["-c", options.config, "-d", options.database]
        + ["--log-level", options.log_level],
        setup_logging=True,
    )
    function = load(options.function)
    threading.current_thread().dbname = options.database
    with Registry(options.database).cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {})
        env = env(context=env["res.users"].context_get())
        status = function(env, *json.loads(options.arguments)) or 0
        if options.commit and not status:
            cursor.commit()
        else:
            cursor.rollback()
    return int(status)


def load(function):
    """The function that ``path/of/file.py:name`` names.

    A file of this package is imported as such; any other may import its neighbours,
    as a script may.
    """
    path, _colon, name = function.rpartition(":")
    path = Path(path).resolve()
    if path.parent == Path(__file__).resolve().parent:
        return getattr(importlib.import_module(f"_suite.{path.stem}"), name)
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return getattr(module, name)


if __name__ == "__main__":
    sys.exit(main())
