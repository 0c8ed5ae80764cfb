import base64
from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import MdfCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-02-01")
class TestAllocate(MdfCommon):
    """Many allocations at once: by formula or from a file, after a preview."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fund = cls._create_fund()

    def _wizard(self, **values):
        return self._as(self.env["partner.mdf.allocate"], "manager").create(
            {"fund_id": self.fund.id, **values}
        )

    def _preview(self, **values):
        wizard = self._wizard(**values)
        wizard.action_preview()
        return wizard, {line.partner_id.name: line.amount for line in wizard.line_ids}

    def test_equal_parts(self):
        wizard, lines = self._preview(method="equal", amount=100.01)
        self.assertEqual(lines, {"Reseller One": 50.01, "Reseller Two": 50})
        self.assertFalse(self.fund.allocation_ids)
        # each line can be changed before it counts
        wizard.line_ids[0].amount = 60
        wizard.action_allocate()
        self.assertCheckbook(self.fund, allocated=110, available=110)

    def test_share_of_sales(self):
        self._invoice(self.partner_1, date(2026, 1, 10), 4000)
        self._invoice(self.partner_1, date(2026, 1, 20), 1000, move_type="out_refund")
        self._invoice(self.partner_2, date(2026, 1, 10), 1000)
        self._invoice(self.partner_2, date(2025, 12, 10), 9000)
        _wizard, lines = self._preview(method="sales", amount=1000)
        self.assertEqual(lines, {"Reseller One": 750, "Reseller Two": 250})

    def test_by_tier(self):
        gold, silver = self.env["res.partner.grade"].create(
            [{"name": "Test Gold"}, {"name": "Test Silver"}]
        )
        self.partner_1.grade_id, self.partner_2.grade_id = gold, silver
        _wizard, lines = self._preview(
            method="tier", amount=400, weights="test gold=3, Test Silver = 1"
        )
        self.assertEqual(lines, {"Reseller One": 300, "Reseller Two": 100})
        _wizard, lines = self._preview(method="tier", amount=400, weights="Test Gold=1")
        self.assertEqual(lines, {"Reseller One": 400})
        with self.assertRaisesRegex(UserError, "Write weights"):
            self._preview(method="tier", amount=400, weights="gold")

    def test_file(self):
        self.partner_2.ref = "R-2"
        content = "Partner;Amount\nReseller One;1500\nR-2;500.50\n"
        file = base64.b64encode(content.encode())
        wizard, lines = self._preview(method="file", file=file, filename="a.csv")
        self.assertEqual(lines, {"Reseller One": 1500, "Reseller Two": 500.5})
        wizard.action_allocate()
        self.assertCheckbook(self.fund, allocated=2000.5)

    def test_file_with_errors(self):
        self.env["res.partner"].create({"name": "Stranger", "is_company": True})
        content = (
            "partner,amount\nReseller One,10\nReseller One,10\nNobody,5\n"
            "Reseller Two,much\nStranger,5\n"
        )
        file = base64.b64encode(content.encode())
        wizard, _lines = self._preview(method="file", file=file, filename="a.csv")
        self.assertEqual(
            wizard.line_ids.mapped(lambda line: bool(line.error)),
            [False, True, True, True, True],
        )
        with self.assertRaisesRegex(UserError, "4 lines have errors"):
            wizard.action_allocate()
        self.assertFalse(self.fund.allocation_ids)

    def test_bad_files(self):
        for content, words in (
            (b"", "empty"),
            (b"name,amount\nx,1", "must name the columns"),
            (b"<html>partner,amount</html>", "script"),
            (b"%PDF-1.4", "CSV"),
        ):
            with self.subTest(words), self.assertRaisesRegex(UserError, words):
                self._preview(
                    method="file", file=base64.b64encode(content), filename="a.csv"
                )

    def test_not_more_than_the_fund(self):
        self._as(self.fund, "manager").amount = 100
        wizard, _lines = self._preview(method="equal", amount=100.01)
        refused = self.assertRaisesRegex(UserError, "more than the")
        with refused, self.env.cr.savepoint():
            wizard.action_allocate()
        self.env.invalidate_all()
        self.assertFalse(self.fund.allocation_ids)
        _wizard, lines = self._preview(method="equal", amount=100)
        self.assertEqual(sum(lines.values()), 100)

    def test_coop_is_earned(self):
        fund = self._create_fund(kind="coop", name="Co-op")
        with self.assertRaisesRegex(UserError, "earned by purchases"):
            self._allocate(fund, 100, self.partner_1)

    def test_segment_and_first_come(self):
        """Money of a segment is shared by its partners, and by nobody else."""
        gold = self.env["res.partner.grade"].create({"name": "Test Gold"})
        self.partner_1.grade_id = gold
        segment = self.env["partner.incentive.segment"].create(
            {"name": "Gold", "grade_ids": gold.ids}
        )
        self._allocate(self.fund, 300, segment_id=segment.id)
        self.assertEqual(self.fund._get_balance(self.partner_1), 300)
        self.assertEqual(self.fund._get_balance(self.partner_2), 0)
        self._allocate(self.fund, 100)
        self.assertEqual(self.fund._get_balance(self.partner_2), 100)
        # whoever comes first: the other one finds less
        self._activity(self.fund, 160, partner=self.partner_2)
        self.assertEqual(self.fund._get_balance(self.partner_2), 20)
        self.assertEqual(self.fund._get_balance(self.partner_1), 320)
