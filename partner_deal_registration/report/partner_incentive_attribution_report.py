from odoo import fields, models
from odoo.tools import SQL


class PartnerIncentiveAttributionReport(models.Model):
    """Registered deals: pipeline as long as they are open, then won or lost.

    A deal with a quotation is in the pipeline by its quotation, which knows better what
    the customer will order. What is credited to several partners counts by their
    shares, for the win rate, too.
    """

    _inherit = "partner.incentive.attribution.report"
    _depends = {
        "partner.deal.registration": [
            "approved_on",
            "company_id",
            "company_value",
            "completed_on",
            "customer_id",
            "partner_id",
            "program_id",
            "role",
            "state",
        ],
        "partner.deal.credit": ["partner_id", "registration_id", "role", "share"],
        "sale.order": ["deal_registration_id"],
    }

    kind = fields.Selection(selection_add=[("deal", "Registered deal")])

    def _get_sources(self, values):
        return [*super()._get_sources(values), self._get_deals(values)]

    def _get_deals(self, values):
        return SQL(
            """
            SELECT 'deal', 'partner.deal.registration', deal.id, deal.company_id,
                   credit.partner_id, deal.customer_id, deal.program_id, credit.role,
                   deal.completed_on::date, 0,
                   CASE WHEN deal.state = 'approved' AND NOT EXISTS (
                            SELECT FROM sale_order AS quotation
                             WHERE quotation.deal_registration_id = deal.id
                               AND quotation.state IN ('draft', 'sent'))
                        THEN deal.company_value * credit.share / 100 ELSE 0 END,
                   0,
                   CASE WHEN deal.state = 'converted'
                        THEN credit.share / 100 ELSE 0 END,
                   CASE WHEN deal.state IN ('converted', 'lost', 'expired')
                        THEN credit.share / 100 ELSE 0 END
              FROM partner_deal_registration AS deal
              JOIN (
                SELECT registration_id, partner_id, role, share
                  FROM partner_deal_credit
                 UNION ALL
                SELECT id, partner_id, role, 100 FROM partner_deal_registration AS own
                 WHERE NOT EXISTS (SELECT FROM partner_deal_credit AS shared
                                    WHERE shared.registration_id = own.id)
                   ) AS credit ON credit.registration_id = deal.id
             WHERE deal.completed_on IS NOT NULL
               AND deal.approved_on IS NOT NULL
               AND deal.state IN ('approved', 'converted', 'lost', 'expired')
               AND deal.company_id IN %(companies)s
               AND credit.role IN %(roles)s
            """,
            **values,
        )
