"""Fifty registrations of one customer at once: one is approved."""

import threading

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

COUNT = 50
TRIES = 80


@tagged("post_install", "-at_install")
class TestDealConcurrency(BaseCase):
    """With real transactions, so what it makes it also removes."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self._remove)
        self.deal_ids, self.partner_ids = [], []
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            policy = env["partner.deal.policy"]._get_for(
                env.company, env["partner.incentive.program"]
            )
            self.policy_id = policy.id
            self.required = policy.required_field_ids.ids
            policy.required_field_ids = False
            partners = env["res.partner"].create(
                [
                    {"name": f"Rival {number}", "is_company": True}
                    for number in range(COUNT)
                ]
            )
            self.partner_ids = partners.ids
            deals = env["partner.deal.registration"].create(
                [
                    {
                        "partner_id": partner.id,
                        "customer_name": "Gleichzeitig Wanted GmbH"
                        if number % 2
                        else "Gleichzeitig-Wanted G.m.b.H.",
                    }
                    for number, partner in enumerate(partners)
                ]
            )
            self.deal_ids = deals.ids

    def _remove(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["partner.deal.policy"].browse(self.policy_id).required_field_ids = [
                (6, 0, self.required)
            ]
            deals = env["partner.deal.registration"].browse(self.deal_ids)
            leads, customers = deals.lead_id, deals.customer_id
            cr.execute(
                "DELETE FROM partner_deal_registration WHERE id = ANY(%s)",
                [self.deal_ids],
            )
            env["partner.deal.identity"]._forget(deals._name, self.deal_ids)
            env.invalidate_all()
            leads.unlink()
            env["res.partner"].browse(self.partner_ids + customers.ids).unlink()

    def test_one_of_fifty_is_approved(self):
        broken = []
        start, submitted = threading.Barrier(COUNT), threading.Barrier(COUNT)

        def retry(deal_id, action):
            """As Odoo does: start over on a serialization failure."""
            for _turn in range(TRIES):
                try:
                    with self.registry.cursor() as cr:
                        env = api.Environment(cr, SUPERUSER_ID, {})
                        action(env["partner.deal.registration"].browse(deal_id))
                    return True
                except SerializationFailure:
                    continue
                except UserError:
                    return False
            broken.append(deal_id)
            return False

        def register(deal_id):
            start.wait()
            retry(deal_id, lambda deal: deal.action_submit())
            submitted.wait()
            retry(deal_id, lambda deal: deal.action_approve())

        with mute_logger("odoo.sql_db"):
            threads = [
                threading.Thread(target=register, args=(deal_id,))
                for deal_id in self.deal_ids
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            deals = env["partner.deal.registration"].browse(self.deal_ids)
            winners = deals.filtered(lambda deal: deal.state == "approved")
            self.assertFalse(broken)
            self.assertEqual(len(winners), 1)
            complete = deals.filtered("completion_number")
            self.assertEqual(winners, complete.sorted("completion_number")[:1])
            numbers = complete.mapped("completion_number")
            self.assertEqual(len(set(numbers)), len(numbers))
