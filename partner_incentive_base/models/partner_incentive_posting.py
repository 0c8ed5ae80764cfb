from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ..engine.allocation import largest_remainder
from .partner_incentive_entry import EARNING_KINDS, SETTLING_KINDS

ZERO = Decimal(0)


@dataclass
class Movement:
    """One movement of money owed, before it is booked.

    :param offer: record
    :param version: record, may be empty
    :param partner_id: to whom it is owed
    :param kind: one of ``partner_incentive_entry.KINDS``
    :param amount: Decimal in the offer's currency; owed more when positive. For
        ``holdback`` what moves from accrued to held back.
    :param window: ``(from, to)`` or None
    """

    offer: object
    version: object
    partner_id: int
    kind: str
    amount: Decimal
    window: tuple | None = None
    analytic_key: str | None = None
    analytic_distribution: dict | None = None
    qualifying: Decimal = ZERO
    earning: Decimal = ZERO
    target: Decimal = ZERO
    reason: str | None = None
    reversal_of_id: int | None = None


@dataclass(frozen=True)
class ItemKey:
    """What journal items are aggregated by; the offer is never lost."""

    account_id: int
    role: str
    offer_id: int
    partner_id: int
    analytic_key: str | None = None


class PartnerIncentivePosting(models.AbstractModel):
    """The one place that writes the ledger and makes journal entries and documents.

    Rights are checked by whoever calls; the journal entries are made with ``sudo``,
    since a finance user of the suite need not be an accountant.
    """

    _name = "partner.incentive.posting"
    _description = "Incentive Posting"

    # ------------------------------------------------------------ journal entries

    @api.model
    def _post_movements(self, company, movements, day, document, **origin):
        """Book movements in one journal entry and append them to the ledger.

        :param company: record; all offers belong to it
        :param movements: list of :class:`Movement`
        :param day: accounting date that is wanted; in a locked period it becomes the
            day after the lock
        :param document: value of ``account.move.incentive_document``
        :param origin: ``run_id``, ``settlement_id`` or ``adjustment_id`` of the entries
        :return: created entries
        """
        Entry = self.env["partner.incentive.entry"]
        movements = [movement for movement in movements if movement.amount]
        if not movements:
            return Entry
        accounts = company._get_incentive_accounts()
        journal = company._get_incentive_journal()
        posting_date = self._get_accounting_date(company, day, journal)
        items, sources = self._aggregate(movements, accounts)
        move_sudo = self._create_move(
            company, journal, posting_date, day, document, items, **origin
        )
        vals_list = self._prepare_entry_vals(
            company, movements, sources, items, move_sudo, posting_date, **origin
        )
        return Entry.sudo()._append(vals_list)

    @api.model
    def _get_accounting_date(self, company, day, journal, has_tax=False):
        """``day``, or the day after the latest lock that it violates."""
        while True:
            violated = company._get_violated_lock_dates(day, has_tax, journal)
            if not violated:
                return day
            latest = max(lock_date for lock_date, _field in violated)
            if latest == date.max:
                raise UserError(
                    self.env._("All periods are locked; nothing can be booked.")
                )
            day = latest + timedelta(days=1)

    def _aggregate(self, movements, accounts):
        """Sum movements by journal item.

        :return: ``(items, sources)``: ``{ItemKey: {"amount", "distribution"}}`` with
            the liability positive, and ``[(movement, role, sign, ItemKey)]``, one per
            ledger entry to write
        """
        items = {}
        sources = []

        def add(key, amount, distribution=None):
            item = items.setdefault(key, {"amount": ZERO, "distribution": distribution})
            item["amount"] += amount

        for movement in movements:
            offer, partner_id = movement.offer, movement.partner_id
            accrued = ItemKey(accounts["accrued"].id, "accrued", offer.id, partner_id)
            if movement.kind == "holdback":
                held = ItemKey(
                    accounts["holdback"].id, "holdback", offer.id, partner_id
                )
                add(accrued, -movement.amount)
                add(held, movement.amount)
                sources.append((movement, "accrued", -1, accrued))
                sources.append((movement, "holdback", 1, held))
                continue
            version = movement.version or offer.version_id
            cost = offer.cost_account_id or accounts[version.cost_kind]
            add(accrued, movement.amount)
            add(
                ItemKey(cost.id, "cost", offer.id, partner_id, movement.analytic_key),
                -movement.amount,
                movement.analytic_distribution,
            )
            sources.append((movement, "accrued", 1, accrued))
        return items, sources

    def _create_move(
        self, company, journal, posting_date, day, document, items, **origin
    ):
        """Make and post the journal entry of aggregated items."""
        self._set_balances(company, posting_date, items)
        offers = self.env["partner.incentive.offer"].browse(
            sorted({key.offer_id for key in items})
        )
        currency_of = {offer.id: offer.currency_id for offer in offers}
        name_of = {offer.id: offer.name for offer in offers}
        lines = [
            Command.create(
                {
                    "name": name_of[key.offer_id],
                    "account_id": key.account_id,
                    "partner_id": key.partner_id,
                    "currency_id": currency_of[key.offer_id].id,
                    "amount_currency": -float(item["amount"]),
                    "balance": -float(item["balance"]),
                    "analytic_distribution": item["distribution"] or False,
                    "incentive_offer_id": key.offer_id,
                    "incentive_role": key.role,
                }
            )
            for key, item in items.items()
            if item["amount"]
        ]
        if not lines:
            return self.env["account.move"].sudo()
        reference = self.env._("Partner incentives to %s", fields.Date.to_string(day))
        if posting_date != day:
            reference = self.env._(
                "%(reference)s (period locked, booked on %(date)s)",
                reference=reference,
                date=fields.Date.to_string(posting_date),
            )
        move_sudo = (
            self.env["account.move"]
            .sudo()
            .with_company(company)
            .with_context(
                tracking_disable=True, incentive_posting=True, clean_context=True
            )
            .create(
                {
                    "move_type": "entry",
                    "journal_id": journal.id,
                    "company_id": company.id,
                    "date": posting_date,
                    "ref": reference,
                    "incentive_document": document,
                    "incentive_settlement_id": origin.get("settlement_id"),
                    "line_ids": lines,
                }
            )
        )
        self._post_checked(move_sudo)
        return move_sudo

    def _post_checked(self, moves_sudo):
        """Post now, and make sure that the date stayed the one that was set."""
        dates = {move: move.date for move in moves_sudo}
        moves_sudo._post(soft=False)
        for move in moves_sudo:
            if move.state != "posted" or move.date != dates[move]:
                raise UserError(
                    self.env._(
                        "%(move)s could not be posted on %(date)s. Check the lock "
                        "dates and the journal.",
                        move=move.display_name,
                        date=dates[move],
                    )
                )

    def _set_balances(self, company, posting_date, items):
        """Company currency of every item; the items of one offer and partner balance.

        Liability items are converted, cost takes the opposite of their sum, divided by
        amount, so that nothing is left over.
        """
        groups = defaultdict(list)
        for key, item in items.items():
            groups[key.offer_id, key.partner_id].append((key, item))
        unit = Decimal(str(company.currency_id.rounding))
        for (offer_id, _partner), group in groups.items():
            currency = self.env["partner.incentive.offer"].browse(offer_id).currency_id
            if currency == company.currency_id:
                for _key, item in group:
                    item["balance"] = item["amount"]
                continue
            total = ZERO
            for key, item in group:
                if key.role != "cost":
                    item["balance"] = Decimal(
                        str(
                            currency._convert(
                                float(item["amount"]),
                                company.currency_id,
                                company,
                                posting_date,
                            )
                        )
                    )
                    total += item["balance"]
            costs = [item for key, item in group if key.role == "cost"]
            if not costs:
                # A transfer between the two liability accounts.
                group[-1][1]["balance"] -= total
                continue
            amounts = [item["amount"] for item in costs]
            if len(costs) == 2 and not sum(amounts, ZERO):
                # From one cost account to another: nothing else to follow.
                balance = currency._convert(
                    float(amounts[0]), company.currency_id, company, posting_date
                )
                costs[0]["balance"] = Decimal(str(balance))
                costs[1]["balance"] = -costs[0]["balance"] - total
                continue
            shares = largest_remainder(-total, amounts, unit)
            for item, share in zip(costs, shares, strict=True):
                item["balance"] = share

    def _prepare_entry_vals(
        self, company, movements, sources, items, move_sudo, posting_date, **origin
    ):
        """Values of one ledger entry per source, linked to its journal item."""
        line_of = {
            (
                line.account_id.id,
                line.incentive_offer_id.id,
                line.partner_id.id,
            ): line.id
            for line in move_sudo.line_ids
            if line.incentive_role != "cost"
        }
        balances = self._split_balances(company, sources, items)
        vals_list = []
        for (movement, role, sign, key), balance in zip(sources, balances, strict=True):
            window = movement.window or (False, False)
            vals_list.append(
                self._complete_entry_vals(
                    {
                        "company_id": company.id,
                        "offer_id": movement.offer.id,
                        "version_id": movement.version.id,
                        "program_id": movement.offer.program_id.id,
                        "partner_id": movement.partner_id,
                        "currency_id": movement.offer.currency_id.id,
                        "date": posting_date,
                        "kind": movement.kind,
                        "role": role,
                        "amount": float(sign * movement.amount),
                        "balance": float(balance),
                        "window_from": window[0],
                        "window_to": window[1],
                        "qualifying": float(movement.qualifying),
                        "earning": float(movement.earning),
                        "target": float(movement.target),
                        "analytic_key": movement.analytic_key,
                        "analytic_distribution": movement.analytic_distribution,
                        "reason": movement.reason,
                        "reversal_of_id": movement.reversal_of_id,
                        "move_id": move_sudo.id,
                        "move_line_id": line_of.get(
                            (key.account_id, key.offer_id, key.partner_id)
                        ),
                        **origin,
                    }
                )
            )
        return vals_list

    def _split_balances(self, company, sources, items):
        """Company-currency balance of every entry; entries of an item sum to it."""
        by_item = defaultdict(list)
        for index, (_movement, _role, _sign, key) in enumerate(sources):
            by_item[key].append(index)
        unit = Decimal(str(company.currency_id.rounding))
        balances = [ZERO] * len(sources)
        for key, indexes in by_item.items():
            amounts = [sources[i][2] * sources[i][0].amount for i in indexes]
            if sources[indexes[0]][0].offer.currency_id == company.currency_id:
                shares = amounts
            else:
                shares = largest_remainder(items[key]["balance"], amounts, unit)
            for index, share in zip(indexes, shares, strict=True):
                balances[index] = share
        return balances

    @staticmethod
    def _complete_entry_vals(vals):
        """Fill in what an entry's kind makes of its amount."""
        kind, amount, balance = vals["kind"], vals["amount"], vals["balance"]
        accrued = vals["role"] == "accrued"
        earning = kind in EARNING_KINDS and accrued
        settling = kind in SETTLING_KINDS
        vals.update(
            earned=amount if earning else 0.0,
            earned_balance=balance if earning else 0.0,
            settled=-amount if settling else 0.0,
            settled_balance=-balance if settling else 0.0,
            held=amount if not accrued else 0.0,
        )
        return vals

    @api.model
    def _reverse_entries(self, moves_sudo, day, reason):
        """Reverse journal entries of the suite; each ledger entry gets its opposite.

        :param day: accounting date that is wanted, see :meth:`_get_accounting_date`
        :return: the reversing journal entries
        """
        reversals_sudo = moves_sudo.browse()
        for move in moves_sudo:
            reversals_sudo |= move._reverse_moves(
                [
                    {
                        "date": self._get_accounting_date(
                            move.company_id, day, move.journal_id
                        ),
                        "ref": reason,
                    }
                ]
            )
        self._post_checked(reversals_sudo)
        lines = (moves_sudo | reversals_sudo).line_ids.filtered(
            lambda line: line.incentive_role in ("accrued", "holdback")
        )
        for company in lines.company_id:
            self._reconcile(
                company,
                {
                    (line.incentive_offer_id.id, line._get_incentive_partner().id)
                    for line in lines
                    if line.company_id == company
                },
            )
        return reversals_sudo

    @api.model
    def _post_reclassification(self, company, offer, partner_id, amount, kinds, day):
        """Move cost between the accounts of two kinds; what is owed stays.

        :param amount: Decimal in the offer's currency
        :param kinds: ``(from, to)``, values of a version's ``cost_kind``
        :return: the posted journal entry
        """
        accounts = company._get_incentive_accounts()
        journal = company._get_incentive_journal()
        version = offer._get_terms_in_force()

        def key(kind):
            own = offer.cost_account_id if kind == version.cost_kind else False
            return ItemKey((own or accounts[kind]).id, "cost", offer.id, partner_id)

        items = {
            key(kinds[0]): {"amount": amount, "distribution": None},
            key(kinds[1]): {"amount": -amount, "distribution": None},
        }
        return self._create_move(
            company,
            journal,
            self._get_accounting_date(company, day, journal),
            day,
            "adjustment",
            items if len(items) == 2 else {},
        )

    # ------------------------------------------------------------------ documents

    @api.model
    def _create_documents(self, vals_list):
        """Make and post settlement documents; posting appends to the ledger."""
        moves_sudo = (
            self.env["account.move"].sudo().with_context(tracking_disable=True)
        ).create(vals_list)
        self._keep_taxes_apart(moves_sudo)
        self._post_checked(moves_sudo)
        return moves_sudo

    def _keep_taxes_apart(self, moves_sudo):
        """Book taxes that have no account to cost.

        Odoo books them to the account of their base line, which is the liability here,
        and that is for what partners earned only.
        """
        for company in moves_sudo.company_id:
            accounts = company._get_incentive_accounts()
            liability = accounts["accrued"] | accounts["holdback"]
            moves_sudo.line_ids.filtered(
                lambda line, c=company, a=liability: (
                    line.company_id == c and line.tax_line_id and line.account_id in a
                )
            ).account_id = accounts["contra_revenue"]

    @api.model
    def _record_documents(self, moves_sudo):
        """Append what posted documents of the suite changed.

        Called whenever a marked move is posted: a settlement document, its reversal
        by an accountant, an exchange difference on an incentive account.
        """
        vals_list = []
        for move in moves_sudo:
            reversed_entries = self._get_reversible_entries(move)
            if reversed_entries is not None:
                vals_list += self._prepare_reversal_vals(reversed_entries, move)
                continue
            for line in move.line_ids:
                if line.incentive_role in ("accrued", "holdback"):
                    vals_list.append(self._prepare_document_vals(move, line))
        return (
            self.env["partner.incentive.entry"]
            .sudo()
            .with_context(incentive_posting=True)
            .create(vals_list)
        )

    def _get_reversible_entries(self, move):
        """Entries of a journal entry that ``move`` reverses in full, or None."""
        if move.move_type != "entry" or not move.reversed_entry_id:
            return None
        entries = (
            self.env["partner.incentive.entry"]
            .sudo()
            .search([("move_id", "=", move.reversed_entry_id.id)])
        )
        liability = move.line_ids.filtered(
            lambda line: line.incentive_role in ("accrued", "holdback")
        )
        if move.company_currency_id.is_zero(
            sum(liability.mapped("balance")) - sum(entries.mapped("balance"))
        ):
            return (
                entries
                - entries.search([("reversal_of_id", "in", entries.ids)]).reversal_of_id
            )
        return None

    def _prepare_document_vals(self, move, line):
        """Ledger values of a document's line on an incentive account."""
        offer = line.incentive_offer_id
        kind = {
            "exchange": "exchange",
            "debit_note": "clawback",
            "settlement": "settlement",
        }.get(move.incentive_document, "adjustment")
        if move.exchange_diff_partial_ids:
            kind = "exchange"
        amount = -line.amount_currency
        if line.currency_id != offer.currency_id:
            amount = line.currency_id._convert(
                amount, offer.currency_id, move.company_id, move.date
            )
        return self._complete_entry_vals(
            {
                "company_id": move.company_id.id,
                "offer_id": offer.id,
                "version_id": offer._get_published_versions()[-1:].id,
                "program_id": offer.program_id.id,
                "partner_id": line._get_incentive_partner().id,
                "currency_id": offer.currency_id.id,
                "date": move.date,
                "kind": kind,
                "role": line.incentive_role,
                "amount": amount,
                "balance": -line.balance,
                "move_id": move.id,
                "move_line_id": line.id,
                "settlement_id": move.incentive_settlement_id.id,
                "reason": move.ref,
            }
        )

    def _prepare_reversal_vals(self, entries, move, reason=None):
        """Negated copies of entries, each naming the one that it reverses."""
        copied = (
            "company_id",
            "offer_id",
            "version_id",
            "program_id",
            "partner_id",
            "currency_id",
            "kind",
            "role",
            "window_from",
            "window_to",
            "analytic_key",
            "analytic_distribution",
            "run_id",
            "settlement_id",
            "adjustment_id",
        )
        line_of = {
            (
                line.account_id.id,
                line.incentive_offer_id.id,
                line.partner_id.id,
            ): line.id
            for line in move.line_ids
        }
        vals_list = []
        for entry in entries:
            vals = {
                name: entry._fields[name].convert_to_write(entry[name], entry)
                for name in copied
            }
            original = entry.move_line_id
            vals.update(
                date=move.date or entry.date,
                amount=-entry.amount,
                balance=-entry.balance,
                reversal_of_id=entry.id,
                reason=reason or move.ref,
                move_id=move.id,
                move_line_id=line_of.get(
                    (
                        original.account_id.id,
                        entry.offer_id.id,
                        original.partner_id.id,
                    )
                ),
            )
            vals_list.append(self._complete_entry_vals(vals))
        return vals_list

    @api.model
    def _release_documents(self, moves_sudo):
        """Free what documents hold that are reset to draft.

        The accrued line is unreconciled (Odoo alone would keep the partials), and the
        ledger gets the opposite of each of their entries.
        """
        lines = moves_sudo.line_ids.filtered("incentive_role")
        lines.remove_move_reconcile()
        Entry = self.env["partner.incentive.entry"].sudo()
        vals_list = []
        for move in moves_sudo:
            entries = Entry.search([("move_id", "=", move.id)])
            reversed_before = Entry.search([("reversal_of_id", "in", entries.ids)])
            pending = entries - reversed_before.reversal_of_id - reversed_before
            vals_list += self._prepare_reversal_vals(
                pending, move, self.env._("%s was reset to draft", move.name)
            )
        return Entry.with_context(incentive_posting=True).create(vals_list)

    @api.model
    def _check_repost(self, moves_sudo):
        """A document that was reset may come back only if nothing was paid since."""
        Entry = self.env["partner.incentive.entry"].sudo()
        for move in moves_sudo:
            for line in move.line_ids.filtered("incentive_role"):
                released = Entry.search(
                    [("move_id", "=", move.id), ("reversal_of_id", "!=", False)],
                    order="id desc",
                    limit=1,
                )
                later = Entry.search(
                    [
                        ("offer_id", "=", line.incentive_offer_id.id),
                        ("partner_id", "=", line._get_incentive_partner().id),
                        ("kind", "in", SETTLING_KINDS),
                        ("id", ">", released.id),
                        ("move_id", "!=", move.id),
                    ],
                    limit=1,
                )
                if released and later:
                    raise UserError(
                        self.env._(
                            "%(move)s was reset to draft, and %(other)s has settled "
                            "the same offer since. Posting it would pay twice. Delete "
                            "it, or make a new settlement.",
                            move=move.name,
                            other=later.move_id.name,
                        )
                    )

    # ------------------------------------------------------------- reconciliation

    @api.model
    def _reconcile(self, company, positions):
        """Match settlements with the accruals they clear, per offer and partner.

        :param positions: iterable of ``(offer id, partner id)``
        """
        positions = set(positions)
        if not positions:
            return
        accounts = company._get_incentive_accounts()
        lines = (
            self.env["account.move.line"]
            .sudo()
            .search(
                Domain("company_id", "=", company.id)
                & Domain(
                    "account_id",
                    "in",
                    (accounts["accrued"] | accounts["holdback"]).ids,
                )
                & Domain("incentive_offer_id", "in", [o for o, _p in positions])
                & (
                    Domain("partner_id", "in", [p for _o, p in positions])
                    | Domain("incentive_earner_id", "in", [p for _o, p in positions])
                )
                & Domain("parent_state", "=", "posted")
                & Domain("reconciled", "=", False),
                order="date, id",
            )
        )
        groups = defaultdict(self.env["account.move.line"].sudo().browse)
        for line in lines:
            partner = line._get_incentive_partner()
            if (line.incentive_offer_id.id, partner.id) in positions:
                groups[line.account_id, line.incentive_offer_id, partner] += line
        plan = [
            group
            for group in groups.values()
            if any(line.balance > 0 for line in group)
            and any(line.balance < 0 for line in group)
        ]
        if plan:
            self.env["account.move.line"].sudo()._reconcile_plan(plan)
