"""The `Repr-Digest` header of a document: the digest of all of its bytes, the same in every range (RFC 9530).

Written as `sha-256=:BASE64:`. Read as the dictionary of byte sequences that it is (RFC 8941 sections 3.2 and 3.3.5), so
that a peer may send other digests beside; only SHA-256 counts here.
"""

import binascii
import re
from base64 import b64decode, b64encode
from typing import Final

from connector.core.errors import PeerFault

MAX_HEADER_CHARACTERS: Final = 1024
_SHA256: Final = "sha-256"
_SHA256_BYTES: Final = 32
_MEMBER: Final = re.compile(r"([a-z*][a-z0-9_\-.*]*)=:([A-Za-z0-9+/]*={0,2}):", re.ASCII)
_COMMA: Final = re.compile(r"[ \t]*,[ \t]*", re.ASCII)


def repr_digest(sha256: bytes) -> str:
    """Give the header's value for a document of this SHA-256.

    Raises:
        ValueError: not 32 bytes.
    """
    if len(sha256) != _SHA256_BYTES:
        raise ValueError(f"SHA-256 has {len(sha256)} bytes, expected {_SHA256_BYTES}")
    return f"{_SHA256}=:{b64encode(sha256).decode('ascii')}:"


def parse_repr_digest(header: str) -> dict[str, bytes]:
    """Read the header: each algorithm's name with its digest, unknown ones too.

    Stricter than RFC 8941: an algorithm named twice and parameters are refused, since no sender of ours has them.

    Raises:
        PeerFault: not such a header, too long, or a SHA-256 of another length.
    """
    if len(header) > MAX_HEADER_CHARACTERS:
        raise PeerFault(f"Repr-Digest: longer than {MAX_HEADER_CHARACTERS} characters")
    digests: dict[str, bytes] = {}
    for member in _COMMA.split(header.strip(" ")):
        match = _MEMBER.fullmatch(member)
        if match is None:
            raise PeerFault("Repr-Digest: not a list of algorithm=:base64: as in RFC 9530")
        if match[1] in digests:
            raise PeerFault(f"Repr-Digest: {match[1][:32]} is named twice")
        digests[match[1]] = _base64(match[2])
    if len(digests.get(_SHA256, bytes(_SHA256_BYTES))) != _SHA256_BYTES:
        raise PeerFault(f"Repr-Digest: its {_SHA256} does not have {_SHA256_BYTES} bytes")
    return digests


def parse_sha256(header: str) -> bytes:
    """Read the SHA-256 out of the header.

    Raises:
        PeerFault: not such a header, or no SHA-256 in it.
    """
    digest = parse_repr_digest(header).get(_SHA256)
    if digest is None:
        raise PeerFault(f"Repr-Digest: holds no {_SHA256}")
    return digest


def _base64(text: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except binascii.Error:
        raise PeerFault("Repr-Digest: a digest is not base64") from None
    if b64encode(data).decode("ascii") != text:
        raise PeerFault("Repr-Digest: a digest is not in its one base64 form")
    return data
