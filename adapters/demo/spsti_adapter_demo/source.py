"""The demonstration vendor's records, read for the connector.

All methods are plain, so that they run in the adapter's threads and a slow disk never holds up the connector. README.md
has the measurement behind that choice.
"""

from collections.abc import Iterator
from typing import ClassVar

from connector.contract import (
    AdapterContext,
    AdapterError,
    AdapterHealth,
    AdapterOptions,
    Announcement,
    Counts,
    Ins,
    Look,
    Problem,
    Source,
    Trace,
)
from spsti_adapter_demo.database import Database, DemoOptions
from spsti_adapter_demo.rows import UNKNOWN_WORKER, look_of
from spsti_adapter_demo.schema import COUNTS, CURRENT_VERSION, LOOK
from spsti_adapter_demo.worker import write_trace

_PIECE = 256 * 1024


class DemoSource(Source):
    """Reads `salarie`, `dossier_version` and `opposition`; adds to `acces`."""

    contract_version = 1
    Options: ClassVar[type[AdapterOptions]] = DemoOptions

    def __init__(self, options: DemoOptions, context: AdapterContext) -> None:
        self._database = Database(options, context)

    def look(self, ins: Ins) -> Look:
        """Answer by one read, found or not."""
        rows = self._database.rows(LOOK, {"matricule": ins.matricule.value, "oid": str(ins.oid)})
        if not rows:
            return UNKNOWN_WORKER
        if len(rows) > 1:
            raise AdapterError(Problem.AMBIGUOUS, "two workers with one INS")
        return look_of(rows[0], ins)

    def document(self, announcement: Announcement) -> Iterator[bytes]:
        """Read the PDF of that version, if it still is the one to give."""
        with self._database.reading() as connection:
            version_id = int(announcement.record_ref)
            found = connection.execute(CURRENT_VERSION, (version_id,)).fetchone()
            if found is None or str(found[0]) != announcement.version:
                raise AdapterError(Problem.DOCUMENT_GONE)
            if found[1] is None:
                raise AdapterError(Problem.DOCUMENT_UNREADABLE, f"dossier_version {version_id} has no PDF")
            with connection.blobopen("dossier_pdf", "contenu", version_id, readonly=True) as blob:
                while piece := blob.read(_PIECE):
                    yield piece

    def trace(self, trace: Trace) -> None:
        """Write the access into the DMST."""
        with self._database.writing() as connection:
            write_trace(connection, trace)

    def health(self) -> AdapterHealth:
        """Ask the database."""
        return self._database.health()

    def counts(self) -> Counts:
        """Count by one scan."""
        workers, *parts = (value or 0 for value in self._database.rows(COUNTS)[0])
        with_ins, qualified, opposition_known, document_available, answerable = parts
        return Counts(workers, with_ins, qualified, opposition_known, document_available, answerable)

    def close(self) -> None:
        """Close the database."""
        self._database.close()
