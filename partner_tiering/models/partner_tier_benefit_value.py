from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PartnerTierBenefitValue(models.Model):
    """A benefit of a tier from a day on. A later row replaces an earlier one."""

    _name = "partner.tier.benefit.value"
    _description = "Tier Benefit per Tier"
    _order = "benefit_id, date_from desc, id"
    _rec_name = "benefit_id"

    benefit_id = fields.Many2one(
        "partner.tier.benefit", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(related="benefit_id.kind")
    grade_id = fields.Many2one(
        "res.partner.grade",
        string="Tier",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one("res.company", index=True)
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: fields.Date.context_today(self),
    )
    number = fields.Float(digits=(16, 4))
    text = fields.Char(translate=True)
    display_value = fields.Char(compute="_compute_display_value", string="Reads")

    _once = models.UniqueIndex(
        "(benefit_id, grade_id, COALESCE(company_id, 0), date_from)",
        "The tier has that benefit from that day already.",
    )

    @api.constrains("number", "text", "benefit_id")
    def _check_value(self):
        for value in self:
            kind = value.benefit_id.kind
            if kind == "text" and not value.text:
                raise ValidationError(
                    self.env._("Enter what %s is.", value.benefit_id.name)
                )
            if kind == "percent" and not 0 <= value.number <= 100:
                raise ValidationError(
                    self.env._(
                        "%s is a percentage from 0 to 100.", value.benefit_id.name
                    )
                )
            if kind in ("days", "factor") and value.number < 0:
                raise ValidationError(
                    self.env._("%s cannot be negative.", value.benefit_id.name)
                )

    @api.depends("number", "text", "benefit_id.kind")
    def _compute_display_value(self):
        for value in self:
            number = f"{value.number:g}"
            value.display_value = {
                "percent": self.env._("%s %%", number),
                "days": self.env._("%s days", number),
                "factor": self.env._("x %s", number),
            }.get(value.benefit_id.kind, value.text)

    @api.model
    def _get_by_grade(self, benefits, day, company):
        """``{(benefit, tier): value in force on a day}``; a company's own first."""
        values = {}
        for value in (
            self.sudo()
            .search(
                [
                    ("benefit_id", "in", benefits.ids),
                    ("date_from", "<=", day),
                    ("company_id", "in", (company.id, False)),
                ],
                order="date_from, id",
            )
            .sorted(lambda each: (bool(each.company_id), each.date_from))
        ):
            values[value.benefit_id, value.grade_id] = value
        return values
