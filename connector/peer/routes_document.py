"""The bytes of a document, as HTTP: one range at most, pieces straight from the vault to the socket.

Each piece is decrypted when the one before it has been taken, without a hop to a thread, so that a slow peer costs one
piece of memory (reference/dependencies.md section 2). Whatever ends the transfer, its *end* is recorded.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import hdrs, web
from multidict import CIMultiDict

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.holder.question import Question
from connector.holder.release import Transfer
from connector.holder.service import Holder
from connector.peer.pace import Pace
from connector.peer.protocol import PeerRequest
from connector.peer.reading import once, refuse_body
from connector.peer.refusals import HttpRefused
from connector.peer.routes_exchange import mandated
from connector.peer.settings import PeerServerSettings
from connector.wire.digest import repr_digest
from connector.wire.ranges import content_range

PDF = "application/pdf"


class _Stopped(Exception):
    """The member may not receive any more."""


Spawn = Callable[[Coroutine[Any, Any, Any]], "asyncio.Task[Any]"]
"""Starts a task that the server waits for when it stops: what must be recorded although the peer has left."""


class DocumentRoutes:
    """`GET /fhir/Binary/<handover id>`."""

    def __init__(
        self, settings: PeerServerSettings, holder: Holder, spawn: Spawn, damaged: Callable[[Code], None]
    ) -> None:
        self._settings, self._holder, self._spawn, self._damaged = settings, holder, spawn, damaged

    async def document(
        self, request: PeerRequest, member: Member, now: Instant, started: float, handover_id: str
    ) -> web.StreamResponse:
        """Send the document, or its rest.

        Raises:
            RequestRefused: before its first byte.
            FailedClosed: before its first byte.
        """
        _check_accept(once(request, hdrs.ACCEPT))
        refuse_body(request)
        question = mandated(request, member, now, started)
        transfer = await self._open(question, handover_id, once(request, hdrs.RANGE))
        response = _head(transfer)
        try:
            await response.prepare(request)
            await self._send(response, transfer, member)
            await response.write_eof()
        except FailedClosed as fault:
            self._damaged(fault.code)
            raise _cut(request) from None
        except (TimeoutError, _Stopped):
            raise _cut(request) from None
        finally:
            # Recorded although this task may be cancelled, because the peer has left or the service stops.
            await asyncio.shield(self._spawn(self._ended(question, transfer)))
        return response

    async def _open(self, question: Question, handover_id: str, range_header: str | None) -> Transfer:
        """Let the release be recorded to its end, and ended too, when the peer leaves in the middle of it."""
        opening: asyncio.Task[Transfer] = self._spawn(self._holder.document(question, handover_id, range_header))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(lambda done: self._nothing_sent(question, done))
            raise

    def _nothing_sent(self, question: Question, opening: "asyncio.Task[Transfer]") -> None:
        if not opening.cancelled() and opening.exception() is None:
            transfer = opening.result()
            transfer.pieces().close()
            _ = self._spawn(self._ended(question, transfer))

    async def _ended(self, question: Question, transfer: Transfer) -> None:
        try:
            await self._holder.ended(question, transfer)
        except FailedClosed as fault:  # the bytes have left: their release stands, without an end
            self._damaged(fault.code)

    async def _send(self, response: web.StreamResponse, transfer: Transfer, member: Member) -> None:
        pieces = transfer.pieces()
        try:
            async with Pace(self._settings.slow_client_seconds) as pace:
                for piece in pieces:
                    if not self._holder.may_go_on(member.id):
                        raise _Stopped
                    await response.write(piece)
                    transfer.sent += len(piece)
                    await pace.moved()
        finally:
            pieces.close()


def _head(transfer: Transfer) -> web.StreamResponse:
    size = transfer.document.size
    headers = CIMultiDict(
        {
            hdrs.CONTENT_TYPE: transfer.handover.content_type,
            hdrs.CONTENT_LENGTH: str(transfer.length),
            hdrs.CACHE_CONTROL: "no-store",
            hdrs.ACCEPT_RANGES: "bytes",
            "Repr-Digest": repr_digest(transfer.document.sha256),
            "X-Content-Type-Options": "nosniff",
        }
    )
    if transfer.is_partial:
        headers[hdrs.CONTENT_RANGE] = content_range(transfer.offset, size)
    return web.StreamResponse(status=206 if transfer.is_partial else 200, headers=headers)


def _cut(request: PeerRequest) -> ConnectionError:
    """Close at once: the length was promised, and only a broken connection tells that the rest does not come."""
    request.cut()
    return ConnectionResetError("the transfer was cut")


def _check_accept(accept: str | None) -> None:
    """Refuse to wrap a document in FHIR JSON (documents.md 4.4): its digest is that of the bytes themselves.

    Raises:
        HttpRefused: 406.
    """
    offered = {part.partition(";")[0].strip().lower() for part in (accept or "*/*").split(",")}
    if not offered & {PDF, "application/*", "*/*"}:
        raise HttpRefused(406, f"document: got another Accept, expected {PDF}", hint=f"send Accept: {PDF}")
