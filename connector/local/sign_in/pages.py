"""The pages by which people sign in and out, and make a local account."""

import re
from typing import Any, Final

from aiohttp import web
from aiohttp.web_request import FileField

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.mandate import Auth, AuthLevel, AuthMeans
from connector.core.people import Person
from connector.local.guards import PORTS, language_of, log_refusal
from connector.local.pages.rendering import render
from connector.local.sign_in import qr
from connector.local.sign_in.accounts import Begun
from connector.local.sign_in.desk import SignInDesk
from connector.local.sign_in.session import session_cookie, set_session
from connector.local.sign_in.values import SESSION_FAULT, Seen, signed_in_of
from connector.local.statuses import status_of
from connector.local.words import of_code

_NEXT: Final = re.compile(r"/(?:[A-Za-z0-9_-][A-Za-z0-9/_.-]*)?(?:\?[A-Za-z0-9_=&%.-]{0,500})?")
_FLOW: Final = {"https": "__Host-spsti_flow", "http": "spsti_flow"}
_FLOW_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_FLOW_SECONDS: Final = 600


def desk_of_sign_in(request: web.Request) -> SignInDesk:
    """Give the rooms of sign-in.

    Raises:
        LocalRefused: `local.not_found`, nobody signs in at this connector.
    """
    desk = request.app[PORTS].sign_in
    if desk is None:
        raise LocalRefused("sign-in: there is none at this connector", code=Code.LOCAL_NOT_FOUND)
    return desk


def next_path(text: str) -> str:
    """Give a path of this connector as it is, the start for anything else: nobody is sent elsewhere after sign-in."""
    return text if _NEXT.fullmatch(text) else "/"


async def form_of(request: web.Request) -> dict[str, str]:
    """Give the texts of a form.

    Raises:
        LocalRefused: `local.malformed`, a file, or another type of body.
    """
    if request.content_type not in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        raise LocalRefused("form: expected one", code=Code.LOCAL_MALFORMED)
    form = await request.post()
    if any(isinstance(value, FileField) for value in form.values()):
        raise LocalRefused("form: expected texts only", code=Code.LOCAL_MALFORMED)
    return {name: str(value) for name, value in form.items()}


# ---------------------------------------------------------------- in and out


async def show_login(request: web.Request) -> web.Response:
    """`GET /login`."""
    fault = request.get(SESSION_FAULT)
    return _login(request, next_path(request.query.get("next", "/")), fault=fault)


async def sign_in(request: web.Request) -> web.Response:
    """`POST /login`: by a local account."""
    desk, form = desk_of_sign_in(request), await form_of(request)
    wanted = next_path(form.get("next", "/"))
    if desk.accounts is None:
        raise LocalRefused("local accounts: they are off", code=Code.LOCAL_NOT_FOUND)
    try:
        person = await desk.accounts.sign_in(
            form.get("login", ""), form.get("password", ""), form.get("code", ""), request.remote or ""
        )
        auth = Auth(AuthMeans.OWN, AuthLevel.SUBSTANTIAL, Instant(request.app[PORTS].clock.now()))
        return await _opened(request, desk, person, auth, wanted)
    except LocalRefused as fault:
        log_refusal(request, fault.code, status_of(fault.code))
        return _login(request, wanted, fault=fault, login=form.get("login", ""), status=status_of(fault.code))


async def begin(request: web.Request) -> web.Response:
    """`GET /login/{provider}`: to the provider."""
    desk, name = desk_of_sign_in(request), request.match_info["provider"]
    cookie = request.cookies.get(_FLOW[request.scheme], "")
    browser = cookie if _FLOW_TEXT.fullmatch(cookie) else desk.providers.new_browser()
    url = await desk.providers.begin(
        name, browser, next_path(request.query.get("next", "/")), again=SESSION_FAULT in request
    )
    response = web.Response(status=303, headers={"Location": url})
    response.set_cookie(
        _FLOW[request.scheme], browser, max_age=_FLOW_SECONDS, path="/", httponly=True,
        secure=request.scheme == "https", samesite="Lax",
    )  # fmt: skip
    return response


async def come_back(request: web.Request) -> web.Response:
    """`GET /login/{provider}/return`: from the provider."""
    desk, name = desk_of_sign_in(request), request.match_info["provider"]
    browser = request.cookies.get(_FLOW[request.scheme], "")
    # Also where it was begun before the session locked: only a person unlocks.
    back = await desk.providers.finish(name, dict(request.query), browser, again=SESSION_FAULT in request)
    return await _opened(request, desk, back.person, back.auth, back.next_path, provider=name)


async def sign_out(request: web.Request) -> web.Response:
    """`POST /logout`."""
    desk = desk_of_sign_in(request)
    session = await desk.sessions.end(session_cookie(request)) if session_cookie(request) else None
    elsewhere = await desk.providers.sign_out_url(session.provider) if session and session.provider else None
    title = dict(desk.providers.titles()).get(session.provider, "") if session else ""
    response = render(request, "logged_out.html", me=None, csrf="", nav=(), elsewhere=elsewhere, title=title)
    set_session(request, response, "")
    return response


async def _opened(
    request: web.Request, desk: SignInDesk, person: Person, auth: Auth, wanted: str, *, provider: str = ""
) -> web.Response:
    opened = await desk.sessions.open(
        person, auth, Seen.of(request), provider=provider, replacing=session_cookie(request)
    )
    response = web.Response(status=303, headers={"Location": wanted})
    set_session(request, response, opened.token)
    return response


def _login(
    request: web.Request, wanted: str, *, fault: LocalRefused | None = None, login: str = "", status: int = 200
) -> web.Response:
    desk = desk_of_sign_in(request)
    said = of_code(fault.code, language_of(request)) if fault is not None else None
    return render(
        request,
        "login.html",
        status=status,
        providers=desk.providers.titles(),
        has_accounts=desk.accounts is not None,
        next=wanted,
        said=said,
        login=login,
        contact=desk.contact,
        signed_in=signed_in_of(request),
        is_locked=fault is not None and fault.code is Code.SIGN_IN_LOCKED,
    )


# ---------------------------------------------------------------- making a local account


async def show_enrol(request: web.Request) -> web.Response:
    """`GET /enrol`."""
    return _enrol(request, step="begin")


async def enrol(request: web.Request) -> web.Response:
    """`POST /enrol`: code, login and password first, then a code of the second factor."""
    desk, form = desk_of_sign_in(request), await form_of(request)
    if desk.accounts is None:
        raise LocalRefused("local accounts: they are off", code=Code.LOCAL_NOT_FOUND)
    code, login, address = form.get("enrolment", ""), form.get("login", ""), request.remote or ""
    try:
        if "second" in form:
            return _enrol(request, step="done", codes=await desk.accounts.finish(code, form["second"], address))
        if form.get("password") != form.get("repeated"):
            raise LocalRefused("password: the two differ", code=Code.SIGN_IN_PASSWORD, field="repeated")
        begun = await desk.accounts.begin(code, login, form.get("password", ""), address)
        return _enrol_second(request, code, begun)
    except LocalRefused as fault:
        status, said = status_of(fault.code), of_code(fault.code, language_of(request))
        log_refusal(request, fault.code, status)
        if "second" in form and fault.code is Code.SIGN_IN_FAILED:
            return _enrol_second(request, code, await desk.accounts.begun(code, address), status=status, said=said)
        return _enrol(request, step="begin", status=status, said=said, field=fault.field, enrolment=code, login=login)


def _enrol_second(request: web.Request, code: str, begun: Begun, **more: Any) -> web.Response:  # noqa: ANN401
    return _enrol(
        request, step="second", enrolment=code, secret=begun.secret, uri=begun.uri, qr=qr.draw(begun.uri), **more
    )


def _enrol(request: web.Request, *, step: str, status: int = 200, **more: Any) -> web.Response:  # noqa: ANN401
    known: dict[str, Any] = {"enrolment": "", "login": "", "codes": (), "said": None, "field": ""}
    contact = desk_of_sign_in(request).contact
    return render(request, "enrol.html", status=status, step=step, contact=contact, **(known | more))
