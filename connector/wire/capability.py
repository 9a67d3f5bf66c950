"""What a member tells of its software in its CapabilityStatement; nothing is decided by it (PROTOCOL 1)."""

import re
from typing import Final

from connector.core.errors import PeerFault
from connector.wire.claims import ClaimFault, Claims
from connector.wire.json_strict import NotStrictJson, read_object

MAX_BODY_BYTES: Final = 65_536
_VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}", re.ASCII)


def software_version(body: bytes) -> str:
    """Give `software.version` of the answer to `GET /fhir/metadata`.

    Raises:
        PeerFault: `peer.misbehaved`: no CapabilityStatement, or a version of another form than versions have.
    """
    try:
        told = Claims(read_object(body))
        if told.string("resourceType") != "CapabilityStatement":
            raise told.fault("resourceType", "CapabilityStatement")
        version = told.object("software").string("version")
    except (NotStrictJson, ClaimFault) as fault:
        raise PeerFault(f"capabilities: {fault}") from None
    if not _VERSION.fullmatch(version):
        raise PeerFault("capabilities: software.version: expected letters, digits, dots and hyphens, at most 64")
    return version
