"""Proof that a member holds the keys it lists: each key signs the line of the directory in which it stands.

Without it a member could list another's public key, and the rule against shared keys would push that other one out.
The proof covers who, which key and for what; not its dates, so that a key can be ended or declared stolen when it is
already lost.
"""

from typing import Final

from connector.core.canonical import canonical
from connector.core.directory import MemberKey
from connector.core.errors import ConfigFault
from connector.core.members import MemberId
from connector.core.ports import Signer
from connector.crypto.keys import public_key_from_der, verify
from connector.wire import b64

_PURPOSE: Final = "spsti-directory-key/1"
"""Keeps this signature apart from all others that the same key makes: mandates and checkpoints never look like it."""


def statement(member: MemberId, key: MemberKey) -> bytes:
    """Give the bytes that the listed key signs."""
    return canonical(
        {
            "purpose": _PURPOSE,
            "member": member.value,
            "kid": key.kid,
            "use": key.use.value,
            "algorithm": key.algorithm,
            "public": b64.encode(key.public_der),
        }
    )


def prove(member: MemberId, key: MemberKey, signer: Signer) -> bytes:
    """Sign a key's line with the key itself.

    Raises:
        ConfigFault: the signer holds another key than the one listed.
    """
    proof = signer.sign(statement(member, key))
    if not is_proven(member, key, proof):
        raise ConfigFault.of("entry.other-key", kid=key.kid)
    return proof


def is_proven(member: MemberId, key: MemberKey, proof: bytes) -> bool:
    """Whether the proof was made by the listed key, under the listed algorithm; an unreadable key proves nothing."""
    try:
        public = public_key_from_der(key.public_der)
    except ConfigFault:
        return False
    return verify(public, key.algorithm, statement(member, key), proof)
