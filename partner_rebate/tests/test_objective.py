from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestObjective(RebateCommon):
    """The volume of an objective: each sale once, whatever its offers count."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.objective.currency_id = cls.company.currency_id

    def _volume(self, objective=None):
        objective = objective or self.objective
        objective.invalidate_recordset()
        with freeze_time("2026-06-30 12:00:00"):
            return objective.volume

    def _refund(self, amount, **values):
        return self._invoice(
            self.partner_1,
            date(2026, 3, 1),
            amount,
            move_type="out_refund",
            **values,
        )

    def test_a_sale_that_two_offers_count(self):
        self._create_offer(name="Volume")
        self._create_offer(name="Growth", brackets=[(0, 5)])
        self._invoice(self.partner_1, date(2026, 2, 1), 100)
        self._invoice(self.partner_2, date(2026, 3, 1), 50)
        self.assertEqual(self._volume(), 150)
        self._refund(30)
        self.assertEqual(self._volume(), 120)

    def test_each_offer_adds_what_the_others_leave_out(self):
        other = self.env["product.product"].create({"name": "Other", "taxes_id": False})
        for product in (self.product, other):
            self._create_offer(
                name=product.name,
                product_rule_ids=[
                    Command.create({"product_ids": [Command.set(product.ids)]})
                ],
            )
        self._create_offer(partner_ids=[Command.set(self.partner_2.ids)])
        for partner in (self.partner_1, self.partner_2):
            self._invoice(
                partner,
                date(2026, 2, 1),
                0,
                lines=[(self.product, 1, 100), (other, 1, 40)],
            )
        self.assertEqual(self._volume(), 280)

    def test_the_largest_amount_at_which_one_counts_it(self):
        self._create_offer(name="Invoiced")
        self._create_offer(name="Paid", measure="paid_amount")
        invoice = self._invoice(self.partner_1, date(2026, 2, 1), 100)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"payment_date": date(2026, 3, 1), "amount": 40})._create_payments()
        self.assertEqual(self._volume(), 100)

    def test_an_order_and_its_invoice(self):
        self._create_offer(name="Ordered", measure="ordered_amount")
        self._create_offer(name="Invoiced")
        orders = self.env["sale.order"].sudo().with_company(self.company)
        order = orders.create(
            {
                "partner_id": self.partner_1.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "product_uom_qty": quantity,
                            "price_unit": 10,
                        }
                    )
                    for quantity in (3, 5)
                ],
            }
        )
        order.action_confirm()
        order.date_order = "2026-02-01 12:00:00"
        self.assertEqual(self._volume(), 80)
        order.order_line.qty_delivered = 3
        invoice = order._create_invoices()
        invoice.invoice_date = date(2026, 2, 10)
        invoice.action_post()
        self.assertEqual(self._volume(), 80)
        # sold without an order
        self._invoice(self.partner_1, date(2026, 2, 1), 7)
        self.assertEqual(self._volume(), 87)

    def test_an_accelerator_counts_nothing_of_its_own(self):
        volume = self._create_offer(name="Volume")
        self._create_offer(
            name="Accelerator",
            offer_type="accelerator",
            brackets=[(50, 25)],
            accelerated_offer_ids=[Command.set(volume.ids)],
        )
        self._invoice(self.partner_1, date(2026, 2, 1), 100)
        self.assertEqual(self._volume(), 100)

    def test_what_is_claimed_back_counts_where_it_still_does(self):
        first = self._create_offer(name="First")
        second = self._create_offer(name="Second")
        invoice = self._invoice(self.partner_1, date(2026, 2, 1), 100)
        self._claw(first, invoice)
        self.assertEqual(self._volume(), 100)
        self._claw(second, invoice)
        self.assertEqual(self._volume(), 0)

    def test_objectives_count_for_themselves(self):
        other = self.objective.copy({"name": "Sell more of it"})
        self._create_offer(objective_ids=[Command.set((self.objective | other).ids)])
        self._create_offer()
        self._invoice(self.partner_1, date(2026, 2, 1), 100)
        self.assertEqual(self._volume(), 100)
        self.assertEqual(self._volume(other), 100)

    def test_documents_of_the_year(self):
        """A window may begin before the fiscal year; what it counted then does not."""
        self.company.fiscalyear_last_month = "3"
        self._create_offer()
        self._invoice(self.partner_1, date(2026, 3, 31), 100)
        self._invoice(self.partner_1, date(2026, 4, 1), 20)
        self._invoice(self.partner_1, date(2026, 7, 1), 3)
        self.assertEqual(self._volume(), 20)

    def test_volume_brought_forward(self):
        offers = self._create_offer(name="First") | self._create_offer(name="Second")
        self.company.incentive_cutover_date = date(2026, 4, 1)
        self.env["partner.incentive.prior.volume"].sudo().with_context(
            incentive_posting=True
        ).create(
            [
                {
                    "company_id": self.company.id,
                    "offer_id": offer.id,
                    "partner_id": self.partner_1.id,
                    "date": date(2026, 2, 1),
                    "qualifying": volume,
                    "earning": volume,
                }
                for offer, volume in zip(offers, (60, 100), strict=True)
            ]
        )
        self._invoice(self.partner_1, date(2026, 5, 1), 5)
        self.assertEqual(self._volume(), 105)

    def test_lines_alike_and_one_by_one(self):
        """What is added up without a look at single lines is what these come to."""
        child = self.partner_1.copy(
            {"name": "Subsidiary", "is_company": True, "parent_id": self.partner_1.id}
        )
        others = self.env["product.product"].create(
            [{"name": name, "taxes_id": False} for name in ("Other", "Third")]
        )
        self._create_offer(name="All, and what the subsidiary buys")
        self._create_offer(name="Units", measure="invoiced_quantity")
        self._create_offer(
            name="Pool",
            pooled=True,
            product_rule_ids=[
                Command.create({"product_ids": [Command.set(others[0].ids)]})
            ],
        )
        self._create_offer(
            name="Only the subsidiary", partner_ids=[Command.set(child.ids)]
        )
        for number, partner in enumerate((self.partner_1, child, self.partner_2)):
            for move_type, sign in (("out_invoice", 1), ("out_refund", 3)):
                self._invoice(
                    partner,
                    date(2026, 2 + number, 1),
                    0,
                    move_type=move_type,
                    lines=[
                        (self.product, 1, 10 ** (2 - number)),
                        (others[0], sign, 2),
                        (others[1], 2, 7),
                    ],
                )
        one_by_one = [({self.objective.id}, False)]
        alike = self._volume()
        with patch.object(
            type(self.objective), "_group_by_source", return_value=one_by_one
        ):
            self.assertEqual(self._volume(), alike)
        self.assertEqual(alike, self._plain_volume())

    def _plain_volume(self):
        """Every sale once, counted without the suite."""
        lines = self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company.id),
                ("move_id.move_type", "in", ("out_invoice", "out_refund")),
                ("display_type", "=", "product"),
                ("parent_state", "=", "posted"),
            ]
        )
        return -sum(lines.mapped("balance"))

    def test_statements_for_many_objectives(self):
        """A list of objectives takes no more of them than one does."""
        objectives = self.objective.copy({"name": "Other"}) | self.objective
        for objective in objectives:
            self._create_offer(objective_ids=[Command.set(objective.ids)])
        self._invoice(self.partner_1, date(2026, 2, 1), 100)
        with freeze_time("2026-06-30 12:00:00"):
            years = self.objective._get_fiscal_years()
            objectives._read_volumes(years)
            before = self.env.cr.sql_log_count
            objectives[0]._read_volumes(years)
            one = self.env.cr.sql_log_count - before
            objectives._read_volumes(years)
            self.assertLessEqual(self.env.cr.sql_log_count - before - one, one)
