"""Reports, each figure beside one that is counted otherwise."""

import tempfile
import zipfile
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..models.partner_incentive_entry import KINDS
from ..models.partner_incentive_posting import Movement
from ..report.partner_incentive_aging import BUCKETS
from ..report.partner_incentive_rollforward import COLUMNS
from ..report.period import get_label, read_periods
from .common import GROUP
from .portal_common import PortalCommon

MOVED = (
    "imported",
    "accrued",
    "adjusted",
    "settled",
    "clawed_back",
    "to_holdback",
    "from_holdback",
    "expired",
    "exchange",
    "written_off",
)


class ReportCommon(PortalCommon):
    """Two offers, two partners, half a year with everything that moves money."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_objective = cls.env["partner.incentive.objective"].create(
            {"name": "New logos", "kind": "new_logos"}
        )
        cls.offer_a = cls._create_invoice_offer("A", brackets=[(0, 10)])
        cls.offer_b = cls._create_invoice_offer(
            "B",
            brackets=[(0, 5)],
            objective_ids=[Command.set((cls.objective | cls.other_objective).ids)],
            cost_kind="expense",
        )
        cls.offers = cls.offer_a | cls.offer_b
        for month, one, two in ((1, 1000.0, 333.33), (2, 500.0, 0), (3, 0, 777.77)):
            for partner, amount in ((cls.partner_1, one), (cls.partner_2, two)):
                if amount:
                    cls._invoice(partner, date(2026, month, 15), amount)
            cls._accrue(date(2026, month, 28), cls.offers)
        cls._settle(date(2026, 3, 31), cls.offer_a)
        cls._move("holdback", Decimal("20.00"), date(2026, 4, 2))
        cls._move("holdback", Decimal("-5.00"), date(2026, 5, 3))
        cls._move("adjustment", Decimal("-3.21"), date(2026, 5, 4), reason="Agreed")
        cls._move("write_off", Decimal("-1.00"), date(2026, 6, 5))
        cls._move("expiry", Decimal("-0.50"), date(2026, 6, 6))

    @classmethod
    def _move(cls, kind, amount, day, **values):
        cls.env["partner.incentive.posting"]._post_movements(
            cls.company,
            [
                Movement(
                    cls.offer_b,
                    cls.offer_b.version_id,
                    cls.partner_1.id,
                    kind,
                    amount,
                    **values,
                )
            ],
            day,
            "adjustment",
        )

    def _rows(self, model="rollforward", **context):
        return self.env[f"partner.incentive.{model}"].with_context(
            **{f"incentive_{name}": value for name, value in context.items()}
        )

    def _half_year(self, period="month"):
        return self._rows(
            **{"from": "2026-01-01", "to": "2026-06-30", "period": period}
        )

    def _entries(self, **limits):
        return self.env["partner.incentive.entry"].search(
            [("offer_id", "in", self.offers.ids)]
        )


@tagged("post_install", "-at_install")
class TestReports(ReportCommon):
    # ----------------------------------------------------------------- roll-forward

    def test_every_kind_has_a_column(self):
        kinds = {kind for kind, _label in KINDS}
        self.assertEqual(set(COLUMNS) | {"holdback"}, kinds)
        fields_ = self.env["partner.incentive.rollforward"]._fields
        self.assertLessEqual(set(COLUMNS.values()), set(fields_))

    def _count(self, start, end):
        """``{(offer, partner, role): {column: amount}}`` by a walk through entries."""
        counted = defaultdict(lambda: defaultdict(float))
        for entry in self._entries():
            row = counted[entry.offer_id, entry.partner_id, entry.role]
            if entry.date > end:
                continue
            row["closing"] += entry.balance
            if entry.date < start:
                row["opening"] += entry.balance
            elif entry.kind == "holdback":
                held = entry.balance if entry.role == "holdback" else -entry.balance
                row["to_holdback" if held > 0 else "from_holdback"] += entry.balance
            else:
                row[COLUMNS[entry.kind]] += entry.balance
        return counted

    def test_rollforward_equals_a_walk_through_the_entries(self):
        for period in ("month", "quarter", "half", "whole"):
            rows = self._half_year(period)
            for window in read_periods(rows.env):
                counted = self._count(window.start, window.end)
                found = rows.search([("period", "=", get_label(window))])
                shown = {(r.offer_id, r.partner_id, r.role): r for r in found}
                for key, expected in counted.items():
                    if key not in shown:
                        self.assertFalse(any(round(v, 2) for v in expected.values()))
                        continue
                    for name in ("opening", "closing", *MOVED):
                        self.assertAlmostEqual(
                            shown[key][name], expected[name], 2, f"{key} {name}"
                        )

    def test_rollforward_closes_and_goes_on(self):
        rows = self._half_year().search([])
        self.assertTrue(rows)
        last = {}
        for row in rows:
            key = (row.offer_id, row.partner_id, row.role)
            self.assertAlmostEqual(row.opening, last.get(key, 0), 2)
            self.assertAlmostEqual(
                row.closing, row.opening + sum(row[name] for name in MOVED), 2
            )
            last[key] = row.closing
        self.assertTrue(any(row.to_holdback for row in rows))

    def test_rollforward_ties_to_the_accounts(self):
        """The total equals the balance of the two accounts, each month."""
        accounts = self.company._get_incentive_accounts()
        rows = self._half_year()
        for window in read_periods(rows.env):
            for role in ("accrued", "holdback"):
                balance = self.env["account.move.line"]._read_group(
                    [
                        ("account_id", "=", accounts[role].id),
                        ("parent_state", "=", "posted"),
                        ("date", "<=", window.end),
                        ("company_id", "=", self.company.id),
                    ],
                    aggregates=["balance:sum"],
                )[0][0]
                [(closing, journal, difference)] = rows._read_group(
                    [
                        ("period", "=", get_label(window)),
                        ("role", "=", role),
                        ("company_id", "=", self.company.id),
                    ],
                    [],
                    ["closing:sum", "journal_balance:sum", "difference:sum"],
                )
                self.assertAlmostEqual(closing, -balance, 2)
                self.assertAlmostEqual(journal, -balance, 2)
                self.assertAlmostEqual(difference, 0, 2)

    def test_what_is_booked_by_hand_is_a_difference(self):
        accounts = self.company._get_incentive_accounts()
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": date(2026, 2, 10),
                "line_ids": [
                    Command.create(
                        {
                            "account_id": accounts["accrued"].id,
                            "partner_id": self.partner_1.id,
                            "balance": -12.0,
                        }
                    ),
                    Command.create(
                        {"account_id": accounts["expense"].id, "balance": 12.0}
                    ),
                ],
            }
        )
        move.action_post()
        rows = self._half_year().search([("offer_id", "=", False)])
        self.assertEqual(rows[0].period, "2026-02")
        self.assertEqual(set(rows.mapped("journal_balance")), {12.0})
        self.assertEqual(set(rows.mapped("difference")), {-12.0})
        with self.assertRaises(UserError):
            rows[0].action_view_entries()

    def test_over_several_periods_a_balance_is_no_sum(self):
        rows = self._half_year()
        names = ["opening:sum", "accrued:sum", "closing:sum", "difference:sum"]
        [total] = rows._read_group([], [], names)
        [whole] = self._half_year("whole")._read_group([], [], names)
        self.assertEqual(
            [round(amount, 2) for amount in total],
            [round(amount, 2) for amount in whole],
        )
        last_quarter = [("period", "in", ("2026-04", "2026-05", "2026-06"))]
        [(opening, closing)] = rows._read_group(
            last_quarter, [], ["opening:sum", "closing:sum"]
        )
        at_march = sum(e.balance for e in self._entries() if e.date < date(2026, 4, 1))
        self.assertAlmostEqual(opening, at_march, 2)
        self.assertAlmostEqual(closing, sum(self._entries().mapped("balance")), 2)
        by_offer = dict(rows._read_group([], ["offer_id"], ["closing:sum"]))
        for offer in self.offers:
            own = self._entries().filtered(lambda e, o=offer: e.offer_id == o)
            self.assertAlmostEqual(by_offer[offer], sum(own.mapped("balance")), 2)
        sets = rows._read_grouping_sets([], [[], ["period"], ["offer_id"]], names)
        self.assertEqual(len(sets), 3)
        self.assertAlmostEqual(sets[0][0][2], total[2], 2)
        self.assertEqual(len(sets[1]), 6)
        formatted = rows.formatted_read_grouping_sets(
            [], [[], ["period"]], ["closing:sum"]
        )
        self.assertAlmostEqual(formatted[0][0]["closing:sum"], total[2], 2)

    def test_periods_are_read_with_care(self):
        for context in (
            {"from": "nonsense"},
            {"from": "2026-05-01", "to": "2026-04-01"},
            {"period": "fortnight"},
            {"from": "1900-01-01", "to": "2026-01-01"},
        ):
            with self.assertRaises(UserError):
                self._rows(**context).search([])

    def test_rollforward_over_rpc(self):
        rows = (
            self.env["partner.incentive.rollforward"]
            .with_user(self.users["finance"])
            .get_rollforward("2026-01-01", "2026-06-30", "whole", self.offer_a.ids)
        )
        self.assertEqual({row["offer_id"][0] for row in rows}, {self.offer_a.id})
        self.assertAlmostEqual(
            sum(row["closing"] for row in rows),
            sum(
                e.balance
                for e in self._entries().filtered(lambda e: e.offer_id == self.offer_a)
            ),
            2,
        )

    def test_printed_rollforward(self):
        options = (
            self.env["partner.incentive.report.options"]
            .with_user(self.users["finance"])
            .create(
                {
                    "report": "rollforward",
                    "date_from": date(2026, 1, 1),
                    "date_to": date(2026, 6, 30),
                    "period": "quarter",
                }
            )
        )
        action = options.action_open()
        rows = self.env[action["res_model"]].with_context(**action["context"])
        self.assertEqual(
            {row.period for row in rows.search(action["domain"])},
            {"2026-01-01 – 2026-03-31", "2026-04-01 – 2026-06-30"},
        )
        report = self.env["ir.actions.report"].with_user(self.users["finance"])
        html = report._render_qweb_html(
            "partner_incentive_base.report_rollforward", options.ids
        )[0]
        text = html.decode()
        [closing] = [
            self.company.currency_id.format(amount)
            for (amount,) in rows._read_group(action["domain"], [], ["closing:sum"])
        ]
        number = closing.strip("$").replace("\N{NO-BREAK SPACE}", "")
        self.assertIn(number, text)
        self.assertIn("Difference", text)

    # --------------------------------------------------------------------- register

    def test_register_as_of_any_day(self):
        for day in (date(2026, 2, 28), date(2026, 3, 31), date(2026, 12, 31)):
            rows = self._rows("register", as_of=day).search([])
            known = self._entries().filtered(lambda e, d=day: e.date <= d)
            for name, column in (
                ("balance", "balance"),
                ("earned_balance", "earned_balance"),
                ("settled_balance", "settled_balance"),
            ):
                self.assertAlmostEqual(
                    sum(rows.mapped(column)), sum(known.mapped(name)), 2
                )
            held = known.filtered(lambda e: e.role == "holdback")
            self.assertAlmostEqual(
                sum(rows.mapped("held_balance")), sum(held.mapped("balance")), 2
            )
            for row in rows.filtered("window_from"):
                own = known.filtered(
                    lambda e, r=row: (
                        e.offer_id == r.offer_id
                        and e.partner_id == r.partner_id
                        and e.window_from == r.window_from
                    )
                )
                self.assertAlmostEqual(row.balance, sum(own.mapped("balance")), 2)

    def test_register_as_it_was_known(self):
        """A late entry with an early date is not in the register of that time."""
        entries = self._entries()
        self.env.cr.execute(
            "UPDATE partner_incentive_entry SET create_date = %s WHERE id IN %s",
            (fields.Datetime.now() - timedelta(days=10), tuple(entries.ids)),
        )
        self.env.invalidate_all()
        before = sum(entries.mapped("balance"))
        self._move("adjustment", Decimal("100"), date(2026, 2, 1), reason="Late")
        yesterday = fields.Date.today() - timedelta(days=1)
        rows = self._rows("register", as_of="2026-12-31", known_on=yesterday)
        self.assertAlmostEqual(sum(rows.search([]).mapped("balance")), before, 2)
        rows = self._rows("register", as_of="2026-12-31")
        self.assertAlmostEqual(sum(rows.search([]).mapped("balance")), before + 100, 2)
        register = rows.with_user(self.users["auditor"]).get_register("2026-12-31")
        self.assertAlmostEqual(sum(r["balance"] for r in register), before + 100, 2)

    # ------------------------------------------------------------------------ aging

    def test_aging_sums_to_the_balance(self):
        for day in (date(2026, 2, 28), date(2026, 3, 31), date(2026, 7, 31)):
            rows = self._rows("aging", as_of=day).search([])
            owed = sum(e.balance for e in self._entries() if e.date <= day)
            self.assertAlmostEqual(sum(rows.mapped("open_balance")), owed, 2)
            for row in rows:
                self.assertEqual(row.age, (day - row.date).days)
                limit = next(d for d, code, _label in BUCKETS if code == row.bucket)
                if limit:
                    self.assertLessEqual(row.age, limit)
                self.assertAlmostEqual(row.accrued - row.cleared, row.open_balance, 2)

    def test_aging_today_is_what_the_items_have_open(self):
        rows = self._rows("aging", as_of="2026-12-31").search([])
        for row in rows:
            line = self.env["account.move.line"].browse(row.id)
            self.assertAlmostEqual(row.open_balance, -line.amount_residual, 2)

    def test_a_settlement_clears_the_accruals(self):
        before = self._rows("aging", as_of="2026-03-30")
        after = self._rows("aging", as_of="2026-03-31")
        domain = [("offer_id", "=", self.offer_a.id)]
        self.assertAlmostEqual(
            sum(before.search(domain).mapped("open_balance")), 261.11, 2
        )
        self.assertAlmostEqual(sum(after.search(domain).mapped("open_balance")), 0.0, 2)
        self.assertFalse(
            after.search([*domain, ("accrued", ">", 0), ("open_balance", "!=", 0)])
        )

    # ------------------------------------------------------------------------- cost

    def test_cost_is_what_the_cost_accounts_have(self):
        for offer in self.offers:
            items = self.env["account.move.line"].search(
                [
                    ("incentive_role", "=", "cost"),
                    ("incentive_offer_id", "=", offer.id),
                    ("parent_state", "=", "posted"),
                ]
            )
            rows = self._rows("cost").search([("offer_id", "=", offer.id)])
            self.assertAlmostEqual(
                sum(rows.mapped("cost")), sum(items.mapped("balance")), 2
            )
            paid = self._entries().filtered(lambda e, o=offer: e.offer_id == o)
            self.assertAlmostEqual(
                sum(rows.mapped("settled")), sum(paid.mapped("settled_balance")), 2
            )

    def test_cost_by_objective_sums_to_the_cost(self):
        by_objective = dict(
            self._rows("cost")._read_group(
                [("offer_id", "=", self.offer_b.id)], ["objective_id"], ["cost:sum"]
            )
        )
        self.assertEqual(set(by_objective), set(self.offer_b.objective_ids))
        total = sum(
            entry.earned_balance
            for entry in self._entries()
            if entry.offer_id == self.offer_b
        )
        for cost in by_objective.values():
            self.assertAlmostEqual(cost, total / 2, 2)

    def test_cost_by_the_tier_of_the_day(self):
        tin, gold = self.env["res.partner.grade"].create(
            [{"name": "Tin"}, {"name": "Gold"}]
        )
        self.env["partner.incentive.grade.history"].create(
            [
                {"partner_id": self.partner_1.id, "grade_id": grade.id, "date": day}
                for grade, day in ((tin, date(2025, 1, 1)), (gold, date(2026, 2, 1)))
            ]
        )
        region = self.env["partner.incentive.region"].create({"name": "North"})
        self.partner_1.incentive_region_id = region
        domain = [
            ("partner_id", "=", self.partner_1.id),
            ("offer_id", "=", self.offer_a.id),
        ]
        by_tier = dict(
            self._rows("cost")._read_group(domain, ["grade_id"], ["cost:sum"])
        )
        self.assertAlmostEqual(by_tier[tin], 100.0, 2)
        self.assertAlmostEqual(by_tier[gold], 50.0, 2)
        by_region = dict(
            self._rows("cost")._read_group(domain, ["region_id"], ["cost:sum"])
        )
        self.assertAlmostEqual(by_region[region], 150.0, 2)

    # -------------------------------------------------------------------- checkbook

    def test_checkbook_ends_at_what_is_available(self):
        claims_offer = self._create_offer(name="Claims", evidence_rule="claim")
        claim = self.env["partner.incentive.claim"].create(
            {
                "offer_id": claims_offer.id,
                "partner_id": self.partner_1.id,
                "date": date(2026, 4, 3),
                "amount": 70.0,
            }
        )
        # How a claim gets there is not the matter here.
        self.env.cr.execute(
            "UPDATE partner_incentive_claim SET state = 'approved' WHERE id = %s",
            (claim.id,),
        )
        self.env.invalidate_all()
        euro = self.setup_other_currency("EUR", rates=[("2026-01-01", 2.0)])
        budgets = self.env["partner.incentive.budget"].create(
            [
                {"program_id": self.program.id, "planned": 1000.0},
                {
                    "program_id": self.program.id,
                    "planned": 100.0,
                    "offer_id": self.offer_b.id,
                    "partner_id": self.partner_1.id,
                },
                {
                    "program_id": self.program.id,
                    "planned": 2000.0,
                    "currency_id": euro.id,
                },
            ]
        )
        for budget in budgets:
            rows = self._rows("checkbook").search([("budget_id", "=", budget.id)])
            self.assertEqual(rows[0].kind, "planned")
            self.assertAlmostEqual(rows[-1].available, budget.available, 2)
            for name in ("planned", "committed", "accrued", "settled"):
                self.assertAlmostEqual(sum(rows.mapped(name)), budget[name], 2, name)
            running = 0
            for row in rows:
                running += row.planned - row.committed - row.accrued
                self.assertAlmostEqual(row.available, running, 2)
        self.assertEqual(budgets[0].committed, 70.0)

    # ----------------------------------------------------------------------- rights

    def test_reports_respect_companies(self):
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            login="finance_elsewhere",
            groups=f"base.group_user,{GROUP}finance",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.env["partner.incentive.budget"].create(
            {"program_id": self.program.id, "planned": 1000.0}
        )
        context = {
            "incentive_from": "2026-01-01",
            "incentive_to": "2026-12-31",
            "incentive_as_of": "2026-12-31",
        }
        for name in ("rollforward", "register", "aging", "cost", "checkbook"):
            rows = self.env[f"partner.incentive.{name}"].with_context(**context)
            own = rows.with_user(self.users["finance"]).search([])
            self.assertTrue(own, name)
            self.assertEqual(own.company_id, self.company)
            self.assertFalse(rows.with_user(stranger).search([]), name)
            self.assertEqual(
                rows.with_user(stranger)._read_group([], [], ["__count"]), [(0,)]
            )
            with self.assertRaises(AccessError):
                rows.with_user(self.portal_1).search([])

    # ------------------------------------------------------------------- statements

    def _statement(self, user=None):
        statement = self.env["partner.incentive.statement"]
        return statement.with_user(user) if user else statement

    def test_statement_is_the_ledger_in_the_partners_words(self):
        finance = self._statement(self.users["finance"])
        [section] = finance.get_statement(self.partner_1.id, "2026-02-01", "2026-05-31")
        entries = self._entries().filtered(
            lambda e: (
                e.partner_id == self.partner_1
                and e.role == "accrued"
                and e.date <= date(2026, 5, 31)
            )
        )
        before = entries.filtered(lambda e: e.date < date(2026, 2, 1))
        self.assertAlmostEqual(section["opening"], sum(before.mapped("amount")), 2)
        self.assertAlmostEqual(section["closing"], sum(entries.mapped("amount")), 2)
        self.assertEqual(
            [line["entry_id"] for line in section["lines"]],
            (entries - before).sorted(lambda e: (e.date, e.id)).ids,
        )
        self.assertAlmostEqual(
            section["opening"]
            + section["earned"]
            - section["paid"]
            - section["held"]
            + section["other"],
            section["closing"],
            2,
        )
        self.assertAlmostEqual(section["held_back"], 15.0, 2)
        [paid] = [line for line in section["lines"] if line["what"] == "Paid"]
        self.assertTrue(paid["document"])

    def test_statement_too_long_for_paper_sums_up(self):
        entries = self._get_entries()
        self.assertGreater(len(entries), 2)
        [whole] = self._statement()._get_sections(self.partner_1)
        [section] = self._statement()._get_sections(self.partner_1, limit=2)
        self.assertEqual(section.summed, len(whole.lines))
        for name in ("opening", "earned", "paid", "held", "other", "closing"):
            self.assertAlmostEqual(getattr(section, name), getattr(whole, name), 2)
        self.assertAlmostEqual(section.lines[-1]["balance"], whole.closing, 2)
        groups = entries.grouped(lambda e: (e.date.year, e.offer_id, e.kind))
        self.assertEqual(
            sorted(line["amount"] for line in section.lines),
            sorted(round(sum(each.mapped("amount")), 2) for each in groups.values()),
        )
        [section] = self._statement()._get_sections(
            self.partner_1, limit=len(whole.lines)
        )
        self.assertFalse(section.summed)

    def _get_entries(self):
        return self.env["partner.incentive.entry"].search(
            self._statement()._get_domain(self.partner_1)
        )

    def test_paper_tells_that_it_sums_up(self):
        path = "odoo.addons.partner_incentive_base"
        with patch(f"{path}.report.report_partner_incentive_statement.MAX_LINES", 2):
            html = (
                self.env["ir.actions.report"]
                ._render_qweb_html(
                    "partner_incentive_base.report_statement", self.partner_1.ids
                )[0]
                .decode()
            )
        self.assertIn("too many for", html)
        with patch(f"{path}.controllers.portal_statement.MAX_LINES", 2):
            page = self._get("/my/incentives/statement", self.portal_1)
        self.assertIn("o_incentive_paper_limit", page)
        self.assertNotIn(
            "o_incentive_paper_limit", self._get("/my/incentives/statement")
        )

    def _read_sheet(self, statement):
        with tempfile.TemporaryFile() as file:
            statement._write_spreadsheet(file, self.partner_1)
            with zipfile.ZipFile(file) as book:
                return book.read("xl/worksheets/sheet1.xml").decode()

    def test_spreadsheet_in_bounded_memory(self):
        """Entries are read a batch at a time, and not kept."""
        Entry = self.env["partner.incentive.entry"]
        whole = self._read_sheet(self._statement())
        self.env.invalidate_all()
        path = "odoo.addons.partner_incentive_base.report.partner_incentive_statement"
        original = type(self._statement())._prepare_line
        most = 0

        def prepare(statement, entry, *args):
            nonlocal most
            cached = Entry._fields["amount"]._get_cache(statement.env)
            most = max(most, len(cached))
            return original(statement, entry, *args)

        with (
            patch(f"{path}.BATCH_SIZE", 2),
            patch.object(type(self._statement()), "_prepare_line", prepare),
        ):
            self.assertEqual(self._read_sheet(self._statement()), whole)
        self.assertEqual(most, 2)

    def test_statement_files(self):
        finance = self._statement(self.users["finance"])
        sheet = self._read_sheet(finance)
        [section] = finance._get_sections(self.partner_1)
        self.assertIn("Reseller One", sheet)
        self.assertNotIn("Reseller Two", sheet)
        for line in section.lines:
            self.assertIn(f"<v>{line['amount']:g}</v>", sheet)
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html(
                "partner_incentive_base.report_statement", self.partner_1.ids
            )[0]
            .decode()
        )
        self.assertIn("Incentive statement", html)
        self.assertNotIn("Reseller Two", html)
        with self.assertRaises(UserError):
            finance.get_statement_file(self.partner_1.id, "docx")
        with self.assertRaises(UserError):
            finance.get_statement(self.partner_1.id, "yesterday")

    def test_a_formula_stays_text(self):
        self.offer_a.name = '=HYPERLINK("http://evil")'
        self.assertNotIn("<f>", self._read_sheet(self._statement()))

    def test_statement_is_not_for_everybody(self):
        outsider = new_test_user(self.env, login="clerk", groups="base.group_user")
        for user in (self.portal_1, self.portal_2, outsider):
            for method in ("get_statement", "get_statement_file"):
                with self.assertRaises(AccessError):
                    getattr(self._statement(user), method)(self.partner_1.id)
            with self.assertRaises(AccessError):
                self.env["ir.actions.report"].with_user(user)._render_qweb_html(
                    "partner_incentive_base.report_statement", self.partner_1.ids
                )

    def test_statement_on_the_portal(self):
        page = self._get("/my/incentives/statement", self.portal_1)
        self.assertIn("/my/incentives/statement/pdf", page)
        response = self.url_open("/my/incentives/statement/xlsx?date_from=2026-01-01")
        self.assertEqual(response.status_code, 200)
        self.assertTrue(response.content.startswith(b"PK"))
        self.assertIn("attachment", response.headers["Content-Disposition"])
        response = self.url_open("/my/incentives/statement/pdf")
        self.assertEqual(response.status_code, 200)
        self.assertIn("inline", response.headers["Content-Disposition"])
        self.assertIn(b"Reseller One", response.content)
        self.assertNotIn(b"Reseller Two", response.content)
        response = self.url_open("/my/incentives/statement/pdf?date_from=soon")
        self.assertIn("is not a date", response.text)
        for path in (
            f"/partner_incentive/statement/{self.partner_2.id}.xlsx",
            f"/partner_incentive/statement/{self.partner_1.id}.pdf",
            "/partner_incentive/statement/999999999.pdf",
        ):
            self.assertEqual(self.url_open(path).status_code, 404)
        response = self.url_open(
            f"/report/html/partner_incentive_base.report_statement/{self.partner_2.id}"
        )
        self.assertNotEqual(response.status_code, 200)
        self.assertNotIn("Reseller Two", response.text)
