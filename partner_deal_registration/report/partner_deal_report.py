from odoo import api, fields, models
from odoo.tools import SQL

from ..models.partner_deal_registration import STATES


class PartnerDealReport(models.Model):
    """One row per registration: funnel, time to approve, conversion, win rate.

    Rates are averages of 0 and 100 over the registrations they are about; others are
    empty and do not count.
    """

    _name = "partner.deal.report"
    _description = "Deal Registration Analysis"
    _auto = False
    _order = "date desc, id desc"
    _depends = {
        "partner.deal.registration": [
            "approved_on",
            "clock_hit",
            "clock_used",
            "company_value",
            "completed_on",
            "conflict_level",
            "decided_on",
            "partner_id",
            "quality",
            "role",
            "state",
            "user_id",
        ],
        "res.partner": ["grade_id"],
    }

    registration_id = fields.Many2one("partner.deal.registration", readonly=True)
    name = fields.Char(readonly=True)
    date = fields.Date(string="Complete since", readonly=True)
    approved_date = fields.Date(string="Approved", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    program_id = fields.Many2one("partner.incentive.program", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    grade_id = fields.Many2one("res.partner.grade", string="Tier", readonly=True)
    country_id = fields.Many2one(
        "res.country", string="Customer's country", readonly=True
    )
    user_id = fields.Many2one("res.users", string="Reviewer", readonly=True)
    role = fields.Selection(selection="_get_roles", readonly=True)
    state = fields.Selection(STATES, readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    expected_value = fields.Monetary(readonly=True)
    pipeline = fields.Monetary(
        string="Sourced pipeline",
        readonly=True,
        help="Expected value of approved deals that partners sourced.",
    )
    quality = fields.Float(readonly=True, aggregator="avg")
    decide_hours = fields.Float(
        string="Hours to decide", readonly=True, aggregator="avg"
    )
    days_to_approve = fields.Float(
        string="Days to approve", readonly=True, aggregator="avg"
    )
    clock_rate = fields.Float(
        string="Decided in time (%)", readonly=True, aggregator="avg"
    )
    approval_rate = fields.Float(string="Approved (%)", readonly=True, aggregator="avg")
    conflict_rate = fields.Float(
        string="With a conflict (%)", readonly=True, aggregator="avg"
    )
    conversion_rate = fields.Float(
        string="Converted (%)",
        readonly=True,
        aggregator="avg",
        help="Of all approved deals, those that were ordered.",
    )
    win_rate = fields.Float(
        string="Won (%)",
        readonly=True,
        aggregator="avg",
        help="Of the deals that were ordered, lost or expired, those ordered.",
    )

    @api.model
    def _get_roles(self):
        return self.env["partner.deal.registration"]._fields["role"].selection

    @property
    def _table_query(self):
        return SQL("%s %s %s", self._select(), self._from(), self._where())

    @api.model
    def _select(self):
        return SQL(
            """
            SELECT deal.id, deal.id AS registration_id, deal.name,
                   deal.completed_on::date AS date,
                   deal.approved_on::date AS approved_date,
                   deal.company_id, deal.program_id, deal.partner_id,
                   partner.grade_id, deal.customer_country_id AS country_id,
                   deal.user_id, deal.role, deal.state, company.currency_id,
                   deal.company_value AS expected_value,
                   CASE WHEN deal.state = 'approved' AND deal.role = 'sourced'
                        THEN deal.company_value ELSE 0 END AS pipeline,
                   deal.quality::float AS quality,
                   CASE WHEN deal.decided_on IS NOT NULL AND NOT deal.was_taken
                        THEN deal.clock_used END AS decide_hours,
                   CASE WHEN NOT deal.was_taken
                        THEN EXTRACT(EPOCH FROM deal.approved_on - deal.completed_on)
                             / 86400 END AS days_to_approve,
                   CASE WHEN deal.decided_on IS NOT NULL AND NOT deal.was_taken
                        THEN CASE WHEN deal.clock_hit THEN 100 ELSE 0 END
                        END::float AS clock_rate,
                   CASE WHEN deal.decided_on IS NOT NULL
                        THEN CASE WHEN deal.approved_on IS NOT NULL
                                  THEN 100 ELSE 0 END END::float AS approval_rate,
                   CASE WHEN deal.conflict_level = 'conflict'
                        THEN 100 ELSE 0 END::float AS conflict_rate,
                   CASE WHEN deal.approved_on IS NOT NULL
                        THEN CASE WHEN deal.state = 'converted'
                                  THEN 100 ELSE 0 END END::float AS conversion_rate,
                   CASE WHEN deal.state = 'converted' THEN 100
                        WHEN deal.approved_on IS NOT NULL
                             AND deal.state IN ('lost', 'expired') THEN 0
                        END::float AS win_rate
            """
        )

    @api.model
    def _from(self):
        return SQL(
            """
              FROM (SELECT registration.*,
                           COALESCE(registration.taken_over, FALSE) AS was_taken
                      FROM partner_deal_registration AS registration) AS deal
              JOIN res_company AS company ON company.id = deal.company_id
              JOIN res_partner AS partner ON partner.id = deal.partner_id
            """
        )

    @api.model
    def _where(self):
        return SQL("WHERE deal.completed_on IS NOT NULL")

    def action_open_registration(self):
        self.ensure_one()
        return self.registration_id.get_formview_action()
