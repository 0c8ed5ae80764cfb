"""What ``scripts/demo`` does inside Odoo before it serves.

``demo_sales.main(env, directory)`` loads real sales, ``demo_run.main(env)`` does the
main job and says what was booked, and ``demo_run.logins(env)`` who may log in. All may
be run again.
"""

import json
from pathlib import Path

from . import demo_run, demo_sales


def main(env, sales, result):
    """Load the sales if a folder is given, do the job, and write what to tell.

    :param result: path of the file that gets it, as JSON: ``report`` and ``logins``
    """
    if sales:
        demo_sales.main(env, sales)
        env.cr.commit()
    report = demo_run.main(env)
    env.cr.commit()
    told = {"report": report, "logins": demo_run.logins(env)}
    Path(result).write_text(json.dumps(told))
