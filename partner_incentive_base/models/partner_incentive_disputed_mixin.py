from odoo import api, fields, models
from odoo.exceptions import UserError

from .res_partner import INSIDERS


class PartnerIncentiveDisputedMixin(models.AbstractModel):
    """What a partner can dispute: an entry, a claim, a settlement, a decision.

    Extension point: a module makes its own documents disputable by inheriting this
    and adding the model to ``partner.incentive.dispute``.
    """

    _name = "partner.incentive.disputed.mixin"
    _description = "Can Be Disputed"

    dispute_ids = fields.One2many(
        "partner.incentive.dispute",
        "res_id",
        string="Disputes",
        domain=lambda self: [("res_model", "=", self._name)],
        groups=INSIDERS,
        copy=False,
    )
    dispute_count = fields.Integer(compute="_compute_dispute_count", groups=INSIDERS)

    @api.depends("dispute_ids")
    def _compute_dispute_count(self):
        counts = dict(
            self.env["partner.incentive.dispute"]._read_group(
                [("res_model", "=", self._name), ("res_id", "in", self.ids)],
                ["res_id"],
                ["__count"],
            )
        )
        for record in self:
            record.dispute_count = counts.get(record.id, 0)

    def _get_dispute_day(self):
        """Day from which the time to dispute counts, or None where it is too early."""
        self.ensure_one()
        return self.create_date.date()

    def _get_dispute_offer(self):
        """The offer that a correction is booked under; may be empty."""
        self.ensure_one()
        return self.offer_id

    def _get_dispute_program(self):
        self.ensure_one()
        return self.program_id

    def _get_dispute_deciders(self):
        """Users who took the disputed decision: none of them judges the dispute."""
        self.ensure_one()
        return self.create_uid

    @api.model
    def _get_dispute_areas(self):
        """Areas (``ROLE_AREAS``) of which a role on the portal needs one to dispute."""
        return ("money",)

    def _can_reopen_disputed(self):
        """Whether an upheld dispute can put the document back into its process."""
        self.ensure_one()
        return False

    def _reopen_disputed(self, dispute):
        """Put the document back into its process. The rights were checked."""
        raise UserError(
            self.env._(
                "%s does not go back into review. Correct it by an amount instead.",
                self.display_name,
            )
        )

    def action_dispute(self):
        """Raise a dispute on behalf of the partner."""
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Dispute"),
            "res_model": "partner.incentive.dispute",
            "view_mode": "form",
            "context": {"default_res_model": self._name, "default_res_id": self.id},
        }

    def action_view_disputes(self):
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_incentive_base.partner_incentive_dispute_action"
        )
        action["domain"] = [("res_model", "=", self._name), ("res_id", "=", self.id)]
        action["context"] = {
            "default_res_model": self._name,
            "default_res_id": self.id,
        }
        return action
