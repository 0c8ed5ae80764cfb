"""Pages of a partner with a long history cost what those of a short one cost."""

import csv
import io
import logging
import os
from datetime import date

from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from .page_cost import MOST_QUERIES
from .portal_common import PortalCommon

_logger = logging.getLogger(__name__)

#: Lines of the long history; the times are logged, with ``PORTAL_LINES=100000``, too.
LINES = int(os.environ.get("PORTAL_LINES", "20000"))
PAGES = (
    "/my/incentives",
    "/my/incentives/statement",
    "/my/incentives/statement/page/40",
    "/my/incentives/statement?kind=earned&date_from=2026-03-01&sortby=amount",
    "/my/incentives/payouts",
    "/my/incentives/disputes",
    "/my/incentives/policies",
    "/my/incentives/team",
    "/my/incentives/preferences",
)


@tagged("post_install", "-at_install")
class TestPortalScale(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offer = cls._create_invoice_offer("Ladder")
        cls._invoice(cls.partner_1, date(2026, 2, 3), 350.0)
        cls._accrue(date(2026, 2, 28))
        cls._publish_agreement()
        Policy = cls.env["partner.incentive.policy"]
        for kind, name in Policy._fields["kind"].selection:
            policy = Policy.create(
                {
                    "name": name,
                    "company_id": cls.company.id,
                    "kind": kind,
                    "body": "<p>We keep to it.</p>",
                    "effective_date": date(2026, 1, 1),
                    "state": "published",
                }
            )
            if kind == "ethics":
                policy._accept(cls.partner_1, cls.portal_1)

    def _insert_entries(self, number):
        """Entries by SQL, as copies of one that a run made."""
        Entry = self.env["partner.incentive.entry"]
        entry = Entry.search([("partner_id", "=", self.partner_1.id)], limit=1)
        self.env.flush_all()
        names = [
            name
            for name, field in Entry._fields.items()
            if field.store
            and field.column_type
            and name not in ("id", "date", "move_line_id", "reversal_of_id")
        ]
        columns = SQL(", ").join(map(SQL.identifier, names))
        self.env.cr.execute(
            SQL(
                "INSERT INTO partner_incentive_entry (date, %(columns)s) "
                "SELECT DATE '2026-01-01' + number %% 300, %(columns)s "
                "FROM partner_incentive_entry, "
                "generate_series(1, %(number)s) AS number "
                "WHERE id = %(id)s",
                columns=columns,
                number=number,
                id=entry.id,
            )
        )
        self.env.cr.execute("ANALYZE partner_incentive_entry")
        self.env.invalidate_all()

    def test_pages(self):
        self._login(self.portal_1)
        self._insert_entries(500)
        before = {path: self._count_queries(path) for path in PAGES}
        self._insert_entries(LINES)
        for path in PAGES:
            with self.subTest(path):
                count = self._count_queries(path)
                self.assertLessEqual(count, before[path])
                self.assertLessEqual(count, MOST_QUERIES)
                taken = 1000 * self._time_page(path)
                _logger.info("%s: %s queries, %.0f ms", path, count, taken)

    def test_every_page(self):
        """Of all modules that are installed, those that need no record to show."""
        self._login(self.portal_1)
        Http = self.env["ir.http"]
        pages = 0
        for url, endpoint in Http._generate_routing_rules(
            self.env.registry._init_modules, converters=Http._get_converters()
        ):
            if (
                not url.startswith("/my/incentives")
                or "<" in url
                or "GET" not in (endpoint.routing.get("methods") or ["GET"])
            ):
                continue
            with mute_logger("odoo.http"):
                response = self.url_open(url, allow_redirects=False)
            content_type = response.headers.get("Content-Type", "")
            if response.status_code != 200 or not content_type.startswith("text/html"):
                continue
            pages += 1
            self.assertCheap(url)
        self.assertGreaterEqual(pages, 7)

    def test_export_has_every_line_once(self):
        self._login(self.portal_1)
        self._insert_entries(LINES)
        response = self.url_open("/my/incentives/statement/export", timeout=120)
        rows = list(csv.reader(io.StringIO(response.text)))
        entries = self.env["partner.incentive.entry"].search_count(
            [("partner_id", "=", self.partner_1.id)]
        )
        self.assertEqual(len(rows), 1 + entries)
