"""The overview: tasks, figures, and the chart."""

from datetime import date, timedelta
from unittest.mock import patch

from odoo.tests import tagged

from ..controllers.portal import PartnerIncentivePortal
from .portal_common import PortalCommon


@tagged("post_install", "-at_install")
class TestPortalHome(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offer = cls._create_invoice_offer("Ladder")
        cls._invoice(cls.partner_1, date(2026, 2, 3), 350.0)
        cls._accrue(date(2026, 2, 28))

    def _get_home(self, user, day=date(2026, 3, 10), **options):
        with patch.object(
            PartnerIncentivePortal, "_get_today", lambda self: day, create=True
        ):
            return self._get("/my/incentives", user, **options)

    def test_agreement_waits_for_the_partner_until_it_is_accepted(self):
        self._publish_agreement()
        home = self._get_home(self.portal_1)
        self.assertIn("Waiting for you", home)
        self.assertIn("Accept the agreement: ", home)
        self.enrollment_1._accept(self.portal_1)
        self.assertNotIn("Waiting for you", self._get_home(self.portal_1))
        self.assertIn("Waiting for you", self._get_home(self.portal_2))

    def test_payout_waits_for_the_partner_and_for_its_finance(self):
        batch = self.env["partner.incentive.settlement"].create(
            {
                "company_id": self.company.id,
                "date": date(2027, 1, 31),
                "offer_ids": [(6, 0, self.offer.ids)],
            }
        )
        batch.action_propose()
        batch.action_share()
        line = batch.line_ids.filtered(lambda each: each.partner_id == self.partner_1)
        path = f"/my/incentives/payouts/{line.id}"
        self.assertIn(path, self._get_home(self.portal_1))
        self.assertNotIn(path, self._get_home(self.portal_2))
        self.portal_1.partner_id.incentive_portal_role = "sales"
        self.assertNotIn(path, self._get_home(self.portal_1))

    def test_next_payout(self):
        """After the settlement period, and its review window."""
        delay = self.offer.version_id.settlement_delay
        end = self.offer._get_windows(date(2026, 3, 10), settlement=True)[-1].end
        day = end + timedelta(days=delay)
        self.assertEqual(self.offer._get_next_settlement_day(date(2026, 3, 10)), day)
        self.assertEqual(self.offer._get_next_settlement_day(day), day)
        self.assertNotEqual(
            self.offer._get_next_settlement_day(day + timedelta(days=1)), day
        )
        home = self._get_home(self.portal_1)
        self.assertIn("Next payout from", home)

    def test_chart_says_the_same_as_the_ledger(self):
        entries = self.env["partner.incentive.entry"].search(
            [("partner_id", "=", self.partner_1.id)]
        )
        earned = sum(entries.mapped("earned"))
        self.assertTrue(earned)
        home = self._get_home(self.portal_1)
        table = home.partition("<details>")[2].partition("</details>")[0]
        self.assertIn(self.offer.currency_id.format(earned), table)
        self.assertEqual(table.count('scope="row"'), 12)
        self.assertIn("<svg", home)
        self.assertNotIn("<svg", self._get_home(self.portal_2))

    def test_query_count_does_not_depend_on_the_history(self):
        self._login(self.portal_1)
        few = self._count_queries("/my/incentives")
        self._create_entries(200, self.partner_1, self.offer)
        self.assertEqual(self._count_queries("/my/incentives"), few)
        self.assertLessEqual(few, 30)
