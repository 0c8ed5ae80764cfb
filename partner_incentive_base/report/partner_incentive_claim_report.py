from odoo import fields, models
from odoo.tools import SQL

from ..models.partner_incentive_claim import STATES


class PartnerIncentiveClaimReport(models.Model):
    """How claims fare: one row per claim that was submitted.

    Rates are averages of 0 and 100 over the claims they are about; others are empty
    and do not count. Times run from the submission.
    """

    _name = "partner.incentive.claim.report"
    _description = "Claim Analysis"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "claim_id"
    _depends = {
        "partner.incentive.claim": [
            "company_amount",
            "company_id",
            "decided_on",
            "offer_id",
            "partner_id",
            "program_id",
            "rejected_by",
            "state",
            "submitted_on",
        ],
        "partner.incentive.dispute": ["res_id", "res_model"],
        "res.partner": ["country_id", "grade_id", "incentive_region_id"],
    }

    claim_id = fields.Many2one("partner.incentive.claim", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    date = fields.Date(string="Submitted", readonly=True)
    decided_date = fields.Date(string="Decided", readonly=True)
    state = fields.Selection(STATES, readonly=True)
    program_id = fields.Many2one("partner.incentive.program", readonly=True)
    offer_id = fields.Many2one("partner.incentive.offer", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    grade_id = fields.Many2one("res.partner.grade", string="Tier", readonly=True)
    region_id = fields.Many2one("partner.incentive.region", readonly=True)
    country_id = fields.Many2one("res.country", readonly=True)
    amount = fields.Monetary(currency_field="company_currency_id", readonly=True)
    waiting_amount = fields.Monetary(
        string="Waiting for a decision",
        currency_field="company_currency_id",
        readonly=True,
    )
    waiting = fields.Integer(string="Claims waiting", readonly=True)
    waiting_days = fields.Float(
        string="Days waiting", digits=(16, 1), readonly=True, aggregator="avg"
    )
    decision_days = fields.Float(
        string="Days to decide", digits=(16, 1), readonly=True, aggregator="avg"
    )
    rejection_rate = fields.Float(
        string="Rejected (%)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="Of the claims that were decided on.",
    )
    dispute_rate = fields.Float(
        string="Disputed (%)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="Of the claims that were decided on.",
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT claim.id, claim.id AS claim_id, claim.company_id,
                   claim.submitted_on::date AS date,
                   claim.decided_on::date AS decided_date, claim.state,
                   claim.program_id, claim.offer_id, claim.partner_id,
                   partner.grade_id, partner.incentive_region_id AS region_id,
                   partner.country_id, claim.company_amount AS amount,
                   CASE WHEN %(waiting)s THEN claim.company_amount ELSE 0 END
                   AS waiting_amount,
                   CASE WHEN %(waiting)s THEN 1 ELSE 0 END AS waiting,
                   CASE WHEN %(waiting)s
                        THEN EXTRACT(EPOCH FROM (NOW() AT TIME ZONE 'UTC')
                                                - claim.submitted_on) / 86400
                        END::float AS waiting_days,
                   CASE WHEN claim.state IN %(decided)s
                        THEN EXTRACT(EPOCH FROM claim.decided_on - claim.submitted_on)
                             / 86400 END::float AS decision_days,
                   CASE WHEN claim.state = 'rejected' THEN 100
                        WHEN claim.state IN %(decided)s THEN 0
                        END::float AS rejection_rate,
                   CASE WHEN claim.state NOT IN %(decided)s
                             AND NOT %(disputed)s THEN NULL
                        WHEN %(disputed)s THEN 100 ELSE 0
                        END::float AS dispute_rate
              FROM partner_incentive_claim AS claim
              JOIN res_partner AS partner ON partner.id = claim.partner_id
             WHERE claim.submitted_on IS NOT NULL AND claim.state != 'cancelled'
            """,
            decided=("approved", "scheduled", "paid", "rejected"),
            disputed=SQL(
                """EXISTS (SELECT 1 FROM partner_incentive_dispute AS dispute
                            WHERE dispute.res_model = 'partner.incentive.claim'
                              AND dispute.res_id = claim.id)"""
            ),
            waiting=SQL("claim.state IN ('submitted', 'info', 'validated')"),
        )
