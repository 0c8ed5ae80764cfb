"""No warning in Odoo's log goes unseen: find the entries that mean trouble."""

import re

from .console import Failure, say

# 2026-01-31 12:00:00,000 1234 WARNING database odoo.addons.x: message
ENTRY = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ ([A-Z]+) ")

FINE = {"DEBUG", "INFO", "TEST", "RUNBOT"}


def troubles(text):
    """The log's entries of level WARNING and above, each with the lines that follow.

    >>> troubles('''2026-01-31 12:00:00,000 7 INFO db odoo.registry: fine
    ... 2026-01-31 12:00:01,000 7 ERROR db odoo.sql_db: bad query
    ... Traceback, line one
    ... 2026-01-31 12:00:02,000 7 INFO db odoo.registry: fine''')
    ['2026-01-31 12:00:01,000 7 ERROR db odoo.sql_db: bad query\\nTraceback, line one']
    """
    found, current = [], None
    for line in text.splitlines():
        entry = ENTRY.match(line)
        if entry:
            current = None
            if entry[1] not in FINE:
                current = [line]
                found.append(current)
        elif current is not None:
            current.append(line)
    return ["\n".join(lines) for lines in found]


def check(log, what):
    """Fail when a log has warnings or errors.

    :param log: path of the log file
    :param what: what was done while it was written
    """
    found = troubles(log.read_text(errors="replace"))
    if found:
        raise Failure(
            f"{what}: {len(found)} warning(s) or error(s) in Odoo's log:\n\n"
            + "\n".join(found),
            f"  - Mend what the log tells; it is complete in {log}.",
        )


def report(log, what):
    """Tell of warnings and errors in a log, where they are no reason to stop."""
    found = troubles(log.read_text(errors="replace"))
    if found:
        say(f"   {what}: {len(found)} warning(s) or error(s), see {log}")
