"""The tabs at the head of the pages: few, for the role, with the present one marked."""

from lxml import html

from odoo.tests import tagged

from .accessibility import AccessibilityMixin
from .portal_common import PortalCommon

#: Tabs at the top with all modules; more would not fit beside each other.
MOST_TABS = 6
CURRENT = "aria-current"


@tagged("post_install", "-at_install")
class TestPortalTabs(AccessibilityMixin, PortalCommon):
    def _get_tabs(self, path):
        """``(top, below)``: ``[(title, address, aria-current)]`` of a page's tabs."""
        page = html.fromstring(self.url_open(path).text)
        [nav] = page.find_class("o_incentive_tabs")
        rows = [
            [
                (link.text_content().strip(), link.get("href"), link.get(CURRENT))
                for link in row.iter("a")
            ]
            for row in nav.iter("ul")
        ]
        return rows[0], rows[1] if len(rows) > 1 else []

    def _set_role(self, role):
        self.portal_1.partner_id.incentive_portal_role = role
        self.env.flush_all()

    def test_few_at_the_top(self):
        self._login(self.portal_1)
        top, below = self._get_tabs("/my/incentives")
        self.assertLessEqual(len(top), MOST_TABS)
        self.assertEqual(top[0], ("Overview", "/my/incentives", "page"))
        self.assertIn(("Money", "/my/incentives/statement", None), top)
        self.assertFalse(below, "the overview belongs to no group")

    def test_pages_of_a_group(self):
        self._login(self.portal_1)
        top, below = self._get_tabs("/my/incentives/payouts")
        self.assertIn(("Money", "/my/incentives/statement", "true"), top)
        self.assertIn(("Statement", "/my/incentives/statement", None), below)
        self.assertIn(("Payouts", "/my/incentives/payouts", "page"), below)
        marked = [each for each in (*top, *below) if each[2] == "page"]
        self.assertEqual(len(marked), 1)

    def test_every_tab_leads_to_a_page_that_marks_it(self):
        self._login(self.portal_1)
        found = set()
        for _title, url, _current in self._get_tabs("/my/incentives")[0]:
            top, below = self._get_tabs(url)
            for title, address, _current in below or top:
                if address in found or (not below and address != url):
                    continue
                found.add(address)
                with self.subTest(title):
                    pages = self._get_tabs(address)
                    self.assertIn((title, address, "page"), pages[0] + pages[1])
        self.assertGreaterEqual(len(found), 7)

    def test_a_role_sees_its_own(self):
        self._set_role("marketing")
        self._login(self.portal_1)
        top, _below = self._get_tabs("/my/incentives")
        addresses = [address for _title, address, _current in top]
        self.assertNotIn("/my/incentives/statement", addresses)
        self.assertNotIn("/my/incentives/team", addresses)
        _top, below = self._get_tabs("/my/incentives/policies")
        self.assertEqual(
            [title for title, _address, _current in below], ["Policies", "Preferences"]
        )

    def test_accessible(self):
        self.assertAccessible(
            ["/my/incentives", "/my/incentives/statement", "/my/incentives/team"],
            "portal_one",
        )
