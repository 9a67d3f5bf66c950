"""A document over HTTP: streamed, and taken up again by a range where the connection broke.

The address holds the record's reference and version, so the same address is the same bytes; a total length or an entity
tag that changed in between is another document.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp

from connector.contract import AdapterError, Announcement, Problem
from spsti_adapter_http.exchange import Exchange

_RESUMES = 3
_PIECE = 256 * 1024
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class _Begun:
    """What the first answer said of the whole."""

    size: int
    etag: str
    may_resume: bool


async def stream(exchange: Exchange, announcement: Announcement) -> AsyncIterator[bytes]:
    """Give the document piece by piece.

    Raises:
        AdapterError: `document-gone`, another version; `document-unreadable`, another type; `schema`, an answer without
            a length; or what `Exchange` says.
    """
    path = f"/documents/{announcement.record_ref}/{announcement.version}"
    begun: _Begun | None = None
    done, resumes = 0, 0
    while begun is None or done < begun.size:
        headers = {} if begun is None else {"Range": f"bytes={done}-"}
        try:
            async with exchange.streamed(path, headers) as answer:
                if begun is None:
                    begun = _first(answer, announcement)
                else:
                    _continued(answer, begun, done)
                async for piece in answer.content.iter_chunked(_PIECE):
                    done += len(piece)
                    if done > begun.size:
                        raise AdapterError(Problem.DOCUMENT_UNREADABLE, "more bytes than announced")
                    yield piece
        except AdapterError as error:
            resumes += 1
            is_broken = error.problem is Problem.UNREACHABLE
            if not (is_broken and begun and begun.may_resume and done and resumes <= _RESUMES):
                raise _as_document(error) from error


def _first(answer: aiohttp.ClientResponse, announcement: Announcement) -> _Begun:
    if answer.status != 200:
        raise AdapterError(Problem.SCHEMA, "a part of a document that was asked for whole")
    if answer.content_type != announcement.content_type.lower():
        raise AdapterError(Problem.DOCUMENT_UNREADABLE, "a document of another type than announced")
    # Without a length, a document that was cut looks like one that ended.
    if answer.content_length is None:
        raise AdapterError(Problem.SCHEMA, "a document without Content-Length")
    may_resume = answer.headers.get("Accept-Ranges", "").lower() == "bytes"
    return _Begun(answer.content_length, answer.headers.get("ETag", ""), may_resume)


def _continued(answer: aiohttp.ClientResponse, begun: _Begun, done: int) -> None:
    found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if answer.status != 206 or found is None:
        raise AdapterError(Problem.SCHEMA, "no part where a range was asked for")
    start, end, size = (int(number) for number in found.groups())
    if size != begun.size or answer.headers.get("ETag", "") != begun.etag:
        raise AdapterError(Problem.DOCUMENT_GONE, "another document at the same address")
    if (start, end) != (done, size - 1):
        raise AdapterError(Problem.SCHEMA, "another part than asked for")


def _as_document(error: AdapterError) -> AdapterError:
    """A route that does not know a document says 404: for this one that is no fault of the route."""
    if error.problem is Problem.SCHEMA and "status 404" in error.args:
        return AdapterError(Problem.DOCUMENT_GONE, *error.args[1:])
    return error
