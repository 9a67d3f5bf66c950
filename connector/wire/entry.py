"""A ledger entry as the bytes that its leaf commits to (PROTOCOL section 6).

    leaf data      = SHA-256(entry)
    entry          = canonical JSON of v, type, at, peer, mandate_sha256, outcome, reason, document_sha256, salt,
                     personal_sha256
    personal_sha256 = SHA-256(salt ‖ personal part)
    personal part  = canonical JSON of personal, ref, workers

The salt stands before the personal part too: an INS can be guessed, so its bare hash would say whose it is once the
part itself has been destroyed. Where leaves and parts are kept, and under which keys, is the ledger's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from connector.core.canonical import canonical
from connector.core.errors import FailedClosed, IdentityFault
from connector.core.instant import rfc3339
from connector.core.ledger import ENTRY_VERSION, EntryDraft
from connector.core.matricule import Ins
from connector.core.private import Private
from connector.wire import b64
from connector.wire.claims import ClaimFault, Claims
from connector.wire.json_strict import NotStrictJson, read_object

SALT_BYTES: Final = 32


@dataclass(frozen=True, slots=True, repr=False)
class PersonalPart(Private):
    """What an entry holds of persons, as read back from its bytes."""

    personal: Mapping[str, Any]
    ref: str
    workers: tuple[Ins, ...]


def personal_bytes(draft: EntryDraft) -> bytes:
    """Give the personal part, to be encrypted beside the entry.

    Raises:
        NotCanonical: `draft.personal` holds what canonical JSON has not.
    """
    return canonical(
        {"personal": draft.personal, "ref": draft.ref, "workers": [ins.to_token() for ins in draft.workers]}
    )


def read_personal(data: bytes) -> PersonalPart:
    """Read what `personal_bytes` gave.

    Raises:
        FailedClosed: `ledger.unavailable`: this house wrote it, so the ledger is damaged.
    """
    try:
        part = read_object(data)
        claims = Claims(part)
        claims.object("personal")
        tokens = [token if isinstance(token, str) else "" for token in claims.array("workers")]
        return PersonalPart(part["personal"], claims.string("ref"), tuple(Ins.from_token(token) for token in tokens))
    except (NotStrictJson, ClaimFault, IdentityFault):
        raise FailedClosed(
            "ledger entry: its personal part is not one that was written here",
            hint="the state directory is damaged: restore it, then run journal verify",
        ) from None


def personal_sha256(personal: bytes, salt: bytes) -> bytes:
    """SHA-256 of salt and personal part.

    Raises:
        ValueError: the salt has not 256 bits; with another length salt and part could be told apart in two ways.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"salt has {len(salt)} bytes, expected {SALT_BYTES}")
    return sha256(salt + personal).digest()


def entry_json(draft: EntryDraft, *, salt: bytes, personal_sha256: bytes) -> bytes:
    """Give the entry that a leaf commits to; null stands where something does not apply."""
    return canonical(
        {
            "v": ENTRY_VERSION,
            "type": draft.type.value,
            "at": rfc3339(draft.at),
            "peer": None if draft.peer is None else draft.peer.value,
            "mandate_sha256": _hash(draft.mandate_sha256),
            "outcome": draft.outcome,
            "reason": draft.reason,
            "document_sha256": _hash(draft.document_sha256),
            "salt": b64.encode(salt),
            "personal_sha256": b64.encode(personal_sha256),
        }
    )


def leaf_data(draft: EntryDraft, salt: bytes) -> bytes:
    """SHA-256 of the entry: what `core.merkle.leaf_hash` takes.

    Raises:
        NotCanonical: `draft.personal` holds what canonical JSON has not.
        ValueError: the salt has not 256 bits.
    """
    digest = personal_sha256(personal_bytes(draft), salt)
    return sha256(entry_json(draft, salt=salt, personal_sha256=digest)).digest()


def _hash(value: bytes | None) -> str | None:
    return None if value is None else b64.encode(value)
