"""The house as the local side sees it, in memory: errands that do as told, a directory, a journal, and a real server.

`Errands` moves fetches by the real table of states and builds them by the requester's own functions; what services
answer is set by the test. `Served` runs the application on a socket of loopback, in a thread of its own where the test
is not asynchronous (the CLI).
"""

import asyncio
import threading
from dataclasses import replace
from hashlib import sha256

from aiohttp import web

from connector.core.coded import NURSE, PHYSICIAN, TYPE_DMST
from connector.core.codes import Code
from connector.core.coverage import CoverageCount
from connector.core.days import Day
from connector.core.directory import Member, MemberStatus, TlsBinding
from connector.core.errors import LocalRefused
from connector.core.evidence import DocumentDigest
from connector.core.fetch import FetchedDocument, FetchEvent, PeerAnnouncement, Reply, ServiceReply, most_recent
from connector.core.instant import Instant
from connector.core.ledger import EntryType, Tree
from connector.core.limits import LimitBlock, LimitRule, PeerOverride
from connector.core.limits import Limits as Numbers
from connector.core.mandate import AuthLevel, FollowUp, FollowUpBasis
from connector.core.measures import Block, Pause
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.outcome import WithheldReason
from connector.core.ports import new_id
from connector.core.proposals import Proposal
from connector.core.records import Counts
from connector.core.states import FETCH_ENDED, FETCH_READABLE, FetchState, check_move
from connector.directory.age import Freshness
from connector.holder.limits import PeerStanding
from connector.local.keys import ApiKey, KeyRing, Scope, key_hash
from connector.local.ports import (
    AdapterStatus,
    CertificateStatus,
    Check,
    CoverageReport,
    JournalEntry,
    LedgerStatus,
    LocalPorts,
    MembershipReport,
    ProbeStep,
    RefreshReport,
    StatusReport,
    TreeReport,
    WitnessReport,
)
from connector.local.server import build_app, build_runner
from connector.local.settings import LocalSettings
from connector.metrics import Metrics
from connector.requester import notes
from connector.requester.new_fetch import build_fetch, members_to_ask
from connector.requester.settings import RequesterSettings
from tests.kit.evidence_desk import ToldEvidence
from tests.kit.register import a_register
from tests.kit.signin import SignInHouse
from tests.kit.vigilance import Vigilance

NOW = Instant(1_795_424_400)  # 2026-11-23T09:00:00Z
US = MemberId("318751275100020")
A = MemberId("1750712184")
B = MemberId("1690781810")
C = MemberId("1540002698")
PHYSICIAN_ID, NURSE_ID, STRANGER_ID = "899700366240", "899700218896", "899700427885"
KEY, OTHER_KEY, STATUS_KEY, AUDIT_KEY, SECOND_KEY = (f"spsti_{letter * 43}" for letter in "kostw")
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 2000


class Clock:
    def __init__(self, now=NOW):
        self.at, self.passed = now, 0.0

    def now(self):
        return Instant(self.at)

    def monotonic(self):
        return self.passed


class Entropy:
    """Counts, so that ids are different and known."""

    def __init__(self):
        self.count = 0

    def token(self, length):
        self.count += 1
        return self.count.to_bytes(length, "big")


def member(member_id, name, *towns, status=MemberStatus.ACTIVE, former=(), departement="69"):
    return Member(
        id=member_id,
        name=name,
        status=status,
        endpoint="https://127.0.0.1:1",
        tls=TlsBinding(),
        keys=(),
        former_names=former,
        towns=towns,
        departements=(departement,),
        contact="04 00 00 00 00",
    )


class Directory:
    version = "file:test"

    def __init__(self):
        self.rows = [
            member(US, "Santé au travail du Rhône", "Lyon"),
            member(A, "Prévention Seine", "Paris", former=("ACMS Été",), departement="75"),
            member(B, "Santé Travail Isère", "Grenoble", "Saint-Égrève", departement="38"),
            member(C, "Médecine du Jura", "Dole", status=MemberStatus.SUSPENDED, departement="39"),
        ]

    def get(self, member_id):
        return next((row for row in self.rows if row.id == member_id), None)

    def members(self):
        return tuple(self.rows)


class Listed:
    def __init__(self, name, profession, auth_level):
        self.name, self.profession, self.auth_level = name, profession, auth_level


class PractitionerList:
    def __init__(self):
        self.rows = {
            PHYSICIAN_ID: Listed("Dr Simone Ajout", PHYSICIAN, AuthLevel.SUBSTANTIAL),
            NURSE_ID: Listed("Ali Exemple", NURSE, AuthLevel.LOW),
        }

    def get(self, practitioner_id):
        return self.rows.get(practitioner_id)

    def may_ask(self, practitioner_id):
        return practitioner_id in self.rows

    may_read = may_ask


def announced(day="2026-05-12", **changes):
    found = PeerAnnouncement("a" * 32, Day.parse(day), NOW, TYPE_DMST, "pdf", "application/pdf")
    return {"reply": Reply.ANNOUNCED, "announcement": found, "elapsed_ms": 40, **changes}


WITHHELD = {"reply": Reply.WITHHELD, "elapsed_ms": 200}


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

    async def file(self, fetch_id, who):
        self._fail("file")
        self.move(fetch_id, FetchState.FILED)
        return self.fetches[fetch_id]

    async def read(self, fetch_id, who):
        self._fail("read")
        fetch = self.fetches[fetch_id]
        if fetch.document is None:
            raise LocalRefused(f"fetch: it is {fetch.state}", code=Code.FETCH_NO_DOCUMENT)
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


class Prober:
    def __init__(self):
        self.steps = [ProbeStep("lookup", ok=True, elapsed_ms=12), ProbeStep("handover", ok=True, elapsed_ms=40)]

    async def probe(self, member):
        return self.steps


class Journal:
    def __init__(self):
        self.searches, self.faults = [], ()
        self.gate = None
        self.rows = [
            JournalEntry(
                tree=Tree.EXCHANGE,
                index=index,
                type=EntryType.ASKED,
                at=Instant(NOW + index),
                peer=A,
                outcome="announced" if index % 2 else None,
                reason=None,
                document_sha256=bytes(32) if index % 2 else None,
                ref="b" * 32,
                leaf_hash=bytes([index]) * 32,
                personal={"practitioner": PHYSICIAN_ID} if index else None,
            )
            for index in range(5)
        ]

    async def find(self, query):
        self.searches.append(query)
        rows = [row for row in reversed(self.rows) if row.tree is query.tree]
        rows = [row for row in rows if query.before is None or row.index < query.before]
        return rows[: query.limit]

    async def get(self, tree, index):
        return next((row for row in self.rows if (row.tree, row.index) == (tree, index)), None)

    async def verify(self):
        if self.gate is not None:
            await self.gate.wait()
        return [TreeReport(Tree.EXCHANGE, f"{US}/exchange/1", 5, self.faults), TreeReport(Tree.HOUSE, "h", 0)]


class Status:
    def __init__(self):
        self.checks = [Check("ledger", ok=True), Check("adapter", ok=True)]
        self.adapters = (AdapterStatus("source", "demo", ok=True),)
        self.peers = []

    async def readiness(self):
        return self.checks

    async def status(self):
        return StatusReport(
            started_at=NOW,
            checks=self.checks,
            certificates=(CertificateStatus("server", Instant(NOW + 86_400 * 20), 20),),
            directory_version="file:test",
            members=4,
            members_active=3,
            adapters=self.adapters,
            ledgers=(LedgerStatus(Tree.EXCHANGE, f"{US}/exchange/1", 5),),
            outbox={"acknowledgements": 2},
            versions={"protocol": "1"},
            peers=self.peers,
        )


class Coverage:
    """What was counted, and why peers were given nothing."""

    def __init__(self):
        self.counted = CoverageCount(NOW, Counts(1000, 900, 800, 700, 600, 400))
        self.measured = 0

    async def report(self):
        withheld = {WithheldReason.NO_LOCAL_WORKER: 41, WithheldReason.OPPOSED: 3}
        return CoverageReport(self.counted, 0.5, Instant(NOW - 30 * 86_400), withheld, {Code.ADAPTER_TIMEOUT: 2})

    async def measure(self):
        self.measured += 1
        return await self.report()


class Membership:
    """A signed directory of one version, with blocks and a pause in memory."""

    def __init__(self, directory, clock):
        self.directory, self.clock = directory, clock
        self.blocks, self.pausing, self.refreshed = {}, None, 0
        self.newer, self.refused, self.freshness = True, (), Freshness.FRESH

    def report(self):
        return MembershipReport(
            version="tuf:12.345.abc",
            is_signed=True,
            freshness=self.freshness,
            message="" if self.freshness is Freshness.FRESH else "the timestamp ends soon",
            ends_at=Instant(NOW + 86_400),
            refreshed_at=NOW if self.refreshed else None,
            copies=4,
            members={MemberStatus.ACTIVE: 3, MemberStatus.SUSPENDED: 1},
            findings=(),
            differences=(),
            blocks=tuple(self.blocks.values()),
        )

    async def refresh(self):
        self.refreshed += 1
        changed, self.newer = self.newer, False
        return RefreshReport(changed, self.refused, self.report())

    async def block(self, member, reason, caller):
        if member == US:
            raise LocalRefused("member: got this service itself", code=Code.LOCAL_CONFLICT)
        if self.directory.get(member) is None:
            raise LocalRefused("service: none of that id", code=Code.LOCAL_NOT_FOUND)
        known = self.blocks.get(member)
        block = self.blocks.setdefault(member, Block(member, reason, self.clock.now(), caller))
        return block, known is None

    async def unblock(self, member, caller):
        if member not in self.blocks:
            raise LocalRefused("service: it is not blocked here", code=Code.LOCAL_NOT_FOUND)
        return self.blocks.pop(member)

    def paused(self):
        return self.pausing

    async def pause(self, reason, caller):
        self.pausing = self.pausing or Pause(reason, self.clock.now(), caller)
        return self.pausing

    async def resume(self, caller):
        self.pausing = None


BLOCK = LimitBlock("b" * 32, A, LimitRule.PATTERN, NOW, "c" * 32, b"tag")


class Limits:
    """One service is blocked about one person."""

    def __init__(self, clock):
        self.blocked, self.numbers = [BLOCK], {}

    def blocks(self):
        return self.blocked

    async def standing(self, member):
        override = self.numbers.get(member.id)
        limits = (override or PeerOverride()).over(Numbers())
        blocks = tuple(block for block in self.blocked if block.peer == member.id)
        return PeerStanding(member.id, limits, override, 5, 2, 3, 0, False, blocks)

    async def set_override(self, member, override, reason, by):
        self.numbers[member] = override


class Proposals:
    """The real rule of who may confirm, over a dictionary."""

    def __init__(self, clock, entropy):
        self.clock, self.entropy, self.kept, self.done = clock, entropy, {}, []

    async def propose(self, kind, subject, *, reason, by, key):
        if subject.get("block", BLOCK.id) != BLOCK.id:
            raise LocalRefused("block: there is none of this id", code=Code.LOCAL_NOT_FOUND)
        now = self.clock.now()
        proposal = Proposal(new_id(self.entropy), kind, now, Instant(now + 86_400), by, key, reason, subject)
        self.kept[proposal.id] = proposal
        return proposal

    async def confirm(self, proposal_id, *, by, key):
        proposal = self._find(proposal_id)
        self.done.append((proposal.kind, proposal.confirmed_by(by, key, self.clock.now())))
        del self.kept[proposal_id]
        return proposal, dict(proposal.subject)

    async def withdraw(self, proposal_id, *, by):
        found = self._find(proposal_id)
        del self.kept[proposal_id]
        return found

    async def waiting(self):
        return list(self.kept.values())

    def _find(self, proposal_id):
        if proposal_id not in self.kept:
            raise LocalRefused("proposal: none of this id waits", code=Code.LOCAL_NOT_FOUND)
        return self.kept[proposal_id]


class House:
    """Everything behind the local side, and its settings."""

    def __init__(self, **settings):
        self.clock, self.entropy, self.directory = Clock(), Entropy(), Directory()
        self.errands = Errands(self.directory, self.clock, self.entropy)
        self.journal, self.status, self.people = Journal(), Status(), PractitionerList()
        self.evidence = ToldEvidence()
        self.prober = Prober()
        self.register, self.sink = a_register(self.clock, self.entropy)
        self.coverage = Coverage()
        self.vigilance = Vigilance(self.clock, self.entropy)
        self.membership = Membership(self.directory, self.clock)
        self.limits, self.proposals = Limits(self.clock), Proposals(self.clock, self.entropy)
        self.witnesses = Witnessed()
        self.sign_in = SignInHouse(self.clock, self.entropy, self.people)
        everything = frozenset(Scope)
        self.keys = [
            ApiKey("vendor", key_hash(KEY), everything, frozenset({PHYSICIAN_ID, NURSE_ID})),
            ApiKey("other", key_hash(OTHER_KEY), frozenset({Scope.FETCH}), frozenset({STRANGER_ID})),
            ApiKey("watch", key_hash(STATUS_KEY), frozenset({Scope.STATUS})),
            ApiKey("audit", key_hash(AUDIT_KEY), frozenset({Scope.JOURNAL})),
            ApiKey("second", key_hash(SECOND_KEY), frozenset({Scope.OPERATE})),
        ]
        self.ring = KeyRing(self.keys)
        self.settings = LocalSettings(
            member=US,
            member_name="Santé au travail du Rhône",
            environment=Environment.TEST,
            version="0.0.0",
            **settings,
        )

    def ports(self):
        return LocalPorts(
            errands=self.errands,
            directory=self.directory,
            journal=self.journal,
            evidence=self.evidence,
            status=self.status,
            prober=self.prober,
            register=self.register,
            coverage=self.coverage,
            identities=self.vigilance.desk,
            alerts=self.vigilance.alerts,
            membership=self.membership,
            limits=self.limits,
            proposals=self.proposals,
            witnesses=self.witnesses,
            metrics=Metrics("0.0.0"),
            clock=self.clock,
            entropy=self.entropy,
            keys=self.ring,
            practitioners=self.sign_in.staff,
            sign_in=self.sign_in.desk,
        )

    async def serve(self, ssl=None):
        """Start the application on a free port of loopback; gives its runner and its address."""
        runner = build_runner(build_app(self.ports(), self.settings), self.settings)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl)
        await site.start()
        port = runner.addresses[0][1]
        return runner, f"{'https' if ssl else 'http'}://127.0.0.1:{port}"


class Witnessed:
    """What witnesses said, set by the test."""

    def __init__(self) -> None:
        self.found = WitnessReport("", None, None, (), (), (), ())

    async def report(self):
        return self.found


class Served:
    """The application in a thread of its own, for tests of programs that have their own event loop."""

    def __init__(self, house, ssl=None):
        self.house, self._ssl = house, ssl
        self._started = threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._started.wait(60)
        return self

    async def _run(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        runner, self.url = await self.house.serve(self._ssl)
        self._started.set()
        await self._stop.wait()
        await runner.cleanup()

    def call(self, function, *arguments):
        """Run a function in the server's thread and give its result."""

        async def run():
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(60)

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        assert not self._thread.is_alive()


def new_fetch(**changes):
    """A body of POST /api/v1/fetches; `changes` replace keys at the top, `worker.sex` and the like below it."""
    body = {
        "worker": {
            "matricule": "279035121518989",
            "birth_name": "PAT-TROIS",
            "birth_given_names": "DOMINIQUE MARIE-LOUISE",
            "sex": "F",
            "birth_date": "1979-03-28",
            "birth_place": "51215",
            "status": "qualified",
            "verified_on": "2026-09-14",
        },
        "practitioner": {
            "id": PHYSICIAN_ID,
            "auth": {"means": "vendor", "level": "low", "at": "2026-11-23T08:30:00Z"},
        },
        "services": [A.value, B.value],
        "information": {
            "at": "2026-11-23T09:50:00+01:00",
            "by": "physician",
            "means": "oral",
            "worker_does_not_object": True,
        },
        "follow_up": {"visit": "initial"},
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = body
        for parent in parents:
            place = place[parent]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return body
