from odoo import api, fields, models


class PartnerIncentiveAgreement(models.Model):
    """The text that a partner accepts when it enrolls in a program."""

    _name = "partner.incentive.agreement"
    _inherit = ["partner.incentive.published.mixin"]
    _description = "Program Agreement"
    _order = "program_id, number desc"
    _series_fields = ("program_id",)

    program_id = fields.Many2one(
        "partner.incentive.program", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="program_id.company_id", store=True, index=True, precompute=True
    )

    _number_unique = models.UniqueIndex(
        "(program_id, number)", "The program has an agreement of that version already."
    )

    @api.depends("program_id.name", "number")
    def _compute_display_name(self):
        for agreement in self:
            agreement.display_name = self.env._(
                "%(program)s, agreement %(number)s",
                program=agreement.program_id.name or "",
                number=agreement.number,
            )

    def _on_publish(self):
        # partners are asked for their consent by the job, for they are many
        self.env.ref("partner_incentive_base.ir_cron_tell_agreements").sudo()._trigger()
        return super()._on_publish()
