"""Which right opens what: models, records of other companies, and transitions."""

from contextlib import suppress
from datetime import date

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .access_common import AccessCommon
from .common import IncentiveCommon

ROLES = ("none", "auditor", "user", "compliance", "finance", "manager", "admin")
#: Rights per role in the order of ROLES: read, write, create, delete.
CATALOG = ("", "r", "r", "r", "r", "rwcd", "rwcd")
DRAFTED = ("", "r", "rwcd", "rwcd", "rwcd", "rwcd", "rwcd")
KEPT = ("", "r", "rwc", "rwc", "rwc", "rwcd", "rwcd")
BOOKS = ("", "r", "r", "r", "r", "r", "r")
MONEY = ("", "r", "r", "r", "rwcd", "r", "rwcd")
WIZARD = ("", "", "rwcd", "rwcd", "rwcd", "rwcd", "rwcd")
MANAGERS = ("", "", "", "", "", "rwcd", "rwcd")
MATRIX = {
    "partner.customer.contract": KEPT,
    "partner.customer.contract.import": WIZARD,
    "partner.customer.contract.import.line": WIZARD,
    "partner.customer.contract.preview": WIZARD,
    "partner.customer.contract.preview.line": WIZARD,
    "partner.incentive.acceptance": BOOKS,
    "partner.incentive.accrue": WIZARD,
    "partner.incentive.accrue.line": WIZARD,
    "partner.incentive.adjustment": MONEY,
    "partner.incentive.agreement": CATALOG,
    "partner.incentive.aging": BOOKS,
    "partner.incentive.attribution": DRAFTED,
    "partner.incentive.attribution.report": BOOKS,
    "partner.incentive.audit": ("", "r", "r", "rwcd", "r", "r", "rwcd"),
    "partner.incentive.audit.line": ("", "r", "r", "rwcd", "r", "r", "rwcd"),
    "partner.incentive.bracket": DRAFTED,
    "partner.incentive.budget": CATALOG,
    "partner.incentive.calendar": CATALOG,
    "partner.incentive.calendar.period": CATALOG,
    "partner.incentive.calendar.years": MANAGERS,
    "partner.incentive.checkbook": BOOKS,
    "partner.incentive.claim": DRAFTED,
    "partner.incentive.claim.report": BOOKS,
    "partner.incentive.clawback": DRAFTED,
    "partner.incentive.deduction": MONEY,
    "partner.incentive.deduction.part": MONEY,
    "partner.incentive.dispute": ("", "r", "rwc", "rwc", "rwc", "rwc", "rwc"),
    "partner.incentive.dispute.decision": ("", "", "", "rwcd", "", "rwcd", "rwcd"),
    "partner.incentive.cohort": BOOKS,
    "partner.incentive.cost": BOOKS,
    "partner.incentive.enroll": WIZARD,
    "partner.incentive.enrollment": KEPT,
    "partner.incentive.entry": BOOKS,
    "partner.incentive.explanation": ("", *["rwcd"] * 6),
    "partner.incentive.explanation.step": ("", *["rwcd"] * 6),
    "partner.incentive.forecast": KEPT,
    "partner.incentive.grade.history": CATALOG,
    "partner.incentive.import": ("", "r", "r", "r", "rwcd", "rwcd", "rwcd"),
    "partner.incentive.import.line": ("", "r", "r", "r", "rwcd", "rwcd", "rwcd"),
    "partner.incentive.lock": ("", "", "", "", "", "", "r"),
    "partner.incentive.objective": CATALOG,
    "partner.incentive.objective.goal": CATALOG,
    "partner.incentive.offer": DRAFTED,
    "partner.incentive.offer.version": DRAFTED,
    "partner.incentive.performance": BOOKS,
    "partner.incentive.prior.volume": BOOKS,
    "partner.incentive.product.rule": DRAFTED,
    "partner.incentive.program": CATALOG,
    "partner.incentive.readiness": ("", "r", "r", "r", "r", "rw", "rw"),
    "partner.incentive.reason": WIZARD,
    "partner.incentive.reconciliation": BOOKS,
    "partner.incentive.register": BOOKS,
    "partner.incentive.report.options": ("", *["rwcd"] * 6),
    "partner.incentive.roll": MANAGERS,
    "partner.incentive.roll.line": MANAGERS,
    "partner.incentive.rollforward": BOOKS,
    "partner.incentive.policy": CATALOG,
    "partner.incentive.policy.acceptance": BOOKS,
    # Every employee reads them where contacts show them.
    "partner.incentive.region": ("r", "r", "r", "r", "r", "rwcd", "rwcd"),
    "partner.incentive.event": ("r",) * 7,
    "partner.incentive.specialization": ("r", "r", "r", "r", "r", "rwcd", "rwcd"),
    "partner.incentive.announce": MANAGERS,
    "partner.incentive.review": KEPT,
    "partner.incentive.review.line": ("", "r", "r", "r", "r", "rw", "rw"),
    "partner.incentive.run": ("", "r", "r", "r", "rcd", "r", "rcd"),
    "partner.incentive.segment": CATALOG,
    "partner.incentive.settlement": MONEY,
    "partner.incentive.settlement.line": MONEY,
    "partner.incentive.standing": BOOKS,
    "partner.incentive.achievement": KEPT,
    "partner.incentive.evidence": DRAFTED,
    "partner.incentive.evidence.rule": DRAFTED,
    "partner.incentive.evidence.type": CATALOG,
    "partner.incentive.milestone": DRAFTED,
    "partner.incentive.offer.template": CATALOG,
    "partner.incentive.outlook.line": ("", *["rwcd"] * 6),
    "partner.incentive.outlook.view": ("", *["rwcd"] * 6),
    "partner.incentive.launch": WIZARD,
    "partner.incentive.launch.bracket": WIZARD,
    "partner.incentive.launch.cost": WIZARD,
    "partner.incentive.launch.line": WIZARD,
    "partner.incentive.negotiation": MANAGERS,
    "partner.incentive.negotiation.line": MANAGERS,
    "partner.incentive.seller": KEPT,
    "partner.incentive.simulation": WIZARD,
    "partner.incentive.simulation.line": WIZARD,
    "partner.incentive.target": DRAFTED,
    "partner.sell.through.file": KEPT,
    "partner.sell.through.line": BOOKS,
}
OPERATIONS = {"r": "read", "w": "write", "c": "create", "d": "unlink"}
#: Flags the suite's own code puts into the context; a client can send them, too.
FORGED = {
    "incentive_posting": True,
    "incentive_transition": True,
    "incentive_new_version": True,
    "incentive_partner_merge": True,
}


@tagged("post_install", "-at_install")
class TestAccessInternal(AccessCommon, IncentiveCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["none"] = new_test_user(
            cls.env,
            login="incentive_none",
            groups="base.group_user",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.offer = cls._create_offer()
        cls.claim = cls.env["partner.incentive.claim"].create(
            {
                "offer_id": cls.offer.id,
                "partner_id": cls.partner_1.id,
                "date": date(2026, 2, 3),
                "amount": 1000.0,
            }
        )

    def _refuses(self, role, record, method, *args, **kwargs):
        """Assert that a call of a user with a role fails, with forged flags, too."""
        for context in ({}, FORGED):
            with (
                self.subTest(role=role, method=method, args=args, context=context),
                mute_logger("odoo.models", "odoo.addons.base.models.ir_model"),
                self.assertRaises(UserError),
                self.env.cr.savepoint(),
            ):
                arguments = (record.ids, *args) if record else args
                self._call(
                    self.users[role],
                    record._name,
                    method,
                    *arguments,
                    context={**context, "allowed_company_ids": self.company.ids},
                    **kwargs,
                )
                self.env.flush_all()

    # ----------------------------------------------------------------------- models

    def test_every_model_is_in_the_matrix(self):
        base = {
            name
            for name, model in self._get_suite_models().items()
            if model._original_module in ("partner_incentive_base", "partner_rebate")
        }
        self.assertFalse(base - set(MATRIX), "say who may do what with these")

    def test_matrix(self):
        for name, rights in MATRIX.items():
            if name not in self.env:
                continue
            for role, expected in zip(ROLES, rights, strict=True):
                model = self.env[name].with_user(self.users[role])
                actual = "".join(
                    letter
                    for letter, operation in OPERATIONS.items()
                    if model.has_access(operation)
                )
                self.assertEqual(actual, expected, f"{name} for {role}")

    def test_every_model_with_a_company_has_a_rule(self):
        rules = self.env["ir.rule"].search([("groups", "=", False)])
        for name, model in self._get_suite_models().items():
            own = rules.filtered(lambda rule, n=name: rule.model_id.model == n)
            with self.subTest(model=name):
                if model._transient:
                    self.assertIn("create_uid", str(own.mapped("domain_force")))
                elif "company_id" in model._fields:
                    self.assertIn("company_id", str(own.mapped("domain_force")))

    def test_other_companies_are_out_of_reach(self):
        other = self.setup_other_company()["company"]
        other._create_incentive_defaults()
        program = self.env["partner.incentive.program"].create(
            {
                "name": "Elsewhere",
                "company_id": other.id,
                "date_from": date(2026, 1, 1),
                "date_to": date(2026, 12, 31),
                "state": "active",
            }
        )
        offer = self._create_offer(program_id=program.id, publish=False)
        enrollment = self._enroll(self.partner_1, program=program)
        for record in (
            program,
            offer,
            offer.version_id,
            offer.version_id.bracket_ids,
            enrollment,
        ):
            for role in ("user", "manager", "finance", "auditor", "admin"):
                model = record._name
                found = self._call(
                    self.users[role], model, "search", [("id", "in", record.ids)]
                )
                self.assertFalse(found, f"{model} for {role}")
                self._refuses(role, record, "read", ["id"])

    # ----------------------------------------------------- what clients must not reach

    def test_published_terms_do_not_change(self):
        version = self.offer.version_id
        for role in ("user", "finance", "manager", "admin"):
            self._refuses(role, version, "write", {"cap": 5})
            self._refuses(role, version, "write", {"state": "draft"})
            self._refuses(role, version, "unlink")
            self._refuses(role, version.bracket_ids, "write", {"rate": 99})
            self._refuses(role, version.bracket_ids, "unlink")
            self._refuses(
                role,
                self.env["partner.incentive.bracket"],
                "create",
                [{"version_id": version.id, "lower": 5, "rate": 99}],
            )
            self._refuses(role, self.offer, "write", {"cap": 5})
            self._refuses(role, self.offer, "write", {"period": "month"})
            self._refuses(role, self.offer, "write", {"date_from": "2026-03-01"})
            self._refuses(role, self.offer, "unlink")

    def test_the_record_of_who_published_does_not_change(self):
        for name in ("submitted_by", "published_by"):
            self._refuses(
                "manager",
                self.offer.version_id,
                "write",
                {name: self.users["user"].id},
            )

    def test_nobody_publishes_by_a_bare_create_or_write(self):
        draft = self._create_offer(publish=False)
        for role in ("user", "finance", "compliance"):
            self._refuses(role, draft.version_id, "write", {"state": "published"})
            self._refuses(role, draft, "action_publish")
        version = self.env["partner.incentive.offer.version"]
        values = {"effective_date": "2026-06-01", "measure": "claimed_amount"}
        for extra in (
            {"state": "published"},
            {"published_by": self.users["manager"].id},
            {"submitted_by": self.users["user"].id, "state": "review"},
            {"offer_id": self.offer.id, "number": 7, "state": "published"},
        ):
            for role in ("user", "manager"):
                self._stays_draft(role, version, {**values, **extra})

    def _stays_draft(self, role, model, values):
        """Creating refuses, or makes a draft that says nothing of a process."""
        for context in ({}, FORGED):
            with self.subTest(role=role, values=values, context=context):
                with suppress(UserError), self.env.cr.savepoint() as savepoint:
                    ids = self._call(
                        self.users[role],
                        model._name,
                        "create",
                        [values],
                        context=context,
                    )
                    record = model.browse(ids)
                    self.assertEqual(record.state, "draft")
                    for name in (
                        "published_by",
                        "submitted_by",
                        "approved_by",
                        "posted_by",
                        "validated_by",
                    ):
                        if name in record._fields:
                            self.assertFalse(record[name], name)
                    savepoint.rollback()
                    self.env.invalidate_all()

    def test_whoever_submits_does_not_publish(self):
        draft = self._create_offer(publish=False)
        draft.with_user(self.users["manager"]).action_submit()
        self._refuses("manager", draft, "action_publish")
        self._refuses("manager", draft.version_id, "write", {"state": "published"})
        self._refuses("manager", draft.version_id, "write", {"submitted_by": False})
        draft.with_user(self.users["admin"]).action_publish()
        self.assertEqual(draft.state, "published")

    def test_suspend_and_retire_take_a_manager(self):
        for role in ("user", "finance", "compliance"):
            self._refuses(role, self.offer, "write", {"suspended": True})
            self._refuses(role, self.offer, "write", {"retired_on": "2026-01-01"})
            for action in ("action_suspend", "action_retire", "action_revise"):
                self._refuses(role, self.offer, action)

    def test_ledger_is_nobodys_to_write(self):
        self.claim.sudo().write({"state": "submitted"})
        self.claim.sudo().write({"state": "validated"})
        self.claim.sudo().write({"state": "approved"})
        self._accrue(date(2026, 2, 28))
        entry = self.offer.entry_ids
        self.assertTrue(entry)
        values = entry.read(
            ["company_id", "offer_id", "program_id", "partner_id", "currency_id"],
            load=None,
        )[0]
        values.pop("id")
        for role in ("user", "finance", "manager", "admin"):
            self._refuses(role, entry, "write", {"amount": 1})
            self._refuses(role, entry, "unlink")
            self._refuses(
                role,
                self.env["partner.incentive.entry"],
                "create",
                [{**values, "date": "2026-01-01", "kind": "accrual", "amount": 5}],
            )
            self._refuses(role, self.offer.standing_ids, "write", {"entitlement": 9})

    def test_settlement_states(self):
        batch = self.env["partner.incentive.settlement"].create(
            {"company_id": self.company.id, "date": date(2026, 3, 31)}
        )
        finance = self.users["finance"]
        for vals in (
            {"state": "approved"},
            {"state": "posted"},
            {"approved_by": self.users["manager"].id},
            {"state": "approved", "approved_by": self.users["manager"].id},
            {"posted_by": finance.id},
        ):
            self._refuses("finance", batch, "write", vals)
            self._stays_draft(
                "finance",
                batch,
                {"company_id": self.company.id, "date": "2026-03-31", **vals},
            )
        for role in ("user", "manager", "compliance", "auditor"):
            for action in ("action_propose", "action_approve", "action_post"):
                self._refuses(role, batch, action)
            self._refuses(role, self.env[batch._name], "settle")
            self._refuses(role, self.env["partner.incentive.run"], "accrue")

    def test_settlement_lines_are_computed(self):
        self._approve_claim()
        self._accrue(date(2026, 2, 28))
        batch = self.env["partner.incentive.settlement"].create(
            {"company_id": self.company.id, "date": date(2026, 3, 31)}
        )
        batch.action_propose()
        for vals in ({"due": 5000}, {"partner_id": self.partner_2.id}):
            self._refuses("finance", batch.line_ids, "write", vals)
        line = batch.line_ids[0]
        self._refuses(
            "finance",
            self.env[line._name],
            "create",
            {
                "settlement_id": batch.id,
                "offer_id": self.offer.id,
                "partner_id": self.partner_2.id,
                "payee_id": line.partner_id.id,
                "amount": 100,
            },
        )
        batch._post()
        for vals in ({"amount": 5000}, {"due": 5000}):
            self._refuses("finance", batch.line_ids, "write", vals)
        self._refuses("finance", batch.line_ids, "unlink")
        self._refuses("finance", batch, "unlink")
        self._refuses("finance", batch, "write", {"date": "2026-01-01"})

    def test_only_finance_says_who_is_paid_instead(self):
        payee = {"payee_id": self.partner_2.id}
        for role in ("user", "manager"):
            self._refuses(role, self.enrollment_1, "write", payee)
        self.enrollment_1.with_user(self.users["finance"]).write(payee)
        self.assertEqual(self.enrollment_1.payee_id, self.partner_2)

    def test_a_claim_from_one_does_not_hide_a_payout_to_another(self):
        self.company.incentive_approval_threshold = 80
        batch = self.env["partner.incentive.settlement"].create(
            {"company_id": self.company.id, "date": date(2026, 3, 31)}
        )
        for partner, amount in ((self.partner_1, 100), (self.partner_2, -50)):
            self.env["partner.incentive.settlement.line"].sudo().create(
                {
                    "settlement_id": batch.id,
                    "offer_id": self.offer.id,
                    "partner_id": partner.id,
                    "due": amount,
                    "amount": amount,
                }
            )
        self.assertEqual(batch.amount, 50)
        self.assertTrue(batch.needs_approval)

    def _approve_claim(self):
        for state in ("submitted", "validated", "approved"):
            self.claim.sudo().write({"state": state})

    def test_payout_above_the_threshold_takes_two(self):
        self.company.incentive_approval_threshold = 1
        self._approve_claim()
        self._accrue(date(2026, 2, 28))
        batch = self.env["partner.incentive.settlement"].with_user(
            self.users["finance"]
        )
        batch = batch.create({"company_id": self.company.id, "date": date(2026, 3, 31)})
        batch.action_propose()
        self._refuses("finance", batch, "action_post")
        batch.action_approve()
        self._refuses("finance", batch, "action_post")
        batch.with_user(self.users["admin"]).action_post()
        self.assertEqual(batch.state, "posted")

    def test_claims(self):
        for role in ("user", "finance", "compliance"):
            self._refuses(role, self.claim, "write", {"state": "approved"})
            self._refuses(role, self.claim, "action_approve")
        for name in ("validated_by", "approved_by", "submitted_by"):
            self._refuses("manager", self.claim, "write", {name: False})
        self._stays_draft(
            "manager",
            self.claim,
            {
                "offer_id": self.offer.id,
                "partner_id": self.partner_1.id,
                "amount": 5,
                "state": "paid",
            },
        )

    def test_whoever_enters_a_claim_does_not_approve_it(self):
        claim = self.claim.with_user(self.users["manager"]).copy()
        claim.action_submit()
        for action in ("action_validate", "action_approve"):
            self._refuses("manager", claim, action)
        claim.with_user(self.users["compliance"]).action_validate()
        self._refuses("manager", claim, "action_approve")
        claim.with_user(self.users["admin"]).action_approve()
        self.assertEqual(claim.state, "approved")

    def test_programs_and_agreements(self):
        agreement = self.env["partner.incentive.agreement"].create(
            {
                "program_id": self.program.id,
                "body": "<p>Text</p>",
                "effective_date": date(2026, 1, 1),
                "state": "published",
            }
        )
        for role in ("user", "finance", "compliance"):
            self._refuses(role, self.program, "write", {"state": "closed"})
            self._refuses(role, self.program, "action_close")
        for role in ("manager", "admin"):
            self._refuses(role, agreement, "write", {"body": "<p>Other</p>"})
            self._refuses(role, agreement, "write", {"state": "draft"})
            self._refuses(role, agreement, "unlink")
        self._refuses("manager", self.program, "write", {"state": "draft"})

    def test_acceptances_are_proof(self):
        optional = self._create_offer(name="Optional", opt_in=True)
        acceptance = self.enrollment_1._accept_offer(optional, self.env.user)
        for role in ("user", "manager", "admin"):
            self._refuses(role, acceptance, "write", {"date": "2026-01-01"})
            self._refuses(role, acceptance, "unlink")
            self._refuses(
                role,
                self.env["partner.incentive.acceptance"],
                "create",
                [
                    {
                        "enrollment_id": self.enrollment_2.id,
                        "version_id": optional.version_id.id,
                    }
                ],
            )
            for vals in (
                {"accepted_on": fields.Datetime.now()},
                {"accepted_by": self.users["user"].id},
            ):
                self._refuses(role, self.enrollment_1, "write", vals)

    def test_nobody_enters_that_a_partner_accepted(self):
        partner = self.partner_1.copy()
        for context in ({}, FORGED):
            with suppress(UserError), self.env.cr.savepoint() as savepoint:
                ids = self._call(
                    self.users["user"],
                    "partner.incentive.enrollment",
                    "create",
                    [
                        {
                            "program_id": self.program.id,
                            "partner_id": partner.id,
                            "accepted_on": fields.Datetime.now(),
                            "accepted_by": self.users["manager"].id,
                        }
                    ],
                    context=context,
                )
                enrollment = self.env["partner.incentive.enrollment"].browse(ids)
                self.assertFalse(enrollment.accepted_on)
                self.assertFalse(enrollment.accepted_by)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_auditor_changes_nothing(self):
        for record in (
            self.offer,
            self.offer.version_id,
            self.program,
            self.enrollment_1,
            self.claim,
            self.partner_1,
        ):
            self._refuses("auditor", record, "write", {"display_name": "x"})
            self._refuses("auditor", record, "unlink")
        for action in ("action_submit", "action_retire", "action_revise"):
            self._refuses("auditor", self.offer, action)

    def test_tier_history_is_not_backdated(self):
        gold = self.env["res.partner.grade"].create({"name": "Gold"})
        self.partner_1.grade_id = self.env["res.partner.grade"].create({"name": "Tin"})
        clerk = new_test_user(
            self.env,
            login="contact_clerk",
            groups="base.group_user,base.group_partner_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self._call(
            clerk,
            "res.partner",
            "write",
            self.partner_1.ids,
            {"grade_id": gold.id},
            context={"incentive_grade_date": "2026-01-01"},
        )
        rows = self.partner_1.grade_history_ids
        self.assertTrue(rows)
        self.assertEqual(set(rows.mapped("date")), {fields.Date.today()})

    # ----------------------------------------------- people who have no part in it

    def test_people_without_the_right_work_undisturbed(self):
        """Contacts, invoices, orders and products open and save for others."""
        clerk = new_test_user(
            self.env,
            login="ordinary_clerk",
            groups="base.group_user,base.group_partner_manager,"
            "account.group_account_invoice,sales_team.group_sale_salesman_all_leads,"
            "product.group_product_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.partner_1.incentive_specialization_ids = self.env[
            "partner.incentive.specialization"
        ].create({"name": "Cloud"})
        invoice = self._invoice(self.partner_1, date(2026, 2, 3), 50.0)
        order = self.env["sale.order"].sudo().create({"partner_id": self.partner_1.id})
        self.env["partner.incentive.attribution"].create(
            [
                {"order_id": order.id, "partner_id": self.partner_2.id},
                {"move_id": invoice.id, "partner_id": self.partner_2.id},
            ]
        )
        for record in (
            self.partner_1,
            invoice,
            order,
            self.product.product_tmpl_id,
            self.product,
        ):
            with self.subTest(model=record._name):
                record = record.with_user(clerk).with_company(self.company)
                with Form(record) as form:
                    if record._name == "res.partner":
                        form.name = "Renamed"
                    elif "note" in record._fields:
                        form.note = "Noted"
