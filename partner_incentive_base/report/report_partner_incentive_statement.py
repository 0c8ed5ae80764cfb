"""What the printed statement shows."""

from odoo import api, fields, models

from .partner_incentive_statement import MAX_LINES


class ReportPartnerIncentiveStatement(models.AbstractModel):
    _name = "report.partner_incentive_base.report_statement"
    _description = "Partner Incentive Statement on Paper"

    @api.model
    def _get_report_values(self, docids, data=None):
        data = data or {}
        statement = self.env["partner.incentive.statement"]
        # The web client sends either ids or data, never both.
        partners = self.env["res.partner"].browse(docids or data.get("partner_ids"))
        statement._check_can_read(partners)
        partners = partners.commercial_partner_id
        start = fields.Date.to_date(data.get("date_from") or None)
        end = fields.Date.to_date(data.get("date_to") or None)
        return {
            "doc_ids": partners.ids,
            "doc_model": "res.partner",
            "docs": partners,
            "date_from": start,
            "date_to": end or fields.Date.context_today(self),
            "company": self.env.company,
            "get_sections": lambda partner: statement._get_sections(
                partner, start, end, MAX_LINES
            ),
        }
