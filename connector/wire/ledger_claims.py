"""How receipt and acknowledgement name a place in a ledger: `leaf` {index, hash} and `checkpoint`, the note's text.

Reading only takes them apart; believing the checkpoint is `wire.checkpoint`, proving the leaf `core.merkle`.
"""

from typing import Any, Final

from connector.core.errors import PeerFault
from connector.core.ledger import Proof, Tree
from connector.wire import b64
from connector.wire.checkpoint import Checkpoint
from connector.wire.claims import Claims

_EXPECTED: Final = "the signed note of an exchange ledger that holds the leaf"


def write_leaf(proof: Proof) -> dict[str, Any]:
    """Give the claim `leaf`."""
    return {"index": proof.index, "hash": b64.encode(proof.leaf_hash)}


def read_proof(claims: Claims, path: tuple[bytes, ...]) -> Proof:
    """Read `leaf` and `checkpoint`, nothing of which is believed yet.

    Raises:
        ClaimFault: missing or malformed, another ledger than an exchange ledger, or a leaf beyond the tree's size.
    """
    leaf = claims.object("leaf")
    index, leaf_hash = leaf.integer("index"), leaf.sha256("hash")
    text = claims.string("checkpoint", _EXPECTED)
    try:
        stated = Checkpoint.parse_body(text.rpartition("\n\n")[0] + "\n")
    except PeerFault:
        raise claims.fault("checkpoint", _EXPECTED) from None
    if stated.origin.tree is not Tree.EXCHANGE or index >= stated.size:
        raise claims.fault("checkpoint", _EXPECTED)
    return Proof(tree=Tree.EXCHANGE, index=index, leaf_hash=leaf_hash, path=path, size=stated.size, checkpoint=text)
