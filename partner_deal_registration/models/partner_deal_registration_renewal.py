from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError


class PartnerDealRegistration(models.Model):
    """Renewals: the incumbent's are protected for the days that its tier grants."""

    _inherit = "partner.deal.registration"

    def _find_contracts(self, matches=None):
        """Active contracts of the registered customer over the same products."""
        self.ensure_one()
        if matches is None:
            matches = (
                self.env["partner.deal.identity"]
                .sudo()
                ._find_matches(self._get_party(), sources=["res.partner"])
            )
        customers = self._get_matched_customers(matches)
        if not customers:
            return self.env["partner.customer.contract"].sudo()
        contracts = (
            self.env["partner.customer.contract"]
            .sudo()
            .search(
                [
                    ("customer_id", "in", customers.ids),
                    ("company_id", "=", self.company_id.id),
                    ("state", "=", "active"),
                ]
            )
        )
        return contracts.filtered(
            lambda contract: (
                not self.line_ids or self._covers_product(contract.product_id)
            )
        )

    def _covers_product(self, product):
        """Whether a product, or its category, is among the registered ones."""
        self.ensure_one()
        return product in self.line_ids.product_id or any(
            product.categ_id.parent_path.startswith(category.parent_path)
            for category in self.line_ids.category_id
        )

    def _is_renewal_protected(self, contract):
        """Whether another partner's contract ends within its protected days."""
        self.ensure_one()
        incumbent = contract.partner_id
        if not incumbent or incumbent == self.partner_id:
            return False
        today = fields.Date.context_today(self)
        days = self._get_policy()._get_days("renewal_protection", incumbent, today)
        return today <= contract.date_end <= today + timedelta(days=days)

    def _is_incumbent(self):
        """Whether the partner has business with this customer already.

        That is a contract or an order credited to it, or a deal that was ordered. Who
        merely ticks *Renewal* gets the days of a new deal.
        """
        self.ensure_one()
        matches = (
            self.env["partner.deal.identity"]
            .sudo()
            ._find_matches(self._get_party(), limit=50, exclude=[(self._name, self.id)])
        )
        customers = self._get_matched_customers(matches)
        same = [
            match.res_id
            for match in matches
            if match.res_model == self._name
            and match.verdict.kind in ("same", "likely")
        ]
        return bool(
            self.env["partner.customer.contract"]
            .sudo()
            .search_count(
                [
                    ("customer_id", "in", customers.ids),
                    ("partner_id", "=", self.partner_id.id),
                ],
                limit=1,
            )
            or self.sudo().search_count(
                [
                    ("id", "in", same),
                    ("partner_id", "=", self.partner_id.id),
                    ("state", "=", "converted"),
                ],
                limit=1,
            )
            or self.env["sale.order"]
            .sudo()
            .search_count(
                [
                    ("partner_id", "child_of", customers.ids),
                    ("state", "=", "sale"),
                    ("incentive_attribution_ids.partner_id", "=", self.partner_id.id),
                ],
                limit=1,
            )
        )

    def _check_no_protected_renewal(self):
        """Nobody takes a renewal from the incumbent, but shares it by the reviewer."""
        self.ensure_one()
        partners = self.credit_ids.partner_id
        for contract in self._find_contracts():
            if self._is_renewal_protected(contract) and (
                contract.partner_id not in partners
            ):
                raise UserError(
                    self.env._(
                        "The renewal of %(contract)s is protected for %(partner)s "
                        "until %(date)s. Reject %(name)s, or split the credit first.",
                        contract=contract.name,
                        partner=contract.partner_id.name,
                        date=fields.Date.to_string(contract.date_end),
                        name=self.name,
                    )
                )

    def _prepare_contract_findings(self, matches):
        Finding = self.env["partner.deal.finding"]
        return [
            Finding._prepare_contract(self, contract)
            for contract in self._find_contracts(matches)
        ]
