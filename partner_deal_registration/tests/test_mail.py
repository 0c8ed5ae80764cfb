from freezegun import freeze_time

from odoo import fields
from odoo.tests import new_test_user, tagged

from .common import DealCommon


@tagged("post_install", "-at_install")
class TestDealMail(DealCommon):
    """What partners are told of their deals, and when."""

    def _get_mails(self, deals):
        return (
            self.env["mail.mail"]
            .sudo()
            .search([("model", "=", deals._name), ("res_id", "in", deals.ids)])
            .filtered(lambda mail: mail.message_type == "email_outgoing")
        )

    def test_approved_tells_the_partner_and_nobody_else(self):
        deal = self._approved()
        mail = self._get_mails(deal)
        self.assertEqual(mail.recipient_ids, self.portal_1.partner_id)
        self.assertEqual(mail.state, "outgoing")
        self.assertIn(f"/my/incentives/deals/{deal.id}", mail.body_html)
        # nobody learns who decided
        self.assertEqual(mail.author_id, deal.company_id.partner_id)
        self.assertNotIn(self.manager.name, mail.body_html)

    def test_question_and_rejection(self):
        deal = self._deal(submit=True)
        deal.with_user(self.manager).action_request_info("Who decides there?")
        mail = self._get_mails(deal)
        self.assertEqual(mail.recipient_ids, self.portal_1.partner_id)
        self.assertIn("Who decides there?", mail.body_html)
        other = self._deal(submit=True, customer_name="Other AG")
        other.with_user(self.manager).action_reject("other", "No budget")
        self.assertIn("No budget", self._get_mails(other).body_html)

    def test_reminders_are_written_together(self):
        """Thirty deals that end soon: one mail each, once, in a bounded time."""
        with freeze_time("2026-03-02 08:00:00"):
            deals = self._approved()
            for number in range(9):
                deals |= self._approved(
                    customer_name=f"{number} {'ABCDEFGHI'[number] * 9} Holding"
                )
        before = self._get_mails(deals)
        Deal = self.env["partner.deal.registration"]
        with freeze_time(fields.Date.subtract(deals[0].protected_until, days=10)):
            Deal.sudo()._cron_expire()
            mails = self._get_mails(deals) - before
            self.assertEqual(len(mails), 10)
            self.assertEqual(set(mails.mapped("state")), {"outgoing"})
            self.assertIn("10", mails[0].body)
            Deal.sudo()._cron_expire()
        self.assertEqual(self._get_mails(deals) - before, mails)

    def test_a_lead_that_is_passed_on(self):
        lead = self.env["crm.lead"].create(
            {
                "name": "Inquiry",
                "partner_name": "Frische Kunden AG",
                "city": "Bern",
                "passed_partner_id": self.partner_1.id,
                "company_id": self.company.id,
                "user_id": self.seller.id,
            }
        )
        marketing = new_test_user(
            self.env, login="lead_marketing", groups="base.group_portal"
        ).partner_id
        marketing.write(
            {"parent_id": self.partner_1.id, "incentive_portal_role": "marketing"}
        )
        with freeze_time("2026-03-02 08:00:00"):
            lead.with_user(self.seller).action_pass_to_partner()
        mail = self._get_mails(lead)
        self.assertEqual(mail.recipient_ids, self.portal_1.partner_id)
        for words in ("Frische Kunden AG", "Bern", "3/3/26"):
            self.assertIn(words, mail.body_html)
        self.assertIn("/my/incentives/deals", mail.body_html)
        self.assertNotIn(self.seller.name, mail.body_html)
        # whoever does not want such mails finds it on the portal
        self.portal_1.partner_id.incentive_muted_event_ids = self.env.ref(
            "partner_incentive_base.event_waiting"
        )
        other = lead.copy({"passed_partner_id": self.partner_1.id})
        other.with_user(self.seller).action_pass_to_partner()
        self.assertFalse(self._get_mails(other))

    def test_registered_deals_are_a_figure_of_the_digest(self):
        digest = self.env["digest.digest"].create(
            {
                "name": "Week",
                "company_id": self.company.id,
                "kpi_deal_registered": True,
            }
        )
        with freeze_time("2026-03-02 08:00:00"):
            self._deal(submit=True)
            self._deal(submit=False, customer_name="Draft AG")
        with freeze_time("2026-03-03 07:00:00"):
            [kpi] = digest.sudo()._compute_kpis(self.company, self.manager)
            self.assertEqual(kpi["kpi_col1"]["value"], 1)
            self.assertEqual(
                self.env.ref(kpi["kpi_action"].partition("?")[0]).res_model,
                "partner.deal.registration",
            )
            # whoever has no role of the suite is told nothing
            seller = digest.sudo()._compute_kpis(self.company, self.seller)
            self.assertEqual(seller, [])

    def test_whoever_does_not_want_mail_reads_it_on_the_page(self):
        self.patch(
            self.env.registry["res.partner"],
            "_wants_incentive_mail",
            lambda _self, event: event != "approved",
        )
        deal = self._approved()
        self.assertFalse(self._get_mails(deal))
        told = " ".join(deal.sudo().website_message_ids.mapped("body"))
        self.assertIn("protected until", told)
