"""Install, update and uninstall on a database already in use.

The way an administrator does it: a database with posted invoices, the modules installed
from the Apps menu, later updated, at last uninstalled. None of it may leave a warning
in Odoo's log, and what was posted must still be there, to the cent. At the end the
example of the developer's guide joins them, with its tests.
"""

from . import database, example, logwatch, modules, odoo_server, paths

STEPS = paths.SCRIPTS / "_suite" / "lifecycle_steps.py"


def run():
    """Run the whole life of the modules on a database of their own.

    :raise Failure: when a step fails or leaves a warning
    """
    ours = modules.discover()
    with database.clone_of_core("lifecycle") as name:
        step(
            name, "make_invoices", "Posting invoices in a database without our modules"
        )
        step(
            name, "install", f"Installing {', '.join(ours)} as the Apps menu does", ours
        )
        step(name, "make_invoices", "Posting more invoices")
        log = odoo_server.run(
            ["-c", odoo_server.configuration(name), "-d", name]
            + ["-u", ",".join(ours), "--stop-after-init", "--no-http"],
            "lifecycle-update.log",
            "Updating them",
        )
        logwatch.check(log, "Updating the modules")
        step(
            name, "uninstall", "Uninstalling them; all that was posted must stay", ours
        )
        step(name, "install", "Installing them again", ours)
        example.install_and_test(name)


def step(name, function, title, *arguments):
    log = odoo_server.call_logged(
        name,
        f"{STEPS}:{function}",
        *arguments,
        log_name=f"lifecycle-{function}.log",
        title=title,
    )
    logwatch.check(log, title)
