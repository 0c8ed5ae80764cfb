from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        """Running scorecards are derived: the next refresh makes those of the merged
        partner. Of two open changes of a tier, that of the destination goes on."""
        self.env["partner.scorecard"].sudo().search(
            [("partner_id", "in", src_partners.ids), ("state", "=", "draft")]
        ).unlink()
        changes = (
            self.env["partner.tier.change"]
            .sudo()
            .search(
                [
                    ("partner_id", "in", src_partners.ids),
                    ("state", "in", ("grace", "recommended", "approved")),
                ]
            )
        )
        changes.write({"state": "cancelled"})
        self.env.flush_all()
        return super()._update_foreign_keys(src_partners, dst_partner)
