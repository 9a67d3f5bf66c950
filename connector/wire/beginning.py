"""The first leaf of a ledger that follows another one, opened for peers: why it was begun (PROTOCOL section 6).

A ledger that its member had to begin anew starts with an entry `succeeded`, whose personal part holds which ledgers
ended, the highest checkpoint of each that is known, and the reason. It names nobody, so it may be shown: entry and
personal part as they were written, and the path of leaf 0 to the root that is shown with them.
"""

from hashlib import sha256
from typing import Final

from connector.core.errors import PeerFault
from connector.core.ledger import EntryType
from connector.core.merkle import leaf_hash, verify_inclusion
from connector.core.witness import MAX_REASON, Beginning, SignedHead, ToldBeginning
from connector.wire import b64
from connector.wire.claims import ClaimFault, Claims
from connector.wire.entry import SALT_BYTES, personal_sha256
from connector.wire.json_strict import NotStrictJson, read_object

MAX_ENTRY: Final = 2048
MAX_PERSONAL: Final = 16_384


def read_beginning(shown: Beginning, head: SignedHead) -> ToldBeginning:
    """Verify that this is leaf 0 of the tree under that head, and give what it says.

    Raises:
        PeerFault: it is not, or it is no beginning.
    """
    leaf = leaf_hash(sha256(shown.entry).digest())
    if not verify_inclusion(leaf, 0, head.size, shown.path, head.root):
        raise PeerFault("beginning: it is not the first leaf of the ledger that is shown")
    try:
        entry = Claims(read_object(shown.entry))
        salt = b64.decode(entry.string("salt"), size=SALT_BYTES)
        if entry.string("personal_sha256") != b64.encode(personal_sha256(shown.personal, salt)):
            raise PeerFault("beginning: its personal part is not the one that its leaf commits to")
        if entry.string("type") != EntryType.SUCCEEDED:
            raise PeerFault("beginning: its first leaf is no beginning after another ledger")
        told = Claims(read_object(shown.personal)).object("personal")
        highest = told.object("highest")
        tree = head.ledger.tree.value
        note = highest.string(tree) if highest.has(tree) else ""
        return ToldBeginning(told.text("reason", longest=MAX_REASON), note)
    except (NotStrictJson, ClaimFault, ValueError) as fault:
        raise PeerFault(f"beginning: {fault}") from None
