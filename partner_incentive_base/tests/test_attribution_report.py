"""What partners sourced and influenced, beside a walk through the documents."""

from collections import defaultdict
from datetime import date

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import GROUP
from .history_common import HistoryCommon

ROLES = ("sourced", "influenced")


@tagged("post_install", "-at_install")
class TestAttributionReport(HistoryCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_objective = cls.env["partner.incentive.objective"].create(
            {"name": "New logos", "kind": "new_logos"}
        )
        # With what its offer serves the program has two objectives, the 2025 one one.
        cls.program.objective_ids = cls.other_objective
        cls._create_offer(
            name="Nobody has seen it yet",
            publish=False,
            program_id=cls.program_2025.id,
            date_from=cls.program_2025.date_from,
            date_to=cls.program_2025.date_to,
            objective_ids=[Command.set(cls.other_objective.ids)],
        )
        cls.env.flush_all()

    def _rows(self):
        return self.env["partner.incentive.attribution.report"]

    def _own(self):
        return [("company_id", "=", self.company.id)]

    def _get_documents(self):
        """``[(partner, role, date, figure, amount)]`` of all documents."""
        found = []
        own = [("company_id", "=", self.company.id)]
        for move in self.env["account.move"].search(
            [
                *own,
                ("state", "=", "posted"),
                ("move_type", "in", ("out_invoice", "out_refund")),
            ]
        ):
            origin = move.reversed_entry_id or move
            amount = -sum(
                line.balance
                for line in move.invoice_line_ids
                if line.display_type == "product"
            )
            found += [
                (
                    row.partner_id,
                    row.role,
                    move.invoice_date,
                    "revenue",
                    amount * row.share / 100,
                )
                for row in origin.incentive_attribution_ids
            ]
        for order in self.env["sale.order"].search(own):
            if order.state not in ("draft", "sent"):
                continue
            amount = order.currency_id._convert(
                order.amount_untaxed,
                self.company.currency_id,
                self.company,
                order.date_order,
                round=False,
            )
            found += [
                (
                    row.partner_id,
                    row.role,
                    order.date_order.date(),
                    "pipeline",
                    amount * row.share / 100,
                )
                for row in order.incentive_attribution_ids
            ]
        for contract in self.env["partner.customer.contract"].search(own):
            if contract.partner_id and not contract.renewal_of_ids:
                amount = contract.currency_id._convert(
                    contract.recurring_amount,
                    self.company.currency_id,
                    self.company,
                    contract.date_start,
                    round=False,
                )
                found.append(
                    (
                        contract.partner_id,
                        contract.role,
                        contract.date_start,
                        "arr",
                        amount,
                    )
                )
        return [each for each in found if each[1] in ROLES]

    def _get_programs(self, partner, day):
        enrollments = self.env["partner.incentive.enrollment"].search(
            [("partner_id", "=", partner.id), ("company_id", "=", self.company.id)]
        )
        return enrollments.filtered(
            lambda each: (
                each.state != "requested"
                and each.date_from <= day
                and day <= each.program_id.date_to
                and (not each.date_to or day <= each.date_to)
            )
        ).program_id

    def _get_objectives(self, program):
        offers = self.env["partner.incentive.offer"].search(
            [("program_id", "=", program.id), ("state", "=", "published")]
        )
        return program.objective_ids | offers.objective_ids

    def _count(self):
        """``{(partner, program, objective): {figure: amount}}``."""
        counted = defaultdict(lambda: defaultdict(float))
        no_objective = self.env["partner.incentive.objective"]
        for partner, role, day, figure, amount in self._get_documents():
            programs = self._get_programs(partner, day)
            for program in programs or [programs]:
                objectives = self._get_objectives(program)
                for objective in objectives or [no_objective]:
                    part = amount / max(1, len(programs)) / max(1, len(objectives))
                    row = counted[partner, program, objective]
                    row[f"{role}_{figure}"] += part
                    row[figure] += part
        return counted

    def test_figures_equal_a_walk_through_the_documents(self):
        counted = self._count()
        figures = (
            "sourced_revenue",
            "influenced_revenue",
            "revenue",
            "sourced_pipeline",
            "influenced_pipeline",
            "pipeline",
            "sourced_arr",
        )
        rows = self._rows()._read_group(
            self._own(),
            ["partner_id", "program_id", "objective_id"],
            [f"{name}:sum" for name in figures],
        )
        found = {row[:3]: dict(zip(figures, row[3:], strict=True)) for row in rows}
        self.assertEqual(set(found), set(counted))
        for key, expected in counted.items():
            for name in figures:
                self.assertAlmostEqual(
                    found[key][name], expected[name], 2, f"{key} {name}"
                )
        for name in figures:
            self.assertTrue(any(row[name] for row in counted.values()), name)
        # Equal parts: some key stands for one of several programs and objectives.
        self.assertEqual(len(self._get_objectives(self.program)), 2)
        self.assertEqual(len(self._get_objectives(self.program_2025)), 1)

    def test_sums_are_those_of_the_documents(self):
        totals = defaultdict(float)
        for _partner, role, _day, figure, amount in self._get_documents():
            totals[f"{role}_{figure}"] += amount
        [(revenue, pipeline, arr)] = self._rows()._read_group(
            self._own(),
            [],
            ["sourced_revenue:sum", "sourced_pipeline:sum", "sourced_arr:sum"],
        )
        self.assertAlmostEqual(revenue, totals["sourced_revenue"], 2)
        self.assertAlmostEqual(pipeline, totals["sourced_pipeline"], 2)
        self.assertAlmostEqual(arr, totals["sourced_arr"], 2)

    def test_without_deals_there_is_no_win_rate(self):
        own = [*self._own(), ("kind", "!=", "deal")]
        [(rate,)] = self._rows()._read_group(own, [], ["win_rate:avg"])
        self.assertIs(rate, False)

    def test_a_row_opens_its_document(self):
        for kind, model in (
            ("invoice", "account.move"),
            ("quotation", "sale.order"),
            ("contract", "partner.customer.contract"),
        ):
            row = self._rows().search([*self._own(), ("kind", "=", kind)], limit=1)
            action = row.action_open_document()
            self.assertEqual(action["res_model"], model)
            self.assertTrue(self.env[model].browse(action["res_id"]).exists())

    def test_an_objective_tells_its_arr_and_attach_rate(self):
        """For the fiscal year, in full for each objective of a program."""
        year = (date(2026, 1, 1), date(2026, 12, 31))
        self.patch(
            type(self.objective),
            "_get_fiscal_years",
            lambda objectives: {self.company: year},
        )
        attached = self.env["product.product"].create({"name": "Support plan"})
        self._create_offer(
            name="Attach",
            objective_ids=[Command.set(self.other_objective.ids)],
            product_rule_ids=[
                Command.create({"product_ids": [Command.set(attached.ids)]})
            ],
        )
        for day, products in (
            (date(2026, 2, 2), attached | self.product),
            (date(2026, 3, 3), attached),
            (date(2025, 12, 3), attached),
        ):
            self._invoice(
                self.partner_2, day, 0, lines=[(each, 1, 50) for each in products]
            )
        self._invoice(self.known, date(2026, 3, 3), 0, lines=[(attached, 1, 50)])
        partners = (
            self.env["partner.incentive.enrollment"]
            .search([("program_id", "=", self.program.id), ("state", "=", "active")])
            .partner_id
        )
        invoices = (
            self.env["account.move"]
            .search([*self._own(), ("move_type", "=", "out_invoice")])
            .filtered(
                lambda move: (
                    move.state == "posted"
                    and move.partner_id in partners
                    and move.invoice_date.year == 2026
                )
            )
        )
        self.assertGreater(len(invoices), 5)
        self.assertEqual(self.other_objective.attach_invoices, len(invoices))
        self.assertAlmostEqual(
            self.other_objective.attach_rate, 100 * 2 / len(invoices), 1
        )
        self.assertEqual(self.objective.attach_invoices, 0)
        arr = defaultdict(float)
        for partner, role, day, figure, amount in self._get_documents():
            if (role, figure, day.year) == ("sourced", "arr", 2026):
                programs = self._get_programs(partner, day)
                for program in programs:
                    arr[program] += amount / len(programs)
        self.assertTrue(arr[self.program])
        self.assertAlmostEqual(self.other_objective.sourced_arr, arr[self.program], 2)
        self.assertAlmostEqual(
            self.objective.sourced_arr,
            sum(arr[each] for each in self.objective._get_programs()),
            2,
        )

    def test_only_companies_that_are_ticked(self):
        rows = self._rows().with_user(self.users["user"])
        self.assertTrue(rows.search(self._own()))
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            login="attribution_other",
            groups=f"base.group_user,{GROUP}user",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self._rows().with_user(stranger).search(self._own()))
        nobody = new_test_user(
            self.env, login="attribution_none", groups="base.group_user"
        )
        with self.assertRaises(AccessError):
            self._rows().with_user(nobody).search([])

    def test_number_of_queries(self):
        rows = self._rows().with_user(self.users["user"])
        measures = ["revenue:sum", "pipeline:sum", "win_rate:avg"]
        rows._read_group(self._own(), ["objective_id"], measures)
        self.env.invalidate_all()
        with self.assertQueryCount(2):
            self.assertTrue(rows._read_group(self._own(), ["objective_id"], measures))
