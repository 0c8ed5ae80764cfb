"""The tabs at the head of each page: few of them, and below those of one group."""

from odoo.http import request


class PortalTabs:
    """Part of the portal's controller. Modules add tabs in :meth:`_get_tabs`."""

    def _get_tab_groups(self):
        """Groups that tabs can name; extension point.

        :return: ``{key: title}``. A group of which a user sees one page only is shown
            as that page.
        """
        env = request.env
        return {
            "money": env._("Money"),
            "sales": env._("Sales"),
            "account": env._("Account"),
        }

    def _get_tabs(self):
        """Pages that tabs lead to; extension point.

        :return: list of dicts ``title, url, areas, group, sequence, pages``. ``areas``
            names which areas a user's role must open one of, empty for everybody;
            ``group`` is a key of :meth:`_get_tab_groups`, or None for a tab at the top;
            ``pages`` are the names of the pages below it, the tab's own one first.
        """
        env = request.env

        def tab(title, page, areas, group, sequence, url=None, more=()):
            return {
                "title": title,
                "url": url or f"/my/incentives/{page}",
                "areas": areas,
                "group": group,
                "sequence": sequence,
                "pages": [f"incentive_{page}", *more],
            }

        return [
            {
                "title": env._("Overview"),
                "url": "/my/incentives",
                "areas": [],
                "group": None,
                "sequence": 0,
                "pages": ["incentives"],
            },
            tab(
                env._("Statement"),
                "statement",
                ["money"],
                "money",
                10,
                more=["incentive_entry"],
            ),
            tab(
                env._("Payouts"),
                "payouts",
                ["money"],
                "money",
                12,
                more=["incentive_payout"],
            ),
            tab(
                env._("Disputes"),
                "disputes",
                ["disputes"],
                "money",
                14,
                more=["incentive_dispute"],
            ),
            tab(
                env._("Policies"),
                "policies",
                [],
                "account",
                90,
                more=["incentive_policy"],
            ),
            tab(env._("Team"), "team", ["team"], "account", 92),
            tab(env._("Preferences"), "preferences", [], "account", 94),
        ]

    def _prepare_tabs(self, page_name):
        """The tabs of a user who is on a page.

        :return: list of dicts ``title, url, is_open, current, tabs``; ``current`` is
            what ``aria-current`` says: ``page``, ``true`` for what the page is part of,
            or None. ``tabs`` are those of the group, of the same form.
        """
        areas = self._get_areas()
        titles = self._get_tab_groups()
        top = {}
        for tab in sorted(self._get_tabs(), key=lambda each: each["sequence"]):
            if tab["areas"] and areas.isdisjoint(tab["areas"]):
                continue
            current = None
            if page_name in tab["pages"]:
                current = "page" if page_name == tab["pages"][0] else "true"
            shown = {
                "title": tab["title"],
                "url": tab["url"],
                "current": current,
                "is_open": bool(current),
                "tabs": [],
            }
            key = tab["group"] or tab["url"]
            top.setdefault(key, []).append(shown)
        return [
            {
                "title": titles[key],
                "url": tabs[0]["url"],
                "is_open": any(tab["is_open"] for tab in tabs),
                "current": "true" if any(tab["is_open"] for tab in tabs) else None,
                "tabs": tabs,
            }
            if len(tabs) > 1
            else tabs[0]
            for key, tabs in top.items()
        ]
