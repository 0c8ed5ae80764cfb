from odoo import api, fields, models


class PartnerTierBenefit(models.Model):
    """Something that a tier brings; the library that other modules read from.

    Those with a code are read by :class:`partner.incentive.benefit`, the others are for
    people.
    """

    _name = "partner.tier.benefit"
    _description = "Tier Benefit"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(help="What modules ask for, such as fund_share.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [
            ("percent", "Percent"),
            ("days", "Days"),
            ("factor", "Factor"),
            ("text", "Text"),
        ],
        required=True,
        default="text",
    )
    description = fields.Text(translate=True, help="On the public page of the rules.")
    is_public = fields.Boolean(string="Public", default=True)
    value_ids = fields.One2many(
        "partner.tier.benefit.value", "benefit_id", string="Per tier"
    )

    _code_unique = models.Constraint(
        "UNIQUE (code)", "Another benefit has this code already."
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["code"] = vals.get("code") or False
        return super().create(vals_list)

    def write(self, vals):
        if {"code", "kind"} & set(vals):
            self.value_ids._check_not_begun()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        self.value_ids._check_not_begun()
