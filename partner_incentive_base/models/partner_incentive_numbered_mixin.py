from odoo import api, models


class PartnerIncentiveNumberedMixin(models.AbstractModel):
    """A document that takes the next number of its own sequence.

    The sequence's code is the name of the model; a company may have one of its own.
    """

    _name = "partner.incentive.numbered.mixin"
    _description = "Incentive Document with a Number"

    #: Field that takes the number, unless a caller gives one.
    _number_field = "name"

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._number(vals) for vals in vals_list])

    @api.model
    def _number(self, vals):
        """The values, with a number if they had none."""
        if vals.get(self._number_field, "/") != "/":
            return vals
        company = vals.get("company_id") or self.env.company.id
        # whoever may create the document may number it, on the portal too
        sequence_sudo = self.env["ir.sequence"].sudo().with_company(company)
        return {
            **vals,
            self._number_field: sequence_sudo.next_by_code(self._name) or "/",
        }
