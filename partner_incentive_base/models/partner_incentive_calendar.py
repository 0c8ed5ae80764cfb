from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from ..engine import calendars

PATTERNS = [
    ("445", "4-4-5 weeks"),
    ("454", "4-5-4 weeks"),
    ("544", "5-4-4 weeks"),
    ("dated", "Dates of its own"),
]
#: In the context while a calendar writes its periods, which may be wrong one by one. No
#: client can send it, since it is an object.
WRITING = object()


class PartnerIncentiveCalendar(models.Model):
    """Periods that a company closes its books by where these are no months.

    An offer's windows and settlement periods can be those of a calendar. Its months
    are the periods, its quarters and years are groups of them. Periods follow each
    other without gap or overlap; those that a published offer rests on do not change.
    """

    _name = "partner.incentive.calendar"
    _description = "Incentive Calendar"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    pattern = fields.Selection(
        PATTERNS,
        required=True,
        default="445",
        help="Weeks of the three periods of a quarter, from which years are generated. "
        "Dates of its own: periods are entered or imported.",
    )
    long_years = fields.Selection(
        [
            ("never", "Never"),
            ("last", "Years end on the last such weekday of the month"),
            ("nearest", "Years end on the weekday nearest to the month's end"),
        ],
        string="53rd week",
        required=True,
        default="nearest",
        help="The weekday and the month follow from the day before the first year. "
        "A 53rd week belongs to the last period of its year.",
    )
    period_ids = fields.One2many(
        "partner.incentive.calendar.period", "calendar_id", string="Periods", copy=True
    )
    date_from = fields.Date(string="From", compute="_compute_dates")
    date_to = fields.Date(string="To", compute="_compute_dates")
    offer_ids = fields.One2many("partner.incentive.offer", "calendar_id")
    offer_count = fields.Integer(string="Offers", compute="_compute_offer_count")

    @api.depends("period_ids.date_from", "period_ids.date_to")
    def _compute_dates(self):
        for calendar in self:
            periods = calendar._get_periods()
            calendar.date_from = periods[:1].date_from
            calendar.date_to = periods[-1:].date_to

    @api.depends("offer_ids")
    def _compute_offer_count(self):
        for calendar in self:
            calendar.offer_count = len(calendar._get_offers())

    @api.constrains("period_ids")
    def _check_periods(self):
        for calendar in self:
            try:
                calendars.check(calendar._get_engine_periods())
            except calendars.CalendarError as error:
                raise ValidationError(calendar._describe_error(error)) from error

    @api.constrains("company_id")
    def _check_company_of_offers(self):
        for calendar in self:
            strangers = (
                calendar.sudo()
                ._get_offers()
                .filtered(
                    lambda offer, own=calendar.company_id: (
                        own not in offer.company_id.parent_ids
                    )
                )
            )
            if strangers:
                raise ValidationError(
                    self.env._(
                        "%(calendar)s is the calendar of %(offers)s and stays with its "
                        "company.",
                        calendar=calendar.name,
                        offers=", ".join(strangers.mapped("name")),
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        writing = self.with_context(incentive_calendar=WRITING)
        calendars_ = super(PartnerIncentiveCalendar, writing).create(vals_list)
        return calendars_.with_env(self.env)

    def write(self, vals):
        writing = self.with_context(incentive_calendar=WRITING)
        return super(PartnerIncentiveCalendar, writing).write(vals)

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for calendar, vals in zip(self, vals_list, strict=True):
            if not (default or {}).get("name"):
                vals["name"] = self.env._("%s (copy)", calendar.name)
        return vals_list

    def _get_periods(self):
        return self.period_ids.filtered("date_from").sorted(
            lambda period: (period.date_from, period._origin.id)
        )

    def _get_engine_periods(self):
        return tuple(
            calendars.Period(
                period.date_from,
                period.date_to,
                period.year,
                int(period.quarter),
                period.number,
            )
            for period in self._get_periods()
        )

    def _get_dated_calendar(self):
        """The engine's :class:`~..engine.calendars.DatedCalendar`."""
        self.ensure_one()
        return calendars.DatedCalendar(self._get_engine_periods())

    def _get_offers(self):
        """Offers that calculate or settle by this calendar."""
        return self.env["partner.incentive.offer"].search(
            [
                "|",
                ("calendar_id", "in", self.ids),
                ("settlement_calendar_id", "in", self.ids),
            ]
        )

    def _get_used_span(self):
        """``(first day, last day)`` that published offers rest on, or None."""
        self.ensure_one()
        offers_sudo = self.sudo().with_context(active_test=False)._get_offers()
        spans = [
            version._get_calendar_span()
            for offer_sudo in offers_sudo
            for version in offer_sudo._get_published_versions()
        ]
        if not spans:
            return None
        return min(start for start, _end in spans), max(end for _start, end in spans)

    def _describe_error(self, error):
        """What is wrong, in words that say what to do."""
        if error.code in ("last", "nearest"):
            rule = dict(self._fields["long_years"]._description_selection(self.env))
            return self.env._(
                "A year that begins on %(start)s follows a year that ended on %(end)s, "
                "which does not fit the rule for the 53rd week (%(rule)s). Begin "
                "with another day, or change the rule.",
                start=format_date(self.env, error.values[0] + timedelta(days=1)),
                end=format_date(self.env, error.values[0]),
                rule=rule[self.long_years],
            )
        first, following = error.values[0], error.values[-1]
        names = {
            "calendar": self.name,
            "first": self._name_period(first),
            "following": self._name_period(following),
        }
        if error.code == "reversed":
            return self.env._(
                "%(calendar)s: the period %(first)s ends before it begins. Correct one "
                "of its dates.",
                **names,
            )
        if error.code == "quarter":
            return self.env._(
                "%(calendar)s: the period %(first)s belongs to no quarter from 1 to 4.",
                **names,
            )
        if error.code == "overlap":
            return self.env._(
                "%(calendar)s: the periods %(first)s and %(following)s overlap. A "
                "period begins on the day after the one before.",
                **names,
            )
        if error.code == "gap":
            return self.env._(
                "%(calendar)s: there is a gap between the periods %(first)s and "
                "%(following)s. A period begins on the day after the one before.",
                **names,
            )
        return self.env._(
            "%(calendar)s: year, quarter or number of the period %(following)s come "
            "before those of %(first)s. Number the periods of a year in their order.",
            **names,
        )

    def _name_period(self, window):
        first, last = (format_date(self.env, day) for day in (window.start, window.end))
        return f"{first} – {last}"

    def action_generate(self):
        """Ask for how many years, and which."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Generate years"),
            "res_model": "partner.incentive.calendar.years",
            "view_mode": "form",
            "target": "new",
            "context": {"default_calendar_id": self.id},
        }

    def action_view_offers(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_incentive_base.partner_incentive_offer_action"
        )
        action["domain"] = [("id", "in", self._get_offers().ids)]
        action["context"] = {}
        return action
