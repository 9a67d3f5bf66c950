"""The copies that came: what a practitioner may do with one while it is here.

Each wish is checked, kept and told in one transaction, before a byte is given. How a copy comes here is `integrate` and
what it calls; that its time ends is `purge`.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import replace

from connector.core.codes import Code
from connector.core.errors import AdapterFault, FailedClosed, LocalRefused
from connector.core.fetch import Fetch, FetchedDocument
from connector.core.instant import Instant
from connector.core.matricule import Ins
from connector.core.ports import GuardedSink, Practitioners, RequesterStore, VaultReader
from connector.core.records import ReceivedDocument, TraceAction
from connector.core.states import FETCH_ENDED, FETCH_READABLE, FetchState, check_move
from connector.requester import entries
from connector.requester.means import Means, trace_of
from connector.requester.purge import discard
from connector.requester.running import Running


class Copies:
    """The copies of this service. `who` is the PS_IdNat of the practitioner for whom something is done."""

    def __init__(
        self,
        means: Means,
        running: Running,
        store: RequesterStore,
        practitioners: Practitioners,
        sink: GuardedSink | None,
    ) -> None:
        self._means, self._running, self._store = means, running, store
        self._practitioners, self._sink = practitioners, sink

    async def kept(self, who: str, worker: Ins) -> Sequence[Fetch]:
        """Give the fetches whose copy of a worker's record a practitioner can read here now, the newest first.

        Raises:
            FailedClosed: the state or the vault cannot be read; a copy that is damaged counts as none.
        """
        if not self._practitioners.may_read(who):
            return []
        found = await self._store.fetches_readable(who)
        return [fetch for fetch in found if fetch.worker.ins == worker and self._is_readable(fetch)]

    def _is_readable(self, fetch: Fetch) -> bool:
        try:
            self._means.vault.read(_readable(fetch, self._means.clock.now()).vault_id).close()
        except LocalRefused:
            return False
        except FailedClosed as fault:
            if fault.code is not Code.VAULT_DAMAGED:
                raise
            return False
        return True

    async def read(
        self, fetch_id: str, who: str, sha256: bytes | None = None
    ) -> tuple[FetchedDocument, AsyncIterator[bytes]]:
        """Open the document for the practitioner who asked: *shown* is durable before this returns.

        The first opening starts the clock of the transit copy. `sha256` names the document that was offered to whoever
        opens it; without it they get the one that is here.

        Raises:
            LocalRefused: `local.not_found`, `local.forbidden`; `fetch.no_document`, none is there to read;
                `fetch.expired`; `document.replaced`, it is another than `sha256` names.
            FailedClosed: the vault or the ledger cannot be relied on.
        """
        errand = await self._running.find(fetch_id, who)
        self._means.rules.may_read(errand.fetch, who)
        async with errand.lock:
            fetch, now = errand.fetch, self._means.clock.now()
            document = _readable(fetch, now)
            _check_is(document, sha256)
            content = self._means.vault.read(document.vault_id)
            if document.first_opened_at is None:
                purge_at = Instant(min(document.purge_at, now + self._means.settings.opened_seconds))
                document = replace(document, first_opened_at=now, purge_at=purge_at)
            try:
                await errand.keep(
                    entries=[entries.shown(fetch, document, who, now)],
                    trace=trace_of(fetch, TraceAction.READ, document.member, now, self._means.entropy),
                    document=document,
                    expires_at=document.purge_at,
                )
            except BaseException:
                content.close()
                raise
        self._means.deliver()
        return document, _pieces(content)

    async def hand_on(self, fetch_id: str, who: str, colleague: str) -> Fetch:
        """Let a named colleague read the document that is here; no service is asked again. Done twice, it is once.

        Raises:
            LocalRefused: `local.not_found`; `local.forbidden`, they did not ask for it themselves, or the colleague may
                not read a whole DMST; `fetch.no_document`; `fetch.expired`.
            FailedClosed: the ledger cannot be relied on.
        """
        errand = await self._running.find(fetch_id, who)
        self._means.rules.may_hand_on(errand.fetch, who, colleague)
        async with errand.lock:
            fetch, now = errand.fetch, self._means.clock.now()
            document = _readable(fetch, now)
            if colleague not in fetch.readers:
                entry = entries.handed_on(fetch, document, who, colleague, now)
                await errand.keep(entries=[entry], readers=(*fetch.readers, colleague))
        return errand.fetch

    async def file(self, fetch_id: str, who: str, sha256: bytes | None = None) -> Fetch:
        """File the document in the vendor's software. After a crash it may be filed twice, never lost.

        `sha256` as for `read`.

        Raises:
            LocalRefused: `local.not_found`, `local.forbidden`, `fetch.no_document`, `fetch.state`, `fetch.expired`,
                `document.replaced`.
            AdapterFault: the software did not take it; `adapter.absent`, no sink is configured.
            FailedClosed: the vault or the ledger cannot be relied on.
        """
        errand = await self._running.find(fetch_id, who)
        self._means.rules.may_read(errand.fetch, who)
        async with errand.lock:
            fetch = errand.fetch
            document = _readable(fetch, self._means.clock.now())
            _check_is(document, sha256)
            check_move(fetch.state, FetchState.FILED)
            sink = self._sink
            if sink is None:
                raise AdapterFault(
                    "sink: none is configured",
                    code=Code.ADAPTER_ABSENT,
                    hint="set [sink], or save the document by hand",
                )
            content = _pieces(self._means.vault.read(document.vault_id))
            filed_as = await sink.file(_received(fetch, document), content)
            entry = entries.filed(fetch, document, filed_as, self._means.clock.now())
            await errand.keep(state=FetchState.FILED, entries=[entry])
        return errand.fetch

    async def discard(self, fetch_id: str, who: str) -> Fetch:
        """Delete the copy that is here before its time; the colleagues who could read it no longer can.

        Raises:
            LocalRefused: `local.not_found`; `local.forbidden`, they did not ask for it themselves; `fetch.state`, no
                copy is here.
            FailedClosed: the vault or the ledger cannot be relied on.
        """
        errand = await self._running.find(fetch_id, who)
        self._means.rules.may_discard(errand.fetch, who)
        async with errand.lock:
            await discard(errand, self._means)
        return errand.fetch


def _readable(fetch: Fetch, now: Instant) -> FetchedDocument:
    document = fetch.document
    if fetch.state not in FETCH_READABLE or document is None:
        raise LocalRefused(
            f"fetch: it is {fetch.state}, there is no document to read",
            code=Code.FETCH_NO_DOCUMENT,
            hint="start a new fetch" if fetch.state in FETCH_ENDED else "wait until it is ready",
        )
    if document.purge_at <= now:
        raise LocalRefused(
            "fetch: the time of the copy that was kept is over", code=Code.FETCH_EXPIRED, hint="start a new one"
        )
    return document


def _check_is(document: FetchedDocument, sha256: bytes | None) -> None:
    """See that nobody is given another record than the one they chose to open or file.

    Raises:
        LocalRefused: `document.replaced`.
    """
    if sha256 is not None and not document.is_named_by(sha256):
        raise LocalRefused(
            "document: got the SHA-256 of another than the one that is here now",
            code=Code.DOCUMENT_REPLACED,
            hint="read the fetch again, and see from which service its document is and of which day",
            field="sha256",
        )


def _received(fetch: Fetch, document: FetchedDocument) -> ReceivedDocument:
    reply = fetch.reply_of(document.member)
    return ReceivedDocument(
        ins=fetch.worker.ins,
        peer=document.member,
        peer_name=reply.name if reply else document.member.value,
        last_act_on=document.last_act_on,
        received_at=document.arrived_at,
        document_type=fetch.document_type,
        sha256_hex=document.given.sha256.hex(),
        size=document.given.size,
        content_type=document.content_type,
        original_sha256_hex=document.digest.sha256.hex() if document.shown else "",
    )


async def _pieces(content: VaultReader) -> AsyncIterator[bytes]:
    with closing(content):
        for piece in content:
            yield bytes(piece)
