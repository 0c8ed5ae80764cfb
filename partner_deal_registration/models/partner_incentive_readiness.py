from odoo import api, models


class PartnerIncentiveReadiness(models.Model):
    """Deal registration is ready when decisions keep their deadlines."""

    _inherit = "partner.incentive.readiness"

    @api.model
    def _read_values(self, companies):
        rows = (
            self.env["partner.deal.report"]
            .sudo()
            ._read_group(
                [
                    ("company_id", "in", companies.ids),
                    ("date", ">=", self._get_first_day()),
                    ("clock_rate", "!=", False),
                ],
                ["company_id"],
                ["clock_rate:avg", "__count"],
            )
        )
        return {
            **super()._read_values(companies),
            "deals": {
                company.id: (rate, self.env._("%s decided registrations", count))
                for company, rate, count in rows
            },
        }

    @api.model
    def _get_screens(self):
        return {
            **super()._get_screens(),
            "deals": "partner_deal_registration.partner_deal_registration_action",
        }
