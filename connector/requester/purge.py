"""What the clock does to fetches: those that run past their time expire, what was kept of the others is purged.

A received document is a transit copy: 24 hours from its first opening, 7 days at most (DESIGN section 6). The bytes go
first, the entry follows: a crash between the two leaves a fetch that is purged again, never one whose bytes stay.
"""

from connector.core.codes import Code
from connector.core.fetch import Fetch
from connector.core.instant import Instant
from connector.core.states import FETCH_ENDED, FETCH_READABLE, FetchState
from connector.requester import entries
from connector.requester.errand import Errand
from connector.requester.means import Means, end


def is_due(fetch: Fetch, now: Instant) -> bool:
    """Whether the clock has something to do to this fetch."""
    if fetch.state is FetchState.PURGED:
        return False
    if fetch.state in FETCH_READABLE and fetch.document is not None:
        return fetch.document.purge_at <= now
    return fetch.expires_at <= now


async def move_on(errand: Errand, means: Means) -> None:
    """Expire or purge a fetch whose time has come; the caller has stopped whatever carried it.

    Raises:
        FailedClosed: the vault or the ledger cannot be written.
    """
    fetch, now = errand.fetch, means.clock.now()
    if not is_due(fetch, now):
        return
    for reply in fetch.replies:
        await means.drop(fetch.id, reply.member)
    if fetch.state in FETCH_ENDED or fetch.state in FETCH_READABLE:
        await errand.keep_purged(entries.purged(fetch, _why(fetch), now))
    else:
        await end(errand, means, FetchState.EXPIRED, Code.FETCH_EXPIRED, "its time was over", document=None)


def _why(fetch: Fetch) -> str:
    if fetch.document is None or fetch.state in FETCH_ENDED:
        return "ended"
    return "kept" if fetch.document.first_opened_at is None else "opened"
