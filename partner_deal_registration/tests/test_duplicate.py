from odoo.exceptions import UserError
from odoo.tests import BaseCase, tagged

from ..matching.evidence import Party, compare
from ..matching.normalise import (
    address_key,
    domain_key,
    name_key,
    parse_name,
    phone_key,
)
from ..matching.similarity import compare_names, ratio
from .common import DealCommon


class TestMatching(BaseCase):
    def test_keys(self):
        for name, key in (
            ("Siemens Aktiengesellschaft", "siemens"),
            ("A.B.C. Company", "abc"),
            ("Société Générale S.A.", "societe generale"),
            ("First Int'l Bank", "1 international bank"),
            ("Brigade Forty-Four", "brigade 44"),
            ("Procter & Gamble Co.", "procter gamble"),
            ("ООО «Ромашка»", "romashka"),
            ("GmbH", "gmbh"),
            ("", ""),
        ):
            self.assertEqual(name_key(name), key)

    def test_legal_forms(self):
        self.assertEqual(parse_name("Deutsche Bank GmbH").forms, {"gmbh"})
        self.assertLess(
            compare_names("Deutsche Bank AG", "Deutsche Bank GmbH").score, 0.74
        )

    def test_fields(self):
        self.assertEqual(phone_key("+49 221 123456"), phone_key("0049-221/123456"))
        self.assertEqual(domain_key("https://shop.acme.co.uk/x?y"), "acme.co.uk")
        self.assertEqual(domain_key("eva@gmail.com"), "")
        self.assertEqual(
            address_key("Hauptstr. 5", "50667"), address_key("Hauptstraße 5", "50667")
        )

    def test_ratio(self):
        self.assertEqual(ratio("abc", "abc"), 1)
        self.assertEqual(ratio("abc", "xyz"), 0)
        self.assertAlmostEqual(ratio("abcd", "abxd"), 0.75)

    def test_symmetry(self):
        names = ["Vander Bilt Corp", "Vanderbilt", "Acme II LP", "Acme LP", "PLA"]
        for one in names:
            for other in names:
                self.assertEqual(
                    compare_names(one, other).score, compare_names(other, one).score
                )

    def test_evidence(self):
        here = Party("Cafe Roma", street="Hauptstr. 5", city="Köln", phone="0221 12345")
        there = Party("Cafe Roma", street="Ring 9", city="Bonn", phone="0228 99999")
        self.assertEqual(compare(here, there).kind, "site")
        other = Party("Roma Gastro", vat="DE123456789")
        self.assertEqual(
            compare(Party("Cafe", vat="DE 123 456 789"), other).kind, "same"
        )


@tagged("post_install", "-at_install")
class TestDuplicate(DealCommon):
    def test_spellings_are_found(self):
        first = self._approved(
            customer_name="Schröder & Söhne Anlagenbau GmbH & Co. KG"
        )
        for name in (
            "Schroeder und Soehne Anlagenbau",
            "SCHRÖDER & SÖHNE ANLAGENBAU KG",
            "Schröder Anlagenbau + Söhne",
            "Schrader & Söhne Anlagenbau GmbH",
        ):
            with self.subTest(name=name):
                deal = self._deal(self.partner_2, submit=True, customer_name=name)
                finding = deal.sudo().finding_ids.filtered(
                    lambda f: f.res_id == first.id and f.kind == "registration"
                )
                self.assertEqual(finding.level, "conflict")
                self.assertEqual(deal.sudo().conflict_level, "conflict")
                self.assertIn("anlagenbau", finding.explanation)
                deal.action_withdraw()

    def test_other_keys(self):
        for values in (
            {"customer_vat": "DE811569869"},
            {"customer_website": "https://www.nordwind-energie.de"},
            {"customer_phone": "+49 40 7654321"},
        ):
            with self.subTest(values=values):
                first = self._approved(customer_name="Nordwind Energie AG", **values)
                deal = self._deal(
                    self.partner_2, submit=True, customer_name="Nordwind AG", **values
                )
                self.assertIn(first.id, deal.sudo().finding_ids.mapped("res_id"))
                (first | deal).sudo().with_user(self.manager).action_withdraw()

    def test_customer_lead_and_order_are_shown(self):
        customer = self.env["res.partner"].create(
            {
                "name": "Müller Maschinenbau",
                "is_company": True,
                "user_id": self.seller.id,
            }
        )
        self.env["crm.lead"].create(
            {
                "name": "Press",
                "type": "opportunity",
                "partner_name": "Müller Maschinenbau",
            }
        )
        self._order(partner_id=customer.id).action_confirm()
        deal = self._deal(submit=True)
        kinds = set(deal.sudo().finding_ids.mapped("kind"))
        self.assertLessEqual({"customer", "opportunity", "order"}, kinds)
        found = deal.sudo().finding_ids.filtered(lambda f: f.kind == "customer")
        self.assertEqual(found[:1].owner_id, self.seller)
        self.assertIn("<table", str(found[:1].comparison))

    def test_shared_keys_tell_nothing(self):
        self.env["res.partner"].create(
            [
                {"name": name, "is_company": True, "phone": "+49 30 1111111"}
                for name in (
                    f"{chr(65 + n)}{chr(70 + n)}qz {n * 7919}" for n in range(25)
                )
            ]
        )
        deal = self._deal(
            submit=True, customer_name="Unrelated", customer_phone="+49 30 1111111"
        )
        self.assertFalse(deal.sudo().finding_ids)

    def test_other_company_is_not_told(self):
        other = (
            self.setup_other_company()["company"]
            if hasattr(self, "setup_other_company")
            else self.env["res.company"].create({"name": "Second vendor"})
        )
        self.env["res.partner"].create(
            {
                "name": "Müller Maschinenbau",
                "is_company": True,
                "company_id": other.id,
            }
        )
        deal = self._deal(submit=True)
        self.assertFalse(
            deal.sudo().finding_ids.filtered(lambda f: f.kind == "customer")
        )

    def test_identities_follow_their_records(self):
        Identity = self.env["partner.deal.identity"]
        partner = self.env["res.partner"].create(
            {"name": "Kranbau Eberswalde", "is_company": True}
        )

        def keys():
            return Identity.search(
                [("res_model", "=", "res.partner"), ("res_id", "=", partner.id)]
            ).mapped("name_key")

        self.assertEqual(keys(), ["kranbau eberswalde"])
        partner.name = "Kranbau Nord GmbH"
        self.assertEqual(keys(), ["kranbau nord"])
        partner_id = partner.id
        partner.unlink()
        self.assertFalse(
            Identity.search(
                [("res_id", "=", partner_id), ("res_model", "=", "res.partner")]
            )
        )

    def test_amendment_of_an_approved_deal(self):
        self._approved(product=self.product_2)
        mine = self._approved(partner=self.partner_2, product=self.product)
        with self.assertRaisesRegex(UserError, "protected or under review"):
            mine.with_user(self.users["user"]).line_ids.product_id = self.product_2
        with self.assertRaisesRegex(UserError, "another customer"):
            mine.with_user(self.users["user"]).customer_name = "Ganz Andere AG"
