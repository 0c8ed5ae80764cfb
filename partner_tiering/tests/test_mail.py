from odoo.tests import new_test_user, tagged

from .common import TieringCommon


@tagged("post_install", "-at_install")
class TestTierMail(TieringCommon):
    """Partners are told of a change of their tier, before it is in force."""

    def test_change(self):
        people = self.env["res.partner"]
        for number, partner in ((1, self.partner_1), (2, self.partner_2)):
            user = new_test_user(
                self.env, login=f"tier_portal_{number}", groups="base.group_portal"
            )
            user.partner_id.parent_id = partner
            people |= user.partner_id
        self._create_policy()
        change = (
            self.env["partner.tier.change"]
            .with_user(self.users["user"])
            .create(
                {
                    "partner_id": self.partner_1.id,
                    "company_id": self.company.id,
                    "to_grade_id": self.gold.id,
                    "reason": "They won the market",
                }
            )
        )
        self.assertFalse(self._get_mails(change))
        change.with_user(self.users["manager"]).action_approve()
        mail = self._get_mails(change)
        self.assertEqual(mail.recipient_ids, people[0])
        self.assertEqual(mail.state, "outgoing")
        self.assertIn("Gold", mail.body_html)
        self.assertIn("They won the market", mail.body_html)
        self.assertIn("/my/incentives/performance", mail.body_html)

    def _get_mails(self, change):
        return (
            self.env["mail.mail"]
            .sudo()
            .search([("model", "=", change._name), ("res_id", "=", change.id)])
            .filtered(lambda mail: mail.message_type == "email_outgoing")
        )
