"""Two resellers with portal users of their own, and everything they must not share."""

from datetime import date

from odoo import Command, http
from odoo.tests import HttpCase, new_test_user

from ..measures.measure import Measure
from .common import IncentiveCommon
from .page_cost import PageCostMixin

PASSWORD = "portal-password"


class PortalCommon(PageCostMixin, IncentiveCommon, HttpCase):
    """Reseller One and Two, each with a user on the portal.

    Both bought in 2026, earn under an offer of their own brackets, share a pool, and
    are credited with a sale to a third party.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._add_invoice_measure()
        cls.customer = cls.env["res.partner"].create(
            {"name": "Secret Customer", "is_company": True}
        )
        cls.portal_1 = cls._create_portal_user("portal_one", cls.partner_1)
        cls.portal_2 = cls._create_portal_user("portal_two", cls.partner_2)
        cls.outsider = cls._create_portal_user("portal_outsider", cls.customer)

    @classmethod
    def _add_invoice_measure(cls):
        """Count invoices; the base itself has no measure that does."""
        measures = cls.env.registry["partner.incentive.measure"]
        original = measures._get_measures

        def get_measures(self):
            return original(self) | {
                "test_invoiced": Measure(
                    code="test_invoiced",
                    label="Invoices of the test",
                    unit="amount",
                    source=self._invoice_source,
                    line_model="account.move.line",
                    document_model="account.move",
                )
            }

        cls.classPatch(measures, "_get_measures", get_measures)

    @classmethod
    def _create_portal_user(cls, login, partner):
        contact = cls.env["res.partner"].create(
            {"name": f"Contact {login}", "parent_id": partner.id}
        )
        return new_test_user(
            cls.env,
            login=login,
            password=PASSWORD,
            groups="base.group_portal",
            partner_id=contact.id,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def _create_invoice_offer(cls, name, **values):
        return cls._create_offer(name=name, measure="test_invoiced", **values)

    @classmethod
    def _credit(cls, move, role="sourced", **shares):
        """Credit a sale: ``{"partner_1": 60}``."""
        cls.env["partner.incentive.attribution"].create(
            [
                {
                    "move_id": move.id,
                    "partner_id": getattr(cls, partner).id,
                    "role": role,
                    "share": share,
                }
                for partner, share in shares.items()
            ]
        )

    @classmethod
    def _publish_agreement(cls, body="<p>We are partners.</p>", program=None, **values):
        return cls.env["partner.incentive.agreement"].create(
            {
                "program_id": (program or cls.program).id,
                "body": body,
                "effective_date": date(2026, 1, 1),
                "state": "published",
                **values,
            }
        )

    def _login(self, user):
        self.authenticate(user.login, PASSWORD)

    def _get(self, path, user=None, status=200):
        if user:
            self._login(user)
        response = self.url_open(path)
        self.assertEqual(response.status_code, status, path)
        return self._get_main(response.text)

    def _post(self, path, user=None, status=200, **data):
        if user:
            self._login(user)
        data.setdefault("csrf_token", http.Request.csrf_token(self))
        response = self.url_open(path, data=data)
        self.assertEqual(response.status_code, status, path)
        return self._get_main(response.text)

    @staticmethod
    def _get_main(text):
        """What stands between header and footer, so that a failure is readable."""
        main = text.partition("<main>")[2].partition("</main>")[0] or text
        lines = (line.strip() for line in main.splitlines())
        return "\n".join(line for line in lines if line)

    def _create_entries(self, number, partner, offer):
        """Ledger entries without journal items, for the length of a history alone."""
        self.env["partner.incentive.entry"].sudo().with_context(
            incentive_posting=True
        ).create(
            [
                {
                    "company_id": self.company.id,
                    "offer_id": offer.id,
                    "version_id": offer.version_id.id,
                    "program_id": offer.program_id.id,
                    "partner_id": partner.id,
                    "currency_id": offer.currency_id.id,
                    "date": date(2026, 1 + index % 12, 1),
                    "kind": "accrual",
                    "amount": 1.0,
                    "earned": 1.0,
                    "balance": 1.0,
                    "window_from": date(2026, 1, 1),
                    "window_to": date(2026, 12, 31),
                }
                for index in range(number)
            ]
        )
