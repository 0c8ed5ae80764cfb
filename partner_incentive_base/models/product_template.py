from odoo import fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    incentive_recurring = fields.Boolean(
        string="Recurring",
        help="Sold for a term and renewed, such as a subscription or a support plan. "
        "Its sales can become customer contracts.",
    )
