"""What a scenario expects, compared with what the suite says and the books hold."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from scenario_format import FIGURES, action_of
from scenario_world import NotBuilt, to_decimal

from odoo.tools import SQL

from odoo.addons.partner_incentive_base.engine.calculation import Part, gap_to_next

DOCUMENT_TYPES = {
    "out_refund": "credit_note",
    "in_invoice": "vendor_bill",
    "out_invoice": "debit_note",
}


@dataclass
class Check:
    """One line of the result."""

    label: str
    expected: str
    got: str
    ok: bool

    def __str__(self):
        mark = "ok  " if self.ok else "FAIL"
        return f"  {mark} {self.label}: expected {self.expected}, got {self.got}"


class Checker:
    """Compares the state after an event with what a scenario expects of it."""

    def __init__(self, world):
        self.world = world
        self.checks = []

    def check(self, expectation, played):
        """Compare everything that is expected after an event that has just happened."""
        for figure in FIGURES:
            if expectation[figure] is not None:
                values = getattr(self, f"_get_{figure}")(played)
                self._check_figures(played, figure, expectation[figure], values)
        if expectation["gap"] is not None:
            self._check_gaps(played, expectation["gap"])
        if expectation["gl"] is not None:
            self._check_balances(played, expectation["gl"])
        if expectation["journal_items"] is not None:
            self._check_items(played, expectation["journal_items"])
        if expectation["posted_on"] is not None:
            self._check_posting_date(played, expectation["posted_on"])
        if expectation["documents"] is not None:
            self._check_documents(played, expectation["documents"])

    def _add(self, played, what, expected, got, ok):
        label = f"{played.label} {what}"
        self.checks.append(Check(label, _show(expected), _show(got), ok))

    def _add_amount(self, played, what, expected, got):
        currency = self.world.currency
        ok = not currency.compare_amounts(float(expected), float(got))
        self._add(played, what, expected, got, ok)

    # -------------------------------------------------------- figures by partner

    def _check_figures(self, played, figure, expected, values):
        """``{partner: amount}`` over all offers, or ``{offer: {partner: amount}}``."""
        for name, amount in expected.items():
            if isinstance(amount, dict):
                for partner, each in amount.items():
                    got = values[self._key(name, partner)]
                    self._add_amount(played, f"{figure} {name}/{partner}", each, got)
                continue
            partner_id = self.world.partners[name].id
            got = sum(
                (
                    value
                    for (_offer, each), value in values.items()
                    if each == partner_id
                ),
                Decimal(0),
            )
            self._add_amount(played, f"{figure} {name}", amount, got)

    def _key(self, offer, partner):
        return self.world.offers[offer].id, self.world.partners[partner].id

    def _get_entitled(self, played):
        values = defaultdict(Decimal)
        for outcome in self.world.calculate(played.event["date"]):
            for partner_id, parts in outcome.shares.items():
                values[outcome.offer.id, partner_id] += sum(parts.values(), Decimal(0))
        return values

    def _sum_entries(self, name, **conditions):
        values = defaultdict(Decimal)
        for entry in self.world.entries():
            if all(entry[key] == value for key, value in conditions.items()):
                amount = to_decimal(entry[name])
                values[entry.offer_id.id, entry.partner_id.id] += amount
        return values

    def _get_accrued(self, _played):
        """What the provision holds: the accrued account, without what is held back."""
        return self._sum_entries("amount", role="accrued")

    def _get_settled(self, _played):
        return self._sum_entries("settled")

    def _get_held(self, _played):
        return self._sum_entries("held")

    def _get_carried(self, played):
        entitled = self._get_entitled(played)
        held, settled = self._get_held(played), self._get_settled(played)
        values = defaultdict(Decimal)
        for key in {*entitled, *held, *settled}:
            values[key] = min(entitled[key] - held[key] - settled[key], Decimal(0))
        return values

    def _get_payout(self, played):
        """What the settlement paid; what a debit note claims back is no payout."""
        values = defaultdict(Decimal)
        if action_of(played.event)[0] != "settle":
            return values
        for entry in self.world.entries():
            if entry.settlement_id == played.record:
                if entry.move_id.incentive_document != "debit_note":
                    key = (entry.offer_id.id, entry.partner_id.id)
                    values[key] += to_decimal(entry.settled)
        return values

    # ---------------------------------------------------------------------- gaps

    def _check_gaps(self, played, expected):
        for name, value in expected.items():
            if name in self.world.offers and (value is None or "missing" not in value):
                for partner, each in value.items():
                    offers = [self.world.offers[name]]
                    self._check_gap(played, offers, partner, each, f"{name}/{partner}")
            else:
                offers = list(self.world.offers.values())
                self._check_gap(played, offers, name, value, name)

    def _check_gap(self, played, offers, partner, expected, label):
        found = [
            self._get_gap(offer, partner, played.event["date"]) for offer in offers
        ]
        found = [gap for gap in found if gap is not None]
        if len(found) > 1:
            raise ValueError(f"gap of {partner} under several offers; name the offer")
        if expected is None or not found:
            self._add(played, f"gap {label}", expected, found, not (expected or found))
            return
        for key, got in zip(("missing", "would_earn"), found[0], strict=True):
            self._add_amount(played, f"gap {label} {key}", expected[key], got)

    def _get_gap(self, offer, partner, date):
        """Gap in the window of that day, or None on the top bracket or outside."""
        partner_id = self.world.partners[partner].id
        windows = [window for window in offer._get_windows(date) if date in window]
        if not windows:
            return None
        for outcome in self.world.calculate(date):
            if (
                outcome.offer == offer
                and outcome.window == windows[-1]
                and partner_id in outcome.partner_ids()
            ):
                return gap_to_next(outcome.position, outcome.result.reduction)
        # Nothing yet: all of the way to the first bound is missing.
        scale = next(iter(offer.version_id._get_scales().values()))
        zero = Decimal(0)
        bound = scale.next_bound(zero)
        if bound is None:
            return None
        part = Part(None, scale, bound, bound, bound)
        return bound, part.earned

    # --------------------------------------------------------------------- books

    def _get_accounts(self):
        try:
            return self.world.company._get_incentive_accounts()
        except AttributeError as error:
            raise NotBuilt("accounts by role") from error

    def _check_balances(self, played, expected):
        """Balances over all partners, debit positive."""
        accounts = self._get_accounts()
        for role, amount in expected.items():
            rows = self.world.env["account.move.line"]._read_group(
                [
                    ("company_id", "=", self.world.company.id),
                    ("account_id", "=", accounts[role].id),
                    ("parent_state", "=", "posted"),
                ],
                [],
                ["balance:sum"],
            )
            got = to_decimal(rows[0][0] or 0)
            self._add_amount(played, f"gl {role}", amount, got)

    def _check_items(self, played, expected):
        """The items that the event posted, by role, in any order."""
        accounts = self._get_accounts()
        rounded = self.world.currency.round
        for role, amounts in expected.items():
            lines = played.moves.line_ids.filtered(
                lambda line, a=accounts[role]: line.account_id == a
            )
            got = sorted(rounded(line.balance) for line in lines)
            wanted = sorted(rounded(float(amount)) for amount in amounts)
            what = f"journal_items {role}"
            self._add(played, what, wanted, got, got == wanted)

    def _suite_moves(self, played):
        return played.moves.filtered("incentive_document")

    def _check_posting_date(self, played, expected):
        moves = self._suite_moves(played) or played.moves
        got = sorted(set(moves.mapped("date")))
        shown = got[0] if len(got) == 1 else got
        self._add(played, "posted_on", expected, shown, got == [expected])

    def _check_documents(self, played, expected):
        """All documents of the event: as many, and each like one that is expected."""
        rest = [move for move in self._suite_moves(played) if move.move_type != "entry"]
        for document in expected:
            match = next((m for m in rest if self._is_like(m, document)), None)
            if match:
                rest.remove(match)
                self._add(played, "document", document, self._describe(match), True)
            else:
                got = [self._describe(move) for move in rest]
                self._add(played, "document", document, got, False)
        if rest or not expected:
            got = [self._describe(move) for move in rest]
            self._add(played, "further documents", [], got, not rest)

    def _describe(self, move):
        return {
            "type": DOCUMENT_TYPES.get(move.move_type, move.move_type),
            "partner": self.world.name_of(move.partner_id),
            "untaxed": to_decimal(abs(move.amount_untaxed_signed)),
            "tax": to_decimal(abs(move.amount_tax_signed)),
            "total": to_decimal(abs(move.amount_total_signed)),
        }

    def _is_like(self, move, expected):
        got = self._describe(move)
        return (got["type"], got["partner"]) == (
            expected["type"],
            expected["partner"],
        ) and not any(
            expected[key] is not None
            and self.world.currency.compare_amounts(
                float(expected[key]), float(got[key])
            )
            for key in ("untaxed", "tax", "total")
        )

    # ---------------------------------------------------- what holds for everything

    def check_ledger(self, played, last):
        """Rule 1: the ledger and the general ledger agree, position by position.

        It holds after every event; only the last one, and one that breaks it, is told.
        """
        found = ledger_differences(self.world.env, self.world.company)
        if found or last:
            what, none = "ledger = general ledger", "no difference"
            self._add(played, what, none, found or none, not found)

    def check_rerun(self, played):
        """Rule 3: doing it again books and pays nothing."""
        world = self.world
        savepoint = world.env.cr.savepoint()
        try:
            entries = len(world.entries())
            again = world.play(f"{played.label} again", {**played.event, "id": None})
            booked = len(world.entries()) - entries, len(again.moves)
        finally:
            savepoint.close(rollback=True)
            world.env.invalidate_all()
        self._add(
            played,
            "again",
            "nothing",
            "nothing"
            if booked == (0, 0)
            else f"{booked[0]} ledger entries, {booked[1]} journal entries",
            booked == (0, 0),
        )


def ledger_differences(env, company):
    """Positions where ledger and general ledger differ, as texts.

    :return: list, empty when every offer and partner agrees
    """
    accounts = company._get_incentive_accounts()
    env.flush_all()
    rows = env.execute_query(
        SQL(
            """
            WITH ledger AS (
                SELECT offer_id, partner_id, SUM(balance) AS balance
                  FROM partner_incentive_entry
                 WHERE company_id = %(company)s
                 GROUP BY offer_id, partner_id
            ),
            book AS (
                SELECT line.incentive_offer_id AS offer_id,
                       COALESCE(line.incentive_earner_id, partner.commercial_partner_id)
                           AS partner_id,
                       -SUM(line.balance) AS balance
                  FROM account_move_line AS line
                  JOIN account_move AS move ON move.id = line.move_id
             LEFT JOIN res_partner AS partner ON partner.id = line.partner_id
                 WHERE line.company_id = %(company)s
                   AND line.account_id IN %(accounts)s
                   AND line.parent_state = 'posted'
                 GROUP BY 1, 2
            )
            SELECT offer_id, partner_id, COALESCE(ledger.balance, 0),
                   COALESCE(book.balance, 0)
              FROM ledger FULL JOIN book USING (offer_id, partner_id)
             WHERE ROUND(COALESCE(ledger.balance, 0)::numeric, 6)
                   <> ROUND(COALESCE(book.balance, 0)::numeric, 6)
            """,
            company=company.id,
            accounts=tuple((accounts["accrued"] | accounts["holdback"]).ids),
        )
    )
    return [
        f"offer {env['partner.incentive.offer'].browse(offer_id).name}, "
        f"partner {env['res.partner'].browse(partner_id).name}: "
        f"ledger {ledger}, books {book}"
        for offer_id, partner_id, ledger, book in rows
    ]


def _show(value):
    """A value as it would be written in a scenario."""
    if isinstance(value, dict):
        inner = ", ".join(
            f"{key}: {_show(each)}" for key, each in value.items() if each is not None
        )
        return f"{{{inner}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_show(each) for each in value)}]"
    if isinstance(value, (Decimal, float)):
        shown = f"{Decimal(str(value)):.6f}".rstrip("0").rstrip(".")
        return "0" if shown in ("-0", "") else shown
    return str(value)
