from datetime import date

from freezegun import freeze_time

from odoo.tests import HttpCase, tagged

from .common import RebateCommon


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
