from odoo import api, fields, models


class CrmLead(models.Model):
    """Leads know the marketing activity that brought them, by their campaign."""

    _inherit = "crm.lead"

    mdf_activity_id = fields.Many2one(
        "partner.mdf.activity",
        string="Marketing activity",
        compute="_compute_mdf_activity_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="set null",
        domain="[('campaign_id', '!=', False)]",
        help="Found by the campaign; a deal that a partner registers for an activity "
        "names it here.",
    )

    @api.depends("campaign_id")
    def _compute_mdf_activity_id(self):
        activities = {
            activity.campaign_id: activity
            for activity in self.env["partner.mdf.activity"]
            .sudo()
            .search([("campaign_id", "in", self.campaign_id.ids)])
        }
        for lead in self:
            found = activities.get(lead.campaign_id)
            lead.mdf_activity_id = found or lead.mdf_activity_id
