from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.partner_incentive_base.tests.portal_common import PortalCommon

MODULE = "partner_incentive_example"


@tagged("post_install", "-at_install")
class TestExample(PortalCommon):
    def _demonstrate(self, partner, day=date(2026, 1, 15), confirm=True, **values):
        demonstration = (
            self.env["partner.demonstration"]
            .with_user(self.users["user"])
            .create(
                {"partner_id": partner.id, "name": "Northwind", "date": day, **values}
            )
        )
        if confirm:
            demonstration.with_user(self.users["manager"]).action_confirm()
        return demonstration

    def _publish_template(self):
        template = self.env.ref(f"{MODULE}.offer_template_demonstration")
        offer = self.env["partner.incentive.offer"].create(
            {
                **template._prepare_offer_vals(),
                "program_id": self.program.id,
                "date_from": date(2026, 1, 1),
                "date_to": date(2026, 12, 31),
                "objective_ids": [(6, 0, self.objective.ids)],
            }
        )
        offer.sudo().action_submit()
        offer.sudo().action_publish()
        return offer

    def test_the_template_pays_for_what_is_confirmed(self):
        """Nine at 50 each; with the tenth all at 75. What is only reported is none."""
        offer = self._publish_template()
        for _number in range(9):
            self._demonstrate(self.partner_1)
        self._demonstrate(self.partner_1, confirm=False)
        self._demonstrate(self.partner_1, day=date(2026, 4, 1))
        self._demonstrate(self.partner_2)
        self._accrue(date(2026, 3, 31), offer)
        entries = self.env["partner.incentive.entry"].search(
            [("offer_id", "=", offer.id)]
        )
        owed = {
            partner: sum(own.mapped("amount"))
            for partner, own in entries.grouped("partner_id").items()
        }
        self.assertEqual(owed, {self.partner_1: 450, self.partner_2: 50})
        self._demonstrate(self.partner_1)
        self.assertEqual(
            self._entitled(offer, self.partner_1, date(2026, 3, 31)), 10 * 75
        )

    def test_metric(self):
        self._demonstrate(self.partner_1)
        self._demonstrate(self.partner_1, day=date(2024, 1, 15))
        self._demonstrate(self.partner_2, confirm=False)
        metric = self.env.ref(f"{MODULE}.metric_demonstrations")
        self.assertEqual((metric.aggregation, metric.unit), ("sum", "number"))
        figures = self.env["partner.scorecard.calculation"]._measure(
            metric, self.company, date(2026, 3, 31)
        )[metric.id]
        self.assertEqual(
            {partner_id: figure.numerator for partner_id, figure in figures.items()},
            {self.partner_1.id: 1},
        )

    def test_who_confirms(self):
        demonstration = self._demonstrate(self.partner_1, confirm=False)
        with self.assertRaises(AccessError):
            demonstration.with_user(self.users["user"]).action_confirm()
        with self.assertRaises(AccessError):
            demonstration.with_user(self.users["manager"]).state = "confirmed"
        own = demonstration.with_user(self.users["manager"]).copy()
        with self.assertRaises(UserError):
            own.action_confirm()
        demonstration.with_user(self.users["manager"]).action_confirm()
        with self.assertRaises(UserError):
            demonstration.with_user(self.users["user"]).date = date(2026, 2, 1)

    def test_the_partner_is_told(self):
        demonstration = self._demonstrate(self.partner_1)
        mail = (
            self.env["mail.mail"]
            .sudo()
            .search(
                [
                    ("model", "=", "partner.demonstration"),
                    ("res_id", "=", demonstration.id),
                    ("message_type", "=", "email_outgoing"),
                ]
            )
        )
        self.assertEqual(mail.recipient_ids, self.portal_1.partner_id)

    def test_portal(self):
        self._demonstrate(self.partner_1, name="Customer of One")
        self._demonstrate(self.partner_2, name="Customer of Two")
        page = self._get("/my/incentives/demonstrations", self.portal_1)
        self.assertIn("Customer of One", page)
        self.assertNotIn("Customer of Two", page)
        self.assertIn("Demonstrations", self._get("/my/incentives"))
        with self.assertRaises(AccessError):
            self.env["partner.demonstration"].with_user(self.portal_1).search([])
