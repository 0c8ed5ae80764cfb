from datetime import date, datetime

from freezegun import freeze_time

from odoo.tests import new_test_user, tagged

from .common import IncentiveCommon


@tagged("post_install", "-at_install")
class TestDigest(IncentiveCommon):
    """Figures of a week, of the digest's company, for who may see them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.digest = cls.env["digest.digest"].create(
            {
                "name": "Week",
                "periodicity": "weekly",
                "company_id": cls.company.id,
                "kpi_incentive_accrued": True,
                "kpi_incentive_claims": True,
            }
        )

    def _get_figures(self, user):
        """``{figure: value of the last week}``, as the mail has them."""
        with freeze_time("2026-02-10 08:00:00"):
            kpis = self.digest.sudo()._compute_kpis(self.company, user)
        return {kpi["kpi_name"]: kpi for kpi in kpis}

    def test_accrued_and_decided_in_the_week(self):
        offer = self._create_offer()
        claims = self.env["partner.incentive.claim"].create(
            [
                {
                    "offer_id": offer.id,
                    "partner_id": partner.id,
                    "date": date(2026, 1, 20),
                    "amount": amount,
                }
                for partner, amount in ((self.partner_1, 1000), (self.partner_2, 500))
            ]
        )
        for claim, day in zip(
            claims, (datetime(2026, 2, 8, 9), datetime(2026, 1, 5, 9)), strict=True
        ):
            with freeze_time(day):
                claim.with_user(self.users["user"]).action_submit()
                claim.with_user(self.users["compliance"]).action_validate()
                claim.with_user(self.users["manager"]).action_approve()
        with freeze_time("2026-02-08 10:00:00"):
            self._accrue(date(2026, 2, 8), offer)
        figures = self._get_figures(self.users["manager"])
        # a day, a week, a month
        decided = figures["kpi_incentive_claims"]
        columns = ("kpi_col1", "kpi_col2", "kpi_col3")
        self.assertEqual([decided[column]["value"] for column in columns], [0, 1, 1])
        self.assertIn("150", figures["kpi_incentive_accrued"]["kpi_col2"]["value"])
        self.assertNotIn("150", figures["kpi_incentive_accrued"]["kpi_col1"]["value"])
        action = figures["kpi_incentive_accrued"]["kpi_action"].partition("?")[0]
        self.assertEqual(self.env.ref(action).res_model, "partner.incentive.entry")

    def test_nobody_else_gets_them(self):
        outsider = new_test_user(
            self.env, login="digest_outsider", company_id=self.company.id
        )
        figures = self._get_figures(outsider)
        self.assertNotIn("kpi_incentive_accrued", figures)
        self.assertNotIn("kpi_incentive_claims", figures)
        self.assertIn("kpi_incentive_claims", self._get_figures(self.users["auditor"]))

    def test_off_by_default(self):
        digest = self.env["digest.digest"].create({"name": "Month"})
        self.assertFalse(digest.kpi_incentive_accrued or digest.kpi_incentive_claims)
