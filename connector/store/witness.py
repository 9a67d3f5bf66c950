"""What is kept of other members' ledgers and of what witnesses sign: heads, links, statements, faults, gaps.

Nothing here is personal, and nothing is believed on the way out that was not verified on the way in.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Final

from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, Tree
from connector.core.members import MemberId
from connector.core.merkle import HASH_BYTES
from connector.core.witness import (
    LIES,
    HeadLink,
    KnownHead,
    LedgerFault,
    LedgerFaultKind,
    LedgerGap,
    LedgerName,
    SeenHead,
    SignedHead,
    ToldBeginning,
    Witnessed,
    WitnessStatement,
)
from connector.store.readers import Readers
from connector.store.sql import Connection, Row, one, rows
from connector.store.transaction import Transaction
from connector.store.writer import Writer
from connector.wire.checkpoint import Checkpoint

_CANDIDATES: Final = 200
"""Statements and links that are looked at for one answer."""

_HEADS: Final = "select member, tree, serial, note, at from ledger_heads"
_KEEP_HEAD: Final = """
    insert into ledger_heads values (?, ?, ?, ?, ?, ?)
    on conflict do update set serial = excluded.serial, size = excluded.size, note = excluded.note, at = excluded.at
    where (excluded.serial, excluded.size) >= (ledger_heads.serial, ledger_heads.size)
"""
_KEEP_LINK: Final = "insert or ignore into ledger_links values (?, ?, ?, ?, ?, ?, ?, ?)"
_LINKS: Final = """
    select first, first_root, second, second_root, path from ledger_links
    where member = ? and tree = ? and serial = ? and first >= ? and first < ? order by first, second limit 10000
"""
_MET: Final = "exchanged:"
_MEET: Final = "insert or ignore into facts values (?, ?)"
_EXCHANGED: Final = "select name from facts where name between 'exchanged:' and 'exchanged;'"
_SEE: Final = """
    insert or ignore into ledger_seen select ?1, ?2, ?3, ?4, ?5, ?6, ?7
    where (select count(*) from ledger_seen where member = ?1) < case when ?7 is null then ?8 else ?8 / 2 end
"""
_SEEN: Final = """
    select member, tree, serial, note, told_by from (
        select *, row_number() over (partition by member order by tree, serial, size) as place from ledger_seen
    ) where place <= ? order by member, tree, serial, size
"""
_COMPARED: Final = "delete from ledger_seen where (member, tree, serial, size, root) = (?, ?, ?, ?, ?)"
_KEEP_STATEMENT: Final = "insert or ignore into witness_statements values (?, ?, ?, ?, ?, ?, ?, ?)"
_COVERING: Final = """
    select member, tree, serial, witness, at, note, line from witness_statements
    where member = ? and tree = ? and serial = ? and size >= ? order by at, size limit ?
"""
_NEWEST: Final = """
    select member, tree, serial, witness, max(at), note, line from witness_statements
    where member = ? group by tree, serial, witness order by at desc
"""
_KEEP_FAULT: Final = """
    insert into ledger_faults (member, tree, serial, kind, at, known, shown, told_by) values (?, ?, ?, ?, ?, ?, ?, ?)
"""
_KNOWN_FAULT: Final = "select 1 from ledger_faults where (member, tree, serial, kind) = (?, ?, ?, ?)"
_KNOWN_LIE: Final = "select 1 from ledger_faults where (member, kind, told_by) = (?, ?, ?)"
_COUNT_FAULTS: Final = "select count(*) from ledger_faults where member = ? and tree = ?"
_FAULTS: Final = "select member, tree, serial, kind, at, known, shown, told_by from ledger_faults order by number"
_KEEP_GAP: Final = """
    insert or ignore into ledger_gaps (member, tree, at, old_serial, last, new_serial, first)
    values (?, ?, ?, ?, ?, ?, ?)
"""
_COUNT_GAPS: Final = "select count(*) from ledger_gaps where member = ? and tree = ?"
_EXPLAIN: Final = """
    update ledger_gaps set reason = ?, highest = ? where (member, tree, new_serial) = (?, ?, ?) and reason is null
"""
_GAPS: Final = """
    select member, tree, at, old_serial, last, new_serial, first, reason, highest from ledger_gaps order by number
"""


_MAX_GAPS: Final = 100
"""Gaps that are listed of one ledger: a member that signs new beginnings without end must not fill this journal."""

_MAX_FAULTS: Final = 100
"""And faults, of which each new beginning could have some of its own."""

_MAX_SEEN: Final = 1000
"""Heads of one member that wait to be compared, half of them at most from others' mouths: it may never answer."""


class SqliteWitnessStore:
    """`core.ports_witness.WitnessStore` on the state's database."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer, self._readers = writer, readers

    async def head(self, member: MemberId, tree: Tree) -> SignedHead | None:
        """Give the last verified head of a member's ledger of that kind, of its newest serial."""
        sql = f"{_HEADS} where member = ? and tree = ?"
        row = self._readers.here(lambda db: one(db, sql, member.value, tree.value))
        return _head(row[:4]) if row else None

    async def heads(self) -> Sequence[KnownHead]:
        """Give the last verified head of every member's ledgers."""
        found = await self._readers.run(lambda db: rows(db, f"{_HEADS} order by member, tree"))
        return [KnownHead(_head(row[:4]), Instant(row[4])) for row in found]

    async def keep_head(self, head: SignedHead, links: Sequence[HeadLink] = ()) -> None:
        """Keep a head where it is newer than the one known, with the links that prove it.

        Raises:
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> None:
            for link in links:
                parts = (link.first, link.first_root, link.second, link.second_root, b"".join(link.path))
                transaction.db.execute(_KEEP_LINK, (*_place(link.ledger), *parts))
            _keep_head(transaction, head)

        await self._writer.do(operation)

    async def see(self, heads: Sequence[SeenHead]) -> None:
        """Keep heads until they were compared; the same again changes nothing.

        Those that nobody else told of came with a receipt or an acknowledgement: that is kept too.

        Raises:
            FailedClosed: none of them was kept.
        """
        seen = [
            (*_seen_key(one_), one_.head.note, one_.told_by.value if one_.told_by else None, _MAX_SEEN)
            for one_ in heads
        ]
        met = {(f"{_MET}{one_.head.ledger.member}", 1) for one_ in heads if one_.told_by is None}

        def operation(transaction: Transaction) -> None:
            transaction.db.executemany(_SEE, seen)
            transaction.db.executemany(_MEET, met)

        await self._writer.do(operation)

    async def exchanged(self) -> frozenset[MemberId]:
        """Give the members whose receipts or acknowledgements this house has."""
        found = await self._readers.run(lambda db: rows(db, _EXCHANGED))
        return frozenset(MemberId(row[0].removeprefix(_MET)) for row in found)

    async def seen(self, limit: int) -> Sequence[SeenHead]:
        """Give heads that have still to be compared, so many of each member, by member and size."""
        found = await self._readers.run(lambda db: rows(db, _SEEN, limit))
        return [SeenHead(_head(row[:4]), MemberId(row[4]) if row[4] else None) for row in found]

    async def compared(self, heads: Sequence[SeenHead]) -> None:
        """Forget heads that were compared.

        Raises:
            FailedClosed: they will be compared again.
        """
        done = [_seen_key(one_) for one_ in heads]

        def operation(transaction: Transaction) -> None:
            transaction.db.executemany(_COMPARED, done)

        await self._writer.do(operation)

    async def keep_statements(self, statements: Sequence[WitnessStatement]) -> None:
        """Keep what witnesses signed; the same again changes nothing.

        Raises:
            FailedClosed: none of them was kept.
        """

        def operation(transaction: Transaction) -> None:
            for one_ in statements:
                head = one_.head
                values = (head.size, one_.at, one_.witness.value, head.note, one_.line)
                transaction.db.execute(_KEEP_STATEMENT, (*_place(head.ledger), *values))

        if statements:
            await self._writer.do(operation)

    async def statements(self, member: MemberId) -> Sequence[WitnessStatement]:
        """Give each witness's newest statement about each ledger of a member, the newest first."""
        found = await self._readers.run(lambda db: rows(db, _NEWEST, member.value))
        return [_statement(row) for row in found]

    async def witnessed(self, ledger: LedgerName, size: int, *, limit: int = 5) -> Sequence[Witnessed]:
        """Give the earliest statements about a ledger of at least that size to which links lead, by their time."""

        def read(db: Connection) -> list[Witnessed]:
            own = one(db, "select value from facts where name = 'member'")
            is_own = own is not None and own[0] == ledger.member.value
            found: list[Witnessed] = []
            for row in rows(db, _COVERING, *_place(ledger), size, _CANDIDATES):
                statement = _statement(row)
                links = () if is_own else _chain(db, ledger, size, statement.head)
                if links is not None:
                    found.append(Witnessed(statement, links))
                if len(found) == limit:
                    break
            return found

        return await self._readers.run(read)

    async def fault(self, fault: LedgerFault, entry: EntryDraft | None) -> bool:
        """Keep a fault with its entry; False, and nothing, where that kind is known of that ledger already.

        What a witness did wrong is known by the witness and the member, whichever serial it spoke of.

        Raises:
            FailedClosed: nothing of it was kept.
        """
        told_by = fault.told_by.value if fault.told_by else None

        def operation(transaction: Transaction) -> Callable[[], bool]:
            db, place, kind = transaction.db, _place(fault.ledger), fault.kind.value
            if fault.kind in LIES:
                known = one(db, _KNOWN_LIE, fault.ledger.member.value, kind, told_by)
            else:
                known = one(db, _KNOWN_FAULT, *place, kind)
                count = one(db, _COUNT_FAULTS, fault.ledger.member.value, fault.ledger.tree.value) or (0,)
                known = known or (count if count[0] >= _MAX_FAULTS else None)
            if known is not None:
                return lambda: False
            db.execute(_KEEP_FAULT, (*place, kind, fault.at, fault.known, fault.shown, told_by))
            if entry is not None:
                transaction.append(entry)
            return lambda: True

        return await self._writer.run(operation)

    async def faults(self) -> Sequence[LedgerFault]:
        """Give all faults, the oldest first."""
        return await self._readers.run(read_faults)

    async def gap(self, gap: LedgerGap, head: SignedHead, entry: EntryDraft) -> bool:
        """Keep a gap and the new ledger's head; False, and nothing, where the gap is known already.

        Raises:
            FailedClosed: nothing of it was kept.
        """
        new = gap.new
        values = (new.member.value, new.tree.value, gap.at, gap.old.serial, gap.last, new.serial, gap.first)

        def operation(transaction: Transaction) -> Callable[[], bool]:
            db = transaction.db
            of_ledger = one(db, _COUNT_GAPS, new.member.value, new.tree.value) or (0,)
            is_new = of_ledger[0] < _MAX_GAPS and db.execute(_KEEP_GAP, values).rowcount > 0
            _keep_head(transaction, head)
            if is_new:
                transaction.append(entry)
            return lambda: is_new

        return await self._writer.run(operation)

    async def explain(self, new: LedgerName, told: ToldBeginning, entry: EntryDraft) -> bool:
        """Keep what a member says of its new ledger, with its entry; False where there is no such gap, or it was told.

        Raises:
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> Callable[[], bool]:
            is_new = transaction.db.execute(_EXPLAIN, (told.reason, told.highest, *_place(new))).rowcount > 0
            if is_new:
                transaction.append(entry)
            return lambda: is_new

        return await self._writer.run(operation)

    async def succeed(self, entry: EntryDraft, serial: int, agreed: EntryDraft | None = None) -> None:
        """Begin both ledgers of this house anew under that serial, with this entry as the first leaf of each.

        `agreed` comes next in the house ledger: who decided it, which is not for peers.

        Raises:
            FailedClosed: nothing was begun.
        """

        def operation(transaction: Transaction) -> Callable[[], None]:
            transaction.succeed(entry, serial)
            if agreed is not None:
                transaction.append(agreed)
            return lambda: None

        await self._writer.run_alone(operation)

    async def gaps(self) -> Sequence[LedgerGap]:
        """Give all gaps, the oldest first."""
        return [_gap(row) for row in await self._readers.run(lambda db: rows(db, _GAPS))]


def _seen_key(seen: SeenHead) -> Row:
    return (*_place(seen.head.ledger), seen.head.size, seen.head.root)


def _keep_head(transaction: Transaction, head: SignedHead) -> None:
    transaction.db.execute(_KEEP_HEAD, (*_place(head.ledger), head.size, head.note, transaction.now))


def _place(ledger: LedgerName) -> tuple[str, str, int]:
    return ledger.member.value, ledger.tree.value, ledger.serial


def _name(member: str, tree: str, serial: int) -> LedgerName:
    return LedgerName(MemberId(member), Tree(tree), serial)


def _head(row: Row) -> SignedHead:
    member, tree, serial, note = row
    stated = Checkpoint.parse_body(note.rpartition("\n\n")[0] + "\n")
    return SignedHead(_name(member, tree, serial), stated.size, stated.root, note)


def _statement(row: Row) -> WitnessStatement:
    member, tree, serial, witness, at, note, line = row
    return WitnessStatement(MemberId(witness), Instant(at), _head((member, tree, serial, note)), line)


def read_faults(db: Connection) -> list[LedgerFault]:
    """Read all faults, the oldest first."""
    return [_fault(row) for row in rows(db, _FAULTS)]


def _fault(row: Row) -> LedgerFault:
    member, tree, serial, kind, at, known, shown, told_by = row
    teller = MemberId(told_by) if told_by else None
    return LedgerFault(_name(member, tree, serial), LedgerFaultKind(kind), Instant(at), known, shown, teller)


def _gap(row: Row) -> LedgerGap:
    member, tree, at, old, last, new, first, reason, highest = row
    told = ToldBeginning(reason, highest) if reason is not None else None
    return LedgerGap(Instant(at), _name(member, tree, old), last, _name(member, tree, new), first, told)


def _chain(db: Connection, ledger: LedgerName, size: int, head: SignedHead) -> tuple[HeadLink, ...] | None:
    """Find the fewest links that lead from a size up to a head, each beginning where the last one ended."""
    if size == head.size:
        return ()
    onward: dict[tuple[int, bytes], list[HeadLink]] = defaultdict(list)
    for row in rows(db, _LINKS, *_place(ledger), size, head.size):
        link = _link(ledger, row)
        onward[link.first, link.first_root].append(link)
    came_by: dict[tuple[int, bytes], HeadLink | None] = {place: None for place in onward if place[0] == size}
    waiting = deque(came_by)
    while waiting:
        place = waiting.popleft()
        if place == (head.size, head.root):
            return _way(came_by, place)
        for link in onward.get(place, ()):
            end = (link.second, link.second_root)
            if end not in came_by:
                came_by[end] = link
                waiting.append(end)
    return None


def _way(came_by: dict[tuple[int, bytes], HeadLink | None], place: tuple[int, bytes]) -> tuple[HeadLink, ...]:
    """Go back from a place to where the search began, and give the links in their order."""
    way: list[HeadLink] = []
    while (link := came_by[place]) is not None:
        way.append(link)
        place = (link.first, link.first_root)
    return tuple(reversed(way))


def _link(ledger: LedgerName, row: Row) -> HeadLink:
    first, first_root, second, second_root, path = row
    steps = tuple(path[at : at + HASH_BYTES] for at in range(0, len(path), HASH_BYTES))
    return HeadLink(ledger, first, first_root, second, second_root, steps)
