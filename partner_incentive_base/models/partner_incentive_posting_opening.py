from dataclasses import dataclass
from decimal import Decimal

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command


@dataclass
class Opening:
    """What was earned and paid under an offer before the company went live.

    :param offer: record
    :param partner_id: to whom it is owed
    :param window: ``(from, to)``
    :param earned: Decimal in the offer's currency
    :param settled: Decimal in the offer's currency, paid of it already
    :param account: where the rest was provided for so far; it is moved from there
    :param item: journal item that it was provided for with; on the accrued account it
        becomes the ledger's own, on any other it is cleared
    :param reference: where it comes from, for the entry
    """

    offer: object
    partner_id: int
    window: tuple
    earned: Decimal
    settled: Decimal
    account: object
    item: object
    reference: str

    @property
    def amount(self):
        return self.earned - self.settled


class PartnerIncentivePosting(models.AbstractModel):
    _inherit = "partner.incentive.posting"

    @api.model
    def _post_openings(self, company, openings, day):
        """Append opening balances to the ledger, with the journal items they need.

        :param openings: list of :class:`Opening` of offers of ``company``
        :param day: accounting date that is wanted, see :meth:`_get_accounting_date`
        :return: list of entries, one per opening
        """
        accrued = company._get_incentive_accounts()["accrued"]
        journal = company._get_incentive_journal()
        posting_date = self._get_accounting_date(company, day, journal)
        to_move = [
            opening
            for opening in openings
            if opening.amount and opening.item.account_id != accrued
        ]
        items = self._reclassify(company, journal, accrued, posting_date, to_move)
        vals_list = []
        for opening in openings:
            item = items.get(id(opening))
            if item is None and opening.amount:
                item = self._adopt_item(opening)
            vals_list.append(
                self._prepare_opening_vals(company, opening, item, posting_date)
            )
        return (
            self.env["partner.incentive.entry"]
            .sudo()
            .with_context(incentive_posting=True, tracking_disable=True)
            .create(vals_list)
        )

    def _reclassify(self, company, journal, accrued, posting_date, openings):
        """One journal entry: debit the old accounts, credit accrued incentives.

        :return: ``{id(opening): journal item on the accrued account}``
        """
        if not openings:
            return {}
        lines = []
        for opening in openings:
            currency = opening.offer.currency_id
            amount = float(opening.amount)
            balance = currency._convert(
                amount, company.currency_id, company, posting_date
            )
            common = {
                "name": opening.offer.name,
                "partner_id": opening.partner_id,
                "currency_id": currency.id,
                "analytic_distribution": False,
            }
            lines += [
                {
                    **common,
                    "account_id": accrued.id,
                    "amount_currency": -amount,
                    "balance": -balance,
                    "incentive_offer_id": opening.offer.id,
                    "incentive_role": "accrued",
                },
                {
                    **common,
                    "account_id": opening.account.id,
                    "amount_currency": amount,
                    "balance": balance,
                },
            ]
        move_sudo = (
            self.env["account.move"]
            .sudo()
            .with_company(company)
            .with_context(tracking_disable=True, incentive_posting=True)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": journal.id,
                    "company_id": company.id,
                    "date": posting_date,
                    "ref": self.env._("Partner incentives brought forward"),
                    "incentive_document": "opening",
                    "line_ids": [Command.create(vals) for vals in lines],
                }
            )
        )
        self._post_checked(move_sudo)
        items = {}
        created = move_sudo.line_ids.sorted("id")
        for opening, credit, debit in zip(
            openings, created[::2], created[1::2], strict=True
        ):
            items[id(opening)] = credit
            old = opening.item.sudo()
            if old.account_id.reconcile and not old.reconciled:
                (old | debit).reconcile()
        return items

    def _adopt_item(self, opening):
        """Let a journal item that is on the accrued account already be the ledger's."""
        item_sudo = opening.item.sudo()
        if item_sudo.incentive_role:
            raise UserError(
                self.env._(
                    "The journal item of %s belongs to an offer already.",
                    item_sudo.move_id.name,
                )
            )
        item_sudo.write(
            {"incentive_offer_id": opening.offer.id, "incentive_role": "accrued"}
        )
        if not item_sudo.move_id.incentive_document:
            item_sudo.move_id.incentive_document = "opening"
        return item_sudo

    def _prepare_opening_vals(self, company, opening, item, posting_date):
        """Ledger values of an opening; without an item where all has been paid."""
        offer = opening.offer
        date = item.date if item else posting_date
        balance = -item.balance if item else 0.0
        earned_balance = offer.currency_id._convert(
            float(opening.earned), company.currency_id, company, date
        )
        return {
            "company_id": company.id,
            "offer_id": offer.id,
            "version_id": offer._get_published_versions()[-1:].id,
            "program_id": offer.program_id.id,
            "partner_id": opening.partner_id,
            "currency_id": offer.currency_id.id,
            "date": date,
            "kind": "opening",
            "role": "accrued",
            "amount": float(opening.amount),
            "balance": balance,
            "earned": float(opening.earned),
            "settled": float(opening.settled),
            "held": 0.0,
            "earned_balance": earned_balance,
            "settled_balance": company.currency_id.round(earned_balance - balance),
            "window_from": opening.window[0],
            "window_to": opening.window[1],
            "target": float(opening.earned),
            "move_id": item.move_id.id if item else False,
            "move_line_id": item.id if item else False,
            "reason": opening.reference,
        }

    def _prepare_reversal_vals(self, entries, move, reason=None):
        """The opposite of an opening is so of both what it says was earned and paid."""
        vals_list = super()._prepare_reversal_vals(entries, move, reason)
        for entry, vals in zip(entries, vals_list, strict=True):
            if entry.kind == "opening":
                vals.update(
                    {
                        name: -entry[name]
                        for name in (
                            "earned",
                            "settled",
                            "earned_balance",
                            "settled_balance",
                        )
                    }
                )
        return vals_list

    @api.model
    def _reverse_openings(self, entries, moves_sudo, day, reason):
        """Take opening balances back.

        :param entries: opening entries, not reversed yet
        :param moves_sudo: the journal entries that were made for them; items that were
            adopted become ordinary ones again
        :param day: accounting date that is wanted
        :raise UserError: something has been settled since
        """
        entries_sudo = entries.sudo()
        if any(entries_sudo.move_line_id.mapped("matched_debit_ids")):
            raise UserError(
                self.env._(
                    "Part of these balances has been settled. Reset or reverse those "
                    "documents first."
                )
            )
        for move in moves_sudo:
            posting_date = self._get_accounting_date(
                move.company_id, day, move.journal_id
            )
            reversal = move._reverse_moves([{"date": posting_date, "ref": reason}])
            self._post_checked(reversal)
            self._reconcile(
                move.company_id,
                {
                    (line.incentive_offer_id.id, line.partner_id.id)
                    for line in move.line_ids
                    if line.incentive_role
                },
            )
        rest = entries_sudo.filtered(lambda entry: entry.move_id not in moves_sudo)
        vals_list = []
        for entry in rest:
            [vals] = self._prepare_reversal_vals(entry, entry.move_id, reason)
            # Without its item, which is not the ledger's any more.
            vals_list.append({**vals, "date": entry.date, "move_line_id": False})
        self.env["partner.incentive.entry"].sudo().with_context(
            incentive_posting=True
        ).create(vals_list)
        adopted = rest.move_line_id
        adopted.write({"incentive_offer_id": False, "incentive_role": False})
        for move in adopted.move_id:
            if not any(move.line_ids.mapped("incentive_role")):
                move.incentive_document = False
