"""Hostile and broken PDFs, made here byte by byte, each with what must be found in it.

Nothing of them is anybody's file. `expected` is what is found (kinds), `code` why it is refused although policy would
strip everything; both None where any end but a crash of the daemon is right (rubbish has no one right answer).
"""

import io
import random
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache

import pikepdf

from connector.core.codes import Code
from connector.core.inspection import FindingKind as Kind

PAGE = b"BT /F1 24 Tf 72 720 Td (Dossier) Tj ET"
MIB = 1024 * 1024
BEGINNING = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


@dataclass(frozen=True)
class Case:
    """One document: what is found, or why it is refused."""

    name: str
    data: bytes
    expected: frozenset[Kind] | None = frozenset()
    code: Code | None = None


def stream(dictionary: bytes, data: bytes) -> bytes:
    """An object that is a stream."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (dictionary, len(data), data)


def parts(catalog: bytes = b"", page: bytes = b"", **more: bytes) -> dict[int, bytes]:
    """The objects of a document of one page; `o7=b"..."` adds or replaces object 7."""
    found = {
        1: b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> %s >>" % page,
        4: stream(b"", PAGE),
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    return found | {int(name[1:]): value for name, value in more.items()}


def written(
    objects: dict[int, bytes], *, head: bytes = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", trailer: bytes = b""
) -> bytes:
    """A file with a table of objects in clear."""
    out, places = bytearray(head), {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 00000 f \n"
    return bytes(out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start))


def packed(objects: dict[int, bytes], pad: int = 0) -> bytes:
    """The same with every object that is no stream inside an object stream, and a table that is a stream.

    With `pad` the object stream is so many blanks: a bomb for whoever unpacks it whole.
    """
    inner = {number: body for number, body in objects.items() if not body.endswith(b"endstream")}
    outer = {number: body for number, body in objects.items() if number not in inner}
    holder, table = max(objects) + 1, max(objects) + 2
    index, bodies = b"", b""
    for number, body in inner.items():
        index += b"%d %d " % (number, len(bodies))
        bodies += body + b" "
    data = zlib.compress(index + bodies) if not pad else deflated(1, pad)
    described = b"/Type /ObjStm /N %d /First %d /Filter /FlateDecode" % (len(inner), len(index))
    out, places = bytearray(BEGINNING), {}
    for number, body in (outer | {holder: stream(described, data)}).items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = places[table] = len(out)
    rows = b"\0" + b"\0" * 4 + b"\xff\xff"
    for number in range(1, table + 1):
        if number in inner:
            rows += b"\2" + holder.to_bytes(4) + list(inner).index(number).to_bytes(2)
        elif number in places:
            rows += b"\1" + places[number].to_bytes(4) + b"\0\0"
        else:
            rows += b"\0" * 7
    described = b"/Type /XRef /Size %d /W [1 4 2] /Root 1 0 R /Filter /FlateDecode" % (table + 1)
    out += b"%d 0 obj\n%s\nendobj\n" % (table, stream(described, zlib.compress(rows)))
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def updated(first: bytes, objects: dict[int, bytes]) -> bytes:
    """An incremental update: objects replaced behind the end of a file, which stays as it is before them."""
    out, start_before = bytearray(first), int(first.rsplit(b"startxref\n", 1)[1].split()[0])
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n"
    for number, place in places.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    size = int(first.rsplit(b"/Size ", 1)[1].split()[0])
    return bytes(
        out
        + b"trailer\n<< /Size %d /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
        % (max(size, max(objects) + 1), start_before, start)
    )


PLAIN = written(parts())
JS = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
FILE = b"<< /Type /Filespec /F (x.exe) /EF << /F 7 0 R >> >>"
ATTACHED = {"o7": stream(b"/Type /EmbeddedFile", b"MZ")}


def annotation(body: bytes) -> bytes:
    """The entry of a page with one annotation."""
    return b"/Annots [<< /Type /Annot /Rect [0 0 9 9] %s >>]" % body


def encrypted(user: str) -> bytes:
    """AES-256; it opens without a password where `user` is empty."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(PLAIN)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user=user, R=6))
    return out.getvalue()


def zipped(comment: bytes = b"") -> bytes:
    """A small archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x.js", "WScript.Quit()")
        archive.comment = comment
    return out.getvalue()


def deflated(times: int, size: int) -> bytes:
    """Blanks, packed again and again; made of one packed piece that is repeated, for it would take long otherwise."""
    piece = b" " * MIB
    pack = zlib.compressobj(9, wbits=-15)
    packed_piece = pack.compress(piece) + pack.flush(zlib.Z_FULL_FLUSH)
    check = 1
    for _ in range(size // MIB):
        check = zlib.adler32(piece, check)
    data = b"\x78\xda" + packed_piece * (size // MIB) + pack.flush() + check.to_bytes(4)
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    return data


def _active() -> list[Case]:
    def one(name: str, kind: Kind, *, catalog: bytes = b"", page: bytes = b"", **more: bytes) -> list[Case]:
        """In clear, and in an object stream, where nothing of it can be read in the file's bytes."""
        objects = parts(catalog, page, **more)
        found = frozenset({kind})
        return [Case(name, written(objects), found), Case(f"{name}, packed", packed(objects), found)]

    scripts, launch, files, outside, media = (
        Kind.SCRIPTS, Kind.LAUNCH, Kind.EMBEDDED_FILES, Kind.EXTERNAL_REFERENCES, Kind.MEDIA,
    )  # fmt: skip
    uri = b"<< /S /URI /URI (https://example.org/?q) >>"
    cases = [
        *one("script at opening", scripts, catalog=b"/OpenAction " + JS),
        *one("script by reference", scripts, catalog=b"/OpenAction 7 0 R", o7=JS),
        *one("script in a stream", scripts, catalog=b"/OpenAction << /S /JavaScript /JS 7 0 R >>",
             o7=stream(b"", b"1")),
        *one("script of the document", scripts, catalog=b"/Names << /JavaScript << /Names [(a) 7 0 R] >> >>", o7=JS),
        *one("script of a page", scripts, page=b"/AA << /O " + JS + b" >>"),
        *one("script of a field", scripts, page=annotation(b"/Subtype /Widget /FT /Tx /AA << /K " + JS + b" >>")),
        *one("script that comes next", scripts, catalog=b"/OpenAction << /S /Named /N /NextPage /Next " + JS + b" >>"),
        *one("script with escaped letters", scripts, catalog=b"/OpenAction << /S /J#61vaScri#70t /#4a#53 (1) >>"),
        *one("script key of another action", scripts, catalog=b"/OpenAction << /S /Custom /JS (1) >>"),
        *one("script in a rendition", media, page=annotation(b"/Subtype /Screen /A << /S /Rendition /OP 0 >>")),
        *one("program at opening", launch, catalog=b"/OpenAction << /S /Launch /F (cmd.exe) >>"),
        *one("program behind a link", launch, page=annotation(b"/Subtype /Link /A << /S /Launch /F (a.bat) >>")),
        *one("attached file", files, catalog=b"/Names << /EmbeddedFiles << /Names [(x) 6 0 R] >> >>",
             o6=FILE, **ATTACHED),
        *one("file on a page", files, page=annotation(b"/Subtype /FileAttachment /FS 6 0 R"), o6=FILE, **ATTACHED),
        *one("portfolio", files, catalog=b"/Collection << /View /T >>"),
        *one("associated file", files, catalog=b"/AF [6 0 R]", o6=FILE, **ATTACHED),
        *one("address at opening", outside, catalog=b"/OpenAction " + uri),
        *one("address of a page", outside, page=b"/AA << /O 7 0 R >>", o7=uri),
        *one("address in a circle", outside, catalog=b"/OpenAction 7 0 R",
             o7=b"<< /S /Named /N /NextPage /Next [8 0 R 7 0 R] >>", o8=uri[:-2] + b"/Next 7 0 R >>"),
        *one("page of another file", outside, page=annotation(b"/Subtype /Link /A << /S /GoToR /F (x.pdf) /D [0] >>")),
        *one("page of an attached file", outside, page=annotation(b"/Subtype /Link /A << /S /GoToE /D [0] >>")),
        *one("form that sends", outside, page=annotation(b"/Subtype /Widget /A << /S /SubmitForm /F (http://x) >>")),
        *one("form that fetches", outside, page=annotation(b"/Subtype /Widget /A << /S /ImportData /F (x.fdf) >>")),
        *one("article of another file", outside, page=annotation(b"/Subtype /Link /A << /S /Thread /F (x) /D 0 >>")),
        *one("stream of another file", outside, o7=stream(b"/F (\\\\\\\\host\\\\share)", b"")),
        *one("drawing of another file", outside,
             o7=stream(b"/Type /XObject /Subtype /Form /Ref << /F (x) /Page 0 >>", b"")),
        *one("rich media", media, page=annotation(b"/Subtype /RichMedia /RichMediaContent << >>")),
        *one("film", media, page=annotation(b"/Subtype /Movie /Movie << /F (x.avi) >>")),
        *one("sound", media, page=annotation(b"/Subtype /Sound /Sound 7 0 R"), o7=stream(b"/Type /Sound", b"")),
        *one("solid", media, page=annotation(b"/Subtype /3D /3DD 7 0 R"), o7=stream(b"/Type /3D /Subtype /U3D", b"")),
        *one("form in XML", Kind.XFA, catalog=b"/AcroForm << /Fields [] /XFA [(a) 7 0 R] >>", o7=stream(b"", b"<x/>")),
    ]  # fmt: skip
    only_xml = parts(b"/NeedsRendering true /AcroForm << /XFA 7 0 R >>", o7=stream(b"", b"<x/>"))
    return [*cases, Case("form in XML alone", written(only_xml), code=Code.DOCUMENT_ACTIVE_CONTENT)]


def _harmless() -> list[Case]:
    link = annotation(b"/Subtype /Link /A << /S /URI /URI (https://example.org) >>")
    names = b"/PageLabels << /Nums [0 << /S /D >>] >> /OpenAction [3 0 R /Fit]"
    return [
        Case("plain", PLAIN),
        Case("plain, packed", packed(parts())),
        Case("link that is clicked", written(parts(page=link))),
        Case("opens at a page", written(parts(names))),
        Case("word in a text", written(parts(o4=stream(b"", b"BT (Le langage JavaScript, Launch) Tj ET")))),
        Case("longer names", written(parts(b"/JavaScripting true /LaunchPad 1 /Next#20page 1"))),
        Case("updated once", updated(PLAIN, {4: stream(b"", PAGE)})),
        Case("blanks at its end", PLAIN + b"\n\0\n" * 40),
        Case("large image of one colour", written(parts(o7=stream(b"/Filter /FlateDecode", deflated(1, 100 * MIB))))),
    ]


def _around() -> list[Case]:
    foreign = frozenset({Kind.FOREIGN_DATA})
    hidden = written(parts(b"/OpenAction " + JS))
    html = b"%PDF-1.7\n<html><script>alert(1)</script>\n"
    whole = zipped(PLAIN)  # an archive whose comment is the PDF is no PDF at its first byte
    shadow = PLAIN.replace(b"xref\n0", b"9 0 obj\n" + JS + b"\nendobj\nxref\n0", 1)
    scripts = frozenset({Kind.SCRIPTS})
    return [
        Case("archive behind it", PLAIN + zipped(), foreign),
        Case("archive with a comment", PLAIN + zipped(b"%%EOF\n"), foreign),
        Case("page of the web before it", written(parts(), head=html), foreign),
        Case("program behind it", PLAIN + b"MZ\x90\0" * 20, foreign),
        Case("archive that holds it", whole, code=Code.DOCUMENT_NOT_PDF),
        Case("script of an older version", updated(hidden, {1: parts()[1]}), scripts),
        Case("script beside the table", shadow, scripts | {Kind.DAMAGE}),
        Case(
            "script added by an update", updated(PLAIN, {1: parts(b"/OpenAction " + JS)[1]}), frozenset({Kind.SCRIPTS})
        ),
        Case("encrypted, open to all", encrypted(""), frozenset({Kind.ENCRYPTION})),
        Case("encrypted with a password", encrypted("secret"), code=Code.DOCUMENT_ENCRYPTED),
    ]


def _broken() -> list[Case]:
    damage = frozenset({Kind.DAMAGE})
    nested = b"[" * 60_000 + b"]" * 60_000
    chain = {2: b"<< /Type /Pages /Kids [100 0 R] /Count 1 >>"}
    depth = 20_000
    for number in range(100, 100 + depth):
        chain[number] = b"<< /Type /Pages /Parent %d 0 R /Kids [%d 0 R] /Count 1 >>" % (max(2, number - 1), number + 1)
    chain[100 + depth] = parts()[3].replace(b"/Parent 2", b"/Parent %d" % (99 + depth))
    loop = parts(o2=b"<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 2 >>")
    itself = parts(o6=b"6 0 R")
    return [
        Case("table elsewhere", PLAIN.replace(b"startxref\n", b"startxref\n9"), damage),
        Case("no table", PLAIN[: PLAIN.rindex(b"xref\n0")] + b"trailer << /Root 1 0 R >>\n%%EOF\n", damage),
        Case("object without end", PLAIN.replace(b"endobj\n2 0 obj", b"2 0 obj"), damage),
        Case("pages in a circle", written(loop), code=Code.DOCUMENT_UNREADABLE),
        Case("object that is itself", written(itself), damage),
        Case("arrays in arrays", written(parts(o7=nested)), damage),
        Case("tree of pages, very deep", written(parts() | chain), code=Code.DOCUMENT_UNREADABLE),
        Case("stream longer than the file", PLAIN.replace(b"/Length %d" % len(PAGE), b"/Length 999999"), damage),
        Case("version of nobody", written(parts(), head=b"%PDF-9.9\n")),
        Case(
            "no page",
            written({1: parts()[1], 2: b"<< /Type /Pages /Kids [] /Count 0 >>"}),
            code=Code.DOCUMENT_UNREADABLE,
        ),
        Case("no catalog", written({2: parts()[2]}), code=Code.DOCUMENT_UNREADABLE),
        Case("a beginning alone", b"%PDF-1.7\n", code=Code.DOCUMENT_UNREADABLE),
        Case(
            "noise behind a beginning",
            b"%PDF-1.7\n" + random.Random(7).randbytes(20_000),
            code=Code.DOCUMENT_UNREADABLE,
        ),
        Case("another format", b"<html></html>", code=Code.DOCUMENT_NOT_PDF),
        *(
            Case(f"cut at {part} of 10", whole[: len(whole) * part // 10], None)
            for whole in (written(parts(b"/OpenAction " + JS)),)
            for part in range(1, 10)
        ),
    ]


def _bombs() -> list[Case]:
    far = b"/Type /XRef /Size 2147483647 /W [1 8 8] /Index [0 2147483647] /Root 1 0 R"
    table = b"%PDF-1.7\n1 0 obj\n" + stream(far, b"\0" * 17) + b"\nendobj\nstartxref\n9\n%%EOF\n"
    twice = stream(b"/Filter [/FlateDecode /FlateDecode]", deflated(2, 300 * MIB))
    asc = stream(b"/Filter [/ASCIIHexDecode /FlateDecode]", deflated(1, 300 * MIB).hex().encode() + b">")
    return [
        Case("page that unpacks to 300 MB", written(parts(o4=stream(b"/Filter /FlateDecode", deflated(1, 300 * MIB)))),
             code=Code.DOCUMENT_TOO_LARGE),
        Case("packed twice", written(parts(o4=twice)), code=Code.DOCUMENT_TOO_LARGE),
        Case("packed in letters", written(parts(o4=asc)), None),
        Case("objects that unpack to 600 MB", packed(parts(), pad=600 * MIB), code=Code.DOCUMENT_UNREADABLE),
        Case("table of two thousand million", table, code=Code.DOCUMENT_UNREADABLE),
        Case("a count that is no count", written(parts(o2=b"<< /Type /Pages /Kids [3 0 R] /Count 999999999999 >>"))),
    ]  # fmt: skip


@cache
def cases() -> tuple[Case, ...]:
    """All of them."""
    return (*_harmless(), *_active(), *_around(), *_broken(), *_bombs())
