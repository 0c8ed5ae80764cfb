from collections import defaultdict
from itertools import pairwise

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

#: Months between two invoices, by the days that lie between them (from, to).
INTERVALS = {1: (25, 36), 3: (80, 100), 12: (350, 380)}
#: Part of all gaps between invoices that must be of one length.
REGULAR = 2 / 3
#: An order so many days around the end of a contract renews it.
RENEWAL_DAYS = 90


def find_interval(days):
    """Months between invoices of the sorted ``days``, or None if there is no rhythm.

    >>> from datetime import date
    >>> find_interval([date(2024, 1, 5), date(2024, 2, 5), date(2024, 3, 4)])
    1
    >>> find_interval([date(2024, 1, 5), date(2024, 1, 9)])
    """
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    for months, (shortest, longest) in INTERVALS.items():
        regular = [gap for gap in gaps if shortest <= gap <= longest]
        if regular and len(regular) >= REGULAR * len(gaps):
            return months
    return None


class PartnerCustomerContractPreview(models.TransientModel):
    """Proposes customer contracts from orders and from repeated invoices.

    - A confirmed order of a recurring product is a contract of one year.
    - Invoices without an order, of one recurring product to one customer, at monthly,
      quarterly or yearly intervals, are a contract of as many whole years as they
      reach into.

    What a contract has been made from is not proposed again. What follows a contract
    of the same customer and product is proposed as its renewal.
    """

    _name = "partner.customer.contract.preview"
    _description = "Find Customer Contracts"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    date_from = fields.Date(
        string="Orders and invoices from",
        required=True,
        default=lambda self: fields.Date.context_today(self) - relativedelta(years=2),
    )
    line_ids = fields.One2many("partner.customer.contract.preview.line", "wizard_id")
    searched = fields.Boolean(readonly=True)

    def action_search(self):
        """Replace the proposals by those of the present orders and invoices."""
        self.ensure_one()
        self.line_ids.unlink()
        self.env["partner.customer.contract.preview.line"].create(
            [{"wizard_id": self.id, **vals} for vals in self._get_proposals()]
        )
        self.searched = True
        return self._reopen()

    def action_create(self):
        """Make the contracts that are ticked."""
        self.ensure_one()
        lines = self.line_ids.filtered("selected")
        if not lines:
            raise UserError(self.env._("Tick at least one proposal."))
        contracts = self.env["partner.customer.contract"].create(
            [line._prepare_contract_vals() for line in lines]
        )
        for line, contract in zip(lines, contracts, strict=True):
            if line.renewal_of_id.state == "active":
                line.renewal_of_id.write(
                    {"state": "renewed", "renewed_by_id": contract.id}
                )
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.customer.contract",
            "view_mode": "list,form",
            "domain": [("id", "in", contracts.ids)],
            "name": self.env._("New contracts"),
        }

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self._description,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    # --------------------------------------------------------------------- proposals

    def _get_proposals(self):
        """Values of the lines, orders first."""
        self.ensure_one()
        contracts = defaultdict(self.env["partner.customer.contract"].browse)
        for contract in self.env["partner.customer.contract"].search(
            [("company_id", "=", self.company_id.id)], order="date_start, id"
        ):
            contracts[contract.customer_id, contract.product_id] |= contract
        return self._propose_orders(contracts) + self._propose_invoices(contracts)

    def _propose_orders(self, contracts):
        groups = self.env["sale.order.line"]._read_group(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "=", "sale"),
                ("order_id.date_order", ">=", self.date_from),
                ("product_id.incentive_recurring", "=", True),
                ("is_downpayment", "=", False),
                ("price_subtotal", ">", 0),
            ],
            ["order_id", "product_id"],
            ["price_subtotal:sum"],
        )
        proposals = []
        for order, product, amount in groups:
            customer = order.partner_id.commercial_partner_id
            known = contracts[customer, product]
            start = fields.Datetime.context_timestamp(self, order.date_order).date()
            if self._is_known(known, start, order=order):
                continue
            previous = self._get_renewed(known, start)
            proposals.append(
                {
                    **self._get_credit(order.incentive_attribution_ids),
                    "order_id": order.id,
                    "customer_id": customer.id,
                    "product_id": product.id,
                    "date_start": start,
                    "date_end": start + relativedelta(years=1, days=-1),
                    "recurring_amount": amount,
                    "currency_id": order.currency_id.id,
                    "renewal_of_id": previous.id,
                    "source": order.name,
                }
            )
        return sorted(proposals, key=lambda each: each["date_start"])

    def _is_known(self, contracts, start, order=None):
        """Whether a contract was made from the order, or by hand for the time."""
        for contract in contracts:
            if order and contract.order_id == order:
                return True
            covered = contract.date_start <= start <= contract.date_end
            if covered and not contract.order_id:
                return True
        return False

    def _get_renewed(self, contracts, start):
        """Active contract that ended, or is about to, when the next one starts."""
        ended = contracts.filtered(
            lambda contract: (
                contract.state == "active"
                and contract.date_start < start
                and contract.date_end - relativedelta(days=RENEWAL_DAYS) <= start
            )
        )
        return ended[-1:]

    def _propose_invoices(self, contracts):
        series = defaultdict(list)
        for customer, product, currency, day, amount, moves in self.env[
            "account.move.line"
        ]._read_group(
            self._get_invoice_domain(),
            ["partner_id", "product_id", "currency_id", "invoice_date:day"],
            ["price_subtotal:sum", "move_id:recordset"],
            order="invoice_date:day",
        ):
            customer = customer.commercial_partner_id
            known = contracts[customer, product]
            if not self._is_known(known, day):
                series[customer, product, currency].append((day, amount, moves))
        proposals = []
        for (customer, product, currency), rows in series.items():
            months = find_interval([day for day, _amount, _moves in rows])
            if not months:
                continue
            first, last = rows[0], rows[-1]
            years = relativedelta(last[0], first[0]).years + 1
            known = contracts[customer, product]
            moves = first[2]
            proposals.append(
                {
                    **self._get_credit(moves.incentive_attribution_ids),
                    "move_id": moves[:1].id,
                    "customer_id": customer.id,
                    "product_id": product.id,
                    "date_start": first[0],
                    "date_end": first[0] + relativedelta(years=years, days=-1),
                    "recurring_amount": last[1] * 12 / months,
                    "currency_id": currency.id,
                    "renewal_of_id": self._get_renewed(known, first[0]).id,
                    "source": self.env._(
                        "%(count)s invoices, every %(months)s months",
                        count=len(rows),
                        months=months,
                    )
                    if months > 1
                    else self.env._("%(count)s invoices, monthly", count=len(rows)),
                }
            )
        return proposals

    def _get_invoice_domain(self):
        return (
            Domain("company_id", "=", self.company_id.id)
            & Domain("parent_state", "=", "posted")
            & Domain("display_type", "=", "product")
            & Domain("move_id.move_type", "=", "out_invoice")
            & Domain("move_id.payment_state", "!=", "reversed")
            & Domain("move_id.incentive_document", "=", False)
            & Domain("invoice_date", ">=", self.date_from)
            & Domain("product_id.incentive_recurring", "=", True)
            & Domain("sale_line_ids", "=", False)
            & Domain("price_subtotal", ">", 0)
        )

    @api.model
    def _get_credit(self, attributions):
        """Who gets the credit: whoever sourced the sale, else the next best."""
        roles = [role for role, _label in attributions._fields["role"].selection]
        best = attributions.sorted(
            lambda each: (roles.index(each.role), -each.share, each.id)
        )[:1]
        return {"partner_id": best.partner_id.id, "role": best.role or "sourced"}
