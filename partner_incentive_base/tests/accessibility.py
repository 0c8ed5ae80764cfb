"""Pages that everybody can use: on a phone, by keyboard, with a screen reader."""

import json
import os
from pathlib import Path

#: axe-core's script, which ``scripts/test`` fetches and names.
AXE = "SUITE_AXE"
#: Width of the frames that the pages are looked at in.
WIDTHS = (390, 1440)
#: Rules of WCAG 2.0 to 2.2, levels A and AA.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SCRIPT = """
(async () => {
    const wrong = [];
    const axe = await (await fetch("%(axe)s")).text();
    for (const path of %(paths)s) {
        for (const width of %(widths)s) {
            const frame = document.createElement("iframe");
            frame.style = `width: ${width}px; height: 844px; border: 0`;
            frame.src = path;
            const loaded = new Promise((done) => (frame.onload = done));
            document.body.append(frame);
            await loaded;
            const page = frame.contentDocument;
            const note = (text) => wrong.push(`${path} (${width} px): ${text}`);
            if (page.querySelectorAll("main h1").length !== 1) {
                note("not one heading of the first level");
            }
            if (page.documentElement.scrollWidth > width) {
                note(`scrolls sideways, ${page.documentElement.scrollWidth} px`);
            }
            frame.contentWindow.eval(axe);
            const found = await frame.contentWindow.axe.run(
                // the chatter is Odoo's own
                {include: [["main"]], exclude: [["#chatterRoot"]]},
                {runOnly: {type: "tag", values: %(tags)s}}
            );
            for (const rule of found.violations) {
                if (["serious", "critical"].includes(rule.impact)) {
                    const places = rule.nodes.slice(0, 3).map((node) => node.html);
                    note(`${rule.id}: ${rule.help}: ${places.join(" ")}`);
                }
            }
            frame.remove();
        }
    }
    if (wrong.length) {
        throw new Error(wrong.join("\\n"));
    }
    console.log("test successful");
})();
"""


class AccessibilityMixin:
    """For tests of pages, beside ``HttpCase``."""

    browser_size = "1500x900"

    def assertAccessible(self, paths, login):
        """No page has a serious barrier, or scrolls sideways, at any of the widths.

        :param paths: addresses of portal pages
        :param login: of the user who looks at them
        """
        script = os.environ.get(AXE)
        if not script:
            self.skipTest(f"{AXE} does not say where axe-core's script is.")
        # Not in the script itself, which is printed where the test fails.
        attachment = self.env["ir.attachment"].create(
            {
                "name": "axe.txt",
                "raw": Path(script).read_bytes(),
                "mimetype": "text/plain",
                "public": True,
            }
        )
        self.browser_js(
            "/my",
            SCRIPT
            % {
                "paths": json.dumps(paths),
                "widths": json.dumps(WIDTHS),
                "axe": f"/web/content/{attachment.id}",
                "tags": json.dumps(TAGS),
            },
            login=login,
        )
