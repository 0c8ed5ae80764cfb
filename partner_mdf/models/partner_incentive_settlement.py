from collections import defaultdict
from decimal import Decimal

from odoo import models
from odoo.fields import Command

PAYABLE = ("approved", "scheduled", "paid")


class PartnerIncentiveSettlement(models.Model):
    """Pays what funds owe: approved claims, and what was converted into a rebate."""

    _inherit = "partner.incentive.settlement"

    def _get_due_entitlements(self, offers, cutoff, partners):
        funded = offers.filtered(lambda offer: offer._get_fund())
        entitled = super()._get_due_entitlements(offers - funded, cutoff, partners)
        if not funded:
            return entitled
        totals = defaultdict(Decimal)
        domain = [("offer_id", "in", funded.ids), ("state", "in", PAYABLE)]
        if partners is not None:
            domain.append(("partner_id", "in", partners.ids))
        claims = self.env["partner.incentive.claim"].sudo()
        for offer, partner, amount in claims._read_group(
            domain, ["offer_id", "partner_id"], ["amount:sum"]
        ):
            totals[offer.id, partner.id] += offer._to_decimal(amount)
        domain = [("fund_id.offer_id", "in", funded.ids), ("converted", ">", 0)]
        if partners is not None:
            domain.append(("partner_id", "in", partners.ids))
        allocations = self.env["partner.mdf.allocation"].sudo()
        for fund, partner, amount in allocations._read_group(
            domain, ["fund_id", "partner_id"], ["converted:sum"]
        ):
            offer = fund.offer_id
            totals[offer.id, partner.id] += offer._to_decimal(amount)
        lasting = self.env["partner.incentive.entry"]._get_lasting(funded, partners)
        for key, amounts in lasting.items():
            # adjustments are payable; what expired never was claimed
            totals[key] += amounts.get("adjustment", Decimal(0))
        return {**entitled, **totals}

    def _get_open_claims(self, line):
        """Approved claims that no document has paid yet."""
        return (
            self.env["partner.incentive.claim"]
            .sudo()
            .search(
                [
                    ("offer_id", "=", line.offer_id.id),
                    ("partner_id", "=", line.partner_id.id),
                    ("state", "in", ("approved", "scheduled")),
                    ("settlement_move_id", "=", False),
                ],
                order="date, id",
            )
        )

    def _prepare_document_lines(self, line, sign, move_type, volumes, position):
        """One line per claim, so that a bill reads like the partner's invoices."""
        fund = line.offer_id._get_fund()
        commands = super()._prepare_document_lines(
            line, sign, move_type, {} if fund else volumes, position
        )
        claims = self._get_open_claims(line) if fund else None
        if not claims or sign < 0 or len(commands) != 1:
            return commands
        amounts = [(claim._get_document_label(), claim.amount) for claim in claims]
        rest = line.currency_id.round(line.amount - sum(claims.mapped("amount")))
        if rest < 0:
            return commands
        if rest:
            amounts.append((line._get_document_label(), rest))
        vals = commands[0][2]
        return [
            Command.create({**vals, "name": label, "price_unit": amount})
            for label, amount in amounts
        ]

    def _get_claimed_numbers(self, lines):
        """Numbers of the partner's invoices that are paid by these lines."""
        claims = self.env["partner.incentive.claim"].sudo()
        for line in lines.filtered(lambda each: each.offer_id._get_fund()):
            claims |= self._get_open_claims(line)
        return [number for number in claims.mapped("document_number") if number]

    def _is_self_billed(self, partner, payout, lines):
        """A claim with an invoice of the partner's is no second invoice."""
        return super()._is_self_billed(
            partner, payout, lines
        ) and not self._get_claimed_numbers(lines)

    def _prepare_document(self, partner, currency, payout, lines, sources):
        """A bill carries the number of the partner's invoice, if there is just one."""
        vals = super()._prepare_document(partner, currency, payout, lines, sources)
        numbers = self._get_claimed_numbers(lines)
        if payout == "vendor_bill" and numbers:
            vals["ref"] = f"{', '.join(numbers)} ({vals['ref']})"
        return vals

    def _link_documents(self, moves_sudo):
        """Claims that are paid in full, the oldest first, know by what."""
        result = super()._link_documents(moves_sudo)
        for line in self.line_ids.sudo().filtered(lambda each: each.amount > 0):
            fund = line.offer_id._get_fund()
            if not fund:
                continue
            covered = self._get_covered(line, fund)
            for claim in self._get_open_claims(line):
                if fund.currency_id.compare_amounts(claim.amount, covered) > 0:
                    break
                covered -= claim.amount
                claim._set_paid_by(line.move_id)
        return result

    def _get_covered(self, line, fund):
        """What was paid to the partner beyond claims that are known to be paid."""
        position = [
            ("offer_id", "=", line.offer_id.id),
            ("partner_id", "=", line.partner_id.id),
        ]
        settled = (
            self.env["partner.incentive.entry"]
            .sudo()
            ._read_group(position, aggregates=["settled:sum"])[0][0]
        )
        paid = (
            self.env["partner.incentive.claim"]
            .sudo()
            ._read_group(
                [*position, ("settlement_move_id", "!=", False)],
                aggregates=["amount:sum"],
            )[0][0]
        )
        converted = sum(
            fund.sudo()
            .allocation_ids.filtered(lambda a: a.partner_id == line.partner_id)
            .mapped("converted")
        )
        return (settled or 0.0) - (paid or 0.0) - converted
