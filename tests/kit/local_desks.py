"""What the local side asks beside the fetches, in memory: journal, status, blocks, limits, proposals, witnesses."""

from connector.core.codes import Code
from connector.core.coverage import CoverageCount
from connector.core.directory import MemberStatus
from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.ledger import EntryType, Tree
from connector.core.limits import LimitBlock, LimitRule, PeerOverride
from connector.core.limits import Limits as Numbers
from connector.core.measures import Block, Pause
from connector.core.outcome import WithheldReason
from connector.core.ports import new_id
from connector.core.proposals import Proposal
from connector.core.records import Counts
from connector.directory.age import Freshness
from connector.holder.limits import PeerStanding
from connector.local.ports import (
    AdapterStatus,
    CertificateStatus,
    Check,
    CoverageReport,
    JournalEntry,
    LedgerStatus,
    MembershipReport,
    ProbeStep,
    RefreshReport,
    StatusReport,
    TreeReport,
    WitnessReport,
)
from tests.kit.local_values import NOW, PHYSICIAN_ID, US, A


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


class Witnessed:
    """What witnesses said, set by the test."""

    def __init__(self) -> None:
        self.found = WitnessReport("", None, None, (), (), (), ())

    async def report(self):
        return self.found
