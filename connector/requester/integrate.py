"""Errands: what the local side, the CLI and the jobs call to have records fetched, followed and purged.

Each method is one wish of a practitioner, checked, kept and told in one transaction; what then goes on by itself is
`running`, what may be done with a copy that came is `copies`. A crash of the process loses no more than what was in
motion: `resume_all` takes every fetch up where it was last committed.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from connector.core.codes import Code
from connector.core.errors import FailedClosed, LocalRefused
from connector.core.fetch import Fetch, FetchEvent
from connector.core.instant import Instant
from connector.core.mandate import Auth
from connector.core.members import MemberId
from connector.core.ports import (
    Clock,
    DocumentInspector,
    Entropy,
    FetchObserver,
    GuardedSink,
    GuardedSource,
    Idempotency,
    MemberDirectory,
    Oppositions,
    PeerClient,
    Practitioners,
    RequesterStore,
    TraceOutbox,
    Vault,
)
from connector.core.ports_insi import IdentityService
from connector.core.ports_vigilance import AlertNotices
from connector.core.states import FETCH_READABLE, FetchState, check_move
from connector.requester import entries, notes
from connector.requester.copies import Copies
from connector.requester.limits import PractitionerLimit
from connector.requester.means import Means, end, give_up
from connector.requester.new_fetch import NewFetch, build_fetch, check_planned, members_to_ask
from connector.requester.outbox import AckOutbox, TraceDelivery
from connector.requester.probe import Probe, ProbeResult
from connector.requester.receive import Sleep
from connector.requester.rules import HOUSE_REFUSALS, Rules, expired
from connector.requester.running import Running
from connector.requester.settings import RequesterSettings
from connector.requester.verifying import Verifying

_CHOOSABLE: Final = frozenset({FetchState.CHOOSING, FetchState.READY, FetchState.FILED})


@dataclass(frozen=True, slots=True)
class House:
    """The ports of the rest of the house; `source` and `sink` are None where no adapter is configured.

    Without `oppositions`, the source alone tells whether a worker objects; without `insi` an identity whose
    verification is too old is refused. `alerts` takes the near misses that are seen on the way.
    """

    store: RequesterStore
    vault: Vault
    peers: PeerClient
    directory: MemberDirectory
    practitioners: Practitioners
    source: GuardedSource | None
    sink: GuardedSink | None
    traces: TraceOutbox
    inspector: DocumentInspector
    clock: Clock
    entropy: Entropy
    observer: FetchObserver
    oppositions: Oppositions | None = None
    insi: IdentityService | None = None
    alerts: AlertNotices | None = None


class Errands:
    """All the fetches of this service. `who` is the PS_IdNat of the practitioner for whom something is done."""

    def __init__(self, settings: RequesterSettings, house: House, *, sleep: Sleep = asyncio.sleep) -> None:
        self._settings, self._house = settings, house
        self._clock, self._store = house.clock, house.store
        self._rules = Rules(
            settings,
            house.practitioners,
            house.source,
            house.oppositions,
            house.clock,
            house.entropy,
            alerts=house.alerts,
            verifies=house.insi is not None,
        )
        self._verifying = Verifying(settings, house.insi, house.alerts, house.clock, house.entropy)
        self._limit = PractitionerLimit(settings, house.store, house.clock, house.observer)
        self._acks = AckOutbox(settings, house.store, house.peers, house.directory, house.clock, house.observer)
        self._traces = TraceDelivery(settings, house.traces, house.source, house.sink, house.clock, house.observer)
        self._means = Means(
            settings=settings,
            directory=house.directory,
            peers=house.peers,
            vault=house.vault,
            inspector=house.inspector,
            rules=self._rules,
            clock=house.clock,
            entropy=house.entropy,
            observer=house.observer,
            sleep=sleep,
            deliver=self._deliver_soon,
        )
        self._probe = Probe(self._means, house.store)
        self._running = Running(self._means, house.store)
        self.copies = Copies(self._means, self._running, house.store, house.practitioners, house.sink)
        self._deliveries: set[asyncio.Task[None]] = set()

    # ------------------------------------------------------------------ preparing and starting

    async def prepare(self, new: NewFetch, caller: str, idempotency: Idempotency | None = None) -> Fetch:
        """Check a demand and keep it as a fetch, prepared; the same key with the same body gives the same fetch.

        Raises:
            LocalRefused: `local.malformed`, `fetch.too_many_members`, `member.unknown`, `member.suspended`,
                `local.forbidden`, `practitioner.profession`, `identity.oid`, `identity.not_qualified`,
                `fetch.opposed`, `fetch.not_followed`, `local.conflict`.
            AdapterFault: this service's own software could not be asked about the worker.
            FailedClosed: it cannot be kept.
        """
        members = members_to_ask(new.members, self._house.directory, self._settings)
        now = self._clock.now()
        check_planned(new.planned_for, now)
        try:
            worker, follow_up = await self._rules.admit(new)
        except LocalRefused as error:
            if error.code in HOUSE_REFUSALS:
                await self._store.record(entries.refused(new, caller, error, now))
            raise
        fetch = build_fetch(
            new,
            worker=worker,
            follow_up=follow_up,
            members=members,
            caller=caller,
            now=now,
            entropy=self._house.entropy,
            settings=self._settings,
        )
        kind, data = notes.prepared(fetch)
        first = FetchEvent(fetch_id=fetch.id, number=1, at=now, kind=kind, data=data)
        return await self._store.create_fetch(fetch, idempotency, first)

    async def made(self, idempotency: Idempotency) -> Fetch | None:
        """Give the fetch that was prepared under a key, None where none was.

        Raises:
            LocalRefused: `local.conflict`, the key was used for something else.
            FailedClosed: the state cannot be read.
        """
        return await self._store.fetch_made(idempotency)

    async def start(
        self, fetch_id: str, who: str | None = None, auth: Auth | None = None, instead_of: Sequence[str] = ()
    ) -> Fetch:
        """Ask the services: *asked* is durable for each before the first lookup leaves.

        `auth` is the login of the practitioner who starts it now, where it was prepared under another: mandates name
        the newer. One that was planned for a day has its whole time from here on. Where the identity is to be verified
        first, INSi is asked before this returns; what it does not bear out ends
        the fetch, and no service is asked. `instead_of` are fetches of the same practitioner whose copies are discarded
        once nothing stands against the start, before a service is asked.

        Raises:
            LocalRefused: `local.not_found`; `fetch.state`, it was started already; a rule (`Rules.permit`);
                `practitioner.auth_level`, an assistant prepared it and no login of the practitioner is given;
                `limit.exceeded`, this practitioner asked enough today.
            AdapterFault, FailedClosed: as `prepare`.
        """
        errand = await self._running.find(fetch_id, who)
        async with errand.lock:
            check_move(errand.fetch.state, FetchState.ASKING)
            if errand.fetch.by_another and auth is None:
                raise LocalRefused(
                    "fetch: somebody prepared it for the practitioner, expected a login of theirs to start it",
                    code=Code.PRACTITIONER_AUTH_LEVEL,
                    hint="the practitioner signs in and starts it from the work list",
                )
            await self._rules.permit(errand.fetch, is_start=True)
            async with self._limit.place(errand.fetch):
                if await self._verifying.passes(errand, self._means):
                    for replaced in instead_of:
                        await self.copies.discard(replaced, errand.fetch.owner)
                    await self._running.begin_asking(errand, **self._started(errand.fetch, auth))
        return errand.fetch

    def _started(self, fetch: Fetch, auth: Auth | None) -> dict[str, Any]:
        now = self._clock.now()
        changes: dict[str, Any] = {"started_at": now}
        if auth is not None:
            changes["practitioner"] = replace(fetch.practitioner, auth=auth)
        if fetch.planned_for is not None:
            changes["expires_at"] = Instant(now + self._settings.fetch_seconds)
        return changes

    async def choose(self, fetch_id: str, member: MemberId, who: str | None = None) -> Fetch:
        """Take an announced record, the newest or another; the document that is there stays until it has come.

        Where it does not come, the fetch goes back to that document.

        Raises:
            LocalRefused: `local.not_found`; `fetch.state`; `fetch.no_document`, that service announced none;
                `fetch.expired`.
            FailedClosed: it cannot be kept.
        """
        errand = await self._running.find(fetch_id, who)
        async with errand.lock:
            fetch = errand.fetch
            check_move(fetch.state, FetchState.DOWNLOADING)
            reply = fetch.reply_of(member)
            if fetch.state not in _CHOOSABLE or reply is None or reply.announcement is None:
                raise LocalRefused(
                    f"service {member}: announced no record in this fetch",
                    code=Code.FETCH_NO_DOCUMENT,
                    hint="choose one of the services that announced one",
                    field="member",
                )
            if fetch.document is not None and fetch.document.member == member and fetch.state in FETCH_READABLE:
                raise LocalRefused(
                    f"service {member}: its record is the one that is here",
                    code=Code.FETCH_STATE,
                    hint="read it, or start a new fetch for a newer one",
                    field="member",
                )
            valid_until = Instant(fetch.begun_at + self._settings.fetch_seconds)
            if fetch.state in FETCH_READABLE and self._clock.now() >= valid_until:
                raise expired(fetch)
            expires_at = valid_until if fetch.state in FETCH_READABLE else fetch.expires_at
            chosen = replace(reply, code=None, detail="")
            await errand.keep(
                state=FetchState.DOWNLOADING,
                chosen=member,
                expires_at=expires_at,
                replies=errand.with_replies(chosen),
                steps_ms={name: milliseconds for name, milliseconds in fetch.steps_ms.items() if name != "total"},
                comes_back_as=fetch.state if fetch.state in FETCH_READABLE else None,
            )
            self._running.spawn(errand)
        return errand.fetch

    async def cancel(self, fetch_id: str, who: str | None = None) -> Fetch:
        """Stop a fetch that has not come to its end; nothing more is asked for it.

        Where a copy is here and another record was on its way, only that one is stopped: the copy can be read again.

        Raises:
            LocalRefused: `local.not_found`; `fetch.state`, it has ended, or its document is there.
            FailedClosed: it cannot be kept.
        """
        errand = await self._running.find(fetch_id, who)
        async with errand.lock:
            check_move(errand.fetch.state, FetchState.CANCELLED)
            await self._running.stop(fetch_id)
            await give_up(errand, self._means, FetchState.CANCELLED)
            if errand.fetch.state is FetchState.CANCELLED:
                for reply in errand.fetch.replies:
                    await self._means.drop(fetch_id, reply.member)
        return errand.fetch

    async def take_out(self, fetch_id: str) -> Fetch:
        """Cancel a fetch that still waits to be started; one that somebody starts at the same time goes on.

        Raises:
            LocalRefused: `local.not_found`; `fetch.state`, it was started, or has ended.
            FailedClosed: it cannot be kept.
        """
        errand = await self._running.find(fetch_id, None)
        async with errand.lock:
            await end(errand, self._means, FetchState.CANCELLED, only_from=FetchState.PREPARED)
        return errand.fetch

    # ------------------------------------------------------------------ looking and following

    async def get(self, fetch_id: str, who: str | None = None) -> Fetch:
        """Give a fetch; another practitioner's is answered as one that is not there.

        Raises:
            LocalRefused: `local.not_found`.
        """
        return (await self._running.find(fetch_id, who)).fetch

    async def list(self, who: str | None, limit: int = 50, before: str | None = None) -> Sequence[Fetch]:
        """Give the fetches of a practitioner, or of all with None, the newest first.

        Raises:
            LocalRefused: `local.not_found`, no fetch of the id `before`.
        """
        return await self._store.fetches(owner=who, limit=limit, before=before)

    async def prepared(self, who: str | None) -> Sequence[Fetch]:
        """Give the fetches that wait to be started: a practitioner's, or everybody's with None, the oldest first.

        Raises:
            FailedClosed: the state cannot be read.
        """
        found = await self._store.fetches_prepared()
        return [fetch for fetch in found if who is None or fetch.owner == who]

    async def events(self, fetch_id: str, after: int = 0, who: str | None = None) -> AsyncIterator[FetchEvent]:
        """Give the events after a number, then those to come, until the fetch can be read or has ended.

        Raises:
            LocalRefused: `local.not_found`.
        """
        errand = await self._running.find(fetch_id, who)
        async for event in errand.follow(after):
            yield event

    # ------------------------------------------------------------------ what runs by itself

    async def probe(self, member: MemberId, steps: dict[str, int] | None = None) -> ProbeResult:
        """Test the way to one member with a document about nobody: see `requester.probe.Probe.run`, also for errors."""
        return await self._probe.run(member, steps)

    async def resume_all(self) -> None:
        """Take up every fetch that was running when the process ended.

        Raises:
            FailedClosed: the state cannot be read.
        """
        await self._running.resume()

    async def run_due_work(self, *, may_end: bool = True) -> None:
        """Do what is due: expire, purge, ask again, take up what failed closed, deliver. One failure stops no other.

        Nothing is expired or purged where the clock may not be believed for it (`may_end`, `core.clock_jump`).

        Raises:
            FailedClosed: the state cannot be read.
        """
        if may_end:
            await self._running.by_the_clock()
        await self._running.resume()
        await self._deliver()

    async def close(self) -> None:
        """Stop what runs, as it was last committed, and wait for it."""
        await self._running.close()
        deliveries = list(self._deliveries)
        for task in deliveries:
            task.cancel()
        await asyncio.gather(*deliveries, return_exceptions=True)

    def _deliver_soon(self) -> None:
        task = asyncio.create_task(self._deliver(), name="deliveries")
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deliver(self) -> None:
        for what, outbox in (("acknowledgements", self._acks), ("traces", self._traces)):
            try:
                await outbox.deliver()
            except FailedClosed as error:
                self._house.observer.work_failed(what, "", error.code.value, error)
