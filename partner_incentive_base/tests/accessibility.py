"""Pages that everybody can use: on a phone, by keyboard, with a screen reader."""

import json
import os
from pathlib import Path

#: Where the script with ``findBarriers()`` is, which ``scripts/test`` makes and names.
AXE = "SUITE_AXE"
#: Width of the frames that the pages are looked at in.
WIDTHS = (390, 1440)
SCRIPT = """
(async () => {
    const wrong = [];
    const script = await (await fetch("%(script)s")).text();
    for (const path of %(paths)s) {
        for (const width of %(widths)s) {
            const frame = document.createElement("iframe");
            frame.style = `width: ${width}px; height: 844px; border: 0`;
            frame.src = path;
            // as on a phone, where bars for scrolling take no room
            frame.scrolling = "no";
            const loaded = new Promise((done) => (frame.onload = done));
            document.body.append(frame);
            await loaded;
            frame.contentWindow.eval(script);
            for (const barrier of await frame.contentWindow.findBarriers()) {
                wrong.push(`${path} (${width} px): ${barrier}`);
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
                "script": f"/web/content/{attachment.id}",
            },
            login=login,
        )
