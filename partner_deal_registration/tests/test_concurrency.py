"""Fifty registrations of one customer at once: one is approved."""

from contextlib import ExitStack

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.partner_incentive_base.tests.catalog_common import ConcurrencyCase

COUNT = 50


@tagged("post_install", "-at_install")
class TestDealConcurrency(ConcurrencyCase):
    """With real transactions, so what it makes it also removes."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._remove)
        self.deal_ids, self.partner_ids = [], []
        with self.open_cursor() as cr:
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
            cr.commit()  # pylint: disable=invalid-commit

    def _remove(self):
        with self.open_cursor() as cr:
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
            cr.commit()  # pylint: disable=invalid-commit

    def _register(self, cr, deal_id):
        """Submit and approve; False where it has to start over."""
        env = api.Environment(cr, SUPERUSER_ID, {})
        deal = env["partner.deal.registration"].browse(deal_id)
        try:
            deal.action_submit()
            try:
                with cr.savepoint():
                    deal.action_approve()
            except UserError:
                env.invalidate_all()
            cr.commit()  # pylint: disable=invalid-commit
        except SerializationFailure:
            cr.rollback()
            return False
        return True

    def test_one_of_fifty_is_approved(self):
        """All fifty transactions begin before the first of them commits."""
        with ExitStack() as stack, mute_logger("odoo.sql_db"):
            waiting = [
                (stack.enter_context(self.open_cursor()), deal_id)
                for deal_id in self.deal_ids
            ]
            for cr, _deal_id in waiting:
                cr.execute("SELECT 1")
            failed = [pair for pair in waiting if not self._register(*pair)]
            # Whoever came second started over, as Odoo does, and saw the first.
            self.assertEqual(len(failed), COUNT - 1)
            for cr, deal_id in failed:
                self.assertTrue(self._register(cr, deal_id))
        with self.open_cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            deals = env["partner.deal.registration"].browse(self.deal_ids)
            winners = deals.filtered(lambda deal: deal.state == "approved")
            self.assertEqual(len(winners), 1)
            complete = deals.filtered("completion_number")
            self.assertEqual(winners, complete.sorted("completion_number")[:1])
            numbers = complete.mapped("completion_number")
            self.assertEqual(len(set(numbers)), len(numbers))
