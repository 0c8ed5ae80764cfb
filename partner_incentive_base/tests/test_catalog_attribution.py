from psycopg2.errors import CheckViolation, SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .catalog_common import CatalogCommon, ConcurrencyCase


@tagged("post_install", "-at_install")
class TestCatalogAttribution(CatalogCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.env["res.partner"].create(
            {"name": "Customer", "is_company": True}
        )
        cls.product = cls.product_a
        cls.product.invoice_policy = "order"
        cls.product.taxes_id = False

    def make_order(self, price=100.0, attributions=(), confirm=True):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "product_uom_qty": 1,
                            "price_unit": price,
                        }
                    )
                ],
            }
        )
        for partner, role, share in attributions:
            self.credit(order=order, partner=partner, role=role, share=share)
        if confirm:
            order.action_confirm()
        return order

    def credit(self, partner, role="sourced", share=100.0, order=None, move=None):
        return self.env["partner.incentive.attribution"].create(
            {
                "partner_id": partner.id,
                "role": role,
                "share": share,
                "order_id": order and order.id,
                "move_id": move and move.id,
            }
        )

    def shares(self, document):
        return {
            (row.partner_id, row.role): round(row.share, 4)
            for row in document.incentive_attribution_ids
        }

    # ------------------------------------------------------------------ constraints

    def test_shares_sum_to_100_per_role(self):
        order = self.make_order(confirm=False)
        self.credit(self.alpha, share=60, order=order)
        self.credit(self.beta, share=40, order=order)
        self.credit(self.beta, role="influenced", share=100, order=order)
        with self.assertRaisesRegex(ValidationError, r"Sourced.*100\.01 %"):
            self.credit(self.gamma, share=0.01, order=order)

    def test_shares_in_one_batch(self):
        order = self.make_order(confirm=False)
        with self.assertRaisesRegex(ValidationError, "120 %"), self.cr.savepoint():
            self.env["partner.incentive.attribution"].create(
                [
                    {"partner_id": p.id, "share": 60, "order_id": order.id}
                    for p in (self.alpha, self.beta)
                ]
            )
        with self.assertRaisesRegex(ValidationError, "120 %"):
            order.incentive_attribution_ids = [
                Command.create({"partner_id": p.id, "share": 60})
                for p in (self.alpha, self.beta)
            ]

    def test_shares_of_three_thirds(self):
        order = self.make_order(confirm=False)
        for partner in self.partners:
            self.credit(partner, share=100 / 3, order=order)
        self.assertEqual(len(order.incentive_attribution_ids), 3)

    def test_share_range(self):
        order = self.make_order(confirm=False)
        for share in (0, -5, 100.5):
            with self.subTest(share=share), self.assertRaises(CheckViolation):
                with mute_logger("odoo.sql_db"):
                    self.credit(self.alpha, share=share, order=order)

    def test_exactly_one_document(self):
        order = self.make_order()
        move = order._create_invoices()
        for documents in ({}, {"order": order, "move": move}):
            with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
                self.credit(self.alpha, **documents)

    def test_no_vendor_bill(self):
        bill = self.init_invoice("in_invoice", amounts=[10])
        with self.assertRaisesRegex(ValidationError, "no customer invoice"):
            self.credit(self.alpha, move=bill)

    def test_contact_stands_for_its_company(self):
        contact = self.env["res.partner"].create(
            {"name": "Ann", "parent_id": self.alpha.id}
        )
        order = self.make_order(confirm=False)
        row = self.credit(contact, order=order)
        self.assertEqual(row.partner_id, self.alpha)
        self.assertEqual(row.company_id, self.company)

    # -------------------------------------------------------------- order to invoice

    def test_invoice_follows_order(self):
        order = self.make_order(
            attributions=[(self.alpha, "sourced", 70), (self.beta, "influenced", 30)]
        )
        move = order._create_invoices()
        self.assertEqual(
            self.shares(move),
            {(self.alpha, "sourced"): 70, (self.beta, "influenced"): 30},
        )
        self.assertEqual(
            set(move.incentive_attribution_ids.mapped("source")), {order.name}
        )

    def test_salesperson_without_incentive_rights(self):
        """Whoever invoices need not know about incentives."""
        order = self.make_order(attributions=[(self.alpha, "sourced", 100)])
        seller = self.env["res.users"].create(
            {
                "name": "Seller",
                "login": "catalog_seller",
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
                "group_ids": [
                    Command.set(
                        [
                            self.env.ref("sales_team.group_sale_salesman_all_leads").id,
                            self.env.ref("account.group_account_invoice").id,
                        ]
                    )
                ],
            }
        )
        move = order.with_user(seller)._create_invoices()
        self.assertEqual(self.shares(move.sudo()), {(self.alpha, "sourced"): 100})

    def test_several_orders_on_one_invoice(self):
        """Each order weighs by its part of the untaxed amount."""
        orders = self.make_order(300, [(self.alpha, "sourced", 100)])
        orders |= self.make_order(100, [(self.alpha, "sourced", 50)])
        orders |= self.make_order(600, [(self.beta, "sourced", 100)])
        move = orders._create_invoices()
        self.assertEqual(len(move), 1)
        self.assertEqual(
            self.shares(move),
            {(self.alpha, "sourced"): 35, (self.beta, "sourced"): 60},
        )

    def test_order_without_partners_on_one_invoice(self):
        """A part of the invoice that nobody is credited for, stays with nobody."""
        orders = self.make_order(100, [(self.alpha, "sourced", 100)])
        orders |= self.make_order(300)
        move = orders._create_invoices()
        self.assertEqual(self.shares(move), {(self.alpha, "sourced"): 25})

    def test_shares_never_exceed_100(self):
        """Weights that do not divide evenly, and the same partner on all orders."""
        orders = self.env["sale.order"]
        for partner in self.partners:
            orders |= self.make_order(
                100 / 3, [(partner, "sourced", 100), (self.alpha, "resold", 100)]
            )
        move = orders._create_invoices()
        rows = move.incentive_attribution_ids
        sourced = sum(rows.filtered(lambda r: r.role == "sourced").mapped("share"))
        self.assertLessEqual(sourced, 100)
        self.assertAlmostEqual(sourced, 100, places=4)
        resold = rows.filtered(lambda r: r.role == "resold")
        self.assertEqual(resold.mapped("share"), [100])

    def test_down_payment(self):
        """The down payment and the final invoice are both credited."""
        order = self.make_order(1000, [(self.alpha, "sourced", 80)])
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_ids=order.ids, active_model="sale.order")
            .create({"advance_payment_method": "percentage", "amount": 20})
        )
        down = wizard._create_invoices(order)
        self.assertEqual(down.amount_untaxed, 200)
        self.assertEqual(self.shares(down), {(self.alpha, "sourced"): 80})
        down.action_post()
        final = order._create_invoices(final=True)
        self.assertEqual(final.amount_untaxed, 800)
        self.assertEqual(self.shares(final), {(self.alpha, "sourced"): 80})

    def test_credit_note_follows_its_invoice(self):
        order = self.make_order(100, [(self.alpha, "sourced", 100)])
        move = order._create_invoices()
        move.action_post()
        refund = move._reverse_moves()
        self.assertFalse(refund.incentive_attribution_ids)
        self.assertEqual(refund.reversed_entry_id, move)
        standalone = self.init_invoice("out_refund", amounts=[10])
        self.credit(self.beta, move=standalone)
        self.assertEqual(self.shares(standalone), {(self.beta, "sourced"): 100})

    def test_credited_afterwards(self):
        """Invoices made before can be credited, once."""
        order = self.make_order()
        move = order._create_invoices()
        self.credit(self.alpha, order=order)
        self.assertFalse(move.incentive_attribution_ids)
        order.action_copy_attributions()
        order.action_copy_attributions()
        self.assertEqual(self.shares(move), {(self.alpha, "sourced"): 100})

    def test_mixed_signs(self):
        """A return among the orders does not push a share over 100 %."""
        orders = self.make_order(300, [(self.alpha, "sourced", 100)])
        orders |= self.make_order(-100, [(self.beta, "sourced", 100)])
        move = orders._create_invoices()
        self.assertEqual(
            self.shares(move),
            {(self.alpha, "sourced"): 75, (self.beta, "sourced"): 25},
        )

    # ------------------------------------------------------------------------- cost

    def test_posting_costs_nothing(self):
        """Posting an invoice reads and writes no attribution."""
        move = self.make_order(100, [(self.alpha, "sourced", 100)])._create_invoices()
        self.env.flush_all()
        self.env.invalidate_all()
        statements = self.get_statements(move.action_post)
        self.assertTrue(statements)
        touched = [each for each in statements if "incentive_attribution" in each]
        self.assertFalse(touched)

    def test_invoicing_costs_one_query(self):
        """Invoicing orders that nobody is credited for reads attributions once."""
        orders = self.make_order() | self.make_order()
        self.env.flush_all()
        self.env.invalidate_all()
        statements = self.get_statements(orders._create_invoices)
        touched = [each for each in statements if "incentive_attribution" in each]
        self.assertEqual(len(touched), 1, touched)


@tagged("post_install", "-at_install")
class TestCatalogAttributionConcurrency(ConcurrencyCase):
    def setUp(self):
        super().setUp()
        with self.open_cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            partner = env["res.partner"].create({"name": "Twice", "is_company": True})
            order = env["sale.order"].create({"partner_id": partner.id})
            self.partner_id, self.order_id = partner.id, order.id
            cr.commit()  # pylint: disable=invalid-commit
        self.addCleanup(self.remove_records)

    def remove_records(self):
        with self.open_cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["sale.order"].browse(self.order_id).unlink()
            env["res.partner"].browse(self.partner_id).unlink()
            cr.commit()  # pylint: disable=invalid-commit

    def credit(self, cr):
        env = api.Environment(cr, SUPERUSER_ID, {})
        env["partner.incentive.attribution"].create(
            {"order_id": self.order_id, "partner_id": self.partner_id, "share": 60}
        )

    def test_two_at_once(self):
        """Two transactions that do not see each other cannot both credit 60 %."""
        with self.open_cursor() as first, self.open_cursor() as second:
            first.execute("SELECT 1")
            second.execute("SELECT 1")
            self.credit(first)
            first.commit()
            with self.assertRaises(SerializationFailure), mute_logger("odoo.sql_db"):
                self.credit(second)
            second.rollback()
            with self.assertRaisesRegex(ValidationError, "120 %"):
                self.credit(second)
            second.rollback()
