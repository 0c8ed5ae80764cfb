"""Going live in mid-year: as if all had been in the system."""

import base64
from datetime import date
from decimal import Decimal

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .portal_common import PortalCommon

CUTOVER = date(2026, 7, 1)
LADDER = [(0, 5), (100_000, 7), (250_000, 10)]


class GoLiveCommon(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.incentive_cutover_date = CUTOVER
        cls.partner_1.ref, cls.partner_2.ref = "R1", "R2"
        cls.old_account = cls.env["account.account"].create(
            {
                "name": "Old rebate accrual",
                "code": "219900",
                "account_type": "liability_current",
                "reconcile": True,
            }
        )
        cls.expense = cls.company_data["default_account_expense"]
        cls.currency = cls.company.currency_id

    @classmethod
    def _ladder(cls, name="Ladder", **values):
        values.setdefault("brackets", LADDER)
        values.setdefault("settlement_period", "quarter")
        return cls._create_invoice_offer(name, **values)

    def _import(self, kind, *rows, user=None, **values):
        Import = self.env["partner.incentive.import"]
        if user:
            Import = Import.with_user(user)
        text = "\n".join(rows)
        return Import.create(
            {
                "kind": kind,
                "file": base64.b64encode(text.encode()),
                "filename": f"{kind}.csv",
                **values,
            }
        )

    def _book(self, kind, *rows, **values):
        batch = self._import(kind, *rows, **values)
        batch.action_check()
        self.assertFalse(batch.bad_count, batch.line_ids.mapped("message"))
        batch.action_book()
        self.assertEqual(batch.state, "booked")
        self.assertLedgerAgrees()
        return batch

    def _provide(self, amount, account=None, partner=None):
        """How the company provided for rebates before."""
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": date(2026, 6, 30),
                "line_ids": [
                    Command.create(
                        {
                            "account_id": (account or self.old_account).id,
                            "partner_id": (partner or self.partner_1).id,
                            "balance": -amount,
                        }
                    ),
                    Command.create({"account_id": self.expense.id, "balance": amount}),
                ],
            }
        )
        move.action_post()
        return move

    def _sums(self, offer, partner=None):
        entries = self.env["partner.incentive.entry"].search(
            [
                ("offer_id", "=", offer.id),
                ("partner_id", "=", (partner or self.partner_1).id),
            ]
        )
        return tuple(
            round(sum(entries.mapped(name)), 2) for name in ("earned", "settled")
        )

    def _old_balance(self):
        return self.env["account.move.line"]._read_group(
            [
                ("account_id", "=", self.old_account.id),
                ("parent_state", "=", "posted"),
            ],
            aggregates=["balance:sum"],
        )[0][0]


VOLUME = (
    "offer,partner,date,qualifying,reference",
    "Ladder,R1,2026-03-31,60000,Q1",
    "Ladder,R1,2026-06-30,60000,Q2",
)
BALANCE = ("offer,partner,date,earned,paid,account", "Ladder,R1,2026-06-30,8400,3000,")


@tagged("post_install", "-at_install")
class TestGoLive(GoLiveCommon):
    # -------------------------------------------------------- figures worked by hand

    def test_half_a_year_brought_forward(self):
        """120,000 before, 80,000 and 100,000 after, on a ladder of 5, 7, 10 percent.

        Brought forward 8,400 = 7 % of 120,000, of which 3,000 (5 % of 60,000) paid.
        By September 200,000 at 7 % are 14,000, so 11,000 are due; by December 300,000
        at 10 % are 30,000, so another 16,000.
        """
        offer = self._ladder()
        # These are in Odoo as well, and must not count twice.
        self._invoice(self.partner_1, date(2026, 2, 10), 60_000)
        self._invoice(self.partner_1, date(2026, 5, 10), 60_000)
        self._provide(5400.0)
        self._book("volume", *VOLUME)
        self._book("balance", *BALANCE, account_id=self.old_account.id)
        self.assertAlmostEqual(self._old_balance(), 0, 2)
        self.assertAlmostEqual(self._balance("accrued", offer), -5400, 2)
        self.assertEqual(self._sums(offer), (8400, 3000))

        self._accrue(date(2026, 7, 1), offer)
        self.assertEqual(self._sums(offer), (8400, 3000), "all is booked already")
        self._settle(date(2026, 6, 30), offer)
        self.assertEqual(self._sums(offer), (8400, 8400), "the rest of the half year")

        self._invoice(self.partner_1, date(2026, 8, 10), 80_000)
        self._accrue(date(2026, 9, 30), offer)
        self.assertEqual(self._sums(offer), (14_000, 8400))
        self._settle(date(2026, 9, 30), offer)
        self._invoice(self.partner_1, date(2026, 11, 10), 100_000)
        self._accrue(date(2026, 12, 31), offer)
        self._settle(date(2026, 12, 31), offer)
        self.assertEqual(self._sums(offer), (30_000, 30_000))
        self.assertAlmostEqual(self._balance("accrued", offer), 0, 2)
        self.assertLedgerAgrees()
        moves = self.env["partner.incentive.entry"].search(
            [("offer_id", "=", offer.id), ("kind", "=", "settlement")], order="id"
        )
        self.assertEqual(
            [round(entry.settled, 2) for entry in moves], [5400, 5600, 16_000]
        )
        for line in moves.move_line_id:
            self.assertTrue(line.reconciled, "payouts clear what was brought forward")

    def test_as_if_all_had_been_in_the_system(self):
        """A twin that counts the documents themselves comes to the same."""
        for formula, expected in (
            ("whole", 30_000),
            # 100,000 at 5 %, 150,000 at 7 %, 50,000 at 10 %
            ("marginal", 20_500),
        ):
            offer = self._ladder(f"Ladder {formula}", formula=formula)
            twin = self._ladder(
                f"Twin {formula}", formula=formula, before_cutover="earn"
            )
            if formula == "whole":
                for day, amount in (
                    (date(2026, 2, 10), 60_000),
                    (date(2026, 5, 10), 60_000),
                    (date(2026, 8, 10), 80_000),
                    (date(2026, 11, 10), 100_000),
                ):
                    self._invoice(self.partner_1, day, amount)
            self._book("volume", *(row.replace("Ladder", offer.name) for row in VOLUME))
            for each in (offer, twin):
                self.assertAlmostEqual(
                    self._entitled(each, self.partner_1, date(2026, 12, 31)),
                    expected,
                    2,
                )

    def test_order_and_number_of_runs_change_nothing(self):
        offer, other = self._ladder(), self._ladder("Often")
        self._book("volume", *VOLUME)
        self._book("volume", *(row.replace("Ladder", "Often") for row in VOLUME))
        for month, amount in ((7, 30_000), (8, 50_000), (10, 100_000)):
            self._invoice(self.partner_1, date(2026, month, 10), amount)
            self._accrue(date(2026, month, 28), other)
        late = self._invoice(self.partner_1, date(2026, 7, 2), 1000)
        self._accrue(date(2026, 12, 31), offer | other)
        self.assertEqual(self._sums(offer), self._sums(other))
        self.assertEqual(self._sums(offer)[0], 30_100)
        late.button_draft()
        late.button_cancel()
        self._accrue(date(2026, 12, 31), offer | other)
        self.assertEqual(self._sums(offer)[0], 30_000)

    def test_a_return_after_going_live(self):
        """f(V - X) - f(V) across the cut-over: 130,000 - 40,000 falls below 100,000."""
        offer = self._ladder()
        self._book("volume", *VOLUME)
        move = self._invoice(self.partner_1, date(2026, 8, 10), 10_000)
        self._accrue(date(2026, 8, 31), offer)
        self.assertEqual(self._sums(offer)[0], 9100)
        refund = move._reverse_moves(
            [{"date": date(2026, 9, 1), "invoice_date": date(2026, 9, 1)}]
        )
        refund.invoice_line_ids.price_unit = 40_000
        refund.action_post()
        self._accrue(date(2026, 9, 30), offer)
        self.assertEqual(self._sums(offer)[0], 4500)

    def test_windows_that_are_over_stand_as_imported(self):
        """Quarters: what the first two came to is not calculated again, but paid."""
        offer = self._ladder("Quarters", period="quarter")
        self._provide(2000.0)
        self._book(
            "balance",
            "offer,partner,date,earned,paid,account",
            "Quarters,R1,2026-03-31,1000,1000,",
            "Quarters,R1,2026-06-30,2000,,219900",
        )
        self._invoice(self.partner_1, date(2026, 5, 10), 999_999)
        self._invoice(self.partner_1, date(2026, 7, 10), 10_000)
        self._accrue(date(2026, 7, 31), offer)
        self.assertEqual(self._sums(offer), (3500, 1000))
        self._settle(date(2026, 7, 31), offer)
        self.assertEqual(self._sums(offer), (3500, 3000))
        self._settle(date(2026, 9, 30), offer)
        self.assertEqual(self._sums(offer), (3500, 3500))

    def test_a_closed_window_with_volume_is_calculated(self):
        offer = self._ladder("Quarters", period="quarter")
        self._provide(2000.0)
        self._book(
            "volume",
            "offer,partner,date,qualifying",
            "Quarters,R1,2026-06-30,42000",
        )
        self._book(
            "balance",
            "offer,partner,date,earned,account",
            "Quarters,R1,2026-06-30,2000,219900",
        )
        self._accrue(date(2026, 7, 31), offer)
        self.assertEqual(self._sums(offer), (2100, 0))

    def test_what_documents_before_the_cutover_do(self):
        """120,000 before and 80,000 after: bracket of 200,000, or of 80,000 alone."""
        for mode, expected in (("none", 4000), ("qualify", 5600), ("earn", 14_000)):
            offer = self._ladder(mode, before_cutover=mode)
            if mode == "none":
                self._invoice(self.partner_1, date(2026, 5, 10), 120_000)
                self._invoice(self.partner_1, date(2026, 8, 10), 80_000)
            self.assertAlmostEqual(
                self._entitled(offer, self.partner_1, date(2026, 12, 31)), expected, 2
            )

    def test_a_pool_and_a_tier(self):
        """Volume counts for who bought it, at the tier of its date."""
        gold = self.env["res.partner.grade"].create({"name": "Opal"})
        segment = self.env["partner.incentive.segment"].create(
            {"name": "Gold", "grade_ids": [Command.set(gold.ids)]}
        )
        self._book(
            "tier", "partner,tier,date", "R1,Opal,2026-04-01", user=self._manager()
        )
        offer = self._ladder(
            "Tiers",
            brackets=[(0, 1)],
            segment_ids=[Command.set(segment.ids)],
        )
        pool = self._ladder("Pool", pooled=True)
        self.assertEqual(self.partner_1.grade_id, gold)
        self._book(
            "volume",
            "offer,partner,date,qualifying",
            "Pool,R1,2026-05-31,90000",
            "Pool,R2,2026-05-31,30000",
            "Tiers,R1,2026-05-31,1000",
        )
        day = date(2026, 12, 31)
        self.assertAlmostEqual(self._entitled(pool, self.partner_1, day), 6300, 2)
        self.assertAlmostEqual(self._entitled(pool, self.partner_2, day), 2100, 2)
        self.assertAlmostEqual(self._entitled(offer, self.partner_1, day), 10, 2)

    def _manager(self):
        return self.users["manager"]

    # ------------------------------------------------------------- where it came from

    def test_an_item_on_the_old_account_is_cleared(self):
        offer = self._ladder()
        move = self._provide(5400.0)
        self._book("volume", *VOLUME)
        batch = self._book(
            "balance",
            "offer,partner,date,earned,paid,journal_item",
            f"Ladder,R1,2026-06-30,8400,3000,{move.name}",
        )
        old = move.line_ids.filtered(lambda line: line.credit)
        self.assertTrue(old.reconciled)
        self.assertAlmostEqual(self._old_balance(), 0, 2)
        self.assertEqual(batch.move_ids.date, date(2026, 6, 30))
        entry = batch.line_ids.entry_id
        self.assertEqual((entry.kind, entry.amount), ("opening", 5400))
        self.assertEqual(entry.move_line_id.balance, -5400)
        self.assertEqual(self._balance("accrued", offer), -5400)

    def test_an_item_on_the_accrued_account_is_adopted(self):
        offer = self._ladder()
        accrued = self.company._get_incentive_accounts()["accrued"]
        self._book("volume", *VOLUME)
        move = self._provide(5400.0, accrued)
        count = self.env["account.move"].search_count([])
        batch = self._book(
            "balance",
            "offer,partner,date,earned,paid,journal_item",
            f"Ladder,R1,2026-06-30,8400,3000,{move.name}",
        )
        self.assertFalse(batch.move_ids)
        self.assertEqual(self.env["account.move"].search_count([]), count)
        self.assertEqual(batch.line_ids.entry_id.move_id, move)
        self.assertEqual(self._balance("accrued", offer), -5400)
        with self.assertRaises(UserError):
            move.button_draft()
        batch.action_undo()
        self.assertEqual(self._sums(offer), (0, 0))
        self.assertFalse(move.line_ids.filtered("incentive_role"))
        self.assertFalse(move.incentive_document)

    def test_a_locked_period(self):
        offer = self._ladder()
        self.company.fiscalyear_lock_date = date(2026, 6, 30)
        self._book("volume", *VOLUME)
        batch = self._book("balance", *BALANCE, account_id=self.old_account.id)
        self.assertEqual(batch.move_ids.date, date(2026, 7, 1))
        self.assertEqual(self._sums(offer), (8400, 3000))

    def test_another_currency(self):
        euro = self.setup_other_currency("EUR", rates=[("2026-01-01", 0.5)])
        offer = self._ladder(currency_id=euro.id)
        self._book("volume", *VOLUME)
        batch = self._book("balance", *BALANCE, account_id=self.old_account.id)
        entry = batch.line_ids.entry_id
        self.assertEqual((entry.amount, entry.balance), (5400, 10_800))
        self.assertEqual((entry.earned_balance, entry.settled_balance), (16_800, 6000))
        self._invoice(self.partner_1, date(2026, 8, 10), 80_000, currency_id=euro.id)
        self._accrue(date(2026, 8, 31), offer)
        self.assertEqual(self._sums(offer)[0], 14_000)
        self.assertLedgerAgrees()

    def test_rollforward_shows_what_was_imported(self):
        offer = self._ladder()
        self._book("volume", *VOLUME)
        self._book("balance", *BALANCE, account_id=self.old_account.id)
        rows = self.env["partner.incentive.rollforward"].with_context(
            incentive_from="2026-06-01",
            incentive_to="2026-06-30",
        )
        [row] = rows.search([("offer_id", "=", offer.id)])
        self.assertEqual((row.opening, row.imported, row.closing), (0, 5400, 5400))
        self.assertEqual((row.journal_balance, row.difference), (5400, 0))
        cost = self.env["partner.incentive.cost"].search([("cost", "!=", 0)])
        self.assertFalse(cost, "what was booked before is no cost again")

    def test_everything_explains_itself(self):
        offer = self._ladder()
        self._invoice(self.partner_1, date(2026, 5, 10), 10_000)
        before = self._invoice(self.partner_1, date(2026, 6, 30), 10_000)
        self._book("volume", *VOLUME)
        self._book("balance", *BALANCE, account_id=self.old_account.id)
        explanation = self.env["partner.incentive.explanation"]
        steps = explanation._get_window_steps(
            offer, self.partner_1, date(2026, 1, 1), date(2026, 7, 31)
        )
        self.assertIn("Of which brought forward", [step["name"] for step in steps])
        [step] = [
            step
            for step in explanation._explain_line(before.invoice_line_ids)
            if step["name"] == offer.name
        ]
        self.assertIn("before the cut-over", step["note"])

    # ----------------------------------------------------------------- the files

    def test_nothing_is_booked_until_all_is_right(self):
        self._ladder()
        batch = self._import(
            "volume",
            "offer;partner;date;qualifying;earning",
            "Ladder;R1;2026-03-31;60000,50;",
            "Ladder;R1;2026-07-01;1;",
            "Ladder;Nobody;2026-03-31;1;",
            "Ladder;R2;31.03.2026;1;",
            "Ladder;R2;2026-03-31;many;",
            "Other;R2;2026-03-31;1;",
            "Ladder;R2;;1;",
            "Ladder;R1;2026-03-31;1;",
            "Ladder;R2;2025-03-31;1;",
        )
        batch.action_check()
        states = {line.number: line.state for line in batch.line_ids}
        self.assertEqual(states, {2: "ok", **dict.fromkeys(range(3, 11), "error")})
        messages = {line.number: line.message for line in batch.line_ids}
        for number, text in {
            3: "not before the cut-over",
            4: "Nobody was not found",
            5: "write dates as 2026-01-31",
            6: "many is no amount",
            7: "Other was not found",
            8: "date is empty",
            9: "The same as line 2",
            10: "outside the term",
        }.items():
            self.assertIn(text, messages[number])
        with self.assertRaises(UserError):
            batch.action_book()
        self.assertFalse(self.env["partner.incentive.prior.volume"].search([]))
        # Corrected on the spot, another day, by somebody else of finance.
        wrong = batch.line_ids.filtered(lambda line: line.state == "error")
        first = wrong[0]
        (wrong - first).unlink()
        first.write({"date_text": "2026-06-30", "reference_text": "Late"})
        self.assertEqual(first.state, "new")
        batch.with_user(self.users["finance"]).action_book()
        volumes = self.env["partner.incentive.prior.volume"].search([])
        self.assertEqual(volumes.mapped("qualifying"), [60_000.5, 1])
        self.assertEqual(volumes.mapped("earning"), [60_000.5, 1])

    def test_the_same_file_twice_books_nothing_twice(self):
        offer = self._ladder()
        self._book("volume", *VOLUME)
        self._book("balance", *BALANCE, account_id=self.old_account.id)
        before = (
            self._sums(offer),
            self.env["partner.incentive.entry"].search_count([]),
            self.env["account.move"].search_count([]),
            self.env["partner.incentive.prior.volume"].search_count([]),
        )
        again = self._book("volume", *VOLUME)
        self.assertEqual(set(again.line_ids.mapped("state")), {"known"})
        self._book("balance", *BALANCE, account_id=self.old_account.id)
        self.assertEqual(
            before,
            (
                self._sums(offer),
                self.env["partner.incentive.entry"].search_count([]),
                self.env["account.move"].search_count([]),
                self.env["partner.incentive.prior.volume"].search_count([]),
            ),
        )
        other = self._import("volume", VOLUME[0], VOLUME[1].replace("60000", "61000"))
        other.action_check()
        self.assertIn("other figures", other.line_ids.message)
        longer = self._book("volume", *VOLUME, "Ladder,R1,2026-06-30,5,more")
        self.assertEqual(longer.line_ids.mapped("state"), ["known", "known", "booked"])

    def test_two_imports_at_once(self):
        """What another transaction booked meanwhile is refused by the database."""
        self._ladder()
        one, two = (self._import("volume", *VOLUME[:2]) for _each in range(2))
        two.action_check()
        one.action_book()
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            with self.env.cr.savepoint():
                two.line_ids._write_process({"state": "booked"})
                self.env.flush_all()

    def test_an_accrual_needs_the_volume_that_it_rests_on(self):
        offer = self._ladder()
        batch = self._import("balance", *BALANCE, account_id=self.old_account.id)
        batch.action_check()
        self.assertIn("take the accrual back", batch.line_ids.message)
        volume = self._book("volume", *VOLUME)
        batch.action_book()
        with self.assertRaises(UserError):
            volume.action_undo()
        batch.action_undo()
        self.assertEqual(self._sums(offer), (0, 0))
        self.assertAlmostEqual(self._old_balance(), 0, 2)
        self.assertLedgerAgrees()
        volume.action_undo()
        self.assertFalse(self.env["partner.incentive.prior.volume"].search([]))
        self._book("volume", *VOLUME)

    def test_what_was_settled_is_not_undone(self):
        offer = self._ladder()
        self._book("volume", *VOLUME)
        batch = self._book("balance", *BALANCE, account_id=self.old_account.id)
        self._settle(date(2026, 6, 30), offer)
        with self.assertRaises(UserError):
            batch.action_undo()

    def test_wrong_accounts_and_items(self):
        self._ladder()
        self._book("volume", *VOLUME)
        accrued = self.company._get_incentive_accounts()["accrued"]
        move = self._provide(1.0)
        for row, text in (
            ("8400,3000,,", "Name the account"),
            (f"8400,3000,{accrued.code},", "It is on"),
            ("8400,3000,000000,", "was not found"),
            (f"8400,3000,,{move.name}", "0 items"),
            ("8400,3000,,NONE/1", "no posted journal entry"),
            ("0,0,,", "nothing to book"),
            ("-5,0,,", "is no amount"),
        ):
            batch = self._import(
                "balance",
                "offer,partner,date,earned,paid,account,journal_item",
                f"Ladder,R1,2026-06-30,{row}",
            )
            batch.action_check()
            self.assertIn(text, batch.line_ids.message)

    def test_volume_that_would_not_count_is_refused(self):
        offer = self._ladder()
        self._ladder("Itself", before_cutover="earn")
        self._ladder("Draft", publish=False)
        self.enrollment_2.date_from = date(2026, 6, 1)
        batch = self._import(
            "volume",
            "offer,partner,date,qualifying",
            "Ladder,R2,2026-03-31,1",
            "Itself,R1,2026-03-31,1",
            "Draft,R1,2026-03-31,1",
            "Ladder,R2,2026-06-30,1",
        )
        batch.action_check()
        self.assertEqual(
            batch.line_ids.mapped("state"), ["error", "error", "error", "ok"]
        )
        self.assertIn("not eligible", batch.line_ids[0].message)
        self.assertIn("count twice", batch.line_ids[1].message)
        self.assertIn("not published", batch.line_ids[2].message)
        self.assertTrue(offer)

    def test_files_that_are_none(self):
        for content in (b"\xff\xfe\x00", b"offer,partner\nA,B", b""):
            with self.assertRaises(UserError):
                self.env["partner.incentive.import"].create(
                    {"kind": "volume", "file": base64.b64encode(content or b"x")}
                )
        with self.assertRaises(UserError):
            self.env["partner.incentive.import"].create(
                {
                    "kind": "volume",
                    "file": base64.b64encode(b"x" * (5 * 1024 * 1024 + 1)),
                }
            )

    def test_attribution_of_posted_invoices(self):
        move = self._invoice(self.customer, date(2026, 7, 10), 1000)
        rows = (
            "invoice,partner,role,share",
            f"{move.name},R1,sourced,60",
            f"{move.name},R2,sourced,40",
        )
        wrong = self._import(
            "attribution",
            *rows,
            f"{move.name},R2,resold,101",
            "INV/0,R2,sourced,1",
            f"{move.name},R2,friend,1",
            user=self._manager(),
        )
        wrong.action_check()
        self.assertEqual(
            wrong.line_ids.mapped("state"), ["ok", "ok", "error", "error", "error"]
        )
        batch = self._import("attribution", *rows, user=self._manager())
        batch.action_book()
        self.assertEqual(
            sorted(move.incentive_attribution_ids.mapped("share")), [40, 60]
        )
        again = self._import("attribution", *rows, user=self._manager())
        again.action_book()
        self.assertEqual(len(move.incentive_attribution_ids), 2)

    def test_dated_tiers(self):
        self.env["res.partner.grade"].create([{"name": "Pewter"}, {"name": "Opal"}])
        rows = ("partner,tier,date", "R1,Opal,2026-05-01", "R1,Pewter,2025-01-01")
        batch = self._import("tier", *rows, user=self._manager())
        batch.action_book()
        history = self.partner_1.grade_history_ids.sorted("date")
        self.assertEqual(history.mapped("grade_id.name"), ["Pewter", "Opal"])
        self.assertEqual(self.partner_1.grade_id.name, "Opal")
        other = self._import(
            "tier", rows[0], "R1,Pewter,2026-05-01", user=self._manager()
        )
        other.action_check()
        self.assertIn("already", other.line_ids.message)
        self._import("tier", *rows, user=self._manager()).action_book()
        self.assertEqual(len(self.partner_1.grade_history_ids), 2)

    # ----------------------------------------------------------------------- rights

    def test_who_may_import(self):
        self._ladder()
        for role, kind, rows in (
            ("manager", "volume", VOLUME),
            ("manager", "balance", BALANCE),
            ("finance", "tier", ("partner,tier,date", "R1,Gold,2026-05-01")),
            ("user", "volume", VOLUME),
            ("auditor", "volume", VOLUME),
        ):
            with self.assertRaises(AccessError):
                self._import(kind, *rows, user=self.users[role])
        batch = self._import("volume", *VOLUME, user=self.users["finance"])
        for vals in (
            {"state": "booked"},
            {"booked_by": 1},
        ):
            with self.assertRaises(AccessError):
                batch.write(vals)
        for vals in ({"state": "booked"}, {"vals": {"offer_id": 1}}, {"key": "x"}):
            with self.assertRaises(AccessError):
                batch.line_ids[0].write(vals)
        made = (
            self.env["partner.incentive.import"]
            .with_user(self.users["finance"])
            .create({"kind": "volume", "state": "booked"})
        )
        self.assertEqual(made.state, "draft")
        batch.action_book()
        for call in (
            lambda: batch.write({"kind": "balance"}),
            lambda: batch.line_ids.write({"offer_text": "Other"}),
            lambda: batch.line_ids.unlink(),
            lambda: batch.unlink(),
            lambda: batch.action_book(),
        ):
            with self.assertRaises(UserError):
                call()
        volume = self.env["partner.incentive.prior.volume"].search([], limit=1)
        with self.assertRaises(UserError):
            volume.qualifying = 1
        with self.assertRaises(UserError):
            volume.with_context(incentive_posting=True).unlink()

    def test_the_cutover_stays_once_something_is_booked(self):
        self.company.incentive_cutover_date = date(2026, 7, 2)
        self.company.incentive_cutover_date = CUTOVER
        self._ladder()
        self._book("volume", *VOLUME)
        self.company.incentive_cutover_date = CUTOVER
        with self.assertRaises(UserError):
            self.company.incentive_cutover_date = date(2026, 8, 1)

    def test_other_companies(self):
        other = self.setup_other_company()["company"]
        batch = self._import("volume", *VOLUME, company_id=other.id)
        self.assertFalse(
            self.env["partner.incentive.import"]
            .with_user(self.users["finance"])
            .search([("id", "=", batch.id)])
        )
        self._ladder()
        batch.action_check()
        self.assertEqual(set(batch.line_ids.mapped("state")), {"error"})

    def test_over_rpc(self):
        self._ladder()
        Import = self.env["partner.incentive.import"].with_user(self.users["finance"])
        content = base64.b64encode("\n".join(VOLUME).encode()).decode()
        report = Import.load_file("volume", content, "volume.csv")
        self.assertEqual((report["good"], report["bad"]), (2, 0))
        batch = Import.browse(report["id"])
        batch.action_book()
        self.assertEqual(batch.get_report()["state"], "booked")
        content = base64.b64encode("\n".join(BALANCE).encode()).decode()
        report = Import.load_file(
            "balance", content, date="2026-06-30", account="219900"
        )
        self.assertEqual(report["bad"], 0, report)
        with self.assertRaises(UserError):
            Import.load_file("secrets", content)

    def test_query_count_does_not_grow_with_volume(self):
        offer = self._ladder()
        rows = [
            f"Ladder,R1,2026-0{1 + n % 6}-15,{100 + n},line {n}" for n in range(200)
        ]
        self._book("volume", VOLUME[0], *rows)
        total = sum(100 + n for n in range(200))
        calculation = self.env["partner.incentive.calculation"]
        calculation._calculate(offer, date(2026, 7, 31))
        with self.assertQueryCount(25):
            [outcome] = calculation._calculate(offer, date(2026, 7, 31))
        self.assertEqual(outcome.position.qualifying, Decimal(total))
