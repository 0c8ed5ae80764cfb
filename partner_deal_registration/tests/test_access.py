"""A second partner learns nothing of the first one's registration."""

import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import DealCommon

SECRETS = ("Müller", "Maschinenbau", "20000", "20,000", "Reseller One", "two demos")
MODELS = (
    "partner.deal.credit",
    "partner.deal.finding",
    "partner.deal.extension",
    "partner.deal.identity",
    "partner.deal.policy",
    "partner.deal.tier.term",
    "partner.deal.route",
    "partner.deal.lock",
    "partner.deal.report",
    "partner.deal.decision",
    "partner.deal.import",
)


@tagged("post_install", "-at_install")
class TestDealAccess(DealCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in (cls.portal_1, cls.portal_2):
            user.password = f"{user.login}-password"
        cls.deal = cls._approved()
        cls.attachment = cls.env["ir.attachment"].create(
            {"name": "Müller plan.txt", "raw": b"secret plan"}
        )
        cls.deal.sudo().attachment_ids = cls.attachment
        cls.stranger = cls.deal.with_user(cls.portal_2)

    def _assert_no_secret(self, text):
        for secret in SECRETS:
            self.assertNotIn(secret, text)

    def test_every_role_can_open_the_form_of_a_policy(self):
        """The fields that partners must fill in are among what it shows."""
        for role in ("user", "manager", "finance", "auditor"):
            with self.subTest(role):
                policy = self.policy.with_user(self.users[role])
                specification = {"required_field_ids": {"fields": {"display_name": {}}}}
                values = policy.web_read(specification)[0]["required_field_ids"]
                self.assertEqual(len(values), len(self.policy.required_field_ids))
                self.assertTrue(values)

    def test_orm(self):
        Deal = self.env["partner.deal.registration"].with_user(self.portal_2)
        self.assertFalse(Deal.search([]))
        self.assertFalse(Deal.search_count([("customer_name", "ilike", "m")]))
        self.assertFalse(Deal.name_search("Müller"))
        self.assertFalse(Deal._read_group([], ["partner_id"], ["__count"]))
        self.assertFalse(
            self.env["partner.deal.registration.line"]
            .with_user(self.portal_2)
            .search([])
        )
        for read in (
            lambda: self.stranger.read(["customer_name"]),
            lambda: self.stranger.display_name,
            lambda: self.stranger.copy(),
            lambda: self.stranger.write({"note": "x"}),
            lambda: self.stranger.unlink(),
        ):
            self.env.invalidate_all()
            with mute_logger("odoo.models"), self.assertRaises(AccessError) as caught:
                read()
            self._assert_no_secret(str(caught.exception))

    def test_actions(self):
        for action in (
            lambda deal: deal.action_submit(),
            lambda deal: deal.action_withdraw("x"),
            lambda deal: deal.action_lose("x"),
            lambda deal: deal.action_report_progress("proposal"),
            lambda deal: deal.action_request_extension(5, "x"),
            lambda deal: deal.action_appeal("x"),
            lambda deal: deal.action_approve(),
            lambda deal: deal.action_reject("other", "x"),
            lambda deal: deal.action_request_info("x"),
            lambda deal: deal.action_flag_conflict(),
            lambda deal: deal.action_check_duplicates(),
            lambda deal: deal.action_split({}),
            lambda deal: deal.action_convert(),
            lambda deal: deal.action_reset(),
        ):
            self.env.invalidate_all()
            with self.assertRaises(UserError) as caught:
                action(self.stranger)
            self._assert_no_secret(str(caught.exception))

    def test_portal_reads_only_its_own(self):
        own = self.deal.with_user(self.portal_1)
        self.assertEqual(own.customer_name, "Müller Maschinenbau GmbH")
        for name in (
            "internal_reason",
            "finding_ids",
            "conflict_level",
            "user_id",
            "credit_ids",
            "late",
            "completion_number",
            "lead_id",
            "order_ids",
            "customer_id",
        ):
            with mute_logger("odoo.models"), self.assertRaises(AccessError):
                own.read([name])
        with self.assertRaises(AccessError):
            own.write({"note": "x"})

    def test_other_models_are_closed(self):
        for model in MODELS:
            with self.subTest(model=model):
                with mute_logger("odoo.addons.base.models.ir_model"):
                    with self.assertRaises(AccessError):
                        self.env[model].with_user(self.portal_1).search([])

    def test_attachment_and_message(self):
        Message = self.env["mail.message"].with_user(self.portal_2)
        self.assertFalse(
            Message.search(
                [("model", "=", self.deal._name), ("res_id", "=", self.deal.id)]
            )
        )
        with mute_logger("odoo.models"), self.assertRaises(AccessError):
            self.attachment.with_user(self.portal_2).read(["name"])
        with self.assertRaises(AccessError):
            self.stranger.message_post(body="Hello")

    def test_second_registrant_learns_only_that_it_is_protected(self):
        second = self._deal(
            self.partner_2, submit=True, customer_name="Muller Maschinenbau"
        )
        second.with_user(self.manager).action_reject(
            "protected", "Reseller One has it until June", "20000 at stake"
        )
        view = second.with_user(self.portal_2)
        view.invalidate_recordset()
        names = [
            name
            for name, field in view._fields.items()
            if view._has_field_access(field, "read")
            and not name.startswith(("activity", "message", "my_activity", "rating"))
            and name not in ("has_message", "website_message_ids")
        ]
        values = view.read(names)[0]
        self.assertEqual(values["reason"], "The deal is protected.")
        self._assert_no_secret(
            str(
                {
                    k: v
                    for k, v in values.items()
                    if not k.startswith(
                        (
                            "customer",
                            "display",
                            "expected",
                            "company_value",
                            "engagement",
                            "message",
                        )
                    )
                }
            )
        )
        messages = (
            self.env["mail.message"]
            .with_user(self.portal_2)
            .search([("model", "=", second._name), ("res_id", "=", second.id)])
        )
        for message in messages:
            self.assertNotIn("Reseller One", message.body)

    def test_probing_lists_nothing(self):
        """A known customer and an unknown one get the same answer."""
        Deal = self.env["partner.deal.registration"].with_user(self.portal_2)
        answers = []
        for name in ("Müller Maschinenbau GmbH", "Nobody Knows This AG"):
            values = self._values(customer_name=name)
            values["lines"] = [{"product_id": self.product.id, "quantity": 1}]
            answer = Deal.register(values)
            answer.pop("id")
            answer.pop("name")
            answers.append(answer)
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0]["state"], "submitted")

    def test_api_takes_only_the_partner_fields(self):
        answer = (
            self.env["partner.deal.registration"]
            .with_user(self.portal_2)
            .register(
                {
                    **self._values(customer_name="Neu AG"),
                    "partner_id": self.partner_1.id,
                    "state": "approved",
                    "completed_on": "2020-01-01",
                    "user_id": self.portal_2.id,
                    "credit_ids": [Command.create({"partner_id": self.partner_2.id})],
                    "lines": [{"product_id": self.product.id}],
                }
            )
        )
        deal = self.env["partner.deal.registration"].sudo().browse(answer["id"])
        self.assertEqual(deal.partner_id, self.partner_2)
        self.assertEqual(deal.state, "submitted")
        self.assertLess(fields.Datetime.now() - deal.completed_on, timedelta(hours=1))
        self.assertFalse(deal.credit_ids)

    def test_not_enrolled(self):
        self.enrollment_2.action_end()
        with self.assertRaises(AccessError):
            self.env["partner.deal.registration"].with_user(self.portal_2).register(
                self._values()
            )

    def test_other_company_of_the_vendor(self):
        other = self.env["res.company"].create({"name": "Second vendor"})
        self.deal.sudo()._write_process({"company_id": other.id})
        with mute_logger("odoo.models"), self.assertRaises(AccessError):
            self.deal.with_user(self.manager).read(["name"])

    # --------------------------------------------------------------------------- web

    def test_pages(self):
        self.authenticate("portal_2", "portal_2-password")
        for url in (
            f"/my/incentives/deals/{self.deal.id}",
            f"/my/incentives/deals/{self.deal.id}/edit/customer",
            f"/my/incentives/deals/{self.deal.id}?access_token=1",
            f"/web/content/{self.attachment.id}",
            f"/mail/view?model=partner.deal.registration&res_id={self.deal.id}",
        ):
            with self.subTest(url=url), mute_logger("odoo.http"):
                response = self.url_open(url)
                self._assert_no_secret(response.text)
                self.assertNotIn("secret plan", response.text)
        response = self.url_open("/my/incentives/deals")
        self.assertEqual(response.status_code, 200)
        self._assert_no_secret(response.text.replace("Reseller Two", ""))

    def test_json2(self):
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.portal_2)
            .sudo()
            ._generate("rpc", "deal test", fields.Datetime.now() + timedelta(days=1))
        )
        for method, payload in (
            ("read", {"ids": self.deal.ids, "fields": ["customer_name"]}),
            ("search_read", {"domain": [], "fields": ["customer_name"]}),
            ("name_search", {"name": "Müller"}),
            ("action_approve", {"ids": self.deal.ids}),
            ("_find_rivals", {"ids": self.deal.ids}),
        ):
            with self.subTest(method=method), mute_logger("odoo.http", "odoo.models"):
                response = self.url_open(
                    f"/json/2/partner.deal.registration/{method}",
                    data=json.dumps(payload),
                    headers={
                        "Authorization": f"bearer {key}",
                        "Content-Type": "application/json",
                        "X-Odoo-Database": self.env.cr.dbname,
                    },
                )
                self._assert_no_secret(response.text)
        with self.assertRaises(AccessError):
            self.stranger.check_access("read")
