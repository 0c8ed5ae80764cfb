from datetime import date

from odoo.fields import Command
from odoo.tests import tagged

from .common import RebateCommon

KINDS = (
    "new_customer_amount",
    "cross_sell_amount",
    "upsell_amount",
    "expansion_amount",
)


@tagged("post_install", "-at_install")
class TestMeasuresHistory(RebateCommon):
    """Sales told apart by what the customer bought before."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hardware, cls.service = cls.env["product.category"].create(
            [{"name": "Hardware"}, {"name": "Service"}]
        )
        cls.switch, cls.router, cls.support = cls.env["product.product"].create(
            [
                {"name": name, "categ_id": category.id, "taxes_id": False}
                for name, category in (
                    ("Switch", cls.hardware),
                    ("Router", cls.hardware),
                    ("Support", cls.service),
                )
            ]
        )
        cls.program.date_from = date(2025, 1, 1)

    def _buy(self, day, *lines, partner=None):
        return self._invoice(partner or self.partner_1, day, 0, lines=list(lines))

    def _full_offer(self, measure, **values):
        values.setdefault("brackets", [(0, 100)])
        values.setdefault("count_before_enrollment", True)
        values.setdefault("date_from", date(2025, 1, 1))
        return self._create_offer(name=measure, measure=measure, **values)

    def _figures(self, day, partner=None):
        partner = partner or self.partner_1
        return {
            offer.measure: self._entitled(offer, partner, day) for offer in self.offers
        }

    def test_every_sale_is_of_one_kind(self):
        """Two years of one customer, by hand.

        2025-02-01 switch 300                  new customer 300
        2025-03-01 router 200                  upsell 200 (hardware is known)
        2025-04-01 support 100                 cross-sell 100
        2025-05-01 switch 50                   2024 had no switch: expansion 50
        2026-02-01 switch 350                  as much as 2025: repeat
        2026-03-01 switch 80                   80 beyond 2025: expansion 80
        2026-04-01 the last one comes back     expansion 0 again
        """
        self.offers = self.env["partner.incentive.offer"].union(
            *(self._full_offer(measure) for measure in KINDS)
        )
        self._buy(date(2025, 2, 1), (self.switch, 1, 300))
        self._buy(date(2025, 3, 1), (self.router, 1, 200))
        self._buy(date(2025, 4, 1), (self.support, 1, 100))
        self._buy(date(2025, 5, 1), (self.switch, 1, 50))
        first = {
            "new_customer_amount": 300,
            "cross_sell_amount": 100,
            "upsell_amount": 200,
            "expansion_amount": 50,
        }
        self.assertEqual(self._figures(date(2025, 12, 31)), first)
        self._buy(date(2026, 2, 1), (self.switch, 1, 350))
        self.assertEqual(self._figures(date(2026, 2, 28)), first)
        extra = self._buy(date(2026, 3, 1), (self.switch, 1, 80))
        grown = {**first, "expansion_amount": 130}
        self.assertEqual(self._figures(date(2026, 3, 31)), grown)
        refund = extra._reverse_moves([{"date": date(2026, 4, 1)}])
        refund.invoice_date = date(2026, 4, 1)
        refund.action_post()
        self.assertEqual(self._figures(date(2026, 4, 30)), first)
        self.assertEqual(self._figures(date(2026, 3, 31)), grown)

    def test_order_of_invoices_does_not_matter(self):
        """The same books, entered the other way round."""
        self.offers = self.env["partner.incentive.offer"].union(
            *(self._full_offer(measure) for measure in KINDS)
        )
        sales = [
            (date(2025, 2, 1), (self.switch, 1, 300)),
            (date(2025, 3, 1), (self.router, 1, 200)),
            (date(2025, 7, 1), (self.switch, 1, 50)),
            (date(2026, 4, 1), (self.support, 1, 100)),
            (date(2026, 5, 1), (self.switch, 1, 400)),
        ]
        for day, line in sales:
            self._buy(day, line)
        for day, line in reversed(sales):
            self._buy(day, line, partner=self.partner_2)
        day = date(2026, 12, 31)
        expected = {
            "new_customer_amount": 300,
            "cross_sell_amount": 100,
            "upsell_amount": 200,
            "expansion_amount": 100,
        }
        self.assertEqual(self._figures(day), expected)
        self.assertEqual(self._figures(day, self.partner_2), expected)

    def test_bonus_per_new_customer_goes_to_who_sourced_it(self):
        offer = self._full_offer(
            "new_customer_count",
            rate_kind="per_unit",
            brackets=[(0, 250)],
            credit_role="sourced",
            evidence_rule="attribution",
        )
        customers = self.env["res.partner"].create(
            [{"name": f"Customer {each}", "is_company": True} for each in range(3)]
        )
        moves = [
            self._buy(date(2026, 1, 10), (self.switch, 2, 100), partner=customers[0]),
            self._buy(
                date(2026, 1, 11),
                (self.switch, 1, 100),
                (self.support, 1, 10),
                partner=customers[1],
            ),
            self._buy(date(2026, 1, 12), (self.switch, 1, 100), partner=customers[2]),
            self._buy(date(2026, 2, 10), (self.switch, 9, 100), partner=customers[0]),
        ]
        self.env["partner.incentive.attribution"].create(
            [
                {
                    "partner_id": self.partner_1.id,
                    "role": "sourced",
                    "share": share,
                    "move_id": move.id,
                }
                for move, share in zip(moves, (100, 50, 100, 100), strict=True)
            ]
        )
        day = date(2026, 3, 31)
        self.assertEqual(self._entitled(offer, self.partner_1, day), 625)
        self.assertEqual(self._entitled(offer, self.partner_2, day), 0)
        # The third one sends everything back: it never was a customer.
        refund = moves[2]._reverse_moves([{"date": date(2026, 2, 1)}])
        refund.invoice_date = date(2026, 2, 1)
        refund.action_post()
        self.assertEqual(self._entitled(offer, self.partner_1, day), 375)

    def test_new_market_by_conditions_on_the_customer(self):
        country = self.env.ref("base.no")
        offer = self._full_offer(
            "new_customer_amount",
            brackets=[(0, 10)],
            credit_role="resold",
            evidence_rule="attribution",
            product_rule_ids=[
                Command.create(
                    {"line_domain": f"[('partner_id.country_id', '=', {country.id})]"}
                )
            ],
        )
        inside, outside = self.env["res.partner"].create(
            [
                {"name": "Oslo", "is_company": True, "country_id": country.id},
                {"name": "Elsewhere", "is_company": True},
            ]
        )
        for customer in (inside, outside):
            move = self._buy(date(2026, 1, 5), (self.switch, 1, 500), partner=customer)
            self.env["partner.incentive.attribution"].create(
                {
                    "partner_id": self.partner_2.id,
                    "role": "resold",
                    "share": 100,
                    "move_id": move.id,
                }
            )
        self.assertEqual(self._entitled(offer, self.partner_2, date(2026, 1, 31)), 50)

    def test_first_purchase_of_a_product(self):
        amount = self._full_offer("new_product_amount", brackets=[(0, 10)])
        count = self._full_offer(
            "new_product_count", rate_kind="per_unit", brackets=[(0, 5)]
        )
        self._buy(date(2026, 1, 5), (self.switch, 1, 100), (self.router, 1, 50))
        self._buy(date(2026, 2, 5), (self.switch, 1, 900), (self.support, 1, 30))
        day = date(2026, 2, 28)
        self.assertEqual(self._entitled(amount, self.partner_1, day), 18)
        self.assertEqual(self._entitled(count, self.partner_1, day), 15)
