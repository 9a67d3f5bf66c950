"""The one copy of a document that a handover serves: rendered by the vendor's software, checked, kept encrypted.

One rendering per announcement, however often it is asked for, and it goes on when the asker leaves. After a crash the
next `POST /handovers` renders again: what the vault holds counts only when the store says that it is complete.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from connector.core.codes import Code
from connector.core.errors import AdapterFault, RequestRefused
from connector.core.handover import ANNOUNCEMENT_SECONDS, Handover
from connector.core.ports import HolderStore, Vault, VaultWriter

_MAGIC: Final = b"%PDF-"
_PDF: Final = "application/pdf"

Content = Callable[[], AsyncIterator[bytes]]


class Spool:
    """Renders into the vault. `render_seconds` bound one rendering, `max_bytes` its size."""

    def __init__(self, store: HolderStore, vault: Vault, *, render_seconds: float, max_bytes: int) -> None:
        self._store, self._vault = store, vault
        self._render_seconds, self._max_bytes = render_seconds, max_bytes
        self._running: dict[str, asyncio.Task[Handover]] = {}

    async def ready(self, wanted: Handover, content: Content, hold_seconds: float) -> Handover:
        """Give the announcement's handover, after at most `hold_seconds`; without `document` it is being rendered.

        `wanted` is what to begin where there is none yet. A rendering that failed after its asker had left is told to
        the next one, once.

        Raises:
            AdapterFault: the document could not be had, or is none that may be handed over.
            FailedClosed: it cannot be kept.
            RequestRefused: `handover.not_available`, its half hour ended while it was being rendered.
        """
        key = wanted.announcement_id
        task = self._running.get(key)
        if task is None:
            kept = await self._store.handover_of(key)
            if kept is not None and kept.document is not None and self._vault.holds(kept.id):
                return kept
            task = self._running.get(key) or self._begin(wanted, content)  # another request may have begun meanwhile
        # `wait` neither cancels the rendering when this request is cancelled, nor raises what it raised.
        await asyncio.wait((task,), timeout=hold_seconds)
        if not task.done():
            return await self._store.handover_of(key) or wanted
        self._forget(key, task)
        return task.result()

    async def close(self) -> None:
        """Give up what is being rendered; it begins again after the next start."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, wanted: Handover, content: Content) -> asyncio.Task[Handover]:
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._render(wanted, content))
        self._running[wanted.announcement_id] = task
        task.add_done_callback(lambda done: self._ended(wanted.announcement_id, done))
        return task

    def _ended(self, key: str, task: asyncio.Task[Handover]) -> None:
        if task.cancelled() or task.exception() is None:
            self._forget(key, task)
        else:  # kept for whoever asks next, as long as the announcement may be asked for
            task.get_loop().call_later(ANNOUNCEMENT_SECONDS, self._forget, key, task)

    def _forget(self, key: str, task: asyncio.Task[Handover]) -> None:
        if self._running.get(key) is task:
            del self._running[key]

    async def _render(self, wanted: Handover, content: Content) -> Handover:
        handover = await self._store.spooling(wanted)
        if self._vault.holds(handover.id):  # complete in the vault, and a crash before the store knew it
            await self._vault.delete(handover.id)
        writer = self._vault.create(handover.id)
        try:
            try:
                async with asyncio.timeout(self._render_seconds):
                    await self._write(handover, content(), writer)
            except TimeoutError:
                raise AdapterFault(
                    f"document: not complete after {self._render_seconds:g} seconds", code=Code.ADAPTER_TIMEOUT
                ) from None
        except BaseException:
            writer.abort()
            await self._store.spool_failed(handover.id)
            raise
        # Its row stays from here on, whatever happens: by it alone the purge finds a copy that the vault's thread goes
        # on to finish, although this task was cancelled.
        digest = await writer.finish()
        try:
            await self._store.spooled(handover.id, digest)
        except RequestRefused:  # its half hour ended meanwhile, and the purge was here
            await self._vault.delete(handover.id)
            raise
        return await self._store.handover(handover.id) or handover

    async def _write(self, handover: Handover, content: AsyncIterator[bytes], writer: VaultWriter) -> None:
        if handover.content_type != _PDF:
            raise AdapterFault(f"document: announced as something else than {_PDF}", code=Code.ADAPTER_CONTRACT)
        head, size = b"", 0
        try:
            async for piece in content:
                size += len(piece)
                if size > self._max_bytes:
                    raise AdapterFault(
                        f"document: larger than {self._max_bytes} bytes",
                        code=Code.DOCUMENT_TOO_LARGE,
                        hint="raise max_document_mb, or let the software give a summary",
                    )
                if len(head) < len(_MAGIC):
                    head += piece[: len(_MAGIC) - len(head)]
                    if not _MAGIC.startswith(head):
                        raise _not_pdf()
                writer.write(piece)
        finally:
            close = getattr(content, "aclose", None)  # a source may hold a file or a cursor open behind it
            if close is not None:
                await close()
        if size == 0:
            raise AdapterFault("document: empty", code=Code.DOCUMENT_EMPTY)
        if head != _MAGIC:
            raise _not_pdf()


def _not_pdf() -> AdapterFault:
    return AdapterFault("document: does not begin with %PDF-", code=Code.DOCUMENT_NOT_PDF)
