"""What members show each other of their ledgers: checkpoints, proofs, what is held of others, and countersigning."""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import hdrs, web

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.instant import Instant
from connector.core.ledger import Tree
from connector.core.members import MemberId
from connector.core.ports import LedgerReader
from connector.core.ports_witness import LedgerWitness
from connector.core.units import DAY_SECONDS
from connector.peer.protocol import PeerRequest, respond
from connector.peer.reading import once, read_body
from connector.peer.refusals import HttpRefused
from connector.peer.settings import PeerServerSettings
from connector.wire import witnessing

_MAX_DIGITS: Final = 16


TakePlace = Callable[[Member, Instant], Awaitable[None]]
"""Counts what a member asks in a minute; raises `LimitReached`."""


class LedgerRoutes:
    """They name nobody and so leave no entry; a fault that is found leaves one (`ledger.watching`)."""

    def __init__(
        self, settings: PeerServerSettings, ledgers: LedgerReader, witness: LedgerWitness | None, take_place: TakePlace
    ) -> None:
        self._settings, self._ledgers, self._witness, self._take_place = settings, ledgers, witness, take_place
        self._house_asked: dict[tuple[MemberId, str], int] = {}

    async def checkpoint(
        self, _request: PeerRequest, member: Member, now: Instant, _started: float, tree: str
    ) -> web.StreamResponse:
        """Serve `GET /ledger/<tree>/checkpoint`."""
        await self._take_place(member, now)
        self._count(member, now, Tree(tree), "checkpoint")
        note = await self._ledgers.checkpoint(Tree(tree))
        return respond(200, note.encode(), "text/plain; charset=utf-8")

    async def consistency(
        self, request: PeerRequest, member: Member, now: Instant, _started: float, tree: str
    ) -> web.StreamResponse:
        """Serve `GET /ledger/<tree>/consistency?first=&second=`."""
        await self._take_place(member, now)
        first, second = _sizes(request.raw_path.partition("?")[2])
        self._count(member, now, Tree(tree), "consistency")
        proof = await self._ledgers.consistency(Tree(tree), first, second)
        return respond(200, witnessing.encode_proof(proof), witnessing.CONTENT_TYPE)

    async def heads(self, _request: PeerRequest, member: Member, now: Instant, *_: object) -> web.StreamResponse:
        """Serve `GET /ledger/heads`."""
        await self._take_place(member, now)
        return respond(200, witnessing.encode_heads(await self._its_witness().held()), witnessing.CONTENT_TYPE)

    async def witness(
        self, request: PeerRequest, member: Member, now: Instant, _started: float, _: str
    ) -> web.StreamResponse:
        """Serve `POST /ledger/witness`."""
        await self._take_place(member, now)
        settings = self._settings
        body = await read_body(request, max_bytes=settings.max_body_bytes, seconds=settings.slow_client_seconds)
        if (once(request, hdrs.CONTENT_TYPE) or "").partition(";")[0].strip().lower() != witnessing.CONTENT_TYPE:
            raise HttpRefused(415, f"witness request: got another content type, expected {witnessing.CONTENT_TYPE}")
        answer = await self._its_witness().witness(member, witnessing.parse_showing(body))
        if answer.cosignature is not None:
            return respond(200, witnessing.encode_witnessed(answer.cosignature), witnessing.CONTENT_TYPE)
        return respond(409, witnessing.encode_held(answer.held or ""), witnessing.CONTENT_TYPE)

    def _its_witness(self) -> LedgerWitness:
        if self._witness is None:
            raise HttpRefused(404, "ledger: this member witnesses for nobody")
        return self._witness

    def _count(self, member: Member, now: Instant, tree: Tree, what: str) -> None:
        """The house ledger grows with what happens in the house, so a peer sees it once a day (PROTOCOL section 1).

        Raises:
            HttpRefused: 429, until midnight UTC.
        """
        if tree is not Tree.HOUSE:
            return
        today = now // DAY_SECONDS
        if self._house_asked.get((member.id, what)) == today:
            wait = DAY_SECONDS - now % DAY_SECONDS
            raise HttpRefused(
                429,
                "ledger: the house ledger is shown once a day",
                code=Code.LIMIT_EXCEEDED,
                hint="ask again tomorrow",
                headers={hdrs.RETRY_AFTER: str(wait)},
            )
        self._house_asked[member.id, what] = today


def _sizes(query: str) -> tuple[int, int]:
    """Read `first=N&second=M`, each once, in decimal.

    Raises:
        HttpRefused: 400.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    values = dict(pairs)
    texts = (values.get("first", ""), values.get("second", ""))
    is_plain = len(pairs) == len(values) == 2
    if not (is_plain and all(t.isascii() and t.isdecimal() and len(t) <= _MAX_DIGITS for t in texts)):
        raise HttpRefused(400, "ledger: got another query, expected first=N&second=M", code=Code.REQUEST_MALFORMED)
    return int(texts[0]), int(texts[1])
