"""Tells what a file is by its content, and refuses what could do harm.

A name proves nothing: anybody can call a script ``invoice.pdf``. So the content alone
decides, everything that is not one of the known kinds is refused, and what is known
must not carry scripts, other programs, or more data than it pretends to.
"""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass

#: The industry's harmless test file for virus scanners; a mail or file server that
#: meets it further on would block the whole message or backup.
EICAR = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
MEGABYTE = 1024 * 1024
#: An office document may unpack to so much, and to so many times its size.
MAX_UNPACKED = 100 * MEGABYTE
MAX_RATIO = 200
MAX_MEMBERS = 2000
MAX_PIXELS = 60_000_000
#: What runs in a PDF needs one of these names. An embedded file is none of them: an
#: electronic invoice (Factur-X) carries its own data that way.
PDF_ACTIVE = (b"/JavaScript", b"/Launch", b"/RichMedia")
MARKUP = re.compile(
    rb"<\s*(script|svg|html|iframe|object|embed|!doctype|\?xml)|javascript:", re.I
)
OFFICE = {
    "word/": ("document", "docx", "wordprocessingml.document"),
    "xl/": ("spreadsheet", "xlsx", "spreadsheetml.sheet"),
    "ppt/": ("presentation", "pptx", "presentationml.presentation"),
}
OPEN_DOCUMENT = {
    "text": ("document", "odt"),
    "spreadsheet": ("spreadsheet", "ods"),
    "presentation": ("presentation", "odp"),
}


class Refused(Exception):
    """Why a file is refused.

    :ivar code: ``empty``, ``size``, ``virus``, ``active``, ``bomb``, ``broken``,
        ``unknown``
    """

    def __init__(self, code):
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class FileType:
    """What a file is.

    :param kind: ``pdf``, ``image``, ``document``, ``spreadsheet``, ``presentation`` or
        ``text``
    :param extension: the usual one, without a dot
    :param mimetype: under which it is stored and served
    """

    kind: str
    extension: str
    mimetype: str


def inspect(content, limit=10 * MEGABYTE):
    """What ``content`` is.

    :param content: bytes
    :param limit: largest size in bytes
    :return: :class:`FileType`
    :raise Refused: it is none of the known kinds, or could do harm
    """
    if not content:
        raise Refused("empty")
    if len(content) > limit:
        raise Refused("size")
    if EICAR in content:
        raise Refused("virus")
    if b"%PDF-" in content[:1024]:
        return _inspect_pdf(content)
    image = _get_image_type(content)
    if image:
        _check_pixels(content)
        return FileType("image", *image)
    if content[:4] == b"PK\x03\x04":
        return _inspect_package(content)
    return _inspect_text(content)


def _get_image_type(content):
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png", "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg", "image/jpeg"
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return "gif", "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp", "image/webp"
    return None


def _check_pixels(content):
    """A small file may unpack to a picture that fills all memory."""
    from PIL import Image  # part of Odoo's own requirements

    try:
        with Image.open(io.BytesIO(content)) as picture:
            width, height = picture.size
    except Exception as error:
        # the library raises dozens of types for broken pictures
        raise Refused(
            "bomb" if isinstance(error, Image.DecompressionBombError) else "broken"
        ) from error
    if width * height > MAX_PIXELS:
        raise Refused("bomb")


def _inspect_pdf(content):
    """A PDF without scripts; also not within its packed objects."""
    _check_pdf_names(content)
    unpacked = 0
    for match in re.finditer(rb"stream\r?\n", content):
        end = content.find(b"endstream", match.end())
        head = content[max(0, match.start() - 400) : match.start()]
        if b"ObjStm" not in _plain_names(head[head.rfind(b"obj") :]):
            continue
        engine = zlib.decompressobj()
        try:
            data = engine.decompress(content[match.end() : end], MAX_UNPACKED)
        except zlib.error:
            continue
        unpacked += len(data)
        if engine.unconsumed_tail or unpacked > MAX_UNPACKED:
            raise Refused("bomb")
        _check_pdf_names(data)
    return FileType("pdf", "pdf", "application/pdf")


def _plain_names(data):
    """Names may be written with codes, such as ``/J#61vaScript``."""
    return re.sub(
        rb"#([0-9A-Fa-f]{2})", lambda code: bytes([int(code.group(1), 16)]), data
    )


def _check_pdf_names(data):
    names = _plain_names(data)
    if EICAR in names:
        raise Refused("virus")
    for name in PDF_ACTIVE:
        # A whole name, and not the beginning of another one.
        if re.search(re.escape(name) + rb"(?![A-Za-z0-9])", names):
            raise Refused("active")


def _inspect_package(content):
    """An office document is a package of files; any other package is refused."""
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
        members = package.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise Refused("broken") from error
    total = sum(member.file_size for member in members)
    if (
        len(members) > MAX_MEMBERS
        or total > MAX_UNPACKED
        or total > MAX_RATIO * max(len(content), 1024)
    ):
        raise Refused("bomb")
    names = [member.filename for member in members]
    _read_members(package, members)
    for name in names:
        lowered = name.lower()
        if "vbaproject" in lowered or lowered.startswith(("basic/", "scripts/")):
            raise Refused("active")
        if lowered.endswith((".exe", ".js", ".html", ".htm", ".svg", ".zip", ".jar")):
            raise Refused("active")
    if "[Content_Types].xml" in names:
        for folder, (kind, extension, mimetype) in OFFICE.items():
            if any(name.startswith(folder) for name in names):
                return FileType(
                    kind,
                    extension,
                    f"application/vnd.openxmlformats-officedocument.{mimetype}",
                )
    if "mimetype" in names:
        declared = package.read("mimetype")[:200].decode("ascii", "replace").strip()
        base = "application/vnd.oasis.opendocument."
        kind = OPEN_DOCUMENT.get(declared.removeprefix(base))
        if declared.startswith(base) and kind:
            return FileType(*kind, declared)
    raise Refused("unknown")


def _read_members(package, members):
    """Unpack everything once, counting: sizes in the directory may lie."""
    unpacked = 0
    for member in members:
        if member.flag_bits & 1:
            raise Refused("broken")  # encrypted: nobody can look into it
        tail = b""
        try:
            with package.open(member) as stream:
                while chunk := stream.read(MEGABYTE):
                    unpacked += len(chunk)
                    if unpacked > MAX_UNPACKED:
                        raise Refused("bomb")
                    if EICAR in tail + chunk:
                        raise Refused("virus")
                    tail = chunk[-len(EICAR) :]
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
            raise Refused("broken") from error


def _inspect_text(content):
    """Plain text, in UTF-8 or a Western code page, without markup."""
    if MARKUP.search(content) or MARKUP.search(content.replace(b"\x00", b"")):
        raise Refused("active")
    if re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", content):
        raise Refused("unknown")
    return FileType("text", "txt", "text/plain")
