"""Sealed values: the JSON of a value under the state's key, bound to its table and id.

A value moved to another row, or to another table, does not open. What is personal stands nowhere else in the database.
"""

from dataclasses import dataclass, field
from typing import TypeVar

from connector.crypto import aead
from connector.store.codec import codec_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens the values of rows."""

    key: bytes = field(repr=False)
    _box: aead.Box = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_box", aead.Box(self.key))

    def seal(self, table: str, row_id: str, value: object) -> bytes:
        """Give the sealed value of a row."""
        return aead.seal(self._box, codec_of(type(value)).encode(value), _place(table, row_id))

    def open(self, cls: type[T], table: str, row_id: str, sealed: bytes) -> T:
        """Give back what was sealed for that row.

        Raises:
            FailedClosed: `vault.damaged` or `state.unavailable`, it is not what was sealed for that row.
        """
        return codec_of(cls).decode(aead.open_(self._box, sealed, _place(table, row_id)))


def _place(table: str, row_id: str) -> bytes:
    return f"{table}/{row_id}".encode()
