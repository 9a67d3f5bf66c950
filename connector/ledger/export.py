"""The journal as lines of JSON, for those who must look at it elsewhere: an inspection, the data-protection officer.

One object per entry, the newest first, with its personal part where that can still be read: such a file is as
confidential as the journal itself, and whoever asks for it answers for it.
"""

import json

from connector.core import b64
from connector.core.instant import rfc3339
from connector.ledger.find import JournalEntry


def ndjson_line(entry: JournalEntry) -> bytes:
    """Give an entry as one line, the newline included; hashes base64url, instants RFC 3339 as on the wire."""
    line = {
        "tree": entry.tree.value,
        "index": entry.index,
        "type": entry.type.value,
        "at": rfc3339(entry.at),
        "peer": None if entry.peer is None else entry.peer.value,
        "mandate_sha256": _hash(entry.mandate_sha256),
        "outcome": entry.outcome,
        "reason": entry.reason,
        "document_sha256": _hash(entry.document_sha256),
        "ref": entry.ref,
        "leaf": _hash(entry.leaf_hash),
        "workers": [ins.to_token() for ins in entry.workers],
        "personal": None if entry.personal is None else dict(entry.personal),
        "destroyed": entry.is_destroyed,
        "destroyed_at": None if entry.destroyed is None else rfc3339(entry.destroyed.at),
        "destroyed_by": None if entry.destroyed is None else entry.destroyed.by.value,
    }
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _hash(value: bytes | None) -> str | None:
    return None if value is None else b64.encode(value)
