"""The people of this service (`core.ports_sign_in.PeopleStore`): sealed rows, found by tags of what names them."""

from collections.abc import Sequence
from typing import Final

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.ledger import EntryDraft
from connector.core.people import Person, Subject
from connector.store.keys import TAG_BYTES, StateKeys
from connector.store.readers import Readers
from connector.store.sealing import Sealer
from connector.store.sql import Connection, one, rows
from connector.store.transaction import Transaction
from connector.store.writer import Writer

_TABLE: Final = "people"
_ALL: Final = "select id, sealed from people order by number limit 100000"


class SqlitePeople:
    """`core.ports_sign_in.PeopleStore` on the state's database."""

    def __init__(self, writer: Writer, readers: Readers, sealer: Sealer, keys: StateKeys) -> None:
        self._writer, self._readers, self._sealer, self._keys = writer, readers, sealer, keys

    async def all(self) -> Sequence[Person]:
        """Give everybody, in the order they were added."""
        found = await self._readers.run(lambda db: rows(db, _ALL))
        return [self._sealer.open(Person, _TABLE, person_id, sealed) for person_id, sealed in found]

    async def add(self, people: Sequence[Person], entries: Sequence[EntryDraft]) -> None:
        """Keep new people, all of them or none.

        Raises:
            LocalRefused: `local.conflict`, a practitioner id or a subject is somebody else's.
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> None:
            db = transaction.db
            for person in people:
                self._check_free(db, person)
                sealed = self._sealer.seal(_TABLE, person.id, person)
                db.execute(
                    "insert into people (id, practitioner_tag, sealed) values (?, ?, ?)",
                    (person.id, self._practitioner_tag(person), sealed),
                )
                self._keep_subjects(db, person)
            for entry in entries:
                transaction.append(entry)

        await self._writer.do(operation)

    async def change(self, person: Person, entry: EntryDraft) -> None:
        """Keep a changed person. What they may do is asked at every request, of open sessions too.

        Raises:
            LocalRefused: `local.conflict`, as `add`.
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> None:
            db = transaction.db
            self._check_free(db, person)
            sealed = self._sealer.seal(_TABLE, person.id, person)
            db.execute(
                "update people set practitioner_tag = ?, sealed = ? where id = ?",
                (self._practitioner_tag(person), sealed, person.id),
            )
            db.execute("delete from person_subjects where person_id = ?", (person.id,))
            self._keep_subjects(db, person)
            transaction.append(entry)

        await self._writer.do(operation)

    async def note(self, entry: EntryDraft) -> None:
        """Keep an entry that changes nobody, such as a review.

        Raises:
            FailedClosed: it was not kept.
        """

        def operation(transaction: Transaction) -> None:
            transaction.append(entry)

        await self._writer.do(operation)

    def _check_free(self, db: Connection, person: Person) -> None:
        tag = self._practitioner_tag(person)
        sql = "select 1 from people where practitioner_tag = ? and id <> ?"
        if tag is not None and one(db, sql, tag, person.id):
            raise _taken("practitioner")
        for subject in person.subjects:
            sql = "select 1 from person_subjects where tag = ? and person_id <> ?"
            if one(db, sql, self._subject_tag(subject), person.id):
                raise _taken("subject")

    def _keep_subjects(self, db: Connection, person: Person) -> None:
        for subject in person.subjects:
            db.execute("insert into person_subjects values (?, ?)", (self._subject_tag(subject), person.id))

    def _practitioner_tag(self, person: Person) -> bytes | None:
        return self._keys.owner_tag(person.practitioner.value) if person.practitioner is not None else None

    def _subject_tag(self, subject: Subject) -> bytes:
        return self._keys.tags.tag("subject", subject.provider, subject.id)[:TAG_BYTES]


def _taken(field: str) -> LocalRefused:
    return LocalRefused(
        f"person {field}: another person of the list has it",
        code=Code.LOCAL_CONFLICT,
        hint="one person, one entry: change the entry that is there",
        field=field,
    )
