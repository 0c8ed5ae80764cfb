from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tests.common import new_test_user

from .catalog_common import CatalogCommon


@tagged("post_install", "-at_install")
class TestCatalogPartner(CatalogCommon):
    def history(self, partner):
        rows = self.env["partner.incentive.grade.history"].search(
            [("partner_id", "=", partner.id)], order="date"
        )
        return [(row.date, row.grade_id) for row in rows]

    # ------------------------------------------------------------------ tier history

    def test_history_of_create_and_write(self):
        today = fields.Date.context_today(self.env.user)
        partner = self.env["res.partner"].create(
            {"name": "New", "is_company": True, "grade_id": self.silver.id}
        )
        self.assertEqual(self.history(partner), [(today, self.silver)])
        early = today - timedelta(days=10)
        self.alpha.with_context(incentive_grade_date=early).grade_id = self.silver
        self.alpha.grade_id = self.gold
        self.alpha.grade_id = self.gold
        self.assertEqual(
            self.history(self.alpha), [(early, self.silver), (today, self.gold)]
        )
        self.alpha.grade_id = False
        self.assertEqual(
            self.history(self.alpha),
            [(early, self.silver), (today, self.env["res.partner.grade"])],
        )

    def test_history_of_a_default(self):
        partner = (
            self.env["res.partner"]
            .with_context(default_grade_id=self.gold.id)
            .create({"name": "Defaulted", "is_company": True})
        )
        self.assertEqual(len(self.history(partner)), 1)

    def test_only_managers_date_a_tier_back(self):
        """A rate follows the tier of the day, so the day is not for everybody."""
        today = fields.Date.context_today(self.env.user)
        early = today - timedelta(days=10)
        seller = new_test_user(
            self.env, "tier_seller", "base.group_user,base.group_partner_manager"
        )
        self.alpha.with_user(seller).with_context(
            incentive_grade_date=early
        ).grade_id = self.gold
        self.assertEqual(self.history(self.alpha), [(today, self.gold)])
        manager = self.users["manager"]
        manager.group_ids |= self.env.ref("base.group_partner_manager")
        self.beta.with_user(manager).with_context(
            incentive_grade_date=early
        ).grade_id = self.gold
        self.assertEqual(self.history(self.beta), [(early, self.gold)])

    def test_history_is_of_companies(self):
        contact = self.env["res.partner"].create(
            {"name": "Ann", "parent_id": self.alpha.id, "grade_id": self.gold.id}
        )
        self.assertFalse(self.history(contact))

    def test_history_of_a_partnership_order(self):
        """Core writes the tier itself when such a product is sold."""
        product = self.env["product.product"].create(
            {
                "name": "Gold membership",
                "type": "service",
                "service_tracking": "partnership",
                "grade_id": self.gold.id,
            }
        )
        order = self.env["sale.order"].create(
            {
                "partner_id": self.alpha.id,
                "order_line": [Command.create({"product_id": product.id})],
            }
        )
        order.action_confirm()
        self.assertEqual(self.history(self.alpha)[-1][1], self.gold)

    def test_other_writes_cost_nothing(self):
        """Without a tier in the values, not one statement names incentives."""

        def work():
            self.alpha.write({"phone": "1", "comment": "x"})
            self.env["res.partner"].create({"name": "Plain"})

        statements = self.get_statements(work)
        self.assertTrue(statements)
        touched = [
            each
            for each in statements
            if "partner_incentive" in each or "res_partner_grade" in each
        ]
        self.assertFalse(touched)

    # ----------------------------------------------------------------- baseline tier

    def test_baseline_for_enrolled_partners_only(self):
        self.company.incentive_baseline_grade_id = self.silver
        self.beta.grade_id = self.gold
        self.enroll(self.alpha | self.beta)
        self.assertEqual(self.alpha.grade_id, self.silver)
        self.assertEqual(self.beta.grade_id, self.gold)
        self.partners._assign_baseline_grade()
        self.assertFalse(self.gamma.grade_id)
        self.assertEqual(self.history(self.alpha)[-1][1], self.silver)

    def test_no_baseline(self):
        self.company.incentive_baseline_grade_id = False
        self.enroll(self.alpha)
        self.assertFalse(self.alpha.grade_id)

    # --------------------------------------------------------------------- pricelist

    def make_pricelist(self, name, **vals):
        return self.env["product.pricelist"].create(
            {"name": name, "company_id": False, **vals}
        )

    def pricelist_of(self, partner, company=None):
        company = company or self.company
        return partner.with_company(company).specific_property_product_pricelist

    def test_own_pricelist_comes_back(self):
        own, of_gold = self.make_pricelist("Own"), self.make_pricelist("Gold")
        self.gold.default_pricelist_id = of_gold
        self.alpha.specific_property_product_pricelist = own
        self.alpha.grade_id = self.gold
        self.assertEqual(self.pricelist_of(self.alpha), of_gold)
        self.alpha.grade_id = False
        self.assertEqual(self.pricelist_of(self.alpha), own)

    def test_replaced_by_tier_without_pricelist(self):
        own, of_gold = self.make_pricelist("Own"), self.make_pricelist("Gold")
        self.gold.default_pricelist_id = of_gold
        self.alpha.specific_property_product_pricelist = own
        self.alpha.grade_id = self.gold
        self.alpha.grade_id = self.silver
        self.assertEqual(self.pricelist_of(self.alpha), own)

    def test_replaced_by_tier_with_pricelist(self):
        """Two tiers in a row do not make the first tier's pricelist the own one."""
        own = self.make_pricelist("Own")
        self.gold.default_pricelist_id = self.make_pricelist("Gold")
        self.silver.default_pricelist_id = self.make_pricelist("Silver")
        self.alpha.specific_property_product_pricelist = own
        self.alpha.grade_id = self.silver
        self.alpha.grade_id = self.gold
        self.assertEqual(self.pricelist_of(self.alpha), self.gold.default_pricelist_id)
        self.alpha.grade_id = False
        self.assertEqual(self.pricelist_of(self.alpha), own)

    def test_no_own_pricelist(self):
        self.gold.default_pricelist_id = self.make_pricelist("Gold")
        self.alpha.grade_id = self.gold
        self.alpha.grade_id = False
        self.assertFalse(self.pricelist_of(self.alpha))

    def test_chosen_meanwhile(self):
        """What somebody chose after the tier came, stays when the tier goes."""
        chosen = self.make_pricelist("Chosen")
        self.gold.default_pricelist_id = self.make_pricelist("Gold")
        self.alpha.grade_id = self.gold
        self.alpha.specific_property_product_pricelist = chosen
        self.alpha.grade_id = False
        self.assertEqual(self.pricelist_of(self.alpha), chosen)

    def test_tier_changed_its_pricelist(self):
        own = self.make_pricelist("Own")
        self.gold.default_pricelist_id = self.make_pricelist("Gold")
        self.alpha.specific_property_product_pricelist = own
        self.alpha.grade_id = self.gold
        self.gold.default_pricelist_id = self.make_pricelist("Gold next year")
        self.alpha.grade_id = False
        self.assertEqual(self.pricelist_of(self.alpha), own)

    def test_given_together_with_the_tier_going(self):
        own, other = self.make_pricelist("Own"), self.make_pricelist("Other")
        self.gold.default_pricelist_id = self.make_pricelist("Gold")
        self.alpha.specific_property_product_pricelist = own
        self.alpha.grade_id = self.gold
        self.alpha.write(
            {"grade_id": False, "specific_property_product_pricelist": other.id}
        )
        self.assertEqual(self.pricelist_of(self.alpha), other)

    def test_several_partners_at_once(self):
        own = self.make_pricelist("Own")
        self.gold.default_pricelist_id = self.make_pricelist("Gold")
        self.alpha.specific_property_product_pricelist = own
        self.partners.write({"grade_id": self.gold.id})
        self.partners.write({"grade_id": False})
        self.assertEqual(self.pricelist_of(self.alpha), own)
        self.assertFalse(self.pricelist_of(self.beta))

    def test_every_company_gets_its_own_back(self):
        """The tier is one for all companies, the pricelist one per company."""
        other = self.setup_other_company()["company"]
        self.env.user.company_ids |= other
        own, own_other = self.make_pricelist("Own"), self.make_pricelist("Own other")
        self.gold.default_pricelist_id = self.make_pricelist("Gold")
        here = self.alpha.with_company(self.company)
        there = self.alpha.with_company(other)
        here.specific_property_product_pricelist = own
        there.specific_property_product_pricelist = own_other
        here.grade_id = self.gold
        self.assertEqual(self.pricelist_of(self.alpha, other), own_other)
        there.grade_id = self.gold
        self.assertEqual(
            self.pricelist_of(self.alpha, other), self.gold.default_pricelist_id
        )
        here.grade_id = False
        self.assertEqual(self.pricelist_of(self.alpha, self.company), own)
        self.assertEqual(self.pricelist_of(self.alpha, other), own_other)

    # ------------------------------------------------------------- enrolled partners

    def test_is_incentive_partner(self):
        Partner = self.env["res.partner"]
        enrollment = self.enroll(self.alpha)
        mine = [("id", "in", self.partners.ids)]
        enrolled = Partner.search([("is_incentive_partner", "=", True), *mine])
        self.assertEqual(enrolled, self.alpha)
        others = Partner.search([("is_incentive_partner", "!=", True), *mine])
        self.assertEqual(others, self.beta | self.gamma)
        self.assertTrue(self.alpha.is_incentive_partner)
        self.assertFalse(self.beta.is_incentive_partner)
        enrollment.action_end()
        self.assertFalse(self.alpha.is_incentive_partner)

    def test_region_of_country(self):
        belgium = self.env.ref("base.be")
        Region = self.env["partner.incentive.region"]
        emea = Region.create(
            {"name": "EMEA", "country_ids": [Command.set(belgium.ids)]}
        )
        benelux = Region.create(
            {
                "name": "Benelux",
                "parent_id": emea.id,
                "country_ids": [Command.set(belgium.ids)],
            }
        )
        self.assertEqual(benelux.display_name, "EMEA / Benelux")
        with Form(self.env["res.partner"]) as form:
            form.name = "Brussels Ltd"
            form.country_id = belgium
        self.assertEqual(form.record.incentive_region_id, benelux)
        with self.assertRaises(UserError):
            emea.parent_id = benelux

    # ------------------------------------------------------------------------- merge

    def merge(self, *sources, into):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        partners = self.env["res.partner"].concat(*sources) | into
        wizard._merge(partners.ids, into)

    def test_merge_same_day_tiers(self):
        self.alpha.grade_id = self.gold
        self.beta.grade_id = self.silver
        self.merge(self.beta, into=self.alpha)
        self.assertFalse(self.beta.exists())
        self.assertEqual(self.alpha.grade_id, self.gold)
        self.assertEqual(
            [grade for _day, grade in self.history(self.alpha)], [self.gold]
        )

    def test_merge_takes_the_tier_it_lacks(self):
        early = fields.Date.today() - timedelta(days=30)
        self.beta.with_context(incentive_grade_date=early).grade_id = self.silver
        self.merge(self.beta, self.gamma, into=self.alpha)
        self.assertEqual(self.alpha.grade_id, self.silver)
        self.assertEqual(self.history(self.alpha), [(early, self.silver)])

    def test_merge_pricelists(self):
        """A tier with a pricelist meets a partner with its own, which core refuses."""
        own = self.make_pricelist("Own")
        self.gold.default_pricelist_id = self.make_pricelist("Gold")
        self.alpha.specific_property_product_pricelist = own
        self.beta.grade_id = self.gold
        self.merge(self.beta, into=self.alpha)
        self.assertEqual(self.alpha.grade_id, self.gold)
        self.assertEqual(self.pricelist_of(self.alpha), self.gold.default_pricelist_id)
        self.alpha.grade_id = False
        self.assertEqual(self.pricelist_of(self.alpha), own)

    def test_merge_enrollments(self):
        """One enrollment per program remains, from the earliest day."""
        agreement = self.env["partner.incentive.agreement"].create(
            {
                "program_id": self.program.id,
                "body": "<p>Rules</p>",
                "effective_date": date(self.year - 1, 1, 1),
                "state": "published",
            }
        )
        offer = self.make_offer(opt_in=True)
        other = self.make_offer(name="Second", opt_in=True)
        late, early = self.enroll(self.alpha | self.beta)
        late.date_from = date(self.year, 3, 1)
        early._accept(self.env.user)
        late.action_accept_offer(offer)
        early.action_accept_offer(offer)
        early.action_accept_offer(other)
        claim = self.make_claim(offer, partner=self.beta)
        self.assertEqual(claim.enrollment_id, early)
        self.merge(self.beta, into=self.alpha)
        enrollment = self.alpha.enrollment_ids
        self.assertEqual(enrollment, late)
        self.assertEqual(enrollment.date_from, self.program.date_from)
        self.assertEqual(enrollment.agreement_id, agreement)
        self.assertTrue(enrollment.accepted_on)
        self.assertEqual(
            enrollment.acceptance_ids.version_id, (offer | other).version_id
        )
        self.assertEqual(claim.partner_id, self.alpha)
        self.assertEqual(claim.enrollment_id, enrollment)

    def test_merge_sources_enrolled_in_one_program(self):
        self.enroll(self.beta | self.gamma)
        self.merge(self.beta, self.gamma, into=self.alpha)
        self.assertEqual(len(self.alpha.enrollment_ids), 1)
        self.assertEqual(self.alpha.enrollment_ids.state, "active")

    def test_merge_keeps_ended_enrollments(self):
        first = self.enroll(self.alpha)
        first.action_end()
        self.enroll(self.beta)
        self.merge(self.beta, into=self.alpha)
        self.assertEqual(
            sorted(self.alpha.enrollment_ids.mapped("state")), ["active", "ended"]
        )

    def test_merge_with_standings(self):
        self.enroll(self.partners)
        offer = self.make_offer()
        for partner in (self.alpha, self.beta):
            claim = self.make_claim(
                offer,
                partner,
                document_number=partner.name,
                attachment_ids=[Command.set(self.make_file().ids)],
            )
            claim.action_submit()
            for state in ("validated", "approved"):
                claim.with_user(self.users["manager"]).write({"state": state})
        Run = self.env["partner.incentive.run"]
        Run._accrue(offer, fields.Date.today())
        self.merge(self.beta, into=self.alpha)
        entries = self.env["partner.incentive.entry"].search(
            [("offer_id", "=", offer.id)]
        )
        self.assertEqual(entries.partner_id, self.alpha)
        count = len(entries)
        Run._accrue(offer, fields.Date.today())
        self.assertEqual(
            self.env["partner.incentive.entry"].search_count(
                [("offer_id", "=", offer.id)]
            ),
            count,
            "the same is owed to the merged partner",
        )
