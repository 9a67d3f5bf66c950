"""Signed tokens kept as they were, beside the ledger entries they belong to (PROTOCOL section 4).

A receipt is sealed over the proof of its own entry, and an acknowledgement over that of *arrived*: neither can stand in
the entry itself. They are kept here, sealed under the epoch key of their entry's retention class, so that they end with
it. Time stamps of the heads, which tell of nobody, are kept in clear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from connector.core.instant import Instant
from connector.core.ledger import Retention, Tree, number_of, serial_of
from connector.core.private import Private
from connector.crypto import aead
from connector.store.epoch_rows import SealedRows
from connector.store.epochs import EpochKeys
from connector.store.readers import Readers
from connector.store.sql import Connection, Insert, one, rows
from connector.store.transaction import Transaction
from connector.store.writer import Writer

_KEEP: Final = Insert("insert or ignore into evidence (ref, kind, sha256, at, epoch, sealed)", 6)
_OF_REF: Final = "select kind, sha256, at, epoch, sealed from evidence where ref = ? order by number"
_STAMP: Final = "insert or ignore into head_stamps (tree, size, at, note, token) values (?, ?, ?, ?, ?)"
_STAMP_AFTER: Final = (
    "select size, at, note, token from head_stamps where tree = ? and size between ? and ? order by size limit 1"
)
_KEEP_LIST: Final = "insert or ignore into kept_lists (version, at, content) values (?, ?, ?)"
_ACCEPT: Final = """
    insert or ignore into list_acceptances select ?, ?
    where ? is not (select version from list_acceptances order by at desc, version desc limit 1)
"""
_LISTS: Final = """
    select version, a.at, content from list_acceptances a join kept_lists using (version) order by a.at, version
"""
_LAST_STAMP: Final = "select size, at, note, token from head_stamps where tree = ? order by size desc limit 1"


class TokenKind(StrEnum):
    """What a kept token is: a receipt that was given, or an acknowledgement that was sent."""

    RECEIPT = "receipt"
    ACK = "ack"


@dataclass(frozen=True, slots=True, repr=False)
class KeptToken(Private):
    """A compact token; None in its place once its epoch key was destroyed. `sha256` is that of the compact bytes."""

    kind: TokenKind
    sha256: bytes
    at: Instant
    compact: bytes | None


@dataclass(frozen=True, slots=True)
class HeadStamp:
    """A head that a time-stamping authority stamped (RFC 3161): the note, and the authority's whole answer.

    `size` is its number in the journal (`core.ledger.number_of`): sizes begin again with a new ledger.
    """

    tree: Tree
    size: int
    at: Instant
    note: str
    token: bytes


@dataclass(frozen=True, slots=True)
class KeptList:
    """A local members file as it was believed from an instant on."""

    version: str
    at: Instant
    content: bytes


def keep_token(transaction: Transaction, epochs: EpochKeys, kind: TokenKind, ref: str, compact: bytes) -> None:
    """Keep a token of a handover, in the transaction of what it goes with; the same one again changes nothing.

    Raises:
        FailedClosed: `ledger.unavailable`, the epoch key cannot be had.
    """
    epoch, key = epochs.current(Retention.MONTHLY, transaction.now)
    digest = sha256(compact).digest()
    sealed = aead.seal(key, compact, _place(ref, kind))
    transaction.insert(_KEEP, (ref, kind.value, digest, transaction.now, epoch, sealed))


class EvidenceStore:
    """What is kept beside the ledgers to prove things with."""

    def __init__(self, writer: Writer, readers: Readers, epochs: EpochKeys) -> None:
        self._writer, self._readers, self._epochs = writer, readers, epochs

    async def tokens(self, ref: str) -> Sequence[KeptToken]:
        """Give the tokens of a handover, in the order in which they were kept.

        Raises:
            FailedClosed: `vault.damaged`, one is not what was kept.
        """
        return await self._readers.run(lambda db: [self._opened(ref, *row) for row in rows(db, _OF_REF, ref)])

    async def keep_stamp(self, stamp: HeadStamp) -> None:
        """Keep the stamp of a head; the first one of a size stays."""
        row = (stamp.tree.value, stamp.size, stamp.at, stamp.note, stamp.token)
        await self._writer.do(lambda transaction: _do(transaction.db, _STAMP, row))

    async def stamp_of(self, tree: Tree, size: int) -> HeadStamp | None:
        """Give the stamp of the first stamped head that covers so many entries of the same ledger."""
        last = number_of(serial_of(size) + 1, 0) - 1
        return await self._readers.run(lambda db: _stamp(tree, one(db, _STAMP_AFTER, tree.value, size, last)))

    async def last_stamp(self, tree: Tree) -> HeadStamp | None:
        """Give the newest stamp."""
        return await self._readers.run(lambda db: _stamp(tree, one(db, _LAST_STAMP, tree.value)))

    async def keep_list(self, kept: KeptList) -> None:
        """Keep a members file under its version, once, and when it came into force, as often as it did."""

        def keep(transaction: Transaction) -> None:
            _do(transaction.db, _KEEP_LIST, (kept.version, kept.at, kept.content))
            _do(transaction.db, _ACCEPT, (kept.at, kept.version, kept.version))

        await self._writer.do(keep)

    async def lists(self) -> Sequence[KeptList]:
        """Give the members files that were believed here, the oldest first, one as often as it came into force."""
        found = await self._readers.run(lambda db: rows(db, _LISTS))
        return [KeptList(version, Instant(at), content) for version, at, content in found]

    def _opened(self, ref: str, kind: str, digest: bytes, at: int, epoch: str, sealed: bytes) -> KeptToken:
        found = TokenKind(kind)
        key = self._epochs.find(epoch)
        compact = None if key is None else aead.open_(key, sealed, _place(ref, found))
        return KeptToken(found, digest, Instant(at), compact)


def _do(db: Connection, sql: str, row: tuple[object, ...]) -> None:
    db.execute(sql, row)


def _stamp(tree: Tree, row: tuple[int, int, str, bytes] | None) -> HeadStamp | None:
    return None if row is None else HeadStamp(tree, row[0], Instant(row[1]), row[2], row[3])


def _place(ref: str, kind: TokenKind) -> bytes:
    return f"evidence/{kind}/{ref}".encode()


EPOCH_ROWS: Final = SealedRows("evidence", ("ref", "kind"), _place)
"""Its rows end with their epoch; `ledger.retention` sees to it."""
