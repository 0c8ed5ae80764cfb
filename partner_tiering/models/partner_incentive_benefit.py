from odoo import api, models
from odoo.tools import SQL


class PartnerIncentiveBenefit(models.AbstractModel):
    _inherit = "partner.incentive.benefit"

    @api.model
    def _get_values(self, code, partners, date, company=None):
        """Values of the library, by the tier that each partner had on the date."""
        values = super()._get_values(code, partners, date, company)
        benefit = self.env["partner.tier.benefit"].sudo().search([("code", "=", code)])
        if not benefit or not partners:
            return values
        company = company or self.env.company
        by_grade = {
            grade.id: value
            for (_benefit, grade), value in self.env["partner.tier.benefit.value"]
            ._get_by_grade(benefit, date, company)
            .items()
        }
        history = self.env["partner.incentive.grade.history"]
        for partner_id, grade_id in self.env.execute_query(
            SQL(
                "SELECT partner_id, grade_id FROM (%s) AS tier "
                "WHERE partner_id = ANY(%s) AND valid @> %s::date",
                history._get_interval_query(),
                partners.commercial_partner_id.ids,
                date,
            )
        ):
            value = by_grade.get(grade_id)
            if value:
                values[partner_id] = (
                    value.text if benefit.kind == "text" else value.number
                )
        return values
