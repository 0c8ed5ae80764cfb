from odoo import fields, models
from odoo.tools import SQL


class PartnerMdfAnalysis(models.Model):
    """What funds were given, and where it went, in company currency.

    One row per allocation, and one per draw of an activity on it, so that the columns
    sum to what the fund's checkbook shows:
    ``available = allocated + earned + carried - committed - spent - expired``.
    Money of a fund in another currency is taken at the rate of the row's date. Money
    for a segment, or for whoever comes first, has no partner until an activity draws
    on it; then the row of the draw has the partner, its tier and region.
    """

    _name = "partner.mdf.analysis"
    _description = "Fund Analysis"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "fund_id"
    _depends = {
        "partner.mdf.allocation": [
            "amount",
            "carried_out",
            "converted",
            "date_from",
            "expired",
            "fund_id",
            "kind",
            "partner_id",
        ],
        "partner.mdf.draw": ["activity_id", "allocation_id", "committed", "spent"],
        "partner.mdf.activity": [
            "approved_on",
            "fund_id",
            "partner_id",
            "requested_amount",
            "state",
            "type_id",
        ],
        "partner.mdf.fund": ["company_id", "currency_id", "kind", "program_id"],
        "res.partner": ["country_id", "grade_id", "incentive_region_id"],
    }

    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    program_id = fields.Many2one("partner.incentive.program", readonly=True)
    fund_id = fields.Many2one("partner.mdf.fund", readonly=True)
    fund_kind = fields.Selection(
        selection=lambda self: self.env["partner.mdf.fund"]._fields["kind"].selection,
        string="Kind of fund",
        readonly=True,
    )
    allocation_id = fields.Many2one("partner.mdf.allocation", readonly=True)
    activity_id = fields.Many2one("partner.mdf.activity", readonly=True)
    type_id = fields.Many2one(
        "partner.mdf.activity.type", string="Activity type", readonly=True
    )
    partner_id = fields.Many2one("res.partner", readonly=True)
    grade_id = fields.Many2one("res.partner.grade", string="Tier", readonly=True)
    region_id = fields.Many2one("partner.incentive.region", readonly=True)
    country_id = fields.Many2one("res.country", readonly=True)
    date = fields.Date(
        readonly=True, help="From when it can be used; of a draw: its approval."
    )
    allocated = fields.Monetary(currency_field="company_currency_id", readonly=True)
    earned = fields.Monetary(currency_field="company_currency_id", readonly=True)
    carried = fields.Monetary(
        string="Carried over", currency_field="company_currency_id", readonly=True
    )
    requested = fields.Monetary(
        string="Requested, not decided",
        currency_field="company_currency_id",
        readonly=True,
    )
    committed = fields.Monetary(currency_field="company_currency_id", readonly=True)
    spent = fields.Monetary(currency_field="company_currency_id", readonly=True)
    expired = fields.Monetary(currency_field="company_currency_id", readonly=True)
    available = fields.Monetary(
        string="Budget balance", currency_field="company_currency_id", readonly=True
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT row_number() OVER (ORDER BY movement.rank, movement.source_id) AS id,
                   fund.company_id, fund.program_id, fund.id AS fund_id,
                   fund.kind AS fund_kind, movement.allocation_id,
                   movement.activity_id, movement.type_id, movement.partner_id,
                   partner.grade_id, partner.incentive_region_id AS region_id,
                   partner.country_id, movement.date,
                   movement.allocated * rate.rate AS allocated,
                   movement.earned * rate.rate AS earned,
                   movement.carried * rate.rate AS carried,
                   movement.requested * rate.rate AS requested,
                   movement.committed * rate.rate AS committed,
                   movement.spent * rate.rate AS spent,
                   movement.expired * rate.rate AS expired,
                   (movement.allocated + movement.earned + movement.carried
                    - movement.committed - movement.spent - movement.expired)
                   * rate.rate AS available
              FROM (%(movements)s) AS movement
              JOIN partner_mdf_fund AS fund ON fund.id = movement.fund_id
              JOIN res_company AS company ON company.id = fund.company_id
         LEFT JOIN res_partner AS partner ON partner.id = movement.partner_id
              JOIN LATERAL (
                    SELECT CASE WHEN fund.currency_id = company.currency_id THEN 1.0
                                ELSE %(to)s / %(from)s END AS rate
                   ) AS rate ON TRUE
            """,
            movements=SQL(" UNION ALL ").join(self._get_movements()),
            to=self._rate(SQL("company.currency_id")),
            **{"from": self._rate(SQL("fund.currency_id"))},
        )

    def _rate(self, currency):
        return self.env["partner.incentive.checkbook"]._rate(currency, "movement")

    def _get_movements(self):
        """Allocations, draws, open requests: SQL with the same columns in one order."""
        return [
            SQL(
                """
                SELECT 0 AS rank, id AS source_id, fund_id, id AS allocation_id,
                       NULL::int AS activity_id, NULL::int AS type_id, partner_id,
                       date_from AS date,
                       CASE WHEN kind = 'allocated' THEN amount ELSE 0 END AS allocated,
                       CASE WHEN kind = 'accrued' THEN amount ELSE 0 END AS earned,
                       CASE WHEN kind = 'carried' THEN amount ELSE 0 END
                       - COALESCE(carried_out, 0) AS carried,
                       0 AS requested, 0 AS committed,
                       COALESCE(converted, 0) AS spent,
                       COALESCE(expired, 0) AS expired
                  FROM partner_mdf_allocation
                """
            ),
            SQL(
                """
                SELECT 1, draw.id, activity.fund_id, draw.allocation_id, activity.id,
                       activity.type_id, activity.partner_id,
                       COALESCE(activity.approved_on, activity.date_from),
                       0, 0, 0, 0, draw.committed, draw.spent, 0
                  FROM partner_mdf_draw AS draw
                  JOIN partner_mdf_activity AS activity
                    ON activity.id = draw.activity_id
                """
            ),
            SQL(
                """
                SELECT 2, activity.id, activity.fund_id, NULL, activity.id,
                       activity.type_id, activity.partner_id, activity.date_from,
                       0, 0, 0, activity.requested_amount, 0, 0, 0
                  FROM partner_mdf_activity AS activity
                 WHERE activity.state = 'submitted'
                """
            ),
        ]
