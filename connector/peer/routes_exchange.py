"""Lookup, handover and acknowledgement, as HTTP (PROTOCOL section 1). What is answered is `connector.holder`'s."""

from aiohttp import hdrs, web

from connector.core.directory import Member
from connector.core.instant import Instant
from connector.core.outcome import Outcome
from connector.holder.question import Answer, Question
from connector.holder.service import Holder
from connector.peer.protocol import PeerRequest, respond
from connector.peer.reading import once, read_body
from connector.peer.refusals import HttpRefused, status_of
from connector.peer.settings import PeerServerSettings
from connector.wire import ack, fhir, handover, receipt
from connector.wire.bearer import from_authorization


class ExchangeRoutes:
    """The three exchanges that have a body."""

    def __init__(self, settings: PeerServerSettings, holder: Holder) -> None:
        self._settings, self._holder = settings, holder

    async def lookup(
        self, request: PeerRequest, member: Member, now: Instant, started: float, _: str
    ) -> web.StreamResponse:
        """Serve `POST /fhir/DocumentReference/_search`."""
        body = await self._body(request)
        question = mandated(request, member, now, started)
        answer = await self._holder.lookup(question, body, once(request, hdrs.CONTENT_TYPE) or "")
        return _respond(answer, fhir.CONTENT_TYPE)

    async def handover(
        self, request: PeerRequest, member: Member, now: Instant, started: float, _: str
    ) -> web.StreamResponse:
        """Serve `POST /handovers`."""
        body = await self._body(request)
        question = mandated(request, member, now, started)
        answer = await self._holder.handover(question, body, once(request, hdrs.CONTENT_TYPE) or "")
        return _respond(answer, handover.CONTENT_TYPE if answer.outcome is Outcome.GRANTED else fhir.CONTENT_TYPE)

    async def acknowledge(
        self, request: PeerRequest, member: Member, now: Instant, started: float, handover_id: str
    ) -> web.StreamResponse:
        """Serve `POST /handovers/<id>/ack`."""
        token = await self._body(request)
        if (once(request, hdrs.CONTENT_TYPE) or "").strip().lower() != ack.CONTENT_TYPE:
            raise HttpRefused(415, f"acknowledgement: got another content type, expected {ack.CONTENT_TYPE}")
        question = Question(member, request.peer.certificate.x5t, token, now, started)
        await self._holder.acknowledge(question, handover_id)
        return respond(204, b"", "")

    async def _body(self, request: PeerRequest) -> bytes:
        settings = self._settings
        return await read_body(request, max_bytes=settings.max_body_bytes, seconds=settings.slow_client_seconds)


def mandated(request: PeerRequest, member: Member, now: Instant, started: float) -> Question:
    """Give the question with the mandate out of the `Authorization` header.

    Raises:
        MandateRefused: `mandate.malformed`, there is none.
    """
    mandate = from_authorization(once(request, hdrs.AUTHORIZATION))
    return Question(member, request.peer.certificate.x5t, mandate, now, started)


def _respond(answer: Answer, content_type: str) -> web.Response:
    headers = {receipt.HEADER: answer.receipt.decode("ascii")}
    if answer.retry_after is not None:
        headers[hdrs.RETRY_AFTER] = str(answer.retry_after)
    if answer.code is not None and answer.code.startswith("mandate."):
        headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
    return respond(status_of(answer.outcome, answer.code), answer.body, content_type, headers)
