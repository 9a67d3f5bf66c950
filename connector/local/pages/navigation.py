"""What stands in the bar of a page: the pages that are open to the roles of whoever is signed in."""

from typing import Final, NamedTuple

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.local.pages.answers import see_other
from connector.local.sign_in.rights import roles_of_page
from connector.local.sign_in.session import require
from connector.local.sign_in.values import SignedIn

_PAGES: Final = ("fetch", "fetches", "worklist", "alerts", "oppositions", "journal", "status", "people")
"""In the order of the bar; the first that is open is where one begins."""


class Item(NamedTuple):
    """One link of the bar."""

    path: str
    key: str
    current: bool


def navigation(signed_in: SignedIn, path: str) -> tuple[Item, ...]:
    """Give the links for somebody, with the one they are at; who asks in no name of their own has no fetches."""
    here = path.lstrip("/").partition("/")[0]
    mine = [name for name in _PAGES if name != "fetches" or signed_in.practitioner_id is not None]
    return tuple(
        Item(f"/{name}", f"nav.{name}", name == here) for name in mine if signed_in.has(*roles_of_page(f"/{name}"))
    )


async def home(request: web.Request) -> web.Response:
    """`GET /`: on to the first page that is theirs."""
    items = navigation(require(request), "/")
    if not items:
        raise LocalRefused("page: none is open to a role of this person", code=Code.SIGN_IN_ROLE)
    return see_other(items[0].path)
