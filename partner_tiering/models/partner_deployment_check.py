from odoo import api, fields, models
from odoo.exceptions import UserError

from .partner_deployment_playbook_item import ITEM_KINDS


class PartnerDeploymentCheck(models.Model):
    """An item of a playbook, as it stood when the deployment took it over."""

    _name = "partner.deployment.check"
    _description = "Deployment Check"
    _order = "deployment_id, sequence, id"

    deployment_id = fields.Many2one(
        "partner.deployment", required=True, index=True, ondelete="cascade"
    )
    item_id = fields.Many2one(
        "partner.deployment.playbook.item", index="btree_not_null", ondelete="set null"
    )
    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(ITEM_KINDS, required=True, default="configuration")
    weight = fields.Float(default=1.0, required=True)
    evidence_required = fields.Boolean()
    date_due = fields.Date(string="Due")
    done = fields.Boolean()
    done_on = fields.Date(readonly=True)
    done_by = fields.Many2one("res.users", readonly=True)
    evidence = fields.Char(help="Note or link that shows it.")

    _weight_positive = models.Constraint(
        "CHECK (weight > 0)", "The weight of an item is more than 0."
    )

    @api.model_create_multi
    def create(self, vals_list):
        checks = super().create(vals_list)
        checks._check_open()
        return checks

    def write(self, vals):
        self._check_open()
        if "done" in vals:
            vals = {
                **vals,
                "done_on": fields.Date.context_today(self) if vals["done"] else False,
                "done_by": self.env.uid if vals["done"] else False,
            }
        result = super().write(vals)
        for check in self:
            if check.done and check.evidence_required and not check.evidence:
                raise UserError(
                    self.env._(
                        "Enter what shows that *%s* is done before it is ticked.",
                        check.name,
                    )
                )
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_validated(self):
        self._check_open()

    def _check_open(self):
        if self.env.su:
            return
        for deployment in self.deployment_id:
            if deployment.state == "validated":
                raise UserError(
                    self.env._(
                        "%s is validated; its checklist does not change any more.",
                        deployment.name,
                    )
                )
