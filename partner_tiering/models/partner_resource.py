from odoo import api, fields, models

ROLES = [
    ("sales", "Sales"),
    ("technical", "Technical"),
    ("marketing", "Marketing"),
    ("management", "Management"),
]


class PartnerResource(models.Model):
    """A document for partners, by tier and role, in versions."""

    _name = "partner.resource"
    _description = "Partner Resource"
    _inherit = ["mail.thread"]
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)
    description = fields.Text(translate=True)
    role = fields.Selection(ROLES, index=True)
    grade_ids = fields.Many2many(
        "res.partner.grade", string="For tiers", help="Empty: for every partner."
    )
    version_ids = fields.One2many("partner.resource.version", "resource_id")
    current_id = fields.Many2one(
        "partner.resource.version", compute="_compute_current", string="In force"
    )
    download_count = fields.Integer(string="Downloads", compute="_compute_current")

    @api.depends("version_ids")
    def _compute_current(self):
        for resource in self:
            resource.current_id = resource.version_ids.sorted("number")[-1:]
            resource.download_count = sum(resource.version_ids.mapped("download_count"))
