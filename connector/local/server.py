"""The local side as an aiohttp application: ports, operations and what every call passes."""

import asyncio

from aiohttp import web

from connector.local.guards import PORTS, SETTINGS, add_headers, answer_errors, check_host
from connector.local.journal import VERIFYING
from connector.local.openapi import Description
from connector.local.pages.errors import show_errors
from connector.local.pages.routes import add_pages
from connector.local.ports import LocalPorts
from connector.local.routes import OPERATIONS
from connector.local.runner import build_runner
from connector.local.settings import LocalSettings
from connector.local.sign_in.routes import add_sign_in
from connector.local.sign_in.session import journal_forgery, know_session
from connector.local.streams import STREAMS, Streams
from connector.local.system import DESCRIPTION

__all__ = ["build_app", "build_runner"]


def build_app(ports: LocalPorts, settings: LocalSettings) -> web.Application:
    """Join ports and operations; nothing starts here."""
    app = web.Application(
        middlewares=(answer_errors, show_errors, journal_forgery, check_host, know_session),
        client_max_size=settings.max_body_bytes,
    )
    app[PORTS], app[SETTINGS] = ports, settings
    app[STREAMS], app[VERIFYING] = Streams(settings.max_streams), asyncio.Lock()
    app[DESCRIPTION] = Description(OPERATIONS, settings)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(_end_streams)
    for operation in OPERATIONS:
        app.router.add_route(operation.method, operation.path, operation.guarded())
    add_pages(app)
    add_sign_in(app)
    return app


async def _end_streams(app: web.Application) -> None:
    app[STREAMS].stopping.set()
