"""The vendor's records, asked by the configured queries.

All methods are plain: SQLAlchemy's drivers block, and the connector runs plain methods in threads of the adapter's own.
"""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Any, ClassVar

from sqlalchemy import text

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
    Remark,
    Source,
    Trace,
)
from spsti_adapter_sql.blobs import BlobReader, large_object_pieces, only_value
from spsti_adapter_sql.database import Database
from spsti_adapter_sql.explain import Explained, explain
from spsti_adapter_sql.files import Folder
from spsti_adapter_sql.options import COLUMN_OF, SourceOptions
from spsti_adapter_sql.rows import Row, look_of, missing_columns
from spsti_adapter_sql.trace import TraceWriter
from spsti_adapter_sql.web import Web

_PDF = "application/pdf"
_NOBODY = {"matricule": "0" * 15, "oid": "0"}
_NOTHING = {"record_ref": "0", "version": "0"}
_MANY = 16
"""Rows of one look-up that are read: one is right, and two that differ are already too many."""

_COUNTS = ("workers", "with_ins", "qualified", "opposition_known", "document_available", "answerable")


class SqlSource(Source):
    """Reads by `queries.look` and `queries.document`, adds by `queries.trace`."""

    contract_version = 1
    Options: ClassVar[type[AdapterOptions]] = SourceOptions

    def __init__(self, options: SourceOptions, context: AdapterContext) -> None:
        self.tells_opposition = options.tells_opposition
        self._options = options
        self._form = options.documents
        self._look, self._counts = options.query("look"), options.query("counts")
        self._document = options.query("document", COLUMN_OF[self._form])
        self._questions = Database(options, context, connections=options.question_connections, reads_only=True)
        self._documents = Database(options, context, connections=options.document_connections, reads_only=True)
        self._counting = Database(
            options, context, connections=None, reads_only=True, statement_seconds=options.counts_timeout_seconds
        )
        self._writing = Database(options, context, connections=options.write_connections, reads_only=False)
        self._traces = TraceWriter(self._writing, options.query("trace"), options.time_zone)
        self._blobs = BlobReader(self._document, dialect=self._documents.dialect, max_bytes=options.max_document_bytes)
        directory = context.config_directory
        self._folder = None if options.files is None else Folder(options.files, directory)
        patience = options.connect_timeout_seconds + options.statement_timeout_seconds
        self._web = None if options.web is None else Web(options.web, directory, seconds=patience)

    def look(self, ins: Ins) -> Look:
        """Answer by one query, found or not."""
        return look_of(
            self._rows({"matricule": ins.matricule.value, "oid": ins.oid.value}),
            tells_opposition=self.tells_opposition,
            time_zone=self._options.time_zone,
        )

    def document(self, announcement: Announcement) -> Iterator[bytes]:
        """Read the document of that version, if the query still gives it."""
        pieces = self._pieces(
            {"record_ref": announcement.record_ref, "version": announcement.version}, announcement.content_type
        )
        with closing(pieces):
            first = next(pieces, b"")
            # A column, share or host that holds something else is found before the connector has taken any of it.
            if announcement.content_type == _PDF and first and not first.startswith(b"%PDF-"):
                raise AdapterError(Problem.DOCUMENT_UNREADABLE, "announced as a PDF, and does not begin as one")
            yield first
            yield from pieces

    def trace(self, trace: Trace) -> None:
        """Write the access into the DMST."""
        self._traces.write(trace)

    def counts(self) -> Counts | None:
        """Count by one query; a column left out is a number that the software cannot tell."""
        if not self._counts:
            return None
        with self._counting.using() as connection:
            row = connection.execute(text(self._counts)).mappings().one()
        found = {name.lower(): value for name, value in row.items()}
        if found.get("workers") is None:
            raise AdapterError(Problem.SCHEMA, "counts: no column workers")
        workers, *parts = (None if found.get(name) is None else int(found[name]) for name in _COUNTS)
        return Counts(workers or 0, *parts)

    def health(self) -> AdapterHealth:
        """Ask the look-up for a worker that nobody is: login, rights, tables and columns are all tried."""
        try:
            self._rows(_NOBODY)
        except AdapterError as error:
            return AdapterHealth(ok=False, detail=": ".join(str(one) for one in error.args))
        return AdapterHealth(ok=True, detail=f"{self._questions.dialect}: look-up asked")

    def explain(self) -> tuple[Explained, ...]:
        """Say of the look-up and of the document's query whether they scan; shown by `adapter check`.

        Raises:
            AdapterError: the database cannot be asked, or refuses a query.
        """
        asked: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
            ("look", self._look, _NOBODY),
            ("document", self._document, _NOTHING),
        )
        with self._questions.using() as connection:
            return tuple(
                explain(connection, self._questions.dialect, name, query, values) for name, query, values in asked
            )

    def remarks(self) -> list[Remark]:
        """Show what `explain` says."""
        return [Remark(None if one.scans is None else not one.scans, str(one)) for one in self.explain()]

    def close(self) -> None:
        """Close the pools."""
        for pool in (self._questions, self._documents, self._counting, self._writing):
            pool.close()

    def _rows(self, values: Mapping[str, str]) -> list[Row]:
        with self._questions.using() as connection:
            result = connection.execute(text(self._look), values)
            names = [name.lower() for name in result.keys()]  # noqa: SIM118  a result is no mapping
            if missing := missing_columns(names, tells_opposition=self.tells_opposition):
                raise AdapterError(Problem.SCHEMA, f"look: no column {', '.join(missing)}")
            return [dict(zip(names, row, strict=True)) for row in result.fetchmany(_MANY)]

    def _pieces(self, values: dict[str, str], content_type: str) -> Generator[bytes, None, None]:
        if self._folder is not None or self._web is not None:
            with self._documents.using() as connection:
                place = only_value(connection, self._document, values, COLUMN_OF[self._form])
            if not isinstance(place, str):
                raise AdapterError(Problem.DOCUMENT_UNREADABLE, "the place of the document is no text")
            if self._folder is not None:
                yield from self._folder.pieces(place)
            elif self._web is not None:
                yield from self._web.pieces(place, content_type)
            return
        with self._documents.using() as connection:
            if self._form == "large-object":
                oid = only_value(connection, self._document, values, COLUMN_OF[self._form])
                yield from large_object_pieces(connection, oid, self._options.max_document_bytes)
            else:
                yield from self._blobs.pieces(connection, values)
