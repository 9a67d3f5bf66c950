"""The switch between the two languages: a cookie, and back to where one was."""

import re
from typing import Final

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.local.guards import LANGUAGE_COOKIE
from connector.local.words import Language

_OWN_PATH: Final = re.compile(r"/(?:[A-Za-z0-9_-][A-Za-z0-9/_-]*)?")
_A_YEAR: Final = 31_536_000


async def switch(request: web.Request) -> web.Response:
    """`GET /language/{language}?back=`: `back` is a path of this connector, or the start."""
    chosen, back = request.match_info["language"], request.query.get("back", "/")
    if chosen not in set(Language):
        raise LocalRefused("page: there is none in that language", code=Code.LOCAL_NOT_FOUND)
    response = web.Response(status=303, headers={"Location": own_path(back)})
    response.set_cookie(
        LANGUAGE_COOKIE, chosen, max_age=_A_YEAR, httponly=True, samesite="Lax", secure=request.scheme == "https"
    )
    return response


def own_path(text: str) -> str:
    """Give a path of this connector as it is, and the start for anything else: a link must not lead elsewhere."""
    return text if _OWN_PATH.fullmatch(text) else "/"
