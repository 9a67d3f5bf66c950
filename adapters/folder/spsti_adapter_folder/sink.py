"""Delivers where the vendor's import looks: a PDF and its JSON, what workers were told, accesses as a CSV.

The JSON comes last: where it is, the PDF beside it is whole.
"""

import json
import os
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, ClassVar

from connector.contract import (
    AdapterContext,
    AdapterError,
    AdapterHealth,
    AdapterOptions,
    Ins,
    Problem,
    ReceivedDocument,
    Sink,
    ToldToWorker,
    Trace,
)
from spsti_adapter_folder.delivering import DRAFT_PREFIX, put
from spsti_adapter_folder.memory import Memory
from spsti_adapter_folder.options import FolderSinkOptions
from spsti_adapter_folder.traces import TraceFile, moment


class FolderSink(Sink):
    """Writes into one folder, each thing once however often it comes."""

    contract_version = 1
    Options: ClassVar[type[AdapterOptions]] = FolderSinkOptions

    def __init__(self, options: FolderSinkOptions, context: AdapterContext) -> None:
        self._inbox = context.config_directory / options.inbox
        self._mode = options.file_mode
        self._memory = Memory(context.data_directory / "delivered.sqlite")
        traces = None if options.traces is None else context.config_directory / options.traces
        self._traces = TraceFile(traces, context.data_directory, options.file_mode)

    def start(self) -> None:
        """Remove what a crash left half-written; no import ever took it for a file."""
        if self._inbox.is_dir():
            for draft in self._inbox.glob(f"{DRAFT_PREFIX}*.part"):
                draft.unlink(missing_ok=True)

    def file(self, document: ReceivedDocument, content: Iterator[bytes]) -> str:
        """Put the PDF and then its JSON; what was put once is not put again, even where the import took it away."""
        if document.content_type != "application/pdf":
            raise AdapterError(Problem.NOT_SUPPORTED, "PDF only")
        name = f"dmst-{_name(document.sha256_hex, *_ins(document.ins).values())}"
        if not self._memory.has(name):
            put(
                self._inbox,
                f"{name}.pdf",
                content,
                self._mode,
                size=document.size,
                digest=document.sha256_hex,
            )
            self._put_json(
                name,
                {
                    "kind": "received-document",
                    "file": f"{name}.pdf",
                    **_ins(document.ins),
                    "peer": document.peer.value,
                    "peer_name": document.peer_name,
                    "last_act_on": str(document.last_act_on),
                    "received_at": moment(document.received_at),
                    "document_type": {"system": document.document_type.system, "code": document.document_type.code},
                    "sha256": document.sha256_hex,
                    **_original(document),
                    "size": document.size,
                    "content_type": document.content_type,
                },
            )
            self._memory.done(name)
        return f"{name}.pdf"

    def told(self, told: ToldToWorker) -> None:
        """Put what the worker was told and said."""
        said = {
            "kind": "told-to-worker",
            **_ins(told.ins),
            "at": moment(told.at),
            "by": told.by,
            "means": told.means,
            "objects": told.objects,
        }
        name = f"told-{_name(*(str(value) for value in said.values()))}"
        if not self._memory.has(name):
            # Not part of the name: one that was put before ids were given is still known.
            self._put_json(name, said | ({"told_id": told.told_id} if told.told_id else {}))
            self._memory.done(name)

    def trace(self, trace: Trace) -> None:
        """Append the access to the CSV that the vendor's software takes in."""
        self._traces.write(trace)

    def health(self) -> AdapterHealth:
        """Say whether the folder is there and can be written."""
        if not self._inbox.is_dir():
            return AdapterHealth(ok=False, detail="the inbox is no folder, or not mounted")
        if not os.access(self._inbox, os.W_OK | os.X_OK):
            return AdapterHealth(ok=False, detail="the inbox cannot be written")
        return AdapterHealth(ok=True)

    def _put_json(self, name: str, value: dict[str, Any]) -> None:
        text = json.dumps({"version": 1, **value}, ensure_ascii=False, indent=1) + "\n"
        put(self._inbox, f"{name}.json", [text.encode()], self._mode)


def _original(document: ReceivedDocument) -> dict[str, str]:
    """Give the digest of what the other service gave, where this is a copy that something was taken out of."""
    return {"original_sha256": document.original_sha256_hex} if document.original_sha256_hex else {}


def _ins(ins: Ins) -> dict[str, str]:
    return {"matricule": ins.matricule.value, "oid": ins.oid.value}


def _name(*parts: str) -> str:
    """Give a file name that is the same for the same thing and tells nothing of the worker to who lists the folder."""
    return sha256("\n".join(parts).encode()).hexdigest()[:32]
