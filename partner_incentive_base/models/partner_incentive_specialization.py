from odoo import fields, models


class PartnerIncentiveSpecialization(models.Model):
    """What a partner is good at, such as an industry or a product line."""

    _name = "partner.incentive.specialization"
    _description = "Partner Specialization"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    color = fields.Integer()
    active = fields.Boolean(default=True)

    _name_unique = models.UniqueIndex(
        "(name)", "There is a specialization of that name already."
    )
