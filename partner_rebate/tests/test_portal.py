import io
from datetime import date

from freezegun import freeze_time

from odoo import http
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.partner_incentive_base.tests.accessibility import AccessibilityMixin
from odoo.addons.partner_incentive_base.tests.portal_common import PortalCommon

URL = "/my/incentives/sales"
FILE = (
    "date,document,product,quantity,amount,customer\n"
    "2026-04-01,S1,WID,2,1000,Miller\n"
    "2026-04-02,S2,NONE,2,1000,Smith\n"
)


@tagged("post_install", "-at_install")
@freeze_time("2026-04-10")
class TestPortalRebate(AccessibilityMixin, PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product.default_code = "WID"
        cls.offer = cls._create_offer(
            name="Ladder",
            measure="invoiced_amount",
            brackets=[(0, 1), (30000, 2)],
        )
        cls._invoice(cls.partner_1, date(2026, 2, 1), 10000)
        cls._invoice(cls.partner_2, date(2026, 2, 1), 77000)

    def test_pages_without_barriers(self):
        self._count_reports()
        self._upload(FILE, self.portal_1)
        file = self.env["partner.sell.through.file"].search([])
        self.assertAccessible(
            [
                "/my/incentives/outlook",
                f"/my/incentives/outlook?offer={self.offer.id}&volume=20000",
                URL,
                f"{URL}/{file.id}",
            ],
            self.portal_1.login,
        )

    def test_forecast_shows_what_is_likely_and_what_is_missing(self):
        page = self._get("/my/incentives/outlook", self.portal_1)
        for figure in ("100.00", "730.00", "36,500.00", "20,000.00", "500.00"):
            self.assertIn(figure, page)
        self.assertNotIn("77,000", page)

    def test_what_if(self):
        path = f"/my/incentives/outlook?offer={self.offer.id}&volume="
        page = self._get(f"{path}20000", self.portal_1)
        self.assertIn("600.00", page)
        page = self._get(f"{path}many")
        self.assertIn("is not a number", page)
        self.assertIn('value="many"', page)
        self.assertIn("more than zero", self._get(f"{path}-5"))
        self.assertIn("is not a number", self._get(f"{path}NaN"))

    def test_own_forecast_is_kept_and_stays_the_partners(self):
        path = f"/my/incentives/outlook/{self.offer.id}/forecast"
        page = self._post(path, self.portal_1, volume="50000")
        self.assertIn("Your forecast is with us", page)
        self.assertIn("50,000.00", page)
        forecast = self.env["partner.incentive.forecast"].search([])
        self.assertEqual(forecast.partner_id, self.partner_1)
        self.assertEqual(forecast.origin, "partner")
        self.assertNotIn(
            "50,000.00", self._get("/my/incentives/outlook", self.portal_2)
        )
        self._post(path, self.outsider, status=404, volume="1")

    def test_terms_say_what_is_compared(self):
        """Own target in the terms, and nobody else's; percentages as bounds."""
        offer = self._create_offer(
            name="Target",
            measure="invoiced_amount",
            bracket_reference="target",
            brackets=[(100, 2), (120, 3)],
            safety_days=7,
        )
        self.env["partner.incentive.target"].sudo().create(
            [
                {"offer_id": offer.id, "partner_id": partner.id, "volume": volume}
                for partner, volume in (
                    (self.partner_1, 12345),
                    (self.partner_2, 67890),
                )
            ]
        )
        page = self._get(f"/my/incentives/offers/{offer.id}", self.portal_1)
        self.assertIn("12,345.00", page)
        self.assertNotIn("67,890", page)
        self.assertIn("120 %", page)
        self.assertIn("7 days", page)

    def test_nothing_runs_for_an_outsider(self):
        page = self._get("/my/incentives/outlook", self.outsider)
        self.assertIn("No offer runs for you", page)

    def test_query_count_does_not_grow_with_history(self):
        self._login(self.portal_1)
        before = self._count_queries("/my/incentives/outlook")
        for month in (1, 2, 3):
            for _each in range(3):
                self._invoice(self.partner_1, date(2026, month, 5), 10)
        self.assertLessEqual(self._count_queries("/my/incentives/outlook"), before)

    def test_forecast_of_many_offers_and_measures(self):
        """As many statements for ten offers, however they count, as for some."""
        self._login(self.portal_1)
        for measure in ("invoiced_amount", "growth_amount", "paid_amount"):
            self._create_offer(
                name=f"Count {measure}",
                measure=measure,
                growth_without_history="all",
            )
        self._create_offer(name="New", measure="new_customer_amount")
        self._create_offer(
            name="Target",
            measure="invoiced_amount",
            bracket_reference="target",
            brackets=[(100, 2)],
        )
        before = self._count_queries("/my/incentives/outlook")
        for measure in (
            "invoiced_quantity",
            "invoiced_list_amount",
            "ordered_amount",
            "claimed_amount",
            "sell_through_amount",
            "growth_amount",
        ):
            offer = self._create_offer(
                name=f"Count {measure}, too",
                measure=measure,
                growth_without_history="all",
            )
            for model in ("partner.incentive.target", "partner.incentive.forecast"):
                self.env[model].sudo().create(
                    {
                        "offer_id": offer.id,
                        "partner_id": self.partner_1.id,
                        "volume": 1000,
                    }
                )
        self.assertIn("Count growth_amount, too", self._get("/my/incentives/outlook"))
        self.assertLessEqual(self._count_queries("/my/incentives/outlook"), before)
        self.assertCheap("/my/incentives/outlook")

    # -------------------------------------------------------------- reported sales

    def _count_reports(self):
        self._create_offer(name="Sold through", measure="sell_through_amount")

    def _upload(self, text, user=None, filename="sales.csv"):
        if user:
            self._login(user)
        response = self.url_open(
            URL,
            data={"name": "April", "csrf_token": http.Request.csrf_token(self)},
            files={"upload": (filename, io.BytesIO(text.encode()), "text/csv")},
        )
        self.assertEqual(response.status_code, 200)
        return self._get_main(response.text)

    def test_report_is_checked_handed_in_and_private(self):
        self._count_reports()
        page = self._upload(FILE, self.portal_1)
        self.assertIn("There is no product NONE", page)
        file = self.env["partner.sell.through.file"].search([])
        self.assertEqual(file.partner_id, self.partner_1)
        self.assertEqual(file.submitted_by.id, False)
        path = f"{URL}/{file.id}"
        for user in (self.portal_2, self.outsider):
            self._get(path, user, status=404)
            self._post(f"{path}/submit", status=404)
            self._post(f"{path}/discard", status=404)
        self.assertNotIn("April", self._get(URL, self.portal_2))
        self._post(f"{path}/submit", self.portal_1)
        self.assertEqual(file.state, "submitted")
        self.assertEqual(file.submitted_by, self.portal_1)
        self._post(f"{path}/discard", status=404)

    def test_a_bad_file_says_what_is_wrong_and_keeps_the_title(self):
        self._count_reports()
        page = self._upload("a,b\n1,2\n", self.portal_1)
        self.assertIn("missing: date", page)
        self.assertIn('value="April"', page)
        self.assertIn("is no CSV file", self._upload(FILE, filename="sales.exe"))
        self.assertFalse(self.env["partner.sell.through.file"].search([]))

    def test_reports_only_where_an_offer_counts_them(self):
        self._get(URL, self.portal_1, status=404)
        self.assertNotIn(URL, self._get("/my/incentives"))
        self._count_reports()
        # at the top, or below its group, where there are more pages about sales
        self.assertIn(f'href="{URL}"', self._get(URL))

    def test_nothing_over_rpc(self):
        self._login(self.portal_1)
        for model in (
            "partner.sell.through.file",
            "partner.sell.through.line",
            "partner.incentive.target",
            "partner.incentive.achievement",
            "partner.incentive.simulation",
            "partner.incentive.outlook.view",
        ):
            response = self.make_jsonrpc_request_error(model)
            self.assertIn("AccessError", response)

    def make_jsonrpc_request_error(self, model):
        response = self.url_open(
            f"/web/dataset/call_kw/{model}/search_read",
            json={
                "jsonrpc": "2.0",
                "params": {
                    "model": model,
                    "method": "search_read",
                    "args": [[]],
                    "kwargs": {},
                },
            },
        )
        return response.text

    def test_overview_tells_the_pace(self):
        """As the forecast of an offer that stands by itself."""
        self._accrue(date(2026, 4, 10))
        home = self._get("/my/incentives", self.portal_1)
        cards = home.partition('id="incentive_cards"')[2].partition("</section>")[0]
        self.assertIn("730.00", cards.partition(">Forecast</a>")[2])
        self.portal_1.partner_id.incentive_portal_role = "marketing"
        self.assertNotIn("730.00", self._get("/my/incentives", self.portal_1))

    def test_calculator_takes_the_partners_target(self):
        offer = self._create_offer(
            name="Target",
            measure="invoiced_amount",
            bracket_reference="target",
            formula="whole",
            brackets=[(80, 1), (100, 2)],
            publish=False,
        )
        path = f"/my/incentives/offers/{offer.id}?volume=90000"
        offer.target_ids = [
            Command.create(
                {
                    "partner_id": self.partner_1.id,
                    "window_from": date(2026, 1, 1),
                    "volume": 100000,
                }
            )
        ]
        offer.sudo().action_submit()
        offer.sudo().action_publish()
        page = self._get(path, self.portal_1)
        self.assertIn("o_incentive_calculated", page)
        result = page.partition("o_incentive_calculated")[2].partition("</td>")[0]
        self.assertIn("900.00", result)
        # without a target nothing can be said
        self.assertNotIn("o_incentive_calculated", self._get(path, self.portal_2))
