"""The worked example of the developer's guide: a module that is not part of the suite.

It stands outside of what ``modules`` finds, so it is in no template and no demo, and
Odoo sees it here only.
"""

from . import logwatch, odoo_server, paths
from .console import run_logged

FOLDER = paths.REPO / "docs" / "example"
NAME = "partner_incentive_example"
MODULE = FOLDER / NAME


def install_and_test(database):
    """Install it into a database with the suite, and run its tests there.

    :raise Failure: when one fails, or something leaves a warning
    """
    configuration = odoo_server.configuration(database, more=[FOLDER])
    title = f"Installing {NAME} of the developer's guide"
    log = odoo_server.run(
        ["-c", configuration, "-d", database, "-i", NAME]
        + ["--stop-after-init", "--no-http"],
        f"{NAME}.log",
        title,
    )
    logwatch.check(log, title)
    # pytest, since Odoo itself would first make all scripts and styles of its tests.
    run_logged(
        [paths.PYTHON, "-m", "pytest", "-p", "_suite.pytest_plugin", MODULE, "-q"]
        + [f"--odoo-config={configuration}", f"--odoo-database={database}"]
        + ["--odoo-http", "--odoo-log-level=warn", "--rootdir", paths.REPO],
        f"{NAME}-tests.log",
        "Testing it",
        cwd=paths.REPO,
        env=odoo_server.environment(),
    )
