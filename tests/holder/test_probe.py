"""The probe's fixed document: a PDF that others can read, marked ESSAI, about nobody."""

from io import BytesIO

import pikepdf

from connector.core.coded import TYPE_DMST
from connector.core.instant import Instant
from connector.holder.probe import PROBE_PDF, probe_announcement, probe_document


async def test_the_probes_document_is_a_pdf_that_others_read_without_repair():
    (content,) = [piece async for piece in probe_document()]

    with pikepdf.open(BytesIO(content)) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert len(pdf.pages) == 1
        text = pdf.pages[0].Contents.read_bytes()

    assert b"(ESSAI) Tj" in text
    assert content == PROBE_PDF


def test_the_probes_document_holds_nothing_active():
    assert not [name for name in (b"/JS", b"/JavaScript", b"/OpenAction", b"/AA", b"/Launch") if name in PROBE_PDF]


def test_a_probe_is_announced_as_of_today_in_france():
    # 2026-11-22T23:30:00Z is the 23rd in France
    announced = probe_announcement(Instant(1_795_390_200), TYPE_DMST)

    assert str(announced.last_act_on) == "2026-11-23"
    assert announced.document_type == TYPE_DMST
