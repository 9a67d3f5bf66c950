"""Asking services and bringing a document over: the choreography with peers, without states, entries or wall clocks.

`ask_all` asks every service at once and gives each reply as it comes; what comes after the deadline is not used.
`obtain` gets a handover granted, waiting while the holder renders. `download` brings the bytes into the vault, goes on
where a cut left it, and never starts over by itself. Before each mandate `permit` is awaited: it raises to stop.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.errors import DocumentRejected, PeerFault
from connector.core.evidence import DocumentDigest
from connector.core.fetch import Reply, ServiceReply
from connector.core.instant import Instant
from connector.core.mandate import MandateDraft
from connector.core.outcome import Outcome
from connector.core.ports import Clock, FetchObserver, HandoverAnswer, LookupAnswer, PeerClient, VaultWriter

Permit = Callable[[], Awaitable[None]]
Sleep = Callable[[float], Awaitable[None]]

HEAD_BYTES: Final = 16
HANDOVER_PENDING: Final = frozenset({Outcome.RENDERING, Outcome.COULD_NOT_LOOK})
"""Answers to a handover after which the same is asked again."""

_DEFERRED_SECONDS: Final = 3600

_REPLY_OF_CODE: Final = {
    Code.PEER_UNREACHABLE: Reply.UNREACHABLE,
    Code.PEER_TLS: Reply.UNREACHABLE,
    Code.CRL_UNAVAILABLE: Reply.UNREACHABLE,
    Code.SIGNER_UNAVAILABLE: Reply.UNREACHABLE,
    Code.PEER_REFUSED_US: Reply.REFUSED,
    Code.PEER_TIMEOUT: Reply.TOO_LATE,
    Code.PEER_UNAVAILABLE: Reply.UNAVAILABLE,
    Code.LEDGER_UNAVAILABLE: Reply.UNAVAILABLE,
    Code.LIMIT_EXCEEDED: Reply.LIMITED,
    Code.MEMBER_UNKNOWN: Reply.REFUSED,
    Code.MEMBER_SUSPENDED: Reply.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Question:
    """One lookup to be made: the reply it is for, the member, the demand."""

    reply: ServiceReply
    member: Member
    demand: MandateDraft


@dataclass(frozen=True, slots=True)
class Progress:
    """So many bytes are here; `resumed` where a cut connection was just taken up again."""

    received: int
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """All that came is in the vault: its digest, the first bytes, and why the holder's offer was not all taken."""

    digest: DocumentDigest
    head: bytes
    refused: DocumentRejected | None = None


async def ask_all(
    questions: Sequence[Question],
    *,
    peers: PeerClient,
    clock: Clock,
    observer: FetchObserver,
    fetch_id: str,
    deadline_seconds: float,
) -> AsyncGenerator[tuple[ServiceReply, ...], None]:
    """Ask all services at once and give the replies as they come, then those of the services that were too late.

    A service that is down, slow or answers nonsense never keeps the others from counting (DESIGN section 8).
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + deadline_seconds
    tasks = {loop.create_task(_ask(question, peers, clock, observer, fetch_id)): question for question in questions}
    pending = set(tasks)
    try:
        while pending:
            done, pending = await asyncio.wait(
                pending, timeout=max(0.0, deadline - loop.time()), return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                break
            yield tuple(task.result() for task in done)
        if pending:
            yield tuple(_too_late(tasks[task].reply, deadline_seconds) for task in pending)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _ask(
    question: Question, peers: PeerClient, clock: Clock, observer: FetchObserver, fetch_id: str
) -> ServiceReply:
    started = clock.monotonic()
    asked = replace(question.reply, code=None, detail="", announcement=None, ask_again_at=None)
    try:
        reply = reply_of_answer(asked, await peers.lookup(question.member, question.demand), clock.now())
    except PeerFault as fault:
        reply = reply_of_fault(asked, fault, clock.now())
    except Exception as error:  # noqa: BLE001 - what one service makes us stumble over must not silence the others
        observer.work_failed("lookup", fetch_id, asked.lookup_id, error)
        reply = replace(
            asked,
            reply=Reply.MISBEHAVED,
            code=Code.INTERNAL,
            detail=f"{asked.name}: its answer could not be handled here, incident {asked.lookup_id}",
        )
    return replace(reply, elapsed_ms=round((clock.monotonic() - started) * 1000))


def reply_of_answer(asked: ServiceReply, answer: LookupAnswer, now: Instant) -> ServiceReply:
    """Put a verified answer in the words of a fetch."""
    reply = replace(
        asked,
        code=answer.code,
        detail=answer.detail,
        receipt=answer.receipt.compact if answer.receipt else None,
        mandate=answer.mandate,
    )
    match answer.outcome:
        case Outcome.ANNOUNCED if answer.announcement is not None:
            return replace(reply, reply=Reply.ANNOUNCED, announcement=answer.announcement)
        case Outcome.WITHHELD:
            return replace(reply, reply=Reply.WITHHELD)
        case Outcome.DEFERRED:
            wait = answer.retry_after or _DEFERRED_SECONDS
            return replace(reply, reply=Reply.DEFERRED, ask_again_at=Instant(now + wait))
        case Outcome.COULD_NOT_LOOK:
            return replace(reply, reply=Reply.COULD_NOT_LOOK, ask_again_at=_later(now, answer.retry_after))
        case Outcome.REFUSED:
            return replace(reply, reply=Reply.REFUSED)
        case _:
            return replace(
                reply,
                reply=Reply.MISBEHAVED,
                code=Code.PEER_MISBEHAVED,
                detail=f"{asked.name}: answered a lookup with {answer.outcome.value}, which is none of its outcomes",
            )


def reply_of_fault(asked: ServiceReply, fault: PeerFault, now: Instant) -> ServiceReply:
    """Put a member's failure in the words of a fetch."""
    return replace(
        asked,
        reply=_REPLY_OF_CODE.get(fault.code, Reply.MISBEHAVED),
        code=fault.code,
        detail=str(fault),
        ask_again_at=_later(now, fault.retry_after),
    )


def _too_late(asked: ServiceReply, deadline_seconds: float) -> ServiceReply:
    return replace(
        asked,
        reply=Reply.TOO_LATE,
        announcement=None,
        ask_again_at=None,
        code=Code.PEER_TIMEOUT,
        detail=f"{asked.name}: did not answer within {deadline_seconds:g} s; what it may answer later is not used",
        elapsed_ms=round(deadline_seconds * 1000),
    )


def _later(now: Instant, seconds: int | None) -> Instant | None:
    return None if seconds is None else Instant(now + seconds)


async def obtain(
    member: Member,
    demand: MandateDraft,
    *,
    peers: PeerClient,
    permit: Permit,
    sleep: Sleep,
    limit_seconds: float,
) -> AsyncGenerator[HandoverAnswer, None]:
    """Ask for a handover until it is granted or refused; each answer is given, the last one is final.

    While the holder renders (202), or its adapter fails for a moment (503), it is asked again after `Retry-After`, for
    at most `limit_seconds` of waiting.

    Raises:
        PeerFault: `peer.*`, `receipt.*`; `peer.timeout`, it still was not ready after that time.
    """
    waited = 0.0
    while True:
        await permit()
        answer = await peers.handover(member, demand)
        yield answer
        if answer.outcome not in HANDOVER_PENDING:
            return
        pause = max(1, answer.retry_after or 1)
        if waited + pause > limit_seconds:
            state = "still preparing the document" if answer.outcome is Outcome.RENDERING else "could not look it up"
            raise PeerFault(
                f"{member.name}: {state} after {waited:g} s, and asks for {pause} s more",
                code=Code.PEER_TIMEOUT,
                hint="choose it again later",
                retry_after=answer.retry_after,
            )
        await sleep(pause)
        waited += pause


async def download(
    member: Member,
    demand: MandateDraft,
    document: DocumentDigest,
    writer: VaultWriter,
    *,
    peers: PeerClient,
    permit: Permit,
    sleep: Sleep,
    attempts: int,
    pause_seconds: float,
) -> AsyncGenerator[Progress | Received, None]:
    """Bring the bytes of one handover into the vault: progress, then what was received.

    A cut connection is taken up by Range where it ended, each time with a fresh mandate, `attempts` times in all and
    always about the same digest. The writer is finished or aborted when this ends, whatever the way.

    Raises:
        PeerFault: the last attempt's; `peer.unreachable` also for a holder that ends each time before the end.
    """
    received, head, finished = 0, b"", False
    refused: DocumentRejected | None = None
    try:
        for attempt in range(1, attempts + 1):
            await permit()
            try:
                async with peers.document(member, demand, size=document.size, offset=received) as pieces:
                    if attempt > 1:
                        yield Progress(received, resumed=True)
                    async for piece in pieces:
                        head += piece[: HEAD_BYTES - len(head)]
                        writer.write(piece)
                        received += len(piece)
                        yield Progress(received)
            except DocumentRejected as rejected:
                refused = rejected  # it offers other bytes than were promised: what came is hashed, for the evidence
                break
            except PeerFault as fault:
                if attempt == attempts or not _may_resume(fault):
                    raise
            if received >= document.size:
                break
            if attempt < attempts:
                await sleep(pause_seconds * 2 ** (attempt - 1))
        else:
            raise PeerFault(
                f"{member.name}: the document ended at {received} of {document.size} bytes, {attempts} times",
                code=Code.PEER_UNREACHABLE,
                hint="choose it again later",
            )
        digest = await writer.finish()
        finished = True
        yield Received(digest, head, refused)
    finally:
        if not finished:
            writer.abort()


def _may_resume(fault: PeerFault) -> bool:
    """Whether the fault is one of the way, not of the holder's will."""
    return fault.code in {
        Code.PEER_UNREACHABLE,
        Code.PEER_TIMEOUT,
        Code.PEER_UNAVAILABLE,
        Code.LEDGER_UNAVAILABLE,
        Code.LIMIT_EXCEEDED,
    }
