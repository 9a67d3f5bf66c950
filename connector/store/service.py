"""The state of one member: opened once, in one order, and closed in the reverse one.

It joins the writer, the readers, the vault and the ledgers, and hands out the ports of `core.ports`. The ledgers are
the room above: whoever opens a state says how to build them (`connector.ledger.service.open_state` does).
"""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from sqlite_utils import Database

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType
from connector.core.members import MemberId
from connector.core.ports import Clock, Entropy, HolderStore, RequesterStore, TraceOutbox, Vault
from connector.core.ports_limits import LimitStore
from connector.crypto import aead
from connector.store import alerts, fetches, handovers, holder, identities, limits, proposals
from connector.store.alerts import SqliteAlertStore
from connector.store.coverage import CoverageFacts
from connector.store.database import StateLock, open_writer
from connector.store.epochs import EpochKeys
from connector.store.evidence import EvidenceStore
from connector.store.failures import SqliteFailures, forget_failures
from connector.store.files import make_directory
from connector.store.holder import SqliteHolderStore
from connector.store.house import record
from connector.store.identities import SqliteIdentityStore
from connector.store.insi_answers import SqliteInsiAnswers
from connector.store.keys import StateKeys, read_master_key
from connector.store.ledgers import Ledgers
from connector.store.local_accounts import SqliteLocalAccounts
from connector.store.measures import SqliteMeasures
from connector.store.one_time import SqliteOneTime, forget_one_time
from connector.store.oppositions import SqliteOppositionStore
from connector.store.outbox import SqliteTraceOutbox
from connector.store.people import SqlitePeople
from connector.store.proposals import SqliteProposals
from connector.store.readers import Readers
from connector.store.requester import SqliteRequesterStore
from connector.store.sealing import Sealer
from connector.store.sessions import SqliteSessions, forget_sessions
from connector.store.settings import StateSettings
from connector.store.sql import Connection, one, rows
from connector.store.transaction import Transaction
from connector.store.upgrade import Upgrade, bring_forward, is_new, refuse_newer
from connector.store.vault import FileVault
from connector.store.witness import SqliteWitnessStore
from connector.store.writer import Writer, jumped_lately

FREE_PAGES_KEPT = 256
"""A megabyte that the next answers will take again is not worth giving back."""

PAGES_AT_ONCE = 200
"""Pages of one operation, in which nobody else writes; the more pages are free, the longer each takes."""

_KEY_CHECK = b"the master key of this state"
_PENDING = """
    select (select count(*) from acks), (select count(*) from traces),
           (select count(*) from oppositions where due is not null)
"""


@dataclass(frozen=True, slots=True)
class StateParts:
    """What the ledgers are built from."""

    keys: StateKeys
    epochs: EpochKeys
    readers: Readers
    entropy: Entropy


class HasLedgers(Protocol):
    """What a journal must offer the store: the side of it that appends."""

    @property
    def ledgers(self) -> Ledgers:
        """The ledgers as the writer fills them."""
        ...


J = TypeVar("J", bound=HasLedgers)


class State(Generic[J]):
    """An open state. `journal` is what reads, proves and verifies the ledgers; `writer` and `parts` are for the rooms
    that write with it: the ledgers' retention, the pause points of tests.
    """

    def __init__(self, lock: StateLock, writer: Writer, vault: FileVault, journal: J, parts: StateParts) -> None:
        """Join opened parts; `open` is the way to get one."""
        keys, readers = parts.keys, parts.readers
        self._sealer = sealer = Sealer(keys.rows)
        self._lock = lock
        self._writer = self.writer = writer
        self.parts = parts
        self._readers = readers
        self._file_vault = vault
        self.vault: Vault = vault
        self.journal = journal
        self.holder: HolderStore = SqliteHolderStore(writer, readers, sealer, keys, parts.epochs)
        self.proposals = SqliteProposals(writer, readers, sealer)
        self.limits: LimitStore = limits.SqliteLimitStore(writer, readers, sealer, keys, parts.epochs)
        self.requester: RequesterStore = SqliteRequesterStore(
            writer, readers, sealer, keys, parts.epochs, journal.ledgers
        )
        self.traces: TraceOutbox = SqliteTraceOutbox(writer, readers, sealer)
        self.oppositions = SqliteOppositionStore(writer, readers, sealer, keys)
        self.alerts = SqliteAlertStore(writer, readers, sealer, keys)
        self.identities = SqliteIdentityStore(writer, readers, sealer, keys)
        self.insi_answers = SqliteInsiAnswers(writer, readers, sealer, keys)
        self.coverage = CoverageFacts(writer, readers)
        self.measures = SqliteMeasures(writer, readers)
        self.witness = SqliteWitnessStore(writer, readers)
        self.people = SqlitePeople(writer, readers, sealer, keys)
        self.sessions = SqliteSessions(writer, readers, sealer)
        self.one_time = SqliteOneTime(writer, readers, sealer)
        self.failures = SqliteFailures(writer, readers, keys)
        self.local_accounts = SqliteLocalAccounts(writer, readers, sealer, keys)
        self.evidence = EvidenceStore(writer, readers, parts.epochs)

    @classmethod
    async def open(
        cls,
        settings: StateSettings,
        *,
        clock: Clock,
        entropy: Entropy,
        member: MemberId,
        journal: Callable[[StateParts], J],
    ) -> "State[J]":
        """Open a member's state, made now where there is none. Takes as long whatever the state has seen.

        Raises:
            ConfigFault: the master key cannot be read.
            FailedClosed: `state.unavailable`, in use, of another member or master key, of a newer version, unreadable;
                `ledger.unavailable`, a ledger is not what its last checkpoint says; `vault.unavailable`.
        """
        keys = StateKeys.derive(await asyncio.to_thread(read_master_key, settings.master_key))
        try:
            make_directory(settings.directory)
            lock = StateLock(settings.lock)
        except OSError as error:
            raise _unavailable(
                f"its directory cannot be used ({error.strerror})", "check its owner and disk"
            ) from error
        readers = Readers(settings.database)
        writer = None
        try:
            vault = FileVault(settings.vault, keys.vault, entropy, settings.min_free_bytes)
            epochs = EpochKeys(settings.epochs, keys.epochs, entropy)
            parts = StateParts(keys, epochs, readers, entropy)
            built = journal(parts)
            upgrades: list[Upgrade] = []

            def opener() -> Database:
                return _open_owned(settings, member, parts, clock.now(), upgrades)

            writer = Writer(opener, built.ledgers, clock, settings.max_batch)
            await writer.start()
            for upgrade in upgrades:
                await record(writer, _upgraded(upgrade, clock.now()))
        except BaseException:
            if writer is not None:
                await writer.close()
            await readers.close()
            lock.release()
            raise
        return cls(lock, writer, vault, built, parts)

    def ready(self) -> str | None:
        """Say why nothing can leave this house now, None when it can."""
        reason = self._writer.not_ready()
        if reason is None and self.journal.ledgers.halted is not None:
            return f"ledger: {self.journal.ledgers.halted}: journal succeed begins a new one"
        if reason is None:
            try:
                self._file_vault.check_room()
            except FailedClosed as error:
                return str(error)
            except OSError as error:
                return f"vault: its disk cannot be asked ({error.strerror})"
        return reason

    async def answers(self) -> None:
        """Return once the thread that writes has come by, whatever it can write; for a watchdog.

        Raises:
            FailedClosed: `state.unavailable`, closed.
        """
        await self._writer.answers()

    async def pending(self) -> dict[str, int]:
        """Count what is still to be delivered: acknowledgements to holders, traces and oppositions to the software.

        Raises:
            FailedClosed: `state.unavailable`, the database cannot be read.
        """

        def read(db: Connection) -> dict[str, int]:
            row = one(db, _PENDING) or (0, 0, 0)
            return {"acknowledgements": int(row[0]), "traces": int(row[1]), "oppositions": int(row[2])}

        return await self._readers.run(read)

    async def tidy(self) -> int:
        """Drop rows whose time is over (docs/retention.md has each of them), and say how many.

        What is sealed under an epoch's key ends with it (`ledger.retention`). After the clock jumped ahead, only what
        ends within a day of being made goes on to end: by a wrong date, what was counted would be forgiven, and
        identities and alerts of years be gone (`core.clock_jump`). To be called every minute or so; as a write it also
        finds out whether writing works again.

        Raises:
            FailedClosed: `ledger.unavailable`, `clock.backwards`.
        """

        def operation(transaction: Transaction) -> Callable[[], int]:
            db, now = transaction.db, transaction.now
            dropped = holder.forget_old(db, transaction.highest, now) + proposals.forget_old(db, now)
            dropped += forget_sessions(db, now) + forget_one_time(db, now) + forget_failures(db, now)
            if not (transaction.has_jumped or jumped_lately(db, now)):
                dropped += handovers.forget_old(db, now) + fetches.forget_old(db, now)
                dropped += limits.forget_counted(db, now) + limits.forget_blocks(db, self._sealer, now)
                dropped += alerts.forget_old(db, now) + identities.forget_old(transaction)
            return lambda: dropped

        return await self._writer.run(operation)

    async def give_back(self) -> int:
        """Give pages that nothing stands on any more back to the file system, in pieces; says how many.

        Raises:
            FailedClosed: `ledger.unavailable`, it cannot be written.
        """
        given = 0
        while freed := await self._writer.run(_give_back):
            given += freed
        return given

    async def close(self) -> None:
        """Write what is queued, then let go of everything."""
        await self._writer.close()
        await self._readers.close()
        self._lock.release()


def _give_back(transaction: Transaction) -> Callable[[], int]:
    db = transaction.db
    before = one(db, "pragma freelist_count") or (0,)
    if before[0] < FREE_PAGES_KEPT:
        return lambda: 0
    rows(db, f"pragma incremental_vacuum({PAGES_AT_ONCE})")  # a page for each row that is read
    after = one(db, "pragma freelist_count") or (0,)
    return lambda: int(before[0] - after[0])


def _open_owned(
    settings: StateSettings, member: MemberId, parts: StateParts, now: Instant, upgrades: list[Upgrade]
) -> Database:
    """Open the database for writing, see that it is this member's, under this master key, and bring it up to date."""
    db = open_writer(settings.database)
    sealer = Sealer(parts.keys.rows)
    try:
        refuse_newer(db, settings.backups)
        if not is_new(db):
            _check_owner(db, member, sealer)
            parts.epochs.settle(db.conn)
        upgrades.extend(bring_forward(db, settings.database, settings.backups, now))
        _check_owner(db, member, sealer)
        parts.epochs.settle(db.conn)
    except sqlite3.Error as error:
        db.close()
        raise _unavailable("its database cannot be read", "restore it") from error
    except BaseException:
        db.close()
        raise
    return db


def _upgraded(upgrade: Upgrade, at: Instant) -> EntryDraft:
    personal = {"from": upgrade.before, "to": upgrade.after, "backup": upgrade.backup}
    return EntryDraft(type=EntryType.UPGRADED, at=at, reason=upgrade.after, personal=personal)


def _check_owner(db: Database, member: MemberId, sealer: Sealer) -> None:
    row = one(db.conn, "select value from facts where name = 'member'")
    if row is None:
        check = aead.seal(sealer.key, _KEY_CHECK, _KEY_CHECK)
        with db.atomic():
            db.execute("insert into facts values ('member', ?), ('key_check', ?)", (member.value, check))
        return
    if row[0] != member.value:
        raise _unavailable(f"it belongs to {row[0]}, not to {member}", "one state directory for each member")
    check_row = one(db.conn, "select value from facts where name = 'key_check'")
    try:
        aead.open_(sealer.key, check_row[0] if check_row else b"", _KEY_CHECK)
    except FailedClosed:
        raise _unavailable("it was made with another master key", "restore the master key of this state") from None


def _unavailable(got: str, hint: str) -> FailedClosed:
    return FailedClosed(f"state: {got}", code=Code.STATE_UNAVAILABLE, hint=hint)
