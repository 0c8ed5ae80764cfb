from odoo import fields, models


class PartnerMdfActivityType(models.Model):
    """A kind of marketing activity: what it is, what proves it, how it is tracked."""

    _name = "partner.mdf.activity.type"
    _description = "Marketing Activity Type"
    _order = "sequence, name"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    description = fields.Text(translate=True, help="What partners read about it.")
    medium_id = fields.Many2one(
        "utm.medium",
        ondelete="restrict",
        help="Leads and orders that an activity brings carry this medium.",
    )
    distinct_service = fields.Boolean(
        default=True,
        help="The company gets a service that it could buy elsewhere, such as an "
        "advertisement. What is paid for it, up to its fair value, is a marketing "
        "expense; anything else reduces revenue (IFRS 15.70, ASC 606-10-32-25).",
    )
    evidence_rule_ids = fields.One2many(
        "partner.incentive.evidence.rule",
        "activity_type_id",
        string="Proof needed",
        copy=True,
    )
