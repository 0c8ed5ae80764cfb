"""The calculator of an offer: the engine's own figures, and nothing else."""

from datetime import date

from odoo.tests import tagged

from .portal_common import PortalCommon


@tagged("post_install", "-at_install")
class TestPortalCalculator(PortalCommon):
    def _calculate(self, offer, volume, user=None):
        path = f"/my/incentives/offers/{offer.id}?volume={volume}"
        page = self._get(path, user or self.portal_1)
        return page.partition('id="calculator"')[2].partition("</section>")[0]

    def _get_result(self, calculator):
        return calculator.partition("o_incentive_calculated")[2].partition("<")[0]

    def test_formulas(self):
        """10 % to 1,000 and 25 % beyond, a volume of 2,000."""
        expected = {"marginal": 350, "whole": 500, "rolling": 600, "total": 700}
        for formula, amount in expected.items():
            with self.subTest(formula):
                offer = self._create_invoice_offer(
                    formula, formula=formula, brackets=[(0, 10), (1000, 25)]
                )
                calculator = self._calculate(offer, 2000)
                self.assertIn(f"{amount}.00", self._get_result(calculator))

    def test_the_calculator_says_what_a_run_books(self):
        offer = self._create_invoice_offer(
            "Capped",
            formula="marginal",
            brackets=[(0, 3), (500, 7), (2000, 11)],
            cap=300.0,
            minimum=20.0,
        )
        self._invoice(self.partner_1, date(2026, 2, 3), 2345.67)
        self._accrue(date(2026, 2, 28))
        standing = self.env["partner.incentive.standing"].search(
            [("offer_id", "=", offer.id), ("partner_id", "=", self.partner_1.id)]
        )
        self.assertTrue(standing.entitlement)
        for volume, said in (
            (2345.67, None),
            (9000, "Not more than"),
            (400, "minimum"),
        ):
            calculator = self._calculate(offer, volume)
            if said:
                self.assertIn(said, calculator)
            else:
                self.assertIn(
                    offer.currency_id.format(standing.entitlement), calculator
                )
        self.assertIn("300.00", self._get_result(self._calculate(offer, 9000)))
        self.assertIn("22.00", self._get_result(self._calculate(offer, 600)))

    def test_below_the_first_bracket(self):
        offer = self._create_invoice_offer("High", brackets=[(1000, 10)])
        calculator = self._calculate(offer, 999)
        self.assertIn("does not reach", calculator)
        self.assertIn("0.00", self._get_result(calculator))

    def test_an_example_stands_there_and_bad_input_stays(self):
        offer = self._create_invoice_offer("Ladder", brackets=[(0, 10), (1000, 25)])
        self.assertIn("Worked example", self._calculate(offer, ""))
        for typed, said in (
            ("many", "is not a number"),
            ("-5", "more than zero"),
            ("NaN", "is not a number"),
            ("1e30", "more than zero"),
        ):
            calculator = self._calculate(offer, typed)
            self.assertIn(said, calculator)
            self.assertIn(f'value="{typed}"', calculator)
            self.assertIn("Worked example", calculator)

    def test_others_have_no_calculator(self):
        offer = self._create_invoice_offer(
            "Named", partner_ids=[(6, 0, self.partner_1.ids)]
        )
        self._get(f"/my/incentives/offers/{offer.id}?volume=5", self.portal_2, 404)
