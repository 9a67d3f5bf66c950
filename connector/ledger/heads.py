"""The head of each ledger: its origin, its size, its right edge, and the checkpoint that says so.

At start the last checkpoint is read back, its signature checked and its root compared with the one computed from the
stored leaves: a ledger that differs from what was signed is not written to, and never repaired (PROTOCOL section 6).
That takes a few tiles, whatever the size. A new state gets both ledgers with a signed checkpoint of the empty tree.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from connector.core.codes import Code
from connector.core.directory import MemberKey
from connector.core.errors import FailedClosed, PeerFault
from connector.core.ledger import Tree, index_of, number_of, serial_of
from connector.core.members import MemberId
from connector.core.merkle import EMPTY_ROOT, Frontier
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, Switched
from connector.crypto.notes import NoteSigner
from connector.ledger.trees import StoredNodes
from connector.store.sql import Connection, one
from connector.wire import checkpoint
from connector.wire.checkpoint import Checkpoint, Origin

FIRST_SERIAL = 1

LAST_CHECKPOINT = "select size, note from checkpoints where tree = ? order by size desc limit 1"
INSERT_CHECKPOINT = "insert into checkpoints (tree, size, note) values (?, ?, ?)"


@dataclass(frozen=True, slots=True)
class LedgerKeys:
    """Who signs this member's checkpoints now, and the keys that signed earlier ones.

    Raises:
        FailedClosed: `ledger.unavailable`, the signer's key is not Ed25519.
    """

    member: MemberId
    signer: PrivateKeySigner | Switched[PrivateKeySigner]
    former: Sequence[MemberKey] = ()

    def __post_init__(self) -> None:
        if self.signer.algorithm is not SigningAlgorithm.ED25519:
            raise FailedClosed(
                f"ledger key: got {self.signer.algorithm}, expected EdDSA",
                code=Code.LEDGER_UNAVAILABLE,
                hint="checkpoints are signed with an Ed25519 key of their own",
            )

    def note_signer(self, origin: Origin) -> NoteSigner:
        """Sign as the ledger of that origin."""
        return self._own(origin)[0]

    def open(self, note: str, origin: Origin) -> Checkpoint:
        """Verify a checkpoint of our own.

        Raises:
            PeerFault: not one of this origin, or signed by none of our keys.
        """
        for signer in self._own(origin):
            with suppress(PeerFault):
                return checkpoint.open(note, signer.key)
        found = checkpoint.open_of_member(note, origin.member, origin.tree, self.former)
        if found.origin != origin:
            raise PeerFault(f"checkpoint: of {found.origin}, expected {origin}")
        return found

    def _own(self, origin: Origin) -> list[NoteSigner]:
        """The key in use and, where it was switched since the start, those before it."""
        signer = self.signer
        keys = (signer.current, *signer.former) if isinstance(signer, Switched) else (signer,)
        return [NoteSigner(str(origin), one.key) for one in keys]  # type: ignore[arg-type]  # EdDSA: checked above


@dataclass(frozen=True, slots=True)
class Head:
    """One ledger as it stands."""

    origin: Origin
    frontier: Frontier
    note: str
    name: str = field(init=False)
    """Its origin as text: every entry's place is said with it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", str(self.origin))


def origin_of(db: Connection, tree: Tree) -> Origin | None:
    """Read which ledger of that kind this state writes, None before the first start."""
    row = one(db, "select value from facts where name = ?", f"origin {tree}")
    return Origin.parse(row[0]) if row else None


def load_head(db: Connection, tree: Tree, keys: LedgerKeys) -> Head:
    """Read a ledger's head back and check it; begin the ledger if this state has none yet.

    Raises:
        FailedClosed: `ledger.unavailable`, it is not what its last checkpoint says, or that checkpoint is not ours.
    """
    try:
        origin = origin_of(db, tree)
        if origin is None:
            return _begin(db, tree, keys)
        return read_head(db, origin, keys)
    except PeerFault as error:
        raise _differs("head.other", tree, text=error.message) from error


def _begin(db: Connection, tree: Tree, keys: LedgerKeys) -> Head:
    if one(db, "select 1 from entries where tree = ? limit 1", tree.value):
        raise _differs("head.other", tree, text="entries without a ledger they belong to")
    db.execute("begin immediate")
    try:
        head = begin(db, Origin(keys.member, tree, FIRST_SERIAL), keys)
        db.execute("commit")
    except BaseException:
        if db.in_transaction:
            db.execute("rollback")
        raise
    return head


def begin(db: Connection, origin: Origin, keys: LedgerKeys) -> Head:
    """Begin a ledger, with a signed checkpoint of the empty tree; within a transaction."""
    note = checkpoint.seal(Checkpoint(origin, 0, EMPTY_ROOT), keys.note_signer(origin))
    db.execute("insert or replace into facts values (?, ?)", (f"origin {origin.tree}", str(origin)))
    db.execute(INSERT_CHECKPOINT, (origin.tree.value, number_of(origin.serial, 0), note))
    return Head(origin, Frontier(), note)


def read_head(db: Connection, origin: Origin, keys: LedgerKeys) -> Head:
    """Read the head of a ledger that was begun, and check it.

    Raises:
        FailedClosed: `ledger.unavailable`, it is not what its last checkpoint says.
        PeerFault: that checkpoint is not ours.
    """
    tree = origin.tree
    row = one(db, LAST_CHECKPOINT, tree.value)
    if row is None:
        raise _differs("head.other", tree, text="no checkpoint")
    number, note = row
    size = index_of(number)
    signed = keys.open(note, origin)
    if signed.size != size or serial_of(number) != origin.serial:
        raise _differs("head.place", tree, got=signed.size, size=size)
    last = one(db, "select max(idx) from entries where tree = ?", tree.value)
    count = 0 if last is None or last[0] is None else max(last[0] + 1 - number_of(origin.serial, 0), 0)
    if count != size:
        raise _differs("head.count", tree, got=count, size=size)
    frontier = Frontier.from_nodes(size, StoredNodes(db, tree, origin.serial))
    if frontier.root() != signed.root:
        raise _differs("head.root", tree, size=size)
    return Head(origin, frontier, note)


def _differs(kind: str, tree: Tree, **values: object) -> FailedClosed:
    return FailedClosed.of(Code.LEDGER_UNAVAILABLE, kind, tree=tree.value, **values)
