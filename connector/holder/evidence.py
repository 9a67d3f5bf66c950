"""The order in which an answer comes about: its ledger entry durable, then its receipt, then whoever sends it.

    ledger    jti and entry in one transaction, its checkpoint fsynced (PROTOCOL section 6)
    receipt   over the exact body, with the entry's proof
    answer    returned; a route may now send its first byte

A ledger that cannot be written raises `FailedClosed`, and there is nothing to send. What is answered is `holder.emit`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from connector.core.codes import Code
from connector.core.errors import ConnectorError, MandateRefused, RequestRefused
from connector.core.evidence import ReceiptDraft
from connector.core.handover import Handover, IssuedAnnouncement
from connector.core.identity_alerts import Noticed
from connector.core.ledger import EntryDraft, EntryType, Proof, Retention
from connector.core.limits import Counted
from connector.core.outcome import Outcome
from connector.core.ports import (
    Clock,
    Entropy,
    GuardedSource,
    HolderStore,
    MemberDirectory,
    Observer,
    Oppositions,
    Signer,
    UsedMandate,
)
from connector.core.ports_limits import LimitObserver, LimitStore
from connector.core.ports_measures import AlwaysAnswers, Answering
from connector.core.ports_witness import HeadsIgnored, HeadsNoticed
from connector.core.records import Trace
from connector.crypto.signing import sealed
from connector.holder.case import Case
from connector.holder.question import Answer
from connector.holder.settings import HolderSettings
from connector.wire import fhir, receipt

Pause = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ports:
    """What the holder reaches the house through. `pause` waits for seconds."""

    store: HolderStore
    source: GuardedSource
    oppositions: Oppositions
    directory: MemberDirectory
    signer: Signer
    clock: Clock
    entropy: Entropy
    observer: Observer
    limits: LimitStore
    limit_observer: LimitObserver
    pause: Pause = asyncio.sleep
    answering: Answering = field(default_factory=AlwaysAnswers)
    heads: HeadsNoticed = field(default_factory=HeadsIgnored)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is kept in the transaction of an entry, and in no ledger: for the limits, and for our own staff."""

    counted: Counted | None = None
    noticed: Noticed | None = None


NOTHING_BESIDE: Final = Beside()


class Evidence:
    """Makes answers of cases. A mandate that was used before turns any answer into the refusal `mandate.replayed`."""

    def __init__(self, settings: HolderSettings, ports: Ports) -> None:
        self._settings, self._ports = settings, ports

    async def answer(
        self,
        case: Case,
        outcome: Outcome,
        body: bytes,
        *,
        reason: str | None = None,
        retention: Retention = Retention.MONTHLY,
        announcement: IssuedAnnouncement | None = None,
        trace: Trace | None = None,
        handover: Handover | None = None,
        retry_after: int | None = None,
        beside: Beside = NOTHING_BESIDE,
    ) -> Answer:
        """Record what is answered with what is kept beside it, and seal the receipt over it.

        Raises:
            FailedClosed: the entry could not be made durable.
        """
        granted = handover if outcome is Outcome.GRANTED else None
        document = granted.document if granted else None
        entry = case.entry(
            outcome,
            reason,
            ref=handover.id if handover else "",
            document_sha256=document.sha256 if document else None,
            retention=retention,
        )
        try:
            proof = await self._append(case, entry, case.used, announcement=announcement, trace=trace, beside=beside)
        except MandateRefused as replayed:
            return await self.refuse(case, replayed)
        draft = self._draft(case, outcome, handover=granted)
        return await self._seal(case, draft, proof, body, retry_after)

    async def refuse(self, case: Case, refused: RequestRefused, *, reason: str | None = None) -> Answer:
        """Answer openly what depends only on what was sent; `reason` is for the ledger where the code tells less.

        Raises:
            FailedClosed: the entry could not be made durable.
        """
        entry = case.entry(Outcome.REFUSED, reason or refused.code.value)
        proof = await self._append_refusal(case, entry, refused.code)
        exchange = "handover" if case.type is EntryType.DECIDED else "lookup"
        self._ports.observer.refused(refused.code, case.question.peer.id, exchange)
        draft = self._draft(case, Outcome.REFUSED, code=refused.code)
        return await self._seal(case, draft, proof, fhir.operation_outcome(refused.code, str(refused)), None)

    async def could_not_look(self, case: Case, fault: ConnectorError, counted: Counted | None = None) -> Answer:
        """Answer that nobody could look, whoever the worker; only the ledger is told why.

        Raises:
            FailedClosed: the entry could not be made durable.
        """
        body = fhir.operation_outcome(None, "this service could not look, whoever the worker: ask again later")
        retry = self._settings.could_not_look_retry_seconds
        return await self.answer(
            case, Outcome.COULD_NOT_LOOK, body, reason=fault.code.value, retry_after=retry, beside=Beside(counted)
        )

    async def _append_refusal(self, case: Case, entry: EntryDraft, code: Code) -> Proof:
        if code is not Code.MANDATE_REPLAYED:
            try:
                return await self._append(case, entry, case.used)
            except MandateRefused:
                pass  # refused before and sent again: it stays refused for what is wrong with it
        return await self._append(case, entry, None)

    def _append(
        self,
        case: Case,
        entry: EntryDraft,
        used: UsedMandate | None,
        *,
        announcement: IssuedAnnouncement | None = None,
        trace: Trace | None = None,
        beside: Beside = NOTHING_BESIDE,
    ) -> Coroutine[Any, Any, Proof]:
        if case.type is EntryType.DECIDED:
            # The spool has kept the handover; what was read of it a moment ago may be older than what stands there.
            return self._ports.store.decide(entry=entry, used=used, handover=None)
        return self._ports.store.answer(
            entry=entry,
            used=used,
            announcement=announcement,
            trace=trace,
            noticed=beside.noticed,
            counted=beside.counted,
        )

    def _draft(
        self, case: Case, outcome: Outcome, *, code: Code | None = None, handover: Handover | None = None
    ) -> ReceiptDraft:
        return ReceiptDraft(
            issuer=self._settings.member,
            audience=case.question.peer.id,
            issued_at=self._ports.clock.now(),
            mandate_sha256=case.verified.sha256,
            outcome=outcome,
            directory=self._ports.directory.version,
            code=code,
            lookup_id=case.verified.lookup_id,
            handover_id=handover.id if handover else None,
            document=handover.document if handover else None,
        )

    async def _seal(
        self, case: Case, draft: ReceiptDraft, proof: Proof, body: bytes, retry_after: int | None
    ) -> Answer:
        digest = sha256(body).digest()
        compact = await sealed(
            self._ports.signer, lambda signer: receipt.seal(draft, body_sha256=digest, proof=proof, signer=signer)
        )
        return Answer(draft.outcome, body, compact, draft.code, retry_after, case.verified.lookup_id)
