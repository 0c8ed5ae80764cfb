from datetime import date

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.partner_incentive_base.tests.accessibility import AccessibilityMixin
from odoo.addons.partner_incentive_base.tests.portal_common import PortalCommon

from .common import TieringCommon

Q1, Q2 = date(2026, 3, 31), date(2026, 6, 30)


@tagged("post_install", "-at_install")
class TestTieringTours(AccessibilityMixin, TieringCommon, PortalCommon):
    def test_from_a_deployment_to_the_new_tier(self):
        """Partner, customer, vendor and partner again, each in a browser."""
        self.partner_1.name = "Riser"
        self._give_tier(self.partner_1, self.silver, date(2026, 1, 1))
        for month in (1, 2, 3):
            self._contract(self.partner_1, date(2026, month, 10), "renewed")
            self._deploy(self.partner_1, date(2026, month, 10), days=40)
        self._certify(self.partner_1, date(2025, 1, 1), 3)
        self.env["partner.tier.benefit.value"].create(
            {
                "benefit_id": self.env.ref("partner_tiering.benefit_fund_share").id,
                "grade_id": self.gold.id,
                "number": 50,
                "date_from": date(2026, 1, 1),
            }
        )
        policy = self._create_policy()
        offer = self._create_tier_offer()

        with freeze_time("2026-03-20"):
            self.start_tour(
                "/my/incentives/performance",
                "partner_tiering_record_deployment",
                login=self.portal_1.login,
            )
        deployment = self.env["partner.deployment"].search(
            [("name", "=", "Branch of the north")]
        )
        self.assertEqual((deployment.state, deployment.adherence), ("live", 100))

        link = deployment._get_rating_link()
        path = link[link.index("/rate/") :]
        self.start_tour(path, "partner_tiering_rate_deployment", login=None)
        self.env.invalidate_all()
        self.assertTrue(deployment.rating_ids.filtered("consumed"))

        with freeze_time("2026-04-01"):
            self._refresh(policy, Q1)
            self.start_tour(
                "/odoo/action-partner_tiering.partner_scorecard_action",
                "partner_tiering_close_and_promote",
                login=self.users["manager"].login,
            )
        self.env.invalidate_all()
        self.assertEqual(self._card(self.partner_1).state, "closed")
        self.assertEqual(self.partner_1.grade_id, self.gold)

        self.start_tour(
            "/my/incentives/performance",
            "partner_tiering_see_new_tier",
            login=self.portal_1.login,
        )
        self.assertAccessible(
            [
                "/my/incentives/performance",
                "/my/incentives/deployments",
                "/my/incentives/deployments/new",
                "/my/incentives/enablement",
                f"/my/incentives/deployments/{deployment.id}",
            ],
            self.portal_1.login,
        )
        self._invoice(self.partner_1, date(2026, 3, 31), 1000)
        self._invoice(self.partner_1, date(2026, 4, 1), 1000)
        # 1 % as Silver, 3 % as Gold from the day of the change on
        self.assertEqual(self._entitled(offer, self.partner_1, Q2), 10 + 30)

    def _create_tier_offer(self):
        silver, gold = self.env["partner.incentive.segment"].create(
            [
                {"name": grade.name, "grade_ids": [Command.set(grade.ids)]}
                for grade in (self.silver, self.gold)
            ]
        )
        return self._create_invoice_offer(
            "Tier bonus",
            formula="marginal",
            partner_ids=[Command.clear()],
            segment_ids=[Command.set((silver | gold).ids)],
            bracket_ids=[
                Command.create({"lower": 0, "rate": 1, "segment_id": silver.id}),
                Command.create({"lower": 0, "rate": 3, "segment_id": gold.id}),
            ],
        )

    def setUp(self):
        super().setUp()
        # start_tour logs in with the login as password
        for user in (self.portal_1, self.users["manager"]):
            user.password = user.login
