"""The end of fetches: those that run past their time expire, what was kept of the others is purged, or discarded.

A received document is a transit copy: 24 hours from its first opening, 7 days at most (DESIGN section 6), or until the
practitioner who asked discards it. The bytes go first, the entry follows: a crash between the two leaves a fetch that
is purged again, never one whose bytes stay.
"""

from dataclasses import replace

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.fetch import Fetch
from connector.core.instant import Instant
from connector.core.states import FETCH_ENDED, FETCH_READABLE, FetchState, check_move
from connector.requester import entries
from connector.requester.errand import Errand
from connector.requester.means import Means, end, give_up


def is_due(fetch: Fetch, now: Instant) -> bool:
    """Whether the clock has something to do to this fetch."""
    if fetch.state is FetchState.PURGED:
        return False
    if fetch.state in FETCH_READABLE and fetch.document is not None:
        return fetch.document.purge_at <= now
    return fetch.expires_at <= now


async def move_on(errand: Errand, means: Means) -> None:
    """Expire or purge a fetch whose time has come; the caller has stopped whatever carried it.

    One that had another record brought over beside the copy that is here goes back to it, for the copy's own time.

    Raises:
        FailedClosed: the vault or the ledger cannot be written.
    """
    now = means.clock.now()
    if not is_due(errand.fetch, now):
        return
    if errand.fetch.comes_back_as is not None:
        await give_up(errand, means, FetchState.EXPIRED, Code.FETCH_EXPIRED, "its time was over")
        if not is_due(errand.fetch, now):
            return
    fetch = errand.fetch
    for reply in fetch.replies:
        await means.drop(fetch.id, reply.member)
    if fetch.state in FETCH_ENDED or fetch.state in FETCH_READABLE:
        await errand.keep_purged(entries.purged(fetch, _why(fetch), now))
    else:
        await end(errand, means, FetchState.EXPIRED, Code.FETCH_EXPIRED, "its time was over", document=None)


async def discard(errand: Errand, means: Means) -> None:
    """Delete the copy that is here before its time, because the practitioner who asked wants it gone.

    That its time is over is durable before its bytes go: after a crash it is offered and opened no more, and the clock
    ends what was begun.

    Raises:
        LocalRefused: `fetch.state`, no copy is here: it never came, or it is gone already.
        FailedClosed: the vault or the ledger cannot be written.
    """
    fetch, document = errand.fetch, errand.fetch.document
    check_move(fetch.state, FetchState.PURGED)
    if fetch.state not in FETCH_READABLE or document is None:
        raise LocalRefused(
            f"fetch: it is {fetch.state}, expected one whose copy is here to be deleted",
            code=Code.FETCH_STATE,
            hint="nothing is kept of its document",
        )
    over = replace(document, purge_at=document.arrived_at)
    await errand.keep(document=over, expires_at=means.clock.now())
    await move_on(errand, means)


def _why(fetch: Fetch) -> str:
    if fetch.document is None or fetch.state in FETCH_ENDED:
        return "ended"
    if fetch.document.purge_at <= fetch.document.arrived_at:  # no rule of time ends a copy as it arrives: `discard` did
        return "discarded"
    return "kept" if fetch.document.first_opened_at is None else "opened"
