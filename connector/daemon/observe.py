"""What the roles tell of themselves becomes log events and metrics here, and nowhere else."""

from prometheus_client import Counter

from connector import logs
from connector.contract.faults import FaultSeen
from connector.core.alerts import AlertKind, AlertLevel, Bell, NoBell
from connector.core.codes import Code
from connector.core.fetch import Fetch, Reply, ServiceReply
from connector.core.insi import InsiCode, InsiOperation
from connector.core.limits import LimitRule
from connector.core.members import MemberId
from connector.core.outcome import Outcome
from connector.core.states import FETCH_ENDED, FETCH_READABLE, FetchState
from connector.daemon.peer_watch import PeerWatch
from connector.metrics import Metrics

_INSI_RESULTS = {InsiCode.FOUND: "found", InsiCode.NONE: "none", InsiCode.SEVERAL: "several"}


class Observers:
    """`core.ports.Observer` and `FetchObserver`, the guard's and INSi's listeners, and what the local side tells."""

    def __init__(self, metrics: Metrics, peers: PeerWatch | None = None, bell: Bell | None = None) -> None:
        self._peers, self._bell = peers, bell or NoBell()
        self._metrics, self._log = metrics, logs.get_logger()
        self._answers: dict[tuple[MemberId, Outcome], Counter] = {}

    # ------------------------------------------------------------ holder

    def refused(self, code: Code, member: MemberId | None, exchange: str) -> None:
        self._metrics.refusals.labels(code).inc()
        self._log.warning(logs.PEER_REFUSED, code=code, member=_text(member), operation=exchange)

    def answered(self, outcome: Outcome, member: MemberId, lookup_id: str | None, ms: float) -> None:
        counter = self._answers.get((member, outcome))
        if counter is None:
            counter = self._answers[member, outcome] = self._metrics.answers.labels(member.value, outcome)
        counter.inc()
        if self._peers is not None:
            self._peers.called(member)
        self._metrics.answer_seconds.observe(ms / 1000)
        self._log.info(logs.PEER_ANSWERED, outcome=outcome, member=member.value, lookup_id=lookup_id, ms=round(ms, 1))

    def handover_ended(self, handover_id: str, member: MemberId, sent: int, ms: float, *, complete: bool) -> None:
        result = "complete" if complete else "aborted"
        self._metrics.handovers.labels(member.value, result).inc()
        self._metrics.handover_bytes.inc(sent)
        self._log.info(
            logs.HANDOVER_ENDED,
            handover_id=handover_id,
            member=member.value,
            bytes=sent,
            ms=round(ms, 1),
            outcome=result,
        )

    def acknowledged(self, handover_id: str, member: MemberId, *, verified: bool) -> None:
        self._log.info(
            logs.HANDOVER_ACKNOWLEDGED,
            handover_id=handover_id,
            member=member.value,
            outcome="verified" if verified else "rejected",
        )

    def adapter_failed(self, code: Code) -> None:
        self._log.error(logs.ADAPTER_FAILED, code=code)

    def ledger_failed(self, code: Code) -> None:
        self._metrics.ledger_failures.inc()
        self._log.error(logs.LEDGER_FAILED, code=code)

    def limit_met(self, rule: LimitRule, member: MemberId | None, *, blocked: bool) -> None:
        self._metrics.limits.labels(_text(member) or "", rule).inc()
        self._log.warning(logs.LIMIT_BLOCKED if blocked else logs.LIMIT_MET, member=_text(member), rule=rule)
        kind = AlertKind.LIMIT_BLOCKED if blocked else AlertKind.LIMIT_MET
        self._bell.ring(kind, AlertLevel.CRITICAL if blocked else AlertLevel.WARNING, rule.value, member)

    def handshake_failed(self, reason: str) -> None:
        self._metrics.refusals.labels(Code.PEER_TLS).inc()
        self._log.warning(logs.HANDSHAKE_FAILED, cause=reason)

    def bug(self, incident: str, error: BaseException) -> None:
        self._log.error(logs.BUG_CAUGHT, incident=incident, exc_info=error)

    # ------------------------------------------------------------ the vendor's software

    def adapter_fault(self, fault: FaultSeen) -> None:
        self._metrics.adapter_failures.labels(fault.operation, fault.code).inc()
        self._log.warning(
            logs.ADAPTER_FAULT,
            adapter=fault.adapter,
            operation=fault.operation,
            code=fault.code,
            cause=fault.cause,
        )

    def register_failed(self) -> None:
        self._log.error(logs.ADAPTER_FAILED, half="register")

    # ------------------------------------------------------------ INSi

    def insi_answered(self, operation: InsiOperation, code: InsiCode, ms: float) -> None:
        result = _INSI_RESULTS[code]
        self._metrics.insi_calls.labels(operation, result).inc()
        self._metrics.insi_seconds.observe(ms / 1000)
        self._log.info(logs.INSI_ANSWERED, operation=operation.value, outcome=result, ms=round(ms, 1))

    def insi_failed(self, operation: InsiOperation, code: Code, service_code: str, ms: float) -> None:
        self._metrics.insi_calls.labels(operation, code).inc()
        self._metrics.insi_seconds.observe(ms / 1000)
        self._log.warning(
            logs.INSI_FAILED, operation=operation.value, code=code, reason=service_code or None, ms=round(ms, 1)
        )

    # ------------------------------------------------------------ requester

    def fetch_moved(self, fetch: Fetch, start: FetchState) -> None:
        state = fetch.state
        if state in FETCH_ENDED | FETCH_READABLE:
            self._metrics.fetches.labels(state).inc()
        if state is FetchState.READY and "total" in fetch.steps_ms:
            self._metrics.fetch_seconds.observe(fetch.steps_ms["total"] / 1000)
        self._log.info(logs.FETCH_MOVED, fetch_id=fetch.id, state=state, reason=start, code=fetch.code)

    def service_replied(self, _fetch_id: str, reply: ServiceReply) -> None:
        self._metrics.replies.labels(reply.member.value, reply.reply).inc()
        if self._peers is not None:
            self._peers.replied(reply.member, reply.reply, reply.elapsed_ms)
        if reply.reply is Reply.LIMITED:
            self._log.warning(logs.LIMITED_BY_PEER, member=reply.member.value, lookup_id=reply.lookup_id)
            self._bell.ring(AlertKind.LIMITED_BY_PEER, AlertLevel.WARNING, Code.LIMIT_EXCEEDED.value, reply.member)
        # Of the two ids only the one that this holder knows as well, so that two houses' logs can be laid together.
        self._log.info(
            logs.FETCH_REPLIED,
            member=reply.member.value,
            lookup_id=reply.lookup_id,
            reply=reply.reply,
            code=reply.code,
            ms=reply.elapsed_ms,
        )

    def document_rejected(self, fetch_id: str, member: MemberId, code: Code) -> None:
        self._metrics.rejected.labels(code).inc()
        self._log.warning(logs.DOCUMENT_REJECTED, fetch_id=fetch_id, member=member.value, code=code)

    def delivery_failed(self, kind: str, ref: str, code: Code, attempts: int) -> None:
        event = logs.TRACE_FAILED if kind == "trace" else logs.ACK_FAILED
        self._log.warning(event, handover_id=ref, code=code, attempts=attempts)

    def work_failed(self, what: str, ref: str, incident: str, error: BaseException) -> None:
        self._log.error(logs.BUG_CAUGHT, operation=what, fetch_id=ref, incident=incident, exc_info=error)


def _text(member: MemberId | None) -> str | None:
    return member.value if member else None
