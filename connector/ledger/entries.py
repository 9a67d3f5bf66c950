"""One entry as a row: its public fields, its leaf, and its personal part under a key of its own.

The entry's key is random and wrapped under the key of its epoch; it seals salt and personal part, bound to the entry's
place in its ledger. Once the epoch key is destroyed the row still proves its leaf, and says nothing of anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct
from typing import Final

from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType, Tree, index_of, serial_of
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.merkle import leaf_hash
from connector.core.ports import Entropy
from connector.core.private import Private
from connector.crypto import aead
from connector.store.epochs import EpochKeys
from connector.store.sql import Insert, Row
from connector.wire import entry

COLUMNS: Final = (
    "tree, idx, leaf_hash, type, at, peer, mandate_sha256, outcome, reason, document_sha256, personal_sha256, ref, "
    "epoch, wrapped_key, sealed"
)
INSERT: Final = Insert(f"insert into entries ({COLUMNS})", 15)
INSERT_TAG: Final = Insert("insert or ignore into entry_tags (epoch, tag, tree, idx)", 4)
EPOCH: Final = 12
"""The place of the epoch's name in a row."""
_RANDOM: Final = Struct(f"{entry.SALT_BYTES}s{aead.KEY_BYTES}s{aead.NONCE_BYTES}s{aead.NONCE_BYTES}s")


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """A row of `entries`, in the order of `COLUMNS`."""

    tree: Tree
    index: int
    leaf_hash: bytes
    type: EntryType
    at: Instant
    peer: MemberId | None
    mandate_sha256: bytes | None
    outcome: str | None
    reason: str | None
    document_sha256: bytes | None
    personal_sha256: bytes
    ref: str
    epoch: str
    wrapped_key: bytes
    sealed: bytes

    @classmethod
    def of_row(cls, row: Row) -> "StoredEntry":
        """Take a row as selected by `COLUMNS`.

        Raises:
            ValueError: a tree or type that this version does not know, or a peer that is no member id.
        """
        tree, index, leaf, kind, at, peer, *rest = row
        member = None if peer is None else MemberId(peer)
        return cls(Tree(tree), index, leaf, EntryType(kind), at, member, *rest)


@dataclass(frozen=True, slots=True, repr=False)
class OpenedEntry(Private):
    """The personal part of an entry with its salt, and the leaf that its row and this part make."""

    part: entry.PersonalPart
    salt: bytes
    leaf_hash: bytes


def seal(
    draft: EntryDraft, tree: Tree, index: int, place: bytes, epochs: EpochKeys, entropy: Entropy
) -> tuple[bytes, Row]:
    """Give the leaf hash of an entry and its row; `place` is that of `place_of`, for this tree and this index.

    Raises:
        FailedClosed: `ledger.unavailable`, the epoch key cannot be had.
        NotCanonical: the entry has no canonical form.
    """
    # One call for all of it: each lets go of the interpreter.
    salt, key, key_nonce, part_nonce = _RANDOM.unpack(entropy.token(_RANDOM.size))
    personal = entry.personal_bytes(draft)
    personal_sha256 = entry.personal_sha256(personal, salt)
    leaf = _leaf(draft, salt, personal_sha256)
    epoch, epoch_key = epochs.current(draft.retention, draft.at)
    row = (
        str(tree),
        index,
        leaf,
        str(draft.type),
        draft.at,
        None if draft.peer is None else draft.peer.value,
        draft.mandate_sha256,
        draft.outcome,
        draft.reason,
        draft.document_sha256,
        personal_sha256,
        draft.ref,
        epoch,
        aead.wrap_key(epoch_key, key, place, nonce=key_nonce),
        aead.seal(key, salt + personal, place, nonce=part_nonce),
    )
    return leaf, row


def open_(stored: StoredEntry, origin: str, epochs: EpochKeys) -> OpenedEntry | None:
    """Open an entry's personal part and compute its leaf again; None once it, or its epoch key, was destroyed.

    Raises:
        FailedClosed: `vault.damaged` or `ledger.unavailable`, the sealed part is not what was written there.
    """
    epoch_key = epochs.find(stored.epoch) if stored.sealed else None
    if epoch_key is None:
        return None
    place = place_of(origin, stored.index)
    opened = aead.open_(aead.unwrap_key(epoch_key, stored.wrapped_key, place), stored.sealed, place)
    salt, personal = opened[: entry.SALT_BYTES], opened[entry.SALT_BYTES :]
    draft = EntryDraft(
        type=stored.type,
        at=stored.at,
        peer=stored.peer,
        mandate_sha256=stored.mandate_sha256,
        outcome=stored.outcome,
        reason=stored.reason,
        document_sha256=stored.document_sha256,
    )
    return OpenedEntry(entry.read_personal(personal), salt, _leaf(draft, salt, entry.personal_sha256(personal, salt)))


def tag_rows(workers: Sequence[Ins], epoch: str, tree: str, index: int, epochs: EpochKeys) -> list[Row]:
    """Give the tags by which an entry of that epoch answers to each of its workers' INS, as rows."""
    return [(epoch, epochs.tag_for(epoch, ins), tree, index) for ins in workers]


def _leaf(draft: EntryDraft, salt: bytes, personal_sha256: bytes) -> bytes:
    data = sha256(entry.entry_json(draft, salt=salt, personal_sha256=personal_sha256)).digest()
    return leaf_hash(data)


def place_of(origin: str, index: int) -> bytes:
    """Say where an entry belongs: its key and its personal part open there and nowhere else.

    The number says in which of the member's ledgers of that kind it is; the serial of the origin does not count.
    """
    return place_at(f"{origin.rpartition('/')[0]}/{serial_of(index)}", index_of(index))


def place_at(origin: str, at: int) -> bytes:
    """Say the same of a place in the ledger of that very origin."""
    return f"{origin}/{at}".encode()
