from odoo import api, models


class PartnerIncentiveDatedReport(models.AbstractModel):
    """A report over SQL whose context says for which day or time it is.

    Rows of different days have the same ids, so what one search has read must not
    answer the next.
    """

    _name = "partner.incentive.dated.report"
    _description = "Incentive Report for a Day or Time"

    @api.model
    def _search(self, domain, *args, **kwargs):
        self.invalidate_model(flush=False)
        return super()._search(domain, *args, **kwargs)
