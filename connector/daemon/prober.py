"""Test of a peer as the local side shows it: the probe's steps, or its failure with cause and remedy."""

from collections.abc import Sequence

from connector.core.errors import ConnectorError
from connector.core.members import MemberId
from connector.local.ports import ProbeStep
from connector.requester.integrate import Errands


class LocalProber:
    """`connector.local.ports.Prober`."""

    def __init__(self, errands: Errands) -> None:
        self._errands = errands

    async def probe(self, member: MemberId) -> Sequence[ProbeStep]:
        """Run the probe; what fails is a step, not an exception."""
        try:
            result = await self._errands.probe(member)
        except ConnectorError as error:
            step = ProbeStep("probe", ok=False, elapsed_ms=0, code=error.code, cause=error.message, remedy=error.hint)
            return (step,)
        return tuple(ProbeStep(name, ok=True, elapsed_ms=ms) for name, ms in result.steps_ms.items())
