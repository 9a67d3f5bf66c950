"""Open sessions (`core.ports_sign_in.SessionStore`), by the hash of a cookie that is kept nowhere here."""

from typing import Final

from connector.core.instant import Instant
from connector.core.ledger import EntryDraft
from connector.core.sessions import Session
from connector.store.readers import Readers
from connector.store.sealing import Sealer
from connector.store.sql import Connection, one
from connector.store.transaction import Transaction
from connector.store.writer import Writer

_TABLE: Final = "sessions"
_MAX_OF_A_PERSON: Final = 20
_TOO_MANY: Final = """
    delete from sessions where tag in
        (select tag from sessions where person_id = ? order by expires_at desc limit -1 offset ?)
"""


class SqliteSessions:
    """`core.ports_sign_in.SessionStore` on the state's database."""

    def __init__(self, writer: Writer, readers: Readers, sealer: Sealer) -> None:
        self._writer, self._readers, self._sealer = writer, readers, sealer

    def find(self, token_hash: bytes) -> Session | None:
        """Give the session of a cookie, by one indexed row.

        Raises:
            FailedClosed: the state cannot be read.
        """
        row = self._readers.here(lambda db: one(db, "select sealed from sessions where tag = ?", token_hash))
        return self._sealer.open(Session, _TABLE, token_hash.hex(), row[0]) if row else None

    async def open(self, token_hash: bytes, session: Session, entry: EntryDraft) -> None:
        """Keep a new session with its entry; of the oldest of the same person, some end where they are many.

        Raises:
            FailedClosed: nothing of it was kept.
        """
        sealed = self._seal(token_hash, session)

        def operation(transaction: Transaction) -> None:
            db = transaction.db
            db.execute(
                "insert into sessions values (?, ?, ?, ?)", (token_hash, session.person_id, session.expires_at, sealed)
            )
            db.execute(_TOO_MANY, (session.person_id, _MAX_OF_A_PERSON))
            transaction.append(entry)

        await self._writer.do(operation)

    async def keep(self, token_hash: bytes, session: Session) -> None:
        """Keep what changed of a session; one that was ended meanwhile stays ended.

        Raises:
            FailedClosed: nothing of it was kept.
        """
        sealed = self._seal(token_hash, session)

        def operation(transaction: Transaction) -> None:
            transaction.db.execute("update sessions set sealed = ? where tag = ?", (sealed, token_hash))

        await self._writer.do(operation)

    async def end(self, token_hash: bytes, entry: EntryDraft | None) -> None:
        """Forget a session, with its entry where there is one and it was not ended before.

        Raises:
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> None:
            gone = transaction.db.execute("delete from sessions where tag = ?", (token_hash,)).rowcount > 0
            if gone and entry is not None:
                transaction.append(entry)

        await self._writer.do(operation)

    def _seal(self, token_hash: bytes, session: Session) -> bytes:
        return self._sealer.seal(_TABLE, token_hash.hex(), session)


def forget_sessions(db: Connection, now: Instant) -> int:
    """Drop sessions whose life is over; says how many."""
    return db.execute("delete from sessions where expires_at <= ?", (now,)).rowcount
