"""What the tests of funds share: a fund, a partner's way to its money, short words."""

from datetime import date

from odoo.fields import Command

from odoo.addons.partner_incentive_base.tests.common import IncentiveCommon
from odoo.addons.partner_incentive_base.tests.test_uploads import PDF, picture


class MdfCommon(IncentiveCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.event = cls.env.ref("partner_mdf.activity_type_event")
        cls.advertising = cls.env.ref("partner_mdf.activity_type_advertising")
        cls.training = cls.env.ref("partner_mdf.activity_type_training")
        cls.free = cls.env["partner.mdf.activity.type"].create(
            {"name": "Without proof", "distinct_service": True}
        )
        cls.serial = 0

    @classmethod
    def _as(cls, record, role):
        return record.with_user(cls.users[role]).with_company(cls.company)

    @classmethod
    def _create_fund(cls, open_it=True, **values):
        fund = cls.env["partner.mdf.fund"].create(
            {
                "name": "MDF 2026",
                "program_id": cls.program.id,
                "date_from": date(2026, 1, 1),
                "date_to": date(2026, 12, 31),
                "user_id": cls.users["manager"].id,
                **values,
            }
        )
        if open_it:
            cls._as(fund, "user").action_submit()
            cls._as(fund, "manager").action_open()
        return fund

    @classmethod
    def _allocate(cls, fund, amount, partner=None, **values):
        return (
            cls._as(cls.env["partner.mdf.allocation"], "manager")
            .create(
                {
                    "fund_id": fund.id,
                    "partner_id": partner.id if partner else False,
                    "amount": amount,
                    **values,
                }
            )
            .with_env(cls.env)
        )

    @classmethod
    def _plan(cls, cost, **values):
        return {
            "name": "Stand at the fair",
            "type_id": cls.free.id,
            "date_from": date(2026, 3, 1),
            "date_to": date(2026, 3, 3),
            "planned_cost": cost,
            **values,
        }

    @classmethod
    def _request(cls, fund, *plans, partner=None, submit=True, user="user"):
        request = cls._as(cls.env["partner.mdf.request"], user).create(
            {
                "fund_id": fund.id,
                "partner_id": (partner or cls.partner_1).id,
                "title": "Spring campaign",
                "mdf_activity_ids": [Command.create(plan) for plan in plans],
            }
        )
        if submit:
            request.action_submit()
        return request.with_env(cls.env)

    @classmethod
    def _approve(cls, activity, amount=None):
        as_manager = cls._as(activity, "manager")
        if amount is not None:
            as_manager.approve_amount = amount
        as_manager.action_approve()
        return activity

    @classmethod
    def _activity(cls, fund, cost, amount=None, partner=None, **values):
        """An approved activity."""
        request = cls._request(fund, cls._plan(cost, **values), partner=partner)
        return cls._approve(request.mdf_activity_ids, amount)

    @classmethod
    def _claim(cls, activity, cost, submit=True, **values):
        cls.serial += 1
        claim = (
            cls._as(cls.env["partner.incentive.claim"], "user")
            .create(
                {
                    "mdf_activity_id": activity.id,
                    "cost_amount": cost,
                    "date": activity.date_to,
                    "document_number": f"INV-{cls.serial}",
                    **values,
                }
            )
            .with_env(cls.env)
        )
        if submit:
            cls._as(claim, "user").attachment_ids |= cls._file(claim)
            cls._as(claim, "user").action_submit()
        return claim

    @classmethod
    def _file(cls, claim, content=None, name="proof.pdf"):
        cls.serial += 1
        return cls.env["ir.attachment"].create(
            {
                "name": name,
                "raw": content or PDF + str(cls.serial).encode(),
                "res_model": claim._name,
                "res_id": claim.id,
            }
        )

    @classmethod
    def _prove(cls, claim, kind, content=None, **values):
        cls.serial += 1
        kind = cls.env.ref(f"partner_incentive_base.evidence_type_{kind}")
        default = {
            "image": picture() + str(cls.serial).encode(),
            "table": f"name\nAda {cls.serial}".encode(),
        }.get(kind.file_kind, PDF + str(cls.serial).encode())
        return cls.env["partner.incentive.evidence"].create(
            {
                "claim_id": claim.id,
                "evidence_type_id": kind.id,
                "attachment_id": cls._file(claim, content or default).id,
                **values,
            }
        )

    @classmethod
    def _approve_claim(cls, claim, **values):
        if claim.state == "submitted":
            cls._as(claim, "compliance").action_validate()
        if values:
            cls._as(claim, "manager").write(values)
        cls._as(claim, "manager").action_approve()
        return claim

    def assertCheckbook(self, fund, **expected):
        """The figures that are named, and that they add up."""
        fund.invalidate_recordset()
        figures = fund._get_figures()[fund.id]
        got = {name: round(figures[name], 2) for name in expected}
        self.assertEqual(got, expected)
        self.assertAlmostEqual(
            figures["available"],
            figures["allocated"]
            + figures["accrued"]
            + figures["carried"]
            - figures["committed"]
            - figures["spent"]
            - figures["expired"],
        )
        allocations = fund.allocation_ids
        allocations.invalidate_recordset()
        self.assertAlmostEqual(
            sum(allocations.mapped("available")), figures["available"]
        )

    def _owed(self, fund, partner=None):
        """What the ledger says the fund owes."""
        domain = [("offer_id", "=", fund.offer_id.id)]
        if partner:
            domain.append(("partner_id", "=", partner.id))
        return (
            self.env["partner.incentive.entry"]._read_group(
                domain, aggregates=["amount:sum"]
            )[0][0]
            or 0.0
        )

    def _cost(self, fund, kind):
        """What is booked on a cost account for the fund, debit positive."""
        account = self.company._get_incentive_accounts()[kind]
        return self.env["account.move.line"]._read_group(
            [
                ("incentive_offer_id", "=", fund.offer_id.id),
                ("account_id", "=", account.id),
                ("parent_state", "=", "posted"),
            ],
            aggregates=["balance:sum"],
        )[0][0]

    def _pay(self, fund, day, **values):
        return self._settle(day, fund.offer_id, **values)
