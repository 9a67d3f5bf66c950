"""Rows of handovers and of the receipts issued for them, as functions of the open transaction.

A handover's document is purged after half an hour, its row stays without anything personal as long as an
acknowledgement may still come: a member suspended since has seven days for it (PROTOCOL section 1).
"""

from collections.abc import Sequence
from dataclasses import replace

from connector.core.codes import Code
from connector.core.errors import RequestRefused
from connector.core.evidence import AckDraft, AckResult, DocumentDigest
from connector.core.handover import Handover
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.states import INCOMING_MOVES, IncomingState
from connector.store.sealing import Sealer
from connector.store.sql import Connection, one, rows

KEPT_AFTER_PURGE_SECONDS = 30 * 86_400
"""Our rule: well beyond the last acknowledgement that can still be sent."""

DUE_AT_ONCE = 100

_TABLE = "handovers"
_ACKS = "handover_acks"
_LIVE = "select sealed from handovers where purged_at is null and id = ?"
_LIVE_OF = "select id, sealed from handovers where purged_at is null and announcement_id = ?"
_EXPIRED = "select id, sealed from handovers where purged_at is null and expires_at <= ? order by expires_at limit ?"
_INSERT = """
    insert into handovers (id, announcement_id, requester, state, expires_at, sealed) values (?, ?, ?, ?, ?, ?)
"""
_UPDATE = "update handovers set state = ?, expires_at = ?, sealed = ? where id = ? and purged_at is null"
_ACKNOWLEDGE = "update handovers set state = ?, sealed = ?, sealed_ack = ? where id = ?"
_PURGE = "update handovers set state = ?, purged_at = ?, sealed = null where id = ?"

_STATE_OF_RESULT = {
    AckResult.VERIFIED: IncomingState.ACKNOWLEDGED,
    AckResult.REJECTED: IncomingState.REJECTED,
}


def find(db: Connection, sealer: Sealer, handover_id: str) -> Handover | None:
    """Give a handover whose document is not purged."""
    row = one(db, _LIVE, handover_id)
    return sealer.open(Handover, _TABLE, handover_id, row[0]) if row else None


def find_of(db: Connection, sealer: Sealer, announcement_id: str) -> Handover | None:
    """Give the handover of an announcement: the same announcement again gives the same handover."""
    row = one(db, _LIVE_OF, announcement_id)
    return sealer.open(Handover, _TABLE, row[0], row[1]) if row else None


def expired(db: Connection, sealer: Sealer, now: Instant) -> Sequence[Handover]:
    """Give handovers past their end, the oldest first, not more than `DUE_AT_ONCE`."""
    found = rows(db, _EXPIRED, now, DUE_AT_ONCE)
    return [sealer.open(Handover, _TABLE, handover_id, sealed) for handover_id, sealed in found]


def require(db: Connection, sealer: Sealer, handover_id: str) -> Handover:
    """Give a handover that must be there.

    Raises:
        RequestRefused: `handover.not_available`.
    """
    found = find(db, sealer, handover_id)
    if found is None:
        raise not_available()
    return found


def keep(db: Connection, sealer: Sealer, handover: Handover) -> None:
    """Insert a handover, or update the one of that id.

    Raises:
        RequestRefused: `handover.not_available`, its announcement has another handover already, or it was purged.
    """
    other = one(db, _LIVE_OF, handover.announcement_id)
    if other is not None and other[0] != handover.id:
        raise not_available()
    if other is not None:
        update(db, sealer, handover)
        return
    if one(db, "select 1 from handovers where id = ?", handover.id):
        raise not_available()
    place = (handover.id, handover.announcement_id, handover.requester.value)
    db.execute(_INSERT, (*place, handover.state.value, handover.expires_at, sealer.seal(_TABLE, handover.id, handover)))


def update(db: Connection, sealer: Sealer, handover: Handover) -> None:
    """Write what has changed of a handover that is there."""
    sealed = sealer.seal(_TABLE, handover.id, handover)
    db.execute(_UPDATE, (handover.state.value, handover.expires_at, sealed, handover.id))


def spooled(db: Connection, sealer: Sealer, handover_id: str, document: DocumentDigest) -> None:
    """The document is in the vault and hashed; one that was rendered again after it had been released stays so."""
    handover = require(db, sealer, handover_id)
    state = IncomingState.READY if _may_become(handover.state, IncomingState.READY) else handover.state
    before, earlier = handover.document, handover.earlier
    if before is not None and before not in {document, *earlier}:
        earlier = (*earlier, before)
    update(db, sealer, replace(handover, document=document, state=state, earlier=earlier))


def forget_unspooled(db: Connection, handover_id: str) -> None:
    """Drop a handover that never got its document, so that the next demand begins anew."""
    db.execute("delete from handovers where id = ? and state = ?", (handover_id, IncomingState.RENDERING.value))


def keep_receipt(db: Connection, sealer: Sealer, handover_id: str, receipt_sha256: bytes) -> None:
    """Remember a receipt that was issued for a handover, which an acknowledgement must name."""
    require(db, sealer, handover_id)
    db.execute("insert or ignore into handover_receipts values (?, ?)", (handover_id, receipt_sha256))


def release(db: Connection, sealer: Sealer, handover_id: str) -> None:
    """The first byte is about to leave, or the first of another range.

    Raises:
        RequestRefused: `handover.not_available`, unknown, purged, or not spooled.
    """
    handover = require(db, sealer, handover_id)
    if handover.document is None:
        raise not_available()
    if _may_become(handover.state, IncomingState.HANDED_OVER):
        update(db, sealer, replace(handover, state=IncomingState.HANDED_OVER))


def acknowledge(db: Connection, sealer: Sealer, ack: AckDraft) -> bool:
    """Keep an acknowledgement; False when the same one was kept before.

    Raises:
        RequestRefused: `handover.not_available`, no such handover of that member; `ack.mismatch`, a receipt that was
            not issued for it, another result than before, a document that was not released, or bytes verified that
            are not those granted (as long as they are known: the purge forgets them).
    """
    row = one(db, "select requester, state, sealed, sealed_ack from handovers where id = ?", ack.handover_id)
    if row is None or MemberId(row[0]) != ack.issuer:
        raise not_available()
    _, state, sealed, sealed_ack = row
    receipt = (ack.handover_id, ack.receipt_sha256)
    if not one(db, "select 1 from handover_receipts where handover_id = ? and sha256 = ?", *receipt):
        raise _mismatch("a receipt that was not issued for this handover", "the hash of one that was")
    if sealed_ack is not None:
        before = sealer.open(AckDraft, _ACKS, ack.handover_id, sealed_ack)
        if (before.result, before.received) != (ack.result, ack.received):
            raise _mismatch("another result", "what was acknowledged before")
        return False
    after = _STATE_OF_RESULT[ack.result]
    if not _may_become(IncomingState(state), after):
        raise _mismatch("a document that was not released", "the bytes of this handover")
    if sealed is not None:
        handover = sealer.open(Handover, _TABLE, ack.handover_id, sealed)
        if ack.result is AckResult.VERIFIED and ack.received not in {handover.document, *handover.earlier}:
            raise _mismatch("other bytes verified", "the sha256 and size of the receipt")
        sealed = sealer.seal(_TABLE, ack.handover_id, replace(handover, state=after))
    db.execute(_ACKNOWLEDGE, (after.value, sealed, sealer.seal(_ACKS, ack.handover_id, ack), ack.handover_id))
    return True


def purge(db: Connection, handover_id: str, now: Instant) -> bool:
    """Keep nothing of a handover but its row; False when that was done before, or there is none."""
    row = one(db, "select state from handovers where id = ? and purged_at is null", handover_id)
    if row is None:
        return False
    state = IncomingState(row[0])
    if _may_become(state, IncomingState.DELIVERY_NOT_CONFIRMED):
        state = IncomingState.DELIVERY_NOT_CONFIRMED
    db.execute(_PURGE, (state.value, now, handover_id))
    return True


def forget_old(db: Connection, now: Instant) -> int:
    """Drop rows whose acknowledgement can no longer come; says how many."""
    return db.execute("delete from handovers where purged_at <= ?", (now - KEPT_AFTER_PURGE_SECONDS,)).rowcount


def not_available() -> RequestRefused:
    """One answer for unknown, foreign and purged (PROTOCOL section 1)."""
    return RequestRefused(
        "handover: not available", code=Code.HANDOVER_NOT_AVAILABLE, hint="ask the service again for the record"
    )


def _may_become(state: IncomingState, after: IncomingState) -> bool:
    return (state, after) in INCOMING_MOVES


def _mismatch(got: str, expected: str) -> RequestRefused:
    return RequestRefused(f"acknowledgement: got {got}, expected {expected}", code=Code.ACK_MISMATCH)
