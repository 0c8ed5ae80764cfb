"""What a partner sees and does on the portal."""

import csv
import io
from datetime import date, timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .accessibility import AccessibilityMixin
from .portal_common import PortalCommon


@tagged("post_install", "-at_install")
class TestPortalOverview(PortalCommon):
    def test_home_shows_the_card_to_partners_only(self):
        for user, expected in ((self.portal_1, 1), (self.outsider, 0)):
            self._login(user)
            counters = self.make_jsonrpc_request(
                "/my/counters", {"counters": ["incentive_count"]}
            )
            self.assertEqual(counters["incentive_count"], expected)
        self.customer.grade_id = self.env["res.partner.grade"].create({"name": "Gold"})
        counters = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["incentive_count"]}
        )
        self.assertEqual(counters["incentive_count"], 1, "a partner by its tier")

    def test_a_visitor_has_to_log_in(self):
        response = self.url_open("/my/incentives")
        self.assertIn("/web/login", response.url)

    def test_overview_without_anything(self):
        page = self._get("/my/incentives", self.outsider)
        self.assertIn("Nothing has been earned yet", page)
        self.assertIn("You are not enrolled in any program", page)

    def test_overview_shows_balance_standing_and_tier(self):
        self.partner_1.grade_id = self.env["res.partner.grade"].create({"name": "Onyx"})
        self._create_invoice_offer("Ladder", brackets=[(0, 1), (5000, 3)])
        self._invoice(self.partner_1, date(2026, 2, 3), 1200.0)
        self._invoice(self.partner_2, date(2026, 2, 3), 7777.0)
        self._accrue(date(2026, 3, 31))
        page = self._get("/my/incentives", self.portal_1)
        self.assertIn("Onyx", page)
        self.assertIn("1,200.00", page, "volume")
        self.assertIn("12.00", page, "earned")
        self.assertIn("3,800.00", page, "missing to the next bracket")
        self.assertIn("150.00", page, "what it would bring")
        self.assertIn("Program 2026", page)
        self.assertNotIn("7,777", page)
        self.assertNotIn("Reseller Two", page)

    def test_overview_lists_only_offers_that_name_the_partner(self):
        self._create_offer(
            name="For one", partner_ids=[Command.set(self.partner_1.ids)]
        )
        self._create_offer(
            name="For two", partner_ids=[Command.set(self.partner_2.ids)]
        )
        self._create_offer(name="Not yet published", publish=False)
        other = self.program.copy({"name": "Other program", "state": "active"})
        self._create_offer(name="Elsewhere", program_id=other.id)
        page = self._get("/my/incentives", self.portal_1)
        self.assertIn("For one", page)
        for hidden in ("For two", "Not yet published", "Elsewhere"):
            self.assertNotIn(hidden, page)

    def test_suspended_and_ended_offers(self):
        suspended = self._create_offer(name="Resting")
        suspended.action_suspend()
        ended = self._create_offer(name="Long gone", date_to=date(2026, 1, 31))
        page = self._get("/my/incentives", self.portal_1)
        self.assertIn("Resting", page)
        self.assertIn("Suspended", page)
        self.assertNotIn("Long gone", page)
        self._get(f"/my/incentives/offers/{ended.id}", status=404)

    def test_an_offer_that_is_over_keeps_its_history(self):
        offer = self._create_invoice_offer(
            "Spring push", brackets=[(0, 1), (5000, 3)], date_to=date(2026, 2, 28)
        )
        self._invoice(self.partner_1, date(2026, 2, 3), 1200.0)
        self._accrue(date(2026, 3, 31))
        page = self._get("/my/incentives", self.portal_1)
        self.assertIn("Past offers", page)
        self.assertIn("Spring push", page)
        page = self._get(f"/my/incentives/offers/{offer.id}", self.portal_1)
        self.assertIn("Ended", page)
        self.assertIn("1,200.00", page, "volume")
        self.assertNotIn("3,800.00", page, "what would be missing if it went on")
        page = self._get("/my/incentives", self.portal_2)
        self.assertNotIn("Spring push", page)

    def test_accept_the_agreement(self):
        agreement = self._publish_agreement()
        url = f"/my/incentives/enrollments/{self.enrollment_1.id}"
        self.assertIn("Read and accept", self._get("/my/incentives", self.portal_1))
        self.assertIn("We are partners.", self._get(url))
        page = self._post(url, agreement_id=agreement.id)
        self.assertIn("Tick the box", page)
        self.assertFalse(self.enrollment_1.accepted_on)
        page = self._post(url, agreement_id=agreement.id, confirmed="1")
        self.assertIn("Your acceptance is recorded", page)
        self.assertEqual(self.enrollment_1.accepted_by, self.portal_1)
        self.assertEqual(self.enrollment_1.agreement_id, agreement)
        first = self.enrollment_1.accepted_on
        page = self._post(url, agreement_id=agreement.id, confirmed="1")
        self.assertIn("You have done that already", page)
        self.assertEqual(self.enrollment_1.accepted_on, first)

    def test_an_agreement_that_changed_meanwhile_is_not_accepted(self):
        old = self._publish_agreement()
        new = self._publish_agreement(
            "<p>New text</p>", effective_date=date(2026, 1, 2)
        )
        url = f"/my/incentives/enrollments/{self.enrollment_1.id}"
        self._login(self.portal_1)
        page = self._post(url, agreement_id=old.id, confirmed="1")
        self.assertIn("has changed since you opened this page", page)
        self.assertIn("New text", page)
        self.assertFalse(self.enrollment_1.accepted_on)
        self._post(url, agreement_id=new.id, confirmed="1")
        self.assertEqual(self.enrollment_1.agreement_id, new)

    def test_forms_need_their_token(self):
        self._publish_agreement()
        url = f"/my/incentives/enrollments/{self.enrollment_1.id}"
        self._post(url, self.portal_1, status=400, csrf_token="wrong", confirmed="1")
        self.assertFalse(self.enrollment_1.accepted_on)

    def test_ask_to_join_a_program(self):
        program = self.program.copy({"name": "Growth circle", "state": "active"})
        program.user_id = self.users["manager"]
        url = f"/my/incentives/programs/{program.id}"
        self.assertNotIn("Growth circle", self._get("/my/incentives", self.portal_1))
        self._get(url, status=404)
        agreement = self._publish_agreement(program=program)
        self.assertIn("Growth circle", self._get("/my/incentives"))
        page = self._post(url, agreement_id=agreement.id, note="We sell <b>a lot</b>")
        self.assertIn("Tick the box", page)
        self.assertIn("We sell &lt;b&gt;a lot&lt;/b&gt;", page, "what was typed stays")
        page = self._post(
            url, agreement_id=agreement.id, note="x" * 2001, confirmed="1"
        )
        self.assertIn("2001 characters", page)
        page = self._post(
            url, agreement_id=agreement.id, note="We sell a lot", confirmed="1"
        )
        self.assertIn("Your request is with us", page)
        enrollment = program.enrollment_ids
        self.assertEqual(enrollment.partner_id, self.partner_1)
        self.assertEqual(enrollment.state, "requested")
        self.assertEqual(enrollment.accepted_by, self.portal_1)
        self.assertEqual(enrollment.activity_ids.user_id, self.users["manager"])
        self.assertIn("We sell a lot", "".join(enrollment.message_ids.mapped("body")))
        self._post(url, agreement_id=agreement.id, confirmed="1")
        self.assertEqual(len(program.enrollment_ids), 1, "not twice")
        self.assertIn("Requested", self._get("/my/incentives"))
        enrollment.action_activate()
        self.assertEqual(enrollment.state, "active")

    def test_programs_that_are_closed_or_over_cannot_be_joined(self):
        program = self.program.copy({"name": "Old circle", "state": "active"})
        self._publish_agreement(program=program)
        program.action_close()
        over = self.program.copy(
            {
                "name": "Older circle",
                "state": "active",
                "date_from": date(2020, 1, 1),
                "date_to": date(2020, 12, 31),
            }
        )
        self._publish_agreement(program=over)
        page = self._get("/my/incentives", self.portal_1)
        for each in program | over:
            self.assertNotIn(each.name, page)
            self._get(f"/my/incentives/programs/{each.id}", status=404)


@tagged("post_install", "-at_install")
class TestPortalOffer(PortalCommon):
    def test_terms_in_words(self):
        offer = self._create_invoice_offer(
            "Ladder",
            brackets=[(1000, 2), (5000, 3.5)],
            formula="marginal",
            cap=900,
            settlement_minimum=25,
            description="<p>Sell <i>more</i>.</p>",
        )
        page = self._get(f"/my/incentives/offers/{offer.id}", self.portal_1)
        for expected in (
            "Ladder",
            "Sell <i>more</i>.",
            "Each slice of your volume earns the rate of the bracket",
            "900.00",
            "25.00",
            "3.5 %",
            "1,000.00",
            "Example: a volume of",
            "Earns nothing",
            "Credit note",
        ):
            self.assertIn(expected, page)

    def test_products_that_count_in_words(self):
        category = self.env["product.category"].create({"name": "Bikes"})
        offer = self._create_invoice_offer(
            "Ladder",
            product_rule_ids=[
                Command.create({"category_ids": [Command.set(category.ids)]}),
                Command.create(
                    {
                        "mode": "exclude",
                        "basis": "earning",
                        "product_ids": [Command.set(self.product.ids)],
                    }
                ),
            ],
        )
        page = self._get(f"/my/incentives/offers/{offer.id}", self.portal_1)
        self.assertIn("Counts: Bikes.", page)
        self.assertIn("Does not earn: Widget.", page)

    def test_history_by_window(self):
        offer = self._create_invoice_offer("Monthly", period="month")
        self._invoice(self.partner_1, date(2026, 1, 15), 300.0)
        self._invoice(self.partner_1, date(2026, 2, 15), 500.0)
        self._invoice(self.partner_2, date(2026, 2, 15), 66666.0)
        self._accrue(date(2026, 2, 28))
        page = self._get(f"/my/incentives/offers/{offer.id}", self.portal_1)
        self.assertIn("300.00", page)
        self.assertIn("500.00", page)
        self.assertNotIn("66,666", page)

    def test_a_draft_revision_is_not_shown(self):
        offer = self._create_invoice_offer("Ladder", brackets=[(0, 2)])
        offer.action_revise()
        offer.write(
            {"bracket_ids": [Command.update(offer.bracket_ids.id, {"rate": 77})]}
        )
        for path in ("/my/incentives", f"/my/incentives/offers/{offer.id}"):
            self.assertNotIn("77 %", self._get(path, self.portal_1))

    def test_terms_to_come_are_announced(self):
        today = fields.Date.today()
        offer = self._create_invoice_offer("Ladder", date_to=False)
        offer.action_revise()
        offer.write(
            {
                "effective_date": today + timedelta(days=10),
                "change_reason": "Costs have risen",
                "bracket_ids": [Command.update(offer.bracket_ids.id, {"rate": 8.5})],
            }
        )
        offer.sudo().action_submit()
        offer.sudo().action_publish()
        page = self._get(f"/my/incentives/offers/{offer.id}", self.portal_1)
        self.assertIn("10 %", page)
        self.assertIn("8.5 %", page)
        self.assertIn("Costs have risen", page)

    def test_ladders_of_segments(self):
        Segment = self.env["partner.incentive.segment"]
        gold = self.env["res.partner.grade"].create({"name": "Gold tier"})
        tier = Segment.create(
            {"name": "Internal gold", "grade_ids": [Command.set(gold.ids)]}
        )
        secret = Segment.create(
            {
                "name": "Problem cases",
                "exclude_partner_ids": [Command.set(self.partner_1.ids)],
            }
        )
        offer = self._create_invoice_offer("Ladder", publish=False, brackets=[(0, 2)])
        offer.write(
            {
                "bracket_ids": [
                    Command.create({"lower": 0, "rate": 4, "segment_id": tier.id}),
                    Command.create({"lower": 0, "rate": 9, "segment_id": secret.id}),
                ]
            }
        )
        offer.sudo().action_submit()
        offer.sudo().action_publish()
        url = f"/my/incentives/offers/{offer.id}"
        page = self._get(url, self.portal_1)
        self.assertIn("Your rates", page)
        self.assertIn("Rates of Gold tier", page, "the rules of tiers are public")
        self.assertIn("2 %", page)
        self.assertIn("4 %", page)
        for hidden in ("Problem cases", "Internal gold", "9 %"):
            self.assertNotIn(hidden, page)
        self.partner_1.grade_id = gold
        page = self._get(url)
        self.assertNotIn("Rates of Gold tier", page, "they are its own now")
        self.assertNotIn("2 %", page)

    def test_offers_that_do_not_concern_the_partner_are_not_found(self):
        theirs = self._create_offer(
            name="For two", partner_ids=[Command.set(self.partner_2.ids)]
        )
        draft = self._create_offer(name="Draft", publish=False)
        self._login(self.portal_1)
        for offer_id in (theirs.id, draft.id, 0, 2**31 - 1, 2**31, 10**30):
            self._get(f"/my/incentives/offers/{offer_id}", status=404)

    def test_a_retired_offer_is_readable_with_its_history(self):
        offer = self._create_invoice_offer("Ladder")
        self._invoice(self.partner_1, date(2026, 1, 15), 300.0)
        self._accrue(date(2026, 1, 31))
        offer.action_retire()
        url = f"/my/incentives/offers/{offer.id}"
        self.assertIn("Ended", self._get(url, self.portal_1))
        self._get(url, self.portal_2, status=404)

    def test_take_part_in_an_opt_in_offer(self):
        offer = self._create_offer(name="Optional", opt_in=True)
        url = f"/my/incentives/offers/{offer.id}"
        version = offer.version_id
        self.assertIn(
            "Offers you can take part in", self._get("/my/incentives", self.portal_1)
        )
        page = self._post(f"{url}/accept", version_id=version.id)
        self.assertIn("Tick the box", page)
        page = self._post(f"{url}/accept", version_id=version.id + 1, confirmed="1")
        self.assertIn("The terms have changed", page)
        self.assertFalse(self.enrollment_1.acceptance_ids)
        page = self._post(f"{url}/accept", version_id=version.id, confirmed="1")
        self.assertIn("You take part in the offer", page)
        acceptance = self.enrollment_1.acceptance_ids
        self.assertEqual(acceptance.version_id, version)
        self.assertEqual(acceptance.user_id, self.portal_1)
        page = self._post(f"{url}/accept", version_id=version.id, confirmed="1")
        self.assertIn("You have done that already", page)
        self.assertFalse(self.enrollment_2.acceptance_ids)

    def test_new_terms_of_an_opt_in_offer_are_accepted_anew(self):
        offer = self._create_offer(name="Optional", opt_in=True, date_to=False)
        self.enrollment_1._accept_offer(offer, self.portal_1)
        self.assertNotIn(
            "take part in</h2>", self._get("/my/incentives", self.portal_1)
        )
        offer.action_revise()
        offer.write(
            {
                "effective_date": fields.Date.today() + timedelta(days=1),
                "requires_acceptance": True,
            }
        )
        offer.sudo().action_submit()
        offer.sudo().action_publish()
        url = f"/my/incentives/offers/{offer.id}"
        self.assertIn("Accept the new ones", self._get(url))
        self._post(f"{url}/accept", version_id=offer.version_id.id, confirmed="1")
        self.assertEqual(len(self.enrollment_1.acceptance_ids), 2)

    def test_whoever_is_not_enrolled_cannot_take_part(self):
        offer = self._create_offer(name="Optional", opt_in=True)
        self.enrollment_1.action_end()
        self._post(
            f"/my/incentives/offers/{offer.id}/accept",
            self.portal_1,
            status=404,
            version_id=offer.version_id.id,
            confirmed="1",
        )


@tagged("post_install", "-at_install")
class TestPortalStatement(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offer = cls._create_invoice_offer("Ladder")
        cls.invoice_1 = cls._invoice(
            cls.partner_1,
            date(2026, 2, 3),
            0,
            lines=[(cls.product, 3, 100.0), (cls.product, 1, 50.0)],
        )
        cls.invoice_2 = cls._invoice(cls.partner_2, date(2026, 2, 4), 8888.0)
        cls._accrue(date(2026, 2, 28))
        cls.batch = cls._settle(date(2026, 3, 31))
        Entry = cls.env["partner.incentive.entry"]
        cls.entries_1 = Entry.search([("partner_id", "=", cls.partner_1.id)])
        cls.entries_2 = Entry.search([("partner_id", "=", cls.partner_2.id)])
        cls.accrual = cls.entries_1.filtered(lambda e: e.kind == "accrual")
        cls.payment = cls.entries_1.filtered(lambda e: e.kind == "settlement")

    def test_statement_lists_own_entries(self):
        page = self._get("/my/incentives/statement", self.portal_1)
        self.assertIn("Earned", page)
        self.assertIn("Paid", page)
        self.assertIn("35.00", page)
        self.assertIn(self.payment.move_id.name, page)
        self.assertIn(f'href="/my/invoices/{self.payment.move_id.id}"', page)
        self.assertNotIn("888.8", page)
        for entry in self.entries_2:
            self.assertNotIn(f'/statement/{entry.id}"', page)
            self.assertNotIn(
                entry.move_id.name, page.replace(self.accrual.move_id.name, "")
            )

    def test_statement_filters(self):
        other = self._create_offer(name="Other offer")
        self._create_entries(1, self.partner_1, other)
        url = "/my/incentives/statement"

        def shown(**params):
            query = "&".join(f"{name}={value}" for name, value in params.items())
            page = self._get(f"{url}?{query}", self.portal_1)
            return {e.id for e in entries if f'/statement/{e.id}"' in page}

        entries = self.env["partner.incentive.entry"].search(
            [("partner_id", "=", self.partner_1.id)]
        )
        everything = set(entries.ids)
        own = {self.accrual.id, self.payment.id}
        self.assertEqual(shown(), everything)
        self.assertEqual(shown(offer=self.offer.id), own)
        self.assertEqual(shown(kind="paid"), {self.payment.id})
        self.assertEqual(shown(kind="earned", offer=self.offer.id), {self.accrual.id})
        self.assertEqual(shown(date_from="2026-03-01"), {self.payment.id})
        self.assertEqual(
            shown(date_from="2026-02-01", date_to="2026-02-28"), {self.accrual.id}
        )
        self.assertEqual(shown(offer="x", kind="y", sortby="z"), everything)
        self.assertEqual(shown(offer=10**30), everything)
        for sortby in ("newest", "oldest", "offer", "amount"):
            self.assertEqual(shown(sortby=sortby), everything)

    def test_dates_that_make_no_sense_stay_and_are_explained(self):
        self._login(self.portal_1)
        page = self._get("/my/incentives/statement?date_from=31.12.2026")
        self.assertIn('value="31.12.2026"', page)
        self.assertIn("is not a date", page)
        page = self._get(
            "/my/incentives/statement?date_from=2026-05-01&date_to=2026-04-01"
        )
        self.assertIn("The last day is before the first day", page)
        self.assertIn('value="2026-05-01"', page)

    def test_balance_before_a_first_day(self):
        page = self._get("/my/incentives/statement?date_from=2026-03-01", self.portal_1)
        self.assertIn("Balance before", page)
        self.assertIn("35.00", page)
        self.assertIn("Balance after", page)

    def test_statement_has_pages(self):
        self._create_entries(200, self.partner_1, self.offer)
        page = self._get("/my/incentives/statement", self.portal_1)
        self.assertIn("/my/incentives/statement/page/2", page)
        last = self._get("/my/incentives/statement/page/999999999999999999999")
        self.assertIn("/statement/", last)

    def test_export(self):
        self.offer.name = "=HYPERLINK(1)"
        self._login(self.portal_1)
        response = self.url_open("/my/incentives/statement/export")
        self.assertIn("text/csv", response.headers["Content-Type"])
        self.assertIn("attachment", response.headers["Content-Disposition"])
        rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
        self.assertEqual(len(rows), 1 + len(self.entries_1))
        self.assertEqual({row[2] for row in rows[1:]}, {"'=HYPERLINK(1)"})
        self.assertEqual(sorted(row[6] for row in rows[1:]), ["-35.00", "35.00"])
        response = self.url_open("/my/incentives/statement/export?kind=paid")
        self.assertEqual(len(response.text.splitlines()), 2)
        response = self.url_open("/my/incentives/statement/export?date_from=soon")
        self.assertIn("is not a date", response.text)

    def test_an_entry_is_explained_to_the_invoice_line(self):
        page = self._get(f"/my/incentives/statement/{self.accrual.id}", self.portal_1)
        for expected in (
            "Qualifying volume",
            "350.00",
            "35.00",
            "What counted (",
            self.invoice_1.name,
            f'href="/my/invoices/{self.invoice_1.id}"',
            "Widget",
            "300.00",
            "30.00",
            "5.00",
        ):
            self.assertIn(expected, page)
        self.assertNotIn(self.invoice_2.name, page)
        self.assertNotIn("8,888", page)

    def test_an_estimate_is_called_one(self):
        """What is provided for beforehand is not what the partner is paid."""
        page = self._get("/my/incentives/statement", self.portal_1)
        self.assertNotIn("estimate", page)
        self.patch(
            self.env.registry["partner.incentive.offer.version"],
            "_get_accrual_terms",
            lambda version: ("expected", 0, 0),
        )
        page = self._get("/my/incentives/statement")
        self.assertIn("Earned (estimate)", page)
        page = self._get(f"/my/incentives/statement/{self.accrual.id}")
        self.assertIn("what we expect you to have earned", page)

    def test_a_line_that_only_qualifies_says_so(self):
        gadget = self.product.copy({"name": "Gadget"})
        offer = self._create_invoice_offer(
            "Widgets earn",
            product_rule_ids=[
                Command.create(
                    {
                        "basis": "earning",
                        "product_ids": [Command.set(self.product.ids)],
                    }
                )
            ],
        )
        self._invoice(
            self.partner_1,
            date(2026, 5, 3),
            0,
            lines=[(self.product, 1, 200.0), (gadget, 1, 640.0)],
        )
        self._accrue(date(2026, 5, 31), offer)
        entry = offer.entry_ids.filtered(lambda e: e.partner_id == self.partner_1)
        page = self._get(f"/my/incentives/statement/{entry.id}", self.portal_1)
        self.assertIn("counts for the bracket only", page)
        self.assertIn("640.00", page)
        self.assertIn("20.00", page)

    def test_a_payment_shows_how_it_came_about(self):
        page = self._get(f"/my/incentives/statement/{self.payment.id}", self.portal_1)
        self.assertIn(self.payment.move_id.name, page)
        self.assertIn("less paid before", page)
        self.assertIn("35.00", page)

    def test_lines_have_pages(self):
        self.patch(
            self.env.registry["partner.incentive.source"],
            "_get_page",
            self._get_small_pages(),
        )
        page = self._get(
            f"/my/incentives/statement/{self.accrual.id}/page/7", self.portal_1
        )
        self.assertIn(self.invoice_1.name, page, "a page too far shows the first one")

    def _get_small_pages(self):
        original = self.env.registry["partner.incentive.source"]._get_page

        def get_page(records, offer, partner, window_from, day, limit, *args, **kwargs):
            return original(
                records, offer, partner, window_from, day, 1, *args, **kwargs
            )

        return get_page

    def test_a_credit_note_takes_its_share_back(self):
        refund = self.invoice_1._reverse_moves(
            [{"invoice_date": date(2026, 4, 1), "date": date(2026, 4, 1)}]
        )
        refund.action_post()
        self._accrue(date(2026, 4, 30))
        entry = self.env["partner.incentive.entry"].search(
            [("partner_id", "=", self.partner_1.id)], order="id desc", limit=1
        )
        page = self._get(f"/my/incentives/statement/{entry.id}", self.portal_1)
        self.assertIn("Earned less", page)
        self.assertIn(refund.name, page)

    def test_holdback_is_shown_once(self):
        held = self.env["partner.incentive.entry"]
        vals = self.accrual.read(
            ["company_id", "offer_id", "program_id", "partner_id", "currency_id"],
            load=None,
        )[0]
        vals.pop("id")
        held = held.sudo().with_context(incentive_posting=True)
        accrued, holdback = held.create(
            [
                {**vals, "date": date(2026, 3, 1), "kind": "holdback", **each}
                for each in (
                    {"role": "accrued", "amount": -7.0},
                    {"role": "holdback", "amount": 7.0, "held": 7.0},
                )
            ]
        )
        page = self._get("/my/incentives/statement", self.portal_1)
        self.assertIn(f'/statement/{accrued.id}"', page)
        self.assertNotIn(f'/statement/{holdback.id}"', page)
        self._get(f"/my/incentives/statement/{holdback.id}", status=404)


@tagged("post_install", "-at_install")
class TestPortalOthersSales(PortalCommon):
    """Rule 9: what a partner earns on others' sales does not tell whose they are."""

    def test_a_credited_sale_names_no_customer(self):
        offer = self._create_invoice_offer(
            "Referral", credit_role="sourced", evidence_rule="attribution"
        )
        invoice = self._invoice(self.customer, date(2026, 2, 3), 1000.0)
        invoice.invoice_line_ids.name = "Delivered to Secret Customer"
        self._credit(invoice, partner_1=60, partner_2=40)
        self._accrue(date(2026, 2, 28))
        for user, amount, share in (
            (self.portal_1, "600.00", "60.00"),
            (self.portal_2, "400.00", "40.00"),
        ):
            entry = offer.entry_ids.filtered(
                lambda e, u=user: e.partner_id == u.partner_id.commercial_partner_id
            )
            page = self._get(f"/my/incentives/statement/{entry.id}", user)
            self.assertIn("A sale credited to you", page)
            self.assertIn(amount, page)
            self.assertIn(share, page)
            for hidden in ("Secret Customer", invoice.name, "1,000.00"):
                self.assertNotIn(hidden, page)

    def test_a_credited_sale_to_the_partner_itself_is_named(self):
        offer = self._create_invoice_offer(
            "Referral", credit_role="sourced", evidence_rule="attribution"
        )
        invoice = self._invoice(self.partner_1, date(2026, 2, 3), 1000.0)
        self._credit(invoice, partner_1=100)
        self._accrue(date(2026, 2, 28))
        page = self._get(
            f"/my/incentives/statement/{offer.entry_ids.id}", self.portal_1
        )
        self.assertIn(invoice.name, page)

    def test_a_pool_shows_its_total_and_own_lines(self):
        offer = self._create_invoice_offer("Pool", pooled=True)
        mine = self._invoice(self.partner_1, date(2026, 2, 3), 300.0)
        theirs = self._invoice(self.partner_2, date(2026, 2, 4), 712.34)
        self._accrue(date(2026, 2, 28))
        entry = offer.entry_ids.filtered(lambda e: e.partner_id == self.partner_1)
        for path in (
            "/my/incentives",
            "/my/incentives/statement",
            f"/my/incentives/offers/{offer.id}",
            f"/my/incentives/statement/{entry.id}",
        ):
            page = self._get(path, self.portal_1)
            for hidden in (theirs.name, "712.34", "71.23", "Reseller Two"):
                self.assertNotIn(hidden, page, path)
        self.assertIn("1,012.34", page, "the pool's total")
        self.assertIn(mine.name, page)
        self.assertIn("30.00", page)

    def test_a_subsidiary_earns_for_its_parent(self):
        child = self.env["res.partner"].create(
            {"name": "Daughter", "is_company": True, "parent_id": self.partner_1.id}
        )
        offer = self._create_invoice_offer("Ladder")
        self._invoice(child, date(2026, 2, 3), 500.0)
        self._accrue(date(2026, 2, 28))
        entry = offer.entry_ids
        self.assertEqual(entry.partner_id, self.partner_1)
        page = self._get(f"/my/incentives/statement/{entry.id}", self.portal_1)
        self.assertIn("500.00", page)
        user = self._create_portal_user("portal_child", child)
        self.assertNotIn("Ladder", self._get("/my/incentives", user))
        self._get(f"/my/incentives/statement/{entry.id}", status=404)


@tagged("post_install", "-at_install")
class TestPortalIsolation(PortalCommon):
    """The second partner finds nothing of the first one's, whatever it asks for."""

    def test_ids_of_others_are_not_found(self):
        agreement = self._publish_agreement()
        offer = self._create_invoice_offer(
            "For one", partner_ids=[Command.set(self.partner_1.ids)], opt_in=False
        )
        optional = self._create_offer(
            name="Optional", partner_ids=[Command.set(self.partner_1.ids)], opt_in=True
        )
        self._invoice(self.partner_1, date(2026, 2, 3), 4321.0)
        self._accrue(date(2026, 2, 28))
        self._settle(date(2026, 3, 31))
        entries = self.env["partner.incentive.entry"].search([])
        self.assertEqual(entries.partner_id & self.partner_1, self.partner_1)
        own = entries.filtered(lambda e: e.partner_id == self.partner_1)
        for user in (self.portal_2, self.outsider):
            self._login(user)
            for entry in own:
                self._get(f"/my/incentives/statement/{entry.id}", status=404)
                self._get(f"/my/incentives/statement/{entry.id}/page/2", status=404)
            self._get(f"/my/incentives/offers/{offer.id}", status=404)
            enrollment = f"/my/incentives/enrollments/{self.enrollment_1.id}"
            self._get(enrollment, status=404)
            self._post(enrollment, status=404, agreement_id=agreement.id, confirmed="1")
            self._post(
                f"/my/incentives/offers/{optional.id}/accept",
                status=404,
                version_id=optional.version_id.id,
                confirmed="1",
            )
            for path in (
                "/my/incentives",
                "/my/incentives/statement",
                f"/my/incentives/statement?offer={offer.id}",
                "/my/incentives/statement/export",
            ):
                page = self._get(path)
                for hidden in ("4,321", "432.1", "For one", "Reseller One"):
                    self.assertNotIn(hidden, page, path)
        self.assertFalse(self.enrollment_1.accepted_on)
        self.assertFalse(self.enrollment_1.acceptance_ids)

    def test_ids_that_no_column_takes_are_not_found(self):
        self._login(self.portal_1)
        for path in ("statement", "enrollments", "programs", "offers"):
            for record_id in (0, 2**31 - 1, 2**31, 2**63, 10**40):
                self._get(f"/my/incentives/{path}/{record_id}", status=404)
            self._get(f"/my/incentives/{path}/nonsense", status=404)

    def test_other_companies_are_not_shown(self):
        company = self.setup_other_company()["company"]
        company._create_incentive_defaults()
        program = self.env["partner.incentive.program"].create(
            {
                "name": "Program of the other company",
                "company_id": company.id,
                "date_from": date(2026, 1, 1),
                "date_to": date(2026, 12, 31),
                "state": "active",
            }
        )
        self._publish_agreement(program=program)
        page = self._get("/my/incentives", self.portal_1)
        self.assertNotIn(program.name, page)
        self._get(f"/my/incentives/programs/{program.id}", status=404)
        enrollment = self._enroll(self.partner_1, program=program)
        self.assertNotIn(program.name, self._get("/my/incentives"))
        self._get(f"/my/incentives/enrollments/{enrollment.id}", status=404)
        self.portal_1.company_ids |= company
        self.assertIn(program.name, self._get("/my/incentives"))


@tagged("post_install", "-at_install")
class TestPortalCost(PortalCommon):
    """The pages take as many statements for a long history as for a short one."""

    def test_history(self):
        offer = self._create_offer(name="Ladder")
        self._create_entries(10, self.partner_1, offer)
        last = self.env["partner.incentive.entry"].search([], order="id desc", limit=1)
        paths = (
            "/my/incentives",
            "/my/incentives/statement",
            "/my/incentives/statement?date_from=2026-02-01&sortby=oldest",
            "/my/incentives/statement/export",
            f"/my/incentives/statement/{last.id}",
            f"/my/incentives/offers/{offer.id}",
        )
        self._login(self.portal_1)
        before = {path: self._count_queries(path) for path in paths}
        self._create_entries(490, self.partner_1, offer)
        after = {path: self._count_queries(path) for path in paths}
        self.assertEqual(after, before)

    def test_invoice_lines(self):
        offer = self._create_invoice_offer("Ladder")
        self._invoice(
            self.partner_1, date(2026, 2, 3), 0, lines=[(self.product, 1, 10.0)] * 3
        )
        self._accrue(date(2026, 2, 28))
        self._login(self.portal_1)
        path = f"/my/incentives/statement/{offer.entry_ids.id}"
        before = self._count_queries(path)
        self._invoice(
            self.partner_1, date(2026, 2, 3), 0, lines=[(self.product, 1, 10.0)] * 200
        )
        self.assertEqual(self._count_queries(path), before)
        self.assertCheap(path)

    def test_other_offers(self):
        """What one offer came to is asked in as many statements beside many others."""
        segment = self.env["partner.incentive.segment"].create(
            {"name": "Big", "potential": "high"}
        )
        offer = self._create_invoice_offer("First")
        self._invoice(self.partner_1, date(2026, 2, 3), 100.0)
        self._accrue(date(2026, 2, 28))
        self._login(self.portal_1)
        path = f"/my/incentives/statement/{offer.entry_ids.id}"
        counts = []
        for many in (1, 5):
            for number in range(many):
                self._create_invoice_offer(
                    f"Other {number}", best_of="One", segment_ids=segment.ids
                )
            counts.append(self._count_queries(path))
        self.assertLessEqual(counts[1], counts[0])

    def test_payments(self):
        """Documents of payments are looked up together."""
        offer = self._create_invoice_offer("Ladder")
        self._login(self.portal_1)
        counts = []
        for month in (1, 2, 3, 4):
            self._invoice(self.partner_1, date(2026, month, 3), 100.0)
            self._accrue(date(2026, month, 28))
            self._settle(date(2026, month + 1, 1), offers=offer)
            counts.append(self._count_queries("/my/incentives/statement"))
        self.assertEqual(len(set(counts)), 1, counts)


@tagged("post_install", "-at_install")
class TestPortalAccessibility(AccessibilityMixin, PortalCommon):
    def test_pages_without_barriers(self):
        self._publish_agreement("<p>" + "A long sentence of the agreement. " * 20)
        offer = self._create_invoice_offer(
            "An offer with a name that is far too long for the screen of a phone",
            brackets=[(0, 1), (1234567, 2.125)],
            description="<p>" + "Sell more. " * 30,
        )
        self._invoice(self.partner_1, date(2026, 2, 3), 123456.78)
        self._accrue(date(2026, 2, 28))
        self.assertAccessible(
            [
                "/my/incentives",
                "/my/incentives/statement",
                "/my/incentives/statement?date_from=tomorrow",
                f"/my/incentives/statement/{offer.entry_ids.id}",
                f"/my/incentives/offers/{offer.id}",
                f"/my/incentives/enrollments/{self.enrollment_1.id}",
                "/my/incentives/payouts",
            ],
            self.portal_1.login,
        )
