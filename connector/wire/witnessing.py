"""The bodies by which members witness each other's ledgers (PROTOCOL section 6): `/ledger/heads` and `/ledger/witness`.

    GET /ledger/heads       200 {"heads": [{"checkpoint", "cosignature"}…]}  what the one asked holds of others, signed
    POST /ledger/witness        {"checkpoint", "first", "proof"}             goes on from `first`, which you hold
                                 "beginning": {"entry", "personal", "path"}  of a ledger that follows another, with it
                            200 {"cosignature"}                              seen, and it does
                            409 {"checkpoint"}                               no: this is what I hold of you

Reading takes bodies apart only: whose signatures they are is `wire.checkpoint` and `wire.cosignature`.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from connector.core.codes import Code
from connector.core.errors import PeerFault, RequestRefused
from connector.core.merkle import HASH_BYTES, MAX_SIZE
from connector.core.witness import Beginning, HeldHead, Showing
from connector.wire import b64
from connector.wire.beginning import MAX_ENTRY, MAX_PERSONAL
from connector.wire.claims import ClaimFault, Claims
from connector.wire.cosignature import MAX_LINE
from connector.wire.json_strict import NotStrictJson, read_object, write_object

T = TypeVar("T")

CONTENT_TYPE: Final = "application/json"
MAX_NOTE: Final = 1024
"""Characters of a checkpoint as it is shown here: with its own ledger's signature alone."""
MAX_PROOF: Final = 64
"""Hashes of a consistency proof; a tree of 2^53 leaves needs 54."""
MAX_HEADS: Final = 1000
MAX_HEADS_BYTES: Final = 1024 * 1024


def encode_showing(showing: Showing) -> bytes:
    """Give the body of `POST /ledger/witness`."""
    body = {"checkpoint": showing.checkpoint, "first": showing.first, "proof": _steps(showing.proof)}
    if (leaf := showing.beginning) is not None:
        opened = {"entry": b64.encode(leaf.entry), "personal": b64.encode(leaf.personal), "path": _steps(leaf.path)}
        body["beginning"] = opened
    return write_object(body)


def parse_showing(body: bytes) -> Showing:
    """Read the body of `POST /ledger/witness`; other members are ignored.

    Raises:
        RequestRefused: `request.malformed`.
    """
    try:
        claims = Claims(read_object(body))
        note, first = _text(claims, "checkpoint", MAX_NOTE), claims.integer("first", highest=MAX_SIZE)
        beginning = _beginning(claims.object("beginning")) if claims.has("beginning") else None
        return Showing(note, first, _hashes(claims, "proof"), beginning)
    except (NotStrictJson, ClaimFault) as fault:
        raise RequestRefused(
            f"witness request: {fault}",
            code=Code.REQUEST_MALFORMED,
            hint='send {"checkpoint": "<signed note>", "first": N, "proof": ["<hash>"…]}',
        ) from None


def encode_witnessed(line: str) -> bytes:
    """Give the body of a 200: the witness's line."""
    return write_object({"cosignature": line})


def encode_held(note: str) -> bytes:
    """Give the body of a 409: the checkpoint that the witness holds."""
    return write_object({"checkpoint": note})


def parse_witnessed(body: bytes) -> str:
    """Read the line out of a 200.

    Raises:
        PeerFault: `peer.misbehaved`.
    """
    return _read(body, lambda claims: _text(claims, "cosignature", MAX_LINE))


def parse_held(body: bytes) -> str:
    """Read the checkpoint out of a 409.

    Raises:
        PeerFault: `peer.misbehaved`.
    """
    return _read(body, lambda claims: _text(claims, "checkpoint", MAX_NOTE))


def encode_proof(proof: Sequence[bytes]) -> bytes:
    """Give the body of `GET /ledger/<tree>/consistency`."""
    return write_object({"proof": _steps(proof)})


def parse_proof(body: bytes) -> tuple[bytes, ...]:
    """Read a consistency proof.

    Raises:
        PeerFault: `peer.misbehaved`.
    """
    return _read(body, lambda claims: _hashes(claims, "proof"))


def encode_heads(heads: Sequence[HeldHead]) -> bytes:
    """Give the body of `GET /ledger/heads`."""
    return write_object({"heads": [{"checkpoint": h.checkpoint, "cosignature": h.cosignature} for h in heads]})


def parse_heads(body: bytes) -> tuple[HeldHead, ...]:
    """Read what a member holds of others.

    Raises:
        PeerFault: `peer.misbehaved`.
    """

    def read(claims: Claims) -> tuple[HeldHead, ...]:
        items = claims.array("heads")
        if len(items) > MAX_HEADS:
            raise claims.fault("heads", f"at most {MAX_HEADS} of them")
        return tuple(_head(claims, item) for item in items)

    return _read(body, read)


def _head(claims: Claims, item: object) -> HeldHead:
    if not isinstance(item, dict):
        raise claims.fault("heads", "objects")
    head = Claims(item, "heads", claims)
    return HeldHead(_text(head, "checkpoint", MAX_NOTE), _text(head, "cosignature", MAX_LINE))


def _read(body: bytes, read: Callable[[Claims], T]) -> T:
    try:
        return read(Claims(read_object(body)))
    except (NotStrictJson, ClaimFault) as fault:
        raise PeerFault(f"ledger answer: {fault}") from None


def _text(claims: Claims, name: str, longest: int) -> str:
    text = claims.string(name)
    if not 0 < len(text) <= longest:
        raise claims.fault(name, f"1 to {longest} characters")
    return text


def _hashes(claims: Claims, name: str) -> tuple[bytes, ...]:
    expected = f"at most {MAX_PROOF} hashes in base64url"
    steps = claims.array(name)
    if len(steps) > MAX_PROOF:
        raise claims.fault(name, expected)
    try:
        return tuple(b64.decode(step if isinstance(step, str) else "", size=HASH_BYTES) for step in steps)
    except ValueError:
        raise claims.fault(name, expected) from None


def _beginning(claims: Claims) -> Beginning:
    return Beginning(
        _bytes(claims, "entry", MAX_ENTRY), _bytes(claims, "personal", MAX_PERSONAL), _hashes(claims, "path")
    )


def _bytes(claims: Claims, name: str, longest: int) -> bytes:
    text = claims.string(name)
    try:
        data = b64.decode(text) if len(text) <= 2 * longest else b""
    except ValueError:
        data = b""
    if not 0 < len(data) <= longest:
        raise claims.fault(name, f"1 to {longest} bytes in base64url")
    return data


def _steps(hashes: Sequence[bytes]) -> list[str]:
    return [b64.encode(step) for step in hashes]
