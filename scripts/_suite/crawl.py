"""Open every screen of the suite as each role, and say what is wrong with it.

Menus, and what their actions show: each kind of view, the form of the first record with
its tabs, and a new one. Pages of the portal: those that the pages themselves lead to.
Wide and narrow. Looked for: errors of the client and the server, missing icons and
pictures, on the portal scrolling sideways and barriers that axe-core finds. A picture
of each screen is kept.
"""

import ast
import json
import re
from urllib.error import HTTPError
from urllib.parse import urlsplit

from . import axe, paths
from .chrome import Chrome
from .console import Failure, say
from .screenshots import READY, STYLE, Session

#: The menu that holds all of the suite's.
ROOT = "partner_incentive_base.menu_incentive_root"
FOLDER = paths.HOME / "crawl"
WIDTHS = (1440, 390)
STAFF = ("admin", "manager", "channel", "finance", "controller", "compliance")
#: Admins of two partners, and colleagues of the first in each role.
PARTNERS = ("anna", "bo", "sara", "mia", "finn")
#: The portal's pages of the suite; others are Odoo's own.
PORTAL = re.compile(r"^/(my/incentives|partner-tiers)")
#: Numbers in an address stand for records: one page of each kind is opened.
NUMBER = re.compile(r"(?<=/)\d+(?=/|$)")
#: So many pages of the portal at most; what leads on for ever is a mistake itself.
MAX_PAGES = 150
#: Kinds of action that show something in the client.
CLIENT_ACTIONS = ("ir.actions.act_window", "ir.actions.server", "ir.actions.client")
#: Kinds of view that an action can be opened with.
VIEWS = ("list", "kanban", "pivot", "graph", "calendar", "activity")

WRONG_ICONS = """
[...document.querySelectorAll('i.fa, i.oi, span.fa, span.oi, button.fa, button.oi')]
    .filter(each => each.offsetParent && ['none', 'normal', '""'].includes(
        getComputedStyle(each, '::before').content))
    .map(each => 'no icon: ' + each.className)
    .concat([...document.images]
        .filter(each => each.offsetParent && each.complete && !each.naturalWidth)
        .map(each => 'no picture: ' + each.getAttribute('src')))
"""
ERRORS = """
[...document.querySelectorAll(
    '.o_error_dialog, .o_http_error, .o_notification.border-danger,'
    + ' .modal .o_error_detail')].map(each => 'error: ' + each.innerText.slice(0, 400))
"""
#: Does an action, in the client that is there already, and waits for it.
DO = """
odoo.__WOWL_DEBUG__.root.env.services.action.doAction(%s, {
    clearBreadcrumbs: true, viewType: %s, props: %s,
}).then(() => true)
"""
CLIENT = "window.odoo?.__WOWL_DEBUG__?.root && document.querySelector('.o_main_navbar')"
#: Clicks the tab after the present one; false where there is none.
NEXT_TAB = """
(() => {
    const next = document.querySelector(
        '.o_notebook_headers li:has(.active) ~ li .nav-link:not(.disabled)');
    next?.click();
    return Boolean(next);
})()
"""
HAS_NEW = """
Boolean(document.querySelector('.o_list_button_add, .o-kanban-button-new'))
"""
LINKS = "[...document.querySelectorAll('#wrap a[href]')].map(each => each.href)"
LOGINS = {
    **{role: f"{role}@incentives.example" for role in STAFF[1:]},
    **{name: f"{name}@alpine.example" for name in PARTNERS if name != "bo"},
    "bo": "bo@baltic.example",
}


def crawl(url, database, roles=(), widths=WIDTHS, folder=FOLDER):
    """Look at everything, and return what is wrong.

    :param roles: logins, up to the @; all when empty
    :return: ``(number of screens, [(place, what is wrong)])``
    """
    folder.mkdir(parents=True, exist_ok=True)
    opened, findings = 0, []
    with Chrome() as chrome:
        for role in roles or (*STAFF, *PARTNERS):
            for width in widths:
                say(f"-> {role}, {width} px")
                session = Visitor(url, database, LOGINS.get(role, role))
                page = chrome.open_page(session.cookies())
                page.watch()
                page.resize(width, 900 if width > 500 else 844)
                kind = Portal if role in PARTNERS else Client
                visit = kind(url, session, page, f"{role}-{width}", folder)
                # Whoever runs everything sees all of it, the others what is theirs.
                visit.crawl(thorough=role == "admin")
                page.close()
                opened += visit.opened
                findings += visit.findings
    return opened, findings


class Visitor(Session):
    """Somebody who asks the server what there is to see."""

    def get_menus(self):
        with self._opener.open(f"{self._url}/web/webclient/load_menus") as response:
            return json.load(response)

    def get_action(self, number):
        return self._call("/web/action/load", action_id=number)

    def find(self, action):
        """The id of the first record that an action shows, or None."""
        domain = action.get("domain") or []
        if isinstance(domain, str):
            try:
                domain = ast.literal_eval(domain)
            except ValueError:  # it names today or the user: any record will do
                domain = []
        found = self._execute(action["res_model"], "search", domain, limit=1)
        return found[0] if found else None

    def leads_to_a_page(self, link):
        """Whether a link opens a page, and not a file.

        :raise urllib.error.HTTPError: if it opens nothing
        """
        with self._opener.open(link, timeout=120) as response:
            about = response.headers
            return (
                about.get_content_type() == "text/html"
                and "attachment" not in about.get("Content-Disposition", "")
            )


class Visit:
    """What one role opens at one width, and what is wrong with it."""

    #: What is there as soon as a screen has something to show.
    ready = None

    def __init__(self, url, session, page, name, folder):
        self.url, self.session, self.page = url, session, page
        self.name, self.folder = name, folder
        self.opened = 0
        self.findings = []

    def look(self, place):
        """Check what the page shows, keep a picture; say whether it is all right."""
        self.opened += 1
        wrong = [] if self.page.wait_for(self.ready, 60) else ["nothing is shown"]
        self.page.settle(2)
        wrong += self.check()
        name = re.sub(r"[^\w.-]+", "-", f"{self.name}-{place}").strip("-").lower()
        (self.folder / f"{name}.png").write_bytes(self.page.picture())
        for each in dict.fromkeys(wrong):
            self.findings.append((f"{self.name} {place}", each))
            say(f"      {place}: {each[:800]}")
        return not wrong

    def check(self):
        wrong = self.page.evaluate(ERRORS) + self.page.evaluate(WRONG_ICONS)
        return wrong + self.page.take_complaints()


class Client(Visit):
    ready = f"{READY} || document.querySelector('.modal .o_form_view')"

    def crawl(self, thorough):
        self._start()
        for title, action in self._get_actions():
            say(f"   {title}")
            if action["type"] != "ir.actions.act_window":
                self._do(title, action, None)
                continue
            views = [view for _id, view in action["views"]]
            shown = [view for view in views if view in VIEWS]
            if not thorough:
                shown = shown[:1]
            has_new = False
            for view in shown:
                self._do(f"{title} {view}", action, view)
                has_new = has_new or self.page.evaluate(HAS_NEW)
            if "form" not in views:
                continue
            if not shown:
                self._do(f"{title} form", action, "form")
                continue
            record = self.session.find(action)
            if record:
                self._do(f"{title} form", action, "form", {"resId": record})
                number = 1
                while thorough and self.page.evaluate(NEXT_TAB):
                    number += 1
                    self.look(f"{title} form tab {number}")
            if thorough and has_new:
                self._do(f"{title} new", action, "form", {"resId": False})

    def _start(self):
        self.page.open(f"{self.url}/odoo")
        self.page.wait_for(CLIENT, 120)
        self.page.settle(2)
        self.page.evaluate(
            "document.head.appendChild(document.createElement('style')).textContent ="
            f" {json.dumps(STYLE)}"
        )
        self.page.take_complaints()

    def _do(self, place, action, view, props=None):
        try:
            self.page.evaluate(
                DO % (action["id"], json.dumps(view), json.dumps(props or {}))
            )
            fine = self.look(place)
        except Failure as failure:
            self.findings.append((f"{self.name} {place}", failure.message))
            say(f"      {place}: {failure.message[:800]}")
            fine = False
        if not fine:
            # What an error leaves behind is not the next screen's.
            self._start()

    def _get_actions(self):
        """``[(title, action)]`` of the suite's menus that a role has, each once."""
        menus = self.session.get_menus()
        seen, actions = set(), []

        def walk(menu, titles):
            number = menu.get("actionID")
            if number and number not in seen:
                seen.add(number)
                action = self.session.get_action(number)
                if action["type"] in CLIENT_ACTIONS:
                    actions.append((" ".join(titles), action))
            for child in menu["children"]:
                each = menus[str(child)]
                walk(each, [*titles, each["name"]])

        walk(next(menu for menu in menus.values() if menu.get("xmlid") == ROOT), [])
        return actions


class Portal(Visit):
    ready = "document.querySelector('#wrap, main')"

    def crawl(self, thorough):
        """Follow the links from the home of the incentives, one page of each kind."""
        waiting, seen = ["/my/incentives"], {"/my/incentives"}
        while waiting:
            path = waiting.pop(0)
            say(f"   {path}")
            self.page.open(self.url + path)
            self.look(NUMBER.sub("record", path))
            for link in self.page.evaluate(LINKS):
                parts = urlsplit(link)
                kind = NUMBER.sub("record", parts.path)
                if (
                    link.startswith(self.url)
                    and PORTAL.match(parts.path)
                    and kind not in seen
                    and len(seen) < MAX_PAGES
                    and self._leads_on(path, link)
                ):
                    seen.add(kind)
                    waiting.append(parts.path)

    def _leads_on(self, path, link):
        """Whether a link opens another page; one that is refused is a finding."""
        try:
            return self.session.leads_to_a_page(link)
        except HTTPError as error:
            link = link.removeprefix(self.url)
            self.findings.append((f"{self.name} {path}", f"{link}: {error}"))
            return False

    def check(self):
        self.page.evaluate(axe.ensure_script().read_text())
        return super().check() + self.page.evaluate("findBarriers()")
