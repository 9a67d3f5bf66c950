"""Recent answers of INSi on disk (`core.ports_insi.AnswerCache`): found by a MAC of the whole question, and sealed.

Question and answer are identities, so neither stands in the database: not even that two questions are alike shows to
who has it alone. An answer is dropped once it is older than the age that the configuration sets.
"""

from typing import Final

from connector.core.insi import InsiAnswer, SearchTraits
from connector.core.instant import Instant
from connector.core.ports_insi import Question
from connector.store.codec import codec_of
from connector.store.keys import TAG_BYTES, StateKeys
from connector.store.readers import Readers
from connector.store.sealing import Sealer
from connector.store.sql import one
from connector.store.writer import Transaction, Writer

_TABLE: Final = "insi_answers"
_FIND = "select sealed from insi_answers where tag = ? and at >= ?"
_KEEP = "insert or replace into insi_answers (tag, at, sealed) values (?, ?, ?)"
_FORGET = "delete from insi_answers where at < ?"


class SqliteInsiAnswers:
    """Answers of INSi that outlive a restart."""

    def __init__(self, writer: Writer, readers: Readers, sealer: Sealer, keys: StateKeys) -> None:
        self._writer, self._readers, self._sealer, self._keys = writer, readers, sealer, keys

    async def recent(self, question: Question, *, not_before: Instant) -> InsiAnswer | None:
        """Give the answer to that question if it came at `not_before` or later.

        Raises:
            FailedClosed: the state cannot be read.
        """
        tag = self._tag(question)
        row = await self._readers.run(lambda db: one(db, _FIND, tag, not_before))
        return self._sealer.open(InsiAnswer, _TABLE, tag.hex(), row[0]) if row else None

    async def keep(self, question: Question, answer: InsiAnswer) -> None:
        """Keep an answer in the place of an older one.

        Raises:
            FailedClosed: it was not kept.
        """
        tag = self._tag(question)
        sealed = self._sealer.seal(_TABLE, tag.hex(), answer)

        def operation(transaction: Transaction) -> None:
            transaction.db.execute(_KEEP, (tag, answer.at, sealed))

        await self._writer.do(operation)

    async def forget(self, before: Instant) -> None:
        """Drop answers that came before an instant.

        Raises:
            FailedClosed: the state cannot be written.
        """

        def operation(transaction: Transaction) -> None:
            transaction.db.execute(_FORGET, (before,))

        await self._writer.do(operation)

    def _tag(self, question: Question) -> bytes:
        kind = "traits" if isinstance(question, SearchTraits) else "vitale"
        asked = codec_of(type(question)).encode(question)
        return self._keys.tags.tag("insi question", kind, asked.decode())[:TAG_BYTES]
