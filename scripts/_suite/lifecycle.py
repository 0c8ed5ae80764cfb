"""Install, update and uninstall on a database already in use."""


def run():
    """Not written yet."""
