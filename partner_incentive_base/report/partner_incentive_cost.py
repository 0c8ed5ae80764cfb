from odoo import fields, models
from odoo.tools import SQL

from ..models.partner_incentive_entry import KINDS
from ..models.partner_incentive_offer import OFFER_TYPES

#: Kinds of entries whose other side is the cost account.
COST_KINDS = ("accrual", "adjustment", "write_off", "expiry")


class PartnerIncentiveCost(models.Model):
    """What incentives cost, by objective, offer, tier and region.

    One row per ledger entry and objective of its offer. An offer that serves several
    objectives counts for each by equal parts, so that the sum over all objectives is
    the cost. The tier is the one that the partner had on the accounting date, the
    region the one that it has now.
    """

    _name = "partner.incentive.cost"
    _description = "Incentive Cost"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "offer_id"
    _depends = {
        "partner.incentive.entry": [
            "company_id",
            "program_id",
            "offer_id",
            "version_id",
            "partner_id",
            "date",
            "kind",
            "earned_balance",
            "settled_balance",
        ],
        "partner.incentive.offer": ["offer_type", "objective_ids"],
        "partner.incentive.offer.version": ["cost_kind"],
        "partner.incentive.grade.history": ["partner_id", "grade_id", "date"],
        "res.partner": ["incentive_region_id", "country_id"],
    }

    entry_id = fields.Many2one("partner.incentive.entry", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    date = fields.Date(string="Accounting date", readonly=True)
    kind = fields.Selection(KINDS, readonly=True)
    program_id = fields.Many2one("partner.incentive.program", readonly=True)
    offer_id = fields.Many2one("partner.incentive.offer", readonly=True)
    offer_type = fields.Selection(OFFER_TYPES, readonly=True)
    objective_id = fields.Many2one("partner.incentive.objective", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    grade_id = fields.Many2one(
        "res.partner.grade",
        string="Tier",
        readonly=True,
        help="The partner's tier on the accounting date.",
    )
    region_id = fields.Many2one("partner.incentive.region", readonly=True)
    country_id = fields.Many2one("res.country", readonly=True)
    cost_kind = fields.Selection(
        [
            ("contra_revenue", "Reduction of revenue"),
            ("expense", "Marketing expense"),
        ],
        string="Booked as",
        readonly=True,
    )
    cost = fields.Monetary(currency_field="company_currency_id", readonly=True)
    settled = fields.Monetary(
        string="Paid", currency_field="company_currency_id", readonly=True
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT row_number() OVER (ORDER BY entry.id, served.objective_id) AS id,
                   entry.id AS entry_id, entry.company_id, entry.date, entry.kind,
                   entry.program_id, entry.offer_id, offer.offer_type,
                   served.objective_id, entry.partner_id, history.grade_id,
                   partner.incentive_region_id AS region_id, partner.country_id,
                   version.cost_kind,
                   CASE WHEN entry.kind IN %(kinds)s
                        THEN entry.earned_balance ELSE 0 END
                   / served.count AS cost,
                   entry.settled_balance / served.count AS settled
              FROM partner_incentive_entry AS entry
              JOIN partner_incentive_offer AS offer ON offer.id = entry.offer_id
              JOIN partner_incentive_offer_version AS version
                ON version.id = COALESCE(entry.version_id, offer.version_id)
              JOIN res_partner AS partner ON partner.id = entry.partner_id
              JOIN (
                SELECT offer.id AS offer_id, link.partner_incentive_objective_id
                       AS objective_id, COUNT(*) OVER (PARTITION BY offer.id) AS count
                  FROM partner_incentive_offer AS offer
             LEFT JOIN partner_incentive_offer_objective_rel AS link
                    ON link.partner_incentive_offer_id = offer.id
              ) AS served ON served.offer_id = entry.offer_id
         LEFT JOIN (%(grades)s) AS history
                ON history.partner_id = entry.partner_id
               AND history.valid @> entry.date
             WHERE entry.kind IN %(kinds)s OR entry.settled_balance != 0
            """,
            kinds=COST_KINDS,
            grades=self.env["partner.incentive.grade.history"]._get_interval_query(),
        )

    def action_explain(self):
        self.ensure_one()
        return self.entry_id.action_explain()
