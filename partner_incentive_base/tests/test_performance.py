"""How offers did, beside a count over the raw documents."""

from datetime import date

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..engine.windows import Window
from ..models.partner_incentive_performance_figures import RATIOS, SUMS
from .portal_common import PortalCommon

Q1 = Window(date(2026, 1, 1), date(2026, 3, 31))
Q2 = Window(date(2026, 4, 1), date(2026, 6, 30))


class PerformanceCommon(PortalCommon):
    """Two offers that meet on some sales, in two quarters and a year before."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls.env["product.product"].create(
            {"name": "Service", "taxes_id": False}
        )
        cls.partner_3, cls.partner_4 = cls.env["res.partner"].create(
            [
                {"name": "Reseller Three", "is_company": True},
                {"name": "Reseller Four", "is_company": True},
            ]
        )
        cls._enroll(cls.partner_3)
        everybody = cls.partner_1 | cls.partner_2 | cls.partner_3 | cls.partner_4
        cls.offer_all = cls._create_invoice_offer(
            "All products",
            brackets=[(0, 10)],
            period="quarter",
            partner_ids=[Command.set(everybody.ids)],
        )
        cls.offer_service = cls._create_invoice_offer(
            "Services",
            brackets=[(0, 5)],
            period="quarter",
            partner_ids=[Command.set((cls.partner_1 | cls.partner_2).ids)],
            product_rule_ids=[
                Command.create({"product_ids": [Command.set(cls.service.ids)]})
            ],
        )
        cls.offers = cls.offer_all | cls.offer_service
        for partner, day, widget, service in (
            (cls.partner_1, date(2025, 2, 10), 500.0, 100.0),
            (cls.partner_2, date(2025, 3, 31), 300.0, 0.0),
            (cls.partner_1, date(2025, 5, 5), 700.0, 0.0),
            (cls.partner_4, date(2025, 2, 5), 9999.0, 0.0),
            (cls.partner_1, date(2026, 1, 15), 1000.0, 400.0),
            (cls.partner_2, date(2026, 2, 1), 200.0, 50.0),
            (cls.partner_3, date(2026, 3, 31), 640.0, 0.0),
            (cls.partner_1, date(2026, 4, 1), 600.0, 200.0),
            (cls.partner_4, date(2026, 5, 1), 888.0, 0.0),
        ):
            lines = [(cls.product, 1, widget), (cls.service, 1, service)]
            cls._invoice(partner, day, 0, lines=[line for line in lines if line[2]])
        cls.refund = cls._invoice(
            cls.partner_2, date(2026, 3, 2), 30.0, move_type="out_refund"
        )
        cls._accrue(Q1.end, cls.offers)
        cls._accrue(Q2.end, cls.offers)
        cls._refresh()

    @classmethod
    def _refresh(cls):
        cls.env["partner.incentive.performance"]._refresh(cls.company, [Q1, Q2])

    @classmethod
    def _row(cls, offer, quarter=Q1):
        return cls.env["partner.incentive.performance"].search(
            [("offer_id", "=", offer.id), ("date_from", "=", quarter.start)]
        )

    def _sales(self, window, partners, products=None):
        """Untaxed sales by a walk through posted documents: ``{partner: amount}``."""
        sales = dict.fromkeys(partners, 0.0)
        for move in self.env["account.move"].search(
            [
                ("state", "=", "posted"),
                ("move_type", "in", ("out_invoice", "out_refund")),
                ("incentive_document", "=", False),
                ("company_id", "=", self.company.id),
            ]
        ):
            partner = move.commercial_partner_id
            if partner not in sales or move.invoice_date not in window:
                continue
            sign = -1 if move.move_type == "out_refund" else 1
            sales[partner] += sum(
                sign * line.price_subtotal
                for line in move.invoice_line_ids
                if products is None or line.product_id in products
            )
        return sales


@tagged("post_install", "-at_install")
class TestPerformance(PerformanceCommon):
    def test_figures_equal_a_walk_through_the_documents(self):
        for offer, products, rate in (
            (self.offer_all, None, 0.1),
            (self.offer_service, self.service, 0.05),
        ):
            named = offer.partner_ids
            enrolled = named & (self.partner_1 | self.partner_2 | self.partner_3)
            for quarter in (Q1, Q2):
                row = self._row(offer, quarter)
                now = self._sales(quarter, enrolled, products)
                year_before = Window(
                    quarter.start.replace(year=2025), quarter.end.replace(year=2025)
                )
                before = self._sales(year_before, enrolled, products)
                compared = [partner for partner in enrolled if before[partner]]
                with self.subTest(offer=offer.name, quarter=quarter):
                    self.assertEqual(row.eligible, len(named))
                    self.assertEqual(row.enrolled, len(enrolled))
                    self.assertEqual(
                        row.earning, sum(amount > 0 for amount in now.values())
                    )
                    self.assertAlmostEqual(row.bookings, sum(now.values()))
                    self.assertAlmostEqual(row.cost, rate * sum(now.values()))
                    self.assertAlmostEqual(
                        row.previous_bookings, sum(before[each] for each in compared)
                    )
                    self.assertAlmostEqual(
                        row.compared_bookings, sum(now[each] for each in compared)
                    )
                    self.assertAlmostEqual(
                        row.compared_cost, rate * sum(now[each] for each in compared)
                    )

    def test_known_figures(self):
        row = self._row(self.offer_all)
        self.assertEqual((row.eligible, row.enrolled, row.earning), (4, 3, 3))
        self.assertAlmostEqual(row.adoption, 0.75)
        self.assertAlmostEqual(row.bookings, 2260)
        self.assertAlmostEqual(row.cost, 226)
        self.assertAlmostEqual(row.gross_romi, 9)
        self.assertAlmostEqual(row.previous_bookings, 900)
        self.assertAlmostEqual(row.compared_bookings, 1620)
        self.assertAlmostEqual(row.incremental_romi, (720 - 162) / 162)
        self.assertAlmostEqual(row.payback, 3 * 162 / 720)
        self.assertAlmostEqual(row.overlap, 450)
        self.assertEqual(row.overlap_offer_ids, self.offer_service)
        services = self._row(self.offer_service)
        self.assertAlmostEqual(services.overlap_rate, 1)
        self.assertEqual(services.overlap_offer_ids, self.offer_all)

    def test_cost_is_that_of_the_report_on_cost(self):
        for offer in self.offers:
            for quarter in (Q1, Q2):
                cost = self.env["partner.incentive.cost"]._read_group(
                    [
                        ("offer_id", "=", offer.id),
                        ("date", ">=", quarter.start),
                        ("date", "<=", quarter.end),
                    ],
                    aggregates=["cost:sum"],
                )[0][0]
                self.assertAlmostEqual(self._row(offer, quarter).cost, cost)

    def test_ratios_of_groups_come_from_sums(self):
        rows = self._row(self.offer_all) | self._row(self.offer_all, Q2)
        rows |= self._row(self.offer_service) | self._row(self.offer_service, Q2)
        values = self.env["partner.incentive.performance"]._read_group(
            [("id", "in", rows.ids)], aggregates=[f"{name}:avg" for name in RATIOS]
        )[0]
        figures = type(rows[0]._get_figures())(
            **{name: sum(row[name] for row in rows) for name in SUMS}
        )
        for name, value in zip(RATIOS, values, strict=True):
            self.assertAlmostEqual(value, float(getattr(figures, name)), msg=name)
        average = sum(row.gross_romi for row in rows) / len(rows)
        self.assertNotAlmostEqual(average, figures.gross_romi)

    def test_a_group_without_denominator_has_no_ratio(self):
        offer = self._create_offer(name="Claims")
        self._refresh()
        self.assertFalse(self._row(offer).measured)
        values = self.env["partner.incentive.performance"]._read_group(
            [("offer_id", "=", offer.id)],
            aggregates=["gross_romi:avg", "incremental_romi:avg", "cost_rate:avg"],
        )[0]
        self.assertFalse(any(values))

    def test_a_second_refresh_changes_what_changed(self):
        row = self._row(self.offer_all)
        self._invoice(self.partner_3, date(2026, 2, 2), 60.0)
        self._refresh()
        self.assertEqual(self._row(self.offer_all), row)
        self.assertAlmostEqual(row.bookings, 2320)
        self.assertAlmostEqual(row.cost, 226)

    def test_what_is_claimed_back_is_no_booking(self):
        move = self.env["account.move"].search(
            [
                ("partner_id", "=", self.partner_3.id),
                ("invoice_date", "=", date(2026, 3, 31)),
            ]
        )
        clawback = self.env["partner.incentive.clawback"].create(
            {
                "offer_id": self.offer_all.id,
                "partner_id": self.partner_3.id,
                "move_id": move.id,
                "date": date(2026, 3, 31),
                "share": 50,
                "reason": "return",
                "description": "Returned by the customer",
            }
        )
        clawback.with_user(self.users["user"]).action_submit()
        clawback.with_user(self.users["finance"]).action_confirm()
        self._refresh()
        self.assertAlmostEqual(self._row(self.offer_all).bookings, 2260 - 320)

    def test_offers_in_another_currency_are_told_in_company_currency(self):
        currency = self.setup_other_currency("EUR", rates=[("2020-01-01", 2.0)])
        offer = self._create_invoice_offer(
            "Euro", period="quarter", currency_id=currency.id
        )
        self._accrue(Q1.end, offer)
        self._refresh()
        row = self._row(offer)
        self.assertAlmostEqual(row.bookings, 1620)
        self.assertAlmostEqual(row.cost, 162)

    def test_quarters_follow_the_fiscal_year(self):
        self.company.fiscalyear_last_month = "1"
        quarters = self.env["partner.incentive.performance"]._get_quarters(
            self.company, date(2026, 4, 30), 2
        )
        self.assertEqual(
            quarters,
            [
                Window(date(2025, 11, 1), date(2026, 1, 31)),
                Window(date(2026, 2, 1), date(2026, 4, 30)),
            ],
        )

    def test_number_of_queries_is_no_matter_of_partners(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            self._refresh()
            self.env.flush_all()
            return self.env.cr.sql_log_count - start

        count()
        few = count()
        partners = self.env["res.partner"].create(
            [{"name": f"Reseller {n}", "is_company": True} for n in range(20)]
        )
        self._enroll(*partners)
        for partner in partners[:5]:
            self._invoice(partner, date(2026, 2, 3), 10.0)
        self.assertLessEqual(count(), few + 2)

    def test_who_may_update_the_figures(self):
        Performance = self.env["partner.incentive.performance"]
        Performance.with_user(self.users["auditor"]).action_update()
        with self.assertRaises(AccessError):
            Performance.with_user(self.portal_1).action_update()
        with self.assertRaises(AccessError):
            self._row(self.offer_all).with_user(self.users["admin"]).write({"cost": 1})
