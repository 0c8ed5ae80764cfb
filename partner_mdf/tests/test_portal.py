import io
import json
from datetime import date

from freezegun import freeze_time

from odoo import http
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.partner_incentive_base.tests.page_cost import PageCostMixin
from odoo.addons.partner_incentive_base.tests.test_uploads import EICAR, PDF, picture

from .common import MdfCommon

PASSWORD = "portal-password"
URL = "/my/incentives"


@tagged("post_install", "-at_install")
@freeze_time("2026-02-01")
class TestPortal(PageCostMixin, MdfCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal_1 = cls._create_portal_user("portal_one", cls.partner_1)
        cls.portal_2 = cls._create_portal_user("portal_two", cls.partner_2)
        with freeze_time("2026-02-01"):
            cls.fund = cls._create_fund()
            cls._allocate(cls.fund, 1000, cls.partner_1)

    @classmethod
    def _create_portal_user(cls, login, partner):
        contact = cls.env["res.partner"].create(
            {"name": f"Contact {login}", "parent_id": partner.id}
        )
        return new_test_user(
            cls.env,
            login=login,
            password=PASSWORD,
            groups="base.group_portal",
            partner_id=contact.id,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def login(self, user):
        self.authenticate(user.login, PASSWORD)

    def get(self, path):
        self.env.flush_all()
        return self.url_open(URL + path)

    def post(self, path, files=None, **data):
        self.env.flush_all()
        response = self.url_open(
            URL + path,
            data={**data, "csrf_token": http.Request.csrf_token(self)},
            files=files,
        )
        self.env.invalidate_all()
        return response

    def _activity_post(self, **values):
        return {
            "name": "Fair",
            "type_id": str(self.event.id),
            "date_from": "2026-03-01",
            "date_to": "2026-03-03",
            "planned_cost": "800",
            "expected_leads": "20",
            **values,
        }

    # --------------------------------------------------------------------- the process

    def test_request_in_steps(self):
        self.login(self.portal_1)
        page = self.get("/funds").text
        self.assertIn("MDF 2026", page)
        self.assertIn("1,000.00", page)
        response = self.post(
            f"/funds/{self.fund.id}/request", title=" ", note="Keep me"
        )
        self.assertIn("Enter a title", response.text)
        self.assertIn("Keep me", response.text)
        self.post(f"/funds/{self.fund.id}/request", title="Spring", note="More leads")
        request = self.env["partner.mdf.request"].search([("title", "=", "Spring")])
        self.assertEqual(request.partner_id, self.partner_1)
        self.assertEqual(request.state, "draft")
        path = f"/requests/{request.id}"

        # what is wrong is said, and what was typed stays
        response = self.post(
            f"{path}/activity", **self._activity_post(planned_cost="much")
        )
        self.assertIn("write an amount", response.text)
        self.assertIn('value="Fair"', response.text)
        response = self.post(
            f"{path}/activity", **self._activity_post(date_to="2026-02-01")
        )
        self.assertIn("end before it starts", response.text)
        self.assertFalse(request.mdf_activity_ids)

        response = self.post(
            f"{path}/activity",
            files={"quotes": ("quote.pdf", io.BytesIO(PDF))},
            **self._activity_post(planned_cost="800,50"),
        )
        activity = request.mdf_activity_ids
        self.assertEqual(activity.planned_cost, 800.5)
        self.assertEqual(activity.quote_ids.mimetype, "application/pdf")
        self.assertIn("400.25", response.text)
        self.post(f"{path}/activity/{activity.id}", **self._activity_post())
        self.assertEqual(activity.planned_cost, 800)
        self.post(f"{path}/activity", **self._activity_post(name="Second"))
        second = request.mdf_activity_ids - activity
        self.post(f"{path}/activity/{second.id}/remove")
        self.assertEqual(request.mdf_activity_ids, activity)

        self.post(path, action="submit")
        self.assertEqual(request.state, "submitted")
        self.assertEqual(request.submitted_by, self.portal_1)
        self._approve(activity, 300)
        page = self.get(path).text
        for words in ("300.00", "Approved", activity.campaign_id.name, "Claim"):
            self.assertIn(words, page)
        # nothing can be changed any more, but a change asked for
        self.assertEqual(self.get(f"{path}/activity/{activity.id}").status_code, 404)
        self.post(
            path,
            action="change",
            activity_id=activity.id,
            reason="Larger",
            planned_cost="900",
        )
        self.assertEqual(activity.change_ids.planned_cost, 900)
        self.assertEqual(activity.approved_amount, 300)

    def test_claim_with_checklist(self):
        activity = self._activity(self.fund, 800, type_id=self.event.id)
        self.login(self.portal_1)
        response = self.post(
            f"/activities/{activity.id}/claim", cost_amount="", date="2026-03-02"
        )
        self.assertIn("Enter the cost", response.text)
        response = self.post(
            f"/activities/{activity.id}/claim",
            cost_amount="600",
            date="2026-03-02",
            document_number="R-1",
        )
        claim = activity.claim_ids
        path = f"/claims/{claim.id}"
        self.assertEqual((claim.cost_amount, claim.amount), (600, 300))
        self.assertIn("Invoice: 0 of 1", response.text)
        response = self.post(path, action="submit")
        self.assertIn("Photo is missing", response.text)
        self.assertEqual(claim.state, "draft")

        kinds = {
            name: self.env.ref(f"partner_incentive_base.evidence_type_{name}").id
            for name in ("invoice", "photo", "attendees")
        }
        for content, name, words in (
            (EICAR, "a.pdf", "virus"),
            (b"<svg onload='x'/>", "a.svg", "script"),
            (PDF, "a.png", "picture"),
        ):
            response = self.post(
                path,
                files={"file": (name, io.BytesIO(content))},
                action="upload",
                evidence_type_id=kinds["photo"],
            )
            self.assertIn(words, response.text)
        response = self.post(
            path,
            files={"file": ("invoice.pdf", io.BytesIO(PDF))},
            action="upload",
            evidence_type_id=kinds["invoice"],
            document_number="S-9",
            amount="600",
        )
        self.assertIn("its date", response.text)
        self.assertIn('value="S-9"', response.text)
        self.assertFalse(claim.attachment_ids)
        for kind, name, content, more in (
            (
                "invoice",
                "invoice.pdf",
                PDF,
                {
                    "document_number": "S-9",
                    "document_date": "2026-03-02",
                    "amount": "600",
                },
            ),
            ("photo", "stand.png", picture(), {}),
            ("attendees", "people.csv", b"name\nAda", {}),
        ):
            self.post(
                path,
                files={"file": (name, io.BytesIO(content))},
                action="upload",
                evidence_type_id=kinds[kind],
                **more,
            )
        self.assertEqual(len(claim.evidence_ids), 3)
        response = self.post(path, action="submit")
        self.assertEqual(claim.state, "submitted")
        self.assertIn("Thank you", response.text)
        file = claim.evidence_ids[0].attachment_id
        response = self.get(f"/files/{file.id}")
        self.assertEqual(response.status_code, 200)
        self.assertIn("attachment", response.headers["Content-Disposition"])
        # sent: nothing changes any more
        self.assertEqual(
            self.post(path, action="remove", evidence_id="1").status_code, 404
        )

    # ------------------------------------------------------------- the second partner

    def test_nothing_of_others(self):
        activity = self._activity(self.fund, 800)
        claim = self._claim(activity, 100)
        draft = self._claim(activity, 50, submit=False)
        request = activity.request_id
        file = claim.attachment_ids
        self.login(self.portal_2)
        page = self.get("/funds").text
        for words in ("1,000.00", "Spring campaign", claim.name):
            self.assertNotIn(words, page)
        for path in (
            f"/requests/{request.id}",
            f"/requests/{request.id}/activity",
            f"/requests/{request.id}/activity/{activity.id}",
            f"/activities/{activity.id}/claim",
            f"/claims/{claim.id}",
            f"/files/{file.id}",
            f"/requests/{2**40}",
            "/claims/0",
            f"/files/{2**40}",
        ):
            with self.subTest(path):
                self.assertEqual(self.get(path).status_code, 404)
        for path, data in (
            (f"/requests/{request.id}", {"action": "cancel"}),
            (f"/requests/{request.id}/activity/{activity.id}/remove", {}),
            (f"/claims/{draft.id}", {"action": "submit"}),
            (f"/activities/{activity.id}/claim", {"cost_amount": "5"}),
        ):
            with self.subTest(path):
                self.assertEqual(self.post(path, **data).status_code, 404)
        self.assertEqual((request.state, draft.state), ("approved", "draft"))
        for path in (
            f"/web/content/{file.id}",
            f"/web/content/{file.id}?access_token=guess",
        ):
            with self.subTest(path):
                self.assertEqual(self.url_open(path).status_code, 404)
        # Odoo answers with its placeholder here
        image = self.url_open(f"/web/image/{file.id}")
        self.assertNotIn(file.raw, image.content)

    def test_no_rights_by_rpc(self):
        """Neither own nor other records by call_kw or the external API."""
        activity = self._activity(self.fund, 800)
        self.login(self.portal_2)
        for model, record in (
            ("partner.mdf.fund", self.fund),
            ("partner.mdf.allocation", self.fund.allocation_ids),
            ("partner.mdf.request", activity.request_id),
            ("partner.mdf.activity", activity),
            ("partner.mdf.draw", activity.draw_ids),
            ("partner.mdf.result", activity),
        ):
            for method, args in (
                ("read", [record.ids, ["id"]]),
                ("search_read", [[]]),
                ("write", [record.ids, {"active": True}]),
            ):
                with self.subTest(model=model, method=method):
                    self.env.flush_all()
                    response = self.url_open(
                        f"/web/dataset/call_kw/{model}/{method}",
                        data=json.dumps(
                            {
                                "jsonrpc": "2.0",
                                "method": "call",
                                "params": {
                                    "model": model,
                                    "method": method,
                                    "args": args,
                                    "kwargs": {},
                                },
                            }
                        ),
                        headers={"Content-Type": "application/json"},
                    ).json()
                    self.assertIn("AccessError", str(response["error"]))

    def test_claim_fields_of_ours(self):
        """How we book a claim is none of the partner's business."""
        claim = self._claim(self._activity(self.fund, 800), 100)
        as_portal = claim.with_user(self.portal_1)
        self.assertEqual(as_portal.amount, 50)
        for name in ("fair_value", "treatment_reason", "accepted_cost", "checklist"):
            with self.subTest(name), self.assertRaises(Exception) as error:
                as_portal.read([name])
            self.assertIn("access", str(error.exception).lower())

    def test_query_count(self):
        """The page costs the same, however long the history."""
        funds = [self._create_fund(name=f"Fund {number}") for number in range(4)]
        for fund in funds:
            self._allocate(fund, 100, self.partner_1)
        counts = []
        self.login(self.portal_1)
        for _round in range(2):
            for _number in range(5):
                activity = self._activity(self.fund, 10)
                self._claim(activity, 5)
            self.env.flush_all()
            counts.append(self._count_queries(f"{URL}/funds"))
        self.assertLessEqual(counts[1], counts[0])
        self.assertCheap(
            URL,
            f"{URL}/funds",
            f"{URL}/funds/{self.fund.id}/request",
            f"{URL}/requests/{activity.request_id.id}",
            f"{URL}/claims/{activity.claim_ids.id}",
        )

    def test_date_is_not_open_to_late_claims(self):
        activity = self._activity(self.fund, 800, date_to=date(2026, 3, 1))
        with freeze_time("2026-05-01"):
            self.login(self.portal_1)
            self.assertNotIn(
                f"/activities/{activity.id}/claim",
                self.get(f"/requests/{activity.request_id.id}").text,
            )

    @mute_logger("odoo.http")
    def test_funds_are_for_marketing(self):
        self.login(self.portal_1)
        contact = self.portal_1.partner_id
        for role, status in (("marketing", 200), ("sales", 403), ("finance", 403)):
            contact.incentive_portal_role = role
            for path in ("/funds", f"/funds/{self.fund.id}/request"):
                self.assertEqual(self.get(path).status_code, status, (role, path))
            home = self.get("").text
            self.assertEqual("/my/incentives/funds" in home, status == 200, role)

    def test_overview_reminds_of_the_proof(self):
        activity = self._activity(self.fund, 100, partner=self.partner_1)
        self.login(self.portal_1)
        task = f'href="/my/incentives/activities/{activity.id}/claim"'
        self.assertNotIn(task, self.get("").text)
        day = activity.claim_until
        with freeze_time(day):
            self.login(self.portal_1)
            home = self.get("").text
            self.assertIn(task, home)
            self.login(self.portal_2)
            self.assertNotIn(task, self.get("").text)
