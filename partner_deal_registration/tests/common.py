"""A vendor, two partners with portal users, and a complete registration."""

from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.partner_incentive_base.tests.common import IncentiveCommon


class DealCommon(IncentiveCommon):
    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref(
            "sales_team.group_sale_manager"
        )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["partner.deal.identity"]._rebuild()
        cls.policy = cls.env["partner.deal.policy"]._get_for(
            cls.company, cls.env["partner.incentive.program"]
        )
        cls.gold = cls.env["res.partner.grade"].create({"name": "Gold"})
        cls.policy.write(
            {
                "calendar_id": cls.env["resource.calendar"]
                .create(
                    {
                        "name": "Office",
                        "company_id": cls.company.id,
                        "tz": "UTC",
                        "attendance_ids": [
                            Command.create(
                                {
                                    "name": f"Day {day}",
                                    "dayofweek": str(day),
                                    "hour_from": 8,
                                    "hour_to": 16,
                                    "day_period": "morning",
                                }
                            )
                            for day in range(5)
                        ],
                    }
                )
                .id,
                "term_ids": [
                    Command.create(
                        {
                            "grade_id": cls.gold.id,
                            "protection_days": 120,
                            "renewal_days": 200,
                            "extension_days": 30,
                            "extension_limit": 1,
                            "discount": 12,
                        }
                    )
                ],
            }
        )
        cls.product_2 = cls.env["product.product"].create(
            {
                "name": "Gadget",
                "list_price": 50.0,
                "taxes_id": False,
                "categ_id": cls.env["product.category"].create({"name": "Gear"}).id,
            }
        )
        cls.country = cls.env.ref("base.de")
        cls.portal_1, cls.portal_2 = (
            new_test_user(
                cls.env,
                login=f"portal_{number}",
                groups="base.group_portal",
                name=f"Portal {number}",
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for number in (1, 2)
        )
        cls.portal_1.partner_id.parent_id = cls.partner_1
        cls.portal_2.partner_id.parent_id = cls.partner_2
        cls.manager = cls.users["manager"]
        cls.seller = new_test_user(
            cls.env,
            login="seller",
            groups="sales_team.group_sale_salesman_all_leads",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def _values(cls, **values):
        return {
            "customer_name": "Müller Maschinenbau GmbH",
            "customer_city": "Köln",
            "customer_country_id": cls.country.id,
            "customer_contact": "Eva Müller",
            "expected_value": 20000.0,
            "expected_close_date": "2030-06-30",
            "engagement": "Workshop on site, two demos.",
            **values,
        }

    @classmethod
    def _deal(cls, partner=None, user=None, product=None, submit=False, **values):
        deal = (
            cls.env["partner.deal.registration"]
            .with_user(user or cls.users["user"])
            .create(
                {
                    **cls._values(),
                    "partner_id": (partner or cls.partner_1).id,
                    "company_id": cls.company.id,
                    "line_ids": [
                        Command.create(
                            {
                                "product_id": (product or cls.product).id,
                                "quantity": 10,
                            }
                        )
                    ],
                    **values,
                }
            )
        )
        if submit:
            deal.action_submit()
        return deal

    @classmethod
    def _approved(cls, **values):
        deal = cls._deal(submit=True, **values)
        deal.with_user(cls.manager).action_approve()
        return deal

    @classmethod
    def _order(cls, deal=None, price=2500.0, quantity=10, **values):
        if deal:
            values["deal_registration_id"] = deal.id
        order = cls.env["sale.order"].create(
            {
                "partner_id": (deal.sudo().customer_id if deal else cls.partner_a).id,
                "company_id": cls.company.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": cls.product.id,
                            "product_uom_qty": quantity,
                            "price_unit": price,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
                **values,
            }
        )
        return order
