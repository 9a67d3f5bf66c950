"""Errors as `application/problem+json` (RFC 9457): the one shape of every failing answer of the local side.

`type` is `urn:spsti-connector:error:<code>`, `title` the sentence of the code in the caller's language, `detail` what
was got and expected, `hint` what to do. Nothing that was sent is repeated, and a bug shows its incident id only.
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import ConnectorError, IdentityFault, InsiFault, LocalRefused, PeerFault
from connector.core.fetch import Fetch
from connector.local.statuses import status_of
from connector.local.words import Language, of_code

TYPE_PREFIX: Final = "urn:spsti-connector:error:"
PROBLEM_JSON: Final = "application/problem+json"
_DESK_CODES: Final = frozenset(
    {code for code in Code if code.startswith("insi.")}
    | {Code.IDENTITY_DISCREPANCY, Code.IDENTITY_NOT_QUALIFIED, Code.FETCH_COPY_KEPT}
)
"""Codes whose advice is for people at work: the catalogue's, in the caller's language, wins over the error's."""

RETRY_SECONDS: Final = 10
"""What `Retry-After` says where nobody gave a better number."""


class FieldFaults(LocalRefused):
    """A call whose content does not fit; each fault with the place in the JSON, never the value."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        names = ", ".join(dict.fromkeys(name or "the body" for name, _ in faults))
        super().__init__(f"the call does not fit its description at: {names}", code=Code.LOCAL_MALFORMED)
        self.faults = tuple(faults)


class CopyKept(LocalRefused):
    """A verified copy of the record is kept that the practitioner can read; `fetch` is the one it came by.

    `given_up` are other copies in the way, by the ids of their fetches, that the demand would have had deleted.
    """

    def __init__(self, fetch: Fetch, given_up: Sequence[str] = ()) -> None:
        super().__init__(
            f"fetch: the verified copy of fetch {fetch.id} answers it, expected none before services are asked again",
            code=Code.FETCH_COPY_KEPT,
            hint="read that copy, or have the practitioner who asked for it discard it first",
        )
        self.fetch, self.given_up = fetch, tuple(given_up)


def problem(
    code: Code,
    language: Language,
    *,
    detail: str = "",
    hint: str = "",
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,  # noqa: ANN401 - JSON values
) -> web.Response:
    """Give the answer for a code. Its own hint wins over the catalogue's."""
    words = of_code(code, language)
    status = status or status_of(code)
    body = {
        "type": TYPE_PREFIX + code.value,
        "title": words.text,
        "status": status,
        "code": code.value,
        "detail": detail,
        "hint": hint or words.next,
        **more,
    }
    extra = dict(headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        extra["WWW-Authenticate"] = 'Bearer realm="spsti-connector"'
    if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        extra.setdefault("Retry-After", str(RETRY_SECONDS))
    return web.Response(
        status=status,
        body=json.dumps(body, ensure_ascii=False).encode(),
        headers={**extra, "Content-Type": PROBLEM_JSON, "Content-Language": language.value},
    )


def problem_of(error: ConnectorError, language: Language) -> web.Response:
    """Give the answer for an error of ours, with the fields it carries for programs."""
    more: dict[str, Any] = {}
    headers: dict[str, str] = {}
    if isinstance(error, FieldFaults):
        more["errors"] = [{"field": field, "message": message} for field, message in error.faults]
    elif isinstance(error, IdentityFault | LocalRefused) and error.field:
        more["errors"] = [{"field": error.field, "message": error.message}]
    if isinstance(error, CopyKept):
        more["fetch"] = error.fetch.id
    if isinstance(error, PeerFault | InsiFault) and error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    hint = "" if error.code in _DESK_CODES else error.hint
    return problem(error.code, language, detail=error.message, hint=hint, headers=headers, **more)
