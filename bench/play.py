"""Two years of real reseller sales under ten offers, month by month, to the cent.

``scripts/bench play DIRECTORY`` takes the CSV files of AdventureWorks. As the months go
by, invoices are posted, some are paid (a part of some, and some payments bounce), goods
come back late, an audit fails. Changes are booked in the middle and at the end of each
month; each quarter is settled, checked, and locked:

* per account, offer and partner, the ledger is what the accounts hold;
* the roll-forward closes, goes on where the last one ended, and ties to the trial
  balance;
* a full recompute of everything finds nothing that the runs of changes left out.

At the end another full recompute must leave every balance as it is, a second settlement
must find nothing to pay, the quarters must still say what they said when they were
locked, and what nine of the offers come to is counted again, document by document, in
plain Python. Ends with status 1 on any difference.
"""

import argparse
from collections import defaultdict
from contextlib import redirect_stdout
from copy import copy
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import StringIO

from _play_terms import OFFERS, TARGET, Books
from _sales import FastLoader
from _suite.console import Failure
from _suite.demo_run import as_user, settle
from _suite.demo_sales import QUIET, YEARS
from _suite.demo_sales_files import SalesFiles, cents
from _suite.demo_sales_play import (
    get_booked,
    get_categories,
    get_offer_vals,
    set_up_people,
    set_up_program,
)
from freezegun import api as freezer
from freezegun import freeze_time

from odoo import Command
from odoo.tools import SQL

from odoo.addons.partner_incentive_base.report.partner_incentive_rollforward import (
    MOVEMENTS,
)

ZERO = Decimal(0)
MONTHS = [(year, month) for year in YEARS for month in range(1, 13)]
#: One invoice in so many comes back in part, months later.
RETURN_EVERY = 23
RETURNED_AFTER = timedelta(days=100)


def main(env, arguments):
    options = _parse(arguments)
    files = SalesFiles(options.directory, YEARS)
    if options.partners:
        _limit(files, options.partners)
    play = Play(env(context={**env.context, **QUIET}), files)
    play.loader.load_master_data()
    with freeze_time(datetime(YEARS[0], 1, 1, 12)) as play.clock:
        play.set_up()
        for year, month in MONTHS:
            play.play_month(year, month)
        play.check_the_end()
    if play.problems:
        print("\n" + "\n".join(f"WRONG: {each}" for each in play.problems))
        return 1
    print("\nAll agree to the cent.")
    return 0


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="scripts/bench play", description=__doc__)
    parser.add_argument("directory", help="where the CSV files are")
    parser.add_argument(
        "--partners", type=int, help="only so many resellers, those that buy most"
    )
    return parser.parse_args(arguments)


def _rank(files):
    """Codes of the resellers with sales, those that buy most first."""
    bought = defaultdict(Decimal)
    for invoice in files.invoices:
        bought[invoice.reseller.code] += sum(line.amount for line in invoice.lines)
    return sorted(bought, key=bought.get, reverse=True)


def _limit(files, number):
    kept = set(_rank(files)[:number])
    files.invoices = [each for each in files.invoices if each.reseller.code in kept]
    files.resellers = {
        key: each for key, each in files.resellers.items() if each.code in kept
    }


def _month_end(year, month):
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


class Play:
    """The two years; what is found to be wrong is kept in ``problems``."""

    def __init__(self, env, files):
        self.files = files
        self.loader = FastLoader(env, files)
        self.clock = None
        self.problems = []
        self.books = Books(files.rates)
        self.groups = self._group(_rank(files))
        self.payments = self._plan_payments()
        self.bounces = []
        self.returns = self._plan_returns()
        self.closings = {}
        self.times = defaultdict(float)

    @property
    def env(self):
        return self.loader.env

    @property
    def company(self):
        return self.loader.company

    def _group(self, ranked):
        """Who the offers with a group are for: ``{name: codes}``."""
        dollars = {
            invoice.reseller.code
            for invoice in self.files.invoices
            if invoice.currency == "USD"
        } - {
            invoice.reseller.code
            for invoice in self.files.invoices
            if invoice.currency != "USD"
        }
        return {
            "payers": [code for code in ranked if code in dollars][:12],
            "large": ranked[:10],
            "pool": ranked[10:15],
            "small": ranked[-6:],
        }

    # ----------------------------------------------------------------- what will be

    def _plan_payments(self):
        """``[(day, invoice number, share, bounces)]``, by what the invoice's place is.

        One in four is paid in two parts, one in four never, one in nine bounces.
        """
        planned = []
        payers = set(self.groups["payers"])
        mine = [each for each in self.files.invoices if each.reseller.code in payers]
        for place, invoice in enumerate(mine):
            day = invoice.due_date
            # A payment of a locked quarter cannot be taken back.
            bounces = place % 9 == 5 and day.month % 3 != 0
            if place % 4 == 0:
                later = day + timedelta(days=45)
                planned.append((day, invoice, Decimal("0.6"), False))
                planned.append((later, invoice, None, False))
            elif place % 4 != 1:
                planned.append((day, invoice, None, bounces))
        return sorted(planned, key=lambda each: (each[0], each[1].number))

    def _plan_returns(self):
        """``[(day it is posted, credit note, number of its invoice)]``.

        Every second one is dated back into a quarter that is settled and locked.
        """
        returns = []
        for place, invoice in enumerate(self.files.invoices[::RETURN_EVERY]):
            posted = invoice.date + RETURNED_AFTER
            back = copy(invoice)
            back.number = f"R{invoice.number}"
            back.date = posted if place % 2 else invoice.date + timedelta(days=2)
            back.due_date = back.date
            rates = self.files.rates.get(invoice.currency, {})
            if posted.year > YEARS[-1] or (
                invoice.currency != "USD" and back.date not in rates
            ):
                continue
            back.lines = [copy(line) for line in invoice.lines[:1]]
            for line in back.lines:
                line.quantity, line.amount = -line.quantity, -line.amount
            returns.append((posted, back, invoice.number))
        return returns

    # -------------------------------------------------------------------- set up

    def set_up(self):
        self._set_up_bank()
        self.people = set_up_people(self.env, self.company, self.files)
        self.partners = {
            partner.ref: partner
            for partner in self.env["res.partner"].search(
                [("company_id", "=", self.company.id), ("ref", "!=", False)]
            )
        }
        self.codes = {partner.id: code for code, partner in self.partners.items()}
        program = set_up_program(self.env, self.company, self.people)
        self.offers = self.env["partner.incentive.offer"]
        for offer in OFFERS:
            self.offers |= self._set_up_offer(program, offer)
        self.env.cr.commit()
        print(
            f"\n{len(self.partners)} resellers, {len(self.files.invoices)} invoices,"
            f" {len(self.payments)} payments, {len(self.returns)} late credit notes,"
            f" {len(self.offers)} offers\n\n"
            f"{'quarter':10}{'invoices':>9}{'lines':>8}{'entries':>8}{'settled':>13}"
            f"{'accrued':>13}{'held back':>11}{'trial balance':>15}{'runs':>8}"
            f"{'full':>8}",
            flush=True,
        )

    def _set_up_bank(self):
        """A payment is in the books only where it has an account to wait on."""
        account = self.env["account.account"].create(
            {
                "name": "Outstanding payments",
                "code": "101499",
                "account_type": "asset_current",
                "reconcile": True,
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        bank = self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "bank")], limit=1
        )
        bank.inbound_payment_method_line_ids.payment_account_id = account

    def _set_up_offer(self, program, offer):
        vals = get_offer_vals(self.env, program, offer.terms)
        extra = dict(offer.vals)
        reference = extra.pop("reference", ())
        if reference:
            categories = get_categories(self.env, reference)
            vals["product_rule_ids"] += [
                Command.create(
                    {
                        "basis": "reference",
                        "category_ids": [Command.set(categories.ids)],
                    }
                )
            ]
        if offer.group:
            vals["segment_ids"] = []
            members = [self.partners[code].id for code in self.groups[offer.group]]
            vals["partner_ids"] = [Command.set(members)]
        channel, manager = self.people["channel"], self.people["manager"]
        record = self.env["partner.incentive.offer"]
        record = as_user(record, channel, self.company).create({**vals, **extra})
        if extra.get("bracket_reference") == "target":
            self.env["partner.incentive.target"].create(
                [
                    {
                        "offer_id": record.id,
                        "partner_id": self.partners[code].id,
                        "volume": float(TARGET),
                    }
                    for code in self.groups[offer.group]
                ]
            )
        record.action_submit()
        as_user(record, manager, self.company).action_publish()
        return self.env[record._name].browse(record.id)

    # --------------------------------------------------------------- month by month

    def play_month(self, year, month):
        end = _month_end(year, month)
        middle = date(year, month, 15)
        self._live(date(year, month, 1), middle)
        self._book(middle)
        self._live(middle + timedelta(days=1), end)
        if (year, month) == (YEARS[-1], 3):
            self._fail_audit()
        self._book(end)
        if month % 3 == 0:
            self._close_quarter(date(year, month - 2, 1), end)

    def _today(self, day):
        self.clock.move_to(datetime.combine(day, time(12)))

    def _live(self, first, last):
        """All that happens from one day to another but what is booked for it."""
        self._today(last)
        start = freezer.real_perf_counter()
        invoices = [e for e in self.files.invoices if first <= e.date <= last]
        self._post(invoices)
        self.books.invoices += invoices
        for posted, back, number in self.returns:
            if first <= posted <= last:
                self._give_back(back, number)
                self.books.invoices.append(back)
        for payment in self.bounces:
            payment.action_draft()
            payment.action_cancel()
        self.bounces = []
        for day, invoice, share, bounces in self.payments:
            if first <= day <= last:
                self._pay(day, invoice, share, bounces)
        self.env.cr.commit()
        self.env.invalidate_all()
        self.times["living"] += freezer.real_perf_counter() - start

    def _post(self, invoices):
        """The loader's progress is of no interest, month by month."""
        with redirect_stdout(StringIO()):
            self.loader.load_invoices(invoices)

    def _find(self, number):
        return self.env["account.move"].search(
            [("company_id", "=", self.company.id), ("ref", "=", number)], limit=1
        )

    def _give_back(self, back, number):
        """A credit note over the goods, which Odoo dates after the lock."""
        vals = self.loader.get_invoice_vals(back, self.loader.get_invoice_lookup())
        for _create, _zero, line in vals["invoice_line_ids"]:
            line["quantity"] = -line["quantity"]
        note = self.env["account.move"].create(
            {
                **vals,
                "move_type": "out_refund",
                "reversed_entry_id": self._find(number).id,
            }
        )
        note._post(soft=False)
        if note.invoice_date != back.date:
            raise Failure(f"{note.name} was to be dated {back.date}.")

    def _pay(self, day, invoice, share, bounces):
        """Pay a share of an invoice, or all of the rest."""
        move = self._find(invoice.number)
        rest = cents(Decimal(str(move.amount_residual)))
        total = cents(Decimal(str(move.amount_total)))
        amount = rest if share is None else min(rest, cents(total * share))
        if amount <= ZERO:
            return
        payment = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"payment_date": day, "amount": float(amount)})
            ._create_payments()
        )
        if bounces:
            self.bounces.append(payment)
        else:
            self.books.payments.append((invoice.reseller.code, day, amount))

    def _fail_audit(self):
        """An invoice of a quarter that is paid does not count under the first offer."""
        code = self.groups["payers"][0]
        invoice = next(e for e in self.books.invoices if e.reseller.code == code)
        clawback = as_user(
            self.env["partner.incentive.clawback"], self.people["channel"], self.company
        ).create(
            {
                "offer_id": self.offers[0].id,
                "partner_id": self.partners[code].id,
                "reason": "audit",
                "description": "No proof that the goods were sold on.",
                "move_id": self._find(invoice.number).id,
            }
        )
        clawback.action_submit()
        as_user(clawback, self.people["finance"], self.company).action_confirm()
        self.books.audited.add(invoice.number)
        self.env.cr.commit()

    def _book(self, day):
        """What the nightly job does, for offers that it can do together.

        Those that more than documents can move, time for instance, are always looked at
        in full; they must not keep the others from being looked at by their changes.
        """
        Run = self.env["partner.incentive.run"]
        start = freezer.real_perf_counter()
        watched = self.offers.filtered(Run._can_look_at_changes)
        for batch in (watched, self.offers - watched):
            Run._accrue_changed(batch, day)
            self.env.cr.commit()
        self.times["runs"] += freezer.real_perf_counter() - start

    # ---------------------------------------------------------------- each quarter

    def _close_quarter(self, first, last):
        batch = settle(
            self.env,
            self.company,
            self.offers,
            self.people["finance"],
            self.people["treasury"],
            last,
        )
        self._book(last)
        start = freezer.real_perf_counter()
        entry_count = self._recompute(last)
        self.times["full"] += freezer.real_perf_counter() - start
        if entry_count:
            self._report(last, f"a full run books {entry_count} entries more")
        self._compare_ledger(last)
        closing = self._check_rollforward(first, last)
        self.closings[last] = closing
        trial = self._read_trial_balance(last)
        self._print_quarter(first, last, batch, closing, trial)
        # Nobody books into this quarter any more, so that it stays as it was reported.
        self.company.fiscalyear_lock_date = last
        self.env.cr.commit()
        self.env.invalidate_all()

    def _report(self, day, what):
        self.problems.append(f"{day}: {what}")
        print(f"   {day}: {what}", flush=True)

    def _recompute(self, day):
        """How many entries a full run books; it is taken back."""
        self.env.flush_all()
        savepoint = self.env.cr.savepoint()
        try:
            run = self.env["partner.incentive.run"]._accrue(self.offers, day)
            for entry in run.entry_ids[:5]:
                print(
                    f"   {entry.offer_id.name} {entry.partner_id.ref} {entry.kind}"
                    f" {entry.amount:.2f} for {entry.window_from}"
                )
            return len(run.entry_ids)
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def _compare_ledger(self, day):
        """Ledger against the accounts, per account, offer and partner.

        Read from the accounts, not by the suite's marks, so that an item that lost its
        mark would show.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT role, offer_id, partner_id, SUM(balance)
                  FROM (SELECT role, offer_id, partner_id, balance
                          FROM partner_incentive_entry WHERE company_id = %(company)s
                         UNION ALL
                        SELECT CASE WHEN line.account_id = %(accrued)s
                                    THEN 'accrued' ELSE 'holdback' END,
                               line.incentive_offer_id,
                               COALESCE(line.incentive_earner_id, line.partner_id),
                               line.balance
                          FROM account_move_line AS line
                         WHERE line.company_id = %(company)s
                           AND line.parent_state = 'posted'
                           AND line.account_id IN %(accounts)s) AS side
                 GROUP BY role, offer_id, partner_id
                HAVING SUM(balance) != 0
                """,
                company=self.company.id,
                accrued=self.company.incentive_accrued_account_id.id,
                accounts=self._get_accounts(),
            )
        )
        if rows:
            self._report(day, f"ledger and accounts differ in {len(rows)} places")
        differences = self.env["partner.incentive.reconciliation"]._get_differences(
            self.company
        )
        if differences:
            self._report(
                day, f"the reconciliation shows {len(differences)} differences"
            )

    def _get_accounts(self):
        return (
            self.company.incentive_accrued_account_id.id or 0,
            self.company.incentive_holdback_account_id.id or 0,
        )

    def _read_trial_balance(self, day):
        """What is owed by the accounts, with all that is dated by then."""
        [(balance,)] = self.env.execute_query(
            SQL(
                """SELECT COALESCE(-SUM(balance), 0)::text FROM account_move_line
                    WHERE company_id = %s AND parent_state = 'posted'
                      AND account_id IN %s AND date <= %s""",
                self.company.id,
                self._get_accounts(),
                day,
            )
        )
        return cents(Decimal(balance))

    def _check_rollforward(self, first, last):
        """Closing balances ``{(offer id, partner id, role): Decimal}``."""
        rows = self._read_rollforward(first, last)
        before = self.closings.get(first - timedelta(days=1), {})
        closing = defaultdict(Decimal)
        unclosed = untied = broken = 0
        for row in rows:
            key = (row.offer_id.id, row.partner_id.id, row.role)
            moved = sum((_money(row[name]) for name in MOVEMENTS), ZERO)
            closing[key] += _money(row.closing)
            unclosed += _money(row.opening) + moved != _money(row.closing)
            untied += bool(_money(row.difference))
            broken += _money(row.opening) != before.get(key, ZERO)
        if unclosed:
            self._report(last, f"the roll-forward does not close in {unclosed} rows")
        if untied:
            self._report(last, f"the roll-forward differs from items in {untied} rows")
        if broken:
            self._report(last, f"{broken} rows do not open with what was closed before")
        total = sum(closing.values(), ZERO)
        trial = self._read_trial_balance(last)
        if total != trial:
            self._report(last, f"closing {total}, but the trial balance has {trial}")
        return closing

    def _read_rollforward(self, first, last):
        self.env.flush_all()
        report = self.env["partner.incentive.rollforward"].with_context(
            incentive_from=first, incentive_to=last, incentive_period="whole"
        )
        return report.search([("company_id", "=", self.company.id)])

    def _print_quarter(self, first, last, batch, closing, trial):
        by_role = defaultdict(Decimal)
        for (_offer, _partner, role), amount in closing.items():
            by_role[role] += amount
        invoices = [e for e in self.files.invoices if first <= e.date <= last]
        entries = self.env["partner.incentive.entry"].search_count(
            [("company_id", "=", self.company.id), ("date", "<=", last)]
        )
        print(
            f"{last!s:10}{len(invoices):>9}{sum(len(e.lines) for e in invoices):>8}"
            f"{entries:>8}{batch.amount:>13,.2f}{by_role['accrued']:>13,.2f}"
            f"{by_role['holdback']:>11,.2f}{trial:>15,.2f}"
            f"{self.times.pop('runs', 0):>6.1f} s{self.times.pop('full', 0):>6.1f} s",
            flush=True,
        )

    # ------------------------------------------------------------------- at the end

    def check_the_end(self):
        last = _month_end(*MONTHS[-1])
        before = self._read_balances()
        start = freezer.real_perf_counter()
        run = self.env["partner.incentive.run"]._accrue(self.offers, last)
        self.env.flush_all()
        seconds = freezer.real_perf_counter() - start
        if run.entry_ids or self._read_balances() != before:
            self._report(last, "a full recompute changed balances")
        print(
            f"\nfull recompute of all: {len(run.entry_ids)} entries in {seconds:.1f} s,"
            f" {len(before)} balances as before"
        )
        finance, treasury = self.people["finance"], self.people["treasury"]
        again = settle(self.env, self.company, self.offers, finance, treasury, last)
        if again:
            self._report(last, f"a second settlement pays {again.amount}")
        self.loader.compare_totals()
        self._check_history()
        self._compare_offers(last)

    def _read_balances(self):
        return {
            tuple(key): balance
            for *key, balance in self.env.execute_query(
                SQL(
                    """SELECT offer_id, partner_id, role, window_from,
                              SUM(balance)::text
                         FROM partner_incentive_entry WHERE company_id = %s
                        GROUP BY offer_id, partner_id, role, window_from
                       HAVING SUM(balance) != 0""",
                    self.company.id,
                )
            )
        }

    def _check_history(self):
        """What was reported for a locked quarter is what is reported now."""
        for last, closing in self.closings.items():
            rows = self._read_rollforward(date(YEARS[0], 1, 1), last)
            now = {
                (row.offer_id.id, row.partner_id.id, row.role): _money(row.closing)
                for row in rows
            }
            if any(
                now.get(key, ZERO) != closing.get(key, ZERO) for key in {*now, *closing}
            ):
                self._report(last, "a locked quarter closes otherwise than it did")

    def _compare_offers(self, last):
        """Calculation and ledger per offer, partner and window, and plain Python."""
        entitled = self._read_entitled(last)
        booked = get_booked(self.env, self.offers)
        print(
            f"\n{'offer':34}{'windows':>8}{'entitled':>14}{'accrued':>14}"
            f"{'settled':>14}   plain Python"
        )
        for offer, told in zip(self.offers, OFFERS, strict=True):
            ledger = _without_zeros(
                {
                    (self.codes[partner_id], start): earned
                    for (partner_id, start), earned in booked[offer.id][
                        "earned"
                    ].items()
                }
            )
            due = _without_zeros(entitled[offer.id])
            if ledger != due:
                self._show(offer, last, "ledger and calculation", ledger, due)
            verdict = "not counted"
            if told.expected:
                codes = self.groups.get(told.group)
                expected = _without_zeros(told.expected(self.books, told.terms, codes))
                counted = ledger
                if offer.pooled:
                    counted = defaultdict(Decimal)
                    for (_code, start), amount in ledger.items():
                        counted["", start] += amount
                verdict = f"{sum(expected.values(), ZERO):,.2f}"
                if dict(counted) != expected:
                    self._show(offer, last, "ledger and files", counted, expected)
                    verdict += " DIFFERS"
            print(
                f"{offer.name:34}{len(due):>8}{sum(due.values(), ZERO):>14,.2f}"
                f"{sum(ledger.values(), ZERO):>14,.2f}"
                f"{booked[offer.id]['settled']:>14,.2f}   {verdict}"
            )

    def _read_entitled(self, last):
        entitled = defaultdict(lambda: defaultdict(Decimal))
        for outcome in (
            self.env["partner.incentive.calculation"]
            .with_company(self.company)
            ._calculate(self.offers, last)
        ):
            for partner_id, parts in outcome.shares.items():
                key = (self.codes[partner_id], outcome.window.start)
                entitled[outcome.offer.id][key] += sum(parts.values(), ZERO)
        return entitled

    def _show(self, offer, day, what, one, other):
        keys = [
            key for key in {*one, *other} if one.get(key, ZERO) != other.get(key, ZERO)
        ]
        self._report(day, f"{offer.name}: {what} differ in {len(keys)} windows")
        for key in sorted(keys)[:5]:
            print(f"      {key[0]} {key[1]}: {one.get(key, 0)} / {other.get(key, 0)}")


def _money(amount):
    return cents(Decimal(str(amount)))


def _without_zeros(amounts):
    return {key: amount for key, amount in amounts.items() if amount}
