from contextlib import ExitStack
from datetime import date

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.partner_incentive_base.tests.catalog_common import ConcurrencyCase

APPROVALS = 40
COVERED = 10


@tagged("post_install", "-at_install")
class TestConcurrency(ConcurrencyCase):
    """Forty transactions approve at once what covers ten."""

    def setUp(self):
        super().setUp()
        with self.open_cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            self.program_id = (
                env["partner.incentive.program"].create({"name": "Concurrent funds"}).id
            )
            partner = env["res.partner"].create({"name": "P", "is_company": True})
            fund = env["partner.mdf.fund"].create(
                {
                    "name": "Concurrent",
                    "program_id": self.program_id,
                    "state": "open",
                    "date_from": date(2026, 1, 1),
                    "date_to": date(2026, 12, 31),
                    "participation_rate": 100,
                    # what is tried here is the checkbook, not the journal
                    "provision_at": "claim",
                }
            )
            env["partner.mdf.allocation"].create(
                {"fund_id": fund.id, "amount": 100.0 * COVERED}
            )
            kind = env["partner.mdf.activity.type"].create({"name": "Concurrent"})
            requests = env["partner.mdf.request"].create(
                [
                    {
                        "fund_id": fund.id,
                        "partner_id": partner.id,
                        "title": f"Request {number}",
                        "mdf_activity_ids": [
                            Command.create(
                                {
                                    "name": f"Activity {number}",
                                    "type_id": kind.id,
                                    "date_from": date(2026, 3, 1),
                                    "planned_cost": 100,
                                }
                            )
                        ],
                    }
                    for number in range(APPROVALS)
                ]
            )
            activities = requests.mdf_activity_ids
            requests._write_process({"state": "submitted"})
            activities._write_process({"state": "submitted"})
            self.fund_id, self.partner_id, self.kind_id = fund.id, partner.id, kind.id
            self.request_ids, self.activity_ids = requests.ids, activities.ids
            cr.commit()  # pylint: disable=invalid-commit
        self.addCleanup(self.remove_records)

    def remove_records(self):
        with self.open_cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"incentive_transition": True})
            activities = env["partner.mdf.activity"].browse(self.activity_ids)
            campaigns = activities.campaign_id
            sources = activities.source_id
            activities.draw_ids.unlink()
            requests = env["partner.mdf.request"].browse(self.request_ids)
            requests._write_process({"state": "cancelled"})
            requests.unlink()
            campaigns.unlink()
            sources.unlink()
            env["partner.mdf.activity.type"].browse(self.kind_id).unlink()
            fund = env["partner.mdf.fund"].browse(self.fund_id)
            fund.allocation_ids.unlink()
            fund._write_process({"state": "draft"})
            fund.unlink()
            env["res.partner"].browse(self.partner_id).unlink()
            env["partner.incentive.program"].browse(self.program_id).unlink()
            cr.commit()  # pylint: disable=invalid-commit

    def approve(self, cr, activity_id):
        env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
        env["partner.mdf.activity"].browse(activity_id).action_approve()
        env.flush_all()

    def test_forty_approvals_of_what_covers_ten(self):
        approved, refused, repeated = [], [], 0
        with ExitStack() as stack, mute_logger("odoo.sql_db"):
            cursors = [
                stack.enter_context(self.open_cursor()) for _each in self.activity_ids
            ]
            for cr in cursors:
                # everybody has a snapshot before anybody approves
                cr.execute("SELECT 1")
            for cr, activity_id in zip(cursors, self.activity_ids, strict=True):
                while True:
                    try:
                        self.approve(cr, activity_id)
                        cr.commit()  # pylint: disable=invalid-commit
                        approved.append(activity_id)
                        break
                    except SerializationFailure:
                        # as Odoo does with a request
                        cr.rollback()
                        repeated += 1
                    except UserError as error:
                        cr.rollback()
                        refused.append(str(error))
                        break
        self.assertEqual(len(approved), COVERED)
        self.assertEqual(len(refused), APPROVALS - COVERED)
        self.assertEqual(repeated, APPROVALS - 1)
        for message in refused:
            self.assertIn("are left", message)
        with self.open_cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            fund = env["partner.mdf.fund"].browse(self.fund_id)
            self.assertEqual(fund.committed, 100.0 * COVERED)
            self.assertEqual(fund.available, 0)
