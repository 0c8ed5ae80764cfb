from datetime import date

from odoo.fields import Command
from odoo.tests import tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestMeasuresContract(RebateCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product.incentive_recurring = True
        cls.customer = cls.env["res.partner"].create(
            {"name": "End customer", "is_company": True}
        )

    def _contract(self, amount, start=date(2025, 7, 1), end=date(2026, 6, 30), **vals):
        return self.env["partner.customer.contract"].create(
            {
                "company_id": self.company.id,
                "currency_id": self.company.currency_id.id,
                "customer_id": self.customer.id,
                "partner_id": self.partner_1.id,
                "product_id": self.product.id,
                "date_start": start,
                "date_end": end,
                "recurring_amount": amount,
                **vals,
            }
        )

    def test_renewals_earn_from_their_start(self):
        offer = self._create_offer(measure="renewed_amount", brackets=[(0, 5)])
        self._contract(800).action_renew()
        self._contract(400).action_churn("Went elsewhere")
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 6, 30)), 0)
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 7, 1)), 40)
        self.assertEqual(self._entitled(offer, self.partner_2, date(2026, 7, 1)), 0)

    def test_renewal_rate_decides_the_bracket(self):
        """Of 1,000 that ended, 600 and then 900 are renewed: nothing, then 4 %."""
        offer = self._create_offer(measure="renewal_rate", brackets=[(80, 2), (90, 4)])
        first = self._contract(600)
        second = self._contract(300)
        self._contract(100)
        self._contract(5000, end=date(2027, 6, 30))
        first.action_renew()
        day = date(2026, 7, 31)
        self.assertEqual(self._entitled(offer, self.partner_1, day), 0)
        second.action_renew()
        self.assertEqual(self._entitled(offer, self.partner_1, day), 36)
        # before they end, none of them is due
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 6, 29)), 0)

    def test_sourced_arr_counts_new_contracts_once(self):
        offer = self._create_offer(measure="sourced_arr", brackets=[(0, 10)])
        self._contract(1000, start=date(2026, 2, 1), end=date(2026, 7, 31))
        self._contract(
            500, start=date(2026, 3, 1), end=date(2027, 2, 28), role="resold"
        )
        day = date(2026, 12, 31)
        self.assertEqual(self._entitled(offer, self.partner_1, day), 100)
        self.env["partner.customer.contract"].search(
            [("recurring_amount", "=", 1000)]
        ).action_renew()
        self.assertEqual(self._entitled(offer, self.partner_1, day), 100)

    def test_contract_in_another_currency(self):
        """1,000 at 2 to 1 of the start are 500."""
        currency = self.setup_other_currency("EUR", rates=[("2026-01-01", 2.0)])
        offer = self._create_offer(measure="sourced_arr", brackets=[(0, 10)])
        self._contract(
            1000,
            start=date(2026, 2, 1),
            end=date(2027, 1, 31),
            currency_id=currency.id,
        )
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 2, 28)), 50)

    def test_retention_offer_accrues_and_agrees_with_the_books(self):
        offer = self._create_offer(
            offer_type="retention_rebate",
            measure="renewal_rate",
            brackets=[(90, 5)],
            holdback_percent=50,
            holdback_until=date(2026, 12, 31),
        )
        self._contract(2000).action_renew()
        self._accrue(date(2026, 7, 31), offer)
        self.assertEqual(self._balance("accrued", offer), -50)
        self.assertEqual(self._balance("holdback", offer), -50)
        self.assertLedgerAgrees()

    def test_target_is_the_hundred_percent(self):
        """Target 10,000: 9,999 earns nothing, 10,000 earns 2 %, 12,000 earns 3 %."""
        offer = self._create_offer(
            measure="invoiced_amount",
            bracket_reference="target",
            brackets=[(100, 2), (120, 3)],
            publish=False,
        )
        self.env["partner.incentive.target"].create(
            {"offer_id": offer.id, "partner_id": self.partner_1.id, "volume": 10000}
        )
        offer.sudo().action_submit()
        offer.sudo().action_publish()
        day = date(2026, 12, 31)
        self._invoice(self.partner_1, date(2026, 2, 1), 9999)
        self._invoice(self.partner_2, date(2026, 2, 1), 50000)
        self.assertEqual(self._entitled(offer, self.partner_1, day), 0)
        self._invoice(self.partner_1, date(2026, 3, 1), 1)
        self.assertEqual(self._entitled(offer, self.partner_1, day), 200)
        self._invoice(self.partner_1, date(2026, 4, 1), 2000)
        self.assertEqual(self._entitled(offer, self.partner_1, day), 360)
        # who has no target, misses it
        self.assertEqual(self._entitled(offer, self.partner_2, day), 0)
        outcome = self.env["partner.incentive.calculation"]._calculate(offer, day)[0]
        self.assertEqual(outcome.position.parts[0].scale.brackets[1].lower, 12000)

    def test_brackets_in_percent_of_the_year_before(self):
        """1,000 last year: 1,100 are 110 %, so all of it earns 4 %."""
        offer = self._create_offer(
            measure="invoiced_amount",
            bracket_reference="previous",
            growth_without_history="baseline",
            growth_baseline=500,
            brackets=[(100, 2), (110, 4)],
        )
        self._invoice(self.partner_1, date(2025, 5, 1), 1000)
        self._invoice(self.partner_1, date(2026, 5, 1), 1100)
        # no year before: compared with the baseline of 500
        self._invoice(self.partner_2, date(2026, 5, 1), 520)
        day = date(2026, 12, 31)
        self.assertEqual(self._entitled(offer, self.partner_1, day), 44)
        self.assertEqual(self._entitled(offer, self.partner_2, day), 10.4)

    def test_growth_of_partners_without_a_year_before(self):
        """Of 3,000: nothing, all of it, or what exceeds the baseline of 1,000."""
        self._invoice(self.partner_1, date(2026, 5, 1), 3000)
        day = date(2026, 12, 31)
        for rule, expected in (("none", 0), ("all", 300), ("baseline", 200)):
            offer = self._create_offer(
                name=rule,
                measure="growth_amount",
                growth_without_history=rule,
                growth_baseline=1000,
            )
            self.assertEqual(self._entitled(offer, self.partner_1, day), expected, rule)

    def test_attach_rate_and_mix(self):
        """4 support plans for 10 switches: 40 %. 400 of 1,400 is a mix of 28.6 %."""
        switch = self.env["product.product"].create(
            {"name": "Switch", "taxes_id": False}
        )
        attached = [
            Command.create({"product_ids": [Command.set(self.product.ids)]}),
        ]
        attach = self._create_offer(
            name="Attach",
            measure="invoiced_quantity",
            rate_kind="per_unit",
            bracket_reference="products",
            brackets=[(30, 5), (50, 9)],
            product_rule_ids=[
                *attached,
                Command.create(
                    {"basis": "reference", "product_ids": [Command.set(switch.ids)]}
                ),
            ],
        )
        mix = self._create_offer(
            name="Mix",
            measure="invoiced_amount",
            bracket_reference="products",
            brackets=[(25, 10), (30, 20)],
            product_rule_ids=attached,
        )
        self._invoice(
            self.partner_1,
            date(2026, 1, 10),
            0,
            lines=[(switch, 10, 100), (self.product, 4, 100)],
        )
        day = date(2026, 1, 31)
        self.assertEqual(self._entitled(attach, self.partner_1, day), 20)
        self.assertEqual(self._entitled(mix, self.partner_1, day), 40)
        self._invoice(self.partner_1, date(2026, 1, 20), 0, lines=[(switch, 10, 100)])
        # 4 of 20 is 20 %: below the first bracket
        self.assertEqual(self._entitled(attach, self.partner_1, day), 0)
