from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command


class PartnerIncentiveNegotiation(models.TransientModel):
    """Rates that one partner negotiated, in place of those of the offer.

    They are a ladder of the offer's next version, so that they take effect from a
    day on, are approved by somebody else like every change of terms, and are told to
    that partner alone.
    """

    _name = "partner.incentive.negotiation"
    _description = "Negotiate Rates with a Partner"

    offer_id = fields.Many2one(
        "partner.incentive.offer", required=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="offer_id.company_id")
    partner_id = fields.Many2one(
        "res.partner", required=True, domain="[('commercial_partner_id', '=', id)]"
    )
    effective_date = fields.Date(
        string="From",
        required=True,
        default=lambda self: fields.Date.context_today(self),
        help="Documents dated from this day on earn at the negotiated rates.",
    )
    reason = fields.Text(required=True, help="Why this partner gets other rates.")
    line_ids = fields.One2many(
        "partner.incentive.negotiation.line",
        "wizard_id",
        string="Rates",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    @api.depends("offer_id")
    def _compute_line_ids(self):
        """The offer's own rates, to start from."""
        for wizard in self:
            wizard.line_ids = [Command.clear()] + [
                Command.create({"lower": bracket.lower, "rate": bracket.rate})
                for bracket in wizard.offer_id._get_terms_in_force().bracket_ids
                if not bracket.segment_id
            ]

    def action_negotiate(self):
        """Put the rates into a draft of the next version, ready to be submitted."""
        self.ensure_one()
        offer, partner = self.offer_id, self.partner_id
        offer.check_access("write")
        if not self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            raise AccessError(
                self.env._("Only an incentive manager negotiates rates of offers.")
            )
        if not self.line_ids:
            raise UserError(self.env._("Enter at least one rate."))
        if partner not in offer._get_terms_in_force()._get_eligible_partners():
            raise UserError(
                self.env._(
                    "%(partner)s cannot earn under %(offer)s. Add it to who can earn, "
                    "or to a segment, first.",
                    partner=partner.name,
                    offer=offer.name,
                )
            )
        if offer.version_state == "published":
            offer.action_revise()
            offer.write({"effective_date": self.effective_date})
        elif offer.version_state != "draft":
            raise UserError(
                self.env._(
                    "%s waits for approval. Publish it, or return it to draft, first.",
                    offer.name,
                )
            )
        version = offer.version_id
        segment = self._get_segment(version)
        version.bracket_ids.filtered(lambda each: each.segment_id == segment).unlink()
        version.write(
            {
                "change_reason": self.reason,
                "bracket_ids": [
                    Command.create(
                        {
                            "lower": line.lower,
                            "rate": line.rate,
                            "segment_id": segment.id,
                        }
                    )
                    for line in self.line_ids
                ],
            }
        )
        offer.message_post(
            body=self.env._(
                "Rates negotiated with %(partner)s: %(reason)s",
                partner=partner.name,
                reason=self.reason,
            )
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.incentive.offer",
            "res_id": offer.id,
            "view_mode": "form",
        }

    def _get_segment(self, version):
        """The segment that is this partner alone; it goes before all others."""
        partner = self.partner_id
        domain = f"[('id', '=', {partner.id})]"
        known = version.bracket_ids.segment_id.filtered(
            lambda segment: segment.partner_domain == domain
        )
        return known[:1] or self.env["partner.incentive.segment"].create(
            {
                "name": self.env._("Negotiated: %s", partner.name),
                "company_id": self.offer_id.company_id.id,
                "sequence": 0,
                "partner_domain": domain,
            }
        )
