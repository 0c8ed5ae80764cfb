from datetime import date
from decimal import Decimal

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-04-10")
class TestOutlook(RebateCommon):
    """Window of 2026 (365 days); on 10 April, 100 of them have passed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.day = date(2026, 4, 10)
        cls.offer = cls._create_offer(
            name="Ladder", brackets=[(0, 1), (30000, 2), (50000, 3)]
        )

    def _outlook(self, offer=None, partner=None, extra=Decimal(0), day=None):
        outlooks = self.env["partner.incentive.outlook"]._get_outlooks(
            offer or self.offer, day or self.day, partner or self.partner_1, extra
        )
        self.assertEqual(len(outlooks), 1)
        return outlooks[0]

    def test_run_rate_gap_and_what_if(self):
        """10,000 in 100 of 365 days: 36,500 are likely, which earn 2 %."""
        self._invoice(self.partner_1, date(2026, 2, 1), 10000)
        outlook = self._outlook(extra=Decimal(45000))
        self.assertEqual(outlook.earned, 100)
        self.assertEqual(outlook.expected_volume, 36500)
        self.assertEqual(outlook.likely, 730)
        self.assertEqual(outlook.missing, 20000)
        self.assertEqual(outlook.would_earn, 600)
        self.assertEqual(outlook.next_bracket_brings, 500)
        self.assertEqual(outlook.with_extra, 1650)
        self.assertEqual(outlook.extra_earned, 1550)

    def test_what_if_is_what_it_would_be(self):
        """The what-if equals the entitlement after just that invoice."""
        self._invoice(self.partner_1, date(2026, 2, 1), 12345.67)
        for extra in (1, 17654.33, 17654.34, 99999):
            asked = self._outlook(extra=Decimal(str(extra))).with_extra
            with self.env.cr.savepoint() as savepoint:
                self._invoice(self.partner_1, date(2026, 3, 1), extra)
                self.assertEqual(self._outlook().earned, asked, extra)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_own_forecast_goes_before_the_pace_the_partners_does_not(self):
        self._invoice(self.partner_1, date(2026, 2, 1), 10000)
        Forecast = self.env["partner.incentive.forecast"]
        Forecast.sudo().create(
            {
                "offer_id": self.offer.id,
                "partner_id": self.partner_1.id,
                "volume": 60000,
                "origin": "partner",
            }
        )
        self.assertEqual(self._outlook().likely, 730)
        Forecast.create(
            {
                "offer_id": self.offer.id,
                "partner_id": self.partner_1.id,
                "volume": 60000,
            }
        )
        self.assertEqual(self._outlook().likely, 1800)
        made = Forecast.with_user(self.users["user"]).create(
            {
                "offer_id": self.offer.id,
                "partner_id": self.partner_1.id,
                "volume": 1,
                "origin": "partner",
            }
        )
        self.assertEqual(made.origin, "company")

    def test_growth_goes_on_at_the_pace_of_what_is_bought(self):
        """8,000 bought, 6,000 a year before: 29,200 are likely, 23,200 of growth."""
        offer = self._create_offer(name="Growth", measure="growth_amount")
        self._invoice(self.partner_1, date(2025, 5, 1), 6000)
        self._invoice(self.partner_1, date(2026, 2, 1), 8000)
        outlook = self._outlook(offer)
        self.assertEqual(outlook.earned, 200)
        self.assertEqual(outlook.likely, 2320)

    def test_a_pool_is_split_by_what_each_contributed(self):
        """Together 20,000; the half of 200 is the first one's, and of 20,000 more."""
        offer = self._create_offer(
            name="Pool", pooled=True, brackets=[(0, 1), (40000, 2)]
        )
        self._invoice(self.partner_1, date(2026, 2, 1), 10000)
        self._invoice(self.partner_2, date(2026, 2, 1), 10000)
        outlook = self._outlook(offer, extra=Decimal(20000))
        self.assertEqual(outlook.earned, 100)
        self.assertEqual(outlook.with_extra, 400)
        # 73,000 in all are likely, at 2 %
        self.assertEqual(outlook.likely, 730)

    def test_sum_over_time_ends_at_the_sum(self):
        offer = self._create_offer(
            measure="elapsed_days", rate_kind="amount", brackets=[(0, 3650)]
        )
        outlook = self._outlook(offer)
        self.assertEqual(outlook.earned, 1000)
        self.assertEqual(outlook.likely, 3650)

    def test_accelerated_offers_expect_their_accelerator_as_it_stands(self):
        self._invoice(self.partner_1, date(2026, 2, 1), 10000)
        self._create_offer(
            name="Kicker",
            offer_type="accelerator",
            brackets=[(5000, 100)],
            accelerated_offer_ids=[Command.set(self.offer.ids)],
        )
        outlook = self._outlook()
        self.assertEqual(outlook.earned, 200)
        self.assertEqual(outlook.likely, 1460)

    def test_view_for_managers(self):
        self._invoice(self.partner_1, date(2026, 2, 1), 28000)
        self._invoice(self.partner_2, date(2026, 2, 1), 10000)
        view = (
            self.env["partner.incentive.outlook.view"]
            .with_user(self.users["user"])
            .create({"offer_ids": [Command.set(self.offer.ids)], "extra_volume": 2000})
        )
        near = view.line_ids.filtered(lambda line: line.partner_id == self.partner_1)
        self.assertEqual(near.missing, 2000)
        self.assertAlmostEqual(near.missing_percent, 6.7, 1)
        self.assertEqual(near.next_brings, 320)
        self.assertEqual(near.with_extra, 600)
        self.assertEqual(len(view.line_ids), 2)
        self.assertEqual(
            view.action_view_lines()["domain"], [("wizard_id", "=", view.id)]
        )

    # ------------------------------------------------------------------ simulation

    def test_simulation_of_a_draft_on_real_invoices(self):
        """Documents of a year back; nobody is enrolled for that time."""
        draft = self._create_offer(
            name="Draft",
            publish=False,
            date_from=date(2026, 5, 1),
            period="quarter",
            settlement_period="quarter",
            brackets=[(0, 1), (10000, 5)],
            settlement_minimum=100,
        )
        self._invoice(self.partner_1, date(2025, 5, 15), 8000)
        self._invoice(self.partner_1, date(2025, 6, 15), 4000)
        self._invoice(self.partner_1, date(2026, 3, 15), 2000)
        self._invoice(self.partner_2, date(2025, 8, 15), 5000)
        self._invoice(self.partner_2, date(2024, 8, 15), 90000)
        before = {
            model: self.env[model].search_count([])
            for model in (
                "partner.incentive.offer",
                "partner.incentive.program",
                "partner.incentive.enrollment",
            )
        }
        simulation = (
            self.env["partner.incentive.simulation"]
            .with_user(self.users["user"])
            .create({"offer_id": draft.id})
        )
        self.assertEqual(simulation.date_from, date(2025, 4, 1))
        self.assertEqual(simulation.date_to, date(2026, 3, 31))
        simulation.action_simulate()
        first, second = simulation.line_ids
        self.assertEqual(first.partner_id, self.partner_1)
        self.assertEqual((first.amount, first.cost, first.paid), (14000, 620, 620))
        # 50 is below the smallest payout
        self.assertEqual((second.amount, second.cost, second.paid), (5000, 50, 0))
        self.assertEqual(simulation.cost, 670)
        self.assertEqual(simulation.volume, 19000)
        for model, count in before.items():
            self.assertEqual(self.env[model].search_count([]), count, model)
        self.assertEqual(draft.state, "draft")
        self.assertEqual(draft.date_from, date(2026, 5, 1))

    def test_simulation_by_segment(self):
        gold = self.env["res.partner.grade"].create({"name": "Gold"})
        self.partner_1.with_context(incentive_grade_date="2025-01-01").grade_id = gold
        segment = self.env["partner.incentive.segment"].create(
            {"name": "Gold", "grade_ids": [Command.set(gold.ids)]}
        )
        draft = self._create_offer(
            name="Draft",
            publish=False,
            brackets=[],
            bracket_ids=[
                Command.create({"lower": 0, "rate": 1}),
                Command.create({"lower": 0, "rate": 4, "segment_id": segment.id}),
            ],
        )
        for partner in (self.partner_1, self.partner_2):
            self._invoice(partner, date(2025, 6, 15), 1000)
        simulation = self.env["partner.incentive.simulation"].create(
            {"offer_id": draft.id}
        )
        simulation.action_simulate()
        self.assertEqual(
            [(line.segment_id, line.cost) for line in simulation.line_ids],
            [(segment, 40), (segment.browse(), 10)],
        )

    # ------------------------------------------------------------------ quotations

    def _quote(self, amount, partner=None, **values):
        return (
            self.env["sale.order"]
            .sudo()
            .create(
                {
                    "partner_id": (partner or self.partner_1).id,
                    "date_order": "2026-04-10 12:00:00",
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.product.id,
                                "product_uom_qty": 1,
                                "price_unit": amount,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                    **values,
                }
            )
        )

    def test_quotation_says_what_it_would_cost(self):
        """29,000 so far earn 290; 1,000 more reach 2 % of all: 600."""
        self._invoice(self.partner_1, date(2026, 2, 1), 29000)
        self._accrue(self.day, self.offer)
        order = self._quote(1000)
        self.assertEqual(order.incentive_estimate, 310)
        self.assertIn("Ladder", order.incentive_estimate_note)
        stranger = self._quote(1000, self.partner_a)
        self.assertEqual(stranger.incentive_estimate, 0)
        order.action_confirm()
        self.assertEqual(order.incentive_estimate, 0)

    def test_quotation_credited_to_another_partner(self):
        self._create_offer(
            name="Sourced", credit_role="sourced", evidence_rule="attribution"
        )
        order = self._quote(1000, self.partner_a)
        self.env["partner.incentive.attribution"].create(
            {
                "order_id": order.id,
                "partner_id": self.partner_2.id,
                "role": "sourced",
                "share": 60,
            }
        )
        order.invalidate_recordset(["incentive_estimate"])
        self.assertEqual(order.incentive_estimate, 60)

    def test_quotation_counts_the_products_that_count(self):
        other = self.env["product.product"].create({"name": "Other"})
        self._create_offer(
            name="Others only",
            product_rule_ids=[
                Command.create({"product_ids": [Command.set(other.ids)]})
            ],
        )
        self.assertEqual(self._quote(1000).incentive_estimate, 10)

    def test_an_accelerator_costs_nothing_itself_and_overlaps_with_nothing(self):
        accelerator = self._create_offer(
            name="Kicker",
            offer_type="accelerator",
            accelerated_offer_ids=[Command.set(self.offer.ids)],
        )
        self.assertEqual(self._quote(1000).incentive_estimate, 10)
        self.assertFalse(accelerator._get_overlapping_offers())
        self.assertFalse(self.offer._get_overlapping_offers())

    def test_quotation_of_a_subsidiary_of_a_named_parent(self):
        branch = self.env["res.partner"].create(
            {"name": "Branch", "is_company": True, "parent_id": self.partner_1.id}
        )
        self.assertEqual(self._quote(1000, branch).incentive_estimate, 10)

    def test_estimate_is_for_internal_users_only(self):
        """A salesman without any incentive right sees it, a customer never does."""
        salesman = new_test_user(
            self.env,
            "salesman",
            groups="base.group_user,sales_team.group_sale_salesman_all_leads",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        order = self._quote(1000)
        [values] = order.with_user(salesman).read(["incentive_estimate"])
        self.assertEqual(values["incentive_estimate"], 10)
        portal = new_test_user(
            self.env, "customer", groups="base.group_portal", partner_id=None
        )
        order.message_subscribe(portal.partner_id.ids)
        order.partner_id = portal.partner_id
        with self.assertRaises(AccessError):
            order.with_user(portal).read(["incentive_estimate"])
