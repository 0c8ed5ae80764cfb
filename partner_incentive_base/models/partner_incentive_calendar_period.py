from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .partner_incentive_calendar import WRITING

FROZEN = {"calendar_id", "date_from", "date_to", "year", "quarter", "number"}


class PartnerIncentiveCalendarPeriod(models.Model):
    """One period of a calendar: what a month is to everybody else."""

    _name = "partner.incentive.calendar.period"
    _description = "Incentive Calendar Period"
    _order = "calendar_id, date_from, id"

    calendar_id = fields.Many2one(
        "partner.incentive.calendar", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="calendar_id.company_id", store=True)
    name = fields.Char(
        compute="_compute_name", store=True, readonly=False, precompute=True
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: self._default_following()["date_from"],
    )
    date_to = fields.Date(string="To", required=True)
    year = fields.Integer(
        string="Fiscal year",
        required=True,
        aggregator=None,
        default=lambda self: self._default_following()["year"],
    )
    quarter = fields.Selection(
        [("1", "Q1"), ("2", "Q2"), ("3", "Q3"), ("4", "Q4")],
        required=True,
        default=lambda self: self._default_following()["quarter"],
    )
    number = fields.Integer(
        required=True,
        aggregator=None,
        default=lambda self: self._default_following()["number"],
        help="Of the period in its year. What grows is compared with the period of "
        "this number a year before.",
    )
    days = fields.Integer(compute="_compute_days", aggregator=None)
    used = fields.Boolean(
        compute="_compute_used",
        help="A published offer rests on this period; it does not change any more.",
    )

    def _default_following(self):
        """A period entered by hand follows the last one, three to a quarter."""
        calendar = self.env["partner.incentive.calendar"].browse(
            self.env.context.get("default_calendar_id")
        )
        last = calendar._get_periods()[-1:]
        if not last:
            return {"date_from": False, "year": False, "quarter": "1", "number": 1}
        number = last.number % 12 + 1
        return {
            "date_from": last.date_to + timedelta(days=1),
            "year": last.year + (number == 1),
            "quarter": str((number + 2) // 3),
            "number": number,
        }

    @api.depends("year", "number")
    def _compute_name(self):
        for period in self:
            period.name = f"{period.year} P{period.number:02}"

    @api.depends("date_from", "date_to")
    def _compute_days(self):
        for period in self:
            known = period.date_from and period.date_to
            period.days = known and (period.date_to - period.date_from).days + 1

    @api.depends("date_from", "date_to", "calendar_id")
    def _compute_used(self):
        used = self._get_used()
        for period in self:
            period.used = period in used

    def _get_used(self):
        """Periods that published offers rest on."""
        spans = {each: each._get_used_span() for each in self.calendar_id}
        return self.filtered(
            lambda period: (
                (span := spans.get(period.calendar_id))
                and period.date_from
                and period.date_to
                and period.date_from <= span[1]
                and period.date_to >= span[0]
            )
        )

    @api.constrains(*sorted(FROZEN))
    def _check_calendar(self):
        self._check_whole(self.calendar_id)

    def _check_whole(self, calendars):
        """A calendar that writes several periods checks them itself, at the end."""
        if self.env.context.get("incentive_calendar") is not WRITING:
            calendars._check_periods()

    def write(self, vals):
        changing = FROZEN.intersection(vals)
        if changing:
            for period in self._get_used():
                new = {
                    name: period._fields[name].convert_to_cache(vals[name], period)
                    for name in changing
                }
                if any(
                    value != period._fields[name].convert_to_cache(period[name], period)
                    for name, value in new.items()
                ):
                    period._refuse()
        calendars = self.calendar_id
        result = super().write(vals)
        if "calendar_id" in vals:
            self._check_whole(calendars)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for period in self._get_used():
            period._refuse()

    def unlink(self):
        calendars = self.calendar_id
        result = super().unlink()
        self._check_whole(calendars.exists())
        return result

    def _refuse(self):
        raise UserError(
            self.env._(
                "Published offers rest on the period %(period)s of %(calendar)s, which "
                "does not change any more. Make a copy of the calendar for other "
                "offers.",
                period=self.name,
                calendar=self.calendar_id.name,
            )
        )
