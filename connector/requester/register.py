"""The register of oppositions as the service's own people use it: what a worker said, kept, journalled, passed on.

An objection counts from the moment it is kept, for what peers ask here and for what this service asks them. The sink
then takes it into the worker's record, which R4624-45-6 wants to have it; what no sink takes stays listed until a
person has entered it by hand. A lifting is passed on the same way, and stays listed while the vendor's software still
says that the worker objects, since a *yes* of either wins. The contract tells a sink of the 2° only: an objection of
the 1° is always entered by hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import AdapterFault, FailedClosed, LocalRefused
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType
from connector.core.mandate import InformationMeans
from connector.core.matricule import Ins
from connector.core.oid import Environment, oid_belongs
from connector.core.oppositions import Lifting, Notice, Objection, OppositionKind, check_day
from connector.core.ports import Clock, Entropy, GuardedSink, GuardedSource, OppositionStore, new_id
from connector.core.private import Private
from connector.core.records import Opposition, ToldToWorker

AT_ONCE: Final = 100
"""How many are read in one go."""

_FRANCE: Final = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True, repr=False)
class NewObjection(Private):
    """An objection as it is handed in. Without `tell_sink` nobody is to enter it elsewhere: it came from there."""

    ins: Ins
    kind: OppositionKind
    on: Day
    means: InformationMeans
    by: str
    tell_sink: bool = True


class Register:
    """The register's desk. `sink` and `source` are None where no adapter is configured."""

    def __init__(
        self,
        store: OppositionStore,
        *,
        environment: Environment,
        sink: GuardedSink | None,
        source: GuardedSource | None,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._store, self._environment = store, environment
        self._sink, self._source, self._clock, self._entropy = sink, source, clock, entropy

    def check(self, new: NewObjection) -> None:
        """Refuse what could not be kept, without keeping anything.

        Raises:
            LocalRefused: `identity.oid`, of another world; `local.malformed`, a day that has not come.
        """
        if not oid_belongs(new.ins.oid, self._environment):
            raise LocalRefused(
                f"worker oid: got an OID of another world, this connector runs in {self._environment}",
                code=Code.IDENTITY_OID,
                hint="real identities belong to production, synthetic ones to test",
                field="oid",
            )
        check_day(new.on, self._clock.now())

    async def add(self, new: NewObjection, caller: str) -> tuple[Objection, bool]:
        """Keep an objection, then hand it to the sink; False where the same worker's stood already, and stays.

        Raises:
            LocalRefused: as `check`.
            FailedClosed: it was not kept.
        """
        self.check(new)
        now = self._clock.now()
        objection = Objection(
            id=new_id(self._entropy),
            ins=new.ins,
            kind=new.kind,
            on=new.on,
            means=new.means,
            by=new.by,
            recorded_at=now,
            recorded_by=caller,
            due=Notice.OBJECTION if new.tell_sink else None,
        )
        kept = await self._store.add(objection, _entry(objection, "added", caller, now))
        if kept.id != objection.id:
            return kept, False
        return await self._pass_on(kept), True

    async def lift(self, objection_id: str, lifting: Lifting, caller: str, *, tell_sink: bool = True) -> Objection:
        """Note that the worker no longer objects, then hand that to the sink.

        Raises:
            LocalRefused: `local.not_found`; `local.conflict`, lifted before; `local.malformed`, its day.
            FailedClosed: it was not kept.
        """
        now = self._clock.now()
        check_day(lifting.on, now)
        found = await self.get(objection_id)
        entry = _entry(replace(found, lifted=lifting), "lifted", caller, now)
        due = Notice.LIFTING if tell_sink else None
        return await self._pass_on(await self._store.lift(objection_id, lifting, due, entry))

    async def entered(self, objection_id: str, caller: str) -> Objection:
        """Note that a person entered it by hand into the vendor's software.

        Raises:
            LocalRefused: `local.not_found`; `local.conflict`, there was nothing to enter.
            FailedClosed: it was not kept.
        """
        found = await self.get(objection_id)
        if found.due is None or not await self._settle(found, found.due, "entered-by-hand", caller):
            raise LocalRefused(
                "opposition: your software has it already, nothing is to be entered", code=Code.LOCAL_CONFLICT
            )
        return replace(found, due=None)

    async def get(self, objection_id: str) -> Objection:
        """Give an entry.

        Raises:
            LocalRefused: `local.not_found`.
        """
        found = await self._store.find(objection_id)
        if found is None:
            raise LocalRefused(
                "opposition: the register has none of this id",
                code=Code.LOCAL_NOT_FOUND,
                hint="list them, or search by worker",
            )
        return found

    async def of_worker(self, ins: Ins) -> Sequence[Objection]:
        """Give a worker's entries, under this INS and those that the vendor's software knows them by.

        Raises:
            FailedClosed: the state cannot be read.
        """
        return await self._store.of_worker(await self.known_as(ins))

    async def page(self, *, only_due: bool = False, before: str | None = None, limit: int = 50) -> Sequence[Objection]:
        """Give entries, the newest first; with `only_due` those still to be entered in the vendor's software.

        Raises:
            LocalRefused: `local.not_found`, no entry of the id `before`.
        """
        return await self._store.page(only_due=only_due, before=before, limit=limit)

    async def pass_on_due(self) -> None:
        """Try again to hand over what the vendor's software does not have yet."""
        if self._sink is None:
            return
        before = None
        while page := await self._store.page(only_due=True, before=before, limit=AT_ONCE):
            for objection in page:
                await self._pass_on(objection)
            before = page[-1].id

    async def _pass_on(self, objection: Objection) -> Objection:
        """Hand an entry to the sink, and give it as it then is: whatever fails, it stays to be entered."""
        notice = objection.due
        if notice is None or self._sink is None or objection.kind is not OppositionKind.PEERS:
            return objection
        try:
            await self._sink.told(_told(objection))
            if notice is Notice.LIFTING and await self._still_objects(objection.ins):
                return objection
            await self._settle(objection, notice, "taken-by-software", "connector")
        except (AdapterFault, FailedClosed):
            return objection
        return replace(objection, due=None)

    async def _settle(self, objection: Objection, notice: Notice, outcome: str, caller: str) -> bool:
        entry = _entry(objection, outcome, caller, self._clock.now())
        return await self._store.entered(objection.id, notice, entry)

    async def _still_objects(self, ins: Ins) -> bool:
        if self._source is None:
            return False
        return (await self._source.look(ins)).opposition is Opposition.YES

    async def known_as(self, ins: Ins) -> tuple[Ins, ...]:
        """Give a worker's INS with those that the vendor's software knows them by; alone where it does not answer."""
        try:
            identity = (await self._source.look(ins)).identity if self._source is not None else None
        except AdapterFault:
            identity = None
        if identity is None:
            return (ins,)
        active = () if identity.ins is None else (identity.ins,)
        return tuple(dict.fromkeys((ins, *active, *identity.former)))


def _told(objection: Objection) -> ToldToWorker:
    """Say to the sink what the worker said, each time as another statement: sinks take the same one once.

    Nobody notes the hour: an objection has, on its day, the hour in France at which it was recorded, so that another
    after a lifting is another; a lifting begins its day, but comes after what it lifts.
    """
    word = objection.lifted or objection
    hour = datetime.fromtimestamp(objection.recorded_at, _FRANCE).time()
    at = int(datetime.combine(objection.on.to_date(), hour, _FRANCE).timestamp())
    if objection.lifted is not None:
        at = max(int(datetime.combine(objection.lifted.on.to_date(), time(), _FRANCE).timestamp()), at + 1)
    return ToldToWorker(
        ins=objection.ins,
        at=Instant(at),
        by=word.by,
        means=word.means.value,
        objects=objection.lifted is None,
        told_id=objection.id if objection.lifted is None else _id_of_lifting(objection),
    )


def _id_of_lifting(objection: Objection) -> str:
    """Give the id of what is said at a lifting: not the objection's own, and the same whenever it is said again."""
    return sha256(f"lifting/{objection.id}".encode()).hexdigest()[:32]


def _entry(objection: Objection, outcome: str, caller: str, at: Instant) -> EntryDraft:
    """Give the house entry of a change; the kind stands open in `reason`, all about the worker in the sealed part."""
    word = objection.lifted or objection
    return EntryDraft(
        type=EntryType.OPPOSITION,
        at=at,
        outcome=outcome,
        reason=f"R4624-45-6 {objection.kind.value}°",
        ref=objection.id,
        personal={
            "by": word.by,
            "means": word.means.value,
            "on": str(word.on),
            "recorded_by": caller,
            "worker": objection.ins.to_token(),
        },
        workers=(objection.ins,),
    )
