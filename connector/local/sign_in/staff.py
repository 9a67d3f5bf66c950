"""The people of this service as everybody asks them: one answer to "may this practitioner still ask".

People are kept in the state and read once; the practitioners of the configuration, for whom only vendors' keys speak,
stand beside them. Where a practitioner is on both, the list of people alone decides: it can be changed at once, and its
changes are journalled.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connector.core.coded import MAY_READ_WHOLE_RECORD, Coded
from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import LocalRefused
from connector.core.instant import Instant, day_in_france
from connector.core.ledger import EntryDraft, EntryType
from connector.core.mandate import AuthLevel
from connector.core.people import Person, Role, Standing, Subject
from connector.core.ports import Clock, Entropy, new_id
from connector.core.ports_sign_in import PeopleStore
from connector.core.practitioner_id import PractitionerId
from connector.core.private import Private
from connector.local.ports_people import Listed, PractitionerList


@dataclass(frozen=True, slots=True, repr=False)
class NewPerson(Private):
    """A person as somebody enters them."""

    name: str
    roles: frozenset[Role]
    practitioner: str | None = None
    subjects: tuple[Subject, ...] = ()
    vouched_level: AuthLevel = AuthLevel.LOW
    ends_on: str | None = None


class Staff:
    """The people of this service; `core.ports.Practitioners` for everybody else."""

    def __init__(self, store: PeopleStore, configured: PractitionerList, clock: Clock, entropy: Entropy) -> None:
        self._store, self._configured, self._clock, self._entropy = store, configured, clock, entropy
        self._people: dict[str, Person] = {}
        self._practitioners: dict[str, Person] = {}
        self._subjects: dict[tuple[str, str], Person] = {}
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Read everybody; to be called once, before anyone is asked about.

        Raises:
            FailedClosed: the state cannot be read.
        """
        self._index(await self._store.all())

    # ------------------------------------------------------------------ asked

    def people(self) -> Sequence[Person]:
        """Give everybody, in the order they were added."""
        return tuple(self._people.values())

    def person(self, person_id: str) -> Person | None:
        """Give a person as they are now."""
        return self._people.get(person_id)

    def find(self, person_id: str) -> Person:
        """Give a person.

        Raises:
            LocalRefused: `local.not_found`.
        """
        person = self._people.get(person_id)
        if person is None:
            raise LocalRefused("person: there is none of this id", code=Code.LOCAL_NOT_FOUND)
        return person

    def of_practitioner(self, practitioner_id: str) -> Person | None:
        """Give the person of a PS_IdNat."""
        return self._practitioners.get(practitioner_id)

    def of_subject(self, subject: Subject) -> Person | None:
        """Give the person whom a provider knows by that."""
        return self._subjects.get((subject.provider, subject.id))

    def standing(self, person: Person) -> Standing:
        """Whether a person may do anything here today."""
        return person.standing(self._today())

    def get(self, practitioner_id: str) -> Listed | None:
        """Give what a mandate says of a practitioner; None for one who may not ask, or not any more."""
        person = self._practitioners.get(practitioner_id)
        if person is None:
            return self._configured.get(practitioner_id)
        profession = person.profession
        if profession is None or not person.may_ask(self._today()):
            return None
        return _Listed(person.name, profession, person.vouched_level)

    def may_ask(self, practitioner_id: str) -> bool:
        """Whether records may be asked for in their name now."""
        return self.get(practitioner_id) is not None

    def may_read(self, practitioner_id: str) -> bool:
        """Whether they may read a whole DMST now."""
        listed = self.get(practitioner_id)
        return listed is not None and listed.profession in MAY_READ_WHOLE_RECORD

    # ------------------------------------------------------------------ changed

    def build(self, new: NewPerson) -> Person:
        """Give the person of what was entered, not yet kept.

        Raises:
            LocalRefused: `local.malformed`, a value that does not fit.
            IdentityFault: `identity.malformed`, the practitioner id or the day.
        """
        return Person(
            id=new_id(self._entropy),
            name=new.name.strip(),
            roles=new.roles,
            added_at=self._clock.now(),
            practitioner=PractitionerId.parse(new.practitioner) if new.practitioner else None,
            subjects=new.subjects,
            vouched_level=new.vouched_level,
            ends_on=_day(new.ends_on),
        )

    def check_free(self, person: Person) -> None:
        """Say before keeping a new person whether it could be kept.

        Raises:
            LocalRefused: `local.conflict`.
        """
        taken = person.practitioner is not None and person.practitioner.value in self._practitioners
        if taken or any(self.of_subject(subject) for subject in person.subjects):
            raise LocalRefused(
                "person: another of the list has this practitioner id or subject", code=Code.LOCAL_CONFLICT
            )

    async def add(self, people: Sequence[Person], by: str) -> None:
        """Add people whom `build` gave, all or none.

        Raises:
            LocalRefused: `local.conflict`, one has the practitioner id or subject of another.
            FailedClosed: nothing of it was kept.
        """
        await self._store.add(people, [self._entry("added", person, by) for person in people])
        self._index((*self._people.values(), *people))

    async def suspend(self, person_id: str, by: str) -> Person:
        """Let a person do nothing from now on, open sessions and running fetches too."""
        return await self._change(
            person_id, "suspended", by, lambda person: replace(person, suspended_at=self._clock.now())
        )

    async def resume(self, person_id: str, by: str) -> Person:
        """Let a suspended person go on."""
        return await self._change(person_id, "resumed", by, lambda person: replace(person, suspended_at=None))

    async def end(self, person_id: str, ends_on: str | None, by: str) -> Person:
        """Set the last day that counts, or take it away."""
        day = _day(ends_on)
        return await self._change(person_id, "ends", by, lambda person: replace(person, ends_on=day), day=day)

    async def change(
        self,
        person_id: str,
        by: str,
        *,
        name: str | None = None,
        roles: frozenset[Role] | None = None,
        practitioner: str | None = None,
        subjects: tuple[Subject, ...] | None = None,
        vouched_level: AuthLevel | None = None,
    ) -> Person:
        """Change what is given, and leave the rest. An empty `practitioner` takes it away.

        Raises:
            LocalRefused: `local.not_found`, `local.malformed`, `local.conflict`.
            IdentityFault: `identity.malformed`.
            FailedClosed: nothing of it was kept.
        """

        def changed(person: Person) -> Person:
            stated = person.practitioner
            if practitioner is not None:
                stated = PractitionerId.parse(practitioner) if practitioner else None
            return replace(
                person,
                name=name.strip() if name is not None else person.name,
                roles=roles if roles is not None else person.roles,
                practitioner=stated,
                subjects=subjects if subjects is not None else person.subjects,
                vouched_level=vouched_level if vouched_level is not None else person.vouched_level,
            )

        return await self._change(person_id, "changed", by, changed)

    async def review(self, confirmed: Sequence[str], note: str, by: str, caller: str) -> None:
        """Keep that somebody went through the list and signs that these may go on, and nobody else should.

        Raises:
            LocalRefused: `local.conflict`, the list is another than the one that was gone through.
            FailedClosed: it was not kept.
        """
        active = sorted(p.id for p in self._people.values() if self.standing(p) is Standing.ACTIVE)
        if sorted(confirmed) != active:
            raise LocalRefused(
                "review: the people who may do something here are not those that were confirmed",
                code=Code.LOCAL_CONFLICT,
                hint="go through the list as it is now; suspend or end who should not be on it",
            )
        personal = {"by": by, "note": note, "caller": caller, "people": active}
        now = self._clock.now()
        await self._store.note(EntryDraft(type=EntryType.PERSON, at=now, reason="reviewed", personal=personal))

    async def _change(
        self,
        person_id: str,
        what: str,
        by: str,
        change: Callable[[Person], Person],
        **more: Any,  # noqa: ANN401
    ) -> Person:
        # One after the other: a change made from what stood before a suspension would take it back.
        async with self._changing:
            changed = change(self.find(person_id))
            await self._store.change(changed, self._entry(what, changed, by, **more))
            self._index([changed if person.id == person_id else person for person in self._people.values()])
            return changed

    def _index(self, people: Sequence[Person]) -> None:
        self._people = {person.id: person for person in people}
        self._practitioners = {p.practitioner.value: p for p in people if p.practitioner is not None}
        self._subjects = {(s.provider, s.id): p for p in people for s in p.subjects}

    def _entry(self, what: str, person: Person, by: str, **more: Any) -> EntryDraft:  # noqa: ANN401
        personal: Mapping[str, Any] = {
            "by": by,
            "name": person.name,
            "roles": sorted(person.roles),
            "practitioner": person.practitioner.value if person.practitioner is not None else None,
            **more,
        }
        return EntryDraft(type=EntryType.PERSON, at=self._clock.now(), reason=what, ref=person.id, personal=personal)

    def _today(self) -> str:
        return day_in_france(Instant(self._clock.now()))


@dataclass(frozen=True, slots=True, repr=False)
class _Listed(Private):
    name: str
    profession: Coded
    auth_level: AuthLevel


def _day(text: str | None) -> str | None:
    return str(Day.parse(text, field="ends on")) if text else None
