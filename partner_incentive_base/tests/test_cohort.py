"""Cohorts, each figure beside one that is counted by a walk through the documents."""

from collections import defaultdict
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import GROUP
from .history_common import TODAY, HistoryCommon

FIGURES = (
    "bookings",
    "cash",
    "due",
    "renewed",
    "contract_value",
    "cost",
    "baseline",
    "expected",
)


def month_of(day):
    return day.replace(day=1)


def months_between(first, last):
    return 12 * (last.year - first.year) + last.month - first.month


@tagged("post_install", "-at_install")
class TestCohort(HistoryCommon):
    # ------------------------------------------------------- counted by other means

    def _rows(self):
        return self.env["partner.incentive.cohort"].with_context(
            incentive_as_of=str(TODAY)
        )

    def _own(self):
        return [("company_id", "=", self.company.id)]

    def _get_enrollments(self):
        return (
            self.env["partner.incentive.enrollment"]
            .search([("company_id", "=", self.company.id)])
            .filtered(lambda each: each.state != "requested")
        )

    def _credit_documents(self):
        """``[(move, partner, share)]``: whose sale each document is."""
        credited = []
        enrolled = self.env["partner.incentive.enrollment"].search([]).partner_id
        for move in self.env["account.move"].search(
            [
                ("company_id", "=", self.company.id),
                ("move_type", "in", ("out_invoice", "out_refund")),
                ("state", "=", "posted"),
                ("invoice_date", "<=", TODAY),
            ]
        ):
            if move.incentive_document:
                continue
            buyer = move.partner_id.commercial_partner_id
            if buyer.grade_id or buyer in enrolled:
                credited.append((move, buyer, 1.0))
                continue
            origin = move.reversed_entry_id or move
            credited += [
                (move, row.partner_id, row.share / 100)
                for row in origin.incentive_attribution_ids
                if row.role == "sourced"
            ]
        return credited

    def _count(self):
        """``{(partner, program, month): {figure: amount}}``, and first months."""
        credited = self._credit_documents()
        amounts = {
            move: -sum(
                line.balance
                for line in move.invoice_line_ids
                if line.display_type == "product"
            )
            for move, _partner, _share in credited
        }

        def booked(partner, month, last_day=31):
            return sum(
                amounts[move] * share
                for move, who, share in credited
                if who == partner
                and month_of(move.invoice_date) == month
                and move.invoice_date.day <= last_day
            )

        enrollments = self._get_enrollments()
        starts = {
            partner: month_of(
                min(
                    each.date_from for each in enrollments if each.partner_id == partner
                )
            )
            for partner in enrollments.partner_id
        }
        first_document = min(move.invoice_date for move in amounts)
        everybody = {who for _move, who, _share in credited}

        def day_limit(month):
            return TODAY.day if month == month_of(TODAY) else 31

        def grown(start, number):
            """How partners that are not enrolled grew in the year of the number."""
            year = (number - 1) // 12
            months = [
                start + relativedelta(months=12 * year + each)
                for each in range(12)
                if start + relativedelta(months=12 * year + each) <= TODAY
            ]
            others = [
                who
                for who in everybody
                if who not in starts or starts[who] > months[-1]
            ]
            before = sum(
                booked(who, month - relativedelta(years=year + 1), day_limit(month))
                for who in others
                for month in months
            )
            after = sum(booked(who, month) for who in others for month in months)
            return after / before if before > 0 else None

        counted = defaultdict(lambda: defaultdict(float))
        for partner, start in starts.items():
            has_baseline = month_of(first_document) <= start - relativedelta(years=1)
            month = start
            while month <= TODAY:
                number = months_between(start, month) + 1
                base = month - relativedelta(years=(number - 1) // 12 + 1)
                programs = {
                    each.program_id
                    for each in enrollments
                    if each.partner_id == partner
                    and month_of(each.date_from) <= month
                    and min(each.date_to or date.max, each.program_id.date_to) >= month
                } or {self.env["partner.incentive.program"]}
                factor = grown(start, number)
                for program in programs:
                    row = counted[partner, program, month]
                    part = 1 / len(programs)
                    row["bookings"] = part * booked(partner, month)
                    row["cash"] = part * self._get_cash(credited, partner, month)
                    for name, value in self._get_contracts(partner, month).items():
                        row[name] = part * value
                    if has_baseline:
                        row["baseline"] = part * booked(partner, base, day_limit(month))
                        if factor is not None:
                            row["expected"] = row["baseline"] * factor
                month += relativedelta(months=1)
        for entry in self.env["partner.incentive.entry"].search(self._own()):
            start = starts.get(entry.partner_id)
            if start and entry.date <= TODAY:
                row = counted[
                    entry.partner_id,
                    entry.program_id,
                    max(start, month_of(entry.date)),
                ]
                row["cost"] += entry.earned_balance
        return counted, starts

    def _get_cash(self, credited, partner, month):
        return sum(
            amount * share * move.amount_untaxed_signed / move.amount_total
            for paid, day, amount in self.paid
            for move, who, share in credited
            if paid == move
            and who == partner
            and month_of(day) == month
            and day <= TODAY
        )

    def _get_contracts(self, partner, month):
        figures = {"due": 0.0, "renewed": 0.0, "contract_value": 0.0}
        for contract in self.env["partner.customer.contract"].search(
            [("partner_id", "=", partner.id), *self._own()]
        ):

            def converted(day, contract=contract):
                return contract.currency_id._convert(
                    contract.recurring_amount,
                    self.company.currency_id,
                    self.company,
                    day,
                    round=False,
                )

            end = contract.date_end
            if month_of(end) == month and end <= TODAY:
                figures["due"] += converted(end)
                if contract.state == "renewed":
                    figures["renewed"] += converted(end)
            if (
                month == month_of(TODAY)
                and contract.state == "active"
                and contract.date_start <= TODAY < end
            ):
                birthday = contract.date_start
                while birthday <= TODAY:
                    birthday += relativedelta(years=1)
                days = max(0, (end - birthday).days + 1)
                figures["contract_value"] += converted(TODAY) * days / 365
        return figures

    # -------------------------------------------------------------------------- tests

    def test_every_row_equals_a_walk_through_the_documents(self):
        counted, starts = self._count()
        found = {
            (row.partner_id, row.program_id, row.date): row
            for row in self._rows().search(self._own())
        }
        self.assertEqual(set(found), set(counted))
        for key, expected in counted.items():
            partner, _program, month = key
            row = found[key]
            for name in FIGURES:
                self.assertAlmostEqual(row[name], expected[name], 2, f"{key} {name}")
            self.assertEqual(
                row.month_number, months_between(starts[partner], month) + 1
            )
            self.assertEqual(
                row.cohort, fields.Date.start_of(starts[partner], "quarter")
            )
        for name in FIGURES:
            self.assertTrue(any(row[name] for row in counted.values()), name)

    def _total(self, counted, name, partners):
        return sum(row[name] for key, row in counted.items() if key[0] in partners)

    def test_ratios_are_taken_over_sums(self):
        counted, starts = self._count()
        quarters = defaultdict(set)
        for partner, start in starts.items():
            quarters[fields.Date.start_of(start, "quarter")].add(partner)
        names = [
            "romi",
            "incremental_romi",
            "controlled_romi",
            "gross_to_net",
            "renewal_rate",
        ]
        for cohort, *ratios in self._rows()._read_group(
            self._own(), ["cohort:quarter"], [f"{name}:avg" for name in names]
        ):
            partners = quarters.pop(cohort)
            sums = {name: self._total(counted, name, partners) for name in FIGURES}
            bookings, cost = sums["bookings"], sums["cost"]
            expected = [None] * 5
            if cost > 0:
                expected[:3] = [
                    (bookings - cost) / cost,
                    (bookings - sums["baseline"] - cost) / cost,
                    (bookings - sums["expected"] - cost) / cost,
                ]
            if bookings > 0:
                expected[3] = 100 * (bookings - cost) / bookings
            if sums["due"]:
                expected[4] = 100 * sums["renewed"] / sums["due"]
            for name, ratio, value in zip(names, ratios, expected, strict=True):
                if value is None:
                    self.assertIs(ratio, False, f"{cohort} {name}")
                else:
                    self.assertAlmostEqual(ratio, value, 4, f"{cohort} {name}")
        self.assertFalse(quarters)

    def test_payback_is_that_of_the_sums(self):
        counted, starts = self._count()
        groups = {partner: {partner} for partner in starts}
        found = dict(
            self._rows()._read_group(
                self._own(), ["partner_id"], ["payback_months:avg"]
            )
        )
        [[(total,)]] = self._rows()._read_grouping_sets(
            self._own(), [[]], ["payback_months:avg"]
        )
        groups[None] = set(starts)
        found[None] = total
        for name, partners in groups.items():
            months = defaultdict(lambda: [0.0, 0.0])
            for (partner, _program, month), row in counted.items():
                if partner in partners:
                    number = months_between(starts[partner], month) + 1
                    months[number][0] += row["bookings"] - row["baseline"]
                    months[number][1] += row["cost"]
            gained = spent = 0.0
            expected = False
            for number in sorted(months):
                gained += months[number][0]
                spent += months[number][1]
                if gained >= spent > 0:
                    expected = number
                    break
            self.assertEqual(found[name], expected, name)
        self.assertTrue(any(found.values()))

    def test_groups_of_the_client_have_all_measures(self):
        names = [
            name
            for name, field in self.env["partner.incentive.cohort"]._fields.items()
            if field.type in ("monetary", "float", "integer")
            and field.aggregator
            and name != "id"
        ]
        measures = [f"{name}:{self._rows()._fields[name].aggregator}" for name in names]
        rows = self._rows()
        plain = rows.formatted_read_group(
            self._own(), ["cohort:quarter"], measures, order="payback_months:avg desc"
        )
        sets = rows.formatted_read_grouping_sets(
            self._own(), [[], ["cohort:quarter"], ["month_number"]], measures
        )
        by_cohort = {each["cohort:quarter"]: each for each in sets[1]}
        self.assertEqual(len(plain), len(by_cohort))
        for each in plain:
            other = by_cohort[each["cohort:quarter"]]
            self.assertEqual(each["payback_months:avg"], other["payback_months:avg"])
            self.assertAlmostEqual(each["bookings:sum"], other["bookings:sum"], 2)
        self.assertEqual(
            sets[0][0]["partner_count:count_distinct"],
            len(self._get_enrollments().partner_id),
        )

    def test_without_earlier_books_there_is_no_incremental_figure(self):
        """A company whose books begin with the program can compare with nothing."""
        self._enroll(self.known, program=self.program_2025, date_from=date(2024, 6, 1))
        rows = self._rows()
        own = [("partner_id", "=", self.known.id)]
        [(bookings, baseline, incremental, ratio)] = rows._read_group(
            own,
            [],
            [
                "bookings:sum",
                "baseline:sum",
                "incremental:sum",
                "incremental_romi:avg",
            ],
        )
        self.assertTrue(bookings)
        self.assertIs(baseline, False)
        self.assertIs(incremental, False)
        self.assertIs(ratio, False)
        self.assertFalse(rows.search(own).filtered("has_baseline"))

    def test_cost_is_that_of_the_cost_report(self):
        [(cost,)] = (
            self.env["partner.incentive.cohort"]
            .with_context(incentive_as_of="2026-12-31")
            ._read_group(self._own(), [], ["cost:sum"])
        )
        [(expected,)] = self.env["partner.incentive.cost"]._read_group(
            self._own(), [], ["cost:sum"]
        )
        self.assertAlmostEqual(cost, expected, 2)

    def test_only_companies_that_are_ticked(self):
        rows = self._rows().with_user(self.users["user"])
        self.assertTrue(rows.search(self._own()))
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            login="cohort_other",
            groups=f"base.group_user,{GROUP}user",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self._rows().with_user(stranger).search(self._own()))
        nobody = new_test_user(self.env, login="cohort_none", groups="base.group_user")
        with self.assertRaises(AccessError):
            self._rows().with_user(nobody).search([])

    def test_number_of_queries(self):
        rows = self._rows().with_user(self.users["user"])
        measures = ["bookings:sum", "romi:avg", "payback_months:avg"]
        rows._read_group(self._own(), ["cohort:quarter"], measures)
        self.env.invalidate_all()
        with self.assertQueryCount(3):
            self.assertTrue(rows._read_group(self._own(), ["cohort:quarter"], measures))

    def test_the_rows_documents(self):
        row = self._rows().search(
            [("partner_id", "=", self.partner_1.id), ("bookings", "!=", 0)], limit=1
        )
        action = row.action_view_invoices()
        moves = self.env["account.move"].search(action["domain"])
        self.assertTrue(moves)
        self.assertEqual(moves.commercial_partner_id, self.partner_1)
