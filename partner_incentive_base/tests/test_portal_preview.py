"""Managers see the portal as a partner does: which pages, whose figures, no change."""

from datetime import date

from odoo.http import Request, request
from odoo.tests import new_test_user, tagged

from .portal_common import PASSWORD, PortalCommon

URL = "/my/incentives"


@tagged("post_install", "-at_install")
class TestPortalPreview(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offer = cls._create_invoice_offer("Own volume")
        cls.optional = cls._create_invoice_offer("To opt in", opt_in=True)
        cls._invoice(cls.partner_1, date(2026, 1, 20), 1000)
        cls._invoice(cls.partner_2, date(2026, 1, 20), 7000)
        cls._accrue(date(2026, 2, 28))
        for login in ("user", "manager"):
            cls.users[login].password = PASSWORD

    def _preview(self, partner, login="incentive_manager"):
        self.authenticate(login, PASSWORD)
        return self.url_open(f"{URL}/preview/{partner.id}")

    def test_the_partners_pages_and_nobody_elses(self):
        page = self._preview(self.partner_1)
        self.assertTrue(page.url.endswith(URL))
        self.assertIn("o_incentive_preview", page.text)
        self.assertIn("Reseller One", page.text)
        statement = self.url_open(f"{URL}/statement").text
        self.assertIn("o_incentive_preview", statement)
        self.assertIn("100.00", statement)
        self.assertNotIn("700.00", statement)
        other = self.offer.entry_ids.filtered(
            lambda entry: entry.partner_id == self.partner_2
        )
        self.assertEqual(
            self.url_open(f"{URL}/statement/{other[0].id}").status_code, 404
        )
        self.authenticate("portal_one", PASSWORD)
        own = self.url_open(f"{URL}/statement").text
        self.assertNotIn("o_incentive_preview", own)
        self.assertIn("100.00", own)

    def test_every_kind_of_page_opens(self):
        self._preview(self.partner_1)
        entry = self.offer.entry_ids.filtered(
            lambda each: each.partner_id == self.partner_1
        )[0]
        for path in (
            "",
            f"/offers/{self.offer.id}",
            f"/enrollments/{self.enrollment_1.id}",
            "/statement",
            f"/statement/{entry.id}",
            "/payouts",
            "/disputes",
        ):
            page = self.url_open(URL + path)
            self.assertEqual(page.status_code, 200, path)
            self.assertIn("o_incentive_preview", page.text, path)

    def test_nothing_is_sent_or_accepted(self):
        self._preview(self.partner_1)
        enrollment = self.enrollment_1
        for path in (
            f"/enrollments/{enrollment.id}",
            f"/offers/{self.optional.id}/accept",
        ):
            answer = self.url_open(
                URL + path,
                data={"csrf_token": Request.csrf_token(self), "agree": "1"},
            )
            self.assertEqual(answer.status_code, 403, path)
            self.assertIn("End the preview first", answer.text)
        self.assertFalse(enrollment.acceptance_ids)
        self.assertFalse(enrollment.accepted_on)

    def test_what_a_page_notes_down_is_rolled_back(self):
        """A page that writes when it is opened does not do so in a preview."""
        controller = self.env.registry["ir.http"]
        original = controller._dispatch
        partner = self.partner_1

        def dispatch(endpoint):
            if request.httprequest.path == URL:
                request.env["res.partner"].sudo().browse(partner.id).comment = "Opened"
            return original(endpoint)

        self._preview(partner)
        self.patch(controller, "_dispatch", staticmethod(dispatch))
        self.assertEqual(self.url_open(URL).status_code, 200)
        self.env.invalidate_all()
        self.assertFalse(partner.comment)

    def test_it_ends(self):
        self._preview(self.partner_1)
        answer = self.url_open(f"{URL}/preview/stop", allow_redirects=False)
        self.assertIn(
            f"/odoo/res.partner/{self.partner_1.id}", answer.headers["Location"]
        )
        self.assertNotIn("o_incentive_preview", self.url_open(URL).text)

    def test_managers_only(self):
        for login in ("incentive_user", "portal_one", "portal_two"):
            page = self._preview(self.partner_1, login)
            self.assertEqual(page.status_code, 404, login)
            self.assertNotIn("o_incentive_preview", self.url_open(URL).text)

    def test_the_right_is_checked_on_every_page(self):
        self._preview(self.partner_1)
        manager = self.users["manager"]
        manager.group_ids -= self.env.ref(
            "partner_incentive_base.group_incentive_manager"
        )
        page = self.url_open(f"{URL}/statement")
        self.assertNotIn("o_incentive_preview", page.text)
        self.assertNotIn("100.00", page.text)

    def test_partners_of_other_companies_stay_hidden(self):
        other = self.env["res.company"].create({"name": "Sister"})
        partner = self.env["res.partner"].create(
            {"name": "Theirs", "is_company": True, "company_id": other.id}
        )
        self.assertEqual(self._preview(partner).status_code, 404)

    def test_a_contact_stands_for_its_company(self):
        contact = self.portal_1.partner_id
        page = self._preview(contact)
        self.assertIn("Reseller One", page.text)
        self.assertEqual(self.url_open(f"{URL}/preview/{2**40}").status_code, 404)

    def test_the_buttons_lead_there(self):
        action = self.enrollment_1.with_user(
            self.users["manager"]
        ).action_preview_portal()
        self.assertEqual(action["url"], f"{URL}/preview/{self.partner_1.id}")

    def test_nobody_else_is_disturbed(self):
        """Another manager, in a session of his own, sees his own portal."""
        self._preview(self.partner_1)
        new_test_user(
            self.env,
            login="second_manager",
            password=PASSWORD,
            groups="base.group_user,partner_incentive_base.group_incentive_manager",
        )
        self.authenticate("second_manager", PASSWORD)
        self.assertNotIn("o_incentive_preview", self.url_open(URL).text)
