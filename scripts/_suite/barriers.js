/* What keeps people from using a page of the portal; appended to axe-core, which finds
 * most of it. The tests of pages and the crawl through all screens both ask this. */
window.findBarriers = async () => {
    const page = document.documentElement;
    const wrong = [];
    if (document.querySelectorAll("main h1").length !== 1) {
        wrong.push("not one heading of the first level");
    }
    if (page.scrollWidth > page.clientWidth) {
        const beyond = [...document.querySelectorAll("body *")].filter(
            (each) =>
                each.getBoundingClientRect().right > page.clientWidth &&
                !each.closest(".table-responsive, .overflow-auto")
        );
        const names = beyond.slice(0, 3).map((each) => `${each.tagName}.${each.className}`);
        wrong.push(`scrolls sideways, ${page.scrollWidth} px: ${names.join(", ")}`);
    }
    const found = await window.axe.run(
        // the chatter is Odoo's own
        {include: [["main"]], exclude: [["#chatterRoot"]]},
        {
            // WCAG 2.0 to 2.2, levels A and AA
            runOnly: {
                type: "tag",
                values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
            },
        }
    );
    for (const rule of found.violations) {
        if (["serious", "critical"].includes(rule.impact)) {
            const places = rule.nodes.slice(0, 3).map((node) => node.html);
            wrong.push(`${rule.id}: ${rule.help}: ${places.join(" ")}`);
        }
    }
    return wrong;
};
