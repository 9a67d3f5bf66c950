"""Purge of what handovers left behind: spooled copies live 30 minutes (PROTOCOL section 1). Called by jobs."""

from connector.core.ledger import EntryDraft, EntryType
from connector.core.ports import Clock, HolderStore, Vault


async def purge_expired(store: HolderStore, vault: Vault, clock: Clock) -> int:
    """Destroy the copies of expired handovers, each with its house entry; give how many.

    The copy goes before its row: after a crash between the two, the row is still there and the purge is done again.

    Raises:
        FailedClosed: a copy cannot be destroyed, or the ledger not written; the rest is left for the next run.
    """
    now = clock.now()
    expired = await store.expired_handovers(now)
    for handover in expired:
        if vault.holds(handover.id):
            await vault.delete(handover.id)
        entry = EntryDraft(
            type=EntryType.PURGED,
            at=now,
            peer=handover.requester,
            reason="handover-expired",
            document_sha256=handover.document.sha256 if handover.document else None,
            ref=handover.id,
        )
        await store.handover_purged(handover.id, entry)
    return len(expired)
