"""The bytes of a handed-over document: *release* or *resume* is durable before the first one, *end* says how it went.

mandate, handover, range     refused without receipt: none is owed for `read` (PROTOCOL section 4)
first piece out of the vault so that a damaged copy is found before anything is recorded as given
ledger                       *release*, or *resume* for a further range
bytes                        by the route, piece by piece
ledger                       *end* with their number; a release without an end counts as disclosed in full
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from connector.core.codes import Code
from connector.core.directory import MemberStatus
from connector.core.errors import FailedClosed, RequestRefused
from connector.core.evidence import DocumentDigest
from connector.core.handover import Handover
from connector.core.ledger import EntryDraft, EntryType
from connector.core.mandate import Kind, Mandate
from connector.core.members import MemberId
from connector.core.policy import check_demand
from connector.core.ports import UsedMandate, Vault, new_id
from connector.core.private import Private
from connector.core.records import TraceAction
from connector.core.states import IncomingState
from connector.holder.case import trace_of
from connector.holder.evidence import Ports
from connector.holder.question import Question
from connector.holder.settings import HolderSettings
from connector.wire.mandate import check_mandate, open_mandate
from connector.wire.ranges import parse_range

Piece = memoryview | bytes


@dataclass(slots=True, repr=False)
class Transfer(Private):
    """A document that may be sent from `offset` on: its *release* is durable. `end` must follow, whatever happens."""

    handover: Handover
    document: DocumentDigest
    offset: int
    mandate_sha256: bytes
    first: Piece
    rest: Iterator[Piece]
    is_partial: bool
    sent: int = 0
    """Bytes handed to the socket so far; the route counts them."""

    @property
    def length(self) -> int:
        """Bytes to send."""
        return self.document.size - self.offset

    @property
    def is_complete(self) -> bool:
        """Whether all of them went out."""
        return self.sent == self.length

    def pieces(self) -> Generator[Piece, None, None]:
        """Give the bytes; what holds the vault's file open is closed with the generator.

        Raises:
            FailedClosed: `vault.damaged`, the rest must not be sent.
        """
        try:
            yield self.first
            yield from self.rest
        finally:
            close = getattr(self.rest, "close", None)
            if close is not None:
                close()


class Releases:
    """Lets documents out of the vault."""

    def __init__(self, settings: HolderSettings, ports: Ports, vault: Vault) -> None:
        self._settings, self._ports, self._vault = settings, ports, vault

    async def open(self, question: Question, handover_id: str, range_header: str | None) -> Transfer:
        """Give the document to the member it was handed to, once that is recorded.

        Raises:
            RequestRefused: the mandate, `handover.not_available`, or a range that cannot be served.
            FailedClosed: it could not be recorded, or the copy is damaged: not a byte may leave.
        """
        verified = open_mandate(question.mandate, peer=question.peer, now=question.at)
        mandate = check_mandate(
            verified, kind=Kind.READ, audience=self._settings.member, x5t=question.x5t, now=question.at
        )
        check_demand(mandate.demand, self._settings.policy)
        if mandate.demand.handover_id != handover_id:
            raise RequestRefused(
                "document: the mandate names another handover", hint="seal a mandate for this handover"
            )
        handover, document = await self._available(question, mandate, handover_id)
        offset = parse_range(range_header, document.size)
        rest = self._vault.read(handover.id, offset)
        first = next(rest, None)
        if first is None:
            raise FailedClosed("document: its copy in the vault is empty", code=Code.VAULT_DAMAGED)
        is_first = handover.state is IncomingState.READY
        entry = EntryType.RESUME if offset and not is_first else EntryType.RELEASE
        trace = None
        if is_first and handover.ins is not None:
            trace = trace_of(
                mandate,
                trace_id=new_id(self._ports.entropy),
                action=TraceAction.HANDED_OVER,
                outcome=EntryType.RELEASE.value,
                ins=handover.ins,
                at=question.at,
            )
        await self._ports.store.release(
            entry=EntryDraft(
                type=entry,
                at=question.at,
                peer=question.peer.id,
                mandate_sha256=mandate.sha256,
                document_sha256=document.sha256,
                ref=handover.id,
                personal={"mandate": mandate.compact.decode("ascii"), "offset": offset},
                workers=(handover.ins,) if handover.ins else (),
            ),
            used=UsedMandate(mandate.demand.issuer, mandate.jti, mandate.expires_at),
            handover_id=handover.id,
            trace=trace,
        )
        return Transfer(handover, document, offset, mandate.sha256, first, rest, range_header is not None)

    async def end(self, transfer: Transfer) -> None:
        """Record how many bytes went out; all of them is complete, anything less aborted.

        Raises:
            FailedClosed: it could not be recorded; the release stands for the whole document then.
        """
        handover = transfer.handover
        entry = EntryDraft(
            type=EntryType.END,
            at=self._ports.clock.now(),
            peer=handover.requester,
            mandate_sha256=transfer.mandate_sha256,
            outcome="complete" if transfer.is_complete else "aborted",
            document_sha256=transfer.document.sha256,
            ref=handover.id,
            personal={"offset": transfer.offset, "bytes": transfer.sent},
            workers=(handover.ins,) if handover.ins else (),
        )
        await self._ports.store.end(entry=entry, handover_id=handover.id)

    def may_go_on(self, member: MemberId) -> bool:
        """Whether the member may still receive: asked before every piece (PROTOCOL section 1)."""
        listed = self._ports.directory.get(member)
        return listed is not None and listed.status is MemberStatus.ACTIVE

    async def _available(
        self, question: Question, mandate: Mandate, handover_id: str
    ) -> tuple[Handover, DocumentDigest]:
        handover = await self._ports.store.handover(handover_id)
        if (
            handover is None
            or handover.requester != question.peer.id
            # A probe names no practitioner: read by it, a worker's document would leave without a trace of who read it.
            or (handover.ins is None) != mandate.demand.is_probe
            or handover.expires_at <= question.at
            or handover.document is None
            or handover.document.sha256 != mandate.demand.document_sha256
            or not self._vault.holds(handover.id)
        ):
            raise RequestRefused(
                "document: unknown, ended or another one than the mandate's, expected a handover to this member",
                code=Code.HANDOVER_NOT_AVAILABLE,
                hint="ask for the handover again",
            )
        return handover, handover.document
