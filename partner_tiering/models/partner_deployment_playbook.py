from odoo import fields, models


class PartnerDeploymentPlaybook(models.Model):
    """How a product is deployed well: what is checked, and when it is of value."""

    _name = "partner.deployment.playbook"
    _description = "Deployment Playbook"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)
    product_ids = fields.Many2many("product.product", string="Products")
    target_days = fields.Integer(
        string="Target time to value (days)",
        default=60,
        help="From the start to the day on which the customer has the first value.",
    )
    description = fields.Html(translate=True)
    item_ids = fields.One2many(
        "partner.deployment.playbook.item", "playbook_id", string="Items", copy=True
    )
    deployment_count = fields.Integer(compute="_compute_deployment_count")

    _target_positive = models.Constraint(
        "CHECK (target_days > 0)", "The target is one day at least."
    )

    def _compute_deployment_count(self):
        counts = dict(
            self.env["partner.deployment"]._read_group(
                [("playbook_id", "in", self.ids)], ["playbook_id"], ["__count"]
            )
        )
        for playbook in self:
            playbook.deployment_count = counts.get(playbook, 0)

    def action_view_deployments(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "partner.deployment",
            "view_mode": "list,kanban,form",
            "domain": [("playbook_id", "=", self.id)],
            "context": {"default_playbook_id": self.id},
        }
