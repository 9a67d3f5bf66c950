"""Delivers into the vendor's database: received documents, what workers were told, accesses.

A document put into a column is held whole while it is written, at most `write_connections` of them at once; with
`:path` it is written piece by piece into a folder and only named in the database.
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from sqlalchemy import literal, select, text

from connector.contract import (
    AdapterContext,
    AdapterError,
    AdapterHealth,
    AdapterOptions,
    Problem,
    ReceivedDocument,
    Sink,
    ToldToWorker,
    Trace,
)
from spsti_adapter_sql.database import Database
from spsti_adapter_sql.moments import day_for, moment_for
from spsti_adapter_sql.options import SinkOptions
from spsti_adapter_sql.queries import parameters
from spsti_adapter_sql.rows import reference_text
from spsti_adapter_sql.trace import TraceWriter, add

_NO_DIGEST = "0" * 64


class SqlSink(Sink):
    """Adds by `queries.file`, `queries.told` and `queries.trace`."""

    contract_version = 1
    Options: ClassVar[type[AdapterOptions]] = SinkOptions

    def __init__(self, options: SinkOptions, context: AdapterContext) -> None:
        self._options = options
        self._file, self._told = options.query("file"), options.query("told")
        # A statement of one's own may keep no reference: then the digest is what people search for.
        self._filed = options.queries.filed or ("" if options.queries.file else options.query("filed"))
        self._writing = Database(options, context, connections=options.write_connections, reads_only=False)
        self._traces = TraceWriter(self._writing, options.query("trace"), options.time_zone)
        self._folder = None if options.files is None else context.config_directory / options.files.root

    def file(self, document: ReceivedDocument, content: Iterator[bytes]) -> str:
        """File the document under its worker, whole or not at all; the same again is found and not filed twice."""
        found = self._reference(document)
        if found:
            return found
        dialect, zone = self._writing.dialect, self._options.time_zone
        values: dict[str, object] = {
            "matricule": document.ins.matricule.value,
            "oid": document.ins.oid.value,
            "member": document.peer.value,
            "member_name": document.peer_name,
            "last_act_on": day_for(dialect, document.last_act_on),
            "received_at": moment_for(dialect, document.received_at, zone),
            "document_type_system": document.document_type.system,
            "document_type_code": document.document_type.code,
            "sha256": document.sha256_hex,
            # Where it is the same, NULL: Oracle would make that of an empty text too.
            "original_sha256": document.original_sha256_hex or None,
            "size": document.size,
            "content_type": document.content_type,
        }
        if self._folder is None:
            values["content"] = self._whole(document, content)
        else:
            values["path"] = _write(self._folder, document, content)
        add(self._writing, self._file, parameters(self._file), values)
        return self._reference(document) or f"sha256 {document.sha256_hex}"

    def told(self, told: ToldToWorker) -> None:
        """Record the information and the answer, `objects` being yes or no."""
        values: dict[str, object] = {
            "matricule": told.ins.matricule.value,
            "oid": told.ins.oid.value,
            "at": moment_for(self._writing.dialect, told.at, self._options.time_zone),
            "by": told.by,
            "means": told.means,
            "objects": "yes" if told.objects else "no",
            "told_id": told.told_id,
        }
        add(self._writing, self._told, parameters(self._told), values)

    def trace(self, trace: Trace) -> None:
        """Write the access into the DMST."""
        self._traces.write(trace)

    def health(self) -> AdapterHealth:
        """Ask whether a document that nobody sent is filed, or only whether the database answers."""
        nobody = {"matricule": "0" * 15, "oid": "0", "sha256": _NO_DIGEST}
        try:
            with self._writing.using() as connection:
                if self._filed:
                    connection.execute(text(self._filed), nobody).fetchall()
                else:
                    connection.scalar(select(literal(1)))
        except AdapterError as error:
            return AdapterHealth(ok=False, detail=": ".join(str(one) for one in error.args))
        if self._folder is not None and not os.access(self._folder, os.W_OK | os.X_OK):
            return AdapterHealth(ok=False, detail="the folder of the documents is not there, or may not be written")
        return AdapterHealth(ok=True, detail=f"{self._writing.dialect}: asked")

    def close(self) -> None:
        """Close the pool."""
        self._writing.close()

    def _reference(self, document: ReceivedDocument) -> str:
        if not self._filed:
            return ""
        values = {
            "matricule": document.ins.matricule.value,
            "oid": document.ins.oid.value,
            "sha256": document.sha256_hex,
        }
        with self._writing.using() as connection:
            row = connection.execute(text(self._filed), values).fetchone()
        return "" if row is None else reference_text(row[0], "reference")

    def _whole(self, document: ReceivedDocument, content: Iterator[bytes]) -> bytes:
        if document.size > self._options.max_document_bytes:
            raise AdapterError(Problem.NOT_SUPPORTED, f"{document.size} bytes, max_document_bytes allows fewer")
        return b"".join(_counted(document, content))


def _counted(document: ReceivedDocument, content: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in content:
        size += len(piece)
        if size > document.size:
            raise AdapterError(Problem.DATA, "more bytes than announced")
        yield piece
    if size != document.size:
        raise AdapterError(Problem.DATA, "fewer bytes than announced")


def _write(folder: Path, document: ReceivedDocument, content: Iterator[bytes]) -> str:
    """Write into a file that is there whole or not at all, named by its digest; gives its name."""
    name = f"{document.sha256_hex}.pdf" if document.content_type == "application/pdf" else document.sha256_hex
    partial = folder / f".{name}.{secrets.token_hex(8)}.part"  # the same document may be filed for two at once
    try:
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as out:
                for piece in _counted(document, content):
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            partial.replace(folder / name)
        finally:
            partial.unlink(missing_ok=True)
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise AdapterError(Problem.UNREACHABLE, f"the folder of the documents: {type(error).__name__}") from None
    return name
