"""The member directory as it runs: refreshed by a job, on command and at start; with what this service decides alone,
which members it blocks and whether it answers at all.

Each of these decisions is in the ledger before it counts, and counts at once: blocks through the directory that all
rooms look at, the pause through the holder. Who may decide is the local side's question.
"""

import asyncio
from collections import Counter
from typing import Final

from connector import logs
from connector.config.listing import Own
from connector.core.codes import Code
from connector.core.directory import MemberStatus
from connector.core.errors import ConnectorError, LocalRefused
from connector.core.faults import FaultAt
from connector.core.instant import rfc3339
from connector.core.ledger import EntryDraft, EntryType
from connector.core.measures import Block, BlockReason, Pause, PauseReason
from connector.core.members import MemberId
from connector.core.ports import Clock, HouseLedger
from connector.core.ports_measures import MeasureStore
from connector.daemon.ears import DirectoryEars
from connector.directory.age import Freshness
from connector.directory.blocked import WithBlocks
from connector.local.ports import Check, MembershipReport, RefreshReport, RefusedCopy
from connector.metrics import Metrics

FIRST_REFRESH_SECONDS: Final = 5.0
"""How long the start waits for the first refresh, so that a suspension of meanwhile counts before anyone is answered;
with all copies dead it goes on with what is kept (our rule)."""


class Membership:
    """`local.ports.Membership` and `core.ports_measures.Answering`."""

    def __init__(
        self,
        directory: WithBlocks,
        ears: DirectoryEars,
        measures: MeasureStore,
        ledger: HouseLedger,
        clock: Clock,
        metrics: Metrics,
        own: Own,
    ) -> None:
        self.directory, self.own = directory, own
        self._ears, self._measures, self._ledger = ears, measures, ledger
        self._clock, self._metrics = clock, metrics
        self._pause = measures.pause()
        self._state: Freshness | None = None
        self._changing = asyncio.Lock()
        self._first: asyncio.Task[object] | None = None
        directory.replace(measures.blocks())

    # ------------------------------------------------------------ refreshing

    async def start(self) -> None:
        """Begin a first refresh, and wait for it a little."""
        self.begin_refresh()
        if self._first is not None:
            await asyncio.wait((self._first,), timeout=FIRST_REFRESH_SECONDS)

    def begin_refresh(self) -> None:
        """Refresh without being waited for; nothing where there are no copies, or one begun is not over yet."""
        if self.directory.copies() is None or (self._first is not None and not self._first.done()):
            return
        self._first = asyncio.ensure_future(self._quietly())

    async def close(self) -> None:
        """Give up a refresh that is under way."""
        if self._first is not None and not self._first.done():
            self._first.cancel()
            await asyncio.wait((self._first,))

    async def refresh(self) -> RefreshReport:
        """Ask the copies now; what they did wrong is in the report, the log and the journal.

        Raises:
            ConfigFault: the members file has faults.
            FailedClosed: the new version, or what is to be journalled, cannot be kept.
        """
        changed = await self.directory.refresh()
        # Nothing is awaited between the end of a refresh and this: what was heard is of this one.
        refused = tuple(RefusedCopy(*heard) for heard in self._ears.refused())
        await self._write()
        self.measure()
        return RefreshReport(changed, refused, self.report())

    async def tick(self) -> None:
        """Let time do what it does: suspensions that begin or end, a directory that grows old. A job's regular turn."""
        self.directory.tick()
        await self._write()
        self.measure()

    async def _quietly(self) -> None:
        try:
            await self.refresh()
        except ConnectorError as error:
            logs.get_logger().error(logs.JOB_FAILED, job="directory", code=error.code)

    async def _write(self) -> None:
        for entry in self._ears.take():
            await self._ledger.record(entry)

    # ------------------------------------------------------------ looking

    def checks(self) -> tuple[Check, ...]:
        """Check that the directory is in force, and knows this service as it is configured."""
        staleness, reason = self.directory.staleness(), self.directory.not_ready()
        is_signed = self.directory.copies() is not None
        differences = self._differences() if reason is None else ()
        paused = self._pause
        return (
            Check(
                "directory",
                reason is None,
                reason or staleness.message,
                "spsti-connector directory refresh; federation duty says who must sign"
                if is_signed and (reason or staleness.message)
                else "",
            ),
            Check(
                "membership",
                not differences,
                "; ".join(map(_said, differences)),
                "; ".join(filter(None, (one.fault.remedy("en") for one in differences))),
            ),
            Check(
                "answering",
                ok=True,
                detail=f"paused since {rfc3339(paused.since)} ({paused.reason})" if paused else "",
                remedy="spsti-connector answering resume" if paused else "",
            ),
        )

    def report(self) -> MembershipReport:
        """Tell all about the directory and the blocks."""
        directory = self.directory
        staleness = directory.staleness()
        reason = directory.not_ready()
        return MembershipReport(
            version=directory.version,
            is_signed=directory.copies() is not None,
            freshness=staleness.state,
            message=staleness.message,
            ends_at=staleness.ends_at,
            refreshed_at=directory.refreshed_at,
            copies=directory.copies(),
            members=Counter(member.status for member in directory.members()),
            findings=tuple(map(str, directory.findings())),
            differences=tuple(map(_said, self._differences())) if reason is None else (),
            blocks=directory.blocks(),
        )

    def measure(self) -> None:
        """Put the directory's age and members into the metrics, and tell the log when it gets older."""
        staleness, metrics = self.directory.staleness(), self._metrics
        if staleness.ends_at is not None:
            metrics.directory_ends.set(staleness.ends_at)
        if self.directory.refreshed_at is not None:
            metrics.directory_refreshed.set(self.directory.refreshed_at)
        found = Counter(member.status for member in self.directory.members())
        for status in MemberStatus:
            metrics.directory_members.labels(status).set(found[status])
        metrics.answering_paused.set(self._pause is not None)
        if staleness.state is not self._state:
            before, self._state = self._state, staleness.state
            if before is not None or staleness.state is not Freshness.FRESH:
                logs.get_logger().warning(logs.DIRECTORY_AGED, state=staleness.state.value, cause=staleness.message)

    # ------------------------------------------------------------ what this service decides alone

    def is_paused(self) -> bool:
        """Whether this service answers nobody (`core.ports_measures.Answering`)."""
        return self._pause is not None

    def paused(self) -> Pause | None:
        """Give the pause in force."""
        return self._pause

    async def block(self, member: MemberId, reason: BlockReason, caller: str) -> tuple[Block, bool]:
        """Block a member, at once; give the block, and whether it is new.

        Raises:
            LocalRefused: `local.not_found`, no such member; `local.conflict`, it is this service itself.
            FailedClosed: it could not be journalled, so it does not count.
        """
        if member == self.own.id:
            raise LocalRefused(
                "member: got this service itself", code=Code.LOCAL_CONFLICT, hint="answering pause stops its answers"
            )
        if self.directory.get(member) is None:
            raise LocalRefused(
                "service: the member directory has none of that id",
                code=Code.LOCAL_NOT_FOUND,
                hint="search by name or town: GET /api/v1/members?q=",
            )
        async with self._changing:
            new = Block(member, reason, self._clock.now(), caller)
            kept = await self._measures.block(new, self._entry(EntryType.BLOCK, "blocked", reason, caller, member))
            self.directory.replace(self._measures.blocks())
        if kept == new:
            logs.get_logger().warning(logs.MEMBER_BLOCKED, member=member.value, reason=reason.value, caller=caller)
        return kept, kept == new

    async def unblock(self, member: MemberId, caller: str) -> Block:
        """Lift a block, and give it.

        Raises:
            LocalRefused: `local.not_found`, the member is not blocked here.
            FailedClosed: it could not be journalled, so it stays.
        """
        async with self._changing:
            lifted = await self._measures.unblock(
                member, self._entry(EntryType.BLOCK, "unblocked", None, caller, member)
            )
            self.directory.replace(self._measures.blocks())
        if lifted is None:
            raise LocalRefused(
                "service: it is not blocked here",
                code=Code.LOCAL_NOT_FOUND,
                hint="directory show lists the blocks; a suspension is the operators' to lift",
            )
        logs.get_logger().warning(logs.MEMBER_UNBLOCKED, member=member.value, caller=caller)
        return lifted

    async def pause(self, reason: PauseReason, caller: str) -> Pause:
        """Answer nobody from now on; a pause that stands is given as it is.

        Raises:
            FailedClosed: it could not be journalled, so this service goes on answering.
        """
        async with self._changing:
            new = Pause(reason, self._clock.now(), caller)
            if await self._measures.set_pause(new, self._entry(EntryType.ANSWERING, "paused", reason, caller)):
                logs.get_logger().warning(logs.ANSWERING_PAUSED, reason=reason.value, caller=caller)
            self._pause = self._measures.pause()
        self.measure()
        return self._pause or new

    async def resume(self, caller: str) -> None:
        """Answer again; nothing where nothing was paused.

        Raises:
            FailedClosed: it could not be journalled, so the pause stands.
        """
        async with self._changing:
            if await self._measures.set_pause(None, self._entry(EntryType.ANSWERING, "resumed", None, caller)):
                logs.get_logger().warning(logs.ANSWERING_RESUMED, caller=caller)
            self._pause = self._measures.pause()
        self.measure()

    def _differences(self) -> tuple[FaultAt, ...]:
        return self.own.differences(self.directory, self._clock.now())

    def _entry(
        self, type_: EntryType, outcome: str, reason: str | None, caller: str, member: MemberId | None = None
    ) -> EntryDraft:
        return EntryDraft(
            type=type_, at=self._clock.now(), peer=member, outcome=outcome, reason=reason, personal={"caller": caller}
        )


def _said(difference: FaultAt) -> str:
    return f"[{difference.where}] {difference.fault.text('en')}"
