from odoo import api, fields, models
from odoo.exceptions import ValidationError


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
    survey_id = fields.Many2one(
        "survey.survey",
        string="Satisfaction survey",
        index="btree_not_null",
        domain="[('scoring_type', '!=', 'no_scoring')]",
        help="Customers who are asked for a rating can answer it instead of giving "
        "stars: its score counts as a rating.",
    )
    item_ids = fields.One2many(
        "partner.deployment.playbook.item", "playbook_id", string="Items", copy=True
    )
    deployment_count = fields.Integer(
        string="Deployments", compute="_compute_deployment_count"
    )

    _target_positive = models.Constraint(
        "CHECK (target_days > 0)", "The target is one day at least."
    )

    @api.constrains("survey_id")
    def _check_survey(self):
        for playbook in self:
            if playbook.survey_id.sudo().scoring_type == "no_scoring":
                raise ValidationError(
                    self.env._(
                        "%s has no score: choose a survey with scoring.",
                        playbook.survey_id.sudo().title,
                    )
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
