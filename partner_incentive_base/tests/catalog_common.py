from contextlib import closing, contextmanager
from datetime import date

from odoo import fields
from odoo.fields import Command
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase
from odoo.tests.common import new_test_user

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

GROUPS = ("user", "manager", "finance", "compliance", "auditor", "admin")


class CatalogCommon(AccountTestInvoicingCommon):
    """A company with a program, partners, and one user per right."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= cls.env.ref(
            "partner_incentive_base.group_incentive_admin"
        ) | cls.env.ref("sales_team.group_sale_manager")
        cls.company = cls.company_data["company"]
        cls.year = fields.Date.today().year
        cls.users = {
            group: new_test_user(
                cls.env,
                login=f"incentive_{group}",
                groups="base.group_user,"
                f"partner_incentive_base.group_incentive_{group}",
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for group in GROUPS
        }
        cls.objective = cls.env.ref("partner_incentive_base.objective_new_logos")
        cls.program = cls.env["partner.incentive.program"].create(
            {
                "name": "Test program",
                "company_id": cls.company.id,
                "date_from": date(cls.year, 1, 1),
                "date_to": date(cls.year, 12, 31),
                "objective_ids": [Command.set(cls.objective.ids)],
            }
        )
        cls.program.action_activate()
        cls.partners = cls.env["res.partner"].create(
            [{"name": name, "is_company": True} for name in ("Alpha", "Beta", "Gamma")]
        )
        cls.alpha, cls.beta, cls.gamma = cls.partners
        cls.silver, cls.gold = cls.env["res.partner.grade"].create(
            [
                {"name": "Test Silver", "sequence": 501, "company_id": False},
                {"name": "Test Gold", "sequence": 502, "company_id": False},
            ]
        )

    @classmethod
    def as_user(cls, record, group):
        return record.with_user(cls.users[group]).with_company(cls.company)

    @classmethod
    def enroll(cls, partners, program=None, **vals):
        program = program or cls.program
        return cls.env["partner.incentive.enrollment"].create(
            [
                {
                    "program_id": program.id,
                    "partner_id": partner.id,
                    "date_from": program.date_from,
                    **vals,
                }
                for partner in partners
            ]
        )

    @classmethod
    def make_offer(cls, publish=True, **vals):
        """A claim offer that pays what is claimed, published by somebody else."""
        offer = cls.env["partner.incentive.offer"].create(
            {
                "name": "Claim offer",
                "program_id": cls.program.id,
                "offer_type": "milestone",
                "objective_ids": [Command.set(cls.objective.ids)],
                "segment_ids": [
                    Command.set(
                        cls.env.ref("partner_incentive_base.segment_all_enrolled").ids
                    )
                ],
                "evidence_rule": "claim",
                "measure": "claimed_amount",
                "payout": "credit_note",
                "bracket_ids": [Command.create({"lower": 0, "rate": 100})],
                "date_from": cls.program.date_from,
                **vals,
            }
        )
        if publish:
            offer.with_user(cls.users["user"]).action_submit()
            offer.with_user(cls.users["manager"]).action_publish()
        return offer

    @classmethod
    def make_file(cls, content=b"proof", name="proof.txt", user="user"):
        return (
            cls.env["ir.attachment"]
            .with_user(cls.users[user])
            .create({"name": name, "raw": content})
        )

    @classmethod
    def make_claim(cls, offer, partner=None, user="user", **vals):
        return (
            cls.env["partner.incentive.claim"]
            .with_user(cls.users[user])
            .create(
                {
                    "offer_id": offer.id,
                    "partner_id": (partner or cls.alpha).id,
                    "amount": 100.0,
                    "date": date(cls.year, 1, 15),
                    **vals,
                }
            )
            .with_env(cls.env)
        )

    def get_statements(self, function):
        """SQL statements that ``function`` runs, with what it leaves to flush."""
        self.env.flush_all()
        statements = []
        original = self.cr.execute

        def execute(query, params=None, log_exceptions=True):
            statements.append(str(query))
            return original(query, params, log_exceptions)

        self.cr.execute = execute
        try:
            function()
            self.env.flush_all()
        finally:
            del self.cr.execute
        return statements


class ConcurrencyCase(TransactionCase):
    """Tests with transactions of their own, which see only what was committed."""

    @contextmanager
    def open_cursor(self):
        with closing(db_connect(self.env.cr.dbname).cursor()) as cr:
            yield cr
