"""The table of the pages of sign-in, and how they join the application."""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from connector.local.guards import Handler
from connector.local.sign_in import pages, pages_launch, pages_people

PAGES: Final[Sequence[tuple[str, str, Handler]]] = (
    ("GET", "/login", pages.show_login),
    ("POST", "/login", pages.sign_in),
    ("GET", "/login/{provider}", pages.begin),
    ("GET", "/login/{provider}/return", pages.come_back),
    ("POST", "/logout", pages.sign_out),
    ("GET", "/enrol", pages.show_enrol),
    ("POST", "/enrol", pages.enrol),
    ("POST", "/launch", pages_launch.receive),
    ("GET", "/launch/{reference}", pages_launch.open_),
    ("GET", "/people", pages_people.show),
    ("POST", "/people", pages_people.add),
    ("POST", "/people/import", pages_people.import_file),
    ("POST", "/people/{id}/{step}", pages_people.step),
    ("GET", "/review", pages_people.show_review),
    ("POST", "/review", pages_people.review),
)


def add_sign_in(app: web.Application) -> None:
    """Join every page of sign-in; nothing starts here."""
    for method, path, handler in PAGES:
        app.router.add_route(method, path, handler)
