"""Errors as pages: what a browser is shown where a program is answered a problem.

Only the form differs: code, status and sentences are those of `local.problems`, and the same line is logged. A path of
the API is never answered with a page, whatever the caller accepts.
"""

import re
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from connector.core.codes import Code
from connector.core.errors import ConnectorError
from connector.core.ports import new_id
from connector.local.guards import PORTS, Handler, language_of, log_bug, log_refusal
from connector.local.pages.answers import see_other
from connector.local.pages.rendering import FRAMED_POLICY, render
from connector.local.pages.texts import text
from connector.local.statuses import status_of
from connector.local.words import Language, Words, of_code

_FOR_PROGRAMS: Final = ("/api/", "/health/", "/metrics")
_OF_A_FETCH: Final = re.compile(r"(/fetches/[0-9a-f]{32})/")
_OF_STATUS: Final = {
    HTTPStatus.NOT_FOUND: ("not_found", Code.LOCAL_NOT_FOUND),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method", Code.LOCAL_MALFORMED),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("too_large", Code.REQUEST_TOO_LARGE),
}


def is_page(request: web.Request) -> bool:
    """Whether a person looks at what is answered."""
    return not request.path.startswith(_FOR_PROGRAMS) and "text/html" in request.headers.get(hdrs.ACCEPT, "")


@web.middleware
async def show_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever is raised for a page into a page; all else is `guards.answer_errors`'."""
    if not is_page(request):
        return await handler(request)
    try:
        return await handler(request)
    except ConnectorError as error:
        return show_error(request, error)
    except web.HTTPException as error:
        if error.status == HTTPStatus.SEE_OTHER:
            return see_other(error.headers[hdrs.LOCATION])
        if error.status not in _OF_STATUS:
            raise
        key, code = _OF_STATUS[HTTPStatus(error.status)]
        log_refusal(request, code, error.status)
        language = language_of(request)
        said, then = text(language, f"error.{key}"), text(language, f"error.{key}_next")
        return _page(request, error.status, said=said, then=then, code=code)
    except ConnectionError:
        raise
    except Exception as error:  # noqa: BLE001 - the outermost boundary of a page: a bug is answered with an incident id
        incident = new_id(request.app[PORTS].entropy)
        log_bug(request, error, incident)
        words = of_code(Code.INTERNAL, language_of(request))
        return _page(request, 500, said=words.text, then=words.next, code=Code.INTERNAL, incident=incident)


def show_error(request: web.Request, error: ConnectorError) -> web.Response:
    """Answer with what an error means and what to do, in the reader's language; and log it."""
    status = status_of(error.code)
    log_refusal(request, error.code, status)
    words = words_of_error(error, language_of(request))
    return _page(request, status, said=words.text, then=words.next, code=error.code)


def words_of_error(error: ConnectorError, language: Language) -> Words:
    """Tell what an error means in the reader's language, and what to do; its own English text is for the log."""
    return of_code(error.code, language)


def _page(request: web.Request, status: int, *, said: str, then: str, code: Code, incident: str = "") -> web.Response:
    of_fetch = _OF_A_FETCH.match(request.path)
    framed = of_fetch is not None and request.headers.get("Sec-Fetch-Dest") == "iframe"
    return render(
        request,
        "error.html",
        status=status,
        headers={"Content-Security-Policy": FRAMED_POLICY} if framed else None,
        said=said,
        then=then,
        code=code.value,
        incident=incident,
        framed=framed,
        # What a page of ours offered is no longer so: it is to be seen again before anything is done.
        fetch_page=of_fetch[1] if of_fetch and status == HTTPStatus.CONFLICT else "",
    )
