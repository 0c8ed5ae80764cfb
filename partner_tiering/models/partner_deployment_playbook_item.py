from odoo import fields, models

ITEM_KINDS = [
    ("architecture", "Architecture standard"),
    ("configuration", "Standard configuration"),
    ("milestone", "Milestone"),
    ("outcome", "Documented outcome"),
]


class PartnerDeploymentPlaybookItem(models.Model):
    _name = "partner.deployment.playbook.item"
    _description = "Deployment Playbook Item"
    _order = "playbook_id, sequence, id"

    playbook_id = fields.Many2one(
        "partner.deployment.playbook", required=True, index=True, ondelete="cascade"
    )
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(ITEM_KINDS, required=True, default="configuration")
    weight = fields.Float(
        default=1.0, required=True, help="Share of the checklist, relative to others."
    )
    due_days = fields.Integer(
        string="Due after (days)", help="From the start; 0: not dated."
    )
    evidence_required = fields.Boolean(
        help="Done only with a note or link as evidence."
    )

    _weight_positive = models.Constraint(
        "CHECK (weight > 0)", "The weight of an item is more than 0."
    )
