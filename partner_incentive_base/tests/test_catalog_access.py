from datetime import date

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tests.common import new_test_user
from odoo.tools import mute_logger

from .catalog_common import CatalogCommon

ALL = {"read", "write", "create", "unlink"}
READ = {"read"}
NOTHING = set()
#: model: rights of (auditor, user, manager, portal, salesperson)
RIGHTS = {
    "partner.incentive.objective": (READ, READ, ALL, NOTHING, NOTHING),
    "partner.incentive.objective.goal": (READ, READ, ALL, NOTHING, NOTHING),
    "partner.incentive.program": (READ, READ, ALL, NOTHING, NOTHING),
    "partner.incentive.agreement": (READ, READ, ALL, NOTHING, NOTHING),
    "partner.incentive.specialization": (READ, READ, ALL, NOTHING, READ),
    "partner.incentive.region": (READ, READ, ALL, NOTHING, READ),
    "partner.incentive.budget": (READ, READ, ALL, NOTHING, NOTHING),
    "partner.incentive.acceptance": (READ, READ, READ, READ, NOTHING),
    "partner.incentive.attribution": (READ, ALL, ALL, NOTHING, NOTHING),
    "partner.customer.contract": (READ, ALL - {"unlink"}, ALL, NOTHING, NOTHING),
    "partner.incentive.claim": (READ, ALL, ALL, READ, NOTHING),
    "partner.incentive.reason": (NOTHING, ALL, ALL, NOTHING, NOTHING),
    "partner.customer.contract.preview": (NOTHING, ALL, ALL, NOTHING, NOTHING),
    "partner.customer.contract.import": (NOTHING, ALL, ALL, NOTHING, NOTHING),
}


@tagged("post_install", "-at_install")
class TestCatalogAccess(CatalogCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        vals = {
            "company_id": cls.company.id,
            "company_ids": [Command.set(cls.company.ids)],
        }
        cls.users["seller"] = new_test_user(
            cls.env, "catalog_seller", "sales_team.group_sale_salesman", **vals
        )
        for partner in (cls.alpha, cls.beta):
            login = f"portal_{partner.name.lower()}"
            contact = cls.env["res.partner"].create(
                {"name": login, "parent_id": partner.id}
            )
            cls.users[login] = new_test_user(
                cls.env, login, "base.group_portal", partner_id=contact.id, **vals
            )

    def test_group_by_verb(self):
        groups = ("auditor", "user", "manager", "portal_alpha", "seller")
        for model, rights in RIGHTS.items():
            for group, allowed in zip(groups, rights, strict=True):
                for verb in sorted(ALL):
                    with self.subTest(model=model, group=group, verb=verb):
                        self.assertEqual(
                            self.env[model]
                            .with_user(self.users[group])
                            .has_access(verb),
                            verb in allowed,
                        )

    def test_every_model_is_listed(self):
        """A new model of the catalog cannot be forgotten here."""
        listed = set(RIGHTS)
        catalog = self.env["ir.model.access"].search(
            [
                (
                    "id",
                    "in",
                    self.env["ir.model.data"]
                    .search(
                        [
                            ("module", "=", "partner_incentive_base"),
                            ("model", "=", "ir.model.access"),
                        ]
                    )
                    .mapped("res_id"),
                ),
                ("group_id", "=", self.env.ref("base.group_portal").id),
            ]
        )
        for access in catalog:
            self.assertFalse(
                access.perm_write or access.perm_create or access.perm_unlink,
                access.name,
            )
        self.assertLessEqual(
            set(catalog.mapped("model_id.model")) - {"partner.incentive.enrollment"},
            listed,
        )

    # ------------------------------------------------------------------------ portal

    def test_portal_sees_its_own_only(self):
        """Enrollments, acceptances and claims of the own company, nobody else's."""
        enrollments = self.enroll(self.alpha | self.beta)
        offer = self.make_offer(opt_in=True)
        enrollments.action_accept_offer(offer)
        claims = self.make_claim(offer, self.alpha) | self.make_claim(offer, self.beta)
        records = {
            "partner.incentive.enrollment": enrollments,
            "partner.incentive.acceptance": enrollments.acceptance_ids,
            "partner.incentive.claim": claims,
        }
        for login, partner in (
            ("portal_alpha", self.alpha),
            ("portal_beta", self.beta),
        ):
            for model, both in records.items():
                with self.subTest(model=model, login=login):
                    seen = self.env[model].with_user(self.users[login]).search([])
                    self.assertEqual(seen.partner_id, partner)
                    foreign = both.filtered(lambda r, p=partner: r.partner_id != p)
                    self.assertTrue(foreign)
                    with self.assertRaises(AccessError):
                        foreign.with_user(self.users[login]).read(["partner_id"])

    def test_portal_does_not_see_internal_fields(self):
        claim = self.make_claim(self.make_offer())
        as_portal = claim.with_user(self.users["portal_alpha"])
        for name in ("evidence_warning", "duplicate_key"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                as_portal.read([name])
        with self.assertRaises(AccessError):
            self.alpha.with_user(self.users["portal_alpha"]).read(
                ["incentive_potential"]
            )

    def test_portal_cannot_decide(self):
        claim = self.make_claim(self.make_offer())
        as_portal = claim.with_user(self.users["portal_alpha"])
        for method in (
            "action_submit",
            "action_validate",
            "action_approve",
            "action_pay",
            "action_cancel",
        ):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(as_portal, method)()
        with self.assertRaises(AccessError):
            as_portal.action_reject("no")

    # --------------------------------------------------------------------- companies

    def test_other_company_is_hidden(self):
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            "catalog_stranger",
            "base.group_user,partner_incentive_base.group_incentive_admin",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.enroll(self.alpha)
        offer = self.make_offer()
        claim = self.make_claim(offer)
        order = self.env["sale.order"].create({"partner_id": self.alpha.id})
        product = self.env["product.product"].create({"name": "Plan"})
        records = [
            self.program,
            self.env["partner.incentive.agreement"].create(
                {"program_id": self.program.id}
            ),
            self.env["partner.incentive.budget"].create(
                {"program_id": self.program.id, "planned": 1}
            ),
            claim,
            self.env["partner.incentive.attribution"].create(
                {"partner_id": self.alpha.id, "order_id": order.id}
            ),
            self.env["partner.customer.contract"].create(
                {
                    "customer_id": self.alpha.id,
                    "product_id": product.id,
                    "company_id": self.company.id,
                    "date_start": date(self.year, 1, 1),
                    "date_end": date(self.year, 12, 31),
                    "recurring_amount": 1,
                }
            ),
            self.env["partner.incentive.objective"].create(
                {"name": "Own", "company_id": self.company.id}
            ),
        ]
        for record in records:
            with self.subTest(model=record._name):
                self.assertTrue(record.company_id)
                self.assertFalse(
                    record.with_user(stranger).search([("id", "in", record.ids)])
                )
                with self.assertRaises(AccessError), mute_logger("odoo.models"):
                    record.with_user(stranger).read(["display_name"])
        shared = self.env["partner.incentive.objective"].create(
            {"name": "Shared", "company_id": False}
        )
        self.assertTrue(shared.with_user(stranger).read(["name"]))

    def test_branch_sees_the_program(self):
        """What is configured for a company holds for its branches."""
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        clerk = new_test_user(
            self.env,
            "catalog_clerk",
            "base.group_user,partner_incentive_base.group_incentive_user",
            company_id=branch.id,
            company_ids=[Command.set(branch.ids)],
        )
        self.assertEqual(
            self.program.with_user(clerk).search([("id", "=", self.program.id)]),
            self.program,
        )

    def test_everybody_can_open_a_partner(self):
        """People without any right on incentives use contacts, orders, invoices."""
        self.enroll(self.alpha)
        seller = self.users["seller"]
        partner = self.alpha.with_user(seller)
        names = [
            name
            for name in partner.fields_get()
            if "incentive" in name or name in ("enrollment_ids", "grade_history_ids")
        ]
        self.assertIn("incentive_region_id", names)
        partner.read(names)
        views = self.env["res.partner"].with_user(seller).get_views([(False, "form")])
        self.assertNotIn("enrollment_ids", views["views"]["form"]["arch"])
        views = (
            self.env["res.partner"]
            .with_user(self.users["auditor"])
            .get_views([(False, "form")])
        )
        self.assertIn("enrollment_ids", views["views"]["form"]["arch"])
        order = (
            self.env["sale.order"]
            .with_user(seller)
            .create(
                {
                    "partner_id": self.alpha.id,
                    "order_line": [Command.create({"product_id": self.product_a.id})],
                }
            )
        )
        order.action_confirm()
        order.copy()
        self.assertTrue(order.date_order <= fields.Datetime.now())
