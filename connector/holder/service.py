"""The holder as the peer server sees it: one method for each exchange that touches records or evidence."""

from connector.core.members import MemberId
from connector.core.ports import Vault
from connector.holder.acknowledge import acknowledge
from connector.holder.emit import Emitter
from connector.holder.evidence import Ports
from connector.holder.house import HouseNotes
from connector.holder.question import Answer, Question
from connector.holder.release import Releases, Transfer
from connector.holder.settings import HolderSettings
from connector.holder.spool import Spool


class Holder:
    """Builds the steps out of the ports; nothing runs before the first call."""

    def __init__(self, settings: HolderSettings, ports: Ports, vault: Vault) -> None:
        self.settings = settings
        self._ports = ports
        self._house = HouseNotes(ports.store, ports.clock, ports.observer)
        self._spool = Spool(
            ports.store, vault, render_seconds=settings.render_seconds, max_bytes=settings.max_document_bytes
        )
        self._emitter = Emitter(settings, ports, self._spool, self._house)
        self._releases = Releases(settings, ports, vault)
        self.limits = self._emitter.limits
        """What members asked, against PROTOCOL section 5: loaded before anything is answered, shown to operators."""

    async def lookup(self, question: Question, body: bytes, content_type: str) -> Answer:
        """See `Emitter.lookup`; logs and metrics are told."""
        return self._told(question, await self._emitter.lookup(question, body, content_type))

    async def handover(self, question: Question, body: bytes, content_type: str) -> Answer:
        """See `Emitter.handover`; logs and metrics are told."""
        return self._told(question, await self._emitter.handover(question, body, content_type))

    async def document(self, question: Question, handover_id: str, range_header: str | None) -> Transfer:
        """See `Releases.open`: the transfer must be ended by `ended`."""
        return await self._releases.open(question, handover_id, range_header)

    async def ended(self, question: Question, transfer: Transfer) -> None:
        """See `Releases.end`; logs and metrics are told."""
        try:
            await self._releases.end(transfer)
        finally:
            ms, complete = self._ms(question), transfer.is_complete
            self._ports.observer.handover_ended(
                transfer.handover.id, question.peer.id, transfer.sent, ms, complete=complete
            )

    def may_go_on(self, member: MemberId) -> bool:
        """See `Releases.may_go_on`."""
        return self._releases.may_go_on(member)

    async def acknowledge(self, question: Question, handover_id: str) -> None:
        """See `holder.acknowledge`."""
        await acknowledge(self.settings, self._ports, question, handover_id)

    async def connection_refused(self, x5t: str, member: MemberId | None, cause: str) -> None:
        """Note a refusal that no exchange entry tells, once per certificate, cause and hour."""
        await self._house.connection_refused(x5t, member, cause)

    async def close(self) -> None:
        """Give up what is being rendered."""
        await self._spool.close()

    def _told(self, question: Question, answer: Answer) -> Answer:
        ms = self._ms(question)
        self._ports.observer.answered(answer.outcome, question.peer.id, answer.lookup_id, ms)
        return answer

    def _ms(self, question: Question) -> float:
        return (self._ports.clock.monotonic() - question.started) * 1000
