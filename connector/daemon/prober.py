"""Test of a peer as the local side shows it: the probe's steps, or its failure with cause and remedy."""

from collections.abc import Sequence

from connector.core.errors import ConnectorError
from connector.core.members import MemberId
from connector.local.ports import ProbeStep
from connector.requester.integrate import Errands

STEPS = ("lookup", "handover", "document", "acknowledgement")


class LocalProber:
    """`connector.local.ports.Prober`."""

    def __init__(self, errands: Errands) -> None:
        self._errands = errands

    async def probe(self, member: MemberId) -> Sequence[ProbeStep]:
        """Run the probe; the step that failed is the last one, with its cause, and no exception."""
        took: dict[str, int] = {}
        try:
            await self._errands.probe(member, took)
        except ConnectorError as error:
            failed = next((name for name in STEPS if name not in took), STEPS[-1])
            step = ProbeStep(failed, ok=False, elapsed_ms=0, code=error.code, cause=error.message, remedy=error.hint)
            return (*_done(took), step)
        return _done(took)


def _done(took: dict[str, int]) -> tuple[ProbeStep, ...]:
    return tuple(ProbeStep(name, ok=True, elapsed_ms=ms) for name, ms in took.items())
