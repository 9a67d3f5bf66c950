"""Answers of pages that are no page."""

from aiohttp import web


def see_other(path: str) -> web.Response:
    """Send the browser on after a form, so that going back or loading again sends nothing twice."""
    return web.Response(status=303, headers={"Location": path})
