"""Every hostile and broken document of the corpus, through the real child: what is found, and what is shown of it."""

import io

import pikepdf
import pytest

from connector.core.codes import Code
from connector.core.errors import DocumentRejected
from connector.core.inspection import FindingKind, Handling
from tests.pdf.conftest import Paper, look_into
from tests.pdf.corpus import JS, PLAIN, Case, cases, packed, parts

CASES = {case.name: case for case in cases()}
HANDLED_IN_ITS_CHILD = {Code.DOCUMENT_INSPECTION_FAILED, Code.DOCUMENT_UNREADABLE}


async def verdict(lens, case: Case):
    """What is found, or why it is refused; and the copy."""
    paper = Paper()
    try:
        inspected = await look_into(lens, case.data, paper)
    except DocumentRejected as rejected:
        assert not paper.data
        return rejected.code, None, paper
    return None, inspected, paper


@pytest.mark.parametrize("name", CASES)
async def test_each_document_has_its_finding_and_the_next_one_is_looked_into_as_before(lens, name):
    case = CASES[name]

    code, inspected, paper = await verdict(lens, case)

    if case.code is not None:
        assert code is case.code
    elif case.expected is None:
        assert code in {None, *HANDLED_IN_ITS_CHILD}
    else:
        assert code is None
        assert {finding.kind for finding in inspected.findings} == case.expected
        assert {finding.handling for finding in inspected.findings} <= {Handling.STRIP}
        assert (inspected.shown is not None) == bool(case.expected) == paper.is_finished
    assert (await look_into(lens, PLAIN)).findings == ()


@pytest.mark.parametrize("name", [case.name for case in cases() if case.expected and case.code is None])
async def test_the_copy_holds_its_page_and_nothing_of_what_was_found(lens, name):
    _, inspected, paper = await verdict(lens, CASES[name])
    assert len(paper.data) == inspected.shown.size

    again = await look_into(lens, paper.data)

    assert (again.findings, again.shown) == ((), None)
    with pikepdf.open(io.BytesIO(paper.data)) as copy:
        assert b"Dossier" in copy.pages[0].Contents.read_bytes()
        text = b"".join(found.unparse(resolved=True) for found in copy.objects if not isinstance(found, pikepdf.Stream))
    for word in (b"/JavaScript", b"/JS", b"/Launch", b"/EF", b"/SubmitForm", b"/RichMediaContent", b"/XFA"):
        assert word not in text


async def test_the_same_document_gives_the_same_copy(lens):
    data = packed(parts(b"/OpenAction " + JS))

    first, second = await look_into(lens, data), await look_into(lens, data)

    assert first.shown == second.shown


async def test_a_link_that_a_person_clicks_stays_in_a_copy(lens):
    link = b"/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://example.org) >> >>]"
    paper = Paper()

    await look_into(lens, packed(parts(b"/OpenAction " + JS, link)), paper)

    with pikepdf.open(io.BytesIO(paper.data)) as copy:
        assert copy.pages[0].Annots[0].A.URI == "https://example.org"


@pytest.mark.parametrize("handling", [Handling.REFUSE, Handling.ALLOW])
async def test_each_kind_is_handled_as_the_service_decided(make, handling):
    inspector = make(policy=dict.fromkeys(FindingKind, handling))
    for kind in FindingKind:
        case = next(case for case in cases() if case.expected == {kind})

        code, inspected, paper = await verdict(inspector, case)

        assert not paper.data
        if handling is Handling.REFUSE:
            assert code is Code.DOCUMENT_ACTIVE_CONTENT
        else:
            assert inspected.shown is None
            assert [(found.kind, found.handling) for found in inspected.findings] == [(kind, Handling.ALLOW)]


async def test_what_is_allowed_stays_in_a_copy_that_another_kind_makes_needed(make):
    data = packed(parts(b"/OpenAction " + JS, b"/Annots [<< /Subtype /Movie /Movie << /F (x) >> >>]"))
    policy = dict.fromkeys(FindingKind, Handling.STRIP) | {FindingKind.MEDIA: Handling.ALLOW}
    paper = Paper()

    inspected = await look_into(make(policy=policy), data, paper)

    assert {(found.kind, found.handling) for found in inspected.findings} == {
        (FindingKind.SCRIPTS, Handling.STRIP),
        (FindingKind.MEDIA, Handling.ALLOW),
    }
    with pikepdf.open(io.BytesIO(paper.data)) as copy:
        assert "/Movie" in copy.pages[0].Annots[0]
        assert "/S" not in copy.Root.get("/OpenAction", {})


async def test_a_copy_is_never_encrypted(make):
    with pikepdf.open(io.BytesIO(CASES["encrypted, open to all"].data)) as pdf:
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("1"))
        out = io.BytesIO()
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user=""))
    policy = dict.fromkeys(FindingKind, Handling.STRIP) | {FindingKind.ENCRYPTION: Handling.ALLOW}
    paper = Paper()

    await look_into(make(policy=policy), out.getvalue(), paper)

    with pikepdf.open(io.BytesIO(paper.data)) as copy:
        assert not copy.is_encrypted
        assert "/JS" not in copy.Root.get("/OpenAction", {})
