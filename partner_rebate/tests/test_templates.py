from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestTemplates(RebateCommon):
    def test_every_template_makes_an_offer_that_can_be_completed(self):
        """Each one lacks at most what only its user can know."""
        volume = self._create_offer(name="Volume")
        templates = self.env["partner.incentive.offer.template"].search([])
        types = set(templates.mapped("offer_type"))
        self.assertLessEqual(
            {
                "volume_rebate",
                "growth_rebate",
                "retention_rebate",
                "spif",
                "new_logo",
                "market_entry",
                "product_attach",
                "accelerator",
                "lump_sum",
                "milestone",
            },
            types,
        )
        for template in templates:
            with self.subTest(template=template.name):
                action = template.with_user(self.users["user"]).action_use()
                offer = self.env["partner.incentive.offer"].browse(action["res_id"])
                self.assertEqual(offer.state, "draft")
                self.assertEqual(offer.offer_type, template.offer_type)
                if offer.offer_type == "accelerator":
                    offer.accelerated_offer_ids = [Command.set(volume.ids)]
                self.assertFalse(offer.version_id._get_missing_terms())
                offer.with_user(self.users["user"]).action_submit()
                offer.with_user(self.users["manager"]).action_publish()
                self.assertEqual(offer.state, "published")

    def test_an_offer_can_be_kept_as_a_template(self):
        offer = self._create_offer(
            name="Mine",
            measure="milestone_bonus",
            cap=500,
            brackets=[],
            milestone_ids=[Command.create({"name": "Live", "amount": 400})],
        )
        action = offer.with_user(self.users["manager"]).action_save_template()
        template = self.env["partner.incentive.offer.template"].browse(action["res_id"])
        copy = self.env["partner.incentive.offer"].browse(
            template.action_use()["res_id"]
        )
        self.assertEqual(copy.measure, "milestone_bonus")
        self.assertEqual(copy.cap, 500)
        self.assertEqual(copy.milestone_ids.mapped("amount"), [400])
        self.assertFalse(copy.partner_ids)

    def test_a_template_names_terms_that_exist(self):
        with self.assertRaisesRegex(ValidationError, "generosity"):
            self.env["partner.incentive.offer.template"].create(
                {"name": "Odd", "terms": {"generosity": 3}}
            )
