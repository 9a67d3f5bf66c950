"""The one thread that writes: it takes what has gathered, and gives it one transaction and one fsync (group commit).

An operation is a function of the open transaction. It does its writes and gives a function of no arguments for its
result, called once the ledgers have finished the batch, so that a proof can be part of it. One that refuses is undone
and the others go on (`store.transaction` tells how), for which it may be called twice. Its future is resolved only
after the commit returned, which is what "durable before it leaves" rests on. When the commit fails, every operation of
the batch fails closed, the ledgers take up again what the database holds, and the next batch is tried as usual.

What is asked for in one turn of the event loop goes to the thread together, and what comes while it writes waits for
the next batch: two threads that want the interpreter at the same time hand it to and fro at every statement.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlite_utils import Database

from connector.core.clock_jump import WAIT_SECONDS, is_jump
from connector.core.codes import Code
from connector.core.errors import ConnectorError, FailedClosed
from connector.core.instant import Instant, rfc3339
from connector.core.ports import Clock
from connector.store.ledgers import Ledgers
from connector.store.sql import Connection, one
from connector.store.transaction import Transaction as Transaction  # noqa: PLC0414 (operations import both from here)

T = TypeVar("T")

CLOCK_TOLERANCE_SECONDS = 60
"""How far the clock may go back behind the highest instant ever stored (PROTOCOL section 7)."""

CLOCK_JUMP = "clock_jump"
"""The fact that keeps the instant at which the clock was last found to have jumped ahead."""

Operation = Callable[[Transaction], Callable[[], T]]


def jumped_lately(db: Connection, now: Instant) -> bool:
    """Whether a jump less than a day ago is stored: nothing is to be destroyed then because of the date."""
    row = one(db, "select value from facts where name = ?", CLOCK_JUMP)
    return row is not None and 0 <= now - row[0] < WAIT_SECONDS


@dataclass(slots=True, eq=False)
class _Job:
    operation: Callable[[Transaction], Callable[[], Any] | None]
    future: "asyncio.Future[Any]"
    give: Callable[[], Any] | None = None
    result: Any = None
    error: BaseException | None = None


class Writer:
    """Runs operations one batch after the other in a thread of its own; belongs to one event loop."""

    def __init__(self, opener: Callable[[], Database], ledgers: Ledgers, clock: Clock, max_batch: int) -> None:
        self._opener = opener
        self._ledgers = ledgers
        self._clock = clock
        self._max_batch = max_batch
        self._queue: SimpleQueue[list[_Job] | asyncio.Future[None] | None] = SimpleQueue()
        self._gathered: list[_Job] = []
        self._is_gathering = False
        self._is_writing = False
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="state-writer", daemon=True)
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._closed = False
        self._must_load = False
        self._highest = self._highest_at_start = Instant(0)
        self._highest_seen = self._clock.monotonic()
        self._reason: str | None = None

    async def start(self) -> None:
        """Open the database in the thread and take up the ledgers.

        Raises:
            FailedClosed: it cannot be opened, or a ledger is not what its last checkpoint says.
        """
        self._thread.start()
        await self._opened
        self._highest_at_start = self._highest
        self._highest_seen = self._clock.monotonic()

    async def run(self, operation: Operation[T]) -> T:
        """Give an operation's result once the commit that holds it is on the disk.

        Raises:
            FailedClosed: `ledger.unavailable`, the commit failed; `clock.backwards`; `state.unavailable`, closed.
            ConnectorError: whatever the operation itself refused; nothing of it remains.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self._enqueue(operation, future)
        return await future

    async def do(self, operation: Callable[[Transaction], None]) -> None:
        """Run an operation without a result; else as `run`."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._enqueue(operation, future)
        await future

    async def answers(self) -> None:
        """Return once the thread has come by, whether or not it can write; for a watchdog, which hangs with it.

        Raises:
            FailedClosed: `state.unavailable`, closed.
        """
        self._refuse_closed()
        asked: asyncio.Future[None] = self._loop.create_future()
        self._queue.put(asked)
        await asked

    async def run_alone(self, operation: Operation[T]) -> T:
        """Run an operation in a batch of its own; else as `run`."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._refuse_closed()
        self._is_writing = True
        self._queue.put([_Job(operation, future)])
        return await future

    async def close(self) -> None:
        """Write what is queued, then end the thread and its connection."""
        if not self._closed:
            self._closed = True
            self._hand_over()
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    @property
    def highest_at_start(self) -> Instant:
        """The highest instant that was stored when the state was opened, 0 in a new one."""
        return self._highest_at_start

    def not_ready(self) -> str | None:
        """Say why a write would fail now, or did last time."""
        if self._closed or not self._thread.is_alive():
            return "state: the writer has stopped"
        try:
            self._check_clock(self._clock.now())
        except FailedClosed as error:
            return str(error)
        return self._reason

    def _enqueue(self, operation: Callable[[Transaction], Any], future: "asyncio.Future[Any]") -> None:
        self._refuse_closed()
        self._gathered.append(_Job(operation, future))
        self._gather()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise FailedClosed("state: it is closed", code=Code.STATE_UNAVAILABLE, hint="start the connector again")

    def _gather(self) -> None:
        if not (self._is_gathering or self._is_writing):
            self._is_gathering = True
            self._loop.call_soon(self._look, 0)

    def _look(self, seen: int) -> None:
        """Hand over what has gathered, unless more still comes with every turn of the loop."""
        if seen < len(self._gathered) < self._max_batch:
            self._loop.call_soon(self._look, len(self._gathered))
        else:
            self._is_gathering = False
            self._hand_over()

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        for start in range(0, len(gathered), self._max_batch):
            self._is_writing = True
            self._queue.put(gathered[start : start + self._max_batch])

    def _written(self, batch: list[_Job]) -> None:
        self._is_writing = False
        for job in batch:
            _settle(job.future, job.result, job.error)
        if self._gathered and not self._closed:
            self._gather()

    # ------------------------------------------------------------ in the thread

    def _run(self) -> None:
        try:
            db = self._opener()
        except BaseException as error:  # noqa: BLE001 (whatever it is, the one who opens must learn it)
            self._tell(_settle, self._opened, None, error)
            return
        try:
            try:
                self._load(db.conn)
            except BaseException as error:  # noqa: BLE001 (as above)
                self._tell(_settle, self._opened, None, error)
                return
            self._tell(_settle, self._opened, None, None)
            while (batch := self._queue.get()) is not None:
                if isinstance(batch, asyncio.Future):
                    self._tell(_settle, batch, None, None)
                    continue
                self._write(db.conn, batch)
                self._tell(self._written, batch)
                del batch
        finally:
            db.close()

    def _write(self, db: Connection, batch: list[_Job]) -> None:
        now = self._clock.now()
        try:
            self._check_clock(now)
        except FailedClosed as error:
            for job in batch:
                job.error = error
            return
        try:
            self._commit(db, batch, now)
        except Exception as error:  # noqa: BLE001 (nothing was committed: every caller must learn it)
            self._fail(db, batch, error)

    def _commit(self, db: Connection, batch: list[_Job], now: Instant) -> None:
        if self._must_load:
            self._load(db)
        seen = self._clock.monotonic()
        has_jumped = is_jump(self._highest, now, seen - self._highest_seen)
        try:
            done = self._run_all(db, batch, now, is_careful=False, has_jumped=has_jumped)
        except (_OperationFailed, sqlite3.IntegrityError):
            db.execute("rollback")
            self._ledgers.rewind(0)
            done = self._run_all(db, batch, now, is_careful=True, has_jumped=has_jumped)
        if not done:
            db.execute("rollback")
            return
        if now > self._highest:
            db.execute("insert or replace into facts values ('highest_clock', ?)", (now,))
            if has_jumped:
                # In the same transaction: a restart compares with what is stored, and would see no jump any more.
                db.execute("insert or replace into facts values (?, ?)", (CLOCK_JUMP, now))
        self._ledgers.finish(db)
        for job in done:
            if job.give is not None:
                job.result = job.give()
        db.execute("commit")
        self._ledgers.committed()
        self._highest, self._highest_seen = max(self._highest, now), seen
        self._reason = None

    def _run_all(
        self, db: Connection, batch: list[_Job], now: Instant, *, is_careful: bool, has_jumped: bool
    ) -> list[_Job]:
        """Run the operations in a new transaction, and give those that did not refuse."""
        db.execute("begin immediate")
        highest = max(now, self._highest)
        transaction = Transaction(db, self._ledgers, now, highest, is_careful=is_careful, has_jumped=has_jumped)
        attempt = _attempt_carefully if is_careful else _attempt
        for job in batch:
            job.give = job.error = None
            attempt(job, transaction)
        transaction.write_gathered()
        return [job for job in batch if job.error is None]

    def _fail(self, db: Connection, batch: list[_Job], error: Exception) -> None:
        if isinstance(error, FailedClosed):
            failed = error
        else:
            failed = FailedClosed(
                f"ledger: it could not be written ({_name(error)})",
                code=Code.LEDGER_UNAVAILABLE,
                hint="free the disk, or check its device; nothing left this house",
            )
            failed.__cause__ = error
        for job in batch:
            job.error = failed
        self._reason = str(failed)
        self._must_load = True
        with suppress(sqlite3.Error, ConnectorError):  # tried again before the next batch, which fails if it must
            if db.in_transaction:
                db.execute("rollback")
            self._load(db)

    def _load(self, db: Connection) -> None:
        row = one(db, "select value from facts where name = 'highest_clock'")
        self._highest = Instant(row[0]) if row else Instant(0)
        self._ledgers.load(db)
        self._must_load = False

    def _check_clock(self, now: Instant) -> None:
        if now < self._highest - CLOCK_TOLERANCE_SECONDS:
            raise FailedClosed(
                f"clock: got {rfc3339(now)}, expected nothing earlier than {rfc3339(self._highest)}, which was stored",
                code=Code.CLOCK_BACKWARDS,
                hint="put the clock of this machine right and keep it synchronised",
            )

    def _tell(self, function: Callable[..., None], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(function, *arguments)


def _name(error: Exception) -> str:
    """Name an error by its SQLite code or its class; its text may hold a value."""
    return getattr(error, "sqlite_errorname", None) or type(error).__name__


def _settle(future: "asyncio.Future[Any]", result: object, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


class _OperationFailed(Exception):
    """An operation failed after it had written: its batch is done again, each operation in a savepoint."""


def _attempt(job: _Job, transaction: Transaction) -> None:
    mark = transaction.mark()
    try:
        job.give = job.operation(transaction)
    except sqlite3.OperationalError:
        raise  # the disk or the device, not the operation: the whole batch
    except Exception as error:  # it is its caller's to handle
        if not transaction.db.in_transaction:
            raise
        if transaction.has_written_since(mark):
            raise _OperationFailed from None
        transaction.rewind(mark)
        job.error = error


def _attempt_carefully(job: _Job, transaction: Transaction) -> None:
    db, mark = transaction.db, transaction.mark()
    db.execute("savepoint operation")
    try:
        job.give = job.operation(transaction)
    except sqlite3.OperationalError:
        raise
    except Exception as error:
        if not db.in_transaction:
            raise
        db.execute("rollback to operation")
        transaction.rewind(mark)
        job.error = error
    db.execute("release operation")
