"""Where everything lives, and the settings that the environment may give.

==================  ==================================================================
``SUITE_HOME``      the folder for all that is fetched or made (default:
                    ``.odoo`` in the repository, which git ignores)
``ODOO_HOME``       an Odoo 19 that is already there: a source checkout, or the folder
                    that holds the ``odoo`` package
``SUITE_ODOO_GIT``  where to clone Odoo from, instead of the project's own repository
``PGHOST`` ...      a PostgreSQL server that is already there, by the usual variables
``SUITE_DB``        base of the names of the test databases, so that several people can
                    work in one checkout at the same time (default: ``suite``)
``SUITE_PORT``      the port for Odoo's web server (default: a free one)
==================  ==================================================================
"""

import os
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
SCRIPTS = REPO / "scripts"
HOME = Path(os.environ.get("SUITE_HOME") or REPO / ".odoo").expanduser().resolve()

ODOO = HOME / "odoo"  # the Odoo that we fetched
VENV = HOME / "venv"
PYTHON = VENV / "bin" / "python"
DATA = HOME / "data"  # Odoo's data_dir: filestores and sessions
LOGS = HOME / "logs"
LOCKS = HOME / "locks"

ODOO_SERIES = "19.0"


def database_base():
    """Base of the names of the databases for tests, scenarios and benchmarks."""
    return os.environ.get("SUITE_DB") or "suite"


def requested_port():
    """The web server's port that the environment asks for, or None."""
    value = os.environ.get("SUITE_PORT")
    return int(value) if value else None
