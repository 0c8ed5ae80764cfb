"""What the tests of the suite share: a company, partners, people, and short words."""

from datetime import date

from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

GROUP = "partner_incentive_base.group_incentive_"


class IncentiveCommon(AccountTestInvoicingCommon):
    """Two companies with a chart, a program, partners, and one user per role."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref(f"{GROUP}admin")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.company._create_incentive_defaults()
        cls.objective = cls.env["partner.incentive.objective"].create(
            {"name": "Sell more", "kind": "sourced_revenue"}
        )
        cls.program = cls.env["partner.incentive.program"].create(
            {
                "name": "Program 2026",
                "company_id": cls.company.id,
                "date_from": date(2026, 1, 1),
                "date_to": date(2026, 12, 31),
                "state": "active",
            }
        )
        cls.partner_1, cls.partner_2 = cls.env["res.partner"].create(
            [
                {"name": "Reseller One", "is_company": True},
                {"name": "Reseller Two", "is_company": True},
            ]
        )
        cls.enrollment_1, cls.enrollment_2 = cls._enroll(cls.partner_1, cls.partner_2)
        cls.product = cls.env["product.product"].create(
            {"name": "Widget", "list_price": 100.0, "taxes_id": False}
        )
        cls.users = {
            role: new_test_user(
                cls.env,
                login=f"incentive_{role}",
                groups=f"base.group_user,{GROUP}{role}",
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for role in (
                "user",
                "manager",
                "finance",
                "compliance",
                "auditor",
                "admin",
            )
        }

    @classmethod
    def _enroll(cls, *partners, program=None, date_from=date(2026, 1, 1)):
        return cls.env["partner.incentive.enrollment"].create(
            [
                {
                    "program_id": (program or cls.program).id,
                    "partner_id": partner.id,
                    "date_from": date_from,
                }
                for partner in partners
            ]
        )

    @classmethod
    def _create_offer(cls, publish=True, **values):
        """An offer of 10 percent on claims of both partners, published by default."""
        brackets = values.pop("brackets", [(0, 10)])
        offer = cls.env["partner.incentive.offer"].create(
            {
                "name": "Offer",
                "program_id": cls.program.id,
                "objective_ids": [Command.set(cls.objective.ids)],
                "date_from": date(2026, 1, 1),
                "date_to": date(2026, 12, 31),
                "period": "whole",
                "settlement_period": "month",
                "measure": "claimed_amount",
                "evidence_rule": "documents",
                "payout": "credit_note",
                "partner_ids": [Command.set((cls.partner_1 | cls.partner_2).ids)],
                "bracket_ids": [
                    Command.create({"lower": lower, "rate": rate})
                    for lower, rate in brackets
                ],
                **values,
            }
        )
        if publish:
            offer.sudo().action_submit()
            offer.sudo().action_publish()
        return offer

    @classmethod
    def _invoice(cls, partner, day, amount, **values):
        """A posted customer invoice of one untaxed line."""
        lines = values.pop("lines", [(cls.product, 1, amount)])
        move = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": day,
                "date": day,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "quantity": quantity,
                            "price_unit": price,
                            "tax_ids": [Command.clear()],
                        }
                    )
                    for product, quantity, price in lines
                ],
                **values,
            }
        )
        move.action_post()
        return move

    @classmethod
    def _accrue(cls, day, offers=None):
        offers = offers or cls.env["partner.incentive.offer"].search(
            [("company_id", "=", cls.company.id)]
        )
        return cls.env["partner.incentive.run"]._accrue(offers, day)

    def _take_for_seen(self, day=None):
        """Let runs take every row for known that is there.

        In a test all rows are of one transaction, except those of a savepoint, which
        has a number of its own: whatever a later one writes is new.

        :param day: up to which it is known, that of the last run by default
        """
        terms = self.env["partner.incentive.run"]._count_terms()
        with self.env.cr.savepoint():
            self.env.cr.execute(
                """UPDATE partner_incentive_lock
                      SET seen_terms = %s, full_on = now(),
                          seen_day = COALESCE(%s, seen_day)
                RETURNING xmin::text::bigint + 1""",
                [terms, day],
            )
            transaction = self.env.cr.fetchone()[0]
        self.env.cr.execute(
            "UPDATE partner_incentive_lock SET seen_transaction = %s",
            [str(transaction)],
        )

    @classmethod
    def _settle(cls, day, offers=None, overrides=None, **values):
        batch = cls.env["partner.incentive.settlement"].create(
            {
                "company_id": cls.company.id,
                "date": day,
                "offer_ids": [Command.set(offers.ids if offers else [])],
                **values,
            }
        )
        batch._propose(overrides)
        batch._post()
        return batch

    def _balance(self, role, offers=None):
        """Balance of the journal items of a role, debit positive."""
        domain = [
            ("incentive_role", "=", role),
            ("parent_state", "=", "posted"),
            ("company_id", "=", self.company.id),
        ]
        if offers:
            domain.append(("incentive_offer_id", "in", offers.ids))
        return self.env["account.move.line"]._read_group(
            domain, aggregates=["balance:sum"]
        )[0][0]

    def _entitled(self, offer, partner, day):
        """What the offer comes to for a partner, over all windows."""
        outcomes = self.env["partner.incentive.calculation"]._calculate(offer, day)
        totals = self.env["partner.incentive.run"]._sum_entitlements(outcomes)
        return float(totals.get((offer.id, partner.id), 0))

    def _bring(self, code, *rows):
        """Let tiers bring a benefit, whichever module keeps the library.

        :param rows: ``(partner, first day, last day, value)``
        """

        def _get_values(_benefit, asked, partners, date, company=None):
            self.assertEqual(company, self.company)
            return {
                partner.id: value
                for partner, first, last, value in rows
                if asked == code and partner in partners and first <= date <= last
            }

        self.patch(
            type(self.env["partner.incentive.benefit"]), "_get_values", _get_values
        )

    def assertLedgerAgrees(self, company=None):
        """Rule 1: the ledger equals the general ledger, per offer and partner."""
        differences = self.env["partner.incentive.reconciliation"]._get_differences(
            company or self.company
        )
        self.assertFalse(
            differences,
            [
                (row.offer_id.name, row.ledger_balance, row.journal_balance)
                for row in differences
            ],
        )
