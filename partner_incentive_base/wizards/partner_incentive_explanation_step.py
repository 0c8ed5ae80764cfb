from odoo import fields, models


class PartnerIncentiveExplanationStep(models.TransientModel):
    """One line of an explanation."""

    _name = "partner.incentive.explanation.step"
    _description = "Incentive Explanation Step"

    explanation_id = fields.Many2one(
        "partner.incentive.explanation", ondelete="cascade"
    )
    name = fields.Char(readonly=True)
    value = fields.Char(readonly=True)
    note = fields.Char(readonly=True)
