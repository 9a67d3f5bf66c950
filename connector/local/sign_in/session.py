"""What every request passes after host and origin: whose session it is, whether the page is theirs, and no forgery.

Pages answer to sessions only; the API takes a key, or a session with the token of its pages (`guards.authorise`).
"""

from typing import Final
from urllib.parse import quote

from aiohttp import hdrs, web

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.people import Role
from connector.local.guards import CALLER, CSRF_HEADER, PORTS, SAFE_METHODS, Forged, Handler, check_token
from connector.local.sign_in.rights import caller_of_person, is_open, roles_of_page
from connector.local.sign_in.values import SESSION_FAULT, SIGNED_IN, Seen, SignedIn, signed_in_of

__all__ = ["BY_ITSELF", "CSRF_FIELD", "know_session", "require", "session_cookie", "set_session", "signed_in_of"]

CSRF_FIELD: Final = "csrf"
_WITHOUT_TOKEN: Final = ("/login", "/enrol")
BY_ITSELF: Final = "renewed"
"""Stands in the query of an address that a page without a script loads again by itself."""
_NAMES: Final = {"https": "__Host-spsti_session", "http": "spsti_session"}
"""`__Host-` binds the cookie to this very host and to TLS; on loopback in clear browsers do not take it."""


def session_cookie(request: web.Request) -> str:
    """Give the session cookie of a request, empty where there is none."""
    return request.cookies.get(_NAMES.get(request.scheme, ""), "")


def set_session(request: web.Request, response: web.Response, token: str) -> None:
    """Give the browser its session cookie; an empty token takes it away.

    `Lax`, not `Strict`: the browser comes back from an identity provider, or from the vendor's page, by a navigation
    that another site began, and must be known then. What changes anything is a POST with a token of the page.
    """
    name, is_tls = _NAMES[request.scheme], request.scheme == "https"
    if token:
        response.set_cookie(name, token, path="/", httponly=True, secure=is_tls, samesite="Lax")
    else:
        response.del_cookie(name, path="/", httponly=True, secure=is_tls, samesite="Lax")


@web.middleware
async def journal_forgery(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Have a call that another site made stand in the journal too, wherever it was seen.

    Raises:
        Forged: it is refused all the same.
    """
    try:
        return await handler(request)
    except Forged as fault:
        if (desk := request.app[PORTS].sign_in) is not None:
            await desk.lockout.forged(request.remote or "", fault)
        raise


@web.middleware
async def know_session(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find the session of the cookie, then see that the page is open to its person and the form its own.

    Raises:
        LocalRefused: `sign_in.*`.
    """
    await _find(request)
    if request.match_info.http_exception is None:
        if not is_open(request.path):
            signed_in = _required(request)
            _check_role(signed_in, roles_of_page(request.path))
        await _check_form(request)
    return await handler(request)


def require(request: web.Request, *roles: Role) -> SignedIn:
    """Give who is signed in and has one of these roles, any where none is named.

    Raises:
        LocalRefused: `sign_in.required`, `sign_in.role`, or why the session does not count.
    """
    signed_in = signed_in_of(request)
    if signed_in is None:
        raise request.get(SESSION_FAULT) or LocalRefused("session: there is none", code=Code.SIGN_IN_REQUIRED)
    _check_role(signed_in, frozenset(roles or Role))
    return signed_in


async def _find(request: web.Request) -> None:
    desk, token = request.app[PORTS].sign_in, session_cookie(request)
    if desk is None or not token:
        return
    try:
        # A stream that stays open or opens again, and what a page loads by itself, is no hand on the page.
        is_use = not request.path.endswith(("/events", "/parts")) and BY_ITSELF not in request.query
        found = await desk.sessions.find(token, Seen.of(request), is_use=is_use)
    except LocalRefused as fault:
        request[SESSION_FAULT] = fault
    else:
        if found is not None:
            request[SIGNED_IN], request[CALLER] = found, caller_of_person(found)


def _required(request: web.Request) -> SignedIn:
    """Give who is signed in; a browser that opens a page is sent to sign in first."""
    signed_in, fault = signed_in_of(request), request.get(SESSION_FAULT)
    if signed_in is not None:
        return signed_in
    to_sign_in = request.app[PORTS].sign_in is not None and (fault is None or fault.code is Code.SIGN_IN_LOCKED)
    if to_sign_in and request.method in SAFE_METHODS and "text/html" in request.headers.get(hdrs.ACCEPT, ""):
        locked = "locked=1&" if fault is not None else ""
        raise web.HTTPSeeOther(f"/login?{locked}next={quote(request.path_qs, safe='/')}")
    return require(request)


def _check_role(signed_in: SignedIn, roles: frozenset[Role]) -> None:
    if not signed_in.has(*roles):
        raise LocalRefused("page: it is not open to a role of this person", code=Code.SIGN_IN_ROLE)


async def _check_form(request: web.Request) -> None:
    """Refuse what changes something and does not come from a page of ours (the API has its own check)."""
    path = request.path
    if request.method in SAFE_METHODS or path.startswith(("/api/", "/launch")):
        return
    # A foreign Origin was refused with the host; here it may not be missing either.
    if hdrs.ORIGIN not in request.headers and request.headers.get("Sec-Fetch-Site") != "same-origin":
        raise Forged("form: expected the header Origin of this connector", code=Code.SIGN_IN_FORGED)
    signed_in = signed_in_of(request)
    if signed_in is None or path.startswith(_WITHOUT_TOKEN):
        return
    token = request.headers.get(CSRF_HEADER)
    if token is None and request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        token = str((await request.post()).get(CSRF_FIELD, ""))
    check_token(signed_in, token)
