from odoo import fields, models
from odoo.fields import Domain

from .partner_milestone import MILESTONES


class PartnerIncentiveOfferVersion(models.Model):
    _inherit = "partner.incentive.offer.version"

    milestone_kind = fields.Selection(
        MILESTONES, string="Milestone", help="Empty: every milestone counts."
    )
    certification_program_ids = fields.Many2many(
        "partner.certification.program",
        "partner_incentive_version_certification_rel",
        string="Certification programs",
        help="Empty: every program counts.",
    )

    def _get_line_domain(self, basis, line_model="account.move.line"):
        if line_model == "partner.milestone":
            if not self.milestone_kind:
                return None
            return Domain("kind", "=", self.milestone_kind)
        if line_model == "partner.certification":
            if not self.certification_program_ids:
                return None
            return Domain("program_id", "in", self.certification_program_ids.ids)
        return super()._get_line_domain(basis, line_model)
