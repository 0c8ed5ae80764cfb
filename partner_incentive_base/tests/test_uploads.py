import base64
import io
import zipfile
import zlib

from PIL import Image, features

from odoo.exceptions import UserError
from odoo.tests import BaseCase, tagged

from ..uploads import inspection
from .catalog_common import CatalogCommon

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + inspection.EICAR + b"!$H+H*"
PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer\n%%EOF"


def picture(kind="PNG", size=(8, 8)):
    stream = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(stream, kind)
    return stream.getvalue()


def package(members, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def sheet(**extra):
    return package(
        {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>", **extra}
    )


class TestInspection(BaseCase):
    def assertRefused(self, code, content, limit=10 * inspection.MEGABYTE):
        with self.assertRaises(inspection.Refused) as refusal:
            inspection.inspect(content, limit)
        self.assertEqual(refusal.exception.code, code)

    def test_known_kinds(self):
        for content, kind, mimetype in (
            (PDF, "pdf", "application/pdf"),
            (picture(), "image", "image/png"),
            (picture("JPEG"), "image", "image/jpeg"),
            (picture("GIF"), "image", "image/gif"),
            (b"name,company\nAda,Lovelace Ltd\n", "text", "text/plain"),
            ("Gr\u00fc\u00dfe".encode("latin-1"), "text", "text/plain"),
        ):
            with self.subTest(mimetype=mimetype):
                found = inspection.inspect(content)
                self.assertEqual((found.kind, found.mimetype), (kind, mimetype))
        if features.check("webp") and "WEBP" in Image.SAVE:
            self.assertEqual(inspection.inspect(picture("WEBP")).extension, "webp")
        self.assertEqual(inspection.inspect(sheet()).extension, "xlsx")
        odt = package({"mimetype": "application/vnd.oasis.opendocument.text"})
        self.assertEqual(inspection.inspect(odt).extension, "odt")

    def test_size_and_emptiness(self):
        self.assertRefused("empty", b"")
        self.assertRefused("size", b"a" * 11, limit=10)
        self.assertEqual(inspection.inspect(b"a" * 10, limit=10).kind, "text")

    def test_virus_wherever_it_hides(self):
        self.assertRefused("virus", EICAR)
        self.assertRefused("virus", PDF + EICAR)
        self.assertRefused("virus", picture() + EICAR)
        self.assertRefused("virus", sheet(**{"xl/media/a.bin": EICAR}))

    def test_scripts(self):
        self.assertRefused("active", b"<html><script>alert(1)</script></html>")
        self.assertRefused("active", b"<?xml version='1.0'?><svg onload='x()'/>")
        self.assertRefused("active", b"   \n<SVG xmlns='x'>")
        self.assertRefused("active", "<script>".encode("utf-16"))
        self.assertRefused("active", PDF + b"<< /S /JavaScript /JS (app.alert(1)) >>")
        self.assertRefused("active", PDF + b"<< /S /J#61vaScript /JS (x) >>")
        self.assertRefused("active", PDF + b"<< /S /Launch /F (cmd.exe) >>")
        packed = zlib.compress(b"<< /S /JavaScript /JS (app.alert(1)) >>")
        hidden = b"5 0 obj << /Type /ObjStm >> stream\n" + packed + b"\nendstream"
        self.assertRefused("active", PDF + hidden)
        self.assertRefused("active", sheet(**{"xl/vbaProject.bin": b"macro"}))
        self.assertRefused("active", sheet(**{"xl/a.html": b"x"}))

    def test_an_electronic_invoice_carries_its_data(self):
        found = inspection.inspect(PDF + b"<< /Type /EmbeddedFile >>")
        self.assertEqual(found.kind, "pdf")

    def test_bombs(self):
        zeros = b"\0" * (30 * inspection.MEGABYTE)
        self.assertRefused("bomb", sheet(**{"xl/a.xml": zeros}))
        lying = bytearray(sheet(**{"xl/a.xml": zeros}))
        # the directory pretends that the member is small
        size = len(zeros).to_bytes(4, "little")
        while (place := lying.find(size)) >= 0:
            lying[place : place + 4] = (10).to_bytes(4, "little")
        with self.assertRaises(inspection.Refused):
            inspection.inspect(bytes(lying))
        self.assertRefused("bomb", picture("PNG", (9000, 9000)))

    def test_other_things(self):
        self.assertRefused("unknown", b"MZ\x90\x00\x03program")
        self.assertRefused("unknown", package({"a.txt": "x"}))
        self.assertRefused("broken", b"PK\x03\x04 no package")
        self.assertRefused("broken", b"\x89PNG\r\n\x1a\n no picture")


@tagged("post_install", "-at_install")
class TestUploads(CatalogCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enroll(cls.partners)
        cls.claim = cls.make_claim(cls.make_offer())

    def upload(self, content, name="proof.pdf", **vals):
        return (
            self.env["ir.attachment"]
            .with_user(self.users["user"])
            .create(
                {
                    "name": name,
                    "raw": content,
                    "res_model": self.claim._name,
                    "res_id": self.claim.id,
                    **vals,
                }
            )
        )

    def test_every_way_into_a_claim(self):
        for content, words in (
            (EICAR, "virus"),
            (b"<svg><script>x</script></svg>", "script"),
            (b"", "empty"),
            (sheet(**{"xl/a.xml": b"\0" * 30_000_000}), "unpacks"),
        ):
            with self.subTest(words):
                if content:
                    with self.assertRaisesRegex(UserError, words):
                        self.upload(content)
                    with self.assertRaisesRegex(UserError, words):
                        self.upload(None, datas=base64.b64encode(content))
                refused = self.assertRaisesRegex(UserError, words)
                with refused, self.env.cr.savepoint():
                    loose = self.make_file(content, "loose.txt")
                    self.claim.with_user(self.users["user"]).attachment_ids |= loose
                self.env.invalidate_all()
        file = self.upload(PDF)
        with self.assertRaisesRegex(UserError, "virus"):
            file.raw = EICAR
        with self.assertRaisesRegex(UserError, "virus"):
            self.claim.with_user(self.users["user"]).message_post(
                body="x", attachments=[("a.txt", EICAR)]
            )

    def test_too_large(self):
        self.env["ir.config_parameter"].sudo().set_param(
            "partner_incentive_base.upload_limit_megabytes", "1"
        )
        with self.assertRaisesRegex(UserError, "1 MB at most"):
            self.upload(b"a" * 1_100_000)

    def test_type_by_content(self):
        """The content decides; the name follows it, and nobody changes the type."""
        file = self.upload(PDF, name="..\\evil/run.html", mimetype="text/html")
        self.assertEqual(file.mimetype, "application/pdf")
        self.assertEqual(file.name, "run.html.pdf")
        file.mimetype = "text/html"
        self.assertEqual(file.mimetype, "application/pdf")

    def test_signed_agreement_is_a_pdf(self):
        enrollment = self.enroll(
            self.env["res.partner"].create({"name": "New", "is_company": True})
        )
        with self.assertRaisesRegex(UserError, "Upload a PDF"):
            enrollment.signed_pdf = base64.b64encode(picture())
        enrollment.signed_pdf = base64.b64encode(PDF)

    def test_contracts_come_as_text(self):
        wizard = self.env["partner.customer.contract.import"].create(
            {"file": base64.b64encode(sheet()), "filename": "contracts.csv"}
        )
        with self.assertRaisesRegex(UserError, "Upload a CSV file"):
            wizard.action_check()
