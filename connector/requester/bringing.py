"""Bringing the chosen record over: handover, bytes into the vault, checks, and what both members keep of it.

A holder that fails is resumed; when that does not help the fetch goes to *choosing* with the next newest, or back to
the copy that is here, saying why. A document that arrived and must not be shown is acknowledged as rejected, so both
ledgers have the reason. Nothing is in a readable state before *arrived* and its acknowledgement were committed.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.errors import ConnectorError, DocumentRejected, LocalRefused, PeerFault
from connector.core.evidence import AckDraft, AckResult, DocumentDigest
from connector.core.fetch import FetchedDocument, PeerAnnouncement, Reply, ServiceReply, most_recent
from connector.core.inspection import Inspected
from connector.core.instant import Instant
from connector.core.outcome import Outcome
from connector.core.ports import HandoverAnswer
from connector.core.records import TraceAction
from connector.core.states import FetchState
from connector.requester import demands, entries, integrity, notes, receive
from connector.requester.asking import Asking
from connector.requester.entries import Granted
from connector.requester.errand import Errand
from connector.requester.means import Means, back_to_copy, copy_id_of, end, trace_of, vault_id_of
from connector.requester.new_fetch import active_member
from connector.requester.notes import Happening, Note

_STALE: Final = frozenset({Code.DOCUMENT_CHANGED, Code.HANDOVER_NOT_AVAILABLE})
"""Refusals of a handover after which the same holder is asked once more: the announcement may only be too old."""

_PROGRESS_SECONDS: Final = 1.0
_NOTHING: Final = DocumentDigest(sha256(b"").digest(), 0)


@dataclass(frozen=True, slots=True)
class _Unfit:
    """A document that was promised or arrived, and is not shown: what came of it, and why not."""

    granted: Granted
    received: DocumentDigest
    error: DocumentRejected


class Bringing:
    """The way of one chosen record into the vault; it asks its holder again through `asking`."""

    def __init__(self, errand: Errand, means: Means, asking: Asking) -> None:
        self._errand, self._means, self._asking = errand, means, asking

    async def run(self) -> None:
        """Bring it, or say why not and offer the next.

        Raises:
            LocalRefused, AdapterFault: a rule of this house stops the fetch.
            FailedClosed: nothing can be kept.
        """
        try:
            unfit = await self._receive()
        except PeerFault as fault:
            await self._fall_back(fault)
        except LocalRefused as error:
            if error.code not in {Code.MEMBER_UNKNOWN, Code.MEMBER_SUSPENDED}:
                raise
            await self._fall_back(error)
        else:
            if unfit is not None:
                await self._reject(unfit)

    async def _receive(self) -> _Unfit | None:
        means, reply = self._means, self._chosen
        started = means.clock.monotonic()
        member = active_member(reply.member, means.directory)
        granted = await self._obtain(member, reply)
        steps = {**self._errand.fetch.steps_ms, "handover": means.since_ms(started)}
        try:
            integrity.check_promise(
                granted.document, granted.content_type, max_bytes=means.settings.max_document_bytes, holder=member.name
            )
        except DocumentRejected as error:
            await self._checking(steps)
            return _Unfit(granted, _NOTHING, error)
        started = means.clock.monotonic()
        received = await self._download(member, granted)
        steps["download"] = means.since_ms(started)
        started = means.clock.monotonic()
        await self._checking(steps)
        try:
            if received.refused is not None:
                raise received.refused
            integrity.check_bytes(received.digest, granted.document, received.head, holder=member.name)
            inspected = await self._inspect(member, granted.document.size)
        except DocumentRejected as error:
            return _Unfit(granted, received.digest, error)
        steps["checking"] = means.since_ms(started)
        steps["total"] = sum(milliseconds for name, milliseconds in steps.items() if name != "total")
        await self._arrived(granted, inspected, steps)
        return None

    async def _inspect(self, member: Member, size: int) -> Inspected:
        """Have the document looked into; what an earlier run may have left as its copy is dropped before."""
        vault, fetch_id = self._means.vault, self._errand.fetch.id
        copy_id = copy_id_of(fetch_id, member.id)
        if vault.holds(copy_id):
            await vault.delete(copy_id)
        content = vault.read(vault_id_of(fetch_id, member.id))
        return await self._means.inspector.inspect(content, size, lambda: vault.create(copy_id))

    @property
    def _chosen(self) -> ServiceReply:
        fetch = self._errand.fetch
        return next(reply for reply in fetch.replies if reply.member == fetch.chosen)

    async def _checking(self, steps: dict[str, int]) -> None:
        downloading = self._errand.fetch.state is FetchState.DOWNLOADING  # else a restart found it checking
        await self._errand.keep(state=FetchState.CHECKING if downloading else None, steps_ms=steps)

    # ------------------------------------------------------------------ handover

    async def _obtain(self, member: Member, reply: ServiceReply) -> Granted:
        """Get the handover granted; an announcement that is too old is renewed once, at that holder alone."""
        announcement = _announcement(member, reply)
        answer = await self._ask_for_handover(member, reply, announcement)
        if answer.outcome is Outcome.REFUSED and answer.code in _STALE:
            announcement = await self._look_again(member, reply, answer.code)
            answer = await self._ask_for_handover(member, reply, announcement)
        if answer.outcome is not Outcome.GRANTED:
            raise PeerFault(
                f"{member.name}: did not give the document ({answer.detail or answer.outcome.value})",
                code=answer.code or Code.HANDOVER_NOT_AVAILABLE,
            )
        if answer.handover_id is None or answer.document is None or answer.receipt is None:
            raise PeerFault(f"{member.name}: granted a handover without naming its document")
        return Granted(
            announcement=announcement,
            handover_id=answer.handover_id,
            document=answer.document,
            content_type=answer.content_type,
            receipt=answer.receipt,
            mandate=answer.mandate,
        )

    async def _ask_for_handover(
        self, member: Member, reply: ServiceReply, announcement: PeerAnnouncement
    ) -> HandoverAnswer:
        means = self._means
        answers = receive.obtain(
            member,
            demands.handover_demand(
                self._errand.fetch,
                reply,
                means.settings.member,
                announcement.id,
                unattended=self._asking.unattended,
            ),
            peers=means.peers,
            permit=self._permit,
            sleep=means.sleep,
            limit_seconds=means.settings.handover_seconds,
        )
        async with aclosing(answers):
            async for answer in answers:
                if answer.outcome not in receive.HANDOVER_PENDING:
                    return answer
                await self._errand.keep(notes.note(Note.RENDERING, member.id, retry_after=answer.retry_after))
        raise PeerFault(f"{member.name}: gave no final answer to a handover")  # obtain() ends only with one

    async def _look_again(self, member: Member, old: ServiceReply, why: Code | None) -> PeerAnnouncement:
        """Ask the holder once more, because its record changed or its announcement ended.

        Raises:
            PeerFault: it announces nothing any more, or an older record than the one that was chosen.
        """
        asked = replace(old, reply=Reply.PENDING)
        await self._permit()
        await self._errand.keep(
            notes.note(Note.ASKED_AGAIN, member.id, code=why.value if why else None),
            entries=[entries.asked(self._errand.fetch, asked, self._now, unattended=self._asking.unattended)],
        )
        await self._asking.put(self._asking.question(asked))
        announcement = _announcement(member, self._chosen)
        if old.announcement is not None and announcement.last_act_on < old.announcement.last_act_on:
            raise PeerFault(
                f"{member.name}: its record is now of {announcement.last_act_on}, "
                f"it was announced as of {old.announcement.last_act_on}",
                code=Code.DOCUMENT_CHANGED,
                hint="choose it again if that one is wanted",
            )
        return announcement

    # ------------------------------------------------------------------ bytes

    async def _download(self, member: Member, granted: Granted) -> receive.Received:
        means, fetch = self._means, self._errand.fetch
        await means.drop(fetch.id, member.id)  # what an earlier run left: it is never continued, never shown
        steps = receive.download(
            member,
            demands.read_demand(
                fetch,
                member.id,
                means.settings.member,
                granted.handover_id,
                granted.document,
                unattended=self._asking.unattended,
            ),
            granted.document,
            means.vault.create(vault_id_of(fetch.id, member.id)),
            peers=means.peers,
            permit=self._permit,
            sleep=means.sleep,
            attempts=means.settings.download_attempts,
            pause_seconds=means.settings.resume_pause_seconds,
        )
        async with aclosing(steps):
            return await self._follow(steps, member, granted.document)

    async def _follow(
        self, steps: AsyncIterator[receive.Progress | receive.Received], member: Member, document: DocumentDigest
    ) -> receive.Received:
        """Tell the practitioner of progress, once a second at most: every event is a commit."""
        clock = self._means.clock
        told_at = clock.monotonic()
        async for step in steps:
            if isinstance(step, receive.Received):
                return step
            if step.resumed:
                await self._errand.keep(notes.note(Note.RESUMED, member.id, offset=step.received))
            elif clock.monotonic() - told_at >= _PROGRESS_SECONDS:
                told_at = clock.monotonic()
                await self._errand.keep(notes.progress(member.id, step.received, document))
        raise PeerFault(f"{member.name}: the document has no end", code=Code.PEER_UNREACHABLE)  # download() has one

    # ------------------------------------------------------------------ ends

    async def _arrived(self, granted: Granted, inspected: Inspected, steps: dict[str, int]) -> None:
        means, fetch, now = self._means, self._errand.fetch, self._now
        reply, before = self._chosen, fetch.document
        purge_at = Instant(now + means.settings.kept_seconds)
        original_id = vault_id_of(fetch.id, reply.member)
        document = FetchedDocument(
            vault_id=original_id if inspected.shown is None else copy_id_of(fetch.id, reply.member),
            member=reply.member,
            handover_id=granted.handover_id,
            digest=granted.document,
            last_act_on=granted.announcement.last_act_on,
            content_type=granted.content_type,
            arrived_at=now,
            purge_at=purge_at,
            holder_receipt=granted.receipt.compact,
            findings=inspected.findings,
            shown=inspected.shown,
        )
        told = [notes.progress(reply.member, granted.document.size, granted.document)]
        if inspected.findings:
            told.append(notes.found(document))
        await self._errand.keep_arrived(
            *told,
            state=FetchState.READY,
            entry=entries.arrived(fetch, reply, granted, granted.document, now, inspected=inspected),
            ack=self._ack(granted, granted.document, None),
            trace=trace_of(fetch, TraceAction.RECEIVED, reply.member, now, means.entropy),
            document=document,
            expires_at=purge_at,
            steps_ms=steps,
            comes_back_as=None,
        )
        means.deliver()
        if inspected.shown is not None:
            await means.vault.delete(original_id)  # its digest stays; a crash before this leaves it to the purge
        if before is not None and before.member != reply.member:
            await means.drop(fetch.id, before.member)

    async def _reject(self, unfit: _Unfit) -> None:
        """Keep in both ledgers why what came is not shown, and offer the next."""
        fetch, error = self._errand.fetch, unfit.error
        failed = replace(self._chosen, code=error.code, detail=str(error))
        self._means.observer.document_rejected(fetch.id, failed.member, error.code)
        replies = self._errand.with_replies(failed)
        await self._errand.keep_arrived(
            notes.service(failed),
            self._told(failed, replies),
            entry=entries.arrived(fetch, failed, unfit.granted, unfit.received, self._now, error=error),
            ack=self._ack(unfit.granted, unfit.received, error.code),
            trace=None,
            replies=replies,
            **back_to_copy(fetch),
        )
        self._means.deliver()
        await self._means.drop(fetch.id, failed.member)
        await self._end_without_offer(error)

    async def _fall_back(self, error: ConnectorError) -> None:
        """Say why the chosen record could not be brought, and offer the next newest."""
        fetch = self._errand.fetch
        failed = replace(self._chosen, code=error.code, detail=str(error))
        replies = self._errand.with_replies(failed)
        alerts = []
        if error.code is Code.PEER_MISBEHAVED or error.code.startswith("receipt."):
            alerts.append(entries.misbehaved(fetch, failed, self._now))
        elif error.code is Code.LIMIT_EXCEEDED:
            alerts.append(entries.limited(fetch, failed, self._now))
        await self._means.drop(fetch.id, failed.member)
        await self._errand.keep(
            notes.service(failed),
            self._told(failed, replies),
            entries=alerts,
            replies=replies,
            **back_to_copy(fetch),
        )
        await self._end_without_offer(error)

    def _told(self, failed: ServiceReply, replies: tuple[ServiceReply, ...]) -> Happening:
        if self._errand.fetch.comes_back_as is not None:
            return notes.copy_stays(failed)
        return notes.chosen_failed(failed, replies)

    async def _end_without_offer(self, error: ConnectorError) -> None:
        if self._errand.fetch.state is not FetchState.CHOOSING:  # it went back to the copy that is here
            return
        if not most_recent(notes.can_be_brought(self._errand.fetch.replies)).offered:
            await end(self._errand, self._means, FetchState.FAILED, error.code, str(error))

    def _ack(self, granted: Granted, received: DocumentDigest, code: Code | None) -> AckDraft:
        return AckDraft(
            issuer=self._means.settings.member,
            audience=self._chosen.member,
            issued_at=self._now,
            handover_id=granted.handover_id,
            receipt_sha256=granted.receipt.sha256,
            result=AckResult.VERIFIED if code is None else AckResult.REJECTED,
            code=code,
            received=received,
        )

    @property
    def _now(self) -> Instant:
        return self._means.clock.now()

    async def _permit(self) -> None:
        await self._means.rules.permit(self._errand.fetch)


def _announcement(member: Member, reply: ServiceReply) -> PeerAnnouncement:
    if reply.announcement is None:
        raise PeerFault(
            f"{member.name}: announced a record and no longer gives it ({reply.detail or reply.reply.value})",
            code=reply.code or Code.HANDOVER_NOT_AVAILABLE,
        )
    return reply.announcement
