"""Test of a peer as the local side shows it: the probe's steps, or its failure with cause and remedy; and on the way,
which version its connector has.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from connector.core.errors import ConnectorError
from connector.core.members import MemberId
from connector.core.ports import MemberDirectory
from connector.daemon.peer_watch import PeerWatch
from connector.local.ports import ProbeStep
from connector.peer.client import HttpPeerClient
from connector.requester.integrate import Errands
from connector.wire.capability import MAX_BODY_BYTES, software_version

_ACCEPT: Final = {"Accept": "application/fhir+json"}
STEPS = ("lookup", "handover", "document", "acknowledgement")


class LocalProber:
    """`connector.local.ports.Prober`."""

    def __init__(self, errands: Errands, directory: MemberDirectory, client: HttpPeerClient, watch: PeerWatch) -> None:
        self._errands, self._directory, self._client, self._watch = errands, directory, client, watch

    async def probe(self, member: MemberId) -> Sequence[ProbeStep]:
        """Run the probe; the step that failed is the last one, with its cause, and no exception."""
        took: dict[str, int] = {}
        try:
            await self._errands.probe(member, took)
        except ConnectorError as error:
            failed = next((name for name in STEPS if name not in took), STEPS[-1])
            step = ProbeStep(failed, ok=False, elapsed_ms=0, code=error.code, cause=error.message, remedy=error.hint)
            return (*_done(took), step)
        finally:
            if took:  # it answered something, so it can be asked this too
                await self._ask_version(member)
        return _done(took)

    async def _ask_version(self, member: MemberId) -> None:
        """Note which version a peer has; one that does not say it has passed its test all the same."""
        known = self._directory.get(member)
        if known is None:
            return
        with suppress(ConnectorError):
            answer = await self._client.exchange(known, "GET", "/fhir/metadata", _ACCEPT, None, MAX_BODY_BYTES)
            if answer.status == 200:
                self._watch.runs(member, software_version(answer.body))


def _done(took: dict[str, int]) -> tuple[ProbeStep, ...]:
    return tuple(ProbeStep(name, ok=True, elapsed_ms=ms) for name, ms in took.items())
