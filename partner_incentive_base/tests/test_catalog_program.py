from datetime import date, timedelta

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .catalog_common import CatalogCommon


@tagged("post_install", "-at_install")
class TestCatalogProgram(CatalogCommon):
    def test_states(self):
        """Each step is guarded, for a bare write as for the button."""
        program = self.program.copy({"name": "Copy"})
        self.assertEqual(program.state, "draft")
        self.assertNotEqual(program.code, self.program.code)
        with self.assertRaises(UserError):
            program.write({"state": "closed"})
        with self.assertRaises(AccessError):
            self.as_user(program, "user").write({"state": "active"})
        as_manager = self.as_user(program, "manager")
        as_manager.action_activate()
        self.assertEqual(program.state, "active")
        as_manager.action_close()
        self.assertEqual(program.state, "closed")
        as_manager.action_activate()
        self.assertEqual(program.state, "active")

    def test_created_active_by_manager_only(self):
        with self.assertRaises(AccessError):
            self.as_user(self.env["partner.incentive.program"], "finance").create(
                {"name": "Sneaky", "state": "active"}
            )

    def test_closing_frees_the_default(self):
        self.env["partner.incentive.program"].search(
            [("company_id", "=", self.company.id)]
        ).is_default = False
        self.program.is_default = True
        self.program.action_close()
        self.assertFalse(self.program.is_default)

    def test_dates_reversed(self):
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self.program.date_to = self.program.date_from - timedelta(days=1)
            self.env.flush_all()

    def test_end_is_a_published_term(self):
        """The end of a program cannot move under offers that rely on it."""
        later = self.program.date_to + timedelta(days=30)
        self.program.date_to = later
        self.make_offer()
        with self.assertRaisesRegex(UserError, "Claim offer"):
            self.program.date_to = later + timedelta(days=1)
        self.program.write({"date_to": later, "name": "Renamed"})

    def test_end_moves_under_offers_with_an_end(self):
        self.make_offer(date_to=date(self.year, 6, 30))
        self.program.date_to = self.program.date_to + timedelta(days=30)

    def test_company_stays(self):
        self.make_offer(publish=False)
        other = self.setup_other_company()["company"]
        with self.assertRaisesRegex(UserError, "stays with its company"):
            self.program.company_id = other

    def test_not_deleted_in_use(self):
        with self.assertRaises(UserError):
            self.program.unlink()
        unused = self.program.copy()
        unused.unlink()

    def test_counts(self):
        offer = self.make_offer()
        self.enroll(self.partners)
        self.make_claim(offer)
        self.assertEqual(self.program.offer_count, 1)
        self.assertEqual(self.program.enrollment_count, 3)
        self.assertEqual(self.program.claim_count, 1)

    def test_default_program(self):
        """One per company that has none; repeating it makes no other."""
        other = self.setup_other_company()["company"]
        other.write({"fiscalyear_last_day": 30, "fiscalyear_last_month": "6"})
        Program = self.env["partner.incentive.program"]
        Program.search([("company_id", "=", other.id)]).unlink()
        programs = Program._create_default(self.company | other)
        self.assertEqual(programs.company_id, other)
        self.assertEqual(programs.state, "active")
        self.assertTrue(programs.is_default)
        self.assertTrue(programs.objective_ids)
        self.assertEqual(programs.date_to.month, 6)
        self.assertLessEqual(programs.date_from, fields.Date.today())
        self.assertGreaterEqual(programs.date_to, fields.Date.today())
        self.assertEqual(programs.currency_id, other.currency_id)
        self.assertFalse(Program._create_default(self.company | other))


@tagged("post_install", "-at_install")
class TestCatalogAgreement(CatalogCommon):
    def make(self, **vals):
        return self.env["partner.incentive.agreement"].create(
            {
                "program_id": self.program.id,
                "body": "<p>Be fair.</p>",
                "effective_date": date(self.year - 1, 1, 1),
                **vals,
            }
        )

    def test_in_force(self):
        """The latest published text whose day has come."""
        today = fields.Date.today()
        self.assertFalse(self.program._get_agreement())
        first = self.make()
        self.assertFalse(self.program._get_agreement(), "a draft is not in force")
        first.action_publish()
        second = self.make(effective_date=today - timedelta(days=1))
        third = self.make(effective_date=today + timedelta(days=10))
        (second | third).action_publish()
        self.assertEqual((first | second | third).mapped("number"), [1, 2, 3])
        self.assertEqual(self.program._get_agreement(), second)
        self.assertEqual(self.program.agreement_id, second)
        self.assertEqual(self.program._get_agreement(today + timedelta(10)), third)

    def test_published_text_never_changes(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        agreement = self.make()
        agreement.body = "<p>Be very fair.</p>"
        agreement.action_publish()
        for vals in (
            {"body": "<p>Pay us.</p>"},
            {"effective_date": fields.Date.today()},
            {"state": "draft"},
            {"number": 9},
        ):
            with self.assertRaises(UserError):
                agreement.sudo().write(vals)
        with self.assertRaises(UserError):
            agreement.with_context(lang="fr_FR").body = "<p>Payez.</p>"
        with self.assertRaises(UserError):
            agreement.update_field_translations(
                "body", {"fr_FR": {"Be very fair.": "Payez."}}
            )
        with self.assertRaises(UserError):
            agreement.unlink()
        self.make().unlink()

    def test_publish_guard(self):
        empty = self.make(body="<p><br></p>")
        with self.assertRaisesRegex(UserError, "Write the text"):
            empty.action_publish()
        agreement = self.make()
        with self.assertRaises(AccessError):
            self.as_user(agreement, "compliance").action_publish()
        with self.assertRaises(AccessError):
            self.as_user(agreement, "compliance").write({"state": "published"})
        self.as_user(agreement, "manager").action_publish()
        self.assertEqual(agreement.published_by, self.users["manager"])
        earlier = self.make(effective_date=date(self.year - 2, 1, 1))
        with self.assertRaisesRegex(UserError, "later date"):
            earlier.action_publish()

    def test_created_published(self):
        """Creating it published takes the same guard."""
        with self.assertRaises(UserError):
            self.make(state="published", body=False)
        self.assertEqual(self.make(state="published").state, "published")


@tagged("post_install", "-at_install")
class TestCatalogAcceptance(CatalogCommon):
    def test_append_only(self):
        offer = self.make_offer(opt_in=True)
        enrollment = self.enroll(self.alpha)
        acceptance = self.as_user(enrollment, "user").action_accept_offer(offer)
        self.assertEqual(acceptance.offer_id, offer)
        self.assertEqual(acceptance.user_id, self.users["user"])
        self.assertEqual(acceptance.partner_id, self.alpha)
        as_admin = self.as_user(acceptance, "admin")
        with self.assertRaises(AccessError):
            as_admin.write({"date": "2020-01-01"})
        with self.assertRaises(AccessError):
            as_admin.unlink()
        with self.assertRaises(AccessError):
            as_admin.create(
                {"enrollment_id": enrollment.id, "version_id": offer.version_id.id}
            )
        self.assertFalse(
            enrollment.action_accept_offer(offer), "accepted once is enough"
        )
