"""The requester's side of the peer protocol: one exchange at a time with one member (`core.ports.PeerClient`).

A mandate is sealed for each attempt, bound to the client certificate of the session it goes on. The address is the
directory's, as it is now; redirects, proxies, cookies and compression are not for us. Bodies are bounded while they are
read. What an answer means is `peer.answers`, what a failure means `peer.faults`; connections are `peer.connect`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import Final, Self, TypeVar

import aiohttp
from aiohttp import hdrs

from connector.core.codes import Code
from connector.core.directory import Member, MemberStatus
from connector.core.errors import DocumentRejected, FailedClosed, PeerFault
from connector.core.evidence import AckDraft
from connector.core.instant import rfc3339
from connector.core.ledger import Proof
from connector.core.mandate import MandateDraft
from connector.core.members import MemberId
from connector.core.ports import Clock, Entropy, HandoverAnswer, LookupAnswer, MemberDirectory, Signer, new_id
from connector.core.ports_witness import HeadsIgnored, HeadsNoticed
from connector.crypto.signing import sealed
from connector.peer.answers import HttpAnswer, handover_answer, lookup_answer, named, refusal
from connector.peer.connect import Channel, PeerClientSettings
from connector.peer.faults import fault_of
from connector.peer.tls import ClientTls
from connector.wire import ack, form, handover, mandate
from connector.wire.bearer import authorization
from connector.wire.digest import parse_sha256
from connector.wire.ranges import check_content_range, encode_range
from connector.wire.receipt import HEADER as RECEIPT_HEADER

_SEARCH: Final = "/fhir/DocumentReference/_search"
_HANDOVERS: Final = "/handovers"
_PDF: Final = "application/pdf"
_FHIR_JSON: Final = "application/fhir+json"
_LOST = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)

T = TypeVar("T", LookupAnswer, HandoverAnswer)

Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]


class _Sealing:
    """Seals a fresh mandate for each attempt, aiohttp's own second one of a GET included; `compact` is the last."""

    def __init__(self, seal: Callable[[], Awaitable[bytes]] | None) -> None:
        self._seal = seal
        self.compact = b""

    async def __call__(self, request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        if self._seal is not None:
            self.compact = await self._seal()
            request.headers[hdrs.AUTHORIZATION] = authorization(self.compact)
        return await handler(request)


class HttpPeerClient:
    """Asks members over mutual TLS, between `start` and `close`."""

    def __init__(
        self,
        directory: MemberDirectory,
        signer: Signer,
        tls: ClientTls,
        clock: Clock,
        entropy: Entropy,
        settings: PeerClientSettings,
    ) -> None:
        self._directory, self._signer, self._tls = directory, signer, tls
        self._clock, self._entropy, self._settings = clock, entropy, settings
        self.heads: HeadsNoticed = HeadsIgnored()
        self._channels: dict[MemberId, Channel] = {}
        self._retired: set[Channel] = set()
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Follow the directory from now on: connections to members that are not active any more are closed."""
        self._watching = asyncio.create_task(self._watch(), name="peer client")

    async def close(self) -> None:
        """Close every connection."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        channels = [*self._channels.values(), *self._retired]
        self._channels.clear()
        self._retired.clear()
        for channel in channels:
            await channel.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def recheck(self) -> None:
        """Cut the connections whose certificate may no longer be used, running transfers too: after new CRLs."""
        for channel in (*self._channels.values(), *self._retired):
            channel.recheck()

    # ------------------------------------------------------------------ exchanges

    async def lookup(self, member: Member, demand: MandateDraft) -> LookupAnswer:
        """Ask one member about one worker, or probe it.

        Raises:
            PeerFault: `peer.*`, `receipt.*`, `limit.exceeded`, `ledger.unavailable`, `member.*`.
        """
        body = form.encode_search(demand.worker.ins) if demand.worker is not None else form.encode_probe()
        headers: dict[str, str] = {hdrs.CONTENT_TYPE: form.CONTENT_TYPE, hdrs.ACCEPT: _FHIR_JSON}
        current = self._current(member)
        answer = await self._post(current, _SEARCH, headers, body, demand, self._settings.exchange_seconds)
        return self._heard(current, lookup_answer(current, demand, answer, self._clock.now()))

    async def handover(self, member: Member, demand: MandateDraft) -> HandoverAnswer:
        """Ask for the document behind an announcement; the holder may hold its answer for some seconds.

        Raises:
            PeerFault: as `lookup`.
        """
        body = handover.encode_request(demand.announcement_id or "")
        headers: dict[str, str] = {
            hdrs.CONTENT_TYPE: handover.CONTENT_TYPE,
            hdrs.ACCEPT: f"{handover.CONTENT_TYPE}, {_FHIR_JSON}",
        }
        current = self._current(member)
        answer = await self._post(current, _HANDOVERS, headers, body, demand, self._settings.handover_seconds)
        return self._heard(current, handover_answer(current, demand, answer, self._clock.now()))

    def _heard(self, member: Member, answer: T) -> T:
        """Hand on the checkpoint of a receipt that was verified: it is compared later, and nobody waits for that."""
        if answer.receipt is not None:
            self.heads.noticed(member.id, answer.receipt.proof.checkpoint)
        return answer

    async def acknowledge(self, member: Member, ack_draft: AckDraft, proof: Proof) -> bytes:
        """Send what was received to its holder; give the compact form that it took.

        It is sealed anew at each attempt, with the key in use and as of then: the draft may be older than that key.

        Raises:
            PeerFault: `peer.*`; `ack.mismatch`, another result was sent before; the holder's code otherwise.
        """
        current = self._current(member)

        def seal(signer: Signer) -> bytes:
            return ack.seal(replace(ack_draft, issued_at=self._clock.now()), proof=proof, signer=signer)

        token = await sealed(self._signer, seal)
        path = f"{_HANDOVERS}/{ack_draft.handover_id}/ack"
        headers: dict[str, str] = {hdrs.CONTENT_TYPE: ack.CONTENT_TYPE}
        answer = await self._post(current, path, headers, token, None, self._settings.exchange_seconds)
        if answer.status == 204:
            return token
        fault = refusal(current, answer)
        if answer.status == 409:
            raise PeerFault(fault.message, code=Code.ACK_MISMATCH, hint="tell that service's IT staff")
        raise fault

    @asynccontextmanager
    async def document(
        self, member: Member, demand: MandateDraft, *, size: int, offset: int = 0
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Read the bytes of a granted handover from an offset on, as they come: `size - offset` of them, never more.

        Raises:
            PeerFault: `peer.*`, or the holder's refusal; `peer.unreachable` or `peer.timeout` also while reading.
            DocumentRejected: `document.size`, `document.digest`, it offers other bytes than were promised.
        """
        current = self._current(member)
        settings = self._settings
        seconds = settings.silent_seconds + (size - offset) / settings.bytes_per_second
        headers: dict[str, str] = {hdrs.ACCEPT: _PDF}
        if offset:
            headers[hdrs.RANGE] = encode_range(offset)
        path = f"/fhir/Binary/{demand.handover_id}"
        async with self._open("GET", current, path, headers, None, demand, seconds) as (response, sealing):
            if response.status != (206 if offset else 200):
                raise await self._document_refusal(current, response, sealing, seconds)
            self._check_document(current, response, demand, size=size, offset=offset)
            yield _whole(current, response, size - offset, settings.silent_seconds)

    async def exchange(
        self, member: Member, method: str, path: str, headers: dict[str, str], body: bytes | None, max_bytes: int
    ) -> HttpAnswer:
        """Send a request that needs no mandate, and read its answer, at most so many bytes of it.

        Raises:
            PeerFault: `peer.*`, `member.*`.
        """
        current, seconds = self._current(member), self._settings.exchange_seconds
        async with self._open(method, current, path, headers, body, None, seconds) as (response, sealing):
            return await self._read(current, response, sealing, seconds, max_bytes)

    # ------------------------------------------------------------------ HTTP

    async def _post(
        self,
        member: Member,
        path: str,
        headers: dict[str, str],
        body: bytes,
        demand: MandateDraft | None,
        seconds: float,
    ) -> HttpAnswer:
        """Post once, and once more where the member had just closed the connection that lay ready.

        Repeating is safe: a lookup with its `lookup_id` counts once, a handover and an acknowledgement are the same
        again (PROTOCOL sections 1 and 3).
        """
        channel = self._channel(member)
        opened = channel.opened
        try:
            return await self._post_once(member, path, headers, body, demand, seconds)
        except _Lost:
            if channel.opened != opened:
                raise
        return await self._post_once(member, path, headers, body, demand, seconds)

    async def _post_once(
        self,
        member: Member,
        path: str,
        headers: dict[str, str],
        body: bytes,
        demand: MandateDraft | None,
        seconds: float,
    ) -> HttpAnswer:
        async with self._open("POST", member, path, headers, body, demand, seconds) as (response, sealing):
            return await self._read(member, response, sealing, seconds)

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        member: Member,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        demand: MandateDraft | None,
        seconds: float,
    ) -> AsyncIterator[tuple[aiohttp.ClientResponse, _Sealing]]:
        """Send a request and give the head of its answer; the connection is kept only if all of the body was read."""
        channel = self._channel(member)
        sealing = _Sealing(None if demand is None else lambda: self._seal(demand, channel))
        channel.in_use += 1
        try:
            response = await self._send(method, member, path, headers, body, channel, sealing, seconds)
            try:
                yield response, sealing
            finally:
                if not response.content.is_eof():
                    response.close()  # half an answer: the connection cannot serve another request
                response.release()
        finally:
            channel.in_use -= 1
            await self._close_if_retired(channel)

    async def _send(
        self,
        method: str,
        member: Member,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        channel: Channel,
        sealing: _Sealing,
        seconds: float,
    ) -> aiohttp.ClientResponse:
        settings = self._settings
        try:
            return await channel.session.request(
                method,
                member.endpoint.rstrip("/") + path,
                headers=headers,
                data=body,
                timeout=aiohttp.ClientTimeout(
                    # Not `connect`: that counts the waiting for one of our own connections to come free as well.
                    total=seconds,
                    sock_connect=settings.connect_seconds,
                    sock_read=settings.silent_seconds,
                ),
                allow_redirects=False,
                middlewares=(sealing,),
            )
        except aiohttp.ClientConnectorError as error:
            raise fault_of(member, error, seconds=seconds) from None
        except _LOST as error:
            fault = fault_of(member, error, seconds=seconds)
            raise _Lost(fault.message, code=fault.code, hint=fault.hint) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise fault_of(member, error, seconds=seconds) from None

    async def _read(
        self,
        member: Member,
        response: aiohttp.ClientResponse,
        sealing: _Sealing,
        seconds: float,
        max_bytes: int | None = None,
    ) -> HttpAnswer:
        """Read a small body, at most `max_bytes` of it, else `max_body_bytes`."""
        limit = max_bytes or self._settings.max_body_bytes
        body = bytearray()
        _check_encoding(member, response)
        if (response.content_length or 0) > limit:
            raise _too_much(member, limit)
        async for piece in _pieces(member, response, seconds):
            body += piece
            if len(body) > limit:
                raise _too_much(member, limit)
        headers = response.headers
        return HttpAnswer(
            status=response.status,
            receipts=tuple(headers.getall(RECEIPT_HEADER, ())),
            retry_after=headers.get(hdrs.RETRY_AFTER),
            date=headers.get(hdrs.DATE),
            body=bytes(body),
            mandate=sealing.compact,
        )

    async def _seal(self, demand: MandateDraft, channel: Channel) -> bytes:
        def seal(signer: Signer) -> bytes:
            # Its time is that of the signature, however long the token let it wait.
            jti = new_id(self._entropy)
            return mandate.seal(demand, x5t=channel.x5t, now=self._clock.now(), jti=jti, signer=signer)

        try:
            return await sealed(self._signer, seal)
        except FailedClosed as fault:  # a token that is gone: nobody is to blame but this house
            raise PeerFault(f"nothing was asked: {fault.message}", code=fault.code, hint=fault.hint) from None

    async def _document_refusal(
        self, member: Member, response: aiohttp.ClientResponse, sealing: _Sealing, seconds: float
    ) -> PeerFault:
        if response.status in {200, 206}:
            return PeerFault(f"{member.name}: answered a request for the rest of a document with another part of it")
        return refusal(member, await self._read(member, response, sealing, seconds))

    def _check_document(
        self, member: Member, response: aiohttp.ClientResponse, demand: MandateDraft, *, size: int, offset: int
    ) -> None:
        """Compare the head of the answer with the promise, before a byte is taken.

        Raises:
            PeerFault: `peer.misbehaved`, a header is missing or contradicts the request.
            DocumentRejected: `document.size`, `document.digest`.
        """
        headers = response.headers
        _check_encoding(member, response)
        if response.content_type != _PDF:
            raise PeerFault(f"{member.name}: sends a document of another type than {_PDF}")
        if named(member, lambda: parse_sha256(headers.get("Repr-Digest", ""))) != demand.document_sha256:
            raise DocumentRejected(
                f"document of {member.name}: its digest is not the one in the receipt", code=Code.DOCUMENT_DIGEST
            )
        if offset:
            content_range = headers.get(hdrs.CONTENT_RANGE)
            named(member, lambda: check_content_range(content_range, offset=offset, size=size))
        if response.content_length != size - offset:
            raise DocumentRejected(
                f"document of {member.name}: it offers {response.content_length} bytes, promised were {size - offset}",
                code=Code.DOCUMENT_SIZE,
            )

    # ------------------------------------------------------------------ members and their channels

    def _current(self, member: Member) -> Member:
        """Give the member as the newest directory has it.

        Raises:
            PeerFault: `member.unknown`, `member.suspended`; `peer.refused_us`, our own certificate has ended.
        """
        current = self._directory.get(member.id)
        if current is None:
            raise PeerFault(f"{member.name}: is no longer in the member directory", code=Code.MEMBER_UNKNOWN)
        if current.status is not MemberStatus.ACTIVE:
            raise PeerFault(f"{current.name}: it is {current.status}, expected active", code=Code.MEMBER_SUSPENDED)
        ours = self._tls.certificate
        if not ours.is_valid_at(self._clock.now()):
            raise PeerFault(
                f"our client certificate is valid from {rfc3339(ours.not_before)} to {rfc3339(ours.not_after)}",
                code=Code.PEER_REFUSED_US,
                hint="renew it, and reload the configuration",
            )
        return current

    def _channel(self, member: Member) -> Channel:
        channel = self._channels.get(member.id)
        if channel is not None and channel.fits(member, self._tls):
            return channel
        if channel is not None:
            self._retired.add(channel)  # another address or certificate of ours: what is under way may end
        fresh = self._channels[member.id] = Channel(
            member, self._tls, directory=self._directory, clock=self._clock, settings=self._settings
        )
        return fresh

    async def _close_if_retired(self, channel: Channel) -> None:
        if channel.in_use == 0 and channel in self._retired:
            self._retired.discard(channel)
            await channel.close()

    async def _watch(self) -> None:
        """Close the connections of members that are not active any more, and those to a former address."""
        changes = self._directory.changes()
        async for change in changes:
            channel = self._channels.get(change.id)
            if channel is not None and change.status is not MemberStatus.ACTIVE:
                del self._channels[change.id]
                await channel.close()


class _Lost(PeerFault):
    """The connection broke before the head of an answer came."""


async def _pieces(member: Member, response: aiohttp.ClientResponse, seconds: float) -> AsyncIterator[bytes]:
    """Give the body as it comes. aiohttp raises RuntimeError where a connection was closed under its reader."""
    try:
        async for piece in response.content.iter_any():
            yield piece
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise fault_of(member, error, seconds=seconds) from None
    except RuntimeError:
        raise fault_of(member, aiohttp.ClientPayloadError(), seconds=seconds) from None


async def _whole(
    member: Member, response: aiohttp.ClientResponse, expected: int, seconds: float
) -> AsyncIterator[bytes]:
    """Give the body as it comes, and no less than was promised."""
    received = 0
    async for piece in _pieces(member, response, seconds):
        received += len(piece)
        yield piece
    if received != expected:
        raise PeerFault(
            f"{member.name}: the document was cut at {received} of {expected} bytes", code=Code.PEER_UNREACHABLE
        )


def _check_encoding(member: Member, response: aiohttp.ClientResponse) -> None:
    """Refuse compression: it was not asked for, and a small answer could become an endless one."""
    encoding = response.headers.get(hdrs.CONTENT_ENCODING, "identity")
    if encoding.strip().lower() != "identity":
        raise PeerFault(f"{member.name}: its answer is compressed, which was not asked for")


def _too_much(member: Member, limit: int) -> PeerFault:
    return PeerFault(f"{member.name}: its answer is longer than {limit} bytes", hint="tell that service's IT staff")
