from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import SQL

from .common import TieringCommon


@tagged("post_install", "-at_install")
class TestBenefit(TieringCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls._create_partner("Reads", cls.gold)
        cls.benefit = cls.env.ref("partner_tiering.benefit_fund_share")

    def _grant(self, day, number, user=None, grade=None, **values):
        return (
            self.env["partner.tier.benefit.value"]
            .with_user(user or self.users["manager"])
            .create(
                {
                    "benefit_id": self.benefit.id,
                    "grade_id": (grade or self.gold).id,
                    "date_from": day,
                    "number": number,
                    **values,
                }
            )
        )

    def _read(self, day):
        return self.env["partner.incentive.benefit"]._get_value(
            "fund_share", self.partner, day, self.company
        )

    @freeze_time("2026-01-01")
    def test_a_benefit_that_ended_does_not_apply(self):
        self._grant(date(2026, 1, 1), 40)
        self._grant(date(2026, 3, 1), 60, date_to=date(2026, 3, 31))
        for day, number in (
            (date(2025, 12, 31), None),
            (date(2026, 1, 1), 40),
            (date(2026, 2, 28), 40),
            (date(2026, 3, 1), 60),
            (date(2026, 3, 31), 60),
            (date(2026, 4, 1), 40),
        ):
            self.assertEqual(self._read(day), number, day)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self._grant(date(2026, 5, 1), 120)

    def test_what_was_in_force_stays(self):
        """Rates of past windows hang on it, so the past is only ever ended."""
        with freeze_time("2026-02-01"):
            value = self._grant(date(2026, 1, 1), 40)
            with self.assertRaises(UserError):
                self._grant(date(2026, 1, 15), 50)
            later = self._grant(date(2026, 3, 1), 50)
            later.number = 55
            for change in (
                lambda: value.write({"number": 45}),
                lambda: value.write({"grade_id": self.silver.id}),
                lambda: value.write({"date_to": date(2026, 1, 20)}),
                lambda: later.write({"date_from": date(2026, 1, 20)}),
                value.unlink,
                lambda: self.benefit.with_user(self.users["manager"]).unlink(),
                lambda: self.benefit.with_user(self.users["manager"]).write(
                    {"code": "other"}
                ),
            ):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    change()
            value.date_to = date(2026, 2, 1)
        self.assertEqual(self._read(date(2026, 1, 20)), 40)
        self.assertIsNone(self._read(date(2026, 2, 2)))
        with freeze_time("2026-03-15"), self.assertRaises(UserError):
            value.date_to = False

    def _rate(self, partner, day, stars):
        deployment = self._deploy(partner, date(2026, 2, 1), rating=stars)
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE rating_rating SET write_date = %s WHERE id = %s",
                day,
                deployment.rating_ids.id,
            )
        )

    def test_satisfaction_is_what_customers_rated(self):
        """Three ratings at least; 1 to 5 stars are 0 to 100."""
        Partner = self.env["res.partner"]
        few = self._create_partner("Few")
        for day, stars in ((3, 5), (10, 4), (17, 3)):
            self._rate(self.partner, date(2026, 2, day), stars)
        self._rate(few, date(2026, 2, 3), 5)
        both = (self.partner | few).with_company(self.company)
        self.assertEqual(
            both._get_satisfaction_scores(date(2026, 2, 28)), {self.partner.id: 75.0}
        )
        self.assertEqual(both._get_satisfaction_scores(date(2026, 2, 10)), {})
        self.assertEqual(
            both._get_satisfaction_scores(date(2027, 6, 1)),
            {},
            "Ratings of a year ago say nothing about today.",
        )
        self.assertEqual(Partner._get_satisfaction_scores(date(2026, 2, 28)), {})
