"""Launch in context: a signed token becomes a one-time address, and that a page about one worker for one person.

The token travels in a body, never in an address: the browser brings it by a form, or the vendor's software by a call
that answers with the address to open (docs/adr: launch by form or by call). The address holds a random reference that
opens once. Every refusal is journalled, and counts against the address it came from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Final

from aiohttp import web
from pydantic import Field, StringConstraints

from connector.core import b64
from connector.core.codes import Code
from connector.core.directory import MemberKey
from connector.core.errors import IdentityFault, LocalRefused
from connector.core.instant import Instant
from connector.core.launch import LaunchedContext
from connector.core.ledger import EntryDraft, EntryType
from connector.core.mandate import Auth, AuthMeans, VisitKind
from connector.core.members import MemberId
from connector.core.people import Person
from connector.core.ports import Clock, Entropy
from connector.core.ports_sign_in import OneTimeStore
from connector.local.guards import PORTS
from connector.local.intake import read_moment, read_worker
from connector.local.requests import PS_ID_PATTERN, AuthIn, Body, MemberIdText, WorkerIn, read_data
from connector.local.settings import LocalSettings
from connector.local.sign_in.lockout import Lockout
from connector.local.sign_in.staff import Staff
from connector.local.sign_in.values import PREPARING, signed_in_of
from connector.wire import launch as wire

_TOKEN, _ADDRESS, _DRAFT = "launch token", "launch address", "launched"
_ADDRESS_SECONDS: Final = 300
_DRAFT_SECONDS: Final = 1800
_AUTH_AGE_SECONDS: Final = 86_400


class LaunchIn(Body):
    """What a token says beside its own claims."""

    worker: WorkerIn
    services: Annotated[list[MemberIdText], Field(max_length=20)] = []  # noqa: RUF012 (pydantic copies it)
    visit: VisitKind | None = None
    practitioner: Annotated[str, Field(pattern=PS_ID_PATTERN)] | None = None
    auth: AuthIn | None = None
    reference: Annotated[str, StringConstraints(max_length=64, pattern=r"^[!-~]*$")] = ""


@dataclass(frozen=True, slots=True)
class VendorKey:
    """By what a vendor's software signs launches, for whom it may speak, and whether its word signs them in."""

    key: MemberKey
    practitioners: frozenset[str]
    vouches: bool


class Launching:
    """The launches of this connector."""

    def __init__(
        self,
        keys: Mapping[str, VendorKey],
        one_time: OneTimeStore,
        staff: Staff,
        lockout: Lockout,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._keys, self._one_time, self._staff, self._lockout = dict(keys), one_time, staff, lockout
        self._clock, self._entropy = clock, entropy

    def replace(self, keys: Mapping[str, VendorKey]) -> None:
        """Take other keys, at a reload."""
        self._keys = dict(keys)

    async def receive(
        self, token: str, address: str, settings: LocalSettings, *, caller: str | None = None
    ) -> tuple[str, Instant]:
        """Take a token, once, and give the reference that opens it, with its end. `caller` must be who signed it.

        Raises:
            LocalRefused: `launch.*`; `sign_in.locked_out`, too many refused from this address.
            FailedClosed: it could not be kept, with its journal entry.
        """
        async with self._lockout.attempt(address, kind=EntryType.LAUNCH_REFUSED) as attempt:
            try:
                return await self._receive(token, settings, caller)
            except LocalRefused as fault:
                raise attempt.failed(fault) from None

    async def _receive(self, token: str, settings: LocalSettings, caller: str | None) -> tuple[str, Instant]:
        now = self._clock.now()
        keys = {name: vendor.key for name, vendor in self._keys.items()}
        compact = token.strip().encode("ascii", "replace")
        found = wire.read(compact, keys, audience=settings.member, now=now)
        if caller is not None and caller != found.issuer:
            raise LocalRefused("launch: signed by another software than calls", code=Code.LAUNCH_SIGNATURE)
        context = self._context(found, settings, now)
        # Kept for a day: a token is refused as replayed long after its time is over anyway.
        first = await self._one_time.put(_TOKEN, f"{found.issuer}/{found.jti}", context, found.expires_at)
        if not first:
            raise LocalRefused("launch: the token was used before", code=Code.LAUNCH_REPLAYED)
        reference, ends_at = b64.encode(self._entropy.token(32)), Instant(now + _ADDRESS_SECONDS)
        entry = EntryDraft(
            type=EntryType.LAUNCHED, at=now, reason="received", personal={"key": found.issuer},
            workers=(context.worker.ins,),
        )  # fmt: skip
        await self._one_time.put(_ADDRESS, reference, context, ends_at, entry)
        return reference, ends_at

    async def vouched(self, reference: str) -> tuple[Person, Auth] | None:
        """Give the person whom the software that made a launch signs in at its own word; None where it does not.

        Raises:
            LocalRefused: `launch.person`, it names one for whom it may not speak.
        """
        context = await self._one_time.peek(_ADDRESS, reference, LaunchedContext, self._clock.now())
        vendor = self._keys.get(context.issuer) if context is not None else None
        if context is None or vendor is None or not vendor.vouches or context.auth is None:
            return None
        person = self._staff.of_practitioner(context.practitioner_id or "")
        if person is None:
            raise _other_person("nobody of this service's list is the professional that it names")
        level = min(context.auth.level, person.vouched_level, key=lambda one: one.rank)
        return person, replace(context.auth, level=level)

    async def open(self, reference: str, person: Person) -> str:
        """Open an address, once, to the person who is signed in; gives the id by which pages read the launch.

        Raises:
            LocalRefused: `launch.replayed`, it was opened before; `launch.expired`; `launch.person`, it is for another;
                `sign_in.role`, nothing is prepared by them. What is for somebody else still opens to them.
            FailedClosed: it could not be kept, with its journal entry.
        """
        if person.roles.isdisjoint(PREPARING):
            raise LocalRefused("launch: no role of this person opens the page of a fetch", code=Code.SIGN_IN_ROLE)
        now = self._clock.now()
        peeked = await self._one_time.peek(_ADDRESS, reference, LaunchedContext, now)
        own = person.practitioner.value if person.practitioner is not None else None
        if peeked is not None and own is not None and peeked.practitioner_id not in {None, own}:
            raise _other_person("it was made for another professional")
        context, was_taken = await self._one_time.take(_ADDRESS, reference, LaunchedContext)
        if context is None:
            code = Code.LAUNCH_REPLAYED if was_taken else Code.LAUNCH_EXPIRED
            raise LocalRefused("launch: its address was opened before, or its time is over", code=code)
        draft, ends_at = self._entropy.token(16).hex(), Instant(now + _DRAFT_SECONDS)
        entry = EntryDraft(
            type=EntryType.LAUNCHED, at=now, reason="opened", ref=draft,
            personal={"key": context.issuer, "person": person.id}, workers=(context.worker.ins,),
        )  # fmt: skip
        await self._one_time.put(_DRAFT, draft, replace(context, person_id=person.id), ends_at, entry)
        return draft

    async def read(self, draft: str, person_id: str) -> LaunchedContext | None:
        """Give a launch that was opened to this person within the half hour."""
        found = await self._one_time.peek(_DRAFT, draft, LaunchedContext, self._clock.now())
        return found if found is not None and found.person_id == person_id else None

    def _context(self, token: wire.LaunchToken, settings: LocalSettings, now: Instant) -> LaunchedContext:
        try:
            stated = read_data(token.content, LaunchIn)
            worker = read_worker(stated.worker, settings)
            services = tuple(MemberId.parse(service, strict=False) for service in stated.services)
            auth = None
            if stated.auth is not None:
                at = read_moment(stated.auth.at, "auth.at")
                auth = Auth(AuthMeans.VENDOR, stated.auth.level, at)
        except (IdentityFault, LocalRefused) as fault:
            raise LocalRefused(f"launch: {fault.message}", code=Code.LAUNCH_MALFORMED) from None
        vendor = self._keys[token.issuer]
        if stated.practitioner is not None and stated.practitioner not in vendor.practitioners:
            raise _other_person("its key may not speak for the professional that it names")
        if auth is not None and not now - _AUTH_AGE_SECONDS <= auth.at <= now + 60:
            raise LocalRefused("launch: the login that it states is too old, or to come", code=Code.LAUNCH_EXPIRED)
        return LaunchedContext(
            issuer=token.issuer,
            worker=worker,
            services=services,
            visit=stated.visit,
            practitioner_id=stated.practitioner,
            auth=auth,
            reference=stated.reference,
        )


async def launched_of(request: web.Request, draft: str) -> LaunchedContext | None:
    """Give what the page of whoever is signed in was opened with; None where it was not, or is not theirs."""
    desk, me = request.app[PORTS].sign_in, signed_in_of(request)
    if desk is None or me is None:
        return None
    return await desk.launching.read(draft, me.person_id)


def _other_person(why: str) -> LocalRefused:
    return LocalRefused(f"launch: {why}", code=Code.LAUNCH_PERSON)
