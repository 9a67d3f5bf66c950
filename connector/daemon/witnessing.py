"""Witnessing as it runs in the daemon: its wiring, its log events and metrics, its check, and `journal succeed`."""

from collections.abc import Sequence
from typing import Final

from connector import logs
from connector.core.alerts import AlertKind, AlertLevel, Bell
from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.instant import rfc3339
from connector.core.members import MemberId
from connector.core.ports import Clock, Entropy, MemberDirectory
from connector.core.witness import LedgerFault, LedgerGap, WitnessStatement, culprit, in_words
from connector.crypto.keys import PrivateKeySigner, Switched
from connector.daemon.four_eyes import Subject
from connector.jobs import Job
from connector.ledger.service import OpenState
from connector.ledger.showing import Witnessing, is_own
from connector.ledger.watching import LedgerWatch, WatchPorts
from connector.local.ports import Check, WitnessReport
from connector.metrics import Metrics
from connector.peer.client import HttpPeerClient
from connector.peer.ledgers import HttpLedgerPeers

TICK_SECONDS: Final = 600.0
LATE_SECONDS: Final = 2 * 86_400
"""After so long without a witness the check warns (our rule: a round is due daily)."""


class WitnessEars:
    """`core.ports_witness.WitnessObserver`: what is heard becomes log events and metrics."""

    def __init__(self, own: MemberId, metrics: Metrics, bell: Bell) -> None:
        self._own, self._metrics, self._bell, self._log = own, metrics, bell, logs.get_logger()

    def ledger_fault(self, fault: LedgerFault) -> None:
        """Tell of a fault, once."""
        self._metrics.ledger_faults.labels(fault.kind).inc()
        is_ours = is_own(fault, self._own)
        self._log.error(
            logs.LEDGER_BEHIND if is_ours else logs.LEDGER_FAULT_FOUND,
            member=culprit(fault).value,
            reason=fault.kind.value,
            tree=fault.ledger.tree.value,
        )
        kind = AlertKind.LEDGER_BEHIND if is_ours else AlertKind.LEDGER_FAULT
        self._bell.ring(kind, AlertLevel.CRITICAL, fault.kind.value, None if is_ours else culprit(fault))

    def ledger_gap(self, gap: LedgerGap) -> None:
        """Tell of a new ledger."""
        self._log.warning(logs.LEDGER_GAP_SEEN, member=gap.new.member.value, tree=gap.new.tree.value)
        self._bell.ring(AlertKind.LEDGER_GAP, AlertLevel.WARNING, gap.new.tree.value, gap.new.member)

    def witnessed(self, statement: WitnessStatement) -> None:
        """Count it; the round tells the log."""
        self._metrics.witnessed.labels(statement.head.ledger.tree).set(statement.at)

    def witness_failed(self, member: MemberId, code: Code) -> None:
        """Tell that a witness could not be had."""
        self._log.info(logs.WITNESS_FAILED, member=member.value, code=code)

    def witness_round(self, answered: int, asked: int) -> None:
        """Tell what a round came to."""
        self._metrics.witness_rounds.labels("answered" if answered else "unanswered").inc()
        self._log.info(logs.WITNESS_ROUND, count=answered, attempts=asked)


class WitnessDesk:
    """What the daemon does with witnessing, and what it shows of it."""

    def __init__(
        self,
        state: OpenState,
        own: MemberId,
        signer: PrivateKeySigner | Switched[PrivateKeySigner],
        client: HttpPeerClient,
        directory: MemberDirectory,
        clock: Clock,
        entropy: Entropy,
        metrics: Metrics,
        bell: Bell,
    ) -> None:
        ears = WitnessEars(own, metrics, bell)
        ports = WatchPorts(state.witness, HttpLedgerPeers(client), directory, clock, ears)
        self._store, self._clock, self._own, self._metrics = state.witness, clock, own, metrics
        self.watch = LedgerWatch(own, signer, ports)
        self.showing = Witnessing(own, state.journal, self.watch, ports, entropy)
        client.heads = self.watch

    async def start(self) -> None:
        """Ask witnesses before anyone is answered, for a little while."""
        await self.showing.start()

    async def close(self) -> None:
        """Stop."""
        await self.showing.close()

    def job(self) -> Job:
        """Give the job that compares what waits, and holds the daily round."""
        return Job("witness", TICK_SECONDS, self._tick)

    async def check(self) -> Check:
        """Check our own ledgers against what witnesses hold; what is wrong with others' is a warning."""
        behind = self.showing.behind()
        self._metrics.ledger_behind.set(behind is not None)
        if behind is not None:
            remedy = "restore the newest state directory, or two people run: spsti-connector journal succeed"
            return Check("witnesses", ok=False, detail=in_words(behind), remedy=remedy)
        told = []
        try:
            faults, gaps = await self._store.faults(), await self._store.gaps()
        except FailedClosed:  # told by the check of the state
            faults, gaps = (), ()
        wrong = sorted({f"{culprit(f)} ({f.kind})" for f in faults if not is_own(f, self._own)})
        if wrong:
            told.append(f"ledgers at fault: {', '.join(wrong)}")
        last = self.showing.last_answer()
        if self.showing.others() and (last is None or self._clock.now() - last > LATE_SECONDS):
            told.append(f"no witness since {rfc3339(last)}" if last is not None else "no witness was reached yet")
        remedy = "spsti-connector journal witnesses; call the services it names" if told else ""
        begun = sorted({f"{gap.new.member} on {rfc3339(gap.at)[:10]}" for gap in gaps})
        if begun:  # for ever, and nobody can do anything about it
            told.append(f"ledgers begun anew: {', '.join(begun)}")
        return Check("witnesses", ok=True, detail="; ".join(told), remedy=remedy)

    async def report(self) -> WitnessReport:
        """Tell all about witnesses, faults and gaps."""
        behind, last = self.showing.behind(), self.showing.last_round()
        return WitnessReport(
            behind=in_words(behind) if behind is not None else "",
            asked_at=last.at if last is not None else None,
            answered_at=self.showing.last_answer(),
            statements=await self._store.statements(self._own),
            heads=await self._store.heads(),
            faults=await self._store.faults(),
            gaps=await self._store.gaps(),
        )

    async def _tick(self) -> None:
        await self.showing.tick()


class Succeed:
    """Begins both ledgers anew; there is nothing to name (`daemon.four_eyes.Deed`)."""

    def __init__(self, desk: WitnessDesk) -> None:
        self._desk = desk

    async def check(self, subject: Subject) -> None:
        """It can always be done."""

    async def do(self, subject: Subject, reason: str, by: Sequence[str]) -> Subject:  # noqa: ARG002 (a deed's)
        """Do it, and show it to witnesses."""
        serial = await self._desk.showing.succeed(reason, by)
        _ = self._desk.showing.begin_round()
        logs.get_logger().warning(logs.LEDGER_SUCCEEDED, index=serial)
        return {"serial": serial}
