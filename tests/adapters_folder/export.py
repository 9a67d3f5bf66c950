"""An export as a vendor's software would write it, by hand: an index, PDFs, and the adapter over them."""

import csv
import io
import os

from connector.contract import (
    TYPE_DMST,
    AdapterContext,
    Environment,
    Ins,
    InsOid,
    Instant,
    Matricule,
    MemberId,
    Trace,
    TraceAction,
)
from connector.core.instant import parse_rfc3339
from connector.core.matricule import key_of
from spsti_adapter_folder import FolderSource

NOW = parse_rfc3339("2026-03-14T22:59:00Z")  # 23:59 in France
PEER = MemberId("385012345600017")
OID = InsOid.TEST.value
COLUMNS = (
    "matricule",
    "oid",
    "birth_name",
    "birth_given_names",
    "sex",
    "birth_date",
    "birth_place",
    "status",
    "opposition",
    "file",
    "last_act_on",
)
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 2100 + b"\n%%EOF\n"


def matricule(number):
    """A synthetic matricule: born in month 99 of a year, in no place of this world's export but by its number."""
    body = f"279035121{number // 1000 % 9 + 1}{number % 999 + 1:03}"
    return body + key_of(body)


def ins(number):
    return Ins(Matricule(matricule(number)), InsOid.TEST)


def line(number, **changes):
    """One worker's line, by column."""
    return {
        "matricule": matricule(number),
        "oid": OID,
        "birth_name": "PAT-TROIS",
        "birth_given_names": "DOMINIQUE MARIE-LOUISE",
        "sex": "F",
        "birth_date": "1979-03-28",
        "birth_place": "51215",
        "status": "QUAL",
        "opposition": "no",
        "file": f"pdf/{number}.pdf",
        "last_act_on": "2025-05-13",
    } | changes


def as_csv(lines, columns=COLUMNS, delimiter=";"):
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=delimiter, lineterminator="\r\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def put(folder, name, content, *, at=NOW - 3600):
    """Write a file whole, under its name only when it is there, with a time of long ago."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.draft")
    draft.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(draft, (at, at))
    draft.replace(target)
    return target


def context(folder, now=NOW):
    data = folder.parent / "data"
    data.mkdir(exist_ok=True)
    return AdapterContext(PEER, Environment.TEST, folder.parent, data, lambda: Instant(now))


def source_over(folder, *, now=NOW, start=True, **options):
    """The adapter, its first look at the folder done; a file counts as whole at once unless the options say more."""
    given = {"folder": folder.name, "index": "index.csv", "settle_seconds": 0, "poll_seconds": 3600} | options
    source = FolderSource(FolderSource.Options(**given), context(folder, now))
    if start:
        source.start()
    else:  # nobody watches: the test looks at the folder when it wants to
        source._export.open()
        source._export.refresh()
    return source


def trace(trace_id="00112233445566778899aabbccddeeff", **changes):
    return Trace(
        **{
            "trace_id": trace_id,
            "at": NOW,
            "action": TraceAction.HANDED_OVER,
            "ins": ins(1),
            "peer": PEER,
            "practitioner_id": "810000000001",
            "practitioner_name": "Camille DURAND",
            "purpose": TYPE_DMST,
            "outcome": "announced",
        }
        | changes
    )
