"""Asking other members about ledgers over the client's connections (`core.ports_witness.LedgerPeers`)."""

from collections.abc import Sequence
from typing import Final

from aiohttp import hdrs

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.errors import PeerFault
from connector.core.ledger import Tree
from connector.core.witness import HeldHead, Showing, WitnessAnswer
from connector.peer.answers import HttpAnswer, named, refusal
from connector.peer.client import HttpPeerClient
from connector.wire import witnessing

_MAX_BYTES: Final = 64 * 1024


class HttpLedgerPeers:
    """On a client that runs."""

    def __init__(self, client: HttpPeerClient) -> None:
        self._client = client

    async def checkpoint(self, member: Member, tree: Tree) -> str:
        """Ask for its newest checkpoint; what it says is not believed yet.

        Raises:
            PeerFault: it could not be asked, or refused.
        """
        answer = await self._get(member, f"/ledger/{tree}/checkpoint", _MAX_BYTES)
        try:
            return answer.body.decode()
        except UnicodeDecodeError:
            raise PeerFault(f"{member.name}: its checkpoint is not UTF-8") from None

    async def consistency(self, member: Member, tree: Tree, first: int, second: int) -> tuple[bytes, ...]:
        """Ask for the proof between two of its sizes.

        Raises:
            PeerFault: it could not be asked; `request.malformed`, it says that it never had them.
        """
        path = f"/ledger/{tree}/consistency?first={first}&second={second}"
        answer = await self._get(member, path, _MAX_BYTES)
        return named(member, lambda: witnessing.parse_proof(answer.body))

    async def held(self, member: Member) -> Sequence[HeldHead]:
        """Ask what it holds of everyone; whose signatures these are is for the caller to see.

        Raises:
            PeerFault: it could not be asked, or refused.
        """
        answer = await self._get(member, "/ledger/heads", witnessing.MAX_HEADS_BYTES)
        return named(member, lambda: witnessing.parse_heads(answer.body))

    async def show(self, member: Member, showing: Showing) -> WitnessAnswer:
        """Show it a checkpoint of ours.

        Raises:
            PeerFault: it could not be asked, or refused.
        """
        headers: dict[str, str] = {hdrs.CONTENT_TYPE: witnessing.CONTENT_TYPE, hdrs.ACCEPT: witnessing.CONTENT_TYPE}
        body = witnessing.encode_showing(showing)
        answer = await self._client.exchange(member, "POST", "/ledger/witness", headers, body, _MAX_BYTES)
        if answer.status == 200:
            return WitnessAnswer(cosignature=named(member, lambda: witnessing.parse_witnessed(answer.body)))
        if answer.status == 409:
            return WitnessAnswer(held=named(member, lambda: witnessing.parse_held(answer.body)))
        raise refusal(member, answer)

    async def _get(self, member: Member, path: str, max_bytes: int) -> HttpAnswer:
        headers: dict[str, str] = {hdrs.ACCEPT: "application/json, text/plain"}
        answer = await self._client.exchange(member, "GET", path, headers, None, max_bytes)
        if answer.status == 200:
            return answer
        fault = refusal(member, answer)
        if answer.status == 400 and fault.code is Code.PEER_MISBEHAVED:
            raise PeerFault(fault.message, code=Code.REQUEST_MALFORMED)
        raise fault
