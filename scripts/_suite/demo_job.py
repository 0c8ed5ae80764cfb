"""What ``scripts/demo`` does inside Odoo before it serves.

``demo_sales.main(env, directory)`` loads real sales, ``demo_run.main(env)`` does the
main job, and ``demo_run.logins(env)`` tells who may log in. All may be run again.
"""

import importlib
import json
from pathlib import Path

from .console import say


def main(env, sales, result):
    """Load the sales if a folder is given, do the job, and write the logins.

    :param result: path of the file that gets the logins, as JSON
    """
    if sales:
        _part("demo_sales").main(env, sales)
        env.cr.commit()
    demo_run = _part("demo_run")
    logins = []
    if demo_run:
        demo_run.main(env)
        env.cr.commit()
        if hasattr(demo_run, "logins"):
            logins = demo_run.logins(env)
    else:
        say("   There is no job yet to run on the demo data (_suite/demo_run.py).")
    Path(result).write_text(json.dumps([list(login) for login in logins]))


def _part(name):
    """A module beside this one, or None if it does not exist."""
    if not Path(__file__).with_name(f"{name}.py").exists():
        return None
    return importlib.import_module(f"_suite.{name}")
