"""The handover's two bodies: `{announcement_id}` from the requester, the grant from the holder (PROTOCOL section 1).

A 202, sent while the document is being rendered, has no body. What a handover is and who may have one is
`core.handover` and the holder.
"""

import re
from dataclasses import dataclass
from typing import Final

from connector.core.codes import Code
from connector.core.errors import PeerFault, RequestRefused
from connector.core.evidence import DocumentDigest
from connector.core.instant import Instant, parse_rfc3339, rfc3339
from connector.wire import b64
from connector.wire.claims import ClaimFault, Claims
from connector.wire.json_strict import NotStrictJson, read_object, write_object

CONTENT_TYPE: Final = "application/json"
MAX_BODY_BYTES: Final = 1024

_CONTENT_TYPE: Final = re.compile(CONTENT_TYPE + r"(?:\s*;\s*charset=\"?utf-8\"?)?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Grant:
    """The document that a holder keeps for one requester until `expires_at`."""

    handover_id: str
    document: DocumentDigest
    content_type: str
    expires_at: Instant


def encode_request(announcement_id: str) -> bytes:
    """Give the body of `POST /handovers`."""
    return write_object({"announcement_id": announcement_id})


def parse_request(body: bytes, content_type: str) -> str:
    """Read the announcement's id out of the body of `POST /handovers`; other members are ignored.

    Raises:
        RequestRefused: `request.too_large`, `request.not_supported` for another content type, `request.malformed`.
    """
    if len(body) > MAX_BODY_BYTES:
        raise _refused(Code.REQUEST_TOO_LARGE, f"got {len(body)} bytes, expected at most {MAX_BODY_BYTES}")
    if not _CONTENT_TYPE.fullmatch(content_type.strip()):
        raise _refused(Code.REQUEST_NOT_SUPPORTED, f"got another content type, expected {CONTENT_TYPE}")
    try:
        return Claims(read_object(body)).id("announcement_id")
    except (NotStrictJson, ClaimFault) as fault:
        raise _refused(Code.REQUEST_MALFORMED, str(fault)) from None


def encode_grant(grant: Grant) -> bytes:
    """Give the body of a 201."""
    return write_object(
        {
            "handover_id": grant.handover_id,
            "sha256": b64.encode(grant.document.sha256),
            "size": grant.document.size,
            "content_type": grant.content_type,
            "expires_at": rfc3339(grant.expires_at),
        }
    )


def parse_grant(body: bytes) -> Grant:
    """Read the body of a 201; other members are ignored.

    Raises:
        PeerFault: `peer.misbehaved`.
    """
    if len(body) > MAX_BODY_BYTES:
        raise PeerFault(f"handover grant: got {len(body)} bytes, expected at most {MAX_BODY_BYTES}")
    try:
        grant = Claims(read_object(body))
        return Grant(
            handover_id=grant.id("handover_id"),
            document=DocumentDigest(grant.sha256("sha256"), grant.integer("size")),
            content_type=grant.text("content_type"),
            expires_at=parse_rfc3339(grant.string("expires_at")),
        )
    except (NotStrictJson, ClaimFault, RequestRefused) as fault:
        raise PeerFault(f"handover grant: {fault}") from None


def _refused(code: Code, message: str) -> RequestRefused:
    return RequestRefused(f"handover request: {message}", code=code, hint='send {"announcement_id": "<id>"}')
