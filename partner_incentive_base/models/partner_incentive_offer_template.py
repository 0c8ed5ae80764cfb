from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from .partner_incentive_objective import OBJECTIVE_KINDS
from .partner_incentive_offer import OFFER_TYPES

#: Fields of the version that belong to one offer, never to a template.
OWN_FIELDS = {
    "number",
    "state",
    "effective_date",
    "date_to",
    "change_reason",
    "company_id",
    "expected_cost",
}
SCALARS = ("boolean", "integer", "float", "char", "selection")


class PartnerIncentiveOfferTemplate(models.Model):
    """Terms that a new offer starts from: the gallery.

    ``terms`` names fields of the offer with plain values, and ``brackets`` as a list
    of ``[from, rate]``. A module that adds terms extends :meth:`_prepare_offer_vals`
    and :meth:`_read_terms`.
    """

    _name = "partner.incentive.offer.template"
    _description = "Incentive Offer Template"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=100)
    active = fields.Boolean(default=True)
    offer_type = fields.Selection(
        OFFER_TYPES, string="Type", required=True, default="volume_rebate"
    )
    summary = fields.Text(translate=True, help="When to use it, in a sentence or two.")
    example = fields.Char(translate=True, help="What it comes to, in figures.")
    objective_kind = fields.Selection(OBJECTIVE_KINDS, string="Serves")
    terms = fields.Json(required=True, default=dict)

    @api.constrains("terms")
    def _check_terms(self):
        for template in self:
            unknown = sorted(set(template.terms) - self._get_known_terms())
            if unknown:
                raise ValidationError(
                    self.env._(
                        "%(template)s has terms that offers do not: %(names)s.",
                        template=template.name,
                        names=", ".join(unknown),
                    )
                )

    @api.model
    def _get_known_terms(self):
        Offer = self.env["partner.incentive.offer"]
        return {"brackets"} | {
            name for name, field in Offer._fields.items() if field.type in SCALARS
        }

    def _prepare_offer_vals(self):
        """Values of a draft offer; its program and dates are the usual ones."""
        self.ensure_one()
        terms = dict(self.terms)
        brackets = terms.pop("brackets", [])
        vals = {
            "name": self.name,
            "offer_type": self.offer_type,
            **terms,
            "bracket_ids": [
                Command.create({"lower": lower, "rate": rate})
                for lower, rate in brackets
            ],
        }
        if self.objective_kind:
            objective = self.env["partner.incentive.objective"].search(
                [
                    ("kind", "=", self.objective_kind),
                    ("company_id", "in", (False, self.env.company.id)),
                ],
                limit=1,
            )
            vals["objective_ids"] = [Command.set(objective.ids)]
        everyone = self.env.ref(
            "partner_incentive_base.segment_all_enrolled", raise_if_not_found=False
        )
        if everyone:
            vals["segment_ids"] = [Command.set(everyone.ids)]
        return vals

    def action_use(self):
        """Make a draft offer of the template, and show it."""
        self.ensure_one()
        Offer = self.env["partner.incentive.offer"]
        if not Offer._default_program():
            raise UserError(
                self.env._(
                    "An offer belongs to a program, and there is none yet. Create one "
                    "under Catalog > Programs first."
                )
            )
        offer = Offer.create(self._prepare_offer_vals())
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.incentive.offer",
            "res_id": offer.id,
            "view_mode": "form",
        }

    @api.model
    def _read_terms(self, offer):
        """The terms of an offer as a template keeps them."""
        version = offer.version_id
        terms = {
            name: offer[name] for name in ("period", "settlement_period", "opt_in")
        }
        for name, field in version._fields.items():
            if (
                field.type in SCALARS
                and field.store
                and name not in models.MAGIC_COLUMNS
                and not field.related
                and name not in OWN_FIELDS
                and version[name] not in (False, "", 0)
            ):
                terms[name] = version[name]
        terms["brackets"] = [
            [bracket.lower, bracket.rate]
            for bracket in version.bracket_ids
            if not bracket.segment_id
        ]
        return terms

    @api.model
    def _create_from_offer(self, offer):
        offer.check_access("read")
        return self.create(
            {
                "name": offer.name,
                "offer_type": offer.offer_type,
                "objective_kind": offer.objective_ids[:1].kind,
                "terms": self._read_terms(offer),
            }
        )
