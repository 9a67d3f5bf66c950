"""The table of the pages, and how they join the application.

Whose role opens which path is `sign_in.rights`. That a form came from a page of ours was seen before its handler.
"""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from connector.local import documents, events, evidence, members
from connector.local.guards import Handler
from connector.local.pages import (
    alerts,
    fetch,
    fetches,
    journal,
    language,
    navigation,
    oppositions,
    status,
    worklist,
)
from connector.local.pages.rendering import TEMPLATES, Templates
from connector.local.pages.static import add_assets

PAGES: Final[Sequence[tuple[str, str, Handler]]] = (
    ("GET", "/", navigation.home),
    ("GET", "/language/{language}", language.switch),
    ("GET", "/fetch", fetch.show),
    ("POST", "/fetch", fetch.send),
    ("GET", "/fetch/services", members.search),
    ("POST", "/fetch/label", fetch.read_label),
    ("POST", "/fetch/ins", fetch.check_ins),
    ("POST", "/fetch/prepare", fetch.prepare_for_a_day),
    ("POST", "/fetch/{what}", fetch.fill),
    ("GET", "/fetches", fetches.listing),
    ("GET", "/fetches/{id}", fetches.show),
    ("GET", "/fetches/{id}/parts", fetches.parts),
    ("GET", "/fetches/{id}/events", events.follow),
    ("GET", "/fetches/{id}/document", documents.read),
    ("GET", "/worklist", worklist.show),
    ("POST", "/worklist/start", worklist.start),
    ("POST", "/worklist/import", worklist.import_file),
    ("POST", "/worklist/{id}/cancel", worklist.take_out),
    ("POST", "/fetches/{id}/hand-on", fetches.hand_on),
    ("POST", "/fetches/{id}/start", fetches.start),
    ("POST", "/fetches/{id}/choose", fetches.choose),
    ("POST", "/fetches/{id}/cancel", fetches.cancel),
    ("POST", "/fetches/{id}/file", fetches.file),
    ("GET", "/status", status.show),
    ("POST", "/status/peers/{id}/probe", status.probe),
    ("GET", "/journal", journal.show),
    ("POST", "/journal/search", journal.search),
    ("POST", "/journal/verify", journal.verify),
    ("GET", "/journal/export", evidence.lines),
    ("GET", "/journal/{tree}/{index}", journal.entry),
    ("GET", "/report", journal.report_form),
    ("POST", "/report", journal.report),
    ("GET", "/alerts", alerts.show),
    ("POST", "/alerts/{id}/take", alerts.take),
    ("POST", "/alerts/{id}/close", alerts.close),
    ("GET", "/oppositions", oppositions.show),
    ("POST", "/oppositions", oppositions.add),
    ("POST", "/oppositions/search", oppositions.search),
    ("POST", "/oppositions/{id}/lift", oppositions.lift),
    ("POST", "/oppositions/{id}/entered", oppositions.entered),
)


def add_pages(app: web.Application) -> None:
    """Join every page; nothing starts here."""
    app[TEMPLATES] = Templates()
    add_assets(app)
    for method, path, handler in PAGES:
        app.router.add_route(method, path, handler)
