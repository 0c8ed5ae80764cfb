from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-04-10")
class TestNegotiation(RebateCommon):
    """5 % for everybody, 8 % for the first partner from May on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offer = cls._create_offer(name="Volume", brackets=[(0, 5)])

    def _negotiate(self, partner=None, rate=8, user="manager"):
        Wizard = self.env["partner.incentive.negotiation"].with_user(self.users[user])
        with Form(Wizard.with_context(default_offer_id=self.offer.id)) as form:
            form.partner_id = partner or self.partner_1
            form.effective_date = date(2026, 5, 1)
            form.reason = "Three years of business"
            with form.line_ids.edit(0) as line:
                self.assertEqual(line.rate, 5)
                line.rate = rate
        return form.save().action_negotiate()

    def test_negotiated_rates_need_approval_and_take_effect_on_a_day(self):
        for partner in (self.partner_1, self.partner_2):
            self._invoice(partner, date(2026, 4, 5), 1000)
            self._invoice(partner, date(2026, 5, 5), 1000)
        day = date(2026, 12, 31)
        self._negotiate()
        self.assertTrue(self.offer.is_revision)
        self.assertEqual(self._entitled(self.offer, self.partner_1, day), 100)
        self.offer.with_user(self.users["manager"]).action_submit()
        with self.assertRaisesRegex(UserError, "yourself"):
            self.offer.with_user(self.users["manager"]).action_publish()
        self.offer.with_user(self.users["admin"]).action_publish()
        self.assertEqual(self._entitled(self.offer, self.partner_1, day), 130)
        self.assertEqual(self._entitled(self.offer, self.partner_2, day), 100)

    def test_a_second_round_replaces_the_first(self):
        self._negotiate()
        self._negotiate(rate=9)
        brackets = self.offer.bracket_ids
        self.assertEqual(sorted(brackets.mapped("rate")), [5, 9])
        self.assertEqual(len(brackets.segment_id), 1)

    def test_who_may_negotiate_with_whom(self):
        with self.assertRaises(AccessError):
            self._negotiate(user="user")
        with self.assertRaisesRegex(UserError, "cannot earn"):
            self._negotiate(partner=self.partner_a)
