"""Calendars: periods without gap or overlap, frozen once an offer rests on them."""

from datetime import date

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.partner_incentive_base.engine.windows import Window

from .common import IncentiveCommon


@tagged("post_install", "-at_install")
class TestCalendar(IncentiveCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar = cls._create_calendar()
        cls._generate(cls.calendar, date_from=date(2026, 1, 4))
        cls.term = {"date_from": date(2026, 1, 4), "date_to": date(2027, 1, 2)}

    @classmethod
    def _create_calendar(cls, **values):
        return cls.env["partner.incentive.calendar"].create(
            {
                "name": "Weeks",
                "company_id": cls.company.id,
                "pattern": "445",
                "long_years": "nearest",
                **values,
            }
        )

    @classmethod
    def _generate(cls, calendar, **values):
        wizard = cls.env["partner.incentive.calendar.years"].create(
            {"calendar_id": calendar.id, **values}
        )
        wizard.action_generate()

    def _dated(self, *spans):
        return [
            Command.create(
                {
                    "date_from": start,
                    "date_to": end,
                    "year": 2026,
                    "quarter": "1",
                    "number": number,
                }
            )
            for number, (start, end) in enumerate(spans, 1)
        ]

    def test_generate(self):
        """Years follow each other, or go before the first one."""
        self.assertEqual(len(self.calendar.period_ids), 12)
        self.assertEqual(self.calendar.period_ids[2].days, 35)
        self.assertEqual(self.calendar.period_ids[0].name, "2026 P01")
        self._generate(self.calendar, years=2)
        self.assertEqual(self.calendar.date_to, date(2028, 12, 30))
        self._generate(self.calendar, before=True)
        self.assertEqual(self.calendar.date_from, date(2024, 12, 29))
        years = self.calendar.period_ids.mapped("year")
        self.assertEqual(sorted(set(years)), [2025, 2026, 2027, 2028])
        self.assertEqual(len(years), 48)

    def test_generate_refused(self):
        with self.assertRaisesRegex(UserError, "53rd week"):
            self._generate(self._create_calendar(), date_from=date(2026, 1, 20))
        with self.assertRaisesRegex(UserError, "first day"):
            self._generate(self._create_calendar())
        with self.assertRaisesRegex(UserError, "from 1 to 30"):
            self._generate(self.calendar, years=0)
        with self.assertRaisesRegex(UserError, "dates of its own"):
            self._generate(
                self._create_calendar(pattern="dated"), date_from=date(2026, 1, 4)
            )

    def test_dated_periods(self):
        """Entered by hand, a period follows the last one."""
        calendar = self._create_calendar(
            pattern="dated",
            period_ids=self._dated((date(2026, 1, 1), date(2026, 2, 15))),
        )
        with Form(calendar) as form, form.period_ids.new() as period:
            self.assertEqual(period.date_from, date(2026, 2, 16))
            self.assertEqual(period.number, 2)
            period.date_to = date(2026, 3, 31)
        self.assertEqual(calendar.date_to, date(2026, 3, 31))
        # A border between two periods moves in one go.
        first, second = calendar.period_ids
        calendar.write(
            {
                "period_ids": [
                    Command.update(first.id, {"date_to": date(2026, 2, 14)}),
                    Command.update(second.id, {"date_from": date(2026, 2, 15)}),
                ]
            }
        )
        self.assertEqual(second.days, 45)

    def test_gap_and_overlap(self):
        start = (date(2026, 1, 1), date(2026, 1, 31))
        for problem, span in {
            "gap": (date(2026, 2, 2), date(2026, 2, 28)),
            "overlap": (date(2026, 1, 31), date(2026, 2, 28)),
            "ends before": (date(2026, 2, 1), date(2026, 1, 31)),
        }.items():
            with (
                self.subTest(problem),
                self.assertRaisesRegex(ValidationError, problem),
            ):
                self._create_calendar(period_ids=self._dated(start, span))

    def test_gap_by_a_single_period(self):
        """A period alone, as over RPC, is checked with all others; no flag helps."""
        first, second, third = self.calendar.period_ids[:3]
        forged = second.with_context(incentive_calendar=True)
        for change in (
            lambda: second.write({"date_to": date(2026, 2, 27)}),
            lambda: forged.write({"date_to": date(2026, 3, 1)}),
            lambda: second.unlink(),
            lambda: second.write({"number": 7}),
            lambda: third.write({"quarter": "4"}),
            lambda: first.copy(),
        ):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                change()
        # The last one leaves no gap.
        self.calendar.period_ids[-1].unlink()
        self.assertEqual(self.calendar.date_to, date(2026, 11, 28))

    def test_windows(self):
        """Months, quarters, halves and years of an offer are the calendar's."""
        offer = self._create_offer(
            publish=False,
            calendar_id=self.calendar.id,
            date_from=date(2026, 1, 10),
            date_to=date(2026, 12, 31),
        )
        self.assertEqual(offer.settlement_calendar_id, self.calendar)
        for period, count, first_end in (
            ("whole", 1, date(2026, 12, 31)),
            ("year", 1, date(2026, 12, 31)),
            ("half", 2, date(2026, 7, 4)),
            ("quarter", 4, date(2026, 4, 4)),
            ("month", 12, date(2026, 1, 31)),
        ):
            offer.period = period
            windows = offer._get_windows(date(2026, 12, 31))
            self.assertEqual(len(windows), count, period)
            self.assertEqual(windows[0], Window(date(2026, 1, 10), first_end))
        self.assertEqual(
            offer._get_settlement_cutoff(date(2026, 4, 1)), date(2026, 2, 28)
        )
        offer.settlement_calendar_id = False
        self.assertEqual(
            offer._get_settlement_cutoff(date(2026, 4, 1)), date(2026, 3, 31)
        )

    def test_publication(self):
        """Days outside a calendar would earn nothing, so it must cover the term."""
        offer = self._create_offer(publish=False, calendar_id=self.calendar.id)
        offer.action_submit()
        offer_sudo = offer.sudo()
        with self.assertRaisesRegex(UserError, "from 01/01/2026 to 12/31/2026"):
            offer_sudo.action_publish()
        offer_sudo.action_return()
        offer.write(self.term)
        offer.action_submit()
        offer_sudo.action_publish()
        self.assertEqual(offer.state, "published")

    def test_publication_without_end(self):
        self.program.date_to = False
        offer = self._create_offer(
            publish=False,
            calendar_id=self.calendar.id,
            date_from=date(2026, 1, 4),
            date_to=False,
        )
        offer.action_submit()
        with self.assertRaisesRegex(UserError, "has no end"):
            offer.sudo().action_publish()

    def test_revision_beyond_the_calendar(self):
        offer = self._create_offer(calendar_id=self.calendar.id, **self.term)
        offer.action_revise()
        offer.write({"effective_date": date(2026, 6, 1), "date_to": date(2027, 6, 30)})
        offer.action_submit()
        with self.assertRaisesRegex(UserError, "Add periods"):
            offer.sudo().action_publish()
        self._generate(self.calendar)
        offer.sudo().action_publish()
        self.assertEqual(len(offer._get_published_versions()), 2)

    def test_frozen_once_published(self):
        """Periods of a published offer stay; later and earlier ones may come and go."""
        self._generate(self.calendar, years=1)
        periods = self.calendar.period_ids
        self.assertFalse(any(periods.mapped("used")))
        offer = self._create_offer(calendar_id=self.calendar.id, **self.term)
        periods.invalidate_recordset(["used"])
        self.assertEqual(periods.mapped("used"), [True] * 12 + [False] * 12)
        last, following = periods[11:13]
        with self.assertRaisesRegex(UserError, "does not change any more"):
            self.calendar.write(
                {
                    "period_ids": [
                        Command.update(last.id, {"date_to": date(2027, 1, 3)}),
                        Command.update(following.id, {"date_from": date(2027, 1, 4)}),
                    ]
                }
            )
        for change in (
            lambda: periods[0].write({"quarter": "2"}),
            lambda: periods[0].unlink(),
            lambda: periods[3].sudo().write({"number": 5}),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()
        periods[0].name = "January"
        with self.assertRaisesRegex(UserError, "cannot change any more"):
            offer.sudo().write({"calendar_id": False})
        with self.assertRaises(ValidationError):
            offer.sudo().settlement_calendar_id = self._create_calendar(
                pattern="dated",
                period_ids=self._dated((date(2026, 1, 1), date(2026, 1, 31))),
            )
        periods[-12:].unlink()
        self.assertEqual(self.calendar.date_to, date(2027, 1, 2))

    def test_settlement_periods_are_frozen(self):
        self._create_offer(settlement_calendar_id=self.calendar.id, **self.term)
        with self.assertRaises(UserError):
            self.calendar.period_ids[-1].unlink()

    @mute_logger("odoo.sql_db")
    def test_deletion(self):
        """A calendar goes with its periods, unless an offer names it."""
        self._create_offer(
            publish=False, settlement_calendar_id=self.calendar.id, **self.term
        )
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.calendar.unlink()
        other = self.calendar.copy()
        self.assertEqual(other.name, "Weeks (copy)")
        self.assertEqual(len(other.period_ids), 12)
        periods = other.period_ids
        other.unlink()
        self.assertFalse(periods.exists())

    def test_companies(self):
        """A calendar of another company is neither seen nor named by an offer."""
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self._create_calendar(company_id=other.id)
        self._generate(foreign, date_from=date(2026, 1, 4))
        manager = self.users["manager"]
        with self.assertRaises(AccessError):
            foreign.with_user(manager).read(["name"])
        with self.assertRaises(AccessError):
            foreign.period_ids[0].with_user(manager).read(["name"])
        with self.assertRaises(AccessError):
            foreign.period_ids[0].with_user(manager).write({"name": "x"})
        with self.assertRaises(UserError):
            self._create_offer(publish=False, calendar_id=foreign.id)
        self._create_offer(publish=False, calendar_id=self.calendar.id)
        with self.assertRaisesRegex(ValidationError, "stays with its company"):
            self.calendar.company_id = other

    def test_manager_generates_and_user_does_not(self):
        calendar = self._create_calendar()
        wizard = self.env["partner.incentive.calendar.years"]
        vals = {"calendar_id": calendar.id, "date_from": date(2026, 1, 4)}
        with self.assertRaises(AccessError):
            wizard.with_user(self.users["user"]).create(vals)
        wizard.with_user(self.users["manager"]).create(vals).action_generate()
        self.assertEqual(len(calendar.period_ids), 12)
