"""What stands in for a part that is not configured: it says so, it never pretends."""

from collections.abc import AsyncIterator
from typing import NoReturn

from connector.core.codes import Code
from connector.core.errors import AdapterFault
from connector.core.matricule import Ins
from connector.core.records import AdapterHealth, Announcement, Counts, Look, Trace


class AbsentSource:
    """`core.ports.GuardedSource` of a service without a source: every lookup is answered `could_not_look`."""

    async def look(self, ins: Ins) -> Look:  # noqa: ARG002 - the port's signature
        """Raise AdapterFault `adapter.absent`."""
        self._refuse()

    def document(self, announcement: Announcement, *, max_bytes: int | None = None) -> AsyncIterator[bytes]:  # noqa: ARG002
        """Raise AdapterFault `adapter.absent`."""
        self._refuse()

    async def trace(self, trace: Trace) -> None:  # noqa: ARG002
        """Raise AdapterFault `adapter.absent`."""
        self._refuse()

    async def health(self) -> AdapterHealth:
        """Say that there is none."""
        return AdapterHealth(ok=False, detail="no [source] is configured")

    async def counts(self) -> Counts | None:
        """Count nothing."""
        return None

    def _refuse(self) -> NoReturn:
        raise AdapterFault(
            "source: none is configured",
            code=Code.ADAPTER_ABSENT,
            hint="set [source] to the adapter of the service's software",
        )
