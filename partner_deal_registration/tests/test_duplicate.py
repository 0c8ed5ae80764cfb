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
from ..models import partner_deal_identity
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

    def test_phone_and_address_tell(self):
        """They find what the name alone does not, and tell namesakes apart."""
        precision, recall = _measure(with_fields=False)
        self.assertLess(2 * precision * recall / (precision + recall), 0.8)
        precision, recall = _measure(with_fields=True)
        self.assertGreaterEqual(precision, 0.95)
        self.assertGreaterEqual(recall, 0.95)

    def test_each_field_counts(self):
        """Agreement raises, a difference lowers, and silence does nothing."""
        one = Party(
            "Nordwind Energie",
            vat="DE811569869",
            website="nordwind.example",
            email="info@nordwind.example",
            phone="040 7654321",
            street="Am Kai 3",
            city="Hamburg",
        )
        plain = compare(Party(one.name), Party("Nordwind")).score
        for name in ("vat", "website", "phone", "street"):
            with self.subTest(field=name):
                here = Party(one.name, **{name: getattr(one, name)})
                there = Party("Nordwind", **{name: getattr(one, name)})
                self.assertGreater(compare(here, there).score, plain)
                self.assertEqual(compare(here, Party("Nordwind")).score, plain)
                other = {
                    "vat": "DE999999999",
                    "website": "other.example",
                    "phone": "089 1231231",
                    "street": "Ring 44",
                }[name]
                there = Party("Nordwind", **{name: other})
                self.assertLess(compare(here, there).score, plain)
        boxes = [Party(name, email="nord@gmail.com") for name in (one.name, "Nordwind")]
        self.assertGreater(compare(*boxes).score, plain)

    def test_evidence(self):
        here = Party("Cafe Roma", street="Hauptstr. 5", city="Köln", phone="0221 12345")
        there = Party("Cafe Roma", street="Ring 9", city="Bonn", phone="0228 99999")
        self.assertEqual(compare(here, there).kind, "site")
        other = Party("Roma Gastro", vat="DE123456789")
        self.assertEqual(
            compare(Party("Cafe", vat="DE 123 456 789"), other).kind, "same"
        )


#: ``(name, street, postcode and town, phone)`` of both records, and whether they are
#: one customer: other spellings and formats, branches, neighbours, namesakes.
LABELLED = (
    (("Hotel Bellevue", "701 Stone Canyon Rd.", "Bel Air", "310/472-1211"),
     ("Bellevue Hotel", "701 Stone Canyon Road", "Bel Air", "310-472-1211"), True),
    (("Gasthaus Adler", "Hauptstraße 5", "79098 Freiburg", "0761 123456"),
     ("Adler", "Hauptstr. 5", "Freiburg", "+49 761 123456"), True),
    (("Fenix Bar", "8358 Sunset Blvd.", "Hollywood", "213/848-6677"),
     ("Fenix at the Argyle", "8358 Sunset Boulevard", "W. Hollywood", "213 8486677"),
     True),
    (("Carmina Foods", "2450 Broadway between 90th and 91st Sts.", "New York",
      "212/362-2200"),
     ("Carmina Food Inc.", "2450 Broadway", "New York City", "212-362-2200"), True),
    (("Delikatessen Sieber", "854 7th Ave.", "New York", "212/757-2245"),
     ("Sieber's Deli", "854 Seventh Ave.", "New York City", "212-757-2245"), True),
    (("Spargo", "1114 Horn Ave.", "Los Angeles", "310/652-4025"),
     ("Spargo (Los Angeles)", "8795 Sunset Blvd.", "W. Hollywood", "310-652-4025"),
     True),
    (("Nordbau Holding", "Am Kai 3", "20457 Hamburg", "040 5550 1180"),
     ("Nord-Bau GmbH", "Am Kai 3", "Hamburg", "040 5550 1234"), True),
    (("Yu Jin Kang Gourmet Chinese Cuisine", "67 N. Raymond Ave.", "Pasadena",
      "818/585-0855"),
     ("Yujin Kang's", "67 North Raymond Avenue", "Pasadena", "818-585-0855"), True),
    (("Müller & Partner", "Ring 12", "50667 Köln", ""),
     ("Mueller und Partner GbR", "Ring 12", "50667 Köln", "0221 99887"), True),
    (("Veneta Locanda", "8638 W. Third St.", "Los Angeles", "310/274-1893"),
     ("Locanda Veneta", "3rd St.", "Los Angeles", "310-274-1893"), True),
    (("Grill am Markt", "Markt 9", "04109 Leipzig", "0341 222333"),
     ("Grill am Markt KG", "Markt 9", "04109 Leipzig", "0341 777888"), True),
    (("Stadtwerke Celle", "Allerstr. 1", "29221 Celle", "05141 16 0"),
     ("Stadtwerke Celle GmbH", "Allerstraße 1", "Celle", "05141/16-201"), True),
    (("Coyote Cafe", "3799 Las Vegas Blvd. S", "Las Vegas", "702/891-7349"),
     ("Coyote Cafe", "132 W. Water St.", "Santa Fe", "505/983-1615"), False),
    (("Sparkasse Nord", "Ring 1", "24103 Kiel", "0431 1111111"),
     ("Sparkasse Nord", "Markt 4", "25746 Heide", "0481 2222222"), False),
    (("Apotheke am Markt", "Markt 2", "04109 Leipzig", "0341 123123"),
     ("Apotheke am Markt", "Markt 11", "99084 Erfurt", "0361 987987"), False),
    (("Teru Sushi", "11940 Ventura Blvd.", "Studio City", "818/763-6201"),
     ("Art's Delicatessen", "12224 Ventura Blvd.", "Studio City", "818/762-1221"),
     False),
    (("Bäckerei Schmidt", "Dorfstr. 3", "17033 Neubrandenburg", "0395 4444"),
     ("Schmidt Bau", "Dorfstr. 30", "18055 Rostock", "0381 555555"), False),
    (("Alpha Systems", "21 W. 52nd St.", "New York", "212/582-7200"),
     ("Alpha Logistics", "21 W. 54th St.", "New York", "212/307-7311"), False),
    (("Hotel Krone", "Kirchgasse 1", "8001 Zürich", "044 1112233"),
     ("Hotel Krone", "Bahnhofstr. 80", "3011 Bern", "031 4445566"), False),
    (("Kanzlei Weber", "Königsallee 60", "40212 Düsseldorf", "0211 8888"),
     ("Weber Consulting", "Königsallee 92", "40212 Düsseldorf", "0211 3453453"),
     False),
    (("Praxis Dr. Hahn", "Lindenallee 7", "45127 Essen", "0201 101010"),
     ("Zahnarzt Dr. Kuhn", "Lindenallee 7", "45127 Essen", "0201 202020"), False),
)  # fmt: skip


def _party(record, with_fields=True):
    name, street, town, phone = record
    if not with_fields:
        return Party(name)
    postcode, _space, city = town.partition(" ")
    if not postcode.isdigit():
        postcode, city = "", town
    return Party(name, street=street, postcode=postcode, city=city, phone=phone)


def _measure(with_fields):
    """``(precision, recall)`` of the findings on :data:`LABELLED`."""
    hits = alarms = misses = 0
    for one, other, same in LABELLED:
        verdict = compare(_party(one, with_fields), _party(other, with_fields))
        found = verdict.kind in ("same", "likely")
        hits += found and same
        alarms += found and not same
        misses += same and not found
    return hits / (hits + alarms), hits / (hits + misses)


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

    def test_the_first_hears_of_the_second(self):
        first = self._deal(submit=True)
        self.assertEqual(first.sudo().conflict_level, "none")
        second = self._deal(
            self.partner_2, submit=True, customer_name="Mueller Maschinenbau"
        )
        for deal, other in ((first, second), (second, first)):
            found = deal.sudo().finding_ids
            self.assertEqual((found.res_id, found.level), (other.id, "conflict"))
        first.with_user(self.manager).action_approve()
        self.assertEqual(second.sudo().finding_ids.record_state, "Approved")

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

    def test_words_are_counted_after_a_bulk_import(self):
        Identity = self.env["partner.deal.identity"]
        Identity._refresh_statistics()
        self.assertFalse(Identity._read_counts("word", ["zwirnerei"]))
        self.env["res.partner"].create({"name": "Zwirnerei Nord", "is_company": True})
        Identity._find_matches(Party(name="Zwirnerei Nord"))
        self.assertFalse(Identity._read_counts("word", ["zwirnerei"]))
        self.patch(partner_deal_identity, "OUTGROWN", 0)
        self.env.cr.execute(
            "UPDATE partner_deal_word SET amount = 0 WHERE kind IN ('last', 'total')"
        )
        Identity._find_matches(Party(name="Zwirnerei Nord"))
        self.assertEqual(Identity._read_counts("word", ["zwirnerei"]), {"zwirnerei": 1})

    def test_amendment_of_an_approved_deal(self):
        self._approved(product=self.product_2)
        mine = self._approved(partner=self.partner_2, product=self.product)
        with self.assertRaisesRegex(UserError, "protected or under review"):
            mine.with_user(self.users["user"]).line_ids.product_id = self.product_2
        with self.assertRaisesRegex(UserError, "another customer"):
            mine.with_user(self.users["user"]).customer_name = "Ganz Andere AG"
