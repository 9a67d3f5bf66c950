"""An alert as the body of a webhook, and its signature as Standard Webhooks 1.0 has it (standardwebhooks.com).

    POST <[alerts] webhook>
    webhook-id: <32 hex>             the same at each attempt: whoever has seen it ignores it
    webhook-timestamp: <seconds>     of this attempt; a receiver refuses an old one
    webhook-signature: v1,<base64>   HMAC-SHA256 of "<id>.<timestamp>.<body>"

    {"type": "limit.blocked", "timestamp": "…Z",
     "data": {"service": "<member id>", "environment": "…", "level": "critical", "detail": "pattern", "member": null}}

The form is public, so that a receiver can verify it with a library that we did not write.
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Final

from connector.core.alerts import Alert
from connector.core.instant import Instant, rfc3339
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.wire.json_strict import write_object

CONTENT_TYPE: Final = "application/json"
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"

_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = range(24, 65)


def parse_key(text: str) -> bytes:
    """Read a key as Standard Webhooks writes it: `whsec_` and 24 to 64 bytes in base64.

    Raises:
        ValueError: it is not one; the message does not repeat it.
    """
    given = text.strip()
    try:
        key = b64decode(given.removeprefix(_PREFIX), validate=True) if given.startswith(_PREFIX) else b""
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        key = b""
    if len(key) not in _KEY_BYTES:
        msg = "expected whsec_ and 24 to 64 random bytes in base64"
        raise ValueError(msg) from None
    return key


def encode(alert: Alert, service: MemberId, environment: Environment) -> bytes:
    """Give the body: which service rings, and what about."""
    return write_object(
        {
            "type": alert.kind.value,
            "timestamp": rfc3339(alert.at),
            "data": {
                "service": service.value,
                "environment": environment.value,
                "level": alert.level.value,
                "detail": alert.detail,
                "member": alert.member.value if alert.member is not None else None,
            },
        }
    )


def sign(body: bytes, message_id: str, at: Instant, key: bytes) -> dict[str, str]:
    """Give the three headers of one attempt."""
    signed = f"{message_id}.{int(at)}.".encode() + body
    mac = b64encode(hmac.digest(key, signed, sha256)).decode()
    return {ID: message_id, TIMESTAMP: str(int(at)), SIGNATURE: f"v1,{mac}"}
