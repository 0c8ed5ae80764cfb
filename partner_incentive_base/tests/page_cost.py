"""What a page costs: how many statements it takes, and how long."""

import time
from unittest.mock import patch

from odoo.sql_db import Cursor

#: No page of the portal takes more, whatever the partner has.
MOST_QUERIES = 30


class PageCostMixin:
    """For tests of pages, beside ``HttpCase``; somebody is logged in."""

    def _open_page(self, path):
        response = self.url_open(path)
        self.assertEqual(response.status_code, 200, path)
        return response

    def _count_queries(self, path):
        """How many SQL statements a page takes, once its caches are warm."""
        self._open_page(path)
        self._open_page(path)
        count = 0
        original = Cursor.execute

        def execute(cursor, *args, **kwargs):
            nonlocal count
            count += 1
            return original(cursor, *args, **kwargs)

        with patch.object(Cursor, "execute", execute):
            self._open_page(path)
        return count

    def _time_page(self, path, rounds=5):
        """Seconds of the fastest of some rounds, with what HTTP itself takes."""
        best = float("inf")
        for _round in range(rounds):
            start = time.monotonic()
            self._open_page(path)
            best = min(best, time.monotonic() - start)
        return best

    def assertCheap(self, *paths):
        """Each page takes 30 statements at most."""
        for path in paths:
            with self.subTest(path):
                self.assertLessEqual(self._count_queries(path), MOST_QUERIES)
