from odoo import fields, models

from .res_partner import INSIDERS


class ResPartnerGrade(models.Model):
    _inherit = "res.partner.grade"

    incentive_payout_days = fields.Integer(
        string="Paid sooner by",
        groups=INSIDERS,
        help="Days by which the review window of every offer is shorter for partners "
        "of this tier.",
    )
    history_ids = fields.One2many(
        "partner.incentive.grade.history", "grade_id", groups=INSIDERS
    )
    history_count = fields.Integer(
        string="Changes", compute="_compute_history_count", groups=INSIDERS
    )

    def _compute_history_count(self):
        counts = dict(
            self.env["partner.incentive.grade.history"]._read_group(
                [("grade_id", "in", self.ids)], ["grade_id"], ["__count"]
            )
        )
        for grade in self:
            grade.history_count = counts.get(grade, 0)

    def action_view_history(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.incentive.grade.history",
            "view_mode": "list",
            "domain": [("grade_id", "=", self.id)],
            "name": self.env._("Tier history"),
        }
