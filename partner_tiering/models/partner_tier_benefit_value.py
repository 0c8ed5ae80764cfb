from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date


class PartnerTierBenefitValue(models.Model):
    """A benefit of a tier from a day on, for good or until a day.

    A later row replaces an earlier one while it lasts. What was in force stays as it
    was, since rates, shares and protection were given by it: a row that has begun can
    only be ended, and none is put before it.
    """

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
    date_to = fields.Date(string="Until", help="Last day; empty: for good.")
    number = fields.Float(digits=(16, 4))
    text = fields.Char(translate=True)
    display_value = fields.Char(compute="_compute_display_value", string="Reads")

    _once = models.UniqueIndex(
        "(benefit_id, grade_id, COALESCE(company_id, 0), date_from)",
        "The tier has that benefit from that day already.",
    )

    _dates_in_order = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "A benefit ends after it has begun.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        values = super().create(vals_list)
        values._check_nothing_replaced()
        return values

    def write(self, vals):
        if set(vals) - {"date_to"}:
            self._check_not_begun()
        if "date_to" in vals:
            self._check_can_end(fields.Date.to_date(vals["date_to"]))
        result = super().write(vals)
        if "date_from" in vals:
            self._check_nothing_replaced()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        self._check_not_begun()

    def _has_begun(self):
        """Whether somebody may have been given something by it."""
        return self.date_from < fields.Date.context_today(self)

    def _check_not_begun(self):
        for value in self:
            if value._has_begun() and not self.env.su:
                raise UserError(
                    self.env._(
                        "%(benefit)s of %(tier)s is in force since %(date)s. End it, "
                        "and add another one from the next day on.",
                        benefit=value.benefit_id.name,
                        tier=value.grade_id.name,
                        date=format_date(self.env, value.date_from),
                    )
                )

    def _check_can_end(self, day):
        yesterday = fields.Date.context_today(self) - timedelta(days=1)
        for value in self:
            ends = [each for each in (value.date_to, day) if each]
            past = ends and min(ends) < yesterday and value.date_to != day
            if past and value._has_begun() and not self.env.su:
                raise UserError(
                    self.env._(
                        "What %s brought in the past stays: choose yesterday or a "
                        "later day.",
                        value.grade_id.name,
                    )
                )

    def _check_nothing_replaced(self):
        for value in self:
            if not value._has_begun() or self.env.su:
                continue
            if self.search_count(
                [
                    # a whole history may come at once, such as by an import
                    ("id", "not in", self.ids),
                    ("benefit_id", "=", value.benefit_id.id),
                    ("grade_id", "=", value.grade_id.id),
                    ("company_id", "in", (value.company_id.id, False)),
                    ("date_from", "<", fields.Date.context_today(self)),
                ],
                limit=1,
            ):
                raise UserError(
                    self.env._(
                        "%(tier)s had %(benefit)s in the past already. Enter the new "
                        "one from today, or a later day, on.",
                        tier=value.grade_id.name,
                        benefit=value.benefit_id.name,
                    )
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
                "days": self.env._("1 day")
                if number == "1"
                else self.env._("%s days", number),
                "factor": self.env._("x %s", number),
            }.get(value.benefit_id.kind, value.text)

    @api.model
    def _get_by_grade(self, benefits, day, company):
        """``{(benefit, tier): value in force on a day}``; a company's own first."""
        values = {}
        for value in (
            self.sudo()
            .search_fetch(
                [
                    ("benefit_id", "in", benefits.ids),
                    ("date_from", "<=", day),
                    "|",
                    ("date_to", "=", False),
                    ("date_to", ">=", day),
                    ("company_id", "in", (company.id, False)),
                ],
                order="date_from, id",
            )
            .sorted(lambda each: (bool(each.company_id), each.date_from))
        ):
            values[value.benefit_id, value.grade_id] = value
        return values
