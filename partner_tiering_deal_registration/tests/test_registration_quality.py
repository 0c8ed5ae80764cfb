from datetime import date
from statistics import mean

from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.partner_deal_registration.tests.common import DealCommon

DAY = date(2026, 3, 31)


@tagged("post_install", "-at_install")
class TestRegistrationQuality(DealCommon):
    def _measure(self, partner):
        """Figure of a partner by the ready-made metric, in the year up to the day."""
        metric = self.env.ref(
            "partner_tiering_deal_registration.metric_registration_quality"
        )
        figures = self.env["partner.scorecard.calculation"]._measure(
            metric, self.company, DAY
        )
        return figures[metric.id].get(partner.id)

    def test_average_of_what_was_submitted_in_the_window(self):
        """A good deal and a thin one count, a draft and one of April do not."""
        with freeze_time("2026-02-02 10:00"):
            good = self._deal(
                submit=True, customer_vat="DE811569869", competition="Nobody yet"
            )
            thin = self._deal(
                submit=True,
                customer_name="Holz Huber KG",
                customer_city="Graz",
            )
            self._deal(customer_name="Draft and Daughters")
        with freeze_time("2026-04-01 10:00"):
            self._deal(submit=True, customer_name="April Apfel AG")
        self.assertGreater(good.quality, thin.quality)
        figure = self._measure(self.partner_1)
        self.assertEqual(figure.cases, 2)
        self.assertEqual(figure.value, mean((good.quality, thin.quality)))
        self.assertIsNone(self._measure(self.partner_2))
