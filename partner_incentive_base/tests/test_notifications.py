"""Which contacts take mail about what."""

from odoo.tests import tagged

from .common import IncentiveCommon


@tagged("post_install", "-at_install")
class TestNotifications(IncentiveCommon):
    def test_a_contact_gets_everything_but_what_it_muted(self):
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.partner_1.id}
        )
        other = contact.copy()
        payable = self.env.ref("partner_incentive_base.event_payable")
        self.assertTrue(contact._wants_incentive_mail("payable"))
        contact.incentive_muted_event_ids = payable
        self.assertFalse(contact._wants_incentive_mail("payable"))
        self.assertTrue(contact._wants_incentive_mail("approved"))
        self.assertTrue(contact._wants_incentive_mail("not_known_here"))
        self.assertTrue(other._wants_incentive_mail("payable"))
