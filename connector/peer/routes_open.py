"""What needs no mandate: capabilities, ledger proofs, the directory's files (PROTOCOL section 1)."""

from typing import Final
from urllib.parse import parse_qsl

from aiohttp import hdrs, web

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.core.ledger import Tree
from connector.core.members import MemberId
from connector.core.ports import DirectoryFiles, LedgerReader, MemberDirectory
from connector.peer.protocol import PeerRequest, respond
from connector.peer.refusals import HttpRefused
from connector.peer.settings import PeerServerSettings
from connector.wire import fhir, witnessing

_DAY: Final = 86_400
_MAX_DIGITS: Final = 16


class OpenRoutes:
    """Routes that name nobody and so leave no entry."""

    def __init__(
        self,
        settings: PeerServerSettings,
        own: MemberId,
        directory: MemberDirectory,
        ledgers: LedgerReader,
        files: DirectoryFiles,
    ) -> None:
        self._settings, self._own, self._directory = settings, own, directory
        self._ledgers, self._files = ledgers, files
        self._house_asked: dict[tuple[MemberId, str], int] = {}

    async def metadata(self, *_: object) -> web.StreamResponse:
        """Serve `GET /fhir/metadata`."""
        own = self._directory.get(self._own)
        if own is None:
            raise FailedClosed("directory: this member is not in it", code=Code.DIRECTORY_UNAVAILABLE)
        body = fhir.capability_statement(
            own,
            base_url=own.endpoint + "/fhir",
            version=self._settings.version,
            released_on=self._settings.released_on,
        )
        return respond(200, body, fhir.CONTENT_TYPE)

    async def checkpoint(
        self, _request: PeerRequest, member: Member, now: Instant, _started: float, tree: str
    ) -> web.StreamResponse:
        """Serve `GET /ledger/<tree>/checkpoint`."""
        self._count(member, now, Tree(tree), "checkpoint")
        note = await self._ledgers.checkpoint(Tree(tree))
        return respond(200, note.encode(), "text/plain; charset=utf-8")

    async def consistency(
        self, request: PeerRequest, member: Member, now: Instant, _started: float, tree: str
    ) -> web.StreamResponse:
        """Serve `GET /ledger/<tree>/consistency?first=&second=`."""
        first, second = _sizes(request.raw_path.partition("?")[2])
        self._count(member, now, Tree(tree), "consistency")
        proof = await self._ledgers.consistency(Tree(tree), first, second)
        return respond(200, witnessing.encode_proof(proof), "application/json")

    async def directory_file(
        self, _request: PeerRequest, _member: Member | None, _now: Instant, _started: float, path: str
    ) -> web.StreamResponse:
        """Serve `GET /directory/<path>`."""
        content = self._files.read(path)
        if content is None:
            raise HttpRefused(404, "directory: this member mirrors no such file")
        return respond(200, content, "application/octet-stream")

    def _count(self, member: Member, now: Instant, tree: Tree, what: str) -> None:
        """The house ledger grows with what happens in the house, so a peer sees it once a day (PROTOCOL section 1).

        Raises:
            HttpRefused: 429, until midnight UTC.
        """
        if tree is not Tree.HOUSE:
            return
        today = now // _DAY
        if self._house_asked.get((member.id, what)) == today:
            wait = _DAY - now % _DAY
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
