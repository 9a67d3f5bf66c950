"""A witness's signature, with a time, under the checkpoint of another (c2sp.org/tlog-cosignature, version 1).

    — 1540002698/witness <base64 of key id, seconds since 1970 in 8 bytes, Ed25519 signature>

Signed is `cosignature/v1`, `time <seconds>` and the checkpoint's text. The key is a ledger key that the directory lists
for the witness, under the name `<member id>/witness`; what it signs here can never be read as a checkpoint of its own
ledgers, whose first line is an origin. A note with such lines appended is a witnessed checkpoint to other tools too.
"""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from connector.core.directory import MemberKey
from connector.core.errors import ConfigFault, PeerFault
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.witness import LedgerName, SignedHead, WitnessStatement
from connector.crypto.keys import PrivateKeySigner, public_key_from_der
from connector.crypto.notes import UnknownSigner, parse_line
from connector.wire.checkpoint import Checkpoint

MAX_LINE: Final = 200
"""Characters of a line; one takes about 140 (our rule)."""

_TYPE: Final = b"\x04"
_TIME_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64
_MAX_TIME: Final = 2**53 - 1


def witness_name(member: MemberId) -> str:
    """Give the key name under which a member countersigns."""
    return f"{member}/witness"


def signed_head(note: str, checkpoint: Checkpoint) -> SignedHead:
    """Give a checkpoint whose signature was verified as the value that is kept of it."""
    origin = checkpoint.origin
    return SignedHead(
        LedgerName(origin.member, origin.tree, origin.serial), checkpoint.size, checkpoint.root, bare(note)
    )


def bare(note: str) -> str:
    """Give a note with the signatures of its own ledger alone: what its member said, without what others added.

    Raises:
        PeerFault: not a note, or not one of a ledger.
    """
    text, _, lines = note.rpartition("\n\n")
    name = text.partition("\n")[0]
    own = [line for line in lines.split("\n") if line.startswith(f"— {name} ")]
    if not text or not own:
        raise PeerFault("checkpoint: bears no signature under the name of its ledger")
    return "\n".join((text, "", *own, ""))


def cosign(head: SignedHead, *, witness: MemberId, signer: PrivateKeySigner, at: Instant) -> WitnessStatement:
    """Sign that this head was seen, and found to go on from what was known, at that instant.

    Raises:
        TypeError: the signer's key is not Ed25519.
        ValueError: the time has no form here.
    """
    key = signer.key
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("a cosignature is made with an Ed25519 key")
    if not 0 < at <= _MAX_TIME:
        raise ValueError(f"a cosignature cannot bear the time {at}")
    name = witness_name(witness)
    blob = _key_id(name, key.public_key()) + at.to_bytes(_TIME_BYTES) + key.sign(_message(head, at))
    return WitnessStatement(witness, at, head, f"— {name} {b64encode(blob).decode('ascii')}")


def open_statement(
    line: str, head: SignedHead, *, witness: MemberId, keys: Iterable[MemberKey], latest: Instant | None = None
) -> WitnessStatement:
    """Verify a witness's line under a head, by the ledger keys listed for it that were valid at the line's own time.

    Args:
        line: without its newline.
        head: the checkpoint that it must stand under.
        witness: the member whose word it must be.
        keys: all that the directory lists for that member; ended ones count for the time before their end.
        latest: a time after which the line cannot have been signed, where the reader has a clock to compare with.

    Raises:
        UnknownSigner: by a key that is not among them, which a newer directory may list.
        PeerFault: no such line, of another witness or head, of a time to come, or by a key not valid at that time.
    """
    if len(line) > MAX_LINE or "\n" in line:
        raise _fault("not one line")
    name, key_id, blob = parse_line(line)
    if name != witness_name(witness):
        raise _fault(f"not signed as {witness_name(witness)}")
    if len(blob) != _TIME_BYTES + _SIGNATURE_BYTES:
        raise _fault("not a time and an Ed25519 signature")
    seconds, signature = int.from_bytes(blob[:_TIME_BYTES]), blob[_TIME_BYTES:]
    if not 0 < seconds <= _MAX_TIME or (latest is not None and seconds > latest):
        raise _fault("its time is none, or is still to come")
    at, named = Instant(seconds), [(key, _public(key)) for key in keys]
    named = [(key, public) for key, public in named if public is not None and _key_id(name, public) == key_id]
    if not named:
        raise UnknownSigner("cosignature: by a key that is not listed for its witness", hint="refresh the directory")
    for key, public in named:
        if public is not None and key.is_valid_at(at) and _verifies(public, signature, _message(head, at)):
            return WitnessStatement(witness, at, head, line)
    raise _fault("its key was not valid at its time, or it stands under another checkpoint")


def _public(key: MemberKey) -> Ed25519PublicKey | None:
    try:
        public = public_key_from_der(key.public_der)
    except ConfigFault:
        return None
    return public if isinstance(public, Ed25519PublicKey) else None


def _verifies(public: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        public.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _message(head: SignedHead, at: Instant) -> bytes:
    body = f"{head.ledger}\n{head.size}\n{b64encode(head.root).decode('ascii')}\n"
    return f"cosignature/v1\ntime {at}\n{body}".encode()


def _key_id(name: str, public: Ed25519PublicKey) -> bytes:
    """SHA-256(name ‖ 0x0A ‖ 0x04 ‖ public key)[:4], as the specification says."""
    return sha256(name.encode() + b"\n" + _TYPE + public.public_bytes_raw()).digest()[:4]


def _fault(what: str) -> PeerFault:
    return PeerFault(f"cosignature: {what}", hint="what that witness signed is not used; tell that service's IT staff")
