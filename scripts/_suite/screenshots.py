"""The screenshots of the user guides, from the demo database.

:data:`SHOTS` says what there is to see; nobody makes one by hand. A screen that a
database does not have is left out, and said so.
"""

import http.cookiejar
import io
import json
import urllib.request
from dataclasses import dataclass

from . import paths
from .chrome import Chrome
from .console import Failure, say

FOLDER = paths.REPO / "docs" / "user" / "images"
WIDE, NARROW = 1440, 390
#: Bytes of a picture at most; it loses colours until it is small enough.
LIMIT = 150_000
COLOURS = (256, 128, 64, 32)

#: Nothing that comes and goes lies over a picture.
STYLE = """
.o-mail-ChatHub, .o-mail-ChatWindow, .o_notification_manager, .o_debug_manager,
.o-overlay-container .o_popover, .tooltip, .o_loading_indicator
{ display: none !important; }
* { animation: none !important; transition: none !important; caret-color: transparent; }
"""
#: The client has drawn its action, or the page of the portal is there.
READY = (
    "document.querySelector('#wrapwrap main, .o_form_view .o_form_sheet,"
    " .o_list_renderer, .o_kanban_renderer, .o_pivot table, .o_graph_renderer,"
    " .o_calendar_renderer, .o_activity_view, .o-spreadsheet,"
    " .o_view_nocontent, .settings, .article')"
    " && !document.querySelector('.o_loading_indicator')"
)


@dataclass(frozen=True)
class Shot:
    """One picture.

    ``path`` may have an action in braces, ``{module.action}``, and the record that
    ``record`` finds as ``{id}``: its model, domain and, if wanted, order. ``clicks``
    are selectors of what is clicked in turn, ``height`` is that of the window, and with
    ``whole`` the page is taken down to that height though the window is smaller.
    """

    name: str
    login: str
    path: str
    record: tuple = ()
    clicks: tuple = ()
    width: int = WIDE
    height: int = 900
    whole: bool = False


CHANNEL = "channel@incentives.example"
MANAGER = "manager@incentives.example"
FINANCE = "finance@incentives.example"
ANNA = "anna@alpine.example"
BO = "bo@baltic.example"
BASE, REBATE = "partner_incentive_base", "partner_rebate"
DEAL, MDF, TIERING = "partner_deal_registration", "partner_mdf", "partner_tiering"


def _action(module, name, record=False, query=""):
    path = f"/odoo/action-{{{module}.{name}}}"
    return path + ("/{id}" if record else "") + query


def _dashboard(name, login, title):
    return Shot(
        name,
        login,
        "/odoo/dashboards?dashboard_id={id}",
        ("spreadsheet.dashboard", [["name", "=", title]]),
    )


def _portal(name, path, login=ANNA):
    """A page of the portal on a screen."""
    return Shot(name, login, path, whole=True, height=1100)


def _phone(name, path):
    """The same as Anna sees it on a phone."""
    return Shot(f"{name}-phone", ANNA, path, width=NARROW, height=844)


SHOTS = [
    # channel manager
    Shot("offers", CHANNEL, _action(BASE, "partner_incentive_offer_action")),
    Shot(
        "offer",
        CHANNEL,
        _action(BASE, "partner_incentive_offer_action", True),
        ("partner.incentive.offer", [["name", "=", "Quarterly volume rebate"]]),
    ),
    Shot(
        "templates", CHANNEL, _action(BASE, "partner_incentive_offer_template_action")
    ),
    Shot(
        "simulation",
        CHANNEL,
        _action(BASE, "partner_incentive_offer_action", True),
        ("partner.incentive.offer", [["name", "=", "Managed services attach"]]),
        clicks=(
            "button[name=action_simulate]",
            ".modal button[name=action_simulate]",
        ),
    ),
    Shot(
        "calendar",
        CHANNEL,
        _action(BASE, "partner_incentive_calendar_action", True),
        ("partner.incentive.calendar", []),
    ),
    Shot("standings", CHANNEL, _action(BASE, "partner_incentive_standing_action")),
    Shot("cost", CHANNEL, _action(BASE, "partner_incentive_cost_action")),
    Shot("disputes", CHANNEL, _action(BASE, "partner_incentive_dispute_action")),
    Shot("deals", CHANNEL, _action(DEAL, "partner_deal_registration_action")),
    Shot(
        "deal-duplicates",
        CHANNEL,
        _action(DEAL, "partner_deal_registration_action", True),
        (
            "partner.deal.registration",
            [["customer_name", "=", "Hanse Kranbau Aktiengesellschaft"]],
        ),
        clicks=(".o_notebook [name=duplicates]",),
    ),
    Shot("deal-analysis", CHANNEL, _action(DEAL, "partner_deal_report_action")),
    Shot(
        "fund",
        CHANNEL,
        _action(MDF, "partner_mdf_fund_action", True),
        ("partner.mdf.fund", [["name", "=", "Joint marketing"]]),
    ),
    Shot("funds", CHANNEL, _action(MDF, "partner_mdf_fund_action")),
    Shot(
        "claim",
        CHANNEL,
        _action(BASE, "partner_incentive_claim_action", True),
        ("partner.incentive.claim", [["document_number", "=", "ALP-2050"]]),
    ),
    Shot("marketing-results", CHANNEL, _action(MDF, "partner_mdf_result_action")),
    _dashboard("dashboard-channel", MANAGER, "Channel Overview"),
    _dashboard("dashboard-funds", MANAGER, "Marketing Funds"),
    _dashboard("dashboard-deals", MANAGER, "Deal Registration"),
    _dashboard("dashboard-performance", MANAGER, "Partner Performance"),
    Shot("launch", CHANNEL, _action(REBATE, "partner_incentive_launch_action")),
    Shot("readiness", MANAGER, _action(BASE, "partner_incentive_readiness_action")),
    Shot("cohorts", MANAGER, _action(BASE, "partner_incentive_cohort_action")),
    Shot(
        "offer-performance",
        MANAGER,
        _action(BASE, "partner_incentive_performance_action"),
    ),
    Shot(
        "quarterly-review",
        MANAGER,
        _action(BASE, "partner_incentive_review_action", True),
        ("partner.incentive.review", []),
    ),
    # tiers
    Shot("ladder", MANAGER, _action(TIERING, "partner_scorecard_action_ladder")),
    Shot(
        "scorecard",
        MANAGER,
        _action(TIERING, "partner_scorecard_action", True),
        (
            "partner.scorecard",
            [["partner_id.name", "=", "Nordlicht Systems"], ["state", "=", "closed"]],
            "date_to desc",
        ),
    ),
    Shot("watch-list", MANAGER, _action(TIERING, "partner_performance_alert_action")),
    Shot(
        "safety-net",
        FINANCE,
        _action(TIERING, "partner_safety_net_action"),
        clicks=(".o_facet_remove",),
    ),
    Shot(
        "account-plan",
        MANAGER,
        _action(TIERING, "partner_account_plan_action", True),
        ("partner.account.plan", []),
    ),
    # finance
    Shot("ledger", FINANCE, _action(BASE, "partner_incentive_entry_action")),
    Shot(
        "settlement",
        FINANCE,
        _action(BASE, "partner_incentive_settlement_action", True),
        (
            "partner.incentive.settlement",
            [["state", "=", "posted"]],
            "date desc, id desc",
        ),
    ),
    Shot("rollforward", FINANCE, _action(BASE, "partner_incentive_rollforward_action")),
    Shot(
        "statement",
        FINANCE,
        "/report/html/partner_incentive_base.report_statement/{id}",
        ("res.partner", [["name", "=", "Alpine Systems"]]),
        whole=True,
        height=1300,
        width=1000,
    ),
    Shot("aging", FINANCE, _action(BASE, "partner_incentive_aging_action")),
    Shot(
        "checkbook",
        FINANCE,
        _action(BASE, "partner_incentive_checkbook_action"),
        clicks=(".o_group_header",),
    ),
    _dashboard("dashboard-money", FINANCE, "Incentive Money"),
    Shot(
        "opening-import",
        FINANCE,
        _action(BASE, "partner_incentive_import_action", True),
        ("partner.incentive.import", []),
    ),
    # administrator
    Shot("settings", "admin", _action(BASE, "res_config_settings_action")),
    Shot("users", "admin", "/odoo/action-{base.action_res_users}"),
    # partner
    _portal("portal", "/my/incentives"),
    _phone("portal", "/my/incentives"),
    _portal("portal-deals", "/my/incentives/deals"),
    _portal("portal-statement", "/my/incentives/statement"),
    _phone("portal-statement", "/my/incentives/statement"),
    _portal("portal-performance", "/my/incentives/performance"),
    _portal("forecast", "/my/incentives/outlook"),
    _phone("forecast", "/my/incentives/outlook"),
    _portal("fund-portal", "/my/incentives/funds", BO),
    _portal("portal-payouts", "/my/incentives/payouts"),
]


def take(url, database, names=(), folder=FOLDER):
    """Take the pictures, or those of some names, and return the names left out.

    :param url: of a server that serves the database
    :raise Failure: when a screen shows an error, or there is no such picture
    """
    unknown = set(names) - {shot.name for shot in SHOTS}
    if unknown:
        raise Failure(f"There is no screenshot called {', '.join(sorted(unknown))}.")
    shots = [shot for shot in SHOTS if not names or shot.name in names]
    folder.mkdir(parents=True, exist_ok=True)
    asker = Session(url, database, "admin")
    pages, missing = {}, []
    with Chrome() as chrome:
        for number, shot in enumerate(shots, 1):
            if shot.login not in pages:
                session = Session(url, database, shot.login)
                pages[shot.login] = chrome.open_page(session.cookies())
            path = asker.fill(shot)
            if path is None:
                say(f"   {number}/{len(shots)} {shot.name}: not there, left out")
                missing.append(shot.name)
                continue
            size = _take(pages[shot.login], url + path, shot, folder)
            say(f"   {number}/{len(shots)} {shot.name}: {size // 1000} KB")
    return missing


def _take(page, url, shot, folder):
    page.resize(shot.width, shot.height if not shot.whole else 900)
    page.open(url)
    if not page.wait_for(READY):
        raise Failure(f"{shot.name}: {url} shows nothing.")
    page.evaluate(
        "document.head.appendChild(document.createElement('style')).textContent ="
        f" {json.dumps(STYLE)}"
    )
    page.settle()
    for selector in shot.clicks:
        if not page.click(selector):
            raise Failure(f"{shot.name}: there is no {selector} on {url}.")
        page.settle()
    error = page.evaluate(
        "document.querySelector('.o_error_dialog, .o_http_error')?.innerText"
    )
    if error:
        raise Failure(f"{shot.name}: {url}: {error[:500]}")
    page.evaluate("document.activeElement?.blur()")
    picture = _shrink(page.picture(shot.height if shot.whole else None))
    (folder / f"{shot.name}.png").write_bytes(picture)
    return len(picture)


def _shrink(picture):
    """The same picture with a palette, and with so few colours that it is small."""
    from PIL import Image

    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in COLOURS:
        buffer = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(
            buffer, "PNG", optimize=True
        )
        if buffer.tell() <= LIMIT:
            break
    return buffer.getvalue()


class Session:
    """Somebody who is logged in: asks the server, and lends the browser the cookie."""

    def __init__(self, url, database, login):
        self._url = url
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self._jar)
        )
        session = self._call(
            "/web/session/authenticate",
            db=database,
            login=login,
            password=login.partition("@")[0],
        )
        # As the client does: a record of another company would make it change over.
        companies = session.get("user_companies")
        self._context = (
            {"allowed_company_ids": [companies["current_company"]]} if companies else {}
        )

    def _call(self, path, **parameters):
        body = {"jsonrpc": "2.0", "method": "call", "params": parameters}
        request = urllib.request.Request(
            self._url + path,
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with self._opener.open(request, timeout=120) as response:
            answer = json.load(response)
        if "error" in answer:
            raise LookupError(answer["error"]["data"]["message"])
        return answer["result"]

    def cookies(self):
        """For :meth:`_suite.chrome.Chrome.open_page`."""
        return [
            {"name": cookie.name, "value": cookie.value, "url": self._url}
            for cookie in self._jar
        ]

    def _execute(self, model, method, *arguments, **options):
        return self._call(
            f"/web/dataset/call_kw/{model}/{method}",
            model=model,
            method=method,
            args=arguments,
            kwargs={"context": self._context, **options},
        )

    def fill(self, shot):
        """The path of a shot with what stands in braces, or None if it is not there."""
        path = shot.path
        try:
            if "/action-{" in path:
                name = path.partition("{")[2].partition("}")[0]
                action = self._call("/web/action/load", action_id=name)
                path = path.replace(f"{{{name}}}", str(action["id"]))
            if shot.record:
                model, domain, *order = shot.record
                found = self._execute(
                    model, "search", domain, limit=1, order=(order or ["id"])[0]
                )
                if not found:
                    return None
                path = path.replace("{id}", str(found[0]))
        except LookupError:
            return None
        return path
