"""The outbox of traces: what the vendor's own DMST must be told, until it has been (R4624-45-5 al. 4).

A trace is kept in the transaction of what it tells, by whoever writes that. When to try again is the caller's.
"""

from collections.abc import Sequence

from connector.core.instant import Instant
from connector.core.records import Trace
from connector.store.readers import Readers
from connector.store.sealing import Sealer
from connector.store.sql import Insert, rows
from connector.store.writer import Transaction, Writer

DUE_AT_ONCE = 100
"""How many are handed out in one go: the vendor's database takes them one by one."""

_TABLE = "traces"
_KEEP = Insert("insert or ignore into traces (id, attempts, due_at, sealed)", 4)
_DUE = "select id, attempts, sealed from traces where due_at <= ? order by due_at, id limit ?"


def keep_trace(transaction: Transaction, sealer: Sealer, trace: Trace) -> None:
    """Put a trace into the outbox, due at once; one that is there already stays as it is."""
    transaction.insert(_KEEP, (trace.trace_id, 0, trace.at, sealer.seal(_TABLE, trace.trace_id, trace)))


class SqliteTraceOutbox:
    """`core.ports.TraceOutbox` on the state's database."""

    def __init__(self, writer: Writer, readers: Readers, sealer: Sealer) -> None:
        self._writer = writer
        self._readers = readers
        self._sealer = sealer

    async def due_traces(self, now: Instant) -> Sequence[tuple[Trace, int]]:
        """Give the traces that are due, with how often each was tried, the longest due first."""
        found = await self._readers.run(lambda db: rows(db, _DUE, now, DUE_AT_ONCE))
        return [(self._sealer.open(Trace, _TABLE, trace_id, sealed), tried) for trace_id, tried, sealed in found]

    async def trace_written(self, trace_id: str) -> None:
        """Forget a trace: the vendor's database has it."""

        def operation(transaction: Transaction) -> None:
            transaction.db.execute("delete from traces where id = ?", (trace_id,))

        await self._writer.do(operation)

    async def trace_failed(self, trace_id: str, retry_at: Instant) -> None:
        """Keep it for another try."""

        def operation(transaction: Transaction) -> None:
            transaction.db.execute(
                "update traces set attempts = attempts + 1, due_at = ? where id = ?", (retry_at, trace_id)
            )

        await self._writer.do(operation)
