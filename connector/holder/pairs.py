"""With what else each set of traits, and each matricule, was asked: keyed tags, held densely (PROTOCOL section 5).

Nearly every person is asked about under one identity, and there are many persons: so what stands beside a tag is one
string of bytes, a record of fixed length for each other tag with the instant at which it was last asked with it. A
person asked about by one member takes some 350 bytes for 30 days, in two entries.
"""

from typing import Final

from connector.core.instant import Instant

_INSTANT_BYTES: Final = 5


class Pairs:
    """Which tags were asked together, both ways round. All tags are of one length, that of the first."""

    def __init__(self) -> None:
        self._others: dict[bytes, bytes] = {}

    def __len__(self) -> int:
        return len(self._others)

    def remember(self, one: bytes, other: bytes, at: Instant) -> None:
        """Keep that these two were asked together, not before what is kept of them already."""
        when = at.to_bytes(_INSTANT_BYTES)
        self._put(one, other, when)
        self._put(other, one, when)

    def count_others(self, tag: bytes, this: bytes, since: Instant) -> int:
        """Count with what else a tag was asked after an instant; 0 where it was asked with `this`."""
        known = self._others.get(tag)
        if known is None or (len(known) == len(tag) + _INSTANT_BYTES and known.startswith(this)):
            return 0
        live = {other for other, at in _records(known, len(tag)) if at > since}
        return 0 if this in live else len(live)

    def forget(self, tag: bytes) -> None:
        """Forget with what a tag was asked; what is kept of the others stays."""
        self._others.pop(tag, None)

    def prune(self, since: Instant) -> None:
        """Forget the tags that were not asked with anything after an instant."""
        self._others = {tag: known for tag, known in self._others.items() if _last(known) > since}

    def _put(self, tag: bytes, other: bytes, when: bytes) -> None:
        known, record = self._others.get(tag), other + when
        if known is not None and (len(known) > len(record) or not known.startswith(other)):
            size = len(record)
            parts = (known[start : start + size] for start in range(0, len(known), size))
            record = b"".join((*(part for part in parts if not part.startswith(other)), record))
        self._others[tag] = record


def _records(known: bytes, tag_bytes: int) -> list[tuple[bytes, int]]:
    size = tag_bytes + _INSTANT_BYTES
    return [
        (known[start : start + tag_bytes], int.from_bytes(known[start + tag_bytes : start + size]))
        for start in range(0, len(known), size)
    ]


def _last(known: bytes) -> int:
    return int.from_bytes(known[-_INSTANT_BYTES:])
