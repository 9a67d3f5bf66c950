"""The `Authorization` header in which a mandate travels (RFC 6750 section 2.1, PROTOCOL section 3)."""

from typing import Final

from connector.core.codes import Code
from connector.core.errors import MandateRefused

_SCHEME: Final = "Bearer "


def authorization(compact: bytes) -> str:
    """Give the value of the `Authorization` header."""
    return _SCHEME + compact.decode("ascii")


def from_authorization(value: str | None) -> bytes:
    """Read the token out of the `Authorization` header; the scheme's case is free (RFC 9110 section 11.1).

    Raises:
        MandateRefused: `mandate.malformed`, no header, or another scheme.
    """
    scheme, token = (value or "")[: len(_SCHEME)], (value or "")[len(_SCHEME) :]
    if scheme.lower() != _SCHEME.lower() or not token.isascii():
        raise MandateRefused(
            "mandate: got no bearer token, expected Authorization: Bearer <JWS>",
            code=Code.MANDATE_MALFORMED,
            hint="seal a mandate for each request",
        )
    return token.encode("ascii")
