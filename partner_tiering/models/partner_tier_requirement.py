from odoo import api, fields, models


class PartnerTierRequirement(models.Model):
    _name = "partner.tier.requirement"
    _description = "Tier Requirement"
    _order = "level_id, sequence, id"
    _rec_name = "metric_id"

    level_id = fields.Many2one(
        "partner.tier.level", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    metric_id = fields.Many2one(
        "partner.metric", required=True, index=True, ondelete="restrict"
    )
    higher_is_better = fields.Boolean(related="metric_id.higher_is_better")
    unit = fields.Selection(related="metric_id.unit")
    bound = fields.Float(
        string="At least, or at most",
        required=True,
        digits=(16, 4),
        help="At most, where less is better.",
    )

    _metric_once = models.UniqueIndex(
        "(level_id, metric_id)", "The tier asks for that metric already."
    )

    @api.model_create_multi
    def create(self, vals_list):
        requirements = super().create(vals_list)
        requirements.level_id.policy_id._check_can_write({"level_ids": []})
        return requirements

    def write(self, vals):
        self.level_id.policy_id._check_can_write({"level_ids": []})
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self.level_id.policy_id._check_can_write({"level_ids": []})
