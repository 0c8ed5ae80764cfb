"""A portal user reads and changes nothing but its own, whichever way it asks."""

import inspect
from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.models import BaseModel
from odoo.tests import tagged
from odoo.tools import mute_logger

from .access_common import AccessCommon
from .portal_common import PortalCommon

#: Models of which portal users may read their own company's records.
READABLE = {
    "partner.incentive.acceptance",
    "partner.incentive.claim",
    "partner.incentive.enrollment",
}
#: Read by portal users as well; their module's own tests prove whose.
PROVEN_ELSEWHERE = {"partner.deal.registration", "partner.deal.registration.line"}
#: Arguments for methods that take some.
ARGUMENTS = {"offer": 1, "offer_ids": [1], "partner_ids": [1]}


@tagged("post_install", "-at_install")
class TestAccessPortal(AccessCommon, PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offer = cls._create_invoice_offer("Ladder")
        cls.optional = cls._create_offer(name="Optional", opt_in=True)
        cls._publish_agreement()
        cls.enrollment_1._accept_offer(cls.optional, cls.portal_1)
        cls.enrollment_2._accept_offer(cls.optional, cls.portal_2)
        cls.invoice_1 = cls._invoice(cls.partner_1, date(2026, 2, 3), 350.0)
        cls.invoice_2 = cls._invoice(cls.partner_2, date(2026, 2, 4), 8888.0)
        cls.claim_1, cls.claim_2 = cls.env["partner.incentive.claim"].create(
            [
                {
                    "offer_id": cls.optional.id,
                    "partner_id": partner.id,
                    "date": date(2026, 2, 3),
                    "amount": 70.0,
                }
                for partner in (cls.partner_1, cls.partner_2)
            ]
        )
        cls._credit(cls.invoice_1, partner_1=50)
        cls._accrue(date(2026, 2, 28))
        cls.batch = cls._settle(date(2026, 3, 31))

    def _get_sample(self, name):
        """Records of a model to attack, the first partner's where there are any."""
        model = self.env[name].sudo().with_context(active_test=False)
        if model._abstract:
            return []
        if "partner_id" in model._fields and model._fields["partner_id"].store:
            mine = model.search([("partner_id", "=", self.partner_1.id)], limit=3)
            if mine:
                return mine.ids
        return model.search([], limit=3).ids or [1]

    def test_models_are_closed(self):
        for name in self._get_suite_models():
            ids = self._get_sample(name)
            calls = {
                "write": (ids, {"display_name": "x"}),
                "create": ([{}],),
                "unlink": (ids,),
                "copy": (ids,),
            }
            if name not in READABLE | PROVEN_ELSEWHERE:
                calls |= {
                    "search": ([],),
                    "search_read": ([],),
                    "search_count": ([],),
                    "web_search_read": ([], {}),
                    "name_search": (),
                    "formatted_read_group": ([], [], ["__count"]),
                    "read": (ids,),
                    "web_read": (ids, {"display_name": {}}),
                    "export_data": (ids, ["id"]),
                    "web_save": (ids, {"display_name": "x"}, {}),
                }
            for method, args in calls.items():
                with (
                    self.subTest(model=name, method=method),
                    mute_logger("odoo.models", "odoo.addons.base.models.ir_model"),
                    self.assertRaises(UserError),
                    self.env.cr.savepoint(),
                ):
                    self._call(self.portal_2, name, method, *args)

    def test_readable_models_show_own_records_only(self):
        for name in READABLE:
            with self.subTest(model=name):
                records = self.env[name].search([])
                others = records.filtered(lambda r: r.partner_id != self.partner_2)
                own = records - others
                self.assertTrue(own and others)
                found = self._call(self.portal_2, name, "search_read", [], ["id"])
                self.assertEqual({row["id"] for row in found}, set(own.ids))
                self._call(self.portal_2, name, "read", own.ids, ["partner_id"])
                for record in others:
                    with self.assertRaises(AccessError), self.env.cr.savepoint():
                        self._call(self.portal_2, name, "read", record.ids, ["id"])
                [group] = self._call(
                    self.portal_2, name, "formatted_read_group", [], [], ["__count"]
                )
                self.assertEqual(group["__count"], len(own))

    def test_readable_models_open_no_way_to_others(self):
        """Not through a domain, a grouping or a related field."""
        paths = (
            ("partner.incentive.claim", "offer_id.entry_ids.amount"),
            ("partner.incentive.claim", "offer_id.standing_ids.qualifying"),
            ("partner.incentive.claim", "duplicate_key"),
            ("partner.incentive.enrollment", "program_id.offer_ids.name"),
            ("partner.incentive.enrollment", "program_id.enrollment_ids.partner_id"),
            ("partner.incentive.enrollment", "agreement_id.body"),
            ("partner.incentive.acceptance", "version_id.bracket_ids.rate"),
            ("res.partner", "grade_history_ids.reason"),
            ("account.move", "incentive_settlement_id.line_ids.amount"),
            ("account.move.line", "incentive_offer_id.entry_ids.amount"),
            ("account.move", "incentive_attribution_ids.share"),
        )
        for name, path in paths:
            with (
                self.subTest(path=path),
                self.assertRaises(AccessError),
                self.env.cr.savepoint(),
            ):
                self._call(self.portal_2, name, "search", [(path, "!=", False)])
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self._call(
                self.portal_2,
                "partner.incentive.claim",
                "formatted_read_group",
                [],
                ["offer_id.pooled"],
                ["__count"],
            )

    def test_own_invoices_tell_nothing_of_others(self):
        """What the suite adds to documents a portal user can read in Odoo."""
        move = self.batch.move_ids.filtered(lambda m: m.partner_id == self.partner_2)
        move.invoice_line_ids.sudo().incentive_earner_id = self.partner_1
        for model, record in (
            ("account.move", move),
            ("account.move.line", move.invoice_line_ids),
        ):
            added = [
                name
                for name in self.env[model]._fields
                if name.startswith("incentive_")
            ]
            readable = self.env(user=self.portal_2)[model].fields_get(added)
            for name in added:
                if name not in readable:
                    continue
                try:
                    with self.env.cr.savepoint():
                        values = self._call(
                            self.portal_2, model, "read", record.ids, [name]
                        )
                except AccessError:
                    continue
                self.assertNotIn("Reseller One", str(values), name)

    def test_public_methods(self):
        """Each public method of the suite refuses, or does nothing at all."""
        own = {
            "account.move": self.invoice_2.ids,
            "account.move.line": self.invoice_2.invoice_line_ids.ids,
            "res.partner": self.partner_2.ids,
        }
        methods = self._get_public_methods()
        self.assertIn(("partner.incentive.run", "accrue"), methods)
        self.assertIn(("partner.incentive.settlement", "settle"), methods)
        for name, method in methods:
            if hasattr(BaseModel, method):
                continue
            function = getattr(self.env[name], method)
            args = [
                ARGUMENTS.get(parameter.name, [{}])
                for parameter in inspect.signature(function).parameters.values()
                if parameter.default is parameter.empty
                and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
            ]
            if not getattr(function, "_api_model", False):
                samples = [own.get(name) or self._get_sample(name)[:1]]
                if name in READABLE:
                    samples.append(
                        self.env[name]
                        .search([("partner_id", "=", self.partner_2.id)], limit=1)
                        .ids
                    )
            else:
                samples = [None]
            for ids in samples:
                self._check_method(name, method, args if ids is None else [ids, *args])

    def _check_method(self, name, method, args):
        with (
            self.subTest(model=name, method=method),
            self._catch_writes() as writes,
            mute_logger("odoo.models", "odoo.addons.base.models.ir_model"),
        ):
            try:
                with self.env.cr.savepoint():
                    result = self._call(self.portal_2, name, method, *args)
                    self.env.flush_all()
            except UserError:
                return
            self.assertFalse(writes, "it wrote something")
            if isinstance(result, dict):
                self.assertEqual(result.get("type"), "ir.actions.act_window")
            else:
                self.assertFalse(result, "it told something")

    def test_state_by_bare_write(self):
        for record, vals in (
            (self.enrollment_2, {"state": "ended"}),
            (self.enrollment_2, {"accepted_on": fields.Datetime.now()}),
            (self.claim_2, {"state": "approved"}),
            (self.claim_2, {"amount": 7000.0}),
            (self.enrollment_1.acceptance_ids, {"date": date(2026, 1, 1)}),
            (self.offer, {"suspended": True}),
            (self.program, {"state": "closed"}),
            (self.batch, {"state": "draft"}),
            (self.partner_2, {"grade_id": False}),
            (self.invoice_2, {"incentive_document": "settlement"}),
            (self.invoice_2.invoice_line_ids, {"incentive_offer_id": self.offer.id}),
        ):
            for context in (
                {},
                {
                    "incentive_transition": True,
                    "incentive_new_version": True,
                    "incentive_posting": True,
                },
            ):
                with (
                    self.subTest(record=record, vals=vals, context=context),
                    self.assertRaises(UserError),
                    self.env.cr.savepoint(),
                ):
                    self._call(
                        self.portal_2,
                        record._name,
                        "write",
                        record.ids,
                        vals,
                        context=context,
                    )

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_model")
    def test_web_client_calls(self):
        self._login(self.portal_2)
        for name in self._get_suite_models():
            if name in READABLE | PROVEN_ELSEWHERE:
                continue
            response = self.url_open(
                f"/web/dataset/call_kw/{name}/search_read",
                json={
                    "params": {
                        "model": name,
                        "method": "search_read",
                        "args": [[]],
                        "kwargs": {},
                    }
                },
            )
            error = response.json().get("error", {}).get("data", {})
            self.assertEqual(error.get("name"), "odoo.exceptions.AccessError", name)

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_model")
    def test_json_api(self):
        """``/json/2/<model>/<method>`` with a key of the portal user."""
        keys = self.env["res.users.apikeys"].with_user(self.portal_2).sudo()
        key = keys._generate("rpc", "test", fields.Datetime.now() + timedelta(days=1))
        headers = {"Authorization": f"Bearer {key}"}
        self.authenticate(None, None)

        def post(name, method, **params):
            return self.url_open(
                f"/json/2/{name}/{method}", json=params or {"a": 1}, headers=headers
            )

        for name in self._get_suite_models():
            ids = self._get_sample(name)
            with self.subTest(model=name):
                response = post(name, "search_read", domain=[], fields=["id"])
                if name in READABLE:
                    own = self.env[name].search(
                        [("partner_id", "=", self.partner_2.id)]
                    )
                    self.assertEqual({r["id"] for r in response.json()}, set(own.ids))
                    self.assertEqual(post(name, "read", ids=ids).status_code, 403)
                elif name not in PROVEN_ELSEWHERE:
                    self.assertEqual(response.status_code, 403)
                response = post(name, "write", ids=ids, vals={"display_name": "x"})
                # 404 where a rule hides the record: it tells no more than a 403.
                refused = (403, 404, 422)
                self.assertIn(response.status_code, refused)
                self.assertIn(post(name, "unlink", ids=ids).status_code, refused)
        for name, method, params in (
            ("partner.incentive.run", "accrue", {"date": "2026-12-31"}),
            ("partner.incentive.settlement", "settle", {"date": "2026-12-31"}),
            ("partner.incentive.offer", "action_retire", {"ids": self.offer.ids}),
            ("partner.incentive.offer", "copy", {"ids": self.offer.ids}),
            ("partner.incentive.settlement", "action_post", {"ids": self.batch.ids}),
            ("partner.incentive.entry", "action_explain", {"ids": [1]}),
        ):
            with self.subTest(model=name, method=method):
                self.assertIn(post(name, method, **params).status_code, (403, 422))
        self.assertEqual(self.offer.state, "published")
        for name, method in (
            ("partner.incentive.calculation", "_calculate"),
            ("partner.incentive.posting", "_post_movements"),
            ("partner.incentive.enrollment", "_accept"),
            ("partner.incentive.source", "_get_page"),
        ):
            self.assertIn(post(name, method).status_code, (403, 404))

    def test_files_of_others(self):
        """A signed agreement is read by its own partner only, evidence by no URL."""
        self.enrollment_1.write(
            {"signed_pdf": "JVBERi0xLjQK", "signed_pdf_name": "signed.pdf"}
        )
        evidence = self.env["ir.attachment"].create(
            {"name": "proof.txt", "raw": b"proof of Reseller One"}
        )
        self.claim_1.attachment_ids = [Command.link(evidence.id)]
        url = "/web/content/partner.incentive.enrollment"
        url = f"{url}/{self.enrollment_1.id}/signed_pdf"
        for user, status in ((self.portal_1, 200), (self.portal_2, 404)):
            self._login(user)
            self.assertEqual(self.url_open(url).status_code, status)
            response = self.url_open(f"/web/content/{evidence.id}")
            self.assertEqual(response.status_code, 404)
