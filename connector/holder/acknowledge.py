"""A requester's acknowledgement of the bytes it received: verified, then kept with its house entry."""

from connector.core.codes import Code
from connector.core.errors import RequestRefused
from connector.core.evidence import Ack, AckResult
from connector.core.ledger import EntryDraft, EntryType
from connector.holder.evidence import Ports
from connector.holder.question import Question
from connector.holder.settings import HolderSettings
from connector.wire.ack import open_ack


async def acknowledge(settings: HolderSettings, ports: Ports, question: Question, handover_id: str) -> None:
    """Keep the acknowledgement, or take note that it is kept already. `question.mandate` is the token.

    That its receipt is one of this handover's, and the handover this member's, is checked in the store's transaction:
    an acknowledgement may come long after the copy was purged.

    Raises:
        RequestRefused: `ack.malformed`, `ack.signature`, `handover.not_available`; `ack.mismatch`, it is of another
            handover, another result than was acknowledged before, or verifies other bytes than were granted.
        FailedClosed: it could not be kept, so it must come again.
    """
    ack = open_ack(question.mandate, requester=question.peer, now=question.at)
    for what, agrees in (
        ("aud", ack.draft.audience == settings.member),
        ("handover_id", ack.draft.handover_id == handover_id),
    ):
        if not agrees:
            raise _mismatch(f"its {what} is not that of this handover")
    if not await ports.store.acknowledge(ack=ack, entry=_entry(ack, question)):
        raise _mismatch("another result was acknowledged before")
    ports.heads.noticed(question.peer.id, ack.proof.checkpoint)
    verified = ack.draft.result is AckResult.VERIFIED
    ports.observer.acknowledged(handover_id, question.peer.id, verified=verified)


def _mismatch(what: str) -> RequestRefused:
    hint = "send it as it was first sealed"
    return RequestRefused(f"acknowledgement: {what}", code=Code.ACK_MISMATCH, hint=hint)


def _entry(ack: Ack, question: Question) -> EntryDraft:
    return EntryDraft(
        type=EntryType.ACKNOWLEDGED,
        at=question.at,
        peer=question.peer.id,
        outcome=ack.draft.result.value,
        reason=ack.draft.code.value if ack.draft.code else None,
        document_sha256=ack.draft.received.sha256,
        ref=ack.draft.handover_id,
        personal={"ack": ack.compact.decode("ascii")},
    )
