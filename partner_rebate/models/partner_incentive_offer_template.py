from odoo import api, models
from odoo.fields import Command


class PartnerIncentiveOfferTemplate(models.Model):
    """Adds milestones: ``[[name, trigger, bonus]]``."""

    _inherit = "partner.incentive.offer.template"

    @api.model
    def _get_known_terms(self):
        return super()._get_known_terms() | {"milestones"}

    def _prepare_offer_vals(self):
        vals = super()._prepare_offer_vals()
        milestones = vals.pop("milestones", [])
        if milestones:
            vals["milestone_ids"] = [
                Command.create({"name": name, "trigger": trigger, "amount": amount})
                for name, trigger, amount in milestones
            ]
        return vals

    @api.model
    def _read_terms(self, offer):
        terms = super()._read_terms(offer)
        if offer.milestone_ids:
            terms["milestones"] = [
                [milestone.name, milestone.trigger, milestone.amount]
                for milestone in offer.milestone_ids
            ]
        return terms

    def _prepare_launch_line(self):
        """Values of the line by which a launch offers this template."""
        self.ensure_one()
        names = ("period", "settlement_period", "minimum", "cap")
        return {
            "template_id": self.id,
            "name": self.name,
            "sequence": self.sequence,
            **{name: self.terms[name] for name in names if name in self.terms},
        }
