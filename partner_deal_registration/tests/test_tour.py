from datetime import date

from odoo import fields
from odoo.tests import HttpCase, tagged

from odoo.addons.partner_incentive_base.tests.accessibility import AccessibilityMixin

from .common import DealCommon


@tagged("post_install", "-at_install")
class TestDealTour(AccessibilityMixin, DealCommon, HttpCase):
    def test_from_registration_to_bonus(self):
        """Two partners, one customer; the first gets the deal and the bonus."""
        for user in (self.portal_1, self.portal_2, self.manager):
            user.password = f"{user.login}-password"
        today = fields.Date.today()
        offer = self._create_offer(
            measure="sourced_cash",
            brackets=[(0, 4)],
            date_from=date(today.year, 1, 1),
            date_to=date(today.year, 12, 31),
        )
        self.start_tour(
            "/my/incentives/deals", "partner_deal_first_partner", login="portal_1"
        )
        self.start_tour(
            "/my/incentives/deals", "partner_deal_second_partner", login="portal_2"
        )
        self.start_tour(
            "/odoo/deal-registrations", "partner_deal_manager", login=self.manager.login
        )
        Deal = self.env["partner.deal.registration"]
        first = Deal.search([("customer_name", "=", "Rheinische Turbinen AG")])
        second = Deal.search([("customer_name", "like", "Reinische Turbinen")])
        self.assertEqual(first.state, "approved")
        self.assertEqual(second.state, "rejected")
        self.assertEqual(second.reason, "The deal is protected.")
        order = self._order(first)
        order.action_confirm()
        self.assertEqual(first.state, "converted")
        invoice = order._create_invoices()
        invoice.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"payment_date": today})._create_payments()
        self._accrue(today, offer)
        entry = self.env["partner.incentive.entry"].search(
            [("offer_id", "=", offer.id)]
        )
        self.assertEqual(entry.partner_id, self.partner_1)
        self.assertEqual(sum(entry.mapped("amount")), 1000)
        self.assertLedgerAgrees()
        self.assertAccessible(
            [
                "/my/incentives/deals",
                f"/my/incentives/deals/{first.id}",
                "/my/incentives/deals/new",
            ],
            "portal_1",
        )
