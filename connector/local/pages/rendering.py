"""From a template and its values to an answer: language, navigation, who is signed in, and the headers of a page.

Templates never mark anything safe; the policy allows neither inline script nor inline style, and nothing of another
origin.
"""

from collections.abc import Mapping
from functools import cached_property, partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from connector.core.oid import Environment as World
from connector.local.guards import PORTS, SAFE_METHODS, SETTINGS, language_of
from connector.local.pages.moments import local_moment, local_size
from connector.local.pages.navigation import navigation
from connector.local.pages.texts import text
from connector.local.sign_in.values import signed_in_of
from connector.local.words import Language, local_day

if TYPE_CHECKING:
    from jinja2 import Environment

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "object-src 'self'; form-action 'self'; base-uri 'none'; "
)
CONTENT_SECURITY_POLICY: Final = _POLICY + "frame-ancestors 'none'"
FRAMED_POLICY: Final = _POLICY + "frame-ancestors 'self'"
"""Of what stands in the frame of a fetch's page where its document cannot."""

_HOME: Final = Path(__file__).parent.parent


class Templates:
    """The templates of this package: escaped always, and a name that was not given is a fault.

    Jinja2 comes with the first page: its import is a tenth of a start, and a service may go without pages.
    """

    @cached_property
    def environment(self) -> "Environment":
        """What reads and keeps them."""
        from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 (see above)

        return Environment(
            loader=FileSystemLoader(_HOME / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )


TEMPLATES: Final = web.AppKey("templates", Templates)


def render(
    request: web.Request,
    name: str,
    *,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    **context: Any,  # noqa: ANN401 - what the template names
) -> web.Response:
    """Answer with a template. Each is given `t` (a text by its key), how to write days, moments and sizes, who is
    signed in, and what the page adds.
    """
    language, settings, me = language_of(request), request.app[SETTINGS], signed_in_of(request)
    desk = request.app[PORTS].sign_in
    known: dict[str, Any] = {
        "t": partial(text, language),
        "lang": language.value,
        "other_lang": (Language.EN if language is Language.FR else Language.FR).value,
        "day": lambda value: local_day(value, language),
        "path": _opens_again(request),
        "member_name": settings.member_name,
        "is_test": settings.environment is not World.PRODUCTION,
        "moment": lambda value: local_moment(value, language),
        "size": lambda value: local_size(value, language),
        "me": me,
        "idle_seconds": desk.sessions.rules.idle_seconds if desk is not None else 0,
        "csrf": me.csrf if me else "",
        "nav": navigation(me, request.path) if me else (),
    }
    body = request.app[TEMPLATES].environment.get_template(name).render({**known, **context})
    return web.Response(
        status=status,
        text=body,
        content_type="text/html",
        charset="utf-8",
        headers={
            # Without a referrer at all browsers would send `Origin: null` with a form.
            "Referrer-Policy": "same-origin",
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Content-Language": language.value,
            "Vary": "Cookie, Accept-Language",
            **(headers or {}),
        },
    )


def _opens_again(request: web.Request) -> str:
    """Give the path at which a page can be opened: one that a form was answered with is opened by its first step."""
    if request.method in SAFE_METHODS:
        return request.path
    first = "/" + request.path.lstrip("/").partition("/")[0]
    opening = {one.resource.canonical for one in request.app.router.routes() if one.method == "GET" and one.resource}
    return first if first in opening else "/"
