"""Pages of a partner with a long history cost what those of a short one cost."""

import csv
import io
import logging
import os
import time
from datetime import date

from odoo.tests import tagged
from odoo.tools import SQL

from .portal_common import PortalCommon

_logger = logging.getLogger(__name__)

#: Lines of the long history; the times are logged, with ``PORTAL_LINES=100000``, too.
LINES = int(os.environ.get("PORTAL_LINES", "20000"))
MOST_QUERIES = 30
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
                start = time.monotonic()
                self._get(path)
                taken = 1000 * (time.monotonic() - start)
                _logger.info("%s: %s queries, %.0f ms", path, count, taken)

    def test_export_has_every_line_once(self):
        self._login(self.portal_1)
        self._insert_entries(LINES)
        response = self.url_open("/my/incentives/statement/export", timeout=120)
        rows = list(csv.reader(io.StringIO(response.text)))
        entries = self.env["partner.incentive.entry"].search_count(
            [("partner_id", "=", self.partner_1.id)]
        )
        self.assertEqual(len(rows), 1 + entries)
