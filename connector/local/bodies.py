"""Reading a call's body and query, and writing its answer: the HTTP that every handler shares."""

import asyncio
import re
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Final, TypeVar

from aiohttp import hdrs, web
from pydantic import BaseModel

from connector.core import b64
from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.local.answers import Answer
from connector.local.guards import SETTINGS, language_of
from connector.local.requests import read_body

_M = TypeVar("_M", bound=BaseModel)
_ID: Final = re.compile(r"[0-9a-f]{32}")
_JSON: Final = "application/json"
MAX_PAGE: Final = 100
DEFAULT_PAGE: Final = 50
MAX_QUERY: Final = 100
_MAX_NUMBER: Final = 2**53 - 1


def id_of(text: str, what: str, code: Code = Code.LOCAL_NOT_FOUND) -> str:
    """Give an id as it was sent: 32 lower-case hex characters; `what` is the thing's name.

    Raises:
        LocalRefused: `code`, it is none.
    """
    if not _ID.fullmatch(text):
        raise LocalRefused(f"{what} id: expected 32 lower-case hex characters", code=code)
    return text


def sha256_of(text: str) -> bytes:
    """Give the SHA-256 of a document as it was sent: base64url, as a fetch tells it.

    Raises:
        LocalRefused: `local.malformed`, it is none.
    """
    try:
        return b64.decode(text, size=32)
    except ValueError as fault:
        raise LocalRefused(
            f"sha256: {fault}",
            code=Code.LOCAL_MALFORMED,
            hint="give `shown_sha256` of the fetch's document, where it has none `sha256`",
            field="sha256",
        ) from None


async def body_of(request: web.Request, model: type[_M]) -> tuple[_M, bytes]:
    """Read the JSON body of a call; also give its bytes.

    Raises:
        LocalRefused: `request.not_supported`, another content type or a compressed body; `local.malformed`, it did not
            arrive in time or does not fit the model.
    """
    if request.content_type != _JSON or hdrs.CONTENT_ENCODING in request.headers:
        raise LocalRefused(
            "body: got another type or a compressed one",
            code=Code.REQUEST_NOT_SUPPORTED,
            hint="send Content-Type: application/json without Content-Encoding",
        )
    try:
        async with asyncio.timeout(request.app[SETTINGS].body_seconds):
            raw = await request.read()
    except TimeoutError:
        raise LocalRefused("body: it did not arrive in time", hint="send the whole body at once") from None
    return read_body(raw, model), raw


def answer(
    request: web.Request, model: Answer, *, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Give a model as JSON. A GET bears an ETag, and is answered 304 when the caller has it already."""
    body = model.model_dump_json().encode()
    extra = {**(headers or {}), "Content-Language": language_of(request).value, "Vary": "Accept-Language"}
    if request.method == hdrs.METH_GET and status == HTTPStatus.OK:
        tag = b64.encode(sha256(body).digest()[:16])
        extra[hdrs.ETAG] = f'"{tag}"'
        if any(known.value in {tag, "*"} for known in request.if_none_match or ()):
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=extra)
    return web.Response(status=status, body=body, content_type=_JSON, headers=extra)


def query_of(request: web.Request, *known: str) -> dict[str, str]:
    """Give the query's values.

    Raises:
        LocalRefused: `local.malformed`: a name that is not known, twice the same, or a value that is too long. Neither
            name nor value is repeated: either may hold anything.
    """
    items = list(request.query.items())
    values = dict(items)
    if len(values) < len(items) or values.keys() - set(known) or any(len(text) > MAX_QUERY for text in values.values()):
        raise LocalRefused(
            "query: got a name that is not known, one given twice, or a value that is too long",
            hint=f"expected each at most once, up to {MAX_QUERY} characters: {', '.join(known) or 'none'}",
        )
    return values


def document_of(request: web.Request) -> bytes | None:
    """Give the SHA-256 by which a call's query names the document it means, None where it names none.

    Raises:
        LocalRefused: `local.malformed`.
    """
    text = query_of(request, "sha256").get("sha256")
    return sha256_of(text) if text is not None else None


def number_of(
    values: Mapping[str, str], name: str, default: int, *, lowest: int = 0, highest: int = _MAX_NUMBER
) -> int:
    """Give a number of the query.

    Raises:
        LocalRefused: `local.malformed`.
    """
    text = values.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 16 and lowest <= int(text) <= highest):
        raise LocalRefused(f"query {name}: expected a number from {lowest} to {highest}", field=name)
    return int(text)
