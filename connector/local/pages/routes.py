"""The table of the pages, and how they join the application."""

from aiohttp import web

from connector.local.pages import language
from connector.local.pages.rendering import TEMPLATES, build_templates
from connector.local.pages.static import add_assets


def add_pages(app: web.Application) -> None:
    """Join every page; nothing starts here."""
    app[TEMPLATES] = build_templates()
    add_assets(app)
    app.router.add_get("/language/{language}", language.switch)
