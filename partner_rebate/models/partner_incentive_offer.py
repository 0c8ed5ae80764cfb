from markupsafe import Markup

from odoo import api, fields, models

#: What a type usually counts; the user may choose another measure. What a type does
#: not say is as in PLAIN_TERMS, so that the type chosen before leaves no trace.
PLAIN_TERMS = {
    "credit_role": "buyer",
    "evidence_rule": "documents",
    "rate_kind": "percent",
    "bracket_reference": "volume",
    "seller_claims": False,
}
USUAL_TERMS = {
    "volume_rebate": {"measure": "invoiced_amount"},
    "growth_rebate": {"measure": "growth_amount"},
    "retention_rebate": {"measure": "renewed_amount"},
    "product_attach": {
        "measure": "invoiced_quantity",
        "bracket_reference": "products",
    },
    "spif": {
        "measure": "claimed_quantity",
        "seller_claims": True,
        "evidence_rule": "claim",
        "rate_kind": "per_unit",
        "payout": "vendor_bill",
    },
    "new_logo": {
        "measure": "new_customer_count",
        "credit_role": "sourced",
        "evidence_rule": "attribution",
        "rate_kind": "per_unit",
    },
    "market_entry": {
        "measure": "new_customer_amount",
        "credit_role": "sourced",
        "evidence_rule": "attribution",
    },
    "accelerator": {"measure": "invoiced_amount"},
    "lump_sum": {
        "measure": "elapsed_days",
        "rate_kind": "amount",
        "formula": "whole",
    },
    "milestone": {"measure": "milestone_bonus"},
}


class PartnerIncentiveOffer(models.Model):
    _inherit = "partner.incentive.offer"

    target_ids = fields.One2many("partner.incentive.target", "offer_id")
    target_count = fields.Integer(string="Targets", compute="_compute_target_count")

    def _compute_target_count(self):
        counts = {
            offer: count
            for offer, count in self.env["partner.incentive.target"]._read_group(
                [("offer_id", "in", self.ids)], ["offer_id"], ["__count"]
            )
        }
        for offer in self:
            offer.target_count = counts.get(offer, 0)

    @api.onchange("offer_type")
    def _onchange_offer_type(self):
        """Suggest what offers of the type usually count, while terms are open."""
        if self.version_state in (False, "draft"):
            usual = USUAL_TERMS.get(self.offer_type)
            if usual:
                self.update({**PLAIN_TERMS, **usual})

    @api.depends("offer_type", "version_id.accelerated_offer_ids")
    def _compute_terms_warning(self):
        return super()._compute_terms_warning()

    def _get_coupled_groups(self, versions):
        """An accelerator is calculated together with what it accelerates."""
        groups = super()._get_coupled_groups(versions)
        for version in versions:
            accelerated = version.accelerated_offer_ids
            if accelerated:
                groups.append(
                    version.offer_id
                    | accelerated.filtered(
                        lambda offer: (
                            offer in self or offer.state in ("published", "retired")
                        )
                    )
                )
        return groups

    def _get_all_window_starts(self):
        """First days of the windows to the end of the term, or a year ahead."""
        today = fields.Date.context_today(self)
        until = self._get_end_date() or fields.Date.add(today, years=1)
        return [window.start for window in self._get_windows(until)]

    def _pays_itself(self):
        return not self._get_terms_in_force().accelerated_offer_ids and (
            super()._pays_itself()
        )

    def _get_overlapping_offers(self):
        """An accelerator pays nothing itself, so it overlaps with nothing."""
        if self.version_id.accelerated_offer_ids:
            return self.browse()
        others = super()._get_overlapping_offers()
        return others.filtered(lambda other: not other.version_id.accelerated_offer_ids)

    def action_view_targets(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_rebate.partner_incentive_target_action"
        )
        action["domain"] = [("offer_id", "=", self.id)]
        action["context"] = {"default_offer_id": self.id}
        return action

    def action_simulate(self):
        """Ask for what the offer would have cost on past documents."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Simulation"),
            "res_model": "partner.incentive.simulation",
            "view_mode": "form",
            "target": "new",
            "context": {"default_offer_id": self.id, "dialog_size": "extra-large"},
        }

    @api.model
    def action_launch(self, *_args):
        """The guided way from a goal to an offer."""
        return self.env["partner.incentive.launch"].action_open()

    @api.model
    def get_empty_list_help(self, help_message):
        """Whoever has no offer yet is led through making one."""
        if not self.has_access("read"):
            return ""
        if self.env["partner.incentive.launch"].has_access("create"):
            help_message = Markup(
                "{}<p><a type='action' class='btn btn-primary' "
                "name='partner_rebate.partner_incentive_launch_action'>{}</a></p>"
            ).format(Markup(help_message or ""), self.env._("Launch an offer"))
        return super().get_empty_list_help(help_message)
