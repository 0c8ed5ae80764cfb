import base64
from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import RebateCommon

HEADER = "date,document,product,quantity,amount,currency,customer\n"


@tagged("post_install", "-at_install")
@freeze_time("2026-06-15")
class TestSellThrough(RebateCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product.default_code = "WID"
        cls.offer = cls._create_offer(measure="sell_through_amount")
        cls.day = date(2026, 12, 31)

    def _file(self, text, partner=None, user="user"):
        return (
            self.env["partner.sell.through.file"]
            .with_user(self.users[user])
            .create(
                {
                    "name": "Sales",
                    "partner_id": (partner or self.partner_1).id,
                    "file": base64.b64encode((HEADER + text).encode()),
                    "filename": "sales.csv",
                }
            )
        )

    def _accepted(self, text, **options):
        file = self._file(text, **options)
        file.action_check()
        file.action_submit()
        file.with_user(self.users["compliance"]).action_accept()
        return file

    def test_valid_lines_of_an_accepted_file_count(self):
        file = self._file(
            "2026-05-01,S1,WID,2,1000,,Miller\n2026-05-02,S2,WID,-1,-300,,Miller\n"
        )
        file.action_check()
        self.assertEqual(file.valid_count, 2)
        file.action_submit()
        self.assertEqual(self._entitled(self.offer, self.partner_1, self.day), 0)
        file.with_user(self.users["compliance"]).action_accept()
        self.assertEqual(self._entitled(self.offer, self.partner_1, self.day), 70)
        self.assertEqual(self._entitled(self.offer, self.partner_2, self.day), 0)
        may = date(2026, 4, 30)
        self.assertEqual(self._entitled(self.offer, self.partner_1, may), 0)
        file.with_user(self.users["compliance"]).action_reopen()
        self.assertEqual(self._entitled(self.offer, self.partner_1, self.day), 0)

    def test_quantity_of_what_was_sold_through(self):
        offer = self._create_offer(
            measure="sell_through_quantity", rate_kind="per_unit", brackets=[(0, 3)]
        )
        self._accepted("2026-05-01,S1,WID,4,1000\n")
        self.assertEqual(self._entitled(offer, self.partner_1, self.day), 12)

    def test_every_refused_line_says_why(self):
        file = self._file(
            "2026-05-01,S1,WID,2,1000\n"
            "2026-05-01,S1,WID,2,1000\n"
            "2026-07-01,S2,WID,2,1000\n"
            "2023-01-01,S3,WID,2,1000\n"
            "01/05/2026,S4,WID,2,1000\n"
            "2026-05-01,,WID,2,1000\n"
            "2026-05-01,S6,NONE,2,1000\n"
            "2026-05-01,S7,WID,many,1000\n"
            "2026-05-01,S8,WID,0,1000\n"
            "2026-05-01,S9,WID,-2,1000\n"
            "2026-05-01,S10,WID,2,1000,XYZ\n"
            "2026-05-01,S11,WID,nan,1000\n"
        )
        file.action_check()
        self.assertEqual(file.valid_count, 1)
        messages = file.line_ids.sorted("number")[1:].mapped("message")
        for message, words in zip(
            messages,
            (
                "above already",
                "in the future",
                "two years ago",
                "no date",
                "document is empty",
                "no product NONE",
                "many",
                "zero",
                "both negative",
                "no active currency",
                "nan",
            ),
            strict=True,
        ):
            self.assertIn(words, message)

    def test_the_same_sale_counts_once(self):
        self._accepted("2026-05-01,S1,WID,2,1000\n")
        again = self._file("2026-05-01,s1,WID,2,1000\n2026-05-02,S2,WID,1,100\n")
        again.action_check()
        refused = again.line_ids.filtered(lambda line: line.state == "refused")
        self.assertEqual(refused.number, 2)
        self.assertIn("accepted already", refused.message)
        # Another partner's document of the same number is another sale.
        self._accepted("2026-05-01,S1,WID,2,1000\n", partner=self.partner_2)
        self.assertEqual(self._entitled(self.offer, self.partner_2, self.day), 100)

    def test_two_files_that_were_checked_side_by_side(self):
        """The second one to be accepted loses the line that both report."""
        files = [self._file("2026-05-01,S1,WID,2,1000\n") for _each in range(2)]
        for file in files:
            file.action_check()
            file.action_submit()
        for file in files:
            file.with_user(self.users["compliance"]).action_accept()
        self.assertEqual(self._entitled(self.offer, self.partner_1, self.day), 100)
        self.assertEqual([file.valid_count for file in files], [1, 0])

    def test_whoever_uploads_does_not_accept(self):
        file = self._file("2026-05-01,S1,WID,2,1000\n", user="manager")
        file.action_check()
        file.action_submit()
        with self.assertRaisesRegex(UserError, "yourself"):
            file.action_accept()
        with self.assertRaises(AccessError):
            file.with_user(self.users["user"]).write({"state": "accepted"})
        with self.assertRaises(AccessError):
            file.with_user(self.users["user"]).write({"submitted_by": 1})

    def test_a_submitted_file_does_not_change(self):
        file = self._file("2026-05-01,S1,WID,2,1000\n")
        file.action_check()
        file.action_submit()
        with self.assertRaises(UserError):
            file.write({"file": base64.b64encode(b"x")})
        for state in ("submitted", "draft"):
            with self.assertRaises(UserError):
                file.write({"state": state, "partner_id": self.partner_2.id})
        with self.assertRaises(AccessError):
            file.line_ids.write({"amount": 9000})
        with self.assertRaises(UserError):
            file.unlink()

    def test_a_file_without_valid_lines_is_not_submitted(self):
        with self.assertRaisesRegex(UserError, "No line"):
            self._file("2026-05-01,S1,NONE,2,1000\n").action_submit()
        broken = self._file("")
        broken.file = base64.b64encode(b"name,price\nA,1\n")
        with self.assertRaisesRegex(UserError, "missing"):
            broken.action_check()
        broken.file = base64.b64encode(b"\xff\xfe\x00")
        with self.assertRaisesRegex(UserError, "UTF-8"):
            broken.action_check()

    def test_claims_are_counted_by_units_and_by_number(self):
        """Three units at 20, and two events at 50."""
        units = self._create_offer(
            name="Units",
            offer_type="spif",
            measure="claimed_quantity",
            rate_kind="per_unit",
            brackets=[(0, 20)],
        )
        events = self._create_offer(
            name="Events",
            offer_type="spif",
            measure="claimed_count",
            rate_kind="per_unit",
            brackets=[(0, 50)],
        )
        Claim = self.env["partner.incentive.claim"].sudo()
        for offer, quantities in ((units, (1, 2)), (events, (1, 7))):
            for number, quantity in enumerate(quantities):
                claim = Claim.create(
                    {
                        "offer_id": offer.id,
                        "partner_id": self.partner_1.id,
                        "date": date(2026, 5, 1),
                        "quantity": quantity,
                        "amount": 1,
                        "document_number": f"{offer.id}-{number}",
                    }
                )
                for state in ("submitted", "validated", "approved"):
                    claim.write({"state": state})
        self.assertEqual(self._entitled(units, self.partner_1, self.day), 60)
        self.assertEqual(self._entitled(events, self.partner_1, self.day), 100)
