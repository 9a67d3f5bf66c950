"""How many workers could be answered about: from the cache, and one listing of the folder. No identity is read."""

import os
from collections.abc import Iterator
from pathlib import Path

from connector.contract import AdapterError, Counts
from spsti_adapter_folder.beneath import of_folder
from spsti_adapter_folder.export import Export
from spsti_adapter_folder.indexing import DOES_NOT_OBJECT, FAULTY, HAS_INS, MAY_BE_GIVEN, OPPOSITION_KNOWN, QUALIFIED

_LINES = """
SELECT coalesce(l.ins, l.line), l.flags, l.is_shared, l.place,
       l.named IS NOT NULL AND EXISTS (SELECT 1 FROM file f WHERE f.named = l.named)
FROM line l WHERE l.generation = ? ORDER BY 1
"""


def count(export: Export, *, tells_opposition: bool) -> Counts:
    """Count the workers of the index that answers now.

    Raises:
        AdapterError: there is none, or the folder cannot be listed.
    """
    with export.current().leased() as index:
        places = set() if export.pattern is not None else set(_places(export))
        with export.cache.reading() as connection:
            # One entry a worker, however many lines.
            flags_of: dict[object, int] = {}
            spoilt: set[object] = set()
            for worker, flags, is_shared, place, has_named in connection.execute(_LINES, (index.generation,)):
                available = has_named or (place is not None and place in places)
                useful = flags & ~MAY_BE_GIVEN | (MAY_BE_GIVEN if available else 0)
                flags_of[worker] = flags_of.get(worker, 0) | useful
                if is_shared or flags & FAULTY:
                    spoilt.add(worker)
    needed = QUALIFIED | MAY_BE_GIVEN | (DOES_NOT_OBJECT if tells_opposition else 0)
    answerable = sum(flags & needed == needed and worker not in spoilt for worker, flags in flags_of.items())

    def having(flag: int) -> int:
        return sum(bool(flags & flag) for flags in flags_of.values())

    return Counts(
        workers=len(flags_of),
        with_ins=having(HAS_INS),
        qualified=having(QUALIFIED),
        opposition_known=having(OPPOSITION_KNOWN) if tells_opposition else None,
        document_available=having(MAY_BE_GIVEN),
        answerable=answerable if tells_opposition else None,
    )


def _places(export: Export) -> Iterator[bytes]:
    """Give the tag of every file beneath the folder; links are not followed."""
    failed: list[OSError] = []
    for path, _, names in os.walk(export.folder, onerror=failed.append):
        inner = os.path.relpath(path, export.folder)
        parts = () if inner == "." else Path(inner).parts
        for name in names:
            yield export.tags.place((*parts, name))
    if failed:
        raise AdapterError(of_folder(failed[0]), failed[0])
