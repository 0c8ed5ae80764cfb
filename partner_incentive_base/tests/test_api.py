"""Every step over ``/json/2``, with an API key, as docs/user/api.md has it."""

import base64
from datetime import date, timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .portal_common import PortalCommon

QUIET = ("odoo.http", "odoo.addons.base.models.ir_model", "odoo.models")


@tagged("post_install", "-at_install")
class TestApi(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["outsider"] = new_test_user(
            cls.env,
            login="api_outsider",
            groups="base.group_user",
            company_id=cls.company.id,
        )
        cls.company.incentive_approval_threshold = 50.0
        cls.controller = new_test_user(
            cls.env,
            login="api_controller",
            groups="base.group_user,partner_incentive_base.group_incentive_finance",
            company_id=cls.company.id,
        )
        cls.keys = {}
        # As a person makes one under Preferences > Account Security.
        for user in (
            *cls.users.values(),
            cls.controller,
            cls.portal_1,
            cls.portal_2,
        ):
            cls.keys[user] = (
                cls.env["res.users.apikeys"]
                .with_user(user)
                .sudo()
                ._generate("rpc", "test", fields.Datetime.now() + timedelta(days=1))
            )

    def _call_json(self, user, model, method, status=200, **arguments):
        """``POST /json/2/model/method`` with the user's key."""
        response = self.url_open(
            f"/json/2/{model}/{method}",
            # An empty object would be sent by GET.
            json={"context": {}, **arguments},
            headers={"Authorization": f"Bearer {self.keys[user]}"},
            timeout=120,
        )
        self.assertEqual(response.status_code, status, response.text[:500])
        return response.json()

    def _refused(self, user, model, method, **arguments):
        with mute_logger(*QUIET):
            answer = self._call_json(user, model, method, 403, **arguments)
        self.assertIn("message", answer)

    def test_accrue_settle_post_statement(self):
        """1,000 invoiced at 10 percent: 100 accrued, settled, posted, on paper."""
        finance, controller = self.users["finance"], self.controller
        offer = self._create_invoice_offer("Over the API")
        self._invoice(self.partner_1, date(2026, 1, 10), 1000.0)
        offers = self._call_json(
            finance,
            "partner.incentive.offer",
            "search_read",
            domain=[["name", "=", "Over the API"], ["state", "=", "published"]],
            fields=["id", "code"],
        )
        self.assertEqual([each["id"] for each in offers], offer.ids)

        run_ids = self._call_json(
            finance,
            "partner.incentive.run",
            "accrue",
            offer_ids=offer.ids,
            date="2026-01-31",
        )
        entries = self._call_json(
            finance,
            "partner.incentive.entry",
            "search_read",
            domain=[["run_id", "in", run_ids]],
            fields=["kind", "amount", "partner_id", "date"],
        )
        self.assertEqual(
            [(each["kind"], each["amount"]) for each in entries], [("accrual", 100.0)]
        )

        batch_id = self._call_json(
            finance,
            "partner.incentive.settlement",
            "settle",
            date="2026-01-31",
            offer_ids=offer.ids,
        )
        lines = self._call_json(
            finance,
            "partner.incentive.settlement.line",
            "search_read",
            domain=[["settlement_id", "=", batch_id]],
            fields=["partner_id", "entitled", "due", "amount"],
        )
        self.assertEqual([line["amount"] for line in lines], [100.0])
        # Above the threshold one person approves and another one posts.
        settlement = "partner.incentive.settlement"
        with mute_logger(*QUIET):
            self._call_json(finance, settlement, "action_post", 422, ids=[batch_id])
        self._call_json(finance, settlement, "action_approve", ids=[batch_id])
        with mute_logger(*QUIET):
            self._call_json(finance, settlement, "action_post", 422, ids=[batch_id])
        self._call_json(controller, settlement, "action_post", ids=[batch_id])
        [batch] = self._call_json(
            finance, settlement, "read", ids=[batch_id], fields=["state", "posted_by"]
        )
        self.assertEqual(batch["state"], "posted")
        self.assertEqual(batch["posted_by"][0], controller.id)

        statement = "partner.incentive.statement"
        [section] = self._call_json(
            finance, statement, "get_statement", partner_id=self.partner_1.id
        )
        self.assertEqual(
            (section["earned"], section["paid"], section["closing"]),
            (100.0, 100.0, 0.0),
        )
        self.assertEqual(
            [line["what"] for line in section["lines"]], ["Earned", "Paid"]
        )
        for file_format, start in (("xlsx", b"PK"), ("pdf", b"")):
            file = self._call_json(
                finance,
                statement,
                "get_statement_file",
                partner_id=self.partner_1.id,
                file_format=file_format,
            )
            self.assertTrue(file["filename"].endswith(file_format))
            self.assertTrue(base64.b64decode(file["content"]).startswith(start))

        rows = self._call_json(
            finance,
            "partner.incentive.rollforward",
            "get_rollforward",
            date_from="2026-01-01",
            date_to="2026-01-31",
            period="month",
            offer_ids=offer.ids,
        )
        self.assertEqual(
            [(row["accrued"], row["settled"], row["closing"]) for row in rows],
            [(100.0, -100.0, 0.0)],
        )
        register = self._call_json(
            self.users["auditor"],
            "partner.incentive.register",
            "get_register",
            as_of="2026-01-31",
        )
        self.assertAlmostEqual(sum(row["balance"] for row in register), 0.0, 2)

        # Rule 3 holds for clients that repeat a request, too.
        again = self._call_json(
            finance,
            "partner.incentive.run",
            "accrue",
            offer_ids=offer.ids,
            date="2026-01-31",
        )
        self.assertFalse(
            self._call_json(
                finance,
                "partner.incentive.entry",
                "search_count",
                domain=[["run_id", "in", again]],
            )
        )
        self.env.invalidate_all()
        self.assertLedgerAgrees()

    def test_going_live(self):
        self.company.incentive_cutover_date = date(2026, 7, 1)
        self._create_invoice_offer("Ladder", brackets=[(0, 5), (1000, 10)])
        content = base64.b64encode(
            b"offer,partner,date,qualifying\nLadder,Reseller One,2026-06-30,900\n"
        ).decode()
        finance, imports = self.users["finance"], "partner.incentive.import"
        report = self._call_json(
            finance, imports, "load_file", kind="volume", content=content
        )
        self.assertEqual((report["good"], report["bad"]), (1, 0))
        self._call_json(finance, imports, "action_book", ids=[report["id"]])
        report = self._call_json(finance, imports, "get_report", ids=[report["id"]])
        self.assertEqual(report["state"], "booked")
        again = self._call_json(
            finance, imports, "load_file", kind="volume", content=content
        )
        self.assertEqual((again["good"], again["known"]), (0, 1))

    def test_refused(self):
        """People without the right, and partners, whoever they ask for."""
        offer = self._create_invoice_offer("Not for you")
        self._invoice(self.partner_1, date(2026, 1, 10), 1000.0)
        self._accrue(date(2026, 1, 31), offer)
        batch = self.env["partner.incentive.settlement"].create(
            {"company_id": self.company.id, "date": date(2026, 1, 31)}
        )
        batch._propose()
        steps = (
            ("partner.incentive.run", "accrue", {"offer_ids": offer.ids}),
            ("partner.incentive.settlement", "settle", {"offer_ids": offer.ids}),
            ("partner.incentive.settlement", "action_approve", {"ids": batch.ids}),
            ("partner.incentive.settlement", "action_post", {"ids": batch.ids}),
            (
                "partner.incentive.import",
                "load_file",
                {"kind": "volume", "content": ""},
            ),
        )
        reads = (
            ("partner.incentive.entry", "search_read", {"domain": []}),
            ("partner.incentive.rollforward", "get_rollforward", {}),
            ("partner.incentive.register", "get_register", {}),
            (
                "partner.incentive.statement",
                "get_statement",
                {"partner_id": self.partner_1.id},
            ),
            (
                "partner.incentive.statement",
                "get_statement_file",
                {"partner_id": self.partner_1.id},
            ),
        )
        count = self.env["partner.incentive.entry"].search_count([])
        for user in (self.users["outsider"], self.portal_1, self.portal_2):
            for model, method, arguments in (*steps, *reads):
                with self.subTest(user=user.login, method=method):
                    self._refused(user, model, method, **arguments)
        for model, method, arguments in steps:
            with self.subTest(user="user", method=method):
                self._refused(self.users["user"], model, method, **arguments)
        with mute_logger(*QUIET):
            response = self.url_open(
                "/json/2/partner.incentive.run/accrue",
                json={"context": {}},
                headers={"Authorization": "Bearer nonsense"},
            )
            self.assertEqual(response.status_code, 401)
            # What begins with an underscore is nobody's to call.
            self._call_json(
                self.users["admin"],
                "partner.incentive.posting",
                "_post_openings",
                403,
            )
        self.env.invalidate_all()
        self.assertEqual(self.env["partner.incentive.entry"].search_count([]), count)
        self.assertEqual(batch.state, "draft")
