"""The exporter's own entries as rows of an evidence file, and back: the leaf is computed again from what is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from connector.core import merkle
from connector.core.errors import ConnectorError
from connector.core.instant import parse_rfc3339, rfc3339
from connector.core.ledger import EntryDraft, EntryType, Tree
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.private import Private
from connector.ledger.disclose import Disclosed
from connector.wire import b64, entry
from connector.wire.claims import ClaimFault, Claims


@dataclass(frozen=True, slots=True, repr=False)
class EntryRow(Private):
    """An entry as read from a file; `leaf_holds` says whether what is opened makes the leaf, None where nothing is."""

    draft: EntryDraft
    origin: str
    index: int
    leaf: bytes
    path: tuple[bytes, ...]
    checkpoint: str
    leaf_holds: bool | None


def write_row(shown: Disclosed) -> dict[str, Any]:
    """Give an entry as the file has it; of one whose personal part was destroyed, what is left."""
    stored, opened = shown.stored, shown.opened
    return {
        "origin": shown.origin,
        "index": shown.proof.index,
        "type": stored.type.value,
        "at": rfc3339(stored.at),
        "peer": None if stored.peer is None else stored.peer.value,
        "mandate_sha256": _hash(stored.mandate_sha256),
        "outcome": stored.outcome,
        "reason": stored.reason,
        "document_sha256": _hash(stored.document_sha256),
        "destroyed": opened is None,
        "salt": None if opened is None else b64.encode(opened.salt),
        "personal": None if opened is None else dict(opened.part.personal),
        "ref": None if opened is None else opened.part.ref,
        "workers": None if opened is None else [ins.to_token() for ins in opened.part.workers],
        "leaf": b64.encode(shown.proof.leaf_hash),
        "path": [b64.encode(step) for step in shown.proof.path],
        "checkpoint": shown.proof.checkpoint,
    }


def read_row(row: Mapping[str, Any]) -> EntryRow:
    """Read a row; nothing of it is believed yet.

    Raises:
        ValueError: it has not the form of one.
    """
    try:
        claims = Claims(row)
        destroyed = claims.flag("destroyed")
        draft = EntryDraft(
            type=claims.choice("type", EntryType),
            at=parse_rfc3339(claims.string("at")),
            peer=claims.member("peer") if claims.has("peer") else None,
            mandate_sha256=claims.sha256("mandate_sha256") if claims.has("mandate_sha256") else None,
            outcome=claims.string("outcome") if claims.has("outcome") else None,
            reason=claims.string("reason") if claims.has("reason") else None,
            document_sha256=claims.sha256("document_sha256") if claims.has("document_sha256") else None,
            ref="" if destroyed else claims.string("ref"),
            personal={} if destroyed else row["personal"],
            workers=() if destroyed else tuple(Ins.from_token(str(token)) for token in claims.array("workers")),
        )
        if not destroyed:
            claims.object("personal")
        leaf, origin = claims.sha256("leaf"), claims.string("origin")
        path = tuple(b64.decode(str(step), size=merkle.HASH_BYTES) for step in claims.array("path"))
        holds = None if destroyed else _leaf(draft, b64.decode(claims.string("salt"), size=entry.SALT_BYTES)) == leaf
        return EntryRow(draft, origin, claims.integer("index"), leaf, path, claims.string("checkpoint"), holds)
    except (ClaimFault, ConnectorError, KeyError) as fault:
        raise ValueError("row of an entry") from fault


def tree_of(origin: str) -> tuple[MemberId, Tree]:
    """Take an origin apart.

    Raises:
        ValueError: it is none.
    """
    member, _, rest = origin.partition("/")
    try:
        return MemberId(member), Tree(rest.partition("/")[0])
    except ConnectorError:
        raise ValueError("origin of a ledger") from None


def _leaf(draft: EntryDraft, salt: bytes) -> bytes:
    digest = entry.personal_sha256(entry.personal_bytes(draft), salt)
    return merkle.leaf_hash(sha256(entry.entry_json(draft, salt=salt, personal_sha256=digest)).digest())


def _hash(value: bytes | None) -> str | None:
    return None if value is None else b64.encode(value)
