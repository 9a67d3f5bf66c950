"""The daemon's end of the inspection: hands a document to the child, and believes of the answer what it can check.

Documents go through memory that has no name in any file system (memfd), sealed before the child gets it. The child is
started once and kept; each document has a process of its own there, with limits that the kernel keeps. Whatever
becomes of that process - killed by its limits, crashed, silent - the document is refused, and the next one starts anew.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from connector.child_process import Child, spawn
from connector.core.codes import Code
from connector.core.errors import DocumentRejected
from connector.core.inspection import Finding, FindingKind, Handling, Inspected
from connector.core.ports import VaultWriter
from connector.core.units import MIB
from connector.inspection.settings import InspectionSettings

_ANSWER_BYTES: Final = 64 * 1024
_MARGIN_SECONDS: Final = 3.0
_PIECE: Final = 256 * 1024
_ENDED: Final = "the process that looked into it ended without an answer (a crash, its time or its memory)"
_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL

_REFUSALS: Final[Mapping[str, tuple[Code, str, str]]] = {
    "not_pdf": (Code.DOCUMENT_NOT_PDF, "it does not begin as a PDF", "ask the other service for a PDF"),
    "encrypted": (
        Code.DOCUMENT_ENCRYPTED,
        "it opens with a password only",
        "ask the other service for one without",
    ),
    "unreadable": (
        Code.DOCUMENT_UNREADABLE,
        "it is too damaged to be looked into",
        "ask the other service to make it anew",
    ),
    "unpacks_too_far": (
        Code.DOCUMENT_TOO_LARGE,
        "a part of it unpacks to more than 256 MB",
        "ask the other service for a plain PDF",
    ),
    "memory": (
        Code.DOCUMENT_INSPECTION_FAILED,
        "looking into it takes more memory than [documents] inspection_memory_mb",
        "ask the other service for a plainer PDF, or raise the limit",
    ),
    "failed": (
        Code.DOCUMENT_INSPECTION_FAILED,
        "it could not be looked into",
        "ask the other service for a plain PDF",
    ),
}


class PdfInspector:
    """`core.ports.DocumentInspector` over the child. Start it early: the first document then waits for nothing."""

    module = "connector.inspection.child"

    def __init__(self, settings: InspectionSettings) -> None:
        self._settings = settings
        self._places = asyncio.Semaphore(settings.places)
        self._child: Child | None = None

    def start(self) -> None:
        """Start the child, without waiting until it has loaded its parser.

        Raises:
            OSError: no process can be started.
        """
        if self._child is None or not self._child.is_alive:
            self._drop()
            self._child = spawn(self.module, kind=socket.SOCK_SEQPACKET)

    async def close(self) -> None:
        """End the child and every document that is being looked into."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            await asyncio.to_thread(child.reap)

    async def inspect(
        self, content: Iterator[memoryview | bytes], size: int, copy: Callable[[], VaultWriter]
    ) -> Inspected:
        """Look into a document; where policy changes it, the copy to be shown is written to `copy()` and finished.

        Raises:
            DocumentRejected: `document.active_content`, policy refuses what it holds; `document.encrypted`,
                `document.unreadable`, `document.too_large`, `document.not_pdf`; `document.size`, it is cut short;
                `document.inspection_failed`, looking into it took too much, or crashed.
            FailedClosed: the copy cannot be kept.
        """
        try:
            async with asyncio.timeout(self._settings.wait_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise _failed("too many documents are being looked into", "try again") from None
        try:
            return await self._inspect(content, size, copy)
        except OSError as error:
            raise _failed(f"this machine could not look into it ({error.strerror})", "try again") from None
        finally:
            self._places.release()

    async def _inspect(
        self, content: Iterator[memoryview | bytes], size: int, copy: Callable[[], VaultWriter]
    ) -> Inspected:
        with _memory("document") as source, _memory("copy") as target:
            read = await asyncio.to_thread(_fill, source, content)
            if read != size:
                raise DocumentRejected(
                    f"document: {read} bytes in the vault, expected {size}",
                    code=Code.DOCUMENT_SIZE,
                    hint="fetch it again",
                )
            answer = await self._ask(source, target, size)
            verdict, findings = self._read(answer)
            if verdict == "copied":
                return Inspected(findings, await _keep(target, copy()))
            return Inspected(findings)

    async def _ask(self, source: int, target: int, size: int) -> dict[str, Any]:
        """Order the inspection and wait for its answer; a child that has gone is started once more.

        Raises:
            DocumentRejected: `document.inspection_failed`.
        """
        settings = self._settings
        order = json.dumps(
            {
                "policy": {kind.value: handling.value for kind, handling in settings.policy.items()},
                "seconds": settings.seconds,
                "memory_bytes": settings.memory_bytes + 3 * size,
                "copy_bytes": 2 * size + 16 * MIB,
            }
        ).encode()
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._send(order, [source, target, theirs.fileno()])
            ours.settimeout(0)
            try:
                async with asyncio.timeout(settings.seconds + _MARGIN_SECONDS):
                    answer = await _until_end(ours)
            except TimeoutError:
                self._drop()  # it outlived its own alarm: nothing of it is left running
                raise _failed(f"it took longer than {settings.seconds:g} s", "try again, or raise the limit") from None
        if not answer:
            raise _failed(_ENDED, "ask the other service for a plain PDF")
        try:
            read = json.loads(answer)
        except ValueError:
            read = None
        if not isinstance(read, dict):
            self._drop()
            raise _failed("the process that looked into it answered nonsense", "try again")
        return read

    def _send(self, order: bytes, descriptors: list[int]) -> None:
        for _ in range(2):
            self.start()
            if self._child is None:
                break
            try:
                self._child.socket.settimeout(_MARGIN_SECONDS)
                socket.send_fds(self._child.socket, [order], descriptors)
            except (BrokenPipeError, ConnectionResetError, TimeoutError):
                self._drop()
            else:
                return
        raise _failed("the process that looks into documents ends by itself", "see whether pikepdf is installed")

    def _read(self, answer: dict[str, Any]) -> tuple[str, tuple[Finding, ...]]:
        """Give verdict and findings of an answer.

        Raises:
            DocumentRejected: it is not to be shown, or the answer is none.
        """
        policy, verdict, found = self._settings.policy, answer.get("verdict"), answer.get("found")
        refusal = _REFUSALS.get(verdict) if isinstance(verdict, str) else None
        if refusal is not None:
            raise DocumentRejected(f"document: {refusal[1]}", code=refusal[0], hint=refusal[2])
        if verdict not in {"shown", "copied", "refused"} or not isinstance(found, dict):
            raise _failed("the process that looked into it answered nonsense", "try again")
        findings = tuple(
            Finding(kind, found[kind.value], policy[kind]) for kind in FindingKind if type(found.get(kind.value)) is int
        )
        if verdict == "refused":
            refused = [f.kind.value for f in findings if f.handling is Handling.REFUSE] or [FindingKind.XFA.value]
            raise DocumentRejected(
                f"document: it holds {', '.join(refused)}",
                code=Code.DOCUMENT_ACTIVE_CONTENT,
                hint="ask the other service for a PDF without it",
            )
        return str(verdict), findings

    def _drop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.reap()


@contextlib.contextmanager
def _memory(name: str) -> Iterator[int]:
    handle = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        yield handle
    finally:
        os.close(handle)


def _fill(handle: int, content: Iterator[memoryview | bytes]) -> int:
    size = 0
    for piece in content:
        rest = memoryview(piece)
        while rest:
            written = os.write(handle, rest)
            size, rest = size + written, rest[written:]
    fcntl.fcntl(handle, fcntl.F_ADD_SEALS, _SEALS)
    return size


async def _until_end(sock: socket.socket) -> bytes:
    loop, answer = asyncio.get_running_loop(), b""
    while piece := await loop.sock_recv(sock, _ANSWER_BYTES):
        answer += piece
        if len(answer) > _ANSWER_BYTES:
            return b"null"
    return answer


async def _keep(target: int, writer: VaultWriter) -> Any:  # noqa: ANN401 - a DocumentDigest, as `finish` gives it
    """Write the copy into the vault; it can no longer be changed while it is read."""
    try:
        fcntl.fcntl(target, fcntl.F_ADD_SEALS, _SEALS)
        offset = 0
        while piece := os.pread(target, _PIECE, offset):
            writer.write(piece)
            offset += len(piece)
            await asyncio.sleep(0)
        return await writer.finish()
    except BaseException:
        writer.abort()
        raise


def _failed(what: str, hint: str) -> DocumentRejected:
    return DocumentRejected(f"document: {what}", code=Code.DOCUMENT_INSPECTION_FAILED, hint=hint)
