import logging
import time
from datetime import date

from freezegun import freeze_time

from odoo.tests import HttpCase, tagged

from .common import RebateCommon

_logger = logging.getLogger(__name__)


@tagged("post_install", "-at_install")
class TestTours(RebateCommon, HttpCase):
    def test_from_offer_to_settlement(self):
        """A second person publishes, books, asks why, and settles, in the browser."""
        offer = self._create_offer(name="Tour rebate", publish=False)
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        offer.sudo().action_submit()
        with freeze_time("2026-02-15"):
            self.start_tour(
                "/odoo/incentive-offers",
                "partner_rebate_offer_to_settlement",
                login="incentive_admin",
            )
        self.env.invalidate_all()
        self.assertEqual(offer.state, "published")
        self.assertEqual(offer.settled_amount, 100)
        self.assertLedgerAgrees()

    def test_from_login_to_published_offer(self):
        """A newcomer launches an offer, a second person publishes it; timed."""
        self.program.write({"is_default": True, "user_id": self.users["admin"].id})
        self._invoice(self.partner_1, date(2026, 2, 10), 120000)
        start = time.monotonic()
        with freeze_time("2026-07-15", tick=True):
            self.start_tour("/web/login", "partner_rebate_launch")
            launched = time.monotonic()
            self.env.invalidate_all()
            offer = self.env["partner.incentive.offer"].search(
                [("program_id", "=", self.program.id), ("state", "=", "review")]
            )
            self.assertEqual(offer.expected_cost, 4800)
            self.assertEqual(offer.activity_ids.user_id, self.users["admin"])
            self.start_tour(
                "/odoo/incentive-offers",
                "partner_rebate_launch_publish",
                login="incentive_admin",
            )
        self.env.invalidate_all()
        self.assertEqual(offer.state, "published")
        self.assertEqual(self.program.budget_ids.planned, 20000)
        _logger.info(
            "From login to a submitted offer in %.0f s, published after %.0f s",
            launched - start,
            time.monotonic() - start,
        )
        self.assertLess(time.monotonic() - start, 300)
