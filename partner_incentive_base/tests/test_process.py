from odoo.tests import tagged

from .catalog_common import CatalogCommon


@tagged("post_install", "-at_install")
class TestProcess(CatalogCommon):
    """What all documents with a process, or with a number, have in common."""

    def _get_documents(self, mixin):
        names = self.env.registry.descendants([mixin], "_inherit")
        documents = [self.env[name] for name in names if not self.env[name]._abstract]
        self.assertTrue(documents)
        return documents

    def test_guarded_fields_exist(self):
        for document in self._get_documents("partner.incentive.process.mixin"):
            missing = set(document._process_fields) - set(document._fields)
            self.assertFalse(missing, document._name)

    def test_numbers_have_a_sequence(self):
        for document in self._get_documents("partner.incentive.numbered.mixin"):
            self.assertIn(document._number_field, document._fields)
            self.assertTrue(
                self.env["ir.sequence"].search([("code", "=", document._name)]),
                document._name,
            )

    def test_company_with_a_sequence_of_its_own(self):
        offer = self.make_offer()
        self.enroll(self.alpha)
        self.env["ir.sequence"].create(
            {
                "name": "Claims here",
                "code": "partner.incentive.claim",
                "prefix": "HERE/",
                "company_id": self.company.id,
            }
        )
        self.assertTrue(self.make_claim(offer).name.startswith("HERE/"))

    def test_flag_of_the_context_alone_does_nothing(self):
        claim = self.make_claim(self.make_offer())
        for user in self.users.values():
            self.assertFalse(
                claim.with_user(user)
                .with_context(incentive_transition=True)
                ._is_in_process()
            )
        self.assertTrue(claim.with_user(user)._in_process()._is_in_process())
