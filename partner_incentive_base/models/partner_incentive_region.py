from odoo import api, fields, models


class PartnerIncentiveRegion(models.Model):
    """A part of the market. A region stands for all regions below it, too."""

    _name = "partner.incentive.region"
    _description = "Sales Region"
    _order = "complete_name, id"
    _parent_store = True
    _rec_name = "complete_name"
    _rec_names_search = ["complete_name"]

    name = fields.Char(required=True)
    complete_name = fields.Char(
        compute="_compute_complete_name", recursive=True, store=True
    )
    parent_id = fields.Many2one(
        "partner.incentive.region",
        string="Part of",
        index=True,
        ondelete="restrict",
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("partner.incentive.region", "parent_id")
    country_ids = fields.Many2many(
        "res.country",
        string="Countries",
        help="A partner of these countries is proposed this region.",
    )
    active = fields.Boolean(default=True)

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for region in self:
            parent = region.parent_id.complete_name
            region.complete_name = (
                f"{parent} / {region.name}" if parent else region.name
            )

    @api.model
    def _get_for_country(self, country):
        """Most specific region that names ``country``, or an empty recordset."""
        if not country:
            return self.browse()
        regions = self.search([("country_ids", "in", country.ids)])
        return regions.sorted(lambda region: -len(region.parent_path or ""))[:1]
