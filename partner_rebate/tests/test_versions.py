from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestVersions(RebateCommon):
    def test_publish_needs_eligibility_evidence_and_payout(self):
        for missing in (
            {"partner_ids": [Command.clear()]},
            {"evidence_rule": False},
            {"payout": False},
            {"brackets": []},
            {"objective_ids": [Command.clear()]},
        ):
            offer = self._create_offer(publish=False, **missing)
            with self.assertRaisesRegex(UserError, "not complete"):
                offer.action_submit()
            self.assertEqual(offer.state, "draft")

    def test_who_submits_does_not_publish(self):
        manager = self.users["manager"]
        offer = self._create_offer(publish=False).with_user(manager)
        offer.action_submit()
        self.assertFalse(offer.can_publish)
        with self.assertRaisesRegex(UserError, "yourself"):
            offer.action_publish()
        with self.assertRaisesRegex(UserError, "yourself"):
            offer.version_id.write({"state": "published"})
        offer.with_user(self.users["admin"]).action_publish()
        self.assertEqual(offer.state, "published")
        self.assertEqual(offer.version_id.submitted_by, manager)
        self.assertEqual(offer.version_id.published_by, self.users["admin"])

    def test_bare_writes_do_not_bypass_the_process(self):
        offer = self._create_offer(publish=False).with_user(self.users["user"])
        with self.assertRaises(UserError):
            offer.version_id.write({"state": "published"})
        with self.assertRaises(AccessError):
            offer.version_id.write({"submitted_by": self.users["admin"].id})
        with self.assertRaises(UserError):
            offer.write({"retired_on": date(2026, 5, 1)})
        with self.assertRaises(AccessError):
            offer.write({"state": "published"})
        self.assertEqual(offer.state, "draft")

    def test_a_caller_cannot_switch_the_guards_off(self):
        """Contexts and values come with a remote call; neither opens a door."""
        manager = self.users["manager"]
        offer = self._create_offer().with_user(manager)
        flags = {
            "incentive_new_version": True,
            "incentive_transition": True,
            "incentive_posting": True,
        }
        with self.assertRaises(UserError):
            offer.with_context(**flags).write({"cap": 5.0})
        with self.assertRaises(UserError):
            offer.with_context(**flags).write({"period": "month"})
        with self.assertRaises(AccessError):
            offer.version_id.with_context(**flags).write({"submitted_by": False})
        draft = offer.create(
            {
                "name": "Born published",
                "program_id": self.program.id,
                "state": "published",
                "submitted_by": self.users["user"].id,
            }
        )
        self.assertEqual(draft.state, "draft")
        version = offer.version_id.create({"state": "published"})
        self.assertEqual(version.state, "draft")
        finance = self.users["finance"]
        batch = self.env["partner.incentive.settlement"].with_user(finance)
        batch = batch.create({"company_id": self.company.id, "state": "approved"})
        self.assertEqual(batch.state, "draft")
        with self.assertRaises(AccessError):
            batch.with_context(**flags).write({"state": "posted"})
        with self.assertRaises(UserError):
            self.env["partner.incentive.entry"].with_context(**flags).create(
                {"offer_id": offer.id}
            )

    def test_nobody_else_marks_a_document(self):
        self._create_offer()
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        note = self._settle(date(2026, 1, 31)).move_ids
        with self.assertRaises(AccessError):
            note.sudo(False).write({"incentive_document": False})
        with self.assertRaises(AccessError):
            self.env["account.move"].create(
                {"move_type": "entry", "incentive_document": "settlement"}
            )

    def test_terms_of_a_published_version_never_change(self):
        offer = self._create_offer()
        for values in (
            {"cap": 5.0},
            {"formula": "marginal"},
            {"partner_ids": [Command.clear()]},
            {"bracket_ids": [Command.create({"lower": 10.0, "rate": 1.0})]},
            {"bracket_ids": [Command.update(offer.bracket_ids.id, {"rate": 99.0})]},
            {"bracket_ids": [Command.delete(offer.bracket_ids.id)]},
            {"product_rule_ids": [Command.create({"mode": "exclude"})]},
        ):
            with self.assertRaises(UserError, msg=str(values)):
                offer.write(values)
        with self.assertRaises(UserError):
            offer.bracket_ids.write({"rate": 99.0})
        with self.assertRaises(UserError):
            offer.write({"period": "month"})
        with self.assertRaises(UserError):
            offer.unlink()
        offer.write({"description": "<p>Words may change</p>"})

    def test_revision_governs_documents_from_its_date(self):
        """10 % on the first 1,000, 20 % on what is dated from June on."""
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 2, 1), 1000)
        offer.action_revise()
        self.assertTrue(offer.is_revision)
        self.assertEqual(offer.number, 2)
        self.assertEqual(offer.state, "published")
        offer.write({"effective_date": date(2026, 6, 1)})
        offer.bracket_ids.write({"rate": 20.0})
        self._invoice(self.partner_1, date(2026, 7, 1), 500)
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 12, 31)), 150)
        offer.sudo().action_submit()
        offer.sudo().action_publish()
        self.assertFalse(offer.is_revision)
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 12, 31)), 200)

    def test_earlier_volume_counts_toward_the_new_bracket(self):
        """1,000 before and 500 after: the new version's bracket at 1,500 is reached."""
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 2, 1), 1000)
        self._invoice(self.partner_1, date(2026, 7, 1), 500)
        offer.action_revise()
        offer.write(
            {
                "effective_date": date(2026, 6, 1),
                "bracket_ids": [
                    Command.clear(),
                    Command.create({"lower": 0, "rate": 1}),
                    Command.create({"lower": 1500, "rate": 30}),
                ],
            }
        )
        offer.sudo().action_submit()
        offer.sudo().action_publish()
        self.assertEqual(
            self._entitled(offer, self.partner_1, date(2026, 12, 31)), 100 + 150
        )

    def test_a_draft_revision_changes_nothing_that_is_live(self):
        """A draft joins a group, a pool and another payout; the books do not care."""
        offer = self._create_offer(name="Live")
        other = self._create_offer(name="Other", best_of="group")
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        offer.action_revise()
        offer.write(
            {
                "best_of": "group",
                "pooled": True,
                "payout": "none",
                "reduced_by_earlier": True,
            }
        )
        self.assertEqual(offer._get_coupled(), offer)
        self._accrue(date(2026, 1, 31))
        batch = self._settle(date(2026, 1, 31))
        self.assertEqual(batch.move_ids.amount_total, 200)
        self.assertEqual(offer.settled_amount, 100)
        self.assertEqual(other.settled_amount, 100)
        self.assertLedgerAgrees()

    def test_a_claim_counts_for_its_own_offer_only(self):
        claims = {"measure": "claimed_amount", "evidence_rule": "documents"}
        offer = self._create_offer(name="Claims", **claims)
        other = self._create_offer(name="More claims", **claims)
        self.env["partner.incentive.claim"].sudo().create(
            {
                "program_id": self.program.id,
                "offer_id": offer.id,
                "partner_id": self.partner_1.id,
                "date": date(2026, 1, 10),
                "amount": 500,
                "state": "approved",
            }
        )
        day = date(2026, 1, 31)
        self.assertEqual(self._entitled(offer, self.partner_1, day), 50)
        self.assertEqual(self._entitled(other, self.partner_1, day), 0)

    def test_discarded_revision_leaves_the_published_terms(self):
        offer = self._create_offer()
        offer.action_revise()
        offer.bracket_ids.write({"rate": 50.0})
        offer.action_discard_revision()
        self.assertEqual(offer.number, 1)
        self.assertEqual(offer.bracket_ids.rate, 10.0)
        self.assertEqual(len(offer.version_ids), 1)

    def test_copy_is_a_draft_with_the_same_terms(self):
        offer = self._create_offer(brackets=[(0, 1), (1000, 2)])
        copy = offer.copy()
        self.assertEqual(copy.state, "draft")
        self.assertNotEqual(copy.version_id, offer.version_id)
        self.assertEqual(copy.bracket_ids.mapped("rate"), [1.0, 2.0])
        self.assertEqual(copy.partner_ids, offer.partner_ids)
        self.assertEqual(len(offer.bracket_ids), 2)

    def test_bad_scales_are_refused(self):
        with self.assertRaisesRegex(ValidationError, "Two brackets start at"):
            self._create_offer(publish=False, brackets=[(0, 1), (0, 2)])
        with self.assertRaisesRegex(ValidationError, "start at zero"):
            self._create_offer(publish=False, brackets=[(-5, 1)])
        with self.assertRaisesRegex(ValidationError, "ends on"):
            self._create_offer(publish=False, date_to=date(2025, 1, 1))

    def test_cap_below_the_minimum_is_told(self):
        """The cap comes first, so nothing reaches the minimum: allowed, and said."""
        offer = self._create_offer(cap=5, minimum=10)
        self._invoice(self.partner_1, date(2026, 2, 1), 1000)
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 12, 31)), 0)
        self.assertIn("below the minimum", offer.terms_warning)
        self.assertFalse(self._create_offer(cap=10, minimum=10).terms_warning)

    def test_overlap_is_told(self):
        first = self._create_offer(name="First")
        second = self._create_offer(name="Second", publish=False)
        self.assertIn("First", second.overlap_warning)
        second.write({"best_of": "one"})
        self.assertIn("First", second.overlap_warning)
        third = self._create_offer(
            name="Third", publish=False, partner_ids=[Command.set(self.partner_a.ids)]
        )
        self.assertFalse(third.overlap_warning)
        self.assertTrue(first)

    def test_retired_offer_keeps_what_was_earned(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 2, 1), 1000)
        offer.retired_on = date(2026, 3, 1)
        self._invoice(self.partner_1, date(2026, 4, 1), 1000)
        self.assertEqual(offer.state, "retired")
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 12, 31)), 100)

    def test_suspended_offer_books_nothing(self):
        offer = self._create_offer()
        self._invoice(self.partner_1, date(2026, 2, 1), 1000)
        offer.action_suspend()
        self._accrue(date(2026, 2, 28), offer)
        self.assertFalse(offer.entry_ids)
        offer.action_resume()
        self._accrue(date(2026, 2, 28), offer)
        self.assertEqual(offer.earned_amount, 100)
