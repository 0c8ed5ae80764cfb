from datetime import date

from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.partner_incentive_base.tests.accessibility import AccessibilityMixin

from .common import MdfCommon

PASSWORD = "portal-password"


@tagged("post_install", "-at_install")
class TestTours(AccessibilityMixin, MdfCommon, HttpCase):
    def test_from_fund_to_payment(self):
        """Vendor and partner in the browser; balances after every step."""
        contact = self.env["res.partner"].create(
            {"name": "Petra", "parent_id": self.partner_1.id}
        )
        new_test_user(
            self.env,
            login="petra",
            password=PASSWORD,
            groups="base.group_portal",
            partner_id=contact.id,
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        kind = self.env["partner.mdf.activity.type"].create(
            {
                "name": "Tour event",
                "evidence_rule_ids": [
                    Command.create(
                        {
                            "evidence_type_id": self.env.ref(
                                "partner_incentive_base.evidence_type_photo"
                            ).id
                        }
                    )
                ],
            }
        )
        # Time is not frozen here, or a step that never comes would be waited for
        # without an end; so everything lies within the present year.
        self.program.write(
            {"date_from": date(2026, 1, 1), "date_to": date(2099, 12, 31)}
        )
        fund = self._create_fund(
            name="Tour fund",
            activity_type_ids=kind.ids,
            date_to=date(2099, 12, 31),
        )
        self.company.incentive_approval_threshold = 100000
        self.start_tour(
            "/odoo/action-partner_mdf.partner_mdf_fund_action",
            "partner_mdf_allocate",
            login="incentive_manager",
        )
        self.assertCheckbook(fund, allocated=2000, available=2000)
        self.start_tour("/my/incentives/funds", "partner_mdf_request", login="petra")
        request = self.env["partner.mdf.request"].search([("fund_id", "=", fund.id)])
        self.assertEqual(request.state, "submitted")
        self.assertCheckbook(fund, committed=0, available=2000)
        self.start_tour(
            "/odoo/action-partner_mdf.partner_mdf_request_queue_action",
            "partner_mdf_decide",
            login="incentive_manager",
        )
        self.assertCheckbook(fund, committed=600, available=1400)
        self.assertEqual(self._owed(fund), 600)
        self.start_tour(
            f"/my/incentives/requests/{request.id}",
            "partner_mdf_claim",
            login="petra",
        )
        claim = self.env["partner.incentive.claim"].search(
            [("mdf_request_id", "=", request.id)]
        )
        self.assertEqual((claim.state, claim.amount), ("submitted", 350))
        self.assertEqual(claim.evidence_ids.attachment_id.mimetype, "image/png")
        self.start_tour(
            f"/odoo/partner.incentive.claim/{claim.id}",
            "partner_mdf_approve_claim",
            login="incentive_admin",
        )
        self.env.invalidate_all()
        self.assertEqual(claim.state, "scheduled")
        self.assertCheckbook(fund, committed=250, spent=350, available=1400)
        self.assertEqual(self._owed(fund), 250)
        self.env["account.payment.register"].with_context(
            active_model="account.move",
            active_ids=claim.settlement_move_id.ids,
        ).create({"payment_date": date.today()})._create_payments()
        self.assertEqual(claim.state, "paid")
        fund._close_periods(date(2100, 1, 1))
        self.assertCheckbook(fund, committed=0, spent=350, expired=1650, available=0)
        self.assertEqual(self._owed(fund), 0)
        self.assertLedgerAgrees()
        self.start_tour(
            f"/my/incentives/requests/{request.id}",
            "partner_mdf_timeline",
            login="petra",
        )
        self.assertAccessible(
            [
                "/my/incentives/funds",
                f"/my/incentives/funds/{fund.id}/request",
                f"/my/incentives/requests/{request.id}",
                f"/my/incentives/claims/{claim.id}",
            ],
            "petra",
        )
