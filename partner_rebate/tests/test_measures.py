from datetime import date

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import RebateCommon


@tagged("post_install", "-at_install")
class TestMeasures(RebateCommon):
    def test_quantity_counts_in_the_product_unit(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        offer = self._create_offer(
            measure="invoiced_quantity", rate_kind="per_unit", brackets=[(0, 2)]
        )
        invoice = self._invoice(self.partner_1, date(2026, 1, 10), 100)
        invoice.button_draft()
        invoice.invoice_line_ids.write({"product_uom_id": dozen.id, "quantity": 3})
        invoice.action_post()
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 1, 31)), 72)

    def test_what_rules_name_stays_when_it_is_archived(self):
        """A rule whose only product is archived does not mean every product."""
        bike = self.env["product.product"].create({"name": "Bike", "taxes_id": False})
        only, others = (
            self._create_offer(
                product_rule_ids=[
                    Command.create(
                        {"product_ids": [Command.set(bike.ids)], "mode": mode}
                    )
                ]
            )
            for mode in ("include", "exclude")
        )
        self._invoice(
            self.partner_1,
            date(2026, 1, 10),
            0,
            lines=[(bike, 1, 1000), (self.product, 1, 500)],
        )
        day = date(2026, 1, 31)
        for archived in (False, True):
            bike.active = not archived
            self.env.registry.clear_cache()
            self.assertEqual(self._entitled(only, self.partner_1, day), 100)
            self.assertEqual(self._entitled(others, self.partner_1, day), 50)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            bike.unlink()

    def test_categories_count_with_their_children(self):
        parent = self.env["product.category"].create({"name": "Bikes"})
        child = self.env["product.category"].create(
            {"name": "Road", "parent_id": parent.id}
        )
        bike = self.env["product.product"].create(
            {"name": "Bike", "categ_id": child.id, "taxes_id": False}
        )
        offer = self._create_offer(
            product_rule_ids=[
                Command.create({"category_ids": [Command.set(parent.ids)]})
            ]
        )
        self._invoice(
            self.partner_1,
            date(2026, 1, 10),
            0,
            lines=[(bike, 1, 1000), (self.product, 1, 500)],
        )
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 1, 31)), 100)

    def test_excluded_product_does_not_count(self):
        other = self.env["product.product"].create({"name": "Other", "taxes_id": False})
        offer = self._create_offer(
            product_rule_ids=[
                Command.create(
                    {"mode": "exclude", "product_ids": [Command.set(other.ids)]}
                )
            ]
        )
        self._invoice(
            self.partner_1,
            date(2026, 1, 10),
            0,
            lines=[(self.product, 1, 1000), (other, 1, 500)],
        )
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 1, 31)), 100)

    def test_conditions_on_the_line(self):
        offer = self._create_offer(
            product_rule_ids=[
                Command.create({"line_domain": "[('quantity', '>=', 10)]"}),
            ]
        )
        self._invoice(
            self.partner_1,
            date(2026, 1, 10),
            0,
            lines=[(self.product, 10, 100), (self.product, 9, 100)],
        )
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 1, 31)), 100)

    def test_attributed_sale_earns_for_the_partner_credited(self):
        """60 % of 1,000 is credited to the second partner, who did not buy."""
        offer = self._create_offer(credit_role="sourced", evidence_rule="attribution")
        invoice = self._invoice(self.partner_a, date(2026, 1, 10), 1000)
        self.env["partner.incentive.attribution"].create(
            {
                "partner_id": self.partner_2.id,
                "role": "sourced",
                "share": 60,
                "move_id": invoice.id,
            }
        )
        day = date(2026, 1, 31)
        self.assertEqual(self._entitled(offer, self.partner_2, day), 60)
        self.assertEqual(self._entitled(offer, self.partner_1, day), 0)
        refund = invoice._reverse_moves([{"date": date(2026, 1, 20)}])
        refund.invoice_date = date(2026, 1, 20)
        refund.invoice_line_ids.price_unit = 500
        refund.action_post()
        self.assertEqual(self._entitled(offer, self.partner_2, day), 30)

    def test_volume_before_enrollment_counts_only_if_the_terms_say_so(self):
        late = self.env["res.partner"].create({"name": "Late", "is_company": True})
        self._enroll(late, date_from=date(2026, 3, 1))
        named = [Command.set(late.ids)]
        after = self._create_offer(partner_ids=named)
        before = self._create_offer(partner_ids=named, count_before_enrollment=True)
        self._invoice(late, date(2026, 2, 10), 1000)
        self._invoice(late, date(2026, 3, 10), 500)
        day = date(2026, 3, 31)
        self.assertEqual(self._entitled(after, late, day), 50)
        self.assertEqual(self._entitled(before, late, day), 150)

    def test_opt_in_counts_from_its_acceptance(self):
        offer = self._create_offer(opt_in=True)
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        day = date(2026, 12, 31)
        self.assertEqual(self._entitled(offer, self.partner_1, day), 0)
        acceptance = self.enrollment_1._accept_offer(offer, self.env.user)
        acceptance.sudo().date = date(2026, 1, 1)
        self.assertEqual(self._entitled(offer, self.partner_1, day), 100)
        self.assertEqual(self._entitled(offer, self.partner_2, day), 0)

    def test_rate_by_tier_at_the_date_of_the_sale(self):
        """Silver 5 % until May, Gold 10 % from June on."""
        silver, gold = self.env["res.partner.grade"].create(
            [{"name": "Silver"}, {"name": "Gold"}]
        )
        segments = self.env["partner.incentive.segment"].create(
            [
                {"name": grade.name, "grade_ids": [Command.set(grade.ids)]}
                for grade in (silver, gold)
            ]
        )
        for grade, day in ((silver, "2026-01-01"), (gold, "2026-06-01")):
            self.partner_1.with_context(incentive_grade_date=day).grade_id = grade
        offer = self._create_offer(
            brackets=[],
            bracket_ids=[
                Command.create({"lower": 0, "rate": rate, "segment_id": segment.id})
                for rate, segment in zip((5, 10), segments, strict=True)
            ],
        )
        self._invoice(self.partner_1, date(2026, 2, 10), 1000)
        self._invoice(self.partner_1, date(2026, 7, 10), 1000)
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 12, 31)), 150)

    def test_subsidiary_counts_for_the_parent_that_is_named(self):
        child = self.env["res.partner"].create(
            {"name": "Branch", "is_company": True, "parent_id": self.partner_1.id}
        )
        offer = self._create_offer(partner_ids=[Command.set(self.partner_1.ids)])
        self._invoice(child, date(2026, 1, 10), 1000)
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 1, 31)), 100)
        self._enroll(child)
        both = self._create_offer(
            name="Both", partner_ids=[Command.set((self.partner_1 | child).ids)]
        )
        self.assertEqual(self._entitled(both, child, date(2026, 1, 31)), 100)
        self.assertEqual(self._entitled(both, self.partner_1, date(2026, 1, 31)), 0)

    def _discount(self, invoice, discount):
        invoice.button_draft()
        invoice.invoice_line_ids.write({"discount": discount})
        invoice.action_post()

    def test_before_line_discounts(self):
        """900 after 10 percent off count as 1,000; a gift counts nothing."""
        offer = self._create_offer(measure="invoiced_list_amount")
        self._discount(self._invoice(self.partner_1, date(2026, 1, 10), 1000), 10)
        self._discount(self._invoice(self.partner_1, date(2026, 1, 11), 500), 100)
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 1, 31)), 100)
        net = self._create_offer(name="Net")
        self.assertEqual(self._entitled(net, self.partner_1, date(2026, 1, 31)), 90)

    def test_with_taxes(self):
        """1,000 and 15 percent of tax are 1,150, of which 10 percent are earned."""
        offer = self._create_offer(measure="invoiced_taxed_amount")
        invoice = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        invoice.button_draft()
        tax = self.env["account.tax"].create(
            {
                "name": "Fifteen",
                "amount": 15,
                "type_tax_use": "sale",
                "company_id": self.company.id,
            }
        )
        invoice.invoice_line_ids.tax_ids = tax
        invoice.action_post()
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 1, 31)), 115)

    def test_without_credit_notes_and_free_text(self):
        """What counts can be narrowed by the document and by whether a product is."""
        offer = self._create_offer(
            product_rule_ids=[
                Command.create({"mode": mode, "line_domain": domain})
                for mode, domain in (
                    ("include", "[('product_id', '!=', False)]"),
                    ("exclude", "[('move_id.move_type', '=', 'out_refund')]"),
                )
            ]
        )
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        no_product = self.env["product.product"]
        self._invoice(
            self.partner_1, date(2026, 1, 11), 0, lines=[(no_product, 1, 300)]
        )
        self._invoice(self.partner_1, date(2026, 1, 12), 200, move_type="out_refund")
        self.assertEqual(self._entitled(offer, self.partner_1, date(2026, 1, 31)), 100)

    def test_a_line_is_excluded_by_hand(self):
        day = date(2026, 1, 31)
        offer = self._create_offer()
        invoice = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._invoice(self.partner_1, date(2026, 1, 11), 500)
        self._accrue(day, offer)
        line = invoice.invoice_line_ids
        finance, manager = self.users["finance"], self.users["manager"]
        for user in (finance, manager):
            user.group_ids += self.env.ref("account.group_account_invoice")
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            line.with_user(manager).action_exclude_from_incentives("No")
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            line.with_user(manager).write({"incentive_exclusion": "No"})
        explanation = self.env["partner.incentive.explanation"].with_user(finance)
        action = explanation._open_for_line(line.with_user(finance))
        opened = explanation.browse(action["res_id"])
        self.assertEqual(opened.line_is, "counted")
        wizard = (
            self.env["partner.incentive.reason"]
            .with_user(finance)
            .browse(opened.action_exclude_line()["res_id"])
        )
        wizard.reason = "Sample for a fair"
        wizard.action_confirm()
        self.assertIn("Sample for a fair", invoice.message_ids[:1].body)
        self.assertIn("Sample", explanation._explain_line(line)[0]["note"])
        self.env["partner.incentive.run"]._accrue_changed(offer, day)
        self.assertEqual(self._entitled(offer, self.partner_1, day), 50)
        self.assertEqual(sum(offer.entry_ids.mapped("amount")), 50)
        opened.action_include_line()
        self.env["partner.incentive.run"]._accrue_changed(offer, day)
        self.assertEqual(sum(offer.entry_ids.mapped("amount")), 150)
        self.assertLedgerAgrees()

    def test_only_lines_that_count_are_excluded(self):
        invoice = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self.users["finance"].group_ids += self.env.ref("account.group_account_invoice")
        receivable = invoice.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        with self.assertRaisesRegex(UserError, "Only product lines"):
            receivable.with_user(self.users["finance"]).action_exclude_from_incentives(
                "No"
            )

    def test_a_posting_wakes_the_run(self):
        cron = self.env.ref("partner_incentive_base.ir_cron_accrue")
        triggers = [("cron_id", "=", cron.id)]
        Trigger = self.env["ir.cron.trigger"]
        self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self.assertFalse(Trigger.search_count(triggers))
        self.company.incentive_accrue_on_posting = True
        self._invoice(self.partner_1, date(2026, 1, 11), 1000)
        self.assertTrue(Trigger.search_count(triggers))

    def test_explanation_of_a_line(self):
        offer = self._create_offer(brackets=[(5000, 10)])
        invoice = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        stranger = self._invoice(self.partner_a, date(2026, 1, 10), 1000)
        explain = self.env["partner.incentive.explanation"]._explain_line

        def note(line):
            return next(
                step["note"] for step in explain(line) if step["name"] == offer.name
            )

        self.assertIn("first bracket", note(invoice.invoice_line_ids))
        self.assertIn("not enrolled", note(stranger.invoice_line_ids))
        self._invoice(self.partner_1, date(2026, 1, 11), 4000)
        self.assertIn("Earns for Reseller One", note(invoice.invoice_line_ids))
        self._accrue(date(2026, 1, 31), offer)
        suite = self._settle(date(2026, 1, 31), offer).move_ids
        self.assertIn("never count", explain(suite.invoice_line_ids)[0]["note"])
        invoice.button_draft()
        self.assertIn("not posted", explain(invoice.invoice_line_ids)[0]["note"])

    def test_explanation_of_an_entry_opens_its_lines(self):
        offer = self._create_offer()
        invoice = self._invoice(self.partner_1, date(2026, 1, 10), 1000)
        self._invoice(self.partner_2, date(2026, 1, 10), 700)
        self._accrue(date(2026, 1, 31), offer)
        entry = offer.entry_ids.filtered(lambda e: e.partner_id == self.partner_1)
        action = entry.action_explain()
        explanation = self.env[action["res_model"]].browse(action["res_id"])
        self.assertIn("Entitled", explanation.step_ids.mapped("name"))
        sources = explanation.action_view_sources()
        self.assertEqual(
            self.env["account.move.line"].search(sources["domain"]),
            invoice.invoice_line_ids,
        )
