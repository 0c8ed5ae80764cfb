"""Scripts and styles of Odoo's pages, made ahead of the first browser."""

#: What only Odoo's own developers open.
TESTS = ("test", "qunit")


def main(env):
    """Make every bundle that a page may ask for.

    A page that finds none makes them while the browser waits, which on a slow machine
    takes longer than a browser tour has patience.
    """
    qweb = env["ir.qweb"]
    scripts, styles = qweb._get_bundles_to_pregenarate()
    for bundle in sorted(scripts):
        if not any(word in bundle for word in TESTS):
            qweb._get_asset_bundle(bundle, css=False, js=True).js()
    for bundle in sorted(styles):
        if not any(word in bundle for word in TESTS):
            qweb._get_asset_bundle(bundle, css=True, js=False).css()
