from odoo import api, models
from odoo.tools import SQL


class PartnerIncentiveCheckbook(models.Model):
    """What funds set aside and commit, beside claims and ledger entries.

    Co-op money and what is provided for on approval is in the ledger already. What is
    provided for on claims only is committed from the approval of an activity until it
    is claimed, or released.
    """

    _inherit = "partner.incentive.checkbook"
    _depends = {
        "partner.mdf.allocation": [
            "amount",
            "date_from",
            "fund_id",
            "kind",
            "partner_id",
        ],
        "partner.mdf.activity": ["approved_on", "fund_id"],
        "partner.mdf.draw": ["activity_id", "committed", "partner_id"],
        "partner.mdf.fund": [
            "company_id",
            "currency_id",
            "kind",
            "offer_id",
            "program_id",
            "provision_at",
        ],
    }

    @api.model
    def _get_movements(self):
        return [
            *super()._get_movements(),
            self._get_fund_allocations(),
            self._get_fund_commitments(),
        ]

    def _get_fund_allocations(self):
        return self._get_fund_movements(
            SQL(
                """
                SELECT allocation.id, allocation.fund_id, allocation.partner_id,
                       allocation.date_from AS date, allocation.amount
                  FROM partner_mdf_allocation AS allocation
                 WHERE allocation.kind = 'allocated'
                """
            ),
            SQL("3"),
            "allocated",
        )

    def _get_fund_commitments(self):
        return self._get_fund_movements(
            SQL(
                """
                SELECT draw.id, activity.fund_id, draw.partner_id,
                       activity.approved_on AS date, draw.committed AS amount
                  FROM partner_mdf_draw AS draw
                  JOIN partner_mdf_activity AS activity
                    ON activity.id = draw.activity_id
                  JOIN partner_mdf_fund AS fund ON fund.id = activity.fund_id
                 WHERE draw.committed != 0 AND fund.kind != 'coop'
                   AND fund.provision_at = 'claim'
                """
            ),
            SQL("4"),
            "committed",
        )

    def _get_fund_movements(self, rows, rank, kind):
        """Rows of a fund as movements of the budgets in whose scope they are.

        :param rows: SQL of ``(id, fund_id, partner_id, date, amount)``
        :param kind: ``allocated`` or ``committed``, the column of the amount, too
        """
        amount = self._take(
            SQL("movement.amount"),
            SQL(
                "movement.amount * %s / %s",
                self._rate(SQL("company.currency_id"), "movement"),
                self._rate(SQL("movement.currency_id"), "movement"),
            ),
            "movement",
        )
        return SQL(
            """
            SELECT budget.id AS budget_id, budget.company_id, budget.currency_id,
                   budget.program_id, movement.date, %(kind)s AS kind,
                   movement.offer_id, movement.partner_id, NULL::int AS entry_id,
                   NULL::int AS claim_id, %(rank)s AS rank, movement.id AS source_id,
                   0 AS planned, %(allocated)s AS allocated,
                   %(committed)s AS committed, 0 AS accrued, 0 AS settled
              FROM partner_incentive_budget AS budget
              JOIN (
                    SELECT source.id, source.partner_id, source.date, source.amount,
                           fund.program_id, fund.offer_id, fund.company_id,
                           fund.currency_id
                      FROM (%(rows)s) AS source
                      JOIN partner_mdf_fund AS fund ON fund.id = source.fund_id
                   ) AS movement ON %(scope)s
              JOIN res_company AS company ON company.id = movement.company_id
             WHERE budget.active
            """,
            kind=kind,
            rank=rank,
            allocated=amount if kind == "allocated" else SQL("0"),
            committed=amount if kind == "committed" else SQL("0"),
            rows=rows,
            scope=self._scope("movement"),
        )
