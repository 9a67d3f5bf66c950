"""What a pursuit of a fetch works with, and the ends it can come to."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from connector.core.codes import Code
from connector.core.fetch import Fetch
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.ports import (
    Clock,
    DocumentInspector,
    Entropy,
    FetchObserver,
    MemberDirectory,
    PeerClient,
    Vault,
    new_id,
)
from connector.core.records import Trace, TraceAction
from connector.core.states import FetchState
from connector.requester import entries, notes
from connector.requester.errand import Errand
from connector.requester.receive import Sleep
from connector.requester.rules import HOUSE_REFUSALS, Rules
from connector.requester.settings import RequesterSettings


@dataclass(frozen=True, slots=True)
class Means:
    """The ports, rules and settings of one pursuit; `deliver` wakes the delivery of acknowledgements and traces."""

    settings: RequesterSettings
    directory: MemberDirectory
    peers: PeerClient
    vault: Vault
    inspector: DocumentInspector
    rules: Rules
    clock: Clock
    entropy: Entropy
    observer: FetchObserver
    sleep: Sleep
    deliver: Callable[[], None]

    def since_ms(self, started: float) -> int:
        """Give the milliseconds since a reading of the monotonic clock."""
        return round((self.clock.monotonic() - started) * 1000)

    async def drop(self, fetch_id: str, member: MemberId) -> None:
        """Delete what a fetch keeps, or was about to keep, of one member."""
        for vault_id in (vault_id_of(fetch_id, member), copy_id_of(fetch_id, member)):
            if self.vault.holds(vault_id):
                await self.vault.delete(vault_id)


async def end(
    errand: Errand,
    means: Means,
    state: FetchState,
    code: Code | None = None,
    detail: str = "",
    **changes: Any,  # noqa: ANN401 - `only_from`, and fields of Fetch
) -> None:
    """End a fetch without a document to read, with its entry; it stays listed for a while, then it is purged.

    Raises:
        LocalRefused: `fetch.state`.
        FailedClosed: nothing of it was kept.
    """
    now = means.clock.now()
    await errand.keep(
        state=state,
        entries=[entries.ended(errand.fetch, state, code, now)],
        code=code,
        detail=detail,
        expires_at=Instant(now + means.settings.ended_seconds),
        **changes,
    )


async def give_up(errand: Errand, means: Means, state: FetchState, code: Code | None = None, detail: str = "") -> None:
    """End a fetch, unless a copy is here to go back to: then only the other record that was chosen is given up.

    Raises:
        LocalRefused, FailedClosed: as `end`.
    """
    fetch = errand.fetch
    other = fetch.reply_of(fetch.chosen) if fetch.chosen is not None else None
    if fetch.comes_back_as is None or other is None:
        await end(errand, means, state, code, detail)
        return
    if code is None:
        await errand.keep(notes.choice_cancelled(other), **back_to_copy(fetch))
    else:
        failed = replace(other, code=code, detail=detail)
        refused = [entries.choice_refused(fetch, failed, means.clock.now())] if code in HOUSE_REFUSALS else []
        told, replies = (notes.service(failed), notes.copy_stays(failed)), errand.with_replies(failed)
        await errand.keep(*told, entries=refused, replies=replies, **back_to_copy(fetch))
    await means.drop(fetch.id, other.member)


def back_to_copy(fetch: Fetch) -> dict[str, Any]:
    """Give the move of a fetch back to the copy that is here; of one without a copy, to the choice that is left."""
    document = fetch.document
    if fetch.comes_back_as is None or document is None:
        return {"state": FetchState.CHOOSING}
    return {
        "state": fetch.comes_back_as,
        "comes_back_as": None,
        "chosen": document.member,
        "expires_at": document.purge_at,
    }


def trace_of(fetch: Fetch, action: TraceAction, peer: MemberId, at: Instant, entropy: Entropy) -> Trace:
    """Give the access to be written into the vendor's own DMST (R4624-45-5)."""
    return Trace(
        trace_id=new_id(entropy),
        at=at,
        action=action,
        ins=fetch.worker.ins,
        peer=peer,
        practitioner_id=fetch.practitioner.id.value,
        practitioner_name=fetch.practitioner.name,
        purpose=fetch.purpose,
        outcome="verified",
    )


def vault_id_of(fetch_id: str, member: MemberId) -> str:
    """Give the name under which a fetch keeps one member's document: what a crash left there is found by it."""
    return sha256(f"fetch {fetch_id} {member.value}".encode()).hexdigest()[:32]


def copy_id_of(fetch_id: str, member: MemberId) -> str:
    """Give the name of the copy that is shown instead of it, where policy changed the document."""
    return sha256(f"copy {fetch_id} {member.value}".encode()).hexdigest()[:32]
