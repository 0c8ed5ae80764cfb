from odoo import api, models
from odoo.tools import SQL


class PartnerIncentiveBudget(models.Model):
    _inherit = "partner.incentive.budget"

    @api.model
    def _is_discretionary(self, offer):
        """Fund money is at somebody's discretion unless purchases earned it."""
        fund = offer._get_fund()
        return fund.kind != "coop" if fund else super()._is_discretionary(offer)

    def _get_usage(self):
        """Count what activities commit and the ledger does not have yet."""
        usage = super()._get_usage()
        for model in (
            "partner.incentive.budget",
            "partner.mdf.fund",
            "partner.mdf.activity",
            "partner.mdf.draw",
        ):
            self.env[model].flush_model()
        checkbook = self.env["partner.incentive.checkbook"]
        self.env.cr.execute(
            SQL(
                """
                SELECT budget_id, offer_id, SUM(committed)
                  FROM (%s) AS movement
                 WHERE budget_id = ANY(%s)
              GROUP BY budget_id, offer_id
                """,
                checkbook._get_fund_commitments(),
                [budget_id for budget_id in self.ids if budget_id],
            )
        )
        for budget_id, offer_id, committed in self.env.cr.fetchall():
            use = usage[budget_id][offer_id]
            use.committed += float(committed)
            use.discretionary = True
        return usage

    def _get_expected_cost(self, offer, version=None):
        """A fund is expected to cost what it has given to partners."""
        fund = offer._get_fund()
        if not fund or fund.kind == "coop":
            return super()._get_expected_cost(offer, version)
        amount = sum(
            fund.allocation_ids.filtered(
                lambda allocation: (
                    allocation.kind == "allocated"
                    and self.date_from <= allocation.date_from <= self.date_to
                )
            ).mapped("amount")
        )
        return fund.currency_id._convert(
            amount, self.currency_id, fund.company_id, self.date_from
        )
