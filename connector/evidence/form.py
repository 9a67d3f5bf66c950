"""The form of an evidence file: one JSON object that needs nothing beside it but a root of trust (docs/evidence.md).

    format, v       "spsti-evidence", 1
    made            who exported it, when, for which lookup, handover or fetch
    exchanges       mandate, receipt and acknowledgement, compact forms as they were
    entries         the exporter's own ledger entries: opened where they still can be, each with its path and checkpoint
    links           consistency proofs between checkpoints, of the exporter's ledgers and of others'
    witnesses       other members' statements about heads, each with the note of its head
    stamps          RFC 3161 answers over heads
    directories     the directories of the time and the newest one, by the SHA-256 of their files
    files           those files, base64, by their SHA-256
    keys            the rows of the directory by which the file's signatures verify, for reading along
    manifest        the exporter's signature over the SHA-256 of each part above

Reading takes the file apart strictly; believing any of it is `evidence.verify`.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connector.core.canonical import NotCanonical
from connector.core.ports import Signer
from connector.evidence.sealed_file import FileKind, part_sha256
from connector.wire import jose

KIND: Final = FileKind("evidence file", "evidence export", "spsti-evidence", 1, max_bytes=64 * 1024 * 1024)
"""Our rule: a directory of 176 members takes about 2 MB."""

TYP: Final = "evidence+jwt"

PARTS: Final = ("made", "exchanges", "entries", "links", "witnesses", "stamps", "directories", "files", "keys")


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file taken apart, and not yet believed."""

    parts: Mapping[str, Any]
    manifest: bytes

    def rows(self, part: str) -> list[dict[str, Any]]:
        """Give a part that is a list of objects; what in it is no object is passed over by nobody: it is refused."""
        rows: list[dict[str, Any]] = self.parts[part]
        return rows


def write_evidence(parts: dict[str, Any], *, claims: Mapping[str, Any], signer: Signer) -> bytes:
    """Give the file, sealed by the exporter.

    Raises:
        NotCanonical: a part holds what has no canonical form.
    """
    manifest = jose.seal(TYP, {**claims, "parts": {name: part_sha256(parts[name]) for name in PARTS}}, signer)
    return KIND.write({**{name: parts[name] for name in PARTS}, "manifest": manifest.decode()})


def read_evidence(data: bytes) -> EvidenceFile:
    """Take a file apart.

    Raises:
        LocalRefused: `local.malformed`, it is no evidence file, or one of a later version.
    """
    whole = KIND.read(data)
    for name in PARTS:
        expected = dict if name in {"made", "files"} else list
        value = whole.get(name)
        rows = value if isinstance(value, list) else ()
        if not isinstance(value, expected) or not all(isinstance(row, dict) for row in rows):
            raise KIND.malformed(f"part {name}: missing, or not of the form that docs/evidence.md gives")
    unknown = whole.keys() - {"manifest", *PARTS}
    manifest = whole.get("manifest")
    if unknown or not isinstance(manifest, str):
        raise KIND.malformed("got a part that is not known, or no manifest")
    return EvidenceFile({name: whole[name] for name in PARTS}, manifest.encode("utf-8", "replace"))


def part_agrees(part: object, stated: object) -> bool:
    """Whether a part is the one whose hash was stated."""
    try:
        return part_sha256(part) == stated
    except NotCanonical:
        return False


def to_base64(data: bytes) -> str:
    """Give bytes as the file holds them: base64, so that `base64 -d` takes them out."""
    return b64encode(data).decode("ascii")


def from_base64(text: object) -> bytes | None:
    """Take bytes out of the file, None where it is no base64."""
    try:
        return b64decode(text, validate=True) if isinstance(text, str) else None
    except ValueError:
        return None
