from contextlib import closing
from datetime import date
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.sql_db import db_connect
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestRun(RebateCommon):
    def test_packages_hold_what_must_be_calculated_together(self):
        alone = self._create_offer(name="Alone", sequence=9)
        first = self._create_offer(name="First", sequence=9, best_of="group")
        second = self._create_offer(name="Second", sequence=9, best_of="group")
        earlier = self._create_offer(name="Earlier", sequence=1)
        later = self._create_offer(name="Later", sequence=2, reduced_by_earlier=True)
        packages = self.env["partner.incentive.run"]._get_packages()
        for expected in (alone, first | second, earlier | later):
            self.assertIn(set(expected.ids), [set(package.ids) for package in packages])

    def test_unrelated_offers_are_packages_of_their_own(self):
        first = self._create_offer(name="First")
        second = self._create_offer(name="Second")
        packages = self.env["partner.incentive.run"]._get_packages()
        self.assertIn(first, packages)
        self.assertIn(second, packages)

    @freeze_time("2026-01-31")
    def test_cron_books_and_reports_what_it_cannot(self):
        good = self._create_offer(name="Good")
        bad = self._create_offer(name="Bad")
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        Run = type(self.env["partner.incentive.run"])
        accrue = Run._accrue_changed

        def fail_for_bad(runs, offers, day, **options):
            if bad in offers:
                raise UserError("No rate")  # pylint: disable=translation-required
            return accrue(runs, offers, day, **options)

        cron = self.env.ref("partner_incentive_base.ir_cron_accrue")
        with (
            self.enter_registry_test_mode(),
            patch.object(Run, "_accrue_changed", fail_for_bad),
        ):
            cron.sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(good.earned_amount, 100)
        self.assertEqual(bad.earned_amount, 0)
        self.assertIn("No rate", bad.activity_ids.note)

    @freeze_time("2026-01-31")
    def test_cron_keeps_no_run_that_found_nothing(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        mine = [("offer_ids", "in", offer.ids)]
        cron = self.env.ref("partner_incentive_base.ir_cron_accrue")
        for _again in range(2):
            with self.enter_registry_test_mode():
                cron.sudo().method_direct_trigger()
            self.env.invalidate_all()
            self.assertEqual(self.env["partner.incentive.run"].search_count(mine), 1)
        self.assertEqual(offer.earned_amount, 100)
        # whoever asks for a run sees that it found nothing
        self.assertFalse(self._accrue(date(2026, 1, 31), offer)._has_booked())

    @freeze_time("2026-01-31")
    def test_cron_starts_over_when_another_run_was_faster(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        Run = type(self.env["partner.incentive.run"])
        accrue = Run._accrue_changed
        tries = []

        def fail_once(runs, offers, day, **options):
            if offer in offers:
                tries.append(day)
                if len(tries) == 1:
                    raise SerializationFailure("could not serialize access")
            return accrue(runs, offers, day, **options)

        cron = self.env.ref("partner_incentive_base.ir_cron_accrue")
        with (
            self.enter_registry_test_mode(),
            patch.object(Run, "_accrue_changed", fail_once),
        ):
            cron.sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(len(tries), 2)
        self.assertEqual(offer.earned_amount, 100)

    def test_a_second_run_on_the_same_offer_fails_to_serialize(self):
        """Two real transactions: the one that waits must not go on with old figures."""
        connection = db_connect(self.env.cr.dbname)
        with closing(connection.cursor()) as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            program = env["partner.incentive.program"].create(
                {"name": "Concurrent", "is_default": False}
            )
            offer = env["partner.incentive.offer"].create(
                {"name": "Concurrent", "program_id": program.id}
            )
            offer._lock_for_run()
            cr.commit()  # pylint: disable=invalid-commit
            ids = offer.id, program.id
        try:
            with (
                closing(connection.cursor()) as one,
                closing(connection.cursor()) as two,
            ):
                for cr in (one, two):
                    cr.execute("SELECT 1")
                for cr, fails in ((one, False), (two, True)):
                    env = api.Environment(cr, SUPERUSER_ID, {})
                    runs = env["partner.incentive.offer"].browse(ids[0])
                    if fails:
                        with (
                            mute_logger("odoo.sql_db"),
                            self.assertRaises(SerializationFailure),
                        ):
                            runs._lock_for_run()
                        cr.rollback()
                    else:
                        runs._lock_for_run()
                        cr.commit()  # pylint: disable=invalid-commit
        finally:
            with closing(connection.cursor()) as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                env["partner.incentive.offer"].browse(ids[0]).unlink()
                env["partner.incentive.program"].browse(ids[1]).unlink()
                cr.commit()  # pylint: disable=invalid-commit

    def _get_places(self, offer):
        """``{partner id: where its row lies}``; a row that is written moves."""
        self.env.cr.execute(
            "SELECT partner_id, ctid::text FROM partner_incentive_standing"
            " WHERE offer_id = %s",
            [offer.id],
        )
        return dict(self.env.cr.fetchall())

    def test_run_writes_only_the_standings_that_changed(self):
        offer = self._create_offer(brackets=[(0, 10), (2000, 20)])
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        gone = self._invoice(self.partner_2, date(2026, 1, 10), 1000)
        self._accrue(date(2026, 1, 31), offer)
        before = self._get_places(offer)
        self.assertEqual(set(before), {self.partner_1.id, self.partner_2.id})
        self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(self._get_places(offer), before)
        self._invoice(self.partner_1, date(2026, 1, 11), 500)
        self._accrue(date(2026, 1, 31), offer)
        after = self._get_places(offer)
        self.assertEqual(after[self.partner_2.id], before[self.partner_2.id])
        self.assertNotEqual(after[self.partner_1.id], before[self.partner_1.id])
        standing = offer.standing_ids.filtered(
            lambda standing: standing.partner_id == self.partner_1
        )
        self.assertEqual((standing.qualifying, standing.missing), (1500, 500))
        gone.button_draft()
        self._accrue(date(2026, 1, 31), offer)
        self.assertEqual(set(self._get_places(offer)), {self.partner_1.id})

    def test_standing_follows_a_scale_that_moved(self):
        offer = self._create_offer(
            brackets=[(200, 10)], formula="whole", bracket_reference="previous"
        )
        self._invoice(self.partner_1, date(2025, 6, 10), 1000)
        self._invoice(self.partner_1, date(2026, 1, 10), 1500)
        self._accrue(date(2026, 12, 31), offer)
        self.assertEqual(offer.standing_ids.mapped("missing"), [500])
        # Nothing is earned before or after: only the bound has moved.
        self._invoice(self.partner_1, date(2025, 7, 10), 500)
        self._accrue(date(2026, 12, 31), offer)
        self.assertEqual(offer.standing_ids.mapped("missing"), [1500])
