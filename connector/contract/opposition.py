"""Whether a worker objects, by whom the controller named as authority (DESIGN section 5, R4624-45-6, 2°).

*Yes* if either says yes. *No* if an authority that was reachable says no or, for a register that the controller
declared complete, holds no entry. Else *unknown*, which never lets a record leave. Where the vendor's software alone is
the authority, what a worker said at the desk counts all the same until that software has it. The register is a port.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from connector.contract.settings import Authority, OppositionSettings
from connector.core.matricule import Ins
from connector.core.records import Look, Opposition


class OppositionRegister(Protocol):
    """The connector's own register of oppositions."""

    async def opposition(self, ins: Sequence[Ins]) -> Opposition | None:
        """Say what stands under any of these INS of one worker: yes wins over no; None where there is no entry."""
        ...

    async def awaits_entry(self, ins: Sequence[Ins]) -> bool:
        """Whether an objection stands here that the vendor's software does not have yet."""
        ...


class OppositionAuthority:
    """Asks whom the controller named. `source_tells` is whether the vendor's software keeps oppositions at all."""

    def __init__(
        self,
        settings: OppositionSettings,
        *,
        register: OppositionRegister | None,
        source_tells: bool,
        unreachable: Callable[[], None] | None = None,
    ) -> None:
        self._authority, self._register_complete = settings.authority, settings.register_complete
        self._register = register
        self._asks_adapter = settings.authority is not Authority.REGISTER
        self._source_tells = source_tells
        self._unreachable = unreachable or _tell_nobody

    def not_ready(self) -> str | None:
        """Say why this member could never tell an opposition and so must not answer (`could_not_look`), or None."""
        if self._register is None and self._authority is not Authority.ADAPTER:
            return f"opposition authority: {self._authority} is set and this connector has no register"
        if self._asks_adapter and not self._source_tells:
            return f"opposition authority: {self._authority} is set and the vendor's software keeps no opposition"
        return None

    async def opposition(self, ins: Sequence[Ins], look: Look | None) -> Opposition:
        """Decide from a look that was made (None: there was none) and the register, under every INS of the worker.

        The register is asked whatever the look says, so that time tells nothing. One that cannot be reached says
        neither yes nor no: with it named as an authority, *no* cannot be had.
        """
        said = Opposition.UNKNOWN
        if look is not None and self._asks_adapter and self._source_tells:
            said = look.opposition
        registered: Opposition | None
        if self._authority is Authority.ADAPTER:
            registered = await self._ask_what_awaits_entry(ins)
        else:
            registered = await self._ask_register(ins)
        if Opposition.YES in (said, registered):
            return Opposition.YES
        if registered is not None and Opposition.NO in (said, registered):
            return Opposition.NO
        return Opposition.UNKNOWN

    async def _ask_what_awaits_entry(self, ins: Sequence[Ins]) -> Opposition | None:
        """Give *yes* where the vendor's software is behind, None where the register could not be asked."""
        if self._register is None:
            return Opposition.UNKNOWN
        try:
            return Opposition.YES if await self._register.awaits_entry(ins) else Opposition.UNKNOWN
        except Exception:  # noqa: BLE001  as for an answer
            self._unreachable()
            return None

    async def _ask_register(self, ins: Sequence[Ins]) -> Opposition | None:
        """Give what the register says, None where it could not be asked."""
        if self._register is None:
            return None
        try:
            entry = await self._register.opposition(ins)
        except Exception:  # noqa: BLE001  whatever keeps it from answering: no answer is not a no
            self._unreachable()
            return None
        if entry is None:
            return Opposition.NO if self._register_complete else Opposition.UNKNOWN
        return entry


def _tell_nobody() -> None:
    """Count nothing: for tests and tools without counters."""
