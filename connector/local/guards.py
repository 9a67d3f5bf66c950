"""What every call passes before its handler: host and origin, key and scope; and what every answer bears.

A browser on the same machine must not be able to call the API on behalf of a page: the `Host` must be one of ours (DNS
rebinding) and an `Origin`, where there is one, must be the API itself. Errors become problems here and nowhere else.
"""

import hmac
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any, Final

from aiohttp import hdrs, web
from multidict import CIMultiDictProxy

from connector.core.codes import Code
from connector.core.errors import ConnectorError, LocalRefused
from connector.core.ports import new_id
from connector.local.keys import ApiKey, Caller, Scope
from connector.local.ports import LocalPorts
from connector.local.problems import problem, problem_of
from connector.local.settings import LocalSettings
from connector.local.sign_in.rights import CallingPerson, caller_of_person
from connector.local.sign_in.values import SESSION_FAULT, SIGNED_IN, SignedIn
from connector.local.words import Language, choose_language
from connector.logs import BUG_CAUGHT, LOCAL_REFUSED, get_logger

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PORTS: Final = web.AppKey("ports", LocalPorts)
SETTINGS: Final = web.AppKey("settings", LocalSettings)
CALLER: Final = web.RequestKey("caller", Caller)
"""Where a request keeps who was accepted for it: the API key, or the person at a page."""
LANGUAGE_COOKIE: Final = "spsti_language"

SAFE_METHODS: Final = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})
CSRF_HEADER: Final = "X-CSRF-Token"

_LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "::1")
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


class Forged(LocalRefused):
    """A call that a page of another site may have had a browser make."""


def language_of(request: web.Request) -> Language:
    """Give the language that was chosen on a page, else the one the caller asks for."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return Language(chosen) if chosen in set(Language) else choose_language(request.headers.get(hdrs.ACCEPT_LANGUAGE))


def caller_of(request: web.Request) -> Caller:
    """Give who calls, where that had to be known."""
    return request[CALLER]


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Give every answer the headers that keep it out of caches, frames and guesses."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.pop("Server", None)


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever is raised into a problem; log refusals by code and bugs by incident."""
    language = language_of(request)
    try:
        return await handler(request)
    except ConnectorError as error:
        response = problem_of(error, language)
        log_refusal(request, error.code, response.status)
        return response
    except web.HTTPException as error:
        return _problem_of_http(request, error, language)
    except ConnectionError:
        raise  # the caller went away: there is nobody to answer
    except Exception as error:  # noqa: BLE001 - the outermost boundary: a bug is answered with an incident id
        incident = new_id(request.app[PORTS].entropy)
        log_bug(request, error, incident)
        return problem(Code.INTERNAL, language, incident=incident)


@web.middleware
async def check_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse another host's name, and a page of another site.

    Raises:
        Forged: `local.forbidden`.
    """
    settings = request.app[SETTINGS]
    if _name_of(request.headers.get(hdrs.HOST, "")) not in {*_LOOPBACK_NAMES, *map(str.lower, settings.hostnames)}:
        raise Forged(
            "header Host: got a name that is not this connector's",
            code=Code.LOCAL_FORBIDDEN,
            hint="call it by the address it listens on, or by a name of its certificate",
        )
    origin = request.headers.get(hdrs.ORIGIN)
    own = f"{request.scheme}://{request.headers[hdrs.HOST]}".lower()
    foreign = origin is not None and not hmac.compare_digest(origin.lower().encode(), own.encode())
    cross_site = foreign or request.headers.get("Sec-Fetch-Site") == "cross-site"
    if cross_site and not _may_come_from_elsewhere(request):
        raise Forged(
            "header Origin: got another site's, expected none or this connector's own",
            code=Code.LOCAL_FORBIDDEN,
            hint="call the API from a program, not from a page of another site",
        )
    return await handler(request)


def break_off(request: web.Request, error: Exception) -> None:
    """Log what ended an answer whose status line is out, and cut the connection: it must not look complete."""
    if isinstance(error, ConnectorError):
        log_refusal(request, error.code, 0)
    elif not isinstance(error, TimeoutError):
        log_bug(request, error, new_id(request.app[PORTS].entropy))
    if request.transport is not None:
        request.transport.abort()


def authorise(request: web.Request, scope: Scope) -> ApiKey | CallingPerson:
    """Give who calls: the key of the call, or the person at a page of ours.

    Raises:
        LocalRefused: `local.unauthenticated`, no key or one that is not known; `local.forbidden`, not for this scope;
            `sign_in.*`, the session does not count, or has no role for it.
    """
    if hdrs.AUTHORIZATION not in request.headers and (SIGNED_IN in request or SESSION_FAULT in request):
        return _authorise_session(request, scope)
    kind, _, presented = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    # The same work is done whatever was presented, so that timing tells nothing of the keys.
    key = request.app[PORTS].keys.find(presented.strip())
    if key is None or kind.lower() != "bearer":
        raise LocalRefused(
            "header Authorization: got no key that is known here, expected Bearer and an API key",
            code=Code.LOCAL_UNAUTHENTICATED,
        )
    request[CALLER] = key
    if scope not in key.scopes:
        raise LocalRefused(
            f"API key {key.name}: it has not the scope {scope}",
            code=Code.LOCAL_FORBIDDEN,
            hint=f'add "{scope}" to the scopes of this key in [[local.keys]]',
        )
    return key


def _authorise_session(request: web.Request, scope: Scope) -> CallingPerson:
    """Let a page of ours call in the name of the person who is signed in, and of nobody else."""
    signed_in = request.get(SIGNED_IN)
    if signed_in is None:
        raise request[SESSION_FAULT]
    caller = caller_of_person(signed_in)
    request[CALLER] = caller
    if request.method not in SAFE_METHODS:
        check_token(signed_in, request.headers.get(CSRF_HEADER))
    if scope not in caller.scopes:
        raise LocalRefused(f"session: no role of this person opens {scope}", code=Code.SIGN_IN_ROLE)
    return caller


def check_token(signed_in: SignedIn, presented: str | None) -> None:
    """Refuse what does not bear the token of the session's pages.

    Raises:
        Forged: `sign_in.forged`.
    """
    if not hmac.compare_digest((presented or "").encode("utf-8", "surrogateescape"), signed_in.csrf.encode()):
        raise Forged("form or call: its token is missing, or of another session", code=Code.SIGN_IN_FORGED)


def is_loopback(request: web.Request) -> bool:
    """Whether the call comes from this machine."""
    try:
        return ip_address(request.remote or "").is_loopback
    except ValueError:
        return False


def _may_come_from_elsewhere(request: web.Request) -> bool:
    """Whether another site may send a browser here: to a page, or to `/launch`, whose token says by whom."""
    if request.path.startswith("/api/"):
        return False
    if request.method == hdrs.METH_POST:
        return request.path == "/launch"
    return request.method == hdrs.METH_GET and request.headers.get("Sec-Fetch-Mode") == "navigate"


def _name_of(host: str) -> str:
    name = host.lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0]


def _operation(request: web.Request) -> str:
    resource: Any = request.match_info.route.resource
    # The route's own pattern: what stands in its places is not logged.
    return f"{request.method} {resource.canonical}" if resource is not None else request.method


def log_bug(request: web.Request, error: Exception, incident: str) -> None:
    """Log a bug under the id that the caller is told."""
    get_logger().error(BUG_CAUGHT, incident=incident, operation=_operation(request), exc_info=error)


def log_refusal(request: web.Request, code: Code, status: int) -> None:
    """Log a refusal by its code and the route, without anything that was sent."""
    key = request.get(CALLER)
    get_logger().warning(
        LOCAL_REFUSED,
        code=code.value,
        http_status=status,
        operation=_operation(request),
        caller=key.name if key else None,
    )


def _problem_of_http(request: web.Request, error: web.HTTPException, language: Language) -> web.Response:
    """Answer what aiohttp itself refuses: no such path, another method, a body over the limit."""
    codes = {404: Code.LOCAL_NOT_FOUND, 413: Code.REQUEST_TOO_LARGE}
    headers: CIMultiDictProxy[str] | dict[str, str] = {}
    if error.status == web.HTTPMethodNotAllowed.status_code:
        headers = {hdrs.ALLOW: error.headers.get(hdrs.ALLOW, "")}
    code = codes.get(error.status, Code.LOCAL_MALFORMED)
    log_refusal(request, code, error.status)
    return problem(
        code,
        language,
        detail={404: "there is no such path", 405: "the path has not this method"}.get(error.status, ""),
        hint="the paths and methods are in /api/openapi.json" if error.status in {404, 405} else "",
        status=error.status,
        headers=headers,
    )
