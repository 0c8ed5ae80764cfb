import base64
import json
from datetime import date

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.partner_incentive_base.tests.portal_common import PortalCommon

from .common import TieringCommon

Q1 = date(2026, 3, 31)
URL = "/my/incentives/performance"


@tagged("post_install", "-at_install")
class TestTieringPortal(TieringCommon, PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._create_policy()
        cls._give_tier(cls.partner_1, cls.silver, date(2026, 1, 1))
        cls._give_tier(cls.partner_2, cls.bronze, date(2026, 1, 1))
        for month in (1, 2, 3):
            cls._contract(
                cls.partner_1,
                date(2025, 8 + month, 28),
                "renewed",
                customer_id=cls.customer.id,
            )
            cls._deploy(cls.partner_1, date(2026, month, 5), days=30)
        cls.plan = cls.env["partner.remediation.plan"].create(
            {
                "name": "Plan of One",
                "partner_id": cls.partner_1.id,
                "date_due": date(2027, 1, 1),
                "task_ids": [
                    Command.create({"name": "Train people", "side": "partner"}),
                    Command.create({"name": "Send a trainer", "side": "vendor"}),
                ],
            }
        )
        cls.review = cls.env["partner.business.review"].create(
            {
                "name": "Review of One",
                "partner_id": cls.partner_1.id,
                "date": "2026-04-10 09:00:00",
                "minutes": "<p>Secret minutes</p>",
            }
        )
        cls.review.action_hold()
        cls.account_plan = cls.env["partner.account.plan"].create(
            {
                "name": "Account plan of One",
                "partner_id": cls.partner_1.id,
                "date_to": date(2027, 12, 31),
                "objective_ids": [
                    Command.create({"name": "Ten sites", "date_due": date(2027, 1, 1)})
                ],
                "right_ids": [Command.create({"name": "Prices"})],
                "forecast_ids": [Command.create({"date": date(2027, 1, 1)})],
            }
        )
        cls.account_plan.action_propose()
        cls._refresh(cls.policy, Q1)
        cls.deployment = cls.env["partner.deployment"].search(
            [("partner_id", "=", cls.partner_1.id)], limit=1
        )

    def test_dashboard_shows_score_gap_and_benefits(self):
        self.env["partner.tier.benefit.value"].create(
            {
                "benefit_id": self.env.ref("partner_tiering.benefit_fund_share").id,
                "grade_id": self.gold.id,
                "number": 50,
                "date_from": date(2026, 1, 1),
            }
        )
        page = self._get(URL, self.portal_1)
        card = self._card(self.partner_1)
        self.assertIn(f"{card.score:.1f}", page)
        self.assertIn("Renewal rate", page)
        self.assertIn("Certifications held", page)
        self.assertIn("50 %", page)
        self.assertIn("Plan of One", page)
        self.assertIn("Account plan of One", page)

    def test_nobody_sees_another_partner(self):
        page = self._get(URL, self.portal_2)
        for secret in ("Plan of One", "Review of One", self.deployment.name):
            self.assertNotIn(secret, page)
        for path in (
            f"/my/incentives/deployments/{self.deployment.id}",
            f"/my/incentives/reviews/{self.review.id}",
            f"/my/incentives/account-plans/{self.account_plan.id}",
            f"/my/incentives/deployments/{2**31}",
        ):
            self._get(path, self.portal_2, status=404)
        task = self.plan.task_ids[0]
        self._post(f"/my/incentives/tasks/{task.id}", status=404, done="1")
        self._post(
            f"/my/incentives/deployments/{self.deployment.id}/update",
            status=404,
            outcome="Hijacked",
        )
        self._post(
            f"/my/incentives/reviews/{self.review.id}", status=404, confirmed="on"
        )
        self.env.invalidate_all()
        self.assertFalse(task.done)
        self.assertFalse(self.deployment.outcome)
        self.assertFalse(self.review.partner_signed_on)

    def test_portal_users_have_no_rights_on_the_models(self):
        """Neither of their own partner's records, nor of another's."""
        self._login(self.portal_2)
        for model in (
            "partner.scorecard",
            "partner.scorecard.line",
            "partner.scorecard.evidence",
            "partner.deployment",
            "partner.tier.change",
            "partner.tier.policy",
            "partner.remediation.plan",
            "partner.account.plan",
            "partner.business.review",
            "partner.coaching.note",
            "partner.performance.alert",
            "partner.certification",
            "partner.resource.version",
        ):
            for method, args in (
                ("search_read", [[]]),
                ("create", [{}]),
                ("write", [[1], {}]),
            ):
                response = self.url_open(
                    "/web/dataset/call_kw",
                    data=json.dumps(
                        {
                            "params": {
                                "model": model,
                                "method": method,
                                "args": args,
                                "kwargs": {},
                            }
                        }
                    ),
                    headers={"Content-Type": "application/json"},
                )
                self.assertIn("error", response.json(), (model, method))
            response = self.url_open(
                f"/json/2/{model}/search_read",
                data=json.dumps({"domain": []}),
                headers={"Content-Type": "application/json"},
            )
            self.assertGreaterEqual(response.status_code, 400, model)

    def test_a_partner_records_a_deployment(self):
        path = "/my/incentives/deployments/new"
        self._login(self.portal_1)
        values = {
            "name": "Branch of the north",
            "customer": "Northern Mills",
            "email": "it@mills.example",
            "playbook": str(self.playbook.id),
            "date_start": "2026-03-01",
        }
        for name, wrong in (
            ("date_start", "2999-01-01"),
            ("date_start", "soon"),
            ("playbook", "0"),
            ("email", "nobody"),
            ("customer", " "),
        ):
            page = self._post(path, **{**values, name: wrong})
            self.assertIn("alert-danger", page)
            self.assertIn("Branch of the north", page, "what was typed stays")
        page = self._post(path, **values)
        self.assertIn("Branch of the north", page)
        deployment = self.env["partner.deployment"].search(
            [("name", "=", "Branch of the north")]
        )
        self.assertEqual(deployment.partner_id, self.partner_1)
        self.assertEqual(deployment.state, "started")
        check = deployment.check_ids[0]
        self._post(
            f"/my/incentives/deployments/{deployment.id}/update",
            **{f"done_{check.id}": "1", "outcome": "Fast", "action": "live"},
        )
        self.env.invalidate_all()
        self.assertTrue(check.done)
        self.assertEqual((deployment.state, deployment.outcome), ("live", "Fast"))
        # a name that another partner knows does not lead to that record
        deployment.customer_id.name = "Secret Customer"
        page = self._post(
            path, **{**values, "customer": "Secret Customer", "email": ""}
        )
        latest = self.env["partner.deployment"].search([], order="id desc", limit=1)
        self.assertEqual(latest.customer_id, deployment.customer_id)

    def test_tasks_review_and_plan(self):
        self._login(self.portal_1)
        own, vendors = self.plan.task_ids
        self._post(f"/my/incentives/tasks/{own.id}", done="1")
        self._post(f"/my/incentives/tasks/{vendors.id}", status=404, done="1")
        page = self._post(f"/my/incentives/reviews/{self.review.id}")
        self.assertIn("alert-danger", page)
        self._post(f"/my/incentives/reviews/{self.review.id}", confirmed="on")
        path = f"/my/incentives/account-plans/{self.account_plan.id}"
        row = self.account_plan.forecast_ids
        page = self._post(path, **{f"forecast_{row.id}": "many"})
        self.assertIn("many is no number", page)
        self._post(path, **{f"forecast_{row.id}": "1200", "confirmed": "1"})
        self.env.invalidate_all()
        self.assertTrue(own.done)
        self.assertFalse(vendors.done)
        self.assertEqual(self.review.partner_signed_by, self.portal_1)
        self.assertEqual(row.partner_amount, 1200)
        self.assertEqual(self.account_plan.partner_agreed_by, self.portal_1)
        self.assertEqual(self.account_plan.state, "proposed")

    def test_resources_sessions_announcements(self):
        resource, golden = self.env["partner.resource"].create(
            [
                {"name": "Guide"},
                {"name": "Golden guide", "grade_ids": [Command.set(self.gold.ids)]},
            ]
        )
        self.env["partner.resource.version"].create(
            [
                {
                    "resource_id": each.id,
                    "file": base64.b64encode(b"%PDF-1.4 guide"),
                    "file_name": "guide.pdf",
                }
                for each in (resource, golden)
            ]
        )
        session = self.env["partner.enablement.session"].create(
            {"name": "Workshop", "date": "2999-01-01 10:00:00"}
        )
        announcement = self.env["partner.announcement"].create(
            {"name": "News", "body": "<p>Change</p>", "reason": "Because"}
        )
        announcement.with_user(self.users["manager"]).action_publish()
        page = self._get("/my/incentives/enablement", self.portal_1)
        self.assertIn("Guide", page)
        self.assertNotIn("Golden guide", page)
        response = self.url_open(f"/my/incentives/resources/{resource.id}")
        self.assertEqual(response.content, b"%PDF-1.4 guide")
        self._get(f"/my/incentives/resources/{golden.id}", status=404)
        self.assertEqual(resource.download_count, 1)
        self._post(f"/my/incentives/sessions/{session.id}/register")
        self._post(f"/my/incentives/sessions/{session.id}/register")
        self.env.invalidate_all()
        self.assertEqual(session.registered_count, 1)
        path = f"/my/incentives/announcements/{announcement.id}"
        self.assertIn("Because", self._get(path))
        self._get(path)
        self._post(path, question="Why so late?")
        self.env.invalidate_all()
        receipt = announcement.receipt_ids
        self.assertEqual(receipt.user_id, self.portal_1)
        self.assertEqual(receipt.question, "Why so late?")
        receipt.with_user(self.users["user"]).answer = "Next time sooner."
        self.assertIn("Next time sooner.", self._get(path))
        self._get(path, self.portal_2)
        self.assertNotIn("Why so late?", self._get(path))

    def test_the_rules_are_public(self):
        self.authenticate(None, None)
        page = self._get(f"/partner-tiers/{self.company.id}")
        self._get(f"/partner-tiers/{2**31}", status=404)
        for text in ("Gold", "Renewal rate", "70", "Certifications held"):
            self.assertIn(text, page)

    def test_queries_do_not_grow_with_the_history(self):
        self._login(self.portal_1)
        few = self._count_queries(URL)
        for number in range(15):
            self._deploy(self.partner_1, date(2026, 3, number + 1))
            self._contract(self.partner_1, date(2027, 1, number + 1))
        self._refresh(self.policy, Q1)
        self.assertLessEqual(self._count_queries(URL), few + 12)
        deployment = self.env["partner.deployment"].search(
            [("partner_id", "=", self.partner_1.id)], limit=1
        )
        self.assertCheap(
            URL,
            "/my/incentives",
            "/my/incentives/deployments",
            f"/my/incentives/deployments/{deployment.id}",
            "/my/incentives/enablement",
        )

    def test_outsiders_see_nothing(self):
        self._get("/my/incentives/enablement", self.outsider, status=404)
        self._post("/my/incentives/community/join", status=404)
        self.assertNotIn("Plan of One", self._get(URL))

    def test_overview_shows_tier_and_what_waits(self):
        home = self._get("/my/incentives", self.portal_1)
        self.assertIn("Silver", home)
        for text in (
            f'href="/my/incentives/reviews/{self.review.id}"',
            f'href="/my/incentives/account-plans/{self.account_plan.id}"',
            "Train people",
        ):
            self.assertIn(text, home)
        self.assertNotIn("Send a trainer", home)
        other = self._get("/my/incentives", self.portal_2)
        self.assertNotIn("of One", other)
        self.assertNotIn("Train people", other)

    @mute_logger("odoo.http")
    def test_performance_is_not_for_finance(self):
        self.portal_1.partner_id.incentive_portal_role = "finance"
        self.assertNotIn("Train people", self._get("/my/incentives", self.portal_1))
        for path in (URL, f"/my/incentives/reviews/{self.review.id}"):
            self._get(path, status=403)
        path = f"/my/incentives/reviews/{self.review.id}"
        self._post(path, confirmed="1", status=403)
        self.assertFalse(self.review.partner_signed_on)
