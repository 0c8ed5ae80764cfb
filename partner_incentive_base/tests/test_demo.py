from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    """What the demo data do to a database that is in use already."""

    def test_a_company_with_a_name_keeps_it(self):
        company = self.env.company
        company.write({"name": "Own Ltd", "email": "office@own.example"})
        logo = company.logo
        self.env["partner.incentive.demo"]._name_company()
        self.assertEqual(
            (company.name, company.email, company.logo),
            ("Own Ltd", "office@own.example", logo),
        )

    def test_the_vendor_of_the_story(self):
        """One that nobody has named becomes it; its country stays."""
        company = self.env.company
        company.write({"name": "My Company"})
        country, logo = company.country_id, company.logo
        self.env["partner.incentive.demo"]._name_company()
        self.assertEqual(company.name, "Norvane Networks")
        self.assertEqual(company.country_id, country)
        self.assertNotEqual(company.logo, logo)
        self.assertFalse(company.uses_default_logo)
        self.assertTrue(company.partner_id.email.endswith(".example"))
