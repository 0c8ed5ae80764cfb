from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..engine import calendars

MAX_YEARS = 30


class PartnerIncentiveCalendarYears(models.TransientModel):
    """Generates years of weeks, after those that a calendar has or before them."""

    _name = "partner.incentive.calendar.years"
    _description = "Generate Years of a Calendar"

    calendar_id = fields.Many2one(
        "partner.incentive.calendar", required=True, ondelete="cascade"
    )
    has_periods = fields.Boolean(compute="_compute_has_periods")
    before = fields.Boolean(
        string="Before the first period",
        help="Earlier years, for offers that compare with the year before.",
    )
    date_from = fields.Date(
        string="First day",
        compute="_compute_start",
        store=True,
        readonly=False,
        help="First day of the first year.",
    )
    first_year = fields.Integer(
        string="Fiscal year",
        compute="_compute_start",
        store=True,
        readonly=False,
        help="What the year is called that begins on that day.",
    )
    years = fields.Integer(default=1, required=True)

    @api.depends("calendar_id")
    def _compute_has_periods(self):
        for wizard in self:
            wizard.has_periods = bool(wizard.calendar_id.period_ids)

    @api.depends("calendar_id", "before")
    def _compute_start(self):
        for wizard in self:
            periods = wizard.calendar_id._get_periods()
            first, last = periods[:1], periods[-1:]
            if not periods:
                wizard.date_from = wizard.date_from
                wizard.first_year = wizard.first_year
            elif wizard.before:
                wizard.date_from = first.date_from
                wizard.first_year = first.year
            else:
                wizard.date_from = last.date_to + timedelta(days=1)
                wizard.first_year = last.year + 1

    def action_generate(self):
        """Make the periods; a year that is there already stays as it is."""
        self.ensure_one()
        calendar = self.calendar_id
        calendar.check_access("write")
        if calendar.pattern == "dated":
            raise UserError(
                self.env._(
                    "%s has dates of its own. Enter or import its periods, or choose "
                    "a pattern of weeks.",
                    calendar.name,
                )
            )
        if not self.date_from:
            raise UserError(self.env._("Enter the first day of the first year."))
        if not 1 <= self.years <= MAX_YEARS:
            raise UserError(
                self.env._("Generate from 1 to %s years at a time.", MAX_YEARS)
            )
        make = calendars.generate_before if self.before else calendars.generate
        try:
            periods = make(
                self.date_from,
                self.years,
                calendar.pattern,
                calendar.long_years,
                self.first_year or None,
            )
        except calendars.CalendarError as error:
            raise UserError(calendar._describe_error(error)) from error
        calendar.write(
            {
                "period_ids": [
                    Command.create(
                        {
                            "date_from": period.start,
                            "date_to": period.end,
                            "year": period.year,
                            "quarter": str(period.quarter),
                            "number": period.number,
                        }
                    )
                    for period in periods
                ]
            }
        )
        return {"type": "ir.actions.act_window_close"}
