"""What callers send about evidence and reports."""

from typing import Annotated

from pydantic import Field

from connector.local.requests import MEMBER_PATTERN, Body
from connector.local.trust_requests import PersonName


class SignReviewIn(Body):
    """Who signs a month's review off."""

    by: PersonName


class SealIn(Body):
    """An acceptance report that was written, by its hash, with whom it was, and who ran it."""

    report_sha256: Annotated[
        str, Field(pattern="^[A-Za-z0-9_-]{43}$", description="SHA-256 of the report's canonical JSON, base64url")
    ]
    peer: Annotated[str, Field(pattern=MEMBER_PATTERN, description="Struct_IdNat of the other service")]
    by: PersonName
