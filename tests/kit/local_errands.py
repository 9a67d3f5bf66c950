"""Fetches in memory, moved by the real table of states and built by the requester's own functions.

What services answer is set by the test.
"""

import asyncio
from dataclasses import replace
from hashlib import sha256

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.evidence import DocumentDigest
from connector.core.fetch import FetchedDocument, FetchEvent, Reply, ServiceReply, most_recent
from connector.core.instant import Instant
from connector.core.mandate import FollowUp, FollowUpBasis
from connector.core.oid import Environment
from connector.core.states import FETCH_ENDED, FETCH_READABLE, FetchState, check_move
from connector.requester import notes
from connector.requester.new_fetch import build_fetch, members_to_ask
from connector.requester.settings import RequesterSettings
from tests.kit.local_values import PDF, US, WITHHELD, A, B, announced


class Errands:
    """`answers` says what each member replies; with `hold`, a started fetch waits until the test lets it go on."""

    def __init__(self, directory, clock, entropy):
        self.settings = RequesterSettings(member=US, environment=Environment.TEST)
        self.directory, self.clock, self.entropy = directory, clock, entropy
        self.answers = {A: announced(), B: WITHHELD}
        self.hold = False
        self.faults = {}
        self.pdf = [PDF[:70_000], PDF[70_000:]]
        self.fetches, self.told, self.known = {}, {}, {}
        self.changed = asyncio.Event()
        self.opened, self.calls, self.given = [], [], 0
        self.loop = None
        self.copies = self

    def _fail(self, method):
        self.calls.append(method)
        if method in self.faults:
            raise self.faults[method]

    async def prepare(self, new, caller, idempotency=None):
        self._fail("prepare")
        self.loop = asyncio.get_running_loop()
        members = members_to_ask(new.members, self.directory, self.settings)
        if idempotency is not None and (known := await self.made(idempotency)):
            return known
        fetch = build_fetch(
            new,
            worker=new.worker,
            follow_up=FollowUp(FollowUpBasis.KNOWN_LOCALLY, new.visit),
            members=members,
            caller=caller,
            now=self.clock.now(),
            entropy=self.entropy,
            settings=self.settings,
        )
        self.new = new
        self.fetches[fetch.id], self.told[fetch.id] = fetch, []
        if idempotency is not None:
            self.known[caller, idempotency.key] = (idempotency.body_sha256, fetch.id)
        self.tell(fetch.id, notes.prepared(fetch))
        return fetch

    async def made(self, idempotency):
        known = self.known.get((idempotency.caller, idempotency.key))
        if known is None:
            return None
        if known[0] != idempotency.body_sha256:
            raise LocalRefused("Idempotency-Key: used for another body", code=Code.LOCAL_CONFLICT)
        return self.fetches[known[1]]

    def tell(self, fetch_id, happening):
        kind, data = happening
        told = self.told[fetch_id]
        told.append(FetchEvent(fetch_id, len(told) + 1, self.clock.now(), kind, data))
        self.changed.set()
        self.changed = asyncio.Event()

    def move(self, fetch_id, state, **changes):
        fetch = replace(self.fetches[fetch_id], **changes)
        check_move(fetch.state, state)
        self.fetches[fetch_id] = replace(fetch, state=state)
        self.tell(fetch_id, notes.state(fetch, state))

    def put(self, fetch_id, **changes):
        """Change a fetch past the table of states, for what a test wants to find."""
        self.fetches[fetch_id] = replace(self.fetches[fetch_id], **changes)

    async def prepared(self, who):
        waiting = [fetch for fetch in self.fetches.values() if fetch.state is FetchState.PREPARED]
        return [fetch for fetch in waiting if who in {None, fetch.owner}]

    async def hand_on(self, fetch_id, who, colleague):
        self._fail("hand_on")
        self.put(fetch_id, readers=(*self.fetches[fetch_id].readers, colleague))
        return self.fetches[fetch_id]

    async def start(self, fetch_id, who=None, auth=None, instead_of=()):
        for replaced in instead_of if "start" not in self.faults else ():
            await self.discard(replaced, self.fetches[fetch_id].owner)
        self._fail("start")
        if auth is not None:
            self.put(fetch_id, practitioner=replace(self.fetches[fetch_id].practitioner, auth=auth))
        self.move(fetch_id, FetchState.ASKING, started_at=self.clock.now())
        if not self.hold:
            self.go_on(fetch_id)
        return self.fetches[fetch_id]

    def go_on(self, fetch_id):
        """Let the services answer, and bring over what there is to bring."""
        fetch = self.fetches[fetch_id]
        replies = tuple(replace(reply, **self.answers[reply.member]) for reply in fetch.replies)
        self.put(fetch_id, replies=replies)
        for reply in replies:
            self.tell(fetch_id, notes.service(reply))
        found = most_recent(replies)
        if found.offered:
            self.tell(fetch_id, notes.newest(replies))
            if fetch.lookup_only or len(found.offered) > 1:
                self.move(fetch_id, FetchState.CHOOSING)
            else:
                self.bring(fetch_id, found.offered[0])
        elif any(reply.reply is Reply.DEFERRED for reply in replies):
            self.move(fetch_id, FetchState.WAITING)
        elif found.answered:
            self.move(fetch_id, FetchState.NO_RECORD_GIVEN)
        else:
            code = notes.common_code(replies)
            self.move(fetch_id, FetchState.FAILED, code=code, detail=f"none of {found.asked} services answered")

    def bring(self, fetch_id, reply: ServiceReply):
        content = b"".join(self.pdf)
        digest = DocumentDigest(sha256(content).digest(), len(content))
        document = FetchedDocument(
            vault_id="v",
            member=reply.member,
            handover_id="c" * 32,
            digest=digest,
            last_act_on=reply.announcement.last_act_on,
            content_type="application/pdf",
            arrived_at=self.clock.now(),
            purge_at=Instant(self.clock.now() + 7 * 86_400),
        )
        self.move(fetch_id, FetchState.DOWNLOADING, chosen=reply.member)
        self.tell(fetch_id, notes.progress(reply.member, digest.size, digest))
        self.move(fetch_id, FetchState.CHECKING)
        self.move(fetch_id, FetchState.READY, document=document, steps_ms={"asking": 210, "download": 90})

    async def choose(self, fetch_id, member, who=None):
        self._fail("choose")
        reply = self.fetches[fetch_id].reply_of(member)
        if reply is None or reply.announcement is None:
            raise LocalRefused("service: announced no record", code=Code.FETCH_NO_DOCUMENT, field="member")
        self.bring(fetch_id, reply)
        return self.fetches[fetch_id]

    async def cancel(self, fetch_id, who=None):
        self._fail("cancel")
        self.move(fetch_id, FetchState.CANCELLED)
        return self.fetches[fetch_id]

    async def take_out(self, fetch_id):
        self._fail("take_out")
        if self.fetches[fetch_id].state is not FetchState.PREPARED:
            raise LocalRefused(f"fetch: it is {self.fetches[fetch_id].state}", code=Code.FETCH_STATE)
        return await self.cancel(fetch_id)

    async def discard(self, fetch_id, who):
        self._fail("discard")
        if self.fetches[fetch_id].document is None:
            raise LocalRefused(f"fetch: it is {self.fetches[fetch_id].state}", code=Code.FETCH_STATE)
        self.move(fetch_id, FetchState.PURGED, document=None)
        return self.fetches[fetch_id]

    async def get(self, fetch_id, who=None):
        self._fail("get")
        if fetch_id not in self.fetches:
            raise LocalRefused("fetch: there is none of this id", code=Code.LOCAL_NOT_FOUND)
        return self.fetches[fetch_id]

    async def list(self, who, *, limit=50, before=None):
        self._fail("list")
        rows = [fetch for fetch in reversed(self.fetches.values()) if who is None or fetch.is_open_to(who)]
        if before is not None:
            await self.get(before)
            order = list(self.fetches)
            rows = [fetch for fetch in rows if order.index(fetch.id) < order.index(before)]
        return rows[:limit]

    async def kept(self, who, worker):
        return [
            fetch
            for fetch in reversed(self.fetches.values())
            if fetch.is_open_to(who) and fetch.worker.ins == worker and fetch.state in FETCH_READABLE
            if fetch.document is not None and fetch.document.purge_at > self.clock.now()
        ]

    async def file(self, fetch_id, who, sha256=None):
        self._fail("file")
        self._check_is(self.fetches[fetch_id].document, sha256)
        self.move(fetch_id, FetchState.FILED)
        return self.fetches[fetch_id]

    def _check_is(self, document, sha256):
        if sha256 is not None and not document.is_named_by(sha256):
            raise LocalRefused("document: it is another", code=Code.DOCUMENT_REPLACED)

    async def read(self, fetch_id, who, sha256=None):
        self._fail("read")
        fetch = self.fetches[fetch_id]
        if fetch.document is None:
            raise LocalRefused(f"fetch: it is {fetch.state}", code=Code.FETCH_NO_DOCUMENT)
        self._check_is(fetch.document, sha256)
        self.opened.append((fetch_id, who))
        return fetch.document, self._content()

    async def _content(self):
        for piece in self.pdf:
            if isinstance(piece, Exception):
                raise piece
            self.given += 1
            yield piece

    async def events(self, fetch_id, after=0, who=None):
        while True:
            changed = self.changed
            for event in self.told[fetch_id][after:]:
                self._fail("events")
                after = event.number
                yield event
            fetch = self.fetches[fetch_id]
            looked = fetch.lookup_only and fetch.state is FetchState.CHOOSING
            if len(self.told[fetch_id]) == after and (fetch.state in FETCH_ENDED | FETCH_READABLE or looked):
                return
            await changed.wait()
