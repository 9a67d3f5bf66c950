"""What one caller may do with fetches: only those of the practitioners that the caller speaks for.

A fetch of another practitioner and one that does not exist are the same here: `local.not_found`. Nothing of a
colleague's is seen, not even that it exists. A key speaks only for those who may ask now: what is in the name of
somebody who was suspended, or has left, is as closed to it as to their own session.

No service is asked again while a verified copy is kept: every way to have a document brought over comes through here,
from the API, the pages and the work list alike, and meets `CopyKept`.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Final

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.fetch import Fetch, FetchedDocument, FetchEvent
from connector.core.mandate import Auth
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.ports import Idempotency
from connector.core.states import FetchState
from connector.local.guards import PORTS, caller_of
from connector.local.keys import ApiKey, Caller
from connector.local.ports import Errands
from connector.local.problems import CopyKept
from connector.requester.new_fetch import NewFetch

_PAGE: Final = 100


class Desk:
    """The errands as one caller sees them."""

    def __init__(self, errands: Errands, caller: Caller, speaks_for: Collection[str]) -> None:
        self._errands, self._caller, self._speaks_for = errands, caller, speaks_for

    async def prepare(
        self, new: NewFetch, idempotency: Idempotency | None, *, start: bool, replaces: Collection[str] = ()
    ) -> Fetch:
        """Keep a new fetch and, if it was not already, start it.

        `replaces` names the fetches whose copies go where they stand in the way: by their ids, because the caller may
        not know of one that is here now. What is refused deletes nothing.

        Raises:
            CopyKept: nobody is asked a second time.
            LocalRefused, AdapterFault, FailedClosed: as the requester's rules say.
        """
        kept: Sequence[Fetch] = ()
        if start and not new.lookup_only:
            kept = await self._copies(new.practitioner.id.value, new.worker.ins, new.members)
        given_up = [copy for copy in kept if copy.owner == new.practitioner.id.value and copy.id in replaces]
        if len(given_up) < len(kept) and not await self._was_started(idempotency):
            raise CopyKept(next(copy for copy in kept if copy not in given_up), [copy.id for copy in given_up])
        fetch = await self._errands.prepare(new, self._caller.name, idempotency)
        if start and fetch.state is FetchState.PREPARED:
            fetch = await self._errands.start(fetch.id, instead_of=[copy.id for copy in given_up])
        return fetch

    async def _was_started(self, idempotency: Idempotency | None) -> bool:
        """Whether this very demand was made before: its answer is that fetch, also where its own copy is here now."""
        made = await self._errands.made(idempotency) if idempotency is not None else None
        return made is not None and made.state is not FetchState.PREPARED

    async def get(self, fetch_id: str) -> Fetch:
        """Give a fetch.

        Raises:
            LocalRefused: `local.not_found`.
        """
        fetch = await self._errands.get(fetch_id)
        if self._reader(fetch) is None:
            raise LocalRefused("fetch: there is none of this id", code=Code.LOCAL_NOT_FOUND)
        return fetch

    async def _own(self, fetch_id: str) -> Fetch:
        """Give a fetch that was asked for in the caller's name: one that was only handed to them is read, not steered.

        Raises:
            LocalRefused: `local.not_found`; `local.forbidden`, it is a colleague's.
        """
        fetch = await self.get(fetch_id)
        if not self.steers(fetch):
            raise LocalRefused(
                "fetch: it was handed on to be read, expected one of the caller's own",
                code=Code.LOCAL_FORBIDDEN,
                hint="the practitioner who asked for it decides what becomes of it",
            )
        return fetch

    def _reader(self, fetch: Fetch) -> str | None:
        """Give in whose name the caller may read: the owner's first."""
        return next((who for who in (fetch.owner, *fetch.readers) if who in self._speaks_for), None)

    async def list(self, limit: int, before: str | None) -> Sequence[Fetch]:
        """Give the newest fetches, before the one of that id where it is given.

        Raises:
            LocalRefused: `local.not_found`, no fetch of the id `before` that the caller may see.
        """
        if before is not None:
            await self.get(before)
        owners = self._speaks_for
        only = next(iter(owners)) if len(owners) == 1 else None
        found: list[Fetch] = []
        while owners and len(found) < limit:
            page = await self._errands.list(only, limit=_PAGE, before=before)
            found += [fetch for fetch in page if self._reader(fetch) is not None]
            if len(page) < _PAGE:
                break
            before = page[-1].id
        return found[:limit]

    async def prepared(self) -> Sequence[Fetch]:
        """Give what waits to be started in the caller's name, the oldest first."""
        found = await self._errands.prepared(None)
        return [fetch for fetch in found if fetch.owner in self._speaks_for]

    async def start(self, fetch_id: str, auth: Auth | None = None) -> Fetch:
        """Start a prepared fetch; `auth` is the login of whoever starts it, where that is known here.

        Raises:
            LocalRefused: `local.not_found`, `local.forbidden`.
            CopyKept: nobody is asked a second time.
        """
        fetch = await self._own(fetch_id)
        if fetch.state is FetchState.PREPARED and not fetch.lookup_only:
            await self._check_no_copy(fetch)
        return await self._errands.start(fetch.id, auth=auth)

    async def choose(self, fetch_id: str, member: MemberId) -> Fetch:
        """Have an announced record brought over; what was only a lookup becomes a demand for a document by it.

        Raises:
            LocalRefused: `local.not_found`, `local.forbidden`.
            CopyKept: nobody is asked a second time.
        """
        fetch = await self._own(fetch_id)
        if fetch.lookup_only and fetch.document is None:
            await self._check_no_copy(fetch)
        return await self._errands.choose(fetch.id, member)

    async def _check_no_copy(self, fetch: Fetch) -> None:
        """See that no copy answers what a fetch is to bring.

        Raises:
            CopyKept: one does.
        """
        members = [reply.member for reply in fetch.replies]
        if kept := await self._copies(fetch.owner, fetch.worker.ins, members):
            raise CopyKept(kept[0])

    async def _copies(self, who: str, worker: Ins, members: Sequence[MemberId]) -> Sequence[Fetch]:
        """Give the fetches whose verified copies answer a practitioner's demand, who can read them.

        They are of the same worker, and there is no other service to ask (our rule). A software may speak for several
        practitioners: what one of them keeps stands in nobody else's way.
        """
        wanted = frozenset(members)
        kept = await self._errands.copies.kept(who, worker)
        return [fetch for fetch in kept if wanted <= {reply.member for reply in fetch.replies}]

    async def cancel(self, fetch_id: str) -> Fetch:
        """Cancel a fetch."""
        return await self._errands.cancel((await self._own(fetch_id)).id)

    async def discard(self, fetch_id: str) -> Fetch:
        """Delete the copy that is here, in the name of the practitioner who asked."""
        fetch = await self._own(fetch_id)
        return await self._errands.copies.discard(fetch.id, fetch.owner)

    def steers(self, fetch: Fetch) -> bool:
        """Whether the caller decides what becomes of a fetch: it was asked for in their name, not only handed on."""
        return fetch.owner in self._speaks_for

    async def file(self, fetch_id: str, sha256: bytes | None) -> Fetch:
        """File the document in the service's software, in the name of the practitioner who asked."""
        fetch = await self._own(fetch_id)
        return await self._errands.copies.file(fetch.id, fetch.owner, sha256)

    async def read(self, fetch_id: str, sha256: bytes | None) -> tuple[FetchedDocument, AsyncIterator[bytes]]:
        """Open the document in the name of the practitioner who asked, or of the colleague it was handed to."""
        fetch = await self.get(fetch_id)
        return await self._errands.copies.read(fetch.id, self._reader(fetch) or fetch.owner, sha256)

    async def hand_on(self, fetch_id: str, colleague: str) -> Fetch:
        """Let a colleague read the document."""
        fetch = await self._own(fetch_id)
        return await self._errands.copies.hand_on(fetch.id, fetch.owner, colleague)

    def events(self, fetch: Fetch, after: int) -> AsyncIterator[FetchEvent]:
        """Follow a fetch that `get` gave."""
        return self._errands.events(fetch.id, after)


def desk_of(request: web.Request) -> Desk:
    """Give the desk of a call whose caller is known."""
    ports, caller = request.app[PORTS], caller_of(request)
    speaks_for = caller.practitioners
    if isinstance(caller, ApiKey):  # whether a person may go on was asked when their session was found
        speaks_for = frozenset(who for who in speaks_for if ports.practitioners.may_ask(who))
    return Desk(ports.errands, caller, speaks_for)
