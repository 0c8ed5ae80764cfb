"""Roles of a partner's contacts, and who manages them."""

import json

from odoo import http
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.res_partner_portal import AREAS, ROLE_AREAS
from .portal_common import PortalCommon

MONEY_PAGES = (
    "/my/incentives/statement",
    "/my/incentives/statement/export",
    "/my/incentives/statement/xlsx",
    "/my/incentives/payouts",
)


@tagged("post_install", "-at_install")
class TestPortalTeam(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.colleague = cls._create_portal_user("portal_colleague", cls.partner_1)

    def _set_role(self, user, role):
        user.partner_id.incentive_portal_role = role
        self.env.flush_all()

    # ------------------------------------------------------------------------ roles

    def test_every_page_names_its_area(self):
        """A page without an area would be open to every role."""
        found = 0
        http_model = self.env["ir.http"]
        for url, endpoint in http_model._generate_routing_rules(
            self.env.registry._init_modules, http_model._get_converters()
        ):
            if url.startswith("/my/incentives"):
                found += 1
                self.assertIn(endpoint.routing.get("incentive_area"), AREAS, url)
        self.assertGreater(found, 20)

    def test_whoever_has_no_role_is_an_admin(self):
        contact = self.portal_1.partner_id
        self.assertFalse(contact.incentive_portal_role)
        self.assertEqual(contact._get_incentive_areas(), AREAS)
        self._get("/my/incentives/statement", self.portal_1)
        self._get("/my/incentives/team")

    @mute_logger("odoo.http")
    def test_sales_sees_no_money_and_no_team(self):
        self._set_role(self.portal_1, "sales")
        home = self._get("/my/incentives", self.portal_1)
        self.assertNotIn("/my/incentives/statement", home)
        self.assertNotIn("/my/incentives/team", home)
        for path in (*MONEY_PAGES, "/my/incentives/team"):
            self._get(path, status=403)
        self._post("/my/incentives/team/invite", name="X", email="x@x.test", status=403)

    @mute_logger("odoo.http")
    def test_finance_sees_money_and_accepts_no_agreement(self):
        self._publish_agreement()
        enrollment = self.enrollment_1
        self._set_role(self.portal_1, "finance")
        home = self._get("/my/incentives", self.portal_1)
        self.assertIn("/my/incentives/statement", home)
        for path in MONEY_PAGES:
            self._get(path)
        path = f"/my/incentives/enrollments/{enrollment.id}"
        self.assertNotIn(path, home)
        self._get(path, status=403)
        agreement = self.program._get_agreement()
        self._post(path, agreement_id=agreement.id, confirmed="1", status=403)
        self.assertFalse(enrollment.accepted_on)

    @mute_logger("odoo.http")
    def test_claims_follow_the_role_over_rpc(self):
        offer = self._create_offer(name="Claimed")
        claim = self.env["partner.incentive.claim"].create(
            {"offer_id": offer.id, "partner_id": self.partner_1.id, "amount": 5.0}
        )
        seen = {}
        for role in (False, *ROLE_AREAS):
            self._set_role(self.portal_1, role)
            claims = self.env["partner.incentive.claim"].with_user(self.portal_1)
            seen[role] = bool(claims.search([("id", "=", claim.id)]))
        self.assertEqual(
            seen, {False: True, "sales": False, "marketing": True, "finance": True}
        )

    # ----------------------------------------------------------- the role is safe

    def test_own_role_cannot_be_written_or_read(self):
        self._set_role(self.portal_1, "sales")
        user = self.portal_1.with_user(self.portal_1)
        for record in (user, user.partner_id):
            with self.assertRaises(AccessError):
                record.write({"incentive_portal_role": "admin"})
            with self.assertRaises(AccessError):
                record.read(["incentive_portal_role"])
            with self.assertRaises(AccessError):
                record.write({"incentive_muted_event_ids": [(5, 0, 0)]})
        self.assertEqual(self.portal_1.partner_id.incentive_portal_role, "sales")

    @mute_logger("odoo.http")
    def test_role_over_http(self):
        """Neither the web client's calls, nor the JSON-2 API, nor Odoo's own form."""
        self._set_role(self.portal_1, "sales")
        contact = self.portal_1.partner_id
        self._login(self.portal_1)
        vals = {"incentive_portal_role": "admin"}
        for model, record in (("res.partner", contact), ("res.users", self.portal_1)):
            answer = self.url_open(
                "/web/dataset/call_kw",
                data=json.dumps(
                    {
                        "jsonrpc": "2.0",
                        "params": {
                            "model": model,
                            "method": "write",
                            "args": [record.ids, vals],
                            "kwargs": {},
                        },
                    }
                ),
                headers={"Content-Type": "application/json"},
            ).json()
            self.assertIn("error", answer)
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.portal_1)
            .sudo()
            ._generate("rpc", "portal", None)
        )
        for model, record in (("res.partner", contact), ("res.users", self.portal_1)):
            response = self.url_open(
                f"/json/2/{model}/write",
                data=json.dumps({"ids": record.ids, "vals": vals}),
                headers={
                    "Content-Type": "application/json",
                    "Authorization": f"Bearer {key}",
                },
            )
            self.assertGreaterEqual(response.status_code, 400)
        self.url_open(
            "/my/address/submit",
            data={
                "csrf_token": http.Request.csrf_token(self),
                "partner_id": contact.id,
                "name": "Contact",
                "email": "contact@example.com",
                "street": "Street 1",
                "city": "Town",
                "zip": "1000",
                "country_id": self.env.ref("base.be").id,
                "phone": "+3212345678",
                "incentive_portal_role": "admin",
            },
        )
        contact.invalidate_recordset()
        self.assertEqual(contact.incentive_portal_role, "sales")

    # ------------------------------------------------------------------------- team

    def test_admin_changes_a_role_and_takes_access_away(self):
        path = f"/my/incentives/team/{self.colleague.id}"
        page = self._get("/my/incentives/team", self.portal_1)
        self.assertIn(self.colleague.login, page)
        self.assertNotIn(self.portal_2.login, page)
        page = self._post(f"{path}/role", role="finance")
        self.assertIn("role is changed", page)
        self.assertEqual(self.colleague.partner_id.incentive_portal_role, "finance")
        page = self._post(f"{path}/role", role="owner")
        self.assertIn("Choose a role", page)
        self._post(f"{path}/deactivate")
        self.assertFalse(self.colleague.active)
        self.assertFalse(self.colleague.has_group("base.group_portal"))
        self.assertNotIn(self.colleague.login, self._get("/my/incentives/team"))

    def test_nobody_locks_himself_out(self):
        path = f"/my/incentives/team/{self.portal_1.id}"
        self._login(self.portal_1)
        for verb in ("role", "deactivate"):
            self._post(f"{path}/{verb}", role="sales", status=404)
        self.assertFalse(self.portal_1.partner_id.incentive_portal_role)

    def test_users_of_others_and_of_the_company_are_out_of_reach(self):
        employee = self.env["res.users"].create(
            {
                "name": "Employee",
                "login": "employee_at_partner",
                "partner_id": self.env["res.partner"]
                .create({"name": "Employee", "parent_id": self.partner_1.id})
                .id,
                "group_ids": [(6, 0, self.env.ref("base.group_user").ids)],
            }
        )
        self._login(self.portal_1)
        for user in (self.portal_2, employee, self.env.ref("base.user_admin")):
            for verb in ("role", "deactivate"):
                path = f"/my/incentives/team/{user.id}/{verb}"
                self._post(path, role="sales", status=404)
            self.assertTrue(user.active)
            self.assertFalse(user.partner_id.incentive_portal_role)
        self._post("/my/incentives/team/99999999999/role", role="sales", status=404)

    def test_others_cannot_be_reached_over_rpc(self):
        """The admin of one partner has no more rights on users than any contact."""
        for user in (self.portal_2, self.colleague):
            with self.assertRaises(AccessError):
                user.with_user(self.portal_1).write({"active": False})
            with self.assertRaises(AccessError):
                user.partner_id.with_user(self.portal_1).write({"name": "X"})
        with self.assertRaises(AccessError):
            self.env["portal.wizard"].with_user(self.portal_1).create({})
        with self.assertRaises(AccessError):
            self.env["res.users"].with_user(self.portal_1).create(
                {"name": "X", "login": "x@example.com"}
            )

    def test_invitation(self):
        self._login(self.portal_1)
        page = self._post(
            "/my/incentives/team/invite",
            name="Ann Invited",
            email="Ann@Example.com",
            role="marketing",
        )
        self.assertIn("on its way", page)
        user = self.env["res.users"].search([("login", "=", "ann@example.com")])
        self.assertEqual(user.partner_id.parent_id, self.partner_1)
        self.assertEqual(user.partner_id.incentive_portal_role, "marketing")
        self.assertTrue(user._is_portal())
        self.assertFalse(user._is_internal())
        self.assertEqual(user.company_ids, self.company)

    def test_invitation_takes_the_contact_that_is_there(self):
        contact = self.env["res.partner"].create(
            {
                "name": "Known",
                "email": "known@example.com",
                "parent_id": self.partner_1.id,
            }
        )
        self._login(self.portal_1)
        self._post(
            "/my/incentives/team/invite", email="known@example.com", role="sales"
        )
        self.assertTrue(contact.user_ids._is_portal())

    def test_invitation_refuses_what_belongs_to_others(self):
        """Neither a user, nor a contact of somebody else, changes hands."""
        stranger = self.env["res.partner"].create(
            {
                "name": "Stranger",
                "email": "stranger@example.com",
                "parent_id": self.partner_2.id,
            }
        )
        self.portal_2.login = "two@example.com"
        self._login(self.portal_1)
        page = self._post(
            "/my/incentives/team/invite",
            name="Two",
            email="TWO@example.com",
            role="admin",
        )
        self.assertIn("cannot be invited", page)
        self.assertIn('value="Two"', page)
        self.assertEqual(self.portal_2.partner_id.parent_id, self.partner_2)
        self._post(
            "/my/incentives/team/invite",
            name="Namesake",
            email="stranger@example.com",
            role="admin",
        )
        self.assertFalse(stranger.user_ids)
        self.assertEqual(stranger.parent_id, self.partner_2)

    def test_access_that_was_taken_away_does_not_come_back_by_invitation(self):
        self.colleague.partner_id.email = "back@example.com"
        self.colleague.login = "back@example.com"
        self._login(self.portal_1)
        self._post(f"/my/incentives/team/{self.colleague.id}/deactivate")
        page = self._post(
            "/my/incentives/team/invite",
            name="Back",
            email="back@example.com",
            role="admin",
        )
        self.assertIn("cannot be invited", page)
        self.assertFalse(self.colleague.active)

    def test_invitation_says_what_is_missing(self):
        self._login(self.portal_1)
        for typed, said in (
            ({"email": "nothing", "name": "X", "role": "sales"}, "Enter one e-mail"),
            ({"email": "a@example.com", "role": "sales"}, "Enter the name"),
            ({"email": "a@example.com", "name": "X"}, "Choose a role"),
        ):
            self.assertIn(said, self._post("/my/incentives/team/invite", **typed))

    # ------------------------------------------------------------------ preferences

    def test_preferences(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self._set_role(self.portal_1, "marketing")
        page = self._get("/my/incentives/preferences", self.portal_1)
        self.assertIn('name="event"', page)
        self._post(
            "/my/incentives/preferences", event=["payable", "tier"], lang="fr_FR"
        )
        contact = self.portal_1.partner_id
        contact.invalidate_recordset()
        self.assertTrue(contact._wants_incentive_mail("payable"))
        self.assertTrue(contact._wants_incentive_mail("tier"))
        self.assertFalse(contact._wants_incentive_mail("approved"))
        self.assertEqual(self.portal_1.lang, "fr_FR")
        self._post("/my/incentives/preferences", lang="xx_XX")
        self.assertEqual(self.portal_1.lang, "fr_FR")
        self.assertTrue(self.portal_2.partner_id._wants_incentive_mail("approved"))
