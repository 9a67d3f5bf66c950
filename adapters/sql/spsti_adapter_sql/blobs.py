"""Documents that the database itself holds, in pieces where it can cut them.

PostgreSQL, MySQL, MariaDB and SQL Server cut a BLOB themselves, so that this process holds a piece at a time however
large the document is; the pieces are read in one transaction. SQLite, Oracle and dialects not known here give it whole,
measured first: there a document costs its size in memory, up to the option `max_document_bytes`.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from connector.contract import AdapterError, Problem
from spsti_adapter_sql.dialects import PIECES, SIZES

PIECE = 512 * 1024
_UNDEFINED_OBJECT = "42704"
_LARGE_OBJECT_PIECE = text(
    "SELECT lo_get(CAST(:spsti_oid AS oid), CAST(:spsti_from AS bigint), CAST(:spsti_for AS integer))"
)


class BlobReader:
    """Reads the column `content` of a query in the way of one dialect."""

    def __init__(self, query: str, *, dialect: str, max_bytes: int) -> None:
        self._query = query
        self._max_bytes = max_bytes
        column, table = "spsti_d.content", f"FROM (\n{query}\n) spsti_d"
        pieces = PIECES.get(dialect)
        measure = pieces.size if pieces is not None else SIZES.get(dialect)
        self._size = None if measure is None else text(f"SELECT {measure.format(column)} {table}")
        self._piece = None
        if pieces is not None:
            self._piece = text(f"SELECT {pieces.piece.format(column)} {table}")

    def pieces(self, connection: Connection, values: dict[str, Any]) -> Iterator[bytes]:
        """Read the document.

        Raises:
            AdapterError: `document-gone`: no row; `ambiguous`: several; `document-unreadable`: NULL, no bytes, or
                more than is allowed.
        """
        size = None if self._size is None else _measured(_only(connection, self._size, values))
        if size is not None and size > self._max_bytes:
            raise AdapterError(Problem.DOCUMENT_UNREADABLE, f"{size} bytes, {self._max_bytes} at most")
        if self._piece is None or size is None:
            yield from _slices(only_value(connection, self._query, values, "content"))
            return
        for start in range(0, size, PIECE):
            cut = {**values, "spsti_from": start + 1, "spsti_for": PIECE}
            yield _bytes(_only(connection, self._piece, cut))


def large_object_pieces(connection: Connection, oid: object, max_bytes: int) -> Iterator[bytes]:
    """Read a large object of PostgreSQL by its OID, in the snapshot of the transaction.

    Raises:
        AdapterError: `document-unreadable`: it is not there, or larger than is allowed.
    """
    if type(oid) is not int:
        raise AdapterError(Problem.DOCUMENT_UNREADABLE, "large_object is no OID")
    start = 0
    while True:
        cut = {"spsti_oid": oid, "spsti_from": start, "spsti_for": PIECE}
        try:
            piece = bytes(connection.execute(_LARGE_OBJECT_PIECE, cut).scalar_one())
        except ProgrammingError as error:
            if getattr(error.orig, "sqlstate", "") != _UNDEFINED_OBJECT:
                raise
            raise AdapterError(Problem.DOCUMENT_UNREADABLE, "no large object with that OID") from None
        if not piece:
            return
        start += len(piece)
        if start > max_bytes:
            raise AdapterError(Problem.DOCUMENT_UNREADABLE, f"{max_bytes} bytes at most")
        yield piece


def only_value(connection: Connection, query: str, values: dict[str, Any], column: str) -> object:
    """Give the value of a column in the one row that a query gives.

    Raises:
        AdapterError: `document-gone`, `ambiguous`, `document-unreadable` as above; `schema`: no such column.
    """
    result = connection.execute(text(query), values)
    names = [name.lower() for name in result.keys()]  # noqa: SIM118  a result is no mapping
    if column not in names:
        raise AdapterError(Problem.SCHEMA, f"document: no column {column}")
    return _one(result.fetchmany(2))[names.index(column)]


def _only(connection: Connection, query: Any, values: dict[str, Any]) -> object:  # noqa: ANN401
    return _one(connection.execute(query, values).fetchmany(2))[0]


def _one(rows: Any) -> Any:  # noqa: ANN401
    if not rows:
        raise AdapterError(Problem.DOCUMENT_GONE)
    if len(rows) > 1:
        raise AdapterError(Problem.AMBIGUOUS, "the query of the document gave several rows")
    return rows[0]


def _measured(value: object) -> int:
    if not isinstance(value, int):
        raise AdapterError(Problem.DOCUMENT_UNREADABLE, "the document is NULL")
    return value


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise AdapterError(Problem.DOCUMENT_UNREADABLE, f"got {type(value).__name__}, expected bytes")
    return bytes(value)


def _slices(value: object) -> Iterator[bytes]:
    content = memoryview(_bytes(value))
    for start in range(0, len(content), PIECE):
        yield bytes(content[start : start + PIECE])
