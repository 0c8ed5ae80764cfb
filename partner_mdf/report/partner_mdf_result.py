from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL, format_amount


class PartnerMdfResult(models.Model):
    """What each activity cost and brought, planned and actual, in company currency.

    Leads belong to the activity they name (see ``crm.lead``); orders to that of their
    opportunity, else to that of their campaign; invoices to that of their orders, else
    to that of their campaign. Each document counts once.
    """

    _name = "partner.mdf.result"
    _description = "Results of Marketing Activities"
    _auto = False
    _order = "date_from desc, id desc"
    _rec_name = "activity_id"

    activity_id = fields.Many2one("partner.mdf.activity", readonly=True)
    request_id = fields.Many2one("partner.mdf.request", readonly=True)
    fund_id = fields.Many2one("partner.mdf.fund", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one("res.partner", readonly=True)
    grade_id = fields.Many2one("res.partner.grade", string="Tier", readonly=True)
    region_id = fields.Many2one("partner.incentive.region", readonly=True)
    country_id = fields.Many2one("res.country", readonly=True)
    type_id = fields.Many2one(
        "partner.mdf.activity.type", string="Activity type", readonly=True
    )
    state = fields.Selection(
        [("approved", "Approved"), ("closed", "Closed")], readonly=True
    )
    date_from = fields.Date(string="Date", readonly=True)
    expected_leads = fields.Integer(string="Leads, planned", readonly=True)
    leads = fields.Integer(readonly=True)
    opportunities = fields.Integer(readonly=True)
    won = fields.Integer(string="Won opportunities", readonly=True)
    expected_pipeline = fields.Monetary(
        string="Pipeline, planned", currency_field="company_currency_id", readonly=True
    )
    pipeline = fields.Monetary(currency_field="company_currency_id", readonly=True)
    expected_revenue = fields.Monetary(
        string="Revenue, planned", currency_field="company_currency_id", readonly=True
    )
    ordered = fields.Monetary(currency_field="company_currency_id", readonly=True)
    invoiced = fields.Monetary(currency_field="company_currency_id", readonly=True)
    cash = fields.Monetary(currency_field="company_currency_id", readonly=True)
    approved = fields.Monetary(currency_field="company_currency_id", readonly=True)
    spent = fields.Monetary(
        string="Reimbursed", currency_field="company_currency_id", readonly=True
    )
    cost_per_lead = fields.Monetary(
        currency_field="company_currency_id", readonly=True, aggregator="avg"
    )
    pipeline_per_unit = fields.Float(
        string="Pipeline per unit of money",
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
    )
    cash_per_unit = fields.Float(
        string="Cash per unit of money", digits=(16, 2), readonly=True, aggregator="avg"
    )

    _depends = {
        "partner.mdf.activity": ["state", "approved_amount", "campaign_id", "type_id"],
        "partner.mdf.draw": ["committed", "spent"],
        "crm.lead": ["mdf_activity_id", "expected_revenue", "type", "won_status"],
        "sale.order": ["campaign_id", "opportunity_id", "state", "amount_untaxed"],
        "account.move": ["campaign_id", "state", "amount_untaxed_signed"],
    }

    @property
    def _table_query(self):
        return SQL("%s %s %s", self._select(), self._from(), self._where())

    def _select(self):
        return SQL(
            """
            SELECT activity.id, activity.id AS activity_id, activity.request_id,
                   activity.fund_id, activity.company_id, activity.partner_id,
                   partner.grade_id, partner.incentive_region_id AS region_id,
                   partner.country_id, activity.type_id, activity.state,
                   activity.date_from, activity.expected_leads,
                   activity.expected_pipeline * rate.rate AS expected_pipeline,
                   activity.expected_revenue * rate.rate AS expected_revenue,
                   COALESCE(lead.leads, 0) AS leads,
                   COALESCE(lead.opportunities, 0) AS opportunities,
                   COALESCE(lead.won, 0) AS won,
                   COALESCE(lead.pipeline, 0) AS pipeline,
                   COALESCE(sale.ordered, 0) AS ordered,
                   COALESCE(bill.invoiced, 0) AS invoiced,
                   COALESCE(bill.cash, 0) AS cash,
                   (COALESCE(money.committed, 0) + COALESCE(money.spent, 0))
                   * rate.rate AS approved,
                   COALESCE(money.spent, 0) * rate.rate AS spent,
                   money.spent * rate.rate / NULLIF(lead.leads, 0) AS cost_per_lead,
                   lead.pipeline / NULLIF(money.spent * rate.rate, 0)
                   AS pipeline_per_unit,
                   bill.cash / NULLIF(money.spent * rate.rate, 0) AS cash_per_unit
            """
        )

    def _from(self):
        return SQL(
            """
              FROM partner_mdf_activity AS activity
              JOIN res_partner AS partner ON partner.id = activity.partner_id
              JOIN res_company AS company ON company.id = activity.company_id
              JOIN LATERAL (%(rate)s) AS rate ON TRUE
         LEFT JOIN (
                    SELECT draw.activity_id, SUM(draw.committed) AS committed,
                           SUM(draw.spent) AS spent
                      FROM partner_mdf_draw AS draw
                     GROUP BY 1) AS money ON money.activity_id = activity.id
         LEFT JOIN (
                    SELECT lead.mdf_activity_id AS activity_id, COUNT(*) AS leads,
                           COUNT(*) FILTER (WHERE lead.type = 'opportunity')
                           AS opportunities,
                           COUNT(*) FILTER (WHERE lead.won_status = 'won') AS won,
                           SUM(lead.expected_revenue)
                           FILTER (WHERE lead.type = 'opportunity') AS pipeline
                      FROM crm_lead AS lead
                      JOIN partner_mdf_activity AS own ON own.id = lead.mdf_activity_id
                     WHERE lead.company_id IS NULL OR lead.company_id = own.company_id
                     GROUP BY 1) AS lead ON lead.activity_id = activity.id
         LEFT JOIN (
                    SELECT COALESCE(lead.mdf_activity_id, own.id) AS activity_id,
                           sale.company_id,
                           SUM(sale.amount_untaxed
                               / COALESCE(NULLIF(sale.currency_rate, 0), 1))
                           AS ordered
                      FROM sale_order AS sale
                 LEFT JOIN crm_lead AS lead ON lead.id = sale.opportunity_id
                 LEFT JOIN partner_mdf_activity AS own
                        ON own.campaign_id = sale.campaign_id
                     WHERE sale.state = 'sale'
                       AND (lead.mdf_activity_id IS NOT NULL OR own.id IS NOT NULL)
                     GROUP BY 1, 2) AS sale
                ON sale.activity_id = activity.id
               AND sale.company_id = activity.company_id
         LEFT JOIN (
                    SELECT COALESCE(origin.activity_id, own.id) AS activity_id,
                           move.company_id,
                           SUM(move.amount_untaxed_signed) AS invoiced,
                           SUM(move.amount_total_signed - move.amount_residual_signed)
                           AS cash
                      FROM account_move AS move
                 LEFT JOIN partner_mdf_activity AS own
                        ON own.campaign_id = move.campaign_id
                 LEFT JOIN (
                            SELECT line.move_id,
                                   MIN(COALESCE(lead.mdf_activity_id, ordering.id))
                                   AS activity_id
                              FROM sale_order AS sale
                         LEFT JOIN crm_lead AS lead ON lead.id = sale.opportunity_id
                         LEFT JOIN partner_mdf_activity AS ordering
                                ON ordering.campaign_id = sale.campaign_id
                              JOIN sale_order_line AS sold ON sold.order_id = sale.id
                              JOIN sale_order_line_invoice_rel AS link
                                ON link.order_line_id = sold.id
                              JOIN account_move_line AS line
                                ON line.id = link.invoice_line_id
                             WHERE lead.mdf_activity_id IS NOT NULL
                                OR ordering.id IS NOT NULL
                             GROUP BY 1) AS origin ON origin.move_id = move.id
                     WHERE move.state = 'posted'
                       AND move.move_type IN ('out_invoice', 'out_refund')
                       AND move.incentive_document IS NULL
                       AND (origin.activity_id IS NOT NULL OR own.id IS NOT NULL)
                     GROUP BY 1, 2) AS bill
                ON bill.activity_id = activity.id
               AND bill.company_id = activity.company_id
            """,
            rate=self._rate(),
        )

    def _rate(self):
        """Rate of the fund's currency on the day of the activity."""
        return SQL(
            """
            SELECT CASE WHEN activity.currency_id = company.currency_id THEN 1.0
                   ELSE COALESCE((
                        SELECT each.rate FROM res_currency_rate AS each
                         WHERE each.currency_id = company.currency_id
                           AND each.name <= activity.date_from
                           AND (each.company_id IS NULL
                                OR each.company_id = %(root)s)
                      ORDER BY each.name DESC, each.company_id LIMIT 1), 1.0)
                   / COALESCE((
                        SELECT each.rate FROM res_currency_rate AS each
                         WHERE each.currency_id = activity.currency_id
                           AND each.name <= activity.date_from
                           AND (each.company_id IS NULL
                                OR each.company_id = %(root)s)
                      ORDER BY each.name DESC, each.company_id LIMIT 1), 1.0)
                   END AS rate
            """,
            # Rates belong to the root of a company, the first on the path to it.
            root=SQL("split_part(company.parent_path, '/', 1)::int"),
        )

    def _where(self):
        return SQL("WHERE activity.state IN ('approved', 'closed')")

    @api.model
    def _render_history(self, partner, types):
        """What a partner made of earlier money, and what the same activities brought.

        :param types: activity types that are asked for now
        :return: Markup, empty without any history
        """
        if not partner:
            return Markup()
        rows = []
        for label, domain in (
            (partner.name, [("partner_id", "=", partner.id)]),
            *(
                (kind.name, [("type_id", "=", kind.id), ("spent", ">", 0)])
                for kind in types
            ),
        ):
            values = self._read_group(
                [*domain, ("company_id", "in", self.env.companies.ids)],
                aggregates=[
                    "__count",
                    "approved:sum",
                    "spent:sum",
                    "leads:sum",
                    "expected_leads:sum",
                    "pipeline:sum",
                    "cash:sum",
                ],
            )[0]
            if values[0]:
                rows.append((label, values))
        if not rows:
            return Markup()
        currency = self.env.company.currency_id
        head = [
            "",
            self.env._("Activities"),
            self.env._("Approved"),
            self.env._("Reimbursed"),
            self.env._("Leads (planned)"),
            self.env._("Cost per lead"),
            self.env._("Pipeline per unit of money"),
            self.env._("Cash per unit of money"),
        ]
        body = []
        for label, (count, approved, spent, leads, planned, pipeline, cash) in rows:
            cells = [
                label,
                count,
                format_amount(self.env, approved or 0, currency),
                format_amount(self.env, spent or 0, currency),
                f"{leads} ({planned})",
                format_amount(self.env, (spent or 0) / leads, currency)
                if leads
                else "-",
                f"{(pipeline or 0) / spent:.2f}" if spent else "-",
                f"{(cash or 0) / spent:.2f}" if spent else "-",
            ]
            body.append(
                Markup("<tr>%s</tr>")
                % Markup().join(Markup("<td>%s</td>") % cell for cell in cells)
            )
        return Markup(
            '<table class="table table-sm"><thead><tr>%s</tr></thead>'
            "<tbody>%s</tbody></table>"
        ) % (
            Markup().join(Markup("<th>%s</th>") % cell for cell in head),
            Markup().join(body),
        )
