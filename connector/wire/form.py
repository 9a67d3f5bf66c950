"""The search form of the INS lookup and of the probe: exactly two fields, each once, and nothing else.

FHIR lets a server ignore search parameters it does not know; here they are refused, because a question answered
without its condition is another question (PROTOCOL section 1, documents.md 6). An INS stands in this body only, never
in a URL.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from connector.core.codes import Code
from connector.core.errors import RequestRefused
from connector.core.identity import QualifiedIdentity
from connector.core.matricule import Ins

CONTENT_TYPE: Final = "application/x-www-form-urlencoded"
MAX_FORM_BYTES: Final = 512
"""Our rule: a form takes some 100 bytes; the rest is room for another writer's percent-encoding."""

_CONTENT_TYPE: Final = re.compile(CONTENT_TYPE + r"(?:\s*;\s*charset=\"?utf-8\"?)?", re.IGNORECASE | re.ASCII)
_ENCODED: Final = re.compile(rb"(?:[A-Za-z0-9*._~+:|,!$'()/@-]|%[0-9A-Fa-f]{2})*")
_IDENTIFIER, _STATUS, _TYPE = "patient.identifier", "status", "type"
_CURRENT, _PROBE = "current", "probe"


def encode_search(ins: Ins) -> bytes:
    """Give the form that asks about one worker."""
    # Of digits, dots and two letters: only the token's own signs are to be encoded.
    return f"{_IDENTIFIER}=urn%3Aoid%3A{ins.oid}%7C{ins.matricule.value}&{_STATUS}={_CURRENT}".encode("ascii")


def encode_probe() -> bytes:
    """Give the form of a probe."""
    return f"{_TYPE}={_PROBE}&{_STATUS}={_CURRENT}".encode("ascii")


def asks_about(worker: QualifiedIdentity | None, body: bytes, content_type: str) -> bool:
    """Whether the form names the mandate's worker; None is nobody, whom the form of a probe asks about.

    Raises:
        RequestRefused, IdentityFault: what `parse_search` raises.
    """
    ins = None if worker is None else worker.ins
    if ins is not None and content_type == CONTENT_TYPE and body == encode_search(ins):
        return True  # to the byte as a connector writes it: there is nothing to take apart
    return parse_search(body, content_type) == ins


def parse_search(body: bytes, content_type: str) -> Ins | None:
    """Read the form; None is a probe.

    Raises:
        RequestRefused: `request.too_large`; `request.not_supported`, another content type, field or value than those
            of the protocol; `request.malformed`, broken encoding, a field missing or there twice, two workers.
        IdentityFault: `identity.oid`, `identity.malformed`.
    """
    if len(body) > MAX_FORM_BYTES:
        raise _refused(Code.REQUEST_TOO_LARGE, f"got {len(body)} bytes, expected at most {MAX_FORM_BYTES}")
    if not _CONTENT_TYPE.fullmatch(content_type.strip()):
        raise _refused(Code.REQUEST_NOT_SUPPORTED, f"got another content type, expected {CONTENT_TYPE}")
    fields = _read_fields(body)
    if _STATUS not in fields:
        raise _refused(Code.REQUEST_MALFORMED, f"got no {_STATUS}, expected {_STATUS}={_CURRENT}")
    if fields[_STATUS] != _CURRENT:
        raise _refused(Code.REQUEST_NOT_SUPPORTED, f"got another {_STATUS}, expected {_CURRENT}")
    if _TYPE in fields:
        if fields[_TYPE] != _PROBE or _IDENTIFIER in fields:
            raise _refused(Code.REQUEST_NOT_SUPPORTED, f"got a search by {_TYPE}, expected {_PROBE} alone")
        return None
    if _IDENTIFIER not in fields:
        raise _refused(Code.REQUEST_MALFORMED, f"got no {_IDENTIFIER}, expected urn:oid:<OID>|<matricule>")
    if "," in fields[_IDENTIFIER]:
        # FHIR R4 search 3.1.1.5.4: a comma is OR.
        raise _refused(Code.REQUEST_MALFORMED, "got two workers in one request, expected one")
    return Ins.from_token(fields[_IDENTIFIER])


def _read_fields(body: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    for pair in body.split(b"&"):
        encoded_name, equals, encoded_value = pair.partition(b"=")
        if not (equals and _ENCODED.fullmatch(encoded_name) and _ENCODED.fullmatch(encoded_value)):
            raise _refused(Code.REQUEST_MALFORMED, "got something else than name=value pairs, percent-encoded")
        name, value = _decode(encoded_name), _decode(encoded_value)
        if name not in {_IDENTIFIER, _STATUS, _TYPE}:
            raise _refused(
                Code.REQUEST_NOT_SUPPORTED, f"got a field that is not served, expected {_IDENTIFIER} and {_STATUS}"
            )
        if name in fields:
            raise _refused(Code.REQUEST_MALFORMED, f"got {name} twice, expected it once")
        fields[name] = value
    return fields


def _decode(encoded: bytes) -> str:
    try:
        return unquote_to_bytes(encoded.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise _refused(Code.REQUEST_MALFORMED, "got bytes that are not UTF-8, expected text") from None


def _refused(code: Code, message: str) -> RequestRefused:
    return RequestRefused(f"search form: {message}", code=code, hint="send the form of PROTOCOL section 1")
